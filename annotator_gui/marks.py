"""The three marks of an event while they are being set. Frames count from 0 on the clip's own clock.

onset <= apex <= offset holds at every moment, also while some of them are not set yet. Knows no Qt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING

from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.domain.time import Frame, FrameClock, Span

if TYPE_CHECKING:
    from annotator_gui.language import Words

Range = tuple[Frame, Frame]
"""First and last frame, both inside."""
MICRO_TOTAL_MS = 500
"""A micro-expression lasts at most this long in all (Yan et al. 2013, J. Nonverbal Behavior 37)…"""
MICRO_RISE_MS = 250
"""…or from onset to apex at most this long (the same: 260 ms; 250 is the bound that the desk speaks at)."""


class Mark(Enum):
    """One of the three frames of an event."""

    ONSET = "onset"
    APEX = "apex"
    OFFSET = "offset"


def mark_names(words: Words) -> Mapping[Mark, str]:
    """The marks in words."""
    return {Mark.ONSET: words("onset"), Mark.APEX: words("apex"), Mark.OFFSET: words("offset")}


def mark_titles(words: Words) -> Mapping[Mark, str]:
    """The marks as they head a line."""
    return {Mark.ONSET: words("Onset"), Mark.APEX: words("Apex"), Mark.OFFSET: words("Offset")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Marks as far as they are set."""

    onset: Frame | None = None
    apex: Frame | None = None
    offset: Frame | None = None

    def __post_init__(self) -> None:
        there = [frame for frame in (self.onset, self.apex, self.offset) if frame is not None]
        if there != sorted(there) or (there and there[0] < 0):
            raise BadInput.of(
                "gui.marks_order",
                f"need 0 <= onset <= apex <= offset, got {self.onset}, {self.apex}, {self.offset}",
                "move the one that is in the way first",
            )

    def at(self, mark: Mark) -> Frame | None:
        """The frame of a mark; None: not set."""
        return {Mark.ONSET: self.onset, Mark.APEX: self.apex, Mark.OFFSET: self.offset}[mark]

    @property
    def span(self) -> Span | None:
        """The whole event; None: a mark is missing."""
        if self.onset is None or self.apex is None or self.offset is None:
            return None
        return Span(onset=self.onset, apex=self.apex, offset=self.offset)

    @property
    def missing(self) -> tuple[Mark, ...]:
        """Marks that are not set, in order."""
        return tuple(mark for mark in Mark if self.at(mark) is None)


NO_MARKS = Marks()


def legal_range(marks: Marks, mark: Mark, *, last: Frame) -> Range:
    """The frames to which a mark may move while the others stay, both ends inside.

    Args:
        marks: of one event.
        mark: the one that moves.
        last: the clip's last frame.
    """
    order = list(Mark)
    place = order.index(mark)
    before = [frame for other in order[:place] if (frame := marks.at(other)) is not None]
    after = [frame for other in order[place + 1 :] if (frame := marks.at(other)) is not None]
    return max(before, default=Frame(0)), min(after, default=last)


def moved(marks: Marks, mark: Mark, frame: Frame, *, last: Frame) -> Marks:
    """Marks with one of them at another frame.

    Raises:
        BadInput: another mark, or the clip's end, is in the way; says which.
    """
    low, high = legal_range(marks, mark, last=last)
    if not low <= frame <= high:
        raise BadInput.of(
            "gui.mark_order",
            f"{mark.value} cannot be at frame {frame}: {_in_the_way(marks, mark, frame, last)}",
            f"choose a frame from {low} to {high}, or move the other mark first",
            mark=mark.value,
            frame=frame,
            low=low,
            high=high,
        )
    return Marks(**{one.value: frame if one is mark else marks.at(one) for one in Mark})


def _in_the_way(marks: Marks, mark: Mark, frame: Frame, last: Frame) -> str:
    if not 0 <= frame <= last:
        return f"the clip has frames 0 to {last}"
    order = list(Mark)
    others = [other for other in order if other is not mark and marks.at(other) is not None]
    for other in others:
        place = marks.at(other)
        if place is None:
            continue
        if order.index(other) < order.index(mark) and frame < place:
            return f"{other.value} is at frame {place}, and comes first"
        if order.index(other) > order.index(mark) and frame > place:
            return f"{other.value} is at frame {place}, and comes later"
    return "another mark is in the way"


def total_ms(span: Span, clock: FrameClock) -> int:
    """How long an event lasts in all."""
    return round(clock.span_duration(span) * 1000)


def rise_ms(span: Span, clock: FrameClock) -> int:
    """How long it takes from onset to apex."""
    return round((clock.start_of(span.apex) - clock.start_of(span.onset)) * 1000)


def length_note(span: Span, clock: FrameClock) -> Finding | None:
    """A quiet word where an event is longer than a micro-expression; it is no mistake. None: it is not longer.

    Source: Yan et al. 2013, J. Nonverbal Behavior 37: at most 500 ms in all, or at most 260 ms from onset to apex.
    """
    total_ms = float(clock.span_duration(span) * 1000)
    rise_ms = float((clock.start_of(span.apex) - clock.start_of(span.onset)) * 1000)
    if total_ms <= MICRO_TOTAL_MS or rise_ms <= MICRO_RISE_MS:
        return None
    return Finding(
        code="gui.longer_than_micro",
        what=f"{total_ms:.0f} ms in all and {rise_ms:.0f} ms to the apex: longer than a micro-expression",
        remedy="if that is what you see, it is a macro-expression",
        severity=Severity.NOTE,
        parameters={"total_ms": round(total_ms), "rise_ms": round(rise_ms)},
    )


def proposed_frame(pressed: Fraction, clock: FrameClock, *, reaction_s: Fraction, speed: Fraction) -> Frame:
    """Where a mark set while the clip runs was probably meant: the reaction time back, times the speed.

    Only a proposal: each mark is confirmed by frame. After FEVA, which corrects for reaction time in the same way.

    Args:
        pressed: the clip's time at which the key went down, in seconds.
        clock: the clip's clock.
        reaction_s: the coder's reaction time, in seconds.
        speed: 1 is as recorded.
    """
    return clock.frame_at(pressed - reaction_s * speed)
