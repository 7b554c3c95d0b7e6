"""What a trained network is asked again with its senses disturbed, and sound dealt out anew for training.

Sounds are exchanged among clips of one subject only: another's would come from clips that the network learned from.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.draws import mixed_seed
from mmed_curate.benchmark.features import BenchmarkData

_DEALING, _WITHIN, _ACROSS = 1001, 1002, 1003
"""Parts of a seed, apart from those of epochs."""


class Control(Enum):
    """One way to disturb what a trained network sees or hears."""

    SILENCE = "silence"
    """No sound at all: the answer must be that of the summary alone, bit for bit."""
    SHIFTED = "sound-shifted"
    """The sound half the window early or late, round and round."""
    WITHIN_CLASS = "sound-swapped-within-class"
    """The sound of another clip of the same subject and class."""
    ACROSS_CLASSES = "sound-swapped-across-classes"
    """The sound of a clip of the same subject and another class."""
    NO_VOICES = "voices-cut-out"
    """Without those frames in which anybody speaks, the subject's own voice among them."""
    NO_WORDS = "words-taken-away"
    """Without the transcript."""
    BLANK_PICTURE = "picture-blanked"
    """A face that does not move."""


def disturbed(data: BenchmarkData, control: Control, seed: int) -> tuple[BenchmarkData, npt.NDArray[np.bool_]] | None:
    """The clips under a control, and (N,) for which of them it changed anything; None: it cannot be done here.

    Args:
        data: the clips.
        control: what to disturb.
        seed: of the exchanges.
    """
    sounding = data.has_sound  # (N,)
    if control is Control.BLANK_PICTURE:
        return replace(data, flow=np.zeros_like(data.flow)), np.ones(len(data.names), dtype=np.bool_)
    if control is Control.NO_WORDS:
        if data.word_mask is None:
            return None
        spoken: npt.NDArray[np.bool_] = np.any(data.word_mask, axis=1)  # (N,)
        return replace(data, word_mask=np.zeros_like(data.word_mask)), spoken
    if not sounding.any():
        return None
    if control is Control.SILENCE:
        return replace(data, sound_mask=np.zeros_like(data.sound_mask)), sounding
    if control is Control.SHIFTED:
        half = data.sound_mask.shape[1] // 2
        rolled = replace(
            data, log_mel=np.roll(data.log_mel, half, axis=2), sound_mask=np.roll(data.sound_mask, half, axis=1)
        )
        return rolled, sounding
    if control is Control.NO_VOICES:
        if data.voice is None:
            return None
        kept = data.sound_mask & ~data.voice  # (N, T)
        return replace(data, sound_mask=kept), (kept != data.sound_mask).any(axis=1)
    within = control is Control.WITHIN_CLASS
    source = _exchanged(data, within=within, seed=mixed_seed(seed, _WITHIN if within else _ACROSS))  # (N,)
    return sound_of_others(data, source), source != np.arange(len(source))


def dealt_out_anew(data: BenchmarkData, seed: int) -> BenchmarkData:
    """The clips with their sounds permuted among all that have one, whoever's they are."""
    source = np.arange(len(data.names))
    sounding = np.flatnonzero(data.has_sound)
    source[sounding] = np.random.default_rng(mixed_seed(seed, _DEALING)).permutation(sounding)
    return sound_of_others(data, source)


def sound_of_others(data: BenchmarkData, source: npt.NDArray[np.int64]) -> BenchmarkData:
    """Each clip with the sound of clip source[n], and everything that was measured of it."""
    return replace(
        data,
        log_mel=data.log_mel[source],
        sound_mask=data.sound_mask[source],
        voice=None if data.voice is None else data.voice[source],
        prosody=None if data.prosody is None else data.prosody[source],
    )


def _exchanged(data: BenchmarkData, *, within: bool, seed: int) -> npt.NDArray[np.int64]:
    """(N,) whose sound each clip gets; its own where the subject has no other that fits."""
    random = np.random.default_rng(seed)
    owner, sounding = np.array(data.subjects), data.has_sound
    source = np.arange(len(data.names))
    for clip in np.flatnonzero(sounding):
        fits = sounding & (owner == owner[clip]) & ((data.labels == data.labels[clip]) == within)
        fits[clip] = False
        if fits.any():
            source[clip] = random.choice(np.flatnonzero(fits))
    return source
