"""A picture as the face networks see it: one way for all passes, so that they all find the same faces."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mmed_curate.face.colour import bgr_of_planes
from mmed_curate.media.pictures import Picture


def colours(picture: Picture) -> npt.NDArray[np.uint8]:
    """(H, W, 3) blue first: fast from the planes where they are as usual, else converted exactly."""
    chroma = picture.chroma()
    return picture.bgr() if chroma is None else bgr_of_planes(picture.luma(), *chroma)
