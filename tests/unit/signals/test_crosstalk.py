"""Two SIMULATED voices at known levels in two microphones: who speaks is planted, so what must be flagged is known."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.domain.records import SoundFlag
from mmed_curate.signals.crosstalk import RATE_HZ, CrosstalkBounds, sound_flags, voice_times
from mmed_curate.simulation.settings import load_settings
from mmed_curate.simulation.voice import babble, draw_voice

BOUNDS = CrosstalkBounds(**yaml.safe_load(packaged_path("pipelines", "sync", "mmed.yaml").read_text())["crosstalk"])
SOUND = load_settings("mmed").sound
SECONDS = 3
Floats = NDArray[np.float32]


def a_voice(seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    voice = draw_voice(SOUND, rng)
    return babble(voice, SECONDS * RATE_HZ, (), SOUND, rng)[:, 0]


def far(voice: Floats, *, level_db: float = -20.0, metres: float = 1.3) -> Floats:
    """What another microphone hears of a voice: weaker, later, through a room."""
    rng = np.random.default_rng(9)
    room = rng.standard_normal(4800) * 10 ** (-3 * np.arange(4800) / 4800)
    room[:64] = 0
    room *= 0.7 / np.sqrt(np.square(room).sum())
    room[0] = 1
    late = np.concatenate([np.zeros(round(metres / 343 * RATE_HZ)), voice])[: len(voice)]
    return np.asarray(10 ** (level_db / 20) * np.convolve(late, room)[: len(voice)], dtype=np.float32)


def noise(level_db: float = -70.0, seed: int = 0) -> Floats:
    """Noise so far below full scale."""
    values = np.random.default_rng(seed).standard_normal(SECONDS * RATE_HZ)
    return (10 ** (level_db / 20) * values).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_the_subject_alone_is_not_flagged(seed: int) -> None:
    own = a_voice(seed)
    assert sound_flags(own + noise(), [far(own) + noise(seed=1)], bounds=BOUNDS) == frozenset()
    assert voice_times(own + noise(), [far(own) + noise(seed=1)], bounds=BOUNDS).own_s > 0.4 * SECONDS


@pytest.mark.parametrize("seed", range(4))
def test_another_players_voice_in_the_subjects_microphone_is_crosstalk(seed: int) -> None:
    other = a_voice(100 + seed)
    assert sound_flags(far(other) + noise(), [other + noise(seed=1)], bounds=BOUNDS) == {SoundFlag.CROSSTALK}


@pytest.mark.parametrize("seed", range(4))
def test_two_who_speak_at_once_overlap(seed: int) -> None:
    one, two = a_voice(seed), a_voice(100 + seed)
    flags = sound_flags(one + far(two) + noise(), [two + far(one) + noise(seed=1)], bounds=BOUNDS)
    assert flags == {SoundFlag.OVERLAP}


def test_as_loud_but_later_is_crosstalk_too() -> None:
    """Gains of two microphones say nothing about who is nearer; the way through the air does."""
    other = a_voice(7)
    assert sound_flags(far(other, level_db=0), [other], bounds=BOUNDS) == {SoundFlag.CROSSTALK}


def test_weaker_and_at_once_is_crosstalk_too() -> None:
    """Synchrony may be off by a ms, so that the way through the air is not to be told."""
    other = a_voice(8)
    assert sound_flags(far(other, level_db=-10, metres=0), [other], bounds=BOUNDS) == {SoundFlag.CROSSTALK}


def test_a_third_player_is_looked_at_too() -> None:
    own, third = a_voice(1), a_voice(2)
    silent = noise(seed=3)
    flags = sound_flags(own + far(third), [silent, third + far(own)], bounds=BOUNDS)
    assert flags == {SoundFlag.OVERLAP}


def test_without_voices_or_other_microphones_there_is_nothing_to_flag() -> None:
    own = a_voice(1)
    assert sound_flags(noise(), [own], bounds=BOUNDS) == frozenset()
    assert sound_flags(noise(-30), [own], bounds=BOUNDS) == frozenset()  # a fan beside the subject's microphone
    assert sound_flags(own, [], bounds=BOUNDS) == frozenset()
    assert sound_flags(own[:0], [own[:0]], bounds=BOUNDS) == frozenset()


@settings(max_examples=15, deadline=None)
@given(gain_db=st.floats(-12, 6), polarity=st.sampled_from([-1.0, 1.0]))
def test_the_same_gain_or_polarity_for_all_changes_nothing(gain_db: float, polarity: float) -> None:
    one, two = a_voice(3), a_voice(103)
    gain = np.float32(10 ** (gain_db / 20) * polarity)
    own, other = gain * (one + far(two)), gain * (two + far(one))
    assert sound_flags(own, [other], bounds=BOUNDS) == {SoundFlag.OVERLAP}


def test_microphones_of_other_lengths_are_refused() -> None:
    with pytest.raises(BadInput, match="equal length"):
        sound_flags(noise(), [noise()[:-1]], bounds=BOUNDS)
