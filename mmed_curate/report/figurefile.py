"""Figures to files, whole or not at all, in the format that the name says; the same figure gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from mmed_curate.domain.files import written_aside

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS: Mapping[str, Mapping[str, None]] = MappingProxyType(
    {
        ".png": {"Software": None},
        ".svg": {"Date": None, "Creator": None},
        ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }
)
"""By the ending of a name, what is not written of when and by what it was drawn."""


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure; where the name ends in none of `FORMATS`, as a PNG.

    Raises:
        BadInput: it cannot be written there.
    """
    from matplotlib import rc_context

    ending = path.suffix.lower() if path.suffix.lower() in FORMATS else ".png"
    with written_aside(path) as aside, rc_context({"svg.hashsalt": "mmed"}):  # else ids are drawn anew each time
        figure.savefig(aside, format=ending[1:], metadata=dict(FORMATS[ending]))
