"""A meter that watches a face: still skin reads as still, a planted movement reads as itself, at its own time."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from mmed_curate.signals.motion import MotionCurve, MotionMeter, _median

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]

CORNERS = {"cheek": ((0,),), "brow": ((1,), (2,))}
"""Two regions with one place and two; landmark n lies where `points` says."""


@pytest.fixture(scope="module")
def skin() -> ByteArray:
    """(128, 128) smooth texture."""
    smooth = cv2.GaussianBlur(np.random.default_rng(3).normal(size=(128, 128)), (0, 0), 2.5)
    return np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def points() -> FloatArray:
    """Six landmarks: three places, and the outline of a square face with lips in its middle."""
    places = [(40, 90), (40, 30), (90, 30)]
    outline = [(4, 4), (124, 4), (124, 124), (4, 124)]
    lips = [(60, 100), (68, 100), (64, 104)]
    return np.array(places + outline + lips, dtype=np.float32)


def meter() -> MotionMeter:
    """One that compares with the two seconds round each frame."""
    return MotionMeter(regions=CORNERS, lips=(7, 8, 9), window_s=2.0, step_s=0.25, n_faces=9)


def lifted(face: ByteArray, x: float, y: float, px: float) -> ByteArray:
    """The face with one place lifted by some px."""
    down, right = np.mgrid[:128, :128].astype(np.float32)
    rise = px * np.exp(-((right - x) ** 2 + (down - y) ** 2) / 200)
    return cv2.remap(face, right, (down + rise).astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def watched(faces: list[ByteArray], times_s: list[float]) -> MotionCurve:
    """What a meter says of some faces."""
    used = meter()
    for time_s, face in zip(times_s, faces, strict=True):
        used.add(time_s, face, points(), head=(100.0, 80.0), scale=0.5, openness=0.3)
    return used.curve()


def test_noise_reads_as_nearly_nothing(skin: ByteArray) -> None:
    random = np.random.default_rng(0)
    noisy = [np.clip(skin + random.normal(0, 2, skin.shape), 0, 255).astype(np.uint8) for _ in range(40)]
    curve = watched(noisy, [index / 20 for index in range(40)])
    assert np.linalg.norm(curve.displacement, axis=2).max() < 0.1  # px


def test_a_lift_is_read_where_and_when_it_happens_at_uneven_times(skin: ByteArray) -> None:
    times = list(np.cumsum(np.random.default_rng(1).uniform(0.02, 0.12, 60)))
    heights = [np.exp(-(((time - 2.0) / 0.15) ** 2)) for time in times]
    curve = watched([lifted(skin, 40, 90, 1.2 * height) for height in heights], times)
    assert curve.places == ("cheek", "brow", "brow") and curve.regions == ("cheek", "brow")
    np.testing.assert_array_equal(curve.times_s, times)
    apex = int(np.linalg.norm(curve.displacement[:, 0], axis=1).argmax())
    assert heights[apex] == max(heights)
    assert -1.2 < curve.displacement[apex, 0, 1] < -0.4  # up; the steady flow reads less than there is
    assert np.linalg.norm(curve.displacement[:, 1:], axis=2).max() < 0.2  # the brows stayed


def test_what_lasts_becomes_drift(skin: ByteArray) -> None:
    times = [index / 10 for index in range(80)]
    curve = watched([lifted(skin, 40, 90, 1.2 if time > 4 else 0.0) for time in times], times)
    assert np.linalg.norm(curve.displacement[-10:, 0], axis=1).max() < 0.15  # compared with its own seconds
    assert curve.drift[-1, 0, 1] < -0.4  # but it has moved since the start


def test_the_whole_face_shifting_is_not_a_movement(skin: ByteArray) -> None:
    times = [index / 20 for index in range(60)]
    shift = [np.float32([[1, 0, 1.5 * np.sin(3 * time)], [0, 1, 0]]) for time in times]
    curve = watched([cv2.warpAffine(skin, one, (128, 128), borderMode=cv2.BORDER_REPLICATE) for one in shift], times)
    assert np.linalg.norm(curve.displacement, axis=2).max() < 0.3  # px, of 1.5


def test_head_and_openness_pass_through(skin: ByteArray) -> None:
    curve = watched([skin] * 5, [0.0, 0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(curve.head, np.tile((50.0, 40.0), (5, 1)))  # scale 0.5
    np.testing.assert_allclose(curve.openness, 0.3)


def test_nothing_seen_gives_an_empty_curve() -> None:
    curve = meter().curve()
    assert curve.times_s.shape == (0,) and curve.displacement.shape == (0, 3, 2)


def test_faces_are_kept_for_a_few_seconds_only(skin: ByteArray) -> None:
    used = meter()
    held = []
    for index in range(80):
        used.add(index / 10, skin, points(), head=(0.0, 0.0), scale=1.0, openness=0.3)
        held.append(len(used._seen))
    # window 2 s and twice the step 0.25 s at 10 Hz: 25 faces, and one at each edge
    assert max(held) <= 27


@pytest.mark.parametrize("count", [1, 2, 3, 8, 15, 33])
def test_the_median_face_is_each_pixels_upper_median(count: int) -> None:
    faces = np.random.default_rng(count).integers(0, 256, (count, 16, 16)).astype(np.uint8)
    np.testing.assert_array_equal(_median(list(faces)), np.sort(faces, axis=0)[count // 2])


def test_a_face_that_is_gone_is_measured_and_kept_no_longer(skin: ByteArray) -> None:
    used = meter()
    for index in range(30):
        used.add(index / 10, skin, points(), head=(0.0, 0.0), scale=1.0, openness=0.3)
    used.finish()
    assert len(used._seen) == 0 and used._rest is None
    np.testing.assert_allclose(used.curve().times_s, np.arange(30) / 10)
