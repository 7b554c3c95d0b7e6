"""How far apart coders put the marks of one event, in ms; never alpha of absolute frames.

Frame numbers of different clips differ so much that alpha reads 1.0000 at 8 frames of jitter. What says something:
errors in ms, the share of pairs within tolerance, intersection over union, and interval alpha of durations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmed_curate.agreement.alpha import alpha, within_units
from mmed_curate.agreement.bootstrap import measure
from mmed_curate.agreement.ratings import Floats, Indices, Level, Ratings, from_units, tally
from mmed_curate.agreement.rules import NEWEST, Rules
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.statistic import Statistic, divided, summed
from mmed_curate.domain.measures import Measure
from mmed_curate.domain.protocol import Tolerances
from mmed_curate.domain.time import FrameClock, Span

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
class TimedPairs:
    """The times of every two coders who marked the same event, compared."""

    unit: Indices
    """(P,) the event."""
    cluster: Indices
    """(P,) its cluster, 0..C-1, each of which has a pair."""
    apart_ms: Floats
    """(P, 3) how far apart onset, apex and offset are; never negative."""
    within: npt.NDArray[np.bool_] | None
    """(P, 3) whether each lies within tolerance; None: no tolerance is known."""
    iou: Floats
    """(P,) intersection over union."""

    def __len__(self) -> int:
        """P."""
        return len(self.unit)


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


@dataclass(slots=True)
class TimedRows:
    """What coders marked of events, in frames and ticks, in the making: unit by unit, one row for each coder."""

    clusters: list[str]
    """(U,) cluster of each unit."""
    sizes: list[int]
    """(U,) coders who marked it."""
    tick_ms: list[float]
    """(U,) how long a tick of its clock is."""
    most_ticks: list[tuple[int, int, int]]
    """(U,) ticks that onset, apex and offset may lie apart."""
    marks: list[tuple[int, ...]]
    """(N,) onset, apex, offset in frames, then in ticks, then the tick at which the offset's frame ends."""

    @classmethod
    def none(cls) -> TimedRows:
        """No rows yet."""
        return cls([], [], [], [], [])

    def add(self, cluster: str, spans: Sequence[Span], clock: FrameClock, tolerances: Tolerances) -> None:
        """One more unit, as each coder marked it."""
        starts, ends = clock.pts, (*clock.pts[1:], clock.end_pts)
        self.clusters.append(cluster)
        self.sizes.append(len(spans))
        self.tick_ms.append(float(clock.time_base * 1000))
        self.most_ticks.append(
            (
                tolerances.onset.most_ticks(clock),
                tolerances.apex.most_ticks(clock),
                tolerances.offset.most_ticks(clock),
            )
        )
        for span in spans:
            on, apex, off = span.onset, span.apex, span.offset
            self.marks.append((on, apex, off, starts[on], starts[apex], starts[off], ends[off]))

    def durations(self) -> Ratings:
        """How long each event lasts by each coder, in ms."""
        marks = self._table()
        lasts = (marks[:, 6] - marks[:, 3]) * np.repeat(self.tick_ms, self.sizes)
        return from_units(self.sizes, lasts.tolist(), self.clusters, level=Level.INTERVAL)

    def pairs(self, tolerances: Tolerances) -> TimedPairs:
        """Every two coders of an event, compared as `Tolerance.holds` and `Span.iou` do."""
        marks = self._table()
        unit = np.repeat(np.arange(len(self.sizes)), self.sizes)
        a, b = within_units(unit)  # (P,), (P,)
        of = unit[a]
        frames = np.abs(marks[a, :3] - marks[b, :3])  # (P, 3)
        ticks = np.abs(marks[a, 3:6] - marks[b, 3:6])
        most_frames = [tolerances.onset.frames, tolerances.apex.frames, tolerances.offset.frames]
        most_ticks = np.array(self.most_ticks, dtype=np.int64).reshape(-1, 3)
        lengths = marks[:, 2] - marks[:, 0] + 1
        common = np.minimum(marks[a, 2], marks[b, 2]) - np.maximum(marks[a, 0], marks[b, 0]) + 1
        place = {name: number for number, name in enumerate(sorted(set(self.clusters)))}
        cluster = np.array([place[name] for name in self.clusters], dtype=np.int64)[of]
        return TimedPairs(
            unit=of,
            cluster=np.unique(cluster, return_inverse=True)[1].reshape(-1),
            apart_ms=ticks * np.array(self.tick_ms, dtype=float)[of][:, None],
            within=(frames <= most_frames) | (ticks <= most_ticks[of]),
            iou=shared(np.maximum(common, 0), lengths[a] + lengths[b] - np.maximum(common, 0)),
        )

    def _table(self) -> Indices:
        return np.array(self.marks, dtype=np.int64).reshape(-1, 7)


def time_agreement(
    durations: Ratings, pairs: TimedPairs, settings: AgreementSettings, *, rules: Rules = NEWEST
) -> TimeAgreement:
    """Measure the agreement of times.

    Args:
        durations: of each event by each coder, in ms, on the interval level.
        pairs: of every two coders of an event.
        settings: how intervals are made and what is too little.
        rules: of which version of the report.
    """
    duration = measure(
        alpha(durations, Level.INTERVAL),
        settings,
        why_nan="all durations are the same, so chance cannot be estimated",
        rules=rules,
    )
    some = len(pairs) > 0
    marks = tuple(
        MarkAgreement(
            mark=mark,
            n_pairs=len(pairs),
            median_ms=float(np.median(pairs.apart_ms[:, index])) if some else None,
            p95_ms=float(np.quantile(pairs.apart_ms[:, index], 0.95)) if some else None,
            within_tolerance=measure(
                _share_within(pairs, index), settings, why_nan="no tolerance is known for these marks", rules=rules
            ),
        )
        for index, mark in enumerate(MARKS)
    )
    return TimeAgreement(marks=marks, median_iou=float(np.median(pairs.iou)) if some else None, duration_alpha=duration)


def durations_of(events: Sequence[TimedEvent]) -> Ratings:
    """How long each event lasts by each coder."""
    return tally(
        [event.unit for event in events],
        [event.duration_ms for event in events],
        [event.cluster for event in events],
        level=Level.INTERVAL,
    )


def pairs_of(events: Sequence[TimedEvent], tolerance_ms: float | None) -> TimedPairs:
    """All pairs of events of one unit, for times that have no frames; one tolerance for all marks.

    Spans end where their last frame does.
    """
    place = {unit: number for number, unit in enumerate(dict.fromkeys(event.unit for event in events))}
    ordered = sorted(events, key=lambda event: place[event.unit])
    names = np.array([event.cluster for event in ordered], dtype=str)  # (N,)
    unit = np.array([place[event.unit] for event in ordered], dtype=np.int64)  # (N,)
    a, b = within_units(unit)  # (P,), (P,)
    marks = np.array([event.marks_ms for event in ordered], dtype=float).reshape(-1, 3)
    duration = np.array([event.duration_ms for event in ordered], dtype=float)
    apart = np.abs(marks[a] - marks[b])
    start, end = marks[:, 0], marks[:, 0] + duration
    common = np.maximum(0.0, np.minimum(end[a], end[b]) - np.maximum(start[a], start[b]))
    return TimedPairs(
        unit=unit[a],
        cluster=np.unique(names[a], return_inverse=True)[1].reshape(-1),
        apart_ms=apart,
        within=None if tolerance_ms is None else apart <= tolerance_ms,
        iou=shared(common, duration[a] + duration[b] - common),
    )


def shared(common: npt.ArrayLike, union: npt.ArrayLike) -> Floats:
    """(P,) what is in both over what is in either; 0 where nothing is."""
    return np.nan_to_num(divided(np.asarray(common, dtype=float), np.asarray(union, dtype=float)), copy=False)


def _share_within(pairs: TimedPairs, index: int) -> Statistic:
    n_clusters = int(pairs.cluster.max()) + 1 if len(pairs) else 0
    columns = [np.zeros(n_clusters), np.zeros(n_clusters)]  # within, all
    if pairs.within is not None:
        columns = [
            summed(column, pairs.cluster, n_clusters) for column in (pairs.within[:, index], np.ones(len(pairs)))
        ]
    return Statistic(
        contributions=np.column_stack(columns),
        combine=lambda total: divided(total[:, 0], total[:, 1]),
        n_units=len(np.unique(pairs.unit)),  # three coders make three pairs of one event
        n_judgements=2 * len(pairs),
        n_clusters=n_clusters,
    )
