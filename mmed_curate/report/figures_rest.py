"""Stretches of a face at rest as one PNG picture. matplotlib is loaded by the first picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmed_curate.report.facepage import clock_time
from mmed_curate.report.figurefile import save_figure
from mmed_curate.report.restpage import SheetRest

_DPI = 100
_SIDE_IN, _HEAD_IN, _WIDTH_IN = 1.8, 0.5, 11.0


def rest_figure(subject: str, rests: Sequence[SheetRest], to: Path) -> None:
    """Draw the sheet: a row for each stretch, with its first, middle and last frame and what is known of it.

    Args:
        subject: the lab's code.
        rests: the best first.
        to: the picture to write.
    """
    import matplotlib.style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    row_in = _SIDE_IN + 0.1
    height_in = _HEAD_IN + row_in * len(rests)
    plain: Any = matplotlib.style.context("default")
    with plain:
        figure = Figure(figsize=(_WIDTH_IN, height_in), dpi=_DPI)
        FigureCanvasAgg(figure)
        heading = f"{subject} at rest?".replace("$", r"\$")
        figure.text(0.2 / _WIDTH_IN, 1 - 0.28 / height_in, heading, fontsize=13, weight="bold", va="center")
        for place, rest in enumerate(rests):
            top = _HEAD_IN + row_in * place
            figure.text(
                *(0.35 / _WIDTH_IN, 1 - (top + 0.4) / height_in, str(rest.number)),
                fontsize=20,
                color="#0072B2",
                ha="center",
                va="center",
            )
            for column, picture in enumerate(rest.pictures):
                left = 0.75 + (_SIDE_IN + 0.05) * column
                axes = figure.add_axes(
                    (
                        left / _WIDTH_IN,
                        1 - (top + _SIDE_IN) / height_in,
                        _SIDE_IN / _WIDTH_IN,
                        _SIDE_IN / height_in,
                    )
                )
                axes.imshow(picture, interpolation="bilinear")
                axes.axis("off")
            beside = 0.75 + (_SIDE_IN + 0.05) * 3 + 0.15
            lines = (f"{rest.recording} at {clock_time(rest.at_s)}", *rest.facts)
            for number, line in enumerate(lines):
                figure.text(
                    *(beside / _WIDTH_IN, 1 - (top + 0.3 + 0.22 * number) / height_in, line.replace("$", r"\$")),
                    fontsize=9,
                    weight="bold" if number == 0 else "normal",
                    va="center",
                )
        save_figure(figure, to)
