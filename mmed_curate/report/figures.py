"""Numbers to PNG pictures: confusion, intervals. The same numbers give the same bytes.

matplotlib is loaded by the first picture, without pyplot, a window or the user's own style; nothing here knows
what the numbers mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput
from mmed_curate.report.figurefile import drawn_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DPI = 120

# Okabe & Ito 2008, Color Universal Design: told apart by people with any kind of colour vision
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#999999"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalRow:
    """One line of an interval figure."""

    label: str
    value: float | None
    """Point estimate; None: undetermined."""
    lower: float | None = None
    """Lower end of the interval; None: no interval."""
    upper: float | None = None
    note: str = ""
    """Written beside it; say here why it is undetermined."""


def confusion_figure(matrix: npt.ArrayLike, labels: Sequence[str], title: str, path: Path) -> None:
    """Draw a confusion matrix: counts in the cells, colour by the share of the row.

    Args:
        matrix: (C, C) counts; rows are the truth (or one coder), columns the prediction (or the other).
        labels: the C names, in the matrix's order.
        title: above the picture.
        path: the PNG to write, whole or not at all.

    Raises:
        BadInput: the matrix is not square or has another size than the labels.
    """
    counts = np.asarray(matrix, dtype=float)  # (C, C)
    n = len(labels)
    if counts.shape != (n, n) or n == 0:
        raise BadInput.of(
            "report.confusion_shape",
            f"a confusion matrix of {n} labels needs {n} × {n} counts, got {' × '.join(map(str, counts.shape))}",
            "give one row and one column per label",
        )
    totals = counts.sum(axis=1, keepdims=True)  # (C, 1)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    with drawn_figure(path, width_in=2.2 + 0.8 * n, height_in=1.6 + 0.7 * n, dpi=_DPI) as figure:
        axes = figure.add_subplot()
        picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(n), labels, rotation=30, ha="right")
        axes.set_yticks(range(n), labels)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        axes.set_title(title)
        for row in range(n):
            for column in range(n):
                shade = "white" if shares[row, column] > 0.6 else "black"
                text = f"{counts[row, column]:g}\n{shares[row, column]:.0%}"
                axes.text(column, row, text, ha="center", va="center", color=shade, fontsize=9)
        axes.figure.colorbar(picture, ax=axes, label="share of the row", fraction=0.046, pad=0.04)


def intervals_figure(
    rows: Sequence[IntervalRow], path: Path, *, title: str = "", x_label: str = "", bounds: Sequence[float] = ()
) -> None:
    """Draw one point with its interval per row, first row on top, and the bounds they are held against.

    Args:
        rows: at least one.
        path: the PNG to write.
        bounds: dashed lines from top to bottom.

    Raises:
        BadInput: there are no rows.
    """
    if not rows:
        raise BadInput.of("report.no_rows", "a figure of intervals needs at least one row", "measure something first")
    with drawn_figure(path, width_in=8.0, height_in=1.2 + 0.42 * len(rows), dpi=_DPI) as figure:
        axes = figure.add_subplot()
        draw_rows(axes, rows, told=lambda value: f"{value:.3f}")
        for bound in bounds:
            axes.axvline(bound, color=_ORANGE, linestyle="--", linewidth=1)
        values = [number for row in rows for number in (row.value, row.lower, row.upper) if number is not None]
        axes.set_xlim(min(0.0, *values, *bounds) - 0.05 if values or bounds else -0.05, max([1.0, *values]) + 0.05)
        axes.set_xlabel(x_label)
        axes.set_title(title)


def draw_rows(axes: Axes, rows: Sequence[IntervalRow], *, told: Callable[[float], str]) -> None:
    """Draw points with intervals, the first row on top; `told` writes a value."""
    for place, row in enumerate(rows):
        if row.value is None:
            axes.text(0.0, place, f"undetermined: {row.note}".rstrip(": "), va="center", color=_GREY, fontsize=8)
            continue
        if row.lower is not None and row.upper is not None:
            axes.plot([row.lower, row.upper], [place, place], color=_BLUE, linewidth=2, solid_capstyle="butt")
        axes.plot([row.value], [place], marker="o", color=_BLUE)
        axes.annotate(
            f"{told(row.value)} {row.note}".rstrip(),
            (row.value, place),
            textcoords="offset points",
            xytext=(0, 6),
            ha="center",
            fontsize=8,
        )
    axes.set_yticks(range(len(rows)), [row.label for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.8)
