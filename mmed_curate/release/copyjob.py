"""One file of a workspace copied into a release, as a process can do it that knows nothing else of the house."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from mmed_curate.domain.flushing import flush_disk

_CHUNK = 1 << 20


class Came(Enum):
    """How a copy came out."""

    WHOLE = "whole"
    GONE = "gone"
    """There is no such file any more."""
    CHANGED = "changed"
    """It is not the file whose hash was noted."""


@dataclass(frozen=True, slots=True)
class CopyJob:
    """What goes where."""

    source: str
    """Relative to the workspace's media."""
    target: str
    """Relative to the release."""
    sha256: str
    n_bytes: int
    trusted_until: float | None
    """A file of that many bytes that was not written to since then (seconds, UTC) is not read for its hash; None: it is
    in any case."""


def copy_files(jobs: Sequence[CopyJob], media: Path, folder: Path, stamp: float) -> list[Came]:
    """Copy files so that all may read them, and with one time.

    Args:
        jobs: what goes where; folders are made.
        media: where from.
        folder: where to.
        stamp: when it shall look as if they were last written to; seconds, UTC.

    Raises:
        OSError: something cannot be read or written.
    """
    return [_copy(job, media / job.source, folder / job.target, stamp) for job in jobs]


def bring_to_disk(folder: Path) -> None:
    """Bring what was copied to the disk while its folder is still being filled."""
    flush_disk(folder)


def _copy(job: CopyJob, source: Path, target: Path, stamp: float) -> Came:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        status = source.stat()
        until = job.trusted_until
        if until is not None and status.st_size == job.n_bytes and status.st_mtime <= until:
            shutil.copyfile(source, target)
        elif _copied_and_hashed(source, target) != job.sha256:
            return Came.CHANGED
    except FileNotFoundError:
        return Came.GONE
    target.chmod(0o644)
    os.utime(target, (stamp, stamp))
    return Came.WHOLE


def _copied_and_hashed(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as given, target.open("wb") as written:
        while piece := given.read(_CHUNK):
            digest.update(piece)
            written.write(piece)
    return digest.hexdigest()
