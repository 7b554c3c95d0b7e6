"""How a stored picture is turned to be shown: the eight orientations of a display matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Pixel = TypeVar("Pixel", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orientation:
    """Transpose first, then mirror."""

    transposed: bool = False
    """Rows become columns."""
    mirrored: bool = False
    """Left and right are swapped, after transposing."""
    upside_down: bool = False
    """Top and bottom are swapped, after transposing."""

    @property
    def rotation_deg(self) -> int:
        """Clockwise turn that is part of it: 0, 90, 180 or 270; a pure mirror counts as 0."""
        if self.transposed:
            return 90 if self.mirrored else 270
        return 180 if self.upside_down else 0

    def shown(self, stored: NDArray[Pixel]) -> NDArray[Pixel]:
        """A picture as it is shown; the same array where nothing has to be done.

        Args:
            stored: (H, W) or (H, W, C) as decoded.

        Returns:
            (H', W') or (H', W', C), where H', W' are swapped when transposed; a view of `stored`.
        """
        picture = stored.swapaxes(0, 1) if self.transposed else stored
        if self.mirrored:
            picture = picture[:, ::-1]
        if self.upside_down:
            picture = picture[::-1]
        return picture

    def size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) as shown."""
        return (height, width) if self.transposed else (width, height)


AS_STORED = Orientation()


def orientation_of(frame: VideoFrame) -> Orientation:
    """The orientation that a decoded frame asks for.

    The matrix maps a stored point (x, y) to (a·x + c·y, b·x + d·y), both axes from the top left
    (ISO/IEC 14496-12, 6.2.2); turns that are no multiple of 90° are taken as the nearest of the eight.
    """
    side_data = frame.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]  # stubs know only text keys
    if side_data is None:
        return AS_STORED
    a, b, _, c, d = (int(entry) for entry in np.frombuffer(side_data, dtype=np.int32)[:5])
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(mirrored=a < 0, upside_down=d < 0)
    return Orientation(transposed=True, mirrored=c < 0, upside_down=b < 0)
