"""One file with a picture of exact times and sound of exact samples; nothing is converted here, the same bytes twice.

Nothing of any source's metadata is written, and neither dates nor the writing program's version.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.container.output import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from mmed_curate.domain.files import written_aside
from mmed_curate.domain.findings import BadInput
from mmed_curate.media.planes import BT601, Colours

SoundCodec = Literal["aac", "pcm_u8", "pcm_s16le", "pcm_s32le", "pcm_f32le", "pcm_f64le"]
Samples = NDArray[np.float32] | NDArray[np.float64]
"""(N, C)."""

AAC_RATES_HZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
"""Rates that AAC knows (ISO/IEC 14496-3, table 1.18)."""

_BITRATE = "128k"
"""Of the AAC preview; transparent for speech."""
_CHUNK = 1024
"""Samples in one frame handed to the encoder."""
_LARGEST_TIMESCALE = 1_000_000
_FORMATS: dict[SoundCodec, str] = {
    "aac": "fltp",
    "pcm_u8": "u8",
    "pcm_s16le": "s16",
    "pcm_s32le": "s32",
    "pcm_f32le": "flt",
    "pcm_f64le": "dbl",
}
_BY_X264 = frozenset({"yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le"})
"""What libx264 stores as it is."""
_HALVED_SIDES = {"yuv420p": (True, True), "yuv420p10le": (True, True), "yuv422p": (True, False)}
_HALVED_SIDES |= {"yuv422p10le": (True, False)}
"""Whether x264 needs width and height to be even."""


class PictureCodec(Enum):
    """How pictures are compressed."""

    H264 = "h264"
    """By x264."""
    FFV1 = "ffv1"
    """Always lossless (RFC 9043); FFmpeg and what is built on it reads it, browsers do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureEncoding:
    """How one picture stream is stored."""

    width: int
    height: int
    time_base: Fraction
    """Length of a tick in seconds; exact in .mp4 and .mov, .mkv rounds to whole ms."""
    codec: PictureCodec = PictureCodec.H264
    pixel_format: str = "yuv420p"
    """FFmpeg's name; every frame given must have it."""
    colours: Colours = BT601
    pixel_aspect: Fraction | None = None
    """Width of a pixel over its height; None: not said, which players take as square."""
    crf: int | None = 20
    """x264's constant rate factor, 0 to 51; None: lossless (x264 with qp 0). FFV1 knows none."""
    preset: str = "veryfast"
    """x264's; FFV1 knows none."""
    signed: bool = False
    """x264 may write its version and all of its options into the first picture, as it does when nobody stops it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundEncoding:
    """How one sound stream is stored."""

    rate_hz: int
    channels: int
    codec: SoundCodec = "aac"

    def __post_init__(self) -> None:
        if self.codec != "aac":
            return
        if self.channels not in {1, 2}:
            raise BadInput.of("media.channels", f"cannot write {self.channels} channels of sound", "mix to one or two")
        if self.rate_hz not in AAC_RATES_HZ:
            raise BadInput.of(
                "media.aac_rate", f"AAC knows no rate of {self.rate_hz} Hz", "resample, or store as pcm_s16le"
            )


class MediaFile:
    """Writes frames and samples as they are; the file takes its name when the block is left without an error, else it
    is gone.

    H.264 is written without B-frames, by one thread and with the processor's own shortcuts off, so that the bytes
    depend on neither. AAC carries the encoder's padding behind the last sample, which its edit list hides; PCM in .mov
    or .mkv is exact.
    """

    def __init__(self, path: Path, picture: PictureEncoding, sound: SoundEncoding | None = None) -> None:
        """Begin a file: .mp4, .mov or .mkv."""
        self._path = path
        self._picture = picture
        self._sound = sound
        self._stack = ExitStack()
        self._waiting: tuple[VideoFrame, int | None] | None = None
        self._lasting: dict[int, int] = {}
        self._previous_lasted = 1
        self._picture_muxed = False
        self._n_samples = 0
        self._left_over: Samples = np.zeros((0, sound.channels if sound else 1), dtype=np.float32)

    def __enter__(self) -> Self:
        """Open the file beside its final name.

        Raises:
            BadInput: the folder is missing or may not be written, or the disk is full.
        """
        with ExitStack() as stack:
            aside = stack.enter_context(written_aside(self._path))
            options = {"fflags": "+bitexact"}
            if self._path.suffix in {".mp4", ".mov", ".m4v"}:
                options["movflags"] = "+faststart"
                # edit lists count in this unit: in the usual ms, the last samples would be cut off
                rate_hz = self._sound.rate_hz if self._sound else 0
                scale = rate_hz or min(self._picture.time_base.denominator, _LARGEST_TIMESCALE)
                options["movie_timescale"] = str(scale)
            # FFmpeg writes FFV1 into .mp4 and not into .mov, which are otherwise the same boxes
            kind = "mp4" if self._picture.codec is PictureCodec.FFV1 and self._path.suffix == ".mov" else None
            opened = av.open(f"file:{aside}", mode="w", format=kind, options=options)
            self._container: OutputContainer = stack.enter_context(opened)
            self._picture_stream = self._new_picture_stream()
            self._sound_stream = self._new_sound_stream()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file and give it its name, or remove it after an error."""
        if kind is None:
            with self._stack:
                self._finish()
        else:
            self._stack.__exit__(kind, error, trace)

    def frame(self, frame: VideoFrame, pts: int, duration: int | None = None) -> None:
        """Add the next picture, in the pixel format and size of the file.

        Args:
            frame: is kept and given times.
            pts: its tick; larger than the one before.
            duration: how long it lasts, in ticks; None: until the next, and the last as long as the one before it.
        """
        wanted = (self._picture.width, self._picture.height, self._picture.pixel_format)
        if (frame.width, frame.height, frame.format.name) != wanted:
            raise ValueError(f"need a frame of {wanted}, got {frame}")
        frame.pts, frame.time_base = pts, self._picture.time_base
        if self._waiting is not None:
            self._encode(*self._waiting, until=pts)
        self._waiting = (frame, duration)

    def sound(self, samples: Samples) -> None:
        """Add the next samples; give them along with the pictures, so that little has to be held back.

        Args:
            samples: (N, C) in [-1, 1]; beyond that they are clipped, except in PCM of floats.
        """
        if self._sound is None or samples.ndim != 2 or samples.shape[1] != self._sound.channels:
            wanted = self._sound.channels if self._sound else 0
            raise ValueError(f"need (N, {wanted}) samples and a sample rate, got {samples.shape}")
        self._left_over = np.concatenate([self._left_over, samples])
        whole = len(self._left_over) // _CHUNK * _CHUNK
        for start in range(0, whole, _CHUNK):
            self._encode_sound(self._left_over[start : start + _CHUNK])
        self._left_over = self._left_over[whole:].copy()

    def _new_picture_stream(self) -> VideoStream:
        wanted = self._picture
        options = {"threads": "1", "flags": "+bitexact"}
        if wanted.codec is PictureCodec.H264:
            options |= {"preset": wanted.preset, "bf": "0", "x264-params": "cpu-independent=1"}
            options |= {"qp": "0"} if wanted.crf is None else {"crf": str(wanted.crf)}
            stream = self._container.add_stream("libx264", rate=30, options=options)
        else:
            # version 3 guards each slice by a checksum; the larger context is as archives advise (RFC 9043)
            options |= {"level": "3", "coder": "1", "context": "1", "slicecrc": "1", "g": "1"}
            stream = self._container.add_stream("ffv1", rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = wanted.width, wanted.height, wanted.pixel_format
        context = stream.codec_context
        context.time_base = wanted.time_base
        context.color_range, context.colorspace = wanted.colours.range, wanted.colours.matrix
        context.color_primaries, context.color_trc = wanted.colours.primaries, wanted.colours.transfer
        if wanted.pixel_aspect is not None:
            context.sample_aspect_ratio = wanted.pixel_aspect
        return stream

    def _new_sound_stream(self) -> AudioStream | None:
        if self._sound is None:
            return None
        options = {"flags": "+bitexact", "threads": "1"}
        if self._sound.codec == "aac":
            options["b"] = _BITRATE
        return self._container.add_stream(
            self._sound.codec, rate=self._sound.rate_hz, options=options, layout=_layout(self._sound.channels)
        )

    def _encode(self, frame: VideoFrame, duration: int | None, *, until: int | None) -> None:
        pts = frame.pts or 0
        lasts = duration or (self._previous_lasted if until is None else until - pts)
        self._previous_lasted = lasts
        self._lasting[pts] = frame.duration = lasts
        self._mux_pictures(frame)

    def _mux_pictures(self, frame: VideoFrame | None) -> None:
        for packet in self._picture_stream.encode(frame):
            if packet.pts is not None:
                packet.duration = self._lasting.pop(packet.pts, packet.duration)
            if not self._picture_muxed and self._picture.codec is PictureCodec.H264 and not self._picture.signed:
                # units of kind 6 say something beside the picture (H.264, table 7-1); x264 signs the first one only
                (packet,) = BitStreamFilterContext("filter_units=remove_types=6", "h264").filter(packet)
            self._picture_muxed = True
            self._container.mux(packet)

    def _encode_sound(self, samples: Samples) -> None:
        if self._sound is None or self._sound_stream is None:
            return
        stored = as_stored(samples, self._sound.codec)
        planar = self._sound.codec == "aac"
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(stored.T if planar else stored.reshape(1, -1)),
            format=_FORMATS[self._sound.codec],
            layout=_layout(self._sound.channels),
        )
        frame.sample_rate = self._sound.rate_hz
        frame.time_base = Fraction(1, frame.sample_rate)
        frame.pts = self._n_samples
        self._n_samples += len(samples)
        self._container.mux(self._sound_stream.encode(frame))

    def _finish(self) -> None:
        if self._waiting is None:
            raise BadInput.of("media.no_picture", f"no picture was given for {self._path}", "give at least one")
        self._encode(*self._waiting, until=None)
        if len(self._left_over):
            self._encode_sound(self._left_over)
        self._mux_pictures(None)
        if self._sound_stream is not None:
            self._container.mux(self._sound_stream.encode(None))


def stored_by_x264(pixel_format: str, width: int, height: int) -> bool:
    """Whether x264 stores pictures of that format and size as they are, in a way that decoders give back the same."""
    even_wide, even_high = _HALVED_SIDES.get(pixel_format, (False, False))
    fits = not (even_wide and width % 2) and not (even_high and height % 2)
    return pixel_format in _BY_X264 and fits


def as_int16(samples: Samples) -> NDArray[np.int16]:
    """16-bit samples, rounded to nearest; ±1 is ±32768, clipped at the top, so that 16-bit sound survives unchanged."""
    rounded: NDArray[np.int16] = np.clip(np.rint(samples * np.float32(32768)), -32768, 32767).astype(np.int16)
    return rounded


def as_stored(samples: Samples, codec: SoundCodec) -> NDArray[np.generic]:
    """Samples in [-1, 1] as a codec is given them; those that were read from the same format survive unchanged."""
    match codec:
        case "aac":
            return np.clip(samples, -1, 1).astype(np.float32)
        case "pcm_u8":
            return (np.clip(np.rint(samples * np.float32(128)), -128, 127) + 128).astype(np.uint8)
        case "pcm_s16le":
            return as_int16(samples)
        case "pcm_s32le":
            whole = np.rint(samples.astype(np.float64) * 2.0**31)
            return np.clip(whole, -(2.0**31), 2.0**31 - 1).astype(np.int32)
        case "pcm_f32le":
            return samples.astype(np.float32)
        case "pcm_f64le":
            return samples.astype(np.float64)


def _layout(channels: int) -> str:
    return {1: "mono", 2: "stereo", 6: "5.1"}.get(channels, f"{channels} channels")
