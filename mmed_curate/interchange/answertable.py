"""A coder's answer as a table with one row for each event: for those who code in a spreadsheet.

Times are frames of the clip, `onset,apex,offset`, both ends inside, or seconds, `onset_s,apex_s,offset_s`, where the
offset is the moment at which the event has ended. Labels are written as in the tiers; a vocal cue with its own frames
is `laugh:subject@12-30`, several stand with semicolons between. A row without times may hold a note.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path

from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.files import write_text
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.judgements import CodedEvent, VocalCueMark
from mmed_curate.domain.protocol import AnswerField
from mmed_curate.domain.spantable import FRAME_COLUMNS, SECOND_COLUMNS, exact_seconds
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.interchange.answertiers import (
    ACTION_UNITS,
    APEX,
    BASIS,
    BESIDE,
    CONFIDENCE,
    EMOTION,
    EVENT,
    NOT_VISIBLE,
    NOTE,
    VOCAL_CUE,
    cue_order,
    event_order,
    facs_notation,
)
from mmed_curate.interchange.timelines import Annotation, Reading, Tier, TierKind, Timeline, fault, read_whole

EVENT_TYPE = "event_type"
_COLUMNS_OF: Mapping[AnswerField, tuple[str, ...]] = {
    AnswerField.SPAN: FRAME_COLUMNS,
    AnswerField.EVENT_TYPE: (EVENT_TYPE,),
    AnswerField.ACTION_UNITS: (ACTION_UNITS, NOT_VISIBLE),
    AnswerField.EMOTION: (EMOTION,),
    AnswerField.BASIS: (BASIS,),
    AnswerField.VOCAL_CUES: (VOCAL_CUE,),
    AnswerField.CONFIDENCE: (CONFIDENCE,),
    AnswerField.NOTE: (NOTE,),
}
_ALL = (*FRAME_COLUMNS, EVENT_TYPE, *BESIDE, VOCAL_CUE, NOTE)
_OWN_TIME = re.compile(r"(.+)@([0-9]{1,11})-([0-9]{1,11})")


def write_answer_table(
    path: Path, codebook: Codebook, fields: Sequence[AnswerField], events: Sequence[CodedEvent] = (), note: str = ""
) -> None:
    """Write the table: its columns are those of the fields, its rows the events.

    Args:
        path: to write.
        codebook: without parts of the face, there is no column for those that cannot be seen.
        fields: that are asked, in their order.
        events: that are said already.
        note: of the whole answer.

    Raises:
        BadInput: it cannot be written.
    """
    columns = list(dict.fromkeys(name for one in (AnswerField.SPAN, *fields) for name in _COLUMNS_OF[one]))
    if not codebook.regions:
        columns = [name for name in columns if name != NOT_VISIBLE]
    rows = [_row(event) for event in sorted(events, key=event_order)]
    if note:
        rows = [{**(rows[0] if rows else {}), NOTE: note}, *rows[1:]]
    for row in rows:
        columns += [name for name, cell in row.items() if cell and name not in columns]
    _write(path, columns, rows)


def extend_answer_table(path: Path, codebook: Codebook, fields: Sequence[AnswerField]) -> None:
    """Add the columns of fields that open now to a coder's table; nothing in it is changed.

    Raises:
        BadInput: it is no such table, or cannot be written.
    """
    header, rows = _table(path)
    wanted = [name for one in fields for name in _COLUMNS_OF[one] if one is not AnswerField.SPAN]
    wanted = [name for name in wanted if name != NOT_VISIBLE or codebook.regions]
    _write(path, list(dict.fromkeys((*header, *wanted))), [row for _, row in rows])


def is_answer_table(path: Path) -> bool:
    """Whether a CSV has a row for each event; else it has one for each annotation, and says its tier."""
    header, _ = _table(path)
    return not {"tier", "value", "label"} & {name.lower() for name in header}


def read_answer_table(path: Path, clock: FrameClock) -> Reading:
    """The tiers that say the same as a table: each row has its own.

    Args:
        path: the table.
        clock: of the clip.

    Raises:
        BadInput: it is no such table.
    """
    header, rows = _table(path)
    in_frames = set(FRAME_COLUMNS) <= set(header)
    if not in_frames and not set(SECOND_COLUMNS) <= set(header):
        raise BadInput.of(
            "interchange.columns",
            f"{path.name} has no columns for onset, apex and offset",
            f"name them {', '.join(FRAME_COLUMNS)}, in frames, or {', '.join(SECOND_COLUMNS)}, in seconds",
        )
    findings: list[Finding] = []
    for name in header:
        if name and name not in {*_ALL, *SECOND_COLUMNS}:
            findings.append(
                fault("unknown_column", f"the column {name} is none of the answer's", f"use {', '.join(_ALL)}")
            )
    tiers: list[Tier] = []
    notes: list[str] = []
    for number, row in rows:
        notes += [row[NOTE]] if row.get(NOTE) else []
        if not any(cell for name, cell in row.items() if name != NOTE):
            continue
        prefix = f"{number}." if tiers else ""
        tiers.extend(_lane(row, prefix, number, clock, findings, in_frames=in_frames))
    begins, ends = clock.start_of(Frame(0)), clock.end_of(clock.last_frame)
    if notes:
        whole = Annotation(start=begins, end=ends, value="\n".join(notes))
        tiers.append(Tier(name=NOTE, annotations=(whole,)))
    return Reading(timelines=(Timeline(tiers=tuple(tiers), start_s=begins, end_s=ends),), findings=tuple(findings))


def _lane(
    row: Mapping[str, str],
    prefix: str,
    number: int,
    clock: FrameClock,
    findings: list[Finding],
    *,
    in_frames: bool,
) -> Iterator[Tier]:
    cells = [row.get(name, "") for name in (FRAME_COLUMNS if in_frames else SECOND_COLUMNS)]
    if in_frames:
        frames = [_frame(cell, clock) for cell in cells]
        wrong = next((cell for cell, frame in zip(cells, frames, strict=True) if frame is None), None)
        if wrong is not None:
            said = f"{wrong!r} is no frame of the clip" if wrong else "onset, apex or offset is missing"
            findings.append(fault("row", f"row {number}: {said}", f"give frames from 0 to {clock.last_frame}"))
            return
        onset, apex, offset = (frame for frame in frames if frame is not None)
        times = (clock.start_of(onset), clock.start_of(apex), clock.end_of(offset))
        ordered = onset <= apex <= offset
    else:
        try:
            start, mark, end = (exact_seconds(cell) for cell in cells)
        except (ValueError, ZeroDivisionError):
            findings.append(fault("row", f"row {number}: a time is missing or none", "give seconds such as 0.52"))
            return
        times, ordered = (start, mark, end), start <= mark <= end
    if not ordered:
        findings.append(
            fault("row", f"row {number}: {', '.join(cells)} are not in order", "need onset <= apex <= offset")
        )
        return
    begin, top, until = times
    event = Annotation(start=begin, end=until, value=row.get(EVENT_TYPE, ""))
    yield Tier(name=f"{prefix}{EVENT}", annotations=(event,))
    yield Tier(name=f"{prefix}{APEX}", kind=TierKind.POINT, annotations=(Annotation(start=top, end=top, value=APEX),))
    for name in BESIDE:
        if row.get(name):
            label = Annotation(start=begin, end=until, value=row[name], parent=0)
            yield Tier(name=f"{prefix}{name}", annotations=(label,))
    cues = []
    for text in filter(None, (part.strip() for part in row.get(VOCAL_CUE, "").split(";"))):
        timed = _OWN_TIME.fullmatch(text)
        first, last = (None, None) if timed is None else (_frame(timed[2], clock), _frame(timed[3], clock))
        if timed is not None and (first is None or last is None or last < first):
            findings.append(
                fault("row", f"row {number}: {text!r} has no frames of the clip", "write laugh:subject@12-30")
            )
            continue
        own = (begin, until) if first is None or last is None else (clock.start_of(first), clock.end_of(last))
        cues.append(Annotation(start=own[0], end=own[1], value=text if timed is None else timed[1]))
    if cues:
        yield Tier(name=f"{prefix}{VOCAL_CUE}", annotations=tuple(cues))


def _frame(cell: str, clock: FrameClock) -> Frame | None:
    if not (cell.isascii() and cell.isdigit() and len(cell) < 12):
        return None
    return Frame(int(cell)) if int(cell) <= clock.last_frame else None


def _row(event: CodedEvent) -> dict[str, str]:
    return {
        "onset": str(event.span.onset),
        "apex": str(event.span.apex),
        "offset": str(event.span.offset),
        EVENT_TYPE: event.event_type,
        ACTION_UNITS: "+".join(map(facs_notation, event.action_units)),
        NOT_VISIBLE: "+".join(event.not_visible),
        EMOTION: event.emotion,
        BASIS: event.basis,
        VOCAL_CUE: "; ".join(map(_cue, sorted(event.vocal_cues, key=cue_order))),
        CONFIDENCE: event.confidence or "",
    }


def _cue(cue: VocalCueMark) -> str:
    return f"{cue.code}:{cue.owner}@{cue.onset}-{cue.offset}"


def _table(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    data = read_whole(path, "a UTF-8 CSV file")
    try:
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
        first = text.partition("\n")[0]
        lines = list(csv.reader(StringIO(text, newline=""), delimiter=max(",\t;", key=first.count), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput.of(
            "interchange.csv", f"{path.name} cannot be read as CSV ({error})", "give a UTF-8 CSV file"
        ) from error
    header = [name.strip() for name in lines[0]] if lines else []
    if len(set(header)) != len(header):
        raise BadInput.of("interchange.csv", f"{path.name} names a column twice", "keep one")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if any(cell.strip() for cell in line):
            if len(line) > len(header):
                raise BadInput.of(
                    "interchange.csv",
                    f"{path.name}, row {number}: {len(line)} cells under {len(header)} columns",
                    "put cells that hold a separator in quotes",
                )
            cells = [cell.strip() for cell in line] + [""] * (len(header) - len(line))
            rows.append((number, dict(zip(header, cells, strict=True))))
    return header, rows


def _write(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    stream = StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    write_text(path, stream.getvalue())
