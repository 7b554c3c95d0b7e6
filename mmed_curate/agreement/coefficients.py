"""Percent agreement, and the coefficients that differ from it only in what they take for chance.

All are (p_a - p_e) / (1 - p_e). p_a is the share of agreeing pairs of coders, averaged over units with two or more
values. p_e rests on the mean share p_c of each value c over all units with at least one value, and on the number q
of values that occur:

- AC1: sum p_c (1 - p_c) / (q - 1). Gwet (2008), British J. of Mathematical and Statistical Psychology 61, 29-48.
- Fleiss's kappa: sum p_c^2. Fleiss (1971), Psychological Bulletin 76, 378-382; for gaps as in Gwet (2014), Handbook
  of Inter-Rater Reliability, 4th ed., chapter 2.
- Brennan-Prediger: 1 / q. Brennan & Prediger (1981), Educational and Psychological Measurement 41, 687-699.

Cohen's kappa takes each coder's own shares: sum p_gc p_hc, averaged over pairs of coders g, h. Cohen (1960),
Educational and Psychological Measurement 20, 37-46; for more than two coders Conger (1980), Psychological Bulletin 88,
322-328; for gaps as in Gwet (2014), chapter 2: a coder's shares are those of all values that they gave.

AC2 is AC1 with partial credit for values that lie near each other. Gwet (2014), chapters 3 and 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum

import numpy as np

from mmed_curate.agreement.alpha import refuse_beyond
from mmed_curate.agreement.ratings import Floats, Ratings
from mmed_curate.agreement.statistic import Combine, Statistic, divided, summed


class Chance(Enum):
    """What is taken for agreement by chance."""

    NONE = "percent"
    """Nothing: percent agreement itself."""
    AC1 = "ac1"
    FLEISS = "fleiss"
    BRENNAN_PREDIGER = "bp"


def cohen(ratings: Ratings) -> Statistic:
    """Cohen's kappa of two coders, Conger's of more, as a statistic over clusters.

    Args:
        ratings: nominal values, with who gave them.

    Returns:
        A statistic whose value is NaN where nothing is pairable, where only one value occurs, or where fewer than two
        coders gave any.

    Raises:
        ValueError: the ratings do not say who gave them.
    """
    if ratings.coder is None:
        raise ValueError("Cohen's kappa needs to know who gave each value")
    agreement = corrected(ratings, Chance.NONE)
    v, c = ratings.n_values, ratings.n_clusters
    g = int(ratings.coder.max()) + 1 if len(ratings.coder) else 0
    cell = (ratings.cluster_of_value * g + ratings.coder) * v + ratings.value
    own = np.bincount(cell, minlength=c * g * v).reshape(c, g * v).astype(float)
    sums = np.column_stack([agreement.contributions[:, :2], own])  # (C, 2 + G V)

    def combine(total: Floats) -> Floats:
        observed = divided(total[:, 0], total[:, 1])  # (R,)
        given = total[:, 2:].reshape(len(total), g, v)  # (R, G, V)
        n = given.sum(axis=2)  # (R, G)
        share = np.divide(given, n[:, :, None], out=np.zeros_like(given), where=n[:, :, None] > 0)
        mean, square = share.sum(axis=1), (share**2).sum(axis=1)  # (R, V)
        present = (n > 0).sum(axis=1).astype(float)  # (R,)
        by_chance = divided((mean**2 - square).sum(axis=1), present * (present - 1))
        several = (given.sum(axis=1) > 0).sum(axis=1) > 1
        return np.where(several, divided(observed - by_chance, 1 - by_chance), np.nan)

    return replace(agreement, contributions=sums, combine=combine)


def ordinal_weights(n_values: int) -> Floats:
    """(V, V) credit for two values of an ordered scale, by how many pairs of values lie between them.

    1 for the same value and 0 for the two ends of the scale: 1 - M / M_max with M = k (k - 1) / 2 of the k values from
    one to the other, both counted (Gwet 2014, chapter 3, ordinal weights).
    """
    place = np.arange(n_values, dtype=float)
    apart = np.abs(place[:, None] - place[None, :]) + 1
    pairs = apart * (apart - 1) / 2
    weights: Floats = 1 - pairs / max(float(pairs.max(initial=0.0)), 1.0)
    return weights


def ac2(ratings: Ratings) -> Statistic:
    """Gwet's AC2 with ordinal weights over the whole scale, as a statistic over clusters.

    Args:
        ratings: ordinal values; those of the scale that nobody chose count as values that could have been.

    Returns:
        A statistic whose value is NaN where nothing is pairable or only one value occurs.

    Raises:
        BadInput: more values than its tables can hold.
    """
    v, c = ratings.n_values, ratings.n_clusters
    refuse_beyond(ratings.n_units * v, ratings)
    weights = ordinal_weights(v)
    m = ratings.per_unit.astype(float)  # (U,)
    counts = np.bincount(ratings.unit * v + ratings.value, minlength=ratings.n_units * v)
    counts = counts.reshape(ratings.n_units, v).astype(float)  # (U, V)
    credit = (counts * (counts @ weights - 1)).sum(axis=1)  # (U,)
    agreed = np.divide(credit, m * (m - 1), out=np.zeros_like(m), where=m >= 2)
    shares = np.divide(counts, m[:, None], out=np.zeros_like(counts), where=m[:, None] > 0)  # (U, V)
    sums = np.column_stack(
        [summed(column, ratings.cluster, c) for column in (agreed, m >= 2, m >= 1, *shares.T)]
    )  # (C, 3 + V)

    def combine(total: Floats) -> Floats:
        agreement = divided(total[:, 0], total[:, 1])
        p = divided(total[:, 3:], total[:, 2:3])  # (R, V)
        by_chance = weights.sum() / max(v * (v - 1), 1) * (p * (1 - p)).sum(axis=1)
        return np.where((p > 0).sum(axis=1) > 1, divided(agreement - by_chance, 1 - by_chance), np.nan)

    kept = ratings.pairable
    return Statistic(
        contributions=sums,
        combine=combine,
        n_units=kept.n_units,
        n_judgements=len(kept.unit),
        n_clusters=len(np.unique(kept.cluster)),
    )


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
    kept = ratings.pairable
    return Statistic(
        contributions=sums,
        combine=beyond_chance(chance, len(np.unique(ratings.value))),
        n_units=kept.n_units,
        n_judgements=len(kept.unit),
        n_clusters=len(np.unique(kept.cluster)),
    )


def beyond_chance(chance: Chance, n_occurring: int) -> Combine:
    """From (R, 3 + V) sums over units to the coefficient.

    The sums are the share of agreeing pairs, one for each unit with two or more values, one for each with any, and the
    shares of the V values. `n_occurring` of them were given at all.
    """

    def combine(total: Floats) -> Floats:
        agreement = divided(total[:, 0], total[:, 1])  # (R,)
        if chance is Chance.NONE:
            return agreement
        p = divided(total[:, 3:], total[:, 2:3])  # (R, V)
        by_chance = _BY_CHANCE[chance](p, n_occurring)
        several = (p > 0).sum(axis=1) > 1
        return np.where(several, divided(agreement - by_chance, 1 - by_chance), np.nan)

    return combine


_BY_CHANCE: dict[Chance, Callable[[Floats, int], Floats]] = {
    Chance.AC1: lambda p, q: (p * (1 - p)).sum(axis=1) / max(q - 1, 1),
    Chance.FLEISS: lambda p, q: (p**2).sum(axis=1),
    Chance.BRENNAN_PREDIGER: lambda p, q: np.full(len(p), 1 / max(q, 1)),
}
