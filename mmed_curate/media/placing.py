"""Frames of sound as the decoder gives them, each laid at its place on the stream's grid of samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.media.container import Tally, knows_times

Samples = NDArray[np.float32]
"""(N, C) float32."""

_LONGEST_GAP_S = 24 * 3600
"""Longer than any session: a time stamp that leaps so far is damaged, and silence up to it would take hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundFrame:
    """One frame of sound as the decoder gives it."""

    pts: int | None
    duration: int
    """Ticks; 0: it does not say."""
    rate_hz: int
    samples: Samples
    """(N, C)."""


def sound_frames(
    container: InputContainer, stream: AudioStream, path: Path, *, whole: bool = False, exact: bool = False
) -> Iterator[SoundFrame]:
    """All frames of a stream from here on.

    Args:
        container: the file, where it was opened or a seek has left it.
        stream: its sound.
        path: its name, for messages.
        whole: the file is read from its start and must hold all that it says.
        exact: keep what does not fit into 32-bit floats as 64-bit.

    Raises:
        BadInput: the sound breaks off.
    """
    last_s = 0.0
    tally = Tally(container, stream)
    try:
        for packet in tally.packets():
            for frame in packet.decode():
                if isinstance(frame, AudioFrame) and frame.samples:
                    last_s = last_s if frame.time is None else frame.time
                    samples = _floats(frame, exact=exact)
                    yield SoundFrame(pts=frame.pts, duration=frame.duration, rate_hz=frame.sample_rate, samples=samples)
    except av.FFmpegError as error:
        raise _broken(path, last_s) from error
    # without a length of its own, the reading of the picture beside it tells
    own_length = stream.duration is not None or not knows_times(container) or len(container.streams) == 1
    if whole and own_length and tally.ends_early():
        raise _broken(path, last_s)


def _broken(path: Path, last_s: float) -> BadInput:
    return BadInput.of(
        "media.sound_broken",
        f"{path}: the sound breaks off after {last_s:.3f} s",
        "copy it again from its source, or cut off the damaged end",
    )


def _floats(frame: AudioFrame, *, exact: bool) -> Samples:
    channels = frame.layout.nb_channels
    raw = frame.to_ndarray()
    stored = raw.T if frame.format.is_planar else raw.reshape(-1, channels)
    is_deep = stored.dtype.itemsize > 2 and stored.dtype != np.float32
    samples: Samples = np.ascontiguousarray(stored, dtype=np.float64 if exact and is_deep else np.float32)
    if stored.dtype.kind == "u":  # 8 bit: silence is 128
        samples = samples / np.float32(128) - np.float32(1)
    elif stored.dtype.kind == "i":
        samples = samples / np.float32(2.0 ** (8 * stored.dtype.itemsize - 1))
    return samples


def placed(
    first: SoundFrame, others: Iterator[SoundFrame], *, origin: Fraction, tick: Fraction, ends: int | None, path: Path
) -> Iterator[tuple[int, Samples]]:
    """Where on the grid each frame's samples lie; never overlapping, in order.

    Samples are counted, and a time stamp is believed against the count only when it differs by more than its own
    rounding and the next frame's stamp does not go back to the count: one late stamp is jitter, two are a gap.

    Args:
        first: the first frame.
        others: those after it.
        origin: time of the stream's first sample, in seconds.
        tick: length of a tick in seconds.
        ends: the sample behind the last one, where the container says so.
        path: name of the file, for messages.

    Yields:
        The number of a run's first sample on the grid, and the run.

    Raises:
        BadInput: rate or channels change, or time leaps by more than a day.
    """
    rate_hz, channels = first.rate_hz, first.samples.shape[1]
    slack = max(tick * rate_hz, Fraction(1, 2))

    def stamped(frame: SoundFrame, count: int) -> Fraction:
        return Fraction(count) if frame.pts is None else (frame.pts * tick - origin) * rate_hz

    at = round(stamped(first, 0))
    current: SoundFrame | None = first
    while current is not None:
        following = next(others, None)
        if current.rate_hz != rate_hz or current.samples.shape[1] != channels:
            raise BadInput.of(
                "media.sound_changes",
                f"{path}: the sound changes its rate or channels at {float(origin + Fraction(at, rate_hz)):.3f} s",
                "convert its sound to one format, or split it there",
            )
        samples = current.samples
        stamp = stamped(current, at)
        if abs(stamp - at) > slack:
            behind = at + len(samples)
            if following is None or abs(stamped(following, behind) - behind) > slack:
                if stamp - at > _LONGEST_GAP_S * rate_hz:
                    raise BadInput.of(
                        "media.sound_times",
                        f"{path}: the sound leaps from {float(origin + Fraction(at, rate_hz)):.3f} s by "
                        f"{float((stamp - at) / rate_hz) / 3600:.0f} hours",
                        "remux the recording so that its times are whole",
                    )
                samples = samples[max(0, at - round(stamp)) :]
                at = max(at, round(stamp))
        if following is None and current.duration:
            # the encoder filled its last frame with padding, and the container says so
            behind = max(at + round(current.duration * tick * rate_hz), at if ends is None else ends)
            if at + len(samples) - behind > slack:
                samples = samples[: behind - at]
        yield at, samples
        at += len(samples)
        current = following
