"""Kills coders who act, at random moments, and looks what of the acts that were acknowledged is still there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from annotator_gui.draft import from_text
from builders import acting
from mmed_curate.annotation import Desk
from mmed_curate.store import Workspace

_PATIENCE_S = 60


@dataclass(frozen=True, kw_only=True)
class Killed:
    """What came of many kills."""

    n_kills: int = 0
    n_acts: int = 0
    """Acknowledged before the kills."""
    lost: list[str] = field(default_factory=list)
    """Where something acknowledged was not there any more."""
    took_ms: list[float] = field(default_factory=list)
    """From the call of each act to its acknowledgement."""


def kill(workspace: Workspace, folder: Path, codes: tuple[str, ...], *, n_kills: int, seed: int) -> Killed:
    """Let coders act at the same time, so that some wait for others, and kill all at one moment; again and again.

    Args:
        workspace: with a ticket for each of them.
        folder: for what they tell.
        codes: of the coders.
        n_kills: in all.
        seed: of the moments, and of what they do.
    """
    draws = np.random.default_rng(seed)
    lost: list[str] = []
    took_ms: list[float] = []
    root = Path(acting.__file__).parents[2]
    paths = os.pathsep.join([str(root), str(root / "tests"), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        [sys.executable, str(Path(acting.__file__)), str(workspace.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    ) as begins:
        if begins.stdin is None or begins.stdout is None:
            raise TypeError("its pipes are ours")
        for number in range(0, n_kills, len(codes)):
            told = {code: folder / f"{code}-{number}" for code in codes}
            running = []
            for code, path in told.items():
                path.unlink(missing_ok=True)
                print(code, number, path, file=begins.stdin, flush=True)
                running.append(int(begins.stdout.readline()))
            deadline_s = time.monotonic() + _PATIENCE_S
            n_before = {path: int(draws.integers(1, 7)) for path in told.values()}
            while not all(path.exists() and path.read_bytes().count(b"\n") >= n for path, n in n_before.items()):
                if time.monotonic() > deadline_s:
                    raise TimeoutError("nobody acts")
                time.sleep(0.005)
            time.sleep(float(draws.uniform(0, 0.05)))  # the moment is drawn in acts and time: disks differ
            for one in running:
                os.kill(one, signal.SIGKILL)
            while any(Path(f"/proc/{one}").exists() for one in running):
                time.sleep(0.001)
            for code, path in told.items():
                *lines, _ = path.read_text(encoding="utf-8").split("\n")  # the last one may be cut short
                said = [json.loads(line) for line in lines]
                took_ms.extend(one["took_ms"] for one in said)
                if not _there(workspace, code, said[-1]):
                    lost.append(f"{code}, kill {number}")
        begins.stdin.close()
    return Killed(n_kills=n_kills, n_acts=len(took_ms), lost=lost, took_ms=took_ms)


def _there(workspace: Workspace, code: str, said: dict[str, object]) -> bool:
    """Whether the last acknowledged act is there; one more may be, that was on disk and not told of any more."""
    kept = Desk(workspace, code).draft(said["ticket"])  # type: ignore[arg-type]
    if kept is None:
        return False
    now, known = from_text(kept), from_text(str(said["draft"]))
    one_more = known.now in now.past[-1:] or known.now in now.future[-1:]
    joined = now.last_act == known.last_act and now.past == known.past  # one more letter of a note
    with workspace.read() as records:
        noted = {aid.value for aids in records.aids().values() for aid in aids}
    aids = said["aids"]
    return (now == known or one_more or joined) and isinstance(aids, list) and set(aids) <= noted
