"""The faces of one recording as one PNG picture: a row for each track. matplotlib is loaded by the first picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmed_curate.report.facepage import COLOURS, SheetRecording, clock_time, facts, summary
from mmed_curate.report.figurefile import save_figure

MOST_ROWS = 40
"""Tracks in one picture; the page shows all."""
_DPI = 100
_PICTURES = 4
_WIDTH_IN, _ROW_IN, _HEAD_IN = 11.5, 1.15, 0.75


def faces_figure(recording: SheetRecording, to: Path) -> None:
    """Draw the sheet: track number, small pictures with their times, when it is seen, and what is known of it.

    Args:
        recording: its faces; those beyond `MOST_ROWS` are counted in the last line.
        to: the picture to write.
    """
    import matplotlib.style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = recording.faces[:MOST_ROWS]
    left_out = len(recording.faces) - len(shown)
    height_in = _HEAD_IN + _ROW_IN * len(shown) + (0.3 if left_out else 0)
    plain: Any = matplotlib.style.context("default")
    with plain:
        figure = Figure(figsize=(_WIDTH_IN, height_in), dpi=_DPI)
        FigureCanvasAgg(figure)

        def down(inches: float) -> float:
            return 1 - inches / height_in

        def across(inches: float) -> float:
            return inches / _WIDTH_IN

        figure.text(across(0.2), down(0.28), _without_signs(recording.name), fontsize=13, weight="bold", va="center")
        figure.text(across(0.2), down(0.54), summary(recording), fontsize=9.5, color="#555555", va="center")
        for place, face in enumerate(shown):
            top = _HEAD_IN + _ROW_IN * place
            colour = COLOURS[face.track % len(COLOURS)]
            figure.text(
                across(0.35), down(top + 0.5), str(face.track), fontsize=20, color=colour, ha="center", va="center"
            )
            for column, (picture, when) in enumerate(zip(face.pictures, face.pictures_s, strict=True)):
                box = (across(0.75 + 1.0 * column), down(top + 0.93), across(0.93), 0.93 / height_in)
                axes = figure.add_axes(box)
                axes.imshow(picture, interpolation="bilinear")
                axes.axis("off")
                figure.text(
                    *(across(0.75 + 1.0 * column + 0.465), down(top + 1.0), clock_time(when)),
                    fontsize=7,
                    color="#666666",
                    ha="center",
                    va="center",
                )
            bar = figure.add_axes(
                (across(0.75 + 1.0 * _PICTURES + 0.15), down(top + 0.2), across(6.3), 0.16 / height_in)
            )
            bar.set_xlim(recording.begin_s, max(recording.end_s, recording.begin_s + 1e-6))
            bar.set_ylim(0, 1)
            least = (recording.end_s - recording.begin_s) / 500
            bar.broken_barh([(start, max(end - start, least)) for start, end in face.spells], (0, 1), color=colour)
            bar.set_facecolor("#e8e8e8")
            bar.set_xticks([])
            bar.set_yticks([])
            for spine in bar.spines.values():
                spine.set_visible(False)
            for number, line in enumerate(facts(face)):
                figure.text(
                    *(across(0.75 + 1.0 * _PICTURES + 0.15), down(top + 0.34 + 0.19 * number), line),
                    fontsize=9,
                    va="center",
                )
        if left_out:
            said = f"and {left_out} more track(s), which the page shows"
            figure.text(across(0.2), down(height_in - 0.15), said, fontsize=9, va="center")
        save_figure(figure, to)


def _without_signs(name: str) -> str:
    """A file name as it is: `$` would begin a formula."""
    return name.replace("$", r"\$")
