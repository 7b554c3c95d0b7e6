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
"""The new frames of a rhythm change so many times more than the repeated ones, at the middle of all rounds (measured:
1.3 and less where nothing was doubled; doubled ones 2.2 to 45 after x264 at crf 23 and 30)."""
_KEPT, _BY = 0.8, 1.2
"""... and in this share of its rounds every new frame changes so many times more than every repeated one."""


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
    """(n,) frames with a repeated one's place in the shortest rhythm of a window: one new, or one repeated, a round."""
    length = min(_WINDOW, len(moves))
    starts = np.unique([*range(0, len(moves) - length + 1, _WINDOW // 2), len(moves) - length])
    windows = np.lib.stride_tricks.sliding_window_view(moves, length)[starts]  # (w, length)
    settled = np.zeros(len(starts), dtype=bool)
    chosen = np.zeros(windows.shape, dtype=bool)
    for period in _PERIODS:
        rounds = windows[:, : length // period * period].reshape(len(starts), -1, period)  # (w, r, period)
        usual = np.median(rounds, axis=1)  # (w, period)
        place = np.arange(length) % period
        for lone_is_new in (True, False):
            lone = usual.argmax(axis=1) if lone_is_new else usual.argmin(axis=1)  # (w,)
            alone = np.take_along_axis(rounds, lone[:, None, None], axis=2)[..., 0]  # (w, r)
            others = rounds[np.broadcast_to(np.arange(period) != lone[:, None, None], rounds.shape)]
            others = others.reshape(*alone.shape, period - 1)
            if lone_is_new:
                clear, kept = alone / np.maximum(np.median(others, axis=2), 1e-6), alone > _BY * others.max(axis=2)
            else:
                clear, kept = np.median(others, axis=2) / np.maximum(alone, 1e-6), _BY * alone < others.min(axis=2)
            how_clear = np.median(clear, axis=1)  # (w,) round by round: a cut in the window must not make a rhythm
            holds = (how_clear >= _RHYTHM) & (kept.mean(axis=1) >= _KEPT) & ~settled
            named = (place == lone[:, None]) != lone_is_new  # (w, length)
            chosen = np.where(holds[:, None], named, chosen)
            settled |= holds
    found = np.zeros(len(moves), dtype=bool)
    for start, named in zip(starts, chosen, strict=True):
        found[start : start + length] |= named
    return found
