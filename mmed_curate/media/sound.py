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
from av.audio.stream import AudioStream
from av.container.input import InputContainer

from mmed_curate.domain.files import written_aside
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import SampleRange, samples_between
from mmed_curate.media.container import AS_PLAYED, StreamChoice, opened, read_only, sound_stream, tick_of
from mmed_curate.media.placing import Samples, placed, sound_frames
from mmed_curate.media.resample import margin, resampled
from mmed_curate.media.write import as_int16

_PREROLL_S = Fraction(1)
"""Decoded and thrown away after a seek: more than any codec needs to settle (Opus wants 80 ms, RFC 7845)."""
_WORTH_A_SEEK_S = 10
"""A shorter way forward is decoded instead."""
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ, _MOST_CHANNELS = 1000, 768_000, 64
"""What converters and formats know; beyond it a header is damaged, and a filter to resample would fill the memory."""
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
        first = next(sound_frames(container, stream, self._path, exact=self._exact), None)
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
        frames = sound_frames(container, stream, self._path, whole=wanted is None, exact=self._exact)
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
        self._runs = placed(first, frames, origin=self._origin, tick=tick, ends=ends, path=self._path)


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
