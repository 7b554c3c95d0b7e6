"""Onset, apex and offset while they are set: the order holds at every moment, and why is said."""

from __future__ import annotations

from fractions import Fraction

import pytest
from builders.workspace import a_clock
from hypothesis import given
from hypothesis import strategies as st

from annotator_gui.marks import NO_MARKS, Mark, Marks, legal_range, length_note, moved, proposed_frame
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, Span

LAST = Frame(59)


def marks(*, onset: int | None = None, apex: int | None = None, offset: int | None = None) -> Marks:
    """Marks on some frames."""
    placed = {"onset": onset, "apex": apex, "offset": offset}
    return Marks(**{name: None if frame is None else Frame(frame) for name, frame in placed.items()})


def test_marks_may_be_set_in_any_order() -> None:
    now = moved(NO_MARKS, Mark.APEX, Frame(20), last=LAST)
    now = moved(now, Mark.OFFSET, Frame(30), last=LAST)
    assert now.span is None
    assert now.missing == (Mark.ONSET,)
    now = moved(now, Mark.ONSET, Frame(20), last=LAST)
    assert now.span == Span(onset=Frame(20), apex=Frame(20), offset=Frame(30))


@pytest.mark.parametrize(
    ("mark", "frame", "why"),
    [
        (Mark.ONSET, 21, "apex is at frame 20, and comes later"),
        (Mark.APEX, 9, "onset is at frame 10, and comes first"),
        (Mark.OFFSET, 60, "the clip has frames 0 to 59"),
    ],
)
def test_the_order_cannot_be_broken_and_why_is_said(mark: Mark, frame: int, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        moved(marks(onset=10, apex=20, offset=30), mark, Frame(frame), last=LAST)


@given(
    st.lists(
        st.tuples(st.sampled_from(list(Mark)), st.integers(-3, 63)),
        max_size=30,
    )
)
def test_whatever_is_tried_the_order_holds(tries: list[tuple[Mark, int]]) -> None:
    now = NO_MARKS
    for mark, frame in tries:
        low, high = legal_range(now, mark, last=LAST)
        try:
            now = moved(now, mark, Frame(frame), last=LAST)
        except BadInput:
            assert not low <= frame <= high
        else:
            assert low <= frame <= high
        there = [place for one in Mark if (place := now.at(one)) is not None]
        assert there == sorted(there)


@pytest.mark.parametrize(
    ("span", "longer"),
    [
        ((10, 14, 24), False),  # 15 frames of 30 Hz are 500 ms
        ((10, 14, 40), False),  # long, but at its apex after 133 ms
        ((10, 22, 24), False),  # slow to rise, but 500 ms in all
        ((10, 19, 40), True),  # 1,033 ms in all, 300 ms to the apex
    ],
)
def test_longer_than_a_micro_expression_is_a_quiet_word(span: tuple[int, int, int], longer: bool) -> None:
    onset, apex, offset = map(Frame, span)
    note = length_note(Span(onset=onset, apex=apex, offset=offset), a_clock(60))
    assert (note is not None) == longer


def test_a_mark_set_while_the_clip_runs_is_proposed_earlier_by_the_reaction_time() -> None:
    clock = a_clock(60)
    reaction_s = Fraction(1, 5)
    at_full_speed = proposed_frame(Fraction(1), clock, reaction_s=reaction_s, speed=Fraction(1))
    at_a_tenth = proposed_frame(Fraction(1), clock, reaction_s=reaction_s, speed=Fraction(1, 10))
    assert (at_full_speed, at_a_tenth) == (24, 29)  # 0.8 s and 0.98 s at 30 Hz
