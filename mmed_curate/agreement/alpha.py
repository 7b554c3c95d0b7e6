"""Krippendorff's alpha at four levels, from per-unit sums: 1 - observed / expected disagreement.

Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability; Content Analysis, 2nd ed. (2004), chapter 11.
With n_uc the number of coders who gave unit u the value c, m_u their sum, n the sum of m_u over units with m_u >= 2:

    observed = 1/n       sum_u 1/(m_u - 1) sum_ck n_uc n_uk d(c, k)
    expected = 1/(n(n-1)) sum_ck n_c n_k d(c, k)

- nominal: d = 1 where c and k differ, so sum_ck n_uc n_uk d = m_u^2 - sum_c n_uc^2.
- interval: d = (c - k)^2, so the sum is 2 (m_u sum x^2 - (sum x)^2): no table of values is needed.
- ordinal: d = (sum of n_g from c to k - (n_c + n_k) / 2)^2, which is the interval form on the mid-ranks
  r_c = sum of n_g below c + n_c / 2 of the pooled values; they are ranked anew in every resample.
- ratio: d = ((c - k) / (c + k))^2.
- any other: d is given as a function. Where there are more values than clusters, the expected disagreement of a
  resample is taken from how far apart the values of each two clusters lie, a table of clusters × clusters.
"""

from __future__ import annotations

from collections.abc import Callable

import krippendorff
import numpy as np
import numpy.typing as npt

from mmed_curate.agreement.ratings import Floats, Indices, Level, Ratings
from mmed_curate.agreement.statistic import Combine, Statistic, divided, summed
from mmed_curate.domain.findings import BadInput

_MOST_TABLE_CELLS = 40_000_000
"""Cells of the largest table made (320 MB); more is refused in words instead of running out of memory."""

_MOST_VALUES = 10_000
"""Distinct values of a distance of one's own: each is compared with each, which takes a second or two."""

_ROWS = 256
"""Rows of a table of values made at once, where only what follows from it is kept."""


def alpha(ratings: Ratings, level: Level) -> Statistic:
    """Krippendorff's alpha as a statistic over clusters.

    Args:
        ratings: the values given; units with fewer than two are left out.
        level: what differences between values mean.

    Returns:
        A statistic whose value is NaN where nothing is pairable or only one value occurs.

    Raises:
        BadInput: the ordinal or ratio level with more distinct values than its table can hold.
    """
    paired = ratings.pairable
    contributions, combine = {
        Level.NOMINAL: _nominal,
        Level.ORDINAL: _ordinal,
        Level.INTERVAL: _interval,
        Level.RATIO: _ratio,
    }[level](paired)
    return _statistic(paired, contributions, combine)


def alpha_by_distance(ratings: Ratings, apart: Callable[[Indices, Indices], Floats]) -> Statistic:
    """Krippendorff's alpha with a distance of one's own, as a statistic over clusters.

    Args:
        ratings: the values given.
        apart: the distance of values by their indices in the scale (any shapes that go together), as it stands in the
            sums above: already squared.

    Returns:
        A statistic whose value is NaN where nothing is pairable or all values are the same.

    Raises:
        BadInput: more distinct values than its table can hold.
    """
    paired = ratings.pairable
    v = paired.n_values
    refuse_beyond(paired.n_clusters * v, paired)
    if v <= paired.n_clusters:
        refuse_beyond(v * v, paired)
        every = np.arange(v)
        return _statistic(paired, *_by_table(paired, apart(every[:, None], every[None, :])))
    if v > _MOST_VALUES:
        refuse_beyond(_MOST_TABLE_CELLS + 1, paired)
    a, b = within_units(paired.unit)
    pairs = 2 * apart(paired.value[a], paired.value[b]) / (paired.per_unit[paired.unit[a]] - 1)
    given = _per_cluster_values(paired)  # (C, V)
    between = np.zeros((len(given), len(given)))
    for first in range(0, v, _ROWS):  # never the whole table of values at once
        rows = np.arange(first, min(first + _ROWS, v))
        between += given[:, rows] @ apart(rows[:, None], np.arange(v)[None, :]) @ given.T
    observed = summed(pairs, paired.cluster_of_value[a], paired.n_clusters)
    return _statistic(paired, *_by_clusters(observed, given, between))


def _statistic(paired: Ratings, contributions: Floats, combine: Combine) -> Statistic:
    return Statistic(
        contributions=contributions,
        combine=combine,
        n_units=paired.n_units,
        n_judgements=len(paired.unit),
        n_clusters=len(np.unique(paired.cluster)),
    )


def package_alpha(ratings: Ratings, level: Level) -> float | None:
    """The same number by the `krippendorff` package, or None where that cannot compute it.

    It cannot where fewer than two values are pairable, and it makes a table of units × values × values.
    """
    paired = ratings.pairable
    v = ratings.n_values
    if not 0 < paired.n_units * v * v <= _MOST_TABLE_CELLS or len(np.unique(paired.value)) < 2:
        return None
    counts = np.bincount(paired.unit * v + paired.value, minlength=paired.n_units * v).reshape(-1, v)  # (U, V)
    return alpha_of_counts(counts, ratings.scale, level)


def alpha_of_counts(counts: npt.NDArray[np.int64], scale: Floats | None = None, level: Level = Level.NOMINAL) -> float:
    """Alpha by the `krippendorff` package, from (U, V) how often each unit of two or more was given each value."""
    scale = np.arange(counts.shape[1], dtype=float) if scale is None else scale
    return float(krippendorff.alpha(value_counts=counts, value_domain=scale, level_of_measurement=level.value))


def _per_cluster_values(ratings: Ratings) -> Floats:
    cells = ratings.n_clusters * ratings.n_values
    refuse_beyond(cells, ratings)
    flat = np.bincount(ratings.cluster_of_value * ratings.n_values + ratings.value, minlength=cells)
    return flat.reshape(ratings.n_clusters, ratings.n_values).astype(float)  # (C, V)


def _nominal(ratings: Ratings) -> tuple[Floats, Combine]:
    m = ratings.per_unit.astype(float)  # (U,)
    _, first, n_uc = np.unique(
        ratings.unit * max(ratings.n_values, 1) + ratings.value, return_index=True, return_counts=True
    )
    same = summed(n_uc.astype(float) ** 2, ratings.unit[first], ratings.n_units)  # (U,)
    apart = (m**2 - same) / (m - 1)  # (U,)
    sums = np.column_stack([summed(apart, ratings.cluster, ratings.n_clusters), _per_cluster_values(ratings)])
    return sums, nominal_alpha


def nominal_alpha(total: Floats) -> Floats:
    """(R,) nominal alpha from (R, 1 + V) sums: n times the observed disagreement, and how often each value occurs."""
    observed, n_c = total[:, 0], total[:, 1:]  # (R,), (R, V)
    n = n_c.sum(axis=1)
    return 1 - divided(observed * (n - 1), n**2 - (n_c**2).sum(axis=1))


def _interval(ratings: Ratings) -> tuple[Floats, Combine]:
    x = ratings.scale[ratings.value] - (ratings.scale[ratings.value].mean() if len(ratings.value) else 0.0)  # (N,)
    m = ratings.per_unit.astype(float)  # (U,)
    s1 = summed(x, ratings.unit, ratings.n_units)  # (U,)
    # around the unit's own mean, else large values would drown small differences
    around = summed((x - (s1 / m)[ratings.unit]) ** 2, ratings.unit, ratings.n_units)
    apart = 2 * m * around / (m - 1)  # (U,)
    per_unit = (apart, m, s1, summed(x**2, ratings.unit, ratings.n_units))
    sums = np.column_stack([summed(column, ratings.cluster, ratings.n_clusters) for column in per_unit])

    def combine(total: Floats) -> Floats:
        observed, n, s1, s2 = total.T  # each (R,)
        expected = 2 * (n * s2 - s1**2)
        expected[expected <= 1e-12 * n * s2] = 0.0  # rounding around a single value
        return 1 - divided(observed * (n - 1), expected)

    return sums, combine


def _ordinal(ratings: Ratings) -> tuple[Floats, Combine]:
    v = ratings.n_values
    refuse_beyond(ratings.n_clusters * v * v, ratings)
    a, b = within_units(ratings.unit)
    weight = 1.0 / (ratings.per_unit[ratings.unit[a]] - 1)
    cell = (ratings.cluster_of_value[a] * v + ratings.value[a]) * v + ratings.value[b]
    once = np.bincount(cell, weights=weight, minlength=ratings.n_clusters * v * v).reshape(-1, v, v)
    coincidences: Floats = (once + once.transpose(0, 2, 1)).astype(float)  # (C, V, V)
    sums = coincidences.reshape(ratings.n_clusters, v * v)

    def combine(total: Floats) -> Floats:
        coincidences = total.reshape(-1, v, v)  # (R, V, V)
        n_c = coincidences.sum(axis=2)  # (R, V)
        rank = np.cumsum(n_c, axis=1) - n_c / 2  # (R, V)
        n = n_c.sum(axis=1)  # (R,)
        squares = (n_c * rank**2).sum(axis=1)
        crossed = ((coincidences @ rank[:, :, None])[:, :, 0] * rank).sum(axis=1)
        observed = 2 * (squares - crossed)
        expected = 2 * (n * squares - (n_c * rank).sum(axis=1) ** 2)
        expected[(n_c > 0).sum(axis=1) < 2] = 0.0
        return 1 - divided(observed * (n - 1), expected)

    return sums, combine


def _ratio(ratings: Ratings) -> tuple[Floats, Combine]:
    refuse_beyond(ratings.n_values**2, ratings)
    c, k = ratings.scale[:, None], ratings.scale[None, :]
    apart = divided(np.abs(c - k), c + k) ** 2  # (V, V)
    apart[np.isnan(apart)] = 0.0  # zero beside zero
    return _by_table(ratings, apart)


def _by_table(ratings: Ratings, apart: Floats) -> tuple[Floats, Combine]:
    a, b = within_units(ratings.unit)
    pairs = 2 * apart[ratings.value[a], ratings.value[b]] / (ratings.per_unit[ratings.unit[a]] - 1)
    observed = summed(pairs, ratings.cluster_of_value[a], ratings.n_clusters)
    sums = np.column_stack([observed, _per_cluster_values(ratings)])

    def combine(total: Floats) -> Floats:
        observed, n_c = total[:, 0], total[:, 1:]  # (R,), (R, V)
        n = n_c.sum(axis=1)
        return 1 - divided(observed * (n - 1), ((n_c @ apart) * n_c).sum(axis=1))

    return sums, combine


def _by_clusters(observed: Floats, given: Floats, between: Floats) -> tuple[Floats, Combine]:
    """From `between` (C, C), the summed distance of two clusters' values; the weights themselves are the last sums."""
    sums = np.column_stack([observed, given.sum(axis=1), np.eye(len(between))])  # (C, 2 + C)

    def combine(total: Floats) -> Floats:
        apart, n, times = total[:, 0], total[:, 1], total[:, 2:]
        return 1 - divided(apart * (n - 1), ((times @ between) * times).sum(axis=1))

    return sums, combine


def within_units(unit: Indices) -> tuple[Indices, Indices]:
    """Every pair of rows of one unit, once; `unit` (N,) does not decrease."""
    most = int(np.bincount(unit).max()) if len(unit) else 0
    firsts, seconds = [], []
    for apart in range(1, most):
        first = np.flatnonzero(unit[:-apart] == unit[apart:])
        firsts.append(first)
        seconds.append(first + apart)
    if not firsts:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    return np.concatenate(firsts), np.concatenate(seconds)


def refuse_beyond(cells: int, ratings: Ratings) -> None:
    """Say in words that a table would be too large.

    Raises:
        BadInput: it would.
    """
    if cells > _MOST_TABLE_CELLS:
        raise BadInput.of(
            "agreement.too_many_values",
            f"{ratings.n_values} distinct values are too many for this level",
            "round them to fewer values, or use the interval level",
        )
