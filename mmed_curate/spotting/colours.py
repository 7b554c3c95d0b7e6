"""A picture as the face networks see it: one way for all passes, so that they all find the same faces."""

from __future__ import annotations

from mmed_curate.face.colour import Picture as Coloured
from mmed_curate.face.colour import Planes
from mmed_curate.media.pictures import Picture


def colours(picture: Picture) -> Coloured:
    """The planes where they are as usual, else colours, converted exactly."""
    chroma = picture.chroma()
    return picture.bgr() if chroma is None else Planes.of(picture.luma(), *chroma)
