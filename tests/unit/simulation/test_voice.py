"""Cues are heard where they were planted: measured by a plain autocorrelation, not by our own signal room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from mmed_curate.simulation.settings import VoiceEffect, load_settings
from mmed_curate.simulation.voice import RISE, TREMOR_HZ, Cue, Voice, babble

SOUND = load_settings("mmed").sound
RATE = SOUND.rate_hz
VOICES = [
    Voice(f0_hz=105.0, tract=0.92, syllable_hz=4.4, breathiness=0.03),
    Voice(f0_hz=210.0, tract=1.12, syllable_hz=5.2, breathiness=0.06),
]
START, STOP = 2 * RATE, 2 * RATE + RATE // 2
"""The cue lasts from 2.0 s to 2.5 s of 4 s."""

Samples = npt.NDArray[np.float64]


def speech(voice: Voice, *effects: VoiceEffect) -> Samples:
    cues = [Cue(effect=effect, start=START, stop=STOP) for effect in effects]
    return babble(voice, 4 * RATE, cues, SOUND, np.random.default_rng(3))[:, 0].astype(np.float64)


def pitch_hz(samples: Samples, near_hz: float) -> float:
    """Pitch of 60 ms, the autocorrelation's highest point within 0.8 to 1.7 of a guess, so that octaves stay apart."""
    centred = samples - samples.mean()
    course = np.correlate(centred, centred, "full")[len(centred) - 1 :]
    course = course / (len(centred) - np.arange(len(centred)))
    shortest, longest = round(RATE / (1.7 * near_hz)), round(RATE / (0.8 * near_hz))
    return RATE / (shortest + int(np.argmax(course[shortest:longest])))


def level_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(samples**2)))


def at(samples: Samples, time_s: float, length_s: float = 0.06) -> Samples:
    return samples[round(time_s * RATE) : round((time_s + length_s) * RATE)]


@pytest.mark.parametrize("voice", VOICES)
def test_pitch_rises_where_it_was_planted(voice: Voice) -> None:
    plain, raised = speech(voice), speech(voice, VoiceEffect.RAISE_PITCH)

    ratios = [pitch_hz(at(raised, t), voice.f0_hz) / pitch_hz(at(plain, t), voice.f0_hz) for t in (1.9, 2.3, 2.4, 2.6)]

    # after the cue the two voices pulse out of step, but at one pitch
    assert ratios == pytest.approx([1.0, RISE, RISE, 1.0], rel=0.06)


@pytest.mark.parametrize("voice", VOICES)
def test_before_a_cue_nothing_is_changed_but_the_overall_level(voice: Voice) -> None:
    plain = speech(voice)
    for effect in VoiceEffect:
        cued = speech(voice, effect)
        assert np.corrcoef(plain[:START], cued[:START])[0, 1] > 0.995
        assert abs(np.corrcoef(plain[START:STOP], cued[START:STOP])[0, 1]) < 0.9


@pytest.mark.parametrize("voice", VOICES)
def test_the_voice_falls_silent_down_to_the_room(voice: Voice) -> None:
    hushed = speech(voice, VoiceEffect.FALL_SILENT)

    assert level_db(at(hushed, 2.05, 0.4)) == pytest.approx(SOUND.floor_db, abs=1.5)
    assert level_db(at(hushed, 1.5, 0.5)) > SOUND.level_db - 5 and level_db(at(hushed, 2.55, 0.5)) > SOUND.level_db - 5


@pytest.mark.parametrize("voice", VOICES)
def test_a_breath_has_no_pitch(voice: Voice) -> None:
    def voicing(samples: Samples) -> float:
        """Likeness to itself 20 to 40 ms later: some periods on for a voice, long forgotten by noise."""
        early, likeness = samples[: RATE // 20], []
        for lag in range(RATE // 50, RATE // 25):
            likeness.append(float(np.corrcoef(early, samples[lag : lag + len(early)])[0, 1]))
        return max(likeness)

    breath, plain = speech(voice, VoiceEffect.BREATHE), speech(voice)
    inside = [voicing(at(breath, t, 0.1)) for t in (2.1, 2.2, 2.3)]
    spoken = [voicing(at(plain, t, 0.1)) for t in (2.1, 2.2, 2.3)]

    assert np.mean(inside) < np.mean(spoken) - 0.2
    assert level_db(at(breath, 2.15, 0.2)) > SOUND.floor_db + 20


@pytest.mark.parametrize("voice", VOICES)
def test_a_tremor_swings_at_its_rate(voice: Voice) -> None:
    def swing(samples: Samples) -> float:
        """Share of the slow loudness (2 to 20 Hz) of the cue that lies at the tremor's rate."""
        loudness = np.sqrt(np.convolve(samples[START:STOP] ** 2, np.hanning(800) / 400, "same"))
        tone = np.exp(-2j * np.pi * TREMOR_HZ * np.arange(len(loudness)) / RATE)
        centred = loudness - loudness.mean()
        return float(abs(centred @ tone) / len(loudness) / loudness.mean())

    assert swing(speech(voice, VoiceEffect.TREMBLE)) > 0.12


def test_babble_is_level_and_the_same_for_the_same_seed() -> None:
    one, again = speech(VOICES[0]), speech(VOICES[0])

    assert np.array_equal(one, again)
    assert level_db(one) == pytest.approx(SOUND.level_db, abs=0.5)
    assert np.abs(one).max() < 1
