"""Scores come from pooled counts; the expected numbers are published or worked out by hand."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.benchmark.scores import Scores, bootstrap, confusion_of, majority_baseline, scores_of_many
from mmed_curate.domain.findings import BadInput

THREE = ("negative", "positive", "surprise")
STSTNET_LOG = [[195, 39, 16], [36, 68, 5], [12, 7, 64]]  # KNOWN_ANSWERS: STSTNet's published Python log


def test_scores_of_a_published_log() -> None:
    scores = Scores.of(STSTNET_LOG, THREE)

    assert scores.uf1 == pytest.approx(0.7209, abs=5e-5)
    assert scores.uar == pytest.approx(0.7250, abs=5e-5)
    assert scores.accuracy == pytest.approx(0.7398, abs=5e-5)
    assert scores.n_predictions == 442
    assert scores.notes == ()


def test_majority_class_on_the_megc_composite() -> None:
    truth = ["negative"] * 250 + ["positive"] * 109 + ["surprise"] * 83
    always = ["negative"] * len(truth)

    scores = Scores.of(confusion_of(truth, always, THREE), THREE)

    assert scores.accuracy == pytest.approx(0.566, abs=5e-4)
    assert scores.uf1 == pytest.approx(0.241, abs=5e-4)
    assert scores.uar == pytest.approx(1 / 3)


def test_macro_precision_is_another_number_than_uar() -> None:
    scores = Scores.of([[8, 2], [0, 2]], ("a", "b"))

    # by hand: recalls 8/10 and 2/2; precisions 8/8 and 2/4
    assert scores.uar == pytest.approx(0.9)
    assert [one.precision for one in scores.per_class] == [1.0, 0.5]


def test_macro_precision_of_the_published_log_is_not_its_uar() -> None:
    """The table made from STSTNet's other log prints .7605, its mean precision, as UAR; its mean recall is .7186."""
    scores = Scores.of(STSTNET_LOG, THREE)

    # by hand: 195 / (195 + 36 + 12), 68 / (39 + 68 + 7), 64 / (16 + 5 + 64), and their mean
    assert [one.precision for one in scores.per_class] == pytest.approx([0.8025, 0.5965, 0.7529], abs=5e-5)
    assert np.mean([one.precision for one in scores.per_class if one.precision]) == pytest.approx(0.7173, abs=5e-5)
    assert scores.uar == pytest.approx((195 / 250 + 68 / 109 + 64 / 83) / 3)


def test_many_matrices_score_as_one_by_one() -> None:
    empty_class = [[3, 1, 0], [1, 3, 0], [0, 0, 0]]
    accuracy, uf1, uar = scores_of_many([STSTNET_LOG, empty_class])

    one = Scores.of(STSTNET_LOG, THREE)
    assert (accuracy[0], uf1[0], uar[0]) == pytest.approx((one.accuracy, one.uf1, one.uar))
    assert accuracy[1] == 0.75 and np.isnan(uf1[1]) and np.isnan(uar[1])


def test_a_class_that_no_clip_has_is_undetermined_and_said() -> None:
    scores = Scores.of([[3, 1, 0], [1, 3, 1], [0, 0, 0]], THREE)

    assert scores.per_class[2].recall is None
    assert scores.per_class[2].f1 == 0.0  # called once, wrongly: 2·0 / (0 + 1 + 0)
    assert scores.uar is None
    assert scores.uf1 is not None
    (note,) = scores.notes
    assert "surprise" in str(note) and "0.675" in str(note)  # (3/4 + 3/5) / 2


def test_a_class_neither_had_nor_called_leaves_uf1_undetermined_too() -> None:
    scores = Scores.of([[3, 1, 0], [1, 3, 0], [0, 0, 0]], THREE)

    assert scores.uf1 is None and scores.uar is None
    assert scores.accuracy == 0.75


@pytest.mark.parametrize(
    ("confusion", "labels", "part"),
    [
        ([[1]], ("a",), "at least two classes"),
        ([[1, 0], [0, 1]], ("a", "a"), "named twice"),
        ([[1, 0]], ("a", "b"), "2 × 2"),
        ([[1, -1], [0, 1]], ("a", "b"), "counts"),
        ([[0, 0], [0, 0]], ("a", "b"), "at least one clip"),
    ],
)
def test_what_is_no_confusion_matrix_is_refused(confusion: list[list[int]], labels: tuple[str, ...], part: str) -> None:
    with pytest.raises(BadInput, match=part):
        Scores.of(confusion, labels)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 50), min_size=3, max_size=3), min_size=3, max_size=3), st.permutations(THREE))
def test_scores_do_not_depend_on_the_order_of_the_classes(counts: list[list[int]], order: list[str]) -> None:
    matrix = np.array(counts) + np.eye(3, dtype=int)
    index = [THREE.index(label) for label in order]

    one, other = Scores.of(matrix, THREE), Scores.of(matrix[np.ix_(index, index)], order)

    assert one.uf1 == pytest.approx(other.uf1) and one.uar == pytest.approx(other.uar)
    assert one.accuracy == other.accuracy
    assert 0 <= one.uf1 <= 1 and 0 <= one.uar <= 1


def test_majority_baseline_looks_at_the_training_fold_only() -> None:
    # without S1 the others hold b 2 : 1; without S2 or S3 a and b stand 3 : 1 and 3 : 2
    truth = ["a", "a", "a", "b", "b", "a"]
    subjects = ["S1", "S1", "S1", "S2", "S3", "S3"]

    assert majority_baseline(truth, subjects, ("a", "b")) == ("b", "b", "b", "a", "a", "a")


def test_intervals_draw_subjects_and_repeat_for_a_seed() -> None:
    # two subjects: one all right, one all wrong; draws give accuracy 0, .5 or 1, never anything between
    counts = np.array([[[5, 0], [0, 5]], [[0, 5], [5, 0]]])

    accuracy, _, uar = bootstrap(counts, seed=1, resamples=500)

    assert accuracy is not None and (accuracy.low, accuracy.high) == (0.0, 1.0)
    assert uar is not None and uar.n_subjects == 2
    assert bootstrap(counts, seed=1, resamples=500) == bootstrap(counts, seed=1, resamples=500)


def test_no_interval_where_too_many_draws_miss_a_class() -> None:
    # only S1 has class b: (1/2)^2 of the draws of two subjects lack it
    counts = np.array([[[1, 0], [0, 1]], [[2, 0], [0, 0]]])

    accuracy, _, uar = bootstrap(counts, seed=0, resamples=400)

    assert accuracy is not None and uar is None


@pytest.mark.parametrize(
    "modules",
    [
        "predictions",
        "paired, mmed_curate.benchmark.power, mmed_curate.benchmark.calibration, mmed_curate.benchmark.softscores, "
        "mmed_curate.benchmark.ceiling, mmed_curate.benchmark.groups, mmed_curate.benchmark.probes, "
        "mmed_curate.benchmark.handcrafted",
    ],
)
def test_scores_and_statistics_need_no_torch(modules: str) -> None:
    code = f"import sys, mmed_curate.benchmark.{modules}; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
