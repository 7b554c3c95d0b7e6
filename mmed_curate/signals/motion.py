"""How much each part of a face moves: every frame against the median face of the seconds round it, by optical flow.

Times are real times in seconds, so a variable frame rate needs no care. Displacements are in pixels of the aligned
face, x to the right, y down. Faces are kept only as long as the window; the few numbers measured of each frame are
laid aside (see `signals.rows`), so memory does not grow with the recording.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from mmed_curate.signals.farneback import STRIDE, FlowFrom
from mmed_curate.signals.flow import ByteArray, FloatArray, own_motion
from mmed_curate.signals.rows import Rows, Shelf

MEASURING = 5
"""Rises whenever the same faces may give other curves than before."""
_GRID = 4
"""The flow is read every so many px: it is smoother than that."""
_PLACE_SIGMA_PX = 5.0
"""Standard deviation of the Gaussian that a place is read with (ours: a lid is about 10 px high)."""
_OWN_REACH_PX = 10
"""Round each place so much counts as moving by itself, and not as the head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionCurve:
    """What was measured of one face, frame by frame. Arrays of a long recording lie in a file, read-only."""

    times_s: npt.NDArray[np.float64]
    """(T,) seconds, increasing."""
    places: tuple[str, ...]
    """(P,) the region that each place lies in; a region may hold several places."""
    displacement: FloatArray
    """(T, P, 2) px from the median face of the window round the frame, the head's own motion taken out.

    A meter rounds it to what a 16-bit float can hold (0.0005 px below 1 px), so that a saved curve is the very same.
    """
    drift: FloatArray
    """(T, P, 2) px by which that median face itself has moved since the first one; the two add up to the place."""
    head: FloatArray
    """(T, 2) place of the head in the picture, at the scale of the aligned face (eyes 44 px apart)."""
    openness: FloatArray
    """(T,) mean eye aspect ratio."""

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions, each once, in the order of the places."""
        return tuple(dict.fromkeys(self.places))


@dataclass(frozen=True, slots=True)
class _Seen:
    time_s: float
    face: ByteArray
    points: FloatArray
    head: tuple[float, float]
    scale: float
    openness: float


@dataclass(frozen=True, slots=True)
class _Rest:
    """What frames are compared with."""

    face: ByteArray
    flow: FlowFrom
    grid: FloatArray  # (n, 2) px, where the flow is read
    weights: FloatArray  # (n,) 1 where the head is rigid
    read: FloatArray  # (P, n) how each place is read off the grid


class MotionMeter:
    """Measures one face of one recording; give it every frame in order.

    The reference is renewed every `step_s` from `n_faces` faces spread over `window_s`, centred.
    """

    def __init__(
        self,
        *,
        regions: Mapping[str, tuple[tuple[int, ...], ...]],
        lips: tuple[int, ...],
        window_s: float,
        step_s: float,
        n_faces: int,
        shelf: Shelf | None = None,
    ) -> None:
        """Begin with nothing seen.

        Args:
            regions: per region the places in it, each the middle of some landmarks.
            lips: landmarks round the lips.
            window_s: length of the window whose median face is the reference.
            step_s: how often the reference is renewed.
            n_faces: how many faces of the window the median is taken of.
            shelf: where what is measured is laid aside; None: on one of its own.
        """
        self._regions = regions
        self._lips = list(lips)
        self._places = tuple(region for region, places in regions.items() for _ in places)
        self._window_s, self._step_s, self._n_faces = window_s, step_s, n_faces
        self._seen: deque[_Seen] = deque()
        self._measured = 0  # frames at the head of `_seen` that are done and kept for the median only
        self._rest: _Rest | None = None
        self._drift = np.zeros((len(self._places), 2), dtype=np.float32)
        size = (len(self._places), 2)
        self._rows = Rows(
            {
                "time_s": ("f8", ()),
                "displacement": ("f4", size),
                "drift": ("f4", size),
                "head": ("f4", (2,)),
                "scale": ("f4", ()),
                "openness": ("f4", ()),
            },
            shelf=shelf,
        )

    def add(
        self,
        time_s: float,
        face: ByteArray,
        points: FloatArray,
        *,
        head: tuple[float, float],
        scale: float,
        openness: float,
    ) -> None:
        """Take the next frame.

        Args:
            time_s: its time, later than the last one's.
            face: (128, 128) uint8, aligned.
            points: (468, 2) landmarks in px of the aligned face.
            head: place of the head in the picture, px.
            scale: px of the aligned face per px of the picture.
            openness: mean eye aspect ratio.
        """
        self._seen.append(_Seen(time_s, face, points, head, scale, openness))
        while self._measured < len(self._seen) and (
            time_s - self._seen[self._measured].time_s >= self._step_s + self._window_s / 2
        ):
            self._measure_block()

    def finish(self) -> None:
        """Measure the frames that still wait for their window, and keep no face: this one is gone."""
        while self._measured < len(self._seen):
            self._measure_block()
        self._seen.clear()
        self._measured = 0
        self._rest = None
        self._rows.finish()

    def curve(self) -> MotionCurve:
        """What was measured; finishes first."""
        self.finish()
        rows = self._rows.table()
        scale = np.float32(np.median(rows["scale"])) if len(self._rows) else np.float32(1)
        return MotionCurve(
            times_s=rows["time_s"],
            places=self._places,
            displacement=rows["displacement"],
            drift=rows["drift"],
            # one scale for all: a face that breathes in size must not seem to travel
            head=rows["head"] * scale,
            openness=rows["openness"],
        )

    def _measure_block(self) -> None:
        begin_s = self._seen[self._measured].time_s
        middle_s = begin_s + self._step_s / 2
        while self._measured and self._seen[0].time_s < middle_s - self._window_s / 2:
            self._seen.popleft()
            self._measured -= 1
        rest = self._median_face(middle_s)
        if self._rest is not None:
            self._drift = self._drift + _displacements(self._rest, rest.face[None])[0]
        self._rest = rest
        stop = self._measured + 1
        while stop < len(self._seen) and self._seen[stop].time_s < begin_s + self._step_s:
            stop += 1
        now = [self._seen[index] for index in range(self._measured, stop)]
        displacements = _displacements(rest, np.stack([seen.face for seen in now]))
        self._rows.extend(
            {
                "time_s": np.array([seen.time_s for seen in now]),
                "displacement": displacements.astype(np.float16),
                "drift": np.broadcast_to(self._drift, displacements.shape),
                "head": np.array([seen.head for seen in now]),
                "scale": np.array([seen.scale for seen in now]),
                "openness": np.array([seen.openness for seen in now]),
            }
        )
        self._measured = stop

    def _median_face(self, middle_s: float) -> _Rest:
        near = [seen for seen in self._seen if abs(seen.time_s - middle_s) <= self._window_s / 2]
        near = near or [self._seen[self._measured]]
        chosen = [near[index] for index in np.unique(np.linspace(0, len(near) - 1, self._n_faces).astype(int))]
        points: FloatArray = np.stack([seen.points for seen in chosen]).mean(axis=0).astype(np.float32)
        return self._resting(_median([seen.face for seen in chosen]), points)

    def _resting(self, face: ByteArray, points: FloatArray) -> _Rest:
        height, width = face.shape
        down, right = np.mgrid[_GRID // 2 : height : _GRID, _GRID // 2 : width : _GRID]
        grid = np.column_stack([right.ravel(), down.ravel()]).astype(np.float32)  # (n, 2)
        places = np.array(
            [points[list(members)].mean(axis=0) for region in self._regions.values() for members in region],
            dtype=np.float32,
        )  # (P, 2)
        away = np.linalg.norm(grid[None] - places[:, None], axis=2)  # (P, n)
        read = np.exp(-(away**2) / (2 * _PLACE_SIGMA_PX**2))
        total = read.sum(axis=1, keepdims=True)
        rigid = np.zeros((height, width), dtype=np.uint8)
        cv2.fillConvexPoly(rigid, cv2.convexHull(points.astype(np.int32)), 1)
        cv2.fillConvexPoly(rigid, cv2.convexHull(points[self._lips].astype(np.int32)), 0)
        held = rigid[_GRID // 2 :: _GRID, _GRID // 2 :: _GRID].ravel() * (away.min(axis=0) > _OWN_REACH_PX)
        return _Rest(
            face=face,
            flow=FlowFrom(face),
            grid=grid,
            weights=held.astype(np.float32),
            # a place outside the aligned face (an extreme pose) is read as still
            read=(read / np.where(total > 1e-6, total, np.inf)).astype(np.float32),
        )


def _median(faces: Sequence[ByteArray]) -> ByteArray:
    """The upper median of each pixel, by a network of comparisons (Batcher 1968, in Knuth's algorithm 5.2.2 M).

    Whole faces are compared at once: seven times as fast as sorting each pixel.
    """
    held = [face.copy() for face in faces]
    spare = np.empty_like(held[0])
    for low, high in _comparisons(len(held)):
        np.minimum(held[low], held[high], out=spare)
        np.maximum(held[low], held[high], out=held[high])
        held[low], spare = spare, held[low]
    return held[len(held) // 2]


@cache
def _comparisons(count: int) -> tuple[tuple[int, int], ...]:
    """Pairs to be put in order, one after the other, that sort any `count` values."""
    pairs = []
    most = 1 << max((count - 1).bit_length() - 1, 0)
    step = most
    while step:
        offset, distance, reach = 0, step, most
        while True:
            pairs += [(low, low + distance) for low in range(count - distance) if low & step == offset]
            if reach == step:
                break
            distance, reach, offset = reach - step, reach >> 1, step
        step >>= 1
    return tuple(pairs)


def _displacements(rest: _Rest, faces: ByteArray) -> FloatArray:
    """(B, P, 2) px by which each place of (B, 128, 128) faces is off the resting one, apart from the head's motion."""
    first, step = _GRID // 2 // STRIDE, _GRID // STRIDE
    vectors = rest.flow.to(faces)[:, first::step, first::step].reshape(len(faces), -1, 2)  # (B, n, 2)
    return (rest.read @ own_motion(vectors, rest.grid, rest.weights)).astype(np.float32)
