"""Parts of a decoded picture as the decoder stored them: cut out and turned by whole pixels, no value changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import Box
from mmed_curate.media.orientation import Orientation

_EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.BITEXACT
"""Colour conversion that gives the same bytes on every processor."""

_FULL_RANGE = {"yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p", "yuvj440p": "yuv440p"}
"""FFmpeg's old names for full range, and the names of the same planes."""
_REARRANGED = {
    "nv12": "yuv420p",
    "nv21": "yuv420p",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    "yvyu422": "yuv422p",
    "p010le": "yuv420p10le",
    "p210le": "yuv422p10le",
    "p410le": "yuv444p10le",
    "rgb24": "bgr0",
    "bgr24": "bgr0",
    "rgb0": "bgr0",
    "0rgb": "bgr0",
    "0bgr": "bgr0",
    "gbrp": "bgr0",
    "rgba": "bgra",
    "argb": "bgra",
    "abgr": "bgra",
    "gbrap": "bgra",
    "pal8": "bgra",
    "monow": "gray",
    "monob": "gray",
}
"""Formats whose pixels are interleaved so that they cannot be cut or stored, and one that holds the same values."""
_TURNED = {"yuv422p": "yuv440p", "yuv440p": "yuv422p", "yuv422p10le": "yuv440p10le", "yuv440p10le": "yuv422p10le"}
"""What a format becomes when rows become columns, where its chroma is not the same in both."""
_PACKED_BYTES = {"bgr0": 4, "bgra": 4, "ya8": 2}
"""Bytes per pixel of the formats that keep all of a pixel in one place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """What the numbers in a picture mean, in the codes of ITU-T H.273; 2 (range: 0): not said."""

    range: int
    """1: limited, 2: full."""
    matrix: int
    primaries: int
    transfer: int


BT601 = Colours(range=ColorRange.MPEG.value, matrix=6, primaries=6, transfer=6)
"""BT.601, limited range."""


def colours_of(frame: VideoFrame) -> Colours:
    """What a decoded frame says about its colours."""
    full = frame.format.name in _FULL_RANGE
    return Colours(
        range=ColorRange.JPEG.value if full else int(frame.color_range),
        matrix=int(frame.colorspace),
        primaries=int(frame.color_primaries),
        transfer=int(frame.color_trc),
    )


def part_kept(crop: Box | None, stored: VideoFrame, orientation: Orientation) -> Box:
    """What is kept of a picture when `crop` is asked for: widened to whole blocks of chroma, of 2 × 2 pixels or more.

    Only at the edge of a picture of odd size may a side be odd.

    Args:
        crop: in the picture as shown; None: all of it.
        stored: a decoded frame.
        orientation: how it is turned to be shown.

    Raises:
        BadInput: the box reaches out of the picture.
    """
    width, height = orientation.size(stored.width, stored.height)
    if crop is None:
        return Box(left=0, top=0, right=width, bottom=height)
    if crop.right > width or crop.bottom > height:
        raise BadInput.of(
            "cut.box_outside",
            f"the box to ({crop.right}, {crop.bottom}) reaches out of the picture of {width} × {height} pixels",
            "give a box inside the picture",
        )
    blocks = [_steps(stored, number) for number in range(len(stored.planes))]
    wide, high = orientation.size(max(2, *(wide for wide, _ in blocks)), max(2, *(high for _, high in blocks)))
    return Box(
        left=crop.left // wide * wide,
        top=crop.top // high * high,
        right=min(width, -(-crop.right // wide) * wide),
        bottom=min(height, -(-crop.bottom // high) * high),
    )


def cut_out(stored: VideoFrame, orientation: Orientation, box: Box) -> VideoFrame:
    """Part of a decoded picture as shown, in a frame of its own that carries nothing else of the recording.

    The values of all planes are the decoder's; interleaved formats are rearranged into planes of the same values.

    Args:
        stored: the decoded frame.
        orientation: how it is turned to be shown.
        box: what to keep, in the picture as shown, from `part_kept`.

    Raises:
        BadInput: pictures of that format cannot be taken apart.
    """
    source = _in_planes(stored)
    name = _FULL_RANGE.get(source.format.name, source.format.name)
    if orientation.transposed:
        name = _TURNED.get(name, name)
    target = VideoFrame(box.width, box.height, name)
    for number, given in enumerate(_arrays(source)):
        held, (wide, high) = _array(target, number), _steps(target, number)
        if orientation.size(*_steps(source, number)) != (wide, high):
            raise _cannot_cut(stored)
        top, left = box.top // high, box.left // wide
        np.copyto(held, orientation.shown(given)[top : top + held.shape[0], left : left + held.shape[1]])
    return target


def for_any_player(frame: VideoFrame, colours: Colours, reformatter: VideoReformatter) -> tuple[VideoFrame, Colours]:
    """A frame from `cut_out` as 8-bit yuv420p of even size: the same planes where they are that already.

    Deeper and denser formats lose depth and chroma, but keep range and matrix; RGB becomes BT.601 of limited range.
    An odd side is made even by repeating its last column or row.
    """
    if frame.format.is_rgb:
        frame = reformatter.reformat(
            frame,
            format="yuv420p",
            interpolation=_EXACT,
            dst_colorspace=Colorspace.ITU601,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        colours = BT601
    elif frame.format.name != "yuv420p":
        span = ColorRange.JPEG if colours.range == ColorRange.JPEG.value else ColorRange.MPEG
        frame = reformatter.reformat(
            frame, format="yuv420p", interpolation=_EXACT, src_color_range=span, dst_color_range=span, threads=1
        )
    if frame.width % 2 or frame.height % 2:
        even = VideoFrame(frame.width + frame.width % 2, frame.height + frame.height % 2, "yuv420p")
        for number, given in enumerate(_arrays(frame)):
            held = _array(even, number)
            beyond = ((0, held.shape[0] - given.shape[0]), (0, held.shape[1] - given.shape[1]))
            np.copyto(held, np.pad(given, beyond, mode="edge"))
        frame = even
    return frame, colours


def pixel_bytes(frame: VideoFrame) -> int:
    """Bytes that a frame holds, without the padding of its rows."""
    return sum(array.nbytes for array in _arrays(frame))


def _in_planes(stored: VideoFrame) -> VideoFrame:
    name = stored.format.name
    if name in _REARRANGED:
        return VideoReformatter().reformat(stored, format=_REARRANGED[name], interpolation=_EXACT, threads=1)
    if stored.format.is_big_endian:
        return VideoReformatter().reformat(stored, format=f"{name[:-2]}le", interpolation=_EXACT, threads=1)
    in_planes = name in _PACKED_BYTES or len(stored.planes) == len(stored.format.components)
    if not in_planes or any(plane.line_size < 0 for plane in stored.planes):  # below 0: stored upside down
        raise _cannot_cut(stored)
    return stored


def _cannot_cut(stored: VideoFrame) -> BadInput:
    name = stored.format.name
    return BadInput.of(
        "cut.pixel_format", f"pictures stored as {name} cannot be cut", "convert the recording to H.264 first"
    )


def _arrays(frame: VideoFrame) -> list[NDArray[np.generic]]:
    return [_array(frame, number) for number in range(len(frame.planes))]


def _array(frame: VideoFrame, number: int) -> NDArray[np.generic]:
    """A plane in place, without the padding at the end of its rows: (H, W) of whole pixels."""
    plane = frame.planes[number]
    size = _PACKED_BYTES.get(frame.format.name) or _BYTES[-(-frame.format.components[number].bits // 8)]
    # PyAV's stubs do not say that a plane is a buffer
    held: NDArray[np.uint8] = np.frombuffer(plane, dtype=np.uint8)  # type: ignore[call-overload]
    rows = held[: plane.line_size * plane.height].reshape(plane.height, plane.line_size)
    pixels: NDArray[np.generic] = rows[:, : size * plane.width].view(f"<u{size}")
    return pixels


_BYTES = (0, 1, 2, 4, 4)
"""In which a value of so many bytes is stored."""


def _steps(frame: VideoFrame, number: int) -> tuple[int, int]:
    """How many columns and rows of the picture share one pixel of a plane."""
    if frame.format.name in _PACKED_BYTES or not frame.format.components[number].is_chroma:
        return 1, 1
    return 4 // frame.format.chroma_width(4), 4 // frame.format.chroma_height(4)
