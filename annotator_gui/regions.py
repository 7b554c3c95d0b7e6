"""Parts of the picture that one key brings close: the face, its brows, its mouth. Knows no Qt.

Landmarks are those of MediaPipe's face mesh, in its numbering, in pixels of the clip's picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

_BROWS = (46, 52, 53, 55, 63, 65, 66, 70, 105, 107, 276, 282, 283, 285, 293, 295, 296, 300, 334, 336)
_LIDS = (33, 133, 145, 159, 263, 362, 374, 386)
_MOUTH = (0, 13, 14, 17, 37, 39, 61, 84, 91, 146, 181, 185, 267, 269, 270, 291, 314, 321, 375, 405, 409)
_ROOM = {"face": 0.15, "brows": 0.25, "mouth": 0.5}
"""Around each part, as a share of its larger side (ours): what moves pulls on what lies beside it."""


class Region(Enum):
    """A part of the picture."""

    WHOLE = "whole"
    FACE = "face"
    BROWS = "brows"
    MOUTH = "mouth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of a picture, in its pixels; x to the right, y down."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The first column behind it."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The first row below it."""
        return self.top + self.height


def box_of(region: Region, landmarks: NDArray[np.float32] | None, *, width: int, height: int) -> Box | None:
    """Where a region lies, the same for the whole clip, so that nothing jumps while it plays.

    Args:
        region: which.
        landmarks: (T, 468, 2) px, NaN where the face was not seen; None: the clip has none.
        width: of the picture, in pixels.
        height: of the picture, in pixels.

    Returns:
        None: the face was never seen.
    """
    whole = Box(left=0, top=0, width=width, height=height)
    if region is Region.WHOLE:
        return whole
    if landmarks is None or not np.isfinite(landmarks).any():
        return None
    seen = landmarks[np.isfinite(landmarks).all(axis=(1, 2))]
    if not len(seen):
        return None
    points = seen if region is Region.FACE else seen[:, list(_BROWS + _LIDS if region is Region.BROWS else _MOUTH)]
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    room = _ROOM[region.value] * float((high - low).max())
    left, top = max(0.0, float(low[0]) - room), max(0.0, float(low[1]) - room)
    right, bottom = min(float(width), float(high[0]) + room), min(float(height), float(high[1]) + room)
    if right - left < 1 or bottom - top < 1:
        return None
    return Box(left=left, top=top, width=right - left, height=bottom - top)


def fitted(box: Box, *, width: float, height: float) -> Box:
    """A box widened or heightened about its middle to the proportions of a window, so that it fills it."""
    scale = max(box.width / width, box.height / height)
    wide, high = width * scale, height * scale
    return Box(left=box.left + (box.width - wide) / 2, top=box.top + (box.height - high) / 2, width=wide, height=high)


def zoomed(box: Box, by: float, *, at_x: float, at_y: float) -> Box:
    """A box made smaller (by > 1) or larger, with one point of it where it is.

    Args:
        box: what is shown.
        by: how much closer.
        at_x: column of the point that stays, in picture pixels.
        at_y: its row.
    """
    return Box(
        left=at_x - (at_x - box.left) / by,
        top=at_y - (at_y - box.top) / by,
        width=box.width / by,
        height=box.height / by,
    )
