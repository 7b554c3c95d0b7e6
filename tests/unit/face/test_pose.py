"""Which way a head is turned: the canonical face turned by known angles, and a real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.domain.time import Frame
from mmed_curate.face.pose import _CANONICAL, head_pose
from mmed_curate.face.track import FaceTracker
from mmed_curate.media.pictures import pictures

ANGLES = st.floats(-40, 40)


def turned(yaw_deg: float, pitch_deg: float, roll_deg: float, scale: float = 6.0) -> np.ndarray:  # type: ignore[type-arg]
    """(468, 2) the canonical face seen from far away: first nodded, then turned, then tilted."""
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    nod = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    tilt = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    points = np.zeros((468, 3))
    points[list(_CANONICAL)] = np.array(list(_CANONICAL.values())) * (1, -1, -1)
    return np.asarray((points @ (tilt @ turn @ nod).T * scale)[:, :2] + (320, 180), dtype=np.float32)


@given(yaw=ANGLES, roll=ANGLES)
def test_the_canonical_face_is_read_back(yaw: float, roll: float) -> None:
    pose = head_pose(turned(yaw, 0, roll))
    assert pose.yaw_deg == pytest.approx(yaw, abs=0.1)
    assert pose.roll_deg == pytest.approx(roll, abs=0.1)
    assert pose.pitch_deg == pytest.approx(0, abs=0.1)


@given(pitch=ANGLES)
def test_a_nod_is_read_back(pitch: float) -> None:
    pose = head_pose(turned(0, pitch, 0))
    assert (pose.yaw_deg, pose.pitch_deg) == (pytest.approx(0, abs=0.1), pytest.approx(pitch, abs=0.1))


def test_signs_are_those_of_the_picture() -> None:
    # turned to the left of the picture: the nose comes to lie left of the middle of the temples
    points = turned(20, 0, 0)
    assert points[4, 0] < (points[127, 0] + points[356, 0]) / 2
    # looking down: the nose comes to lie lower than it does in a face that looks ahead
    assert turned(0, 15, 0)[4, 1] > turned(0, 0, 0)[4, 1]


def test_a_man_who_looks_aside_is_turned(material: Path) -> None:
    # watched: at 1089 he smiles at somebody to the right of the picture, at 258 he looks down at the table
    path = material / "trackingjs-franck" / "franck.mp4"
    yaw = {}
    for frame in (258, 1089):
        (picture,) = pictures(path, first=Frame(frame), last=Frame(frame))
        (face,) = FaceTracker().step(picture.bgr())
        yaw[frame] = head_pose(face.landmarks).yaw_deg
    assert yaw[1089] < -20 and abs(yaw[258]) < 12
