"""Files and folders appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmed_curate.domain.files import (
    canonical_json,
    folder_written_aside,
    readable_json,
    sha256_of,
    sweep_aside,
    write_text,
    written_aside,
)
from mmed_curate.domain.findings import BadInput


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    with written_aside(tmp_path / "a.mp4") as aside:
        assert aside.suffix == ".mp4"
        aside.write_bytes(b"new")
        assert not (tmp_path / "a.mp4").exists()
    assert (tmp_path / "a.mp4").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_failure_keeps_the_old_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), written_aside(tmp_path / "a") as aside:
        aside.write_bytes(b"half")
        raise ZeroDivisionError
    assert (tmp_path / "a").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no folder"):
        write_text(tmp_path / "none" / "a", "x")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(BadInput, match="no room left"),
        written_aside(tmp_path / "a"),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["a-file/x", "a-file/deeper/x", "n" * 300, "/proc/x", "/proc/none/x", "/dev/null/x"])
def test_a_place_where_nothing_can_be_written_is_one_sentence(tmp_path: Path, where: str) -> None:
    if where.startswith("/proc") and not Path("/proc/self").exists():
        pytest.skip("no folder of processes")
    (tmp_path / "a-file").touch()
    for write in (folder_written_aside, written_aside):
        with pytest.raises(BadInput, match=r"be written|there is no folder"), write(tmp_path / where):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


def test_a_file_never_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot be written .it is a folder"):
        write_text(tmp_path, "x")


def test_an_error_of_what_is_done_meanwhile_keeps_its_name(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError), folder_written_aside(tmp_path / "f"):
        (tmp_path / "a-file").touch()
        (tmp_path / "a-file" / "x").read_bytes()


def test_a_folder_appears_when_it_is_whole_and_never_replaces_one(tmp_path: Path) -> None:
    with folder_written_aside(tmp_path / "f") as aside:
        (aside / "x").write_text("1")
        assert not (tmp_path / "f").exists()
    assert (tmp_path / "f" / "x").read_text() == "1"
    (tmp_path / "empty").mkdir()
    for name in ("f", "empty"):
        with pytest.raises(BadInput, match="exists already"), folder_written_aside(tmp_path / name):
            pass


def test_an_empty_folder_that_came_in_between_is_not_replaced(tmp_path: Path) -> None:
    """Linux would rename over it without a word."""
    with pytest.raises(BadInput, match="exists already"), folder_written_aside(tmp_path / "f"):
        (tmp_path / "f").mkdir()
    assert os.listdir(tmp_path) == ["f"]  # noqa: PTH208


def test_a_failure_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), folder_written_aside(tmp_path / "f"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


FILLING = """
import sys
from pathlib import Path
from mmed_curate.domain.files import folder_written_aside
with folder_written_aside(Path(sys.argv[1])) as aside:
    (aside / "face.png").write_bytes(b"somebody")
    print(aside, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_process_was_filling_is_swept_by_the_next_and_what_a_living_one_fills_is_not(
    tmp_path: Path,
) -> None:
    (tmp_path / ".notes-of2026ab").mkdir()  # somebody's own
    with subprocess.Popen(
        [sys.executable, "-c", FILLING, str(tmp_path / "r")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as filling:
        assert filling.stdout is not None
        aside = Path(filling.stdout.readline().strip())
        assert sweep_aside(tmp_path) == (aside,)
        assert (aside / "face.png").exists()
        filling.kill()
    assert (aside / "face.png").exists()
    with folder_written_aside(tmp_path / "another") as mine:
        assert not aside.exists()
        assert sweep_aside(tmp_path) == (mine,)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".notes-of2026ab", "another"]


def test_a_hash_is_sha256_of_the_bytes(tmp_path: Path) -> None:
    contents = bytes(range(256)) * 9000  # longer than one piece
    (tmp_path / "a").write_bytes(contents)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(contents).hexdigest()


def test_equal_values_give_equal_json_and_nan_none() -> None:
    assert (
        canonical_json({"b": 1, "a": [1.5, "é"]})
        == canonical_json({"a": [1.5, "é"], "b": 1})
        == '{"a":[1.5,"é"],"b":1}'
    )
    assert readable_json({"a": 1}) == '{\n  "a": 1\n}\n'
    for write in (canonical_json, readable_json):
        with pytest.raises(ValueError, match="JSON compliant"):
            write(float("nan"))
