"""Two builds from one state: another process, day, time zone, locale, hash seed, umask, folder, and order of rows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from builders.road import a_settled_workspace

from mmed_curate.dataset.manifest import files_under

TESTS = Path(__file__).parents[2]
BUILD = """
import os, sys
from datetime import date
from pathlib import Path
from builders.release import lenient_policy, lenient_settings
from mmed_curate.release.build import Wishes, create_release
from mmed_curate.release.leave import ask_gate
from mmed_curate.release.recipe import load_release_recipe
from mmed_curate.store.workspace import Workspace

os.umask(int(sys.argv[3], 8))
workspace = Workspace.open(Path(sys.argv[1]))
on = date.fromisoformat(sys.argv[2])
_, leave = ask_gate(workspace, policy=lenient_policy(), settings=lenient_settings(), on=on)
create_release(workspace, leave, Wishes(version="1.0.0", recipe=load_release_recipe("mmed")))
"""


def build(
    workspace: Path, *, on: str, umask: str, cwd: Path, **environment: str
) -> dict[str, tuple[bytes, int, float]]:
    """Make a release in a process of its own: bytes, mode and time of each file, by path."""
    subprocess.run(
        [sys.executable, "-c", BUILD, str(workspace), on, umask],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(TESTS / up) for up in ("..", ".")), **environment},
        check=True,
    )
    release = workspace / "releases" / "mmed-1.0.0"
    found = {}
    for path in files_under(release):
        status = (release / path).stat()
        found[path] = ((release / path).read_bytes(), status.st_mode, status.st_mtime)
    return found


@pytest.fixture(scope="module")
def first(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, int, float]]:
    folder = tmp_path_factory.mktemp("first")
    workspace = Path(shutil.copytree(pristine, folder / "ws"))
    return build(
        workspace, on="2026-03-01", umask="022", cwd=folder, TZ="UTC", LC_ALL="C", PYTHONHASHSEED="0", HOME=str(folder)
    )


def test_place_day_zone_locale_hash_seed_and_umask_do_not_matter(
    pristine: Path, tmp_path: Path, first: dict[str, tuple[bytes, int, float]]
) -> None:
    workspace = Path(shutil.copytree(pristine, tmp_path / "another place" / "ws-ü"))
    second = build(
        workspace,
        on="2029-12-31",
        umask="077",
        cwd=Path("/"),
        TZ="Pacific/Kiritimati",
        LC_ALL="tr_TR.UTF-8",
        PYTHONHASHSEED="4711",
        PYTHONUTF8="0",
    )
    assert sorted(first) == sorted(second)
    assert [path for path in first if first[path] != second[path]] == []


def test_the_order_in_which_people_and_clips_came_does_not_matter(
    tmp_path: Path, first: dict[str, tuple[bytes, int, float]]
) -> None:
    workspace = a_settled_workspace(tmp_path / "ws", backwards=True)
    second = build(workspace.root, on="2026-03-01", umask="022", cwd=tmp_path)
    assert [path for path in first if first[path] != second.get(path)] == []


def test_modes_and_times_are_the_same_everywhere(first: dict[str, tuple[bytes, int, float]]) -> None:
    assert {mode & 0o777 for _, mode, _ in first.values()} == {0o644}
    assert {stamp for _, _, stamp in first.values()} == {1772323200.0}  # 2026-03-01 00:00 UTC, the last act's day
