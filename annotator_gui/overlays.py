"""Two ways to see small movements in a frame: motion magnified, and the difference to another frame. numpy only.

Both are aids: off by default, and recorded when used. What they show is brighter or darker skin, not a measurement.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from annotator_gui.film import Film, Rgb
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame

GAIN = 10.0
"""How much larger a change is drawn: what Wu et al. 2012 ("Eulerian video magnification", ACM TOG 31 (4), table 1) take
for the breath of a baby."""
WINDOW_S = Fraction(1, 2)
"""A frame is held against the mean over so long, half of it before (ours: a micro-expression lasts no longer)."""
_MOST_LOOKED_AT = 32
"""Frames of a window; a longer one is thinned evenly (ours)."""
_BLOCK_PX = 8
"""Pixels that are averaged each way before a change is magnified: noise is not motion (ours)."""
_STEP_PX = 2
"""Of the pixels of a block, every second one each way is looked at."""

REACH = 32
"""Levels of 255 by which a pixel differs where the colour is strongest (ours)."""
_PURPLE_TO_ORANGE = "542788 8073ac b2abd2 d8daeb f7f7f7 fee0b6 fdb863 e08214 b35806"
"""Darker to brighter. PuOr of ColorBrewer 2.0 (Harrower & Brewer 2003), which colour-blind eyes tell apart too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Pixels of a picture that an overlay is limited to; behind right and bottom it ends."""

    left: int
    top: int
    right: int
    bottom: int


class Magnifier:
    """A frame with its deviation from the mean of the frames around it drawn larger.

    A simple reading of ours of linear Eulerian magnification (Wu et al. 2012): green, averaged over blocks of 8 × 8
    pixels, less its mean over half a second, smoothed, times a gain, added to all colours.
    """

    def __init__(
        self, film: Film, *, part: Part | None = None, gain: float = GAIN, window_s: Fraction = WINDOW_S
    ) -> None:
        """Look at nothing yet.

        Args:
            film: may still grow; frames that are not there yet are left out of the mean.
            part: what of the picture is magnified, in whole blocks; None: all.
            gain: how much larger a deviation is drawn; 0: not at all.
            window_s: over how long the mean is taken, in seconds of the clip.
        """
        self._film, self._part, self._gain, self._half_s = film, part, gain, window_s / 2
        self._blocks: dict[int, NDArray[np.float32]] = {}

    def at(self, frame: Frame) -> Rgb:
        """The frame, magnified.

        Raises:
            BadInput: it is not decoded yet.
        """
        rgb = _ready(self._film, frame)
        rows, columns = _whole_blocks(rgb, self._part)
        if rows.stop <= rows.start or columns.stop <= columns.start:
            return rgb
        around = [blocks for near in self._window(frame) if (blocks := self._seen(near, rows, columns)) is not None]
        deviation = self._seen(frame, rows, columns) - np.mean(around, axis=0, dtype=np.float32)  # (h, w)
        change = _enlarged(_smoothed(deviation) * np.float32(self._gain))  # (H, W)
        part = rgb[rows, columns].astype(np.int16)
        part += np.rint(change).astype(np.int16)[:, :, None]
        return _with_part(rgb, rows, columns, np.clip(part, 0, 255, out=part))

    def _window(self, frame: Frame) -> list[Frame]:
        clock = self._film.clock
        now = clock.start_of(frame)
        first = clock.frame_at(now - self._half_s)
        last = min(clock.frame_at(now + self._half_s), self._film.n_ready - 1)
        n_frames = last - first + 1
        if n_frames <= _MOST_LOOKED_AT:
            return [Frame(number) for number in range(first, last + 1)]
        places = np.linspace(first, last, _MOST_LOOKED_AT).round().astype(int)
        return [Frame(int(number)) for number in places]

    def _seen(self, frame: Frame, rows: slice, columns: slice) -> NDArray[np.float32]:
        if frame not in self._blocks:
            self._blocks[frame] = _averaged(_ready(self._film, frame)[rows, columns, 1])
        return self._blocks[frame]


class Difference:
    """How much brighter (orange) or darker (purple) each pixel is than in another frame, such as the onset."""

    def __init__(self, film: Film, onset: Frame, *, part: Part | None = None, reach: int = REACH) -> None:
        """Look at nothing yet.

        Args:
            film: may still grow.
            onset: the frame that others are held against.
            part: what of the picture is coloured; the rest stays as it is; None: all.
            reach: levels of 255 from which on a colour gets no stronger.
        """
        self._film, self._onset, self._part = film, onset, part
        self._colours = _colours(reach)
        self._rest: NDArray[np.int16] | None = None

    def at(self, frame: Frame) -> Rgb:
        """The frame's difference.

        Raises:
            BadInput: it, or the onset, is not decoded yet.
        """
        rgb = _ready(self._film, frame)
        rows, columns = _pixels(rgb, self._part)
        if self._rest is None:
            self._rest = _luma(_ready(self._film, self._onset)[rows, columns])
        apart = _luma(rgb[rows, columns]) - self._rest + 255
        return _with_part(rgb, rows, columns, np.take(self._colours, apart, axis=0))


def _ready(film: Film, frame: Frame) -> Rgb:
    rgb = film.at(frame)
    if rgb is None:
        raise BadInput.of("gui.not_decoded", f"frame {frame} is not decoded yet", "wait a moment", frame=frame)
    return rgb


def _pixels(rgb: Rgb, part: Part | None) -> tuple[slice, slice]:
    height, width, _ = rgb.shape
    if part is None:
        return slice(0, height), slice(0, width)
    return slice(max(0, part.top), min(height, part.bottom)), slice(max(0, part.left), min(width, part.right))


def _whole_blocks(rgb: Rgb, part: Part | None) -> tuple[slice, slice]:
    """The blocks that lie inside."""
    rows, columns = _pixels(rgb, part)
    return (
        slice(rows.start, rows.start + (rows.stop - rows.start) // _BLOCK_PX * _BLOCK_PX),
        slice(columns.start, columns.start + (columns.stop - columns.start) // _BLOCK_PX * _BLOCK_PX),
    )


def _averaged(plane: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W) to its means over blocks (H / 8, W / 8)."""
    places = [(down, right) for down in range(0, _BLOCK_PX, _STEP_PX) for right in range(0, _BLOCK_PX, _STEP_PX)]
    total = np.zeros((plane.shape[0] // _BLOCK_PX, plane.shape[1] // _BLOCK_PX), dtype=np.uint16)
    for down, right in places:
        total += plane[down::_BLOCK_PX, right::_BLOCK_PX]
    return total.astype(np.float32) / np.float32(len(places))


def _smoothed(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each block with half of its neighbours each way: 1 2 1, down and across."""
    for _ in range(2):
        held = np.pad(blocks, ((1, 1), (0, 0)), mode="edge")
        blocks = ((held[:-2] + np.float32(2) * held[1:-1] + held[2:]) / np.float32(4)).T
    return blocks


def _enlarged(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w) to (8 h, 8 w), straight lines between the middles of blocks."""
    for _ in range(2):
        held = np.pad(blocks, ((1, 1), (0, 0)), mode="edge")
        rows = np.empty((len(blocks) * _BLOCK_PX, blocks.shape[1]), dtype=np.float32)
        for phase in range(_BLOCK_PX):
            place = (phase + 0.5) / _BLOCK_PX - 0.5
            before, after = (held[:-2], held[1:-1]) if place < 0 else (held[1:-1], held[2:])
            share = np.float32(place % 1)
            rows[phase::_BLOCK_PX] = before + share * (after - before)
        blocks = rows.T
    return blocks


def _luma(rgb: Rgb) -> NDArray[np.int16]:
    """(H, W) 0 … 255: red, green and blue as 5 : 9 : 2, next to ITU-R BT.601."""
    red, green, blue = (rgb[:, :, channel].astype(np.uint16) for channel in range(3))
    return ((5 * red + 9 * green + 2 * blue) >> 4).astype(np.int16)


def _colours(reach: int) -> NDArray[np.uint8]:
    """(511, 3) by difference + 255."""
    anchors = np.array([[int(one[at : at + 2], 16) for at in (0, 2, 4)] for one in _PURPLE_TO_ORANGE.split()])  # (9, 3)
    share = np.clip(np.arange(-255, 256) / reach, -1, 1)
    places = np.linspace(-1, 1, len(anchors))
    return np.stack([np.interp(share, places, channel) for channel in anchors.T], axis=1).round().astype(np.uint8)


def _with_part(rgb: Rgb, rows: slice, columns: slice, part: NDArray[np.generic]) -> Rgb:
    shown = rgb.copy()
    shown[rows, columns] = part
    shown.setflags(write=False)
    return shown
