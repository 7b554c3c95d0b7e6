"""Every face in the same place: turned, scaled and moved (nothing else) so that the eyes lie where they always lie.

The aligned face is a square of 128 px: the middle between the eyes at (64, 40), the eyes 44 px apart, x to the
right, y down. Left and right in names are the subject's own, so a region called left is on the right of the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar, cast

import cv2
import numpy as np

from mmed_curate.face.network import ByteArray, FloatArray

SIZE = 128
"""Side of the aligned face, px."""
EYE_DISTANCE = 44.0
"""Between the middles of the eyes in the aligned face, px: the chin of our recordings just stays inside."""
_MIDDLE = (64.0, 40.0)
_MOST_FINER = 4
"""A face more than this many times larger than the aligned one is undersampled, to bound the work."""
_LEAST_AVERAGED = 2
"""A face finer than this is averaged first, in whole pixels: half the time of fetching three by three or four by four
sub-pixel ones; under sub-pixel shifts it trembles by 0.18 instead of 0.16 levels (measured, eyes 200 px apart)."""

_TEMPLATE: Mapping[int, tuple[float, float]] = MappingProxyType(
    {
        33: (-0.718, -0.008),  # outer and inner corners of the eyes
        263: (0.718, -0.008),
        133: (-0.282, 0.008),
        362: (0.282, 0.008),
        168: (0.0, -0.096),  # bridge of the nose, downward
        6: (0.0, 0.027),
        197: (0.0, 0.143),
        195: (0.0, 0.252),
        127: (-1.096, 0.083),  # temples
        356: (1.096, 0.083),
        234: (-1.082, 0.316),
        454: (1.082, 0.316),
        10: (0.0, -0.881),  # hairline
        109: (-0.302, -0.870),
        338: (0.302, -0.870),
    }
)
"""Points that an expression hardly moves, in eye distances from the middle between the eyes.

Ours: mean of five frontal recordings of five people, made symmetric. Temples and hairline are in it because the
four eye corners alone let the face tremble by 0.14 px under noise and 0.29 px under a moving head (wide: 0.11, 0.19;
eyes 70 px apart).
"""
_STABLE = np.array(list(_TEMPLATE), dtype=np.intp)
_STABLE_AT = np.array(list(_TEMPLATE.values()), dtype=np.float32)

REGIONS: Mapping[str, tuple[tuple[int, ...], ...]] = MappingProxyType(
    {
        "brow-right": ((107, 66, 55), (105, 52), (70, 63, 46)),  # inner, middle, outer
        "brow-left": ((336, 296, 285), (334, 282), (300, 293, 276)),
        "lid-right": ((159,), (23, 230)),  # upper; lower, on the skin below its edge: at the edge the eye stands still
        "lid-left": ((386,), (253, 450)),
        "nose-wing-right": ((129, 64),),
        "nose-wing-left": ((358, 294),),
        "mouth-corner-right": ((61, 57),),
        "mouth-corner-left": ((291, 287),),
        "chin": ((199, 200), (152, 175)),  # boss, tip
    }
)
"""Named parts of the face, each with the places that are measured apart; a place is the middle of some mesh points."""
LIPS = (61, 291, 0, 17, 37, 267, 84, 314)
"""Mesh points round the lips: with the regions, what moves by itself."""

Image = TypeVar("Image", ByteArray, FloatArray)


def alignment(landmarks: FloatArray, size: int = SIZE) -> FloatArray:
    """(2, 3) similarity from pixels of the picture to pixels of the aligned face, by least squares.

    Args:
        landmarks: (468, 2) px.
        size: side of the aligned face, px.
    """
    scale = size / SIZE
    target = (_STABLE_AT * EYE_DISTANCE + np.array(_MIDDLE, dtype=np.float32)) * scale
    return similarity(landmarks[_STABLE], target)


def similarity(points: FloatArray, target: FloatArray) -> FloatArray:
    """(2, 3) turn, scale and shift that brings points closest to a target (Umeyama 1991, without reflection).

    Args:
        points, target: (n, 2), n >= 2.
    """
    # as complex numbers, a turn and scale is one factor
    here, there = (np.ascontiguousarray(one, dtype=np.float32).view(np.complex64).ravel() for one in (points, target))
    middle, middle_there = here.sum() / here.size, there.sum() / there.size
    here = here - middle
    factor = np.vdot(here, there - middle_there) / np.vdot(here, here).real
    shift = middle_there - factor * middle
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]], dtype=np.float32)


def warped(image: Image, matrix: FloatArray, size: int = SIZE) -> Image:
    """The square that a (2, 3) alignment cuts out of a picture, sub-pixel (bilinear; a larger face is averaged down).

    Args:
        image: (H, W) or (H, W, 3).
        matrix: from pixels of the picture to pixels of the square.
        size: side of the square, px.
    """
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    finer = min(max(int(1 / scale), 1), _MOST_FINER) if scale > 0 else 1
    if finer > _LEAST_AVERAGED and 1 / scale < finer + 1:
        image, matrix = _averaged(image, matrix, size, finer)
        finer = _LEAST_AVERAGED
    fine = matrix * np.float32(finer)
    fine[:, 2] += (finer - 1) / 2  # the middle of a pixel stays the middle of its finer pixels
    flags = cv2.INTER_LINEAR
    face = cv2.warpAffine(image, fine, (size * finer, size * finer), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    if finer > 1:
        face = cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA)
    return cast(Image, face)


def _averaged(image: Image, matrix: FloatArray, size: int, times: int) -> tuple[Image, FloatArray]:
    """The part of a picture that a square needs, each pixel the mean of so many by so many, and the matrix from it."""
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]], dtype=np.float32) - matrix[:, 2]
    there = corners @ np.linalg.inv(matrix[:, :2]).T  # (4, 2) px of the picture
    edge = np.array(image.shape[1::-1])
    left, top = np.clip(np.floor(there.min(axis=0)).astype(int) - times, 0, edge - 1)
    right, bottom = np.clip(np.ceil(there.max(axis=0)).astype(int) + times, [left + 1, top + 1], edge)
    part = cv2.blur(image[top:bottom, left:right], (times, times), borderType=cv2.BORDER_REPLICATE)
    shifted = matrix.copy()
    # the mean of an even number of pixels lies half a pixel before the one that it is stored at
    before = np.array([left, top], dtype=np.float32) - np.float32((1 - times % 2) / 2)
    shifted[:, 2] += matrix[:, :2] @ before
    return cast(Image, part), shifted


def align(image: Image, landmarks: FloatArray, size: int = SIZE) -> Image:
    """One face in its place.

    Args:
        image: (H, W) or (H, W, 3) picture.
        landmarks: (468, 2) px in that picture.
        size: side of the result, px.

    Returns:
        (size, size) or (size, size, 3), of the picture's kind.
    """
    return warped(image, alignment(landmarks, size), size)


def moved(points: FloatArray, matrix: FloatArray) -> FloatArray:
    """Points under a (2, 3) matrix.

    Args:
        points: (n, 2).
    """
    there: FloatArray = points @ matrix[:, :2].T + matrix[:, 2]
    return there
