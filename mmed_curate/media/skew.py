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
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.records import Skew
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.domain.yamlfile import Declared
from mmed_curate.media.clock import read_clock
from mmed_curate.media.container import AS_PLAYED, StreamChoice, opened, sound_stream
from mmed_curate.media.pictures import pictures
from mmed_curate.media.sound import SoundReader

Doubles = npt.NDArray[np.float64]

_CELLS = 8
"""The picture is watched in 8 × 8 cells."""
_SAMPLES = 128
"""About so many pixels of a row are looked at."""
_OUT = 0.35
"""What is left of a flash two frames after it fell to half, and what it may have lost two frames before."""
_FULL = 0.85
"""A first frame this bright was taken in the light from (nearly) its start."""
_STEP_S = 0.0005
"""The sound's level is taken this often, which is how well a click's onset is known."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]


class SkewBounds(Declared):
    """What counts as a flash, a click or a clap: `skew` of `pipelines/sync/*.yaml`."""

    near_s: Positive
    """Events are looked for this near the start and the end of a recording."""
    reach_s: Positive
    """Picture and sound of one event lie at most so far apart."""
    flash_step: Positive
    """A flash brightens its cells by so many of 256 grey levels."""
    flash_cells: Annotated[int, Field(ge=1, le=_CELLS * _CELLS)]
    """It brightens at least so many of the 64 cells."""
    flash_times: Positive
    """It brightens them so many times more than any change of the second before."""
    flash_longest_s: Positive
    """It is gone again after so long; what stays is a cut or a lamp."""
    click_rise_db: Positive
    """A click is so much louder than the loudest of the 100 ms before it."""
    click_over_db: Positive
    """And so much louder than what is usual in the seconds round it."""
    clap_motion_times: Positive
    """Before a clap something moves so many times more than usual."""
    clap_stop: Share
    """After it, motion falls below this part of that."""
    alone_ms: Positive
    """One flash alone, with a click further off than this, is a chance."""
    claps: Annotated[int, Field(ge=2)]
    """Claps count when so many agree, or when the curator named their times."""
    named_reach_s: Positive
    """How far an event may lie from the time that the curator named."""


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
    """The true skew of a recording; None: nothing in it shows one. See `measure_skew`."""
    return measure_skew(path, bounds=bounds, streams=streams, clock=clock, claps_s=claps_s, progress=progress).skew


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
    with opened(path) as container:
        if sound_stream(container, path, streams) is None:
            return SkewMeasurement(skew=None, events=(), n_flashes=0, n_clicks=0)
    clock = clock or read_clock(path, streams=streams)
    stretches = _stretches(path, clock, bounds, claps_s)
    n_flashes = n_clicks = done = 0
    events: list[SkewEvent] = []
    for first_s, last_s in stretches:
        first, last = clock.frame_at(Fraction(first_s)), clock.frame_at(Fraction(last_s))
        seen = _watch(path, clock, first, last, streams, progress, done)
        done += last - first + 1
        heard_s = _clicks(path, streams, first_s - bounds.reach_s, last_s + bounds.reach_s, bounds)
        flashes = _flashes(seen, bounds)
        n_flashes += len(flashes)
        n_clicks += len(heard_s)
        found = _paired(flashes, heard_s, bounds.reach_s)
        taken_s = {event.sound_s for event in found}
        found += _claps(seen, [time for time in heard_s if time not in taken_s], bounds)
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


def _named(event: SkewEvent, claps_s: Sequence[float], reach_s: float) -> bool:
    return any(abs(event.sound_s - time) <= reach_s for time in claps_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a run of frames looks like."""

    times_s: Doubles
    """(n,) when each begins."""
    end_s: float
    """When the last one ends."""
    cells: npt.NDArray[np.float32]
    """(n, 64) mean luma of each cell."""
    motion: Doubles
    """(n,) mean change of each pixel from the frame before; 0 for the first."""


def _watch(
    path: Path,
    clock: FrameClock,
    first: Frame,
    last: Frame,
    streams: StreamChoice,
    progress: Progress,
    done: int,
) -> _Seen:
    cells: list[npt.NDArray[np.float32]] = []
    motion: list[float] = []
    before: npt.NDArray[np.int16] | None = None
    for picture in pictures(path, first=first, last=last, clock=clock, streams=streams):
        luma = picture.luma()
        step = max(1, luma.shape[1] // _SAMPLES)
        small = luma[::step, ::step].astype(np.int16)
        motion.append(0.0 if before is None else float(np.abs(small - before).mean()))
        before = small
        rows = np.array_split(small, _CELLS, axis=0)
        cells.append(
            np.array(
                [part.mean() if part.size else 0 for row in rows for part in np.array_split(row, _CELLS, axis=1)]
            ).astype(np.float32)
        )
        progress(done + len(cells), None)
    return _Seen(
        times_s=np.array([float(clock.start_of(Frame(frame))) for frame in range(first, last + 1)]),
        end_s=float(clock.end_of(last)),
        cells=np.array(cells),
        motion=np.array(motion),
    )


def _flashes(seen: _Seen, bounds: SkewBounds) -> list[tuple[float, float]]:
    """(after, until) of each flash: cells that brighten within one frame or two and are as before soon after."""
    found: list[tuple[float, float]] = []
    n = len(seen.cells)
    if n < 4:
        return found
    rises = np.diff(seen.cells, axis=0, prepend=seen.cells[:1])  # (n, 64)
    # of the cells that changed most, the least: a flash lights all of them
    typical = np.sort(np.abs(rises), axis=1)[:, -bounds.flash_cells]  # (n,)
    frame = 1
    while frame < n - 1:
        lit = np.argsort(rises[frame])[-bounds.flash_cells :]
        # part of the exposure only: the light came while frame `frame` was taken
        before = seen.cells[frame - 1, lit].mean()
        here = seen.cells[frame, lit].mean() - before
        top = max(here, seen.cells[frame + 1, lit].mean() - before)
        quiet = typical[max(1, frame - round(_frames_in(seen, 1.0))) : frame]
        usual = float(quiet.max()) if len(quiet) else 0.0
        if not (here >= bounds.flash_step / 4 and top >= max(bounds.flash_step, bounds.flash_times * usual)):
            frame += 1
            continue
        until = frame + 1
        while until < n and seen.cells[until, lit].mean() - before > top / 2:
            until += 1
        # light comes and goes at once and darkens nothing; hands that move do neither
        level = seen.cells[:, lit].mean(axis=1) - before  # (n,)
        ends = float(level[min(n - 1, until + 1)]) < top * _OUT
        held = until - frame <= 2 or float(level[until - 2]) > top * (1 - _OUT)
        darker = int(np.count_nonzero(rises[frame] < -bounds.flash_step / 4))
        gone = until < n and seen.times_s[until] - seen.times_s[frame] <= bounds.flash_longest_s
        if gone and ends and held and darker == 0:
            found.append(_bounds_of(seen, frame, share=float(here / top), lasts=until - frame))
        frame = max(until, frame + 1) + 1
    return found


def _bounds_of(seen: _Seen, frame: int, *, share: float, lasts: int) -> tuple[float, float]:
    times_s = seen.times_s
    following = times_s[frame + 1] if frame + 1 < len(times_s) else seen.end_s
    if lasts == 1:  # a flash shorter than a frame: whether it came before the exposure or during it, nothing tells
        return float(times_s[frame - 1]), float(following)
    if share >= _FULL:  # lit for all of the exposure, or nearly
        return float(times_s[frame - 1]), float(times_s[frame] + (1 - min(share, 1.0)) * (following - times_s[frame]))
    return float(times_s[frame]), float(following)


def _frames_in(seen: _Seen, seconds: float) -> float:
    return seconds / max(1e-6, float(np.median(np.diff(seen.times_s))))


def _clicks(path: Path, streams: StreamChoice, first_s: float, last_s: float, bounds: SkewBounds) -> list[float]:
    """When a sound begins that is sudden, sharp and much louder than what is round it."""
    levels, begins_s = _levels(path, streams, first_s, last_s)  # mean squares, one per 0.5 ms
    if len(levels) < 400:
        return []
    short, long = round(0.1 / _STEP_S), round(2.0 / _STEP_S)
    decibels = 10 * np.log10(levels + 1e-9)
    found: list[float] = []
    # a click reaches its height within 5 ms
    reach = round(0.005 / _STEP_S)
    peaks = np.lib.stride_tricks.sliding_window_view(decibels, reach).max(axis=1)  # from i to i + reach
    at = short
    while at < len(peaks):
        before = float(decibels[at - short : at].max())
        if decibels[at] > before and peaks[at] >= before + bounds.click_rise_db:
            around = decibels[max(0, at - long) : at + long]
            if peaks[at] >= float(np.percentile(around, 90)) + bounds.click_over_db:
                found.append(begins_s + _onset(levels, at, reach) * _STEP_S)
            at += short
        else:
            at += 1
    return found


def _onset(levels: Doubles, at: int, reach: int) -> float:
    """First step that holds more than a part of the power that the click reaches."""
    rising = levels[at : at + reach]
    return at + float(np.argmax(rising >= 0.05 * rising.max()))


def _levels(path: Path, streams: StreamChoice, first_s: float, last_s: float) -> tuple[Doubles, float]:
    """(n,) mean square of each 0.5 ms of the differenced sound, and when the first begins."""
    pieces: list[Doubles] = []
    begins_s: float | None = None
    with SoundReader(path, streams=streams) as reader:
        first = max(Fraction(first_s), reader.origin)
        rate_hz = reader.rate_hz
        width = max(1, round(_STEP_S * rate_hz))
        step = Fraction(width * 1000, rate_hz)
        before = np.zeros((1, reader.channels), dtype=np.float32)
        while first < Fraction(last_s):
            sound = reader.read(first, first + step)
            begins_s = float(sound.start) if begins_s is None else begins_s
            values = np.diff(np.concatenate([before, sound.samples]).astype(np.float64), axis=0)
            before = sound.samples[-1:]
            power = np.square(values).mean(axis=1)
            pieces.append(power[: len(power) // width * width].reshape(-1, width).mean(axis=1))
            first += step
    return (np.concatenate(pieces) if pieces else np.zeros(0)), begins_s or 0.0


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


def _claps(seen: _Seen, heard_s: Sequence[float], bounds: SkewBounds) -> list[SkewEvent]:
    """Sharp sounds near which a movement stops at once; the picture's moment is known to two frames."""
    events: list[SkewEvent] = []
    n = len(seen.motion)
    for time in heard_s:
        near = np.flatnonzero(np.abs(seen.times_s - time) <= bounds.reach_s)
        near = near[(near >= 2) & (near < n - 2)]
        if len(near) < 3:
            continue
        second = round(_frames_in(seen, 2.0))
        usual = float(np.median(seen.motion[max(1, near[0] - second) : near[-1] + second])) + 0.05
        # motion[k] is what changed from k − 1 to k: it stops between them, or before k + 1
        drops = seen.motion[near] - np.maximum(seen.motion[near + 1], seen.motion[near + 2])
        best = int(near[np.argmax(drops)])
        height = float(seen.motion[best])
        rest = max(float(seen.motion[best + 1]), float(seen.motion[best + 2]))
        if height >= bounds.clap_motion_times * usual and rest <= bounds.clap_stop * height:
            events.append(
                SkewEvent(
                    kind=EventKind.CLAP,
                    sound_s=time,
                    after_s=float(seen.times_s[best - 1]),
                    until_s=float(seen.times_s[best + 1]),
                )
            )
    return events


def _trusted(events: Sequence[SkewEvent], bounds: SkewBounds, *, named: bool) -> list[SkewEvent]:
    """Flashes before claps; claps only where enough of them agree or the curator named them."""
    flashes = [event for event in events if event.kind is EventKind.FLASH]
    if flashes:
        agreeing = _agreeing(flashes)
        far = [event for event in agreeing if min(abs(event.least_ms), abs(event.most_ms)) > bounds.alone_ms]
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


_SLACK_MS = 2.0
"""By how much the bounds of two events may miss each other: stamps are rounded to ms in Matroska, onsets to 0.5 ms."""
_ONSET_MS = 1.0
"""How well the onset of a click is known."""


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
