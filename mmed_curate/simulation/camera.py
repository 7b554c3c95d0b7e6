"""The camera's pictures of one subject: the portrait, moved as planned, on a slowly swaying head, with sensor noise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmed_curate.face.warp import warp
from mmed_curate.simulation.movement import Eye, SkinField, Window, eyes, skin_field
from mmed_curate.simulation.portrait import FINE, MARGIN, Portrait
from mmed_curate.simulation.seeds import generator
from mmed_curate.simulation.settings import PictureSettings, SessionSettings
from mmed_curate.simulation.truth import Kind, Planted

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]

_WAVES = 5
"""Sinusoids in each of the sway's four courses."""
_NOISE_SHEETS = 8
"""Sheets of noise, drawn once and laid at drawn offsets: fresh noise per picture would cost most of the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where the head is: turned and grown about its middle, then shifted."""

    shift_x: float
    shift_y: float
    """px."""
    turn: float
    """Radians, clockwise as seen."""
    grow: float
    """1: its own size."""


def poses(settings: PictureSettings, n_frames: int, planted: Sequence[Planted], rng: np.random.Generator) -> list[Pose]:
    """The head's place in each picture: slow sway, and the planned head motions on top."""
    time_s = np.arange(n_frames) / settings.rate_hz
    spread = (settings.sway_px, settings.sway_px, math.radians(settings.sway_deg), settings.sway_grow)
    course = np.stack([_sway(time_s, settings, rng) * one for one in spread])  # (4, T)
    for one in planted:
        if one.kind is not Kind.HEAD_MOTION:
            continue
        for frame in range(one.span.onset, min(one.span.offset + 1, n_frames)):
            share = one.envelope(frame)
            heading = math.radians(one.heading_deg)
            course[0, frame] += share * one.amplitude_px * math.cos(heading)
            course[1, frame] += share * one.amplitude_px * math.sin(heading)
            course[2, frame] += share * math.radians(one.turn_deg)
    return [
        Pose(shift_x=float(x), shift_y=float(y), turn=float(turn), grow=1 + float(grow))
        for x, y, turn, grow in course.T
    ]


def _sway(time_s: npt.NDArray[np.float64], settings: PictureSettings, rng: np.random.Generator) -> FloatArray:
    """(T,) smooth course with standard deviation 1."""
    rates = rng.uniform(settings.sway_hz.least, settings.sway_hz.most, size=_WAVES)
    phases = rng.uniform(0, 2 * np.pi, size=_WAVES)
    waves = np.sin(2 * np.pi * rates[:, None] * time_s[None, :] + phases[:, None])
    course: FloatArray = (waves.sum(axis=0) / math.sqrt(_WAVES / 2)).astype(np.float32)
    return course


class Camera:
    """Draws the pictures of one recording."""

    def __init__(self, settings: SessionSettings, face: Portrait, planted: Sequence[Planted], subject: int) -> None:
        """Prepare one recording.

        Args:
            settings: the world.
            face: the subject at rest.
            planted: what happens, in frames of the recording.
            subject: its number, from 0; seeds sway and noise.
        """
        self._settings = settings.picture
        self._face = face
        self._planted = tuple(planted)
        self._eyes: tuple[Eye, ...] = eyes(face)
        self._fields: dict[str, SkinField] = {
            name: skin_field(settings, movement, face) for name, movement in settings.movements.items()
        }
        self._poses = poses(settings.picture, settings.n_frames, planted, generator(settings.seed, "sway", subject))
        self._noise = generator(settings.seed, "noise", subject)
        height, width = settings.picture.height, settings.picture.width
        sheets = self._noise.normal(0, settings.picture.noise, size=(_NOISE_SHEETS, height + 64, width + 64))
        self._sheets = np.rint(sheets).astype(np.int16)
        self._rows, self._columns = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
        self._map_x, self._map_y = np.empty((2, height, width), dtype=np.float32)
        self._middle = (face.landmarks.min(axis=0) + face.landmarks.max(axis=0)) / np.float32(2)

    @property
    def lid_travel_px(self) -> float:
        """How far an upper lid goes when the eye closes, px."""
        return max(eye.opening_px for eye in self._eyes)

    def pictures(self) -> Iterator[ByteArray]:
        """(H, W, 3) BGR, one after the other."""
        for frame in range(len(self._poses)):
            yield self._noisy(self.still(frame))

    def still(self, frame: int) -> ByteArray:
        """(H, W, 3) BGR: one picture without noise."""
        pose = self._poses[frame]
        map_x, map_y = self._fetched_from(pose)
        for one in self._planted:
            share = one.envelope(frame)
            if share == 0:
                continue
            if one.kind is Kind.BLINK:
                for eye in self._eyes:
                    self._close(eye, share * one.closure, pose, map_x, map_y)
            elif one.movement:
                self._move(self._fields[one.movement], share * one.amplitude_px, pose, map_x, map_y)
        for one_map in (map_x, map_y):
            one_map *= FINE
            one_map += (FINE - 1) / 2
        return warp(self._face.image, map_x, map_y)

    def _fetched_from(self, pose: Pose) -> tuple[FloatArray, FloatArray]:
        """(H, W) places in the portrait: the pose undone."""
        cos, sin = np.float32(math.cos(pose.turn) / pose.grow), np.float32(math.sin(pose.turn) / pose.grow)
        middle_x, middle_y = self._middle
        x = self._columns - (middle_x - MARGIN + np.float32(pose.shift_x))
        y = self._rows - (middle_y - MARGIN + np.float32(pose.shift_y))
        np.add((sin * y)[:, None], (cos * x + middle_x)[None, :], out=self._map_x)
        np.add((cos * y)[:, None], (middle_y - sin * x)[None, :], out=self._map_y)
        return self._map_x, self._map_y

    def _move(self, field: SkinField, amplitude_px: float, pose: Pose, map_x: FloatArray, map_y: FloatArray) -> None:
        rows, columns = self._rows_and_columns(field.window, pose)
        x, y = map_x[rows, columns], map_y[rows, columns]
        dx, dy = field.at(x, y)
        x -= np.float32(amplitude_px) * dx
        y -= np.float32(amplitude_px) * dy

    def _close(self, eye: Eye, closure: float, pose: Pose, map_x: FloatArray, map_y: FloatArray) -> None:
        rows, columns = self._rows_and_columns(eye.window, pose)
        x, y = map_x[rows, columns], map_y[rows, columns]
        y[:] = eye.source_y(x, y, closure)

    def _rows_and_columns(self, window: Window, pose: Pose) -> tuple[slice, slice]:
        """The part of the picture that shows a window of the portrait, with a rim for turn and growth."""
        height, width = self._map_x.shape
        far = max(height, width) + 2 * MARGIN
        rim = 2 + math.ceil(far * (abs(pose.turn) + abs(pose.grow - 1)))
        left, right = window.left - MARGIN + pose.shift_x, window.right - MARGIN + pose.shift_x
        top, bottom = window.top - MARGIN + pose.shift_y, window.bottom - MARGIN + pose.shift_y
        return (
            slice(max(0, math.floor(top) - rim), min(height, math.ceil(bottom) + rim)),
            slice(max(0, math.floor(left) - rim), min(width, math.ceil(right) + rim)),
        )

    def _noisy(self, picture: ByteArray) -> ByteArray:
        if self._settings.noise == 0:
            return picture
        height, width = picture.shape[:2]
        sheet, down, right = (int(self._noise.integers(bound)) for bound in (_NOISE_SHEETS, 64, 64))
        noise = self._sheets[sheet, down : down + height, right : right + width]
        noisy = picture.astype(np.int16)
        noisy += noise[:, :, None]
        return np.clip(noisy, 0, 255, out=noisy).astype(np.uint8)
