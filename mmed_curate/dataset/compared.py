"""A copy of a release, file by file, beside what its manifest seals: what is changed, missing, extra or a link."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.dataset.manifest import MANIFEST, SIGNATURE, Manifest, files_under, inside, total_bytes
from mmed_curate.dataset.selection import DOWNLOAD, Part, PartialCopy, expected, part_of
from mmed_curate.domain.progress import Progress, silent

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What every file of a copy is, beside what was sealed; names as they are on the disk, sorted."""

    whole: frozenset[str]
    """Sealed paths whose bytes are the sealed ones."""
    changed: tuple[str, ...]
    """Paths whose bytes are not the sealed ones, or cannot be read."""
    missing: tuple[str, ...]
    """Paths that this copy should hold and that are not there."""
    extra: tuple[str, ...]
    """Paths that were not sealed."""
    links: tuple[str, ...]
    """Paths that are links; they are never followed."""
    n_left_out: int
    """Sealed files that were not selected and are not there."""
    n_bytes: int
    """Bytes read."""

    @property
    def differences(self) -> tuple[str, ...]:
        """One line for each path that differs."""
        return (
            *(f"changed: {path}" for path in self.changed),
            *(f"missing: {path}" for path in self.missing),
            *(f"extra: {shown(path)}" for path in self.extra),
            *(f"link: {shown(path)}" for path in self.links),
        )


def compare(root: Path, manifest: Manifest, *, partial: PartialCopy | None, progress: Progress = silent) -> Compared:
    """Read every sealed file of a copy.

    Args:
        root: the copy.
        manifest: its manifest.
        partial: what its download.json says; None: it is to be whole, and a download.json is extra.
        progress: called with bytes read and how many there are.

    Raises:
        BadInput: the copy is partial, and its clips.csv cannot be read.
    """
    sealed = {file.path: file.sha256 for file in manifest.files}
    ours = {MANIFEST, SIGNATURE} if partial is None else {MANIFEST, SIGNATURE, DOWNLOAD}
    there = {name for name in files_under(root) if name not in ours or (root / name).is_symlink()}
    links = {name for name in there if (root / name).is_symlink()}
    total = total_bytes(root, there & set(sealed))
    changed = []
    n_bytes = 0
    for name in sorted(there & set(sealed) - links):
        if not (root / name).is_file():  # a pipe or a device would keep us waiting
            changed.append(name)
            continue
        digest, n_bytes = _read(inside(root, name), n_bytes, total, progress)
        if digest != sealed[name]:
            changed.append(name)
    whole = frozenset(there & set(sealed) - set(changed) - links)
    needed = _needed(root, manifest, partial, whole)
    return Compared(
        whole=whole,
        changed=tuple(changed),
        missing=tuple(sorted(needed - there)),
        extra=tuple(sorted(there - set(sealed) - links)),
        links=tuple(sorted(links)),
        n_left_out=len(set(sealed) - needed - there),
        n_bytes=n_bytes,
    )


def shown(name: str) -> str:
    """A name from a stranger's disk, with whatever cannot be printed written out."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in name)


def _needed(root: Path, manifest: Manifest, partial: PartialCopy | None, good: frozenset[str]) -> frozenset[str]:
    """The paths that this copy should hold; where a partial one lacks the table to tell by, its metadata."""
    if partial is None or "clips.csv" in good:
        return expected(root, manifest, partial)
    return frozenset(file.path for file in manifest.files if part_of(file.path) is Part.METADATA)


def _read(path: Path, before: int, total: int, progress: Progress) -> tuple[str, int]:
    """SHA-256 of a file, and how many bytes have been read in all; an unreadable file has no digest."""
    digest = hashlib.sha256()
    n_bytes = before
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_CHUNK):
                digest.update(piece)
                n_bytes += len(piece)
                progress(n_bytes, total)
    except OSError as error:
        if isinstance(error, PermissionError) or os.path.lexists(path):
            return f"unreadable ({error.strerror})", n_bytes
        raise
    return digest.hexdigest(), n_bytes
