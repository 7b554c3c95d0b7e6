"""What a release tells of its history, held against its own tables: numbers, names, tombstones, and the changelog."""

from __future__ import annotations

from collections.abc import Iterator

from mmed_curate.dataset.cells import cell_text
from mmed_curate.dataset.changes import CHANGELOG, CHANGES, Changes, Entry, because, changelog_text, changes_in
from mmed_curate.dataset.consistency import Rederived
from mmed_curate.dataset.difference import Tally
from mmed_curate.dataset.layout import ATTEMPTS, JUDGED_CLIPS
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.tombstones import TOMBSTONES, read_tombstones, tombstone_of
from mmed_curate.dataset.versions import Bump, Version
from mmed_curate.domain.findings import MmedError


def derived_history(dataset: Dataset) -> Iterator[Rederived]:
    """Hold what a release tells of the versions before against its tables; older formats tell nothing.

    That the version before was as it says, and that every clip that was withdrawn is among the tombstones, must be
    taken on the lab's word.
    """
    sealed, needed = {file.path for file in dataset.manifest.files}, {CHANGES, CHANGELOG, TOMBSTONES}
    if not sealed & {ATTEMPTS, *needed}:  # all of these came with version 4 of the format
        return
    if needed - sealed:
        missing = ", ".join(sorted(needed - sealed))
        yield Rederived(what="what changed since the version before", stated="told", found=f"no {missing}", same=False)
        return
    try:
        buried, changes = read_tombstones(dataset.root), changes_in(dataset.root)
        text = (dataset.root / CHANGELOG).read_text(encoding="utf-8")
    except (MmedError, OSError, ValueError) as error:
        yield Rederived(
            what="what changed since the version before", stated="can be read", found=str(error)[:300], same=False
        )
        return
    risen = [row.clip for row in dataset.judged_clip_rows if tombstone_of(row.clip) in buried.hashes]
    facts = dataset.release
    named = (buried.name, buried.release) == (facts.name, facts.version)
    yield Rederived(
        what=f"that no clip is among the {len(buried.hashes)} in {TOMBSTONES}",
        stated="none" if named else "of another version",
        found=", ".join(risen[:5]) or "none",
        same=named and not risen,
    )
    wrong = next(_wrong(dataset, changes, len(buried.hashes)), "")
    said = f"{len(changes.entries)} versions, this one because {because(changes.this, gravest=True)[0]}"
    yield Rederived(what=CHANGES, stated=said, found=wrong or said, same=not wrong)
    same = text == changelog_text(changes, notice=facts.notice)
    yield Rederived(
        what=CHANGELOG, stated=f"what {CHANGES} says", found="the same" if same else "another text", same=same
    )


def _wrong(dataset: Dataset, changes: Changes, n_tombstones: int) -> Iterator[str]:
    """What is told otherwise than the tables say."""
    this, facts = changes.this, dataset.release
    if (changes.name, this.release, this.draft, this.released_on) != (
        facts.name,
        facts.version,
        facts.draft,
        facts.released_on,
    ):
        yield f"an account of {changes.name} {this.release}"
    if (this.clips, this.tombstones) != (len(dataset.clip_rows), n_tombstones):
        yield f"{len(dataset.clip_rows)} clips and {n_tombstones} tombstones"
    for newer, older in zip(changes.entries, changes.entries[1:], strict=False):
        if newer.since != older.release:
            yield f"{newer.release} said to come after {newer.since}, and listed after {older.release}"
    for entry in changes.entries:
        if entry.since is not None and not _high_enough(entry):
            yield f"{entry.release} after {entry.since}, which what changed does not allow"
        if entry.tally is not None:
            yield from _uneven(entry, entry.tally)
    yield from _unlike_the_rows(dataset, changes)


def _high_enough(entry: Entry) -> bool:
    demands = Bump.MAJOR if entry.tally is None else entry.tally.demands
    return Version.of(entry.release).may_follow(Version.of(str(entry.since)), demands)


def _uneven(entry: Entry, tally: Tally) -> Iterator[str]:
    clips = tally.clips_before + tally.clips_came - sum(tally.clips_went.values())
    judged = tally.judged_before + tally.judged_came - sum(tally.judged_went.values())
    if clips != tally.clips_now or judged != tally.judged_now or tally.clips_now != entry.clips:
        yield f"numbers of clips in {entry.release} that do not add up"


def _unlike_the_rows(dataset: Dataset, changes: Changes) -> Iterator[str]:
    tally, rows = changes.this.tally, {row.clip: row for row in dataset.clip_rows}
    n_relabelled = sum(one.relabelled for one in changes.changed)
    told = (len(changes.came), n_relabelled, len(changes.changed) - n_relabelled)
    if tally is None:
        if any(told) or changes.went:
            yield "clips named, and no version before"
        return
    if told != (tally.clips_came, tally.clips_relabelled, tally.clips_mended):
        yield "other numbers of clips than it names"
    if tally.judged_now != len(dataset.judged_clip_rows):
        yield f"{tally.judged_now} judged clips, where {JUDGED_CLIPS} has {len(dataset.judged_clip_rows)}"
    for name in (*changes.came, *(one.clip for one in changes.changed)):
        if name not in rows:
            yield f"{name}, which it does not hold"
            return
    for event in changes.went:
        if event.clip in rows:
            yield f"{event.clip} as gone, which it holds"
    for one in changes.changed:
        for field in one.fields:
            if cell_text(getattr(rows[one.clip], field.field, None)) != field.new:
                yield f"{field.field} of {one.clip} as {field.new or 'missing'}"
