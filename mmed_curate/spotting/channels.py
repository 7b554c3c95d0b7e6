"""What of a face is looked at for peaks: its regions, lower lids by themselves, and both sides taken together.

What moves on both halves of the face stands out more from noise when they are taken together as mirror images.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_RIGHT, _LEFT = "-right", "-left"
"""Ends of the names of regions that lie on both halves of the face."""
_LIDS = "lid"
_UPPER_AND_LOWER = 2
"""Places of a region of lids: the upper one's first."""
_LOWER = " lower"
"""When an eye narrows, its lids go against each other: their mean nearly stands, the lower one does not."""
_MIRROR = np.array([-1.0, 1.0])


def channels_of(places: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the channels of a curve.

    Args:
        places: (P,) the region that each place lies in.
    """
    regions = tuple(dict.fromkeys(places))
    lower = tuple(
        region + _LOWER for region in regions if region.startswith(_LIDS) and places.count(region) == _UPPER_AND_LOWER
    )
    sided = [name for name in regions + lower if _RIGHT in name and name.replace(_RIGHT, _LEFT) in regions + lower]
    return regions + lower + tuple(name.replace(_RIGHT, "") for name in sided)


def region_of(channel: str) -> str:
    """The part of the face that a channel belongs to; without a side where it is of both."""
    return channel.removesuffix(_LOWER)


def channel_motion(values: FloatArray, places: tuple[str, ...]) -> FloatArray:
    """(T, C, 2) mean motion of the places of each channel, the left side mirrored where both are taken together.

    Args:
        values: (T, P, 2) motion of the places.
        places: (P,) the region that each lies in.
    """
    owner = np.array(places)
    found: dict[str, FloatArray] = {}
    for channel in channels_of(places):
        own = values[:, owner == region_of(channel)]
        if own.shape[1] and channel.endswith(_LOWER):
            found[channel] = own[:, 1]
        elif own.shape[1]:
            found[channel] = own.mean(axis=1)
        else:
            right, left = (_sided(channel, side) for side in (_RIGHT, _LEFT))
            found[channel] = (found[right] + _MIRROR * found[left]) / 2
    return np.stack(list(found.values()), axis=1)


def _sided(channel: str, side: str) -> str:
    region = region_of(channel)
    return region + side + channel[len(region) :]
