"""A table of recordings: which file shows whom, in which session."""

from __future__ import annotations

import csv
from pathlib import Path

from mmed_curate.domain.findings import BadInput
from mmed_curate.ingest.run import Source

COLUMNS = ("recording", "subject", "session")


def read_sources(path: Path) -> tuple[Source, ...]:
    """Read a CSV with the columns `recording`, `subject`, `session`; others are left alone.

    Args:
        path: the table; recordings are named relative to its folder, or absolutely.

    Raises:
        BadInput: the table cannot be read, lacks a column, is empty, or a cell is; names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = list(reader)
            columns = tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput.of("sources.unreadable", f"{path} cannot be read ({error})", "give a CSV in UTF-8") from error
    missing = [column for column in COLUMNS if column not in columns]
    if missing:
        raise BadInput.of(
            "sources.columns", f"{path} lacks the column(s) {', '.join(missing)}", f"give {', '.join(COLUMNS)}"
        )
    if not rows:
        raise BadInput.of("sources.empty", f"{path} has no rows", "name at least one recording")
    sources = []
    for line, row in enumerate(rows, start=2):
        empty = [column for column in COLUMNS if not (row[column] or "").strip()]
        if empty:
            raise BadInput.of(
                "sources.cell", f"{path}, line {line} has no {' and no '.join(empty)}", "fill it, or drop the line"
            )
        sources.append(
            Source(
                path=path.parent / row["recording"].strip(),
                subject=row["subject"].strip(),
                session=row["session"].strip(),
            )
        )
    return tuple(sources)
