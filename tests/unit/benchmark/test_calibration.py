"""Probabilities that mean what they say, that boast, and that do not; scores by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.benchmark.calibration import Calibration, calibration, fit_temperature, probabilities
from mmed_curate.domain.findings import BadInput


def answers(n: int, *, boast: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Logits (n, 3) with classes drawn from softmax(logits / boast): calibrated at the temperature `boast`."""
    random = np.random.default_rng(seed)
    honest = random.normal(scale=1.5, size=(n, 3))
    told = probabilities(honest)
    labels = (random.random((n, 1)) > told.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    return boast * honest, labels, tuple(f"S{index % 20}" for index in range(n))


def judged(
    logits: np.ndarray, labels: np.ndarray, subjects: tuple[str, ...], *, temperatures: object = 1.0, bins: int = 15
) -> Calibration:
    return calibration(
        logits,
        labels,
        subjects,
        temperatures=temperatures,  # type: ignore[arg-type]
        bins=bins,
        seed=1,
        resamples=300,
        level=0.95,
    )


@pytest.mark.parametrize("boast", [0.4, 1.0, 3.0])
def test_the_temperature_that_was_planted_is_found(boast: float) -> None:
    logits, labels, _ = answers(4000, boast=boast)
    found = fit_temperature(logits, labels)
    assert found.value == pytest.approx(boast, rel=0.08)
    assert found.nll_after <= found.nll_before and found.notes == ()


def test_scaling_mends_boasting_on_other_clips_and_changes_no_answer() -> None:
    inner, inner_labels, _ = answers(2000, boast=3.0, seed=1)
    outer, labels, subjects = answers(2000, boast=3.0, seed=2)
    temperature = fit_temperature(inner, inner_labels).value

    before = judged(outer, labels, subjects)
    after = judged(outer, labels, subjects, temperatures=temperature)
    assert after.accuracy == before.accuracy
    assert after.nll < before.nll and after.brier < before.brier and after.ece < before.ece
    assert before.ece > 3 * before.ece_if_calibrated and after.ece < 2 * after.ece_if_calibrated
    assert "over-confident" in before.sentence


def test_scores_by_hand() -> None:
    """Two clips, classes at p = (.8, .2); the first is class 0, the second class 1."""
    logits = np.log([[0.8, 0.2], [0.8, 0.2]])
    found = judged(logits, np.array([0, 1]), ("a", "b"), bins=5)

    assert found.nll == pytest.approx((-np.log(0.8) - np.log(0.2)) / 2)
    assert found.brier == pytest.approx((2 * 0.2**2 + 2 * 0.8**2) / 2)
    # both lie in one bin, of accuracy .5 and confidence .8
    assert found.ece == pytest.approx(0.3)
    (bin_,) = [one for one in found.bins if one.n_answers]
    assert (bin_.n_answers, bin_.n_subjects, bin_.accuracy) == (2, 2, 0.5)
    assert bin_.confidence == pytest.approx(0.8)
    assert bin_.interval is not None and (bin_.interval.low, bin_.interval.high) == (0, 1)
    assert found.as_json()["bins"][0]["confidence"] is None


def test_luck_alone_makes_the_ece_of_few_clips_large() -> None:
    """Calibrated answers: all of the ECE is bias, and is told as such."""
    few, many = (judged(*answers(n, boast=1.0, seed=6)) for n in (60, 6000))
    assert few.ece > 3 * many.ece
    assert few.ece == pytest.approx(few.ece_if_calibrated, rel=0.5)


def test_each_seed_and_fold_may_have_its_own_temperature() -> None:
    logits, labels, subjects = answers(40, boast=1.0)
    boasting = np.stack([logits, 4 * logits])  # (2, 40, 3)
    own = np.stack([np.ones(40), np.full(40, 4.0)])

    found = judged(boasting, labels, subjects, temperatures=own)
    assert found.n_answers == 80
    assert found.nll == pytest.approx(judged(logits, labels, subjects).nll)
    assert probabilities(boasting, own)[1] == pytest.approx(probabilities(logits))


def test_a_temperature_at_an_end_is_said() -> None:
    sure = fit_temperature([[1.0, 0.0], [0.0, 1.0]], [0, 1])
    assert "nothing is ever wrong" in str(sure.notes[0])
    inverted = fit_temperature([[1.0, 0.0], [0.0, 1.0]], [1, 0])
    assert "worse than nothing" in str(inverted.notes[0])
    assert fit_temperature([[0.0, 0.0]], [0]).value == 1  # nothing to find: as they are


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.floats(0.1, 10))
def test_probabilities_sum_to_one_and_keep_their_order(seed: int, temperature: float) -> None:
    logits = np.random.default_rng(seed).normal(size=(5, 4))
    told = probabilities(logits, temperature)
    assert told.sum(axis=1) == pytest.approx(np.ones(5))
    assert (told.argmax(axis=1) == logits.argmax(axis=1)).all()


def test_one_subject_has_no_interval() -> None:
    found = judged(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 0]), ("a", "a"))
    assert found.nll_interval is None and found.brier_interval is None


@pytest.mark.parametrize(
    ("logits", "labels", "part"),
    [
        ([[0.0, 1.0]], [0, 1], "one label per clip"),
        ([[0.0, 1.0]], [2], "outside the classes"),
        ([[0.0, np.nan]], [0], "not all finite"),
    ],
)
def test_what_is_no_answer_is_refused(logits: list[list[float]], labels: list[int], part: str) -> None:
    with pytest.raises(BadInput, match=part):
        fit_temperature(logits, labels)
