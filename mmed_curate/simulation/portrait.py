"""One simulated subject's face at rest: a real face, upright, in a geometry and a light of its own.

Places are in pixels of the pictures to come, x to the right, y down, counted from the portrait's own corner. The
portrait is a little larger than the pictures, so that a swaying head never uncovers an edge, and twice as fine, so that
a head that moves by half a pixel is not blurred more than one that stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_root
from mmed_curate.domain.time import Frame
from mmed_curate.face.mesh import eye_distance_px
from mmed_curate.face.track import FaceTracker
from mmed_curate.face.warp import warp
from mmed_curate.media.pictures import pictures
from mmed_curate.simulation.seeds import generator
from mmed_curate.simulation.settings import FaceSource, PictureSettings, SessionSettings

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]

MARGIN = 24
"""By how much the portrait is larger than the picture on each side, px."""
FINE = 2
"""Pixels of the portrait's image per pixel of the picture, in each direction."""
_EYES_AT = 0.42
"""Height of the eyes in the picture, from its top (portraits put them a little above the middle)."""
_BEND_KNOTS = 5
"""Knots of the bending grid in each direction: bends as wide as a cheek, never as narrow as a lid."""

_EYES = ((33, 133), (362, 263))
"""Corners of the right and the left eye in the mesh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A face at rest."""

    image: ByteArray
    """(FINE * H, FINE * W, 3) BGR; H and W are those of the pictures plus twice the margin."""
    landmarks: FloatArray
    """(468, 2) px of the pictures."""

    @property
    def eye_distance_px(self) -> float:
        """Between the middles of the eyes, px."""
        return eye_distance_px(self.landmarks)


def portrait(settings: SessionSettings, subject: int) -> Portrait:
    """The face of one simulated subject.

    Args:
        settings: the world.
        subject: its number, from 0.

    Raises:
        BadInput: the source cannot be read, or no face is found in it.
    """
    source = settings.faces[subject % len(settings.faces)]
    image = _picture_of(source)
    found = _points(image, source)
    rng = generator(settings.seed, "portrait", subject)
    # the first subject of each source keeps its side; later ones are drawn
    mirrored = subject >= len(settings.faces) and bool(rng.random() < 0.5)
    if mirrored:
        image = np.ascontiguousarray(image[:, ::-1])
        found = _points(image, source)
    own = _lit(_upright(image, found, settings.picture, rng), settings.picture, rng)
    return Portrait(image=own, landmarks=(_points(own, source) - (FINE - 1) / 2) / np.float32(FINE))


def _picture_of(source: FaceSource) -> ByteArray:
    given = Path(source.file)
    path = given if given.exists() or not (packaged_root() / given).exists() else packaged_root() / given
    for picture in pictures(path, first=Frame(source.frame), last=Frame(source.frame)):
        return picture.bgr()
    raise BadInput.of(
        "simulation.no_frame", f"{path} has no frame {source.frame}", "name a frame in which the face is at rest"
    )


def _points(image: ByteArray, source: FaceSource) -> FloatArray:
    faces = FaceTracker().step(image)
    if not faces:
        raise BadInput.of(
            "simulation.no_face",
            f"no face is found in frame {source.frame} of {source.file}",
            "name a picture with a frontal face in it",
        )
    return max(faces, key=lambda face: face.eye_distance_px).landmarks


def _upright(image: ByteArray, points: FloatArray, settings: PictureSettings, rng: np.random.Generator) -> ByteArray:
    """The face turned upright and scaled, stretched and bent into a geometry of its own."""
    right, left = (points[list(corners)].mean(axis=0) for corners in _EYES)
    across = left - right
    distance = float(np.hypot(*across))
    cos, sin = across / distance
    width, height = settings.width + 2 * MARGIN, settings.height + 2 * MARGIN
    step = distance / settings.eye_distance_px
    stretch = 1 + rng.uniform(-1, 1, size=2) * settings.face_own_stretch
    y, x = (np.mgrid[0 : FINE * height, 0 : FINE * width].astype(np.float32) - (FINE - 1) / 2) / FINE
    bend_x, bend_y = (
        _bend(FINE * height, FINE * width, rng) * settings.face_own_bend * settings.eye_distance_px for _ in range(2)
    )
    # the eyes themselves keep their distance: stretching acts on the height, and on what lies beside them
    from_x = (x - (width - 1) / 2 + bend_x) * step
    from_y = (y - MARGIN - _EYES_AT * settings.height + bend_y) * step / np.float32(stretch[1])
    from_x = from_x / np.float32(stretch[0])
    middle = (right + left) / 2
    map_x = middle[0] + from_x * cos - from_y * sin
    map_y = middle[1] + from_x * sin + from_y * cos
    return _softened(warp(image, map_x.astype(np.float32), map_y.astype(np.float32), cubic=True))


def _softened(image: ByteArray) -> ByteArray:
    """Details finer than a pixel of the picture taken out (binomial, 3 by 3), so that they cannot flicker in it."""
    wide = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge").astype(np.uint16)
    rows = wide[:-2] + 2 * wide[1:-1] + wide[2:]
    whole = rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]
    soft: ByteArray = ((whole + 8) // 16).astype(np.uint8)
    return soft


def _bend(height: int, width: int, rng: np.random.Generator) -> FloatArray:
    """(height, width) smooth random field within -1..1: cosine-blended values on a coarse grid."""
    knots = rng.uniform(-1, 1, size=(_BEND_KNOTS, _BEND_KNOTS))
    down, along = _blend(height), _blend(width)
    return (down @ knots @ along.T).astype(np.float32)  # (H, 5) @ (5, 5) @ (5, W)


def _blend(length: int) -> npt.NDArray[np.float64]:
    """(length, knots) weights of each knot at each pixel; each row sums to 1."""
    place = np.linspace(0, _BEND_KNOTS - 1, length)
    apart = np.abs(place[:, None] - np.arange(_BEND_KNOTS)[None, :])
    return np.where(apart < 1, (1 + np.cos(np.pi * np.minimum(apart, 1))) / 2, 0.0)


def _lit(image: ByteArray, settings: PictureSettings, rng: np.random.Generator) -> ByteArray:
    """The picture in a light of its own: brightness, tint, and a gradient across."""
    gain = 1 + rng.uniform(-1, 1) * settings.light_gain
    tint = 1 + rng.uniform(-1, 1, size=3) * settings.light_tint
    slope = rng.uniform(-1, 1) * settings.light_gain
    across = 1 + slope * np.linspace(-1, 1, image.shape[1])
    lit = image * (gain * tint)[None, None, :] * across[None, :, None]
    rounded: ByteArray = np.rint(np.clip(lit, 0, 255)).astype(np.uint8)
    return rounded
