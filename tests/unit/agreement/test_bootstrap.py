"""Intervals over clusters: seeded, wider for dependent data, absent where they would mean nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmed_curate.agreement.alpha import alpha
from mmed_curate.agreement.bootstrap import expanded_tail, interval, resampled
from mmed_curate.agreement.coefficients import Chance, corrected
from mmed_curate.agreement.ratings import Level, Ratings, from_counts
from mmed_curate.agreement.rules import RULES, Draw
from mmed_curate.agreement.settings import IntervalMethod
from mmed_curate.agreement.statistic import Statistic
from mmed_curate.domain.measures import Interval, Undetermined


def votes(seed: int, n_subjects: int, n_clips: int, reliability: float = 0.8) -> Ratings:
    """Two coders who name the true one of four values with some probability, else any; clips grouped by subject."""
    draws = np.random.default_rng(seed)
    true = draws.integers(0, 4, n_subjects * n_clips)
    counts = np.zeros((len(true), 4), dtype=int)
    for _ in "ab":
        named = np.where(draws.random(len(true)) < reliability, true, draws.integers(0, 4, len(true)))
        counts[np.arange(len(true)), named] += 1
    return from_counts(counts, clusters=np.repeat(np.arange(n_subjects), n_clips).tolist())


def test_the_same_data_and_seed_give_the_same_interval_and_another_seed_does_not(settings):
    statistic = alpha(votes(1, 12, 10), Level.NOMINAL)
    again = alpha(votes(1, 12, 10), Level.NOMINAL)
    assert interval(statistic, settings) == interval(again, settings)
    assert interval(statistic, settings) != interval(statistic, settings.model_copy(update={"seed": 1}))


def test_the_order_of_units_does_not_change_an_interval(settings):
    ratings = votes(2, 12, 10)
    order = np.random.default_rng(0).permutation(ratings.n_units)
    rows = np.argsort(order[ratings.unit], kind="stable")
    shuffled = Ratings(
        unit=order[ratings.unit][rows],
        value=ratings.value[rows],
        scale=ratings.scale,
        labels=ratings.labels,
        cluster=ratings.cluster[np.argsort(order)],
    )
    first = interval(alpha(ratings, Level.NOMINAL), settings)
    second = interval(alpha(shuffled, Level.NOMINAL), settings)
    assert (first.lower, first.upper) == pytest.approx((second.lower, second.upper), abs=1e-12)


def test_other_names_of_subjects_draw_nothing_anew(settings):
    ratings = votes(2, 12, 10)
    renamed = replace(ratings, cluster=np.random.default_rng(0).permutation(12)[ratings.cluster])
    first, second = (interval(alpha(one, Level.NOMINAL), settings) for one in (ratings, renamed))
    assert (first.lower, first.upper) == pytest.approx((second.lower, second.upper), abs=1e-12)


def test_clusters_drawn_one_by_one_or_by_kind_are_the_same_distribution(settings):
    """Twelve subjects of four kinds. A bound of 20,000 resamples is good to about 0.003 here."""
    counts = [[[2, 0]] * 5, [[0, 2]] * 5, [[2, 0]] * 3 + [[1, 1]] * 2, [[0, 2]] * 4 + [[1, 1]]] * 3
    ratings = from_counts(
        [unit for subject in counts for unit in subject], clusters=np.repeat(np.arange(12), 5).tolist()
    )
    many = settings.model_copy(update={"resamples": 20_000})
    statistic = alpha(ratings, Level.NOMINAL)
    old, new = (interval(statistic, many, RULES[version]) for version in (2, 3))
    assert (old.lower, old.upper) == pytest.approx((new.lower, new.upper), abs=0.015)
    assert old != new
    values = resampled(statistic, many, Draw.CLUSTERS)
    assert values.std() == pytest.approx(resampled(statistic, many, Draw.KINDS).std(), rel=0.03)


def test_many_clusters_that_add_the_same_are_drawn_by_kind(settings):
    """Units that are their own clusters: 300 of them add one of three things."""
    statistic = alpha(from_counts([[2, 0]] * 140 + [[0, 2]] * 140 + [[1, 1]] * 20), Level.NOMINAL)
    assert np.array_equal(resampled(statistic, settings, Draw.CLUSTERS), resampled(statistic, settings, Draw.KINDS))


def test_weighted_sums_equal_the_coefficient_of_the_drawn_clusters(settings):
    """The matrix product against the slow way: build each resample's table and measure it."""
    ratings = votes(3, 6, 5)
    contributions = alpha(ratings, Level.NOMINAL).contributions
    counts = np.bincount(ratings.unit * 4 + ratings.value, minlength=ratings.n_units * 4).reshape(-1, 4)
    draws = np.random.default_rng(4)
    for level in Level:
        statistic = alpha(ratings, level)
        for _ in range(5):
            drawn = draws.integers(0, 6, 6)
            weights = np.bincount(drawn, minlength=6).astype(float)
            table = np.concatenate([counts[ratings.cluster == one] for one in drawn])
            slow = alpha(from_counts(table), level).point()
            fast = statistic.combine(weights[None, :] @ statistic.contributions)[0]
            assert fast == pytest.approx(slow, abs=1e-9)
    assert contributions.shape == (6, 5)


def test_tails_read_further_out_for_few_clusters():
    # by hand: t(0.025; 9) = -2.262157, sqrt(10 / 9) * that = -2.384516, Phi of it = 0.008551 (tables of t and normal)
    assert expanded_tail(0.025, 10) == pytest.approx(0.008551, abs=2e-6)
    # t(0.025; 4) = -2.776445, sqrt(5 / 4): -3.104160, Phi = 0.000954
    assert expanded_tail(0.025, 5) == pytest.approx(0.000954, abs=2e-6)
    assert expanded_tail(0.025, 100_000) == 0.025
    assert expanded_tail(0.025, 1000) == pytest.approx(0.025, abs=3e-4)


def test_too_few_clusters_give_a_number_without_an_interval(settings):
    found = interval(alpha(votes(5, 4, 20), Level.NOMINAL), settings)
    assert isinstance(found, Undetermined) and "4 clusters are too few" in found.reason


@pytest.mark.parametrize("n_subjects", [2, 3])
def test_the_fewest_clusters_there_can_be_give_the_outermost_resamples(settings, n_subjects):
    """Student's tail with one degree of freedom is past what floats tell from 0."""
    few = settings.model_copy(update={"min_clusters": 2})
    statistic = alpha(votes(8, n_subjects, 20), Level.NOMINAL)
    for method in IntervalMethod:
        found = interval(statistic, few.model_copy(update={"method": method}))
        assert isinstance(found, Interval) and found.lower <= statistic.point() <= found.upper
    values = resampled(statistic, few)
    assert (found.lower, found.upper) == pytest.approx((values.min(), values.max()))


def test_resamples_of_a_single_value_give_no_interval(settings):
    # one clip of ten differs: a third of the draws of ten clusters leave it out, (9/10)^10
    ratings = from_counts([[2, 0]] * 9 + [[1, 1]])
    assert isinstance(interval(alpha(ratings, Level.NOMINAL), settings), Undetermined)


def test_both_methods_hold_the_point_and_differ_where_data_are_skewed(settings):
    statistic = alpha(votes(6, 15, 10, reliability=0.95), Level.NOMINAL)
    bca = interval(statistic, settings)
    plain = interval(statistic, settings.model_copy(update={"method": IntervalMethod.PERCENTILE}))
    for found in (bca, plain):
        assert isinstance(found, Interval)
        assert found.lower < statistic.point() < found.upper <= 1
    assert bca.lower < plain.lower  # alpha near 1 is skewed to the left


def test_a_mean_gets_the_interval_that_theory_gives(settings):
    """Means of 200 normal draws: half the width is 1.972 standard errors (t with 199 degrees of freedom)."""
    x = np.random.default_rng(7).normal(10, 2, 200)
    statistic = Statistic(
        contributions=np.column_stack([x, np.ones(200)]),
        combine=lambda sums: sums[:, 0] / sums[:, 1],
        n_units=200,
        n_judgements=200,
        n_clusters=200,
    )
    found = interval(statistic, settings.model_copy(update={"resamples": 4000}))
    assert found.upper - found.lower == pytest.approx(2 * 1.972 * x.std(ddof=1) / np.sqrt(200), rel=0.06)
    assert np.isfinite(resampled(statistic, settings)).all()


def test_perfect_percent_agreement_is_one_all_over(settings):
    found = interval(corrected(from_counts([[2, 0], [0, 2]] * 10), Chance.NONE), settings)
    assert (found.lower, found.upper) == (1.0, 1.0)


@pytest.mark.slow
def test_intervals_cover_what_they_promise(settings):
    """Of 200 batches of 12 subjects × 15 clips, at most 6 points below the nominal 95 %, and not all covered."""
    truth = alpha(votes(99, 2000, 15), Level.NOMINAL).point()
    found = [interval(alpha(votes(seed, 12, 15), Level.NOMINAL), settings) for seed in range(200)]
    covered = sum(one.lower <= truth <= one.upper for one in found) / len(found)
    assert 0.89 <= covered < 1
