"""Planes are seen as the colours that they make: parts, turned squares, and the same face at the same place."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmed_curate.domain.time import Frame
from mmed_curate.face.colour import Planes, fetched, levels
from mmed_curate.face.track import FaceTracker
from mmed_curate.media.pictures import Picture, pictures


@pytest.fixture(scope="module")
def decoded(repository: Path) -> Picture:
    """A frame of 640 × 360 pixels, yuv420p."""
    return next(iter(pictures(repository / "demo" / "recordings" / "single_face.mp4", last=Frame(0))))


@pytest.fixture(scope="module")
def planes(decoded: Picture) -> Planes:
    """Its planes."""
    chroma = decoded.chroma()
    assert chroma is not None
    return Planes.of(decoded.luma(), *chroma)


def test_planes_make_the_colours_that_ffmpeg_makes(decoded: Picture, planes: Planes) -> None:
    away = np.abs(planes.bgr().astype(int) - decoded.bgr())
    # chroma is repeated here and interpolated there: they differ at coloured edges only
    assert planes.shape == (360, 640) and np.mean(away) < 1 and np.quantile(away, 0.99) <= 4
    np.testing.assert_array_equal(levels(planes), decoded.luma())


@pytest.mark.parametrize("part", [(0, 0, 640, 360), (101, 51, 300, 200), (638, 358, 640, 360), (7, 8, 8, 9)])
def test_a_part_is_cut_to_the_pixel(planes: Planes, part: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = part
    np.testing.assert_array_equal(planes.bgr(*part), planes.bgr()[top:bottom, left:right])


@pytest.mark.parametrize("angle_deg", [0.0, 20.0, -110.0])
def test_a_square_is_fetched_from_where_it_lies(planes: Planes, angle_deg: float) -> None:
    turn = np.radians(angle_deg)
    cos, sin = 1.3 * np.cos(turn), 1.3 * np.sin(turn)
    matrix = np.array([[cos, -sin, 300 - 96 * (cos - sin)], [sin, cos, 150 - 96 * (sin + cos)]], dtype=np.float32)
    from_planes, from_colours = (fetched(picture, matrix, 192).astype(int) for picture in (planes, planes.bgr()))
    assert np.abs(from_planes - from_colours).mean() < 1.5
    # colours lie where brightness lies: half a pixel of chroma aside would show as a fringe of one sign
    chroma = cv2.cvtColor(fetched(planes, matrix, 192), cv2.COLOR_BGR2YCrCb)[:, :, 1:].astype(np.float32)
    usual = cv2.cvtColor(fetched(planes.bgr(), matrix, 192), cv2.COLOR_BGR2YCrCb)[:, :, 1:].astype(np.float32)
    shift, _ = cv2.phaseCorrelate(chroma[..., 0].copy(), usual[..., 0].copy())
    assert np.hypot(*shift) < 0.25  # px


def test_the_same_face_is_found_at_the_same_place(decoded: Picture, planes: Planes) -> None:
    ((seen,), (usual,)) = (FaceTracker().step(picture) for picture in (planes, decoded.bgr()))
    away = np.linalg.norm(seen.landmarks - usual.landmarks, axis=1).mean()
    assert away < 0.005 * usual.eye_distance_px
