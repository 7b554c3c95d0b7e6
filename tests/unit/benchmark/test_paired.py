"""Two models on the same clips: p values by hand, how often luck is called a difference, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.benchmark.paired import PairedComparison, compare, subject_counts
from mmed_curate.benchmark.scores import Counts
from mmed_curate.domain.findings import BadInput


def right_of(*right: int, clips: int) -> Counts:
    """(S, 2, 2): each subject has `clips` clips of class 0 and one of class 1, which is always answered rightly."""
    return np.array([[[n, clips - n], [0, 1]] for n in right])


def compared(first: Counts, second: Counts, *, swaps: int = 999, seed: int = 1) -> PairedComparison:
    return compare(first, second, seed=seed, swaps=swaps, resamples=200, level=0.95)


def test_p_values_by_enumeration() -> None:
    """Three subjects of five clips each; the first model is right in 2, 1 and 1 clips more."""
    found = compared(right_of(4, 4, 4, clips=4), right_of(2, 3, 3, clips=4))

    # of 15 clips 4 more are right. Swaps give sums of ±2 ±1 ±1 = 4, 2, 2, 0, 0, -2, -2, -4, each once:
    # one of 8 is at least 4, two of 8 are at least 4 in size
    assert found.exact and found.n_swaps == 8
    assert found.accuracy.value == pytest.approx(4 / 15)
    assert found.accuracy.p_greater == 1 / 8 and found.accuracy.p_two_sided == 2 / 8
    # recall of class 0 differs by 4 of 12, that of class 1 not: UAR by half of that
    assert found.uar.value == pytest.approx(4 / 12 / 2)
    assert "can have a p value below 0.25" in str(found.notes[0])


def test_a_subject_who_tells_nothing_changes_no_p_value() -> None:
    found = compared(right_of(4, 4, 4, 3, clips=4), right_of(2, 3, 3, 3, clips=4))
    assert found.accuracy.p_two_sided == 2 / 8  # each way now comes twice


def test_drawn_swaps_come_near_the_exact_ones_and_count_the_observed() -> None:
    random = np.random.default_rng(5)
    first, second = (right_of(*random.integers(0, 5, size=12), clips=4) for _ in range(2))
    same = right_of(2, clips=4)
    exact = compared(first, second)
    # a thirteenth subject who tells nothing leaves the truth as it is, and makes the swaps drawn
    drawn = compared(np.concatenate([first, same]), np.concatenate([second, same]), swaps=4000)

    assert exact.exact and not drawn.exact and drawn.n_swaps == 4001
    assert exact.accuracy.p_two_sided is not None
    # 4,000 draws: a standard error of .008 at most
    assert drawn.accuracy.p_two_sided == pytest.approx(exact.accuracy.p_two_sided, abs=0.03)

    clear = compared(right_of(*[4] * 20, clips=4), right_of(*[0] * 20, clips=4), swaps=99)
    assert clear.accuracy.p_greater == 1 / 100  # (0 + 1) / (99 + 1): never 0


def test_luck_is_called_a_difference_no_more_often_than_said() -> None:
    """400 pairs of models of the same worth, on 8 subjects that differ much: at .05, at most .05 and three errors."""
    random = np.random.default_rng(11)
    called = 0
    for _ in range(400):
        ease = random.beta(2, 2, size=8)  # how hard each subject's clips are
        first, second = (right_of(*random.binomial(10, ease), clips=10) for _ in range(2))
        p = compared(first, second).uar.p_two_sided
        called += p is not None and p <= 0.05
    assert called / 400 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert called > 0


def test_a_difference_that_is_there_is_found() -> None:
    random = np.random.default_rng(12)
    found = 0
    for _ in range(50):
        first = right_of(*random.binomial(20, 0.8, size=8), clips=20)
        second = right_of(*random.binomial(20, 0.5, size=8), clips=20)
        p = compared(first, second).uar.p_greater
        found += p is not None and p <= 0.05
    assert found >= 45


matrices = st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=2, max_size=6)


@settings(deadline=None, max_examples=40)
@given(matrices, matrices)
def test_the_other_way_round_is_the_same_with_another_sign(one: list[list[int]], other: list[list[int]]) -> None:
    size = min(len(one), len(other))

    def counts(right: list[list[int]]) -> Counts:
        """(S, 3, 3): of six clips of each class so many are right, the others called the next class."""
        return np.array([np.diag(row) + np.roll(np.diag([6 - n for n in row]), 1, axis=1) for row in right[:size]])

    there, back = compared(counts(one), counts(other)), compared(counts(other), counts(one))
    for a, b in ((there.accuracy, back.accuracy), (there.uf1, back.uf1), (there.uar, back.uar)):
        assert a.value is not None and b.value is not None
        assert a.value == pytest.approx(-b.value) and a.p_two_sided == b.p_two_sided
        assert a.interval is not None and b.interval is not None
        assert (a.interval.low, a.interval.high) == pytest.approx((-b.interval.high, -b.interval.low))


def test_a_model_beside_itself_differs_in_nothing() -> None:
    counts = right_of(4, 2, 3, 1, 0, 2, clips=4)
    found = compared(counts, counts)
    assert (found.uar.value, found.uar.p_two_sided) == (0, 1)
    assert found.uar.interval is not None and (found.uar.interval.low, found.uar.interval.high) == (0, 0)
    assert found.as_json()["uar"]["interval"] == {"low": 0, "high": 0, "level": 0.95}


def test_a_class_without_clips_leaves_uar_undetermined() -> None:
    nobody = np.array([[[3, 1], [0, 0]], [[2, 2], [0, 0]]])
    found = compared(nobody, nobody[::-1])
    assert found.uar.value is None and found.uar.interval is None and found.accuracy.value == 0
    assert "no clip is of one of the classes" in str(found.notes[0])


def test_counts_per_subject_are_pooled_over_seeds() -> None:
    names, counts = subject_counts([[0, 1, 1], [1, 1, 0]], [0, 1, 0], ("b", "a", "b"), n_classes=2, n_seeds=2)
    assert names == ("a", "b")
    # a: its one clip of class 1 rightly, twice. b: clip 1 called 0 then 1, clip 3 called 1 then 0
    assert counts.tolist() == [[[0, 0], [0, 2]], [[2, 2], [0, 0]]]

    _, repeated = subject_counts([[0, 1, 1]], [0, 1, 0], ("b", "a", "b"), n_classes=2, n_seeds=5)
    assert repeated.tolist() == [[[0, 0], [0, 5]], [[5, 5], [0, 0]]]


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(BadInput, match="did not answer the same clips"):
        compared(right_of(4, 4, clips=4), right_of(4, 4, clips=5))
    with pytest.raises(BadInput, match="3 seeds, not of 1 or 2"):
        subject_counts(np.zeros((3, 2), dtype=int), [0, 1], ("a", "b"), n_classes=2, n_seeds=2)
    with pytest.raises(BadInput, match=r"outside 0\.\.1"):
        subject_counts([[0, 2]], [0, 1], ("a", "b"), n_classes=2, n_seeds=1)
    with pytest.raises(BadInput, match="one label and subject per clip"):
        subject_counts([0, 1], [0, 1], ("a", "b"), n_classes=2, n_seeds=1)
