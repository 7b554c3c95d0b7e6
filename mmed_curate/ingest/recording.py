"""One recording, from file to records: decode once, find the face, spot, cut. Knows no database.

Runs in a process of its own: it writes media under the workspace's media folder, at paths derived from content,
and returns records; only the coordinator writes the database. Done twice, it writes the same files.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.identity import CandidateId, ClipId, RecordingId, SessionId, SubjectId, derived_uuid
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.records import Asset, AssetKind, Box, Candidate, Clip, Recording
from mmed_curate.domain.time import FrameClock
from mmed_curate.ingest.recipe import Encoding, PicturePart, Recipe
from mmed_curate.ingest.windows import coding_windows
from mmed_curate.media.cut import ClipEncoding, CutRequest, cut
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
    subject: SubjectId
    session: SessionId
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
    sheet: Path | None
    """Contact sheet of the strongest candidates' clips; None: there are no clips."""
    notes: tuple[Finding, ...]


def take_in(job: RecordingJob, *, progress: Progress = silent) -> IngestedRecording:
    """Turn one media file into a registered recording with candidates and clips.

    Args:
        job: the file, whose it is, and how to go about it.
        progress: called with frames decoded and, where the file says, how many there are.

    Raises:
        BadInput: the file cannot be used; the sentence names it and says what to do.
    """
    sources = probe(job.path)
    sha256 = sha256_of(job.path)
    analysis = analyse(job.path, load_parameters(job.recipe.spotting), progress=progress)
    recording = Recording(
        id=RecordingId(derived_uuid(job.secret, "recording", sha256)),
        sha256=sha256,
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
    candidates = _candidates(analysis, recording, faces, job.secret)
    clips = _clips(candidates, recording, faces, job)
    assets = _cut_whole_or_not(clips, recording, job)
    if not recording.has_sound:
        notes = (*notes, _no_sound(job.path, stream=sources.sound is not None))
    elif (silent := silent_share(job.path)) >= MOSTLY_SILENT:
        notes = (*notes, _mostly_silent(job.path, silent))
    return IngestedRecording(
        recording=recording,
        candidates=candidates,
        clips=clips,
        assets=assets,
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


def _candidates(
    analysis: Analysis, recording: Recording, faces: Sequence[FaceTrack], secret: bytes
) -> tuple[Candidate, ...]:
    ours = {track.track for track in faces}
    return tuple(
        Candidate(
            id=CandidateId(
                derived_uuid(
                    secret,
                    "candidate",
                    recording.sha256,
                    f"{proposal.span.onset},{proposal.span.apex},{proposal.span.offset}",
                    str(proposal.track),
                )
            ),
            recording=recording.id,
            span=proposal.span,
            score=proposal.score,
            region=proposal.region,
            tags=proposal.tags,
            track=proposal.track,
        )
        for proposal in analysis.proposals
        if proposal.track in ours
    )


def _clips(
    candidates: Sequence[Candidate], recording: Recording, faces: Sequence[FaceTrack], job: RecordingJob
) -> tuple[Clip, ...]:
    coding = job.recipe.coding
    wanted = [candidate for candidate in candidates if candidate.tags <= set(job.recipe.cut_tagged)]
    tracks = {track.track: track for track in faces}
    clips = []
    for window in coding_windows(
        wanted,
        recording.clock,
        context=coding.context_s,
        join_gap_s=coding.join_gap_s,
        longest_s=coding.longest_s,
        seed=hashlib.sha256(job.secret + recording.sha256.encode()).digest(),
    ):
        strongest = max((wanted[member] for member in window.members), key=lambda candidate: candidate.score)
        crop: Box | None = None
        if coding.picture is PicturePart.FACE:
            crop = tracks[strongest.track].box_over(
                window.first, window.last, coding.face_margin, recording.width, recording.height
            )
        clips.append(
            Clip(
                id=ClipId(derived_uuid(job.secret, "clip", recording.sha256, f"{window.first},{window.last}")),
                recording=recording.id,
                candidate=strongest.id,
                subject=recording.subject,
                first=window.first,
                last=window.last,
                clock=recording.clock.window(window.first, window.last).from_zero(),
                crop=crop,
            )
        )
    return tuple(clips)


def _cut_whole_or_not(clips: Sequence[Clip], recording: Recording, job: RecordingJob) -> tuple[Asset, ...]:
    """Cut all clips; where one cannot be written, none of them is left lying about."""
    try:
        return _cut_for_coding(clips, recording, job)
    except (BadInput, OSError) as error:
        for clip in clips:
            shutil.rmtree(_coding_folder(job.media, clip), ignore_errors=True)
        what = error.finding.what if isinstance(error, BadInput) else f"{error.filename}: {error.strerror}"
        remedy = (
            error.finding.remedy if isinstance(error, BadInput) else "see that the workspace's media may be written"
        )
        raise BadInput.of("ingest.not_cut", f"{job.path} was not taken in ({what})", remedy) from error


def _cut_for_coding(clips: Sequence[Clip], recording: Recording, job: RecordingJob) -> tuple[Asset, ...]:
    requests = [
        CutRequest(
            first=clip.first,
            last=clip.last,
            crop=clip.crop,
            picture=_coding_folder(job.media, clip) / "picture.mp4",
            sound=_coding_folder(job.media, clip) / "sound.wav" if recording.has_sound else None,
        )
        for clip in clips
    ]
    cut_into_folders(job.path, recording.clock, requests, job.recipe.coding.encoding)
    assets = []
    for clip, request in zip(clips, requests, strict=True):
        assets.append(asset_of(clip, AssetKind.CODING_PICTURE, request.picture, job.media, request))
        if request.sound is not None:
            assets.append(asset_of(clip, AssetKind.CODING_SOUND, request.sound, job.media, request))
    return tuple(assets)


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
        SheetRow(clip=_coding_folder(job.media, clip) / "picture.mp4", span=clip.in_clip(candidate.span))
        for candidate, clip in shown[:SHEET_ROWS]
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        contact_sheet(rows, path)
    except (BadInput, OSError) as error:  # a picture for the curator's eye: clips are whole without it
        logger.warning("%s", error)
        return None
    return path


def _coding_folder(media: Path, clip: Clip) -> Path:
    return media / "coding" / clip.id


def cut_into_folders(path: Path, clock: FrameClock, requests: Sequence[CutRequest], encoding: Encoding) -> None:
    """Cut clips out of a recording, each into its own folder.

    Raises:
        BadInput: the recording no longer has the frames that its clock says.
    """
    for request in requests:
        request.picture.parent.mkdir(parents=True, exist_ok=True)
    if requests:
        cut(path, clock, requests, encoding=ClipEncoding(crf=encoding.crf, preset=encoding.preset))


def asset_of(clip: Clip, kind: AssetKind, path: Path, media: Path, window: CutRequest, event: int = 0) -> Asset:
    """The record of a file that was just made for a clip."""
    return Asset(
        clip=clip.id,
        kind=kind,
        path=path.relative_to(media).as_posix(),
        sha256=sha256_of(path),
        n_bytes=path.stat().st_size,
        first=window.first,
        last=window.last,
        event=event,
    )


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
