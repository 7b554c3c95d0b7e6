"""Frames count from 0, a span holds both its ends, and a time is a PTS times a time base: exact."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, FrameClock, Span, samples_between

NTSC = Fraction(1001, 30000)


def a_span(onset: int = 10, apex: int = 12, offset: int = 20) -> Span:
    return Span(onset=Frame(onset), apex=Frame(apex), offset=Frame(offset))


VARIABLE = FrameClock(pts=(0, 100, 350, 360), end_pts=500, time_base=Fraction(1, 1000))
"""Four frames that last 100, 250, 10 and 140 ms."""

clocks = st.builds(
    lambda first, steps, base: FrameClock(
        pts=tuple(accumulate(steps[:-1], initial=first)),
        end_pts=first + sum(steps),
        time_base=base,
    ),
    st.integers(-1000, 1000),
    st.lists(st.integers(1, 500), min_size=1, max_size=40),
    st.sampled_from([Fraction(1, 1000), NTSC, Fraction(1, 90_000)]),
)


def test_a_span_counts_both_its_ends() -> None:
    assert a_span(10, 12, 20).n_frames == 11
    assert a_span(10, 10, 10).n_frames == 1


@pytest.mark.parametrize(("onset", "apex", "offset"), [(-1, 0, 0), (5, 4, 6), (5, 7, 6)])
def test_a_span_out_of_order_cannot_exist(onset: int, apex: int, offset: int) -> None:
    with pytest.raises(BadInput, match="need 0 <= onset <= apex <= offset"):
        a_span(onset, apex, offset)


def test_intersection_over_union_by_hand() -> None:
    """10..19 and 15..24: five frames in common, fifteen in all."""
    assert a_span(10, 10, 19).iou(a_span(15, 15, 24)) == 5 / 15
    assert a_span(10, 10, 19).iou(a_span(20, 20, 29)) == 0.0
    assert a_span().iou(a_span()) == 1.0


def test_a_time_is_exact_where_the_rate_is_not_round() -> None:
    clock = FrameClock(pts=tuple(range(30000)), end_pts=30000, time_base=NTSC)
    assert clock.start_of(Frame(29970)) == Fraction(29970 * 1001, 30000)
    assert clock.rate_hz() == Fraction(30000, 1001)


def test_a_frame_lasts_until_the_next_one_and_the_last_until_the_end() -> None:
    assert [VARIABLE.end_of(Frame(n)) for n in range(4)] == [
        Fraction(100, 1000),
        Fraction(350, 1000),
        Fraction(360, 1000),
        Fraction(500, 1000),
    ]
    assert VARIABLE.span_duration(a_span(1, 1, 2)) == Fraction(260, 1000)


def test_the_frame_at_a_time_is_the_one_on_screen() -> None:
    at = {0: 0, 99: 0, 100: 1, 349: 1, 350: 2, 360: 3, 499: 3, 9999: 3, -5: 0}
    assert {ms: VARIABLE.frame_at(Fraction(ms, 1000)) for ms in at} == at


def test_a_frame_that_the_video_does_not_have_is_refused() -> None:
    for frame in (-1, 4):
        with pytest.raises(BadInput, match=r"outside 0\.\.3"):
            VARIABLE.start_of(Frame(frame))


@pytest.mark.parametrize("pts", [(), (0, 0), (5, 3), (0, 10)])
def test_a_clock_that_does_not_go_forward_cannot_exist(pts: tuple[int, ...]) -> None:
    with pytest.raises(BadInput):
        FrameClock(pts=pts, end_pts=10, time_base=Fraction(1, 1000))


@given(clock=clocks)
def test_every_frame_is_on_screen_from_its_start_up_to_its_end(clock: FrameClock) -> None:
    for number in range(clock.n_frames):
        frame = Frame(number)
        middle = (clock.start_of(frame) + clock.end_of(frame)) / 2
        assert clock.frame_at(clock.start_of(frame)) == frame
        assert clock.frame_at(middle) == frame
    assert all(clock.end_of(Frame(a)) == clock.start_of(Frame(b)) for a, b in pairwise(range(clock.n_frames)))


@given(clock=clocks, data=st.data())
def test_a_window_keeps_times_and_from_zero_keeps_distances(clock: FrameClock, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, clock.last_frame))
    last = data.draw(st.integers(first, clock.last_frame))
    window = clock.window(Frame(first), Frame(last))
    assert window.n_frames == last - first + 1
    assert window.start_of(Frame(0)) == clock.start_of(Frame(first))
    assert window.end_of(window.last_frame) == clock.end_of(Frame(last))
    zero = window.from_zero()
    assert zero.start_of(Frame(0)) == 0
    assert zero.end_of(zero.last_frame) == clock.end_of(Frame(last)) - clock.start_of(Frame(first))


@given(
    start=st.fractions(min_value=0, max_value=10, max_denominator=90_000),
    length=st.fractions(min_value=0, max_value=2, max_denominator=90_000),
    rate_hz=st.sampled_from([8000, 16_000, 44_100, 48_000]),
    origin=st.fractions(min_value=-1, max_value=1, max_denominator=48_000),
)
def test_samples_of_a_cut_are_those_that_sound_inside_it(
    start: Fraction, length: Fraction, rate_hz: int, origin: Fraction
) -> None:
    """And so the error against the ideal cut is below one sample at each end."""
    stop = start + length
    taken = samples_between(start, stop, rate_hz=rate_hz, origin=origin)
    step = Fraction(1, rate_hz)
    begin, end = origin + taken.start * step, origin + taken.stop * step
    assert start <= begin < start + step
    assert stop <= end < stop + step


@given(cuts=st.lists(st.fractions(min_value=0, max_value=5, max_denominator=1000), min_size=2, max_size=8))
def test_cuts_that_follow_each_other_share_no_sample_and_lose_none(cuts: list[Fraction]) -> None:
    ordered = sorted(cuts)
    parts = [samples_between(a, b, rate_hz=44_100) for a, b in pairwise(ordered)]
    assert sum(part.n_samples for part in parts) == samples_between(ordered[0], ordered[-1], rate_hz=44_100).n_samples
    assert all(one.stop == two.start for one, two in pairwise(parts))
