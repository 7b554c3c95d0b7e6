"""Rows of cells out of .xlsx and .csv, and back: text and numbers as they stand, never worked out anew."""

from __future__ import annotations

import csv
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmed_curate.domain.files import opened_text, written_aside
from mmed_curate.domain.findings import BadInput

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_LARGEST_BYTES = 16 << 20
"""Of a file, and of all that a spreadsheet unpacks to; the largest published table here unpacks to 0.5 MB (ours)."""
_MOST_ROWS = 200_000
_MOST_COLUMNS = 200
_OLD_SPREADSHEET = bytes.fromhex("d0cf11e0a1b11ae1")


class CellKind(Enum):
    """What a cell holds."""

    EMPTY = "empty"
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    OTHER = "other"
    """True, false, or an error such as #REF!."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str = ""
    """As a person sees it: a whole number without decimals, a date as year-month-day."""
    kind: CellKind = CellKind.EMPTY
    formula: str | None = None
    """The formula whose last value this is; None: it is no formula."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet. Row `n` of a spreadsheet is `rows[n - 1]`."""

    name: str | None
    """None: a CSV file."""
    rows: tuple[tuple[Cell, ...], ...]
    merged: tuple[str, ...] = ()
    """Ranges such as A3:A5 that were made one cell."""

    @property
    def texts(self) -> list[list[str]]:
        """The same without kinds."""
        return [[cell.text for cell in row] for row in self.rows]


def read_sheets(path: Path) -> tuple[Sheet, ...]:
    """All sheets of a spreadsheet, or the one of a CSV file.

    Raises:
        BadInput: there is no such file, it is neither, or it is larger than a label table can be.
    """
    try:
        with opened_text(path, encoding="latin-1", newline="") as stream:
            content = stream.read(_LARGEST_BYTES + 1).encode("latin-1")
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise BadInput.of(
            "labels.unreadable", f"{path} cannot be read ({reason})", "give an .xlsx or a .csv file"
        ) from error
    if len(content) > _LARGEST_BYTES:
        raise _too_large(path, f"has more than {_LARGEST_BYTES >> 20} MB")
    if content.startswith(_OLD_SPREADSHEET):
        raise BadInput.of(
            "labels.old_spreadsheet",
            f"{path} is an old .xls spreadsheet, or one locked with a password",
            "save it as .xlsx without a password",
        )
    if content.startswith(b"PK"):
        return _spreadsheet(path, content)
    return (_comma_separated(path, content),)


def write_sheet(path: Path, rows: Sequence[Sequence[Cell]], *, name: str) -> None:
    """Write one table, whole or not at all: .xlsx with numbers as numbers, or .csv.

    A text that begins with = is written as text, never as a formula.

    Args:
        path: ends in .xlsx or .csv.
        rows: cells; row n is `rows[n - 1]`.
        name: of the sheet.

    Raises:
        BadInput: another ending, or a sign that a spreadsheet cannot hold.
    """
    if path.suffix.lower() == ".csv":
        text = StringIO()
        csv.writer(text, lineterminator="\n").writerows([cell.text for cell in row] for row in rows)
        with written_aside(path) as aside:
            aside.write_text(text.getvalue(), encoding="utf-8", newline="")
        return
    if path.suffix.lower() != ".xlsx":
        raise BadInput.of("labels.ending", f"{path} ends in neither .xlsx nor .csv", "name the file so")
    import openpyxl
    from openpyxl.utils.exceptions import IllegalCharacterError

    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = name
    for number, row in enumerate(rows, start=1):
        for place, cell in enumerate(row, start=1):
            if cell.kind is CellKind.EMPTY:
                continue
            try:
                written = sheet.cell(row=number, column=place, value=_value_of(cell))
            except IllegalCharacterError as error:
                raise BadInput.of(
                    "labels.sign", f"row {number}: {cell.text!r} holds a sign no spreadsheet can", "write .csv instead"
                ) from error
            if cell.kind is not CellKind.NUMBER:
                written.data_type = "s"
    with written_aside(path) as aside:
        book.save(aside)


def _value_of(cell: Cell) -> str | int | float:
    if cell.kind is not CellKind.NUMBER:
        return cell.text
    return int(cell.text) if cell.text.removeprefix("-").isdigit() else float(cell.text)


def _spreadsheet(path: Path, content: bytes) -> tuple[Sheet, ...]:
    import openpyxl

    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
            if unpacked > _LARGEST_BYTES:
                raise _too_large(path, f"unpacks to {unpacked / 2**20:.0f} MB")
            has_formulas = any(
                b"<f" in packed.read(part) for part in packed.namelist() if part.startswith("xl/worksheets/")
            )
        with warnings.catch_warnings():  # of styles and extensions that are not read
            warnings.simplefilter("ignore")
            values = openpyxl.load_workbook(BytesIO(content), data_only=True)
            formulas = openpyxl.load_workbook(BytesIO(content), data_only=False) if has_formulas else values
        return tuple(_sheet(path, sheet, formulas[sheet.title]) for sheet in values.worksheets)
    except BadInput:
        raise
    except Exception as error:  # openpyxl lets any error of a broken file through: KeyError, ParseError, ValueError …
        raise BadInput.of(
            "labels.broken_spreadsheet",
            f"{path} is not a whole spreadsheet ({type(error).__name__}: {_short(str(error))})",
            "open it in a spreadsheet program and save it as .xlsx again",
        ) from error


def _sheet(path: Path, values: Worksheet, formulas: Worksheet) -> Sheet:
    if values.max_row > _MOST_ROWS or values.max_column > _MOST_COLUMNS:
        raise _too_large(path, f"says that sheet {values.title} has {values.max_row} rows of {values.max_column} cells")
    rows = [
        tuple(_cell(value, formula) for value, formula in zip(row, beside, strict=True))
        for row, beside in zip(values.iter_rows(values_only=True), formulas.iter_rows(values_only=True), strict=True)
    ]
    while rows and all(cell.kind is CellKind.EMPTY and cell.formula is None for cell in rows[-1]):
        rows.pop()
    return Sheet(
        name=values.title, rows=tuple(rows), merged=tuple(sorted(str(one) for one in values.merged_cells.ranges))
    )


def _cell(value: object, beside: object) -> Cell:
    is_formula = beside is not None and beside != value and not isinstance(beside, (int, float, date, time, timedelta))
    formula = (beside if isinstance(beside, str) else getattr(beside, "text", None) or "=…") if is_formula else None
    if value is None:
        return Cell(formula=formula)
    if isinstance(value, bool):
        return Cell(str(value).upper(), CellKind.OTHER, formula)
    if isinstance(value, int):
        return Cell(str(value), CellKind.NUMBER, formula)
    if isinstance(value, float):
        return Cell(str(int(value)) if value.is_integer() else repr(value), CellKind.NUMBER, formula)
    if isinstance(value, datetime):
        at_midnight = value.time() == time()
        return Cell(value.date().isoformat() if at_midnight else value.isoformat(" "), CellKind.DATE, formula)
    if isinstance(value, (date, time, timedelta)):
        return Cell(str(value), CellKind.DATE, formula)
    text = str(value)
    error = text.startswith("#") and text.endswith(("!", "?", "/A")) and text.upper() == text
    return Cell(text, (CellKind.OTHER if error else CellKind.TEXT) if text else CellKind.EMPTY, formula)


def _comma_separated(path: Path, content: bytes) -> Sheet:
    try:
        text = content.decode("utf-8-sig")
        if "\0" in text:
            raise csv.Error("it holds bytes that are no text")
        lines = list(csv.reader(StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput.of(
            "labels.unreadable",
            f"{path} is neither a spreadsheet nor a UTF-8 CSV file ({_short(str(error))})",
            "save it as .xlsx, or as CSV in UTF-8",
        ) from error
    if len(lines) > _MOST_ROWS or any(len(line) > _MOST_COLUMNS for line in lines):
        raise _too_large(path, f"has {len(lines)} rows of up to {max(map(len, lines))} cells")
    while lines and not any(lines[-1]):
        lines.pop()
    rows = tuple(tuple(Cell(cell, CellKind.TEXT) if cell else Cell() for cell in line) for line in lines)
    return Sheet(name=None, rows=rows)


def _too_large(path: Path, how: str) -> BadInput:
    return BadInput.of(
        "labels.too_large",
        f"{path} {how}, more than a table of labels can",
        "give the label table alone, and delete unused rows and sheets",
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 120 else line[:119] + "…"
