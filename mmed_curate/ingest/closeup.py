"""The subject's face through one clip: in its place, with its landmarks and with how its parts move.

Where the analysis of the recording knows the face's place, the mesh is laid there, the same whatever else is looked at;
else the largest face is found and followed. Pictures come in one by one, and many clips are looked at in one way
through the recording. Lengths are in pixels of the clip's picture or of the aligned face, as said; x to the right, y
down; left and right are the subject's own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.records import Box
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.face.align import LIPS, REGIONS, SIZE, alignment, moved, warped
from mmed_curate.face.colour import Picture as Coloured
from mmed_curate.face.detect import iou
from mmed_curate.face.mesh import N_POINTS, FaceMesh, Landmarks, Region, eye_distance_px, eye_openness
from mmed_curate.face.track import FaceTracker
from mmed_curate.media.container import AS_PLAYED, StreamChoice
from mmed_curate.media.cut import CutRequest
from mmed_curate.media.groups import pictures_in
from mmed_curate.media.pictures import Picture
from mmed_curate.signals.motion import MotionCurve, MotionMeter
from mmed_curate.spotting.colours import colours
from mmed_curate.spotting.tracks import FaceTrack

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]

PLACES = tuple(region for region, places in REGIONS.items() for _ in places)
"""The region of each place whose motion is measured, in order."""
_SAME_IOU = 0.3
"""A face that overlaps the subject's known place more than this is the subject's (ours)."""
_TILTS = (0.0, 0.5, -0.5)
"""Radians by which a head may be tilted where its place alone is known, tried in this order (ours)."""
_STRAIGHT = 0.25
"""Radians: a tilt off by more than this is looked at once more (ours)."""
_ROUND_IT = 1.5
"""Half the side of the part of the picture in which a known face is looked at, in widths of the face (ours)."""
_HELD = 60
"""Pictures without a face that wait for the next one with it, so that memory stays bounded (ours: 2 s at 30 Hz)."""
_REFERENCE_FACES = 15
"""Faces of the clip whose median is its reference, as in the spotting of whole recordings."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownFace:
    """What the analysis of the whole recording knows of the subject's face already."""

    tracks: tuple[FaceTrack, ...]
    """The tracks that are the subject, never two in one frame."""
    curves: Mapping[int, MotionCurve]
    """The motion of each of them, by track, a row for each of its frames."""

    def box(self, frame: Frame) -> FloatArray | None:
        """(4,) where the face is in a frame, px of the recording's picture; None: it was not seen."""
        for track in self.tracks:
            for at in _inside(track.frames, frame, frame):
                return np.asarray(track.boxes[at], dtype=np.float32)
        return None

    def motion(self, first: Frame, last: Frame) -> FloatArray:
        """(T, P, 2) px of the aligned face off each place's median in those frames; NaN where it was not seen."""
        found = np.full((last - first + 1, len(PLACES), 2), np.nan, dtype=np.float32)
        for track in self.tracks:
            rows = _inside(track.frames, first, last)
            if len(rows):
                curve = self.curves[track.track]
                found[track.frames[rows] - first] = off_median(curve.displacement[rows] + curve.drift[rows])
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Closeup:
    """One face through a clip of T frames."""

    faces: ByteArray
    """(T, 128, 128) luma of the aligned face; where it was not seen, aligned as in the nearest frame that shows it."""
    alignment: FloatArray
    """(T, 2, 3) from px of the clip's picture to px of the aligned face: the one that `faces` was made with."""
    landmarks: FloatArray
    """(T, 468, 2) px of the clip's picture; NaN where the face was not seen."""
    seen: npt.NDArray[np.bool_]
    """(T,) whether the face was found."""
    eye_distance_px: FloatArray
    """(T,) between the middles of the eyes, px of the clip's picture; NaN where the face was not seen."""
    motion: FloatArray
    """(T, P, 2) px of the aligned face by which each place lies off its median in the clip, head motion taken out."""
    times_s: npt.NDArray[np.float64]
    """(T,) seconds from the clip's first frame."""


class KnownFinder:
    """Lays the mesh on a face whose place is known; a picture that several clips show is looked at once."""

    def __init__(self, known: KnownFace, mesh: FaceMesh) -> None:
        self._known = known
        self._mesh = mesh
        self._latest: tuple[Frame, Landmarks | None] | None = None

    def found(self, picture: Picture) -> Landmarks | None:
        """The subject's face in px of the recording's picture; None: it is not there."""
        if self._latest is None or self._latest[0] != picture.frame:
            box = self._known.box(picture.frame)
            self._latest = picture.frame, None if box is None else self._looked(picture, box)
        return self._latest[1]

    def _looked(self, picture: Picture, box: FloatArray) -> Landmarks | None:
        middle, half = (box[:2] + box[2:]) / 2, _ROUND_IT * float((box[2:] - box[:2]).max())
        edge = np.array([picture.width, picture.height])
        left, top = (int(side) for side in np.clip((middle - half) // 2 * 2, 0, edge))
        right, bottom = (int(side) for side in np.clip((middle + half) // 2 * 2, 0, edge))
        if right - left < 2 or bottom - top < 2:
            return None
        part = colours(picture, Box(left=left, top=top, right=right, bottom=bottom))
        corner = np.array([left, top], dtype=np.float32)
        for tilt in _TILTS:
            mesh = self._settled(part, Region.round_box(box - np.tile(corner, 2), tilt))
            if mesh is not None:
                mesh = replace(mesh, points=mesh.points + corner)
                if iou(mesh.box, box) > _SAME_IOU:
                    return mesh
        return None

    def _settled(self, part: Coloured, region: Region) -> Landmarks | None:
        """Looked at twice, the second time framed as where a face is followed; once more where the head is tilted."""
        mesh = self._mesh.landmarks(part, region)
        for _ in range(2):
            if mesh is None:
                return None
            before, region = region, Region.round_points(mesh.points)
            mesh = self._mesh.landmarks(part, region)
            if abs(region.angle - before.angle) <= _STRAIGHT:
                break
        return mesh


class CloseupCamera:
    """Looks at the pictures of one clip, in order, each once."""

    def __init__(
        self,
        clock: FrameClock,
        first: Frame,
        last: Frame,
        crop: Box | None,
        *,
        known: KnownFace | None = None,
        finder: KnownFinder | None = None,
    ) -> None:
        """Say which frames come.

        Args:
            clock: the recording's.
            first, last: frames of the clip in the recording, both inside.
            crop: the part of the picture that the clip shows; None: all of it.
            known: what is known of the subject's face; None: the largest face is followed and its motion measured.
            finder: of that face, where several clips share one.
        """
        own = clock.window(first, last).from_zero()
        count = last - first + 1
        self._first, self._crop = first, crop
        self._times_s = np.array([float(tick * own.time_base) for tick in own.pts], dtype=np.float64)
        self._finder = finder if finder or known is None else KnownFinder(known, FaceMesh())
        self._tracker = FaceTracker() if self._finder is None else None
        self._before: FloatArray | None = None
        """Box of the face where it was seen last."""
        self._faces = np.zeros((count, SIZE, SIZE), dtype=np.uint8)
        self._alignment = np.full((count, 2, 3), np.nan, dtype=np.float32)
        self._landmarks = np.full((count, N_POINTS, 2), np.nan, dtype=np.float32)
        self._eyes = np.full(count, np.nan, dtype=np.float32)
        self._known_motion = None if known is None else known.motion(first, last)
        self._meter = _meter(float(own.duration)) if known is None else None
        self._waiting: deque[tuple[int, ByteArray]] = deque()
        self._latest: int | None = None

    def see(self, picture: Picture) -> None:
        """Take the next picture of the recording that lies in the clip."""
        index = picture.frame - self._first
        box = self._crop or Box(left=0, top=0, right=picture.width, bottom=picture.height)
        luma = np.array(picture.luma()[box.top : box.bottom, box.left : box.right], order="C")
        landmarks = self._subject(picture, box)
        if landmarks is None:
            self._waiting.append((index, luma))
            if len(self._waiting) > _HELD:
                self._place(*self._waiting.popleft(), self._latest)
            return
        self._landmarks[index], self._eyes[index] = landmarks, eye_distance_px(landmarks)
        self._alignment[index] = matrix = alignment(landmarks)
        for waited, piece in self._waiting:
            before, after = self._latest, index
            nearest = after if before is None or after - waited < waited - before else before
            self._place(waited, piece, nearest)
        self._waiting.clear()
        self._latest = index
        self._faces[index] = warped(luma, matrix)
        if self._meter is not None:
            middle = landmarks.mean(axis=0)
            self._meter.add(
                float(self._times_s[index]),
                self._faces[index],
                moved(landmarks, matrix),
                head=(float(middle[0]), float(middle[1])),
                scale=float(np.hypot(matrix[0, 0], matrix[1, 0])),
                openness=float(eye_openness(landmarks).mean()),
            )

    def closeup(self) -> Closeup:
        """What was seen; call it once, after the last picture."""
        for waited, piece in self._waiting:
            self._place(waited, piece, self._latest)
        self._waiting.clear()
        seen = np.isfinite(self._eyes)
        return Closeup(
            faces=self._faces,
            alignment=self._alignment,
            landmarks=self._landmarks,
            seen=seen,
            eye_distance_px=self._eyes,
            motion=self._motion(seen),
            times_s=self._times_s,
        )

    def _motion(self, seen: npt.NDArray[np.bool_]) -> FloatArray:
        if self._known_motion is not None:
            return self._known_motion
        found = np.full((len(seen), len(PLACES), 2), np.nan, dtype=np.float32)
        if self._meter is not None and seen.any():
            curve = self._meter.curve()
            found[seen] = off_median(curve.displacement + curve.drift)
        return found

    def _subject(self, picture: Picture, box: Box) -> FloatArray | None:
        """(468, 2) px of the clip's picture: the known face, or the one nearest to the last, or the largest."""
        if self._finder is not None:
            mesh = self._finder.found(picture)
            return None if mesh is None else mesh.points - np.array([box.left, box.top], dtype=np.float32)
        found = () if self._tracker is None else self._tracker.step(colours(picture, box), float(picture.time_s))
        if not found:
            return None
        near = self._before
        if near is None:
            face = max(found, key=lambda face: face.eye_distance_px)
        else:
            face = max(found, key=lambda face: (iou(face.box, near), face.eye_distance_px))
        self._before = face.box
        return face.landmarks

    def _place(self, index: int, luma: ByteArray, like: int | None) -> None:
        """Align a picture without a face as in another frame; where no frame shows one, it stays black."""
        if like is not None:
            self._alignment[index] = self._alignment[like]
            self._faces[index] = warped(luma, self._alignment[like])


def closeups(
    recording: Path,
    clock: FrameClock,
    windows: Sequence[CutRequest],
    *,
    streams: StreamChoice = AS_PLAYED,
    known: Sequence[KnownFace | None] | None = None,
) -> Iterator[tuple[int, Closeup]]:
    """Look at many clips of one recording in a single way through it; memory holds the clips that are open.

    Args:
        recording: the recording's file.
        clock: its clock.
        windows: the clips' cuts, in any order; they may overlap.
        streams: which picture.
        known: for each window, the subject's face as the analysis of the recording knows it, or None.

    Yields:
        the place of a window in `windows`, and its closeup, in the order in which they end.

    Raises:
        BadInput: the recording cannot be read, or is not the one of `clock`.
    """
    faces = [None] * len(windows) if known is None else known
    waiting = sorted(range(len(windows)), key=lambda place: (windows[place].first, place), reverse=True)
    cameras: dict[int, CloseupCamera] = {}
    mesh = FaceMesh()
    finders = {id(face): KnownFinder(face, mesh) for face in faces if face is not None}
    for picture in pictures_in(recording, clock, _runs(windows), streams=streams):
        while waiting and windows[waiting[-1]].first == picture.frame:
            place = waiting.pop()
            window = windows[place]
            known_face = faces[place]
            cameras[place] = CloseupCamera(
                clock,
                window.first,
                window.last,
                window.crop,
                known=known_face,
                finder=None if known_face is None else finders[id(known_face)],
            )
        for place in sorted(cameras):
            cameras[place].see(picture)
            if windows[place].last == picture.frame:
                yield place, cameras.pop(place).closeup()


def _runs(windows: Sequence[CutRequest]) -> list[tuple[Frame, Frame]]:
    """The frames that lie in some window, as runs that do not touch."""
    runs: list[tuple[Frame, Frame]] = []
    for first, last in sorted((window.first, window.last) for window in windows):
        if runs and first <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(runs[-1][1], last))
        else:
            runs.append((first, last))
    return runs


def off_median(places: FloatArray) -> FloatArray:
    """(T, P, 2) by how much each place lies off its median over time."""
    off: FloatArray = (places - np.median(places, axis=0, keepdims=True)).astype(np.float32)
    return off


def _meter(duration_s: float) -> MotionMeter:
    """One that compares every frame with the median face of the whole clip."""
    return MotionMeter(
        regions=REGIONS, lips=LIPS, window_s=3 * duration_s + 1, step_s=duration_s + 1, n_faces=_REFERENCE_FACES
    )


def _inside(frames: npt.NDArray[np.int64], first: Frame, last: Frame) -> npt.NDArray[np.int64]:
    """Rows of the frames that lie between two, both inside."""
    return np.arange(np.searchsorted(frames, first), np.searchsorted(frames, last, side="right"))
