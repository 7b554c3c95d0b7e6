"""Courses of figures over windows of time as one PNG: one panel for each figure, one line for each coder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmed_curate.domain.findings import BadInput
from mmed_curate.report.figurefile import save_figure

# Okabe & Ito 2008, Color Universal Design
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "osD^vPX*"
_DPI = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One line."""

    label: str
    values: tuple[float | None, ...]
    """One for each window; None: undetermined there, nothing is drawn."""
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CoursePanel:
    """One figure."""

    title: str
    courses: tuple[Course, ...]
    """Labels come from the first panel; the others hold the same courses in the same order."""
    most: float | None = None
    """The axis runs from 0 to this; None: to what there is."""


def courses_figure(panels: Sequence[CoursePanel], windows: Sequence[str], path: Path, *, title: str) -> None:
    """Draw panels one above the other over the same windows.

    Args:
        panels: at least one.
        windows: names of the windows, in order of time; at least one.
        path: the PNG to write, whole or not at all.
        title: above the picture.

    Raises:
        BadInput: there is nothing to draw, or the file cannot be written.
    """
    if not panels or not windows:
        raise BadInput.of("report.no_courses", "there is nothing to draw over time", "wait until something is measured")
    import matplotlib.style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    plain: Any = matplotlib.style.context("default")
    with plain:
        figure = Figure(figsize=(9.0, 1.0 + 1.7 * len(panels)), dpi=_DPI, layout="constrained")
        FigureCanvasAgg(figure)
        all_axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for axes, panel in zip(all_axes, panels, strict=True):
            for number, course in enumerate(panel.courses):
                places = [place for place, value in enumerate(course.values) if value is not None]
                axes.plot(
                    places,
                    [course.values[place] for place in places],
                    color=_COLOURS[number % len(_COLOURS)],
                    marker=_MARKERS[number % len(_MARKERS)],
                    linestyle="--" if course.dashed else "-",
                    linewidth=1.2,
                    markersize=4,
                    label=course.label,
                )
            if all(value is None for course in panel.courses for value in course.values):
                axes.text(0.5, 0.5, "undetermined", transform=axes.transAxes, ha="center", va="center", color="#777777")
            axes.set_ylim(-0.03 if panel.most else 0, None if panel.most is None else 1.03 * panel.most)
            axes.set_title(panel.title, fontsize=8, loc="left", pad=2)
            axes.tick_params(labelsize=7)
            axes.grid(color="#BBBBBB", linewidth=0.3)
        all_axes[-1].set_xlim(-0.3, len(windows) - 0.7)
        all_axes[-1].set_xticks(range(len(windows)), list(windows), rotation=30, ha="right")
        handles, labels = all_axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper", fontsize=7)
        figure.suptitle(title, fontsize=10)
        save_figure(figure, path)
