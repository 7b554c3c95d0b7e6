"""The files of a workspace on their way into a release: copied as they were made, less what consent keeps back.

Many are copied by a process of their own, while this one writes the tables and derives again what they say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import Finding, Refused
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.progress import Progress
from mmed_curate.domain.workers import worker_pool
from mmed_curate.media.remux import without_sound
from mmed_curate.release.copyjob import Came, CopyJob, bring_to_disk, copy_files
from mmed_curate.release.cutdown import without_face
from mmed_curate.release.noted import is_as_noted, noted_until
from mmed_curate.release.tables import CopiedFile

_AT_ONCE = 64
"""Files that the other process is given at once."""
_MANY = 256
"""Files from which on another process is worth its start."""


@contextmanager
def copying(
    files: Sequence[CopiedFile],
    media: Path,
    folder: Path,
    noted_at: Mapping[ClipId, str],
    progress: Progress,
    *,
    rehash: bool,
    day: date,
    many: int | None = None,
) -> Iterator[tuple[dict[str, str], dict[str, int]]]:
    """Copy files into a release: some still while the block runs; when it is left, all lie there.

    Args:
        files: what goes where.
        media: the workspace's media folder.
        folder: the release.
        noted_at: see `noted_until`.
        progress: called with files copied and how many there are.
        rehash: hash every byte that is copied; else only of files that are not as they were noted.
        day: see `stamp_of`.
        many: from how many on another process copies them; None: from where it is worth its start.

    Yields:
        SHA-256 and bytes by path in the release: as noted, of files as they were cut; of the others as they came out.

    Raises:
        Refused: a file is gone, or is not the one that was cut.
    """
    stamp = stamp_of(day)
    plain = [file for file in files if not (file.strip_sound or file.strip_face)]
    hashes = {file.path: file.asset.sha256 for file in plain}
    sizes = {file.path: file.asset.n_bytes for file in plain}
    parts = [plain[first : first + _AT_ONCE] for first in range(0, len(plain), _AT_ONCE)]

    def jobs(part: Sequence[CopiedFile]) -> list[CopyJob]:
        return [_job(file, noted_at, rehash=rehash) for file in part]

    with ExitStack() as stack:
        begun: list[Future[list[Came]]] = []
        if len(plain) >= (_MANY if many is None else many):
            pool = stack.enter_context(worker_pool(1))
            stack.enter_context(_until_it_rests(pool))
            begun = [pool.submit(copy_files, jobs(part), media, folder, stamp) for part in parts]
            on_disk = pool.submit(bring_to_disk, folder)
        done = 0
        for file in files:
            if file.strip_sound or file.strip_face:
                hashes[file.path] = _cut_down(file, media, folder, noted_at, rehash=rehash)
                sizes[file.path] = (folder / file.path).stat().st_size
                done += 1
                progress(done, len(files))
        if not begun:
            for part in parts:
                done = _tell(part, copy_files(jobs(part), media, folder, stamp), done, len(files), progress)
        yield hashes, sizes
        if begun:
            for part, came in zip(parts, begun, strict=True):
                done = _tell(part, came.result(), done, len(files), progress)
            on_disk.result()


@contextmanager
def _until_it_rests(pool: ProcessPoolExecutor) -> Iterator[None]:
    """On an error, wait until nothing is written any more: whoever called removes the folder then."""
    try:
        yield
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise


def stamp_of(day: date) -> float:
    """When it shall look as if the files of a release of that day were last written to: seconds, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _job(file: CopiedFile, noted_at: Mapping[ClipId, str], *, rehash: bool) -> CopyJob:
    return CopyJob(
        source=file.asset.path,
        target=file.path,
        sha256=file.asset.sha256,
        n_bytes=file.asset.n_bytes,
        trusted_until=None if rehash else noted_until(file.asset, noted_at),
    )


def _tell(files: Sequence[CopiedFile], came: Sequence[Came], done: int, total: int, progress: Progress) -> int:
    for file, how in zip(files, came, strict=True):
        if how is not Came.WHOLE:
            raise _changed(file, "is gone" if how is Came.GONE else "has changed since it was cut")
        done += 1
        progress(done, total)
    return done


def _cut_down(file: CopiedFile, media: Path, folder: Path, noted_at: Mapping[ClipId, str], *, rehash: bool) -> str:
    source, target = media / file.asset.path, folder / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        trusted = not rehash and is_as_noted(source, file.asset, noted_at)
        if not trusted and sha256_of(source) != file.asset.sha256:
            raise _changed(file, "has changed since it was cut")
    except FileNotFoundError as error:
        raise _changed(file, "is gone") from error
    strip = without_sound if file.strip_sound else without_face
    strip(source, target)
    return sha256_of(target)


def _changed(file: CopiedFile, what: str) -> Refused:
    return Refused(
        Finding(
            code="release.changed_file",
            what=f"the {file.asset.kind.value} of clip {file.asset.clip} {what}",
            remedy="run `mmed recut`",
        )
    )
