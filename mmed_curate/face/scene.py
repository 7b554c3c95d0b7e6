"""Is this still the same shot? Compares each picture, 32 by 18 points small, with the one before it and an older one.

A flash is no cut: when the picture is soon again what it was, the scene before goes on.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np

from mmed_curate.face.colour import Picture, levels
from mmed_curate.face.network import FloatArray

_WIDE, _HIGH = 32, 18
_COARSE = 160
"""Pixels across that are looked at; the rest is passed over, so that large pictures cost no more."""
_STEADY = 1.0
"""Levels (of 255) by which a picture's points vary at least for a correlation to mean something (ours)."""


class Scene(Enum):
    """How a picture follows the one before."""

    SAME = "same"
    CHANGING = "changing"
    """No cut, and yet little is left of what was seen a while ago: a camera that moves, a fade."""
    CUT = "cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneBounds:
    """When it is a cut."""

    cut_below: float
    """Two neighbouring pictures correlating less than this are a cut ..."""
    same_above: float
    """... and a scene goes on when a picture correlates more than this with its last one ..."""
    return_s: float
    """... no longer than this after the cut: a flash."""
    changing_below: float
    """A picture correlating less than this with the one `changing_s` ago is in another scene that came slowly."""
    changing_s: float


class SceneWatch:
    """Numbers the scenes of one recording; give it every picture in order. Memory is a second of small pictures."""

    def __init__(self, bounds: SceneBounds) -> None:
        self._bounds = bounds
        self._seen: deque[tuple[float, FloatArray]] = deque()
        self._left: tuple[float, int, FloatArray] | None = None
        self._next = 1
        self.scene = 0
        """Number of the scene of the last picture; a scene that a flash broke has its number again after it."""

    def step(self, picture: Picture, time_s: float) -> Scene:
        """How the next picture follows.

        Args:
            picture: (H, W, 3) uint8, blue first, or planes.
            time_s: when it appears.
        """
        small = _small(picture)
        before = self._seen[-1][1] if self._seen else None
        if before is None:
            self._seen.append((time_s, small))
            return Scene.SAME
        if _correlation(small, before) < self._bounds.cut_below:
            self._cut(small, before, time_s)
            self._seen.clear()
            self._seen.append((time_s, small))
            return Scene.CUT
        self._seen.append((time_s, small))
        while len(self._seen) > 2 and self._seen[1][0] <= time_s - self._bounds.changing_s:
            self._seen.popleft()
        oldest = self._seen[0][1]
        return Scene.CHANGING if _correlation(small, oldest) < self._bounds.changing_below else Scene.SAME

    def _cut(self, small: FloatArray, before: FloatArray, time_s: float) -> None:
        if self._left is not None:
            when, scene, last = self._left
            if time_s - when <= self._bounds.return_s and _correlation(small, last) > self._bounds.same_above:
                self.scene, self._left = scene, None
                return
        self._left = (time_s, self.scene, before)
        self.scene = self._next
        self._next += 1


def _small(picture: Picture) -> FloatArray:
    """(18, 32) levels, averaged from about 160 by 90 points."""
    step = max(picture.shape[1] // _COARSE, 1)
    points = np.ascontiguousarray(levels(picture)[::step, ::step])
    small: FloatArray = cv2.resize(points, (_WIDE, _HIGH), interpolation=cv2.INTER_AREA).astype(np.float32)
    return small


def _correlation(one: FloatArray, other: FloatArray) -> float:
    """In -1..1; 1 for two plain pictures, 0 for a plain and a patterned one."""
    here, there = (one - one.mean()).ravel(), (other - other.mean()).ravel()
    spread_here, spread_there = (math.sqrt(float(one @ one) / one.size) for one in (here, there))
    if spread_here < _STEADY and spread_there < _STEADY:
        return 1.0
    return float(here @ there / here.size) / max(spread_here * spread_there, _STEADY**2)
