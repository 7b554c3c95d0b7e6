"""What of a clip's stored arrays a coder may see (docs/arrays.md): signals alone, no marks, scores or thresholds.

Everything here is made from the clip as a whole; nothing depends on where an event lies in it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[np.generic]]

_FACE = ("format", "version", "times_s", "alignment", "seen", "eye_distance_px", "landmarks")
_VOICE = (
    *("format", "version", "start_s", "hop_s", "window_s"),
    *("log_mel", "band_hz", "intensity_db", "f0_hz", "voice_activity"),
)
_MOTION = "motion"


def face_curves(stored: bytes, *, with_motion: bool) -> Arrays:
    """What a ticket's `face.npz` holds.

    Beside what is stored: `regions` (R,) text and `motion` (T, R) float32, aligned px: how far the places of each part
    of the face lie off their own median over the clip, as the mean of their distances (the two lids of an eye go
    against each other: the mean of where they went would show nothing); NaN where the face was not seen.

    Args:
        stored: bytes of the clip's `coding-features`.
        with_motion: whether the coder may see how much each part of the face moves.

    Raises:
        ValueError: they are no such file.
    """
    found = _read(stored, (*_FACE, "places", "place_motion") if with_motion else _FACE)
    curves = {name: found[name] for name in _FACE}
    if not with_motion:
        return curves
    places, moved = found["places"], np.asarray(found["place_motion"], dtype=np.float32)  # (P,), (T, P, 2)
    if places.shape != moved.shape[1:2]:
        raise ValueError(f"{moved.shape} is no motion of {places.shape} places")
    length = np.hypot(moved[..., 0], moved[..., 1])  # (T, P)
    regions = tuple(dict.fromkeys(str(place) for place in places))
    by_region = [length[:, places == region].mean(axis=1) for region in regions]
    motion = np.stack(by_region, axis=1).astype(np.float32)  # (T, R)
    return curves | {"regions": np.array(regions), _MOTION: motion}


def voice_curves(stored: bytes) -> Arrays:
    """What a ticket's `voice.npz` holds.

    Args:
        stored: bytes of the clip's `coding-sound-features`.

    Raises:
        ValueError: they are no such file.
    """
    return _read(stored, _VOICE)


def holds_motion(path: Path) -> bool:
    """Whether a ticket's `face.npz` holds the motion of the face; no where it is no such file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return f"{_MOTION}.npy" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _read(stored: bytes, names: tuple[str, ...]) -> dict[str, npt.NDArray[np.generic]]:
    try:
        with np.load(io.BytesIO(stored), allow_pickle=False) as archive:
            return {name: archive[name] for name in names}
    except (KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(str(error)) from error
