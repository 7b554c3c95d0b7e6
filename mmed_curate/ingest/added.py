"""Clips of spans that people name, added to recordings that are registered: from a coder, a CSV, an imported table.

Only the groups of pictures that hold the new clips are decoded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import numpy as np

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import RecordingId, SubjectId
from mmed_curate.domain.records import Asset, Clip, Companion, Recording
from mmed_curate.domain.spantable import SpanRow, SpanTable
from mmed_curate.domain.time import Span
from mmed_curate.ingest.batch import Watch, run_jobs, unwatched
from mmed_curate.ingest.claims import claims
from mmed_curate.ingest.clips import Owners, clip_of, context_seed
from mmed_curate.ingest.coding import Cutting, cut_whole_or_not
from mmed_curate.ingest.companions import load_bounds
from mmed_curate.ingest.crew import Crew, Step, Tell, processes
from mmed_curate.ingest.kept import faces_in, known_faces, observation_of, streams_of
from mmed_curate.ingest.recipe import Recipe
from mmed_curate.ingest.recording import changed_since
from mmed_curate.ingest.soundtrack import flags_of
from mmed_curate.ingest.windows import Window, coding_windows
from mmed_curate.spotting.tracks import FaceTrack
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
class AddJob:
    """What a worker is told: one recording and the windows to cut."""

    recording: Recording
    windows: tuple[tuple[SubjectId, Window], ...]
    owners: Owners
    companions: tuple[Companion, ...]
    recipe: Recipe
    media: Path
    secret: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedClips:
    """What a worker made."""

    clips: tuple[Clip, ...]
    assets: tuple[Asset, ...]


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
    errors: list[BadInput] = []
    n_added = 0

    def begin(position: int) -> bool:
        recording_ = jobs[position].recording
        if (holder := held.take(recording_.sha256)) is None:
            return True
        errors.append(
            BadInput.of(
                "recut.held",
                f"{Path(recording_.path).name} is worked on by {holder}",
                "run the same command again when that is done",
            )
        )
        return False

    def store(position: int, result: AddedClips | BadInput) -> None:
        nonlocal n_added
        held.let_go(jobs[position].recording.sha256)
        if isinstance(result, BadInput):
            errors.append(result)
            return
        with workspace.write(actor="recut") as writer:
            writer.add_clips(
                jobs[position].recording.id, result.clips, result.assets, why=f"spans of {table.path.name}"
            )
        n_added += len(result.clips)

    with claims(workspace) as held:
        run_jobs(
            cut_added,
            jobs,
            store,
            crew=crew or processes(None, len(jobs)),
            units={position: len(job.windows) for position, job in jobs.items()},
            begin=begin,
            watch=watch,
        )
    return AddedSummary(n_added=n_added, n_shown_already=n_shown, errors=tuple(errors))


def cut_added(job: AddJob, tell: Tell) -> AddedClips:
    """Cut the clips of one recording.

    Raises:
        BadInput: the recording is gone or has changed, or shows no face of the subject in a window.
    """
    if (error := changed_since(job.recording)) is not None:
        raise error
    path = Path(job.recording.path)
    kept = observation_of(job.recording, job.owners, job.media, job.recipe, tell)
    clips = []
    for done, (subject, window) in enumerate(job.windows):
        if kept is not None and job.owners:
            tracks, owners = _seen_between(kept.tracks, window), dict(job.owners)
        else:
            tracks, owners = faces_in(job.recording, window.first, window.last, subject, job.recipe)
        own = [track for track in tracks if owners.get(track.track) == subject]
        if not own:
            at_s = float(job.recording.clock.start_of(window.first))
            raise BadInput.of(
                "recut.no_face",
                f"{path.name} shows no face of the subject from {at_s:.2f} s on, where a clip was asked for",
                "correct the span, or say whose face it is with `subject`",
            )
        longest = max(own, key=lambda track: (len(track.frames), -track.track))
        clips.append(
            clip_of(
                window, job.recording, longest, subject, tracks, owners, job.recipe.coding, job.secret, candidate=None
            )
        )
        tell(Step.WATCHING, done + 1, len(job.windows))
    flags = flags_of(clips, job.recording, job.companions, load_bounds(job.recipe.sync).crosstalk)
    clips = [replace(clip, sound_flags=flag) for clip, flag in zip(clips, flags, strict=True)]
    how = Cutting(
        path=path,
        streams=streams_of(job.recording),
        recording=job.recording,
        recipe=job.recipe,
        media=job.media,
        companions=job.companions,
        known={} if kept is None else known_faces(kept, job.owners),
    )
    return AddedClips(clips=tuple(clips), assets=cut_whole_or_not(clips, how, tell))


def _seen_between(tracks: Sequence[FaceTrack], window: Window) -> tuple[FaceTrack, ...]:
    """The faces that are seen on some frame of a window."""
    return tuple(
        track
        for track in tracks
        if np.searchsorted(track.frames, window.first) < np.searchsorted(track.frames, window.last + 1)
    )


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
) -> tuple[dict[int, AddJob], int]:
    jobs: dict[int, AddJob] = {}
    n_shown = 0
    codes = {subject.code: subject.id for subject in records.subjects()}
    for id, (recording, part) in sorted(by_recording.items()):
        owners = {owner.track: owner.subject for owner in records.face_owners(id)}
        players = {recording.subject, *owners.values()}
        existing = records.clips(recording=id)
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
        windows = [
            (subject, window)
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
        if windows:
            jobs[len(jobs)] = AddJob(
                recording=recording,
                windows=tuple(windows),
                owners=owners,
                companions=records.companions(id),
                recipe=recipe,
                media=workspace.media,
                secret=workspace.secret,
            )
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
