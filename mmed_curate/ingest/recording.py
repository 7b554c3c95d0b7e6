"""One recording, from file to records: seen once, faces and sounds told apart, spotted, cut, measured. No database.

Runs in a process of its own: it writes media under the workspace's media folder, at paths derived from content,
and returns records; only the coordinator writes the database. Done twice, it writes the same files.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmed_curate.domain.files import readable_json, sha256_of, write_text
from mmed_curate.domain.findings import BadInput, Finding, Refused
from mmed_curate.domain.identity import RecordingId, SessionId, SubjectId, derived_uuid
from mmed_curate.domain.records import Asset, Candidate, Clip, Companion, FaceOwner, Recording
from mmed_curate.ingest.clips import Owners, candidates_of, proposed_clips
from mmed_curate.ingest.coding import Cutting, cut_whole_or_not
from mmed_curate.ingest.companions import CompanionRow, load_bounds, resolved
from mmed_curate.ingest.crew import Step, Tell
from mmed_curate.ingest.faces import FaceTable, Unsaid, faces_of_one, owners
from mmed_curate.ingest.kept import known_faces, observation_folder, observed
from mmed_curate.ingest.notes import keep_notes, notes_path, sheet_path
from mmed_curate.ingest.quality import QualityReport, coded, heard, quality_document, quality_report
from mmed_curate.ingest.qualitybounds import load_bounds as load_quality_bounds
from mmed_curate.ingest.recipe import Recipe
from mmed_curate.ingest.sheet import write_sheet
from mmed_curate.ingest.sheetfacts import sheet_entries, sheet_facts
from mmed_curate.ingest.soundtrack import flags_of
from mmed_curate.ingest.watched import watched_clips
from mmed_curate.media.container import StreamChoice
from mmed_curate.media.probe import probe
from mmed_curate.media.skew import find_skew
from mmed_curate.media.sound import SoundReader
from mmed_curate.media.sync import check_channel
from mmed_curate.spotting.parameters import SpottingParameters, load_parameters
from mmed_curate.spotting.run import Observation, proposals_of

logger = logging.getLogger(__name__)

_AUDIBLE = 1 / 32768
"""Anything quieter is digital silence: it would be zero as 16-bit sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingJob:
    """What a worker is told: all it needs and nothing it could write to but the media folder."""

    path: Path
    streams: StreamChoice
    sha256: str
    """Of the file's bytes."""
    subject: SubjectId
    """Whom it is registered for."""
    session: SessionId
    players: Mapping[str, SubjectId]
    """By code: who took part in the session."""
    faces: FaceTable | None
    """Whose each face is; None, or without a row on this recording: it shows one person, the subject."""
    companions: tuple[CompanionRow, ...]
    simulated: bool
    recipe: Recipe
    media: Path
    """The workspace's media folder."""
    secret: bytes
    """The workspace's secret, for ids and for all that is drawn."""
    watched: float = 0
    """Share of the face time without a candidate that is cut too; the protocol's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestedRecording:
    """What a worker hands back, to be stored in one transaction."""

    recording: Recording
    candidates: tuple[Candidate, ...]
    clips: tuple[Clip, ...]
    assets: tuple[Asset, ...]
    companions: tuple[Companion, ...]
    face_owners: tuple[FaceOwner, ...]
    sheet: Path | None
    """Page of the contact sheet; None: it could not be drawn."""
    notes: tuple[Finding, ...]


def take_in(job: RecordingJob, tell: Tell) -> IngestedRecording:
    """Turn one media file into a registered recording with candidates and clips.

    Args:
        job: the file, whose it is, and how to go about it.
        tell: called with the step that is at work, and how far it is.

    Raises:
        BadInput: the file cannot be used; the sentence names it and says what to do.
    """
    tell(Step.READING, 0, None)
    id = RecordingId(derived_uuid(job.secret, "recording", job.sha256))
    _sweep(job.media, id)
    parameters = load_parameters(job.recipe.spotting)
    sources = probe(job.path, streams=job.streams)
    _check_companions(job)
    seen = observed(
        job.path,
        id,
        job.media,
        parameters,
        streams=job.streams,
        progress=lambda done, total: tell(Step.WATCHING, done, total),
    )
    whose, notes = _owners(job, seen, parameters)
    tell(Step.SYNCING, 0, None)
    bounds = load_bounds(job.recipe.sync)
    sound = heard(job.path, streams=job.streams)
    good = load_quality_bounds(job.recipe.quality)
    quality = quality_report(
        seen.quality,
        seen.clock,
        sound,
        bounds=good,
        coded=coded(job.path, seen.clock.n_frames, streams=job.streams),
        tracks=set(whose),
        insist=job.recipe.insist,
    )
    recording = Recording(
        id=id,
        sha256=job.sha256,
        path=str(job.path.resolve()),
        session=job.session,
        subject=job.subject,
        width=sources.picture.width,
        height=sources.picture.height,
        clock=seen.clock,
        has_sound=quality.sound is not None and quality.sound.peak >= _AUDIBLE,
        sample_rate_hz=None if sources.sound is None else sources.sound.rate_hz,
        simulated=job.simulated,
        picture_stream=job.streams.picture,
        sound_stream=job.streams.sound,
        skew=find_skew(job.path, bounds=bounds.skew, streams=job.streams, clock=seen.clock),
    )
    companions = _companions(job, id, tell)
    fast_enough = job.recipe.insist or quality.picture.effective_rate_hz >= good.rate.least_hz
    spotted = proposals_of(seen, parameters) if fast_enough else ()
    candidates = candidates_of(spotted, recording, whose, job.secret)
    wanted = [candidate for candidate in candidates if candidate.tags <= set(job.recipe.cut_tagged)]
    clips = proposed_clips(wanted, recording, seen.tracks, whose, job.recipe.coding, job.secret)
    nothing_cut = _nothing_cut(job, candidates, clips, spotted=fast_enough)
    # where nothing was looked for, nothing was missed
    share = job.watched if fast_enough else 0
    watched, lacking = watched_clips(
        candidates, clips, recording, seen.tracks, whose, job.recipe, job.secret, share=share
    )
    clips = tuple(sorted((*clips, *watched), key=lambda clip: (clip.first, clip.last, clip.subject)))
    flags = flags_of(clips, recording, companions, bounds.crosstalk)
    clips = tuple(replace(clip, sound_flags=flag) for clip, flag in zip(clips, flags, strict=True))
    how = Cutting(
        path=job.path,
        streams=job.streams,
        recording=recording,
        recipe=job.recipe,
        media=job.media,
        companions=companions,
        known=known_faces(seen, whose),
    )
    assets = cut_whole_or_not(clips, how, tell)
    notes = (*notes, *quality.findings, *nothing_cut, *lacking)
    _keep_quality(job, id, quality)
    keep_notes(job.media, id, job.path.name, notes)
    return IngestedRecording(
        recording=recording,
        candidates=candidates,
        clips=clips,
        assets=assets,
        companions=companions,
        face_owners=tuple(
            FaceOwner(recording=id, track=track, subject=subject) for track, subject in sorted(whose.items())
        ),
        sheet=_sheet(job, recording, candidates, clips, notes, whose),
        notes=notes,
    )


def _sweep(media: Path, id: RecordingId) -> None:
    """Clear away what a killed run had begun to write of this recording; nobody else is at it."""
    for path in (observation_folder(media) / id, quality_path(media, id), notes_path(media, id), sheet_path(media, id)):
        for begun in path.parent.glob(f".{id}*"):
            begun.unlink()


def _owners(job: RecordingJob, seen: Observation, parameters: SpottingParameters) -> tuple[Owners, tuple[Finding, ...]]:
    """Whose each face is: as the table says, or the subject's where one person is alone."""
    name = job.path.name
    if job.faces is not None and any(row.recording == name for row in job.faces.rows):
        said = owners(job.faces, name, seen.tracks, sha256=job.sha256, parameters=parameters.face.digest())
        strangers = [row for row in job.faces.of(name, job.sha256) if row.subject and row.subject not in job.players]
        if strangers:
            raise BadInput.of(
                "faces.not_in_session",
                f"{job.faces.path}, row {strangers[0].row} gives a face of {name} to {strangers[0].subject}, who did "
                "not take part in its session",
                "correct the code, or register the session with this subject",
            )
        return {track: job.players[code] for track, code in said.items()}, ()
    taken, notes = faces_of_one(seen.tracks, seen.clock, name, blink_s=job.recipe.faces_at_once_s, unsaid=Unsaid.REFUSE)
    return {track.track: job.subject for track in taken}, notes


def _check_companions(job: RecordingJob) -> None:
    """Stop before hours are decoded where a companion can be nobody's, or holds no such sound."""
    for row in job.companions:
        if row.subject is not None and row.subject not in job.players:
            raise BadInput.of(
                "companions.not_in_session",
                f"row {row.row} of the companions gives {row.path.name} to {row.subject}, who did not take part in the "
                f"session of {job.path.name}",
                "correct the code, or register the session with this subject",
            )
        try:
            with SoundReader(row.path, streams=StreamChoice(sound=row.stream)) as heard:
                check_channel(row.path, row.channel, heard.channels)
        except BadInput as error:
            raise BadInput.of(
                error.finding.code, f"row {row.row} of the companions: {error.finding.what}", error.finding.remedy
            ) from error


def _companions(job: RecordingJob, id: RecordingId, tell: Tell) -> tuple[Companion, ...]:
    """The files beside the recording, each laid on its clock."""
    if not job.companions:
        return ()
    try:
        found = resolved(
            job.companions,
            job.path,
            bounds=load_bounds(job.recipe.sync).search,
            camera_streams=job.streams,
            progress=lambda done, total: tell(Step.SYNCING, done, total),
        )
    except Refused as refused:
        raise BadInput(refused.finding) from refused
    return tuple(
        Companion(
            recording=id,
            path=str(one.row.path.resolve()),
            sha256=sha256_of(one.row.path),
            kind=one.row.kind,
            subject=None if one.row.subject is None else job.players[one.row.subject],
            stream=one.row.stream,
            channel=one.row.channel,
            synchrony=one.synchrony,
            confidence=one.confidence,
        )
        for one in found
    )


def _nothing_cut(
    job: RecordingJob, candidates: Sequence[Candidate], clips: Sequence[Clip], *, spotted: bool
) -> tuple[Finding, ...]:
    """Why there are no clips, where there are none and nothing else says why."""
    if clips or not spotted:
        return ()
    if not candidates:
        what = f"nothing was proposed in {job.path.name}"
        remedy = "look at its faces with mmed faces, and at its curve with mmed spot --plot"
    else:
        tags = sorted({tag.value for candidate in candidates for tag in candidate.tags})
        what = f"all {len(candidates)} proposals in {job.path.name} are tagged ({', '.join(tags)}), and none was cut"
        remedy = "cut tagged ones too with the recipe's cut_tagged, or name spans by hand with mmed recut --spans"
    return (Finding(code="ingest.no_clips", what=what, remedy=remedy),)


def quality_path(media: Path, recording: RecordingId) -> Path:
    """Where a recording's quality report lies."""
    return media / "quality" / f"{recording}.json"


def _keep_quality(job: RecordingJob, id: RecordingId, report: QualityReport) -> None:
    path = quality_path(job.media, id)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, readable_json(quality_document([(job.path.name, report)])))


def _sheet(
    job: RecordingJob,
    recording: Recording,
    candidates: Sequence[Candidate],
    clips: Sequence[Clip],
    notes: Sequence[Finding],
    whose: Owners,
) -> Path | None:
    """A page for the curator's eye: clips are whole without it."""
    path = sheet_path(job.media, recording.id)
    codes = {subject: code for code, subject in job.players.items()}
    try:
        write_sheet(
            path.parent,
            path.stem,
            sheet_facts(recording, candidates, clips, notes),
            sheet_entries(recording, candidates, clips, codes, job.media),
        )
    except (BadInput, OSError) as error:
        logger.warning("%s", error)
        return None
    return path


def changed_since(recording: Recording) -> BadInput | None:
    """Why a registered recording's file cannot be read again, or None where it is what it was."""
    path = Path(recording.path)
    if not path.is_file():
        return BadInput.of(
            "ingest.recording_gone",
            f"the recording {path} is no longer there",
            "put it back, or ingest it again from its new place",
        )
    if sha256_of(path) != recording.sha256:
        return BadInput.of(
            "ingest.recording_changed",
            f"the recording {path} is not the file that was ingested",
            "put the original back; recordings are never changed",
        )
    return None
