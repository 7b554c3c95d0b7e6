"""A recording's quality over time as one PNG, so that a curator sees when it is bad. Plain curves and bounds in."""

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
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#BBBBBB"
_DPI = 110
_DOTS = 4000
"""Longer curves are thinned to about so many points: to the lowest and highest of each stretch."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """One curve over time."""

    title: str
    time_s: npt.NDArray[np.float64]
    """(n,) increasing."""
    values: npt.NDArray[np.floating]
    """(n,) not a number: nothing was measured there."""
    bounds: tuple[float, ...] = ()
    """Dashed lines: from here on it deserves a look, or is poor."""
    least: float | None = None
    """The axis begins no higher than this."""
    most: float | None = None
    """The axis ends no lower than this."""


def quality_figure(panels: Sequence[Panel], path: Path, *, title: str, lasts_s: float) -> None:
    """Draw curves one above the other on one time axis.

    Args:
        panels: at least one.
        path: the PNG to write, whole or not at all.
        title: above the picture.
        lasts_s: length of the time axis.

    Raises:
        BadInput: there is nothing to draw, or the file cannot be written.
    """
    if not panels:
        raise BadInput.of("report.no_panels", "a figure of quality needs at least one curve", "measure something first")
    import matplotlib.style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    plain: Any = matplotlib.style.context("default")
    with plain:
        figure = Figure(figsize=(11.0, 0.6 + 1.15 * len(panels)), dpi=_DPI, layout="constrained")
        FigureCanvasAgg(figure)
        all_axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for axes, panel in zip(all_axes, panels, strict=True):
            time_s, values = _thinned(panel.time_s, panel.values)
            axes.plot(time_s, values, color=_BLUE, linewidth=0.8, marker="." if len(time_s) < 60 else "", markersize=3)
            for bound in panel.bounds:
                axes.axhline(bound, color=_ORANGE, linestyle="--", linewidth=0.8)
            low, high = axes.get_ylim()
            axes.set_ylim(
                low if panel.least is None else min(low, panel.least),
                high if panel.most is None else max(high, panel.most),
            )
            axes.set_title(panel.title, fontsize=8, loc="left", pad=2)
            axes.tick_params(labelsize=7)
            axes.grid(color=_GREY, linewidth=0.3)
        all_axes[-1].set_xlim(0, max(lasts_s, 1e-3))
        all_axes[-1].set_xlabel("seconds", fontsize=8)
        figure.suptitle(title, fontsize=10)
        save_figure(figure, path)


def _thinned(
    time_s: npt.NDArray[np.float64], values: npt.NDArray[np.floating]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.floating]]:
    """A long curve by the lowest and highest value of each stretch, so that nothing short is lost."""
    if len(values) <= _DOTS:
        return time_s, values
    width = -(-len(values) // (_DOTS // 2))
    kept = []
    for start in range(0, len(values), width):
        stretch = values[start : start + width]
        if np.isfinite(stretch).any():
            kept += sorted({start + int(np.nanargmin(stretch)), start + int(np.nanargmax(stretch))})
        else:
            kept.append(start)
    return time_s[kept], values[kept]
