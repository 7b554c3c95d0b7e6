"""A strength is chosen on the inner split by its rule, and the curve shows what each would give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.benchmark.settings import StrengthRule
from mmed_curate.benchmark.strength import answers, chosen_strengths, log_priors, trade_off

RULE = StrengthRule(grid=(0.0, 0.5, 1.0), most_accuracy_lost=0.1)
PRIORS = np.log([0.9, 0.1])


def test_priors_by_hand() -> None:
    """Two networks and four clips; the second network never meets class 1, which counts as half a clip."""
    learned = np.array([[True, True, True, True], [True, True, False, False]])
    found = log_priors(learned, [0, 0, 0, 1], 2)
    assert np.exp(found).tolist() == pytest.approx(np.array([[0.75, 0.25], [1.0, 0.25]]))


def test_answers_by_hand() -> None:
    """The rare class leads by 1; log .9 - log .1 is 2.2, so half of it turns the answer."""
    logits = np.array([[0.0, 1.0]])
    assert [int(answers(logits, PRIORS, strength)[0]) for strength in (0.0, 0.5, 0.6, 1.0)] == [0, 0, 1, 1]


def test_each_clip_by_the_strength_of_its_fold() -> None:
    logits = np.array([[0.0, 1.0], [0.0, 1.0]])
    assert answers(logits, np.stack([PRIORS, PRIORS]), np.array([0.0, 1.0])).tolist() == [0, 1]


@given(st.lists(st.floats(-4, 4), min_size=1, max_size=20))
def test_more_strength_never_answers_the_rare_class_less_often(lead: list[float]) -> None:
    logits = np.column_stack([np.zeros(len(lead)), lead])
    rare = [int(answers(logits, PRIORS, strength).sum()) for strength in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert rare == sorted(rare)


def an_inner_split(false_calls: int) -> tuple[np.ndarray, np.ndarray]:
    """20 clips asked about, two of them rare: leads of 1.5, and so many common ones of 2; then two not asked about.

    Strength 0 calls nobody rare (accuracy .9); .5 takes away 1.1 and calls both and the common ones that lead.
    """
    lead = np.full(22, -3.0)
    lead[:2] = 1.5
    lead[2 : 2 + false_calls] = 2.0
    logits = np.column_stack([np.zeros(22), lead])[None, None]  # one seed, one fold: (1, 1, 22, 2)
    logits[0, 0, 20:] = np.nan
    return logits, np.repeat([1, 0, 1], [2, 18, 2])


@pytest.mark.parametrize(
    ("false_calls", "chosen"),
    [
        (0, 0.5),  # accuracy 1, UAR 1; full strength gives the same, so the lesser is taken
        (3, 0.5),  # accuracy .85, still within .1 of .9
        (5, 0.0),  # accuracy .75: UAR would be better, but it costs too much
    ],
)
def test_the_best_uar_within_what_may_be_lost(false_calls: int, chosen: float) -> None:
    logits, truth = an_inner_split(false_calls)
    assert chosen_strengths(logits, truth, PRIORS[None, None], RULE).tolist() == [chosen]


def test_every_fold_chooses_for_itself() -> None:
    (few, truth), (many, _) = an_inner_split(0), an_inner_split(5)
    found = chosen_strengths(np.concatenate([many, few], axis=1), truth, np.stack([PRIORS, PRIORS])[None], RULE)
    assert found.tolist() == [0.0, 0.5]


def test_a_folds_answers_are_pooled_over_seeds() -> None:
    """Five false calls among 40 answers cost .025, so what one seed alone refuses is taken."""
    (few, truth), (many, _) = an_inner_split(0), an_inner_split(5)
    found = chosen_strengths(np.concatenate([many, few]), truth, np.stack([PRIORS, PRIORS])[:, None], RULE)
    assert found.tolist() == [0.5]


def test_a_fold_without_inner_answers_is_left_as_trained() -> None:
    logits, truth = an_inner_split(0)
    assert chosen_strengths(np.full_like(logits, np.nan), truth, PRIORS[None, None], RULE).tolist() == [1.0]


def test_shapes_that_do_not_fit_are_refused() -> None:
    logits, truth = an_inner_split(0)
    with pytest.raises(ValueError, match="do not fit"):
        chosen_strengths(logits, truth, PRIORS, RULE)


def test_the_curve_by_hand() -> None:
    """Five false calls among 18 common clips, both seeds alike: recalls 1 and 0, then 13/18 and 1."""
    logits, truth = an_inner_split(5)
    outer, right = np.repeat(logits[0, :, :20], 2, axis=0), truth[:20]  # those asked about, twice

    curve = trade_off(outer, right, PRIORS, grid=RULE.grid, labels=("common", "rare"))

    assert [one.strength for one in curve] == [0.0, 0.5, 1.0]
    assert [one.scores.accuracy for one in curve] == pytest.approx([0.9, 0.75, 0.75])
    assert [one.scores.uar for one in curve] == pytest.approx([0.5, (13 / 18 + 1) / 2, (13 / 18 + 1) / 2])
    assert curve[0].scores.n_predictions == 40
    assert curve[2].as_json()["recall"] == pytest.approx({"common": 13 / 18, "rare": 1.0})
