"""Writing a recording or a clip: H.264 with exact times, sound of exactly the samples given, the same bytes twice.

Nothing of any source's metadata is written, and neither dates nor the writing program's version.
"""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.output import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from mmed_curate.domain.files import written_aside
from mmed_curate.domain.findings import BadInput

SoundCodec = Literal["aac", "pcm_s16le"]

_EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
_BITRATE = "128k"
"""Of the AAC preview; transparent for speech."""
_CHUNK = 1024
"""Samples in one frame handed to the encoder."""

_LARGEST_TIMESCALE = 1_000_000

AAC_RATES_HZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
"""Rates that AAC knows (ISO/IEC 14496-3, table 1.18)."""


class RecordingWriter:
    """Writes pictures and sound; the file takes its name when the block is left without an error, else it is gone.

    The picture is H.264 yuv420p (BT.601, limited range) without B-frames, each frame at exactly the tick given; an odd
    width or height is made even by repeating the last column or row once. AAC carries the encoder's padding behind
    the last sample, which its edit list hides; `pcm_s16le` in .mov or .mkv is exact. x264 runs on one thread with the
    processor's own shortcuts off, so that the bytes depend on neither.
    """

    def __init__(
        self,
        path: Path,
        *,
        width: int,
        height: int,
        time_base: Fraction,
        sample_rate_hz: int | None = None,
        channels: int = 1,
        crf: int = 20,
        preset: str = "veryfast",
        sound_codec: SoundCodec = "aac",
    ) -> None:
        """Begin a file.

        Args:
            path: .mp4, .mov or .mkv.
            width: of the pictures to come, in pixels.
            height: of the pictures to come, in pixels.
            time_base: length of a tick in seconds; exact in .mp4 and .mov, .mkv rounds to whole ms.
            sample_rate_hz: None: no sound.
            channels: 1 or 2.
            crf: x264's constant rate factor, 0 (lossless) to 51.
            preset: x264's preset.
            sound_codec: how to store the sound.

        Raises:
            BadInput: the channels or the rate cannot be stored.
        """
        if sample_rate_hz is not None:
            if channels not in {1, 2}:
                raise BadInput.of("media.channels", f"cannot write {channels} channels of sound", "mix to one or two")
            if sound_codec == "aac" and sample_rate_hz not in AAC_RATES_HZ:
                raise BadInput.of(
                    "media.aac_rate", f"AAC knows no rate of {sample_rate_hz} Hz", "resample, or store as pcm_s16le"
                )
        self._path = path
        self._width, self._height = width, height
        self._time_base = time_base
        self._rate_hz = sample_rate_hz
        self._channels = channels
        self._picture_options = {
            "crf": str(crf),
            "preset": preset,
            "bf": "0",
            "threads": "1",
            "x264-params": "cpu-independent=1",
            "flags": "+bitexact",
        }
        self._sound_codec: SoundCodec = sound_codec
        self._stack = ExitStack()
        self._reformatter = VideoReformatter()
        self._waiting: tuple[VideoFrame, int | None] | None = None
        self._lasting: dict[int, int] = {}
        self._previous_lasted = 1
        self._n_samples = 0
        self._left_over = np.zeros((0, channels), dtype=np.float32)

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
                options["movie_timescale"] = str(self._rate_hz or min(self._time_base.denominator, _LARGEST_TIMESCALE))
            self._container: OutputContainer = stack.enter_context(av.open(f"file:{aside}", mode="w", options=options))
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

    def picture(self, bgr: NDArray[np.uint8], pts: int, duration: int | None = None) -> None:
        """Add the next picture.

        Args:
            bgr: (H, W, 3) uint8.
            pts: its tick; larger than the one before.
            duration: how long it lasts, in ticks; None: until the next, and the last as long as the one before it.
        """
        if bgr.shape != (self._height, self._width, 3):
            raise ValueError(f"need a picture of {(self._height, self._width, 3)}, got {bgr.shape}")
        even = np.pad(bgr, ((0, self._height % 2), (0, self._width % 2), (0, 0)), mode="edge")
        frame = self._reformatter.reformat(
            VideoFrame.from_ndarray(np.ascontiguousarray(even), format="bgr24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
            interpolation=_EXACT,
            threads=1,
        )
        frame.pts, frame.time_base = pts, self._time_base
        if self._waiting is not None:
            self._encode(*self._waiting, until=pts)
        self._waiting = (frame, duration)

    def sound(self, samples: NDArray[np.float32]) -> None:
        """Add the next samples; give them along with the pictures, so that little has to be held back.

        Args:
            samples: (N, C) float32 in [-1, 1]; beyond that they are clipped.
        """
        if self._sound_stream is None or samples.ndim != 2 or samples.shape[1] != self._channels:
            raise ValueError(f"need (N, {self._channels}) samples and a sample rate, got {samples.shape}")
        self._left_over = np.concatenate([self._left_over, np.clip(samples, -1, 1)])
        whole = len(self._left_over) // _CHUNK * _CHUNK
        for start in range(0, whole, _CHUNK):
            self._encode_sound(self._left_over[start : start + _CHUNK])
        self._left_over = self._left_over[whole:].copy()

    def _new_picture_stream(self) -> VideoStream:
        stream = self._container.add_stream("libx264", rate=30, options=self._picture_options)
        stream.width = self._width + self._width % 2
        stream.height = self._height + self._height % 2
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = self._time_base
        context.color_range = ColorRange.MPEG.value
        context.colorspace = context.color_primaries = context.color_trc = 6  # SMPTE 170M, the code of BT.601
        return stream

    def _new_sound_stream(self) -> AudioStream | None:
        if self._rate_hz is None:
            return None
        options = {"flags": "+bitexact", "threads": "1"}
        if self._sound_codec == "aac":
            options["b"] = _BITRATE
        stream = self._container.add_stream(
            self._sound_codec, rate=self._rate_hz, options=options, layout="mono" if self._channels == 1 else "stereo"
        )
        return stream

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
            self._container.mux(packet)

    def _encode_sound(self, samples: NDArray[np.float32]) -> None:
        layout = "mono" if self._channels == 1 else "stereo"
        if self._sound_codec == "aac":
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout=layout)
        else:
            frame = AudioFrame.from_ndarray(as_int16(samples).reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = self._rate_hz or 1
        frame.time_base = Fraction(1, frame.sample_rate)
        frame.pts = self._n_samples
        self._n_samples += len(samples)
        if self._sound_stream is not None:
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


def as_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """16-bit samples, rounded to nearest; ±1 is ±32768, clipped at the top, so that 16-bit sound survives unchanged."""
    rounded: NDArray[np.int16] = np.clip(np.rint(samples * np.float32(32768)), -32768, 32767).astype(np.int16)
    return rounded
