"""The array files of a release: `.npz` without pickles, of our versions. numpy loads on first use."""

from __future__ import annotations

import shlex
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmed_curate.domain.findings import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

ARRAYS_VERSION = 2
"""Newest version that is read; docs/arrays.md describes all."""


def read_arrays(root: Path, path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of one file, by name.

    Args:
        root: the release.
        path: the file in it.

    Raises:
        BadInput: it cannot be read, or is of a newer version than this mmed reads.
    """
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
            version = int(arrays.get("version", 1))
    except (OSError, ValueError, TypeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise not_whole(root, f"holds a {path.relative_to(root)} that cannot be read ({_plainly(error)})") from error
    if version > ARRAYS_VERSION:
        raise BadInput.of(
            "dataset.newer",
            f"{path.relative_to(root)} is of version {version}, and this mmed reads up to {ARRAYS_VERSION}",
            "install a newer mmed-curate",
        )
    return arrays


def _plainly(error: Exception) -> str:
    """Why a file cannot be read; never NumPy's advice to load it as a pickle, which runs what is in it."""
    return "it holds no plain arrays" if "pickle" in str(error) else str(error)


def not_whole(root: Path, what: str) -> BadInput:
    """What is said of a release that is not as it was sealed."""
    return BadInput.of(
        "dataset.not_whole",
        f"{root} {what}",
        f"run `{shlex.join(['mmed', 'verify', str(root)])}` to see all that differs, and download that again",
    )
