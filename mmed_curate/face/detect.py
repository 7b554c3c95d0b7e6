"""Where are the faces? BlazeFace, short range (Bazarevsky et al. 2019): faces from about an eighth of the picture up.

Smaller ones are found in tiles of half the picture. Measured on five people pasted into 1280 by 720 pixels: whole, all
were found with 60 px between the eyes and none with 40; in tiles all with 33, and 22 of 25 with 28 to 31.

Points are in pixels of the picture given, x to the right, y down. Left and right are the subject's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmed_curate.face.colour import Picture, Planes, shrunk
from mmed_curate.face.network import FloatArray, Network

_SIDE = 128
"""Side of the network's input, px."""
_GRIDS = ((16, 2), (8, 6))
"""Cells per side and anchors per cell (MediaPipe, face_detection_short_range.pbtxt: strides 8, 16, 16, 16)."""

_ROOM_ROUND_A_FACE = 4.0
"""A face is sought again in a square this many times its size (ours: a quarter is what the network sees best)."""
MIN_SCORE = 0.5
"""MediaPipe's own bound for this network."""
SAME_FACE_IOU = 0.3
"""Boxes that overlap more are one face (MediaPipe: min_suppression_threshold)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A rectangle of a picture in which to look, px; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def round_box(cls, box: FloatArray, width: int, height: int) -> Part:
        """A square round a face in which the detector sees it well, as much of it as lies in the picture.

        Args:
            box: (4,) left, top, right, bottom of the face, px.
            width, height: of the picture, px.
        """
        x, y = (float(box[0]) + float(box[2])) / 2, (float(box[1]) + float(box[3])) / 2
        half = _ROOM_ROUND_A_FACE / 2 * float(max(box[2] - box[0], box[3] - box[1]))
        left, top = min(max(round(x - half), 0), width - 1), min(max(round(y - half), 0), height - 1)
        right, bottom = max(min(round(x + half), width), left + 1), max(min(round(y + half), height), top + 1)
        return cls(left=left, top=top, right=right, bottom=bottom)


def tiles(width: int, height: int) -> tuple[Part, ...]:
    """Squares of half the longer side that cover a picture and overlap by half; none where it is small already.

    Args:
        width, height: of the picture, px.
    """
    side = max(width, height) // 2
    if side < _SIDE:
        return ()
    return tuple(
        Part(left=left, top=top, right=min(left + side, width), bottom=min(top + side, height))
        for top in _starts(height, side)
        for left in _starts(width, side)
    )


def _starts(length: int, side: int) -> tuple[int, ...]:
    if length <= side:
        return (0,)
    n = -(-2 * (length - side) // side) + 1
    return tuple(round(place * (length - side) / (n - 1)) for place in range(n))


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One face found in one picture."""

    box: FloatArray
    """(4,) left, top, right, bottom in px; may reach beyond the picture."""
    points: FloatArray
    """(6, 2) right eye, left eye, nose tip, mouth, right ear, left ear, in px."""
    score: float
    """In 0..1."""


class FaceDetector:
    """Finds faces in single pictures."""

    def __init__(self, *, min_score: float = MIN_SCORE) -> None:
        self._network = Network("face_detection_short_range.tflite")
        self._anchors = _anchors()
        self._min_score = min_score

    def detect(self, picture: Picture, part: Part | None = None) -> tuple[Detection, ...]:
        """Faces in a picture, best first.

        Args:
            picture: (H, W, 3) uint8, blue first, or planes.
            part: where to look; None: everywhere, for larger faces.
        """
        if part is not None:
            shift = np.array([part.left, part.top], dtype=np.float32)
            return tuple(
                Detection(box=one.box + np.tile(shift, 2), points=one.points + shift, score=one.score)
                for one in self.detect(
                    picture.part(part.left, part.top, part.right, part.bottom)
                    if isinstance(picture, Planes)
                    else picture[part.top : part.bottom, part.left : part.right]
                )
            )
        height, width = picture.shape[:2]
        scale = _SIDE / max(height, width)
        small = shrunk(picture, scale)[:_SIDE, :_SIDE]
        top, left = (_SIDE - small.shape[0]) // 2, (_SIDE - small.shape[1]) // 2
        rgb = np.full((_SIDE, _SIDE, 3), -1, dtype=np.float32)
        rgb[top : top + small.shape[0], left : left + small.shape[1]] = small[:, :, ::-1] / np.float32(127.5) - 1
        logits, raw = self._network.run(rgb)
        scores: FloatArray = (1 / (1 + np.exp(-np.clip(logits.ravel(), -80, 80)))).astype(np.float32)  # (896,)
        found = np.flatnonzero(scores >= self._min_score)
        if found.size == 0:
            return ()
        values = raw.reshape(-1, 16)[found]  # (n, 16)
        anchors = self._anchors[found]  # (n, 2)
        centre = values[:, :2] + anchors
        half = values[:, 2:4] / 2
        points = values[:, 4:].reshape(-1, 6, 2) + anchors[:, None]  # (n, 6, 2)
        corners = np.concatenate([centre - half, centre + half], axis=1).reshape(-1, 2, 2)
        margin = np.array([left, top], dtype=np.float32)
        return _merged((corners - margin) / np.float32(scale), (points - margin) / np.float32(scale), scores[found])


def iou(one: FloatArray, other: FloatArray) -> float:
    """Intersection over union of two boxes (left, top, right, bottom), in 0..1."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    common = float(np.prod(np.maximum(high - low, 0)))
    union = float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2])) - common
    return common / union if union > 0 else 0.0


def _anchors() -> FloatArray:
    rows: list[FloatArray] = []
    for cells, repeats in _GRIDS:
        middle = (np.arange(cells, dtype=np.float32) + 0.5) * (_SIDE / cells)
        grid = np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2)  # x runs fastest
        rows.append(np.repeat(grid, repeats, axis=0))
    return np.concatenate(rows).astype(np.float32)  # (896, 2)


def _merged(corners: FloatArray, points: FloatArray, scores: FloatArray) -> tuple[Detection, ...]:
    """One detection per face: the score-weighted mean of its overlapping boxes (BlazeFace's blending)."""
    boxes = corners.reshape(-1, 4)
    left = list(np.argsort(-scores, kind="stable"))
    faces: list[Detection] = []
    while left:
        best = left[0]
        same = [index for index in left if iou(boxes[best], boxes[index]) > SAME_FACE_IOU or index == best]
        weights = scores[same] / scores[same].sum()
        faces.append(
            Detection(
                box=(boxes[same] * weights[:, None]).sum(axis=0).astype(np.float32),
                points=(points[same] * weights[:, None, None]).sum(axis=0).astype(np.float32),
                score=float(scores[best]),
            )
        )
        left = [index for index in left if index not in same]
    return tuple(faces)
