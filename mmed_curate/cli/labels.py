"""`mmed import labels`: the label table of a published dataset, what is wrong with it, and a span table of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
from rich.markup import escape

from mmed_curate.cli.console import err, json_option, out, print_json, table
from mmed_curate.cli.outputs import TABLE, TEXT, check_outputs
from mmed_curate.domain.files import write_text
from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.interchange.labels import read_labels
from mmed_curate.interchange.labels_event import LabelTable
from mmed_curate.interchange.labels_tables import (
    counts,
    events_csv,
    finding_document,
    is_span,
    labels_document,
    n_subjects,
)
from mmed_curate.interchange.labels_write import write_labels

_SHOWN_AT_MOST = 40
"""Findings that the terminal shows; --json has all."""


@click.command(name="labels", short_help="Read the label table of a published dataset, and say what is wrong with it.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=TEXT, metavar="EVENTS.csv", help="Span table to write.")
@click.option("--layout", help="Name of a layout, or the path of a layout file [default: found by the columns].")
@click.option("--copy", type=TABLE, help="Also write the table back, in its own layout (.xlsx or .csv).")
@json_option
def labels(file: Path, output: Path | None, layout: str | None, copy: Path | None, as_json: bool) -> None:
    """Read FILE, the label table of CASME II, SAMM, CAS(ME)³, DFME or MEGC 2019 (.xlsx or .csv), and say what is wrong.

    Nothing is mended: each error is named with its row as a spreadsheet counts. EVENTS.csv has onset,apex,offset
    (frames from 0, both ends inside) for mmed cut and mmed spot evaluate, with subject, recording, rate_hz, emotion,
    class and action_units. Rows that are no span, since a mark is missing or out of order, go to
    EVENTS.not-spans.csv. Exit code 2 where something could not be used as it is; all rows are written all the same.
    """
    beside = None if output is None else output.with_name(f"{output.stem}.not-spans.csv")
    check_outputs([output, beside, copy], [file])
    if copy is not None and copy in (output, beside):
        raise BadInput.of("cli.output_twice", f"{copy} would be written twice", "choose another name")
    found = read_labels(file, layout=layout)
    spans = [event for event in found.events if is_span(event, found)]
    others = [event for event in found.events if not is_span(event, found)]
    if not found.layout.has_marks:
        spans, others = others, []
    if output is not None and beside is not None:
        write_text(output, events_csv(found, spans))
        if others or beside.exists():  # one of an earlier run would belong to another table
            write_text(beside, events_csv(found, others))
    lost = write_labels(found, copy) if copy is not None else ()
    if as_json:
        print_json(
            {
                **labels_document(found),
                "file": str(file),
                "output": None if output is None else str(output),
                "not_spans": str(beside) if output is not None and others else None,
                "copy": None if copy is None else str(copy),
                "not_held": [finding_document(finding) for finding in lost],
            }
        )
        _end(found)
        return
    _tell_counts(found)
    if output is not None:
        out.print(escape(_written(found, output, len(spans))), soft_wrap=True)
        if others:
            rows = f"{_many(len(others), 'row')} that {'is' if len(others) == 1 else 'are'} no span"
            out.print(escape(f"{beside}: {rows}"), soft_wrap=True)
    _tell("import labels", found.findings)
    if copy is not None:
        out.print(escape(f"{copy}: the table, written back as {found.layout.name}"), soft_wrap=True)
        _tell("import labels --copy", lost)
    _end(found)


def _end(found: LabelTable) -> None:
    if any(finding.severity is Severity.ERROR for finding in found.findings):
        raise SystemExit(2)


def _tell_counts(found: LabelTable) -> None:
    read_as = f"{found.layout.title} ({found.layout.name})"
    out.print(
        escape(f"{read_as}: {_many(len(found.events), 'event')} of {_many(n_subjects(found), 'subject')}"),
        soft_wrap=True,
    )
    titles = {"event_types": "type", "emotions": "emotion", "classes": "class of three"}
    for name, tally in counts(found).items():
        if set(tally) - {""}:
            out.print(table("", (titles[name], "events"), _rows(tally)))
    if found.layout.class_source:
        out.print(escape(f"Classes of three: {found.layout.class_source}"), soft_wrap=True)


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _rows(tally: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(escape(name) or "(none)", number) for name, number in tally.items()]


def _written(found: LabelTable, output: Path, n_written: int) -> str:
    if not found.layout.has_marks:
        return f"{output}: {_many(n_written, 'event')}; the table has no onset and offset, so this is no span table"
    origin = {None: "as published, from 0 or 1", 0: "from 0, as published", 1: "from 0: published from 1, less one"}
    return f"{output}: {_many(n_written, 'span')}, frames {origin.get(found.layout.first_frame, 'from 0')}"


def _tell(verb: str, findings: tuple[Finding, ...]) -> None:
    weight = list(Severity)
    shown = sorted(findings, key=lambda finding: -weight.index(finding.severity))[:_SHOWN_AT_MOST]
    for finding in shown:
        err.print(f"mmed {verb}: {finding.severity.value}: {finding}", markup=False, soft_wrap=True)
    if len(findings) > len(shown):
        err.print(f"mmed {verb}: and {len(findings) - len(shown)} more: --json has all", markup=False)
