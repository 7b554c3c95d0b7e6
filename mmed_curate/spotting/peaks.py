"""Motion curve to proposals: peaks, where each movement begins and ends, and what else it may be.

Everything is worked out on an even grid of times (the median frame step) and led back to the frames that were seen.
A proposal that looks like something else is tagged, never dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d, median_filter

from mmed_curate.domain.records import Tag
from mmed_curate.domain.time import Frame, Span
from mmed_curate.signals.motion import MotionCurve
from mmed_curate.signals.rows import Rows, let_go
from mmed_curate.spotting.parameters import PeakParameters, SpottingParameters, TagParameters

FloatArray = npt.NDArray[np.float64]

_GAP_S = 0.5
"""A face unseen for longer splits its curve: nothing is read across the gap."""
_BLOCK = 4096
"""Grid points that are worked out at once: two minutes at 30 Hz."""
_SIGMAS = 4.0
"""Where the Gaussian over time is cut off, in standard deviations."""
_EYES = ("lid", "brow")
"""Beginnings of the names of regions that a blink moves."""
_LIDS = "lid"
_MOUTH = ("mouth", "chin")
"""Beginnings of the names of regions that speech moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the machine proposes of one face in one recording."""

    span: Span
    """In frames of the recording."""
    score: float
    """Height of the peak over the height that was asked for; at least 1."""
    region: str
    """Part of the face that moved most."""
    tags: frozenset[Tag]
    """What else it may be; empty: a micro-expression, as far as we can tell."""
    track: int
    """Which face."""


@dataclass(frozen=True, slots=True)
class EvenCurve:
    """One unbroken run of a motion curve on an even grid. Arrays of a long one lie in a file, read-only."""

    step_s: float
    frames: npt.NDArray[np.int64]  # (T,) the frame nearest to each grid point
    times_s: FloatArray  # (T,)
    motion: npt.NDArray[np.float32]  # (T, P, 2) px from the running baseline
    place: npt.NDArray[np.float32]  # (T, P, 2) px, with the drift of the reference
    head: npt.NDArray[np.float32]  # (T, 2) px
    openness: npt.NDArray[np.float32]  # (T,) relative to its running median
    strength: npt.NDArray[np.float32]  # (T, R) px, the strongest place of each region


@dataclass(frozen=True, slots=True)
class _Peak:
    onset: int
    apex: int
    offset: int
    score: float
    region: int


def propose(
    curve: MotionCurve, frames: npt.NDArray[np.int64], track: int, parameters: SpottingParameters
) -> tuple[Proposal, ...]:
    """Movements of one face, in order of time.

    Args:
        curve: what the meter measured.
        frames: (T,) the recording's frame of each point of the curve.
        track: which face.
        parameters: the recipe.
    """
    runs = [run for run in even_runs(curve, frames, parameters) if len(run.frames) > 2]
    if not runs:
        return ()
    noise = np.array(
        [np.median(np.concatenate([run.strength[:, region] for run in runs])) for region in range(len(curve.regions))]
    )
    wanted = np.maximum(parameters.peak.least_px, parameters.peak.times_noise * noise)  # (R,)
    found = []
    for run in runs:
        for peak in _merged(_peaks(run, wanted, noise, parameters.peak), parameters.peak.overlap):
            span = Span(
                onset=Frame(int(run.frames[peak.onset])),
                apex=Frame(int(run.frames[peak.apex])),
                offset=Frame(int(run.frames[peak.offset])),
            )
            tags = _tags(run, peak, curve, parameters.tags)
            region = curve.regions[peak.region]
            found.append(Proposal(span=span, score=peak.score, region=region, tags=tags, track=track))
            let_go(run.motion)  # and with it all that lies in the same file
    return tuple(sorted(found, key=lambda proposal: (proposal.span.apex, proposal.span.onset)))


def even_runs(
    curve: MotionCurve, frames: npt.NDArray[np.int64], parameters: SpottingParameters
) -> tuple[EvenCurve, ...]:
    """The curve without its gaps, each run on an even grid, smoothed and freed of its baseline."""
    times = curve.times_s
    if len(times) < 2:
        return ()
    step_s = float(np.median(np.diff(times)))
    edges = [0, *(np.flatnonzero(np.diff(times) > _GAP_S) + 1), len(times)]
    n_places, n_regions = len(curve.places), len(curve.regions)
    rows = Rows(
        {
            "frames": ("i8", ()),
            "times_s": ("f8", ()),
            "motion": ("f4", (n_places, 2)),
            "place": ("f4", (n_places, 2)),
            "head": ("f4", (2,)),
            "openness": ("f4", ()),
            "strength": ("f4", (n_regions,)),
        }
    )
    starts = [0]
    for first, stop in pairwise(edges):
        if stop - first > 1:
            for block in _even_blocks(curve, frames, slice(int(first), int(stop)), step_s, parameters):
                rows.extend(block)
                let_go(curve.times_s, frames)
            starts.append(len(rows))
    columns = rows.table()
    return tuple(
        EvenCurve(step_s=step_s, **{name: column[first:stop] for name, column in columns.items()})
        for first, stop in pairwise(starts)
    )


def _even_blocks(
    curve: MotionCurve, frames: npt.NDArray[np.int64], part: slice, step_s: float, parameters: SpottingParameters
) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """One run, a piece after the other; what it says does not depend on their length.

    Each piece is worked out with as much of its surroundings as the filters reach.
    """
    times = curve.times_s[part]
    count = max(round((times[-1] - times[0]) / step_s), 1) + 1
    whole = np.linspace(times[0], times[-1], count)
    baseline = _window(parameters.curve.baseline_s / step_s)
    usual = _window(parameters.reference.window_s / step_s)
    sigma = parameters.curve.smoothing_s / step_s
    reach = max(baseline // 2 + int(_SIGMAS * sigma + 0.5), usual // 2)
    owner = np.array(curve.places)
    for begin in range(0, count, _BLOCK):
        low, high = max(begin - reach, 0), min(begin + _BLOCK + reach, count)
        grid = whole[low:high]
        first = max(int(np.searchsorted(times, grid[0], side="right")) - 1, 0)
        stop = min(int(np.searchsorted(times, grid[-1], side="left")) + 1, len(times))
        near, at = slice(part.start + first, part.start + stop), times[first:stop]

        def on_grid(values: npt.NDArray[np.float32], at: FloatArray = at, grid: FloatArray = grid) -> FloatArray:
            flat = values.reshape(len(at), -1)
            columns = [np.interp(grid, at, flat[:, index]) for index in range(flat.shape[1])]
            return np.stack(columns, axis=1).reshape(len(grid), *values.shape[1:])

        moved = on_grid(curve.displacement[near])
        moved -= _running_median(moved, baseline)
        motion = gaussian_filter1d(moved, sigma, axis=0, mode="nearest", truncate=_SIGMAS)
        per_place = np.linalg.norm(motion, axis=2)  # (T, P)
        openness = on_grid(curve.openness[near])
        columns = {
            "frames": frames[near][np.searchsorted((at[1:] + at[:-1]) / 2, grid)],
            "times_s": grid,
            "motion": motion,
            "place": on_grid(curve.displacement[near] + curve.drift[near]),
            "head": on_grid(curve.head[near]),
            "openness": openness / np.maximum(_running_median(openness, usual), 1e-6),
            "strength": np.stack([per_place[:, owner == region].max(axis=1) for region in curve.regions], axis=1),
        }
        inside = slice(begin - low, min(begin + _BLOCK, count) - low)
        yield {name: column[inside] for name, column in columns.items()}


def _window(n_points: float) -> int:
    """An odd number of points."""
    return max(round(n_points), 1) | 1


def _running_median(values: FloatArray, size: int) -> FloatArray:
    result: FloatArray = median_filter(values, size=(size, *(1,) * (values.ndim - 1)), mode="nearest")
    return result


def _peaks(run: EvenCurve, wanted: FloatArray, noise: FloatArray, parameters: PeakParameters) -> list[_Peak]:
    found = []
    for region in range(run.strength.shape[1]):
        values = run.strength[:, region].astype(np.float64)
        inner = values[1:-1]
        tops = 1 + np.flatnonzero((inner >= wanted[region]) & (inner >= values[:-2]) & (inner > values[2:]))
        taken = np.zeros(len(values), dtype=bool)
        for apex in sorted(tops, key=lambda top: (-values[top], top)):
            if taken[apex]:
                continue
            onset, offset, inside = _bounds(values, int(apex), float(noise[region]), parameters)
            taken[inside] = True
            if (offset - onset + 1.5) * run.step_s < parameters.least_s:
                continue
            score = float(values[apex] / wanted[region])
            found.append(_Peak(onset=onset, apex=int(apex), offset=offset, score=score, region=region))
    return found


def _bounds(values: FloatArray, apex: int, base: float, parameters: PeakParameters) -> tuple[int, int, slice]:
    """First and last grid point of a movement, and the part of the curve that it takes up."""
    ends = []
    for direction in (-1, 1):
        low = _crossing(values, apex, base, parameters.height, direction)
        high = _crossing(values, apex, base, 2 * parameters.height, direction)
        end = low + (low - high) if parameters.extend else low
        ends.append((low, min(max(end, 0.0), len(values) - 1.0)))
    (low_before, before), (low_after, after) = ends
    onset, offset = min(int(np.ceil(before)), apex), max(int(np.floor(after)), apex)
    return onset, offset, slice(max(int(low_before), 0), int(np.ceil(low_after)) + 1)


def _crossing(values: FloatArray, apex: int, base: float, height: float, direction: int) -> float:
    """Where the curve falls to a part of its peak, between grid points; the end of the curve where it never does."""
    level = base + (values[apex] - base) * height
    here = apex
    while 0 <= here + direction < len(values):
        after = here + direction
        if values[after] <= level:
            return here + direction * float((values[here] - level) / max(values[here] - values[after], 1e-12))
        here = after
    return float(here)


def _merged(peaks: list[_Peak], overlap: float) -> list[_Peak]:
    """The strongest of every bundle of peaks that overlap: one movement shows in several regions."""
    kept: list[_Peak] = []
    for peak in sorted(peaks, key=lambda peak: (-peak.score, peak.onset, peak.region)):
        length = peak.offset - peak.onset + 1
        if not any(
            min(peak.offset, other.offset) - max(peak.onset, other.onset) + 1
            > overlap * min(length, other.offset - other.onset + 1)
            for other in kept
        ):
            kept.append(peak)
    return kept


def _tags(run: EvenCurve, peak: _Peak, curve: MotionCurve, parameters: TagParameters) -> frozenset[Tag]:
    region = curve.regions[peak.region]
    tags = set()
    if (peak.offset - peak.onset + 1) * run.step_s > parameters.micro_s + run.step_s or not _settles(
        run, peak, curve, parameters
    ):
        tags.add(Tag.MACRO)
    if region.startswith(_EYES) and _blinks(run, peak, curve, parameters):
        tags.add(Tag.BLINK)
    head = run.head[peak.onset : peak.offset + 1]
    if float(np.linalg.norm(np.ptp(head, axis=0))) > parameters.head_px:
        tags.add(Tag.HEAD_MOTION)
    if region.startswith(_MOUTH) and _mouth_beats(run, peak, curve, parameters) >= parameters.speech_beats:
        tags.add(Tag.SPEECH)
    return frozenset(tags)


def _blinks(run: EvenCurve, peak: _Peak, curve: MotionCurve, parameters: TagParameters) -> bool:
    """Whether the eyes shut round a peak: much by their openness alone, or less while the lids of both go down."""
    near = round(parameters.blink_reach_s / run.step_s)
    around = slice(max(peak.onset - near, 0), peak.offset + near + 1)
    openness = float(run.openness[around].min())
    if openness < parameters.blink_openness:
        return True
    owner = np.array(curve.places)
    lids = [region for region in curve.regions if region.startswith(_LIDS)]
    down = min(float(run.motion[around][:, owner == lid, 1].mean(axis=1).max()) for lid in lids)
    return openness < parameters.blink_narrowing and down > parameters.blink_px


def _mouth_beats(run: EvenCurve, peak: _Peak, curve: MotionCurve, parameters: TagParameters) -> int:
    """How often the mouth moves in the time round a peak: tops of its strongest region above a fixed height."""
    half = round(parameters.speech_window_s / 2 / run.step_s)
    mouth = [index for index, name in enumerate(curve.regions) if name.startswith(_MOUTH)]
    values = run.strength[max(peak.apex - half, 0) : peak.apex + half + 1][:, mouth].max(axis=1)
    inner = values[1:-1]
    return int(((inner >= parameters.speech_px) & (inner >= values[:-2]) & (inner > values[2:])).sum())


def _settles(run: EvenCurve, peak: _Peak, curve: MotionCurve, parameters: TagParameters) -> bool:
    """Whether the face goes back where it came from: false at the edges of slow expressions.

    The place that moved most is followed along the direction of its movement, against its own rest: the median
    of its surroundings. A movement that is worth its name stands out there too, and not for longer than micro_s.
    """
    owner = np.flatnonzero(np.array(curve.places) == curve.regions[peak.region])
    place = owner[int(np.linalg.norm(run.motion[peak.apex, owner], axis=1).argmax())]
    height = float(np.linalg.norm(run.motion[peak.apex, place]))
    direction = run.motion[peak.apex, place] / height
    reach = round(5 * parameters.micro_s / run.step_s)
    first = max(peak.apex - reach, 0)
    along = run.place[first : peak.apex + reach + 1, place] @ direction
    along = along - np.median(along)
    apex = peak.apex - first
    if along[apex] < parameters.settle * height:
        return False
    low = parameters.settle * along[apex]
    begin = end = apex
    while begin > 0 and along[begin - 1] > low:
        begin -= 1
    while end < len(along) - 1 and along[end + 1] > low:
        end += 1
    if (begin == 0 and first == 0) or first + end == len(run.frames) - 1:
        return False  # cut off by the end of what was seen: nobody knows that it went back
    return bool((end - begin + 1) * run.step_s <= parameters.micro_s)
