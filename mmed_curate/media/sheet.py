"""Small pictures for a contact sheet: frames of clips, fitted into squares by ffmpeg filter graphs, and their JPEGs."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import ffmpeg
import imageio_ffmpeg
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame

_AT_ONCE = 12
"""Clips in one filter graph: each is decoded by a thread of its own, and all their files are open (ours)."""
_QUALITY = 4
"""Quantiser of the JPEGs, from 2 (best) to 31."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One frame of a clip."""

    clip: Path
    frame: Frame


def thumbnails(shots: Sequence[Shot], side_px: int) -> NDArray[np.uint8]:
    """Frames of clips, each fitted into a square and centred on black.

    Args:
        shots: which; a clip may come more than once.
        side_px: of the squares.

    Returns:
        (n, side_px, side_px, 3) RGB.

    Raises:
        BadInput: a clip cannot be read, or has no such frame.
    """
    different = list(dict.fromkeys(shots))  # a filter graph holds each of its parts once
    drawn = {
        shot: picture
        for first in range(0, len(different), _AT_ONCE)
        for shot, picture in zip(
            different[first : first + _AT_ONCE], _drawn(different[first : first + _AT_ONCE], side_px), strict=True
        )
    }
    return np.array([drawn[shot] for shot in shots], dtype=np.uint8).reshape(-1, side_px, side_px, 3)


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """A picture as a JPEG file.

    Args:
        picture: (H, W, 3) RGB.
    """
    encoder = av.CodecContext.create("mjpeg", "w")
    if not isinstance(encoder, VideoCodecContext):
        raise TypeError("mjpeg is a picture codec")
    encoder.height, encoder.width = picture.shape[:2]
    encoder.pix_fmt = "yuvj444p"
    encoder.time_base = Fraction(1)
    encoder.qmin = encoder.qmax = _QUALITY
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(format="yuvj444p")
    frame.pts = 0
    return b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None)))


def _drawn(shots: Sequence[Shot], side_px: int) -> NDArray[np.uint8]:
    cells = [_cell(shot, side_px) for shot in shots]
    drawn = cells[0] if len(cells) == 1 else ffmpeg.filter(cells, "vstack", inputs=len(cells))
    wanted = (len(shots), side_px, side_px, 3)
    try:
        raw, _ = (
            ffmpeg.output(drawn, "pipe:", vframes=1, format="rawvideo", pix_fmt="rgb24")
            .global_args("-nostdin")
            .run(cmd=_binary(), capture_stdout=True, capture_stderr=True)
        )
    except ffmpeg.Error as error:
        last = " ".join((error.stderr or b"").decode(errors="replace").strip().splitlines()[-1:])
        raise _undrawn(last) from error
    if len(raw) != math.prod(wanted):
        raise _undrawn("a clip lacks the frame that was asked for")
    return np.frombuffer(raw, dtype=np.uint8).reshape(wanted)


def _cell(shot: Shot, side_px: int) -> ffmpeg.Stream:
    picture = ffmpeg.input(str(shot.clip)).video.filter("select", f"eq(n,{shot.frame})").filter("setpts", "0")
    fitted = picture.filter("scale", side_px, side_px, force_original_aspect_ratio="decrease")
    return fitted.filter("pad", side_px, side_px, "(ow-iw)/2", "(oh-ih)/2").filter("format", "gbrp")


def _undrawn(why: str) -> BadInput:
    return BadInput.of("sheet.not_drawn", f"no thumbnails could be drawn ({why})", "check the clips that they show")


def _binary() -> str:
    """The ffmpeg on the PATH, or the one that imageio-ffmpeg brings."""
    return shutil.which("ffmpeg") or str(imageio_ffmpeg.get_ffmpeg_exe())
