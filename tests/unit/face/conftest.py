"""One real face, bundled with the demo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from mmed_curate.domain.time import Frame
from mmed_curate.media.pictures import pictures

ByteArray = npt.NDArray[np.uint8]


@pytest.fixture(scope="session")
def man_at_the_door(repository: Path) -> ByteArray:
    """(360, 640, 3): one face, upright, eyes 70 px apart, left of a white door."""
    path = repository / "demo" / "recordings" / "single_face.mp4"
    return next(iter(pictures(path, last=Frame(0)))).bgr().copy()
