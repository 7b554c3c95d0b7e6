"""Slow sound: its length is exact, its pitch stays, and what sounds at t sounds at t / speed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.media.stretch import SPEEDS, stretched

RATE_HZ = 48_000
SLOW = [speed for speed in SPEEDS if speed != 1]


def a_tone(pitch_hz: float, *, seconds: float = 2.0, channels: int = 2) -> NDArray[np.float32]:
    moments_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.repeat(0.5 * np.sin(2 * np.pi * pitch_hz * moments_s)[:, None], channels, axis=1).astype(np.float32)


def pitch_hz(samples: NDArray[np.float32]) -> float:
    """Where most of the energy lies."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * RATE_HZ / len(samples))


@settings(max_examples=25)
@given(
    n_samples=st.integers(1, 30_000),
    channels=st.integers(1, 3),
    rate_hz=st.sampled_from([8_000, 16_000, 44_100, 48_000]),
    speed=st.sampled_from(SPEEDS),
)
def test_the_length_is_exact(n_samples: int, channels: int, rate_hz: int, speed: Fraction) -> None:
    samples = np.random.default_rng(n_samples).normal(0, 0.1, (n_samples, channels)).astype(np.float32)
    slow = stretched(samples, rate_hz=rate_hz, speed=speed)
    assert slow.shape == (round(n_samples / speed), channels)
    assert slow.dtype == np.float32
    assert np.isfinite(slow).all()


@pytest.mark.parametrize("speed", SLOW)
@pytest.mark.parametrize("pitch", [110.0, 440.0, 1000.0])
def test_the_pitch_stays_within_one_percent(speed: Fraction, pitch: float) -> None:
    slow = stretched(a_tone(pitch), rate_hz=RATE_HZ, speed=speed)
    for heard in slow.T:
        assert pitch_hz(heard) == pytest.approx(pitch, rel=0.01)


def test_both_channels_stay_together() -> None:
    left = np.random.default_rng(3).normal(0, 0.1, RATE_HZ).astype(np.float32)
    slow = stretched(np.stack([left, -left], axis=1), rate_hz=RATE_HZ, speed=Fraction(1, 4))
    np.testing.assert_allclose(slow[:, 0], -slow[:, 1], atol=1e-6)


@pytest.mark.parametrize("speed", SLOW)
@pytest.mark.parametrize("at_ms", [60, 333, 500, 1234, 1800])
def test_what_sounds_at_t_sounds_at_t_by_speed(speed: Fraction, at_ms: int) -> None:
    # a burst of 40 ms; its middle of energy must lie there, on the clip's own time
    samples = np.zeros((2 * RATE_HZ, 1), dtype=np.float32)
    length = RATE_HZ * 40 // 1000
    begin = RATE_HZ * at_ms // 1000 - length // 2
    burst = np.random.default_rng(at_ms).normal(0, 0.2, length) * np.hanning(length)
    samples[begin : begin + length, 0] = burst
    slow = stretched(samples, rate_hz=RATE_HZ, speed=speed)[:, 0].astype(np.float64) ** 2
    middle_ms = float((slow * np.arange(len(slow))).sum() / slow.sum() * speed) / RATE_HZ * 1000
    own = burst**2
    own_ms = (begin + float((own * np.arange(length)).sum() / own.sum())) / RATE_HZ * 1000
    assert middle_ms == pytest.approx(own_ms, abs=8)


@pytest.mark.parametrize("speed", SLOW)
def test_a_click_stays_near_its_place(speed: Fraction) -> None:
    samples = np.zeros((2 * RATE_HZ, 1), dtype=np.float32)
    samples[RATE_HZ] = 1
    loudest = int(np.abs(stretched(samples, rate_hz=RATE_HZ, speed=speed)).argmax())
    assert float(loudest * speed) / RATE_HZ * 1000 == pytest.approx(1000, abs=15)


def test_full_speed_is_the_same_sound() -> None:
    samples = a_tone(440)
    assert stretched(samples, rate_hz=RATE_HZ, speed=Fraction(1)) is samples


def test_silence_of_no_length_stays_so() -> None:
    assert stretched(np.zeros((0, 2), dtype=np.float32), rate_hz=RATE_HZ, speed=Fraction(1, 2)).shape == (0, 2)


def test_another_speed_is_refused_with_those_that_can_be_had() -> None:
    with pytest.raises(BadInput, match="at 1/3 of its speed: choose one of 1, 1/2, 1/4, 1/10"):
        stretched(a_tone(440), rate_hz=RATE_HZ, speed=Fraction(1, 3))
