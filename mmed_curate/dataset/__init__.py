"""The researcher's side: `download`, `verify`, `load`, fold by subject. Nothing heavy loads before first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmed_curate.dataset.asked import NO_CLASS as NO_CLASS
    from mmed_curate.dataset.asked import NO_EVENT as NO_EVENT
    from mmed_curate.dataset.choosing import OutOfReachWarning as OutOfReachWarning
    from mmed_curate.dataset.clip import ClipAudio as ClipAudio
    from mmed_curate.dataset.clip import ClipVideo as ClipVideo
    from mmed_curate.dataset.clip import ReleasedClip as ReleasedClip
    from mmed_curate.dataset.clip import Withheld as Withheld
    from mmed_curate.dataset.downloading import download as download
    from mmed_curate.dataset.folds import Fold as Fold
    from mmed_curate.dataset.folds import leave_one_subject_out as leave_one_subject_out
    from mmed_curate.dataset.loading import DraftWarning as DraftWarning
    from mmed_curate.dataset.loading import load as load
    from mmed_curate.dataset.released import Dataset as Dataset
    from mmed_curate.dataset.splits import FixedSplit as FixedSplit
    from mmed_curate.dataset.splits import Splits as Splits
    from mmed_curate.dataset.tombstones import WithdrawnClipsWarning as WithdrawnClipsWarning
    from mmed_curate.dataset.verification import VerifyReport as VerifyReport
    from mmed_curate.dataset.verification import verify as verify

# No module here is named like a function of this room: importing it would put the module in the function's place.
_ROOM_OF = {
    "ClipAudio": "clip",
    "ClipVideo": "clip",
    "Dataset": "released",
    "DraftWarning": "loading",
    "FixedSplit": "splits",
    "Fold": "folds",
    "NO_CLASS": "asked",
    "NO_EVENT": "asked",
    "OutOfReachWarning": "choosing",
    "ReleasedClip": "clip",
    "Splits": "splits",
    "VerifyReport": "verification",
    "WithdrawnClipsWarning": "tombstones",
    "Withheld": "clip",
    "download": "downloading",
    "leave_one_subject_out": "folds",
    "load": "loading",
    "verify": "verification",
}

__all__ = [
    "NO_CLASS",
    "NO_EVENT",
    "ClipAudio",
    "ClipVideo",
    "Dataset",
    "DraftWarning",
    "FixedSplit",
    "Fold",
    "OutOfReachWarning",
    "ReleasedClip",
    "Splits",
    "VerifyReport",
    "WithdrawnClipsWarning",
    "Withheld",
    "download",
    "leave_one_subject_out",
    "load",
    "verify",
]


def __getattr__(name: str) -> Any:
    room = _ROOM_OF.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{room}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
