"""Our flow against OpenCV's own with the same numbers, on faces that are noisy and move a little."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from mmed_curate.signals.farneback import STRIDE, FlowFrom
from mmed_curate.signals.flow import steady_flow

ByteArray = npt.NDArray[np.uint8]
INSIDE = slice(8, 56)
"""Cells 16 px and more from the rim, where neighbourhoods are whole."""


@pytest.fixture(scope="module")
def skin() -> npt.NDArray[np.float64]:
    """(128, 128) smooth texture."""
    random = np.random.default_rng(3)
    fine, coarse = (cv2.GaussianBlur(random.normal(size=(128, 128)), (0, 0), sigma) for sigma in (1.5, 6))
    return 128 + 15 * fine / fine.std() + 25 * coarse / coarse.std()


def shot(skin: npt.NDArray[np.float64], shift_x: float, shift_y: float, seed: int) -> ByteArray:
    """The skin shifted by some px, with sensor noise."""
    shifted = cv2.warpAffine(
        skin, np.float32([[1, 0, shift_x], [0, 1, shift_y]]), (128, 128), borderMode=cv2.BORDER_REPLICATE
    )
    noise = np.random.default_rng(seed).normal(0, 2, skin.shape)
    return np.clip(shifted + noise, 0, 255).astype(np.uint8)


def test_it_says_what_opencv_says(skin: npt.NDArray[np.float64]) -> None:
    rest = shot(skin, 0, 0, 0)
    shifts = [(0.0, 0.0), (0.4, -0.3), (1.5, 0.8), (-4.0, 3.0), (0.0, 7.0)]
    faces = np.stack([shot(skin, *shift, seed=index + 1) for index, shift in enumerate(shifts)])
    found = FlowFrom(rest).to(faces)
    assert found.shape == (5, 64, 64, 2) and found.dtype == np.float32
    for flow, face, shift in zip(found, faces, shifts, strict=True):
        theirs = steady_flow(rest, face)[::STRIDE, ::STRIDE]
        assert np.abs(flow - theirs)[INSIDE, INSIDE].max() < 0.15  # px
        np.testing.assert_allclose(flow[INSIDE, INSIDE].mean(axis=(0, 1)), shift, atol=0.1)
        # every second pixel summed costs no precision
        noise, usual = (np.std(one[INSIDE, INSIDE] - np.float32(shift)) for one in (flow, theirs))
        assert noise < 1.1 * usual + 0.003


def test_a_face_reads_the_same_whoever_is_measured_with_it(skin: npt.NDArray[np.float64]) -> None:
    from_rest = FlowFrom(shot(skin, 0, 0, 0))
    faces = np.stack([shot(skin, 0.1 * index, 0, seed=index) for index in range(11)])
    together = from_rest.to(faces)
    for index in (0, 4, 10):
        np.testing.assert_array_equal(from_rest.to(faces[index : index + 1])[0], together[index])


def test_a_flat_face_does_not_move() -> None:
    flat = np.full((128, 128), 90, dtype=np.uint8)
    np.testing.assert_array_equal(FlowFrom(flat).to(flat[None]), 0)
