"""Tables of spans that are held against each other: proposals and truth, grouped by what both say they belong to.

Unlike a table to cut from, one to score needs no apex: `onset,offset` (frames, both inside) or `onset_s,offset_s`.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.tablefile import opened_table
from mmed_curate.domain.time import FrameClock
from mmed_curate.spotting.evaluate import SpottingScores, pooled, score_intervals
from mmed_curate.spotting.peaks import Proposal

GROUPING = ("subject", "session", "video", "recording")
"""Columns that say which recording a row belongs to; those that both tables have count."""
COLUMNS = ("onset", "apex", "offset", "score", "region", "tag", "track", "onset_s", "apex_s", "offset_s", "recording")
"""Of a table of proposals."""
EVENT_KIND = "event"
"""Where a table of truth has a column `kind`, the rows that are events; the others are distractors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRow:
    """One row of either table."""

    row: int
    """Its number, where the header is row 1."""
    begin: float
    end: float
    """Outside: the frame after the offset, or the offset's time."""
    tagged: bool
    cells: dict[str, str]
    """All columns as they stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredTable:
    """A table of proposals or of truth."""

    path: Path
    in_seconds: bool
    """False: it counts frames."""
    columns: tuple[str, ...]
    rows: tuple[ScoredRow, ...]


def proposals_csv(proposals: Sequence[Proposal], clock: FrameClock, recording: str) -> str:
    """A table of proposals, in order of time; several tags are joined by spaces.

    Args:
        proposals: of one recording.
        clock: its clock.
        recording: its file name.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for proposal in proposals:
        span = proposal.span
        writer.writerow(
            (
                *(span.onset, span.apex, span.offset),
                f"{proposal.score:.3f}",
                proposal.region,
                " ".join(sorted(tag.value for tag in proposal.tags)),
                proposal.track,
                *(f"{float(clock.start_of(frame)):.6f}" for frame in (span.onset, span.apex)),
                f"{float(clock.end_of(span.offset)):.6f}",
                recording,
            )
        )
    return text.getvalue()


def read_scored(path: Path) -> ScoredTable:
    """Read a table of proposals or of truth.

    Raises:
        BadInput: the file cannot be read, lacks its columns, or a row is wrong; the row is named.
    """
    try:
        with opened_table(path) as stream:
            lines = list(csv.reader(stream, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise BadInput.of(
            "spans.unreadable", f"{path} cannot be read as CSV ({reason})", "give a UTF-8 CSV file"
        ) from error
    header = tuple(name.strip() for name in lines[0]) if lines else ()
    in_seconds = not {"onset", "offset"} <= set(header)
    if in_seconds and not {"onset_s", "offset_s"} <= set(header):
        raise BadInput.of(
            "spans.columns",
            f"{path} needs the columns onset,offset or onset_s,offset_s, its first row says "
            f"{', '.join(header) or 'nothing'}",
            "name the columns in the first row",
        )
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) != len(header):
            raise _wrong(path, number, f"has {len(line)} cells, the header has {len(header)}")
        cells = dict(zip(header, (cell.strip() for cell in line), strict=True))
        begin, end = _ends(path, number, cells, in_seconds=in_seconds)
        rows.append(ScoredRow(row=number, begin=begin, end=end, tagged=bool(cells.get("tag")), cells=cells))
    return ScoredTable(path=path, in_seconds=in_seconds, columns=header, rows=tuple(rows))


def evaluate_tables(
    proposed: ScoredTable,
    truth: ScoredTable,
    *,
    iou: float,
    minutes: float | None = None,
    count_tagged: bool = False,
    recording: str | None = None,
) -> SpottingScores:
    """Score one table against another; rows meet only where their grouping columns agree.

    Args:
        proposed: what was proposed.
        truth: what is there; where it has a column `kind`, rows other than `event` are passed over.
        iou: least overlap of a hit.
        minutes: length of everything that was searched; None: not known.
        count_tagged: count tagged proposals like the others; else they are neither hits nor false.
        recording: score only the rows of this recording (`recording` or `video`); None: all.

    Raises:
        BadInput: one counts frames and the other seconds; or a group of rows is asked for that the truth does not know.
    """
    if proposed.in_seconds != truth.in_seconds:
        raise BadInput.of(
            "spotting.units",
            f"{proposed.path} counts {_unit(proposed)} and {truth.path} counts {_unit(truth)}",
            "give both tables in the same unit",
        )
    shared = [name for name in GROUPING if name in proposed.columns and name in truth.columns]
    events = [row for row in truth.rows if row.cells.get("kind", EVENT_KIND) == EVENT_KIND]
    guesses = list(proposed.rows)
    if recording is not None:
        if not any(_is_of(row, recording) for row in truth.rows):
            raise BadInput.of(
                "spotting.recording", f"{truth.path} has no row of {recording}", "name a recording that it has"
            )
        events = [row for row in events if _is_of(row, recording)]
        guesses = [row for row in guesses if _is_of(row, recording) or not _names_recording(row)]
    counted = [row for row in guesses if count_tagged or not row.tagged]
    # a group may have rows in one of the tables only
    groups = sorted({_group(row, shared) for row in (*counted, *events)}) or [()]
    scores = [
        score_intervals(_intervals(counted, group, shared), _intervals(events, group, shared), iou=iou)
        for group in groups
    ]
    total = pooled(scores)
    return score_total(total, n_tagged=len(guesses) - len(counted), minutes=minutes)


def score_total(total: SpottingScores, *, n_tagged: int, minutes: float | None) -> SpottingScores:
    """Pooled counts with the length that was searched.

    Raises:
        BadInput: the minutes make no sense.
    """
    if minutes is not None and not minutes > 0:
        raise BadInput.of("spotting.minutes", f"need more than 0 minutes, got {minutes:g}", "give the length searched")
    return SpottingScores(
        true_positives=total.true_positives,
        false_positives=total.false_positives,
        false_negatives=total.false_negatives,
        iou=total.iou,
        n_tagged=n_tagged,
        minutes=minutes,
    )


def _intervals(rows: Sequence[ScoredRow], group: tuple[str, ...], shared: Sequence[str]) -> npt.NDArray[np.float64]:
    chosen = [(row.begin, row.end) for row in rows if _group(row, shared) == group]
    return np.array(chosen, dtype=np.float64).reshape(-1, 2)


def _group(row: ScoredRow, shared: Sequence[str]) -> tuple[str, ...]:
    return tuple(row.cells[name] for name in shared)


def _names_recording(row: ScoredRow) -> bool:
    return bool(row.cells.get("recording") or row.cells.get("video"))


def _is_of(row: ScoredRow, recording: str) -> bool:
    return recording in (row.cells.get("recording"), row.cells.get("video"))


def _unit(table: ScoredTable) -> str:
    return "seconds" if table.in_seconds else "frames"


def _ends(path: Path, number: int, cells: dict[str, str], *, in_seconds: bool) -> tuple[float, float]:
    names = ("onset_s", "offset_s") if in_seconds else ("onset", "offset")
    values = []
    for name in names:
        try:
            value = float(cells[name])
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or (not in_seconds and value != int(value)):
            kind = "a number" if in_seconds else "a whole number"
            raise _wrong(path, number, f"{name} must be {kind}, got {cells[name]!r}")
        values.append(value)
    begin, end = values
    if not begin <= end:
        raise _wrong(path, number, f"need {names[0]} <= {names[1]}, got {begin:g}, {end:g}")
    return begin, end if in_seconds else end + 1


def _wrong(path: Path, number: int, what: str) -> BadInput:
    return BadInput.of("spans.rows", f"{path}, row {number}: {what}", "correct this row")
