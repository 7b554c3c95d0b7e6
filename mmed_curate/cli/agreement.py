"""`mmed agreement`: how well coders agree, in a workspace, or in a plain table of anyone's."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from mmed_curate.agreement.coefficients import Chance
from mmed_curate.agreement.document import alpha_in_words, measure_document, report_document, settings_document
from mmed_curate.agreement.document import times_document as times_as_json
from mmed_curate.agreement.layers import (
    ClassAgreement,
    LayerAgreement,
    ac2_coefficient,
    alpha_u_measure,
    cohen_coefficient,
    gamma_measure,
    index_measure,
    masi_measure,
    nominal_coefficient,
    one_against_rest,
    reported_alpha,
)
from mmed_curate.agreement.ratings import Level
from mmed_curate.agreement.report import AgreementReport, agreement_report
from mmed_curate.agreement.settings import AgreementSettings, load_settings
from mmed_curate.agreement.table import LongTable, continua_of, ratings_of, read_long_table, sets_of, timed_events_of
from mmed_curate.agreement.times import TimeAgreement, pairs_of, time_agreement
from mmed_curate.cli.console import err, json_option, out, print_json, table
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.measures import Measure, Undetermined
from mmed_curate.report.tables import NOTHING, count, milliseconds, number, share, spread

_MEANING = {
    "alpha": "Krippendorff's alpha is 1 where coders always agree and 0 where they agree as chance would have it",
    "ac1": "Gwet's AC1 is 1 where coders always agree and 0 where they agree as chance would have it, chance taken so "
    "that one frequent value does not push it down",
    "ac2": "Gwet's AC2 is AC1 for values on a scale, with credit for values that lie near each other",
    "cohen": "Cohen's kappa is 1 where coders always agree and 0 where they agree as chance would have it, chance "
    "taken from how often each coder uses each value; of more than two coders it is Conger's",
    "fleiss": "Fleiss's kappa is 1 where coders always agree and 0 where they agree as chance would have it",
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


@click.command()
@click.argument("table_csv", metavar="[TABLE.csv]", required=False, type=click.Path(path_type=Path))
@click.option("--unit", help="Column: what was judged.")
@click.option("--coder", help="Column: by whom.")
@click.option(
    "--value", help="Column: the judgement; an empty cell is a missing one. Sets are written 1+4+12, the empty set -."
)
@click.option("--cluster", help="Column: what intervals resample, such as the subject [default: each unit by itself].")
@click.option("--level", type=click.Choice([level.value for level in Level]), help="[default: nominal]")
@click.option("--order", help="Ordinal values from least to most, separated by commas [default: as numbers].")
@click.option("--measure", type=click.Choice(list(_MEANING)), help="[default: alpha]")
@click.option("--onset", help="Column, for times, events and gamma.")
@click.option("--apex", help="Column, for times.")
@click.option("--offset", help="Column, for times, events and gamma.")
@click.option(
    "--length", help="Column, for events and gamma: how long the unit is. One row for each event, or an empty one."
)
@click.option("--rate-hz", type=click.FloatRange(min=0, min_open=True), help="Frames a second; without it, seconds.")
@click.option("--tolerance-ms", type=click.FloatRange(min=0), help="How far apart marks may be and count as the same.")
@click.option("--settings", default="mmed", show_default=True, help="Name or path of pipelines/agreement/*.yaml.")
@click.option("--seed", type=click.IntRange(min=0), help="Of the resampling [default: from the settings].")
@click.option("--resamples", type=click.IntRange(min=100), help="[default: from the settings]")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE.png", help="Draw the workspace's numbers.")
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE.html", help="Write all of it as a page, with clips."
)
@json_option
def agreement(
    table_csv: Path | None,
    unit: str | None,
    coder: str | None,
    value: str | None,
    cluster: str | None,
    level: str | None,
    order: str | None,
    measure: str | None,
    onset: str | None,
    apex: str | None,
    offset: str | None,
    length: str | None,
    rate_hz: float | None,
    tolerance_ms: float | None,
    settings: str,
    seed: int | None,
    resamples: int | None,
    plot: Path | None,
    html: Path | None,
    as_json: bool,
) -> None:
    """How well coders agree: in this workspace, or in TABLE.csv, a long table with one row per judgement.

    A number that the data cannot give is undetermined, with the reason; never 1.
    """
    chosen = load_settings(settings)
    if seed is not None:
        chosen = chosen.model_copy(update={"seed": seed})
    if resamples is not None:
        chosen = chosen.model_copy(update={"resamples": resamples})
    about_tables = (
        *(unit, coder, value, cluster, level, order, measure),
        *(onset, apex, offset, length, rate_hz, tolerance_ms),
    )
    if table_csv is None:
        if any(option is not None for option in about_tables):
            raise BadInput.of(
                "agreement.no_table",
                "a column or measure was given, but no table",
                "give TABLE.csv, or leave these options out to measure the workspace",
            )
        _of_workspace(chosen, plot, html, as_json=as_json)
        return
    for option, path in (("--plot", plot), ("--html", html)):
        if path is not None:
            raise BadInput.of("agreement.plot", f"{option} shows a workspace, not a table", f"leave {option} out")
    kind = measure or "alpha"
    if unit is None or coder is None:
        raise BadInput.of("agreement.columns", "a table needs --unit and --coder", "name the columns that hold them")
    if kind == "times":
        if onset is None or apex is None or offset is None:
            raise BadInput.of("agreement.columns", "times need --onset, --apex and --offset", "name the columns")
        found = read_long_table(table_csv, unit=unit, coder=coder, cluster=cluster, others=(onset, apex, offset))
        events = timed_events_of(found, onset=onset, apex=apex, offset=offset, rate_hz=rate_hz)
        times = time_agreement(events, pairs_of(events, tolerance_ms), chosen)
        if as_json:
            print_json({**_head(found, kind, None, chosen), "times": times_as_json(times), "classes": []})
        else:
            _tell_times(times)
            _tell_meaning(found, kind)
        return
    if kind in {"events", "gamma"}:
        if onset is None or offset is None or length is None:
            raise BadInput.of("agreement.columns", f"{kind} needs --onset, --offset and --length", "name the columns")
        others = (onset, offset, length, *(() if value is None else (value,)))
        found = read_long_table(table_csv, unit=unit, coder=coder, cluster=cluster, others=others, several=True)
        continua = continua_of(found, onset=onset, offset=offset, length=length, kind=value, rate_hz=rate_hz)
        measured = (alpha_u_measure if kind == "events" else gamma_measure)(continua, chosen)
        _tell(found, kind, None, measured, (), chosen, as_json=as_json)
        return
    if value is None:
        raise BadInput.of("agreement.columns", f"{kind} needs --value", "name the column that holds the judgement")
    scale = Level(level) if level else Level.ORDINAL if kind == "ac2" else Level.NOMINAL
    if kind != "alpha" and scale is not (Level.ORDINAL if kind == "ac2" else Level.NOMINAL):
        of = "values on an ordinal scale" if kind == "ac2" else "nominal values"
        raise BadInput.of("agreement.level", f"{kind} is for {of}", "leave --level out, or use alpha")
    _of_values(
        read_long_table(table_csv, unit=unit, coder=coder, cluster=cluster, others=(value,)),
        value,
        scale,
        [name.strip() for name in order.split(",")] if order is not None else None,
        kind,
        chosen,
        as_json=as_json,
    )


def _of_values(
    found: LongTable,
    value: str,
    level: Level,
    order: Sequence[str] | None,
    kind: str,
    settings: AgreementSettings,
    *,
    as_json: bool,
) -> None:
    measured, classes = _measured(found, value, level, order, kind, settings)
    _tell(found, kind, level, measured, classes, settings, as_json=as_json)


def _tell(
    found: LongTable,
    kind: str,
    level: Level | None,
    measured: Measure,
    classes: Sequence[ClassAgreement],
    settings: AgreementSettings,
    *,
    as_json: bool,
) -> None:
    if as_json:
        print_json(
            {
                **_head(found, kind, level, settings),
                "coefficient": measure_document(measured),
                "classes": [
                    {"code": one.code, "positives": one.positives, "alpha": measure_document(one.alpha)}
                    for one in classes
                ],
            }
        )
        return
    judged = NOTHING if isinstance(measured, Undetermined) else str(measured.n_judgements)
    name = kind if level is None or kind != "alpha" else f"alpha, {level.value}"
    rows = [(name, number(measured), spread(measured), count(measured), judged, _reason(measured, kind, settings))]
    columns = ("measure", "value", _interval_name(settings), "units", "judgements", "in words")
    out.print(table(escape(found.path.name), columns, rows))
    if classes:
        _tell_classes("Each value against the rest", "value", classes, settings)
    _tell_meaning(found, kind)


def _measured(
    found: LongTable,
    value: str,
    level: Level,
    order: Sequence[str] | None,
    kind: str,
    settings: AgreementSettings,
) -> tuple[Measure, tuple[ClassAgreement, ...]]:
    """The number, and for nominal alpha each value against the rest."""
    if kind in {"masi", "index"}:
        units, sets, clusters = sets_of(found, value)
        return (masi_measure if kind == "masi" else index_measure)(units, sets, clusters, settings), ()
    ratings = ratings_of(found, value, level=level, order=order)
    if kind == "alpha":
        classes = one_against_rest(ratings, settings, version=1) if level is Level.NOMINAL else ()
        return reported_alpha(ratings, settings, level), classes
    if kind == "cohen":
        return cohen_coefficient(ratings, settings), ()
    if kind == "ac2":
        return ac2_coefficient(ratings, settings), ()
    return nominal_coefficient(ratings, Chance(kind), settings), ()


def _of_workspace(settings: AgreementSettings, plot: Path | None, html: Path | None, *, as_json: bool) -> None:
    from mmed_curate.cli.discussed import round_measured, tell_discussion, write_page
    from mmed_curate.release.snapshot import read_snapshot
    from mmed_curate.store.workspace import Workspace

    workspace = Workspace.find()
    snapshot = read_snapshot(workspace)
    report = agreement_report(snapshot.judged_clips(), workspace.protocol, workspace.codebook, settings)
    if as_json:
        print_json(report_document(report))
    else:
        tell_report(report)
    if not as_json or html is not None:
        here = round_measured(workspace, snapshot, report)
        if not as_json:
            tell_discussion(here)
        if html is not None:
            write_page(here, html)
    if plot is not None:
        draw_report(report, plot)
        err.print(f"wrote {plot}", markup=False)


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
        title=f"{'SIMULATED: ' if report.simulated else ''}agreement of {report.n_coders} coders, "
        f"{report.n_events} events of {report.n_subjects} subjects",
        x_label=f"value, {_interval_name(report.settings)} over subjects; dashed: least for tentative and firm alphas",
        bounds=(report.settings.tentative_from, report.settings.firm_from),
    )


def tell_report(report: AgreementReport) -> None:
    """Print a report as tables for people."""
    if report.simulated:
        out.print("[bold]SIMULATED: some of these clips or judgements are simulated[/bold]")
    out.print(
        f"{report.n_coded} of {report.n_clips} judged clips are coded, by {report.n_coders} coders; "
        f"{report.n_events} events of {report.n_subjects} subjects"
    )
    settings = report.settings
    out.print(
        table(
            "What coders chose",
            ("layer", "alpha", _interval_name(settings), "AC1", "agree", "units", "in words"),
            [_layer_row(layer, settings) for layer in report.layers],
        )
    )
    _tell_times(report.times)
    emotion = report.layers[0]
    if emotion.classes:
        _tell_classes("Each emotion against the rest", "emotion", emotion.classes, settings)
    for title, name, classes in (
        ("Action units, scored or not", "unit", report.action_units),
        ("Vocal cues, heard or not", "cue", report.vocal_cues),
    ):
        if classes:
            _tell_classes(title, name, classes, settings)
    _tell_sets_and_scales(report)
    for one_pass in report.passes:
        out.print(
            table(
                f"Pass {one_pass.turn} by itself ({one_pass.modality.value}), {one_pass.n_clips} clips",
                ("layer", "alpha", _interval_name(settings), "AC1", "agree", "units", "in words"),
                [_layer_row(layer, settings) for layer in one_pass.layers],
            )
        )
    out.print(
        f"{_MEANING['alpha']}. Intervals resample subjects. 'agree' is the share of pairs who agree, part of it by "
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
        out.print(table("Whether and where", ("measure", "value", _interval_name(settings), "clips", ""), rows))
    if report.sets:
        sets = [
            (one.name, number(one.masi), spread(one.masi), number(one.index), spread(one.index), count(one.masi))
            for one in report.sets
        ]
        columns = ("sets", "alpha (MASI)", _interval_name(settings), "index, with chance in it", "interval", "units")
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
        names = ("scale", "alpha, ordinal", _interval_name(settings), "AC2", "agree", "units", "in words")
        out.print(table("What coders gave a place on a scale", names, scales))


def _tell_times(times: TimeAgreement) -> None:
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


def _tell_classes(title: str, what: str, classes: Sequence[ClassAgreement], settings: AgreementSettings) -> None:
    rows = [
        (escape(one.code), one.positives, number(one.alpha), spread(one.alpha), alpha_in_words(one.alpha, settings))
        for one in classes
    ]
    out.print(table(title, (what, "chosen in", "alpha", _interval_name(settings), "in words"), rows))


def _tell_meaning(found: LongTable, kind: str) -> None:
    drawn = "units, taken as independent" if found.cluster is None else f"the column {escape(found.cluster)}"
    out.print(f"{_MEANING[kind]}. Intervals resample {drawn}.")


def _reason(measure: Measure, kind: str, settings: AgreementSettings) -> str:
    if isinstance(measure, Undetermined) or isinstance(measure.interval, Undetermined) or kind == "alpha":
        return alpha_in_words(measure, settings)
    return ""


def _interval_name(settings: AgreementSettings) -> str:
    return f"{settings.confidence:.0%} interval".replace("%", " %")


def _head(found: LongTable, kind: str, level: Level | None, settings: AgreementSettings) -> dict[str, Any]:
    return {
        "format": "mmed-table-agreement",
        "version": 2,
        "table": found.path.name,
        "measure": kind,
        "level": level.value if level else None,
        "cluster": found.cluster,
        "settings": settings_document(settings),
        "meaning": _MEANING[kind],
    }
