"""Which releases lie in a folder or on a server: catalogue.json, written beside them, read by `URL@VERSION`."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from mmed_curate.dataset.addresses import is_version
from mmed_curate.dataset.facts import read_facts
from mmed_curate.dataset.layout import JUDGED_CLIPS
from mmed_curate.dataset.manifest import MANIFEST, inside, read_manifest, total_bytes
from mmed_curate.dataset.rows import JudgedClipRow, read_rows
from mmed_curate.dataset.tombstones import TOMBSTONES, read_tombstones, tombstone_of
from mmed_curate.dataset.versions import Version
from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput

CATALOGUE = "catalogue.json"
FORMAT = "mmed-catalogue"
VERSION = 1
NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]*")
"""Of a dataset, as schema/json/release.schema.json has it; it becomes part of a folder's name."""
_FOLDER = re.compile(r"[^/\\\x00-\x1f\x7f]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One release of a catalogue."""

    name: str
    version: str
    id: str
    """SHA-256 of its manifest."""
    folder: str
    """Name of its folder, beside the catalogue."""
    draft: bool
    simulated: bool
    released_on: str
    """Day (UTC), as its release.json has it."""
    clips: int
    files: int
    """Files that are sealed."""
    bytes: int
    """Of all of them together."""

    def __post_init__(self) -> None:
        for wrong, what in (
            (not NAME_PATTERN.fullmatch(self.name), "name"),
            (not is_version(self.version), "version"),
            (not _SHA256.fullmatch(self.id), "id"),
            (not _FOLDER.fullmatch(self.folder) or self.folder in {".", ".."}, "folder"),
        ):
            if wrong:
                raise ValueError(f"{what} {getattr(self, what)!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every release that lies beside it, oldest first, and who has been withdrawn since."""

    releases: tuple[Listed, ...]
    tombstones: tuple[str, ...]
    """Of all releases and drafts together: clips that may not be used any more, unless a newer one holds them again."""
    told_by: Mapping[str, str] = field(default_factory=dict)
    """By name of the dataset, the version that tells: the newest release, or where that lacks some, the newest draft.
    A draft is named here even to those whom it is not handed out to."""

    def __post_init__(self) -> None:
        folders = [one.folder for one in self.releases]
        if len(folders) != len(set(folders)):
            raise ValueError("a folder is named twice")

    def find(self, version: str | None, where: str) -> Listed:
        """The release of a version; without one the newest that is no draft.

        Args:
            version: asked for; None: the newest.
            where: the catalogue lies, for the sentence.

        Raises:
            BadInput: there is none, or two datasets have that version; says what there is.
        """
        found = [one for one in self.releases if (not one.draft if version is None else one.version == version)]
        there = ", ".join(f"{one.name} {one.version}" for one in self.releases) or "nothing"
        if not found:
            what = f"version {version}" if version is not None else "release that is no draft"
            raise BadInput.of("catalogue.no_such", f"{where} has no {what}", f"it has {there}: choose with URL@VERSION")
        if len({one.name for one in found}) > 1:
            raise BadInput.of(
                "catalogue.several_datasets",
                f"{where} holds releases of several datasets: {', '.join(sorted({one.name for one in found}))}",
                f"give the address of one release, such as {where}/{found[0].folder}",
            )
        return max(found, key=lambda one: Version.of(one.version))

    def newest(self, name: str) -> Listed | None:
        """The newest release of a dataset that is no draft; None: there is none."""
        own = [one for one in self.releases if one.name == name and not one.draft]
        return max(own, key=lambda one: Version.of(one.version), default=None)


def gather_catalogue(root: Path) -> Catalogue:
    """List the releases that lie in a folder, one level deep; links are not followed.

    Raises:
        BadInput: it is no folder, holds no release, or one of them lacks files or is not readable.
    """
    if not root.is_dir():
        raise BadInput.of("catalogue.no_folder", f"there is no folder {root}", "give the folder that releases lie in")
    folders = sorted(
        path for path in root.iterdir() if path.is_dir() and not path.is_symlink() and (path / MANIFEST).is_file()
    )
    listed = [_listed(folder) for folder in folders if not folder.name.startswith(".")]
    if not listed:
        raise BadInput.of(
            "catalogue.empty", f"{root} holds no release", "give the folder that whole releases lie in, each in its own"
        )
    listed.sort(key=lambda one: one.folder)
    listed.sort(key=lambda one: Version.of(one.version))
    listed.sort(key=lambda one: one.name)
    hashes: set[str] = set()
    told_by = {}
    for name in sorted({one.name for one in listed}):
        graves, version = _graves(root, [one for one in listed if one.name == name])
        hashes |= graves
        if version is not None:
            told_by[name] = version
    return Catalogue(releases=tuple(listed), tombstones=tuple(sorted(hashes)), told_by=told_by)


def _graves(root: Path, versions: Sequence[Listed]) -> tuple[frozenset[str], str | None]:
    """Who is gone from a dataset, and the version that tells; of clips that a newer one holds, nothing older counts.

    Args:
        root: where they lie.
        versions: of one dataset, oldest first.
    """
    told: dict[str, Listed] = {}
    sealed_in: dict[str, frozenset[str]] = {}
    for one in versions:
        folder = root / one.folder
        if told:
            here = {tombstone_of(row.clip) for row in read_rows(folder / JUDGED_CLIPS, JudgedClipRow)}
            told = {grave: teller for grave, teller in told.items() if grave not in here}
        if (folder / TOMBSTONES).is_file():
            sealed_in[one.version] = read_tombstones(folder).hashes
            told |= dict.fromkeys(sealed_in[one.version], one)
    if not told:
        return frozenset(), None
    released = [one.version for one in versions if not one.draft and told.keys() <= sealed_in.get(one.version, set())]
    newest = max(told.values(), key=lambda one: Version.of(one.version)).version
    return frozenset(told), released[-1] if released else newest


def catalogue_document(catalogue: Catalogue) -> dict[str, object]:
    """The JSON document of catalogue.json."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "releases": [{column.name: getattr(one, column.name) for column in fields(one)} for one in catalogue.releases],
        "tombstones": list(catalogue.tombstones),
        "told_by": dict(sorted(catalogue.told_by.items())),
    }


def read_catalogue(text: str, where: str) -> Catalogue:
    """Read a catalogue from its text.

    Args:
        text: of catalogue.json.
        where: it comes from, for the sentence.

    Raises:
        BadInput: it is none, of a newer format, or names a folder that does not lie beside it.
    """
    try:
        document: Any = json.loads(text)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError(f"it does not say format {FORMAT}")
        if _whole(document["version"]) > VERSION:
            raise BadInput.of(
                "catalogue.newer",
                f"{where} is of catalogue version {document['version']}, and this mmed reads up to {VERSION}",
                "install a newer mmed-curate",
            )
        tombstones = tuple(document["tombstones"])
        if not all(isinstance(one, str) and _SHA256.fullmatch(one) for one in tombstones):
            raise ValueError("a tombstone is no SHA-256")
        told_by = dict(document.get("told_by", {}))
        if not all(isinstance(one, str) and is_version(one) for one in told_by.values()):
            raise ValueError("what tells of tombstones is no version")
        return Catalogue(
            releases=tuple(_release(one) for one in document["releases"]), tombstones=tombstones, told_by=told_by
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput.of(
            "catalogue.broken",
            f"{where} is no catalogue of releases ({error})",
            "check the address, or tell who runs the server",
        ) from error


def _listed(folder: Path) -> Listed:
    facts, manifest = read_facts(folder), read_manifest(folder)
    paths = [file.path for file in manifest.files]
    lacking = [path for path in paths if not inside(folder, path).is_file()]
    if lacking:
        raise BadInput.of(
            "catalogue.not_whole",
            f"{folder} lacks {len(lacking)} of its files, such as {lacking[0]}",
            f"run `{shlex.join(['mmed', 'verify', str(folder)])}`, and hand out whole releases only",
        )
    try:
        return Listed(
            name=facts.name,
            version=facts.version,
            id=sha256_of(folder / MANIFEST),
            folder=folder.name,
            draft=facts.draft or manifest.draft,
            simulated=facts.simulated,
            released_on=facts.released_on.isoformat(),
            clips=facts.counts.clips,
            files=len(paths),
            bytes=total_bytes(folder, paths),
        )
    except ValueError as error:
        raise BadInput.of(
            "catalogue.release", f"{folder} cannot be listed: it has the {error}", "rename it, or leave it out"
        ) from error


def _release(document: Mapping[str, Any]) -> Listed:
    kinds: Sequence[tuple[str, type]] = [
        (column.name, {"str": str, "bool": bool, "int": int}[str(column.type)]) for column in fields(Listed)
    ]
    for name, kind in kinds:
        if type(document[name]) is not kind:
            raise TypeError(f"{name} is {document[name]!r}")
    return Listed(**{name: document[name] for name, _ in kinds})


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"version is {value!r}")
    return value
