"""Pictures as face networks take them: colours, or a decoder's planes of which only what is looked at becomes colours.

Planes are read as BT.601 in limited range. Where they are BT.709 or full range, landmarks are off by 0.1 to 0.7 % of
the eye distance, alike in all frames of a recording (measured on five faces; BT.601 itself: 0.03 to 0.3 %).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from mmed_curate.face.network import ByteArray, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Planes:
    """A picture of even size with its colours at half its size, as nearly all recordings are decoded."""

    luma: ByteArray
    """(H, W)"""
    blue: ByteArray
    """(H / 2, W / 2) blue difference. Only what is looked at is laid beside the red one: all of it costs too much."""
    red: ByteArray
    """(H / 2, W / 2) red difference."""

    @classmethod
    def of(cls, luma: ByteArray, blue: ByteArray, red: ByteArray) -> Planes:
        """From three planes, which may be turned views.

        Args:
            luma: (H, W).
            blue, red: (H / 2, W / 2).
        """
        return cls(luma=_straight(luma), blue=_straight(blue), red=_straight(red))

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)"""
        height, width = self.luma.shape
        return height, width

    def part(self, left: int, top: int, right: int, bottom: int) -> Picture:
        """A part of it: planes where its corners are even, else colours."""
        if left % 2 or top % 2 or right % 2 or bottom % 2:
            return self.bgr(left, top, right, bottom)
        across, down = slice(left // 2, right // 2), slice(top // 2, bottom // 2)
        return Planes(luma=self.luma[top:bottom, left:right], blue=self.blue[down, across], red=self.red[down, across])

    def bgr(self, left: int = 0, top: int = 0, right: int | None = None, bottom: int | None = None) -> ByteArray:
        """(h, w, 3) colours of a part, blue first: the same bytes on every processor (whole-number arithmetic)."""
        height, width = self.shape
        right, bottom = right if right is not None else width, bottom if bottom is not None else height
        across, down = slice(left // 2, -(-right // 2)), slice(top // 2, -(-bottom // 2))
        luma = self.luma[2 * down.start : 2 * down.stop, 2 * across.start : 2 * across.stop]
        colours = _coloured(luma, self.blue[down, across], self.red[down, across])
        return colours[top % 2 : top % 2 + bottom - top, left % 2 : left % 2 + right - left]


Picture = ByteArray | Planes
"""(H, W, 3) uint8, blue first, or planes."""


def levels(picture: Picture) -> ByteArray:
    """(H, W) brightness: luma, or green."""
    return picture.luma if isinstance(picture, Planes) else picture[:, :, 1]


def fetched(picture: Picture, matrix: FloatArray, side: int) -> ByteArray:
    """A square out of a picture, sub-pixel (bilinear); beyond the edge, the edge goes on.

    Args:
        picture: where from.
        matrix: (2, 3) from pixels of the square to pixels of the picture.
        side: of the square, px; even.

    Returns:
        (side, side, 3), blue first.
    """
    if not isinstance(picture, Planes):
        return _fetched(picture, matrix, side)
    half = matrix.copy()
    # the middle of a pixel of chroma lies between two pixels of luma, in the picture and in the square
    half[:, 2] = (matrix[:, 2] + matrix[:, :2].sum(axis=1) / 2) / 2 - np.float32(0.25)
    blue, red = (_fetched(plane, half, side // 2) for plane in (picture.blue, picture.red))
    return _coloured(_fetched(picture.luma, matrix, side), blue, red)


def shrunk(picture: Picture, scale: float) -> ByteArray:
    """A picture made smaller, averaged.

    Args:
        picture: what to make smaller.
        scale: below 1; planes come out with a width and height that are even.

    Returns:
        (h, w, 3), blue first.
    """
    if not isinstance(picture, Planes):
        return cast(ByteArray, cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    height, width = (max(round(side * scale / 2), 1) for side in picture.shape)
    luma = cv2.resize(picture.luma, (2 * width, 2 * height), interpolation=cv2.INTER_AREA)
    blue, red = (
        cast(ByteArray, cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA))
        for plane in (picture.blue, picture.red)
    )
    return _coloured(cast(ByteArray, luma), blue, red)


def _fetched(image: ByteArray, matrix: FloatArray, side: int) -> ByteArray:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    square = cv2.warpAffine(image, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cast(ByteArray, square)


def _coloured(luma: ByteArray, blue: ByteArray, red: ByteArray) -> ByteArray:
    chroma = cv2.merge([np.ascontiguousarray(blue), np.ascontiguousarray(red)])
    return cast(ByteArray, cv2.cvtColorTwoPlane(np.ascontiguousarray(luma), chroma, cv2.COLOR_YUV2BGR_NV12))


def _straight(plane: ByteArray) -> ByteArray:
    """A plane as OpenCV takes it: rows from left to right, from top to bottom, with or without room between them."""
    return plane if plane.strides[1] == 1 and plane.strides[0] > 0 else np.ascontiguousarray(plane)
