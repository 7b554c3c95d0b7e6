"""Agreement on which action units an event holds: sets of codes, compared as wholes.

- MASI distance of two sets A, B: 1 - J M with J = |A and B| / |A or B|, and M = 1 where they are the same, 2/3 where
  one holds the other, 1/3 where they only overlap, 0 where they share nothing. Two empty sets are the same. Passonneau
  (2006), Measuring Agreement on Set-valued Items (MASI) for Semantic and Pragmatic Annotation, LREC 2006. Alpha takes
  it as the distance, so agreement is corrected for chance.
- The reliability index of k coders: k times the units that all scored / the units that each scored, added up over
  coders; 2 |A and B| / (|A| + |B|) for two. Ekman, Friesen & Hager (2002), FACS Investigator's Guide. Pooled over
  events: both sums first, then the quotient. It is NOT corrected for chance: coders who score the same few units
  everywhere get a high one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from mmed_curate.agreement.alpha import alpha_by_distance
from mmed_curate.agreement.ratings import Floats, Indices, tally
from mmed_curate.agreement.statistic import Statistic, divided, summed

Codes = frozenset[str]
"""What one coder scored in one event."""


def masi(a: Codes, b: Codes) -> float:
    """Passonneau's distance of two sets, 0 where they are the same and 1 where they share nothing."""
    if a == b:
        return 0.0
    common = len(a & b)
    if common == 0:
        return 1.0
    monotonic = 2 / 3 if a <= b or b <= a else 1 / 3
    return 1 - monotonic * common / len(a | b)


def masi_alpha(
    units: Sequence[Hashable], sets: Sequence[Codes], clusters: Sequence[Hashable] | None = None
) -> Statistic:
    """Krippendorff's alpha with the MASI distance, as a statistic over clusters.

    Args:
        units: (N,) the event of each row.
        sets: (N,) what one coder scored in it; empty: nothing.
        clusters: (N,) the event's cluster; None: each event is its own.

    Returns:
        A statistic whose value is NaN where nothing is pairable or all sets are the same.

    Raises:
        BadInput: more distinct sets than its table can hold.
    """
    texts = {one: text_of(one) for one in set(sets)}
    ratings = tally(units, [texts[one] for one in sets], clusters)
    by_text = {text: one for one, text in texts.items()}
    return alpha_by_distance(ratings, _distances([by_text[label] for label in ratings.labels]))


def text_of(codes: Codes) -> str:
    """A set as one text, the same for the same codes."""
    return "+".join(sorted(codes))


def reliability_index(
    units: Sequence[Hashable], sets: Sequence[Codes], clusters: Sequence[Hashable] | None = None
) -> Statistic:
    """The index of FACS, pooled over events with two or more coders; not corrected for chance.

    Args:
        units, sets, clusters: see `masi_alpha`.

    Returns:
        A statistic whose value is NaN where nobody scored anything.
    """
    ratings = tally(units, [text_of(one) for one in sets], clusters)
    place = {unit: number for number, unit in enumerate(dict.fromkeys(units))}
    common: list[Codes | None] = [None] * len(place)
    scored = np.zeros(len(place))
    for unit, own in zip(units, sets, strict=True):
        number = place[unit]
        before = common[number]
        common[number] = own if before is None else before & own
        scored[number] += len(own)
    paired = ratings.per_unit >= 2  # (U,)
    agreed = ratings.per_unit * np.array([len(one or ()) for one in common], dtype=float) * paired
    sums = np.column_stack(
        [
            summed(agreed, ratings.cluster, ratings.n_clusters),
            summed(scored * paired, ratings.cluster, ratings.n_clusters),
            summed(paired, ratings.cluster, ratings.n_clusters),  # else a cluster without any unit would not be drawn
        ]
    )
    kept = ratings.pairable
    return Statistic(
        contributions=sums,
        combine=lambda total: divided(total[:, 0], total[:, 1]),
        n_units=kept.n_units,
        n_judgements=len(kept.unit),
        n_clusters=len(np.unique(kept.cluster)),
    )


def _distances(sets: Sequence[Codes]) -> Callable[[Indices, Indices], Floats]:
    """The MASI distance of sets by their places, from who holds what, one bit for each code."""
    codes = {code: place for place, code in enumerate(sorted({code for one in sets for code in one}))}
    words = np.zeros((len(sets), len(codes) // 64 + 1), dtype=np.uint64)
    for number, one in enumerate(sets):
        for code in one:
            words[number, codes[code] // 64] |= np.uint64(1 << codes[code] % 64)
    size = np.bitwise_count(words).sum(axis=1).astype(np.int64)  # (V,)

    def apart(a: Indices, b: Indices) -> Floats:
        common = sum(np.bitwise_count(column[a] & column[b]).astype(np.int64) for column in words.T)
        union = size[a] + size[b] - common
        inside = (common == size[a]) | (common == size[b])
        monotonic = np.where(inside, np.where(common == union, 1.0, 2 / 3), 1 / 3)
        jaccard = np.divide(common, union, out=np.ones(union.shape), where=union > 0)  # two empty sets are the same
        found: Floats = 1 - jaccard * monotonic
        return found

    return apart
