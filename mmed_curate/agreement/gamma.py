"""Gamma: agreement on where something happened and what it was, after the events of several coders were aligned.

Mathet, Widlöcher & Métivier (2015), The Unified and Holistic Method Gamma, Computational Linguistics 41, 437-479. Units
of several coders are put together, at most one of each coder, so that the disorder of all groups is least:

- two units differ by alpha ((|starts apart| + |ends apart|) / (length + length))^2, plus beta if their kinds differ;
- a unit beside a coder without one differs by 1, and so do two coders without one;
- the disorder of a group is the mean over its pairs; that of the whole is the sum over groups / mean units per coder.

Chance is what coders' own units come to when each coder's are turned round the clip by a random amount (section 5.2),
so clumps and lengths stay as they are. Over several clips: 1 - observed / expected, both added up over clips.

The alignment is exact, which is feasible for clips with a handful of events, not for hours of speech.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np

from mmed_curate.agreement.ratings import Floats
from mmed_curate.agreement.statistic import Statistic, divided
from mmed_curate.agreement.unitizing import Continuum
from mmed_curate.domain.findings import BadInput

Unit = tuple[float, float, str]
"""Start, end, kind."""

_MOST_GROUPS = 200_000
"""Groups of units of one clip that are looked at; more is refused in words."""

_MOST_UNITS = 40
"""Units of one clip, of all its coders: how much is tried grows with them, and fast."""

SAMPLES = 30
"""Of chance, for each clip: what the authors begin with; many clips need no more, their means are added up."""

_SAMPLES_IN_ALL = 300
"""Of chance, over all clips, at least: with 30 for a single clip the seed moves gamma by .01."""

_POSITION, _KIND = 3.0, 1.0
"""Weights of place and kind: alpha and beta as the authors' own examples and pygamma-agreement use them."""


def gamma(continua: Sequence[Continuum], *, seed: int, samples: int | None = None) -> Statistic:
    """Gamma as a statistic over clusters.

    Args:
        continua: those with fewer than two coders, or in which nobody marked anything, are left out: they say nothing.
        seed: of the samples that stand for chance.
        samples: how many for each clip; None: `SAMPLES`, and more where there are few clips.

    Raises:
        BadInput: a clip has more events than can be aligned exactly.
    """
    told = [one for one in continua if len(one.marked) > 1 and any(one.marked)]
    if samples is None:
        samples = max(SAMPLES, -(-_SAMPLES_IN_ALL // max(len(told), 1)))
    names = {name: number for number, name in enumerate(sorted({one.cluster for one in told}))}
    sums = np.zeros((len(names), 2))
    draws = np.random.Generator(np.random.PCG64(seed))
    for one in sorted(told, key=lambda one: (one.cluster, one.length, sorted(one.marked))):
        coders = sorted(one.marked)
        by_chance = [disorder(turned(coders, one.length, draws)) for _ in range(samples)]
        sums[names[one.cluster]] += (disorder(coders), sum(by_chance) / samples)
    return Statistic(
        contributions=sums,
        combine=lambda total: 1 - divided(total[:, 0], total[:, 1]),
        n_units=len(told),
        n_judgements=sum(len(one.marked) for one in told),
        n_clusters=len(names),
    )


def disorder(coders: Sequence[Sequence[Unit]]) -> float:
    """The least disorder of all ways to align the units of one clip; 0: the same units everywhere."""
    masks, costs = _groups(coders)
    n_units = sum(len(own) for own in coders)
    by_first: list[list[tuple[int, float]]] = [[] for _ in range(n_units)]
    for mask, cost in sorted(zip(masks, costs, strict=True), key=lambda group: group[1]):
        by_first[(mask & -mask).bit_length() - 1].append((mask, cost))
    known: dict[int, float] = {0: 0.0}

    def least(open_units: int) -> float:
        if open_units not in known:
            first = (open_units & -open_units).bit_length() - 1
            known[open_units] = min(
                cost + least(open_units ^ mask) for mask, cost in by_first[first] if mask & open_units == mask
            )
        return known[open_units]

    return least((1 << n_units) - 1) / (n_units / len(coders))


def _groups(coders: Sequence[Sequence[Unit]]) -> tuple[list[int], list[float]]:
    """Every group that can stand in the best alignment: as bits of its units, in order of their starts, and its cost.

    A group that costs more than its units by themselves cannot.
    """
    sizes = [len(own) + 1 for own in coders]  # the last of each stands for no unit
    if np.prod(sizes, dtype=float) > _MOST_GROUPS or sum(sizes) - len(sizes) > _MOST_UNITS:
        raise BadInput.of(
            "agreement.too_many_events",
            f"{sum(sizes) - len(sizes)} events of {len(coders)} coders in one clip are too many to align exactly",
            "measure events instead of gamma, or shorter clips",
        )
    choice = np.indices(sizes).reshape(len(sizes), -1)  # (coders, G)
    cost = np.zeros(choice.shape[1])
    for one, other in combinations(range(len(coders)), 2):
        cost += _apart(coders[one], coders[other])[choice[one], choice[other]]
    cost /= len(coders) * (len(coders) - 1) / 2
    held = (choice < np.array(sizes)[:, None] - 1).sum(axis=0)
    kept = (held > 0) & (cost <= held + 1e-12)
    order = sorted(
        ((own[place], coder, place) for coder, own in enumerate(coders) for place in range(len(own))),
        key=lambda unit: (unit[0][0], unit[0][1], unit[1], unit[2]),
    )
    bit = {(coder, place): 1 << number for number, (_, coder, place) in enumerate(order)}
    masks = [sum(bit.get((coder, int(place)), 0) for coder, place in enumerate(column)) for column in choice[:, kept].T]
    return masks, cost[kept].tolist()


def _apart(one: Sequence[Unit], other: Sequence[Unit]) -> Floats:
    """(n + 1, m + 1) how far each two units differ; the last row and column stand for no unit."""
    table = np.ones((len(one) + 1, len(other) + 1))
    for row, (start, end, kind) in enumerate(one):
        for column, (begin, stop, its) in enumerate(other):
            place = (abs(start - begin) + abs(end - stop)) / (end - start + stop - begin)
            table[row, column] = _POSITION * place**2 + _KIND * (kind != its)
    return table


def turned(coders: Sequence[Sequence[Unit]], length: int, draws: np.random.Generator) -> list[list[Unit]]:
    """Each coder's units, or another's, turned round the clip by an amount that is unlike those of the others."""
    units = [unit for own in coders for unit in own]
    apart = sum(end - start for start, end, _ in units) / len(units) / 2
    taken: list[float] = []
    found: list[list[Unit]] = []
    while not any(found):
        taken.clear()
        found.clear()
        for _ in coders:
            pivot = _pivot(taken, apart, length, draws)
            taken.append(pivot)
            own = coders[int(draws.integers(len(coders)))]
            found.append(
                [
                    (start + by, end + by, kind)
                    for start, end, kind in own
                    for by in (pivot - length if start + pivot > length else pivot,)
                ]
            )
    return found


def _pivot(taken: Sequence[float], apart: float, length: int, draws: np.random.Generator) -> float:
    """Anywhere, but not nearer to the earlier ones than this; anywhere at all where that leaves nothing."""
    edges = sorted([0.0, float(length), *(min(max(one + by, 0.0), length) for one in taken for by in (-apart, apart))])
    free = [
        (low, high)
        for low, high in pairwise(edges)
        if high > low and all(abs((low + high) / 2 - one) >= apart for one in taken)
    ]
    if not free:
        return float(int(draws.uniform(0, length)))
    sizes = np.array([high - low for low, high in free])
    low, high = free[int(draws.choice(len(free), p=sizes / sizes.sum()))]
    return float(int(draws.uniform(low, high)))
