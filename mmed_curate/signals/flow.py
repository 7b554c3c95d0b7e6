"""How the skin moved from one face to another: dense optical flow, in pixels of the aligned face."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from mmed_curate.signals.farneback import WINDOW

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]

FEATURE_SIZE = 48
"""Side of the flow features, cells."""

_WINDOW = 21
"""Farneback's averaging window for measuring, px of a 128-px face."""
_REFITS = 2
"""Rounds of re-weighting in the fit of the head's own motion."""
_LEAST_RIDGE = 1e-6
_CURVED_RIDGE = 0.045
"""Holds the quadratic terms back, as a part of all weight (ours: of 0, 0.01 and 0.045 the last finds as much in a
conversation, and 82 instead of 76 of 100 movements on still faces with eyes 30 px apart)."""


def flow(previous: ByteArray, current: ByteArray) -> FloatArray:
    """Where each pixel of `previous` went in `current` (Farnebäck 2003: polynomial expansion), sub-pixel.

    With a Gaussian window: a bump of 0.8 px and 10 px standard deviation is read as 0.7 px.

    Args:
        previous, current: (H, W) uint8, aligned faces of one size.

    Returns:
        (H, W, 2) px to the right and down.
    """
    return _farneback(previous, current, cv2.OPTFLOW_FARNEBACK_GAUSSIAN, _WINDOW)


def steady_flow(previous: ByteArray, current: ByteArray) -> FloatArray:
    """The same with a smaller, flat window: for finding, not for measuring; what `FlowFrom` does faster.

    Args:
        previous, current: (H, W) uint8, aligned faces of one size.

    Returns:
        (H, W, 2) px to the right and down.
    """
    return _farneback(previous, current, 0, WINDOW)


def _farneback(previous: ByteArray, current: ByteArray, flags: int, window: int) -> FloatArray:
    found = np.empty((*previous.shape, 2), dtype=np.float32)
    return cast(FloatArray, cv2.calcOpticalFlowFarneback(previous, current, found, 0.5, 3, window, 3, 5, 1.1, flags))


def head_motion(vectors: FloatArray, places: FloatArray, weights: FloatArray) -> FloatArray:
    """The motion of the head as a whole inside a flow: an affine field, fitted so that local movement counts little.

    Weighted least squares, re-weighted twice after Huber 1964.

    Args:
        vectors: (..., n, 2) px; several flows are fitted each by itself.
        places: (n, 2) px, where they were measured.
        weights: (n,) >= 0; 0 for places that move by themselves.

    Returns:
        (..., 2, 3): the head moves a place by matrix[:, :2] @ place + matrix[:, 2] px.
    """
    middle, spread = _extent(places)
    terms = np.column_stack([(places - middle) / spread, np.ones(len(places))])  # (n, 3)
    factors = _fitted(vectors, terms, weights, np.full(3, _LEAST_RIDGE))
    turn = factors[..., :2, :].swapaxes(-1, -2) / spread
    shift = factors[..., 2, :] - turn @ middle
    return np.concatenate([turn, shift[..., None]], axis=-1).astype(np.float32)


def own_motion(vectors: FloatArray, places: FloatArray, weights: FloatArray) -> FloatArray:
    """What is left of a flow when the head's motion is taken out, its turning in depth too: a quadratic field.

    A head is round, so that skin nearer to the camera goes further when it turns; Black & Yacoob 1997 take a plane's
    quadratic field for the face, ours has all six terms. The quadratic ones are held back by a ridge: where they
    would be drawn out of noise, the field stays affine.

    Args:
        vectors: (..., n, 2) px; several flows are fitted each by itself.
        places: (n, 2) px, where they were measured.
        weights: (n,) >= 0; 0 for places that move by themselves.

    Returns:
        (..., n, 2) px.
    """
    middle, spread = _extent(places)
    x, y = ((places - middle) / spread).T
    terms = np.column_stack([x, y, np.ones_like(x), x * x, x * y, y * y])  # (n, 6)
    held_back = _CURVED_RIDGE * float(weights.sum())
    factors = _fitted(vectors, terms, weights, np.array([_LEAST_RIDGE] * 3 + [_LEAST_RIDGE + held_back] * 3))
    own: FloatArray = vectors - (terms @ factors).astype(np.float32)
    return own


def _extent(places: FloatArray) -> tuple[npt.NDArray[np.float64], float]:
    """Middle of some places, and how far they lie from it."""
    middle = places.mean(axis=0, dtype=np.float64)
    return middle, max(float(np.abs(places - middle).max()), 1.0)


def _fitted(
    vectors: FloatArray, terms: npt.NDArray[np.float64], weights: FloatArray, ridge: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(..., k, 2) factors of (n, k) terms that come closest to (..., n, 2) vectors where it counts."""
    trusted = np.flatnonzero(weights > 0)
    size = terms.shape[1]
    terms = terms[trusted]  # (m, k)
    products = (terms[:, :, None] * terms[:, None, :]).reshape(-1, size * size)
    held = vectors[..., trusted, :].astype(np.float64)  # (..., m, 2)
    most = weights[trusted].astype(np.float64)
    now = np.broadcast_to(most, held.shape[:-1])
    factors = np.zeros((*held.shape[:-2], size, 2))
    for again in range(1 + _REFITS):
        normal = (now @ products).reshape(*held.shape[:-2], size, size) + np.diag(ridge)
        factors = np.linalg.solve(normal, terms.T @ (now[..., None] * held))
        if again < _REFITS and len(trusted):
            off = held - terms @ factors
            rest = np.sqrt(off[..., 0] ** 2 + off[..., 1] ** 2)
            usual = np.maximum(1.5 * np.median(rest, axis=-1, keepdims=True), 0.03)
            now = most * np.minimum(1, usual / np.maximum(rest, 1e-6))
    return factors


def strain(vectors: FloatArray) -> FloatArray:
    """Optical strain magnitude: how much the skin is stretched or sheared (Shreve et al. 2011, eq. 7).

    sqrt(e_xx^2 + e_yy^2 + 2 e_xy^2), with e_xy = (du/dy + dv/dx) / 2.

    Args:
        vectors: (H, W, 2) px.

    Returns:
        (H, W), px per px.
    """
    down_u, right_u = np.gradient(vectors[:, :, 0])
    down_v, right_v = np.gradient(vectors[:, :, 1])
    shear = (down_u + right_v) / 2
    return cast(FloatArray, np.sqrt(right_u**2 + down_v**2 + 2 * shear**2).astype(np.float32))


def onset_apex_flow(onset_face: ByteArray, apex_face: ByteArray) -> FloatArray:
    """What moved between the onset and the apex: horizontal flow, vertical flow, optical strain.

    The three planes of STSTNet (Liong et al. 2019); unlike there, the head's own motion is taken out.

    Args:
        onset_face, apex_face: (128, 128) uint8, aligned faces.

    Returns:
        (3, 48, 48): u and v in px of the aligned face, strain in px per px.
    """
    vectors = flow(onset_face, apex_face)
    height, width = vectors.shape[:2]
    down, right = np.mgrid[0:height, 0:width].astype(np.float32)
    # an ellipse that leaves out hair and background in the corners of an aligned face
    inside = ((right - width / 2) / (0.36 * width)) ** 2 + ((down - height / 2) / (0.47 * height)) ** 2 <= 1
    places = np.dstack([right, down])  # (H, W, 2)
    head = head_motion(
        vectors[::4, ::4].reshape(-1, 2), places[::4, ::4].reshape(-1, 2), inside[::4, ::4].ravel().astype(np.float32)
    )
    own = vectors - (places @ head[:, :2].T + head[:, 2])
    planes = np.dstack([own, strain(own)])
    small = cv2.resize(planes, (FEATURE_SIZE, FEATURE_SIZE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small.transpose(2, 0, 1), dtype=np.float32)  # (3, 48, 48)
