"""Whether somebody speaks: louder than the quiet of the same sound in the bands of speech, or with a pitch.

It hears no words: laughter, a cough or music of a game count as well. For a few seconds to a few minutes at a time,
in which the quiet does not change.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_closing, binary_opening, uniform_filter1d

from mmed_curate.signals.windows import HOP_S, FloatArray

BoolArray = npt.NDArray[np.bool_]

_SPEECH_HZ = (150.0, 5000.0)
"""Bands that speech fills."""
_QUIET_SHARE = 0.1
"""The quietest windows, whose mean is the noise of the room (ours)."""
_SMOOTHING_S = 0.05
"""Running mean over the bands: half a short syllable (ours)."""
_LOUD_DB = 6.0
"""So far above the quiet somebody speaks (ours)."""
_VOICED_DB = 3.0
"""With a pitch, so far is enough (ours)."""
_FALL_DB = 20.0
"""Where nobody pauses there is no quiet: a pitch then counts within this much of the loudest (ours)."""
_FAINT_DB = -65.0
"""Nothing below it is speech (ours: a headset's own noise lies near -60 dBFS, soft speech near -40)."""
_SHORTEST_S = 0.11
"""A shorter noise without a pitch is none: a key that is struck, 10 ms blurred by window and running mean (ours)."""
_SHORTEST_VOICED_S = 0.07
"""So is one with a pitch: a noise shorter than the window of 50 ms may seem to repeat itself (ours)."""
_PAUSE_S = 0.20
"""A shorter pause lies inside a word: stops last up to 150 ms (ours)."""

_DB_PER_LOG = 10 / np.log(10)


def voice_activity(bands: FloatArray, centres_hz: FloatArray, level_db: FloatArray, pitch_hz: FloatArray) -> BoolArray:
    """Say of each window whether somebody speaks.

    Args:
        bands: (B, n) natural log of the power in each band.
        centres_hz: (B,) middle of each band.
        level_db: (n,) level, dB relative to full scale.
        pitch_hz: (n,) pitch; NaN where there is none.

    Returns:
        (n,) truth values; pauses shorter than 0.2 s are filled.
    """
    inside = (centres_hz >= _SPEECH_HZ[0]) & (centres_hz <= _SPEECH_HZ[1])
    smooth = uniform_filter1d(bands[inside] * _DB_PER_LOG, _windows(_SMOOTHING_S), axis=1, mode="nearest")  # (b, n)
    total = smooth.mean(axis=0)  # (n,)
    n_quiet = max(round(_QUIET_SHARE * len(total)), 1)
    quiet = smooth[:, np.argsort(total, kind="stable")[:n_quiet]].mean(axis=1, keepdims=True)
    above_db = np.maximum(smooth - quiet, 0).mean(axis=0)
    audible = level_db > _FAINT_DB
    near_loudest = level_db > np.percentile(level_db, 95) - _FALL_DB
    voiced = audible & np.isfinite(pitch_hz) & ((above_db > _VOICED_DB) | near_loudest)
    loud = audible & (above_db > _LOUD_DB)
    kept = _with_room(binary_opening, loud, _SHORTEST_S) | _with_room(binary_opening, voiced, _SHORTEST_VOICED_S)
    return _with_room(binary_closing, kept, _PAUSE_S)


def _with_room(
    change: Callable[[BoolArray, npt.NDArray[np.float64]], BoolArray], found: BoolArray, length_s: float
) -> BoolArray:
    """A morphological change over so many seconds that wears nothing away at the ends."""
    width = _windows(length_s)
    return change(np.pad(found, width, mode="edge"), np.ones(width))[width : width + len(found)]


def _windows(seconds: float) -> int:
    """An odd number of windows, at least 1."""
    return 2 * round(seconds / HOP_S / 2) + 1
