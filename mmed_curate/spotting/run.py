"""One recording, decoded once: exact times, faces, motion of each, proposals. Memory holds a few seconds of faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.time import FrameClock
from mmed_curate.face.align import LIPS, REGIONS, alignment, moved, warped
from mmed_curate.face.mesh import eye_openness
from mmed_curate.face.track import FaceTracker, TrackedFace
from mmed_curate.media.clock import ClockBuilder
from mmed_curate.media.pictures import pictures
from mmed_curate.signals.motion import MotionCurve, MotionMeter
from mmed_curate.spotting.parameters import ReferenceParameters, SpottingParameters
from mmed_curate.spotting.peaks import Proposal, propose
from mmed_curate.spotting.tracks import FaceTrack, TrackBuilder, frames_claimed, lasting

__all__ = ["Analysis", "FaceTrack", "Proposal", "analyse"]

_REPORT_EVERY = 15
"""Frames between two reports of progress."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Analysis:
    """What was found in one recording."""

    clock: FrameClock
    """Exact times of all its frames."""
    tracks: tuple[FaceTrack, ...]
    """Faces, in the order in which they appeared."""
    curves: Mapping[int, MotionCurve]
    """What each face did, by track."""
    proposals: tuple[Proposal, ...]
    """In order of time; tagged ones among them."""
    notes: tuple[Finding, ...]
    """What a curator should know about this recording."""


@dataclass(slots=True)
class _Follower:
    """What is gathered about one face while the recording runs."""

    meter: MotionMeter
    where: TrackBuilder

    def see(
        self, frame: int, time_s: float, bgr: npt.NDArray[np.uint8], luma: npt.NDArray[np.uint8], face: TrackedFace
    ) -> None:
        matrix = alignment(face.landmarks)
        middle = face.landmarks.mean(axis=0)
        self.meter.add(
            time_s,
            warped(luma, matrix),
            moved(face.landmarks, matrix),
            head=(float(middle[0]), float(middle[1])),
            scale=float(np.hypot(matrix[0, 0], matrix[1, 0])),
            openness=float(eye_openness(face.landmarks).mean()),
        )
        self.where.see(frame, time_s, bgr, face)


def analyse(path: Path, parameters: SpottingParameters, *, progress: Progress = silent) -> Analysis:
    """Find the faces of a recording and propose when they made a micro-expression.

    Args:
        path: the recording.
        parameters: the recipe.
        progress: called with frames done and, where the file says, about how many there are.

    Raises:
        BadInput: the recording cannot be read, or breaks off.
    """
    total = frames_claimed(path)
    tracker = FaceTracker(parameters.face.bounds())
    followed: dict[int, _Follower] = {}
    builder: ClockBuilder | None = None
    done = 0
    for picture in pictures(path):
        builder = builder or ClockBuilder(picture.time_base)
        builder.add(picture.pts, picture.duration)
        bgr = picture.bgr()
        faces = tracker.step(bgr, float(picture.time_s))
        luma = np.ascontiguousarray(picture.luma()) if faces else None
        for face in faces:
            if face.track not in followed:
                followed[face.track] = _Follower(_meter(parameters.reference), TrackBuilder(face.track))
            if luma is not None:
                followed[face.track].see(picture.frame, float(picture.time_s), bgr, luma, face)
        done += 1
        if done % _REPORT_EVERY == 0:
            progress(done, max(total, done) if total is not None else None)
    if builder is None:
        raise BadInput.of("media.no_picture", f"{path} holds no picture that can be decoded", "give another recording")
    progress(done, done)
    clock = builder.clock()
    every = (follower.where.track() for _, follower in sorted(followed.items()))
    tracks = lasting(every, clock, parameters.face.least_s)
    curves = {track.track: followed[track.track].meter.curve() for track in tracks}
    found = [
        proposal for track in tracks for proposal in propose(curves[track.track], track.frames, track.track, parameters)
    ]
    return Analysis(
        clock=clock,
        tracks=tracks,
        curves=curves,
        proposals=tuple(sorted(found, key=lambda proposal: (proposal.span.apex, proposal.track, proposal.span.onset))),
        notes=_notes(path, clock, tracks, parameters),
    )


def _meter(parameters: ReferenceParameters) -> MotionMeter:
    return MotionMeter(
        regions=REGIONS,
        lips=LIPS,
        window_s=parameters.window_s,
        step_s=parameters.step_s,
        n_faces=parameters.n_faces,
    )


def _notes(
    path: Path, clock: FrameClock, tracks: tuple[FaceTrack, ...], parameters: SpottingParameters
) -> tuple[Finding, ...]:
    notes = []
    if not tracks:
        notes.append(
            Finding(
                code="spotting.no_face",
                what=f"no face was found in {path.name}",
                remedy="nothing is proposed; check that the face is in the picture and at least a tenth of its size",
                severity=Severity.NOTE,
            )
        )
    rate_hz = float(clock.rate_hz())
    if rate_hz < parameters.few_hz:
        notes.append(
            Finding(
                code="spotting.few_frames",
                what=f"{path.name} has {rate_hz:.1f} pictures a second, fewer than {parameters.few_hz:g}",
                remedy="expect short movements to be missed; record faster where you can",
                severity=Severity.WARNING,
                parameters={"rate_hz": round(rate_hz, 3)},
            )
        )
    if tracks:
        longest = max(tracks, key=lambda track: len(track.frames))
        distance_px = float(np.median(longest.eye_distance_px))
        if distance_px < parameters.small_px:
            notes.append(
                Finding(
                    code="spotting.small_face",
                    what=f"the face in {path.name} is small: {distance_px:.0f} pixels between the eyes",
                    remedy=f"expect small movements to be missed; {parameters.small_px:g} pixels and more serve better",
                    severity=Severity.WARNING,
                    parameters={"eye_distance_px": round(distance_px, 1)},
                )
            )
    return tuple(notes)
