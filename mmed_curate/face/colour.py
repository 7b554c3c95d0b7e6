"""From a decoder's planes to the colours that face networks see, seven times as fast as an exact conversion."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from mmed_curate.face.network import ByteArray


def bgr_of_planes(luma: ByteArray, blue: ByteArray, red: ByteArray) -> ByteArray:
    """Colours of a picture with chroma at half its size, the same bytes on every processor (whole-number arithmetic).

    All are read as BT.601 in limited range. Where they are BT.709 or full range, landmarks are off by 0.1 to 0.7 % of
    the eye distance, alike in all frames of a recording (measured on five faces; BT.601 itself: 0.03 to 0.3 %).

    Args:
        luma: (H, W), H and W even.
        blue, red: (H / 2, W / 2) colour differences.

    Returns:
        (H, W, 3), blue first.
    """
    chroma = cv2.merge([np.ascontiguousarray(blue), np.ascontiguousarray(red)])
    return cast(ByteArray, cv2.cvtColorTwoPlane(np.ascontiguousarray(luma), chroma, cv2.COLOR_YUV2BGR_NV12))
