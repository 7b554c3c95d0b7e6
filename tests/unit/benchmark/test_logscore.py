"""The paired test of the log-score: known by hand, blind to mere confidence, and honest where nothing is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from mmed_curate.benchmark.logscore import LogScoreDifference, log_score_difference, log_scores, swapped
from mmed_curate.domain.findings import BadInput

NAMES = [f"S{index % 10}" for index in range(100)]
TRUTH = np.random.default_rng(1).integers(0, 3, 100)


def answers(knows: float, seed: int = 2) -> npt.NDArray[np.float64]:
    """(2, N, 3) logits that hold so much of the truth beside noise."""
    noise = np.random.default_rng(seed).normal(size=(2, 100, 3))
    return noise + knows * np.eye(3)[TRUTH]


def compared(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> LogScoreDifference:
    return log_score_difference(first, second, TRUTH, NAMES, seed=1, swaps=999, resamples=500, level=0.95)


def test_swaps_by_hand() -> None:
    # 3 + 1 in all; of the four signings 4, 2, -2, -4 one reaches it
    assert swapped(np.array([3.0, 1.0])) == 0.25
    assert swapped(np.array([0.0, 0.0])) == 1.0


@pytest.mark.parametrize("size", [1.0, 1e4, 1e8])
def test_the_size_of_sums_makes_no_lead(size: float) -> None:
    for seed in range(50):
        sums = size * np.random.default_rng(seed).uniform(0.1, 1, 8)
        assert swapped(sums) == 1 / 256  # all are positive, so that no other way reaches their total


def test_who_knows_more_leads() -> None:
    better, worse = answers(2.0), answers(0.5, seed=3)
    found = compared(better, worse)

    assert found.exact
    assert found.nats > 0.1
    assert found.p_greater < 0.01
    assert found.interval is not None and found.interval.low > 0
    assert compared(worse, better).nats == pytest.approx(-found.nats)
    assert compared(worse, better).p_greater > 0.99


def test_being_surer_of_itself_gains_nothing() -> None:
    said = answers(1.0)

    found = compared(said * 2.5, said)

    assert abs(found.nats) < 1e-3  # the steps between temperatures


def test_a_subject_has_no_say_in_its_own_temperature() -> None:
    said, owner = answers(1.0), np.arange(100) % 10
    other_truth = np.where(owner == 0, (TRUTH + 1) % 3, TRUTH)
    changed = np.where((owner == 0)[None, :, None], said[:, :, [2, 0, 1]], said)  # still as right about S0 as before

    one, two = log_scores(said, TRUTH, owner), log_scores(changed, other_truth, owner)

    assert np.allclose(one[owner == 0], two[owner == 0])


def test_where_nothing_is_it_is_found_as_seldom_as_it_says() -> None:
    found = [compared(answers(1.0, seed=10 + one), answers(1.0, seed=500 + one)).p_greater for one in range(200)]

    # 5 % of 200, within three standard deviations of .0154
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 3 * 0.0154
    assert np.mean(np.array(found) <= 0.5) == pytest.approx(0.5, abs=0.11)


def test_many_subjects_are_drawn() -> None:
    names = [f"S{index % 25}" for index in range(100)]
    found = log_score_difference(
        answers(2.0), answers(0.5, seed=3), TRUTH, names, seed=1, swaps=999, resamples=100, level=0.95
    )

    assert not found.exact
    assert found.p_greater == pytest.approx(0.001)


def test_other_clips_are_refused() -> None:
    with pytest.raises(BadInput, match="same clips"):
        compared(answers(1.0), answers(1.0)[:, :50])
