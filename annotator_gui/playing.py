"""Which frame is on screen when, while a run of frames is looped at any speed. Exact: no time is ever rounded.

`elapsed_s` counts seconds since the loop began, on the wall. A loop begins anew the moment its last frame ends. Knows
neither Qt nor a clock: whoever plays asks with the time that it is.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, FrameClock, samples_between

MOST_FLICKER_HZ = 3
"""There and back so often a second; more may harm (WCAG 2.1, 2.3.1: three flashes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a loop shows at a time."""

    frame: Frame
    replays: int
    """How often the loop was gone through before; 0 the first time."""
    step: int
    """How many frames were due before this one since the loop began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Frames first..last of a clip, both inside, over and over."""

    clock: FrameClock
    """The clip's own."""
    first: Frame
    last: Frame
    speed: Fraction = Fraction(1)
    """Seconds of the clip in a second on the wall."""

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last <= self.clock.last_frame:
            raise BadInput.of(
                "gui.loop",
                f"frames {self.first} to {self.last} are no run of a clip that has frames 0 to {self.clock.last_frame}",
                "choose a first frame that is not after the last",
                first=self.first,
                last=self.last,
                end=self.clock.last_frame,
            )
        if not self.speed > 0:
            raise BadInput.of("gui.speed", f"a loop cannot run at {self.speed} of its speed", "choose a speed above 0")

    @property
    def n_frames(self) -> int:
        """Frames of one round."""
        return self.last - self.first + 1

    @property
    def round_s(self) -> Fraction:
        """Seconds that one round takes."""
        return self._ticks(self.n_frames) * self.clock.time_base / self.speed

    def at(self, elapsed_s: Fraction) -> Moment:
        """What is on screen; before the beginning, the first frame.

        Args:
            elapsed_s: seconds since the loop began.
        """
        elapsed_ticks = max(Fraction(0), elapsed_s) * self.speed / self.clock.time_base
        replays, ticks = divmod(elapsed_ticks, self._ticks(self.n_frames))
        pts = self.clock.pts
        frame = bisect_right(pts, pts[self.first] + ticks, lo=self.first, hi=self.last + 1) - 1
        return Moment(frame=Frame(frame), replays=replays, step=replays * self.n_frames + frame - self.first)

    def due_s(self, step: int) -> Fraction:
        """When the frame comes up that is `step` frames after the beginning: `at` of that time shows it."""
        replays, number = divmod(step, self.n_frames)
        return replays * self.round_s + self._ticks(number) * self.clock.time_base / self.speed

    def next_due_s(self, elapsed_s: Fraction) -> Fraction:
        """When the frame changes next; later than `elapsed_s`."""
        return self.due_s(self.at(elapsed_s).step + 1)

    def begins_s(self, frame: Frame) -> Fraction:
        """When a frame comes up in the first round: begin so far in, to begin with it.

        Raises:
            BadInput: it is not in the loop.
        """
        if not self.first <= frame <= self.last:
            raise BadInput.of(
                "gui.not_in_loop",
                f"frame {frame} is not among {self.first} to {self.last}",
                "choose one of these",
                first=self.first,
                last=self.last,
                frame=frame,
            )
        return self.due_s(frame - self.first)

    def share_shown(self, refresh_hz: Fraction) -> Fraction:
        """Which share of the frames a screen shows that is drawn anew so often, whatever moment it begins at.

        A frame that lasts for d seconds on the wall is drawn with probability min(1, d × refresh): below 1, the screen
        drops some.

        Args:
            refresh_hz: how often a second the screen is drawn anew.

        Returns:
            In 0..1; exactly 1: none is dropped.
        """
        ticks_a_refresh = self.speed / (self.clock.time_base * refresh_hz)
        shown = sum(min(Fraction(1), ticks / ticks_a_refresh) for ticks in self._lasting())
        return Fraction(shown) / self.n_frames

    def samples(self, rate_hz: int) -> slice:
        """The samples of the clip's whole sound, at this speed, that belong to the loop.

        Args:
            rate_hz: of the sound; its first sample sounds when the clip's first frame appears.
        """
        begins = (self.clock.pts[self.first] - self.clock.pts[0]) * self.clock.time_base / self.speed
        run = samples_between(begins, begins + self.round_s, rate_hz=rate_hz)
        return slice(run.start, run.stop)

    def _ticks(self, number: int) -> int:
        """Ticks from the first frame to the one `number` frames later; of all frames: to the end of the last."""
        index = self.first + number
        pts = self.clock.pts
        return (pts[index] if index < len(pts) else self.clock.end_pts) - pts[self.first]

    def _lasting(self) -> list[int]:
        return [self._ticks(number + 1) - self._ticks(number) for number in range(self.n_frames)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flicker:
    """Two frames in turn, such as onset and apex."""

    one: Frame
    other: Frame
    turn_s: Fraction = Fraction(1, 2)
    """How long each is on screen."""

    def __post_init__(self) -> None:
        if not self.turn_s >= Fraction(1, 2 * MOST_FLICKER_HZ):
            raise BadInput.of(
                "gui.flicker",
                f"frames cannot change every {float(self.turn_s * 1000):.0f} ms",
                f"choose at least {math.ceil(1000 / (2 * MOST_FLICKER_HZ))} ms: faster flicker may harm",
            )

    def at(self, elapsed_s: Fraction) -> Frame:
        """Which of them is on screen."""
        return self.other if max(Fraction(0), elapsed_s) // self.turn_s % 2 else self.one

    def next_due_s(self, elapsed_s: Fraction) -> Fraction:
        """When it changes next; later than `elapsed_s`."""
        return (max(Fraction(0), elapsed_s) // self.turn_s + 1) * self.turn_s
