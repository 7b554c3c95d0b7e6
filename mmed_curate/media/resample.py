"""Band-limited resampling of sound, exact in time: output sample n sounds at n / new rate, whatever the rates.

`resampled` goes from one whole rate to another; `resampled_at` to any even spacing, as a drifting clock needs it.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_ZERO_CROSSINGS = 16
"""Of the sinc on each side of its middle."""
_KAISER_BETA = 8.0
"""Stop band at about −80 dB (Oppenheim & Schafer, Discrete-Time Signal Processing, 7.5)."""
_PASS_BAND = 0.95
"""Share of the narrower band that is kept; the rest is for the filter to fall."""
_OUTPUTS_AT_ONCE = 8192
_PHASES = 512
"""Kernels are tabled so finely and interpolated in between: the error lies below 16-bit rounding."""


def margin(old_rate_hz: int, new_rate_hz: int) -> int:
    """How many input samples on either side of a moment have a part in it."""
    return math.ceil(_ZERO_CROSSINGS / (_PASS_BAND * min(1.0, new_rate_hz / old_rate_hz)))


def resampled(
    samples: NDArray[np.float32], *, begins: int, old_rate_hz: int, new_rate_hz: int, start: int, stop: int
) -> NDArray[np.float32]:
    """Samples start..stop (outside) of the same sound at another rate, on a grid with the same zero.

    Kaiser-windowed sinc, one kernel for each of the new_rate / gcd phases.

    Args:
        samples: (N, C) float32; beyond its ends there is silence.
        begins: index on the old grid of `samples[0]`.
        old_rate_hz: rate of `samples`.
        new_rate_hz: rate wanted.
        start: first index on the new grid.
        stop: index on the new grid behind the last.

    Returns:
        (stop − start, C) float32.
    """
    shared = math.gcd(old_rate_hz, new_rate_hz)
    step, phases = old_rate_hz // shared, new_rate_hz // shared
    reach = margin(old_rate_hz, new_rate_hz)
    offsets = np.arange(-reach, reach + 1)  # (K,)
    band = _PASS_BAND * min(1.0, new_rate_hz / old_rate_hz)
    kernels = _kernels(np.arange(phases) / phases, reach, band).astype(np.float32)  # (P, K)
    result = np.empty((stop - start, samples.shape[1]), dtype=np.float32)
    for block in range(start, stop, _OUTPUTS_AT_ONCE):
        wanted = np.arange(block, min(stop, block + _OUTPUTS_AT_ONCE), dtype=np.int64)  # (n,)
        nearest = wanted * step // phases
        low, high = int(nearest[0]) - reach, int(nearest[-1]) + reach + 1
        around = np.zeros((high - low, samples.shape[1]), dtype=np.float32)
        taken = slice(max(low, begins), max(low, begins, min(high, begins + len(samples))))
        around[taken.start - low : taken.stop - low] = samples[taken.start - begins : taken.stop - begins]
        windows = sliding_window_view(around, len(offsets), axis=0)[nearest - reach - low]  # (n, C, K)
        result[block - start : block - start + len(wanted)] = np.einsum(
            "nck,nk->nc", windows, kernels[wanted * step % phases], optimize=False
        )
    return result


def resampled_at(
    samples: NDArray[np.float32], *, begins: int, first: Fraction, step: Fraction, count: int
) -> NDArray[np.float32]:
    """The same sound at `count` evenly spaced places between its samples, such as a clock that drifts asks for.

    Kaiser-windowed sinc as in `resampled`, its kernel interpolated between 512 phases. Places are exact where they
    begin and off by less than 1e-6 samples after an hour.

    Args:
        samples: (N, C) float32; beyond its ends there is silence.
        begins: index of `samples[0]` on the grid that `first` counts on.
        first: place of the first output, in samples of that grid.
        step: from one output to the next, in samples; above 1, the pitches that no longer fit are removed.
        count: how many outputs.

    Returns:
        (count, C) float32.
    """
    band = _PASS_BAND * min(1.0, 1 / float(step))
    reach = reach_at(step)
    kernels = _kernels(np.arange(_PHASES + 1) / _PHASES, reach, band)  # (P + 1, K)
    rise = np.diff(kernels, axis=0)
    taps = 2 * reach + 1
    whole = math.floor(first)
    result = np.empty((count, samples.shape[1]), dtype=np.float32)
    for block in range(0, count, _OUTPUTS_AT_ONCE):
        wanted = np.arange(block, min(count, block + _OUTPUTS_AT_ONCE))
        places = float(first - whole) + wanted * float(step)  # (n,) from `whole`
        nearest = np.floor(places).astype(np.int64)
        fine = (places - nearest) * _PHASES
        phase = np.minimum(fine.astype(np.int64), _PHASES - 1)
        weights = kernels[phase] + (fine - phase)[:, None] * rise[phase]  # (n, K)
        low, high = whole + int(nearest[0]) - reach, whole + int(nearest[-1]) + reach + 1
        around = np.zeros((high - low, samples.shape[1]), dtype=np.float32)
        taken = slice(max(low, begins), max(low, begins, min(high, begins + len(samples))))
        around[taken.start - low : taken.stop - low] = samples[taken.start - begins : taken.stop - begins]
        windows = sliding_window_view(around, taps, axis=0)[nearest - nearest[0]]  # (n, C, K)
        result[wanted] = np.einsum("nck,nk->nc", windows, weights.astype(np.float32), optimize=False)
    return result


def reach_at(step: Fraction) -> int:
    """How many input samples on either side of a place have a part in `resampled_at`."""
    return math.ceil(_ZERO_CROSSINGS / (_PASS_BAND * min(1.0, 1 / float(step))))


def _kernels(phases: NDArray[np.float64], reach: int, band: float) -> NDArray[np.float64]:
    """(P, K) a kernel for each part of a sample that the place lies behind a sample."""
    away = phases[:, None] - np.arange(-reach, reach + 1)
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (away / (reach + 1)) ** 2, 0, None))) / np.i0(_KAISER_BETA)
    kernels = np.sinc(band * away) * window
    normal: NDArray[np.float64] = kernels / kernels.sum(axis=1, keepdims=True)  # a constant stays what it is
    return normal
