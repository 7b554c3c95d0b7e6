"""Tables of spans that people write: CSV with `onset,apex,offset` in frames, or `onset_s,apex_s,offset_s` in seconds.

Rows are named as a spreadsheet shows them: the header is row 1.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from pathlib import Path

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.tablefile import opened_table
from mmed_curate.domain.time import Frame, FrameClock, Span

FRAME_COLUMNS = ("onset", "apex", "offset")
SECOND_COLUMNS = ("onset_s", "apex_s", "offset_s")
_MOST_SECONDS = 1e9
_MOST_SIGNS = 40
_NAMED_AT_MOST = 3
"""Mistakes that one message spells out; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRow:
    """One row of the table."""

    row: int
    """Its number, where the header is row 1."""
    frames: Span | None
    """The span in frames; None: the table is in seconds."""
    seconds: tuple[Fraction, Fraction, Fraction] | None
    """Onset, apex, offset in seconds on the recording's clock; None: the table is in frames."""
    name: str | None
    score: float | None
    region: str | None
    tag: str | None
    track: int | None
    recording: str | None = None
    """Which recording it lies in, by path or file name."""
    subject: str | None = None
    """Code of the subject whose movement it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanTable:
    """A table of spans, in the order of its rows."""

    path: Path
    rows: tuple[SpanRow, ...]

    def spans(self, clock: FrameClock) -> tuple[Span, ...]:
        """The spans in frames of the recording with this clock; a time in seconds means the frame on screen then.

        Raises:
            BadInput: a row lies outside the recording, named with its number.
        """
        spans: list[Span] = []
        mistakes: list[str] = []
        for row in self.rows:
            try:
                spans.append(_span_of(row, clock))
            except BadInput as error:
                mistakes.append(f"row {row.row}: {error.finding.what}")
        if mistakes:
            raise _mistaken(self.path, mistakes, "correct the table, or give the recording it was made for")
        return tuple(spans)


def read_spans(path: Path) -> SpanTable:
    """Read a table of spans.

    Needs the columns `onset,apex,offset` (frames, whole numbers) or `onset_s,apex_s,offset_s` (seconds); where both
    are there, frames count. Keeps name, score, region, tag, track, recording and subject; passes over others.

    Raises:
        BadInput: the file cannot be read, a column is missing, or rows are wrong; each is named with its number.
    """
    try:
        with opened_table(path) as stream:
            lines = list(csv.reader(stream, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise BadInput.of(
            "spans.unreadable", f"{path} cannot be read as CSV ({reason})", "give a UTF-8 CSV file"
        ) from error
    header = [name.strip() for name in lines[0]] if lines else []
    columns = next((names for names in (FRAME_COLUMNS, SECOND_COLUMNS) if set(names) <= set(header)), None)
    if columns is None:
        found = ", ".join(header) or "nothing"
        cure = "save it with commas" if len(header) == 1 and ";" in header[0] else "name the columns in the first row"
        raise BadInput.of(
            "spans.columns",
            f"{path} needs the columns {','.join(FRAME_COLUMNS)} or {','.join(SECOND_COLUMNS)}, its first row says "
            f"{found}",
            cure,
        )
    rows: list[SpanRow] = []
    mistakes: list[str] = []
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) != len(header):
            mistakes.append(f"row {number}: has {len(line)} cells, the header has {len(header)}")
            continue
        cells = dict(zip(header, (cell.strip() for cell in line), strict=True))
        try:
            rows.append(_row_of(number, cells, columns))
        except ValueError as error:
            mistakes.append(f"row {number}: {error}")
        except BadInput as error:
            mistakes.append(f"row {number}: {error.finding.what}")
    if mistakes:
        raise _mistaken(path, mistakes, "correct these rows")
    return SpanTable(path=path, rows=tuple(rows))


def _row_of(number: int, cells: Mapping[str, str], columns: tuple[str, str, str]) -> SpanRow:
    frames: Span | None = None
    seconds: tuple[Fraction, Fraction, Fraction] | None = None
    if columns == FRAME_COLUMNS:
        onset, apex, offset = (Frame(_whole(cells, column)) for column in columns)
        frames = Span(onset=onset, apex=apex, offset=offset)
    else:
        first, middle, end = (_exact_seconds(cells, column) for column in columns)
        if not first <= middle <= end:
            raise ValueError(f"need onset_s <= apex_s <= offset_s, got {', '.join(cells[name] for name in columns)}")
        seconds = (first, middle, end)
    return SpanRow(
        row=number,
        frames=frames,
        seconds=seconds,
        name=cells.get("name") or None,
        score=_number(cells, "score") if cells.get("score") else None,
        region=cells.get("region") or None,
        tag=cells.get("tag") or None,
        track=_whole(cells, "track") if cells.get("track") else None,
        recording=cells.get("recording") or None,
        subject=cells.get("subject") or None,
    )


def _span_of(row: SpanRow, clock: FrameClock) -> Span:
    if row.frames is not None:
        clock.start_of(row.frames.offset)
        return row.frames
    begins, ends = clock.start_of(Frame(0)), clock.end_of(clock.last_frame)
    frames = []
    for time in row.seconds or ():
        if not begins <= time <= ends:
            raise BadInput.of(
                "spans.time_outside",
                f"{float(time):g} s is outside the picture, which runs from {float(begins):g} s to {float(ends):g} s",
                "use a time inside",
            )
        frames.append(clock.frame_at(time))
    onset, apex, offset = frames
    return Span(onset=onset, apex=apex, offset=offset)


def _whole(cells: Mapping[str, str], column: str) -> int:
    text = cells[column]
    if not text.isascii() or not text.removeprefix("-").isdigit():
        raise ValueError(f"{column} must be a whole number, got {text!r}")
    return int(text)


def _number(cells: Mapping[str, str], column: str) -> float:
    try:
        value = float(cells[column])
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise ValueError(f"{column} must be a number, got {cells[column]!r}")
    return value


def _exact_seconds(cells: Mapping[str, str], column: str) -> Fraction:
    try:
        return exact_seconds(cells[column])
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{column} must be a number of seconds, got {cells[column]!r}") from None


def exact_seconds(text: str) -> Fraction:
    """A number of seconds as it is written, exact.

    Raises:
        ValueError, ZeroDivisionError: it is none, or of more than a million seconds or digits than a clock can have.
    """
    # 1e400000000 is a number, and would be worked out in full
    if len(text) > _MOST_SIGNS or ("/" not in text and not abs(float(text)) <= _MOST_SECONDS):
        raise ValueError(f"{text!r} is no time of a recording")
    return Fraction(text.strip())


def _mistaken(path: Path, mistakes: list[str], remedy: str) -> BadInput:
    more = len(mistakes) - _NAMED_AT_MOST
    listed = "; ".join(mistakes[:_NAMED_AT_MOST]) + (f"; and {more} more" if more > 0 else "")
    return BadInput.of("spans.rows", f"{path}: {listed}", remedy, mistakes=len(mistakes))
