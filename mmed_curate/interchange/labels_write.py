"""Label tables written back in the layout they have, and what that layout could not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.interchange.labels import read_labels
from mmed_curate.interchange.labels_event import LabelledEvent, LabelTable
from mmed_curate.interchange.labels_layout import Column, Holds, Layout
from mmed_curate.interchange.labels_rows import roman
from mmed_curate.interchange.labels_sheet import Cell, CellKind, write_sheet

_MOST_ROW = 200_000


def write_labels(table: LabelTable, path: Path) -> tuple[Finding, ...]:
    """Write a label table in its own layout, then read it back to see what was lost.

    The header and what stands above it are written as they were read, cells that could not be read word for word,
    each event in its own row; a table whose rows do not ascend is written without gaps. Numbers become numbers, all
    else is text.

    Args:
        table: events and their layout.
        path: ends in .xlsx or .csv.

    Returns:
        What the file does not hold, by row.

    Raises:
        BadInput: the ending is another, or a sign cannot be written.
    """
    layout = table.layout
    header = table.header or tuple(column.name for column in layout.columns)
    columns = table.columns()
    held = [layout.column_named(name) for name in header] if layout.has_header else list(layout.columns)
    events = _in_own_rows(table, len(table.preamble) + layout.has_header)
    rows: list[list[Cell]] = [[_text(cell) for cell in row] for row in table.preamble]
    if layout.has_header:
        rows.append([_text(cell) for cell in header])
    for event in events:
        rows += [[] for _ in range(event.row - len(rows) - 1)]
        by_name = _cells_of(event, layout)
        row = [
            by_name.get(column.holds, Cell()) if column is not None and column.holds else _extra(event, name, column)
            for name, column in zip(columns, held, strict=True)
        ]
        rows.append(row)
    write_sheet(path, rows, name=table.sheet or layout.sheet)
    return (*_always_lost(table), *_lost(events, path, layout))


def _in_own_rows(table: LabelTable, above: int) -> tuple[LabelledEvent, ...]:
    rows = [event.row for event in table.events]
    ascend = all(before < after for before, after in zip([above, *rows], [*rows, _MOST_ROW], strict=True))
    if ascend:
        return table.events
    return tuple(replace(event, row=row) for row, event in enumerate(table.events, start=above + 1))


def _cells_of(event: LabelledEvent, layout: Layout) -> Mapping[Holds, Cell]:
    labels = {one: label for label, one in layout.class_labels.items()}
    types = {one: word for word, one in layout.event_types.items()}
    objective = event.objective_class
    values: dict[Holds, str | int | None] = {
        Holds.DATASET: event.dataset,
        Holds.SUBJECT: event.subject,
        Holds.NAME: event.name,
        Holds.ONSET: event.onset,
        Holds.APEX: event.apex,
        Holds.OFFSET: event.offset,
        Holds.RATE_HZ: None if event.rate_hz is None else _decimal(event.rate_hz),
        Holds.EMOTION: event.emotion,
        Holds.EMOTION_CLASS: labels.get(event.emotion_class or ""),
        Holds.ACTION_UNITS: event.action_units_text or str(event.action_units) or None,
        Holds.OBJECTIVE_CLASS: roman(objective) if objective and layout.objective_class_is_roman else objective,
        Holds.EVENT_TYPE: types.get(event.event_type or ""),
    }
    values |= event.unread
    return {
        holds: _number_or_text(str(value), layout.column_of(holds))
        for holds, value in values.items()
        if value is not None
    }


def _extra(event: LabelledEvent, name: str, column: Column | None) -> Cell:
    return _number_or_text(event.extra.get(name, ""), column)


def _number_or_text(text: str, column: Column | None) -> Cell:
    if column is not None and column.is_written_as_number and text:
        try:
            value = float(text)
        except ValueError:
            return _text(text)
        # "007" and "1e3" are text: as numbers they would read differently
        if text == (str(int(value)) if value.is_integer() else repr(value)):
            return Cell(text, CellKind.NUMBER)
    return _text(text)


def _text(text: str) -> Cell:
    return Cell(text, CellKind.TEXT) if text else Cell()


def _decimal(rate_hz: Fraction) -> str:
    return str(rate_hz.numerator) if rate_hz.denominator == 1 else repr(float(rate_hz))


def _always_lost(table: LabelTable) -> list[Finding]:
    if table.sheet is None:
        return []
    return [
        Finding(
            code="labels.only_values",
            what="formulas, colours, comments and other sheets of the table that was read are not written",
            remedy="keep the published file",
            severity=Severity.NOTE,
        )
    ]


def _lost(events: tuple[LabelledEvent, ...], path: Path, layout: Layout) -> list[Finding]:
    try:
        back = {event.row: event for event in read_labels(path, layout=layout).events}
    except BadInput as error:
        return [
            Finding(
                code="labels.not_held",
                what=f"what was written is no longer recognised as {layout.name} ({error.finding.what})",
                remedy="choose a layout that can hold these events",
                severity=Severity.WARNING,
            )
        ]
    found = []
    for event in events:
        lost = [name for name in _FIELDS if _differs(event, back.get(event.row), name)]
        if lost:
            found.append(
                Finding(
                    code="labels.not_held",
                    what=f"row {event.row}: the layout {layout.name} does not hold {', '.join(lost)} of this event",
                    remedy="keep it elsewhere too",
                    severity=Severity.WARNING,
                    parameters={"row": event.row},
                )
            )
    return found


_FIELDS = tuple(field.name for field in fields(LabelledEvent) if field.name != "row")


def _differs(event: LabelledEvent, back: LabelledEvent | None, name: str) -> bool:
    is_nothing = getattr(event, name) in (None, "", {})
    if back is None:
        return not is_nothing
    mine, theirs = getattr(event, name), getattr(back, name)
    if name == "action_units_text" and mine is None:  # written from the marks
        return False
    return bool(mine != theirs)
