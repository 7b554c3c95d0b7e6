"""CSV tables that people give us: regular files, whose columns each have a name of their own."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from mmed_curate.domain.files import opened_text
from mmed_curate.domain.findings import BadInput

_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def guarded(text: str) -> str:
    """Free text as a cell of a table that a spreadsheet takes for no formula: behind a ' where it would."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """The text that `guarded` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


@contextmanager
def opened_table(path: Path, *, encoding: str = "utf-8-sig") -> Iterator[TextIO]:
    """Open a CSV file for a reader of the csv module, at its first row.

    Args:
        path: the file.
        encoding: as it stands, also past a byte order mark, which spreadsheets put in front.

    Raises:
        BadInput: two columns have one name, so that nobody knows which is meant.
        OSError: it is no regular file (a pipe would be waited for without end), or cannot be read.
        UnicodeDecodeError, csv.Error: it is no such text.
    """
    with opened_text(path, encoding=encoding, newline="") as stream:
        header = Counter(name.strip() for name in next(csv.reader(stream, strict=True), []))
        doubled = [name for name, count in header.items() if name and count > 1]
        if doubled:
            raise BadInput.of(
                "table.doubled_column",
                f"{path} names the column {doubled[0]} {header[doubled[0]]} times in its first row",
                "keep one of them, and give the others a name of their own",
            )
        stream.seek(0)
        yield stream
