"""Sound on the recording's clock: sample n of a stream sounds at the stream's start + n / rate.

Where time stamps leave a gap there is silence; before the stream begins and after it ends, too.
"""

from __future__ import annotations

import wave
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from numpy.typing import NDArray

from mmed_curate.domain.files import written_aside
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import SampleRange, samples_between
from mmed_curate.media.container import (
    AS_PLAYED,
    StreamChoice,
    Tally,
    knows_times,
    opened,
    read_only,
    sound_stream,
    tick_of,
)
from mmed_curate.media.resample import margin, resampled
from mmed_curate.media.write import as_int16

Samples = NDArray[np.float32]
"""(N, C) float32."""

_PREROLL_S = Fraction(1)
"""Decoded and thrown away after a seek: more than any codec needs to settle (Opus wants 80 ms, RFC 7845)."""
_WORTH_A_SEEK_S = 10
"""A shorter way forward is decoded instead."""
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ, _MOST_CHANNELS = 1000, 768_000, 64
"""What converters and formats know; beyond it a header is damaged, and a filter to resample would fill the memory."""
_LONGEST_GAP_S = 24 * 3600
"""Longer than any session: a time stamp that leaps so far is damaged, and silence up to it would take hours."""
_WITHOUT_MEMORY = frozenset({"flac", "alac"})
"""Codecs beside PCM of which each packet is decoded by itself."""
AUDIBLE = 1 / 32768
"""Anything quieter is digital silence: it would be zero as 16-bit sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A run of samples on the recording's clock."""

    samples: Samples
    """(N, C) in [-1, 1]; lossy codecs may overshoot a little."""
    rate_hz: int
    start: Fraction
    """Time of the first sample, in seconds."""

    @property
    def n_samples(self) -> int:
        """Number of samples, each of all channels."""
        return len(self.samples)


class SoundReader:
    """Reads runs of samples from one recording; cheap when they are asked for in the order of their start.

    Memory holds no more than the run asked for. A seek is used only in .mp4 and .mov, whose ticks are fine enough to
    find the same sample again; elsewhere (Matroska: whole ms) the samples are counted from the start.
    """

    def __init__(self, path: Path, *, streams: StreamChoice = AS_PLAYED, exact: bool = False) -> None:
        """Name the recording; nothing is opened yet.

        Args:
            path: the recording.
            streams: which of several sounds is meant.
            exact: every bit is as a decoder gives it that began at the start, whatever was read before: no seek where
                samples depend on earlier ones (AAC draws its noise by lot), and float64 samples where float32 cannot
                hold what is stored.
        """
        self._path = path
        self._streams = streams
        self._exact = exact
        self._format = "flt"
        self._stack = ExitStack()
        self._rate_hz = self._channels = 0
        self._origin = Fraction(0)
        self._may_seek = False
        self._floor: int | None = None
        """The first sample that can be read without opening the file again; None: any."""
        self._reached = 0
        """The sample behind the last one decoded."""
        self._ended = False
        self._kept: deque[tuple[int, Samples]] = deque()
        self._runs: Iterator[tuple[int, Samples]] = iter(())

    def __enter__(self) -> Self:
        """Open the recording and find where its sound begins.

        Raises:
            BadInput: the file cannot be read, or holds no sound stream or not the one chosen.
        """
        container, stream = self._open()
        first = next(_frames(container, stream, self._path, exact=self._exact), None)
        tick = tick_of(stream)
        self._rate_hz = first.rate_hz if first else stream.codec_context.sample_rate
        self._channels = first.samples.shape[1] if first else stream.codec_context.channels
        if not (_LOWEST_RATE_HZ <= self._rate_hz <= _HIGHEST_RATE_HZ and 1 <= self._channels <= _MOST_CHANNELS):
            raise BadInput.of(
                "media.sound_format",
                f"{self._path} says that its sound has {self._rate_hz} Hz and {self._channels} channels",
                "copy it again from its source, or convert its sound",
            )
        self._origin = (first.pts or 0) * tick if first else Fraction(0)
        told = stream.codec_context.format  # None until a frame of some codecs was decoded
        self._format = told.packed.name if told else "flt"
        codec = stream.codec_context.name
        may_begin_anywhere = not self._exact or codec.startswith("pcm_") or codec in _WITHOUT_MEMORY
        self._may_seek = "mov" in container.format.name and tick * self._rate_hz <= 1 and may_begin_anywhere
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the recording."""
        self._stack.close()

    @property
    def rate_hz(self) -> int:
        """Sampling rate of the stream."""
        return self._rate_hz

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._channels

    @property
    def sample_format(self) -> str:
        """FFmpeg's name of what the decoder gives, channels interleaved: `u8`, `s16`, `s32`, `flt`, `dbl`."""
        return self._format

    @property
    def origin(self) -> Fraction:
        """Time of the stream's first sample on the recording's clock, in seconds."""
        return self._origin

    def read(self, start: Fraction, stop: Fraction, *, rate_hz: int | None = None, mono: bool = False) -> Sound:
        """The samples that sound from `start` up to `stop` (`domain.time.samples_between`).

        Args:
            start: seconds on the recording's clock.
            stop: seconds on the recording's clock; outside.
            rate_hz: resample to this rate, on a grid with the same first sample; None: as stored.
            mono: give the mean of all channels.

        Raises:
            BadInput: the sound cannot be decoded there.
        """
        rate = rate_hz or self._rate_hz
        wanted = samples_between(start, stop, rate_hz=rate, origin=self.origin)
        if rate == self._rate_hz:
            samples = self._stretch(wanted)
        else:
            reach = margin(self._rate_hz, rate) + 1
            old = SampleRange(
                start=wanted.start * self._rate_hz // rate - reach,
                stop=wanted.stop * self._rate_hz // rate + reach + 1,
                rate_hz=self._rate_hz,
            )
            samples = resampled(
                self._stretch(old),
                begins=old.start,
                old_rate_hz=self._rate_hz,
                new_rate_hz=rate,
                start=wanted.start,
                stop=wanted.stop,
            )
        if mono and samples.shape[1] > 1:
            samples = samples.mean(axis=1, keepdims=True, dtype=np.float32)
        return Sound(samples=samples, rate_hz=rate, start=self.origin + Fraction(wanted.start, rate))

    def blocks(self, n_samples: int) -> Iterator[Sound]:
        """All of the sound from its first sample to its last, in runs of at most `n_samples`.

        Raises:
            BadInput: the sound cannot be decoded.
        """
        at = 0
        while True:
            samples = self._stretch(SampleRange(start=at, stop=at + n_samples, rate_hz=self._rate_hz))
            if self._ended:
                samples = samples[: max(0, self._reached - at)]
            if len(samples):
                yield Sound(samples=samples, rate_hz=self._rate_hz, start=self.origin + Fraction(at, self._rate_hz))
            if self._ended:
                return
            at += n_samples

    def _stretch(self, wanted: SampleRange) -> Samples:
        if self._floor is not None and wanted.start < self._floor:
            self._begin()
        if self._may_seek and wanted.start - self._reached > _WORTH_A_SEEK_S * self._rate_hz:
            self._begin(wanted.start)
        self._floor = wanted.start
        while not self._ended and self._reached < wanted.stop:
            run = next(self._runs, None)
            if run is None:
                self._ended = True
                break
            self._reached = run[0] + len(run[1])
            self._kept.append(run)
            while self._kept and self._kept[0][0] + len(self._kept[0][1]) <= wanted.start:
                self._kept.popleft()
        held = self._kept[0][1].dtype if self._kept else np.dtype(np.float32)
        samples: Samples = np.zeros((max(0, wanted.n_samples), self._channels), dtype=held)
        for at, run_samples in self._kept:
            first, behind = max(at, wanted.start), min(at + len(run_samples), wanted.stop)
            if first < behind:
                samples[first - wanted.start : behind - wanted.start] = run_samples[first - at : behind - at]
        return samples

    def _open(self) -> tuple[InputContainer, AudioStream]:
        self._stack.close()
        container = self._stack.enter_context(opened(self._path))
        stream = sound_stream(container, self._path, self._streams)
        if stream is None:
            raise BadInput.of("media.no_sound", f"{self._path} holds no sound", "give a recording with sound")
        read_only(container, stream)
        return container, stream

    def _begin(self, wanted: int | None = None) -> None:
        """Open the file anew, at its start or well before a wanted sample."""
        container, stream = self._open()
        tick = tick_of(stream)
        if wanted is not None:
            aim = self._origin + Fraction(wanted, self._rate_hz) - _PREROLL_S
            try:
                container.seek(int(aim / tick), stream=stream, backward=True)
            except av.FFmpegError:
                self._may_seek = False
                self._begin()
                return
        frames = _frames(container, stream, self._path, whole=wanted is None, exact=self._exact)
        first = next(frames, None)
        self._kept.clear()
        self._floor, self._reached = wanted, 0
        self._ended = first is None
        if first is None:
            return
        if wanted is not None and (first.pts is None or (first.pts * tick - self._origin) * self._rate_hz > wanted):
            self._may_seek = False
            self._begin()
            return
        ends: int | None = None
        if self._may_seek and stream.duration is not None:
            # where the sound starts late, FFmpeg cuts the last packet's duration too short: believe the track's too
            track_ends = ((stream.start_time or 0) + stream.duration) * tick
            ends = round((track_ends - self._origin) * self._rate_hz)
        self._runs = _placed(first, frames, origin=self._origin, tick=tick, ends=ends, path=self._path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoded:
    """One frame of sound as the decoder gives it."""

    pts: int | None
    duration: int
    """Ticks; 0: it does not say."""
    rate_hz: int
    samples: Samples
    """(N, C)."""


def _frames(
    container: InputContainer, stream: AudioStream, path: Path, *, whole: bool = False, exact: bool = False
) -> Iterator[_Decoded]:
    """All frames from here on; with `whole`, the file is read from its start and must hold all it says."""
    last_s = 0.0
    tally = Tally(container, stream)
    try:
        for packet in tally.packets():
            for frame in packet.decode():
                if isinstance(frame, AudioFrame) and frame.samples:
                    last_s = last_s if frame.time is None else frame.time
                    samples = _floats(frame, exact=exact)
                    yield _Decoded(pts=frame.pts, duration=frame.duration, rate_hz=frame.sample_rate, samples=samples)
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


def _placed(
    first: _Decoded, others: Iterator[_Decoded], *, origin: Fraction, tick: Fraction, ends: int | None, path: Path
) -> Iterator[tuple[int, Samples]]:
    """Where on the grid each frame's samples lie; never overlapping, in order.

    Samples are counted, and a time stamp is believed against the count only when it differs by more than its own
    rounding and the next frame's stamp does not go back to the count: one late stamp is jitter, two are a gap.
    """
    rate_hz, channels = first.rate_hz, first.samples.shape[1]
    slack = max(tick * rate_hz, Fraction(1, 2))

    def stamped(frame: _Decoded, count: int) -> Fraction:
        return Fraction(count) if frame.pts is None else (frame.pts * tick - origin) * rate_hz

    at = round(stamped(first, 0))
    current: _Decoded | None = first
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


def read_sound(
    path: Path,
    start: Fraction,
    stop: Fraction,
    *,
    rate_hz: int | None = None,
    mono: bool = False,
    streams: StreamChoice = AS_PLAYED,
) -> Sound:
    """The samples of one stretch of a recording; see `SoundReader.read`.

    Raises:
        BadInput: the file cannot be read, holds no sound stream, or cannot be decoded there.
    """
    with SoundReader(path, streams=streams) as reader:
        return reader.read(start, stop, rate_hz=rate_hz, mono=mono)


def sound_samples(path: Path, *, block_s: Fraction = Fraction(1), streams: StreamChoice = AS_PLAYED) -> Iterator[Sound]:
    """All of a recording's sound in blocks, in order, gaps filled with silence; memory does not grow with its length.

    Raises:
        BadInput: the file cannot be read, holds no sound stream, or cannot be decoded.
    """
    with SoundReader(path, streams=streams) as reader:
        yield from reader.blocks(max(1, round(block_s * reader.rate_hz)))


def sound_span(path: Path, *, streams: StreamChoice = AS_PLAYED) -> tuple[Fraction, Fraction] | None:
    """When the sound begins and ends on the recording's clock, in seconds, by decoding it; None: there is no stream.

    Raises:
        BadInput: the file cannot be read, or its sound cannot be decoded.
    """
    if not _has_stream(path, streams):
        return None
    begins: Fraction | None = None
    ends = Fraction(0)
    for block in sound_samples(path, streams=streams):
        begins = block.start if begins is None else begins
        ends = block.start + Fraction(block.n_samples, block.rate_hz)
    return None if begins is None else (begins, ends)


def has_sound(path: Path, *, streams: StreamChoice = AS_PLAYED) -> bool:
    """Whether there is a sound stream that is not digital silence.

    Raises:
        BadInput: the file cannot be read, or its sound cannot be decoded.
    """
    if not _has_stream(path, streams):
        return False
    return any(bool(np.any(np.abs(block.samples) >= AUDIBLE)) for block in sound_samples(path, streams=streams))


def write_wav(path: Path, sound: Sound) -> None:
    """Write PCM s16le WAV: the exact samples, rounded to 16 bits.

    Raises:
        BadInput: the folder is missing or may not be written, or the disk is full.
    """
    with written_aside(path) as aside, wave.open(str(aside), "wb") as stream:
        stream.setnchannels(sound.samples.shape[1])
        stream.setsampwidth(2)
        stream.setframerate(sound.rate_hz)
        stream.writeframes(as_int16(sound.samples).astype("<i2").tobytes())


def _has_stream(path: Path, streams: StreamChoice) -> bool:
    with opened(path) as container:
        return sound_stream(container, path, streams) is not None
