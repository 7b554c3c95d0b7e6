"""What a hand drags on the timeline, without a window: sixty frames of 10 px each."""

from __future__ import annotations

import pytest
from builders.views import a_clock, a_ticket

from annotator_gui.draft import Draft, DraftEvent
from annotator_gui.dragging import CueDrag, Drag, MarkDrag, Press, RangeDrag, Scrub, act_of, as_dragged, dragged
from annotator_gui.hitting import OnCue, OnCueEnd, OnEmpty, OnMark, Target
from annotator_gui.lanes import Track
from annotator_gui.language import Words
from annotator_gui.marks import Mark, Marks
from annotator_gui.timeaxis import Axis
from mmed_curate.domain.judgements import VocalCueMark
from mmed_curate.domain.time import Frame

CLOCK = a_clock(60, 60)
AXIS = Axis.whole(CLOCK, left_px=0, width_px=600)
CUE = VocalCueMark(code="laugh", onset=Frame(12), offset=Frame(30), owner="subject")
DRAFT = Draft(
    events=(DraftEvent(marks=Marks(onset=Frame(10), apex=Frame(20), offset=Frame(30)), vocal_cues=(CUE,)),),
    selected=0,
)
APEX = OnMark(event=0, marks=(Mark.APEX,), frame=Frame(20))


def drag(target: Target, begin: float, end: float, *, before: Drag | None = None, draft: Draft = DRAFT) -> Drag | None:
    """What is dragged from one pixel to another."""
    press = Press(x=begin, target=target, frame=AXIS.frame_at(begin, CLOCK))
    return dragged(press, end, before=before, draft=draft, axis=AXIS, clock=CLOCK, words=Words())


def test_a_mark_goes_as_many_frames_as_the_hand_and_says_what_stops_it() -> None:
    assert drag(APEX, 200, 249) == MarkDrag(event=0, mark=Mark.APEX, frame=Frame(25))
    stopped = drag(APEX, 205, 405)
    assert isinstance(stopped, MarkDrag)
    assert (stopped.frame, stopped.stopped_by) == (30, Mark.OFFSET)
    assert "offset is at frame 30" in stopped.why


def test_the_mark_taken_up_first_stays_in_hand() -> None:
    """Three marks on one frame: the hand went on, took the offset, and comes back beyond where it began."""
    draft = Draft(events=(DraftEvent(marks=Marks(onset=Frame(20), apex=Frame(20), offset=Frame(20))),), selected=0)
    all_three = OnMark(event=0, marks=tuple(Mark), frame=Frame(20))
    on = drag(all_three, 205, 235, draft=draft)
    assert on == MarkDrag(event=0, mark=Mark.OFFSET, frame=Frame(23))
    back = drag(all_three, 205, 175, before=on, draft=draft)
    assert isinstance(back, MarkDrag)
    assert (back.mark, back.frame) == (Mark.OFFSET, 20)


def test_a_cue_goes_whole_or_by_an_end_and_keeps_inside_the_clip() -> None:
    assert drag(OnCue(event=0, place=0), 200, 900) == CueDrag(place=0, first=Frame(41), last=Frame(59))
    crossed = drag(OnCueEnd(place=0, is_first=True), 125, 405)
    assert isinstance(crossed, CueDrag)
    assert (crossed.first, crossed.last) == (30, 30)
    assert crossed.why


@pytest.mark.parametrize(
    ("track", "scrubs", "dragged_as"),
    [
        (Track.WAVE, False, RangeDrag(first=Frame(5), last=Frame(20))),
        (Track.MARKS, True, Scrub(frame=Frame(5))),
        (None, True, Scrub(frame=Frame(5))),
    ],
)
def test_over_the_sound_a_range_is_chosen_elsewhere_the_playhead_comes_along(
    track: Track | None, scrubs: bool, dragged_as: Drag
) -> None:
    target = OnEmpty(track=track)
    assert Press(x=205, target=target, frame=Frame(20)).scrubs is scrubs
    assert drag(target, 205, 55) == dragged_as


def test_what_is_drawn_on_the_way_is_what_the_act_makes_of_it() -> None:
    for one in (drag(APEX, 200, 249), drag(OnCueEnd(place=0, is_first=False), 305, 355)):
        act = act_of(one, DRAFT)
        assert act is not None
        assert act.apply(DRAFT, a_ticket()) == as_dragged(DRAFT, one) != DRAFT


def test_back_where_it_was_is_no_act() -> None:
    assert act_of(drag(APEX, 205, 208), DRAFT) is None
    assert act_of(Scrub(frame=Frame(3)), DRAFT) is None
