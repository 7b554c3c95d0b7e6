"""Tones of known pitch and level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.domain.findings import BadInput
from mmed_curate.signals.sound import HOP_S, N_BANDS, WINDOW_S, f0_hz, intensity_db, log_mel

FloatArray = npt.NDArray[np.float32]
RATES = (8000, 16000, 44100, 48000)


def tone(hz: float, rate_hz: int, *, seconds: float = 0.5, height: float = 0.5, overtones: int = 1) -> FloatArray:
    """A tone with falling overtones."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    parts = [np.sin(2 * np.pi * hz * order * time) / order for order in range(1, overtones + 1)]
    return (height * np.sum(parts, axis=0)).astype(np.float32)


@pytest.mark.parametrize("rate_hz", RATES)
def test_half_a_second_has_48_windows(rate_hz: int) -> None:
    # windows start at 0, 10, ..., 470 ms: the one at 480 ms would end at 505 ms
    samples = tone(200, rate_hz)
    assert (WINDOW_S, HOP_S) == (0.025, 0.010)
    assert log_mel(samples, rate_hz).shape == (N_BANDS, 48)
    assert intensity_db(samples, rate_hz).shape == (48,)
    assert f0_hz(samples, rate_hz).shape == (48,)


def test_a_tone_lies_in_its_band() -> None:
    # mel(1000 Hz) = 1000; the bands run from mel(60) = 92.6 to mel(8000) = 2840.0 in 65 steps of 42.27:
    # (1000 - 92.6) / 42.27 = 21.5, so bands 20 and 21 (from 0) share it
    bands = log_mel(tone(1000, 16000), 16000).mean(axis=1)
    assert set(np.argsort(bands)[-2:]) == {20, 21}


@pytest.mark.parametrize("rate_hz", [16000, 44100, 48000])
def test_bands_do_not_depend_on_the_rate(rate_hz: int) -> None:
    here, there = (log_mel(tone(440, rate, overtones=8), rate).mean(axis=1) for rate in (rate_hz, 16000))
    loud = there > -10
    np.testing.assert_allclose(here[loud], there[loud], atol=0.5)


def test_a_full_sine_is_three_decibels_below_full_scale() -> None:
    # mean square of a sine of height 1 is 1/2: 10 log10(0.5) = -3.01
    np.testing.assert_allclose(intensity_db(tone(400, 16000, height=1.0), 16000), -3.0103, atol=0.01)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("hz", [85.0, 180.0, 333.0])
def test_pitch_of_a_voice_like_tone(hz: float, rate_hz: int) -> None:
    np.testing.assert_allclose(f0_hz(tone(hz, rate_hz, overtones=6), rate_hz)[:-3], hz, rtol=0.003)


def test_noise_and_silence_have_no_pitch() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 8000).astype(np.float32)
    assert np.isnan(f0_hz(noise, 16000)).mean() > 0.95
    assert np.isnan(f0_hz(np.zeros(8000, np.float32), 16000)).all()


def test_silence_has_a_floor() -> None:
    silence = np.zeros(1000, dtype=np.float32)
    np.testing.assert_allclose(log_mel(silence, 16000), np.log(1e-10), rtol=1e-6)
    np.testing.assert_allclose(intensity_db(silence, 16000), -100, rtol=1e-6)


@given(st.integers(0, 3000), st.sampled_from(RATES))
def test_all_three_share_one_grid_at_any_length(n_samples: int, rate_hz: int) -> None:
    samples = np.full(n_samples, 0.1, dtype=np.float32)
    count = log_mel(samples, rate_hz).shape[1]
    assert count >= 1
    assert intensity_db(samples, rate_hz).shape == f0_hz(samples, rate_hz).shape == (count,)


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(BadInput, match="mono"):
        log_mel(np.zeros((100, 2), dtype=np.float32), 16000)
    with pytest.raises(BadInput, match="8000 Hz or more, got 4000"):
        intensity_db(np.zeros(100, dtype=np.float32), 4000)
