"""A row of cells becomes a labelled event, and everything in it that cannot be right becomes a finding."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from mmed_curate.domain.findings import Finding, Severity
from mmed_curate.interchange.facs import FacsText, read_facs
from mmed_curate.interchange.labels_event import LabelledEvent
from mmed_curate.interchange.labels_layout import MARKS, Holds, Layout
from mmed_curate.interchange.labels_sheet import Cell, CellKind

_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII")
_NAMED_AT_MOST = 5
"""Rows that one finding about many of them names."""
_LARGEST_FRAME = 10**9
"""No recording has more frames (ours); a larger number is a mistake."""
_LOOK = "look at the clip and correct the table, or leave the mark missing"


@dataclass(slots=True, kw_only=True)
class RowReader:
    """Reads the rows of one table and gathers its findings."""

    layout: Layout
    columns: tuple[str, ...]
    """Names of the columns in the table's order."""
    held: tuple[Holds | None, ...]
    """What each of them holds; None: kept word for word."""
    findings: list[Finding] = field(default_factory=list)
    _row: int = 0
    _cells: dict[Holds, Cell] = field(default_factory=dict)
    _unread: dict[Holds, str] = field(default_factory=dict)

    def event(self, row: int, cells: Sequence[Cell]) -> LabelledEvent:
        """The event of one row.

        Args:
            row: its number, as a spreadsheet counts.
            cells: in the order of the columns; fewer: the rest is empty; more: kept as columns without a name.
        """
        self._row, self._unread = row, {}
        placed = list(zip(self.held, cells, strict=False))
        self._cells = {holds: cell for holds, cell in placed if holds is not None}
        extra = {
            name: cell.text
            for name, holds, cell in zip(self.columns, self.held, cells, strict=False)
            if holds is None and cell.text
        }
        self._check_formulas()
        onset, apex, offset = (self._mark(holds) for holds in MARKS)
        emotion, emotion_class = self._emotion()
        text = self._text(Holds.ACTION_UNITS)
        event = LabelledEvent(
            row=row,
            dataset=self._dataset(),
            subject=self._subject(),
            name=self._needed(Holds.NAME),
            onset=onset,
            apex=apex,
            offset=offset,
            first_frame=self.layout.first_frame,
            rate_hz=self._rate(),
            emotion=emotion,
            emotion_class=emotion_class,
            class_source=self.layout.class_source if emotion_class is not None else None,
            action_units=self._action_units(text),
            action_units_text=text,
            objective_class=self._objective_class(),
            event_type=self._event_type(),
            unread=self._unread,
            extra=extra,
        )
        self._check_order(event)
        lasts_s, most_s = _duration_s(event), self.layout.too_long_s
        if most_s is not None and lasts_s > most_s:
            self.say(
                "too_long",
                f"the event lasts {lasts_s:.2f} s, longer than any expression ({most_s:g} s)",
                "look at the clip: one of the marks may be wrong",
                severity=Severity.WARNING,
                lasts_s=lasts_s,
            )
        return event

    def say(
        self, code: str, what: str, remedy: str, *, severity: Severity = Severity.ERROR, **more: str | int | float
    ) -> None:
        """Add a finding about the row at hand."""
        self.findings.append(
            Finding(
                code=f"labels.{code}",
                what=f"row {self._row}: {what}",
                remedy=remedy,
                severity=severity,
                parameters={"row": self._row, **more},
            )
        )

    def _text(self, holds: Holds) -> str | None:
        cell = self._cells.get(holds)
        return cell.text if cell is not None and cell.text.strip() else None

    def _word(self, holds: Holds) -> str | None:
        text = self._text(holds)
        return None if text is None else text.strip()

    def _name_of(self, holds: Holds) -> str:
        return self.columns[self.held.index(holds)]

    def _needed(self, holds: Holds) -> str:
        text = self._text(holds)
        if text is None:
            self.say("missing", f"{self._name_of(holds)} is empty", "write it in", column=self._name_of(holds))
        return text or ""

    def _subject(self) -> str:
        text, cell = self._needed(Holds.SUBJECT), self._cells.get(Holds.SUBJECT, Cell())
        form = self.layout.subject_form
        if cell.kind is CellKind.DATE:
            self.say("subject", f"the subject is a date ({text})", "set the column to text and write the code again")
        elif text and form and not re.fullmatch(form, text):
            zeros = ", and spreadsheets take zeros off numbers" if cell.kind is CellKind.NUMBER else ""
            self.say(
                "subject",
                f"the subject {text!r} is not written as this dataset writes subjects ({form}){zeros}",
                "check whose event it is, and write the code as text",
                severity=Severity.WARNING,
                text=text,
            )
        return text

    def _mark(self, holds: Holds) -> int | None:
        if holds not in self.held:
            return None
        cell, column = self._cells.get(holds, Cell()), self._name_of(holds)
        text = cell.text.strip()
        is_whole = cell.kind in {CellKind.NUMBER, CellKind.TEXT} and re.fullmatch(r"-?[0-9]{1,10}", text)
        if is_whole and abs(int(text)) <= _LARGEST_FRAME:
            return int(text)
        if not text:
            hint = " (a formula without a stored value)" if cell.formula else ""
            self.say("mark_missing", f"{column} is empty{hint}; kept without an {holds.value}", _LOOK, column=column)
            return None
        self._unread[holds] = cell.text
        what = f"a date ({text})" if cell.kind is CellKind.DATE else f"{text!r}"
        self.say(
            "mark_unreadable",
            f"{column} is {what}, which is no frame; kept without an {holds.value}",
            _LOOK,
            column=column,
            text=text,
        )
        return None

    def _check_order(self, event: LabelledEvent) -> None:
        wrong = []
        for earlier, later in ((Holds.ONSET, Holds.OFFSET), (Holds.ONSET, Holds.APEX), (Holds.APEX, Holds.OFFSET)):
            before, after = getattr(event, earlier.value), getattr(event, later.value)
            if before is not None and after is not None and before > after:
                wrong.append(f"the {later.value} ({after}) comes before the {earlier.value} ({before})")
        if wrong:
            cure = "look at the clip and correct the table; until then it is no span"
            self.say("mark_order", ", ".join(wrong), cure)
        first = self.layout.first_frame
        for holds in MARKS:
            mark = getattr(event, holds.value)
            if first is not None and mark is not None and mark < first:
                self.say(
                    "mark_outside",
                    f"the {holds.value} ({mark}) comes before the first frame, which is {first}",
                    "look at the clip and correct the table",
                    mark=mark,
                )

    def _rate(self) -> Fraction | None:
        cell = self._cells.get(Holds.RATE_HZ)
        if Holds.RATE_HZ not in self.held or cell is None:
            return self.layout.rate_hz
        text = cell.text.strip()
        is_number = cell.kind in {CellKind.NUMBER, CellKind.TEXT} and re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", text)
        if is_number and Fraction(text) > 0:
            return Fraction(text)
        if text:
            self._unread[Holds.RATE_HZ] = cell.text
        self.say("rate", f"{self._name_of(Holds.RATE_HZ)} is {text!r}, which is no rate in Hz", "write frames a second")
        return None

    def _emotion(self) -> tuple[str | None, str | None]:
        if Holds.EMOTION_CLASS in self.held:
            return self._text(Holds.EMOTION), self._labelled_class()
        if Holds.EMOTION not in self.held:
            return None, None
        text, word = self._text(Holds.EMOTION), self._word(Holds.EMOTION)
        if word is None:
            self.say("emotion_missing", "no emotion is given", "write it in, or leave it unlabelled")
            return None, None
        classes = self.layout.emotions
        if not classes or word in classes:
            return text, classes.get(word)
        alike = next((known for known in classes if known.casefold() == word.casefold()), None)
        if alike is None:
            self.say(
                "emotion_unknown",
                f"the emotion {word!r} is none of this dataset's ({', '.join(classes)}); kept, in no class of three",
                "correct its spelling",
                text=word,
            )
            return text, None
        self.say(
            "emotion_spelling",
            f"the emotion is written {word!r}, in other rows {alike!r}; kept as it is written",
            "count the two together",
            severity=Severity.NOTE,
            text=word,
        )
        return text, classes[alike]

    def _labelled_class(self) -> str | None:
        word = self._word(Holds.EMOTION_CLASS)
        if word in self.layout.class_labels:
            return self.layout.class_labels[word]
        if word is not None:
            self._unread[Holds.EMOTION_CLASS] = self._cells[Holds.EMOTION_CLASS].text
        self.say(
            "class_unknown",
            f"the class {word or ''!r} is none of {', '.join(self.layout.class_labels)}",
            "write one of them",
        )
        return None

    def _action_units(self, text: str | None) -> FacsText:
        cell = self._cells.get(Holds.ACTION_UNITS, Cell())
        if text is None:
            return FacsText()
        if cell.kind is CellKind.DATE:
            self.say(
                "facs_date",
                f"the action units are a date ({text}), as spreadsheets make of 4/7; kept as text",
                "set the column to text and write them again",
                text=text,
            )
            return FacsText(unread=(text.strip(),))
        found = read_facs(text)
        for part in found.unread:
            said = f"{part!r}" if part else "an empty part"
            self.say(
                "facs_unread",
                f"{said} in the action units {text!r} is none; kept as text",
                "correct it, or read it in the dataset's key",
                severity=Severity.WARNING,
                text=text,
            )
        for number in found.unknown_numbers:
            self.say(
                "facs_unknown",
                f"{number} in the action units {text!r} has no meaning in FACS",
                "correct it, or read it in the dataset's key",
                severity=Severity.WARNING,
                text=text,
            )
        return found

    def _objective_class(self) -> int | None:
        word = self._word(Holds.OBJECTIVE_CLASS)
        if word is None:
            if Holds.OBJECTIVE_CLASS in self.held:
                self.say("objective_class", "no objective class is given", "write 1 to 7", severity=Severity.WARNING)
            return None
        if self.layout.objective_class_is_roman and word in _ROMAN:
            return _ROMAN.index(word) + 1
        if not self.layout.objective_class_is_roman and re.fullmatch("[1-7]", word):
            return int(word)
        self._unread[Holds.OBJECTIVE_CLASS] = self._cells[Holds.OBJECTIVE_CLASS].text
        scale = "I to VII" if self.layout.objective_class_is_roman else "1 to 7"
        self.say("objective_class", f"the objective class is {word!r}, not {scale}", "correct it", text=word)
        return None

    def _event_type(self) -> str | None:
        if Holds.EVENT_TYPE not in self.held:
            return self.layout.every_event_is
        word, known = self._word(Holds.EVENT_TYPE), self.layout.event_types
        if word in known:
            return known[word]
        if word is not None:
            self._unread[Holds.EVENT_TYPE] = self._cells[Holds.EVENT_TYPE].text
        self.say(
            "event_type",
            f"{self._name_of(Holds.EVENT_TYPE)} is {word or ''!r}, none of {', '.join(known)}",
            "look it up in the dataset's key",
            severity=Severity.WARNING,
        )
        return None

    def _check_formulas(self) -> None:
        for holds, cell in self._cells.items():
            if cell.formula is None or (holds in MARKS and not cell.text):  # a missing mark is said anyway
                continue
            # somebody who types =4+7 for two action units gets an 11
            read = (
                f"its last value {cell.text!r} is read" if cell.text else "it has no stored value and is read as empty"
            )
            self.say(
                "formula",
                f"{self._name_of(holds)} is a formula ({cell.formula[:60]}); {read}",
                "write what is meant instead of the formula, as text",
                severity=Severity.WARNING,
            )

    def _dataset(self) -> str:
        word, column = self._word(Holds.DATASET), self.layout.column_of(Holds.DATASET)
        if column is None:
            return self.layout.dataset
        if word is None or (column.form and not re.fullmatch(column.form, word)):
            self.say("dataset", f"{column.name} is {word or ''!r}, none of {column.form}", "correct it")
        return word or ""


def roman(objective_class: int) -> str:
    """An objective class as CAS(ME)³ writes it."""
    return _ROMAN[objective_class - 1]


def table_findings(layout: Layout, events: Sequence[LabelledEvent]) -> list[Finding]:
    """What only the whole table shows: events that are there twice, and micro-expressions that last long."""
    found: list[Finding] = []
    rows_of: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for event in events:
        rows_of[(event.dataset, event.subject, event.name, event.onset, event.offset)].append(event.row)
    for key, rows in rows_of.items():
        if len(rows) > 1:
            found.append(
                Finding(
                    code="labels.twice",
                    what=f"rows {', '.join(map(str, rows))}: the same event of subject {key[1]} in {key[2]}",
                    remedy="check whether one of them should be removed",
                    severity=Severity.WARNING,
                    parameters={"row": rows[-1]},
                )
            )
    if layout.longest_s is not None and layout.longest_rise_s is not None:
        long = [event for event in events if _is_long(event, layout.longest_s, layout.longest_rise_s)]
        if long:
            longest = sorted(long, key=lambda event: -_duration_s(event))[:_NAMED_AT_MOST]
            named = ", ".join(f"row {event.row} ({_duration_s(event):.2f} s)" for event in longest)
            found.append(
                Finding(
                    code="labels.long",
                    what=f"{len(long)} micro-expressions last longer than {layout.longest_s:g} s and rise longer than "
                    f"{layout.longest_rise_s:g} s: {named}{' and others' if len(long) > len(longest) else ''}",
                    remedy="look at the longest before using their marks",
                    severity=Severity.NOTE,
                    parameters={"n": len(long)},
                )
            )
    return found


def _duration_s(event: LabelledEvent) -> float:
    return float((event.n_frames or 0) / event.rate_hz) if event.rate_hz else 0.0


def _is_long(event: LabelledEvent, longest_s: float, longest_rise_s: float) -> bool:
    if event.onset is None or event.apex is None or event.rate_hz is None or not event.is_ordered:
        return False
    return _duration_s(event) > longest_s and (event.apex - event.onset) / event.rate_hz > longest_rise_s
