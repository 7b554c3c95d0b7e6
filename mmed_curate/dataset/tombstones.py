"""Tombstones: which clips of older versions were withdrawn since, told without naming them, and how a loader learns it.

A tombstone is the SHA-256 of `mmed-tombstone:` and the name of a judged clip. Who holds an older version can tell by it
which of its clips went; who does not learns only that there was one more clip. Why a fast hash will do: decision 17.

A loader looks, for what is newer than the release at hand, at a list that it is given, at `tombstones.json` beside the
release's folder, at other releases in the same folder, and at what it remembers of releases that it loaded before.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmed_curate.dataset.facts import ReleaseFacts
from mmed_curate.dataset.versions import DRAFT, newer
from mmed_curate.domain.files import opened_text, readable_json, write_text
from mmed_curate.domain.findings import BadInput, MmedError

TOMBSTONES = "tombstones.json"
FORMAT = "mmed-tombstones"
VERSION = 1
REMEMBER = "MMED_REMEMBER_TOMBSTONES"
"""Environment variable; at 0, nothing is remembered and nothing remembered is looked at."""
_DIGITS = frozenset("0123456789abcdef")

_log = logging.getLogger(__name__)


class WithdrawnClipsWarning(UserWarning):
    """What was loaded holds clips that were withdrawn since, as a newer version says."""


def tombstone_of(judged_clip: str) -> str:
    """The tombstone of a judged clip, 64 hex digits; all its events lie under it.

    Args:
        judged_clip: its name, as in judged-clips.csv.
    """
    return hashlib.sha256(f"mmed-tombstone:{judged_clip}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstones:
    """Every clip that versions before one held, and that may not be used any more."""

    name: str
    """Of the dataset."""
    release: str
    """The version that says so."""
    hashes: frozenset[str]
    """See `tombstone_of`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """What is known to be withdrawn of one release."""

    clips: frozenset[str] = frozenset()
    """Names of judged clips."""
    told_by: str = ""
    """The newest version that says so, and where."""
    by_draft: bool = False
    """Of some of them only a draft says so: there is no release yet that would be better."""


def tombstones_document(tombstones: Tombstones) -> dict[str, Any]:
    """tombstones.json: schema/json/tombstones.schema.json."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": tombstones.name,
        "release": tombstones.release,
        "tombstones": sorted(tombstones.hashes),
    }


def read_tombstones(path: Path) -> Tombstones:
    """Read a list of tombstones.

    Args:
        path: the file, or the folder of a release that holds it.

    Raises:
        BadInput: there is none, or it is of a newer format, or not whole.
    """
    file = path / TOMBSTONES if path.is_dir() else path
    try:
        with opened_text(file) as stream:
            document = json.load(stream)
        if document["format"] != FORMAT or document["version"] > VERSION:
            raise ValueError(f"it is not of format {FORMAT} up to version {VERSION}")
        hashes = frozenset(document["tombstones"])
        if not all(isinstance(one, str) and len(one) == 64 and set(one) <= _DIGITS for one in hashes):
            raise ValueError("one of its entries is no SHA-256")
        return Tombstones(name=str(document["name"]), release=str(document["release"]), hashes=hashes)
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise BadInput.of(
            "dataset.tombstones",
            f"{file} is no list of withdrawn clips ({error})",
            f"give the {TOMBSTONES} of a newer release",
        ) from error


def withdrawn_since(root: Path, release: ReleaseFacts, judged: Iterable[str], given: Path | None = None) -> Withdrawn:
    """What is known to be withdrawn of a release; also remembers what the release itself says of older ones.

    Args:
        root: its folder.
        release: what it is.
        judged: names of its judged clips.
        given: a list to look at, or the folder of a newer release; of any version.

    Raises:
        BadInput: what was given is no such list. What merely lies about and cannot be read is passed over.
    """
    graves = {tombstone_of(clip): clip for clip in judged}
    found: dict[str, tuple[str, Path]] = {}
    lists = [] if given is None else [(read_tombstones(given), given, True)]
    lists += [(one, path, False) for path in _lying_about(root) if (one := _read(path)) is not None]
    for one, path, wanted in lists:
        if wanted or (one.name == release.name and newer(one.release, release.version)):
            for grave in one.hashes & graves.keys():
                found[grave] = max(found.get(grave, (one.release, path)), (one.release, path), key=_for_use)
    memory = _memory(release.name)
    if memory is not None:
        remembered = _remembered(memory)
        for grave in graves.keys() & remembered.keys() - found.keys():
            if newer(remembered[grave], release.version):
                found[grave] = (remembered[grave], memory)
        own = _read(root / TOMBSTONES)
        _remember(
            memory,
            remembered,
            own or Tombstones(name=release.name, release=release.version, hashes=frozenset()),
            graves,
        )
    if not found:
        return Withdrawn()
    by_draft = any(is_draft(version) for version, _ in found.values())
    told = max(
        (one for one in found.values() if is_draft(one[0]) or not by_draft), key=lambda one: _Ordered(version=one[0])
    )
    return Withdrawn(
        clips=frozenset(graves[grave] for grave in found),
        told_by=f"version {told[0]}, in {told[1]}",
        by_draft=by_draft,
    )


def is_draft(version: str) -> bool:
    """Whether a version is that of a draft."""
    return version.endswith(DRAFT)


def _for_use(told: tuple[str, Path]) -> tuple[bool, _Ordered]:
    """Of those who tell the same, the one to go over to stands highest: a release before any draft, then the newest."""
    return not is_draft(told[0]), _Ordered(version=told[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordered:
    version: str

    def __lt__(self, other: _Ordered) -> bool:
        return newer(other.version, self.version)


def remember(tombstones: Tombstones, judged: Iterable[str] = ()) -> None:
    """Keep a list for later, as `load` does for every release: who downloads one may call it without loading.

    Args:
        tombstones: what a release says.
        judged: names of the judged clips that the release itself holds; of these nothing older is believed.
    """
    memory = _memory(tombstones.name)
    if memory is not None:
        _remember(memory, _remembered(memory), tombstones, {tombstone_of(clip) for clip in judged})


def _lying_about(root: Path) -> Iterator[Path]:
    """Lists beside a release: in its folder's folder, and in other releases there."""
    parent = root.resolve().parent
    yield parent / TOMBSTONES
    with suppress(OSError):
        for folder in sorted(parent.iterdir()):
            if folder != root.resolve():
                yield folder / TOMBSTONES


def _read(path: Path) -> Tombstones | None:
    try:
        return read_tombstones(path) if path.is_file() else None
    except (OSError, MmedError) as error:
        _log.info("passed over: %s", error)
        return None


def _memory(name: str) -> Path | None:
    """The file in which tombstones of datasets of one name are remembered; None: nothing is to be."""
    if os.environ.get(REMEMBER, "1") == "0" or not name or Path(name).name != name:
        return None
    if "XDG_CACHE_HOME" in os.environ:
        caches = Path(os.environ["XDG_CACHE_HOME"])
    elif sys.platform == "darwin":
        caches = Path("~/Library/Caches")
    elif sys.platform == "win32":
        caches = Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local"))
    else:
        caches = Path("~/.cache")
    try:
        return caches.expanduser() / "mmed-curate" / "tombstones" / f"{name}.json"
    except RuntimeError:  # there is no home
        return None


def _remembered(memory: Path) -> dict[str, str]:
    """By tombstone: the newest version that told of it."""
    try:
        with opened_text(memory) as stream:
            told = json.load(stream)["newest"]
        return {str(grave): str(version) for grave, version in told.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def _remember(memory: Path, known: Mapping[str, str], told: Tombstones, held: Iterable[str]) -> None:
    """Note what a version tells, and forget what older ones said of clips that it holds: consent may be given again."""
    now = {grave: version for grave, version in known.items() if grave not in set(held) or newer(version, told.release)}
    now |= {grave: told.release for grave in told.hashes if not newer(known.get(grave, ""), told.release)}
    if now == known:
        return
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        write_text(memory, readable_json({"format": "mmed-remembered-tombstones", "version": 1, "newest": now}))
    except (OSError, BadInput) as error:
        _log.info("not remembered: %s", error)
