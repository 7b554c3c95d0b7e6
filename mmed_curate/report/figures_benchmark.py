"""Pictures of a benchmark: reliability, differences, and where a network listened. Plain numbers in, one PNG each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput
from mmed_curate.report.figurefile import drawn_figure
from mmed_curate.report.figures import IntervalRow, draw_rows

if TYPE_CHECKING:
    pass

_DPI = 110
# Okabe & Ito 2008, Color Universal Design
_BLUE, _ORANGE, _GREY, _BLACK = "#0072B2", "#D55E00", "#999999", "#222222"
_KINDS = ((_GREY, "o"), (_BLUE, "s"))
"""Colour and mark of the first and the second kind of a reliability diagram."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliable:
    """Answers of about the same confidence."""

    confidence: float
    """Mean probability of the answered class."""
    accuracy: float
    lower: float | None
    """Lower end of the accuracy's interval; None: no interval."""
    upper: float | None
    n_answers: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Listened:
    """One clip's sound and where a network listened; times in s from the apex."""

    title: str
    times_s: npt.NDArray[np.floating]
    """(n,) increasing."""
    low: npt.NDArray[np.floating]
    high: npt.NDArray[np.floating]
    """(n,) least and most of the curve at each time; the same where it is a line."""
    curve: str
    """What the curve is, such as sound pressure."""
    step_s: npt.NDArray[np.floating]
    """(T',) middle of each step."""
    attention: npt.NDArray[np.floating]
    """(T',) share of the attention, sums to 1."""
    marks_s: Mapping[str, float]
    """Onset, apex, offset."""

    def __post_init__(self) -> None:
        if not len(self.times_s) == len(self.low) == len(self.high) or len(self.step_s) != len(self.attention):
            raise ValueError("a curve and an attention need one value per time")


def reliability_figure(kinds: Sequence[tuple[str, Sequence[Reliable]]], path: Path, *, title: str) -> None:
    """Draw accuracy against confidence for up to two kinds of probabilities, and below how many answers each has.

    Args:
        kinds: words for the legend, and the bins that hold an answer; the last kind is drawn on top.
        path: the PNG to write, whole or not at all.
        title: above the picture.

    Raises:
        BadInput: there is no answer.
    """
    if not any(bins for _, bins in kinds):
        raise BadInput.of("report.no_rows", "a reliability diagram needs an answer", "calibrate something first")
    with drawn_figure(path, width_in=5.4, height_in=6.2, dpi=_DPI) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        above.plot([0, 1], [0, 1], color=_BLACK, linestyle="--", linewidth=1, label="as it says")
        for (words, bins), (colour, sign) in zip(kinds, _KINDS, strict=False):
            for one in bins:
                if one.lower is not None and one.upper is not None:
                    above.plot([one.confidence] * 2, [one.lower, one.upper], color=colour, linewidth=1.5)
            at = [one.confidence for one in bins]
            above.plot(at, [one.accuracy for one in bins], color=colour, marker=sign, linewidth=1, label=words)
            below.plot(at, [one.n_answers for one in bins], color=colour, marker=sign, linewidth=1)
        above.set_xlim(0, 1)
        above.set_ylim(0, 1)
        above.set_ylabel("share that is right")
        above.set_title(title)
        above.legend(loc="upper left", fontsize=9, frameon=False)
        below.set_ylim(bottom=0)
        below.set_ylabel("answers")
        below.set_xlabel("confidence: probability of the answered class")


def differences_figure(rows: Sequence[IntervalRow], path: Path, *, title: str, x_label: str) -> None:
    """Draw one difference with its interval per row, first row on top, on an axis with 0 in the middle.

    Args:
        rows: at least one.
        path: the PNG to write, whole or not at all.
        title: above the picture.
        x_label: below it, with the unit.

    Raises:
        BadInput: there are no rows.
    """
    if not rows:
        raise BadInput.of("report.no_rows", "a figure of differences needs at least one row", "compare something first")
    numbers = [abs(one) for row in rows for one in (row.value, row.lower, row.upper) if one is not None]
    far = 1.15 * max([1e-9, *numbers])
    with drawn_figure(path, width_in=8.0, height_in=1.2 + 0.42 * len(rows), dpi=_DPI) as figure:
        axes = figure.subplots()
        axes.axvline(0, color=_ORANGE, linestyle="--", linewidth=1)
        draw_rows(axes, rows, told=lambda value: f"{value:+.1f}")
        axes.set_xlim(-far, far)
        axes.set_xlabel(x_label)
        axes.set_title(title)


def attention_figure(clip: Listened, path: Path) -> None:
    """Draw a clip's sound over time, behind it where the network listened, and the three marks.

    Args:
        clip: what to draw.
        path: the PNG to write, whole or not at all.
    """
    half = float(np.diff(clip.step_s).mean()) / 2 if len(clip.step_s) > 1 else 0.05
    with drawn_figure(path, width_in=8.0, height_in=3.4, dpi=_DPI) as figure:
        sound, attention = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        sound.fill_between(clip.times_s, clip.low, clip.high, color=_BLUE, linewidth=0.8, edgecolor=_BLUE)
        sound.set_ylabel(clip.curve, fontsize=8)
        sound.set_title(clip.title, loc="left", fontsize=10, pad=16)
        attention.bar(clip.step_s, clip.attention, width=1.8 * half, color=_ORANGE)
        even = 1 / max(1, int(np.count_nonzero(clip.attention)))
        attention.axhline(even, color=_BLACK, linestyle=":", linewidth=1)
        attention.set_ylim(0, max(2 * even, 1.1 * float(clip.attention.max())))
        attention.set_ylabel("attention\n(dotted: even)", fontsize=8)
        for axes in (sound, attention):
            for words, at_s in clip.marks_s.items():
                axes.axvline(at_s, color=_BLACK, linestyle="-" if words == "apex" else "--", linewidth=1)
        for (words, at_s), side in zip(clip.marks_s.items(), ("right", "center", "left"), strict=False):
            sound.annotate(words, (at_s, 1.02), xycoords=("data", "axes fraction"), ha=side, fontsize=8)
        attention.set_xlim(float(clip.step_s[0]) - half, float(clip.step_s[-1]) + half)
        attention.set_xlabel("seconds from the apex")
