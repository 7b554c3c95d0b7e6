"""Sound played slower at its own pitch: what sounds at `t` seconds sounds at `t / speed`, and the length is exact.

FFmpeg's `atempo` lays overlapping stretches of sound side by side where they fit best (WSOLA: Verhelst & Roelands 1993,
ICASSP 2, 554–557). It goes down to one half, so slower speeds take several of it, one after the other.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph

from mmed_curate.domain.findings import BadInput
from mmed_curate.media.placing import Samples

_HALF, _FOUR_FIFTHS = Fraction(1, 2), Fraction(4, 5)
_STEPS: dict[Fraction, tuple[Fraction, ...]] = {
    Fraction(1): (),
    Fraction(1, 2): (_HALF,),
    Fraction(1, 4): (_HALF, _HALF),
    # what is nearest to 1 comes last: an error of place grows with each step that follows
    Fraction(1, 10): (_HALF, _HALF, _HALF, _FOUR_FIFTHS),
}
SPEEDS = tuple(_STEPS)
"""Speeds that can be had, the fastest first."""

_EARLY_WINDOWS = {Fraction(1, 2): 0.225, Fraction(1, 4): 0.275, Fraction(1, 10): 0.315}
"""How much too early atempo gives things, in windows of the sound as it came in (measured on noise, vowels, clicks)."""
_WINDOWS_A_SECOND = 24
"""atempo's window: the next power of two of samples (libavfilter/af_atempo.c)."""


def stretched(samples: Samples, *, rate_hz: int, speed: Fraction) -> Samples:
    """The same sound at a slower speed, its pitch kept.

    Where a moment lies depends on what fits: measured at 48 kHz, on the clip's own time, bursts are off by up to
    7 ms, single clicks by 10 ms. A sharp sound is repeated within about 40 ms of the clip, as whatever
    stretches time does.

    Args:
        samples: (N, C) float32.
        rate_hz: sampling rate.
        speed: one of `SPEEDS`.

    Returns:
        (round(N / speed), C) float32; at speed 1 the same array.

    Raises:
        BadInput: there is no such speed.
    """
    if speed not in _STEPS:
        raise BadInput.of(
            "media.speed",
            f"sound cannot be played at {speed} of its speed",
            f"choose one of {', '.join(map(str, SPEEDS))}",
        )
    steps = _STEPS[speed]
    if not steps or not len(samples):
        return samples
    window = 1 << math.ceil(math.log2(max(2.0, rate_hz / _WINDOWS_A_SECOND)))
    silence = np.zeros((2 * window, samples.shape[1]), dtype=np.float32)
    slow = _through(np.concatenate([silence, samples, silence, silence]), rate_hz, steps)
    begin = round((len(silence) - _EARLY_WINDOWS[speed] * window) / speed)
    n_samples = round(len(samples) / speed)
    # atempo ends up to a window early in each step: the silence behind covers it
    return np.ascontiguousarray(slow[begin : begin + n_samples])


def _through(samples: Samples, rate_hz: int, steps: tuple[Fraction, ...]) -> Samples:
    channels = samples.shape[1]
    graph = Graph()
    layout = f"{channels}c" if channels > 2 else ("mono", "stereo")[channels - 1]
    source = graph.add_abuffer(sample_rate=rate_hz, format="flt", layout=layout, time_base=Fraction(1, rate_hz))
    sink = graph.add("abuffersink")
    chain = [source, *(graph.add("atempo", str(float(step))) for step in steps), sink]
    for giving, taking in itertools.pairwise(chain):
        giving.link_to(taking)
    graph.configure()
    whole = AudioFrame.from_ndarray(
        np.ascontiguousarray(samples, dtype=np.float32).reshape(1, -1), format="flt", layout=layout
    )
    whole.sample_rate, whole.time_base, whole.pts = rate_hz, Fraction(1, rate_hz), 0
    source.push(whole)
    source.push(None)
    runs: list[Samples] = []
    while True:
        try:
            run = sink.pull()
        except (av.BlockingIOError, av.EOFError):
            return np.concatenate(runs)
        assert isinstance(run, AudioFrame)
        runs.append(run.to_ndarray().reshape(-1, channels).astype(np.float32, copy=False))
