"""An ingest that is killed, wherever it is, and run again ends as if nobody had touched it."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from builders.workspace import PLAIN

from mmed_curate.domain.records import Consent, Term
from mmed_curate.store.workspace import Workspace

RECORDINGS = ("face_noface.mov", "single_face.mp4", "please.mkv")
PATIENCE_S = 300


def a_lab(root: Path) -> Workspace:
    """A workspace whose ids can be made again."""
    workspace = Workspace.create(root, protocol=str(PLAIN), seed=3)
    with workspace.write() as records:
        records.add_subject("P1", Consent(terms=frozenset(Term), form_version="1", signed_on=date(2025, 1, 1)))
        records.add_session("G1", ["P1"])
    workspace.close()
    return workspace


def ingest_into(workspace: Workspace, repository: Path) -> subprocess.Popen[str]:
    files = [str(repository / "demo" / "recordings" / name) for name in RECORDINGS]
    command = [sys.executable, "-m", "mmed_curate.cli.main", "ingest", *files, "--subject", "P1", "--session", "G1"]
    return subprocess.Popen(
        [*command, "--recipe", "every-candidate", "--workers", "2"],
        env={**os.environ, "MMED_WORKSPACE": str(workspace.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def contents(workspace: Workspace) -> tuple[dict[str, str], list[object]]:
    """Every file of the media folder with its hash, and every record but the times of the log."""
    files = {
        str(path.relative_to(workspace.media)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(workspace.media.rglob("*"))
        if path.is_file()
    }
    with Workspace.open(workspace.root).read() as records:
        assert records.audit().intact
        rows = [records.recordings(), records.candidates(), records.clips(), records.assets(), records.face_owners()]
    return files, rows


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> tuple[dict[str, str], list[object]]:
    workspace = a_lab(tmp_path_factory.mktemp("undisturbed") / "lab")
    run = ingest_into(workspace, repository)
    _, said = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0, said
    return contents(workspace)


def observing(media: Path) -> bool:
    """Nothing is written yet, but the workers are at work."""
    time.sleep(3)
    return True


def keeping(media: Path) -> bool:
    """An observation is being written, or just was."""
    return any((media / "observed").glob("*")) or any((media / "observed").glob(".*"))


def cutting(media: Path) -> bool:
    """A clip is being written, or just was."""
    return any((media / "coding").glob("*/*"))


def drawing(media: Path) -> bool:
    """A contact sheet is there: one recording is all but stored, others are not."""
    return any((media / "sheets").glob("*.html"))


@pytest.mark.slow
@pytest.mark.parametrize("moment", [observing, keeping, cutting, drawing])
def test_killed_and_run_again_it_ends_the_same(
    tmp_path: Path,
    repository: Path,
    undisturbed: tuple[dict[str, str], list[object]],
    moment: Callable[[Path], bool],
) -> None:
    workspace = a_lab(tmp_path / "lab")
    run = ingest_into(workspace, repository)
    deadline = time.monotonic() + PATIENCE_S
    while not moment(workspace.media) and run.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    again = ingest_into(workspace, repository)
    out, said = again.communicate(timeout=PATIENCE_S)
    assert again.returncode == 0, said
    assert "left to another ingest" not in out
    files, rows = contents(workspace)
    assert files == undisturbed[0]
    assert rows == undisturbed[1]
