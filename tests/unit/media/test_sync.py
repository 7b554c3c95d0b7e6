"""A companion's sound on the recording's clock: a wave that is known everywhere is found where the clocks say."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import SyncBasis, Synchrony
from mmed_curate.media.resample import resampled_at
from mmed_curate.media.sound import Sound, write_wav
from mmed_curate.media.sync import SyncedSound


def synchrony(offset_s: float = 0.0, drift_ppm: float = 0.0) -> Synchrony:
    return Synchrony(offset_s=offset_s, drift_ppm=drift_ppm, uncertainty_ms=None, basis=SyncBasis.GIVEN)


def chirp(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """A sweep that rises by 100 Hz a second from 200 Hz: no two moments of it are alike."""
    return 0.5 * np.sin(2 * np.pi * (200 * times_s + 50 * times_s**2))


def a_companion(path: Path, *, rate_hz: int, clock: Synchrony, seconds: float = 9.0, channels: int = 1) -> Path:
    """A microphone that heard the chirp of the recording's clock by a clock of its own."""
    own_s = np.arange(round(seconds * rate_hz)) / rate_hz
    heard = chirp(clock.offset_s + own_s * (1 + clock.drift_ppm * 1e-6))
    stored = np.stack([heard * (index + 1) / channels for index in range(channels)], axis=1).astype(np.float32)
    write_wav(path, Sound(samples=stored, rate_hz=rate_hz, start=Fraction(0)))
    return path


@settings(max_examples=12, deadline=None)
@given(
    drift_ppm=st.sampled_from([-50.0, -12.5, 0.0, 7.0, 50.0]),
    offset_s=st.floats(-3, 3),
    rates=st.sampled_from([(48000, None), (44100, 48000), (16000, 44100), (48000, 16000)]),
    start=st.fractions(4, 5, max_denominator=100_000),
)
def test_the_drift_is_undone_to_a_part_of_a_sample(
    tmp_path_factory: pytest.TempPathFactory,
    drift_ppm: float,
    offset_s: float,
    rates: tuple[int, int | None],
    start: Fraction,
) -> None:
    stored_hz, wanted_hz = rates
    clock = synchrony(offset_s, drift_ppm)
    path = a_companion(tmp_path_factory.mktemp("c") / "c.wav", rate_hz=stored_hz, clock=clock)
    with SyncedSound(path, clock) as companion:
        sound = companion.read(start, start + Fraction(1, 4), rate_hz=wanted_hz)
    assert start <= sound.start < start + Fraction(1, sound.rate_hz)
    times_s = float(sound.start) + np.arange(sound.n_samples) / sound.rate_hz
    after = sound.start + Fraction(sound.n_samples, sound.rate_hz)
    assert start + Fraction(1, 4) <= after < start + Fraction(1, 4) + Fraction(1, sound.rate_hz)
    # the chirp turns at most 2 pi × 1700 Hz × 0.5 of its height a second: 0.003 is 0.03 samples at 48 kHz
    assert float(np.abs(sound.samples[:, 0] - chirp(times_s)).max()) < 0.003


def test_without_drift_the_samples_are_the_files_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    stored = (rng.integers(-30000, 30000, (8000, 2)) / 32768).astype(np.float32)
    write_wav(tmp_path / "c.wav", Sound(samples=stored, rate_hz=8000, start=Fraction(0)))
    with SyncedSound(tmp_path / "c.wav", synchrony(offset_s=-0.1234)) as companion:
        sound = companion.read(Fraction(1, 10), Fraction(3, 10))
    first = math.ceil((Fraction(1, 10) - Fraction(-0.1234)) * 8000)
    assert np.array_equal(sound.samples, stored[first : first + 1600])
    assert sound.start == Fraction(-0.1234) + Fraction(first, 8000)


def test_outside_the_companion_there_is_silence(tmp_path: Path) -> None:
    clock = synchrony(5.0, 50.0)
    path = a_companion(tmp_path / "c.wav", rate_hz=16000, clock=clock, seconds=2)
    with SyncedSound(path, clock) as companion:
        assert not companion.read(Fraction(0), Fraction(4)).samples.any()
        assert not companion.read(Fraction(8), Fraction(9)).samples.any()
        assert companion.read(Fraction(9, 2), Fraction(11, 2)).samples[8100:].any()


def test_one_channel_of_several(tmp_path: Path) -> None:
    path = a_companion(tmp_path / "c.wav", rate_hz=16000, clock=synchrony(), channels=2)
    with SyncedSound(path, synchrony(), channel=1) as second, SyncedSound(path, synchrony()) as both:
        one = second.read(Fraction(1), Fraction(2))
        two = both.read(Fraction(1), Fraction(2))
    assert (second.channels, both.channels) == (1, 2)
    assert np.array_equal(one.samples[:, 0], two.samples[:, 1])
    with pytest.raises(BadInput, match="channel 2 was asked for"), SyncedSound(path, synchrony(), channel=2):
        pass


def test_pitches_that_no_longer_fit_are_removed() -> None:
    times_s = np.arange(48000) / 48000
    high = np.sin(2 * np.pi * 15000 * times_s)[:, None].astype(np.float32)
    low = resampled_at(high, begins=0, first=Fraction(1000), step=Fraction(3), count=10000)
    assert float(np.abs(low).max()) < 0.01
