"""Which number a release gets, what it tells of the versions before, and whose clips it leaves tombstones for.

The version before is an input of a release: read from `releases/`, or from where the curator says that it lies. Where
it is no longer at hand (a withdrawal asks for old versions to be dropped) nothing is known of what changed, and the
number rises as if labels had. Tombstones come from the event log all the same: what was judged before a release was
made, and withdrawn after it, may have been in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.dataset.changes import (
    CHANGELOG,
    CHANGES,
    Changes,
    Entry,
    Known,
    because,
    changelog_text,
    changes_document,
    changes_in,
    changes_of,
    reasons,
)
from mmed_curate.dataset.difference import BESIDE, RULES, Difference, Side, compare, side_of, side_of_rows
from mmed_curate.dataset.facts import ReleaseFacts
from mmed_curate.dataset.loading import read_release
from mmed_curate.dataset.manifest import release_id
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.tombstones import TOMBSTONES, Tombstones, tombstone_of, tombstones_document
from mmed_curate.dataset.versions import DRAFT, Bump, Version
from mmed_curate.domain.files import readable_json, sha256_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.records import LogEntry
from mmed_curate.release.holding import made_here
from mmed_curate.release.schemas import check_document
from mmed_curate.release.snapshot import Snapshot
from mmed_curate.release.tables import Tables
from mmed_curate.store.workspace import Workspace

CREATED, DRAFTED = "release.created", "release.drafted"
"""Kinds of log entries."""
FIRST = Version(core=(1, 0, 0))
"""Number of the first release: it passed the gate, so it is no trial. Drafts before it are 0.1.0, 0.2.0, and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The version before."""

    version: str
    id: str
    side: Side | None
    """None: it is not at hand."""
    entries: tuple[Entry, ...]
    """Its own history, itself first; empty: it is not at hand."""
    skipped: tuple[str, ...] = ()
    """Versions made after it that are not at hand, oldest first: it is the newest that there is to compare with."""

    def least(self, difference: Difference | None) -> Version:
        """The least number that may follow.

        After versions that were skipped it rises as if all that their numbers tell had been taken back.
        """
        demands, own = _demands(difference), Version.of(self.version)
        if not self.skipped:
            return own.at_least(demands)
        newest = Version.of(self.skipped[-1])
        return max(own.at_least(demands), newest.at_least(max(demands, own.distance(newest))))

    def may_be_followed_by(self, number: Version, difference: Difference | None) -> bool:
        """Whether a number is high enough; a pre-release of one that is high enough is."""
        newest = Version.of(self.skipped[-1] if self.skipped else self.version)
        return newest < number and number.core >= self.least(difference).core


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Where a release in the making stands among the versions."""

    version: str
    """Its number; of a draft without what it ends in."""
    before: Before | None
    """None: it is the first."""
    buried: frozenset[str]
    """Its tombstones."""
    proposed: str
    """The least number that may be given to it."""
    wanted: bool
    """It is to be made also where nothing changed: a number was given, or it is a draft."""


def history_of(
    workspace: Workspace,
    snapshot: Snapshot,
    tables: Tables,
    *,
    version: str | None,
    draft: bool,
    since: Path | None,
) -> History:
    """Find the version before and what may follow it.

    Args:
        workspace: what is released.
        snapshot: its records.
        tables: of the release in the making.
        version: the number that is wished for; None: the proposed one. A number that was made before gets the history
            that it had then.
        draft: whether it is to be a draft; these have no versions after them.
        since: folder of the version before, or of an older one where it is gone; None: looked for in `releases/`.

    Raises:
        BadInput: the number is too low for what changed, or `since` is no version that was made of this workspace, is
            older than one that is at hand, or is not whole.
    """
    with workspace.read() as records:
        made, drafted = records.log(CREATED), records.log(DRAFTED)
    called = f"{version}{DRAFT}" if draft else version
    again = [one.sequence for one in (*made, *drafted) if json.loads(one.payload)["release"] == called]
    made = tuple(one for one in made if not again or one.sequence < min(again))
    before = _before(workspace, made, since)
    buried = _buried(workspace, snapshot, before)
    proposed = _drafts_number(drafted) if before is None and draft else FIRST
    if before is not None:
        hashes = {
            file.path: _expected(before.side, file.path) if file.strip_sound or file.strip_face else file.asset.sha256
            for file in tables.files
        }
        held = {} if before.side is None else before.side.files
        hashes |= {name: held[name] for name in (*RULES, *BESIDE) if name in held}  # taken for what they were
        difference = _difference(before, tables, hashes, buried)
        proposed = before.least(difference)
        _check_number(version, before, difference)
        if draft:
            proposed = _free(proposed, drafted)
    return History(
        version=version or str(proposed),
        before=before,
        buried=buried,
        proposed=str(proposed),
        wanted=draft or version is not None,
    )


def write_history(
    folder: Path, history: History, tables: Tables, facts: ReleaseFacts, hashes: Mapping[str, str]
) -> tuple[str, ...]:
    """Write changes.json, CHANGELOG.md and tombstones.json.

    Args:
        folder: the release in the making, with all that has no seal yet but these.
        history: where it stands.
        tables: what it holds.
        facts: what it says of itself.
        hashes: SHA-256 of its media by path.

    Returns:
        Why it has to have the number that it has.

    Raises:
        BadInput: the bytes that were copied ask for a higher number; or nothing changed, and no number was given.
    """
    before, difference = history.before, None
    if before is not None:
        rules = {name: sha256_of(folder / name) for name in (*RULES, *BESIDE) if (folder / name).is_file()}
        difference = _difference(before, tables, {**hashes, **rules}, history.buried)
        _check_number(history.version, before, difference)
        if not history.wanted:
            _check_anything_changed(before, difference, history.buried)
    known = Known.FIRST if before is None else Known.NOT_AT_HAND if difference is None else Known.COMPARED
    entry = Entry(
        release=facts.version,
        released_on=facts.released_on,
        draft=facts.draft,
        clips=len(tables.clips),
        tombstones=len(history.buried),
        known=known,
        since=None if before is None else before.version,
        since_id=None if before is None else before.id,
        tally=None if difference is None else difference.tally,
        skipped=() if before is None or difference is None else before.skipped,
    )
    changes = changes_of(facts.name, entry, () if before is None else before.entries, difference)
    tombstones = Tombstones(name=facts.name, release=facts.version, hashes=history.buried)
    _write(folder, changes, tombstones, facts)
    return because(entry, gravest=True)


def _write(folder: Path, changes: Changes, tombstones: Tombstones, facts: ReleaseFacts) -> None:
    documents = {
        CHANGES: ("changes", changes_document(changes)),
        TOMBSTONES: ("tombstones", tombstones_document(tombstones)),
    }
    for name, (schema, document) in documents.items():
        check_document(schema, document, where=name)
        (folder / name).write_text(readable_json(document), encoding="utf-8", newline="\n")
    text = changelog_text(changes, notice=facts.notice)
    (folder / CHANGELOG).write_text(text, encoding="utf-8", newline="\n")


def _before(workspace: Workspace, made: Sequence[LogEntry], since: Path | None) -> Before | None:
    if not made:
        if since is not None:
            raise BadInput.of(
                "release.not_before",
                f"no release was made of this workspace before, so {since} is none of it",
                "leave --since out",
            )
        return None
    told = [json.loads(entry.payload) for entry in made]
    last, here = told[-1], made_here(workspace)
    folder = since or here.get(last["id"])
    if folder is None:
        return Before(version=last["release"], id=last["id"], side=None, entries=())
    dataset, id = read_release(folder), release_id(folder)
    place = max((place for place, one in enumerate(told) if one["id"] == id), default=None)
    if place is None:
        raise BadInput.of(
            "release.not_before",
            f"{folder} is {dataset.release.name} {dataset.release.version} of another id than any version that was "
            f"made of this workspace; the last is {last['release']}",
            f"give the folder of version {last['release']} with --since, as it was made, or of an older one",
        )
    later = [one for one in told[place + 1 :] if one["id"] != id]
    there = [one for one in later if one["id"] in here]
    if there:
        raise BadInput.of(
            "release.not_before",
            f"{folder} is version {dataset.release.version}, and {there[-1]['release']}, made after it, is at hand",
            f"give {here[there[-1]['id']]} with --since",
        )
    return Before(
        version=dataset.release.version,
        id=id,
        side=side_of(dataset),
        entries=_entries_of(folder, dataset),
        skipped=tuple(dict.fromkeys(one["release"] for one in later)),
    )


def _entries_of(folder: Path, dataset: Dataset) -> tuple[Entry, ...]:
    if (folder / CHANGES).is_file():
        return changes_in(folder).entries
    facts = dataset.release
    return (
        Entry(
            release=facts.version,
            released_on=facts.released_on,
            draft=facts.draft,
            clips=len(dataset),
            tombstones=0,
            known=Known.UNTOLD,
            since=None,
            since_id=None,
            tally=None,
        ),
    )


def _buried(workspace: Workspace, snapshot: Snapshot, before: Before | None) -> frozenset[str]:
    """Tombstones: those of before, those who withdrew, and those who no longer agree; never of a clip that is here."""
    names = snapshot.pseudonyms
    gone = {names.clip(clip) for clip in _were_out(workspace) & snapshot.gone}
    carried: frozenset[str] = frozenset()
    if before is not None and before.side is not None:
        carried = before.side.buried
        lapsed = {names.clip(one.id) for one in snapshot.clips.values() if not snapshot.may_go_out(one)}
        gone |= lapsed & before.side.judged.keys()
    here = {tombstone_of(names.clip(clip.id)) for clip in snapshot.judged}
    return (carried | {tombstone_of(name) for name in gone}) - here


def _were_out(workspace: Workspace) -> frozenset[ClipId]:
    """Clips that were judged before a release or draft was made, and in which somebody is who withdrew after it."""
    with workspace.read() as records:
        made = [entry.sequence for kind in (CREATED, DRAFTED) for entry in records.log(kind)]
        left = {json.loads(one.payload)["subject"]: one.sequence for one in records.log("subject.withdrawn")}
        if not made or not left:
            return frozenset()
        people = records.people()
        first: dict[ClipId, int] = {}
        for entry in records.log("judgement.submitted"):
            first.setdefault(ClipId(json.loads(entry.payload)["clip"]), entry.sequence)
    return frozenset(
        clip
        for clip, judged in first.items()
        if any(judged < release < left[one] for one in people[clip] & left.keys() for release in made)
    )


def _difference(before: Before, tables: Tables, hashes: Mapping[str, str], buried: frozenset[str]) -> Difference | None:
    if before.side is None:
        return None
    now = side_of_rows(tables.clips, tables.judged_clips, tables.judgements, files=hashes, buried=buried)
    return compare(before.side, now)


def _expected(side: Side | None, path: str) -> str:
    """Of what is yet to be made, such as a picture without its sound: taken for what it was, until it is."""
    return "" if side is None else side.files.get(path, "")


def _demands(difference: Difference | None) -> Bump:
    return Bump.MAJOR if difference is None else difference.tally.demands


def _check_number(version: str | None, before: Before, difference: Difference | None) -> None:
    if version is None:
        return
    if before.may_be_followed_by(Version.of(version), difference):
        return
    unknown = "it is not at hand, so what changed since is not known"
    why = unknown if difference is None else "; ".join(reasons(difference.tally, gravest=True))
    older = ", or give an older release of this workspace with --since" if difference is None else ""
    raise BadInput.of(
        "release.low_number",
        f"{version} is too low a number after {', '.join((before.version, *before.skipped))}: {why}",
        f"give {before.least(difference)} or higher, or no number at all{older}",
        version=version,
    )


def _check_anything_changed(before: Before, difference: Difference | None, buried: frozenset[str]) -> None:
    if before.side is None or difference is None or buried != before.side.buried or before.skipped:
        return
    if not difference.tally.anything:
        raise BadInput.of(
            "release.nothing_changed",
            f"nothing changed since {before.version}",
            f"give a number to make one all the same, {before.least(difference)} or higher",
        )


def _free(number: Version, drafted: Sequence[LogEntry]) -> Version:
    """The number of a draft, or where that was made, -v02, -v03 and so on: after drafts before, and before its release.

    Two digits and a letter after `d`, because semver compares what is no number as text.
    """
    used = {json.loads(entry.payload)["release"] for entry in drafted}
    place, free = 1, number
    while f"{free}{DRAFT}" in used:
        place += 1
        free = Version(core=number.core, before=(f"v{place:02}",))
    return free


def _drafts_number(drafted: Sequence[LogEntry]) -> Version:
    used = [Version.of(json.loads(entry.payload)["release"]).core for entry in drafted]
    return Version(core=(0, 1 + max((minor for major, minor, _ in used if major == 0), default=0), 0))
