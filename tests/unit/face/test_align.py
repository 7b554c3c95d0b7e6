"""Wherever the face lies, however large and turned, the aligned face looks the same."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.face.align import EYE_DISTANCE, REGIONS, SIZE, align, alignment, moved, similarity, warped
from mmed_curate.face.mesh import LEFT_EYE_INNER, LEFT_EYE_OUTER, RIGHT_EYE_INNER, RIGHT_EYE_OUTER
from mmed_curate.face.track import FaceTracker

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def landmarks(man_at_the_door: ByteArray) -> FloatArray:
    """(468, 2) of the bundled face."""
    return FaceTracker().step(man_at_the_door)[0].landmarks


def test_the_eyes_lie_where_they_always_lie(man_at_the_door: ByteArray, landmarks: FloatArray) -> None:
    points = moved(landmarks, alignment(landmarks))
    right = (points[RIGHT_EYE_OUTER] + points[RIGHT_EYE_INNER]) / 2
    left = (points[LEFT_EYE_OUTER] + points[LEFT_EYE_INNER]) / 2
    np.testing.assert_allclose(right, (64 - EYE_DISTANCE / 2, 40), atol=2)
    np.testing.assert_allclose(left, (64 + EYE_DISTANCE / 2, 40), atol=2)
    assert align(man_at_the_door, landmarks).shape == (SIZE, SIZE, 3)
    assert align(man_at_the_door[:, :, 0], landmarks, 64).shape == (64, 64)


def test_all_regions_lie_inside_and_on_their_side(landmarks: FloatArray) -> None:
    points = moved(landmarks, alignment(landmarks))
    for region, places in REGIONS.items():
        for members in places:
            x, y = points[list(members)].mean(axis=0)
            assert 0 < x < SIZE and 0 < y < SIZE
            # left is the subject's own: on the right of the picture
            assert not region.endswith("-left") or x > 64
            assert not region.endswith("-right") or x < 64


def test_a_turned_and_larger_picture_gives_the_same_face(man_at_the_door: ByteArray, landmarks: FloatArray) -> None:
    turn = cv2.getRotationMatrix2D((290.0, 250.0), 12, 1.3).astype(np.float32)
    turned = cv2.warpAffine(man_at_the_door, turn, (640, 360), borderMode=cv2.BORDER_REPLICATE)
    expected = align(man_at_the_door, landmarks).astype(float)
    found = align(turned, moved(landmarks, turn)).astype(float)
    assert np.abs(expected - found)[20:110, 20:108].mean() < 3  # grey levels: twice interpolated


def test_a_face_four_times_too_large_is_averaged_not_picked() -> None:
    stripes = np.zeros((512, 512), dtype=np.uint8)
    stripes[:, ::2] = 200  # a mean of 100; picking every fourth column would give 200 or 0
    smaller = warped(stripes, np.array([[0.25, 0, 0], [0, 0.25, 0]], dtype=np.float32))
    np.testing.assert_allclose(smaller[4:-4, 4:-4], 100, atol=2)


@given(
    angle=st.floats(-math.pi, math.pi),
    scale=st.floats(0.1, 10),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
)
def test_a_similarity_is_found_again(angle: float, scale: float, shift: tuple[float, float]) -> None:
    points = np.array([[0, 0], [30, 5], [12, 44], [-20, 9]], dtype=np.float32)
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    target = (points @ turn.T + np.array(shift)).astype(np.float32)
    np.testing.assert_allclose(moved(points, similarity(points, target)), target, atol=1e-3 * max(1.0, scale))
