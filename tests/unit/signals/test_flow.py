"""Known displacements go in; the same displacements come out, and the head's own motion does not."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from mmed_curate.signals.flow import flow, head_motion, onset_apex_flow, steady_flow, strain

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def skin() -> ByteArray:
    """(128, 128) smooth texture, as fine as an aligned face's."""
    noise = np.random.default_rng(7).normal(size=(128, 128))
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def moved(face: ByteArray, right: FloatArray, down: FloatArray) -> ByteArray:
    """The face with each pixel moved; small displacements only."""
    y, x = np.mgrid[:128, :128].astype(np.float32)
    return cv2.remap(face, x - right, y - down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def bump(x: float, y: float, height: float) -> FloatArray:
    """(128, 128) Gaussian of 10 px round a place."""
    down, right = np.mgrid[:128, :128].astype(np.float32)
    return (height * np.exp(-((right - x) ** 2 + (down - y) ** 2) / 200)).astype(np.float32)


@pytest.mark.parametrize(("right", "down"), [(0.3, 0.0), (0.0, -0.8), (1.5, 0.7)])
def test_a_shift_is_measured_to_a_twentieth_of_a_pixel(skin: ByteArray, right: float, down: float) -> None:
    shifted = moved(skin, np.full((128, 128), right, np.float32), np.full((128, 128), down, np.float32))
    found = flow(skin, shifted)[24:-24, 24:-24].reshape(-1, 2).mean(axis=0)
    np.testing.assert_allclose(found, (right, down), atol=0.05)


def test_the_steady_flow_sees_the_same_place_but_less(skin: ByteArray) -> None:
    lifted = moved(skin, np.zeros((128, 128), np.float32), bump(64, 64, -0.8))
    faithful, steady = (found(skin, lifted)[64, 64, 1] for found in (flow, steady_flow))
    assert abs(faithful + 0.8) < 0.2  # measured on faces: 0.12 to 0.14 px
    assert faithful < steady < -0.4


def test_the_head_is_found_although_a_part_moves_by_itself() -> None:
    places = (
        np.stack(np.meshgrid(np.arange(0, 128, 8), np.arange(0, 128, 8)), axis=-1).reshape(-1, 2).astype(np.float32)
    )
    truth = np.array([[0.01, -0.02, 0.5], [0.02, 0.01, -0.3]], dtype=np.float32)
    vectors = places @ truth[:, :2].T + truth[:, 2]
    vectors[:20] += 3  # 20 of 256 places go their own way
    found = head_motion(vectors.astype(np.float32), places, np.ones(len(places), dtype=np.float32))
    np.testing.assert_allclose(places @ found[:, :2].T + found[:, 2], places @ truth[:, :2].T + truth[:, 2], atol=0.1)


def test_places_of_no_weight_do_not_count() -> None:
    places = np.random.default_rng(0).uniform(0, 128, (50, 2)).astype(np.float32)
    vectors = np.zeros((50, 2), dtype=np.float32)
    vectors[25:] = 9
    weights = np.r_[np.ones(25), np.zeros(25)].astype(np.float32)
    np.testing.assert_allclose(head_motion(vectors, places, weights), 0, atol=1e-5)


def test_strain_of_a_stretch_and_of_a_turn_by_hand() -> None:
    y, x = np.mgrid[:20, :20].astype(np.float32)
    stretched = np.dstack([0.1 * x, np.zeros_like(x)])  # e_xx = 0.1, all else 0
    turned = np.dstack([-0.1 * y, 0.1 * x])  # a small turn strains nothing
    sheared = np.dstack([0.2 * y, np.zeros_like(x)])  # e_xy = 0.1: sqrt(2) * 0.1
    np.testing.assert_allclose(strain(stretched), 0.1, atol=1e-6)
    np.testing.assert_allclose(strain(turned), 0, atol=1e-6)
    np.testing.assert_allclose(strain(sheared), np.sqrt(2) * 0.1, atol=1e-6)


def test_onset_to_apex_shows_the_part_that_moved(skin: ByteArray) -> None:
    apex = moved(skin, np.zeros((128, 128), np.float32), bump(40, 90, -1.5))
    planes = onset_apex_flow(skin, apex)
    assert planes.shape == (3, 48, 48) and planes.dtype == np.float32
    row, column = np.unravel_index(np.abs(planes[1]).argmax(), (48, 48))
    assert abs(row * 128 / 48 - 90) < 8 and abs(column * 128 / 48 - 40) < 8
    assert -1.6 < planes[1, row, column] < -1.1  # averaged over cells of 2.7 px
    assert np.abs(planes[0]).max() < 0.4


def test_onset_to_apex_forgets_the_head(skin: ByteArray) -> None:
    shifted = moved(skin, np.full((128, 128), 1.0, np.float32), np.full((128, 128), -0.5, np.float32))
    inner = onset_apex_flow(skin, shifted)[:, 10:38, 10:38]
    assert np.abs(inner).max() < 0.15


def test_the_same_face_twice_is_still(skin: ByteArray) -> None:
    planes = onset_apex_flow(skin, skin)
    np.testing.assert_allclose(planes[:, 4:-4, 4:-4], 0, atol=1e-3)
    assert np.abs(planes).max() < 0.2  # Farneback is less sure at the very edge
