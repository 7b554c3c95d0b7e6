"""Pitch of tones that sway, in noise, and of a real voice; the truth is how the tone was made."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import lfilter

from mmed_curate.signals.pitch import HIGHEST_HZ, LOWEST_HZ, pitch
from mmed_curate.signals.windows import HOP_S, WINDOW_S

FloatArray = npt.NDArray[np.float32]
RATE_HZ = 16_000


def swaying(hz: float, *, overtones: int, seconds: float = 2.0) -> tuple[FloatArray, npt.NDArray[np.float64]]:
    """A harmonic tone with a vibrato of 3 % at 5 Hz, root mean square 0.1, and its pitch at every sample."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    truth = hz * (1 + 0.03 * np.sin(2 * np.pi * 5 * time))
    phase = 2 * np.pi * np.cumsum(truth) / RATE_HZ
    tone = np.sum([np.sin(phase * order) / order for order in range(1, overtones + 1)], axis=0)
    return (0.1 * tone / tone.std()).astype(np.float32), truth


def in_noise(tone: FloatArray, ratio_db: float) -> FloatArray:
    noise = np.random.default_rng(3).normal(0, 0.1 * 10 ** (-ratio_db / 20), len(tone))
    return (tone + noise).astype(np.float32)


@pytest.mark.parametrize(
    # measured over 10 s with overtones: 0.06 %, 0.14 %, 0.25 %, 0.55 %; a bare sine gives noise less to hold it by
    ("ratio_db", "error"),
    [(60, 0.0015), (10, 0.003), (5, 0.005), (0, 0.01)],
)
@pytest.mark.parametrize("overtones", [1, 6, 15])
@pytest.mark.parametrize("hz", [75.0, 120.0, 240.0, 470.0])
def test_vibrato_is_followed_through_noise(hz: float, overtones: int, ratio_db: float, error: float) -> None:
    tone, truth = swaying(hz, overtones=overtones)
    found = pitch(in_noise(tone, ratio_db), RATE_HZ)
    middles = np.round((np.arange(len(found.f0_hz)) * HOP_S + WINDOW_S / 2) * RATE_HZ).astype(int)
    off = (found.f0_hz / truth[middles] - 1)[2:-2]  # half a window of the longest periods lies outside at the ends
    assert np.isfinite(off).mean() > 0.98
    off = off[np.isfinite(off)]
    assert np.abs(off).max() < 0.1  # nowhere an octave off
    assert np.sqrt((off**2).mean()) < error * (3 if overtones == 1 else 1)


def test_a_missing_fundamental_is_heard() -> None:
    time = np.arange(RATE_HZ) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * 150 * order * time) for order in (3, 4, 5)) * np.float32(0.1)
    np.testing.assert_allclose(pitch(np.asarray(tone, np.float32), RATE_HZ).f0_hz[3:-3], 150, rtol=0.003)


def test_noise_of_any_colour_has_hardly_a_pitch() -> None:
    white = np.random.default_rng(5).normal(0, 0.1, 10 * RATE_HZ)
    for noise in (white, lfilter([1.0], [1.0, -0.95], white)):
        found = pitch(noise.astype(np.float32), RATE_HZ)
        assert np.isfinite(found.f0_hz).mean() < 0.03
        assert found.periodicity.mean() < 0.5


def test_a_whisper_beside_a_voice_is_silence() -> None:
    # 1/1000 of the loudest is far below the 0.03 of Boersma's silence
    tone, _ = swaying(200, overtones=6, seconds=1.0)
    found = pitch(np.concatenate([tone, tone * np.float32(1e-3)]), RATE_HZ).f0_hz
    assert np.isfinite(found[:95]).all()
    assert np.isnan(found[105:]).all()


def test_all_pitches_lie_in_the_range() -> None:
    sound = np.random.default_rng(9).normal(0, 0.1, RATE_HZ).astype(np.float32)
    sound += 0.2 * np.sin(2 * np.pi * 40 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)  # a hum below the range
    found = pitch(sound, RATE_HZ).f0_hz
    found = found[np.isfinite(found)]
    assert ((found > LOWEST_HZ * 0.98) & (found < HIGHEST_HZ * 1.04)).all()


def test_sound_shorter_than_a_window_and_digital_silence() -> None:
    assert np.isnan(pitch(np.zeros(RATE_HZ, np.float32), RATE_HZ).f0_hz).all()
    assert pitch(np.full(10, 0.1, np.float32), RATE_HZ).f0_hz.shape == (1,)
