"""How each coder holds up over time: against readings that are known, and against themselves. For the curator only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from mmed_curate.agreement.gold import against_gold, matched_events
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.counted import counted
from mmed_curate.domain.identity import CoderId
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.measures import Undetermined
from mmed_curate.domain.protocol import Purpose
from mmed_curate.domain.time import FrameClock

WHOLE = "all"
"""Name of the window that holds everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One coding that can be held against another of the same clip."""

    coder: CoderId
    kind: Purpose
    """GOLD: against what is known; REPEAT: against what the same coder said before."""
    order: int
    """Position of the later coding in the event log."""
    at: date
    """The day of the later coding (UTC)."""
    said: Coding
    against: Coding
    clock: FrameClock
    """The clip's own clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One figure."""

    value: float | Undetermined
    n: int
    """What it rests on: events marked by either for F1, matched events for all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowScore:
    """A coder's figures over one stretch of time."""

    coder: CoderId
    kind: Purpose
    window: str
    """A month, a week, a place in the log's order such as 21..40, or `WHOLE`."""
    n_clips: int
    n_event_free: int
    """Clips in which, by what they are held against, nothing happens."""
    events_f1: Held
    emotion_agreement: Held
    action_unit_index: Held
    """See `gold.GoldScore`."""
    onset_ms: Held
    """Median distance of onsets of matched events, in ms."""


Windows = Callable[[Sequence[Check]], Mapping[str, Sequence[Check]]]
"""Sorts one coder's checks of one kind, in log order, into windows, in order of time."""


def by_month(checks: Sequence[Check]) -> Mapping[str, Sequence[Check]]:
    """One window for each month in which there is something, such as 2026-03."""
    return _by_name(checks, lambda check: f"{check.at:%Y-%m}")


def by_week(checks: Sequence[Check]) -> Mapping[str, Sequence[Check]]:
    """One window for each week in which there is something, such as 2026-W09 (ISO 8601: Monday to Sunday)."""

    def week(check: Check) -> str:
        year, number, _ = check.at.isocalendar()  # the year of its Thursday
        return f"{year}-W{number:02d}"

    return _by_name(checks, week)


def _by_name(checks: Sequence[Check], name: Callable[[Check], str]) -> Mapping[str, Sequence[Check]]:
    found: dict[str, list[Check]] = defaultdict(list)
    for check in checks:
        found[name(check)].append(check)
    return dict(sorted(found.items()))


def by_number(size: int) -> Windows:
    """Windows of so many checks each, in the order of the log; the last one may hold fewer."""

    def windows(checks: Sequence[Check]) -> Mapping[str, Sequence[Check]]:
        starts = range(0, len(checks), size)
        return {f"{start + 1}..{min(start + size, len(checks))}": checks[start : start + size] for start in starts}

    return windows


def over_time(
    checks: Iterable[Check], *, windows: Windows, match_iou: float, codebook: Codebook, min_units: int
) -> tuple[WindowScore, ...]:
    """Each coder's figures, gold before repeats: over everything first, then window by window.

    Args:
        checks: of any coders, in any order.
        windows: how time is cut.
        match_iou: from this intersection over union on two events are the same.
        codebook: says which event types are none.
        min_units: fewer clips, or fewer matched events, give no figure (pipelines/agreement).
    """
    of: dict[tuple[CoderId, int], list[Check]] = defaultdict(list)
    kinds = (Purpose.GOLD, Purpose.REPEAT)
    for check in sorted(checks, key=lambda one: (one.order, one.coder)):
        of[check.coder, kinds.index(check.kind)].append(check)
    return tuple(
        _score(coder, kinds[kind], window, held, match_iou, codebook, min_units)
        for (coder, kind), own in sorted(of.items())
        for window, held in {WHOLE: own, **windows(own)}.items()
    )


def _score(
    coder: CoderId,
    kind: Purpose,
    window: str,
    checks: Sequence[Check],
    match_iou: float,
    codebook: Codebook,
    min_units: int,
) -> WindowScore:
    score = against_gold([(check.said, check.against) for check in checks], match_iou, codebook)
    apart_ms = [
        float(abs(check.clock.start_of(said.span.onset) - check.clock.start_of(known.span.onset)) * 1000)
        for check in checks
        for said, known in matched_events(check.said, check.against, match_iou, codebook)
    ]
    few_clips = f"{counted(score.n_clips, 'clip')}, at least {min_units} are needed"
    few_events = f"{counted(score.n_matched, 'matched event')}, at least {min_units} are needed"

    def of_events(value: float | None, nothing: str) -> Held:
        if score.n_matched < min_units:
            return Held(value=Undetermined(reason=few_events), n=score.n_matched)
        return Held(value=Undetermined(reason=nothing) if value is None else value, n=score.n_matched)

    n_events = score.n_marked + score.n_gold
    if score.n_clips < min_units:
        f1 = Held(value=Undetermined(reason=few_clips), n=n_events)
    elif score.events_f1 is None:
        f1 = Held(value=Undetermined(reason="nobody marked an event"), n=n_events)
    else:
        f1 = Held(value=score.events_f1, n=n_events)
    return WindowScore(
        coder=coder,
        kind=kind,
        window=window,
        n_clips=score.n_clips,
        n_event_free=score.n_event_free,
        events_f1=f1,
        emotion_agreement=of_events(score.emotion_agreement, "no event was matched"),
        action_unit_index=of_events(score.action_unit_index, "no action unit is scored in matched events"),
        onset_ms=of_events(median(apart_ms) if apart_ms else None, "no event was matched"),
    )
