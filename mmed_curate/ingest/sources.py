"""A table of recordings: which file shows whom, in which session."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.tablefile import opened_table
from mmed_curate.ingest.run import Source
from mmed_curate.media.container import AS_PLAYED, StreamChoice

COLUMNS = ("recording", "subject", "session")


def read_sources(path: Path, *, streams: StreamChoice = AS_PLAYED) -> tuple[Source, ...]:
    """Read a CSV with the columns `recording`, `subject`, `session`, and where wanted `picture_stream` and
    `sound_stream`; others are left alone.

    Args:
        path: the table; recordings are named relative to its folder, or absolutely.
        streams: which streams are taken where a row does not say.

    Raises:
        BadInput: the table cannot be read, lacks a column, is empty, or a cell is; names the line.
    """
    try:
        with opened_table(path) as stream:
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
                streams=StreamChoice(
                    picture=_stream(row, "picture_stream", path, line, streams.picture),
                    sound=_stream(row, "sound_stream", path, line, streams.sound),
                ),
            )
        )
    return tuple(sources)


def _stream(row: Mapping[str, str | None], column: str, path: Path, line: int, usual: int | None) -> int | None:
    """The number in a cell; `usual` where it is empty."""
    text = (row.get(column) or "").strip()
    if not text:
        return usual
    if not (text.isascii() and text.isdigit()):
        raise BadInput.of(
            "sources.stream",
            f"{path}, line {line}: {column} must be the number of a stream, got {text!r}",
            "correct it",
        )
    return int(text)
