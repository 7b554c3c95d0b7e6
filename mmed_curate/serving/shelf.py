"""What is handed out: the files that the manifests of a folder's releases name, and nothing else that lies there."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mmed_curate.dataset.catalogue import Catalogue, Listed, catalogue_document, gather_catalogue
from mmed_curate.dataset.manifest import MANIFEST, SIGNATURE, inside, read_manifest
from mmed_curate.domain.files import readable_json, sha256_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.serving.access import Token

LICENCE = "LICENSE.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """One release."""

    listed: Listed
    root: Path
    sha256_of: Mapping[str, str]
    """Of every file that is handed out, manifest and signature included."""
    terms: str | None
    """SHA-256 of its LICENSE.txt; None: it has none."""

    def opens_for(self, token: Token) -> bool:
        """Whether a token is for this release."""
        return not self.listed.draft if token.releases is None else self.listed.folder in token.releases

    def file(self, path: str) -> Path | None:
        """Where a file lies; None: it is none of the release, is a link, or is gone."""
        if path not in self.sha256_of:
            return None
        try:
            found = self.root / path if path == MANIFEST else inside(self.root, path)
        except BadInput:
            return None
        return found if found.is_file() and not found.is_symlink() else None

    def terms_text(self) -> str:
        """The text of its LICENSE.txt."""
        return inside(self.root, LICENCE).read_text(encoding="utf-8", errors="replace")


class Shelf:
    """The releases of a folder, looked at again when one comes, goes or changes."""

    def __init__(self, root: Path) -> None:
        """
        Args:
            root: the folder that they lie in.

        Raises:
            BadInput: there is no release, or one lacks files.
        """
        self.root = root
        self._turn = threading.Lock()
        self._stamp: object = None
        self._catalogue = Catalogue(releases=(), tombstones=())
        self._shelved: dict[str, Shelved] = {}
        self.look()

    def look(self) -> None:
        """See what lies there now; where that is not whole, what lay there before stays handed out.

        Raises:
            BadInput: there is no release, or one lacks files.
        """
        with self._turn:
            stamp = self._stamped()
            if stamp == self._stamp:
                return
            catalogue = gather_catalogue(self.root)
            self._shelved = {one.folder: _shelved(self.root / one.folder, one) for one in catalogue.releases}
            self._catalogue = catalogue
            self._stamp = stamp

    def releases(self) -> tuple[Shelved, ...]:
        """All of them."""
        return tuple(self._shelved.values())

    def release(self, folder: str) -> Shelved | None:
        """That of a folder; None: there is none."""
        return self._shelved.get(folder)

    def catalogue_for(self, token: Token) -> str:
        """catalogue.json with what a token opens."""
        own = tuple(one for one in self._catalogue.releases if self._shelved[one.folder].opens_for(token))
        shown = replace(self._catalogue, releases=own) if own else Catalogue(releases=(), tombstones=())
        return readable_json(catalogue_document(shown))

    def terms(self) -> dict[str, str]:
        """The texts that releases are handed out under, by their SHA-256; not those of drafts."""
        return {
            one.terms: one.terms_text()
            for one in self._shelved.values()
            if one.terms is not None and not one.listed.draft
        }

    def _stamped(self) -> object:
        stamps = []
        for folder in sorted(self.root.iterdir()):
            manifest = folder / MANIFEST
            if folder.is_dir() and not folder.is_symlink() and manifest.is_file():
                status = manifest.stat()
                stamps.append((folder.name, status.st_ino, status.st_size, status.st_mtime_ns))
        return stamps


def _shelved(root: Path, listed: Listed) -> Shelved:
    sealed = {file.path: file.sha256 for file in read_manifest(root).files}
    terms = sealed.get(LICENCE)
    if terms is not None and sha256_of(inside(root, LICENCE)) != terms:
        raise BadInput.of(
            "serving.damaged",
            f"{root / LICENCE} is not as it was sealed",
            f"run `{shlex.join(['mmed', 'verify', str(root)])}`, and mend it",
        )
    for name in (MANIFEST, SIGNATURE):
        path = root / name
        if path.is_file() and not path.is_symlink():
            sealed[name] = sha256_of(path)
    return Shelved(listed=listed, root=root, sha256_of=sealed, terms=terms)
