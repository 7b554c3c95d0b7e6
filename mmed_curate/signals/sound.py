"""What a voice does from moment to moment: log-mel bands, intensity, pitch. All share one grid of windows.

Window k covers the samples from k × 10 ms for 25 ms; only whole windows count, and sound shorter than one is
continued with silence. Samples are mono float32 in -1..1, at any rate of 8 kHz or more.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput

FloatArray = npt.NDArray[np.float32]

WINDOW_S = 0.025
"""Length of a window."""
HOP_S = 0.010
"""From one window's start to the next one's."""
N_BANDS = 64
"""Mel bands."""
LOWEST_HZ, HIGHEST_HZ = 60.0, 8000.0
"""The bands lie between these, whatever the rate; bands above half the rate stay at the floor."""

_FLOOR_POWER = 1e-10
"""-100 dB relative to full scale: digital silence has a number too."""
_LEAST_RATE_HZ = 8000
_BIN_HZ = 16.0
"""Spectra are at least this fine, so that the lowest mel band (about 35 Hz wide) holds a bin."""

_LOWEST_F0_HZ, _HIGHEST_F0_HZ = 60.0, 500.0
"""Range of speaking voices, from a low male to a child's."""
_VOICED_BELOW = 0.15
"""YIN's threshold on the normalised difference (de Cheveigné & Kawahara 2002: 0.1 to 0.15)."""


def log_mel(samples: FloatArray, rate_hz: int) -> FloatArray:
    """Log power in mel bands.

    Hann windows; triangular bands, equally spaced on the mel scale 2595 log10(1 + f / 700) (O'Shaughnessy 1987).

    Args:
        samples: (N,) mono.
        rate_hz: sampling rate.

    Returns:
        (64, n) natural log of the mean square in each band, relative to full scale; at least log(1e-10).

    Raises:
        BadInput: the samples are not mono, or their rate is below 8 kHz.
    """
    framed, window = _framed(samples, rate_hz)  # (n, W)
    size = 1 << int(np.ceil(np.log2(max(rate_hz / _BIN_HZ, framed.shape[1]))))
    # one-sided and over the window's energy: the bins of a window add up to its mean square, at any rate
    power = 2 * np.abs(np.fft.rfft(framed * window, size, axis=1)) ** 2 / (size * float((window**2).sum()))  # (n, F)
    bands = power @ _mel_bands(rate_hz, size).T  # (n, 64)
    return np.ascontiguousarray(np.log(np.maximum(bands, _FLOOR_POWER)).T, dtype=np.float32)


def intensity_db(samples: FloatArray, rate_hz: int) -> FloatArray:
    """Level of each window: root mean square in dB relative to full scale, at least -100.

    Args:
        samples: (N,) mono.
        rate_hz: sampling rate.

    Returns:
        (n,) dB.

    Raises:
        BadInput: the samples are not mono, or their rate is below 8 kHz.
    """
    framed, _ = _framed(samples, rate_hz)
    power = (framed**2).mean(axis=1)
    return cast(FloatArray, (10 * np.log10(np.maximum(power, _FLOOR_POWER))).astype(np.float32))


def f0_hz(samples: FloatArray, rate_hz: int) -> FloatArray:
    """Pitch of each window by YIN (de Cheveigné & Kawahara 2002), 60 to 500 Hz.

    The first dip of the cumulative mean normalised difference below 0.15, refined by a parabola.

    Args:
        samples: (N,) mono.
        rate_hz: sampling rate.

    Returns:
        (n,) Hz; NaN where the window is silent or has no pitch.

    Raises:
        BadInput: the samples are not mono, or their rate is below 8 kHz.
    """
    n_windows = len(_framed(samples, rate_hz)[0])
    longest = int(np.ceil(rate_hz / _LOWEST_F0_HZ))
    shortest = max(int(rate_hz / _HIGHEST_F0_HZ), 2)
    width = round(WINDOW_S * rate_hz)
    starts = _starts(n_windows, rate_hz)
    padded = np.concatenate([samples, np.zeros(width + longest + 1)]).astype(np.float64)
    pitch = np.full(n_windows, np.nan, dtype=np.float32)
    for index, start in enumerate(starts):
        piece = padded[start : start + width + longest + 1]
        if float((piece[:width] ** 2).mean()) <= _FLOOR_POWER:
            continue
        dips = _normalised_difference(piece, width, longest)
        below = np.flatnonzero(dips[shortest:longest] < _VOICED_BELOW)
        if below.size == 0:
            continue
        lag = shortest + int(below[0])
        while lag + 1 < longest and dips[lag + 1] < dips[lag]:
            lag += 1
        before, here, after = dips[lag - 1], dips[lag], dips[lag + 1]
        bend = before - 2 * here + after
        pitch[index] = rate_hz / (lag + (0.5 * (before - after) / bend if bend > 1e-12 else 0.0))
    return pitch


def _normalised_difference(piece: npt.NDArray[np.float64], width: int, longest: int) -> npt.NDArray[np.float64]:
    """(longest + 1,) YIN's d', equation 8; 1 at lag 0."""
    size = 1 << int(np.ceil(np.log2(len(piece) + width)))
    ahead = np.fft.rfft(piece, size)
    product = np.fft.irfft(ahead * np.conj(np.fft.rfft(piece[:width], size)), size)[: longest + 1]
    energy = np.concatenate([[0.0], np.cumsum(piece**2)])
    lags = np.arange(longest + 1)
    difference = np.maximum(energy[width] + energy[lags + width] - energy[lags] - 2 * product, 0.0)
    total = np.cumsum(difference[1:])
    normal = np.ones(longest + 1)
    normal[1:] = difference[1:] * lags[1:] / np.maximum(total, 1e-20)
    return normal


def _framed(samples: FloatArray, rate_hz: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    if samples.ndim != 1:
        raise BadInput.of("sound.not_mono", f"need mono samples (N,), got {samples.shape}", "mix the channels first")
    if rate_hz < _LEAST_RATE_HZ:
        raise BadInput.of(
            "sound.rate", f"need sound at {_LEAST_RATE_HZ} Hz or more, got {rate_hz} Hz", "give the original sound"
        )
    width = round(WINDOW_S * rate_hz)
    values = samples.astype(np.float64)
    if len(values) < width:
        values = np.concatenate([values, np.zeros(width - len(values))])
    count = 1 + int((len(values) - width) / (HOP_S * rate_hz))
    framed = np.lib.stride_tricks.sliding_window_view(values, width)[_starts(count, rate_hz)]
    return framed, 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(width) + 0.5) / width)


def _starts(count: int, rate_hz: int) -> npt.NDArray[np.int64]:
    return cast("npt.NDArray[np.int64]", np.floor(np.arange(count) * HOP_S * rate_hz + 1e-6).astype(np.int64))


def _mel_bands(rate_hz: int, size: int) -> npt.NDArray[np.float64]:
    """(64, F) triangles of height 1."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (LOWEST_HZ, HIGHEST_HZ))
    corners = 700 * (10 ** (np.linspace(low, high, N_BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(size, 1 / rate_hz)
    rising = (bins - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - bins) / (corners[2:] - corners[1:-1])[:, None]
    return cast("npt.NDArray[np.float64]", np.maximum(np.minimum(rising, falling), 0.0))
