"""Figures to files, whole or not at all, in the format that the name says; the same figure gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

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


@contextmanager
def drawn_figure(path: Path, *, width_in: float, height_in: float, dpi: int) -> Iterator[Figure]:
    """Give a figure to draw on, without a window or the user's own style; it is saved on a clean exit."""
    import matplotlib.style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    plain: Any = matplotlib.style.context("default")
    with plain:
        figure = Figure(figsize=(width_in, height_in), dpi=dpi, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        save_figure(figure, path)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure; where the name ends in none of `FORMATS`, as a PNG.

    Raises:
        BadInput: it cannot be written there.
    """
    from matplotlib import rc_context

    ending = path.suffix.lower() if path.suffix.lower() in FORMATS else ".png"
    with written_aside(path) as aside, rc_context({"svg.hashsalt": "mmed"}):  # else ids are drawn anew each time
        figure.savefig(aside, format=ending[1:], metadata=dict(FORMATS[ending]))
