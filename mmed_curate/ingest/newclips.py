"""New clips out of recordings that are registered: framed, cut, measured and stored, a recording at a time.

Only the groups of pictures that hold the new clips are decoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, SubjectId, derived_uuid
from mmed_curate.domain.protocol import ClipOrigin, Stage
from mmed_curate.domain.records import Asset, Clip, Companion, Recording
from mmed_curate.ingest.batch import Watch, run_jobs
from mmed_curate.ingest.claims import claims
from mmed_curate.ingest.clips import Owners, clip_of
from mmed_curate.ingest.coding import Cutting, cut_whole_or_not
from mmed_curate.ingest.companions import load_bounds
from mmed_curate.ingest.crew import Crew, Step, Tell, processes
from mmed_curate.ingest.kept import faces_in, known_faces, observation_of, streams_of
from mmed_curate.ingest.recipe import Recipe
from mmed_curate.ingest.recording import changed_since
from mmed_curate.ingest.soundtrack import flags_of
from mmed_curate.ingest.windows import Window
from mmed_curate.spotting.observation import Observation
from mmed_curate.spotting.tracks import FaceTrack
from mmed_curate.store.read import Reader
from mmed_curate.store.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClip:
    """A clip that is wanted of a registered recording."""

    subject: SubjectId
    window: Window
    origin: ClipOrigin
    replaces: ClipId | None = None
    """The clip in whose place it comes; None: in nobody's."""
    number: int = 0
    """Which of those that come in one clip's place, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClipsJob:
    """What a worker is told: one recording and the clips to make of it."""

    recording: Recording
    wanted: tuple[NewClip, ...]
    owners: Owners
    companions: tuple[Companion, ...]
    recipe: Recipe
    media: Path
    secret: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClips:
    """What a worker made."""

    clips: tuple[Clip, ...]
    assets: tuple[Asset, ...]
    errors: tuple[BadInput, ...] = ()
    """One for each clip in whose place nothing could be cut."""


def job_of(
    workspace: Workspace, records: Reader, recording: Recording, wanted: Sequence[NewClip], recipe: Recipe
) -> NewClipsJob:
    """All that a worker needs to know of a recording."""
    return NewClipsJob(
        recording=recording,
        wanted=tuple(wanted),
        owners={owner.track: owner.subject for owner in records.face_owners(recording.id)},
        companions=records.companions(recording.id),
        recipe=recipe,
        media=workspace.media,
        secret=workspace.secret,
    )


def in_play(records: Reader) -> frozenset[ClipId]:
    """Clips whose frames are theirs alone: all but those in whose place others were cut."""
    stages = records.stages()
    replaced = {clip.replaces for clip in records.clips()}
    return frozenset(clip for clip, stage in stages.items() if stage is not Stage.REPLACED or clip not in replaced)


def make_and_store(
    workspace: Workspace,
    jobs: Mapping[int, NewClipsJob],
    *,
    why: str,
    crew: AbstractContextManager[Crew] | None,
    watch: Watch,
) -> tuple[tuple[Clip, ...], tuple[BadInput, ...]]:
    """Cut new clips, and store those of a recording in one transaction.

    Args:
        workspace: whose recordings.
        jobs: by position.
        why: who asked for them, for the log.
        crew: who does it; None: a process for each core.
        watch: called with how far the batch is, in clips.

    Returns:
        The clips that are new, and a sentence for each recording or clip of which none could be cut.
    """
    made: list[Clip] = []
    errors: list[BadInput] = []

    def begin(position: int) -> bool:
        job = jobs[position]
        if (holder := held.take(job.recording.sha256)) is not None:
            name = Path(job.recording.path).name
            errors.append(
                BadInput.of(
                    "recut.held",
                    f"{name} is worked on by {holder}",
                    "run the same command again when that is done",
                )
            )
            return False
        with workspace.read() as records:
            done = {clip.replaces for clip in records.clips(recording=job.recording.id)} - {None}
        if any(one.replaces in done for one in job.wanted):  # somebody was faster
            held.let_go(job.recording.sha256)
            return False
        return True

    def store(position: int, result: NewClips | BadInput) -> None:
        recording = jobs[position].recording
        held.let_go(recording.sha256)
        if isinstance(result, BadInput):
            errors.append(result)
            return
        errors.extend(result.errors)
        if result.clips:
            with workspace.write(actor="recut") as writer:
                writer.add_clips(recording.id, result.clips, result.assets, why=why)
        made.extend(result.clips)

    with claims(workspace) as held:
        run_jobs(
            cut_new,
            jobs,
            store,
            crew=crew or processes(None, len(jobs)),
            units={position: len(job.wanted) for position, job in jobs.items()},
            begin=begin,
            watch=watch,
        )
    return tuple(made), tuple(errors)


def cut_new(job: NewClipsJob, tell: Tell) -> NewClips:
    """Cut the clips of one recording. Those that come in one clip's place are made all or not at all.

    Raises:
        BadInput: the recording is gone or has changed, or shows no face of the subject where a clip that comes in
            nobody's place is wanted.
    """
    if (error := changed_since(job.recording)) is not None:
        raise error
    kept = observation_of(job.recording, job.owners, job.media, job.recipe, tell)
    clips: list[Clip] = []
    unmade: dict[ClipId, BadInput] = {}
    for done, wanted in enumerate(job.wanted):
        try:
            clips.append(_framed(wanted, job, kept))
        except BadInput as faceless:
            if wanted.replaces is None:
                raise
            unmade.setdefault(wanted.replaces, faceless)
        tell(Step.WATCHING, done + 1, len(job.wanted))
    clips = [clip for clip in clips if clip.replaces is None or clip.replaces not in unmade]
    flags = flags_of(clips, job.recording, job.companions, load_bounds(job.recipe.sync).crosstalk)
    clips = [replace(clip, sound_flags=flag) for clip, flag in zip(clips, flags, strict=True)]
    how = Cutting(
        path=Path(job.recording.path),
        streams=streams_of(job.recording),
        recording=job.recording,
        recipe=job.recipe,
        media=job.media,
        companions=job.companions,
        known={} if kept is None else known_faces(kept, job.owners),
    )
    return NewClips(clips=tuple(clips), assets=cut_whole_or_not(clips, how, tell), errors=tuple(unmade.values()))


def _framed(wanted: NewClip, job: NewClipsJob, kept: Observation | None) -> Clip:
    window, recording = wanted.window, job.recording
    if kept is not None and job.owners:
        tracks, owners = _seen_between(kept.tracks, window), dict(job.owners)
    else:
        tracks, owners = faces_in(recording, window.first, window.last, wanted.subject, job.recipe)
    own = [track for track in tracks if owners.get(track.track) == wanted.subject]
    if not own:
        at_s = float(recording.clock.start_of(window.first))
        raise BadInput.of(
            "recut.no_face",
            f"{Path(recording.path).name} shows no face of the subject from {at_s:.2f} s on, where a clip was asked "
            "for",
            "correct the span, or say whose face it is with `subject`",
        )
    longest = max(own, key=lambda track: (len(track.frames), -track.track))
    clip = clip_of(
        window, recording, longest, wanted.subject, tracks, owners, job.recipe.coding, job.secret, candidate=None
    )
    if wanted.replaces is None:
        return replace(clip, origin=wanted.origin)
    # by the old clip: the new one may cover the very same frames
    id = ClipId(derived_uuid(job.secret, "clip", "again", wanted.replaces, str(wanted.number)))
    return replace(clip, id=id, origin=wanted.origin, replaces=wanted.replaces)


def _seen_between(tracks: Sequence[FaceTrack], window: Window) -> tuple[FaceTrack, ...]:
    """The faces that are seen on some frame of a window."""
    return tuple(
        track
        for track in tracks
        if np.searchsorted(track.frames, window.first) < np.searchsorted(track.frames, window.last + 1)
    )
