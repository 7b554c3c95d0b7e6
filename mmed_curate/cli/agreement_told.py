"""What agreement says, in words and tables for people: of a whole report, and what a table's numbers share with it."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from mmed_curate.agreement.document import alpha_in_words
from mmed_curate.agreement.layers import ClassAgreement, LayerAgreement
from mmed_curate.agreement.report import AgreementReport
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.times import TimeAgreement
from mmed_curate.cli.console import out, table
from mmed_curate.domain.counted import counted
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.measures import Measure, Undetermined
from mmed_curate.report.tables import NOTHING, count, milliseconds, number, share, spread

MEANING = {
    "alpha": "Krippendorff's alpha is 1 where coders always agree and 0 where they agree as chance would have it",
    "ac1": "Gwet's AC1 is 1 where coders always agree and 0 where they agree as chance would have it, chance taken so "
    "that one frequent value does not push it down",
    "ac2": "Gwet's AC2 is AC1 for values on a scale, with credit for values that lie near each other",
    "cohen": "Cohen's kappa is 1 where coders always agree and 0 where they agree as chance would have it, chance "
    "taken from how often each coder uses each value; of more than two coders it is Conger's",
    "fleiss": "Fleiss's kappa is 1 where coders always agree and 0 where they agree as chance would have it",
    "bp": "Brennan and Prediger's coefficient is 1 where coders always agree and 0 where they agree as people would "
    "who draw lots among the values that occur",
    "percent": "Percent agreement is the share of pairs of coders who agree; part of it is chance",
    "masi": "Krippendorff's alpha over sets of codes is 1 where coders always score the same and 0 where they agree as "
    "chance would have it; sets that overlap count as partly the same (MASI)",
    "index": "The reliability index of FACS is the share of scored codes that all coders scored; it is NOT corrected "
    "for chance",
    "events": "Krippendorff's alpha of units is 1 where coders always mark the same events and 0 where they agree as "
    "chance would have it; it looks at where events begin and end, and at those that only one coder marked",
    "gamma": "Gamma is 1 where coders always mark the same events and 0 where they agree as events turned round their "
    "clip by chance would; events are aligned first, and compared by place and kind; clips without any say nothing",
    "times": "Times are compared event by event; alpha of frame numbers themselves would say nothing",
}
"""What each number says and does not say."""


def draw_report(report: AgreementReport, path: Path) -> None:
    """Draw every layer's alpha, the share who agree on events, and what is said of times, each with its interval."""
    if importlib.util.find_spec("matplotlib") is None:
        raise BadInput.of("agreement.no_matplotlib", "--plot needs matplotlib", "pip install 'mmed-curate[curate]'")
    from mmed_curate.report.figures import IntervalRow, intervals_figure

    def row(name: str, measure: Measure) -> IntervalRow:
        if isinstance(measure, Undetermined):
            return IntervalRow(label=name, value=None, note=measure.reason)
        if isinstance(measure.interval, Undetermined):
            return IntervalRow(label=name, value=measure.value, note=f"(no interval: {measure.interval.reason})")
        return IntervalRow(label=name, value=measure.value, lower=measure.interval.lower, upper=measure.interval.upper)

    drawn = [
        *((f"{layer.name}.alpha", layer.alpha) for layer in report.layers),
        *((f"{layer.name}.percent", layer.percent) for layer in report.layers),
        *((f"{mark.mark}.within-tolerance", mark.within_tolerance) for mark in report.times.marks),
        ("duration.alpha", report.times.duration_alpha),
    ]
    intervals_figure(
        [row(name, measure) for name, measure in drawn],
        path,
        title=f"{'SIMULATED: ' if report.simulated else ''}agreement of {counted(report.n_coders, 'coder')}, "
        f"{counted(report.n_events, 'event')} of {counted(report.n_subjects, 'subject')}",
        x_label=f"value, {interval_name(report.settings)} over subjects; dashed: least for tentative and firm alphas",
        bounds=(report.settings.tentative_from, report.settings.firm_from),
    )


def tell_report(report: AgreementReport) -> None:
    """Print a report as tables for people."""
    if report.simulated:
        out.print("[bold]SIMULATED: some of these clips or judgements are simulated[/bold]")
    out.print(
        f"{report.n_coded} of {report.n_clips} judged clips are coded, by {counted(report.n_coders, 'coder')}; "
        f"{counted(report.n_events, 'event')} of {counted(report.n_subjects, 'subject')}"
    )
    settings = report.settings
    out.print(
        table(
            "What coders chose",
            ("layer", "alpha", interval_name(settings), "AC1", "agree", "units", "in words"),
            [_layer_row(layer, settings) for layer in report.layers],
        )
    )
    tell_times(report.times)
    emotion = report.layers[0]
    if emotion.classes:
        tell_classes("Each emotion against the rest", "emotion", emotion.classes, settings)
    for title, name, classes in (
        ("Action units, scored or not", "unit", report.action_units),
        ("Vocal cues, heard or not", "cue", report.vocal_cues),
    ):
        if classes:
            tell_classes(title, name, classes, settings)
    _tell_sets_and_scales(report)
    for one_pass in report.passes:
        out.print(
            table(
                f"Pass {one_pass.turn} by itself ({one_pass.modality.value}), {counted(one_pass.n_clips, 'clip')}",
                ("layer", "alpha", interval_name(settings), "AC1", "agree", "units", "in words"),
                [_layer_row(layer, settings) for layer in one_pass.layers],
            )
        )
    out.print(
        f"{MEANING['alpha']}. Intervals resample subjects. 'agree' is the share of pairs who agree, part of it by "
        "chance. Counted is what stood when a clip's coding closed."
    )


def _layer_row(layer: LayerAgreement, settings: AgreementSettings) -> tuple[str, ...]:
    return (
        layer.name,
        number(layer.alpha),
        spread(layer.alpha),
        number(layer.ac1),
        share(layer.percent),
        count(layer.alpha),
        alpha_in_words(layer.alpha, settings),
    )


def _tell_sets_and_scales(report: AgreementReport) -> None:
    settings = report.settings
    if report.existence is not None:
        found = report.existence
        rows = [
            (name, show(one), spread(one), count(one), one.reason if isinstance(one, Undetermined) else "")
            for name, show, one in (
                ("events of coders, alpha of units", number, found.alpha_u),
                ("spans of screeners, alpha of units", number, found.screeners_alpha_u),
                ("codings of foils with an event, chance in it", share, found.invented),
            )
        ]
        out.print(table("Whether and where", ("measure", "value", interval_name(settings), "clips", ""), rows))
    if report.sets:
        sets = [
            (one.name, number(one.masi), spread(one.masi), number(one.index), spread(one.index), count(one.masi))
            for one in report.sets
        ]
        columns = ("sets", "alpha (MASI)", interval_name(settings), "index, with chance in it", "interval", "units")
        out.print(table("Codes as sets", columns, sets))
    if report.ordered:
        scales = [
            (
                one.name,
                number(one.alpha),
                spread(one.alpha),
                number(one.ac2),
                share(one.percent),
                count(one.alpha),
                alpha_in_words(one.alpha, settings),
            )
            for one in report.ordered
        ]
        names = ("scale", "alpha, ordinal", interval_name(settings), "AC2", "agree", "units", "in words")
        out.print(table("What coders gave a place on a scale", names, scales))
    if report.unit_intensities:
        strengths = [
            (
                escape(one.code),
                one.n_events,
                number(one.alpha),
                spread(one.alpha),
                alpha_in_words(one.alpha, settings),
            )
            for one in report.unit_intensities
        ]
        heads = ("unit", "events with two", "alpha, ordinal", interval_name(settings), "in words")
        out.print(table("Intensity of each action unit", heads, strengths))


def tell_times(times: TimeAgreement) -> None:
    """Print how far apart marks lie."""
    rows = [
        (
            mark.mark,
            milliseconds(mark.median_ms),
            milliseconds(mark.p95_ms),
            share(mark.within_tolerance),
            spread(mark.within_tolerance),
            str(mark.n_pairs),
        )
        for mark in times.marks
    ]
    columns = ("mark", "median apart", "95 % below", "within tolerance", "interval", "pairs")
    out.print(table("When it happened, pairs of coders", columns, rows))
    overlap = NOTHING if times.median_iou is None else f"{times.median_iou:.3f}"
    reason = f" ({times.duration_alpha.reason})" if isinstance(times.duration_alpha, Undetermined) else ""
    out.print(
        f"Alpha of durations: {number(times.duration_alpha)}, interval {spread(times.duration_alpha)}{reason}; "
        f"median intersection over union: {overlap}"
    )


def tell_classes(title: str, what: str, classes: Sequence[ClassAgreement], settings: AgreementSettings) -> None:
    """Print each value against the rest."""
    rows = [
        (escape(one.code), one.positives, number(one.alpha), spread(one.alpha), alpha_in_words(one.alpha, settings))
        for one in classes
    ]
    out.print(table(title, (what, "chosen in", "alpha", interval_name(settings), "in words"), rows))


def interval_name(settings: AgreementSettings) -> str:
    """What an interval is called, such as `95 % interval`."""
    return f"{settings.confidence:.0%} interval".replace("%", " %")
