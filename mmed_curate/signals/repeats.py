"""Which frames of a video show something new, and how evenly they come: numbers in, numbers out.

Duplicated frames hide from a file's frame rate: a camera of 15 pictures a second written as 30 has 15. After an encoder
a repeated frame is not bit for bit the one before, but it changes far less than the frames round it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

_FAR_LESS = 0.15
"""A frame that changes less than this part of the greatest change near it shows nothing new (measured: where nothing
was doubled this names 0 to 2 % of the frames of a talking face)."""
_REACH = 2
"""... near: so many frames before and after; up to five equal frames in a row are found."""
_PERIODS = (2, 3, 4, 5, 6)
"""Rhythms looked for, in frames: 30 made of 15, 30 of 24 (one in five), 60 of 20 ..."""
_WINDOW = 60
"""Frames in which a rhythm must hold: two seconds at 30 Hz."""
_RHYTHM = 2.0
"""The new frames of a rhythm change so many times more than the repeated ones (measured, at the median: recordings
where nothing was doubled reach 1.8; doubled ones 2.2 to 45 after x264 at crf 23 and 30)."""
_KEPT = 0.8
"""... in this share of its rounds every repeated frame changes less than every new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameTimes:
    """How evenly frames come."""

    step_s: float
    """The usual time from frame to frame (median)."""
    n_missing: int
    """Frames that would fill the gaps."""
    longest_gap_s: float
    """Longest time from one frame to the next."""
    jitter_s: float
    """95 % of the steps that are no gaps differ from the usual one by less."""


def frame_times(times_s: npt.NDArray[np.float64]) -> FrameTimes:
    """How evenly frames come, from their presentation times.

    A step of 1.5 usual steps or more is a gap.

    Args:
        times_s: (T,) increasing.
    """
    steps = np.diff(times_s)
    if len(steps) == 0:
        return FrameTimes(step_s=0.0, n_missing=0, longest_gap_s=0.0, jitter_s=0.0)
    usual = float(np.median(steps))
    gaps = steps > 1.5 * usual
    even = np.abs(steps[~gaps] - usual)
    return FrameTimes(
        step_s=usual,
        n_missing=int((np.round(steps[gaps] / usual) - 1).sum()),
        longest_gap_s=float(steps.max()),
        jitter_s=float(np.percentile(even, 95)) if len(even) else 0.0,
    )


def repeated(change: FloatArray, same: BoolArray) -> BoolArray:
    """Which frames repeat the one before.

    A frame does that is bit for bit the same, that changes far less than its neighbours, or that has its place in a
    rhythm of repeated ones.

    Args:
        change: (T,) how much each frame differs from the one before; the first is not a number.
        same: (T,) it does not differ at all.

    Returns:
        (T,) the first is new.
    """
    found = same.copy()
    if len(found):
        found[0] = False
    moves = change[1:].astype(np.float64)
    if len(moves) > 2 * _REACH:
        found[1:] |= moves < _FAR_LESS * _greatest_near(moves)
    if len(moves) >= _WINDOW // 2:
        found[1:] |= _in_rhythm(moves)
    return found


def _greatest_near(moves: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n,) the greatest change of the frames before and after each, without its own."""
    padded = np.pad(moves, _REACH, constant_values=0.0)
    shifts = [padded[_REACH + by : len(padded) - _REACH + by] for by in range(-_REACH, _REACH + 1) if by]
    greatest: npt.NDArray[np.float64] = np.max(shifts, axis=0)
    return greatest


def _in_rhythm(moves: npt.NDArray[np.float64]) -> BoolArray:
    """(n,) frames with a repeated one's place in the clearest rhythm of a window: one new, or one repeated, a round."""
    length = min(_WINDOW, len(moves))
    starts = np.unique([*range(0, len(moves) - length + 1, _WINDOW // 2), len(moves) - length])
    windows = np.lib.stride_tricks.sliding_window_view(moves, length)[starts]  # (w, length)
    best = np.full(len(starts), _RHYTHM)
    chosen = np.zeros(windows.shape, dtype=bool)
    for period in _PERIODS:
        rounds = windows[:, : length // period * period].reshape(len(starts), -1, period)  # (w, r, period)
        usual = np.median(rounds, axis=1)  # (w, period)
        ranked = np.sort(usual, axis=1)
        place = np.arange(length) % period
        for sign, clear in (
            (1.0, ranked[:, -1] / np.maximum(ranked[:, -2], 1e-6)),  # one new
            (-1.0, ranked[:, 1] / np.maximum(ranked[:, 0], 1e-6)),  # one repeated
        ):
            lone = np.argmax(sign * usual, axis=1)  # (w,)
            is_lone = np.arange(period) == lone[:, None]  # (w, period)
            apart = np.where(is_lone[:, None], np.inf, -sign * rounds).min(axis=2) + np.where(
                is_lone[:, None], sign * rounds, -np.inf
            ).max(axis=2)  # (w, r) > 0: the lone one stands out on its side
            better = (clear >= best) & ((apart > 0).mean(axis=1) >= _KEPT)
            best = np.where(better, clear, best)
            named = (place == lone[:, None]) != (sign > 0)  # (w, length)
            chosen = np.where(better[:, None], named, chosen)
    found = np.zeros(len(moves), dtype=bool)
    for start, named in zip(starts, chosen, strict=True):
        found[start : start + length] |= named
    return found
