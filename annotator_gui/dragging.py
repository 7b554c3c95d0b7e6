"""What a hand drags on the timeline, how far it goes, and the act that it becomes. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from annotator_gui import acts
from annotator_gui.acts import Act
from annotator_gui.draft import Draft
from annotator_gui.hitting import OnCue, OnCueEnd, OnEmpty, OnMark, Target, chosen
from annotator_gui.lanes import Track
from annotator_gui.language import Words
from annotator_gui.marks import Mark, Marks, legal_range, moved
from annotator_gui.timeaxis import Axis
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import VocalCueMark
from mmed_curate.domain.time import Frame, FrameClock

_RANGED = frozenset({Track.RULER, Track.WAVE, Track.SPECTRUM, Track.PITCH, Track.MOTION})
"""Where dragging chooses what to loop; elsewhere it moves the playhead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A mouse button that went down."""

    x: float
    target: Target
    frame: Frame
    """Under the pointer."""

    @property
    def scrubs(self) -> bool:
        """It takes the playhead along at once, before the hand has moved."""
        return isinstance(self.target, OnEmpty) and self.target.track not in _RANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkDrag:
    """A mark on its way."""

    event: int
    mark: Mark
    frame: Frame
    why: str = ""
    """Why it goes no further; empty: it follows the hand."""
    stopped_by: Mark | None = None
    """The mark that is in the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CueDrag:
    """A vocal cue of the selected event on its way."""

    place: int
    first: Frame
    last: Frame
    """Inside."""
    why: str = ""
    """As of a mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeDrag:
    """What to loop, being chosen; both ends inside."""

    first: Frame
    last: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrub:
    """The playhead follows the hand."""

    frame: Frame


Drag = MarkDrag | CueDrag | RangeDrag | Scrub


def dragged(
    press: Press, x: float, *, before: Drag | None, draft: Draft, axis: Axis, clock: FrameClock, words: Words
) -> Drag | None:
    """What a hand drags that went down at one place and is at another now; None: nothing.

    Args:
        press: where it went down.
        x: where it is, in pixels.
        before: what it has dragged so far: of marks that lie on one frame, the one taken up first stays in hand.
        draft: as it is kept, without the drag.
        axis, clock: pixel to frame.
        words: to say why something goes no further.
    """
    target = press.target
    # a hand that moves by a frame's width moves what it holds by a frame, wherever it took hold of it
    if isinstance(target, OnMark):
        held = before.mark if isinstance(before, MarkDrag) else chosen(target, backward=x < press.x)
        wanted = axis.frame_at(axis.middle_of(target.frame, clock) + x - press.x, clock)
        marks = draft.events[target.event].marks
        return _mark(target.event, held, marks, wanted, last=clock.last_frame, words=words)
    if isinstance(target, OnCueEnd) or (isinstance(target, OnCue) and target.event == draft.selected):
        if draft.event is None:
            return None
        cue = draft.event.vocal_cues[target.place]
        grip = cue.offset if isinstance(target, OnCueEnd) and not target.is_first else cue.onset
        wanted = axis.frame_at(axis.middle_of(grip, clock) + x - press.x, clock)
        if isinstance(target, OnCueEnd):
            return _cue_end(target, cue, wanted, words)
        length = cue.offset - cue.onset
        first = Frame(max(0, min(clock.last_frame - length, wanted)))
        return CueDrag(place=target.place, first=first, last=Frame(first + length))
    frame = axis.frame_at(x, clock)
    if isinstance(target, OnEmpty) and target.track in _RANGED:
        return RangeDrag(first=min(press.frame, frame), last=max(press.frame, frame))
    return Scrub(frame=frame)


def _mark(event: int, held: Mark, marks: Marks, wanted: Frame, *, last: Frame, words: Words) -> MarkDrag:
    try:
        moved(marks, held, wanted, last=last)
    except BadInput as error:
        low, high = legal_range(marks, held, last=last)
        frame = Frame(max(low, min(high, wanted)))
        others = [mark for mark in Mark if mark is not held and marks.at(mark) == frame]
        # the one next to it: an onset is stopped by the apex, also where the offset is there too
        order = list(Mark)
        stopped_by = min(others, key=lambda one: abs(order.index(one) - order.index(held)), default=None)
        why = words.finding(error.finding)
        return MarkDrag(event=event, mark=held, frame=frame, why=why, stopped_by=stopped_by)
    return MarkDrag(event=event, mark=held, frame=wanted)


def _cue_end(target: OnCueEnd, cue: VocalCueMark, wanted: Frame, words: Words) -> CueDrag:
    crossed = wanted > cue.offset if target.is_first else wanted < cue.onset
    why = words("a cue cannot end before it begins") if crossed else ""
    if target.is_first:
        return CueDrag(place=target.place, first=min(wanted, cue.offset), last=cue.offset, why=why)
    return CueDrag(place=target.place, first=cue.onset, last=max(wanted, cue.onset), why=why)


def as_dragged(draft: Draft, drag: Drag | None) -> Draft:
    """The draft with what is being dragged where the hand holds it."""
    if isinstance(drag, MarkDrag):
        event = draft.events[drag.event]
        marks = replace(event.marks, **{drag.mark.value: drag.frame})
        return replace(draft, selected=drag.event).with_event(replace(event, marks=marks))
    if isinstance(drag, CueDrag) and draft.event is not None:
        cues = list(draft.event.vocal_cues)
        cues[drag.place] = replace(cues[drag.place], onset=drag.first, offset=drag.last)
        return draft.with_event(replace(draft.event, vocal_cues=tuple(cues)))
    return draft


def act_of(drag: Drag | None, draft: Draft) -> Act | None:
    """What letting go does to a draft; None: nothing, for it is back where it was, or is no mark and no cue."""
    if isinstance(drag, MarkDrag):
        if draft.events[drag.event].marks.at(drag.mark) == drag.frame:
            return None
        return acts.drag_mark(drag.event, drag.mark, drag.frame)
    if isinstance(drag, CueDrag) and draft.event is not None:
        cue = draft.event.vocal_cues[drag.place]
        if (cue.onset, cue.offset) == (drag.first, drag.last):
            return None
        first = drag.first if drag.first != cue.onset else None
        last = drag.last if drag.last != cue.offset else None
        return acts.change_cue(drag.place, first=first, last=last)
    return None
