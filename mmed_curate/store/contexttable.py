"""Tables of what happened in a game and of what players said: every row is taken in, or none.

Lines are named as an editor counts them: the header is line 1. Times lie on the clock of the recording named with
the table.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.context import GameEvent, SelfReport
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import SubjectId
from mmed_curate.domain.records import Recording
from mmed_curate.domain.spantable import exact_seconds
from mmed_curate.domain.tablefile import opened_table
from mmed_curate.domain.time import Frame

EVENT_COLUMNS = ("time_s", "time", "what", "subject", "detail")
REPORT_COLUMNS = ("subject", "onset_s", "offset_s", "emotion", "intensity", "words")
_NAMED_AT_MOST = 5
"""Mistakes that one message spells out; the rest are counted."""
_CLOCK = re.compile(r"(?:(?P<hours>\d{1,3}):)?(?P<minutes>\d{1,2}):(?P<seconds>\d{1,2}(?:\.\d{1,9})?)")

Row = TypeVar("Row", GameEvent, SelfReport)
Players = Mapping[str, SubjectId]
"""Who took part in the session, by code."""


def clock_seconds(text: str) -> Fraction:
    """A time written h:mm:ss.mmm or m:ss.mmm, or in seconds, exact.

    Raises:
        ValueError: it is none.
    """
    found = _CLOCK.fullmatch(text)
    if found is None:
        try:
            return exact_seconds(text)
        except ZeroDivisionError:
            raise ValueError(text) from None
    hours, minutes, seconds = int(found["hours"] or 0), int(found["minutes"]), Fraction(found["seconds"])
    if seconds >= 60 or (found["hours"] is not None and minutes >= 60):
        raise ValueError(text)
    return hours * 3600 + minutes * 60 + seconds


def read_events(
    path: Path, recording: Recording, players: Players, known: Collection[GameEvent] = ()
) -> tuple[GameEvent, ...]:
    """Read an event log: time_s (seconds) or time (h:mm:ss.mmm), what, and optionally subject and detail.

    Args:
        path: a CSV.
        recording: on whose clock the times lie.
        players: who took part in its session.
        known: what was taken in before; the same again is refused.

    Raises:
        BadInput: the table cannot be read, or rows are wrong; each is named with its line.
    """

    def event(cells: Mapping[str, str]) -> GameEvent:
        if cells.get("time_s") and cells.get("time"):
            raise ValueError("gives both time_s and time: leave one empty")
        given = cells.get("time_s") or cells.get("time") or ""
        return GameEvent(
            recording=recording.id,
            time_s=_time(given, recording),
            what=cells.get("what", ""),
            subject=_player(cells["subject"], players) if cells.get("subject") else None,
            detail=cells.get("detail", ""),
        )

    return _rows(path, EVENT_COLUMNS, ("what",), event, _same_event, known, one_of=("time_s", "time"))


def read_reports(
    path: Path, recording: Recording, players: Players, codebook: Codebook, known: Collection[SelfReport] = ()
) -> tuple[SelfReport, ...]:
    """Read self-reports: subject, onset_s, offset_s, emotion, and optionally intensity (1 to 7) and words.

    Args:
        path: a CSV.
        recording: on whose clock the times lie.
        players: who took part in its session.
        codebook: whose emotions may be named.
        known: what was taken in before; the same again is refused.

    Raises:
        BadInput: the table cannot be read, or rows are wrong; each is named with its line.
    """
    emotions = [entry.code for entry in codebook.emotions]

    def report(cells: Mapping[str, str]) -> SelfReport:
        if cells["emotion"] not in emotions:
            raise ValueError(f"the codebook has no emotion {cells['emotion']!r}, it has {', '.join(emotions)}")
        intensity = cells.get("intensity", "")
        if intensity and not (intensity.isascii() and intensity.isdigit() and len(intensity) < 4):
            raise ValueError(f"intensity must be a whole number, got {intensity!r}")
        return SelfReport(
            recording=recording.id,
            subject=_player(cells["subject"], players),
            onset_s=_time(cells["onset_s"], recording),
            offset_s=_time(cells["offset_s"], recording),
            emotion=cells["emotion"],
            intensity=int(intensity) if intensity else None,
            words=cells.get("words", ""),
        )

    required = ("subject", "onset_s", "offset_s", "emotion")
    return _rows(path, REPORT_COLUMNS, required, report, _same_report, known)


def _same_event(event: GameEvent) -> tuple[object, ...]:
    return event.time_s, event.what, event.subject


def _same_report(report: SelfReport) -> tuple[object, ...]:
    return report.subject, report.onset_s, report.offset_s, report.emotion


def _rows(
    path: Path,
    columns: tuple[str, ...],
    required: tuple[str, ...],
    made: Callable[[Mapping[str, str]], Row],
    same: Callable[[Row], tuple[object, ...]],
    known: Collection[Row],
    *,
    one_of: tuple[str, ...] = (),
) -> tuple[Row, ...]:
    try:
        with opened_table(path) as stream:
            reader = csv.reader(stream, strict=True)
            header = [name.strip() for name in next(reader, [])]
            lines = [(reader.line_num, line) for line in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise BadInput.of(
            "context.unreadable", f"{path} cannot be read as CSV ({reason})", "give a UTF-8 CSV file"
        ) from error
    _check_columns(path, header, columns, required, one_of)
    found: list[Row] = []
    mistakes: list[str] = []
    before = {same(one): 0 for one in known}
    for number, line in lines:
        if not any(cell.strip() for cell in line):
            continue
        try:
            if len(line) != len(header):
                raise ValueError(f"has {len(line)} cells, the header has {len(header)}")
            row = made(dict(zip(header, (cell.strip() for cell in line), strict=True)))
            if (other := before.setdefault(same(row), number)) != number:
                raise ValueError(f"is the same as line {other}" if other else "was taken in already")
            found.append(row)
        except ValueError as error:
            mistakes.append(f"line {number}: {error}")
        except BadInput as error:
            mistakes.append(f"line {number}: {error.finding.what}")
    if mistakes:
        more = len(mistakes) - _NAMED_AT_MOST
        listed = "; ".join(mistakes[:_NAMED_AT_MOST]) + (f"; and {more} more" if more > 0 else "")
        raise BadInput.of(
            "context.rows", f"{path}: {listed}", "correct these lines; nothing was taken in", mistakes=len(mistakes)
        )
    if not found:
        raise BadInput.of("context.empty", f"{path} has no rows", "give at least one")
    return tuple(found)


def _check_columns(
    path: Path, header: list[str], columns: tuple[str, ...], required: tuple[str, ...], one_of: tuple[str, ...]
) -> None:
    missing = [name for name in required if name not in header]
    if one_of and not set(one_of) & set(header):
        missing.insert(0, " or ".join(one_of))
    unknown = [name for name in header if name not in columns]
    if missing or unknown:
        what = (
            f"lacks the column {', '.join(missing)}" if missing else f"has a column {unknown[0]!r} that means nothing"
        )
        raise BadInput.of("context.columns", f"{path} {what}", f"use the columns {', '.join(columns)}")


def _player(code: str, players: Players) -> SubjectId:
    if code not in players:
        raise ValueError(f"{code!r} did not take part in the session, {', '.join(players)} did")
    return players[code]


def _time(text: str, recording: Recording) -> float:
    try:
        time = clock_seconds(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time: write seconds, or h:mm:ss.mmm") from None
    clock = recording.clock
    begins, ends = clock.start_of(Frame(0)), clock.end_of(clock.last_frame)
    if not begins <= time <= ends:
        raise ValueError(f"{text} is outside the recording, which runs from {float(begins):g} s to {float(ends):g} s")
    return float(time)
