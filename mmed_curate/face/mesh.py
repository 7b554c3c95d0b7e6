"""468 points of one face: MediaPipe's face mesh (Kartynnik et al. 2019), run on a rotated square round the face.

Points are in pixels of the picture given, x to the right, y down, sub-pixel. Left and right are the subject's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mmed_curate.face.colour import Picture, fetched
from mmed_curate.face.detect import Detection
from mmed_curate.face.network import FloatArray, Network

N_POINTS = 468
_SIDE = 192
"""Side of the network's input, px."""
_ROOM = 1.5
"""The square is this much larger than the face's box (MediaPipe, face_landmarks_from_roi)."""

MIN_PRESENCE = 0.5
"""MediaPipe's own bound for this network."""

RIGHT_EYE_OUTER, RIGHT_EYE_INNER = 33, 133
LEFT_EYE_INNER, LEFT_EYE_OUTER = 362, 263
_OUTER_CORNERS, _INNER_CORNERS = (
    np.array([RIGHT_EYE_OUTER, LEFT_EYE_OUTER]),
    np.array([RIGHT_EYE_INNER, LEFT_EYE_INNER]),
)
_UPPER_LIDS = np.array([[160, 159, 158], [387, 386, 385]])
_LOWER_LIDS = np.array([[144, 145, 153], [373, 374, 380]])
"""Corners of the right and the left eye; points on their upper lids, and below each the one on the lower lid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A square in the picture, turned with the head."""

    x: float
    """Centre, px."""
    y: float
    """Centre, px."""
    side: float
    """px."""
    angle: float
    """Radians by which the head's own horizontal is turned, clockwise as seen."""

    @classmethod
    def round_detection(cls, detection: Detection) -> Region:
        """The square in which to look for the mesh of a detected face."""
        left, top, right, bottom = (float(edge) for edge in detection.box)
        across = detection.points[1] - detection.points[0]
        return cls(
            x=(left + right) / 2,
            y=(top + bottom) / 2,
            side=max(right - left, bottom - top) * _ROOM,
            angle=math.atan2(float(across[1]), float(across[0])),
        )

    @classmethod
    def round_box(cls, box: FloatArray, angle: float = 0.0) -> Region:
        """The square in which to look for the mesh of a face whose points lay in a box.

        Args:
            box: (4,) left, top, right, bottom of its points, px.
            angle: by which the head is taken to be turned, radians.
        """
        left, top, right, bottom = (float(edge) for edge in box)
        side = max(right - left, bottom - top) * _ROOM
        return cls(x=(left + right) / 2, y=(top + bottom) / 2, side=side, angle=angle)

    @classmethod
    def round_points(cls, points: FloatArray) -> Region:
        """The square in which to look for the mesh in the next picture.

        Args:
            points: (468, 2) px.
        """
        across = points[LEFT_EYE_OUTER] - points[RIGHT_EYE_OUTER]
        angle = math.atan2(float(across[1]), float(across[0]))
        cos, sin = math.cos(angle), math.sin(angle)
        turned = points @ np.array([[cos, -sin], [sin, cos]], dtype=np.float32)
        low, high = turned.min(axis=0), turned.max(axis=0)
        middle = (low + high) / 2
        return cls(
            x=float(middle[0] * cos - middle[1] * sin),
            y=float(middle[0] * sin + middle[1] * cos),
            side=float((high - low).max()) * _ROOM,
            angle=angle,
        )

    def matrix(self) -> FloatArray:
        """(2, 3) from pixels of the network's input to pixels of the picture."""
        step = self.side / _SIDE
        cos, sin = math.cos(self.angle) * step, math.sin(self.angle) * step
        middle = (_SIDE - 1) / 2
        return np.array(
            [
                [cos, -sin, self.x - cos * middle + sin * middle],
                [sin, cos, self.y - sin * middle - cos * middle],
            ],
            dtype=np.float32,
        )


@dataclass(frozen=True, kw_only=True)
class Landmarks:
    """The mesh of one face in one picture."""

    points: FloatArray
    """(468, 2) px; MediaPipe's numbering."""
    presence: float
    """How sure the network is that this is a face, in 0..1."""

    @property
    def eye_distance_px(self) -> float:
        """Distance between the middles of the two eyes, px."""
        return eye_distance_px(self.points)

    @cached_property
    def box(self) -> FloatArray:
        """(4,) left, top, right, bottom of the points, px."""
        return np.concatenate([self.points.min(axis=0), self.points.max(axis=0)])


def eye_distance_px(points: FloatArray) -> float:
    """Distance between the middles of the two eyes, px.

    Args:
        points: (468, 2) px.
    """
    right = (points[RIGHT_EYE_OUTER] + points[RIGHT_EYE_INNER]) / 2
    left = (points[LEFT_EYE_OUTER] + points[LEFT_EYE_INNER]) / 2
    return float(np.linalg.norm(left - right))


def eye_openness(points: FloatArray) -> FloatArray:
    """Height of each eye over its width: the eye aspect ratio (Soukupová & Čech 2016), about 0.3 open, 0.1 shut.

    Args:
        points: (468, 2) px.

    Returns:
        (2,) right eye, left eye.
    """
    heights = points[_UPPER_LIDS] - points[_LOWER_LIDS]  # (2, 3, 2)
    widths = points[_OUTER_CORNERS] - points[_INNER_CORNERS]  # (2, 2)
    mean_height = np.sqrt((heights * heights).sum(axis=2)).sum(axis=1) / heights.shape[1]
    ratios: FloatArray = mean_height / np.maximum(np.sqrt((widths * widths).sum(axis=1)), np.float32(1e-6))
    return ratios


class FaceMesh:
    """Finds the mesh inside a region."""

    def __init__(self, *, min_presence: float = MIN_PRESENCE) -> None:
        self._network = Network("face_landmark.tflite")
        self._min_presence = min_presence

    def landmarks(self, picture: Picture, region: Region) -> Landmarks | None:
        """The mesh of the face in a region, or None where the network sees no face.

        Args:
            picture: (H, W, 3) uint8, blue first, or planes.
            region: where to look.
        """
        matrix = region.matrix()
        flag, raw = self._network.run_on(fetched(picture, matrix, _SIDE))
        presence = 1 / (1 + math.exp(-min(max(float(flag.ravel()[0]), -80.0), 80.0)))
        if not presence >= self._min_presence:
            return None
        inside = raw.reshape(N_POINTS, 3)[:, :2]
        points = inside @ matrix[:, :2].T + matrix[:, 2]
        return Landmarks(points=points.astype(np.float32), presence=presence)
