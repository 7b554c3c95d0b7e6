"""How far apart coders put the marks of one event, in ms; never alpha of absolute frames.

Frame numbers of different clips differ so much that alpha reads 1.0000 at 8 frames of jitter. What says something:
errors in ms, the share of pairs within tolerance, intersection over union, and interval alpha of durations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mmed_curate.agreement.alpha import alpha
from mmed_curate.agreement.bootstrap import measure
from mmed_curate.agreement.ratings import Level, tally
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.statistic import Statistic, divided, summed
from mmed_curate.domain.measures import Measure

MARKS = ("onset", "apex", "offset")
"""The marks of an event, in order of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedEvent:
    """One coder's times for one event."""

    unit: str
    """The event that several coders marked."""
    cluster: str
    marks_ms: tuple[float, float, float]
    """Onset, apex, offset: when the frame appears."""
    duration_ms: float
    """From the start of the onset frame to the end of the offset frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedPair:
    """Two coders' times for the same event."""

    unit: str
    """The event."""
    cluster: str
    apart_ms: tuple[float, float, float]
    """How far apart onset, apex and offset are; never negative."""
    within: tuple[bool, bool, bool] | None
    """Whether each lies within tolerance; None: no tolerance is known."""
    iou: float
    """Intersection over union."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkAgreement:
    """One mark over all pairs of coders of all events."""

    mark: str
    n_pairs: int
    median_ms: float | None
    """Median distance; None: no pairs."""
    p95_ms: float | None
    """95th percentile of the distance."""
    within_tolerance: Measure
    """Share of pairs within tolerance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAgreement:
    """All that is measured of times."""

    marks: tuple[MarkAgreement, ...]
    """Onset, apex, offset."""
    median_iou: float | None
    duration_alpha: Measure
    """Interval alpha of durations."""


def time_agreement(
    events: Sequence[TimedEvent], pairs: Sequence[TimedPair], settings: AgreementSettings
) -> TimeAgreement:
    """Measure the agreement of times.

    Args:
        events: one per coder and event.
        pairs: one per pair of coders of one event.
        settings: how intervals are made and what is too little.
    """
    ratings = tally(
        [event.unit for event in events],
        [event.duration_ms for event in events],
        [event.cluster for event in events],
        level=Level.INTERVAL,
    )
    duration = measure(
        alpha(ratings, Level.INTERVAL), settings, why_nan="all durations are the same, so chance cannot be estimated"
    )
    apart = np.array([pair.apart_ms for pair in pairs], dtype=float).reshape(-1, 3)  # (P, 3)
    marks = tuple(
        MarkAgreement(
            mark=mark,
            n_pairs=len(pairs),
            median_ms=float(np.median(apart[:, index])) if pairs else None,
            p95_ms=float(np.quantile(apart[:, index], 0.95)) if pairs else None,
            within_tolerance=measure(
                _share_within(pairs, index), settings, why_nan="no tolerance is known for these marks"
            ),
        )
        for index, mark in enumerate(MARKS)
    )
    return TimeAgreement(
        marks=marks,
        median_iou=float(np.median([pair.iou for pair in pairs])) if pairs else None,
        duration_alpha=duration,
    )


def pairs_of(events: Sequence[TimedEvent], tolerance_ms: float | None) -> tuple[TimedPair, ...]:
    """All pairs of events of one unit, for times that have no frames; one tolerance for all marks."""
    units: dict[str, list[TimedEvent]] = {}
    for event in events:
        units.setdefault(event.unit, []).append(event)
    return tuple(timed_pair(one, other, tolerance_ms) for own in units.values() for one, other in combinations(own, 2))


def timed_pair(one: TimedEvent, other: TimedEvent, tolerance_ms: float | None) -> TimedPair:
    """Two coders' times for one event, compared; spans end where their last frame does."""
    onset, apex, offset = (abs(a - b) for a, b in zip(one.marks_ms, other.marks_ms, strict=True))
    starts = (one.marks_ms[0], other.marks_ms[0])
    ends = (one.marks_ms[0] + one.duration_ms, other.marks_ms[0] + other.duration_ms)
    common = max(0.0, min(ends) - max(starts))
    union = one.duration_ms + other.duration_ms - common
    return TimedPair(
        unit=one.unit,
        cluster=one.cluster,
        apart_ms=(onset, apex, offset),
        within=None if tolerance_ms is None else (onset <= tolerance_ms, apex <= tolerance_ms, offset <= tolerance_ms),
        iou=common / union if union > 0 else 0.0,
    )


def _share_within(pairs: Sequence[TimedPair], index: int) -> Statistic:
    known = [pair for pair in pairs if pair.within is not None]
    clusters = sorted({pair.cluster for pair in pairs})
    place = {name: number for number, name in enumerate(clusters)}
    cluster = np.array([place[pair.cluster] for pair in known], dtype=np.int64)  # (P,)
    within = np.array([pair.within[index] for pair in known if pair.within is not None], dtype=float)
    sums = [summed(column, cluster, len(clusters)) for column in (within, np.ones(len(known)))]  # within, all
    return Statistic(
        contributions=np.column_stack(sums),
        combine=lambda total: divided(total[:, 0], total[:, 1]),
        n_units=len({pair.unit for pair in pairs}),  # three coders make three pairs of one event
        n_judgements=2 * len(pairs),
        n_clusters=len(clusters),
    )
