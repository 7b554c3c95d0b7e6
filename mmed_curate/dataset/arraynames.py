"""Arrays of a clip by name: which file holds each, and along which axis it runs over time (docs/arrays.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmed_curate.dataset.clip import ReleasedClip
from mmed_curate.dataset.rows import ClipRow
from mmed_curate.domain.findings import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OF_PICTURE = ("flow", "motion", "faces", "landmarks", "place_motion", "seen", "times_s")
_OF_SOUND = ("log_mel", "intensity_db", "f0_hz", "periodicity", "voice_activity")

TIME_AXIS_OF: Mapping[str, int] = {
    **{name: 0 for name in _OF_PICTURE if name != "flow"},
    **{name: 1 if name == "log_mel" else 0 for name in _OF_SOUND},
}
"""Frames of the clip, or windows of its sound; of the others every clip's is of one shape."""

N_AXES_OF: Mapping[str, int] = {"flow": 3, "faces": 3, "landmarks": 3, "place_motion": 3, "log_mel": 2}
"""How many axes it has; the others have one."""


def check_names(names: Sequence[str]) -> None:
    """Hold names of arrays against those that there are.

    Raises:
        BadInput: one is none.
    """
    for name in names:
        if name not in {*_OF_PICTURE, *_OF_SOUND}:
            raise BadInput.of(
                "dataset.no_array",
                f"clips have no array {name!r}",
                f"take from {', '.join((*_OF_PICTURE, *_OF_SOUND))}",
            )


def lacking(row: ClipRow, names: Sequence[str]) -> str | None:
    """Why a clip has not all of these arrays; None: it has."""
    if row.features is None and any(name in _OF_PICTURE for name in names):
        return "its picture features are withheld"
    if row.sound_features is None and any(name in _OF_SOUND for name in names):
        return "its sound features are withheld, or it has no sound"
    return None


def array_of(clip: ReleasedClip, name: str, read: dict[str, Mapping[str, Any]]) -> NDArray[Any]:
    """One array of a clip.

    Args:
        clip: whose.
        name: which.
        read: files of this clip that were read already; what is read now is added.

    Raises:
        BadInput: a file is missing or not what was sealed, or it has no such array: an older toolkit measured less.
    """
    kind = "features" if name in _OF_PICTURE else "sound_features"
    if kind not in read:
        read[kind] = clip.features() if kind == "features" else clip.sound_features()
    if name not in read[kind]:
        raise BadInput.of(
            "dataset.array_not_measured",
            f"clip {clip.name} has no {name}: this release was made before it was measured",
            f"leave {name} out, or take a newer version of the release",
            clip=clip.name,
        )
    found: NDArray[Any] = read[kind][name]
    return found
