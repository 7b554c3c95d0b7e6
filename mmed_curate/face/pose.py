"""Which way a head is turned, from the places of points that no expression moves; coarse, and without a camera's data.

A picture from far away (scaled orthographic projection) of MediaPipe's canonical face is fitted to the points by least
squares: POS of DeMenthon & Davis 1995. People's faces differ from that face, so angles are good to about 5 degrees of
yaw and 10 of pitch; a change of one face's angle is better known than the angle.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mmed_curate.face.network import FloatArray

_CANONICAL: Mapping[int, tuple[float, float, float]] = MappingProxyType(
    {
        33: (-4.445859, 2.663991, 3.173422),  # corners of the eyes
        263: (4.445859, 2.663991, 3.173422),
        133: (-1.856432, 2.585245, 3.757904),
        362: (1.856432, 2.585245, 3.757904),
        168: (0.0, 3.271027, 5.236015),  # bridge of the nose, downward to its tip
        6: (0.0, 2.473255, 5.788627),
        197: (0.0, 1.728369, 6.316750),
        195: (0.0, 1.059413, 6.774605),
        4: (0.0, -0.463170, 7.586580),
        1: (0.0, -1.126865, 7.475604),
        127: (-7.743095, 2.364999, -2.005167),  # temples
        356: (7.743095, 2.364999, -2.005167),
        234: (-7.664182, 0.673132, -2.435867),
        454: (7.664182, 0.673132, -2.435867),
        10: (0.0, 8.261778, 4.481535),  # hairline
        109: (-1.891399, 8.236377, 4.274997),
        338: (1.891399, 8.236377, 4.274997),
    }
)
"""Points of MediaPipe's canonical face model in cm (canonical_face_model.obj, Apache-2.0): x to the right of the
picture, y up, z out of it."""
_POINTS = np.array(list(_CANONICAL), dtype=np.intp)
_FACE = np.array(list(_CANONICAL.values())) * (1.0, -1.0, -1.0)  # (n, 3) as pictures count: y down, z into it
_SPREAD = _FACE - _FACE.mean(axis=0)
_FIT = np.linalg.pinv(_SPREAD)  # (3, n)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadPose:
    """How a head is turned against the camera; all 0 where it looks into it."""

    yaw_deg: float
    """Positive: the face is turned to the left of the picture."""
    pitch_deg: float
    """Positive: the face looks down."""
    roll_deg: float
    """Positive: the head is tilted clockwise, as seen."""


def head_pose(landmarks: FloatArray) -> HeadPose:
    """The pose of a head.

    Args:
        landmarks: (468, 2) px.
    """
    points = landmarks[_POINTS].astype(np.float64)
    across, _, down = np.linalg.svd((_FIT @ (points - points.mean(axis=0))).T, full_matrices=False)
    first, second = across @ down  # the nearest two rows of a rotation
    third = np.cross(first, second)
    return HeadPose(
        yaw_deg=math.degrees(math.atan2(-third[0], third[2])),
        pitch_deg=math.degrees(math.asin(max(-1.0, min(1.0, third[1])))),
        roll_deg=math.degrees(math.atan2(second[0], first[0])),
    )
