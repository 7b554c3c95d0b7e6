"""How the skin moves: smooth bumps of displacement, zero outside their radius, and lids that close over the eye.

All fields are backward: they say from where in the portrait a pixel is fetched, relative to its own place.
A pixel at q shows the skin that rests at q - d(q).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmed_curate.face.mesh import eye_distance_px
from mmed_curate.simulation.portrait import Portrait
from mmed_curate.simulation.settings import Movement, Place, SessionSettings

FloatArray = npt.NDArray[np.float32]

_UPPER_LIDS = ((33, 246, 161, 160, 159, 158, 157, 173, 133), (362, 398, 384, 385, 386, 387, 388, 466, 263))
"""Edges of the upper lids, right and left eye, from the picture's left to its right (MediaPipe's contours)."""
_LOWER_LIDS = ((33, 7, 163, 144, 145, 153, 154, 155, 133), (362, 382, 381, 380, 374, 373, 390, 249, 263))
_FOLD = 0.3
"""How far above the upper lid's edge its skin still stretches when it closes, in eye distances: up to the brow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A rectangle of the portrait in whole pixels; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bump:
    """One place that moves."""

    x: float
    y: float
    """Middle, px in the portrait."""
    radius: float
    """px; outside nothing moves."""
    dx: float
    dy: float
    """Displacement in the middle, px."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkinField:
    """A movement of unit amplitude: its greatest displacement is 1 px."""

    bumps: tuple[Bump, ...]

    @property
    def window(self) -> Window:
        """The rectangle that holds all that moves."""
        return Window(
            left=min(int(np.floor(one.x - one.radius)) for one in self.bumps),
            top=min(int(np.floor(one.y - one.radius)) for one in self.bumps),
            right=max(int(np.ceil(one.x + one.radius)) + 1 for one in self.bumps),
            bottom=max(int(np.ceil(one.y + one.radius)) + 1 for one in self.bumps),
        )

    def at(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Displacement at places of the portrait, px, in the shape of `x`."""
        dx, dy = np.zeros_like(x), np.zeros_like(y)
        for one in self.bumps:
            square = ((x - np.float32(one.x)) ** 2 + (y - np.float32(one.y)) ** 2) / np.float32(one.radius**2)
            weight = np.maximum(1 - square, 0) ** 3  # twice differentiable at the rim
            dx += weight * np.float32(one.dx)
            dy += weight * np.float32(one.dy)
        return dx, dy


def skin_field(settings: SessionSettings, movement: Movement, face: Portrait) -> SkinField:
    """A named movement on one face, scaled so that its greatest displacement is 1 px."""
    return field_on(settings.places, movement, face.landmarks, turn=0.0)


def field_on(places: Mapping[str, Place], movement: Movement, landmarks: FloatArray, *, turn: float) -> SkinField:
    """A movement on a face as it lies in the picture, scaled so that its greatest displacement is 1 px.

    Args:
        places: the places that the movement's parts name.
        movement: what moves.
        landmarks: (468, 2) px.
        turn: of the head in the picture, radians clockwise as seen; up and out are the head's own.
    """
    unit = eye_distance_px(landmarks)
    cos, sin = np.cos(turn), np.sin(turn)
    bumps = []
    for part in movement.parts:
        place = places[part.place]
        for points, outward in ((place.left, 1.0), (place.right, -1.0)):  # the subject's left is the picture's right
            x, y = landmarks[list(points)].mean(axis=0)
            right, down = part.out * outward, -part.up
            bumps.append(
                Bump(
                    x=float(x),
                    y=float(y),
                    radius=part.radius * unit,
                    dx=float(cos * right - sin * down),
                    dy=float(sin * right + cos * down),
                )
            )
    raw = SkinField(bumps=tuple(bumps))
    peak = _peak(raw, raw.window)
    return SkinField(
        bumps=tuple(Bump(x=one.x, y=one.y, radius=one.radius, dx=one.dx / peak, dy=one.dy / peak) for one in raw.bumps)
    )


def _peak(field: SkinField, window: Window) -> float:
    y, x = np.mgrid[window.top : window.bottom, window.left : window.right].astype(np.float32)
    dx, dy = field.at(x, y)
    return float(np.hypot(dx, dy).max())


@dataclass(frozen=True, slots=True, kw_only=True)
class Eye:
    """One eye's opening."""

    x: FloatArray
    """(n,) px, ascending."""
    upper: FloatArray
    """(n,) height of the upper lid's edge, px."""
    lower: FloatArray
    """(n,) height of the lower lid's edge, px."""
    fold: float
    """Height of the stretching skin above the edge, px."""

    @property
    def opening_px(self) -> float:
        """Greatest distance between the lids, px."""
        return float((self.lower - self.upper).max())

    @property
    def window(self) -> Window:
        """The rectangle in which a blink changes the picture."""
        return Window(
            left=int(np.floor(self.x[0])),
            top=int(np.floor(self.upper.min() - self.fold)),
            right=int(np.ceil(self.x[-1])) + 1,
            bottom=int(np.ceil(self.lower.max())) + 1,
        )

    def source_y(self, x: FloatArray, y: FloatArray, closure: float) -> FloatArray:
        """From which height a pixel is fetched while the lid is `closure` of the way down.

        The upper lid's skin stretches from the fold to the lid's edge and covers the eye; what it does not cover
        stays where it is.
        """
        upper = np.interp(x, self.x, self.upper).astype(np.float32)
        lower = np.interp(x, self.x, self.lower).astype(np.float32)
        edge = upper + np.float32(closure) * np.maximum(lower - upper, 0)
        top = upper - np.float32(self.fold)
        stretched = top + (y - top) * (upper - top) / (edge - top)
        return np.where((y > top) & (y <= edge), stretched, y)


def eyes(face: Portrait) -> tuple[Eye, ...]:
    """Both eyes of a face at rest."""
    found = []
    for upper, lower in zip(_UPPER_LIDS, _LOWER_LIDS, strict=True):
        over, under = face.landmarks[list(upper)], face.landmarks[list(lower)]
        x = np.linspace(max(over[0, 0], under[0, 0]), min(over[-1, 0], under[-1, 0]), 64).astype(np.float32)
        above = np.interp(x, over[:, 0], over[:, 1]).astype(np.float32)
        below = np.interp(x, under[:, 0], under[:, 1]).astype(np.float32)
        found.append(Eye(x=x, upper=above, lower=np.maximum(above, below), fold=_FOLD * face.eye_distance_px))
    return tuple(found)
