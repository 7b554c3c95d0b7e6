"""What lies under the pointer: pure functions that return a frozen target. Knows no Qt.

A handle is where a mark can be taken hold of: onset just before its frame, apex in the middle, offset just behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annotator_gui.lanes import Lane, Track
from annotator_gui.marks import Mark
from mmed_curate.domain.time import Frame

_ORDER = {mark: place for place, mark in enumerate(Mark)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """Where a mark is drawn."""

    event: int
    """Place among the draft's events."""
    mark: Mark
    frame: Frame
    x: float
    top: int
    bottom: int
    """The first pixel below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Where a vocal cue, or an event's span, is drawn."""

    event: int
    place: int
    """Among the cues of its event; for a span 0."""
    first: Frame
    last: Frame
    """Inside."""
    left: float
    right: float
    top: int
    bottom: int
    """The first pixel below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnMark:
    """A mark can be taken hold of, or several that lie on one frame."""

    event: int
    marks: tuple[Mark, ...]
    """At least one, in order; the direction of the drag chooses (`chosen`)."""
    frame: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSpan:
    """An event, away from its marks."""

    event: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCueEnd:
    """The first or last frame of a vocal cue of the selected event."""

    place: int
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCue:
    """A vocal cue, away from its ends."""

    event: int
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnEmpty:
    """Nothing to take hold of."""

    track: Track | None
    """None: below all lanes."""


Target = OnMark | OnSpan | OnCueEnd | OnCue | OnEmpty


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything on the timeline that a pointer can meet."""

    lanes: tuple[Lane, ...]
    handles: tuple[Handle, ...] = ()
    spans: tuple[Bar, ...] = ()
    cues: tuple[Bar, ...] = ()
    selected: int | None = None
    """Place of the selected event; its marks and cues come first."""


def hit(*, x: float, y: float, layout: Layout, reach_px: float) -> Target:
    """What lies at a point: a mark before a span, an end of a cue before its body."""
    lane = lane_at(layout.lanes, y)
    track = None if lane is None else lane.track
    mark = nearest_mark(x=x, y=y, handles=layout.handles, selected=layout.selected, reach_px=reach_px)
    if mark is not None:
        return mark
    cue = _cue(x, y, layout, reach_px)
    if cue is not None:
        return cue
    for bar in sorted(layout.spans, key=lambda bar: bar.event != layout.selected):
        if bar.left <= x < bar.right and bar.top <= y < bar.bottom:
            return OnSpan(event=bar.event)
    return OnEmpty(track=track)


def nearest_mark(
    *, x: float, y: float, handles: Sequence[Handle], selected: int | None, reach_px: float
) -> OnMark | None:
    """The mark to take hold of: of the selected event before others, then the nearest; None: none is within reach.

    Marks of that event on the same frame come with it, for one of them may be all that can move.
    """
    near = [one for one in handles if abs(one.x - x) <= reach_px and one.top <= y < one.bottom]
    if not near:
        return None
    best = min(near, key=lambda one: (one.event != selected, abs(one.x - x), one.event, _ORDER[one.mark]))
    together = [one for one in handles if one.event == best.event and one.frame == best.frame]
    return OnMark(
        event=best.event,
        marks=tuple(sorted((one.mark for one in together), key=_ORDER.__getitem__)),
        frame=best.frame,
    )


def chosen(target: OnMark, *, backward: bool) -> Mark:
    """Of marks on one frame, the one that can move in the direction of the drag: the first back, the last on."""
    return target.marks[0 if backward else -1]


def lane_at(lanes: Sequence[Lane], y: float) -> Lane | None:
    """The lane at a height; the gap below a lane belongs to it. None: below the last."""
    if not lanes or not lanes[0].top <= y < lanes[-1].bottom:
        return None
    return next(lane for lane in reversed(lanes) if lane.top <= y)


def _cue(x: float, y: float, layout: Layout, reach_px: float) -> OnCueEnd | OnCue | None:
    here = [bar for bar in layout.cues if bar.top <= y < bar.bottom and bar.left - reach_px <= x < bar.right + reach_px]
    own = [bar for bar in here if bar.event == layout.selected]
    if own:
        bar, is_first = min(
            ((bar, is_first) for bar in own for is_first in (True, False)),
            key=lambda end: (_away(x, *end), end[0].place),
        )
        # a short cue keeps a third of it as a body to take hold of
        reach = reach_px if not bar.left <= x < bar.right else min(reach_px, (bar.right - bar.left) / 3)
        if _away(x, bar, is_first) <= reach:
            return OnCueEnd(place=bar.place, is_first=is_first)
    body = next((bar for bar in (*own, *here) if bar.left <= x < bar.right), None)
    return None if body is None else OnCue(event=body.event, place=body.place)


def _away(x: float, bar: Bar, is_first: bool) -> float:
    return abs(x - (bar.left if is_first else bar.right))
