"""Sets of action units: the published distance, alpha over it, and an index that knows no chance."""

from __future__ import annotations

import random

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mmed_curate.agreement.bootstrap import interval, measure
from mmed_curate.agreement.sets import masi, masi_alpha, reliability_index, set_ratings
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.measures import Coefficient, Interval, Undetermined

some = st.frozensets(st.sampled_from("abcd"), max_size=3)
tables = st.lists(st.lists(some, min_size=1, max_size=4), min_size=2, max_size=10)
"""Events × coders; events of one coder are among them."""


def long(table):
    return [unit for unit, row in enumerate(table) for _ in row], [one for row in table for one in row]


def paired_sets(table):
    return {one for row in table if len(row) > 1 for one in row}


def test_the_distance_of_passonneau():
    """Passonneau 2006: J = |common| / |all|, M = 1, 2/3 (one holds the other), 1/3 (they overlap), 0."""
    assert masi(frozenset("ab"), frozenset("ab")) == 0
    assert masi(frozenset("ab"), frozenset("abcd")) == pytest.approx(1 - 2 / 4 * 2 / 3)
    assert masi(frozenset("ab"), frozenset("bc")) == pytest.approx(1 - 1 / 3 * 1 / 3)
    assert masi(frozenset("a"), frozenset("b")) == 1
    assert masi(frozenset(), frozenset("b")) == 1
    assert masi(frozenset(), frozenset()) == 0


def test_alpha_over_sets_by_hand():
    """Two events, two coders: {a}, {a} and {a}, {a, b}, which lie 1 - 1/2 · 2/3 = 2/3 apart.

    Observed: 2 of 4 ordered pairs, 2 · 2/3 / 4 = 1/3. Expected: 3 of {a}, 1 of {a, b}: 2 · 3 · 1 · 2/3 / (4 · 3) = 1/3.
    """
    statistic = masi_alpha(set_ratings([1, 1, 2, 2], [frozenset("a"), frozenset("a"), frozenset("a"), frozenset("ab")]))
    assert statistic.point() == pytest.approx(0.0)


@examples(deadline=None, max_examples=100)
@given(table=tables, grouped=st.booleans())
def test_alpha_over_sets_equals_the_package_with_this_distance(table, grouped):
    assume(len(paired_sets(table)) >= 2)
    every = sorted({one for row in table for one in row}, key=sorted)
    counts = np.array([[row.count(one) for one in every] for row in table])

    def apart(v1, v2, i1, i2, n_v, dtype=np.float64):
        return np.array([masi(every[a], every[b]) for a, b in zip(i1.ravel(), i2.ravel(), strict=True)]).reshape(
            i1.shape
        )

    lines, columns = np.meshgrid(range(len(every)), range(len(every)), indexing="ij")
    expected = krippendorff.alpha(
        value_counts=counts,
        value_domain=np.arange(len(every)),
        level_of_measurement=lambda *a, **k: apart(None, None, lines, columns, None),
    )
    units, sets = long(table)
    clusters = [unit % 2 for unit in units] if grouped else None  # two clusters: the table of clusters is used
    assert masi_alpha(set_ratings(units, sets, clusters)).point() == pytest.approx(expected, abs=1e-9)


@examples(deadline=None, max_examples=50)
@given(table=tables, seed=st.integers(0, 1000))
def test_names_and_order_of_events_and_coders_change_nothing(table, seed):
    assume(len(paired_sets(table)) >= 2)
    chance = random.Random(seed)
    names = dict(zip("abcd", chance.sample("wxyz", 4), strict=True))
    other = [[frozenset(names[code] for code in one) for one in row] for row in table]
    for row in other:
        chance.shuffle(row)
    chance.shuffle(other)
    for kind in (masi_alpha, reliability_index):
        before, after = (kind(set_ratings(*long(one))).point() for one in (table, other))
        assert before == pytest.approx(after, abs=1e-12, nan_ok=True)


@examples(deadline=None, max_examples=40)
@given(sets=st.lists(some, min_size=2, max_size=8))
def test_the_same_sets_everywhere_are_perfect_agreement(sets):
    assume(len(set(sets)) >= 2)
    units, given_sets = long([[one] * 3 for one in sets])
    assert masi_alpha(set_ratings(units, given_sets)).point() == pytest.approx(1)
    assert reliability_index(set_ratings(units, given_sets)).point() == pytest.approx(1)


def test_the_index_of_facs_by_hand():
    """Three coders score {1, 2}, {1, 2, 4}, {1}: all have 1, 3 · 1 / 6. Two score {1, 2}, {2}: 2 · 1 / 3. One event of
    one coder counts nowhere. Pooled: (3 + 2) / (6 + 3).
    """
    units = ["e"] * 3 + ["f"] * 2 + ["g"]
    sets = [frozenset(one) for one in ("12", "124", "1", "12", "2", "1245")]
    assert reliability_index(set_ratings(units[:3], sets[:3])).point() == pytest.approx(3 / 6)
    statistic = reliability_index(set_ratings(units, sets))
    assert statistic.point() == pytest.approx(5 / 9)
    assert (statistic.n_units, statistic.n_judgements) == (2, 5)


def test_the_index_does_not_know_chance_and_alpha_does(settings):
    """Everybody scores the same unit everywhere: the index is 1, and alpha cannot tell it from chance."""
    units, sets = long([[frozenset("1")] * 2] * 20)
    assert reliability_index(set_ratings(units, sets)).point() == 1
    found = measure(
        masi_alpha(set_ratings(units, sets)), settings, why_nan="every event was given the same action units"
    )
    assert found == Undetermined(reason="every event was given the same action units")
    nothing = measure(
        reliability_index(set_ratings(*long([[frozenset()] * 2] * 20))), settings, why_nan="nobody scored any"
    )
    assert nothing == Undetermined(reason="nobody scored any")


def test_the_table_of_clusters_gives_the_resamples_of_the_table_of_values():
    """Weights on clusters against the slow way: build each resample's rows and measure them."""
    draws = np.random.default_rng(5)
    table = [[frozenset(draws.choice(list("abcdef"), 2)) for _ in "ab"] for _ in range(60)]
    units, sets = long(table)
    statistic = masi_alpha(set_ratings(units, sets, [unit % 6 for unit in units]))
    assert statistic.contributions.shape == (6, 8)  # more sets than clusters
    for _ in range(5):
        weights = np.bincount(draws.integers(0, 6, 6), minlength=6)
        drawn = [row for unit, row in enumerate(table) for _ in range(weights[unit % 6])]
        fast = statistic.combine(weights[None, :].astype(float) @ statistic.contributions)[0]
        assert fast == pytest.approx(masi_alpha(set_ratings(*long(drawn))).point(), abs=1e-12)


def test_an_interval_over_subjects(settings):
    draws = np.random.default_rng(6)
    table = []
    for _ in range(120):
        true = frozenset(draws.choice(list("abcdef"), 2))
        table.append([true if draws.random() < 0.8 else frozenset(draws.choice(list("abcdef"), 2)) for _ in "ab"])
    units, sets = long(table)
    for kind in (masi_alpha, reliability_index):
        statistic = kind(set_ratings(units, sets, [unit % 12 for unit in units]))
        found = measure(statistic, settings, why_nan="")
        assert isinstance(found, Coefficient) and isinstance(interval(statistic, settings), Interval)
        assert found.interval.lower < found.value < found.interval.upper <= 1


def test_more_sets_than_a_table_can_hold_are_refused():
    units, sets = long([[frozenset({f"{number}"}), frozenset({f"{number}", "x"})] for number in range(6000)])
    with pytest.raises(BadInput, match="too many for this level"):
        masi_alpha(set_ratings(units, sets, [0] * len(units)))
