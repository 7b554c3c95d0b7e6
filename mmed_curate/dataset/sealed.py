"""Files of a release, held against the manifest when they are opened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mmed_curate.dataset.arrays import not_whole
from mmed_curate.dataset.manifest import Manifest, inside
from mmed_curate.dataset.selection import not_selected
from mmed_curate.domain.files import sha256_of


class Sealed:
    """Each file is read once to be held against the manifest, and again when it changed."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        self._root = root
        self._sha256_of: Mapping[str, str] = {file.path: file.sha256 for file in manifest.files}
        self._seen: dict[str, tuple[int, int]] = {}

    def file(self, relative: str) -> Path:
        """The path of a sealed file that is as it was sealed; BadInput where it is not."""
        path = inside(self._root, relative)
        if not path.is_file():
            raise not_selected(self._root, relative) or not_whole(self._root, f"lacks {relative}")
        status = path.stat()
        stamp = (status.st_size, status.st_mtime_ns)
        if self._seen.get(relative) != stamp:
            if relative not in self._sha256_of or sha256_of(path) != self._sha256_of[relative]:
                raise not_whole(self._root, f"holds another {relative} than was sealed")
            self._seen[relative] = stamp
        return path
