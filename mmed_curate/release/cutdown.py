"""A clip's features without what shows the face: where its subject lets go out how the face moves, and no more."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from mmed_curate.domain.findings import BadInput
from mmed_curate.media.arrayfile import write_arrays

SHOWS_NO_FACE = (
    "format",
    "version",
    "times_s",
    "seen",
    "places",
    "place_motion",
    "flow",
    "motion",
    "onset",
    "apex",
    "offset",
)
"""Arrays of features.npz that go out without the face: how parts of it move, each off its own rest. What is not named
here stays in the lab, also where a later version adds it. Not here: `faces` and `landmarks`, which show the face;
`alignment` and `eye_distance_px`, which say where it lies in a picture that is withheld, and how large it is."""


def without_face(source: Path, target: Path) -> None:
    """Write the arrays that show no face into another file, not compressed, so that its bytes hang on no library.

    Args:
        source: features.npz as `mmed recut` made it.
        target: where to; replaced.

    Raises:
        BadInput: the source is no file of arrays, or the target cannot be written.
    """
    try:
        with np.load(source, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files if name in SHOWS_NO_FACE}
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise BadInput.of(
            "release.features", f"the faces cannot be taken out of {source}, which holds no arrays", "run `mmed recut`"
        ) from error
    write_arrays(target, arrays, compressed=False)
