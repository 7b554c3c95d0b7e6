"""Alpha and its relatives: equal to the package, indifferent to names and order, silent on degenerate data."""

from __future__ import annotations

import random
from collections.abc import Sequence

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mmed_curate.agreement.alpha import alpha, package_alpha
from mmed_curate.agreement.coefficients import Chance, ac2, cohen, corrected, ordinal_weights
from mmed_curate.agreement.layers import reported_alpha
from mmed_curate.agreement.onevalue import OneValue
from mmed_curate.agreement.ratings import Level, from_counts, from_units, tally
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.measures import Coefficient, Undetermined

cells = st.one_of(st.none(), st.integers(0, 4))
tables = st.integers(2, 4).flatmap(
    lambda coders: st.lists(st.lists(cells, min_size=coders, max_size=coders), min_size=2, max_size=12)
)
"""Units × coders, with gaps."""


def ratings_of(table: Sequence[Sequence[float | None]], level: Level = Level.NOMINAL):
    long = [(unit, value, at) for unit, row in enumerate(table) for at, value in enumerate(row) if value is not None]
    units, values, coders = ([row[place] for row in long] for place in range(3))
    return tally(units, values, level=level, coders=coders)


def pairable_values(table) -> set[float]:
    return {value for row in table if sum(cell is not None for cell in row) > 1 for value in row if value is not None}


@examples(deadline=None, max_examples=80)
@given(table=tables, index=st.integers(0, 4))
def test_one_value_against_the_rest_is_what_two_values_are(table, index):
    """From counts the same sums, so the same number in every resample, as from a table that says yes and no."""
    told = ratings_of([[None if cell is None else int(cell == index) for cell in row] for row in table])
    assume(told.n_values == 2)
    one = OneValue(
        given=told.per_unit,
        chosen=np.bincount(told.unit[told.value == 1], minlength=told.n_units),
        cluster=told.cluster,
    )
    for ours, long in (
        (one.alpha(), alpha(told, Level.NOMINAL)),
        *((one.agreement(chance), corrected(told, chance)) for chance in Chance),
    ):
        sums = ours.contributions.sum(axis=0)
        assert sums == pytest.approx(long.contributions.sum(axis=0))
        assert ours.point() == pytest.approx(long.point(), nan_ok=True)
        assert (ours.n_units, ours.n_judgements, ours.n_clusters) == (long.n_units, long.n_judgements, long.n_clusters)
    assert one.package_alpha() == package_alpha(told, Level.NOMINAL)
    assert one.positives == len(set(told.pairable.unit[told.pairable.value == 1].tolist()))


@examples(deadline=None, max_examples=80)
@given(table=tables)
def test_values_that_lie_unit_by_unit_are_the_same_table(table):
    rows = [{f"k{at}": f"{cell}" for at, cell in enumerate(row) if cell is not None} for row in table]
    rows = [row for row in rows if row]
    long = [(unit, value, f"S{unit % 3}", who) for unit, row in enumerate(rows) for who, value in row.items()]
    units, values, clusters, coders = ([one[place] for one in long] for place in range(4))
    ours = from_units([len(row) for row in rows], values, [f"S{unit % 3}" for unit in range(len(rows))], coders=coders)
    theirs = tally(units, values, clusters, coders=coders)
    assert ours.labels == theirs.labels
    for name in ("unit", "value", "scale", "cluster", "coder"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("level", list(Level))
@examples(deadline=None, max_examples=120)
@given(table=tables)
def test_alpha_equals_the_package_wherever_that_can_compute(level, table):
    assume(len(pairable_values(table)) >= 2)
    data = np.array([[np.nan if cell is None else cell for cell in row] for row in table], dtype=float).T
    expected = krippendorff.alpha(reliability_data=data, level_of_measurement=level.value)
    ratings = ratings_of(table, level)
    assert alpha(ratings, level).point() == pytest.approx(expected, abs=1e-9)
    assert package_alpha(ratings, level) == pytest.approx(expected, abs=1e-9)


@examples(deadline=None, max_examples=60)
@given(table=tables, seed=st.integers(0, 1000))
def test_names_and_order_change_nothing(table, seed):
    assume(len(pairable_values(table)) >= 2)
    chance = random.Random(seed)
    names = chance.sample("pqrst", 5)
    other = [[None if cell is None else names[cell] for cell in row] for row in table]
    for row in other:
        chance.shuffle(row)  # coders change places, even within one unit
    chance.shuffle(other)
    one, two = ratings_of(table), ratings_of(other)
    assert alpha(one, Level.NOMINAL).point() == pytest.approx(alpha(two, Level.NOMINAL).point(), abs=1e-12)
    for kind in Chance:
        assert corrected(one, kind).point() == pytest.approx(corrected(two, kind).point(), abs=1e-12)


@examples(deadline=None, max_examples=60)
@given(table=tables, seed=st.integers(0, 1000))
def test_the_order_of_units_and_of_coders_changes_no_kappa_and_no_ac2(table, seed):
    chance = random.Random(seed)
    columns = chance.sample(range(len(table[0])), len(table[0]))  # coders change places, the same in every unit
    other = [[row[column] for column in columns] for row in table]
    chance.shuffle(other)
    turned = [[None if cell is None else 4 - cell for cell in row] for row in other]  # the scale from its other end
    assert cohen(ratings_of(table)).point() == pytest.approx(cohen(ratings_of(other)).point(), abs=1e-9, nan_ok=True)
    for them in (other, turned):
        one, two = (ac2(ratings_of(those, Level.ORDINAL)).point() for those in (table, them))
        assert one == pytest.approx(two, abs=1e-9, nan_ok=True)


@examples(deadline=None, max_examples=60)
@given(pairs=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=20))
def test_kappa_of_two_coders_is_that_of_cohen_1960(pairs):
    a, b = (np.array([pair[one] for pair in pairs]) for one in range(2))
    observed = (a == b).mean()
    by_chance = sum((a == value).mean() * (b == value).mean() for value in range(4))
    assume(by_chance < 1)
    assert cohen(ratings_of(pairs)).point() == pytest.approx((observed - by_chance) / (1 - by_chance), abs=1e-9)


def test_credit_for_values_that_lie_near_each_other():
    # ordinal.weights(1:3) in the vignette of irrCAC
    assert ordinal_weights(3).tolist() == [
        [1, pytest.approx(2 / 3), 0],
        [pytest.approx(2 / 3), 1, pytest.approx(2 / 3)],
        [0, pytest.approx(2 / 3), 1],
    ]
    assert ordinal_weights(1).tolist() == [[1]]
    near, far = ([[0, 0], [4, 4], [0, other], [4, 4], [2, 2]] for other in (1, 4))
    assert ac2(ratings_of(near, Level.ORDINAL)).point() > ac2(ratings_of(far, Level.ORDINAL)).point()


def test_ac2_counts_values_of_the_scale_that_nobody_chose(settings):
    units, values = [0, 0, 1, 1, 2, 2], ["A", "A", "B", "B", "A", "B"]
    narrow = tally(units, values, level=Level.ORDINAL, order="AB")
    wide = tally(units, values, level=Level.ORDINAL, order="ABCDE")
    # by hand, narrow: identity weights, p_a = 2/3, p = 1/2 each, p_e = 2 / 2 · 1/2 = 1/2; (2/3 - 1/2) / (1/2) = 1/3
    assert ac2(narrow).point() == pytest.approx(1 / 3)
    # wide: A and B are worth 0.9; p_a = 2.9 / 3; all weights add up to 5 + 2 (4 · 0.9 + 3 · 0.7 + 2 · 0.4) = 18;
    # p_e = 18 / 20 · 1/2 = 0.45; (2.9 / 3 - 0.45) / 0.55
    assert ac2(wide).point() == pytest.approx((2.9 / 3 - 0.45) / 0.55)


def test_one_more_agreement_can_lower_alpha():
    """The example of docs/agreement.md: the only two who agree on the rare value are one fewer."""
    before, after = (from_counts([[0, 4], [0, 4], [0, 4], last]) for last in ([2, 2], [1, 3]))
    found = [
        [corrected(one, Chance.NONE).point(), corrected(one, Chance.AC1).point(), alpha(one, Level.NOMINAL).point()]
        for one in (before, after)
    ]
    # by hand: n = 16; 2 and 14: observed 8/3 / 16, expected 2 x 2 x 14 / (16 x 15); 1 and 15: 2 / 16, 30 / (16 x 15)
    assert found[0] == pytest.approx([5 / 6, 0.787, 1 - (8 / 3 / 16) / (56 / 240)], abs=5e-4)
    assert found[1] == pytest.approx([7 / 8, 0.858, 0.0], abs=5e-4)


def test_kappa_needs_to_know_who_gave_what():
    with pytest.raises(ValueError, match="who gave each value"):
        cohen(from_counts([[2, 0], [0, 2]]))


@pytest.mark.parametrize("level", list(Level))
@examples(deadline=None, max_examples=30)
@given(values=st.lists(st.integers(0, 4), min_size=2, max_size=10))
def test_perfect_agreement_on_two_values_or_more_is_one(level, values):
    assume(len(set(values)) >= 2)
    ratings = ratings_of([[value, value, value] for value in values], level)
    assert alpha(ratings, level).point() == pytest.approx(1.0, abs=1e-12)
    assert corrected(ratings, Chance.AC1).point() == pytest.approx(1.0, abs=1e-12)
    assert cohen(ratings).point() == pytest.approx(1.0, abs=1e-12)
    assert ac2(ratings).point() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("level", list(Level))
def test_one_value_only_gives_no_number(level, settings):
    ratings = ratings_of([[3, 3]] * 20, level)
    assert np.isnan(alpha(ratings, level).point())
    measured = reported_alpha(ratings, settings, level)
    assert isinstance(measured, Undetermined) and "only one value occurs (3)" in measured.reason
    assert np.isnan(corrected(ratings, Chance.AC1).point())
    assert np.isnan(cohen(ratings).point()) and np.isnan(ac2(ratings).point())
    assert corrected(ratings, Chance.NONE).point() == 1.0  # which is why percent agreement is not enough


def test_nothing_pairable_and_too_few_units_give_no_number(settings):
    alone = ratings_of([[1, None], [None, 2], [3, None]])
    assert reported_alpha(alone, settings) == Undetermined(reason="no unit was judged by two or more coders")
    few = reported_alpha(ratings_of([[1, 1], [2, 2], [1, 2]]), settings)
    assert isinstance(few, Undetermined) and "3 units" in few.reason


def test_a_value_that_nobody_else_could_confirm_does_not_count_as_a_second_value(settings):
    measured = reported_alpha(ratings_of([[1, 1]] * 10 + [[2, None]]), settings)
    assert isinstance(measured, Undetermined)


def test_interval_alpha_of_distinct_large_values(settings):
    """10,000 distinct values a day in ms apart from each other: the package would need 2 TB."""
    draws = np.random.default_rng(0)
    true = 1.7e12 + 86_400_000.0 * draws.permutation(10_000)
    given_values = np.column_stack([true, true + draws.normal(0, 1000, 10_000)])  # (U, 2)
    ratings = tally(np.repeat(np.arange(10_000), 2).tolist(), given_values.ravel().tolist(), level=Level.INTERVAL)
    assert package_alpha(ratings, Level.INTERVAL) is None
    measured = reported_alpha(ratings, settings, Level.INTERVAL)
    assert isinstance(measured, Coefficient)
    # noise of variance s^2 on one of two coders: 1 - alpha = s^2 / 2 / variance of all
    expected = 1000.0**2 / 2 / given_values.var()
    assert 1 - measured.value == pytest.approx(expected, rel=0.05)


def test_counts_and_long_rows_are_the_same_data():
    counts = [[2, 1, 0], [0, 3, 0], [1, 0, 2], [0, 0, 1]]
    long = [(unit, value) for unit, row in enumerate(counts) for value, n in enumerate(row) for _ in range(n)]
    rows = tally([unit for unit, _ in long], [value for _, value in long])
    assert alpha(from_counts(counts), Level.NOMINAL).point() == alpha(rows, Level.NOMINAL).point()


def test_what_does_not_fit_a_level_is_refused():
    with pytest.raises(BadInput, match="interval level needs numbers, got joy"):
        tally(["u", "u"], ["joy", "1"], level=Level.INTERVAL)
    with pytest.raises(BadInput, match="ratio value is negative"):
        tally(["u", "u"], [-1.0, 1.0], level=Level.RATIO)
    with pytest.raises(BadInput, match="huge is not in the order"):
        tally(["u", "u"], ["low", "huge"], level=Level.ORDINAL, order=["low", "high"])
    with pytest.raises(BadInput, match="two clusters"):
        tally(["u", "u"], ["a", "b"], ["s", "t"])
