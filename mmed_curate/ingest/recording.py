"""One recording, from file to records: decode once, find the face, spot, cut. Knows no database.

Runs in a process of its own: it writes media under the workspace's media folder, at paths derived from content,
and returns records; only the coordinator writes the database. Done twice, it writes the same files.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.identity import RecordingId, SessionId, SubjectId, derived_uuid
from mmed_curate.domain.records import Asset, Candidate, Clip, Companion, FaceOwner, Recording
from mmed_curate.ingest.clips import candidates_of, proposed_clips
from mmed_curate.ingest.coding import Cutting, coding_folder, cut_whole_or_not
from mmed_curate.ingest.crew import Step, Tell
from mmed_curate.ingest.recipe import Recipe
from mmed_curate.media.container import StreamChoice
from mmed_curate.media.probe import probe
from mmed_curate.media.sheet import SheetRow, contact_sheet
from mmed_curate.media.silence import silent_share
from mmed_curate.media.sound import has_sound
from mmed_curate.spotting.parameters import load_parameters
from mmed_curate.spotting.run import Analysis, FaceTrack, analyse

logger = logging.getLogger(__name__)

SHEET_ROWS = 12
"""Clips on a contact sheet: what fits on a screen."""
MOSTLY_SILENT = 0.9
"""From this share of silence on, a recording's sound is remarked upon (ours)."""


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
    simulated: bool
    recipe: Recipe
    media: Path
    """The workspace's media folder."""
    secret: bytes
    """The workspace's secret, for ids and for the context drawn."""


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
    """Contact sheet of the strongest candidates' clips; None: there are no clips."""
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
    sources = probe(job.path, streams=job.streams)
    analysis = analyse(
        job.path,
        load_parameters(job.recipe.spotting),
        progress=lambda done, total: tell(Step.WATCHING, done, total),
    )
    recording = Recording(
        id=RecordingId(derived_uuid(job.secret, "recording", job.sha256)),
        sha256=job.sha256,
        path=str(job.path.resolve()),
        session=job.session,
        subject=job.subject,
        width=sources.picture.width,
        height=sources.picture.height,
        clock=analysis.clock,
        has_sound=sources.sound is not None and has_sound(job.path),
        sample_rate_hz=None if sources.sound is None else sources.sound.rate_hz,
        simulated=job.simulated,
    )
    faces, notes = subject_tracks(analysis)
    owners = {track.track: job.subject for track in faces}
    candidates = candidates_of(analysis.proposals, recording, owners, job.secret)
    wanted = [candidate for candidate in candidates if candidate.tags <= set(job.recipe.cut_tagged)]
    clips = proposed_clips(wanted, recording, analysis.tracks, owners, job.recipe.coding, job.secret)
    how = Cutting(path=job.path, recording=recording, recipe=job.recipe, media=job.media)
    assets = cut_whole_or_not(clips, how, tell)
    if not recording.has_sound:
        notes = (*notes, _no_sound(job.path, stream=sources.sound is not None))
    elif (silent := silent_share(job.path)) >= MOSTLY_SILENT:
        notes = (*notes, _mostly_silent(job.path, silent))
    return IngestedRecording(
        recording=recording,
        candidates=candidates,
        clips=clips,
        assets=assets,
        companions=(),
        face_owners=tuple(
            FaceOwner(recording=recording.id, track=track, subject=subject) for track, subject in sorted(owners.items())
        ),
        sheet=_sheet(clips, candidates, recording, job),
        notes=(*analysis.notes, *notes),
    )


def subject_tracks(analysis: Analysis) -> tuple[tuple[FaceTrack, ...], tuple[Finding, ...]]:
    """The face tracks that are taken as the subject's: the longest, and others that never share a frame with it.

    A face in the picture at the same time is somebody else's: nothing is proposed for it. Whether a face that is
    lost and found again is the same person's cannot be told here, so more than one track taken is remarked upon.
    """
    taken: list[FaceTrack] = []
    seen: set[int] = set()
    others = 0
    for track in sorted(analysis.tracks, key=lambda track: (-len(track.frames), track.track)):
        frames = set(track.frames.tolist())
        if frames & seen:
            others += 1
            continue
        taken.append(track)
        seen |= frames
    notes: list[Finding] = []
    if others:
        notes.append(
            Finding(
                code="ingest.other_faces",
                what=f"{others} more face track(s) are in the picture at the same time as the subject's",
                remedy="check that the longest-seen face is the subject's; nothing was proposed for the others",
                parameters={"others": others},
            )
        )
    if len(taken) > 1:
        notes.append(
            Finding(
                code="ingest.several_tracks",
                what=f"the face was lost and found again; {len(taken)} tracks, never at once, are taken as one person",
                remedy="look at the contact sheet, and reject clips that show somebody else at screening",
                parameters={"tracks": len(taken)},
            )
        )
    return tuple(taken), tuple(notes)


def sheet_path(media: Path, recording: RecordingId) -> Path:
    """Where a recording's contact sheet lies."""
    return media / "sheets" / f"{recording}.png"


def _sheet(
    clips: Sequence[Clip], candidates: Sequence[Candidate], recording: Recording, job: RecordingJob
) -> Path | None:
    by_id = {candidate.id: candidate for candidate in candidates}
    shown = [(by_id[clip.candidate], clip) for clip in clips if clip.candidate is not None]
    shown.sort(key=lambda one: (-one[0].score, one[1].first))
    if not shown:
        return None
    path = sheet_path(job.media, recording.id)
    rows = [
        SheetRow(clip=coding_folder(job.media, clip) / "picture.mp4", span=clip.in_clip(candidate.span))
        for candidate, clip in shown[:SHEET_ROWS]
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        contact_sheet(rows, path)
    except (BadInput, OSError) as error:  # a picture for the curator's eye: clips are whole without it
        logger.warning("%s", error)
        return None
    return path


def _no_sound(path: Path, *, stream: bool) -> Finding:
    what = "has a sound stream, but it is digital silence" if stream else "has no sound stream"
    return Finding(
        code="ingest.no_sound",
        what=f"{path.name} {what}",
        remedy="its clips will be judged by picture only; give the recording with its sound if there is one",
    )


def _mostly_silent(path: Path, share: float) -> Finding:
    return Finding(
        code="ingest.mostly_silent",
        what=f"{share:.0%} of the sound of {path.name} is silence",
        remedy="check that the microphone was on and not muted",
        parameters={"share": share},
    )


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
