"""Times of other tools and frames of a recording. An interval ends where its last frame ends.

ELAN counts whole milliseconds and rounds up or down, so a time may lie a little before or behind the moment that was
meant: within a millisecond before a frame begins, that frame is meant, and within one after it has, an interval's end
is not in it.
"""

from __future__ import annotations

from fractions import Fraction

from mmed_curate.domain.time import Frame, FrameClock

SLACK = Fraction(1, 1000)
"""ELAN's resolution, in seconds. Frames that last more than 2 ms are told apart safely: up to 400 a second."""


def frame_from(time: Fraction, clock: FrameClock) -> Frame:
    """The frame that a mark at this time, in seconds, means."""
    return clock.frame_at(time + SLACK)


def frame_until(time: Fraction, clock: FrameClock) -> Frame:
    """The last frame of an interval that ends at this time, in seconds."""
    frame = clock.frame_at(time - SLACK)
    begins = clock.start_of(frame) >= time - SLACK  # it only begins there
    return Frame(frame - 1) if begins and frame > 0 else frame


def lies_in(time: Fraction, clock: FrameClock) -> bool:
    """Whether the picture runs at this time."""
    return clock.start_of(Frame(0)) - SLACK <= time <= clock.end_of(clock.last_frame) + SLACK
