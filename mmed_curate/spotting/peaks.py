"""Motion curve to proposals: peaks, where each movement begins and ends, and what else it may be.

Everything is worked out on an even grid of times (the median frame step) and led back to the frames that were seen.
A proposal that looks like something else is tagged, never dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d, median_filter

from mmed_curate.domain.records import Tag
from mmed_curate.domain.time import Frame, Span
from mmed_curate.signals.motion import MotionCurve
from mmed_curate.signals.rows import Rows, let_go
from mmed_curate.spotting.channels import channel_motion, channels_of, region_of
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
_OWN_CAUSE = frozenset({Tag.BLINK, Tag.SPEECH})
"""Tags that say why one part of the face moves; at the same time another part may move for a reason of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the machine proposes of one face in one recording."""

    span: Span
    """In frames of the recording."""
    score: float
    """Height of the peak over the height that was asked for; at least 1."""
    region: str
    """Part of the face that moved; without a side where both halves moved alike."""
    tags: frozenset[Tag]
    """What else it may be; empty: a micro-expression, as far as we can tell."""
    track: int
    """Which face."""


@dataclass(frozen=True, slots=True)
class EvenCurve:
    """One unbroken run of a motion curve on an even grid. Arrays of a long one lie in a file, read-only.

    What is looked at for peaks are its channels: `spotting.channels`.
    """

    step_s: float
    frames: npt.NDArray[np.int64]  # (T,) the frame nearest to each grid point
    times_s: FloatArray  # (T,)
    motion: npt.NDArray[np.float32]  # (T, P, 2) px from the running baseline
    place: npt.NDArray[np.float32]  # (T, P, 2) px, with the drift of the reference
    head: npt.NDArray[np.float32]  # (T, 2) px
    openness: npt.NDArray[np.float32]  # (T,) relative to its running median
    strength: npt.NDArray[np.float32]  # (T, C) px
    noise: npt.NDArray[np.float32]  # (T, C) px, the usual strength of the seconds round each point
    channels: tuple[str, ...]  # (C,)


@dataclass(frozen=True, slots=True)
class _Peak:
    onset: int
    apex: int
    offset: int
    score: float
    channel: int
    tags: frozenset[Tag]


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
    channels = runs[0].channels
    usual = usual_strength(runs)
    found = []
    for run in runs:
        for peak in _merged(_peaks(run, usual, curve, parameters), channels, parameters.peak):
            span = Span(
                onset=Frame(int(run.frames[peak.onset])),
                apex=Frame(int(run.frames[peak.apex])),
                offset=Frame(int(run.frames[peak.offset])),
            )
            found.append(
                Proposal(
                    span=span, score=peak.score, region=region_of(channels[peak.channel]), tags=peak.tags, track=track
                )
            )
            let_go(run.motion)  # and with it all that lies in the same file
    return tuple(sorted(found, key=lambda proposal: (proposal.span.apex, proposal.span.onset)))


def usual_strength(runs: Sequence[EvenCurve]) -> FloatArray:
    """(C,) median strength of each channel over the whole recording, px."""
    return np.array(
        [np.median(np.concatenate([run.strength[:, index] for run in runs])) for index in range(len(runs[0].channels))]
    )


def asked_px(run: EvenCurve, usual: FloatArray, channel: int, parameters: PeakParameters) -> FloatArray:
    """(T,) how high a peak of one channel must be, px.

    Args:
        run: one run.
        usual: (C,) of `usual_strength`.
        channel: which.
        parameters: the recipe's.
    """
    least = max(parameters.least_px, parameters.times_usual * float(usual[channel]))
    return np.maximum(least, parameters.times_noise * run.noise[:, channel].astype(np.float64))


def even_runs(
    curve: MotionCurve, frames: npt.NDArray[np.int64], parameters: SpottingParameters
) -> tuple[EvenCurve, ...]:
    """The curve without its gaps, each run on an even grid, smoothed and freed of its baseline."""
    times = curve.times_s
    if len(times) < 2:
        return ()
    step_s = float(np.median(np.diff(times)))
    edges = [0, *(np.flatnonzero(np.diff(times) > _GAP_S) + 1), len(times)]
    n_places, channels = len(curve.places), channels_of(curve.places)
    rows = Rows(
        {
            "frames": ("i8", ()),
            "times_s": ("f8", ()),
            "motion": ("f4", (n_places, 2)),
            "place": ("f4", (n_places, 2)),
            "head": ("f4", (2,)),
            "openness": ("f4", ()),
            "strength": ("f4", (len(channels),)),
            "noise": ("f4", (len(channels),)),
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
        EvenCurve(step_s=step_s, channels=channels, **{name: column[first:stop] for name, column in columns.items()})
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
    local = _window(parameters.curve.noise_s / step_s)
    reach = max(baseline // 2 + int(_SIGMAS * sigma + 0.5) + local // 2, usual // 2)
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
        strength = np.linalg.norm(channel_motion(motion, curve.places), axis=2)  # (T, C)
        openness = on_grid(curve.openness[near])
        columns = {
            "frames": frames[near][np.searchsorted((at[1:] + at[:-1]) / 2, grid)],
            "times_s": grid,
            "motion": motion,
            "place": on_grid(curve.displacement[near] + curve.drift[near]),
            "head": on_grid(curve.head[near]),
            "openness": openness / np.maximum(_running_median(openness, usual), 1e-6),
            "strength": strength,
            "noise": _running_median(strength, local),
        }
        inside = slice(begin - low, min(begin + _BLOCK, count) - low)
        yield {name: column[inside] for name, column in columns.items()}


def _window(n_points: float) -> int:
    """An odd number of points."""
    return max(round(n_points), 1) | 1


def _running_median(values: FloatArray, size: int) -> FloatArray:
    result: FloatArray = median_filter(values, size=(size, *(1,) * (values.ndim - 1)), mode="nearest")
    return result


def _peaks(run: EvenCurve, usual: FloatArray, curve: MotionCurve, parameters: SpottingParameters) -> list[_Peak]:
    """Peaks of all channels with their bounds and tags.

    Args:
        run: one run.
        usual: (C,) median strength over the whole recording.
        curve: what the meter measured.
        parameters: the recipe.
    """
    of = parameters.peak
    found = []
    for channel in range(len(run.channels)):
        values = run.strength[:, channel].astype(np.float64)
        noise = run.noise[:, channel].astype(np.float64)
        wanted = asked_px(run, usual, channel, of)
        inner = values[1:-1]
        tops = 1 + np.flatnonzero((inner >= wanted[1:-1]) & (inner >= values[:-2]) & (inner > values[2:]))
        taken = np.zeros(len(values), dtype=bool)
        for apex in sorted(tops, key=lambda top: (-values[top], top)):
            if taken[apex]:
                continue
            onset, offset, inside = _bounds(values, int(apex), float(noise[apex]), of)
            taken[inside] = True
            if (offset - onset + 1.5) * run.step_s < of.least_s:
                continue
            score = float(values[apex] / wanted[apex])
            peak = _Peak(onset=onset, apex=int(apex), offset=offset, score=score, channel=channel, tags=frozenset())
            found.append(replace(peak, tags=_tags(run, peak, curve, parameters.tags)))
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


def _merged(peaks: list[_Peak], channels: tuple[str, ...], parameters: PeakParameters) -> list[_Peak]:
    """The strongest of every bundle of peaks that overlap: one movement shows in several channels.

    A blink or speech explains its own half of the face only: a movement of the other half stays beside it, unless it
    is so weak that it may be the skin that the first one drags along.
    """
    kept: list[_Peak] = []
    for peak in sorted(peaks, key=lambda peak: (-peak.score, peak.onset, peak.channel)):
        length = peak.offset - peak.onset + 1
        upper = channels[peak.channel].startswith(_EYES)
        if not any(
            min(peak.offset, other.offset) - max(peak.onset, other.onset) + 1
            > parameters.overlap * min(length, other.offset - other.onset + 1)
            and not (
                other.tags & _OWN_CAUSE
                and channels[other.channel].startswith(_EYES) != upper
                and peak.score > parameters.dragged * other.score
            )
            for other in kept
        ):
            kept.append(peak)
    return kept


def _tags(run: EvenCurve, peak: _Peak, curve: MotionCurve, parameters: TagParameters) -> frozenset[Tag]:
    channel = run.channels[peak.channel]
    tags = set()
    if (peak.offset - peak.onset + 1) * run.step_s > parameters.micro_s + run.step_s or not _settles(
        run, peak, curve, parameters
    ):
        tags.add(Tag.MACRO)
    if channel.startswith(_EYES) and _blinks(run, peak, curve, parameters):
        tags.add(Tag.BLINK)
    travel = float(np.linalg.norm(np.ptp(run.head[peak.onset : peak.offset + 1], axis=0)))
    own = float(run.strength[peak.apex, peak.channel])
    if travel > parameters.head_px and own < parameters.head_share * travel:
        tags.add(Tag.HEAD_MOTION)
    if channel.startswith(_MOUTH) and _mouth_beats(run, peak, parameters) >= parameters.speech_beats:
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


def _mouth_beats(run: EvenCurve, peak: _Peak, parameters: TagParameters) -> int:
    """How often the mouth moves in the time round a peak: tops of its strongest region above a fixed height."""
    half = round(parameters.speech_window_s / 2 / run.step_s)
    mouth = [index for index, name in enumerate(run.channels) if name.startswith(_MOUTH)]
    values = run.strength[max(peak.apex - half, 0) : peak.apex + half + 1][:, mouth].max(axis=1)
    inner = values[1:-1]
    return int(((inner >= parameters.speech_px) & (inner >= values[:-2]) & (inner > values[2:])).sum())


def _settles(run: EvenCurve, peak: _Peak, curve: MotionCurve, parameters: TagParameters) -> bool:
    """Whether the face goes back where it came from: false at the edges of slow expressions.

    The channel is followed along the direction of its movement: on both sides of the apex it must fall by part of
    the peak's height, and lie above that level for no longer than a micro-expression lasts.
    """
    reach = round(2 * parameters.micro_s / run.step_s)
    first = max(peak.apex - reach, 0)
    near = slice(first, peak.apex + reach + 1)
    moved = channel_motion(run.motion[peak.apex : peak.apex + 1].astype(np.float64), curve.places)[
        0, peak.channel
    ]  # (2,)
    height = float(np.linalg.norm(moved))
    along = channel_motion(run.place[near].astype(np.float64), curve.places)[:, peak.channel] @ (
        moved / max(height, 1e-9)
    )
    apex = peak.apex - first
    top = float(along[max(apex - 1, 0) : apex + 2].max())
    # the baseline takes part of a long movement away: what stands above the surroundings counts if that is more
    low = top - (1 - parameters.settle) * max(height, top - float(np.median(along)))
    begin = end = apex
    while begin >= 0 and along[begin] > low:
        begin -= 1
    while end < len(along) and along[end] > low:
        end += 1
    if begin < 0 or end == len(along):
        return False  # too long, or cut off by the end of what was seen: nobody knows that it went back
    return bool((end - begin - 1) * run.step_s <= parameters.micro_s)
