"""Any changed, missing or extra file is named; nothing is followed out of the folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from builders.release import a_release
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmed_curate.dataset import verify
from mmed_curate.dataset.manifest import read_manifest
from mmed_curate.domain.findings import BadInput


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_release(tmp_path_factory.mktemp("data") / "r", n_subjects=2, clips_per_subject=2)


@pytest.fixture
def copy(release: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(release, tmp_path / "copy"))


def test_an_untouched_copy_is_whole(copy: Path) -> None:
    report = verify(copy)
    assert report.ok
    assert report.differences == ()
    assert report.n_files == len(read_manifest(copy).files)
    assert report.simulated


def test_the_id_stands_for_every_byte(copy: Path, release: Path) -> None:
    before = verify(copy).id
    assert before == verify(release).id
    manifest = copy / "manifest-sha256.txt"
    manifest.write_text(manifest.read_text().replace("  README.md", "  readme.md"))
    assert verify(copy).id != before


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_flipped_bit_anywhere_is_found(copy: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([file.path for file in read_manifest(copy).files]))
    whole = (copy / name).read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    bit = data.draw(st.integers(0, 7))
    (copy / name).write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])
    try:
        report = verify(copy)
        assert report.changed == (name,)
        assert not report.ok
    finally:
        (copy / name).write_bytes(whole)


def test_missing_and_extra_files_are_named(copy: Path) -> None:
    (copy / "README.md").unlink()
    (copy / "media" / "notes.txt").write_text("mine")
    (copy / ".hidden").write_text("")
    report = verify(copy)
    assert report.missing == ("README.md",)
    assert report.extra == (".hidden", "media/notes.txt")
    assert report.differences == ("missing: README.md", "extra: .hidden", "extra: media/notes.txt")


def test_links_are_named_and_never_followed(copy: Path, tmp_path: Path) -> None:
    clip = next((copy / "media").iterdir())
    clip.rename(tmp_path / "elsewhere")
    clip.symlink_to(tmp_path / "elsewhere")
    (copy / "README.md").rename(tmp_path / "README.md")
    (copy / "README.md").symlink_to(tmp_path / "README.md")
    report = verify(copy)
    assert report.links == ("README.md", f"media/{clip.name}")
    assert f"media/{clip.name}/features.npz" in report.missing
    assert not report.ok


def test_sha256sum_reads_the_manifest_too(copy: Path) -> None:
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("no sha256sum on this machine")
    command = [tool, "--check", "--strict", "--quiet", "manifest-sha256.txt"]
    assert subprocess.run(command, cwd=copy, capture_output=True, check=False).returncode == 0
    (copy / "README.md").write_text("other")
    assert subprocess.run(command, cwd=copy, capture_output=True, check=False).returncode == 1


def test_progress_counts_bytes_up_to_all(copy: Path) -> None:
    told: list[tuple[int, int | None]] = []
    report = verify(copy, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (report.n_bytes, report.n_bytes)
    assert told == sorted(told)


def test_a_folder_without_manifest_cannot_be_verified(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a whole release"):
        verify(tmp_path)
    with pytest.raises(BadInput, match="there is no folder"):
        verify(tmp_path / "nowhere")


def test_a_name_that_cannot_be_printed_is_written_out(copy: Path) -> None:
    (copy / "two\nlines").write_text("")
    (copy / os.fsdecode(b"not-\xff-utf8")).write_text("")
    assert verify(copy).extra == ("not-\\udcff-utf8", "two\\nlines")


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(copy: Path) -> None:
    (copy / "README.md").unlink()
    os.mkfifo(copy / "README.md")
    assert verify(copy).changed == ("README.md",)
