"""The meter of a sound on samples of known making: level, clipping, silence, dropouts, channels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.domain.findings import BadInput
from mmed_curate.signals.soundquality import SoundMeter, SoundQuality

RATE_HZ = 16000
Floats = npt.NDArray[np.float32]


def a_voice(seconds: float = 4.0, seed: int = 0, noise: float = 0.001) -> Floats:
    """(N, 1) bursts of a harmonic tone with pauses, over a floor of noise; greatest 0.5."""
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * 137.3 * k * time_s + k) / k for k in range(1, 8))
    speaks = (np.sin(2 * np.pi * 0.7 * time_s) > -0.2) * (0.6 + 0.4 * np.sin(2 * np.pi * 3.1 * time_s))
    voice = tone * speaks
    voice = 0.5 * voice / np.abs(voice).max() + np.random.default_rng(seed).normal(scale=noise, size=len(time_s))
    return np.asarray(voice[:, None], dtype=np.float32)


def heard(samples: Floats, block: int = RATE_HZ) -> SoundQuality:
    meter = SoundMeter(RATE_HZ, samples.shape[1])
    for start in range(0, len(samples), block):
        meter.add(samples[start : start + block])
    return meter.quality()


@pytest.mark.parametrize("gain", [2.5, 4.0, 8.0])
@pytest.mark.parametrize("at", [1.0, 0.5])
def test_the_clipped_share_is_the_one_that_was_cut_off(gain: float, at: float) -> None:
    loud = gain * a_voice()
    cut = np.clip(loud, -1, 1).astype(np.float32)
    truth = float((np.abs(loud) >= 1).mean())
    # cut off at full scale, or before the sound card and then turned down; as 16-bit samples
    stored = (np.round(32767 * at * cut) / 32768).astype(np.float32)
    # tops of fewer than five samples are not told from chance
    assert heard(stored).clipped_share == pytest.approx(truth, rel=0.15)


def test_a_voice_that_is_not_clipped_has_no_flat_tops() -> None:
    assert heard((np.round(32767 * a_voice()) / 32768).astype(np.float32)).clipped_share == 0


def test_levels_are_those_of_the_windows() -> None:
    # a square wave of 0.1 has a root mean square of 0.1: -20 dB
    square = np.where(np.arange(RATE_HZ) // 40 % 2, 0.1, -0.1).astype(np.float32)[:, None]
    quality = heard(square)
    assert quality.level_db == pytest.approx(-20, abs=0.01)
    assert len(quality.level_db) == 20


def test_digital_silence_and_dropouts_are_told_from_a_quiet_room() -> None:
    assert heard(np.zeros((RATE_HZ, 2), dtype=np.float32)).is_zero
    broken = a_voice(4.0)
    broken[RATE_HZ : 2 * RATE_HZ] = 0
    quality = heard(broken)
    assert not quality.is_zero and float(quality.zero.mean()) == pytest.approx(0.25)
    assert not heard(a_voice(4.0)).zero.any()


def test_channels_are_compared() -> None:
    voice = a_voice()
    assert heard(np.repeat(voice, 2, axis=1)).same_channels
    assert not heard(np.hstack([voice, a_voice(seed=1)])).same_channels
    assert not heard(voice).same_channels
    dead = heard(np.hstack([voice, np.zeros_like(voice)]))
    assert dead.dead_channels == 1 and not dead.same_channels
    assert heard(np.zeros((100, 2), dtype=np.float32)).dead_channels == 0


def test_an_offset_is_the_mean() -> None:
    assert heard(a_voice() + np.float32(0.05)).offset == pytest.approx(0.05, abs=0.01)


@settings(deadline=None, max_examples=10)
@given(block=st.integers(50, 40_000))
def test_blocks_do_not_matter(block: int) -> None:
    loud = np.clip(3 * a_voice(2.0), -1, 1).astype(np.float32)
    whole, parts = heard(loud, len(loud)), heard(loud, block)
    assert np.allclose(whole.level_db, parts.level_db, atol=1e-4)
    assert whole.n_samples == parts.n_samples and whole.peaks == parts.peaks
    # a flat top that lies across a border may be lost
    assert parts.clipped_share == pytest.approx(whole.clipped_share, rel=0.15)


def test_less_than_a_window_is_one() -> None:
    assert len(heard(a_voice(0.01)).level_db) == 1


def test_another_number_of_channels_is_refused() -> None:
    with pytest.raises(BadInput, match=r"need samples \(N, 2\)"):
        SoundMeter(RATE_HZ, 2).add(np.zeros((10, 1), dtype=np.float32))
