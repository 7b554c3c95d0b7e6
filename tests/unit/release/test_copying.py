"""Files on their way into a release: the same ones, whether another process copies them or this one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import Refused
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.records import Asset, AssetKind
from mmed_curate.domain.time import Frame
from mmed_curate.release.copying import copying, stamp_of
from mmed_curate.release.tables import CopiedFile

DAY = date(2026, 6, 1)
LONG_AGO = 1_700_000_000.0
"""Seconds since 1970: before the files were noted."""
HERE, ELSEWHERE = 1000, 1
"""From how many files on another process copies them: more than there are, and fewer."""
BOTH = pytest.mark.parametrize("many", [HERE, ELSEWHERE])


def cut_files(media: Path, n_clips: int = 70) -> list[CopiedFile]:
    """One file for each clip, written long before it was noted."""
    media.mkdir()
    files = []
    for number in range(n_clips):
        path = media / f"{number}.wav"
        path.write_bytes(b"%d" % number * 1000)
        os.utime(path, (LONG_AGO, LONG_AGO))
        asset = Asset(
            clip=ClipId(f"clip-{number}"),
            kind=AssetKind.RELEASE_SOUND,
            path=path.name,
            sha256=sha256_of(path),
            n_bytes=path.stat().st_size,
            first=Frame(0),
            last=Frame(9),
            event=0,
        )
        files.append(CopiedFile(asset=asset, path=f"media/c-{number:012x}/sound.wav"))
    return files


@contextmanager
def copied(
    files: list[CopiedFile], root: Path, *, many: int, told: list[tuple[int, int]] | None = None
) -> Iterator[dict[str, str]]:
    noted_at = {file.asset.clip: "2026-05-01T00:00:00Z" for file in files}

    def progress(done: int, total: int) -> None:
        if told is not None:
            told.append((done, total))

    (root / "out").mkdir()
    with copying(files, root / "media", root / "out", noted_at, progress, rehash=False, day=DAY, many=many) as (
        hashes,
        sizes,
    ):
        assert sizes == {file.path: file.asset.n_bytes for file in files}
        yield hashes


@BOTH
def test_when_the_block_is_left_every_file_lies_there(tmp_path: Path, many: int) -> None:
    files, told = cut_files(tmp_path / "media"), list[tuple[int, int]]()
    with copied(files, tmp_path, many=many, told=told) as hashes:
        assert hashes == {file.path: file.asset.sha256 for file in files}
    for file in files:
        there = tmp_path / "out" / file.path
        assert sha256_of(there) == file.asset.sha256
        assert there.stat().st_mtime == stamp_of(DAY)
        assert there.stat().st_mode & 0o777 == 0o644
    assert told == [(done, 70) for done in range(1, 71)]


@BOTH
def test_a_file_that_was_written_to_since_is_read_and_refused(tmp_path: Path, many: int) -> None:
    files = cut_files(tmp_path / "media")
    data = (tmp_path / "media" / "3.wav").read_bytes()
    (tmp_path / "media" / "3.wav").write_bytes(b"!" + data[1:])  # as long as it was, and written now
    with (
        pytest.raises(Refused, match="sound of clip clip-3 has changed since it was cut"),
        copied(files, tmp_path, many=many),
    ):
        pass


@BOTH
def test_a_file_that_was_touched_and_is_the_same_goes_out(tmp_path: Path, many: int) -> None:
    files = cut_files(tmp_path / "media")
    (tmp_path / "media" / "3.wav").touch()
    with copied(files, tmp_path, many=many):
        pass
    assert (tmp_path / "out" / files[3].path).read_bytes() == (tmp_path / "media" / "3.wav").read_bytes()


@BOTH
def test_a_file_that_is_gone_is_refused(tmp_path: Path, many: int) -> None:
    files = cut_files(tmp_path / "media")
    (tmp_path / "media" / "3.wav").unlink()
    with pytest.raises(Refused, match="sound of clip clip-3 is gone"), copied(files, tmp_path, many=many):
        pass


@BOTH
def test_after_a_failure_inside_the_block_nobody_writes_there_any_more(tmp_path: Path, many: int) -> None:
    files = cut_files(tmp_path / "media", n_clips=500)
    with pytest.raises(LookupError, match="inside"), copied(files, tmp_path, many=many):
        raise LookupError("inside")
    shutil.rmtree(tmp_path / "out")  # fails where somebody fills it meanwhile
    assert not (tmp_path / "out").exists()
