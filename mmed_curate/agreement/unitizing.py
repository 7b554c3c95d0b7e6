"""Agreement on whether and where something happened, for events marked freely: Krippendorff's alpha of units.

Krippendorff (1995), Sociological Methodology 25, 47-76; (2004), Content Analysis, 2nd ed., chapter 11.6. A coder
divides a continuum into units and gaps. Two coders disagree by the squares of how far starts and ends of overlapping
units lie apart, and by the square of the length of a unit that lies in a gap of the other:

    observed = 1/(m (m - 1) L^2)  sum over ordered pairs of coders of these squares
    expected = 2/L  sum over units [ (N - 1) / 3 (2 l^3 - 3 l^2 + l) + l^2 sum over gaps g >= l of (g - l + 1) ]
               / (m L (m L - 1) - sum over units l (l - 1))

with m coders, a continuum of length L, N units of all coders, and l the length of a unit. Kinds of units are summed
over one by one. Here a continuum is a clip, and all clips are one long continuum whose units and gaps end where their
clip does; where clips have different numbers of coders, m L is the time that all coders watched, and a pair counts
1 / (m - 1) of its clip's m, as everywhere in alpha. Lengths are whole numbers, such as milliseconds.

Boundaries count, not frames: a long event marked a little shorter costs less than a short event that one coder missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmed_curate.agreement.alpha import within_units
from mmed_curate.agreement.ratings import Floats, Indices
from mmed_curate.agreement.statistic import Statistic, divided, summed
from mmed_curate.domain.findings import BadInput

_MOST_CELLS = 40_000_000
"""Cells of the largest table made (320 MB)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuum:
    """What several coders marked in one clip."""

    cluster: str
    length: int
    """Whole, above 0."""
    marked: tuple[tuple[tuple[int, int, str], ...], ...]
    """Per coder the units: start, end (not inside), kind; those of one kind do not overlap. Empty: nothing happened."""

    def __post_init__(self) -> None:
        for own in self.marked:
            for kind in {kind for _, _, kind in own}:
                ends = sorted((start, end) for start, end, of in own if of == kind)
                for place, (start, end) in enumerate(ends):
                    before = ends[place - 1][1] if place else 0
                    if not before <= start < end <= self.length:
                        raise BadInput.of(
                            "agreement.unit_order",
                            f"a unit from {start} to {end} overlaps another, is empty, or leaves 0..{self.length}",
                            "give units of one kind that follow each other inside their clip",
                        )


def alpha_u(continua: Sequence[Continuum]) -> Statistic:
    """Krippendorff's alpha of units, as a statistic over clusters.

    Args:
        continua: those with fewer than two coders are left out.

    Returns:
        A statistic whose value is NaN where nobody marked anything.

    Raises:
        BadInput: more different lengths than its tables can hold.
    """
    paired = [one for one in continua if len(one.marked) > 1]
    names = {name: number for number, name in enumerate(sorted({one.cluster for one in paired}))}
    c = len(names)
    cluster = np.array([names[one.cluster] for one in paired], dtype=np.int64)  # (P,)
    m = np.array([len(one.marked) for one in paired], dtype=float)
    kinds = sorted({kind for one in paired for own in one.marked for _, _, kind in own})
    rows = [
        (place, coder, kinds.index(kind), start, end)
        for place, one in enumerate(paired)
        for coder, own in enumerate(one.marked)
        for start, end, kind in own
    ]
    units = np.array(rows, dtype=np.int64).reshape(-1, 5)
    units = units[np.lexsort((units[:, 3], units[:, 1], units[:, 0], units[:, 2]))]  # by kind, clip, coder, start
    length = (units[:, 4] - units[:, 3]).astype(float)
    of_unit = cluster[units[:, 0]]
    apart = _apart(units, length, m, len(paired))
    sizes, size = np.unique(units[:, 2] * (2**40) + (units[:, 4] - units[:, 3]), return_inverse=True)
    v = len(sizes)
    if c * v > _MOST_CELLS:
        raise BadInput.of(
            "agreement.too_many_lengths", f"{v} different lengths are too many", "round times to fewer lengths"
        )
    number = np.bincount(of_unit * v + size.reshape(-1), minlength=c * v).reshape(c, v).astype(float)  # (C, V)
    kind_of, length_of = sizes >> 40, (sizes & (2**40 - 1)).astype(float)
    room = _room(units, paired, cluster, kind_of, length_of, c)  # (C, V)
    watched = summed(m * np.array([one.length for one in paired], dtype=float), cluster, c)
    sums = np.column_stack([summed(apart, cluster, c), watched, number, room])  # (C, 2 + 2 V)
    own_size = (2 * length_of**3 - 3 * length_of**2 + length_of) / 3
    of_kind = kind_of[:, None] == np.arange(max(len(kinds), 1))[None, :]  # (V, K)

    def combine(total: Floats) -> Floats:
        observed, t = total[:, 0], total[:, 1]
        n, gaps = total[:, 2 : 2 + v], total[:, 2 + v :]  # (R, V)
        alike = ((n @ of_kind) - 1) * ((n * own_size) @ of_kind)  # (R, K)
        missed = (n * length_of**2 * gaps) @ of_kind
        places = (t * (t - 1))[:, None] - (n * length_of * (length_of - 1)) @ of_kind
        expected = np.divide(alike + missed, places, out=np.zeros_like(alike), where=places > 0)
        expected = np.where(n @ of_kind > 0, expected, 0.0).sum(axis=1)
        return 1 - divided(divided(observed, t), 2 * expected)

    return Statistic(
        contributions=sums,
        combine=combine,
        n_units=len(paired),
        n_judgements=int(m.sum()),
        n_clusters=c,
    )


def _apart(units: Indices, length: Floats, m: Floats, n_clips: int) -> Floats:
    """(P,) of each clip the squares of all ordered pairs of coders, each over m - 1."""
    together = units[:, 2] * max(n_clips, 1) + units[:, 0]  # one kind in one clip; does not decrease
    a, b = within_units(together)
    others = units[a, 1] != units[b, 1]
    a, b = a[others], b[others]
    overlap = np.minimum(units[a, 4], units[b, 4]) > np.maximum(units[a, 3], units[b, 3])
    a, b = a[overlap], b[overlap]
    moved = (units[a, 3] - units[b, 3]).astype(float) ** 2 + (units[a, 4] - units[b, 4]).astype(float) ** 2
    met = np.zeros(len(units))
    most = int(units[:, 1].max(initial=0)) + 1
    for one, other in ((a, b), (b, a)):  # each other coder counts once, however many of their units overlap
        keys = one * most + units[other, 1]
        fresh = np.unique(keys) // most
        met += np.bincount(fresh, minlength=len(units))
    missed = length**2 * (m[units[:, 0]] - 1 - met)
    squares = summed(moved, units[a, 0], n_clips) + summed(missed, units[:, 0], n_clips)
    return 2 * squares / (m - 1)


def _room(
    units: Indices,
    paired: Sequence[Continuum],
    cluster: Indices,
    kind_of: Indices,
    length_of: Floats,
    n_clusters: int,
) -> Floats:
    """(C, V) in how many places of a cluster's gaps a unit of this kind and length would fit."""
    room = np.zeros((n_clusters, len(kind_of)))
    n_coders = np.array([len(one.marked) for one in paired], dtype=np.int64)
    clip_length = np.array([one.length for one in paired], dtype=np.int64)
    for kind in np.unique(kind_of):
        own = units[units[:, 2] == kind]  # by clip, coder, start
        key = own[:, 0] * (int(n_coders.max(initial=0)) + 1) + own[:, 1]
        first = np.r_[True, key[1:] != key[:-1]] if len(own) else np.zeros(0, dtype=bool)
        last = np.r_[first[1:], True] if len(own) else first
        before = own[:, 3] - np.where(first, 0, np.r_[0, own[:-1, 4]])
        after = (clip_length[own[:, 0]] - own[:, 4])[last]
        quiet = n_coders - np.bincount(own[first, 0], minlength=len(paired))  # coders who marked none of it
        gaps = np.concatenate([before, after, np.repeat(clip_length, quiet)])
        at = cluster[np.concatenate([own[:, 0], own[last, 0], np.repeat(np.arange(len(paired)), quiet)])]
        columns = np.flatnonzero(kind_of == kind)
        wanted = length_of[columns]
        order = np.lexsort((gaps, at))
        gaps, at = gaps[order].astype(float), at[order]
        starts = np.searchsorted(at, np.arange(n_clusters + 1))
        for number in range(n_clusters):
            these = gaps[starts[number] : starts[number + 1]]
            ahead = np.r_[np.cumsum(these[::-1])[::-1], 0.0]  # sum of these from a place on
            place = np.searchsorted(these, wanted)
            room[number, columns] = ahead[place] - (len(these) - place) * (wanted - 1)
    return room
