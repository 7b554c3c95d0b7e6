"""Pitch by autocorrelation after Boersma 1993, all windows at once, and one path through their candidates.

What Praat calls "filtered autocorrelation": the windowed autocorrelation over that of the window, of the sound below
a Gaussian low-pass. Its constants are Praat's, where no other source is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
import numpy.typing as npt
from scipy import fft

from mmed_curate.signals.windows import HOP_S, FloatArray, framed, raised_cosine, window_count

LOWEST_HZ, HIGHEST_HZ = 60.0, 500.0
"""Range of speaking voices, from a low male to a child's."""

_PERIODS = 3.0
"""A window holds so many of the longest periods (Boersma 1993)."""
_LOW_PASS_HZ = 2500.0
"""Amplitudes at this frequency keep 0.03 of themselves (ours: 800 Hz, as in Praat, blurs short periods)."""
_KEPT = 0.03
_CANDIDATES = 4
"""Periods that a window may offer (ours: 8 gave the same path on real speech)."""
_VOICED = 0.5
"""An autocorrelation this high is as good as no voice."""
_SILENT = 0.03
"""Windows whose peak is below this part of the loudest one's count as silence (Boersma 1993)."""
_OCTAVE_COST = 0.055
"""Per octave, for the lower of two equally good pitches."""
_JUMP_COST = 0.35
"""Per octave between two windows 10 ms apart."""
_TURN_COST = 0.14
"""For a voice that begins or ends."""
_FLOOR_PEAK = 1e-5
"""-100 dB relative to full scale: below it there is nothing to hear."""

DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pitch:
    """How high a voice is, window by window."""

    f0_hz: FloatArray
    """(n,) Hz; NaN where there is no voice."""
    periodicity: FloatArray
    """(n,) the highest normalised autocorrelation at a period of the range, in 0..1."""


def pitch(samples: FloatArray, rate_hz: int) -> Pitch:
    """Find the pitch of each window, 60 to 500 Hz.

    Args:
        samples: (N,) mono.
        rate_hz: sampling rate.

    Raises:
        BadInput: the samples are not mono, or their rate is below 8 kHz.
    """
    count = window_count(samples, rate_hz)
    lags_s = np.full((count, _CANDIDATES), np.nan, dtype=np.float32)
    heights = np.full((count, _CANDIDATES), -np.inf, dtype=np.float32)
    peaks = np.zeros(count, dtype=np.float32)
    for block, frames in framed(samples, rate_hz, length_s=_PERIODS / LOWEST_HZ):
        level = frames - frames.mean(axis=1, keepdims=True)
        peaks[block] = np.abs(level).max(axis=1)
        lags_s[block], heights[block] = _candidates(_autocorrelation(level, rate_hz), rate_hz)
    loudest = float(peaks.max())
    if loudest <= _FLOOR_PEAK:
        return Pitch(f0_hz=np.full(count, np.nan, dtype=np.float32), periodicity=np.zeros(count, dtype=np.float32))
    # equation 23: a window much quieter than the loudest is rather silence
    unvoiced = _VOICED + np.maximum(0, 2 - (peaks / loudest) / (_SILENT / (1 + _VOICED)))
    chosen = _best_path(lags_s, heights, unvoiced)
    there = np.take_along_axis(lags_s, np.maximum(chosen - 1, 0)[:, None], axis=1)[:, 0]
    return Pitch(
        f0_hz=np.where(chosen > 0, 1 / there, np.nan).astype(np.float32),
        periodicity=np.clip(np.where(np.isfinite(heights), heights, 0).max(axis=1), 0, 1).astype(np.float32),
    )


def f0_hz(samples: FloatArray, rate_hz: int) -> FloatArray:
    """Pitch of each window, see `pitch`: (n,) Hz, NaN where the window is silent or has none."""
    return pitch(samples, rate_hz).f0_hz


def _autocorrelation(frames: FloatArray, rate_hz: int) -> FloatArray:
    """(n, longest + 2) of each frame at the lags 0, 1, ... samples, over that of the window, 1 at lag 0."""
    width = frames.shape[1]
    longest = _longest(rate_hz)
    size, own, keep = _weights(width, longest, rate_hz)
    spectra = fft.rfft(frames * raised_cosine(width), size, axis=1)
    power = (spectra.real**2 + spectra.imag**2) * keep  # (n, F)
    found = fft.irfft(power, size, axis=1)[:, : longest + 2]
    return cast(FloatArray, found / np.maximum(found[:, :1], 1e-20) / own)


@lru_cache(maxsize=8)
def _weights(width: int, longest: int, rate_hz: int) -> tuple[int, FloatArray, FloatArray]:
    """Length of the transform, the window's own autocorrelation (longest + 2,), the low-pass on the power (F,)."""
    size = fft.next_fast_len(width + longest + 2, real=True)
    own = fft.irfft(np.abs(fft.rfft(raised_cosine(width).astype(np.float64), size)) ** 2, size)[: longest + 2]
    frequencies_hz = np.arange(size // 2 + 1) * rate_hz / size
    keep = _KEPT ** (2 * (frequencies_hz / _LOW_PASS_HZ) ** 2)
    return size, (own / own[0]).astype(np.float32), keep.astype(np.float32)


def _longest(rate_hz: int) -> int:
    return int(np.ceil(rate_hz / LOWEST_HZ))


def _candidates(correlation: FloatArray, rate_hz: int) -> tuple[FloatArray, FloatArray]:
    """The best peaks of each window: (n, K) lags in seconds, NaN where none, and (n, K) heights, -inf where none."""
    begin = max(int(rate_hz / HIGHEST_HZ), 2)
    before, here, after = correlation[:, begin - 1 : -2], correlation[:, begin:-1], correlation[:, begin + 1 :]
    lags = np.arange(begin, begin + here.shape[1])
    peak = (here > before) & (here >= after) & (here > _VOICED / 2)
    merit = np.where(peak, here - _OCTAVE_COST * np.log2(lags * (LOWEST_HZ / rate_hz)).astype(np.float32), -np.inf)
    best = np.argpartition(merit, -_CANDIDATES, axis=1)[:, -_CANDIDATES:]  # (n, K)
    found = np.take_along_axis(peak, best, axis=1)
    left, middle, right = (np.take_along_axis(values, best, axis=1) for values in (before, here, after))
    bend = np.where(found, left - 2 * middle + right, -1)
    shift = 0.5 * (left - right) / np.minimum(bend, -1e-9)  # of the parabola through three points
    height = middle - 0.25 * (left - right) * shift
    height = np.where(height > 1, 1 / np.maximum(height, 1), height)  # Boersma's reflection of r > 1
    lags_s = np.where(found, (lags[best] + shift) / rate_hz, np.nan).astype(np.float32)
    return lags_s, np.where(found, height, -np.inf).astype(np.float32)


def _best_path(lags_s: FloatArray, heights: FloatArray, unvoiced: FloatArray) -> npt.NDArray[np.int64]:
    """(n,) the candidate of each window on the cheapest path (Viterbi): 0 is no voice, k the k-th from 1."""
    octaves = np.log2(np.where(np.isfinite(lags_s), lags_s, 1 / LOWEST_HZ)).astype(np.float64)  # (n, K)
    gains = np.column_stack([unvoiced, heights - _OCTAVE_COST * (octaves + np.log2(LOWEST_HZ))]).astype(np.float64)
    scale = 0.01 / HOP_S  # costs are for 10 ms
    costs = np.full((len(gains) - 1, _CANDIDATES + 1, _CANDIDATES + 1), _TURN_COST * scale)  # (n - 1, from, to)
    costs[:, 0, 0] = 0
    costs[:, 1:, 1:] = _JUMP_COST * scale * np.abs(octaves[:-1, :, None] - octaves[1:, None, :])
    came_from = np.zeros(gains.shape, dtype=np.int64)
    reached: DoubleArray = gains[0]
    for window in range(1, len(gains)):
        ways = reached[:, None] - costs[window - 1]
        came_from[window] = ways.argmax(axis=0)
        reached = ways.max(axis=0) + gains[window]
    path = np.zeros(len(gains), dtype=np.int64)
    path[-1] = reached.argmax()
    for window in range(len(gains) - 1, 0, -1):
        path[window - 1] = came_from[window, path[window]]
    return path
