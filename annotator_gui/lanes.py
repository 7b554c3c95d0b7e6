"""Which track lies where, which spans share a row, where readings differ: sums about the timeline. Knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from annotator_gui.marks import Mark
from mmed_curate.domain.time import Frame, Span


class Track(Enum):
    """What a lane shows, in order from the top."""

    RULER = "ruler"
    WAVE = "wave"
    SPECTRUM = "spectrum"
    PITCH = "pitch"
    MOTION = "motion"
    MARKS = "marks"
    CUES = "cues"
    READING = "reading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One lane over the whole width."""

    track: Track
    top: int
    height: int
    row: int = 0
    """Which reading; 0 for all other tracks."""

    @property
    def bottom(self) -> int:
        """The first pixel below it."""
        return self.top + self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A lane that is to be placed."""

    track: Track
    least: int
    """Pixels that it needs."""
    share: int = 0
    """How much of the room to spare it gets, against the other lanes; 0: none."""
    row: int = 0


def stacked(wishes: Sequence[Wish], *, height: int, gap: int) -> tuple[Lane, ...]:
    """Lanes under each other; room to spare goes to those that can use it. Where there is too little, all stay legible
    and the last ones lie below the edge."""
    spare = max(0, height - sum(wish.least for wish in wishes) - gap * max(0, len(wishes) - 1))
    shares = sum(wish.share for wish in wishes)
    lanes, top = [], 0
    for wish in wishes:
        own = wish.least + (spare * wish.share // shares if shares else 0)
        lanes.append(Lane(track=wish.track, top=top, height=own, row=wish.row))
        top += own + gap
    return tuple(lanes)


def rows_of(runs: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """A row for each run of frames (both ends inside), so that no two in a row share a frame; there are as many
    rows as runs share one frame at most."""
    ends: list[int] = []
    rows = [0] * len(runs)
    for place in sorted(range(len(runs)), key=lambda place: (runs[place], place)):
        first, last = runs[place]
        row = next((row for row, end in enumerate(ends) if end < first), len(ends))
        if row == len(ends):
            ends.append(last)
        ends[row] = last
        rows[place] = row
    return tuple(rows)


def differing(
    readings: Sequence[Sequence[Span]], *, tolerance_frames: int = 0
) -> tuple[tuple[frozenset[Mark], ...], ...]:
    """For each span of each reading: the marks on which another reading says something else.

    A span is compared with the one that it overlaps most; where another reading has none, all its marks differ.

    Args:
        readings: spans of each coder.
        tolerance_frames: marks so far apart say the same.
    """
    return tuple(
        tuple(
            frozenset().union(
                *(_apart(span, others, tolerance_frames) for number, others in enumerate(readings) if number != own)
            )
            for span in spans
        )
        for own, spans in enumerate(readings)
    )


def _apart(span: Span, others: Sequence[Span], tolerance: int) -> frozenset[Mark]:
    best = max(others, key=span.iou, default=None)
    if best is None or span.iou(best) <= 0:
        return frozenset(Mark)
    mine, theirs = frames_of(span), frames_of(best)
    return frozenset(mark for mark in Mark if abs(mine[mark] - theirs[mark]) > tolerance)


def frames_of(span: Span) -> Mapping[Mark, Frame]:
    """The frame of each mark."""
    return {Mark.ONSET: span.onset, Mark.APEX: span.apex, Mark.OFFSET: span.offset}
