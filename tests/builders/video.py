"""Synthetic recordings that prove themselves: each frame shows its number as bars, each sample says its own index.

Written with PyAV directly, so that the package's writer is not tested against itself.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray

WIDTH, HEIGHT, N_BITS = 128, 32, 16
CHUNK = 1024


def barcode(number: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """A picture (H, W, 3) whose sixteen bars, left to right, are the bits of a number, highest first; white is 1.

    Where the width is no multiple of sixteen, what is left at the right is black.
    """
    bits = np.array([number >> (N_BITS - 1 - place) & 1 for place in range(N_BITS)])
    row = np.zeros(width, dtype=np.uint8)
    row[: width // N_BITS * N_BITS] = np.repeat(bits, width // N_BITS) * 255
    return np.ascontiguousarray(np.broadcast_to(row[None, :, None], (height, width, 3)))


def read_barcode(picture: NDArray[np.uint8]) -> int:
    """The number that a picture (H, W) or (H, W, 3) shows."""
    gray = picture.mean(axis=2) if picture.ndim == 3 else picture
    row = gray.mean(axis=0)[: gray.shape[1] // N_BITS * N_BITS]
    number = 0
    for level in row.reshape(N_BITS, -1).mean(axis=1):
        number = number * 2 + int(level > 128)
    return number


def ramp(start: int, n_samples: int) -> NDArray[np.int16]:
    """16-bit samples that say their own index: sample i is i % 60000 − 30000."""
    return ((np.arange(start, start + n_samples) % 60000) - 30000).astype(np.int16)


def index_of(value: np.int16) -> int:
    """The index (modulo 60,000) that a sample of `ramp` says."""
    return int(value) + 30000


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What was written."""

    path: Path
    pts: tuple[int, ...]
    end_pts: int
    time_base: Fraction
    rate_hz: int | None
    sound_start: Fraction
    n_samples: int

    def time_of(self, frame: int) -> Fraction:
        """When a frame appears, in seconds."""
        return self.pts[frame] * self.time_base

    def end_of(self, frame: int) -> Fraction:
        """When a frame gives way, in seconds."""
        return (*self.pts, self.end_pts)[frame + 1] * self.time_base

    def samples_of(self, first: int, last: int) -> range:
        """Indices of the samples that sound during frames first..last, found by stepping; also those never written."""
        assert self.rate_hz is not None
        edges = []
        for edge in (self.time_of(first), self.end_of(last)):
            index = int((edge - self.sound_start) * self.rate_hz) - 2
            while self.sound_start + Fraction(index, self.rate_hz) < edge:
                index += 1
            edges.append(index)
        return range(*edges)


def steady(n_frames: int, step: int, start: int = 0) -> tuple[int, ...]:
    """PTS of frames at a constant distance."""
    return tuple(range(start, start + n_frames * step, step))


def a_recording(
    path: Path,
    *,
    pts: Sequence[int] = steady(60, 512),
    time_base: Fraction = Fraction(1, 15360),
    last_lasts: int = 512,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    b_frames: int = 2,
    key_every: int = 12,
    rate_hz: int | None = 48000,
    sound_codec: str = "pcm_s16le",
    sound_start: Fraction = Fraction(0),
    n_samples: int | None = None,
    channels: int = 1,
    click_at: int | None = None,
    flash_at: int | None = None,
    width: int = WIDTH,
    height: int = HEIGHT,
    options: dict[str, str] | None = None,
    encoder: dict[str, str] | None = None,
    rate: Fraction | int = 30,
) -> Planted:
    """Write a recording.

    Args:
        path: its ending chooses the container.
        pts: tick of each frame.
        time_base: length of a tick in seconds.
        last_lasts: ticks for which the last frame stays.
        rate_hz: sampling rate; None: no sound.
        sound_start: time of the first sample; a whole number of samples.
        n_samples: length of the sound; None: to the end of the picture.
        click_at: sound is silence with one loud sample here (for lossy codecs); None: every sample says its index.
        flash_at: all pictures are dark but this one, which is white; None: every picture shows its number.
        rate: frames per second that the header claims; .avi stores no times but this.
    """
    end_pts = pts[-1] + last_lasts
    if rate_hz is not None and n_samples is None:
        n_samples = int((end_pts * time_base - sound_start) * rate_hz)
    options = dict(options or {})
    if path.suffix in {".mp4", ".mov"}:  # so that the edit list can say any start exactly
        options["movie_timescale"] = str(math.lcm(time_base.denominator, rate_hz or 1))
    with av.open(str(path), "w", options=options) as container:
        encoding = {"bf": str(b_frames), "g": str(key_every), "threads": "1"}
        if codec == "libx264":
            encoding |= {"crf": "10", "preset": "ultrafast"}
        stream = container.add_stream(codec, rate=rate, options=encoding | (encoder or {}))
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.time_base = time_base
        sound = None
        if rate_hz is not None:
            layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
            sound = container.add_stream(sound_codec, rate=rate_hz, layout=layout)
        lasting = dict(zip(pts, [b - a for a, b in zip(pts, [*pts[1:], end_pts], strict=True)], strict=True))
        for number, tick in enumerate(pts):
            shown = number if flash_at is None else 0xFFFF if number == flash_at else 0
            frame = VideoFrame.from_ndarray(barcode(shown, width, height), format="bgr24").reformat(format=pixel_format)
            frame.pts, frame.time_base, frame.duration = tick, time_base, lasting[tick]
            for packet in stream.encode(frame):
                packet.duration = lasting.get(packet.pts, packet.duration)
                container.mux(packet)
        for packet in stream.encode(None):
            packet.duration = lasting.get(packet.pts, packet.duration)
            container.mux(packet)
        if sound is not None:
            assert rate_hz is not None and n_samples is not None
            first = sound_start * rate_hz
            assert first.denominator == 1, "sound_start must be a whole number of samples"
            for begin in range(0, n_samples, CHUNK):
                length = min(CHUNK, n_samples - begin)
                samples = ramp(begin, length)
                if click_at is not None:
                    samples = np.where(np.arange(begin, begin + length) == click_at, 30000, 0).astype(np.int16)
                spread = np.repeat(samples[:, None], channels, axis=1).reshape(1, -1)
                heard = AudioFrame.from_ndarray(np.ascontiguousarray(spread), format="s16", layout=layout)
                heard.sample_rate, heard.time_base, heard.pts = rate_hz, Fraction(1, rate_hz), int(first) + begin
                container.mux(sound.encode(heard))
            container.mux(sound.encode(None))
    return Planted(
        path=path,
        pts=tuple(pts),
        end_pts=end_pts,
        time_base=time_base,
        rate_hz=rate_hz,
        sound_start=sound_start,
        n_samples=n_samples or 0,
    )


def turn(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Write the display matrix (a, b, c, d) into the first track of an .mp4 (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    box = data.index(b"tkhd") - 4
    place = box + 12 + (36 if data[box + 8] == 0 else 48)
    a, b, c, d = (entry << 16 for entry in matrix)
    data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
