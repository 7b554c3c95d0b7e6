"""Percent agreement, and the coefficients that differ from it only in what they take for chance.

All are (p_a - p_e) / (1 - p_e). p_a is the share of agreeing pairs of coders, averaged over units with two or more
values. p_e rests on the mean share p_c of each value c over all units with at least one value, and on the number q
of values that occur:

- AC1: sum p_c (1 - p_c) / (q - 1). Gwet (2008), British J. of Mathematical and Statistical Psychology 61, 29-48.
- Fleiss's kappa: sum p_c^2. Fleiss (1971), Psychological Bulletin 76, 378-382; for gaps as in Gwet (2014), Handbook
  of Inter-Rater Reliability, 4th ed., chapter 2.
- Brennan-Prediger: 1 / q. Brennan & Prediger (1981), Educational and Psychological Measurement 41, 687-699.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import numpy as np

from mmed_curate.agreement.ratings import Floats, Ratings
from mmed_curate.agreement.statistic import Statistic, divided, summed


class Chance(Enum):
    """What is taken for agreement by chance."""

    NONE = "percent"
    """Nothing: percent agreement itself."""
    AC1 = "ac1"
    FLEISS = "fleiss"
    BRENNAN_PREDIGER = "brennan-prediger"


def corrected(ratings: Ratings, chance: Chance) -> Statistic:
    """Agreement of pairs, corrected for chance, as a statistic over clusters.

    Args:
        ratings: nominal values.
        chance: which correction.

    Returns:
        A statistic whose value is NaN where nothing is pairable, or, if corrected, where only one value occurs.
    """
    m = ratings.per_unit.astype(float)  # (U,)
    v, c = ratings.n_values, ratings.n_clusters
    _, first, n_uc = np.unique(ratings.unit * max(v, 1) + ratings.value, return_index=True, return_counts=True)
    unit, value = ratings.unit[first], ratings.value[first]
    same = summed(n_uc * (n_uc - 1.0), unit, ratings.n_units)  # (U,)
    paired = m >= 2
    agreed = np.divide(same, m * (m - 1), out=np.zeros_like(m), where=paired)  # (U,)
    shares = np.bincount(ratings.cluster[unit] * v + value, weights=n_uc / m[unit], minlength=c * v).reshape(c, v)
    sums = np.column_stack(
        [
            summed(agreed, ratings.cluster, c),
            summed(paired, ratings.cluster, c),
            summed(m >= 1, ratings.cluster, c),
            shares,
        ]
    )  # (C, 3 + V)
    q = len(np.unique(ratings.value))

    def combine(total: Floats) -> Floats:
        agreement = divided(total[:, 0], total[:, 1])  # (R,)
        if chance is Chance.NONE:
            return agreement
        p = divided(total[:, 3:], total[:, 2:3])  # (R, V)
        by_chance = _BY_CHANCE[chance](p, q)
        several = (p > 0).sum(axis=1) > 1
        return np.where(several, divided(agreement - by_chance, 1 - by_chance), np.nan)

    kept = ratings.pairable
    return Statistic(
        contributions=sums,
        combine=combine,
        n_units=kept.n_units,
        n_judgements=len(kept.unit),
        n_clusters=len(np.unique(kept.cluster)),
    )


_BY_CHANCE: dict[Chance, Callable[[Floats, int], Floats]] = {
    Chance.AC1: lambda p, q: (p * (1 - p)).sum(axis=1) / max(q - 1, 1),
    Chance.FLEISS: lambda p, q: (p**2).sum(axis=1),
    Chance.BRENNAN_PREDIGER: lambda p, q: np.full(len(p), 1 / max(q, 1)),
}
