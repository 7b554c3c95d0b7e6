"""What was found of clocks as PNG pictures: lags of windows and their line, and what flashes and claps say of skew.

matplotlib is loaded by the first picture. Plain arrays in: nothing here knows how they were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput
from mmed_curate.report.figurefile import drawn_figure

if TYPE_CHECKING:
    pass

Doubles = npt.NDArray[np.float64]

_DPI = 110
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#999999"  # Okabe & Ito 2008, Color Universal Design
_MOST_POINTS = 3000
"""Of the curve over all lags; the greatest of each run of lags is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPanel:
    """One companion."""

    title: str
    note: str
    """One line of numbers beneath the title."""
    times_s: Doubles
    """(n,) middles of the windows on the companion's clock."""
    lags_s: Doubles
    """(n,) lag of each window."""
    agrees: npt.NDArray[np.bool_]
    """(n,) whether the line goes through it."""
    offset_s: float
    drift_ppm: float
    """The line: offset_s + drift_ppm × 1e-6 × time."""
    agree_ms: float
    """How near the line a window must be to agree."""
    search_lags_s: Doubles
    """(L,) lags of the coarse search."""
    search_scores: Doubles
    """(L,) correlation at each, relative to the highest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkewBar:
    """What one event bounds."""

    label: str
    time_s: float
    least_ms: float
    most_ms: float


def sync_figure(panels: Sequence[SyncPanel], path: Path) -> None:
    """Draw a row for each companion: lags over time with their line, distances from it in ms, correlation over lags.

    Args:
        panels: at least one.
        path: the PNG to write, whole or not at all.

    Raises:
        BadInput: there are no companions.
    """
    if not panels:
        raise BadInput.of("report.no_rows", "a figure of synchrony needs at least one companion", "give one")
    with drawn_figure(path, width_in=13.5, height_in=3.6 * len(panels) + 0.2, dpi=_DPI) as figure:
        grid = figure.subplots(len(panels), 3, squeeze=False)
        for (lag, rest, search), panel in zip(grid, panels, strict=True):
            minutes = panel.times_s / 60
            line_s = panel.offset_s + panel.drift_ppm * 1e-6 * panel.times_s
            away_ms = 1000 * (panel.lags_s - line_s)
            yes, no = panel.agrees, ~panel.agrees
            lag.set_title(f"{_plain(panel.title)}\n{_plain(panel.note)}", loc="left", fontsize=9)
            shift_ms = 1000 * (panel.lags_s - panel.offset_s)
            lag.plot(minutes[no], shift_ms[no], "x", color=_ORANGE, markersize=4, label="does not agree")
            lag.plot(minutes[yes], shift_ms[yes], "o", color=_BLUE, markersize=3, label="agrees")
            lag.plot(minutes, 1000 * (line_s - panel.offset_s), color="black", linewidth=1, label="line")
            lag.set_xlabel("companion's time (min)")
            lag.set_ylabel(f"lag − {panel.offset_s:.4f} s (ms)")
            lag.legend(fontsize=7)
            inside = np.abs(away_ms) <= 2 * panel.agree_ms
            rest.plot(minutes[yes & inside], away_ms[yes & inside], "o", color=_BLUE, markersize=3)
            rest.plot(minutes[no & inside], away_ms[no & inside], "x", color=_ORANGE, markersize=4)
            for edge in (-panel.agree_ms, panel.agree_ms):
                rest.axhline(edge, color=_GREY, linestyle="--", linewidth=1)
            rest.axhline(0, color="black", linewidth=1)
            rest.set_ylim(-2 * panel.agree_ms, 2 * panel.agree_ms)
            rest.set_title(f"{int((~inside).sum())} windows lie outside this picture", loc="left", fontsize=8)
            rest.set_xlabel("companion's time (min)")
            rest.set_ylabel("distance from the line (ms)")
            lags_s, scores = _thinned(panel.search_lags_s, panel.search_scores)
            search.plot(lags_s, scores, color=_BLUE, linewidth=0.8)
            middle_s = float(panel.times_s.mean()) if len(panel.times_s) else 0.0
            search.axvline(
                panel.offset_s + panel.drift_ppm * 1e-6 * middle_s, color=_ORANGE, linestyle="--", linewidth=1
            )
            search.set_ylim(0, 1.08)
            search.set_title("the one peak should stand alone", loc="left", fontsize=8)
            search.set_xlabel("lag (s)")
            search.set_ylabel("correlation of envelopes")


def skew_figure(
    bars: Sequence[SkewBar],
    path: Path,
    *,
    title: str,
    start: tuple[float, float] | None,
    end: tuple[float, float] | None,
    uncertainty_ms: float = 0.0,
) -> None:
    """Draw what each event bounds, and the skew that fits all.

    Args:
        bars: the events; none draws an empty picture that says so.
        path: the PNG to write.
        title: above the picture.
        start: time in s and skew in ms at the first; None: unmeasured.
        end: the same at the last.
        uncertainty_ms: half-width round both.
    """
    with drawn_figure(path, width_in=8.5, height_in=4.0, dpi=_DPI) as figure:
        axes = figure.subplots()
        for bar in bars:
            axes.plot([bar.time_s] * 2, [bar.least_ms, bar.most_ms], color=_BLUE, linewidth=3, solid_capstyle="butt")
            axes.annotate(
                _plain(bar.label),
                (bar.time_s, bar.most_ms),
                textcoords="offset points",
                xytext=(0, 4),
                ha="center",
                fontsize=7,
            )
        if start is not None and end is not None:
            times, skews = [start[0], end[0]], np.array([start[1], end[1]])
            axes.plot(times, skews, "o-", color="black", linewidth=1, markersize=4)
            for edge in (-uncertainty_ms, uncertainty_ms):
                axes.plot(times, skews + edge, "_", color=_ORANGE, markersize=14)
        else:
            axes.text(0.5, 0.5, "unmeasured", transform=axes.transAxes, ha="center", color=_GREY, fontsize=16)
        axes.axhline(0, color=_GREY, linewidth=1)
        axes.set_xlabel("time of the recording (s)")
        axes.set_ylabel("picture later than sound (ms)")
        axes.set_title(_plain(title), loc="left", fontsize=9)


def _thinned(lags_s: Doubles, scores: Doubles) -> tuple[Doubles, Doubles]:
    run = -(-len(scores) // _MOST_POINTS)
    if run <= 1:
        return lags_s, scores
    whole = len(scores) // run * run
    rows = scores[:whole].reshape(-1, run)
    return lags_s[:whole].reshape(-1, run)[np.arange(len(rows)), rows.argmax(axis=1)], rows.max(axis=1)


def _plain(text: str) -> str:
    """Text in which a dollar sign is no formula."""
    return text.replace("$", r"\$")
