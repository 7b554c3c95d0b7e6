"""`mmed agreement`: how well coders agree, in a workspace, or in a plain table of anyone's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from mmed_curate.agreement.document import report_document
from mmed_curate.agreement.layers import alpha_u_measure, gamma_measure
from mmed_curate.agreement.ratings import Level
from mmed_curate.agreement.report import agreement_report
from mmed_curate.agreement.settings import AgreementSettings, load_settings
from mmed_curate.agreement.table import continua_of, read_long_table, timed_events_of
from mmed_curate.agreement.times import durations_of, pairs_of, time_agreement
from mmed_curate.cli.agreement_table import tell_measure, tell_times_of, tell_values
from mmed_curate.cli.agreement_told import MEANING, draw_report, tell_report
from mmed_curate.cli.console import err, json_option, print_json
from mmed_curate.cli.outputs import PAGE, PICTURE
from mmed_curate.domain.findings import BadInput


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
@click.option("--measure", type=click.Choice(list(MEANING)), help="[default: alpha]")
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
@click.option("--plot", type=PICTURE, metavar="FILE.png", help="Draw the workspace's numbers.")
@click.option("--html", type=PAGE, metavar="FILE.html", help="Write all of it as a page, with clips.")
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
    _refuse_unused(
        kind,
        {
            "--value": value,
            "--order": order,
            "--onset": onset,
            "--apex": apex,
            "--offset": offset,
            "--length": length,
            "--rate-hz": rate_hz,
            "--tolerance-ms": tolerance_ms,
        },
    )
    if unit is None or coder is None:
        raise BadInput.of("agreement.columns", "a table needs --unit and --coder", "name the columns that hold them")
    if kind == "times":
        if onset is None or apex is None or offset is None:
            raise BadInput.of("agreement.columns", "times need --onset, --apex and --offset", "name the columns")
        found = read_long_table(table_csv, unit=unit, coder=coder, cluster=cluster, others=(onset, apex, offset))
        events = timed_events_of(found, onset=onset, apex=apex, offset=offset, rate_hz=rate_hz)
        times = time_agreement(durations_of(events), pairs_of(events, tolerance_ms), chosen)
        tell_times_of(found, times, chosen, as_json=as_json)
        return
    if kind in {"events", "gamma"}:
        if onset is None or offset is None or length is None:
            raise BadInput.of("agreement.columns", f"{kind} needs --onset, --offset and --length", "name the columns")
        others = (onset, offset, length, *(() if value is None else (value,)))
        found = read_long_table(table_csv, unit=unit, coder=coder, cluster=cluster, others=others, several=True)
        continua = continua_of(found, onset=onset, offset=offset, length=length, kind=value, rate_hz=rate_hz)
        measured = (alpha_u_measure if kind == "events" else gamma_measure)(continua, chosen)
        tell_measure(found, kind, None, measured, (), chosen, as_json=as_json)
        return
    if value is None:
        raise BadInput.of("agreement.columns", f"{kind} needs --value", "name the column that holds the judgement")
    scale = Level(level) if level else Level.ORDINAL if kind == "ac2" else Level.NOMINAL
    if kind != "alpha" and scale is not (Level.ORDINAL if kind == "ac2" else Level.NOMINAL):
        of = "values on an ordinal scale" if kind == "ac2" else "nominal values"
        raise BadInput.of("agreement.level", f"{kind} is for {of}", "leave --level out, or use alpha")
    tell_values(
        read_long_table(table_csv, unit=unit, coder=coder, cluster=cluster, others=(value,)),
        value,
        scale,
        _scale(order, scale),
        kind,
        chosen,
        as_json=as_json,
    )


_VALUES, _EVENTS = frozenset({"--value", "--order"}), frozenset({"--onset", "--offset", "--length", "--rate-hz"})
_USED = {
    "times": frozenset({"--onset", "--apex", "--offset", "--rate-hz", "--tolerance-ms"}),
    "events": _EVENTS | {"--value"},
    "gamma": _EVENTS | {"--value"},
}
"""By measure, the options that it looks at; the others look at values."""


def _refuse_unused(kind: str, given: Mapping[str, object]) -> None:
    used = _USED.get(kind, _VALUES)
    option = next((name for name, one in given.items() if one is not None and name not in used), None)
    if option is not None:
        raise BadInput.of("agreement.unused", f"{kind} does not look at {option}", f"leave {option} out")


def _scale(order: str | None, level: Level) -> list[str] | None:
    if order is None:
        return None
    names = [name.strip() for name in order.split(",")]
    if level is not Level.ORDINAL:
        raise BadInput.of("agreement.order", "--order is for ordinal values", "leave it out, or give --level ordinal")
    if wrong := next((name or "an empty value" for name in names if not name or names.count(name) > 1), None):
        raise BadInput.of("agreement.order", f"--order names {wrong} twice, or nothing", "name each value once")
    return names


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
