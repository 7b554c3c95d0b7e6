"""What one pass over a recording sees, before anything is proposed: clock, faces, how they moved, quality.

Decoding, finding faces and measuring them overlap in threads; what they say is the same without. Memory is flat: a
few pictures wait between the steps, a few seconds of faces are held, and all that is measured is laid aside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.time import FrameClock
from mmed_curate.face.align import LIPS, REGIONS, alignment, moved, warped
from mmed_curate.face.colour import Picture as Coloured
from mmed_curate.face.colour import Planes
from mmed_curate.face.mesh import eye_openness
from mmed_curate.face.network import one_thread
from mmed_curate.face.track import FaceTracker, TrackedFace
from mmed_curate.media.clock import ClockBuilder
from mmed_curate.media.container import AS_PLAYED, StreamChoice
from mmed_curate.media.pictures import Picture, pictures
from mmed_curate.signals.motion import MEASURING, MotionCurve, MotionMeter
from mmed_curate.signals.quality import METHOD, PictureMeter, PictureQuality
from mmed_curate.signals.rows import Shelf
from mmed_curate.spotting.colours import colours
from mmed_curate.spotting.parameters import SpottingParameters
from mmed_curate.spotting.quality import face_seen
from mmed_curate.spotting.relay import ahead
from mmed_curate.spotting.tracks import FaceTrack, TrackBuilder, frames_claimed, lasting

_REPORT_EVERY = 15
"""Frames between two reports of progress."""
_ROOM = 4
"""Pictures that wait between two steps: enough that no step waits for a slow picture of another (ours)."""
_SURELY_GONE_S = 1.0
"""A face unseen for so much longer than the tracker remembers it is gone: nothing of it is held (ours)."""

ByteArray = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """What was seen in one recording. Where a curve is long, it lies in a temporary file that lives as long as this."""

    clock: FrameClock
    """Exact times of all its frames."""
    tracks: tuple[FaceTrack, ...]
    """Faces, in the order in which they appeared."""
    curves: Mapping[int, MotionCurve]
    """What each face did, by track."""
    quality: PictureQuality
    """How good its picture is."""
    measured_by: str
    """Digest of the parameters that it depends on: `measured_by(parameters)`."""


def measured_by(parameters: SpottingParameters) -> str:
    """Twelve hex digits that change with whatever an observation depends on; peaks and tags may change without."""
    depends = {
        "measuring": MEASURING,
        "quality": METHOD,
        "tracking": parameters.face.digest(),
        "reference": parameters.reference.model_dump(mode="json"),
    }
    return hashlib.sha256(canonical_json(depends).encode()).hexdigest()[:12]


def observe(
    path: Path,
    parameters: SpottingParameters,
    *,
    streams: StreamChoice = AS_PLAYED,
    progress: Progress = silent,
    threads: bool = True,
) -> Observation:
    """Look at every frame of a recording once.

    Args:
        path: the recording.
        parameters: the recipe; only faces and reference matter here.
        streams: which of several pictures is meant.
        progress: called with frames done and, where the file says, about how many there are.
        threads: whether decoding, finding and measuring overlap; the outcome is the same.

    Raises:
        BadInput: the recording cannot be read, or breaks off.
    """
    total = frames_claimed(path, streams=streams)
    finder = _Finder(parameters)
    measurer = _Measurer(parameters)
    done = 0
    with one_thread():
        shown = _shown(path, streams)
        seen = finder.found(ahead(shown, room=_ROOM) if threads else shown)
        with closing(ahead(seen, room=_ROOM) if threads else seen) as sights:
            for sight in sights:
                measurer.add(sight)
                done += 1
                if done % _REPORT_EVERY == 0:
                    progress(done, max(total, done) if total is not None else None)
        if not done:
            raise BadInput.of(
                "media.no_picture", f"{path} holds no picture that can be decoded", "give another recording"
            )
        progress(done, done)
        return measurer.observation(finder)


@dataclass(frozen=True, slots=True)
class _Shown:
    """One picture, decoded."""

    picture: Picture
    coloured: Coloured
    luma: ByteArray


@dataclass(frozen=True, slots=True)
class _Sight:
    """One picture's light and the faces in it."""

    picture: Picture
    luma: ByteArray
    faces: tuple[TrackedFace, ...]


def _shown(path: Path, streams: StreamChoice) -> Generator[_Shown, None, None]:
    for picture in pictures(path, streams=streams):
        coloured = colours(picture)
        luma = coloured.luma if isinstance(coloured, Planes) else np.ascontiguousarray(picture.luma())
        yield _Shown(picture, coloured, luma)


class _Finder:
    """Follows the faces."""

    def __init__(self, parameters: SpottingParameters) -> None:
        self._tracker = FaceTracker(parameters.face.bounds())
        self._shelf = Shelf()  # not that of the measurer, which is at work in another thread
        self._builders: dict[int, TrackBuilder] = {}
        self._last_s: dict[int, float] = {}  # of the faces that may come back
        self._gone_s = parameters.face.patience_s + _SURELY_GONE_S

    def found(self, shown: Generator[_Shown, None, None]) -> Generator[_Sight, None, None]:
        with closing(shown):
            for one in shown:
                time_s = float(one.picture.time_s)
                faces = self._tracker.step(one.coloured, time_s)
                for face in faces:
                    if face.track not in self._builders:
                        self._builders[face.track] = TrackBuilder(face.track, shelf=self._shelf)
                    self._builders[face.track].see(one.picture.frame, time_s, one.coloured, face)
                    self._last_s[face.track] = time_s
                for track in [track for track, last_s in self._last_s.items() if time_s - last_s > self._gone_s]:
                    self._builders[track].finish()
                    del self._last_s[track]
                yield _Sight(one.picture, one.luma, faces)

    def tracks(self) -> tuple[FaceTrack, ...]:
        """All faces, in the order in which they appeared."""
        builders = [self._builders[number] for number in sorted(self._builders)]
        for builder in builders:
            builder.finish()
        return tuple(builder.track() for builder in builders)


@dataclass(slots=True)
class _Followed:
    meter: MotionMeter
    last_s: float


@dataclass(slots=True)
class _Measurer:
    """Measures faces and pictures."""

    parameters: SpottingParameters
    followed: dict[int, _Followed] = field(default_factory=dict)
    present: dict[int, _Followed] = field(default_factory=dict)
    shelf: Shelf = field(default_factory=Shelf)
    pictures: PictureMeter = field(default_factory=PictureMeter)
    times: ClockBuilder | None = None

    def add(self, sight: _Sight) -> None:
        picture, time_s = sight.picture, float(sight.picture.time_s)
        self.times = self.times or ClockBuilder(picture.time_base)
        self.times.add(picture.pts, picture.duration)
        for face in sight.faces:
            self._measure(face, time_s, sight.luma)
        close = [face_seen(face) for face in sight.faces] if self.pictures.wants(time_s) else []
        self.pictures.add(time_s, sight.luma, close, full_range=picture.is_full_range)
        gone = self.parameters.face.patience_s + _SURELY_GONE_S
        for track in [track for track, one in self.present.items() if time_s - one.last_s > gone]:
            self.present.pop(track).meter.finish()

    def _measure(self, face: TrackedFace, time_s: float, luma: ByteArray) -> None:
        one = self.followed.get(face.track)
        if one is None:
            reference = self.parameters.reference
            meter = MotionMeter(
                regions=REGIONS,
                lips=LIPS,
                window_s=reference.window_s,
                step_s=reference.step_s,
                n_faces=reference.n_faces,
                shelf=self.shelf,
            )
            one = self.followed[face.track] = _Followed(meter, time_s)
        one.last_s = time_s
        self.present[face.track] = one
        matrix = alignment(face.landmarks)
        middle = face.landmarks.mean(axis=0)
        one.meter.add(
            time_s,
            warped(luma, matrix),
            moved(face.landmarks, matrix),
            head=(float(middle[0]), float(middle[1])),
            scale=float(np.hypot(matrix[0, 0], matrix[1, 0])),
            openness=float(eye_openness(face.landmarks).mean()),
        )

    def observation(self, finder: _Finder) -> Observation:
        if self.times is None:
            raise ValueError("nothing was observed")
        clock = self.times.clock()
        tracks = lasting(finder.tracks(), clock, self.parameters.face.least_s)
        for track in tracks:
            self.followed[track.track].meter.finish()  # all before the first is read: one map of the file serves all
        return Observation(
            clock=clock,
            tracks=tracks,
            curves={track.track: self.followed[track.track].meter.curve() for track in tracks},
            quality=self.pictures.quality(),
            measured_by=measured_by(self.parameters),
        )
