"""Files of a release, held against the manifest when they are opened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mmed_curate.dataset.arrays import not_whole
from mmed_curate.dataset.manifest import Manifest, inside
from mmed_curate.dataset.selection import not_selected
from mmed_curate.domain.files import sha256_of


def as_sealed(root: Path, relative: str, sha256: str | None) -> Path:
    """The path of a file that is as it was sealed.

    Args:
        root: the release.
        relative: its path in it.
        sha256: as it was sealed; None: the manifest does not list it.

    Raises:
        BadInput: it is not there, or another one is.
    """
    path = inside(root, relative)
    if not path.is_file():
        raise not_selected(root, relative) or not_whole(root, f"lacks {relative}")
    if sha256 is None or sha256_of(path) != sha256:
        raise not_whole(root, f"holds another {relative} than was sealed")
    return path


class Sealed:
    """Each file is read once to be held against the manifest, and again when it changed."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        self._root = root
        self._sha256_of: Mapping[str, str] = {file.path: file.sha256 for file in manifest.files}
        self._seen: dict[str, tuple[int, int]] = {}

    def file(self, relative: str) -> Path:
        """The path of a sealed file that is as it was sealed; BadInput where it is not."""
        path = inside(self._root, relative)
        status = path.stat() if path.is_file() else None
        stamp = None if status is None else (status.st_size, status.st_mtime_ns)
        if stamp is None or self._seen.get(relative) != stamp:
            as_sealed(self._root, relative, self._sha256_of.get(relative))
            if stamp is not None:
                self._seen[relative] = stamp
        return path
