"""Where the marks, spans and cues of a draft lie on the timeline: sums only. Knows no Qt.

An onset's handle ends where its frame begins, an offset's begins where its frame ends, an apex's is in the middle: so
that the three can be told apart, and taken hold of, on a single frame.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from annotator_gui.draft import Draft, DraftEvent
from annotator_gui.hitting import Bar, Handle, Layout
from annotator_gui.lanes import Lane, Track, rows_of
from annotator_gui.marks import Mark, Marks, Range
from annotator_gui.timeaxis import Axis
from mmed_curate.domain.time import Frame, FrameClock

HANDLE_PX = 11
"""Width of the triangles; the apex is a little wider."""
BAR_PX = 16
"""Height of a span, and of its handles."""
_APART_PX = 4 * HANDLE_PX
"""Events that lie nearer to each other get rows of their own, so that handles and letters do not meet (ours)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Which row each event, and each cue of each event, has in its lane."""

    events: tuple[int, ...]
    cues: tuple[tuple[int, ...], ...]

    @property
    def n_events(self) -> int:
        """Rows of the marks lane; at least 1."""
        return max(self.events, default=0) + 1

    @property
    def n_cues(self) -> int:
        """Rows of the cues lane; 0: there are no cues."""
        return max((row + 1 for rows in self.cues for row in rows), default=0)


def rows(draft: Draft, *, apart_frames: int = 0) -> Rows:
    """Rows in which nothing overlaps, and between two events so many frames are free."""
    runs = [extent(event.marks) for event in draft.events]
    # an event without a mark takes no room: it gets the first row
    there = [(run[0], run[1] + apart_frames) for run in runs if run is not None]
    of_events = iter(rows_of(there))
    cues = [(cue.onset, cue.offset) for event in draft.events for cue in event.vocal_cues]
    of_cues = iter(rows_of(cues))
    return Rows(
        events=tuple(0 if run is None else next(of_events) for run in runs),
        cues=tuple(tuple(next(of_cues) for _ in event.vocal_cues) for event in draft.events),
    )


def extent(marks: Marks) -> Range | None:
    """First and last frame of the marks that are set, both inside; None: none is set."""
    there = [frame for mark in Mark if (frame := marks.at(mark)) is not None]
    return (there[0], there[-1]) if there else None


def apart_frames(axis: Axis, clock: FrameClock) -> int:
    """How many frames are to be free between two events of a row. It does not depend on the zoom: rows that jump while
    a hand zooms are hard to follow."""
    return math.ceil(_APART_PX * clock.n_frames / axis.width_px)


def spread(wanted: Sequence[tuple[float, float]], *, left: float, right: float, gap: float) -> tuple[float, ...]:
    """Left edges of labels in a line that do not meet and stay inside, as near as can be to where they are wanted.

    Args:
        wanted: left edge and width of each, in order.
        left, right: where the line begins and ends.
        gap: what is free between two.
    """
    edges: list[float] = []
    free = left
    for edge, width in wanted:
        edges.append(max(edge, free))
        free = edges[-1] + width + gap
    free = right
    for place in reversed(range(len(edges))):
        width = wanted[place][1]
        edges[place] = min(edges[place], free - width)
        free = edges[place] - gap
    return tuple(edges)


def handle_x(mark: Mark, frame: Frame, axis: Axis, clock: FrameClock) -> float:
    """The middle of a mark's handle."""
    if mark is Mark.ONSET:
        return axis.pixels_of(frame, clock)[0] - HANDLE_PX / 2
    if mark is Mark.OFFSET:
        return axis.pixels_of(frame, clock)[1] + HANDLE_PX / 2
    return axis.middle_of(frame, clock)


def layout(
    draft: Draft, lanes: Sequence[Lane], taken: Rows, *, axis: Axis, clock: FrameClock, with_cues: bool = True
) -> Layout:
    """Everything of a draft that a pointer can meet.

    Args:
        draft: what is marked.
        lanes: of the timeline.
        taken: rows of `draft`, or of the draft before a drag began.
        axis, clock: time to pixel.
        with_cues: False: this pass has no sound.
    """
    marks_lane = next((lane for lane in lanes if lane.track is Track.MARKS), None)
    cues_lane = next((lane for lane in lanes if lane.track is Track.CUES), None)
    handles: list[Handle] = []
    spans: list[Bar] = []
    cues: list[Bar] = []
    for number, event in enumerate(draft.events):
        if marks_lane is not None:
            top, bottom = _row(marks_lane, taken.events[number], taken.n_events)
            handles += _handles(number, event, top, bottom, axis, clock)
            run = extent(event.marks)
            if run is not None:
                spans.append(_bar(number, 0, run, top, bottom, axis, clock))
        if cues_lane is not None and with_cues:
            for place, cue in enumerate(event.vocal_cues):
                top, bottom = _row(cues_lane, taken.cues[number][place], taken.n_cues)
                cues.append(_bar(number, place, (cue.onset, cue.offset), top, bottom, axis, clock))
    return Layout(
        lanes=tuple(lanes), handles=tuple(handles), spans=tuple(spans), cues=tuple(cues), selected=draft.selected
    )


def _handles(number: int, event: DraftEvent, top: int, bottom: int, axis: Axis, clock: FrameClock) -> list[Handle]:
    return [
        Handle(event=number, mark=mark, frame=frame, x=handle_x(mark, frame, axis, clock), top=top, bottom=bottom)
        for mark in Mark
        if (frame := event.marks.at(mark)) is not None
    ]


def _bar(event: int, place: int, run: Range, top: int, bottom: int, axis: Axis, clock: FrameClock) -> Bar:
    first, last = run
    left, right = axis.pixels_of(first, clock)[0], axis.pixels_of(last, clock)[1]
    return Bar(event=event, place=place, first=first, last=last, left=left, right=right, top=top, bottom=bottom)


def _row(lane: Lane, row: int, n_rows: int) -> tuple[int, int]:
    height = lane.height // max(1, n_rows)
    return lane.top + row * height, lane.top + (row + 1) * height
