"""How each part of a face moved, and what was proposed of it, as one PNG. Plain curves and spans in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput
from mmed_curate.report.figurefile import save_figure

# Okabe & Ito 2008, Color Universal Design
COLOURS = {
    "": "#D55E00",
    "blink": "#56B4E9",
    "head-motion": "#009E73",
    "speech": "#CC79A7",
    "macro": "#E69F00",
}
"""Of a proposal by its first tag; empty: none."""
_BLUE, _GREY = "#0072B2", "#BBBBBB"
_DPI = 110
_DOTS = 4000
"""Longer curves are thinned to about so many points: to the highest of each stretch."""
_HIGHEST = 99.8
"""Percentile of a curve at which its axis ends: one large movement must not flatten all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedSpan:
    """One proposal."""

    onset_s: float
    apex_s: float
    offset_s: float
    score: float
    tags: tuple[str, ...]
    """Sorted; empty: none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegionCurve:
    """One part of one face."""

    title: str
    time_s: npt.NDArray[np.float64]
    """(n,) increasing; a step longer than half a second is a gap."""
    px: npt.NDArray[np.floating]
    """(n,) how far it is from its usual place."""
    asked_px: npt.NDArray[np.floating]
    """(n,) how far it had to be to be proposed."""
    proposals: tuple[ProposedSpan, ...]
    """Those of this part."""


def spotting_figure(curves: Sequence[RegionCurve], path: Path, *, title: str, lasts_s: float) -> None:
    """Draw the parts one above the other on one time axis, proposals as coloured spans with a dot at the apex.

    Args:
        curves: at least one.
        path: the PNG to write, whole or not at all.
        title: above the picture.
        lasts_s: length of the time axis.

    Raises:
        BadInput: there is nothing to draw, or the file cannot be written.
    """
    if not curves:
        raise BadInput.of("report.no_face", "no face was seen, so there is no motion to draw", "leave out --plot")
    import matplotlib.style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    plain: Any = matplotlib.style.context("default")
    with plain:
        figure = Figure(figsize=(14.0, 0.9 + 0.85 * len(curves)), dpi=_DPI, layout="constrained")
        FigureCanvasAgg(figure)
        rows = figure.subplots(len(curves), 1, sharex=True, squeeze=False)[:, 0]
        for axes, curve in zip(rows, curves, strict=True):
            _draw(axes, curve, lasts_s)
        rows[0].set_title(title, loc="left", fontsize=11)
        rows[-1].set_xlabel("seconds")
        shown = [*(tag for tag in COLOURS if any(tag == _kind(one) for curve in curves for one in curve.proposals))]
        marks = [rows[0].axvspan(-2, -1, color=COLOURS[tag], alpha=0.5, label=tag or "proposed") for tag in shown]
        rows[0].set_xlim(0, lasts_s)
        if marks:
            figure.legend(handles=marks, loc="outside lower right", ncols=len(marks), fontsize=8)
        save_figure(figure, path)


def _draw(axes: Any, curve: RegionCurve, lasts_s: float) -> None:
    least_s = lasts_s / 1500  # a span narrower than a pixel would not be seen
    highest = (
        max(float(np.percentile(curve.px, _HIGHEST)), 2 * float(np.median(curve.asked_px))) if len(curve.px) else 1
    )
    for one in curve.proposals:
        colour = COLOURS[_kind(one)]
        axes.axvspan(one.onset_s, max(one.offset_s, one.onset_s + least_s), color=colour, alpha=0.4, linewidth=0)
        axes.plot([one.apex_s], [0.95 * highest], marker=".", color=colour, markersize=4)
    for values, colour, width in ((curve.asked_px, _GREY, 0.8), (curve.px, _BLUE, 0.7)):
        axes.plot(*_thinned(curve.time_s, values), color=colour, linewidth=width)
    axes.set_ylim(0, highest)
    axes.set_ylabel(curve.title, rotation=0, ha="right", va="center", fontsize=8)
    axes.tick_params(labelsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _kind(one: ProposedSpan) -> str:
    return next((tag for tag in one.tags if tag in COLOURS), "")


def _thinned(
    time_s: npt.NDArray[np.float64], values: npt.NDArray[np.floating]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """At most `_DOTS` points, the highest of each stretch, with breaks at gaps."""
    stretch = -(-len(values) // _DOTS)
    if stretch > 1:
        starts = np.arange(0, len(values), stretch)
        time_s, values = time_s[starts], np.maximum.reduceat(values, starts)
    breaks = np.flatnonzero(np.diff(time_s) > max(0.5, 2 * stretch * float(np.median(np.diff(time_s))))) + 1
    return np.insert(time_s, breaks, np.nan), np.insert(values.astype(np.float64), breaks, np.nan)
