"""Who gave which unit which value: the long table on which every coefficient is computed.

Missing judgements are the rule: a unit holds as many values as there are. Units with fewer than two are kept, for
some coefficients use them, and count as not pairable.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


class Level(Enum):
    """What differences between values mean (Stevens 1946)."""

    NOMINAL = "nominal"
    """Same or not."""
    ORDINAL = "ordinal"
    """Order, without distances."""
    INTERVAL = "interval"
    """Differences."""
    RATIO = "ratio"
    """Differences relative to the size; 0 is a true zero."""


@dataclass(frozen=True, kw_only=True)
class Ratings:
    """N values given to U units, of V distinct values."""

    unit: Indices
    """(N,) unit of each value, 0..U-1, not decreasing."""
    value: Indices
    """(N,) index of each value in `scale`."""
    scale: Floats
    """(V,) the distinct values, increasing; for nominal and ordinal values their positions."""
    labels: tuple[str, ...]
    """(V,) what the values are called."""
    cluster: Indices
    """(U,) cluster of each unit, 0..C-1."""
    coder: Indices | None = None
    """(N,) who gave each value, 0..G-1; None: not known, and not needed but where coders are told apart."""

    @property
    def n_units(self) -> int:
        """U."""
        return len(self.cluster)

    @property
    def n_values(self) -> int:
        """V."""
        return len(self.scale)

    @property
    def n_clusters(self) -> int:
        """C."""
        return int(self.cluster.max()) + 1 if len(self.cluster) else 0

    @cached_property
    def per_unit(self) -> Indices:
        """(U,) how many values each unit has."""
        return np.bincount(self.unit, minlength=self.n_units)

    @cached_property
    def cluster_of_value(self) -> Indices:
        """(N,) cluster of each value."""
        return self.cluster[self.unit]

    @cached_property
    def pairable(self) -> Ratings:
        """The same without units that have fewer than two values; scale and clusters keep their numbering."""
        keep = self.per_unit >= 2  # (U,)
        if keep.all():
            return self
        kept = keep[self.unit]  # (N,)
        renumbered = np.cumsum(keep) - 1  # (U,)
        return Ratings(
            unit=renumbered[self.unit[kept]],
            value=self.value[kept],
            scale=self.scale,
            labels=self.labels,
            cluster=self.cluster[keep],
            coder=None if self.coder is None else self.coder[kept],
        )


def tally(
    units: Sequence[Hashable],
    values: Sequence[Hashable],
    clusters: Sequence[Hashable] | None = None,
    *,
    level: Level = Level.NOMINAL,
    order: Sequence[Hashable] | None = None,
    coders: Sequence[Hashable] | None = None,
) -> Ratings:
    """Ratings from a long table with one row per value given.

    Args:
        units: (N,) unit of each row.
        values: (N,) value of each row; numbers for the interval and ratio levels.
        clusters: (N,) cluster of each row's unit; None: each unit is its own cluster.
        level: decides how the scale is made.
        order: for ordinal values, all of them from least to most; None: numbers in their own order.
        coders: (N,) who gave each row's value; None: it is not known.

    Raises:
        BadInput: an interval or ratio value is no finite number, a ratio value is negative, an ordinal value is not
            in `order` or no number, or a unit lies in two clusters.
    """
    unit_of = _numbered(units)
    unit = np.array([unit_of[one] for one in units], dtype=np.int64)
    scale, value, labels = _on_scale(values, level, order)
    if clusters is None:
        cluster = np.arange(len(unit_of), dtype=np.int64)
    else:
        cluster_of = _numbered(clusters)
        cluster = np.full(len(unit_of), -1, dtype=np.int64)
        for one, name in zip(units, clusters, strict=True):
            if cluster[unit_of[one]] not in (-1, cluster_of[name]):
                raise BadInput.of(
                    "agreement.two_clusters",
                    f"unit {one} belongs to two clusters, one of them {name}",
                    "give each unit one cluster",
                )
            cluster[unit_of[one]] = cluster_of[name]
    rows = np.argsort(unit, kind="stable")
    coder = None
    if coders is not None:
        place = {name: number for number, name in enumerate(sorted(set(coders), key=str))}
        coder = np.array([place[name] for name in coders], dtype=np.int64)[rows]
    return Ratings(unit=unit[rows], value=value[rows], scale=scale, labels=labels, cluster=cluster, coder=coder)


def from_units(
    sizes: Sequence[int],
    values: Sequence[Hashable],
    clusters: Sequence[Hashable],
    *,
    level: Level = Level.NOMINAL,
    order: Sequence[Hashable] | None = None,
    coders: Sequence[Hashable] | None = None,
) -> Ratings:
    """Ratings from values that lie unit by unit; the same as `tally` gives for them, and faster.

    Args:
        sizes: (U,) how many values each unit was given, at least one.
        values: (N,) those of the first unit, then those of the second, and so on.
        clusters: (U,) cluster of each unit.
        level, order: see `tally`.
        coders: (N,) who gave each value; None: it is not known.

    Raises:
        BadInput: see `tally`.
    """
    scale, value, labels = _on_scale(values, level, order)
    coder = None
    if coders is not None:
        coder = _placed(coders, {name: number for number, name in enumerate(sorted(set(coders), key=str))})
    return Ratings(
        unit=np.repeat(np.arange(len(sizes), dtype=np.int64), np.array(sizes, dtype=np.int64)),
        value=value,
        scale=scale,
        labels=labels,
        cluster=_placed(clusters, _numbered(clusters)),
        coder=coder,
    )


def from_counts(
    counts: npt.ArrayLike, labels: Sequence[str] | None = None, clusters: Sequence[Hashable] | None = None
) -> Ratings:
    """Ratings from how many coders gave each unit each value.

    Args:
        counts: (U, V) whole numbers.
        labels: the V values, in order; None: their positions.
        clusters: (U,) cluster of each unit; None: each unit is its own cluster.
    """
    table = np.asarray(counts, dtype=np.int64)  # (U, V)
    units, values = np.nonzero(table)
    times = table[units, values]
    cluster_of = _numbered(clusters) if clusters is not None else {}
    return Ratings(
        unit=np.repeat(units, times),
        value=np.repeat(values, times),
        scale=np.arange(table.shape[1], dtype=float),
        labels=tuple(labels) if labels is not None else tuple(str(index) for index in range(table.shape[1])),
        cluster=np.arange(len(table), dtype=np.int64)
        if clusters is None
        else np.array([cluster_of[name] for name in clusters], dtype=np.int64),
    )


def _numbered(names: Sequence[Hashable]) -> dict[Hashable, int]:
    numbers: dict[Hashable, int] = {}
    for name in names:
        numbers.setdefault(name, len(numbers))
    return numbers


def _placed(names: Sequence[Hashable], place: Mapping[Hashable, int]) -> Indices:
    return np.fromiter(map(place.__getitem__, names), dtype=np.int64, count=len(names))


def _on_scale(
    values: Sequence[Hashable], level: Level, order: Sequence[Hashable] | None
) -> tuple[Floats, Indices, tuple[str, ...]]:
    if level is Level.NOMINAL or (level is Level.ORDINAL and order is not None):
        known = list(dict.fromkeys(order)) if order is not None else sorted(set(values), key=str)
        place = {name: index for index, name in enumerate(known)}
        unknown = next((value for value in dict.fromkeys(values) if value not in place), None)
        if unknown is not None:
            raise BadInput.of(
                "agreement.not_in_order", f"the value {unknown} is not in the order given", "name every value in it"
            )
        index = _placed(values, place)
        return np.arange(len(known), dtype=float), index, tuple(str(name) for name in known)
    numbers = np.array([_number(value, level) for value in values], dtype=float)
    if level is Level.RATIO and len(numbers) and numbers.min() < 0:
        raise BadInput.of(
            "agreement.negative_ratio", f"a ratio value is negative ({numbers.min():g})", "use the interval level"
        )
    scale, index = np.unique(numbers, return_inverse=True)
    return scale, index.reshape(-1).astype(np.int64), tuple(f"{value:g}" for value in scale)


def _number(value: Any, level: Level) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        cure = "name the order of the values" if level is Level.ORDINAL else "use the nominal level, or give numbers"
        raise BadInput.of("agreement.not_a_number", f"the {level.value} level needs numbers, got {value}", cure)
    return number
