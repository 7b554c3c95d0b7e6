"""Where a companion file (a player's microphone, a game's capture) lies on the camera's clock, by the sound of both.

Envelopes are compared over the full range of lags; then many windows along the recording each say their own lag to a
part of a sample, and a line goes through those that agree. The camera's own sound is the reference: what a companion
hears near the mouth reaches the camera later, by 2.9 ms for each metre between them (343 m/s at 20 °C).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mmed_curate.domain.findings import Finding, Refused
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.time import SyncBasis, Synchrony
from mmed_curate.domain.yamlfile import Declared
from mmed_curate.media.container import AS_PLAYED, StreamChoice
from mmed_curate.media.lags import (
    ENVELOPE_HZ,
    Alignment,
    Doubles,
    Envelope,
    Floats,
    Line,
    WindowLag,
    coarse_alignments,
    level_db,
    line_through,
    spectrum,
    window_lag,
)
from mmed_curate.media.sound import SoundReader
from mmed_curate.media.sync import check_channel

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]

_BLOCK_S = 20
"""Length of sound that is held at once while envelopes are made."""
_WINDOWS_OF_SHORT = 12
"""What is too short for so many windows is cut into shorter ones."""
_FLOOR_PERCENT = 2
"""The quietest windows tell how loud the room is without voices."""
_SEED = 1
"""Of the pairs that propose a line: the same files give the same answer."""
_BY_HAND = "give offset_s and drift_ppm by hand in the table of companions"


class SearchBounds(Declared):
    """How a synchrony is looked for and when it is believed: `search` of `pipelines/sync/*.yaml`."""

    window_s: Positive
    """Length of one window."""
    shortest_window_s: Positive
    """Length of a window where little is common: a twelfth of it, and at least this."""
    windows: Annotated[int, Field(ge=6)]
    """Most windows that are compared."""
    trial_windows: Annotated[int, Field(ge=6)]
    """Windows with which each alignment is tried first."""
    alignments: Annotated[int, Field(ge=2)]
    """How many alignments are tried: the best and its rivals."""
    low_hz: Positive
    """Sound below this is not compared."""
    high_hz: Positive
    """Sound above this is not compared."""
    search_s: Positive
    """How far round an alignment a window looks for its lag."""
    agree_ms: Positive
    """A window this near the line agrees with it."""
    quiet_db: Positive
    """Windows so far below the loudest are left out."""
    above_floor_db: Positive
    """Windows less than this above the quietest are left out, unless all are about as loud."""
    most_drift_ppm: Positive
    """Largest drift looked for."""
    least_windows: Annotated[int, Field(ge=3)]
    """Fewer windows that agree are no proof."""
    least_confidence: Annotated[float, Field(gt=0, lt=1)]
    """Below this confidence the answer is no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncMeasurement:
    """What was found between a camera and one companion."""

    synchrony: Synchrony
    confidence: float
    """Share of the compared windows that agree with the synchrony, less the share of the trial windows that agree
    with its best rival elsewhere, in 0..1. 1: every window agrees and nothing else fits; 0: another place fits as
    well (music that repeats), or none does."""
    share: float
    """Share of the compared windows that lie within `agree_ms` of the line."""
    rival_share: float
    """Share of the trial windows that agree with the next best alignment."""
    peak_ratio: float
    """Correlation of the envelopes at the best alignment over that at the next best; 1: two places fit as well."""
    spread_ms: float
    """Scatter of the windows that agree round the line (robust standard deviation)."""
    wander_ms: float
    """Greatest median distance from the line over ten equal stretches: how far the clocks are from steady."""
    inverted: bool
    """Most windows that agree say that the companion's polarity is the other way round."""
    times_s: Doubles
    """(n,) middles of the windows on the companion's clock."""
    lags_s: Doubles
    """(n,) what each window says: camera's time less companion's."""
    weights: Doubles
    """(n,) height of each window's peak over its next one."""
    agrees: npt.NDArray[np.bool_]
    """(n,) which windows the line goes through."""
    search_lags_s: Doubles
    """(L,) the full range of lags, 50 ms apart, in the middle of the companion."""
    search_scores: Doubles
    """(L,) correlation of the envelopes at each, relative to the highest."""


class _Steps:
    """Tells a listener of windows compared, at most as many as were planned."""

    def __init__(self, progress: Progress, done: int, planned: int) -> None:
        self._progress, self._done, self._total = progress, done, done + planned

    def one_more(self) -> None:
        self._done = min(self._done + 1, self._total)
        self._progress(self._done, self._total)

    def finish(self) -> None:
        self._progress(self._total, self._total)


class _Sounding:
    """One file's envelope, and its windows on demand."""

    def __init__(self, path: Path, streams: StreamChoice, channel: int | None) -> None:
        self.path, self.streams, self.channel = path, streams, channel
        self.bands: Floats = np.zeros((0, 0), dtype=np.float32)
        self.begins = Fraction(0)

    def listen(self, progress: Progress, done_s: int) -> int:
        """Read all of it once; gives the seconds heard so far, over all files."""
        heard = 0.0
        with SoundReader(self.path, streams=self.streams) as reader:
            check_channel(self.path, self.channel, reader.channels)
            envelope = Envelope(reader.rate_hz)
            for index, block in enumerate(reader.blocks(_BLOCK_S * reader.rate_hz)):
                if index == 0:
                    self.begins = block.start
                envelope.add(block.samples if self.channel is None else block.samples[:, self.channel, None])
                heard += block.n_samples / block.rate_hz
                progress(done_s + round(heard), None)
        self.bands = envelope.bands()
        if self.channel is None:
            self.channel = envelope.loudest_channel()  # a mean of all could cancel out
        return done_s + round(heard)

    def window(self, reader: SoundReader, start_s: float, length_s: float) -> tuple[Floats, float]:
        """Mono samples of `length_s` from about `start_s`, and when the first of them truly sounds."""
        count = round(length_s * reader.rate_hz)
        start = Fraction(round(start_s * 1_000_000), 1_000_000)
        sound = reader.read(start, start + Fraction(count, reader.rate_hz))
        return sound.samples[:, self.channel or 0], float(sound.start)


def find_synchrony(
    camera: Path,
    companion: Path,
    *,
    bounds: SearchBounds,
    camera_streams: StreamChoice = AS_PLAYED,
    companion_streams: StreamChoice = AS_PLAYED,
    channel: int | None = None,
    least_confidence: float | None = None,
    progress: Progress = silent,
) -> SyncMeasurement:
    """Offset and drift of a companion against the camera's own sound.

    Both files are read three times from start to end, in blocks; memory grows by 6 MB for each hour of both (their
    envelopes). Nothing has to overlap but half a minute of common sound.

    Args:
        camera: the recording whose clock counts.
        companion: the other file.
        bounds: how to look, and when to believe.
        camera_streams: which sound of the camera.
        companion_streams: which sound of the companion.
        channel: which channel of the companion, from 0; None: the loudest.
        least_confidence: overrides the bounds'; 0 never refuses for it.
        progress: told the seconds of sound heard, and then each window that was compared, as one more.

    Raises:
        BadInput: a file cannot be read, holds no sound, or not that stream or channel.
        Refused: no alignment is supported well enough; the sentence says how well.
    """
    ours = _Sounding(camera, camera_streams, None)
    theirs = _Sounding(companion, companion_streams, channel)
    done_s = ours.listen(progress, 0)
    done_s = theirs.listen(progress, done_s)
    coarse = coarse_alignments(
        ours.bands,
        theirs.bands,
        most_drift_ppm=bounds.most_drift_ppm,
        apart_s=2 * bounds.search_s,
        count=bounds.alignments,
    )
    if not coarse.alignments:
        quiet = camera if not _audible(ours) else companion
        raise Refused(_refusal(camera, companion, f"{quiet.name} is silent or holds no changing sound"))
    gap_s = float(ours.begins - theirs.begins)  # envelopes count from the first sample of each file
    trials = [
        Alignment(
            offset_s=one.offset_s + gap_s - one.drift_ppm * 1e-6 * float(theirs.begins),
            drift_ppm=one.drift_ppm,
            score=one.score,
        )
        for one in coarse.alignments
    ]
    rng = np.random.default_rng(_SEED)
    steps = _Steps(progress, done_s, len(trials) * bounds.trial_windows + bounds.windows)
    tried = _compare(ours, theirs, trials, bounds, bounds.trial_windows, steps)
    lines = [_line(heard, bounds, rng) for heard in tried]
    ranked = sorted(range(len(lines)), key=lambda index: -lines[index].share)
    best = ranked[0]
    rival_share = max((_other_share(tried[index], lines[best], bounds, rng) for index in ranked[1:]), default=0.0)
    if lines[best].agrees.sum() < bounds.least_windows // 2:
        raise Refused(_unlike(camera, companion, lines[best], rival_share, bounds))
    refined = Alignment(offset_s=lines[best].offset_s, drift_ppm=lines[best].drift_ppm, score=trials[best].score)
    [heard] = _compare(ours, theirs, [refined], bounds, bounds.windows, steps)
    steps.finish()
    line = _line(heard, bounds, rng)
    confidence = max(0.0, line.share - rival_share)
    least = bounds.least_confidence if least_confidence is None else least_confidence
    if int(line.agrees.sum()) < bounds.least_windows or not confidence >= least:
        raise Refused(_unlike(camera, companion, line, rival_share, bounds))
    others = [one.score for index, one in enumerate(trials) if index != best]
    return SyncMeasurement(
        synchrony=Synchrony(
            offset_s=line.offset_s,
            drift_ppm=line.drift_ppm,
            uncertainty_ms=max(line.interval_ms, line.wander_ms, 1000 / bounds.high_hz / 4),
            basis=SyncBasis.MEASURED,
        ),
        confidence=confidence,
        share=line.share,
        rival_share=rival_share,
        peak_ratio=trials[best].score / max([*others, 1e-9]),
        spread_ms=line.spread_ms,
        wander_ms=line.wander_ms,
        inverted=bool(np.mean([lag.inverted for _, lag in heard], where=line.agrees) > 0.5),
        times_s=np.array([time for time, _ in heard]),
        lags_s=np.array([lag.lag_s for _, lag in heard]),
        weights=np.array([lag.strength for _, lag in heard]),
        agrees=line.agrees,
        search_lags_s=coarse.lags_s + gap_s,
        search_scores=coarse.scores,
    )


def _audible(sounding: _Sounding) -> bool:
    levels = level_db(sounding.bands) if sounding.bands.size else np.zeros(0)
    return bool(len(levels)) and float(levels.max() - levels.min()) > 1


def _line(heard: Sequence[tuple[float, WindowLag]], bounds: SearchBounds, rng: np.random.Generator) -> Line:
    return line_through(
        np.array([time for time, _ in heard]),
        np.array([lag.lag_s for _, lag in heard]),
        agree_ms=bounds.agree_ms,
        most_drift_ppm=bounds.most_drift_ppm,
        rng=rng,
    )


def _other_share(
    heard: Sequence[tuple[float, WindowLag]], line: Line, bounds: SearchBounds, rng: np.random.Generator
) -> float:
    """Share of a rival's windows that agree with a line of their own; those on the best line are no rival's."""
    rivals = [
        (time, lag)
        for time, lag in heard
        if abs(lag.lag_s - line.offset_s - line.drift_ppm * 1e-6 * time) > bounds.agree_ms / 1000
    ]
    return int(_line(rivals, bounds, rng).agrees.sum()) / len(heard) if rivals else 0.0


def _compare(
    ours: _Sounding,
    theirs: _Sounding,
    alignments: Sequence[Alignment],
    bounds: SearchBounds,
    count: int,
    steps: _Steps,
) -> list[list[tuple[float, WindowLag]]]:
    """What windows say near each alignment: (time on the companion's clock, lag), lags counted from no alignment."""
    jobs: list[tuple[float, float, float, int]] = []  # when in the camera, in the companion, how long, which alignment
    for index, alignment in enumerate(alignments):
        starts_s, window_s = _windows(ours, theirs, alignment, bounds, count)
        for start_s in starts_s:
            jobs.append((start_s + float(alignment.lag_s(start_s + window_s / 2)), start_s, window_s, index))
    heard: list[list[tuple[float, WindowLag]]] = [[] for _ in alignments]
    kept: dict[tuple[float, float], tuple[npt.NDArray[np.complex64], float]] = {}
    with (
        SoundReader(ours.path, streams=ours.streams) as camera,
        SoundReader(theirs.path, streams=theirs.streams) as companion,
    ):
        for start_s, window_s in sorted({(start_s, window_s) for _, start_s, window_s, _ in jobs}):
            samples, at_s = theirs.window(companion, start_s, window_s)
            kept[start_s, window_s] = spectrum(samples, int(bounds.high_hz * window_s)), at_s
        for there_s, start_s, window_s, index in sorted(jobs):
            stretch = 1 + alignments[index].drift_ppm * 1e-6
            own, own_at_s = kept[start_s, window_s]
            samples, at_s = ours.window(camera, there_s, window_s * stretch)
            lag = window_lag(
                spectrum(samples, len(own)),
                own,
                window_s=window_s * stretch,
                low_hz=bounds.low_hz,
                search_s=bounds.search_s,
            )
            steps.one_more()
            if lag is None:
                continue
            # the windows' middles are what the lag is true of
            middle_s = own_at_s + window_s / 2
            lag_s = at_s + window_s * stretch / 2 - middle_s + lag.lag_s
            heard[index].append((middle_s, WindowLag(lag_s=lag_s, strength=lag.strength, inverted=lag.inverted)))
    return [sorted(one, key=lambda pair: pair[0]) for one in heard]


def _windows(
    ours: _Sounding, theirs: _Sounding, alignment: Alignment, bounds: SearchBounds, count: int
) -> tuple[list[float], float]:
    """Starts of the windows on the companion's clock: the loudest of each part of what both hold. And their length."""
    levels = level_db(theirs.bands)
    begins_s = float(theirs.begins)
    ends_s = begins_s + len(levels) / ENVELOPE_HZ
    camera_s = float(ours.begins), float(ours.begins) + ours.bands.shape[1] / ENVELOPE_HZ
    low_s = max(begins_s, camera_s[0] - float(alignment.lag_s(begins_s)))
    high_s = min(ends_s, camera_s[1] - float(alignment.lag_s(ends_s)))
    window_s = min(bounds.window_s, max(bounds.shortest_window_s, (high_s - low_s) / _WINDOWS_OF_SHORT))
    length = round(window_s * ENVELOPE_HZ)
    first, last = round((low_s - begins_s) * ENVELOPE_HZ), round((high_s - begins_s) * ENVELOPE_HZ) - length
    first, last = max(0, first), min(last, len(levels) - length)
    if last < first:
        return [], window_s
    power = np.concatenate([[0.0], np.cumsum(10 ** (levels / 10), dtype=np.float64)])
    means_db = 10 * np.log10((power[length:] - power[:-length]) / length + 1e-10)  # (n − length + 1,) by start
    parts = max(1, min(count, (last - first + length) // length))
    edges = np.linspace(first, last + 1, parts + 1).astype(int)
    starts = [low + int(np.argmax(means_db[low:high])) for low, high in pairwise(edges) if high > low]
    loudest = max(float(means_db[start]) for start in starts)
    floor = float(np.percentile(means_db[first : last + 1], _FLOOR_PERCENT))
    # where somebody pauses for long, only the room is heard, and rooms have nothing to say about time
    least = max(loudest - bounds.quiet_db, min(floor + bounds.above_floor_db, loudest - 2 * bounds.above_floor_db))
    heard = [start for start in starts if means_db[start] > least]
    return [begins_s + start / ENVELOPE_HZ for start in heard], window_s


def _unlike(camera: Path, companion: Path, line: Line, rival_share: float, bounds: SearchBounds) -> Finding:
    n, agreeing = len(line.agrees), int(line.agrees.sum())
    if n < bounds.least_windows:
        why = f"they share {n} windows with sound, and {bounds.least_windows} are needed"
    elif rival_share > line.share / 2 and agreeing >= bounds.least_windows:
        why = f"{agreeing} of {n} windows agree on an offset, but {rival_share:.0%} fit another: it repeats itself"
    else:
        why = f"{agreeing} of {n} windows agree on one offset, as those of unrelated sound do by chance"
    return _refusal(camera, companion, why)


def _refusal(camera: Path, companion: Path, why: str) -> Finding:
    return Finding(
        code="sync.no_common_sound",
        what=f"{companion.name} cannot be laid on the clock of {camera.name} by its sound: {why}",
        remedy=_BY_HAND,
    )
