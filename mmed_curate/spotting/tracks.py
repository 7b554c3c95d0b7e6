"""Where each face of a recording was, frame by frame, and a few small pictures of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.records import Box
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.face.colour import Picture as Coloured
from mmed_curate.face.thumbnail import MOST, THUMBNAIL_PX, Thumbnails
from mmed_curate.face.track import FaceTracker, TrackedFace
from mmed_curate.media.clock import ClockBuilder
from mmed_curate.media.container import AS_PLAYED, StreamChoice
from mmed_curate.media.pictures import pictures
from mmed_curate.media.probe import probe
from mmed_curate.signals.rows import Rows, Shelf
from mmed_curate.spotting.colours import colours
from mmed_curate.spotting.parameters import FaceParameters

_REPORT_EVERY = 15
"""Frames between two reports of progress."""


def _no_thumbnails() -> npt.NDArray[np.uint8]:
    return np.zeros((0, THUMBNAIL_PX, THUMBNAIL_PX, 3), dtype=np.uint8)


def _no_frames() -> npt.NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceTrack:
    """One face, from the frame where it was found to the one where it was lost."""

    track: int
    """Its number in the recording."""
    frames: npt.NDArray[np.int64]
    """(N,) frames on which it was seen, increasing."""
    boxes: npt.NDArray[np.float32]
    """(N, 4) left, top, right, bottom of its landmarks in px of the picture as shown."""
    eye_distance_px: npt.NDArray[np.float32]
    """(N,) between the middles of the eyes, in px of the picture."""
    thumbnails: npt.NDArray[np.uint8] = field(default_factory=_no_thumbnails)
    """(K, 96, 96, 3) at most four small pictures of it, blue first, in order of time."""
    thumbnail_frames: npt.NDArray[np.int64] = field(default_factory=_no_frames)
    """(K,) frames in which they were taken."""

    def box_over(self, first: Frame, last: Frame, margin: float, width: int, height: int) -> Box:
        """A box that holds the face on all of some frames, with room round it, inside the picture.

        Where the face was not seen on any of them, the frames nearest to them count.

        Args:
            first, last: frames, both inside.
            margin: room on each side, as a part of the face's greatest width and height.
            width, height: of the picture, px.

        Raises:
            BadInput: the face lies outside the picture.
        """
        start, stop = int(np.searchsorted(self.frames, first)), int(np.searchsorted(self.frames, last, side="right"))
        if start == stop:
            start, stop = max(start - 1, 0), min(stop + 1, len(self.frames))
        boxes = self.boxes[start:stop]
        room = margin * (boxes[:, 2:] - boxes[:, :2]).max(axis=0)
        low = np.floor(boxes[:, :2].min(axis=0) - room)
        high = np.ceil(boxes[:, 2:].max(axis=0) + room)
        left, top = max(int(low[0]), 0), max(int(low[1]), 0)
        right, bottom = min(int(high[0]), width), min(int(high[1]), height)
        if left >= right or top >= bottom:
            raise BadInput.of(
                "spotting.face_outside",
                f"the face of track {self.track} lies outside the picture of {width} × {height} pixels",
                "give the size of the picture as shown",
            )
        return Box(left=left, top=top, right=right, bottom=bottom)


class TrackBuilder:
    """Gathers one face while a recording runs: eight small pictures are held, the rest is laid aside."""

    def __init__(self, track: int, *, shelf: Shelf | None = None) -> None:
        """Begin without a frame; several builders may share a shelf."""
        self._track = track
        self._rows = Rows({"frames": ("i8", ()), "boxes": ("f4", (4,)), "eye_distance_px": ("f4", ())}, shelf=shelf)
        self._best = Rows(
            {"thumbnails": ("u1", (THUMBNAIL_PX, THUMBNAIL_PX, 3)), "thumbnail_frames": ("i8", ())},
            shelf=shelf,
            block=MOST,
        )
        self._thumbnails: Thumbnails | None = Thumbnails()

    def see(self, frame: int, time_s: float, picture: Coloured, face: TrackedFace) -> None:
        """Add the next frame that shows the face.

        Args:
            frame: its number.
            time_s: when it appears.
            picture: (H, W, 3) uint8, blue first, or planes.
            face: where the face is in it.
        """
        self._rows.add(frames=frame, boxes=face.box, eye_distance_px=face.eye_distance_px)
        if self._thumbnails is not None:
            self._thumbnails.consider(frame, time_s, picture, face.landmarks)

    def finish(self) -> None:
        """Hold nothing any more: the face is gone. Where several share a shelf, all before the first is read."""
        if self._thumbnails is not None:
            for one in self._thumbnails.best():
                self._best.add(thumbnails=one.picture, thumbnail_frames=one.frame)
            self._thumbnails = None
        self._rows.finish()
        self._best.finish()

    def track(self) -> FaceTrack:
        """All that was gathered; its arrays lie in a file where they are long."""
        self.finish()
        return FaceTrack(track=self._track, **self._rows.table(), **self._best.table())


def lasting(tracks: Iterable[FaceTrack], clock: FrameClock, least_s: float) -> tuple[FaceTrack, ...]:
    """The tracks that are worth a number: those that last, from first frame to last, for at least `least_s`.

    Of a recording shorter than twice that, those that last for half of it.
    """
    whole_s = float(clock.end_of(clock.last_frame) - clock.start_of(Frame(0)))
    bound_s = min(least_s, whole_s / 2)
    return tuple(
        track
        for track in tracks
        if float(clock.end_of(Frame(int(track.frames[-1]))) - clock.start_of(Frame(int(track.frames[0])))) >= bound_s
    )


def find_tracks(
    path: Path, parameters: FaceParameters, *, streams: StreamChoice = AS_PLAYED, progress: Progress = silent
) -> tuple[FrameClock, tuple[FaceTrack, ...]]:
    """Follow the faces of a recording and nothing else; the numbers are those that `analyse` gives.

    Args:
        path: the recording.
        parameters: the recipe's part on faces.
        streams: which of the file's pictures are meant.
        progress: called with frames done and, where the file says, about how many there are.

    Raises:
        BadInput: the recording cannot be read, or breaks off.
    """
    total = frames_claimed(path, streams)
    tracker = FaceTracker(parameters.bounds())
    builders: dict[int, TrackBuilder] = {}
    times: ClockBuilder | None = None
    done = 0
    for picture in pictures(path, streams=streams):
        times = times or ClockBuilder(picture.time_base)
        times.add(picture.pts, picture.duration)
        coloured = colours(picture)
        for face in tracker.step(coloured, float(picture.time_s)):
            builder = builders.setdefault(face.track, TrackBuilder(face.track))
            builder.see(picture.frame, float(picture.time_s), coloured, face)
        done += 1
        if done % _REPORT_EVERY == 0:
            progress(done, max(total, done) if total is not None else None)
    if times is None:
        raise BadInput.of("media.no_picture", f"{path} holds no picture that can be decoded", "give another recording")
    progress(done, done)
    clock = times.clock()
    return clock, lasting((builders[number].track() for number in sorted(builders)), clock, parameters.least_s)


def frames_claimed(path: Path, streams: StreamChoice = AS_PLAYED) -> int | None:
    """About how many frames the header promises; None: it does not say."""
    about = probe(path, streams=streams)
    if about.duration_s is None or about.picture.mean_rate_hz is None:
        return None
    return max(round(about.duration_s * float(about.picture.mean_rate_hz)), 1)
