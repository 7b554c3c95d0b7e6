"""What differs between readings is found exactly, and only that."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from annotator_gui.differences import FIELD_OF, Line, apart, codes_concerned, compare, lines_of
from mmed_curate.domain.judgements import ActionUnitMark, CodedEvent, Side
from mmed_curate.domain.protocol import AnswerField
from mmed_curate.domain.time import Frame, Span


def an_event(
    onset: int = 20, apex: int = 25, offset: int = 40, *, units: tuple[str, ...] = ("au12",), emotion: str = "happiness"
) -> CodedEvent:
    """A micro-expression."""
    return CodedEvent(
        span=Span(onset=Frame(onset), apex=Frame(apex), offset=Frame(offset)),
        event_type="micro",
        emotion=emotion,
        basis="appearance",
        action_units=tuple(ActionUnitMark(code=code) for code in units),
        confidence="high",
    )


def lit(readings: list[tuple[CodedEvent, ...]]) -> set[Line]:
    """Lines that differ, of the one event that there is."""
    (event,) = compare(readings)
    return {line.line for line in event.lines if line.differs}


def test_the_same_reading_twice_differs_in_nothing() -> None:
    (event,) = compare([(an_event(),), (an_event(),)])
    assert not event.differs
    assert not any(piece.odd for line in event.lines for cell in line.cells for piece in cell or ())


def test_one_frame_is_a_difference_and_says_how_far() -> None:
    (event,) = compare([(an_event(20),), (an_event(21),)])
    onset = event.lines[0]
    assert onset.differs
    assert apart(onset) == 1
    assert lit([(an_event(20),), (an_event(21),)]) == {Line.ONSET}


def test_of_two_both_are_lit_and_of_three_the_odd_one() -> None:
    two = compare([(an_event(),), (an_event(emotion="anger"),)])[0]
    three = compare([(an_event(),), (an_event(emotion="anger"),), (an_event(),)])[0]

    def odd(event: object) -> list[bool]:
        line = next(one for one in event.lines if one.line is Line.EMOTION)  # type: ignore[attr-defined]
        return [cell[0].odd for cell in line.cells]

    assert odd(two) == [True, True]
    assert odd(three) == [False, True, False]


def test_of_action_units_only_those_that_differ_are_lit() -> None:
    event = compare([(an_event(units=("au6", "au12")),), (an_event(units=("au12",)),)])[0]
    line = next(one for one in event.lines if one.line is Line.ACTION_UNITS)
    assert [[(piece.value.code, piece.odd) for piece in cell or ()] for cell in line.cells] == [  # type: ignore[union-attr]
        [("au6", True), ("au12", False)],
        [("au12", False)],
    ]


def test_what_most_scored_and_one_did_not_is_said_of_that_one() -> None:
    event = compare([(an_event(units=("au6",)),), (an_event(units=("au6",)),), (an_event(units=()),)])[0]
    line = next(one for one in event.lines if one.line is Line.ACTION_UNITS)
    assert line.cells[2] is not None
    assert [(piece.absent, piece.odd) for piece in line.cells[2]] == [(True, True)]


def test_a_side_is_a_difference() -> None:
    left = replace(an_event(), action_units=(ActionUnitMark(code="au12", side=Side.LEFT),))
    assert lit([(an_event(),), (left,)]) == {Line.ACTION_UNITS}


def test_the_order_of_action_units_is_none() -> None:
    assert lit([(an_event(units=("au6", "au12")),), (an_event(units=("au12", "au6")),)]) == set()


def test_events_that_overlap_by_less_than_half_are_two() -> None:
    compared = compare([(an_event(0, 5, 9),), (an_event(6, 8, 15),)])
    assert [event.seen_by_all for event in compared] == [False, False]
    assert all(event.differs for event in compared)


def test_codes_concerned_are_named_once_with_their_line() -> None:
    compared = compare([(an_event(units=("au6", "au12")),), (an_event(units=("au12",), emotion="anger"),)])
    assert codes_concerned(compared) == (
        (Line.ACTION_UNITS, "au6"),
        (Line.EMOTION, "happiness"),
        (Line.EMOTION, "anger"),
    )


def test_lines_that_are_not_asked_for_are_left_out() -> None:
    assert lines_of({AnswerField.SPAN}) == (Line.ONSET, Line.APEX, Line.OFFSET)
    assert set(FIELD_OF) == set(Line)
    (event,) = compare([(an_event(),)], lines=(Line.EMOTION,))
    assert [line.line for line in event.lines] == [Line.EMOTION]


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=3).map(
            lambda pairs: tuple(an_event(onset, onset, onset + length) for onset, length in pairs)
        ),
        min_size=1,
        max_size=4,
    )
)
def test_every_event_is_shown_once(readings: list[tuple[CodedEvent, ...]]) -> None:
    compared = compare(readings)
    for place, events in enumerate(readings):
        shown = [event.events[place] for event in compared if event.events[place] is not None]
        assert sorted(map(repr, shown)) == sorted(map(repr, events))
