"""Writing a recording out of pictures in colour and floating-point sound: H.264 with exact times, the same bytes twice.

Nothing of any source's metadata is written, and neither dates nor the writing program's version.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.media.mux import MediaFile, PictureEncoding, SoundEncoding, as_int16

__all__ = ["RecordingWriter", "as_int16"]

SoundCodec = Literal["aac", "pcm_s16le"]
Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]
"""How long x264 thinks about each picture."""

_EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.BITEXACT


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
        self._width, self._height = width, height
        self._file = MediaFile(
            path,
            PictureEncoding(
                width=width + width % 2,
                height=height + height % 2,
                time_base=time_base,
                crf=crf,
                preset=preset,
                signed=True,  # recordings that were made from a seed keep their bytes, and with them their ids
            ),
            None
            if sample_rate_hz is None
            else SoundEncoding(rate_hz=sample_rate_hz, channels=_one_or_two(channels), codec=sound_codec),
        )
        self._reformatter = VideoReformatter()

    def __enter__(self) -> Self:
        """Open the file beside its final name.

        Raises:
            BadInput: the folder is missing or may not be written, or the disk is full.
        """
        self._file.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file and give it its name, or remove it after an error."""
        self._file.__exit__(kind, error, trace)

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
        self._file.frame(frame, pts, duration)

    def sound(self, samples: NDArray[np.float32]) -> None:
        """Add the next samples; give them along with the pictures, so that little has to be held back.

        Args:
            samples: (N, C) float32 in [-1, 1]; beyond that they are clipped.
        """
        self._file.sound(samples)


def _one_or_two(channels: int) -> int:
    if channels not in {1, 2}:
        raise BadInput.of("media.channels", f"cannot write {channels} channels of sound", "mix to one or two")
    return channels
