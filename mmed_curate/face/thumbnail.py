"""A few small pictures of each face, the best of every part of its time, so that a person can say who it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from mmed_curate.face.align import EYE_DISTANCE, SIZE, alignment, warped
from mmed_curate.face.colour import Picture, fetched
from mmed_curate.face.looks import SIDE, look_of_aligned
from mmed_curate.face.network import ByteArray, FloatArray

THUMBNAIL_PX = 96
"""Side of a thumbnail, px."""
MOST = 4
"""Thumbnails of one face."""
_EYES = 0.3
"""Eye distance as a part of a thumbnail's side: head and hair are in it, so that people are told apart."""
_EYES_DOWN = 0.42
"""How far down the eyes are, as a part of its side."""
_MOST_FINER = 3
"""So many times finer at most a face is fetched before it is averaged."""
_EVERY_S = 0.2
"""So often a picture is considered (ours)."""
_FIRST_PARTS_S = 0.5
"""Length of the parts of which each keeps its best, at first (ours)."""

_SCALE = _EYES * THUMBNAIL_PX / EYE_DISTANCE
_ORIGIN = (THUMBNAIL_PX / 2 - _SCALE * SIZE / 2, THUMBNAIL_PX * _EYES_DOWN - _SCALE * 40.0)
"""Where the corner of the aligned face (of 128 px) lies in a thumbnail, px."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thumbnail:
    """One face in one frame, its eyes level."""

    frame: int
    picture: ByteArray
    """(96, 96, 3), blue first."""
    score: float
    """Larger is better: sharp, near and from the front."""


class Thumbnails:
    """Gathers thumbnails of one face over a recording of any length; holds eight at most."""

    def __init__(self) -> None:
        self._best: dict[int, Thumbnail] = {}
        self._part_s = _FIRST_PARTS_S
        self._begin_s: float | None = None
        self._next_s = -np.inf

    def consider(self, frame: int, time_s: float, picture: Picture, landmarks: FloatArray) -> None:
        """Look at the face in the next frame that shows it.

        Args:
            frame: its number.
            time_s: when it appears.
            picture: (H, W, 3) uint8, blue first, or planes.
            landmarks: (468, 2) px.
        """
        if time_s < self._next_s:
            return
        self._next_s = time_s + _EVERY_S
        self._begin_s = time_s if self._begin_s is None else self._begin_s
        thumbnail = _thumbnail(frame, picture, landmarks)
        part = int((time_s - self._begin_s) / self._part_s)
        while part >= 2 * MOST:
            self._best = _joined(self._best)
            self._part_s *= 2
            part = int((time_s - self._begin_s) / self._part_s)
        held = self._best.get(part)
        if held is None or thumbnail.score > held.score:
            self._best[part] = thumbnail

    def best(self) -> tuple[Thumbnail, ...]:
        """At most four, spread over the face's time, in its order."""
        best = self._best
        while len(best) > MOST:
            best = _joined(best)
        return tuple(best[part] for part in sorted(best))


def thumbnail_look(picture: ByteArray) -> FloatArray:
    """The look of the face in a thumbnail, comparable with others by `looks.likeness`.

    Args:
        picture: (96, 96, 3) uint8.
    """
    step = SIDE / (_SCALE * SIZE)
    matrix = np.array([[step, 0, -_ORIGIN[0] * step], [0, step, -_ORIGIN[1] * step]], dtype=np.float32)
    return look_of_aligned(warped(picture, matrix, SIDE))


def as_jpeg(picture: ByteArray, quality: int = 88) -> bytes:
    """A JPEG file of a picture.

    Args:
        picture: (H, W, 3) uint8, blue first.
        quality: 0..100.
    """
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)


def _thumbnail(frame: int, picture: Picture, landmarks: FloatArray) -> Thumbnail:
    matrix = alignment(landmarks)
    small = (matrix * np.float32(_SCALE)).astype(np.float32)
    small[:, 2] += np.array(_ORIGIN, dtype=np.float32)
    finer = min(max(round(1 / max(float(np.hypot(small[0, 0], small[1, 0])), 1e-6)), 1), _MOST_FINER)
    fine = small * np.float32(finer)
    fine[:, 2] += (finer - 1) / 2  # the middle of a pixel stays the middle of its finer pixels
    back = np.asarray(cv2.invertAffineTransform(fine), dtype=np.float32)
    large = fetched(picture, back, THUMBNAIL_PX * finer)
    face = cast(ByteArray, cv2.resize(large, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA))
    return Thumbnail(frame=frame, picture=face, score=_score(face, matrix, landmarks))


def _score(picture: ByteArray, matrix: FloatArray, landmarks: FloatArray) -> float:
    """Sharpness (variance of the Laplacian) times nearness times frontality, each between 0 and 1."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    edges = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    sharp = edges / (edges + 200.0)
    eyes_px = EYE_DISTANCE / max(float(np.hypot(matrix[0, 0], matrix[1, 0])), 1e-6)
    near = eyes_px / (eyes_px + 40.0)
    left, right = (float(np.linalg.norm(landmarks[1] - landmarks[temple])) for temple in (234, 454))
    frontal = min(left, right) / max(left, right, 1e-6)
    return sharp * near * frontal


def _joined(best: dict[int, Thumbnail]) -> dict[int, Thumbnail]:
    """Neighbouring parts made one, each with the better thumbnail of the two."""
    joined: dict[int, Thumbnail] = {}
    for part, thumbnail in sorted(best.items()):
        held = joined.get(part // 2)
        if held is None or thumbnail.score > held.score:
            joined[part // 2] = thumbnail
    return joined
