"""Moments that may be both seen and heard: flashes of light, clicks, and movements that stop at once.

Times are seconds on the recording's clock, as stamped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mmed_curate.domain.progress import Progress
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.domain.yamlfile import Declared
from mmed_curate.media.container import StreamChoice
from mmed_curate.media.groups import Run, pictures_in
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
_STILL = 0.05
"""Motion of a picture without noise, in grey levels: nothing is so many times nothing."""
_CALM_S = 1.0
"""A flash is held against what changed in so long before it."""
USUAL_S = 2.0
"""A movement is held against what is usual so long before and after."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a run of frames looks like."""

    times_s: Doubles
    """(n,) when each begins."""
    end_s: float
    """When the last one ends."""
    cells: npt.NDArray[np.float32]
    """(n, 64) mean luma of each cell."""
    motion: Doubles
    """(n,) mean change of each pixel from the frame before; 0 for the first."""
    step_s: float
    """Usual time between two frames of the recording."""


def watched(
    path: Path, clock: FrameClock, runs: Sequence[Run], *, streams: StreamChoice, progress: Progress
) -> tuple[Seen, ...]:
    """Watch runs of frames in cells, each by itself; memory grows by 270 bytes a frame.

    Args:
        path: the recording.
        clock: its clock.
        runs: first and last frame of each, both inside; in order, none touching the next.
        streams: which picture.
        progress: told the frames watched.

    Raises:
        BadInput: the recording cannot be decoded there.
    """
    shown = pictures_in(path, clock, runs, streams=streams)
    total = sum(last - first + 1 for first, last in runs)
    step_s = usual_step_s(clock)
    found: list[Seen] = []
    done = 0
    for first, last in runs:
        cells: list[npt.NDArray[np.float32]] = []
        motion: list[float] = []
        before: npt.NDArray[np.int16] | None = None
        for picture in islice(shown, last - first + 1):
            luma = picture.luma()
            step = max(1, luma.shape[1] // _SAMPLES)
            small = luma[::step, ::step].astype(np.int16)
            motion.append(0.0 if before is None else float(np.abs(small - before).mean()))
            before = small
            cells.append(_means(small))
            done += 1
            progress(done, total)
        times_s = np.array([float(clock.start_of(Frame(frame))) for frame in range(first, last + 1)])
        found.append(
            Seen(
                times_s=times_s,
                end_s=float(clock.end_of(last)),
                cells=np.array(cells),
                motion=np.array(motion),
                step_s=step_s,
            )
        )
    return tuple(found)


def _means(small: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
    """(64,) mean of each cell; 0 where a tiny picture has no pixel for it."""
    rows, columns = (_membership(length) for length in small.shape)
    sizes = np.outer(rows.sum(axis=1), columns.sum(axis=1))
    means: npt.NDArray[np.float32] = (rows @ small @ columns.T / np.maximum(sizes, 1)).ravel().astype(np.float32)
    return means


@cache
def _membership(length: int) -> Doubles:
    """(8, length) 1 where a pixel lies in a cell; where they do not come out even, the first have a pixel more."""
    whole, more = divmod(length, _CELLS)
    return np.repeat(np.eye(_CELLS), [whole + (cell < more) for cell in range(_CELLS)], axis=1)


def flashes_in(seen: Seen, bounds: SkewBounds) -> list[tuple[float, float]]:
    """(after, until) of each flash: cells that brighten within one frame or two and are as before soon after."""
    found: list[tuple[float, float]] = []
    n = len(seen.cells)
    if n < 4:
        return found
    rises = np.diff(seen.cells, axis=0, prepend=seen.cells[:1])  # (n, 64)
    # of the cells that changed most, the least: a flash lights all of them
    typical = np.sort(np.abs(rises), axis=1)[:, -bounds.flash_cells]  # (n,)
    frame = calm = 1
    while frame < n - 1:
        lit = np.argsort(rises[frame])[-bounds.flash_cells :]
        # part of the exposure only: the light came while frame `frame` was taken
        before = seen.cells[frame - 1, lit].mean()
        here = seen.cells[frame, lit].mean() - before
        top = max(here, seen.cells[frame + 1, lit].mean() - before)
        quiet = typical[max(calm, frame - frames_in(seen.step_s, _CALM_S)) : frame]
        usual = float(quiet.max()) if len(quiet) else 0.0
        if not (here >= bounds.flash_step / 4 and top >= max(bounds.flash_step, bounds.flash_times * usual)):
            frame += 1
            continue
        until = frame + 1
        latest_s = seen.times_s[frame] + bounds.flash_longest_s
        while until < n and seen.times_s[until] <= latest_s and seen.cells[until, lit].mean() - before > top / 2:
            until += 1
        # light comes and goes at once and darkens nothing; hands that move do neither
        level = seen.cells[:, lit].mean(axis=1) - before  # (n,)
        ends = float(level[min(n - 1, until + 1)]) < top * _OUT
        held = until - frame <= 2 or float(level[until - 2]) > top * (1 - _OUT)
        darker = int(np.count_nonzero(rises[frame] < -bounds.flash_step / 4))
        gone = until < n and seen.times_s[until] - seen.times_s[frame] <= bounds.flash_longest_s
        if gone and ends and held and darker == 0:
            found.append(_bounds_of(seen, frame, share=float(here / top), lasts=until - frame))
            calm = until + 2  # a flash is not what is usual before the next
        frame = max(until, frame + 1) + 1
    return found


def _bounds_of(seen: Seen, frame: int, *, share: float, lasts: int) -> tuple[float, float]:
    times_s = seen.times_s
    following = times_s[frame + 1] if frame + 1 < len(times_s) else seen.end_s
    if lasts == 1:  # a flash shorter than a frame: whether it came before the exposure or during it, nothing tells
        return float(times_s[frame - 1]), float(following)
    if share >= _FULL:  # lit for all of the exposure, or nearly
        return float(times_s[frame - 1]), float(times_s[frame] + (1 - min(share, 1.0)) * (following - times_s[frame]))
    return float(times_s[frame]), float(following)


def usual_step_s(clock: FrameClock) -> float:
    """Median time between two frames."""
    ticks = np.diff(np.asarray(clock.pts, dtype=np.int64))
    return float(np.median(ticks)) * float(clock.time_base) if len(ticks) else float(clock.duration)


def frames_in(step_s: float, seconds: float) -> int:
    """How many frames usually pass meanwhile."""
    return round(seconds / max(1e-6, step_s))


def clicks_between(path: Path, streams: StreamChoice, first_s: float, last_s: float, bounds: SkewBounds) -> list[float]:
    """When a sound begins that is sudden, sharp and much louder than what is round it."""
    levels, begins_s = _levels(path, streams, first_s, last_s)  # mean squares, one per 0.5 ms
    if len(levels) < 400:
        return []
    short, long = round(0.1 / _STEP_S), round(2.0 / _STEP_S)
    decibels = 10 * np.log10(levels + 1e-9)
    found: list[float] = []
    # a click reaches its height within 5 ms
    reach = round(0.005 / _STEP_S)
    peaks = _highest(decibels, reach)  # from i to i + reach
    before = _highest(decibels[: len(peaks) - 1], short)  # of i - short to i, for i from short on
    sudden = (decibels[short : len(peaks)] > before) & (peaks[short:] >= before + bounds.click_rise_db)
    free = 0
    for at in (np.flatnonzero(sudden) + short).tolist():
        if at < free:
            continue
        free = at + short
        around = decibels[max(0, at - long) : at + long]
        if peaks[at] >= float(np.percentile(around, 90)) + bounds.click_over_db:
            found.append(begins_s + _onset(levels, at, reach) * _STEP_S)
    return found


def _highest(values: Doubles, width: int) -> Doubles:
    """The highest of each `width` neighbours: (n - width + 1,)."""
    found = values
    reached = 1
    while reached < width:  # twice as many at each step, by what was found before
        step = min(reached, width - reached)
        found = np.maximum(found[:-step], found[step:])
        reached += step
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


def stops_near(seen: Seen, heard_s: float, bounds: SkewBounds) -> tuple[float, float] | None:
    """(after, until) of a movement that stops at once near a sharp sound; known to two frames. None: there is none."""
    n = len(seen.motion)
    near = np.flatnonzero(np.abs(seen.times_s - heard_s) <= bounds.reach_s)
    near = near[(near >= 2) & (near < n - 2)]
    if len(near) < 3:
        return None
    second = frames_in(seen.step_s, USUAL_S)
    usual = float(np.median(seen.motion[max(1, near[0] - second) : near[-1] + second])) + _STILL
    # motion[k] is what changed from k − 1 to k: it stops between them, or before k + 1
    drops = seen.motion[near] - np.maximum(seen.motion[near + 1], seen.motion[near + 2])
    best = int(near[np.argmax(drops)])
    height = float(seen.motion[best])
    rest = max(float(seen.motion[best + 1]), float(seen.motion[best + 2]))
    if height < bounds.clap_motion_times * usual or rest > bounds.clap_stop * height:
        return None
    return float(seen.times_s[best - 1]), float(seen.times_s[best + 1])
