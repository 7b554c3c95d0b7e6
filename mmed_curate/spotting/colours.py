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
        planes = Planes.of(picture.luma(), *chroma)
        return planes if part is None else planes.part(part.left, part.top, part.right, part.bottom)
    if part is None:
        return picture.bgr()
    return np.ascontiguousarray(picture.bgr()[part.top : part.bottom, part.left : part.right])
