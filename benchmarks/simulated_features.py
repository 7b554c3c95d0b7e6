"""SIMULATED features of clips whose class shows in the picture of some and is told by the sound of some, so that what a
perfect classifier scores is known in closed form.

Three classes, equally common. A share `shown` of the pictures shows its clip's class; the others show a class drawn
anew, and nothing tells which are which. A share `told` of the sounds holds its clip's class; the others hold none. A
perfect classifier reads every pattern without error:

- of the picture it can do no better than to answer what is shown: shown + (1 - shown) / 3;
- with the sound it answers what is told, and where nothing is told what is shown: told + (1 - told) · picture;
- so sound is worth told · (1 - picture).

Round the patterns there is what a player's picture and sound hold besides: a face that moves in its own way and more or
less, the head; a voice with its own spectrum and syllables, a room, the jingle of the game.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.features import N_BANDS, BenchmarkData, levelled_flow, levelled_sound

Floats = npt.NDArray[np.float32]
Array = npt.NDArray[np.float64]

CLASSES = ("positive", "negative", "surprise")
"""As in MEGC 2019 (See et al., FG 2019); here only names."""
SIDE, FRAMES = 48, 128
PLACES = (((30, 14), (30, 34)), ((14, 18), (14, 30)), ((10, 14), (10, 34)))
"""Row and column of what moves in each class: corners of the mouth, inner brows, outer brows."""
DIRECTIONS = ((0.6, -0.8), (-0.5, 0.8), (0.0, -1.0))
"""(u, v) of the left place in each class; the right one mirrors u."""
BANDS = (slice(34, 50), slice(6, 18), slice(18, 34))
"""Mel bands that each class lifts."""
HEARD_FRAMES = 30
"""How long a class sounds: 0.3 s."""


@dataclass(frozen=True, kw_only=True)
class World:
    """How much picture and sound say, and how clearly."""

    shown: float
    """Share of the pictures that show their clip's class."""
    told: float
    """Share of the sounds that hold their clip's class."""
    movement_px: float
    """Mean amplitude of what is shown; each clip has 0.6 to 1.4 of it."""
    loudness: float
    """Of what is told, in standard deviations of the noise in one log-mel."""
    subjects: int = 20
    clips_per_subject: int = 20

    def __post_init__(self) -> None:
        if not (0 <= self.shown <= 1 and 0 <= self.told <= 1):
            raise ValueError(f"shares are from 0 to 1, got {self.shown} shown and {self.told} told")

    @classmethod
    def worth(cls, gain: float, *, shown: float, movement_px: float, loudness: float) -> World:
        """The world in which sound is worth so much to a perfect classifier.

        Raises:
            ValueError: pictures leave no room for that.
        """
        silent = cls(shown=shown, told=0.0, movement_px=movement_px, loudness=loudness)
        return cls(shown=shown, told=gain / (1 - silent.picture), movement_px=movement_px, loudness=loudness)

    @property
    def picture(self) -> float:
        """Accuracy of a perfect classifier that only sees."""
        return self.shown + (1 - self.shown) / len(CLASSES)

    @property
    def together(self) -> float:
        """Accuracy of a perfect classifier that sees and hears."""
        return self.told + (1 - self.told) * self.picture


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """SIMULATED clips, and what was planted in each."""

    data: BenchmarkData
    shown: npt.NDArray[np.int64]
    """(N,) class that the picture shows, right or wrong."""
    told: npt.NDArray[np.int64]
    """(N,) class that the sound tells; -1: none."""

    @cached_property
    def perfect(self) -> tuple[float, float]:
        """Accuracy on these clips of the perfect classifier that sees, and of the one that also hears."""
        truth = self.data.labels
        heard = np.where(self.told >= 0, self.told, self.shown)
        return float((self.shown == truth).mean()), float((heard == truth).mean())


def simulated(world: World, seed: int) -> Simulated:
    """Draw clips of a world; the same seed draws the same clips."""
    random = np.random.default_rng(seed)
    n, kinds = world.subjects * world.clips_per_subject, len(CLASSES)
    truth = random.integers(kinds, size=n)
    shown = np.where(random.random(n) < world.shown, truth, random.integers(kinds, size=n))
    told = np.where(random.random(n) < world.told, truth, -1)
    people = [_Player.drawn(random) for _ in range(world.subjects)]
    jingle = _smooth(random, (N_BANDS, FRAMES), (4, 3))
    owners = np.repeat(np.arange(world.subjects), world.clips_per_subject)
    flows = [_flow(random, people[owner], int(kind), world) for owner, kind in zip(owners, shown, strict=True)]
    sounds = [_sound(random, people[owner], int(kind), jingle, world) for owner, kind in zip(owners, told, strict=True)]
    data = BenchmarkData.of(
        flow=np.stack(flows),
        log_mel=np.stack(sounds),
        sound_mask=np.ones((n, FRAMES), dtype=np.bool_),
        labels=truth,
        subjects=[f"S{owner + 1:02d}" for owner in owners],
        names=[f"SIMULATED-{place:04d}" for place in range(n)],
        classes=CLASSES,
    )
    return Simulated(data=data, shown=shown, told=told)


def permuted_sound(data: BenchmarkData, seed: int) -> BenchmarkData:
    """The same clips, each with the sound of another one or its own, drawn among all that have sound."""
    random = np.random.default_rng(seed)
    heard = np.flatnonzero(data.has_sound)
    source = np.arange(len(data.names))
    source[heard] = random.permutation(heard)
    return replace(data, log_mel=data.log_mel[source], sound_mask=data.sound_mask[source])


@dataclass(frozen=True, kw_only=True)
class _Player:
    """What all clips of one player share."""

    habit: Array  # (3, 48, 48) px, how the face moves whatever is felt
    vigour: float  # size of all movements
    spectrum: Array  # (64,) of the voice
    pitch: float  # bands between two partials
    talks: float  # share of the time

    @classmethod
    def drawn(cls, random: np.random.Generator) -> _Player:
        return cls(
            habit=0.15 * np.stack([_smooth(random, (SIDE, SIDE), (5, 5)) for _ in range(3)]) * [[[1]], [[1]], [[0.1]]],
            vigour=float(np.exp(0.25 * random.normal())),
            spectrum=_smooth(random, (N_BANDS, 1), (5, 0))[:, 0],
            pitch=float(random.uniform(4, 8)),
            talks=float(random.uniform(0.2, 0.6)),
        )


def _flow(random: np.random.Generator, player: _Player, kind: int, world: World) -> Floats:
    y, x = np.mgrid[:SIDE, :SIDE]
    flow = player.habit * random.normal(loc=0.7, scale=0.5)
    flow = flow + 0.04 * random.normal(size=(3, SIDE, SIDE)) * [[[1]], [[1]], [[0.2]]]  # Farneback's background error
    flow[:2] += 0.1 * random.normal(size=(2, 1, 1))  # the head
    amplitude = world.movement_px * player.vigour * random.uniform(0.6, 1.4)
    across, down = DIRECTIONS[kind]
    for (row, column), mirror in zip(PLACES[kind], (1, -1), strict=True):
        row, column = (row, column) + 1.5 * random.normal(size=2)
        bump = amplitude * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * 3.5**2))
        flow[0] += mirror * across * bump
        flow[1] += down * bump
        flow[2] += 0.15 * bump
    return levelled_flow(flow.astype(np.float32))


def _sound(random: np.random.Generator, player: _Player, kind: int, jingle: Array, world: World) -> Floats:
    bands = np.arange(N_BANDS)
    partials = player.spectrum + np.cos(2 * np.pi * bands / player.pitch)  # (64,)
    syllables = _smooth(random, (1, FRAMES), (0, 4))[0] > np.quantile(random.normal(size=500), 1 - player.talks)
    sound = random.normal(size=(N_BANDS, FRAMES)) + partials[:, None] * syllables[None, :]
    sound += _smooth(random, (N_BANDS, 1), (6, 0))  # the room
    sound += 0.7 * random.normal() * np.roll(jingle, random.integers(FRAMES), axis=1)
    if kind >= 0:
        start = FRAMES // 2 - HEARD_FRAMES // 2 + random.integers(-25, 26)
        sound[BANDS[kind], start : start + HEARD_FRAMES] += world.loudness * random.uniform(0.8, 1.2)
    return levelled_sound(sound.astype(np.float32))


def _smooth(random: np.random.Generator, shape: tuple[int, int], widths: tuple[float, float]) -> Array:
    """Noise of mean 0 and size 1, smooth over about so many points along each axis."""
    noise: Array = random.normal(size=shape)
    for axis, width in enumerate(widths):
        if width:
            steps = np.fft.fftfreq(shape[axis])  # (n,) cycles per point
            passed = np.exp(-2 * (np.pi * width * steps) ** 2)  # transform of a Gaussian
            noise = np.fft.ifft(np.fft.fft(noise, axis=axis) * np.expand_dims(passed, 1 - axis), axis=axis).real
    noise -= noise.mean()
    return noise / noise.std()
