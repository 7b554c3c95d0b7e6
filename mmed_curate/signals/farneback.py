"""Farnebäck's optical flow (2003, polynomial expansion) from one resting face to many: OpenCV's, but faster.

The resting face is expanded once, faces are measured several at a time, and the equations of a neighbourhood are summed
at every second pixel: expansions of neighbouring pixels say nearly the same. Against `cv2.calcOpticalFlowFarneback`
with the same window and pyramid it takes a third of the time; on talking faces the two differ by 0.04 px where the flow
is 0.39 px (root mean squares), and both read a noisy bump of 0.8 px alike, with the same noise round it (measured).
"""

from __future__ import annotations

import threading
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]

STRIDE = 2
"""Flow is found at every so manyth pixel."""

WINDOW = 13
"""Side of the neighbourhood that moves as one, px of each level: a lid is about 10 px high, and upper and lower one go
opposite ways. Against 21 as many or more of all movements are found at as many false ones, and of tightenings of the
lids most instead of a seventh; 9 finds fewer with eyes 30 px apart (measured, simulated sessions)."""
_LEVELS = ((4, 2), (2, 2), (1, 3))
"""By how much the face is made smaller, coarse to fine (OpenCV stops at 32 px), and how often each level is solved."""
_REACH = 5
"""Pixels to each side that a polynomial is fitted to ..."""
_SIGMA = 1.1
"""... and the standard deviation of their weights, px (OpenCV's pair)."""
_RIM = (0.14, 0.14, 0.4472, 0.4472, 0.4472)
"""Trust in the outermost pixels (OpenCV)."""
_LEAST = 1e-3
"""Keeps the equations of a flat neighbourhood solvable (OpenCV)."""
_AT_ONCE = 4
"""Faces measured at a time: as many as fit the processor's cache."""


class _Memory(threading.local):
    """Arrays of each thread that are used again and again."""

    def __init__(self) -> None:
        self.arrays: dict[tuple[str, tuple[int, ...], int], FloatArray] = {}


_memory = _Memory()


class FlowFrom:
    """Where each part of one face went in others."""

    def __init__(self, previous: ByteArray) -> None:
        """Expand the face that others are compared with.

        Args:
            previous: (H, W) uint8; H and W are multiples of 8.
        """
        self._shape = previous.shape
        self._levels = [_expanded(previous, level)[:, ::STRIDE, ::STRIDE].copy() for level, _ in _LEVELS]  # (5, h, w)

    def to(self, faces: ByteArray) -> FloatArray:
        """Flow to each of some faces, sub-pixel.

        Args:
            faces: (B, H, W) uint8.

        Returns:
            (B, H / 2, W / 2, 2) px to the right and down, at pixels 0, 2, 4 ...
        """
        parts = [self._to(faces[first : first + _AT_ONCE]) for first in range(0, len(faces), _AT_ONCE)]
        return np.concatenate(parts)

    def _to(self, faces: ByteArray) -> FloatArray:
        along: FloatArray | None = None  # (2, B, h, w) px to the right, px down
        for (level, rounds), rest in zip(_LEVELS, self._levels, strict=True):
            expansions = [_expanded(face, level, index) for index, face in enumerate(faces)]
            # remap takes four channels at once
            four = [
                cv2.merge(list(planes[:4]), dst=_held("four", (*planes.shape[1:], 4), index))
                for index, planes in enumerate(expansions)
            ]
            shape = rest.shape[1:]
            along = np.zeros((2, len(faces), *shape), dtype=np.float32) if along is None else _finer(along, shape)
            down, right, trust = _places(shape)
            moved = _held("moved", (5, len(faces), *shape))
            for _ in range(rounds):
                map_x, map_y = along[0] + right, along[1] + down
                for index, planes in enumerate(expansions):
                    at = (map_x[index], map_y[index])
                    fetched = cv2.remap(four[index], *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
                    cv2.split(fetched, [moved[plane, index] for plane in range(4)])
                    moved[4, index] = cv2.remap(planes[4], *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
                along = _solved(rest[:, None], moved, along, trust)
        if along is None:
            raise ValueError("a flow needs at least one level")
        return np.ascontiguousarray(along.transpose(1, 2, 3, 0))


def _solved(rest: FloatArray, moved: FloatArray, along: FloatArray, trust: FloatArray) -> FloatArray:
    """One round: the displacement that best explains both expansions in the window round each pixel.

    Args:
        rest: (5, 1, h, w) expansion of the resting face.
        moved: (5, B, h, w) expansion of the others, fetched from where the flow so far leads; it is spent.
        along: (2, B, h, w) the flow so far.
        trust: (h, w) weights.
    """
    down_, right_ = np.subtract(rest[:2], moved[:2], out=moved[:2])  # slopes differ by displacement times curvature
    yy, xx, xy = np.add(rest[2:], moved[2:], out=moved[2:])
    one, other, step = (_held("product", yy.shape, place) for place in range(3))

    def added(into: FloatArray, *factors: FloatArray) -> FloatArray:
        """Two products: the first two factors', the last two's."""
        np.multiply(factors[0], factors[1], out=one)
        np.multiply(factors[2], factors[3], out=other)
        return np.add(one, other, out=into)

    down_ += added(step, yy, along[1], xy, along[0])
    right_ += added(step, xy, along[1], xx, along[0])
    sums = _held("sums", (5, *yy.shape))
    added(sums[0], yy, yy, xy, xy)
    np.multiply(np.add(yy, xx, out=step), xy, out=sums[1])
    added(sums[2], xx, xx, xy, xy)
    added(sums[3], yy, down_, xy, right_)
    added(sums[4], xy, down_, xx, right_)
    sums *= trust
    side = (WINDOW // STRIDE) | 1
    for plane in sums.reshape(-1, *sums.shape[2:]):
        cv2.boxFilter(plane, -1, (side, side), dst=plane, borderType=cv2.BORDER_REPLICATE)
    g11, g12, g22, h1, h2 = sums
    share = np.subtract(np.multiply(g11, g22, out=one), np.multiply(g12, g12, out=other), out=step)
    share += np.float32(_LEAST)
    np.divide(np.float32(1), share, out=share)
    found = np.empty((2, *yy.shape), dtype=np.float32)
    for into, plus, times, minus, by in ((found[0], g11, h2, g12, h1), (found[1], g22, h1, g12, h2)):
        np.multiply(plus, times, out=one)
        one -= np.multiply(minus, by, out=other)
        np.multiply(one, share, out=into)
    return found


def _held(name: str, shape: tuple[int, ...], place: int = 0) -> FloatArray:
    """An array of this thread that is used again and again: fresh memory costs more than what is done in it."""
    key = name, shape, place
    if key not in _memory.arrays:
        _memory.arrays[key] = np.empty(shape, dtype=np.float32)
    return _memory.arrays[key]


def _expanded(face: ByteArray, level: int, place: int = 0) -> FloatArray:
    """(5, h, w): slope down and right, curvature down, right and across, of the polynomial at each pixel; halved.

    They are halved because the two faces' are always averaged, and the last because it enters both equations. What is
    given lives until the next face is expanded in the same place.
    """
    sigma = (level - 1) / 2
    side = max(round(sigma * 5) | 1, 3)
    smooth = cv2.GaussianBlur(face.astype(np.float32), (side, side), sigma)
    if level > 1:
        height, width = face.shape
        smooth = cv2.resize(smooth, (width // level, height // level), interpolation=cv2.INTER_LINEAR)
    planes = _held("planes", (5, *smooth.shape), place)
    for plane, (across, down) in zip(planes, _KERNELS, strict=True):
        cv2.sepFilter2D(smooth, -1, across, down, dst=plane, borderType=cv2.BORDER_REPLICATE)
    return planes


def _kernels() -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Per plane of an expansion the filters along x and y: weighted least squares on a window, in closed form."""
    x = np.arange(-_REACH, _REACH + 1, dtype=np.float64)
    g = np.exp(-(x**2) / (2 * _SIGMA**2))
    g /= g.sum()
    terms = np.array([np.ones((x.size, x.size)), *np.broadcast_arrays(x[None, :] ** 2, x[:, None] ** 2)])
    weights = g[:, None] * g[None, :]
    even = np.linalg.inv(np.einsum("ayx,byx,yx->ab", terms, terms, weights))  # constant, xx, yy
    slope = 1 / (g * x**2).sum()
    cross = slope**2
    bend = even[1, 0] * g + even[1, 1] * x**2 * g
    # the curvatures along x and y share no term but the constant: even[1, 2] is 0
    pairs = (
        (g, x * g * slope / 2),
        (x * g * slope / 2, g),
        (g, bend / 2),
        (bend / 2, g),
        (x * g * cross / 4, x * g),
    )
    return tuple((one.astype(np.float32), other.astype(np.float32)) for one, other in pairs)


_KERNELS = _kernels()


@cache
def _places(shape: tuple[int, int]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(h, w) px down and to the right, at which the flow of a level is found, and the trust in each."""
    down, right = (np.mgrid[: shape[0], : shape[1]] * STRIDE).astype(np.float32)
    return down, right, _trust(shape[0])[:, None] * _trust(shape[1])[None, :]


def _trust(length: int) -> FloatArray:
    """(length,) squared trust in pixels by their distance from the rim: the sums are of products."""
    whole = np.ones(length * STRIDE)
    whole[: len(_RIM)] *= _RIM
    whole[::-1][: len(_RIM)] *= _RIM
    return (whole[::STRIDE] ** 2).astype(np.float32)


def _finer(along: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """The flow of a level as a first guess for the next, twice as fine."""
    guess = np.empty((*along.shape[:2], *shape), dtype=np.float32)
    for into, plane in zip(guess.reshape(-1, *shape), along.reshape(-1, *along.shape[2:]), strict=True):
        cv2.resize(plane, (shape[1], shape[0]), dst=into, interpolation=cv2.INTER_LINEAR)
    guess *= 2
    return guess
