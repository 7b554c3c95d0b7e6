"""A release's own account of its history: changes.json, and CHANGELOG.md drawn from it.

An entry holds numbers only and names nobody and nothing, so that it may stand in every later version, whoever withdraws
meanwhile. Names are told of this version alone, and only of clips that it holds; what `mmed release diff` says of two
releases is more. Sentences are made from the numbers, so that no free text can get in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from mmed_curate.dataset.difference import ClipChanged, ClipWent, Difference, FieldChanged, Tally, Why
from mmed_curate.dataset.tombstones import TOMBSTONES
from mmed_curate.dataset.versions import Bump, Version
from mmed_curate.domain.counted import counted
from mmed_curate.domain.files import opened_text
from mmed_curate.domain.findings import BadInput

CHANGES = "changes.json"
CHANGELOG = "CHANGELOG.md"
FORMAT = "mmed-changes"
VERSION = 1
_PEOPLE = frozenset({"subject", "session"})
"""Columns whose older values are not told: they are pseudonyms."""


class Known(Enum):
    """What is known of how a version differs from the one before."""

    FIRST = "first"
    """There was none."""
    COMPARED = "compared"
    NOT_AT_HAND = "not-at-hand"
    """The one before was no longer there when this one was made."""
    UNTOLD = "untold"
    """It was made before releases told of their history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One version in the history."""

    release: str
    """Version."""
    released_on: date
    draft: bool
    clips: int
    """Settled events that it holds, or held."""
    tombstones: int
    """Judged clips of older versions that were withdrawn by then."""
    known: Known
    since: str | None
    """The version before; None: there was none, or it is not known."""
    since_id: str | None
    """The id of that version."""
    tally: Tally | None
    """What changed since; None: it was not compared."""
    skipped: tuple[str, ...] = ()
    """Versions made after `since` and before this one, oldest first, that were not at hand to compare with."""

    def __post_init__(self) -> None:
        if (self.known is Known.COMPARED) is (self.tally is None) or (self.since is None) is not (
            self.since_id is None
        ):
            raise ValueError("what was compared has a tally, and the version before has a number and an id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The whole account."""

    name: str
    """Of the dataset."""
    entries: tuple[Entry, ...]
    """Newest first; at least one."""
    came: tuple[str, ...]
    """Names of clips that came with this version."""
    went: tuple[ClipWent, ...]
    """Events that are no longer among what is settled of clips that are still judged clips of this version."""
    changed: tuple[ClipChanged, ...]

    @property
    def this(self) -> Entry:
        """The entry of this version."""
        return self.entries[0]


def changes_of(name: str, entry: Entry, older: Sequence[Entry], difference: Difference | None) -> Changes:
    """The account of a version.

    Args:
        name: of the dataset.
        entry: of this version.
        older: of the versions before, newest first.
        difference: to the version before; None: there is nothing to compare with.
    """
    if difference is None:
        return Changes(name=name, entries=(entry, *older), came=(), went=(), changed=())
    return Changes(
        name=name,
        entries=(entry, *older),
        came=difference.came,
        went=tuple(one for one in difference.went if one.why not in {Why.WITHDRAWN, Why.UNTOLD}),
        changed=tuple(_without_people(one) for one in difference.changed),
    )


def _without_people(one: ClipChanged) -> ClipChanged:
    fields = tuple(
        FieldChanged(field=field.field, old="", new=field.new) if field.field in _PEOPLE else field
        for field in one.fields
    )
    return ClipChanged(
        clip=one.clip,
        fields=fields,
        files_came=one.files_came,
        files_went=one.files_went,
        files_changed=one.files_changed,
    )


def because(entry: Entry, *, gravest: bool = False) -> tuple[str, ...]:
    """Why a version has to have the number that it has, the gravest reason first; sentences without a full stop.

    Args:
        entry: the version.
        gravest: see `reasons`.
    """
    if entry.known is Known.FIRST:
        return ("it is the first version",)
    if entry.known is Known.UNTOLD:
        return ("it was made before releases told of their history",)
    if entry.tally is None:
        return (f"{entry.since} was not at hand, so what changed since is not known",)
    if not entry.skipped:
        return reasons(entry.tally, gravest=gravest)
    gone = f"{', '.join(entry.skipped)} {'was' if len(entry.skipped) == 1 else 'were'} not at hand"
    return (*reasons(entry.tally, gravest=gravest), f"all of this is told since {entry.since}, for {gone}")


def reasons(tally: Tally, *, gravest: bool = False) -> tuple[str, ...]:
    """What changed, the gravest first; at least one sentence, without a full stop.

    Args:
        tally: the numbers.
        gravest: only what makes the version be raised by as much as it must.
    """
    said = {
        Bump.MAJOR: (
            *(f"{_clips(number)} {_WENT[why]}" for why, number in _in_order(tally.clips_went)),
            *(
                f"{_judged(number)} without an event {_WENT[why]}"
                for why, number in _in_order(tally.judged_went)
                if not tally.clips_went.get(why)
            ),
            *_some(tally.clips_relabelled, "the labels, frames or files of {} changed", _clips),
            *_some(tally.judged_anew, "something else was said of {}", _judged),
        ),
        Bump.MINOR: (
            *_some(tally.clips_came, "{} came", _clips),
            *_some(tally.judged_came, "{} came", _judged),
            *_some(tally.files_came, "{} came to clips that were there", _files),
        ),
        Bump.PATCH: (
            *_some(tally.clips_mended, "metadata of {} changed", _clips),
            *(f"{name} changed" for name in tally.rules),
        ),
    }
    told = [tally.demands] if gravest else sorted(said, reverse=True)
    sentences = tuple(one for bump in told for one in said[bump])
    return sentences or ("labels and clips are as they were",)


_WENT: Mapping[Why, str] = {
    Why.WITHDRAWN: "went because consent was withdrawn",
    Why.REJECTED: "went, judged anew and dropped",
    Why.REPLACED: "went, another cut in their place",
    Why.SETTLED_OTHERWISE: "went, judged anew and settled otherwise",
    Why.UNTOLD: "went",
}


def _in_order(went: Mapping[Why, int]) -> Iterator[tuple[Why, int]]:
    return ((why, went[why]) for why in Why if went.get(why))


def _some(number: int, text: str, named: Any) -> tuple[str, ...]:
    return (text.format(named(number)),) if number else ()


def _clips(number: int) -> str:
    return counted(number, "clip")


def _judged(number: int) -> str:
    return counted(number, "judged clip")


def _files(number: int) -> str:
    return counted(number, "file")


def changelog_text(changes: Changes, *, notice: str) -> str:
    """CHANGELOG.md.

    Args:
        changes: the account.
        notice: what stands before everything else of the release.
    """
    lines = [f"# Changes of {changes.name}", "", notice, ""]
    lines += [
        "Where labels, frames or files changed or clips went, the first number rises, and results are not comparable;",
        "where clips were added, the second; where anything else was mended, the third.",
    ]
    for entry in changes.entries:
        lines += ["", f"## {entry.release} ({entry.released_on.isoformat()})", ""]
        lines += [f"- {one[0].upper()}{one[1:]}." for one in because(entry)]
        if entry.tally is not None and entry.tally.fields:
            told = ", ".join(f"{field} ({number})" for field, number in sorted(entry.tally.fields.items()))
            lines.append(f"- Columns that changed, and in how many clips: {told}.")
        lines.append(f"- It {'holds' if entry is changes.this else 'held'} {_clips(entry.clips)}.")
        if entry.tombstones:
            lines.append(
                f"- Tombstones: {_judged(entry.tombstones)} of older versions may not be used any more; {TOMBSTONES} "
                "tells whoever holds them which. Delete the older versions."
                if entry is changes.this
                else f"- Tombstones: {_judged(entry.tombstones)}."
            )
    return "\n".join(lines) + "\n"


def changes_document(changes: Changes) -> dict[str, Any]:
    """changes.json: schema/json/changes.schema.json."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": changes.name,
        "release": changes.this.release,
        "entries": [_entry_document(entry) for entry in changes.entries],
        "came": list(changes.came),
        "went": [{"clip": one.clip, "why": one.why.value} for one in changes.went],
        "changed": [changed_document(one) for one in changes.changed],
    }


def changed_document(one: ClipChanged) -> dict[str, Any]:
    """What changed of a clip, as JSON values."""
    return {
        "clip": one.clip,
        "fields": [{"field": field.field, "old": field.old, "new": field.new} for field in one.fields],
        "files_came": list(one.files_came),
        "files_went": list(one.files_went),
        "files_changed": list(one.files_changed),
    }


def _entry_document(entry: Entry) -> dict[str, Any]:
    return {
        "release": entry.release,
        "released_on": entry.released_on.isoformat(),
        "draft": entry.draft,
        "clips": entry.clips,
        "tombstones": entry.tombstones,
        "known": entry.known.value,
        "since": None if entry.since is None else {"release": entry.since, "id": entry.since_id},
        "changes": None if entry.tally is None else tally_document(entry.tally),
        **({"skipped": list(entry.skipped)} if entry.skipped else {}),
    }


def tally_document(tally: Tally) -> dict[str, Any]:
    """A difference in numbers, as JSON values."""
    return {
        "demands": tally.demands.word,
        "clips": {
            "before": tally.clips_before,
            "came": tally.clips_came,
            "went": _reasons(tally.clips_went),
            "relabelled": tally.clips_relabelled,
            "mended": tally.clips_mended,
            "now": tally.clips_now,
        },
        "judged_clips": {
            "before": tally.judged_before,
            "came": tally.judged_came,
            "went": _reasons(tally.judged_went),
            "anew": tally.judged_anew,
            "now": tally.judged_now,
        },
        "fields": dict(sorted(tally.fields.items())),
        "files": {"came": tally.files_came, "went": tally.files_went, "changed": tally.files_changed},
        "rules": list(tally.rules),
    }


def _reasons(went: Mapping[Why, int]) -> dict[str, int]:
    return {why.value: went.get(why, 0) for why in Why}


def changes_in(root: Path) -> Changes:
    """Read the account of a release.

    Args:
        root: its folder.

    Raises:
        BadInput: there is none, it is of a newer format, or it is not whole.
    """
    try:
        with opened_text(root / CHANGES) as stream:
            document = json.load(stream)
        if document["format"] != FORMAT or document["version"] > VERSION:
            raise ValueError(f"it is not of format {FORMAT} up to version {VERSION}")
        entries = tuple(_entry_in(one) for one in document["entries"])
        if not entries or entries[0].release != document["release"]:
            raise ValueError("its first entry is of another version")
        return Changes(
            name=str(document["name"]),
            entries=entries,
            came=tuple(str(one) for one in document["came"]),
            went=tuple(ClipWent(clip=str(one["clip"]), why=Why(one["why"])) for one in document["went"]),
            changed=tuple(_changed_in(one) for one in document["changed"]),
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput.of(
            "dataset.changes",
            f"{root / CHANGES} does not tell of the versions before ({error})",
            "ask for a whole release",
        ) from error


def _entry_in(document: Mapping[str, Any]) -> Entry:
    since, told = document["since"], document["changes"]
    return Entry(
        release=str(Version.of(document["release"])),
        released_on=date.fromisoformat(document["released_on"]),
        draft=document["draft"] is True,
        clips=_count(document["clips"]),
        tombstones=_count(document["tombstones"]),
        known=Known(document["known"]),
        since=None if since is None else str(Version.of(since["release"])),
        since_id=None if since is None else str(since["id"]),
        tally=None if told is None else _tally_in(told),
        skipped=tuple(str(Version.of(one)) for one in document.get("skipped", [])),
    )


def _tally_in(document: Mapping[str, Any]) -> Tally:
    clips, judged, files = document["clips"], document["judged_clips"], document["files"]
    tally = Tally(
        clips_before=_count(clips["before"]),
        clips_came=_count(clips["came"]),
        clips_went=_reasons_in(clips["went"]),
        clips_relabelled=_count(clips["relabelled"]),
        clips_mended=_count(clips["mended"]),
        clips_now=_count(clips["now"]),
        judged_before=_count(judged["before"]),
        judged_came=_count(judged["came"]),
        judged_went=_reasons_in(judged["went"]),
        judged_anew=_count(judged["anew"]),
        judged_now=_count(judged["now"]),
        fields={str(name): _count(number) for name, number in document["fields"].items()},
        files_came=_count(files["came"]),
        files_went=_count(files["went"]),
        files_changed=_count(files["changed"]),
        rules=tuple(str(name) for name in document["rules"]),
    )
    if document["demands"] != tally.demands.word:
        raise ValueError(f"it says that its changes are {document['demands']}, and they are {tally.demands.word}")
    return tally


def _reasons_in(document: Mapping[str, Any]) -> Mapping[Why, int]:
    return {Why(why): _count(number) for why, number in document.items() if number}


def _changed_in(document: Mapping[str, Any]) -> ClipChanged:
    return ClipChanged(
        clip=str(document["clip"]),
        fields=tuple(
            FieldChanged(field=str(one["field"]), old=str(one["old"]), new=str(one["new"]))
            for one in document["fields"]
        ),
        files_came=tuple(str(path) for path in document["files_came"]),
        files_went=tuple(str(path) for path in document["files_went"]),
        files_changed=tuple(str(path) for path in document["files_changed"]),
    )


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value
