"""Clips of spans that people name, added to recordings that are registered: from a coder, a CSV, an imported table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePath

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import RecordingId, SubjectId
from mmed_curate.domain.protocol import ClipOrigin
from mmed_curate.domain.records import Recording
from mmed_curate.domain.spantable import SpanRow, SpanTable
from mmed_curate.domain.time import Span
from mmed_curate.ingest.batch import Watch, unwatched
from mmed_curate.ingest.clips import Owners, context_seed
from mmed_curate.ingest.crew import Crew
from mmed_curate.ingest.newclips import NewClip, NewClipsJob, in_play, job_of, make_and_store
from mmed_curate.ingest.recipe import Recipe
from mmed_curate.ingest.windows import coding_windows
from mmed_curate.store.read import Reader
from mmed_curate.store.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSpan:
    """A span that somebody named, and whose movement it is."""

    row: int
    """Where it stands in its table."""
    span: Span
    """In frames of the recording."""
    subject: SubjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedSummary:
    """What became of a table of spans."""

    n_added: int
    """New clips; spans that lie close share one."""
    n_shown_already: int
    """Spans that lie inside a clip that is there."""
    errors: tuple[BadInput, ...]
    """One for each recording whose spans could not be cut."""


def add_spans(
    workspace: Workspace,
    table: SpanTable,
    recipe: Recipe,
    *,
    recording: str | None = None,
    crew: AbstractContextManager[Crew] | None = None,
    watch: Watch = unwatched,
) -> AddedSummary:
    """Cut clips for screening round spans of a table. A span that an existing clip shows whole adds nothing.

    Args:
        workspace: whose recordings.
        table: spans; each row says its recording, and its subject where the recording shows several.
        recipe: context, crop and encoding of the clips.
        recording: the recording of rows that name none.
        crew: who does it; None: a process for each core.
        watch: called with how far the batch is, in clips.

    Raises:
        BadInput: rows name no registered recording, a subject who is not in it, times outside it, or cross the edge
            of an existing clip; each is named with its number, and then nothing is added.
    """
    with workspace.read() as records:
        by_recording = _spans_by_recording(table, records, recording)
        jobs, n_shown = _jobs(by_recording, records, workspace, recipe, table)
    made, errors = make_and_store(workspace, jobs, why=f"spans of {table.path.name}", crew=crew, watch=watch)
    return AddedSummary(n_added=len(made), n_shown_already=n_shown, errors=errors)


def _spans_by_recording(
    table: SpanTable, records: Reader, recording: str | None
) -> dict[RecordingId, tuple[Recording, SpanTable]]:
    """The table, split by recording."""
    known = records.recordings()
    rows: dict[RecordingId, list[SpanRow]] = defaultdict(list)
    found: dict[RecordingId, Recording] = {}
    for row in table.rows:
        name = row.recording or recording
        if name is None:
            raise _wrong(table, row.row, "names no recording", "add a column recording, or give --recording")
        of = [one for one in known if is_named(Path(one.path), name) or one.id == name]
        if len(of) != 1:
            said = "is no recording of this workspace" if not of else f"may be any of {len(of)} recordings"
            raise _wrong(table, row.row, f"{name} {said}", "give its path as `mmed status --json` shows it")
        found[of[0].id] = of[0]
        rows[of[0].id].append(row)
    return {id: (found[id], SpanTable(path=table.path, rows=tuple(some))) for id, some in rows.items()}


def _jobs(
    by_recording: dict[RecordingId, tuple[Recording, SpanTable]],
    records: Reader,
    workspace: Workspace,
    recipe: Recipe,
    table: SpanTable,
) -> tuple[dict[int, NewClipsJob], int]:
    jobs: dict[int, NewClipsJob] = {}
    n_shown = 0
    theirs = in_play(records)
    codes = {subject.code: subject.id for subject in records.subjects()}
    for id, (recording, part) in sorted(by_recording.items()):
        records.refuse_left(
            records.players(recording.session), "and no clip in which they may be seen or heard is added any more"
        )
        owners = {owner.track: owner.subject for owner in records.face_owners(id)}
        players = {recording.subject, *owners.values()}
        existing = [clip for clip in records.clips(recording=id) if clip.id in theirs]
        new: dict[SubjectId, list[NamedSpan]] = defaultdict(list)
        for named in _named_spans(part, recording, codes, players, owners):
            clips = [clip for clip in existing if clip.subject == named.subject]
            if any(clip.first <= named.span.onset and named.span.offset <= clip.last for clip in clips):
                n_shown += 1
                continue
            if any(clip.first <= named.span.offset and named.span.onset <= clip.last for clip in clips):
                raise _wrong(
                    table,
                    named.row,
                    f"frames {named.span.onset} to {named.span.offset} cross the edge of a clip that is there",
                    "name the part outside it, or mark the event in that clip",
                )
            new[named.subject].append(named)
        wanted = [
            NewClip(subject=subject, window=window, origin=ClipOrigin.ADDED)
            for subject, spans in sorted(new.items())
            for window in coding_windows(
                spans,
                recording.clock,
                context=recipe.coding.context_s,
                join_gap_s=recipe.coding.join_gap_s,
                longest_s=recipe.coding.longest_s,
                seed=context_seed(recording, subject, workspace.secret),
                taken=[(clip.first, clip.last) for clip in existing if clip.subject == subject],
            )
        ]
        if wanted:
            jobs[len(jobs)] = job_of(workspace, records, recording, wanted, recipe)
    return jobs, n_shown


def _named_spans(
    table: SpanTable, recording: Recording, codes: dict[str, SubjectId], players: set[SubjectId], owners: Owners
) -> Iterator[NamedSpan]:
    for row, span in zip(table.rows, table.spans(recording.clock), strict=True):
        if row.subject is not None:
            subject = codes.get(row.subject)
            if subject is None or subject not in players:
                raise _wrong(
                    table,
                    row.row,
                    f"{row.subject} is nobody whose face {PurePath(recording.path).name} is known to show",
                    "correct the code, or leave it out where the recording shows one subject",
                )
        elif row.track is not None and row.track in owners:
            subject = owners[row.track]
        elif len(players) > 1:
            raise _wrong(table, row.row, "does not say whose movement it is", "add a column subject")
        else:
            subject = recording.subject
        yield NamedSpan(row=row.row, span=span, subject=subject)


def is_named(path: Path, name: str) -> bool:
    """Whether a path is meant by a name: the path itself, or its last part."""
    return name in (str(path), path.name)


def _wrong(table: SpanTable, row: int, what: str, remedy: str) -> BadInput:
    return BadInput.of("recut.row", f"{table.path}, row {row}: {what}", remedy)
