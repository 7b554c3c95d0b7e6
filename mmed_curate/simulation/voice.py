"""A small synthetic voice: a pulsing source through the formants of a throat, babbling syllables, with planted cues.

Source and filter after Fant (1960) and Klatt (1980): glottal pulses of Rosenberg's shape (1971), their derivative
through a cascade of resonators per vowel, the vowels cross-faded from syllable to syllable. Nobody speaks here, and
nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from mmed_curate.simulation.settings import SoundSettings, VoiceEffect

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]

_VOWELS_HZ = (
    (730, 1090, 2440, 3500),
    (530, 1840, 2480, 3500),
    (270, 2290, 3010, 3500),
    (570, 840, 2410, 3500),
    (300, 870, 2240, 3500),
)
"""First three formants of an adult male's vowels (Peterson & Barney 1952), and a usual fourth."""
_BANDWIDTHS_HZ = (60, 90, 150, 250)
"""Of the formants (Klatt 1980, typical values)."""

_OPEN = 4.0
"""How much wider the formants are while the glottis stays open."""
_OPENING, _CLOSING = 0.40, 0.16
"""Parts of a period in which the glottis opens and closes (Rosenberg 1971, pulse C)."""
_SLOW_HZ = 200
"""Rate at which melody and loudness are drawn before they are interpolated."""
_MELODY_SEMITONES = 1.0
"""Standard deviation of the running melody: well below a planted rise."""
_GAP_LEVEL = 0.25
"""Loudness between two syllables, relative to the syllables."""
_EDGE_S = 0.02
"""How fast a cue takes hold and lets go."""

RISE = 1.45
"""Pitch at the end of a planted rise, relative to the melody (6.4 semitones)."""
TREMOR_HZ, TREMOR_DEPTH, TREMOR_SWING = 7.0, 0.09, 0.45
"""A planted tremor: its rate, and by how much pitch and loudness swing (vocal tremor lies at 4 to 12 Hz)."""
_BREATH_LEVEL = 0.8
"""Loudness of a planted breath, relative to the voice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What makes one voice its own."""

    f0_hz: float
    tract: float
    """Formant frequencies relative to the table's."""
    syllable_hz: float
    breathiness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """An effect on the voice, at exact samples."""

    effect: VoiceEffect
    start: int
    stop: int
    """First sample after it."""


def draw_voice(settings: SoundSettings, rng: np.random.Generator) -> Voice:
    """A voice of its own; high voices have short throats."""
    height = rng.uniform()
    f0, tract = settings.f0_hz, settings.tract
    return Voice(
        f0_hz=f0.least * (f0.most / f0.least) ** height,
        tract=tract.least + (tract.most - tract.least) * float(np.clip(height + rng.normal(0, 0.1), 0, 1)),
        syllable_hz=settings.syllable_hz.drawn(rng),
        breathiness=settings.breathiness.drawn(rng),
    )


def babble(
    voice: Voice, n_samples: int, cues: Sequence[Cue], settings: SoundSettings, rng: np.random.Generator
) -> FloatArray:
    """Running babble of one voice with planted cues, over the noise of a room.

    Args:
        voice: whose.
        n_samples: how long.
        cues: what to plant; parts outside the sound are cut off.
        settings: rate and levels.
        rng: seeds syllables, melody and noise.

    Returns:
        (n_samples, 1) float32 in -1..1.
    """
    rate = settings.rate_hz
    loudness, weights = _syllables(voice, n_samples, rate, rng)  # (N,), (V, N)
    pitch_hz = voice.f0_hz * _melody(n_samples, rate, rng)
    breath = np.zeros(n_samples)
    for cue in cues:
        _plant(cue, rate, loudness, pitch_hz, breath)
    aspirated = rng.standard_normal(n_samples)
    source = _pulses(pitch_hz, rate) + voice.breathiness * aspirated
    voiced = sum(
        weight * _to_rms(_through(source, formants, voice.tract, rate), 1.0)  # a vowel is not loud by itself
        for weight, formants in zip(weights, _VOWELS_HZ, strict=True)
    )
    level = 10 ** (settings.level_db / 20)
    speech = _to_rms(loudness * voiced, level)
    # a breath is noise without pulses through an open throat, whose formants are wider (Klatt 1980)
    blown = breath * _to_rms(_through(aspirated, _VOWELS_HZ[0], voice.tract, rate, _OPEN), level * _BREATH_LEVEL)
    room = _to_rms(lfilter([1.0], [1.0, -0.9], rng.standard_normal(n_samples)), 10 ** (settings.floor_db / 20))
    return np.clip(speech + blown + room, -0.99, 0.99).astype(np.float32)[:, None]


def _syllables(
    voice: Voice, n_samples: int, rate_hz: int, rng: np.random.Generator
) -> tuple[DoubleArray, list[DoubleArray]]:
    """Loudness (N,) and each vowel's weight (N,): every syllable has a length, a stress and a vowel of its own."""
    count = math.ceil(n_samples / rate_hz * voice.syllable_hz * 2) + 2
    lengths_s = rng.uniform(0.7, 1.3, size=count) / voice.syllable_hz
    vowels = rng.integers(len(_VOWELS_HZ), size=count)
    stresses = rng.uniform(0.75, 1.0, size=count)
    ends = np.cumsum(lengths_s)
    time_s = np.arange(math.ceil(n_samples / rate_hz * _SLOW_HZ) + 2) / _SLOW_HZ
    which = np.minimum(np.searchsorted(ends, time_s, side="right"), count - 1)
    share = 1 - (ends[which] - time_s) / lengths_s[which]
    slow = stresses[which] * (_GAP_LEVEL + (1 - _GAP_LEVEL) * np.sin(np.pi * np.clip(share, 0, 1)) ** 0.7)
    at = np.arange(n_samples) / rate_hz
    smooth = np.hanning(13) / np.hanning(13).sum()  # 60 ms: one vowel glides into the next
    weights = [
        np.interp(at, time_s, np.convolve((vowels[which] == vowel).astype(float), smooth, mode="same"))
        for vowel in range(len(_VOWELS_HZ))
    ]
    return np.interp(at, time_s, slow), weights


def _melody(n_samples: int, rate_hz: int, rng: np.random.Generator) -> DoubleArray:
    """(N,) slow course of the pitch relative to the voice's own."""
    count = math.ceil(n_samples / rate_hz * 2) + 3  # a turn each half second
    turns = rng.standard_normal(count) * _MELODY_SEMITONES
    slow_s = np.arange(math.ceil(n_samples / rate_hz * _SLOW_HZ) + 2) / _SLOW_HZ
    semitones = np.interp(slow_s, np.arange(count) / 2, turns)
    semitones = np.convolve(semitones, np.hanning(51) / np.hanning(51).sum(), mode="same")
    return np.interp(np.arange(n_samples) / rate_hz, slow_s, 2 ** (semitones / 12))


def _plant(cue: Cue, rate_hz: int, loudness: DoubleArray, pitch_hz: DoubleArray, breath: DoubleArray) -> None:
    """Change melody, loudness and breath between a cue's first sample and its last; nothing outside."""
    start, stop = max(0, cue.start), min(len(loudness), cue.stop)
    if start >= stop:
        return
    here = slice(start, stop)
    count = cue.stop - cue.start
    at = np.arange(start - cue.start, stop - cue.start)
    edge = max(1, min(round(_EDGE_S * rate_hz), count // 3))
    hold = np.clip(np.minimum(at + 1, count - at) / edge, 0, 1)  # rises from the first sample, falls to the last
    steady = np.maximum(loudness[here], 0.7)
    if cue.effect is VoiceEffect.RAISE_PITCH:
        # up over the first half, then held: a listener hears it go higher and stay
        up = (1 - np.cos(np.pi * np.clip(2 * at / count, 0, 1))) / 2
        pitch_hz[here] *= 1 + (RISE - 1) * up * hold
        loudness[here] += (steady - loudness[here]) * hold
    elif cue.effect is VoiceEffect.TREMBLE:
        wave = np.sin(2 * np.pi * TREMOR_HZ * at / rate_hz)
        pitch_hz[here] *= 1 + TREMOR_DEPTH * wave * hold
        loudness[here] += (steady * (1 + TREMOR_SWING * wave) - loudness[here]) * hold
    elif cue.effect is VoiceEffect.FALL_SILENT:
        loudness[here] *= 1 - hold
    else:
        loudness[here] *= 1 - hold
        breath[here] = np.maximum(breath[here], np.sin(np.pi * (at + 0.5) / count))


def _pulses(pitch_hz: DoubleArray, rate_hz: int) -> DoubleArray:
    """(N,) flow through the glottis, differentiated: lips radiate the change of flow."""
    phase = np.cumsum(pitch_hz / rate_hz) % 1.0
    flow = np.where(
        phase < _OPENING,
        (1 - np.cos(np.pi * phase / _OPENING)) / 2,
        np.where(phase < _OPENING + _CLOSING, np.cos(np.pi / 2 * (phase - _OPENING) / _CLOSING), 0.0),
    )
    return np.diff(flow, prepend=0.0)


def _through(
    source: DoubleArray, formants_hz: Sequence[float], tract: float, rate_hz: int, widened: float = 1.0
) -> DoubleArray:
    """(N,) the source through a cascade of resonators, each with gain 1 at 0 Hz (Klatt 1980, eq. 1 and 2)."""
    sound = source
    for frequency_hz, bandwidth_hz in zip(formants_hz, _BANDWIDTHS_HZ, strict=True):
        if frequency_hz * tract >= rate_hz / 2:
            continue
        shrink = math.exp(-math.pi * bandwidth_hz * widened / rate_hz)
        turn = 2 * shrink * math.cos(2 * math.pi * frequency_hz * tract / rate_hz)
        sound = lfilter([1 - turn + shrink * shrink], [1.0, -turn, shrink * shrink], sound)
    return sound


def _to_rms(sound: DoubleArray, level: float) -> DoubleArray:
    power = float(np.mean(sound * sound))
    return sound * (level / math.sqrt(power)) if power > 0 else sound
