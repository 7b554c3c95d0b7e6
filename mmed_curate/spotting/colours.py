"""A picture as the face networks see it: one way for all passes, so that they all find the same faces."""

from __future__ import annotations

import numpy as np

from mmed_curate.domain.records import Box
from mmed_curate.face.colour import Picture as Coloured
from mmed_curate.face.colour import Planes
from mmed_curate.media.pictures import Picture


def colours(picture: Picture, part: Box | None = None) -> Coloured:
    """The planes where they are as usual, else colours, converted exactly.

    Args:
        picture: a decoded frame.
        part: the part of it to look at, as shown; None: all of it.
    """
    chroma = picture.chroma()
    if chroma is not None:
        if part is None:
            return Planes.of(picture.luma(), *chroma)
        # what is round an odd corner is needed for its colours
        left, top = part.left // 2, part.top // 2
        right, bottom = -(-part.right // 2), -(-part.bottom // 2)
        blue, red = (plane[top:bottom, left:right] for plane in chroma)
        planes = Planes.of(picture.luma()[2 * top : 2 * bottom, 2 * left : 2 * right], blue, red)
        return planes.part(part.left - 2 * left, part.top - 2 * top, part.right - 2 * left, part.bottom - 2 * top)
    if part is None:
        return picture.bgr()
    return np.ascontiguousarray(picture.bgr()[part.top : part.bottom, part.left : part.right])
