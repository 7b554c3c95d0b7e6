"""What differs between readings of one clip, line by line; compared exactly, without any tolerance. Knows no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from mmed_curate.annotation.compared import same_events
from mmed_curate.domain.judgements import ActionUnitMark, CodedEvent, VocalCueMark
from mmed_curate.domain.protocol import AnswerField
from mmed_curate.domain.time import Frame

SAME_FROM_IOU = 0.5
"""From this intersection over union on two events are shown in one row, as agreement counts them."""


class Line(Enum):
    """One line of an event, in the order in which lines are shown."""

    ONSET = "onset"
    APEX = "apex"
    OFFSET = "offset"
    EVENT_TYPE = "event_type"
    ACTION_UNITS = "action_units"
    NOT_VISIBLE = "not_visible"
    EMOTION = "emotion"
    BASIS = "basis"
    VOCAL_CUES = "vocal_cues"
    CONFIDENCE = "confidence"


FIELD_OF: Mapping[Line, AnswerField] = {
    Line.ONSET: AnswerField.SPAN,
    Line.APEX: AnswerField.SPAN,
    Line.OFFSET: AnswerField.SPAN,
    Line.EVENT_TYPE: AnswerField.EVENT_TYPE,
    Line.ACTION_UNITS: AnswerField.ACTION_UNITS,
    Line.NOT_VISIBLE: AnswerField.ACTION_UNITS,
    Line.EMOTION: AnswerField.EMOTION,
    Line.BASIS: AnswerField.BASIS,
    Line.VOCAL_CUES: AnswerField.VOCAL_CUES,
    Line.CONFIDENCE: AnswerField.CONFIDENCE,
}
"""The field that a line belongs to; what cannot be seen is asked with the action units."""

Value = Frame | str | ActionUnitMark | VocalCueMark
"""What a cell is made of: a frame, a code, or a mark."""

_VALUES: Mapping[Line, Callable[[CodedEvent], tuple[Value, ...]]] = {
    Line.ONSET: lambda event: (event.span.onset,),
    Line.APEX: lambda event: (event.span.apex,),
    Line.OFFSET: lambda event: (event.span.offset,),
    Line.EVENT_TYPE: lambda event: _said(event.event_type),
    Line.ACTION_UNITS: lambda event: tuple(
        sorted(event.action_units, key=lambda mark: (len(mark.code), mark.code, mark.side.value))
    ),
    Line.NOT_VISIBLE: lambda event: tuple(sorted(event.not_visible)),
    Line.EMOTION: lambda event: _said(event.emotion),
    Line.BASIS: lambda event: _said(event.basis),
    Line.VOCAL_CUES: lambda event: tuple(
        sorted(event.vocal_cues, key=lambda cue: (cue.onset, cue.offset, cue.code, cue.owner))
    ),
    Line.CONFIDENCE: lambda event: _said(event.confidence or ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One part of a cell."""

    value: Value
    odd: bool
    """It is lit: not what all readings of this event say, and not what more than half of them say."""
    absent: bool = False
    """More than half of the readings say it, and this one does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One line of one event over all readings."""

    line: Line
    cells: tuple[tuple[Piece, ...] | None, ...]
    """By reading: what it says; None: it has no such event."""
    differs: bool
    """The readings that have the event do not all say the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedEvent:
    """One event over all readings."""

    events: tuple[CodedEvent | None, ...]
    """By reading: its event; None: it has none."""
    lines: tuple[Compared, ...]

    @property
    def seen_by_all(self) -> bool:
        """Every reading has it."""
        return None not in self.events

    @property
    def differs(self) -> bool:
        """Something is not the same in all readings."""
        return not self.seen_by_all or any(line.differs for line in self.lines)


def compare(
    readings: Sequence[Sequence[CodedEvent]],
    *,
    lines: Collection[Line] = tuple(Line),
    match_iou: float = SAME_FROM_IOU,
) -> tuple[ComparedEvent, ...]:
    """Put readings of one clip side by side.

    Args:
        readings: the events of each.
        lines: which lines are compared.
        match_iou: from this intersection over union on two events are the same.

    Returns:
        Events in order of their earliest onset, each with its lines in the order of `Line`.
    """
    compared = []
    for group in same_events(readings, match_iou=match_iou):
        events = tuple(None if at is None else readings[place][at] for place, at in enumerate(group))
        compared.append(
            ComparedEvent(events=events, lines=tuple(_line(line, events) for line in Line if line in lines))
        )
    return tuple(compared)


def lines_of(fields: Collection[AnswerField]) -> tuple[Line, ...]:
    """The lines of some fields, in order."""
    return tuple(line for line in Line if FIELD_OF[line] in fields)


def apart(line: Compared) -> int:
    """By how many frames a line of marks lies apart at most; 0 for all other lines."""
    frames = [piece.value for cell in line.cells for piece in cell or () if isinstance(piece.value, int)]
    return max(frames) - min(frames) if frames else 0


def codes_concerned(compared: Sequence[ComparedEvent]) -> tuple[tuple[Line, str], ...]:
    """Codes on which readings differ, each once, with the line that it stands on, in the order in which they come."""
    found: dict[tuple[Line, str], None] = {}
    for event in compared:
        for line in event.lines:
            for cell in line.cells:
                for piece in cell or ():
                    code = _code(piece.value)
                    if (piece.odd or not event.seen_by_all) and code:
                        found.setdefault((line.line, code))
    return tuple(found)


def _line(line: Line, events: Sequence[CodedEvent | None]) -> Compared:
    said = [None if event is None else _VALUES[line](event) for event in events]
    there = [values for values in said if values is not None]
    differs = len({_sorted(values) for values in there}) > 1
    votes: Counter[Value] = Counter(value for values in there for value in values)
    # among two, neither is more than half: both are lit
    stands = [value for value, n in votes.items() if 2 * n > len(there)]
    many = line in {Line.ACTION_UNITS, Line.NOT_VISIBLE, Line.VOCAL_CUES}
    cells: list[tuple[Piece, ...] | None] = []
    for values in said:
        if values is None:
            cells.append(None)
            continue
        pieces = [Piece(value=value, odd=differs and value not in stands) for value in values]
        if many:
            codes = {_code(value) for value in values}  # the same code on another side is no lack of it
            lacking = [value for value in stands if _code(value) not in codes]
            pieces += [Piece(value=value, odd=True, absent=True) for value in lacking]
        cells.append(tuple(pieces))
    return Compared(line=line, cells=tuple(cells), differs=differs)


def _sorted(values: tuple[Value, ...]) -> tuple[str, ...]:
    return tuple(sorted(map(repr, values)))


def _said(code: str) -> tuple[Value, ...]:
    return (code,) if code else ()


def _code(value: Value) -> str:
    if isinstance(value, ActionUnitMark | VocalCueMark):
        return value.code
    return value if isinstance(value, str) else ""
