"""The grid that all sound features share: window k covers the samples from k × 10 ms for 25 ms.

Only whole windows count; sound shorter than one is continued with silence. Samples are mono float32 in -1..1, at any
rate of 8 kHz or more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput

FloatArray = npt.NDArray[np.float32]

WINDOW_S = 0.025
"""Length of a window."""
HOP_S = 0.010
"""From one window's start to the next one's."""

_LEAST_RATE_HZ = 8000
_BLOCK = 256
"""Windows that are transformed together: their spectra stay in the cache (ours)."""


def window_count(samples: FloatArray, rate_hz: int) -> int:
    """How many windows there are, at least 1.

    Args:
        samples: (N,) mono.
        rate_hz: sampling rate.

    Raises:
        BadInput: the samples are not mono, or their rate is below 8 kHz.
    """
    if samples.ndim != 1:
        raise BadInput.of("sound.not_mono", f"need mono samples (N,), got {samples.shape}", "mix the channels first")
    if rate_hz < _LEAST_RATE_HZ:
        raise BadInput.of(
            "sound.rate", f"need sound at {_LEAST_RATE_HZ} Hz or more, got {rate_hz} Hz", "give the original sound"
        )
    return 1 + int(max(len(samples) - _width(rate_hz), 0) / (HOP_S * rate_hz))


def framed(
    samples: FloatArray, rate_hz: int, *, length_s: float = WINDOW_S
) -> Iterator[tuple[slice, npt.NDArray[np.float32]]]:
    """The samples of each window, block by block, so that memory does not grow with the sound.

    Args:
        samples: (N,) mono.
        rate_hz: sampling rate.
        length_s: take this much round the middle of each window, with silence outside the sound.

    Yields:
        which windows, and (n, round(length_s * rate_hz)) float32: read them, do not change them.

    Raises:
        BadInput: the samples are not mono, or their rate is below 8 kHz.
    """
    count = window_count(samples, rate_hz)
    width = round(length_s * rate_hz)
    lead = max((width - _width(rate_hz)) // 2, 0)
    starts = np.floor(np.arange(count) * HOP_S * rate_hz + 1e-6).astype(np.int64)
    behind = max(int(starts[-1]) + width - lead - len(samples), 0)
    padded = np.pad(samples.astype(np.float32, copy=False), (lead, behind))
    runs = np.lib.stride_tricks.sliding_window_view(padded, width)
    for first in range(0, count, _BLOCK):
        block = slice(first, min(first + _BLOCK, count))
        yield block, cast(FloatArray, runs[starts[block]])


def raised_cosine(width: int) -> FloatArray:
    """(width,) Hann window, symmetric and nowhere 0."""
    return cast(FloatArray, (0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(width) + 0.5) / width)).astype(np.float32))


def _width(rate_hz: int) -> int:
    return round(WINDOW_S * rate_hz)
