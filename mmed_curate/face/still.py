"""A picture of a face as a file that says nothing beyond its pixels."""

from __future__ import annotations

from typing import cast

import cv2

from mmed_curate.face.network import ByteArray


def as_png(picture: ByteArray) -> bytes:
    """A PNG file of a picture, without loss, times or text.

    Args:
        picture: (H, W, 3) uint8, blue first.
    """
    _, data = cv2.imencode(".png", picture)
    return bytes(data)


def fitted(picture: ByteArray, side: int) -> ByteArray:
    """A picture made so small that its longer side is `side` px; smaller ones stay as they are.

    Args:
        picture: (H, W, 3) uint8.
        side: px.
    """
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return picture
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return cast(ByteArray, cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
