"""Coders against gold and against themselves: figures calculated by hand, and too little is said to be too little."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from mmed_curate.agreement.coders import WHOLE, Check, WindowScore, by_month, by_number, by_week, over_time
from mmed_curate.agreement.gold import against_gold, reading_of
from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.identity import ClipId, CoderId
from mmed_curate.domain.judgements import ActionUnitMark, CodedEvent, Coding, Consensus, ConsensusEvent
from mmed_curate.domain.measures import Undetermined
from mmed_curate.domain.protocol import Purpose
from mmed_curate.domain.time import Frame, FrameClock, Span

BOOK = load_codebook("mmed")
CLOCK = FrameClock(pts=tuple(range(100)), end_pts=100, time_base=Fraction(1, 50))
"""20 ms a frame."""
NOTHING = Coding(events=())
MICRO = next(entry.code for entry in BOOK.event_types if entry.is_micro)
NONE = next(entry.code for entry in BOOK.event_types if not entry.is_event)


def event(onset: int = 20, *, emotion: int = 0, units: tuple[int, ...] = (), kind: str = MICRO) -> CodedEvent:
    """Eleven frames."""
    return CodedEvent(
        span=Span(onset=Frame(onset), apex=Frame(onset + 5), offset=Frame(onset + 10)),
        event_type=kind,
        emotion=BOOK.emotions[emotion].code,
        basis=BOOK.bases[0].code,
        action_units=tuple(ActionUnitMark(code=BOOK.action_units[unit].code) for unit in units),
    )


def check(
    said: Coding,
    against: Coding,
    *,
    order: int = 1,
    at: str = "2026-03-02",
    kind: Purpose = Purpose.GOLD,
    coder: str = "c1",
) -> Check:
    return Check(
        coder=CoderId(coder), kind=kind, order=order, at=date.fromisoformat(at), said=said, against=against, clock=CLOCK
    )


def scores(*checks: Check, min_units: int = 1) -> tuple[WindowScore, ...]:
    return over_time(checks, windows=by_month, match_iou=0.5, codebook=BOOK, min_units=min_units)


def test_the_figures_of_five_clips_by_hand() -> None:
    """Two clips matched 1 and 3 frames late, one missed, one invented, one without an event for both.

    Events: 3 known, 3 marked, 2 matched: F1 = 4 / 6. Emotion: 1 of 2. Units: {0, 1} against {0, 2}, {3} against {3}:
    2 x 2 / 6. Onsets 20 and 60 ms apart: median 40.
    """
    whole, _ = scores(
        check(Coding(events=(event(21, units=(0, 1)),)), Coding(events=(event(20, units=(0, 2)),)), order=1),
        check(Coding(events=(event(43, emotion=1, units=(3,)),)), Coding(events=(event(40, units=(3,)),)), order=2),
        check(NOTHING, Coding(events=(event(),)), order=3),
        check(Coding(events=(event(),)), NOTHING, order=4),
        check(Coding(events=(event(kind=NONE),)), NOTHING, order=5),
    )
    assert (whole.window, whole.n_clips, whole.n_event_free) == (WHOLE, 5, 2)
    assert (whole.events_f1.value, whole.events_f1.n) == (pytest.approx(4 / 6), 6)
    assert (whole.emotion_agreement.value, whole.emotion_agreement.n) == (0.5, 2)
    assert whole.action_unit_index.value == pytest.approx(4 / 6)
    assert whole.onset_ms.value == pytest.approx(40.0)


def test_windows_follow_time_and_kinds_stay_apart() -> None:
    right = check(Coding(events=(event(),)), Coding(events=(event(),)), order=1, at="2026-03-31")
    wrong = check(NOTHING, Coding(events=(event(),)), order=2, at="2026-04-01")
    again = check(NOTHING, Coding(events=(event(),)), order=3, at="2026-04-01", kind=Purpose.REPEAT)
    other = replace(again, coder=CoderId("c2"))
    found = scores(other, again, wrong, right)
    assert [(one.coder, one.kind, one.window) for one in found] == [
        ("c1", Purpose.GOLD, WHOLE),
        ("c1", Purpose.GOLD, "2026-03"),
        ("c1", Purpose.GOLD, "2026-04"),
        ("c1", Purpose.REPEAT, WHOLE),
        ("c1", Purpose.REPEAT, "2026-04"),
        ("c2", Purpose.REPEAT, WHOLE),
        ("c2", Purpose.REPEAT, "2026-04"),
    ]
    assert [one.events_f1.value for one in found[:3]] == [pytest.approx(2 / 3), 1.0, 0.0]


def test_a_week_begins_on_monday_and_belongs_to_the_year_of_its_thursday() -> None:
    days = ("2026-03-01", "2026-03-02", "2026-03-08", "2027-01-01")  # Sunday, Monday, Sunday, Friday
    made = [check(NOTHING, NOTHING, order=order, at=day) for order, day in enumerate(days)]
    found = over_time(made, windows=by_week, match_iou=0.5, codebook=BOOK, min_units=1)
    assert [(one.window, one.n_clips) for one in found] == [
        (WHOLE, 4),
        ("2026-W09", 1),
        ("2026-W10", 2),
        ("2026-W53", 1),
    ]


def test_windows_of_so_many_answers_follow_the_log() -> None:
    made = [check(NOTHING, NOTHING, order=order) for order in (9, 4, 7, 1, 8)]
    found = over_time(made, windows=by_number(2), match_iou=0.5, codebook=BOOK, min_units=1)
    assert [(one.window, one.n_clips) for one in found] == [(WHOLE, 5), ("1..2", 2), ("3..4", 2), ("5..5", 1)]


def test_too_little_is_undetermined_with_the_reason() -> None:
    right = [check(Coding(events=(event(),)), Coding(events=(event(),)), order=order) for order in range(4)]
    whole, *_ = scores(*right, min_units=5)
    for held in (whole.events_f1, whole.emotion_agreement, whole.action_unit_index, whole.onset_ms):
        assert isinstance(held.value, Undetermined)
        assert "at least 5 are needed" in held.value.reason
    quiet, *_ = scores(*(check(NOTHING, NOTHING, order=order) for order in range(9)), min_units=5)
    assert quiet.events_f1.value == Undetermined(reason="nobody marked an event")
    plain, *_ = scores(*right, min_units=2)
    assert plain.action_unit_index.value == Undetermined(reason="no action unit is scored in matched events")


def test_a_unit_counts_only_where_both_could_see_it() -> None:
    """The region of the first unit is hidden to one of the two: what the other scored there is neither common nor
    missed. Left are one unit each, the same: the index is 1, and not 2 / 3."""
    first = BOOK.action_units[0]
    elsewhere = next(n for n, entry in enumerate(BOOK.action_units) if entry.region != first.region)
    blind = replace(event(units=(elsewhere,)), not_visible=(first.region,))
    known = event(units=(0, elsewhere))
    for said, held in ((blind, known), (known, blind)):
        score = against_gold([(Coding(events=(said,)), Coding(events=(held,)))], 0.5, BOOK)
        assert score.action_unit_index == 1.0
    both = against_gold([(Coding(events=(event(units=(elsewhere,)),)), Coding(events=(known,)))], 0.5, BOOK)
    assert both.action_unit_index == pytest.approx(2 / 3)


def test_what_was_settled_reads_as_one_coding() -> None:
    made = event(units=(0,))
    settled = ConsensusEvent(
        span=made.span,
        event_type=made.event_type,
        emotion=made.emotion,
        basis="",
        action_units=made.action_units,
        vocal_cues=(),
        not_visible=(BOOK.regions[-1].code,) if BOOK.regions else (),
    )
    read = reading_of(Consensus(clip=ClipId("c"), events=(settled,), judgements=()))
    (found,) = read.events
    assert (found.span, found.action_units, found.not_visible) == (made.span, made.action_units, settled.not_visible)
    assert (found.confidence, read.note) == (None, "")
