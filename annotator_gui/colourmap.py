"""Colours of a spectrogram: equal steps of loudness look like equal steps, also to colour-blind eyes. Knows no Qt.

Magma, by Nathaniel Smith and Stéfan van der Walt (2015, CC0), at 17 places; lightness between them rises evenly.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

_MAGMA = """
000004 0a0822 1d1147 36106b 51127c 6a1c81 832681 9c2e7f b73779
d0416f e75263 f56b5c fc8961 fea772 fec488 fde2a3 fcfdbf
"""


_LIGHTEST, _DARKEST = 97.0, 5.0
"""CIE lightness of the greys on a light window."""


@lru_cache(maxsize=2)
def colours(*, dark: bool) -> npt.NDArray[np.uint8]:
    """(256, 3) red, green and blue from quiet to loud: magma on a dark window; on a light one greys, loud is black, as
    phoneticians print it."""
    share = _magma() if dark else _greys()
    return np.round(share * 255).astype(np.uint8)  # (256, 3)


def _magma() -> npt.NDArray[np.float64]:
    anchors = np.array([[int(one[at : at + 2], 16) for at in (0, 2, 4)] for one in _MAGMA.split()]) / 255  # (17, 3)
    places = np.linspace(0, len(anchors) - 1, 256)
    return np.stack([np.interp(places, np.arange(len(anchors)), channel) for channel in anchors.T], axis=1)


def _greys() -> npt.NDArray[np.float64]:
    """Even steps of CIE lightness, as sRGB (IEC 61966-2-1)."""
    lightness = np.linspace(_LIGHTEST, _DARKEST, 256)
    luminance = np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness * 27 / 24389)
    srgb = np.where(luminance <= 0.0031308, 12.92 * luminance, 1.055 * luminance ** (1 / 2.4) - 0.055)
    return np.repeat(srgb[:, None], 3, axis=1)
