"""A recording's picture, watched for its quality alone: decoded once, its faces found only as often as they matter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.time import FrameClock
from mmed_curate.face.pose import head_pose
from mmed_curate.face.track import FaceTracker, TrackedFace
from mmed_curate.media.clock import ClockBuilder
from mmed_curate.media.container import AS_PLAYED, StreamChoice
from mmed_curate.media.pictures import pictures
from mmed_curate.media.probe import probe
from mmed_curate.signals.quality import PictureMeter, PictureQuality, SeenFace
from mmed_curate.spotting.colours import colours

_EYES = ((33, 133), (263, 362))
"""Corners of the right and the left eye (MediaPipe's numbering)."""
_SKIN = (50, 205, 280, 425, 151, 108, 337)
"""Middles of bare skin: two on each cheek, three on the forehead."""
_REPORT_EVERY = 30


def face_seen(face: TrackedFace) -> SeenFace:
    """What the meter of quality needs of a tracked face."""
    pose = head_pose(face.landmarks)
    return SeenFace(
        track=face.track,
        box=face.box,
        eyes=np.stack([face.landmarks[list(corners)].mean(axis=0) for corners in _EYES]),
        skin=face.landmarks[list(_SKIN)],
        yaw_deg=pose.yaw_deg,
        pitch_deg=pose.pitch_deg,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watched:
    """One recording's picture."""

    clock: FrameClock
    quality: PictureQuality


def watch(path: Path, *, streams: StreamChoice = AS_PLAYED, progress: Progress = silent) -> Watched:
    """Decode a recording and measure its picture's quality.

    Args:
        path: the recording.
        streams: which of several pictures is meant.
        progress: called with frames done and, where the file says, about how many there are.

    Raises:
        BadInput: the recording cannot be read, or breaks off.
    """
    about = probe(path, streams=streams)
    rate_hz = about.picture.mean_rate_hz
    total = None if about.duration_s is None or rate_hz is None else max(round(about.duration_s * float(rate_hz)), 1)
    tracker, meter = FaceTracker(), PictureMeter()
    builder: ClockBuilder | None = None
    done = 0
    for picture in pictures(path, streams=streams):
        builder = builder or ClockBuilder(picture.time_base)
        builder.add(picture.pts, picture.duration)
        time_s = float(picture.time_s)
        faces = tracker.step(colours(picture), time_s) if meter.wants(time_s) else ()
        meter.add(time_s, picture.luma(), [face_seen(face) for face in faces], full_range=picture.is_full_range)
        done += 1
        if done % _REPORT_EVERY == 0:
            progress(done, max(total, done) if total is not None else None)
    if builder is None:
        raise BadInput.of("media.no_picture", f"{path} holds no picture that can be decoded", "give another recording")
    progress(done, done)
    return Watched(clock=builder.clock(), quality=meter.quality())
