"""Label tables of published micro-expression datasets: CASME II, SAMM, CAS(ME)³, DFME, MEGC 2019 and others.

Real tables hold real errors. Each becomes a finding with its row, counted as a spreadsheet shows it; nothing is
mended. A mark that cannot be read is missing, its row stays, and what stood there is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.interchange.labels_event import LabelTable, unnamed
from mmed_curate.interchange.labels_layout import Layout, compared, layout_names, load_layout
from mmed_curate.interchange.labels_rows import RowReader, table_findings
from mmed_curate.interchange.labels_sheet import Sheet, read_sheets

_SHOWN_COLUMNS = 12
"""Cells of a foreign header that the message about it shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """A layout found in a sheet."""

    layout: Layout
    sheet: Sheet
    header: int
    """Index of the header's row; -1: there is none."""

    @property
    def likeness(self) -> int:
        """Columns that the layout knows, less those it does not."""
        if self.header < 0:
            return len(self.layout.columns)
        return self.layout.likeness(cell.text for cell in self.sheet.rows[self.header])


def read_labels(path: Path, *, layout: str | Layout | None = None) -> LabelTable:
    """Read a label table, `.xlsx` or `.csv`.

    Args:
        path: the table.
        layout: a layout, its name in `schema/labels`, or its path; None: found by the table's columns.

    Raises:
        BadInput: the file cannot be read, is empty, in no known layout or in several, or names a column twice.
    """
    sheets = read_sheets(path)
    given = [layout] if layout is not None else layout_names()
    known = [load_layout(one) if isinstance(one, str) else one for one in given]
    fit = _best_fit(path, sheets, known)
    header = () if fit.header < 0 else tuple(cell.text for cell in fit.sheet.rows[fit.header])
    table = LabelTable(
        layout=fit.layout,
        events=(),
        header=header,
        preamble=tuple(tuple(cell.text for cell in row) for row in fit.sheet.rows[: max(fit.header, 0)]),
        sheet=fit.sheet.name,
    )
    reader = _reader(path, table, width=max(map(len, fit.sheet.rows), default=0))
    events = tuple(
        reader.event(number, row)
        for number, row in enumerate(fit.sheet.rows[fit.header + 1 :], start=fit.header + 2)
        if any(cell.text.strip() or cell.formula for cell in row)
    )
    if not events:
        raise BadInput.of("labels.empty", f"{path} has a header and no events", "give a table with rows")
    found = [
        *_sheet_findings(fit, reader),
        *sorted([*reader.findings, *table_findings(fit.layout, events)], key=_row_of),
    ]
    return LabelTable(
        layout=table.layout,
        events=events,
        findings=tuple(found),
        header=table.header,
        preamble=table.preamble,
        sheet=table.sheet,
    )


def _best_fit(path: Path, sheets: Sequence[Sheet], known: Sequence[Layout]) -> _Fit:
    fits = [
        _Fit(layout=layout, sheet=sheet, header=header)
        for sheet in sheets
        for layout in known
        if (header := layout.header_row(sheet.texts)) is not None
    ]
    if not fits:
        raise _no_fit(path, sheets, known)
    best = max(fit.likeness for fit in fits)
    chosen = [fit for fit in fits if fit.likeness == best]
    names = sorted({fit.layout.name for fit in chosen})
    if len(names) > 1:
        raise BadInput.of(
            "labels.several_layouts", f"{path} may be in the layout {' or '.join(names)}", "say which with --layout"
        )
    if len(chosen) > 1:
        where = ", ".join(str(fit.sheet.name) for fit in chosen)
        raise BadInput.of(
            "labels.several_sheets",
            f"{path} has {len(chosen)} sheets in the layout {names[0]} ({where})",
            "keep one of them in the file",
        )
    return chosen[0]


def _no_fit(path: Path, sheets: Sequence[Sheet], known: Sequence[Layout]) -> BadInput:
    rows = [row for sheet in sheets for row in sheet.texts if any(cell.strip() for cell in row)]
    if not rows:
        return BadInput.of("labels.empty", f"{path} holds no rows", "give a label table")
    names = {layout.name: layout for layout in known}
    seen = ", ".join(cell.strip() for cell in rows[0] if cell.strip())
    shown = seen if len(seen) <= 200 else seen[:199] + "…"
    if len(names) == 1:
        (layout,) = names.values()
        found = {compared(cell) for row in rows for cell in row}
        missing = [column.name for column in layout.columns if column.holds and not column.names & found]
        lacks = f"lacks {', '.join(missing)}" if layout.has_header and missing else f"begins with {shown}"
        wants = ", ".join(column.name for column in layout.columns if column.name)
        return BadInput.of(
            "labels.other_layout",
            f"{path} is not in the layout {layout.name}: it {lacks}",
            f"it needs {wants} in one row; or leave --layout out",
        )
    return BadInput.of(
        "labels.no_layout",
        f"{path} is in none of the layouts {', '.join(names)}: it begins with {shown}",
        "name its columns as one of them does, or give a layout file of your own with --layout",
    )


def _reader(path: Path, table: LabelTable, *, width: int) -> RowReader:
    layout = table.layout
    if not layout.has_header:
        held = [column.holds for column in layout.columns]
    else:
        named = [layout.column_named(name) if name.strip() else None for name in table.header]
        held = [column.holds if column is not None else None for column in named]
    names = list(table.columns())
    many = Counter(compared(name) for name in names)
    twice = next((name for name in names if compared(name) and many[compared(name)] > 1), None)
    both = next((holds for holds, count in Counter(held).items() if holds is not None and count > 1), None)
    if layout.has_header and (twice or both):
        what = f"the column {twice}" if twice else f"a column for the {both.value if both else ''}"
        raise BadInput.of(
            "labels.doubled_column", f"{path} names {what} more than once", "give each column a name of its own"
        )
    names += [unnamed(place) for place in range(len(names), width)]
    held += [None] * (width - len(held))
    return RowReader(layout=layout, columns=tuple(names), held=tuple(held))


def _sheet_findings(fit: _Fit, reader: RowReader) -> list[Finding]:
    found: list[Finding] = []
    if fit.header > 0:
        found.append(
            Finding(
                code="labels.preamble",
                what=f"{fit.header} rows stand above the header, which is row {fit.header + 1}",
                remedy="nothing has to be done: they are kept as they are",
                severity=Severity.NOTE,
                parameters={"rows": fit.header},
            )
        )
    if fit.layout.has_marks and fit.layout.first_frame is None:
        found.append(
            Finding(
                code="labels.first_frame",
                what=f"it is not known whether the first frame of a recording is 0 or 1 in {fit.layout.title}",
                remedy="hold one event against its recording: all marks may lie one frame late",
                severity=Severity.NOTE,
            )
        )
    for merged in fit.sheet.merged:
        last = re.search(r"(\d+)$", merged)
        if last and int(last[1]) > fit.header + 1:
            found.append(
                Finding(
                    code="labels.merged",
                    what=f"the cells {merged} are merged: the first holds their value, the others are read as empty",
                    remedy="split them and fill in each",
                    severity=Severity.WARNING,
                )
            )
    for place, name in enumerate(reader.columns):
        if reader.held[place] is not None:
            continue
        below = [row[place] for row in fit.sheet.rows[fit.header + 1 :] if place < len(row)]
        formulas = [cell.formula for cell in below if cell.formula is not None]
        if formulas:
            found.append(
                Finding(
                    code="labels.formula_column",
                    what=f"{name} holds {len(formulas)} formulas such as {formulas[0][:60]}; last values are read",
                    remedy="nothing has to be done, unless the program that saved the table did not work them out",
                    severity=Severity.NOTE,
                )
            )
    return found


def _row_of(finding: Finding) -> tuple[int, bool]:
    row = finding.parameters.get("row")
    return (row, False) if isinstance(row, int) else (0, True)
