"""The report's numbers as pictures: how models stand, what controls do to the gain, whether probabilities are true.

Needs no torch.
"""

from __future__ import annotations

from pathlib import Path

from mmed_curate.benchmark.calibration import Calibration
from mmed_curate.benchmark.paired import Difference
from mmed_curate.benchmark.report import BenchmarkReport
from mmed_curate.benchmark.scores import Interval
from mmed_curate.report.figures import IntervalRow, intervals_figure
from mmed_curate.report.figures_benchmark import Reliable, differences_figure, reliability_figure


def draw_report(report: BenchmarkReport, folder: Path) -> None:
    """Draw models.png, and controls.png and reliability.png where there is what they show."""
    marked = "SIMULATED: " if report.simulated else ""
    rows = [_scored(model.name, model.scores.uar, model.intervals[2]) for model in report.models]
    rows += [_scored(f"{model.name}, by session", model.scores.uar, model.intervals[2]) for model in report.by_session]
    intervals_figure(
        rows, folder / "models.png", title=f"{marked}UAR, 95 % over subjects", x_label="UAR", bounds=_chance(report)
    )
    if report.sound is not None:
        gains = [_gained("AMF-Net less itself on permuted sound", report.sound.against_permuted.uar)]
        gains += [_gained(control_in_words(one.control.value), one.gain.uar) for one in report.sound.controls[1:]]
        differences_figure(
            gains,
            folder / "controls.png",
            title=f"{marked}What the sound is worth",
            x_label="points of UAR, 95 % over subjects; controls: over no sound",
        )
    if report.calibrated is not None:
        kinds = [("before", report.calibrated.before), ("after temperature", report.calibrated.after)]
        reliability_figure(
            [(words, _bins(found)) for words, found in kinds],
            folder / "reliability.png",
            title=f"{marked}AMF-Net: are probabilities what they say?",
        )


def control_in_words(name: str) -> str:
    """A control's name as people read it."""
    return name.replace("-", " ")


def _chance(report: BenchmarkReport) -> tuple[float, ...]:
    """UAR of who knows nothing."""
    return (1 / len(report.classes),)


def _scored(label: str, value: float | None, found: Interval | None) -> IntervalRow:
    return IntervalRow(
        label=label,
        value=value,
        lower=None if found is None else found.low,
        upper=None if found is None else found.high,
        note="no clip of a class" if value is None else "",
    )


def _gained(label: str, found: Difference) -> IntervalRow:
    return IntervalRow(
        label=label,
        value=None if found.value is None else 100 * found.value,
        lower=None if found.interval is None else 100 * found.interval.low,
        upper=None if found.interval is None else 100 * found.interval.high,
        note="no clip of a class" if found.value is None else "",
    )


def _bins(found: Calibration) -> list[Reliable]:
    return [
        Reliable(
            confidence=one.confidence,
            accuracy=one.accuracy,
            lower=None if one.interval is None else one.interval.low,
            upper=None if one.interval is None else one.interval.high,
            n_answers=one.n_answers,
        )
        for one in found.bins
        if one.confidence is not None and one.accuracy is not None
    ]
