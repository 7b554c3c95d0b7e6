"""Where each face of a recording was, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import Box
from mmed_curate.domain.time import Frame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceTrack:
    """One face, from the frame where it was found to the one where it was lost."""

    track: int
    """Its number in the recording."""
    frames: npt.NDArray[np.int64]
    """(N,) frames on which it was seen, increasing."""
    boxes: npt.NDArray[np.float32]
    """(N, 4) left, top, right, bottom of its landmarks in px of the picture as shown."""
    eye_distance_px: npt.NDArray[np.float32]
    """(N,) between the middles of the eyes, in px of the picture."""

    def box_over(self, first: Frame, last: Frame, margin: float, width: int, height: int) -> Box:
        """A box that holds the face on all of some frames, with room round it, inside the picture.

        Where the face was not seen on any of them, the frames nearest to them count.

        Args:
            first, last: frames, both inside.
            margin: room on each side, as a part of the face's greatest width and height.
            width, height: of the picture, px.

        Raises:
            BadInput: the face lies outside the picture.
        """
        start, stop = int(np.searchsorted(self.frames, first)), int(np.searchsorted(self.frames, last, side="right"))
        if start == stop:
            start, stop = max(start - 1, 0), min(stop + 1, len(self.frames))
        boxes = self.boxes[start:stop]
        room = margin * (boxes[:, 2:] - boxes[:, :2]).max(axis=0)
        low = np.floor(boxes[:, :2].min(axis=0) - room)
        high = np.ceil(boxes[:, 2:].max(axis=0) + room)
        left, top = max(int(low[0]), 0), max(int(low[1]), 0)
        right, bottom = min(int(high[0]), width), min(int(high[1]), height)
        if left >= right or top >= bottom:
            raise BadInput.of(
                "spotting.face_outside",
                f"the face of track {self.track} lies outside the picture of {width} × {height} pixels",
                "give the size of the picture as shown",
            )
        return Box(left=left, top=top, right=right, bottom=bottom)
