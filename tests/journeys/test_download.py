"""A researcher and two versions on a server that drops: killed in the middle, gone on with, updated, loaded, folded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from builders.release import a_release, reseal
from builders.webserver import a_web

from mmed_curate.dataset import load, verify
from mmed_curate.dataset.facts import facts_text, read_facts
from mmed_curate.dataset.manifest import read_manifest

_PATIENCE_S = 60


def on_the_server(root: Path) -> tuple[Path, Path]:
    """Version 0.1.0, and 0.2.0 in which a text and the numbers of one clip are other ones."""
    first = a_release(root / "test-0.1.0", n_subjects=4, clips_per_subject=4, media=True)
    second = a_release(root / "test-0.2.0", n_subjects=4, clips_per_subject=4, media=True)
    (second / "release.json").write_text(facts_text(replace(read_facts(second), version="0.2.0")))
    (second / "README.md").write_text("# SIMULATED test release, mended\n")
    changed = next(second.glob("media/*/features.npz"))
    changed.write_bytes(a_features_file(root))
    reseal(second)
    return first, second


def a_features_file(root: Path) -> bytes:
    other = a_release(root.parent / "other", n_subjects=1, clips_per_subject=1, seed=1)
    return next(other.glob("media/*/features.npz")).read_bytes()


def mmed(*words: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mmed_curate.cli.main", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def said(process: subprocess.Popen[str]) -> dict[str, object]:
    out, err = process.communicate(timeout=_PATIENCE_S)
    assert process.returncode == 0, err
    document: dict[str, object] = json.loads(out)
    return document


def test_two_versions_over_a_server_that_drops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = on_the_server(tmp_path / "server")
    catalogued = mmed("release", "catalogue", str(tmp_path / "server"), "--json", folder=tmp_path)
    assert len(said(catalogued)["releases"]) == 2  # type: ignore[arg-type]
    here = tmp_path / "a researcher's folder"
    here.mkdir()
    whole = sum(len(one) for one in {path.read_bytes() for path in first.rglob("*") if path.is_file()})

    with a_web(tmp_path / "server", pauses_at=whole // 4, drops_at=[whole // 8]) as web:
        killed = mmed("download", f"{web.url}@0.1.0", folder=here)
        deadline_s = time.monotonic() + _PATIENCE_S
        while web.sent < whole // 4:
            assert time.monotonic() < deadline_s
            assert killed.poll() is None, "it was to be killed in the middle"
            time.sleep(0.002)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        assert [path.name for path in here.iterdir()] == ["test-0.1.0.part"]

        web.pauses_at = None
        web.drops_at = [web.sent + whole // 8, web.sent + whole // 4]
        first_copy = said(mmed("download", f"{web.url}@0.1.0", "--json", folder=here))
        assert web.drops == 3
        assert [path.name for path in here.iterdir()] == ["test-0.1.0"]
        # eight files were in the middle when it was killed, and what the kernel held of them was lost
        assert web.sent < 1.1 * whole + 20_000
        assert verify(here / "test-0.1.0").ok

        web.asked.clear()
        second_copy = said(mmed("download", web.url, "--json", folder=here))
        assert second_copy["release"] == "0.2.0"
        changed = {
            f"test-0.2.0/{file.path}"
            for file in read_manifest(second).files
            if file.sha256 not in {one.sha256 for one in read_manifest(first).files}
        }
        assert len(changed) == 3
        asked = set(web.paths())
        assert changed <= asked
        assert not [path for path in asked - changed if "/media/" in path], "what did not change does not come again"

    data = load(here / "test-0.2.0")
    assert data.id == second_copy["id"] != first_copy["id"]
    folds = list(data.loso())
    assert len(folds) == 4
    for fold in folds:
        assert {data.clip(name).subject for name in fold.test} == {fold.held_out}
        assert fold.held_out not in {data.clip(name).subject for name in fold.train}
    assert next(iter(data)).video().frames.shape[0] == 24
