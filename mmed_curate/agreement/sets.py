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

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmed_curate.agreement.alpha import alpha_by_distance
from mmed_curate.agreement.onevalue import OneValue
from mmed_curate.agreement.ratings import Floats, Indices, Ratings, from_units, tally
from mmed_curate.agreement.statistic import Statistic, divided, summed

Codes = frozenset[str]
"""What one coder scored in one event."""

_NOTHING: Codes = frozenset()


def masi(a: Codes, b: Codes) -> float:
    """Passonneau's distance of two sets, 0 where they are the same and 1 where they share nothing."""
    if a == b:
        return 0.0
    common = len(a & b)
    if common == 0:
        return 1.0
    monotonic = 2 / 3 if a <= b or b <= a else 1 / 3
    return 1 - monotonic * common / len(a | b)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRatings:
    """Sets given to units."""

    ratings: Ratings
    """Their values are the distinct sets."""
    sets: tuple[Codes, ...]
    """(V,) those sets."""


def set_ratings(
    units: Sequence[Hashable], sets: Sequence[Codes], clusters: Sequence[Hashable] | None = None
) -> SetRatings:
    """Sets from a long table.

    Args:
        units: (N,) the event of each row.
        sets: (N,) what one coder scored in it; empty: nothing.
        clusters: (N,) the event's cluster; None: each event is its own.

    Raises:
        BadInput: a unit lies in two clusters.
    """
    texts = {one: text_of(one) for one in set(sets)}
    return _of_texts(tally(units, [texts[one] for one in sets], clusters), texts)


def _of_texts(ratings: Ratings, texts: Mapping[Codes, str]) -> SetRatings:
    by_text = {text: one for one, text in texts.items()}
    return SetRatings(ratings=ratings, sets=tuple(by_text[label] for label in ratings.labels))


@dataclass(slots=True)
class CodeRows:
    """Which codes coders gave, unit by unit: one row for each coder of a unit."""

    clusters: list[str]
    """(U,) cluster of each unit."""
    sizes: list[int]
    """(U,) coders who had a say in it; more than none."""
    codes: list[Codes]
    """(N,) what each gave, unit by unit."""
    unknown: list[Codes]
    """(N,) of which codes each could say nothing: missing, not absent."""

    @classmethod
    def none(cls) -> CodeRows:
        """No rows yet."""
        return cls([], [], [], [])

    def add(self, cluster: str, codes: Sequence[Codes], unknown: Sequence[Codes] | None = None) -> None:
        """One more unit, with what each coder gave."""
        self.clusters.append(cluster)
        self.sizes.append(len(codes))
        self.codes.extend(codes)
        self.unknown.extend([_NOTHING] * len(codes) if unknown is None else unknown)

    def as_if_all_were_known(self) -> CodeRows:
        """The same, taking what could not be told for absent."""
        return CodeRows(self.clusters, self.sizes, self.codes, [_NOTHING] * len(self.codes))

    def where_less_is_unknown_than(self, n_codes: int) -> CodeRows:
        """The same without the rows of coders who could tell nothing of so many codes."""
        kept = CodeRows.none()
        first = 0
        for cluster, size in zip(self.clusters, self.sizes, strict=True):
            rows = [at for at in range(first, first + size) if len(self.unknown[at]) < n_codes]
            if rows:
                kept.add(cluster, [self.codes[at] for at in rows], [self.unknown[at] for at in rows])
            first += size
        return kept

    def told_by_all(self) -> SetRatings:
        """Sets without the codes of which one coder of the unit could say nothing."""
        codes = self.codes
        if any(self.unknown):
            codes = []
            first = 0
            for size in self.sizes:
                hidden = _NOTHING.union(*self.unknown[first : first + size])
                codes.extend(own - hidden for own in self.codes[first : first + size])
                first += size
        texts = {one: text_of(one) for one in set(codes)}
        return _of_texts(from_units(self.sizes, [texts[one] for one in codes], self.clusters), texts)

    def each_or_not(self) -> dict[str, OneValue]:
        """Each code that anyone gave, in order: given or not."""
        codes = sorted(
            {code for own, hidden in set(zip(self.codes, self.unknown, strict=True)) for code in own - hidden}
        )
        if not codes:
            return {}
        column = {code: number for number, code in enumerate(codes)}
        known = ~_table(self.unknown, column)  # (N, K)
        starts = np.cumsum([0, *self.sizes[:-1]])
        given = np.add.reduceat(known, starts, axis=0, dtype=np.int64)  # (U, K)
        chosen = np.add.reduceat(_table(self.codes, column) & known, starts, axis=0, dtype=np.int64)
        place = {name: number for number, name in enumerate(dict.fromkeys(self.clusters))}
        cluster = np.array([place[name] for name in self.clusters], dtype=np.int64)
        return {
            code: OneValue(given=given[:, number], chosen=chosen[:, number], cluster=cluster)
            for code, number in column.items()
        }


def _table(sets: Sequence[Codes], column: Mapping[str, int]) -> npt.NDArray[np.bool_]:
    """(N, K) who holds which code."""
    place = {one: number for number, one in enumerate(dict.fromkeys(sets))}
    table = np.zeros((len(place), len(column)), dtype=bool)  # of the distinct sets
    for one, number in place.items():
        table[number, [column[code] for code in one if code in column]] = True
    return table[np.fromiter(map(place.__getitem__, sets), dtype=np.int64, count=len(sets))]


def masi_alpha(found: SetRatings) -> Statistic:
    """Krippendorff's alpha with the MASI distance, as a statistic over clusters.

    Returns:
        A statistic whose value is NaN where nothing is pairable or all sets are the same.

    Raises:
        BadInput: more distinct sets than its table can hold.
    """
    return alpha_by_distance(found.ratings, _distances(found.sets))


def text_of(codes: Codes) -> str:
    """A set as one text, the same for the same codes."""
    return "+".join(sorted(codes))


def reliability_index(found: SetRatings) -> Statistic:
    """The index of FACS, pooled over events with two or more coders; not corrected for chance.

    Returns:
        A statistic whose value is NaN where nobody scored anything.
    """
    ratings = found.ratings
    starts = np.searchsorted(ratings.unit, np.arange(ratings.n_units))  # (U,)
    common = np.bitwise_and.reduceat(_words(found.sets)[ratings.value], starts, axis=0)  # (U, W)
    n_common = np.bitwise_count(common).sum(axis=1).astype(float)
    size = np.array([len(one) for one in found.sets], dtype=float)
    scored = summed(size[ratings.value], ratings.unit, ratings.n_units)  # (U,)
    paired = ratings.per_unit >= 2  # (U,)
    agreed = ratings.per_unit * n_common * paired
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


def _words(sets: Sequence[Codes]) -> npt.NDArray[np.uint64]:
    """(V, W) who holds what, one bit for each code."""
    codes = {code: place for place, code in enumerate(sorted({code for one in sets for code in one}))}
    words = np.zeros((len(sets), len(codes) // 64 + 1), dtype=np.uint64)
    for number, one in enumerate(sets):
        for code in one:
            words[number, codes[code] // 64] |= np.uint64(1 << codes[code] % 64)
    return words


def _distances(sets: Sequence[Codes]) -> Callable[[Indices, Indices], Floats]:
    """The MASI distance of sets by their places."""
    words = _words(sets)
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
