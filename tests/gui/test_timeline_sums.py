"""Time to pixel, what lies under the pointer, rows, differences: sums that need no window."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest
from builders.views import a_clock
from hypothesis import given
from hypothesis import strategies as st

from annotator_gui.draft import Draft, DraftEvent
from annotator_gui.hitting import Bar, Layout, OnCue, OnCueEnd, OnEmpty, OnMark, OnSpan, chosen, hit, nearest_mark
from annotator_gui.lanes import Lane, Track, Wish, differing, rows_of, stacked
from annotator_gui.marks import Mark, Marks
from annotator_gui.placing import apart_frames, layout, rows, spread
from annotator_gui.timeaxis import Axis, frame_ticks, ms_of, time_ticks
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import VocalCueMark
from mmed_curate.domain.time import Frame, FrameClock, Span


@st.composite
def clocks(draw: st.DrawFn) -> FrameClock:
    """Constant or variable rate, 2 to 400 frames, also with a first frame that is not at 0."""
    steps = draw(st.lists(st.integers(1, 4000), min_size=2, max_size=400))
    start = draw(st.integers(-5000, 100_000))
    ticks = [start]
    for step in steps:
        ticks.append(ticks[-1] + step)
    base = draw(st.sampled_from([Fraction(1, 90_000), Fraction(1001, 30_000), Fraction(1, 1000)]))
    return FrameClock(pts=tuple(ticks[:-1]), end_pts=ticks[-1], time_base=base)


@st.composite
def axes(draw: st.DrawFn) -> tuple[Axis, FrameClock]:
    """A clip, zoomed and scrolled at random."""
    clock = draw(clocks())
    axis = Axis.whole(clock, left_px=draw(st.integers(0, 200)), width_px=draw(st.integers(1, 3000)))
    for _ in range(draw(st.integers(0, 4))):
        axis = axis.zoomed(draw(st.floats(0.2, 8)), draw(st.floats(axis.left_px, axis.right_px)))
        axis = axis.scrolled(draw(st.floats(-2000, 2000)))
    return axis, clock


@given(axes(), st.floats(0, 1))
def test_a_pixel_lies_inside_the_pixels_of_its_frame(place: tuple[Axis, FrameClock], share: float) -> None:
    axis, clock = place
    x = axis.left_px + share * axis.width_px
    frame = axis.frame_at(x, clock)
    begin, end = axis.pixels_of(frame, clock)
    assert begin <= x <= end
    assert clock.start_of(frame) <= axis.time_at(x) or frame == 0
    assert axis.time_at(x) < clock.end_of(frame) or frame == clock.last_frame


@given(axes(), st.data())
def test_the_middle_of_a_frame_is_that_frame(place: tuple[Axis, FrameClock], data: st.DataObject) -> None:
    axis, clock = place
    frame = data.draw(st.integers(0, clock.last_frame))
    begin, end = axis.pixels_of(Frame(frame), clock)
    if end - begin > 1e-6:  # on fewer pixels a float cannot tell neighbours apart
        assert axis.frame_at(axis.middle_of(Frame(frame), clock), clock) == frame


@given(axes(), st.floats(-500, 4000), st.floats(-500, 4000))
def test_later_lies_further_right(place: tuple[Axis, FrameClock], one: float, other: float) -> None:
    axis, clock = place
    low, high = sorted((one, other))
    assert axis.time_at(low) <= axis.time_at(high)
    assert axis.frame_at(low, clock) <= axis.frame_at(high, clock)
    assert axis.x_of(axis.time_at(low)) == pytest.approx(low)


@given(axes(), st.floats(0.1, 10), st.floats(0, 1))
def test_zooming_keeps_what_is_under_the_pointer(place: tuple[Axis, FrameClock], factor: float, share: float) -> None:
    axis, _ = place
    x = axis.left_px + share * axis.width_px
    zoomed = axis.zoomed(factor, x)
    assert axis.start_s <= zoomed.first_s < zoomed.last_s <= axis.end_s
    at_an_end = zoomed.first_s == axis.start_s or zoomed.last_s == axis.end_s
    if not at_an_end:
        # edges lie on nanoseconds
        assert abs(zoomed.time_at(x) - axis.time_at(x)) <= Fraction(3, 10**9)


@given(axes(), st.floats(-1e5, 1e5))
def test_scrolling_stops_at_the_ends(place: tuple[Axis, FrameClock], px: float) -> None:
    axis, _ = place
    scrolled = axis.scrolled(px)
    assert axis.start_s <= scrolled.first_s < scrolled.last_s <= axis.end_s
    assert abs(scrolled.visible_s - axis.visible_s) <= Fraction(1, 10**9)


@given(axes(), st.data())
def test_a_turned_page_shows_the_frame(place: tuple[Axis, FrameClock], data: st.DataObject) -> None:
    axis, clock = place
    frame = Frame(data.draw(st.integers(0, clock.last_frame)))
    turned = axis.holding(frame, clock)
    begin, end = clock.start_of(frame), clock.end_of(frame)
    if end - begin <= axis.visible_s * Fraction(7, 8):
        assert turned.first_s <= begin + Fraction(1, 10**9) and end - Fraction(1, 10**9) <= turned.last_s


def test_at_the_closest_four_frames_are_seen() -> None:
    clock = a_clock(60, 60)
    axis = Axis.whole(clock, left_px=0, width_px=800).zoomed(1000, 400)
    # 4 / 60 s
    assert axis.visible_s == pytest.approx(Fraction(4, 60), abs=1e-8)
    assert axis.zoomed(1e-6, 0).is_whole


def test_a_part_that_the_clip_does_not_have_is_refused() -> None:
    with pytest.raises(BadInput, match="no part of a clip"):
        Axis(
            start_s=Fraction(0),
            end_s=Fraction(1),
            first_s=Fraction(1, 2),
            last_s=Fraction(2),
            left_px=0,
            width_px=100,
            least_s=Fraction(1),
        )


def test_round_times_have_labels_with_their_unit() -> None:
    clock = a_clock(60, 60)
    ticks = time_ticks(Axis.whole(clock, left_px=100, width_px=1000), least_px=80)
    # 1 s on 1000 px: 80 px are 80 ms, the next round step is 100 ms, with four small ones between
    assert [tick.label for tick in ticks if tick.label][:3] == ["0 ms", "100 ms", "200 ms"]
    assert [tick.x for tick in ticks][:6] == [100, 120, 140, 160, 180, 200]


def test_times_are_counted_from_the_first_frame() -> None:
    clock = FrameClock(pts=(500, 510, 520), end_pts=530, time_base=Fraction(1, 1000))
    axis = Axis.whole(clock, left_px=0, width_px=300)
    assert [tick.label for tick in time_ticks(axis, least_px=90) if tick.label] == ["0 ms", "10 ms", "20 ms", "30 ms"]
    assert ms_of(Frame(2), clock) == 20


def test_close_by_a_label_tells_parts_of_a_millisecond_and_a_long_clip_seconds() -> None:
    close = Axis.whole(a_clock(4, 2000), left_px=0, width_px=2000)
    assert [tick.label for tick in time_ticks(close, least_px=100) if tick.label][:2] == ["0.0 ms", "0.1 ms"]
    long = Axis.whole(a_clock(600, 30), left_px=0, width_px=1000)
    assert [tick.label for tick in time_ticks(long, least_px=100) if tick.label][:2] == ["0 s", "2 s"]


@given(axes(), st.integers(20, 200))
def test_labels_of_ticks_keep_their_distance(place: tuple[Axis, FrameClock], least: int) -> None:
    axis, clock = place
    for ticks in (time_ticks(axis, least_px=least), frame_ticks(axis, clock, label_px=least)):
        labelled = [tick.x for tick in ticks if tick.label]
        assert all(later - earlier >= least - 1e-6 for earlier, later in itertools.pairwise(labelled))
        assert all(axis.left_px - 1e-6 <= tick.x <= axis.right_px + 1e-6 for tick in ticks)


def test_frames_have_a_line_each_once_they_are_wide_enough() -> None:
    clock = a_clock(60, 60)
    wide = frame_ticks(Axis.whole(clock, left_px=0, width_px=600), clock, label_px=40)
    assert len(wide) == 60 and [tick.label for tick in wide if tick.label][:2] == ["0", "5"]
    narrow = frame_ticks(Axis.whole(clock, left_px=0, width_px=120), clock, label_px=40)
    assert [tick.label for tick in narrow] == ["0", "20", "40"]


def test_lanes_lie_under_each_other_and_share_what_is_spare() -> None:
    wishes = [Wish(track=Track.RULER, least=30), Wish(track=Track.WAVE, least=40, share=1)]
    ruler, wave = stacked(wishes, height=150, gap=5)
    assert (ruler.top, ruler.height, wave.top, wave.height) == (0, 30, 35, 115)
    assert stacked(wishes, height=20, gap=5)[1].height == 40


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), max_size=12))
def test_runs_in_a_row_share_no_frame_and_no_row_is_wasted(raw: list[tuple[int, int]]) -> None:
    runs = [(first, first + length) for first, length in raw]
    found = rows_of(runs)
    for row in set(found):
        own = sorted(run for run, its in zip(runs, found, strict=True) if its == row)
        assert all(one[1] < other[0] for one, other in itertools.pairwise(own))
    most = max((sum(first <= frame <= last for first, last in runs) for frame in range(72)), default=0)
    assert len(set(found)) == most


def a_span(onset: int, apex: int, offset: int) -> Span:
    return Span(onset=Frame(onset), apex=Frame(apex), offset=Frame(offset))


def test_marks_that_differ_are_found_span_by_span() -> None:
    first, second = [a_span(10, 14, 20), a_span(40, 45, 50)], [a_span(10, 16, 20)]
    assert differing([first, second]) == (
        (frozenset({Mark.APEX}), frozenset(Mark)),
        (frozenset({Mark.APEX}),),
    )
    # the second event of the first coder has nothing beside it; the apexes lie two frames apart
    assert differing([first[:1], second], tolerance_frames=2) == ((frozenset(),), (frozenset(),))
    assert differing([first[:1]]) == ((frozenset(),),)


# what lies under the pointer

_CLOCK = a_clock(60, 60)
_AXIS = Axis.whole(_CLOCK, left_px=100, width_px=600)  # 10 px per frame
_LANES = (
    Lane(track=Track.WAVE, top=0, height=50),
    Lane(track=Track.MARKS, top=50, height=30),
    Lane(track=Track.CUES, top=80, height=20),
)


def an_event(
    onset: int | None = None, apex: int | None = None, offset: int | None = None, **more: object
) -> DraftEvent:
    return DraftEvent(marks=Marks(onset=onset, apex=apex, offset=offset), **more)


def placed(*events: DraftEvent, selected: int | None = 0) -> Layout:
    draft = Draft(events=events, selected=selected)
    return layout(draft, _LANES, rows(draft), axis=_AXIS, clock=_CLOCK)


def test_a_mark_is_found_at_its_handle() -> None:
    where = placed(an_event(10, 15, 20))
    # onset before frame 10 (200 px), apex in the middle of 15 (255 px), offset behind 20 (310 px)
    assert hit(x=195, y=60, layout=where, reach_px=9) == OnMark(event=0, marks=(Mark.ONSET,), frame=10)
    assert hit(x=255, y=60, layout=where, reach_px=9) == OnMark(event=0, marks=(Mark.APEX,), frame=15)
    assert hit(x=315, y=60, layout=where, reach_px=9) == OnMark(event=0, marks=(Mark.OFFSET,), frame=20)


def test_the_nearest_mark_wins_and_out_of_reach_there_is_none() -> None:
    where = placed(an_event(10, 15, 20))
    assert hit(x=225, y=60, layout=where, reach_px=9) == OnSpan(event=0)
    assert hit(x=400, y=60, layout=where, reach_px=9) == OnEmpty(track=Track.MARKS)
    assert hit(x=255, y=20, layout=where, reach_px=9) == OnEmpty(track=Track.WAVE)
    assert hit(x=255, y=500, layout=where, reach_px=9) == OnEmpty(track=None)


def test_marks_of_the_selected_event_come_before_nearer_ones_of_others() -> None:
    handles = placed(an_event(10, 15, 20), an_event(21, 24, 26), selected=0).handles
    x = 304  # onset of the second at 304.5, offset of the first at 315.5
    first = nearest_mark(x=x, y=60, handles=handles, selected=0, reach_px=12)
    second = nearest_mark(x=x, y=60, handles=handles, selected=1, reach_px=12)
    assert first is not None and second is not None
    assert (first.event, second.event) == (0, 1)


def test_of_marks_on_one_frame_the_one_moves_that_can() -> None:
    where = placed(an_event(10, 10, 10))
    target = hit(x=205, y=60, layout=where, reach_px=12)
    assert target == OnMark(event=0, marks=(Mark.ONSET, Mark.APEX, Mark.OFFSET), frame=10)
    assert isinstance(target, OnMark)
    assert chosen(target, backward=True) is Mark.ONSET and chosen(target, backward=False) is Mark.OFFSET


def test_onset_and_apex_on_one_frame() -> None:
    target = hit(x=204, y=60, layout=placed(an_event(10, 10, 30)), reach_px=12)
    assert isinstance(target, OnMark) and target.marks == (Mark.ONSET, Mark.APEX)
    assert chosen(target, backward=False) is Mark.APEX


def a_cue(first: int, last: int) -> VocalCueMark:
    return VocalCueMark(code="laugh", onset=Frame(first), offset=Frame(last), owner="subject")


def test_ends_and_body_of_a_cue() -> None:
    where = placed(an_event(10, 15, 20, vocal_cues=(a_cue(5, 14), a_cue(30, 30))))
    # the first lies on 150..250 px, the second, 10 px wide, on 400..410
    assert hit(x=152, y=90, layout=where, reach_px=9) == OnCueEnd(place=0, is_first=True)
    assert hit(x=255, y=90, layout=where, reach_px=9) == OnCueEnd(place=0, is_first=False)
    assert hit(x=200, y=90, layout=where, reach_px=9) == OnCue(event=0, place=0)
    assert hit(x=402, y=90, layout=where, reach_px=9) == OnCueEnd(place=1, is_first=True)
    assert hit(x=405, y=90, layout=where, reach_px=9) == OnCue(event=0, place=1)
    assert hit(x=300, y=90, layout=where, reach_px=9) == OnEmpty(track=Track.CUES)


def test_cues_of_another_event_cannot_be_taken_by_their_ends() -> None:
    where = placed(an_event(10, 15, 20, vocal_cues=(a_cue(5, 14),)), an_event(40, 41, 42), selected=1)
    assert hit(x=152, y=90, layout=where, reach_px=9) == OnCue(event=0, place=0)


def test_overlapping_events_and_cues_lie_in_rows_of_their_own() -> None:
    where = placed(an_event(10, 15, 20, vocal_cues=(a_cue(5, 14), a_cue(14, 20))), an_event(18, 19, 25))
    assert sorted({bar.top for bar in where.spans}) == [50, 65]
    assert sorted({bar.top for bar in where.cues}) == [80, 90]
    assert all(isinstance(bar, Bar) and math.isfinite(bar.left) for bar in where.spans)


def test_an_event_without_marks_takes_no_room() -> None:
    where = placed(DraftEvent(), an_event(onset=5), selected=0)
    assert len(where.handles) == 1 and [bar.event for bar in where.spans] == [1]


def test_events_that_lie_close_get_rows_of_their_own_whatever_the_zoom() -> None:
    draft = Draft(events=(an_event(10, 15, 20), an_event(23, 24, 25), an_event(40, 41, 42)), selected=0)
    # 44 px are 4.4 frames of 10 px; zoomed they stay where they are
    assert apart_frames(_AXIS, _CLOCK) == apart_frames(_AXIS.zoomed(5, 300), _CLOCK) == 5
    assert rows(draft, apart_frames=5).events == (0, 1, 0)


def test_labels_are_pushed_apart_and_kept_inside() -> None:
    assert spread([(0, 10), (20, 10)], left=0, right=100, gap=4) == (0, 20)
    assert spread([(-5, 10), (3, 10)], left=0, right=100, gap=4) == (0, 14)
    assert spread([(80, 10), (95, 10)], left=0, right=100, gap=4) == (76, 90)
    assert spread([], left=0, right=100, gap=4) == ()
