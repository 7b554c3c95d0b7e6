"""A real face to plant movements in, and motion curves drawn by hand."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from mmed_curate.domain.time import Frame
from mmed_curate.face.track import FaceTracker
from mmed_curate.media.pictures import pictures
from mmed_curate.media.write import RecordingWriter
from mmed_curate.spotting.parameters import SpottingParameters, load_parameters

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]

MOUTH_CORNER_LEFT = (291,)
UPPER_LIDS = (159, 386)
"""Points of the mesh, MediaPipe's numbering."""

Plan = list[tuple[tuple[int, ...], int, int, float, float]]
"""(landmarks, first frame, last frame, px to the right, px down) for each movement."""


@pytest.fixture(scope="session")
def parameters() -> SpottingParameters:
    """The packaged ones."""
    return load_parameters("mmed")


@pytest.fixture(scope="session")
def portrait(repository: Path) -> ByteArray:
    """(360, 640, 3): one face, eyes 70 px apart."""
    path = repository / "demo" / "recordings" / "single_face.mp4"
    return next(iter(pictures(path, last=Frame(0)))).bgr().copy()


@pytest.fixture(scope="session")
def planted(portrait: ByteArray) -> Callable[[Path, int, Plan], Path]:
    """Writes a simulated recording: the portrait with noise, and smooth displacements round mesh points."""
    (face,) = FaceTracker().step(portrait)
    down, right = np.mgrid[: portrait.shape[0], : portrait.shape[1]].astype(np.float32)

    def write(path: Path, n_frames: int, plan: Plan) -> Path:
        random = np.random.default_rng(5)
        fields = []
        for points, *_ in plan:
            reach = (0.13 if points == UPPER_LIDS else 0.22) * face.eye_distance_px
            away = [(right - x) ** 2 + (down - y) ** 2 for x, y in (face.landmarks[point] for point in points)]
            fields.append(np.max([np.exp(-distance / (2 * reach**2)) for distance in away], axis=0))
        with RecordingWriter(path, width=640, height=360, time_base=Fraction(1, 30)) as writer:
            for frame in range(n_frames):
                map_x, map_y = right.copy(), down.copy()
                for (_, first, last, to_right, to_down), field in zip(plan, fields, strict=True):
                    if first <= frame <= last:
                        share = (1 - np.cos(2 * np.pi * (frame - first + 1) / (last - first + 2))) / 2
                        map_x -= field * np.float32(share * to_right)
                        map_y -= field * np.float32(share * to_down)
                face_now = cv2.remap(portrait, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
                noisy = face_now + random.normal(0, 2, (*portrait.shape[:2], 1))
                writer.picture(np.clip(noisy, 0, 255).astype(np.uint8), frame)
        return path

    return write
