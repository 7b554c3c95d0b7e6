"""A contact sheet as one PNG: the strongest movements of a recording at a glance.

Everything is drawn on a single pair of axes: a pair for each curve would take ten times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import Severity
from mmed_curate.report.figurefile import save_figure
from mmed_curate.report.sheet import (
    CELL_PX,
    CELLS,
    LOUD_DB,
    QUIET_DB,
    Floats,
    Movement,
    SheetFacts,
    clock_time,
    runs_s,
    span_px,
    tick_step_s,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DPI = 100
_WORDS, _CURVES = 200.0, 400.0
"""Width of the columns of words and of curves, px."""
_GAP = 14.0
_ROW = CELL_PX + 34.0
"""From one row to the next, px."""
_STRIP = CELL_PX * len(CELLS)
_WIDTH = _GAP * 4 + _WORDS + _STRIP + _CURVES
_INK, _SOFT, _LINE = "#1d2329", "#66707a", "#dfe3e7"
_OWN, _OTHERS, _SPAN, _APEX, _TAGGED = "#0072B2", "#b8c0c7", "#fdf0d5", "#E69F00", "#9aa3ab"  # after Okabe & Ito 2008
_LEVEL, _SPEAKS = "#c5d9cf", "#4c8a6b"
_MOST_FINDINGS = 5


def sheet_figure(head: SheetFacts, rows: Sequence[Movement], path: Path, *, left_out: int = 0) -> None:
    """Draw the sheet.

    Args:
        head: the recording.
        rows: the movements, strongest first.
        path: the PNG to write, whole or not at all.
        left_out: how many more there are, which only the page shows.
    """
    import matplotlib.style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    findings = sorted(head.findings, key=lambda one: list(Severity).index(one.severity), reverse=True)[:_MOST_FINDINGS]
    top = 174.0 + 16 * len(findings)
    height = top + _ROW * len(rows) + 26
    plain: Any = matplotlib.style.context("default")
    with plain:
        figure = Figure(figsize=(_WIDTH / _DPI, height / _DPI), dpi=_DPI)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, _WIDTH)
        axes.set_ylim(height, 0)
        axes.set_autoscale_on(False)
        _say(axes, _GAP, 26, head.title, size=13, weight="bold")
        facts = "     ".join(f"{name}: {value}" for name, value in head.facts)
        _say(axes, _GAP, 46, _cut(facts, 190), colour=_SOFT)
        for place, finding in enumerate(findings):
            colour = _SOFT if finding.severity is Severity.NOTE else "#b34700"
            _say(axes, _GAP, 66 + 16 * place, _cut(f"• {finding}", 200), colour=colour)
        _whole(axes, head, top - 92)
        for place, movement in enumerate(rows):
            _row(axes, movement, place, top + _ROW * place)
        last = f"and {left_out} more on the page" if left_out else "" if rows else "no clip was cut from this recording"
        _say(axes, _GAP, height - 10, last, colour=_SOFT)
        save_figure(figure, path)


def _whole(axes: Axes, head: SheetFacts, y: float) -> None:
    """The strip over the whole recording, its lower edge 50 px under y."""
    wide, high = _WIDTH - 2 * _GAP, 46.0
    length_s = max(head.duration_s, 1e-3)
    top = max((mark.score for mark in head.marks), default=1.0) or 1.0
    for tick in np.arange(0, length_s + 1e-9, tick_step_s(length_s)):
        x = _GAP + wide * tick / length_s
        axes.plot([x, x], [y, y + high], color=_LINE, linewidth=0.7)
        _say(axes, x, y + high + 12, clock_time(float(tick))[:-4], colour=_SOFT, size=7)
    axes.plot([_GAP, _GAP + wide], [y + high, y + high], color=_SOFT, linewidth=0.8)
    marks = sorted(head.marks, key=lambda mark: mark.score)
    if marks:
        axes.bar(
            [_GAP + wide * (mark.start_s + mark.stop_s) / 2 / length_s for mark in marks],
            [-max(high * mark.score / top, 3.0) for mark in marks],
            width=[max(wide * (mark.stop_s - mark.start_s) / length_s, 2.0) for mark in marks],
            bottom=y + high,
            color=[_TAGGED if mark.tagged else _OWN for mark in marks],
            alpha=0.85,
        )
    said = (
        f"{len(head.marks)} candidates, as high as their scores; grey: tagged.   In the rows: bold, how far the region "
        "lies off its usual place; thin, the furthest region; below, level of the sound, a bar where somebody speaks"
    )
    _say(axes, _GAP, y + high + 27, said, colour=_SOFT, size=7)


def _row(axes: Axes, movement: Movement, place: int, y: float) -> None:
    axes.plot([_GAP, _WIDTH - _GAP], [y - 8, y - 8], color=_LINE, linewidth=0.8)
    score = movement.unscored if movement.score is None else f"score {movement.score:.2f}"
    _say(axes, _GAP, y + 12, f"{place + 1}.  {movement.when}", size=9, weight="bold")
    lines = [score, *movement.words, ", ".join(movement.tags)]
    for at, line in enumerate(line for line in lines if line):
        _say(axes, _GAP, y + 30 + 15 * at, _cut(line, 36), colour=_SOFT, size=8)
    _say(axes, _GAP, y + CELL_PX, _cut(movement.name, 40), colour=_SOFT, size=6, family="monospace")
    left = 2 * _GAP + _WORDS
    if movement.strip is not None:
        axes.imshow(movement.strip, extent=(left, left + _STRIP, y + CELL_PX, y), aspect="auto", interpolation="none")
    for at, what in enumerate(CELLS):
        middle = left + CELL_PX * (at + 0.5)
        _say(axes, middle, y + CELL_PX + 12, what, colour=_SOFT, size=7, align="center")
    _curves(axes, movement, left + _STRIP + _GAP, y)


def _curves(axes: Axes, movement: Movement, left: float, y: float) -> None:
    length_s = max(movement.duration_s, 1e-3)
    high, sound = 80.0, 34.0
    floor = y + high
    base = y + CELL_PX - 6

    def x(times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return left + _CURVES * np.clip(times_s / length_s, 0, 1)

    onset, apex, offset = (float(place) for place in x(np.array(movement.span_s)))
    axes.fill_between([onset, max(offset, onset + 1)], [y, y], [base + 6, base + 6], color=_SPAN, linewidth=0)
    axes.plot([apex, apex], [y, base + 6], color=_APEX, linewidth=1)
    axes.plot([left, left + _CURVES], [floor, floor], color=_LINE, linewidth=0.8)
    top = span_px(movement)
    for values, colour, width in ((movement.others, _OTHERS, 0.8), (movement.own, _OWN, 1.5)):
        axes.plot(x(movement.times_s), floor - high * np.clip(values / top, 0, 1), color=colour, linewidth=width)
    _say(axes, left + 2, y + 7, f"{top:.1f} px", colour=_SOFT, size=6)
    if len(movement.level_db):
        level: Floats = (np.clip(movement.level_db, QUIET_DB, LOUD_DB) - QUIET_DB) / np.float32(LOUD_DB - QUIET_DB)
        along = x(movement.level_times_s)
        axes.fill_between(along, base - sound * level, base, color=_LEVEL, linewidth=0)
        axes.plot(along, base - sound * level, color=_SPEAKS, linewidth=0.5)
        for start, stop in runs_s(movement.speaks, movement.level_times_s):
            axes.plot(x(np.array([start, stop])), [base + 3, base + 3], color=_SPEAKS, linewidth=2.5)
    else:
        _say(axes, left + 2, base - 2, "no sound", colour=_SOFT, size=6)
    for tick in np.arange(0, length_s + 1e-9, tick_step_s(length_s)):
        align = "right" if tick > 0.95 * length_s else "left"
        _say(axes, float(x(np.array(tick))), y + CELL_PX + 12, f"{tick:.1f} s", colour=_SOFT, size=6, align=align)


def _say(
    axes: Axes,
    x: float,
    y: float,
    words: str,
    *,
    colour: str = _INK,
    size: float = 8,
    weight: str = "normal",
    family: str = "DejaVu Sans",
    align: str = "left",
) -> None:
    # a file name may hold dollar signs, which would be read as mathematics
    axes.text(x, y, words, color=colour, fontsize=size, weight=weight, family=family, ha=align, parse_math=False)


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"
