"""How far the picture truly lags the sound: a flash with a click, or a clap, shows it whatever the time stamps say.

A frame shows the scene of its PTS (the start of its exposure): a flash that frame k is the first to show began after
frame k − 1 and not after frame k. Each event so bounds the skew from both sides by one frame interval; events at other
phases of the frame clock narrow it. Times are seconds on the recording's clock, as stamped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path

import numpy as np

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.records import Skew
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media.clock import clock_from_packets, read_clock
from mmed_curate.media.container import AS_PLAYED, StreamChoice, opened, sound_stream
from mmed_curate.media.groups import Run
from mmed_curate.media.moments import (
    USUAL_S,
    SkewBounds,
    clicks_between,
    flashes_in,
    frames_in,
    stops_near,
    usual_step_s,
    watched,
)

_SLACK_MS = 2.0
"""By how much the bounds of two events may miss each other: stamps are rounded to ms in Matroska, onsets to 0.5 ms."""
_ONSET_MS = 1.0
"""How well the onset of a click is known."""


class EventKind(Enum):
    """What shows the skew."""

    FLASH = "flash"
    """Light and a click; unambiguous to a frame."""
    CLAP = "clap"
    """Hands or a slate that stop where the sound begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkewEvent:
    """One moment that is both seen and heard."""

    kind: EventKind
    sound_s: float
    """When it is heard."""
    after_s: float
    """It happened in the picture after this time ..."""
    until_s: float
    """... and not after this."""

    @property
    def least_ms(self) -> float:
        """The picture lags the sound by at least this."""
        return 1000 * (self.after_s - self.sound_s)

    @property
    def most_ms(self) -> float:
        """And by at most this."""
        return 1000 * (self.until_s - self.sound_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkewMeasurement:
    """All that a recording shows of its skew."""

    skew: Skew | None
    """None: unmeasured."""
    events: tuple[SkewEvent, ...]
    """The events that it rests on, in order."""
    n_flashes: int
    """Flashes seen, with a click or without."""
    n_clicks: int
    """Clicks and claps heard, with a picture or without."""


def find_skew(
    path: Path,
    *,
    bounds: SkewBounds,
    streams: StreamChoice = AS_PLAYED,
    clock: FrameClock | None = None,
    claps_s: Sequence[float] = (),
    progress: Progress = silent,
) -> Skew | None:
    """The true skew of a recording; None: nothing in it shows one. See `measure_skew`, which says the same.

    It listens first: only round a click is a picture decoded.
    """
    return _measured(path, bounds, streams, clock, claps_s, progress, everywhere=False).skew


def measure_skew(
    path: Path,
    *,
    bounds: SkewBounds,
    streams: StreamChoice = AS_PLAYED,
    clock: FrameClock | None = None,
    claps_s: Sequence[float] = (),
    progress: Progress = silent,
) -> SkewMeasurement:
    """Look for flashes with clicks, and claps, near the start and the end of a recording, or at times that are named.

    Args:
        path: the recording.
        bounds: what counts as one.
        streams: which picture and sound of it.
        clock: its clock, where it is known; None: it is read first.
        claps_s: times at which the curator heard a clap, slate or click: then only there is looked, and one is enough.
        progress: told the frames looked at.

    Raises:
        BadInput: the recording cannot be read, or a time lies outside it.
    """
    return _measured(path, bounds, streams, clock, claps_s, progress, everywhere=True)


def _measured(
    path: Path,
    bounds: SkewBounds,
    streams: StreamChoice,
    clock: FrameClock | None,
    claps_s: Sequence[float],
    progress: Progress,
    *,
    everywhere: bool,
) -> SkewMeasurement:
    with opened(path) as container:
        if sound_stream(container, path, streams) is None:
            return SkewMeasurement(skew=None, events=(), n_flashes=0, n_clicks=0)
    clock = clock or clock_from_packets(path, streams=streams) or read_clock(path, streams=streams)
    stretches = _stretches(path, clock, bounds, claps_s)
    heard_s = [
        clicks_between(path, streams, first_s - bounds.reach_s, last_s + bounds.reach_s, bounds)
        for first_s, last_s in stretches
    ]
    whole = [(clock.frame_at(Fraction(first_s)), clock.frame_at(Fraction(last_s))) for first_s, last_s in stretches]
    runs = [
        [stretch] if everywhere else _round_clicks(clicks_s, stretch, clock, bounds)
        for clicks_s, stretch in zip(heard_s, whole, strict=True)
    ]
    n_frames = sum(last - first + 1 for stretch in runs for first, last in stretch)
    n_flashes = n_clicks = done = 0
    events: list[SkewEvent] = []
    for clicks_s, stretch in zip(heard_s, runs, strict=True):

        def told(count: int, _: int | None, before: int = done) -> None:
            progress(before + count, n_frames)

        seen = watched(path, clock, stretch, streams=streams, progress=told)
        done += sum(last - first + 1 for first, last in stretch)
        flashes = [flash for one in seen for flash in flashes_in(one, bounds)]
        n_flashes += len(flashes)
        n_clicks += len(clicks_s)
        found = _paired(flashes, clicks_s, bounds.reach_s)
        taken_s = {event.sound_s for event in found}
        for time in clicks_s:
            stops = [] if time in taken_s else [stops_near(one, time, bounds) for one in seen]
            found += [
                SkewEvent(kind=EventKind.CLAP, sound_s=time, after_s=stop[0], until_s=stop[1])
                for stop in stops
                if stop is not None
            ]
        if claps_s:
            found = [event for event in found if _named(event, claps_s, bounds.named_reach_s)]
        events += found
    half_s = float(clock.start_of(Frame(0)) + clock.duration / 2)
    groups = [[event for event in events if (event.sound_s > half_s) == late] for late in (False, True)]
    if float(clock.duration) < 2 * bounds.near_s:
        groups = [events]
    kept = [_trusted(group, bounds, named=bool(claps_s)) for group in groups]
    return SkewMeasurement(
        skew=_skew_of([group for group in kept if group]),
        events=tuple(event for group in kept for event in group),
        n_flashes=n_flashes,
        n_clicks=n_clicks,
    )


def _stretches(
    path: Path, clock: FrameClock, bounds: SkewBounds, claps_s: Sequence[float]
) -> list[tuple[float, float]]:
    begins, ends = float(clock.start_of(Frame(0))), float(clock.end_of(clock.last_frame))
    if claps_s:
        for time in claps_s:
            if not begins <= time <= ends:
                raise BadInput.of(
                    "skew.time_outside",
                    f"{time:g} s is outside {path.name}, which runs from {begins:g} s to {ends:g} s",
                    "give the time of a clap in the recording, in seconds",
                )
        around = bounds.named_reach_s + bounds.reach_s + 2
        merged: list[tuple[float, float]] = []
        for time in sorted(claps_s):
            low, high = max(begins, time - around), min(ends, time + around)
            if merged and low <= merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
            else:
                merged.append((low, high))
        return merged
    if ends - begins <= 2 * bounds.near_s:
        return [(begins, ends)]
    return [(begins, begins + bounds.near_s), (ends - bounds.near_s, ends)]


def _round_clicks(heard_s: Sequence[float], stretch: Run, clock: FrameClock, bounds: SkewBounds) -> list[Run]:
    """The frames of a stretch that say what happened at its clicks, as if all of it were watched."""
    around_s = bounds.reach_s + bounds.flash_longest_s
    usual = frames_in(usual_step_s(clock), USUAL_S)
    runs: list[Run] = []
    for time in heard_s:
        first, last = (_frame_near(clock, time + shift_s) for shift_s in (-around_s, around_s))
        # twice before: a flash is held against what is usual, and what is usual against a flash before
        first, last = Frame(max(first - 2 * usual, stretch[0])), Frame(min(last + usual + 2, stretch[1]))
        if runs and first <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(runs[-1][1], last))
        else:
            runs.append((first, last))
    return runs


def _frame_near(clock: FrameClock, time_s: float) -> Frame:
    """The frame on screen then; the first or last one before and after all."""
    begins, ends = clock.start_of(Frame(0)), clock.start_of(clock.last_frame)
    return clock.frame_at(min(max(Fraction(time_s), begins), ends))


def _named(event: SkewEvent, claps_s: Sequence[float], reach_s: float) -> bool:
    return any(abs(event.sound_s - time) <= reach_s for time in claps_s)


def _paired(flashes: Sequence[tuple[float, float]], heard_s: Sequence[float], reach_s: float) -> list[SkewEvent]:
    """Each flash with the one click near it; a flash with none, or with two, says nothing, nor a click with two."""
    events: list[SkewEvent] = []
    for after_s, until_s in flashes:
        near = [time for time in heard_s if after_s - reach_s <= time <= until_s + reach_s]
        if len(near) != 1:
            continue
        rivals = [flash for flash in flashes if flash[0] - reach_s <= near[0] <= flash[1] + reach_s]
        if len(rivals) == 1:
            events.append(SkewEvent(kind=EventKind.FLASH, sound_s=near[0], after_s=after_s, until_s=until_s))
    return events


def _trusted(events: Sequence[SkewEvent], bounds: SkewBounds, *, named: bool) -> list[SkewEvent]:
    """Flashes before claps; claps only where enough of them agree or the curator named them."""
    flashes = [event for event in events if event.kind is EventKind.FLASH]
    if flashes:
        agreeing = _agreeing(flashes)
        far = [event for event in agreeing if abs(event.least_ms + event.most_ms) / 2 > bounds.alone_ms]
        return agreeing if len(agreeing) > 1 or not far else []
    claps = _agreeing([event for event in events if event.kind is EventKind.CLAP])
    return claps if named or len(claps) >= bounds.claps else []


def _agreeing(events: Sequence[SkewEvent]) -> list[SkewEvent]:
    """The most events that share a skew; none where two skews have as many."""
    best: list[SkewEvent] = []
    tied = False
    for one in events:
        for edge_ms in (one.least_ms, one.most_ms):
            sharing = [event for event in events if event.least_ms - _SLACK_MS <= edge_ms <= event.most_ms + _SLACK_MS]
            if len(sharing) > len(best):
                best, tied = sharing, False
            elif len(sharing) == len(best) and not any(event in best for event in sharing):
                tied = True
    return [] if tied else best


def _skew_of(groups: Sequence[Sequence[SkewEvent]]) -> Skew | None:
    measured: list[tuple[float, float, float]] = []  # when, lag, half-width
    for group in groups:
        least, most = max(event.least_ms for event in group), min(event.most_ms for event in group)
        half = abs(most - least) / 2 + _ONSET_MS
        measured.append((float(np.mean([event.sound_s for event in group])), (least + most) / 2, half))
    if not measured:
        return None
    first, last = measured[0], measured[-1]
    return Skew(
        start_ms=first[1],
        end_ms=last[1],
        uncertainty_ms=max(first[2], last[2]),
        start_s=first[0],
        end_s=last[0],
    )
