"""One-to-one matching by hand, and against a published pair of tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import Tag
from mmed_curate.domain.time import Frame, Span
from mmed_curate.spotting.evaluate import evaluate, intervals, matches, pooled
from mmed_curate.spotting.tables import evaluate_tables, read_scored


@dataclass(frozen=True)
class Guess:
    """A proposal with only what counts here."""

    span: Span
    tags: frozenset[Tag] = frozenset()


def a_span(onset: int, offset: int) -> Span:
    """A span with its apex at the onset."""
    return Span(onset=Frame(onset), apex=Frame(onset), offset=Frame(offset))


spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: a_span(pair[0], pair[0] + pair[1])), max_size=7
)


def test_the_published_pair_of_tables(material: Path) -> None:
    # one pair per (subject, video); counted here and by the metric's authors: TP 159 of 244
    folder = material / "labels-strs"
    scores = evaluate_tables(read_scored(folder / "pred.csv"), read_scored(folder / "gt.csv"), iou=0.5)
    assert (scores.true_positives, scores.false_positives, scores.false_negatives) == (159, 85, 85)
    assert scores.f1 == pytest.approx(0.6516, abs=5e-5)


def test_half_an_overlap_is_a_hit_and_less_is_none() -> None:
    # frames 0..9 and 0..4 share 5 of 10: 0.5; frames 0..9 and 0..3 share 4 of 10
    assert evaluate([Guess(a_span(0, 4))], [a_span(0, 9)]).true_positives == 1
    assert evaluate([Guess(a_span(0, 3))], [a_span(0, 9)]).true_positives == 0


def test_an_event_is_met_once() -> None:
    scores = evaluate([Guess(a_span(0, 9)), Guess(a_span(1, 9))], [a_span(0, 9)], minutes=2)
    assert (scores.true_positives, scores.false_positives, scores.false_negatives) == (1, 1, 0)
    assert scores.recall == 1 and scores.precision == 0.5 and scores.f1 == pytest.approx(2 / 3)
    assert scores.false_per_minute == 0.5


def test_two_hits_are_preferred_to_one_better_one() -> None:
    # 0..9 fits the first event best, but then 0..5 (0.6 of the first, 4/15 of the second) would have none;
    # 0..9 overlaps the second by 8/15
    proposed = [a_span(0, 9), a_span(0, 5)]
    true = [a_span(0, 9), a_span(2, 14)]
    assert len(matches(intervals(proposed), intervals(true), iou=0.5)) == 2


def test_tagged_proposals_are_neither_hits_nor_false_unless_asked() -> None:
    guesses = [Guess(a_span(0, 9), frozenset({Tag.BLINK})), Guess(a_span(50, 59))]
    left_out = evaluate(guesses, [a_span(0, 9)])
    assert (left_out.true_positives, left_out.false_positives, left_out.n_tagged) == (0, 1, 1)
    counted = evaluate(guesses, [a_span(0, 9)], count_tagged=True)
    assert (counted.true_positives, counted.false_positives, counted.n_tagged) == (1, 1, 0)


def test_what_the_counts_cannot_answer_is_none() -> None:
    nothing = evaluate([], [])
    assert nothing.recall is nothing.precision is nothing.f1 is nothing.false_per_minute is None


@given(spans, spans)
def test_counts_add_up_and_do_not_depend_on_order(proposed: list[Span], true: list[Span]) -> None:
    scores = evaluate([Guess(span) for span in proposed], true)
    assert scores.true_positives + scores.false_positives == len(proposed)
    assert scores.true_positives + scores.false_negatives == len(true)
    assert scores == evaluate([Guess(span) for span in reversed(proposed)], list(reversed(true)))


@given(spans)
def test_the_truth_itself_scores_full(true: list[Span]) -> None:
    scores = evaluate([Guess(span) for span in true], true)
    assert scores.true_positives == len(true)


@given(spans, spans)
def test_no_other_matching_has_more_hits(proposed: list[Span], true: list[Span]) -> None:
    proposed, true = proposed[:4], true[:4]

    def best(index: int, free: frozenset[int]) -> int:
        if index == len(proposed):
            return 0
        options = [best(index + 1, free)]
        options += [1 + best(index + 1, free - {k}) for k in free if proposed[index].iou(true[k]) >= 0.5]
        return max(options)

    assert len(matches(intervals(proposed), intervals(true), iou=0.5)) == best(0, frozenset(range(len(true))))


def test_pooling_adds_counts() -> None:
    one = evaluate([Guess(a_span(0, 9))], [a_span(0, 9)], minutes=1)
    other = evaluate([Guess(a_span(50, 59))], [a_span(0, 9)], minutes=3)
    both = pooled([one, other])
    assert (both.true_positives, both.false_positives, both.false_negatives, both.minutes) == (1, 1, 1, 4)
    with pytest.raises(BadInput, match="one and the same overlap"):
        pooled([])


@pytest.mark.parametrize("iou", [0.0, -1.0, 1.1, np.nan])
def test_a_senseless_overlap_is_refused(iou: float) -> None:
    with pytest.raises(BadInput, match="an overlap lies above 0"):
        evaluate([], [], iou=iou)
