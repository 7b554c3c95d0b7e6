"""The files of a workspace on their way into a release: copied as they were made, less what consent keeps back."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import Finding, Refused
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.progress import Progress
from mmed_curate.media.remux import without_sound
from mmed_curate.release.cutdown import without_face
from mmed_curate.release.noted import is_as_noted
from mmed_curate.release.tables import CopiedFile

_CHUNK = 1 << 20


def copy_all(
    files: Sequence[CopiedFile],
    media: Path,
    folder: Path,
    noted_at: Mapping[ClipId, str],
    progress: Progress,
    *,
    rehash: bool,
) -> dict[str, str]:
    """Copy files into a release.

    Args:
        files: what goes where.
        media: the workspace's media folder.
        folder: the release.
        noted_at: see `is_as_noted`.
        progress: called with files copied and how many there are.
        rehash: hash every byte that is copied; else only of files that are not as they were noted.

    Returns:
        SHA-256 by path in the release.

    Raises:
        Refused: a file is gone, or is not the one that was cut.
    """
    hashes = {}
    for done, file in enumerate(files, start=1):
        source, target = media / file.asset.path, folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            trusted = not rehash and is_as_noted(source, file.asset, noted_at)
            hashes[file.path] = _copy(source, target, file, trusted=trusted)
        except FileNotFoundError as error:
            raise _changed(file, "is gone") from error
        progress(done, len(files))
    return hashes


def _copy(source: Path, target: Path, file: CopiedFile, *, trusted: bool) -> str:
    if file.strip_sound or file.strip_face:
        if not trusted and sha256_of(source) != file.asset.sha256:
            raise _changed(file, "has changed since it was cut")
        strip = without_sound if file.strip_sound else without_face
        strip(source, target)
        return sha256_of(target)
    if trusted:
        shutil.copyfile(source, target)
        return file.asset.sha256
    digest = hashlib.sha256()
    with source.open("rb") as given, target.open("wb") as written:
        while piece := given.read(_CHUNK):
            digest.update(piece)
            written.write(piece)
    if digest.hexdigest() != file.asset.sha256:
        raise _changed(file, "has changed since it was cut")
    return file.asset.sha256


def _changed(file: CopiedFile, what: str) -> Refused:
    return Refused(
        Finding(
            code="release.changed_file",
            what=f"the {file.asset.kind.value} of clip {file.asset.clip} {what}",
            remedy="run `mmed recut`",
        )
    )
