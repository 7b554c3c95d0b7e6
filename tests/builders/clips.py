"""Clips whose frames carry their number as bars, at every rate and with every trait that made other tools show a wrong
frame: variable times, B-frames, a start that is not 0, odd sizes.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from builders.video import a_recording, steady
from mmed_curate.domain.time import FrameClock


@dataclass(frozen=True, kw_only=True)
class Clip:
    """What was written."""

    path: Path
    clock: FrameClock


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a clip is made."""

    time_base: Fraction
    pts: tuple[int, ...]
    last_lasts: int
    b_frames: int = 0
    key_every: int = 250
    width: int = 128
    height: int = 32


KINDS = {
    "30": Kind(time_base=Fraction(1, 15360), pts=steady(45, 512), last_lasts=512),
    "60": Kind(time_base=Fraction(1, 15360), pts=steady(60, 256), last_lasts=256),
    "200": Kind(time_base=Fraction(1, 12000), pts=steady(120, 60), last_lasts=60),
    "29.97": Kind(time_base=Fraction(1, 30000), pts=steady(40, 1001), last_lasts=1001),
    "variable": Kind(
        time_base=Fraction(1, 15360),
        pts=tuple(accumulate([0, *([512, 700, 300, 2000, 512, 77] * 8)])),
        last_lasts=400,
        b_frames=2,
    ),
    "b-frames": Kind(time_base=Fraction(1, 15360), pts=steady(60, 256), last_lasts=256, b_frames=3, key_every=12),
    "start offset": Kind(
        time_base=Fraction(1, 15360), pts=steady(50, 512, start=7777), last_lasts=512, b_frames=2, key_every=9
    ),
    "odd size": Kind(time_base=Fraction(1, 15360), pts=steady(20, 512), last_lasts=512, width=162, height=46),
    "one frame": Kind(time_base=Fraction(1, 15360), pts=(0,), last_lasts=512),
}
"""By what is particular about them."""


def a_clip(path: Path, kind: str | Kind = "60") -> Clip:
    """Write a clip without sound; its clock is what was meant, not what any reader says."""
    made = KINDS[kind] if isinstance(kind, str) else kind
    a_recording(
        path,
        pts=made.pts,
        time_base=made.time_base,
        last_lasts=made.last_lasts,
        b_frames=made.b_frames,
        key_every=made.key_every,
        rate_hz=None,
        width=made.width,
        height=made.height,
    )
    end_pts = made.pts[-1] + made.last_lasts
    return Clip(path=path, clock=FrameClock(pts=made.pts, end_pts=end_pts, time_base=made.time_base))


def a_wav(path: Path, samples: NDArray[np.float32], *, rate_hz: int = 48_000) -> Path:
    """Write (N, C) samples of [-1, 1] as 16-bit PCM."""
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(samples.shape[1])
        stream.setsampwidth(2)
        stream.setframerate(rate_hz)
        stream.writeframes(np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2").tobytes())
    return path
