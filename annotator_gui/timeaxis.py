"""One time axis for all tracks: times, frames and pixels. A frame takes the pixels from its start to its end. No Qt.

Times are exact seconds of the clip's clock, also at a variable rate; pixels count from the left edge of the widget.
What people read counts from the clip's first frame.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from fractions import Fraction

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, FrameClock

_GRAIN_S = Fraction(1, 10**9)
"""Edges of what is visible lie on nanoseconds, so that zooming in and out a thousand times keeps fractions small."""
_LEAST_FRAMES = 4
"""So many frames are visible at the closest zoom (ours)."""
_MS_UP_TO_S = 10
"""Shorter clips are labelled in milliseconds, as everywhere in the window; longer ones in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What of a clip is visible, and where. Pixels outside the axis are times outside the clip's visible part."""

    start_s: Fraction
    """Start of the clip's first frame, on its clock."""
    end_s: Fraction
    """End of its last frame."""
    first_s: Fraction
    """Start of what is visible."""
    last_s: Fraction
    """End of what is visible."""
    left_px: int
    """Pixel at which `first_s` lies."""
    width_px: int
    """Pixels from `first_s` to `last_s`; at least 1."""
    least_s: Fraction
    """The closest zoom shows so much."""

    def __post_init__(self) -> None:
        inside = self.start_s <= self.first_s < self.last_s <= self.end_s
        if not inside or self.width_px < 1:
            raise BadInput.of(
                "gui.axis",
                f"{float(self.first_s)} s to {float(self.last_s)} s on {self.width_px} px is no part of a clip from "
                f"{float(self.start_s)} s to {float(self.end_s)} s",
                "show a part of the clip",
            )

    @classmethod
    def whole(cls, clock: FrameClock, *, left_px: int, width_px: int) -> Axis:
        """The whole clip visible; a width below 1 counts as 1."""
        start, end = clock.start_of(Frame(0)), clock.end_of(clock.last_frame)
        least = min(end - start, _LEAST_FRAMES * clock.duration / clock.n_frames)
        return cls(
            start_s=start,
            end_s=end,
            first_s=start,
            last_s=end,
            left_px=left_px,
            width_px=max(1, width_px),
            least_s=least,
        )

    @property
    def visible_s(self) -> Fraction:
        """Seconds that are visible."""
        return self.last_s - self.first_s

    @property
    def is_whole(self) -> bool:
        """Whether all of the clip is visible."""
        return self.first_s == self.start_s and self.last_s == self.end_s

    @property
    def right_px(self) -> int:
        """Pixel at which `last_s` lies."""
        return self.left_px + self.width_px

    def x_of(self, time_s: Fraction) -> float:
        """Pixel of a time."""
        return float(self.left_px + (time_s - self.first_s) * self.width_px / self.visible_s)

    def time_at(self, x: float) -> Fraction:
        """Time of a pixel, exact."""
        return self.first_s + (Fraction(x) - self.left_px) * self.visible_s / self.width_px

    def frame_at(self, x: float, clock: FrameClock) -> Frame:
        """The frame whose pixels hold x; beyond the clip's ends the first or last."""
        return clock.frame_at(self.time_at(x))

    def pixels_of(self, frame: Frame, clock: FrameClock) -> tuple[float, float]:
        """Pixels at which a frame begins and ends."""
        return self.x_of(clock.start_of(frame)), self.x_of(clock.end_of(frame))

    def middle_of(self, frame: Frame, clock: FrameClock) -> float:
        """Pixel in the middle of a frame."""
        return self.x_of((clock.start_of(frame) + clock.end_of(frame)) / 2)

    def visible_frames(self, clock: FrameClock) -> tuple[Frame, Frame]:
        """The first and last frame of which anything is visible."""
        tick = self.last_s / clock.time_base
        last = max(0, min(clock.last_frame, bisect_left(clock.pts, tick) - 1))
        return clock.frame_at(self.first_s), Frame(last)

    def zoomed(self, factor: float, x: float) -> Axis:
        """Closer (a factor above 1) or farther round a pixel, whose time stays under it unless an end of the clip is
        in the way."""
        visible = min(self.end_s - self.start_s, max(self.least_s, self.visible_s / Fraction(factor)))
        share = min(Fraction(1), max(Fraction(0), (Fraction(x) - self.left_px) / self.width_px))
        held = self.first_s + share * self.visible_s
        return self._at(held - share * visible, visible)

    def scrolled(self, px: float) -> Axis:
        """Later by so many pixels, earlier where it is negative; stops at the ends of the clip."""
        return self._at(self.first_s + Fraction(px) * self.visible_s / self.width_px, self.visible_s)

    def holding(self, frame: Frame, clock: FrameClock) -> Axis:
        """Turned like a page where a frame is not wholly visible; the same where it is."""
        begin, end = clock.start_of(frame), clock.end_of(frame)
        if self.first_s <= begin and end <= self.last_s:
            return self
        margin = self.visible_s / 8
        first = begin - margin if begin >= self.first_s else end + margin - self.visible_s
        return self._at(first, self.visible_s)

    def placed(self, *, left_px: int, width_px: int) -> Axis:
        """The same times on other pixels."""
        return replace(self, left_px=left_px, width_px=max(1, width_px))

    def _at(self, first: Fraction, visible: Fraction) -> Axis:
        whole = self.end_s - self.start_s
        if visible >= whole:
            return replace(self, first_s=self.start_s, last_s=self.end_s)
        latest = self.end_s - visible
        if first <= self.start_s:
            return replace(self, first_s=self.start_s, last_s=self.start_s + visible)
        if first >= latest:
            return replace(self, first_s=latest, last_s=self.end_s)
        first = round(first / _GRAIN_S) * _GRAIN_S
        visible = max(_GRAIN_S, round(visible / _GRAIN_S) * _GRAIN_S)
        return replace(self, first_s=max(self.start_s, first), last_s=min(self.end_s, first + visible))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line on the ruler."""

    x: float
    label: str
    """Empty: a small line between two labels."""


def time_ticks(axis: Axis, *, least_px: int) -> tuple[Tick, ...]:
    """Lines at round times, counted from the clip's first frame; labels lie at least `least_px` apart."""
    step_us = _round_step(math.ceil(axis.visible_s * 1_000_000 * least_px / axis.width_px))
    small_us = step_us // (4 if str(step_us)[0] == "2" else 5) if step_us >= 10 else step_us
    first, last = ((edge - axis.start_s) * 1_000_000 for edge in (axis.first_s, axis.last_s))
    in_s = axis.end_s - axis.start_s >= _MS_UP_TO_S
    ticks = []
    for number in range(math.ceil(first / small_us), math.floor(last / small_us) + 1):
        at = number * small_us
        label = _label(at, step_us, in_s=in_s) if at % step_us == 0 else ""
        ticks.append(Tick(x=axis.x_of(axis.start_s + Fraction(at, 1_000_000)), label=label))
    return tuple(ticks)


def frame_ticks(axis: Axis, clock: FrameClock, *, label_px: int, least_px: int = 4) -> tuple[Tick, ...]:
    """A line where each visible frame begins, with its number; numbers lie at least `label_px` apart.

    Where frames are narrower than `least_px`, only those with a number have a line.
    """
    first, last = axis.visible_frames(clock)
    mean_px = float(axis.width_px * clock.duration / clock.n_frames / axis.visible_s)
    step = _round_step(max(1, math.ceil(label_px / mean_px)))
    each = 1 if mean_px >= least_px else step
    begin = first if axis.first_s == clock.start_of(first) else first + 1
    ticks: list[Tick] = []
    free_px = -math.inf  # short frames of a variable rate would push their numbers into each other
    for number in range(-(-begin // each) * each, last + 1, each):
        x = axis.x_of(clock.start_of(Frame(number)))
        labelled = number % step == 0 and x >= free_px
        free_px = x + label_px if labelled else free_px
        ticks.append(Tick(x=x, label=str(number) if labelled else ""))
    return tuple(ticks)


def ms_of(frame: Frame, clock: FrameClock) -> int:
    """When a frame appears, in ms from the clip's first."""
    return round((clock.start_of(frame) - clock.start_of(Frame(0))) * 1000)


def _round_step(least: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50… that is at least so much."""
    power: int = 10 ** (len(str(max(1, least))) - 1)
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least)


def _label(at_us: int, step_us: int, *, in_s: bool) -> str:
    unit_us, unit = (1_000_000, "s") if in_s else (1000, "ms")
    digits = 0
    while digits < 6 and step_us % (unit_us // 10**digits if unit_us >= 10**digits else 1) != 0:
        digits += 1
    return f"{at_us / unit_us:.{digits}f} {unit}"
