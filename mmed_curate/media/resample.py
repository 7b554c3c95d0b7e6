"""Band-limited resampling of sound, exact in time: output sample n sounds at n / new rate, whatever the rates."""

from __future__ import annotations

import math

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
    away = np.arange(phases)[:, None] / phases - offsets  # (P, K)
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (away / (reach + 1)) ** 2, 0, None))) / np.i0(_KAISER_BETA)
    kernels = np.sinc(band * away) * window  # (P, K)
    kernels = (kernels / kernels.sum(axis=1, keepdims=True)).astype(np.float32)  # a constant stays what it is
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
