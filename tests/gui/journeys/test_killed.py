"""A coder's program that is killed at any moment: nothing that was acknowledged is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from builders import acting

from annotator_gui.draft import from_text
from mmed_curate.annotation import Desk
from mmed_curate.store import Workspace

N_KILLS = 40
AT_ONCE = 2


def acting_on(workspace: Workspace, code: str, seed: int, told: Path) -> subprocess.Popen[bytes]:
    """Begin to act, in another process; what was acknowledged goes into a file."""
    command = [sys.executable, str(Path(acting.__file__)), str(workspace.root), code, str(seed)]
    paths = os.pathsep.join([str(Path(acting.__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    with told.open("wb") as out:
        return subprocess.Popen(command, stdout=out, env={**os.environ, "PYTHONPATH": paths})


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_at_forty_random_moments(workspace: Workspace, tmp_path: Path) -> None:
    """Two coders at once, so that a kill may also hit somebody who waits for the other."""
    draws = np.random.default_rng(7)
    n_acts = 0
    for number in range(0, N_KILLS, AT_ONCE):
        told = {code: tmp_path / f"{code}-{number}" for code in ("bob", "cem")}
        running = [acting_on(workspace, code, number, path) for code, path in told.items()]
        while not all(b"\n" in path.read_bytes() for path in told.values()):
            assert all(one.poll() is None for one in running)
            time.sleep(0.005)
        time.sleep(float(draws.uniform(0, 0.15)))
        for one in running:
            one.send_signal(signal.SIGKILL)
        for one in running:
            one.wait()
        for code, path in told.items():
            *lines, _ = path.read_text(encoding="utf-8").split("\n")  # the last one may be cut short
            acknowledged = [json.loads(line) for line in lines]
            n_acts += len(acknowledged)
            last = acknowledged[-1]
            kept = Desk(workspace, code).draft(last["ticket"])
            assert kept is not None
            # one act more may be there: on disk, and killed before it could be told
            now, known = from_text(kept), from_text(last["draft"])
            assert now == known or known.now in (*now.past, *now.future) or known.past[-1:] == now.past[-1:], (code, number)
            with workspace.read() as records:
                aids = {aid.value for aids in records.aids().values() for aid in aids}
            assert set(last["aids"]) <= aids
    with workspace.read() as records:
        assert records.audit().intact
    assert n_acts > 10 * N_KILLS / 4
