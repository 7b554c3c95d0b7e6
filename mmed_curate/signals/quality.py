"""How good a picture is for seeing small movements: light, sharpness, size of the face, skin, what an encoder left.

Fed with every frame in order. Of each frame only some rows are read, to tell a new frame from a repeated one; five
times a second the face is looked at closely. A few numbers are kept of each frame and look, so that memory is flat.
Levels run from 0 (black) to 1 (white) of the range that the picture is coded in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput
from mmed_curate.signals.rows import Rows, Shelf

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

METHOD = 1
"""Rises whenever the same recording may give other numbers than before."""
LOOK_EVERY_S = 0.2
"""Between two close looks."""
_BLOCK = 8
"""Side of an encoder's block, px; rows are read so far apart, and changes are averaged over so many px of a row."""
_USUAL_HEIGHT = 720
"""Of taller pictures fewer rows are read, so that they take no longer."""
_LIMITED, _FULL = (16.0, 235.0), (0.0, 255.0)
"""Black and white: ITU-R BT.601 and BT.709 for video, the full byte where the file says so."""
_CRUSHED, _BLOWN = 0.02, 0.98
"""Levels below and above tell nothing any more (ours)."""

_BAND_UP, _BAND_DOWN, _BAND_ASIDE = 0.6, 0.4, 1.0
"""The band of eyes and brows round the middle between the eyes, in eye distances."""
_FINEST_EYES_PX = 120.0
"""A larger face's band is averaged down to this size or less first."""
_SHARPEST = 0.02
"""Edges are read at this share of the band's pixels: the steepest ones."""
_REBLUR_PX = 1.0
"""Standard deviation of the second blur that the first is measured by ..."""
_COARSE_FROM_PX, _STRONG_REBLUR_PX = 1.5, 3.0
"""... and from a first blur of so many px on, of a stronger one."""
_PATCH = 0.12
"""Half the side of a patch of skin, in eye distances."""
_LEAST_PATCH_PX, _MOST_PATCH_PX = 4, 16
_INNER = (0.2, 0.15, 0.8, 0.85)
"""The part of a face's box in which light is measured: no hair, no background."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenFace:
    """One face in one picture, as far as quality needs it."""

    track: int
    """Which face."""
    box: FloatArray
    """(4,) left, top, right, bottom, px."""
    eyes: FloatArray
    """(2, 2) middles of the two eyes, px."""
    skin: FloatArray
    """(K, 2) middles of patches of bare skin, px."""
    yaw_deg: float
    """0: it looks into the camera."""
    pitch_deg: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameSeries:
    """One entry for each frame."""

    time_s: npt.NDArray[np.float64]
    """(T,) increasing."""
    change: FloatArray
    """(T,) root mean square difference from the frame before, in steps of 8-bit luma, over 8 px of a row each; the
    first is not a number."""
    same: npt.NDArray[np.bool_]
    """(T,) nothing differs from the frame before, where it was read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LookSeries:
    """One entry for each close look at the whole picture."""

    time_s: npt.NDArray[np.float64]
    """(L,) increasing."""
    level: FloatArray
    """(L,) mean."""
    crushed: FloatArray
    """(L,) share that is black."""
    blown: FloatArray
    """(L,) share that is white."""
    n_faces: IntArray
    """(L,)"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceSeries:
    """One entry for each face of each close look."""

    look: IntArray
    """(F,) which look."""
    track: IntArray
    """(F,) which face."""
    eye_px: FloatArray
    """(F,) between the middles of the eyes, px of the picture."""
    yaw_deg: FloatArray
    """(F,)"""
    pitch_deg: FloatArray
    """(F,)"""
    level: FloatArray
    """(F,) mean inside the face."""
    spread: FloatArray
    """(F,) from the 5th to the 95th percentile of levels inside the face."""
    crushed: FloatArray
    """(F,) share of the face that is black."""
    blown: FloatArray
    """(F,) share of the face that is white."""
    edge_px: FloatArray
    """(F,) blur of the sharpest edges round eyes and brows: standard deviation, px of the picture; across or down,
    whichever is worse."""
    texture: FloatArray
    """(F,) standard deviation of skin after what is wider than a pixel is taken away, in steps of 8-bit luma; a
    picture without any texture has 0.26, from rounding alone."""
    blocks: FloatArray
    """(F,) steps across the borders of 8-px blocks over steps inside them; 1: no blocks to be seen."""
    frozen: FloatArray
    """(F,) share of the face that is bit for bit that of the frame before."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PictureQuality:
    """What was measured of one recording's picture."""

    width: int
    """px as shown."""
    height: int
    """px as shown."""
    frames: FrameSeries
    looks: LookSeries
    faces: FaceSeries

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All of it as arrays by name, to be kept in a file."""
        found: dict[str, npt.NDArray[Any]] = {"size": np.array([self.width, self.height], dtype=np.int64)}
        for part in _PARTS:
            series = getattr(self, part)
            found |= {f"{part}.{field.name}": getattr(series, field.name) for field in fields(series)}
        return found

    @classmethod
    def of_arrays(cls, found: Mapping[str, npt.NDArray[Any]]) -> PictureQuality:
        """The same from what `arrays` gave.

        Raises:
            BadInput: an array is missing.
        """
        try:
            parts = {
                part: kind(**{field.name: found[f"{part}.{field.name}"] for field in fields(kind)})
                for part, kind in _PARTS.items()
            }
            width, height = (int(value) for value in found["size"])
        except KeyError as error:
            raise BadInput.of(
                "quality.arrays", f"the measured quality lacks {error.args[0]}", "measure the recording again"
            ) from error
        return cls(width=width, height=height, **cast("dict[str, Any]", parts))


_PARTS: Mapping[str, type[FrameSeries] | type[LookSeries] | type[FaceSeries]] = {
    "frames": FrameSeries,
    "looks": LookSeries,
    "faces": FaceSeries,
}


class PictureMeter:
    """Measures one recording's picture; give it every frame in order."""

    def __init__(self, *, look_every_s: float = LOOK_EVERY_S) -> None:
        """Begin with nothing seen.

        Args:
            look_every_s: between two close looks.
        """
        self._look_every_s = look_every_s
        self._last_slot = -math.inf
        self._size = (0, 0)
        self._rows: ByteArray | None = None
        self._means: FloatArray | None = None
        self._levels: FloatArray | None = None  # used again and again: fresh memory is slow
        shelf = Shelf()
        self._frames = _columns(FrameSeries, shelf)
        self._looks = _columns(LookSeries, shelf)
        self._faces = _columns(FaceSeries, shelf)

    def wants(self, time_s: float) -> bool:
        """Whether the next frame, at this time, is looked at closely: only then its faces matter."""
        return math.floor(time_s / self._look_every_s + 1e-6) > self._last_slot

    def add(self, time_s: float, luma: ByteArray, faces: Sequence[SeenFace] = (), *, full_range: bool = False) -> None:
        """Take the next frame.

        Args:
            time_s: its time, later than the last one's.
            luma: (H, W) brightness as coded.
            faces: its faces; used where `wants` said so.
            full_range: luma runs from 0 to 255 instead of 16 to 235.

        Raises:
            BadInput: the picture is no (H, W) of bytes, or changes its size.
        """
        if luma.ndim != 2 or luma.dtype != np.uint8 or min(luma.shape) < 2 * _BLOCK:
            raise BadInput.of(
                "quality.picture",
                f"need a picture (H, W) uint8 of at least {2 * _BLOCK} px a side, got {luma.shape} {luma.dtype}",
                "give the luma of a decoded frame",
            )
        height, width = luma.shape
        if self._rows is not None and self._size != (width, height):
            raise BadInput.of(
                "quality.size",
                f"the picture changes its size to {width} × {height} pixels",
                "split the recording there",
            )
        self._size = (width, height)
        apart = _BLOCK * max(1, round(height / _USUAL_HEIGHT))
        rows = np.ascontiguousarray(luma[_BLOCK // 2 :: apart, : width // _BLOCK * _BLOCK])  # (R, W8)
        if self._levels is None:
            self._levels = np.empty(rows.shape, dtype=np.float32)
        np.copyto(self._levels, rows)
        means = cast(
            FloatArray,
            cv2.resize(self._levels, (rows.shape[1] // _BLOCK, rows.shape[0]), interpolation=cv2.INTER_AREA),
        )
        change, equal = math.nan, None
        if self._rows is not None and self._means is not None:
            change = float(cv2.norm(means, self._means, cv2.NORM_L2)) / math.sqrt(means.size)
            equal = rows.view(np.uint64) == self._rows.view(np.uint64)  # (R, W8 / 8)
        self._frames.add(time_s=time_s, change=change, same=equal is not None and bool(equal.all()))
        if self.wants(time_s):
            self._last_slot = math.floor(time_s / self._look_every_s + 1e-6)
            black, white = _FULL if full_range else _LIMITED
            self._look(time_s, luma, rows, apart, equal, faces, black, white - black)
        self._rows, self._means = rows, means

    def quality(self) -> PictureQuality:
        """What was measured so far."""
        for rows in (self._frames, self._looks, self._faces):
            rows.finish()  # all before the first is read: one map of their file serves all
        return PictureQuality(
            width=self._size[0],
            height=self._size[1],
            frames=FrameSeries(**self._frames.table()),
            looks=LookSeries(**self._looks.table()),
            faces=FaceSeries(**self._faces.table()),
        )

    def _look(
        self,
        time_s: float,
        luma: ByteArray,
        rows: ByteArray,
        apart: int,
        equal: npt.NDArray[np.bool_] | None,
        faces: Sequence[SeenFace],
        black: float,
        reach: float,
    ) -> None:
        self._looks.add(time_s=time_s, n_faces=len(faces), **_light(rows, black, reach, spread=False))
        for face in faces:
            eye_px = float(np.linalg.norm(face.eyes[1] - face.eyes[0]))
            box = _clipped(face.box, luma.shape)
            across, up = slice(box[0] // _BLOCK, -(-box[2] // _BLOCK)), slice(box[1] // apart, -(-box[3] // apart))
            inside = rows[up, across.start * _BLOCK : across.stop * _BLOCK]
            inner = _clipped(_part(face.box, _INNER), luma.shape)
            lit = rows[inner[1] // apart : -(-inner[3] // apart), inner[0] : inner[2]]
            self._faces.add(
                look=len(self._looks) - 1,
                track=face.track,
                eye_px=eye_px,
                yaw_deg=face.yaw_deg,
                pitch_deg=face.pitch_deg,
                edge_px=_edge_px(luma, face.eyes.mean(axis=0), eye_px),
                texture=_texture(luma, face.skin, eye_px),
                blocks=_blocks(inside),
                frozen=float(equal[up, across].mean()) if equal is not None and equal[up, across].size else math.nan,
                **_light(lit, black, reach, spread=True),
            )


def _light(part: ByteArray, black: float, reach: float, *, spread: bool) -> dict[str, float]:
    """Levels of a part of the picture."""
    if not part.size:
        found = dict.fromkeys(("level", "crushed", "blown"), math.nan)
        return found | ({"spread": math.nan} if spread else {})
    counts = cv2.calcHist([np.ascontiguousarray(part)], [0], None, [256], [0, 256]).ravel()  # (256,)
    total = part.size
    levels = (np.arange(256) - black) / reach
    found = {
        "level": float((counts * levels).sum() / total),
        "crushed": float(counts[levels <= _CRUSHED].sum() / total),
        "blown": float(counts[levels >= _BLOWN].sum() / total),
    }
    if spread:
        low, high = np.searchsorted(np.cumsum(counts), (0.05 * total, 0.95 * total))
        found["spread"] = float(levels[high] - levels[low])
    return found


def _edge_px(luma: ByteArray, middle: FloatArray, eye_px: float) -> float:
    """Blur of the sharpest edges in the band of the eyes: the ratio of slopes before and after a second blur.

    Across and down apart, and the worse of the two counts: a face that moves is smeared one way. An edge blurred by s
    has a slope that a further blur by r divides by sqrt(1 + r² / s²) (Zhuo & Sim 2011).
    """
    left, top, right, bottom = _clipped(
        np.array(
            [
                middle[0] - _BAND_ASIDE * eye_px,
                middle[1] - _BAND_UP * eye_px,
                middle[0] + _BAND_ASIDE * eye_px,
                middle[1] + _BAND_DOWN * eye_px,
            ]
        ),
        luma.shape,
    )
    if right - left < _BLOCK or bottom - top < _BLOCK:
        return math.nan
    band = luma[top:bottom, left:right].astype(np.float32)
    finer = max(math.ceil(eye_px / _FINEST_EYES_PX), 1)
    if finer > 1:
        smaller = (band.shape[1] // finer, band.shape[0] // finer)
        band = cast(FloatArray, cv2.resize(band, smaller, interpolation=cv2.INTER_AREA))
    found = _worst_blur(band, _REBLUR_PX)
    if found > _COARSE_FROM_PX:
        # a weak second blur of a blurred edge is lost in noise: that goes first, and the second blur is strong
        calm = cast(FloatArray, cv2.GaussianBlur(band, (0, 0), _COARSE_FROM_PX))
        found = math.sqrt(max(_worst_blur(calm, _STRONG_REBLUR_PX) ** 2 - _COARSE_FROM_PX**2, _COARSE_FROM_PX**2))
    return finer * found


def _worst_blur(band: FloatArray, reblur_px: float) -> float:
    again = cast(FloatArray, cv2.GaussianBlur(band, (0, 0), reblur_px))
    found = [_blur_along(_slope(band, along), _slope(again, along), reblur_px) for along in (0, 1)]
    return max(filter(math.isfinite, found), default=math.nan)


def _slope(image: FloatArray, along: int) -> FloatArray:
    """(H, W) how steep, to the right (0) or down (1)."""
    return cast(FloatArray, np.abs(cv2.Sobel(image, cv2.CV_32F, 1 - along, along)))


def _blur_along(steep: FloatArray, after: FloatArray, reblur_px: float) -> float:
    n_edges = max(int(steep.size * _SHARPEST), _BLOCK)
    edges = steep >= max(float(np.partition(steep.ravel(), -n_edges)[-n_edges]), 1e-3)
    if not edges.any():
        return math.nan
    ratio = float(np.median(steep[edges] / np.maximum(after[edges], 1e-3)))
    return reblur_px / math.sqrt(max(ratio * ratio - 1, 1e-3))


def _texture(luma: ByteArray, skin: FloatArray, eye_px: float) -> float:
    """Median over patches of skin of what a blur by one pixel takes away; not a number where no patch is inside."""
    half = min(max(int(_PATCH * eye_px), _LEAST_PATCH_PX), _MOST_PATCH_PX)
    rim = 2
    found = []
    for x, y in skin.astype(int):
        left, top, right, bottom = x - half - rim, y - half - rim, x + half + 1 + rim, y + half + 1 + rim
        if left < 0 or top < 0 or right > luma.shape[1] or bottom > luma.shape[0]:
            continue
        patch = luma[top:bottom, left:right].astype(np.float32)
        fine = (patch - cv2.GaussianBlur(patch, (0, 0), 1.0))[rim:-rim, rim:-rim]
        found.append(float(cv2.meanStdDev(fine)[1].item()))
    return float(np.median(found)) if found else math.nan


def _blocks(rows: ByteArray) -> float:
    """Steps along rows across the borders of blocks over those inside (after Wang, Sheikh & Bovik 2002).

    Args:
        rows: (R, 8 k) that begin at a border.
    """
    if rows.shape[0] < 2 or rows.shape[1] < 3 * _BLOCK:
        return math.nan
    steps = cv2.reduce(
        cv2.absdiff(rows[:, 1:], rows[:, :-1]), 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F
    ).ravel()  # (8 k - 1,)
    at_border = np.arange(1, rows.shape[1]) % _BLOCK == 0
    within = float(steps[~at_border].mean())
    return float(steps[at_border].mean()) / within if within > 0 else math.nan


def _part(box: FloatArray, part: tuple[float, float, float, float]) -> FloatArray:
    width, height = box[2] - box[0], box[3] - box[1]
    return np.array(
        [
            box[0] + part[0] * width,
            box[1] + part[1] * height,
            box[0] + part[2] * width,
            box[1] + part[3] * height,
        ],
        dtype=np.float32,
    )


def _clipped(box: npt.NDArray[Any], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    left, top = max(int(box[0]), 0), max(int(box[1]), 0)
    return left, top, max(min(int(box[2]) + 1, shape[1]), left), max(min(int(box[3]) + 1, shape[0]), top)


_KINDS: Mapping[str, str] = {"time_s": "f8", "same": "?", "n_faces": "i8", "look": "i8", "track": "i8"}
"""Types of the columns that are no 32-bit floats."""


def _columns(kind: type[FrameSeries] | type[LookSeries] | type[FaceSeries], shelf: Shelf) -> Rows:
    """Rows of a series, laid aside as they grow."""
    return Rows({field.name: (_KINDS.get(field.name, "f4"), ()) for field in fields(kind)}, shelf=shelf)
