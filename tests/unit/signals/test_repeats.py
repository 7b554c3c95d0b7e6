"""New frames told from repeated ones, and gaps from their absence, on series of known making."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.signals.repeats import frame_times, repeated

SEEDS = st.integers(0, 10_000)


def a_face_that_moves(n: int, seed: int) -> np.ndarray:  # type: ignore[type-arg]
    """(n,) changes from frame to frame: slow swells of movement and some noise, as measured of talking faces."""
    draw = np.random.default_rng(seed)
    swell = np.exp(np.convolve(draw.normal(size=n + 30), np.hanning(31) / 4, mode="valid")[:n])
    return np.asarray(swell * draw.uniform(0.8, 1.25, n), dtype=np.float32)


def never(n: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.zeros(n, dtype=bool)


@settings(deadline=None, max_examples=40)
@given(seed=SEEDS)
def test_hardly_a_frame_of_a_moving_face_is_named(seed: int) -> None:
    change = a_face_that_moves(300, seed)
    assert repeated(change, never(300)).mean() <= 0.03


@settings(deadline=None, max_examples=40)
@given(seed=SEEDS, period=st.integers(2, 6), weak=st.floats(0.05, 0.3), one_is_new=st.booleans())
def test_a_rhythm_of_repeated_frames_is_named_frame_by_frame(
    seed: int, period: int, weak: float, one_is_new: bool
) -> None:
    # what an encoder leaves of a repeated frame is a part of what the new ones change
    change = a_face_that_moves(300, seed)
    place = np.arange(300) % period
    repeats = place != 0 if one_is_new else place == period - 1
    change[repeats] *= weak
    named = repeated(change, never(300))
    assert named[repeats].mean() >= 0.9
    assert named[~repeats].mean() <= 0.1


def test_frames_without_a_difference_are_repeated_whatever_the_rhythm() -> None:
    change = a_face_that_moves(100, seed=1)
    same = never(100)
    same[[7, 8, 9, 50]] = True
    assert set(np.flatnonzero(repeated(np.where(same, 0, change).astype(np.float32), same))) == {7, 8, 9, 50}


def test_the_first_frame_is_new() -> None:
    assert not repeated(np.array([np.nan], dtype=np.float32), np.array([True])).any()
    assert repeated(np.zeros(0, dtype=np.float32), never(0)).shape == (0,)


def test_gaps_are_counted_in_frames() -> None:
    # 30 Hz, of frames 0..59 the ones 10, 20, 21 and 22 are missing
    kept = [frame for frame in range(60) if frame not in {10, 20, 21, 22}]
    times = frame_times(np.array(kept) / 30)
    assert times.step_s == pytest.approx(1 / 30)
    assert times.n_missing == 4
    assert times.longest_gap_s == pytest.approx(4 / 30)
    assert times.jitter_s == pytest.approx(0, abs=1e-9)


def test_whole_milliseconds_are_jitter_and_no_gaps() -> None:
    times = frame_times(np.round(np.arange(90) / 30, 3))
    assert times.n_missing == 0
    assert 0 < times.jitter_s < 0.0011


def test_one_frame_has_no_steps() -> None:
    assert frame_times(np.array([0.0])).step_s == 0
