"""Where a release comes from: a server or a folder, asked alike; and which release of what lies there is meant."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mmed_curate.dataset.addresses import is_version
from mmed_curate.dataset.catalogue import CATALOGUE, NAME_PATTERN, Catalogue, Listed, gather_catalogue, read_catalogue
from mmed_curate.dataset.facts import RELEASE, ReleaseFacts, read_facts
from mmed_curate.dataset.fetching import LackingFile, Stopped
from mmed_curate.dataset.manifest import FORMAT, MANIFEST, SIGNATURE, Manifest, inside, manifest_of
from mmed_curate.dataset.pieces import Told, write_all
from mmed_curate.dataset.tombstones import Tombstones
from mmed_curate.domain.files import said_in_words
from mmed_curate.domain.findings import BadInput

_CHUNK = 1 << 20
_LONGEST_MANIFEST = 1 << 28
"""Bytes; of some two million files."""
_LONGEST_CATALOGUE = 1 << 26
_LONGEST_FACTS = 1 << 20
_SIGNATURE_BYTES = 64
"""Of Ed25519 (RFC 8032, 5.1.6)."""


class Source(Protocol):
    """Gives files by their paths below one address."""

    @property
    def shown(self) -> str:
        """The address, as it may be shown."""

    def below(self, folder: str) -> Source:
        """The same for a folder in it."""

    def document(self, relative: str, *, most_bytes: int) -> bytes | None:
        """The bytes of a small file; None: there is none. BadInput where it cannot be got."""

    def file(self, relative: str, sha256: str, piece: Path, told: Told) -> None:
        """Fill a file on disk with what was sealed. LackingFile where there is none or another."""


class Folder:
    """A folder on this machine, or one that is mounted."""

    def __init__(self, root: Path, stop: threading.Event) -> None:
        self.root = root
        self._stop = stop

    @property
    def shown(self) -> str:
        """Its path."""
        return str(self.root)

    def below(self, folder: str) -> Folder:
        """The same for a folder in it."""
        return Folder(self.root / folder, self._stop)

    def document(self, relative: str, *, most_bytes: int) -> bytes | None:
        """The bytes of a small file; None: there is none.

        Raises:
            BadInput: it is a link, is longer, or cannot be read.
        """
        path = self.root / relative
        if path.is_symlink() or not path.is_file():
            return None
        try:
            with path.open("rb") as stream:
                found = stream.read(most_bytes + 1)
        except OSError as error:
            raise BadInput.of(
                "download.unreadable", f"{path} cannot be read ({error.strerror})", "choose a folder that you may read"
            ) from error
        if len(found) > most_bytes:
            raise BadInput.of(
                "download.too_long", f"{path} is longer than any such file of a release", "check the folder"
            )
        return found

    def file(self, relative: str, sha256: str, piece: Path, told: Told) -> None:
        """Copy a file, and hold what was copied against its seal.

        Raises:
            LackingFile: there is none, it cannot be read, or it is another than was sealed.
            BadInput: the disk does not take it.
            Stopped: everything should end.
        """
        path = inside(self.root, relative)
        if not path.is_file():
            raise LackingFile.of(
                "download.no_file",
                f"{path} is not there, although the manifest names it",
                "get the release from its source",
            )
        if copy_checked(path, piece, told, self._stop) != sha256:
            raise LackingFile.of(
                "download.other_bytes",
                f"{path} is not the file that was sealed",
                "get the release from its source; do not use that file",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRelease:
    """A release at its source, of which nothing but manifest and release.json were read."""

    source: Source
    manifest_bytes: bytes
    manifest: Manifest
    facts: ReleaseFacts
    listed: Listed | None
    """Its line in the catalogue; None: it was asked for by its own address."""
    signature: bytes | None
    """Of the manifest, as it lies there."""
    tombstones: Tombstones | None
    """Clips that are gone, as the releases and drafts of the catalogue tell; None: nothing tells."""

    @property
    def id(self) -> str:
        """SHA-256 of the manifest."""
        return hashlib.sha256(self.manifest_bytes).hexdigest()

    @property
    def sha256_of(self) -> dict[str, str]:
        """The seal of each path."""
        return {file.path: file.sha256 for file in self.manifest.files}


def find_release(source: Source, version: str | None) -> FoundRelease:
    """Find the release that an address and a version mean.

    Args:
        source: the address: of a release, or of a folder of releases with a catalogue.
        version: asked for; None: the release that lies there, or the newest of the catalogue that is no draft.

    Raises:
        BadInput: there is none, it is of a newer format, or what is there is neither manifest nor catalogue.
    """
    catalogue = _catalogue(source) if version is not None else None
    found = None if catalogue is not None else source.document(MANIFEST, most_bytes=_LONGEST_MANIFEST)
    if found is not None and not found.startswith(f"# format: {FORMAT}".encode()):
        found = None  # many servers answer everything with a page
    if catalogue is None and found is None and version is None:
        catalogue = _catalogue(source)
    if catalogue is None and found is None and isinstance(source, Folder):
        catalogue = gather_catalogue(source.root)
    listed = None
    if catalogue is not None:
        listed = catalogue.find(version, source.shown)
        source = source.below(listed.folder)
        found = source.document(MANIFEST, most_bytes=_LONGEST_MANIFEST)
    if found is None:
        raise BadInput.of(
            "download.no_release",
            f"{source.shown} has no {MANIFEST} and no {CATALOGUE}, so it is no release",
            "give the address of a release's folder, or of a folder of releases with a catalogue",
        )
    manifest = manifest_of(_words(found, f"{source.shown}/{MANIFEST}"), f"{source.shown}/{MANIFEST}")
    if listed is not None and hashlib.sha256(found).hexdigest() != listed.id:
        raise BadInput.of(
            "download.other_release",
            f"{source.shown} is not the {listed.name} {listed.version} that the catalogue names",
            "tell who runs the server: the catalogue is out of date, or the release was changed",
        )
    facts = _facts(source, manifest)
    if version is not None and facts.version != version:
        raise BadInput.of(
            "download.other_version", f"{source.shown} is {facts.name} {facts.version}, not {version}", "ask for that"
        )
    return FoundRelease(
        source=source,
        manifest_bytes=found,
        manifest=manifest,
        facts=facts,
        listed=listed,
        signature=_signature(source),
        tombstones=None if catalogue is None else _tombstones(catalogue, facts.name),
    )


def copy_checked(path: Path, to: Path, told: Told, stop: threading.Event) -> str:
    """Copy a file's bytes, and give the SHA-256 of what was written.

    A copy, not a hard link: of two names of one file, damage to one, or a change by its owner, would be damage to both.

    Raises:
        LackingFile: it cannot be read.
        BadInput: the disk does not take it.
        Stopped: everything should end.
    """
    digest = hashlib.sha256()
    with said_in_words(to, beginning=True), to.open("wb", buffering=0) as written:
        try:
            stream = path.open("rb")
        except OSError as error:
            raise LackingFile.of(
                "download.unreadable", f"{path} cannot be read ({error.strerror})", "make it readable"
            ) from error
        with stream:
            total, done = os.fstat(stream.fileno()).st_size, 0
            while part := stream.read(_CHUNK):
                write_all(written.fileno(), part)
                digest.update(part)
                done += len(part)
                told(done, total, len(part))
                if stop.is_set():
                    raise Stopped
        os.fsync(written.fileno())
    return digest.hexdigest()


def _catalogue(source: Source) -> Catalogue | None:
    found = source.document(CATALOGUE, most_bytes=_LONGEST_CATALOGUE)
    if found is None or found.lstrip()[:1] == b"<":
        return None
    where = f"{source.shown}/{CATALOGUE}"
    return read_catalogue(_words(found, where), where)


def _tombstones(catalogue: Catalogue, name: str) -> Tombstones | None:
    newest = catalogue.newest(name)
    told_by = catalogue.told_by.get(name, None if newest is None else newest.version)
    if told_by is None or not catalogue.tombstones:
        return None
    return Tombstones(name=name, release=told_by, hashes=frozenset(catalogue.tombstones))


def _facts(source: Source, manifest: Manifest) -> ReleaseFacts:
    sealed = next((file.sha256 for file in manifest.files if file.path == RELEASE), None)
    found = None if sealed is None else source.document(RELEASE, most_bytes=_LONGEST_FACTS)
    if found is None or hashlib.sha256(found).hexdigest() != sealed:
        raise BadInput.of(
            "download.other_bytes",
            f"{source.shown}/{RELEASE} is not the file that was sealed",
            "tell who runs the server; do not use that release",
        )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / RELEASE).write_bytes(found)
        facts = read_facts(Path(folder), shown=source.shown)
    if not NAME_PATTERN.fullmatch(facts.name) or not is_version(facts.version):
        raise BadInput.of(
            "download.name",
            f"{source.shown} calls itself {facts.name!r} {facts.version!r}, which is no name and version of a release",
            "do not use it",
        )
    return facts


def _signature(source: Source) -> bytes | None:
    try:
        found = source.document(SIGNATURE, most_bytes=_SIGNATURE_BYTES)
    except BadInput:  # whatever is there, it is no signature, and a release needs none
        return None
    return found if found is not None and len(found) == _SIGNATURE_BYTES else None


def _words(found: bytes, where: str) -> str:
    try:
        return found.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput.of("download.no_text", f"{where} is no UTF-8 text", "check the address") from error
