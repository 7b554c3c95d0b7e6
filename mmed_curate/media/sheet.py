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

from mmed_curate.domain.files import written_aside
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, Span

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


CELL_PX = 200
"""Side of a thumbnail; a clip's picture is fitted in and centred on black."""
GAIN = 6
"""By how much the difference is amplified (ours: 10 grey levels, a strong edge moved by a pixel, become 60)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One clip and the movement to show of it."""

    clip: Path
    span: Span
    """In frames of the clip."""


def contact_sheet(rows: Sequence[SheetRow], to: Path) -> None:
    """Draw a PNG with one row for each clip: onset, apex, offset, and |apex - onset| amplified, all `CELL_PX` wide.

    Args:
        rows: different clips, from top to bottom.
        to: the picture to write.

    Raises:
        BadInput: there are no rows, a clip comes twice, or one cannot be drawn.
    """
    if not rows or len({row.clip for row in rows}) != len(rows):
        raise BadInput.of("sheet.rows", "a contact sheet needs at least one clip, and each once", "choose other clips")
    strips = [_strip(row) for row in rows]
    drawn = strips[0] if len(strips) == 1 else ffmpeg.filter(strips, "vstack", inputs=len(strips))
    with written_aside(to) as aside:
        try:
            ffmpeg.output(drawn, str(aside), vframes=1, format="image2", vcodec="png").global_args("-nostdin").run(
                cmd=_binary(), overwrite_output=True, capture_stdout=True, capture_stderr=True
            )
        except ffmpeg.Error as error:
            last = (error.stderr or b"").decode(errors="replace").strip().splitlines()[-1:]
            raise BadInput.of(
                "sheet.not_drawn", f"no contact sheet could be drawn ({' '.join(last)})", "check the clips it shows"
            ) from error


def _strip(row: SheetRow) -> ffmpeg.Stream:
    fitted = ffmpeg.input(str(row.clip)).video.filter("scale", CELL_PX, CELL_PX, force_original_aspect_ratio="decrease")
    fitted = fitted.filter("pad", CELL_PX, CELL_PX, "(ow-iw)/2", "(oh-ih)/2").filter("format", "gbrp")
    copies = fitted.filter_multi_output("split", 5)
    marks = (row.span.onset, row.span.apex, row.span.offset, row.span.onset, row.span.apex)
    onset, apex, offset, rest, moved = (
        copies[place].filter("select", f"eq(n,{frame})").filter("setpts", "0") for place, frame in enumerate(marks)
    )
    louder = f"min(val*{GAIN},255)"
    changed = ffmpeg.filter([rest, moved], "blend", all_mode="difference")
    amplified = changed.filter("lutrgb", r=louder, g=louder, b=louder)
    return ffmpeg.filter([onset, apex, offset, amplified], "hstack", inputs=4)


def _binary() -> str:
    """The ffmpeg on the PATH, or the one that imageio-ffmpeg brings."""
    return shutil.which("ffmpeg") or str(imageio_ffmpeg.get_ffmpeg_exe())
