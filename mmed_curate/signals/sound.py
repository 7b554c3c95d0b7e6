"""What a voice does from moment to moment: log-mel bands, intensity, pitch, activity. All share one grid of windows.

Samples are mono float32 in -1..1, at any rate of 8 kHz or more; the grid is that of `signals.windows`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
import numpy.typing as npt
from scipy import fft

from mmed_curate.signals.activity import voice_activity
from mmed_curate.signals.pitch import f0_hz, pitch
from mmed_curate.signals.windows import HOP_S, WINDOW_S, FloatArray, framed, raised_cosine, window_count

__all__ = [
    "HIGHEST_HZ",
    "HOP_S",
    "LOWEST_HZ",
    "N_BANDS",
    "WINDOW_S",
    "SoundFeatures",
    "band_centres_hz",
    "f0_hz",
    "intensity_db",
    "log_mel",
    "sound_features",
]

N_BANDS = 64
"""Mel bands."""
LOWEST_HZ, HIGHEST_HZ = 60.0, 8000.0
"""The bands lie between these, whatever the rate; bands above half the rate stay at the floor."""

_FLOOR_POWER = 1e-10
"""-100 dB relative to full scale: digital silence has a number too."""
_BIN_HZ = 16.0
"""Spectra are at least this fine, so that the lowest mel band (about 35 Hz wide) holds a bin."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SoundFeatures:
    """Everything that is measured of one run of sound, on one grid of n windows."""

    log_mel: FloatArray
    """(64, n) natural log of the mean square in each band, relative to full scale."""
    intensity_db: FloatArray
    """(n,) dB relative to full scale."""
    f0_hz: FloatArray
    """(n,) Hz; NaN where there is no voice."""
    periodicity: FloatArray
    """(n,) in 0..1."""
    voice_activity: npt.NDArray[np.bool_]
    """(n,) whether somebody speaks."""


def sound_features(samples: FloatArray, rate_hz: int) -> SoundFeatures:
    """Measure everything at once.

    Args:
        samples: (N,) mono.
        rate_hz: sampling rate.

    Raises:
        BadInput: the samples are not mono, or their rate is below 8 kHz.
    """
    bands, level_db, voice = log_mel(samples, rate_hz), intensity_db(samples, rate_hz), pitch(samples, rate_hz)
    return SoundFeatures(
        log_mel=bands,
        intensity_db=level_db,
        f0_hz=voice.f0_hz,
        periodicity=voice.periodicity,
        voice_activity=voice_activity(bands, band_centres_hz(), level_db, voice.f0_hz),
    )


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
    found = np.empty((window_count(samples, rate_hz), N_BANDS), dtype=np.float32)
    for block, frames in framed(samples, rate_hz):
        window = raised_cosine(frames.shape[1])
        size = 1 << int(np.ceil(np.log2(max(rate_hz / _BIN_HZ, frames.shape[1]))))
        spectra = fft.rfft(frames * window, size, axis=1)
        # one-sided and over the window's energy: the bins of a window add up to its mean square, at any rate
        power = (spectra.real**2 + spectra.imag**2) * np.float32(2 / (size * float((window**2).sum())))  # (b, F)
        found[block] = power @ _mel_bands(rate_hz, size)
    return np.ascontiguousarray(np.log(np.maximum(found, np.float32(_FLOOR_POWER))).T)


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
    power = np.empty(window_count(samples, rate_hz), dtype=np.float32)
    for block, frames in framed(samples, rate_hz):
        power[block] = np.einsum("nw,nw->n", frames, frames) / np.float32(frames.shape[1])
    return cast(FloatArray, (10 * np.log10(np.maximum(power, _FLOOR_POWER))).astype(np.float32))


def band_centres_hz() -> FloatArray:
    """(64,) where each mel band has its peak, Hz."""
    return cast(FloatArray, _corners_hz()[1:-1].astype(np.float32))


def _corners_hz() -> npt.NDArray[np.float64]:
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (LOWEST_HZ, HIGHEST_HZ))
    return 700 * (10 ** (np.linspace(low, high, N_BANDS + 2) / 2595) - 1)


@lru_cache(maxsize=8)
def _mel_bands(rate_hz: int, size: int) -> FloatArray:
    """(F, 64) triangles of height 1."""
    corners = _corners_hz()
    bins = np.fft.rfftfreq(size, 1 / rate_hz)
    rising = (bins - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - bins) / (corners[2:] - corners[1:-1])[:, None]
    triangles = np.maximum(np.minimum(rising, falling), 0.0)
    return np.ascontiguousarray(triangles.T, dtype=np.float32)
