"""SIMULATED sound of one game as a camera and a player's microphone would hold it: clocks, rooms and noise are planted.

Two synthetic voices take turns. The camera hears both through a room, the microphone its own player near and the other
one faintly. Nobody speaks here. Written in pieces, so that hours need no memory. The microphone's clock is planted by
cubic splines (scipy.ndimage), which no finder uses.
"""

from __future__ import annotations

import math
import wave
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates
from scipy.signal import lfilter, oaconvolve

from mmed_curate.domain.findings import BadInput
from mmed_curate.simulation.settings import SoundSettings
from mmed_curate.simulation.voice import babble, draw_voice

DoubleArray = npt.NDArray[np.float64]

_PIECE_S = 20
"""Sound is made in pieces of this length."""
_REACH = 16
"""Samples of the scene kept on each side of a piece for the spline."""
_OTHERS_LEVEL = 0.1
"""How faintly a microphone hears the other player: -20 dB, a metre against a few cm."""
_VOICE_RMS = 0.05
_LONGEST_TURN_S = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedPair:
    """How the two files of a simulated pair differ."""

    length_s: float
    """Length of the camera's file."""
    offset_s: float
    """The camera's time at the microphone's time 0; negative: the microphone was started first."""
    drift_ppm: float
    """By how much the microphone's seconds are longer than the camera's."""
    companion_s: float | None = None
    """Length of the microphone's file on its own clock; None: until the camera stops."""
    camera_hz: int = 16000
    companion_hz: int = 48000
    noise_db: float = 0.0
    """Level of each file's own noise, relative to its voices."""
    reverberation_s: float = 0.3
    """Time in which the camera's room falls by 60 dB; 0: no room."""
    inverted: bool = False
    """The microphone's polarity is the other way round."""
    silent_s: tuple[tuple[float, float], ...] = ()
    """From when to when nobody speaks, in seconds of the camera's clock."""
    repeats_s: float | None = None
    """All sound comes again after so long, as a loop of music does; None: never."""
    shared: bool = True
    """False: the microphone heard another game."""
    seed: int = 1


def write_pair(camera: Path, companion: Path, planted: PlantedPair, settings: SoundSettings) -> None:
    """Write both files as WAV (16 bit mono).

    Args:
        camera: where the camera's goes.
        companion: where the microphone's goes.
        planted: how they differ.
        settings: how the voices are made; their rate is the scene's.

    Raises:
        BadInput: the pair has no length.
    """
    length_s = planted.length_s
    rate = 1 + planted.drift_ppm * 1e-6
    companion_s = planted.companion_s
    if companion_s is None:
        companion_s = (length_s - planted.offset_s) / rate
    if not (length_s > 0 and companion_s > 0):
        raise BadInput.of(
            "simulation.pair", f"a pair of {length_s} s and {companion_s} s has no length", "make both > 0"
        )
    first_s = min(0.0, planted.offset_s) - 1.0
    last_s = max(length_s, planted.offset_s + companion_s * rate) + 1.0
    hz = settings.rate_hz
    noise = 10 ** (planted.noise_db / 20)
    sign = -1.0 if planted.inverted else 1.0
    with (
        _Recorder(camera, rate_hz=planted.camera_hz, length_s=length_s, seed=planted.seed + 1, noise=noise) as far,
        _Recorder(
            companion, rate_hz=planted.companion_hz, length_s=companion_s, seed=planted.seed + 2, noise=noise
        ) as near,
    ):
        far.stands(first_s, hz, room=_room(planted.reverberation_s, hz, planted.seed), starts_s=0.0, stretch=1.0)
        capsule = np.array([1.0, 0.6, -0.2])  # its own colour
        near.stands(first_s, hz, room=capsule, starts_s=planted.offset_s, stretch=rate)
        elsewhere = planted if planted.shared else replace(planted, seed=planted.seed + 1000)
        games = [_scene(planted, settings, first_s, last_s)]
        if not planted.shared:
            games.append(_scene(elsewhere, settings, first_s, last_s))
        for heard in zip(*games, strict=True):
            (own, other), (near_own, near_other) = heard[0], heard[-1]
            far.hears(own + other)
            near.hears(sign * (near_own + _OTHERS_LEVEL * near_other))


def _scene(
    planted: PlantedPair, settings: SoundSettings, first_s: float, last_s: float
) -> Iterator[tuple[DoubleArray, DoubleArray]]:
    """The two voices from `first_s` on, in pieces; each piece is drawn from its own seed."""
    hz, seed = settings.rate_hz, planted.seed
    voices = [draw_voice(settings, np.random.default_rng([seed, player])) for player in (0, 1)]
    count = _PIECE_S * hz
    loop = None if planted.repeats_s is None else max(1, round(planted.repeats_s / _PIECE_S))
    for piece in range(math.ceil((last_s - first_s) / _PIECE_S)):
        rng = np.random.default_rng([seed, 7, piece if loop is None else piece % loop])
        turns = _turns(count, hz, rng)
        spoken: list[DoubleArray] = []
        at_s = first_s + piece * _PIECE_S + np.arange(count) / hz
        for voice, turn in zip(voices, (turns, 1 - turns), strict=True):
            sound = babble(voice, count, (), settings, rng)[:, 0].astype(np.float64) * turn
            for start_s, stop_s in planted.silent_s:
                sound[(at_s >= start_s) & (at_s < stop_s)] = 0
            spoken.append(sound * (_VOICE_RMS / 10 ** (settings.level_db / 20)))
        yield spoken[0], spoken[1]


def _turns(count: int, hz: int, rng: np.random.Generator) -> DoubleArray:
    """(N,) 1 while the first player speaks, 0 while the second does, with soft edges."""
    edges = np.cumsum(rng.uniform(1.5, _LONGEST_TURN_S, size=_PIECE_S)) * hz
    hard = (np.searchsorted(edges, np.arange(count)) + int(rng.integers(2))) % 2
    soft = np.hanning(round(0.05 * hz))
    smooth: DoubleArray = np.clip(oaconvolve(hard, soft / soft.sum(), mode="same"), 0, 1)
    return smooth


def _room(reverberation_s: float, hz: int, seed: int) -> DoubleArray:
    """(K,) the way straight to the camera, then noise that dies away (Moorer 1979)."""
    if not reverberation_s > 0:
        return np.ones(1)
    count = round(reverberation_s * hz)
    rng = np.random.default_rng([seed, 99])
    tail = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    tail[: round(0.004 * hz)] = 0  # the first wall is a metre away
    tail *= 0.7 / max(1e-9, math.sqrt(float(np.square(tail).sum())))
    tail[0] = 1.0
    return tail


class _Recorder:
    """Hears a scene through a room by a clock of its own: sample n sounds at start + n / rate × stretch."""

    def __init__(self, path: Path, *, rate_hz: int, length_s: float, seed: int, noise: float) -> None:
        self._path, self._rate_hz = path, rate_hz
        self._n_samples = round(length_s * rate_hz)
        self._rng = np.random.default_rng([seed, 5])
        self._noise = noise
        self._written = 0
        self._kept, self._kept_from, self._tail = np.zeros(0), 0, np.zeros(0)

    def __enter__(self) -> Self:
        self._stream = wave.open(str(self._path), "wb")
        self._stream.setnchannels(1)
        self._stream.setsampwidth(2)
        self._stream.setframerate(self._rate_hz)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def stands(self, first_s: float, hz: int, *, room: DoubleArray, starts_s: float, stretch: float) -> None:
        """Say where the scene begins and at which rate it comes, through which room, and by which clock it is heard."""
        self._first_s, self._hz, self._room = first_s, hz, room
        self._starts_s, self._stretch = starts_s, stretch

    def hears(self, piece: DoubleArray) -> None:
        """Take the scene's next piece and write what is certain of it."""
        whole = oaconvolve(piece, self._room)
        whole[: len(self._tail)] += self._tail
        self._tail = whole[len(piece) :]
        self._kept = np.concatenate([self._kept, whole[: len(piece)]])
        reached_s = self._first_s + (self._kept_from + len(self._kept) - _REACH) / self._hz
        until = math.floor((reached_s - self._starts_s) / self._stretch * self._rate_hz)
        until = max(self._written, min(self._n_samples, until))
        at = (self._times_s(np.arange(self._written, until)) - self._first_s) * self._hz - self._kept_from
        heard = map_coordinates(self._kept, [at], order=3, mode="nearest") if len(at) else np.zeros(0)
        heard = heard + self._noise * _VOICE_RMS * _rustle(len(at), self._rng)
        self._stream.writeframes(np.clip(np.rint(heard * 32767), -32768, 32767).astype("<i2").tobytes())
        self._written = until
        needed = math.floor((float(self._times_s(np.array(until))) - self._first_s) * self._hz) - _REACH
        drop = min(len(self._kept), max(0, needed - self._kept_from))
        self._kept_from, self._kept = self._kept_from + drop, self._kept[drop:]

    def _times_s(self, samples: npt.NDArray[np.int64]) -> DoubleArray:
        return np.asarray(self._starts_s + samples / self._rate_hz * self._stretch)


def _rustle(count: int, rng: np.random.Generator) -> DoubleArray:
    """(N,) noise of unit power that falls towards high pitches, as fans and streets do."""
    coloured = lfilter([1.0], [1.0, -0.7], rng.standard_normal(count))
    return np.asarray(coloured * math.sqrt(1 - 0.7**2))
