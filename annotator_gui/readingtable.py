"""Readings of one clip side by side in a table: what differs is lit by colour and by sign, the rest is quiet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QBrush, QColor, QFont
from PyQt6.QtWidgets import QHeaderView, QTableWidgetItem, QWidget

from annotator_gui.differences import FIELD_OF, Compared, ComparedEvent, Line, Piece, apart, compare
from annotator_gui.fittedtable import FittedTable
from annotator_gui.language import Words
from annotator_gui.marks import Mark
from annotator_gui.theme import Theme
from mmed_curate.domain.codebook import Codebook, Entry
from mmed_curate.domain.judgements import ActionUnitMark, CodedEvent, Side, VocalCueMark
from mmed_curate.domain.protocol import AnswerField
from mmed_curate.domain.time import Frame, FrameClock

_MARK_OF: Mapping[Line, Mark] = {Line.ONSET: Mark.ONSET, Line.APEX: Mark.APEX, Line.OFFSET: Mark.OFFSET}
_SHAPE_OF: Mapping[Mark, str] = {Mark.ONSET: "▶", Mark.APEX: "◆", Mark.OFFSET: "◀"}
_ALONE = 2
"""Columns where one reading stands by itself: there is room for labels."""
_TINT = 38
"""Of 255: how strongly a lit cell is coloured (ours)."""


def line_words(words: Words) -> Mapping[Line, str]:
    """What each line is called."""
    return {
        Line.ONSET: words("Onset"),
        Line.APEX: words("Apex"),
        Line.OFFSET: words("Offset"),
        Line.EVENT_TYPE: words("Type"),
        Line.ACTION_UNITS: words("Action units"),
        Line.NOT_VISIBLE: words("Cannot be seen"),
        Line.EMOTION: words("Emotion"),
        Line.BASIS: words("Rests on"),
        Line.VOCAL_CUES: words("Vocal cues"),
        Line.CONFIDENCE: words("Confidence"),
    }


def field_words(words: Words) -> Mapping[AnswerField, str]:
    """What each field is called."""
    return {
        AnswerField.SPAN: words("Marks"),
        AnswerField.EVENT_TYPE: words("Type"),
        AnswerField.ACTION_UNITS: words("Action units"),
        AnswerField.EMOTION: words("Emotion"),
        AnswerField.BASIS: words("Rests on"),
        AnswerField.VOCAL_CUES: words("Vocal cues"),
        AnswerField.CONFIDENCE: words("Confidence"),
        AnswerField.NOTE: words("Note"),
    }


def entries_of(line: Line, book: Codebook) -> tuple[Entry, ...]:
    """The codes that a line can hold; none for marks."""
    found: Mapping[Line, tuple[Entry, ...]] = {
        Line.EVENT_TYPE: book.event_types,
        Line.ACTION_UNITS: book.action_units,
        Line.NOT_VISIBLE: book.regions,
        Line.EMOTION: book.emotions,
        Line.BASIS: book.bases,
        Line.VOCAL_CUES: book.vocal_cues,
        Line.CONFIDENCE: book.confidences,
    }
    return found.get(line, ())


def entry_of(line: Line, code: str, book: Codebook) -> Entry | None:
    """What a code on a line stands for; None: the codebook has it no more."""
    return next((entry for entry in entries_of(line, book) if entry.code == code), None)


class ReadingTable(FittedTable):
    """Rows are lines of events, columns are readings."""

    def __init__(self, *, words: Words, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty at first."""
        super().__init__(parent)
        self._words, self._theme = words, theme
        self._shown: tuple[object, ...] | None = None
        self._compared: tuple[ComparedEvent, ...] = ()
        self.setAccessibleName(words("Readings side by side"))
        self._head(self.verticalHeader()).hide()

    @property
    def compared(self) -> tuple[ComparedEvent, ...]:
        """What is shown."""
        return self._compared

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        if self._shown is not None:
            shown, self._shown = self._shown, None
            self._draw(*shown)  # type: ignore[arg-type]

    def show_readings(
        self,
        columns: Sequence[tuple[str, Sequence[CodedEvent]]],
        *,
        book: Codebook,
        clock: FrameClock,
        lines: Collection[Line] = tuple(Line),
        disputed: Collection[AnswerField] = (),
    ) -> None:
        """Put readings side by side.

        Args:
            columns: what stands over each reading, and its events.
            book: says what codes mean; a code that it lacks is shown as it is.
            clock: of the clip.
            lines: which are shown; those that are empty in all readings are left out.
            disputed: fields that are to be settled; their lines say so.
        """
        self._draw(tuple((name, tuple(events)) for name, events in columns), book, clock, tuple(lines), tuple(disputed))

    def _draw(
        self,
        columns: tuple[tuple[str, tuple[CodedEvent, ...]], ...],
        book: Codebook,
        clock: FrameClock,
        lines: tuple[Line, ...],
        disputed: tuple[AnswerField, ...],
    ) -> None:
        now = (columns, book, clock, lines, disputed)
        if now == self._shown:
            return
        self._shown = now
        self._compared = compare([events for _, events in columns], lines=lines)
        self.clear()
        self.clearSpans()
        self.setColumnCount(len(columns) + 1)
        self.setHorizontalHeaderLabels(["", *(name for name, _ in columns)])
        head = self._head(self.horizontalHeader())
        head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        head.setVisible(len(columns) > 1)
        self.setRowCount(0)
        if not self._compared:
            self._heading(self._words("No event: nothing happens in this clip"), len(columns))
        for number, event in enumerate(self._compared, 1):
            self._heading(self._event_heading(number, event, [name for name, _ in columns]), len(columns))
            for line in event.lines:
                if any(cell for cell in line.cells):
                    self._row(line, book, clock, to_settle=FIELD_OF[line.line] in disputed)
            self._join(event, self.rowCount() - 1)
        self.setCurrentCell(-1, -1)
        self.fit()

    def _join(self, event: ComparedEvent, last: int) -> None:
        """One cell over all lines of an event for each reading that has it not."""
        first = last
        while first > 0 and self.columnSpan(first - 1, 0) == 1:
            first -= 1
        for column, one in enumerate(event.events, 1):
            if one is None and last > first:
                self.setSpan(first, column, last - first + 1, 1)

    def _event_heading(self, number: int, event: ComparedEvent, names: Sequence[str]) -> str:
        if event.seen_by_all:
            return self._words("Event {number}", number=number)
        there = self._words(", ").join(name for name, one in zip(names, event.events, strict=True) if one is not None)
        return self._words("≠ Event {number}: only in {who}", number=number, who=there)

    def _heading(self, text: str, n_columns: int) -> None:
        row = self.rowCount()
        self.insertRow(row)
        item = QTableWidgetItem(text)
        item.setFont(_bold(self.font()))
        item.setBackground(QColor(self._theme.raised))
        if text.startswith("≠"):
            item.setForeground(QColor(self._theme.warn))
        self.setItem(row, 0, item)
        self.setSpan(row, 0, 1, n_columns + 1)

    def _row(self, line: Compared, book: Codebook, clock: FrameClock, *, to_settle: bool) -> None:
        row = self.rowCount()
        self.insertRow(row)
        self.setItem(row, 0, self._name(line, clock, to_settle=to_settle))
        for column, cell in enumerate(line.cells, 1):
            item = QTableWidgetItem()
            if cell is None:
                item.setText(self._words("≠ not marked"))
                item.setForeground(QColor(self._theme.warn))
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                self.setItem(row, column, item)
                continue
            said = [self._piece(piece, line.line, book, clock) for piece in cell]
            item.setText("\n".join(said) or "–")
            # a lit empty cell: the others say something, and this one nothing
            lit = any(piece.odd for piece in cell) or (line.differs and not cell)
            item.setForeground(QColor(self._theme.text if lit or not line.differs else self._theme.quiet))
            if lit:
                item.setBackground(QBrush(_tinted(self._theme.warn)))
                item.setFont(_bold(self.font()))
                if not cell:
                    item.setText("≠ –")
            elif len(line.cells) > 1:
                item.setForeground(QColor(self._theme.quiet))
            item.setToolTip(self._tip(cell, line.line, book))
            self.setItem(row, column, item)

    def _name(self, line: Compared, clock: FrameClock, *, to_settle: bool) -> QTableWidgetItem:
        name = line_words(self._words)[line.line]
        mark = _MARK_OF.get(line.line)
        if mark is not None:
            name = f"{_SHAPE_OF[mark]} {name}"
        if to_settle and line.differs:
            name += "\n" + self._words("to be settled")
        frames = apart(line)
        if frames and line.differs:
            values = [piece.value for cell in line.cells for piece in cell or () if isinstance(piece.value, int)]
            between = clock.start_of(Frame(max(values))) - clock.start_of(Frame(min(values)))
            ms = round(between * 1000)
            far = self._words("1 frame, {ms} ms", ms=ms) if frames == 1 else None
            name += "\n" + (far or self._words("{frames} frames, {ms} ms", frames=frames, ms=ms))
        item = QTableWidgetItem(name)
        item.setForeground(QColor(self._theme.of(mark) if mark is not None else self._theme.text))
        if to_settle and line.differs:
            item.setFont(_bold(self.font()))
        return item

    def _piece(self, piece: Piece, line: Line, book: Codebook, clock: FrameClock) -> str:
        said = self._value(piece, line, book, clock)
        if piece.absent:
            return "≠ " + self._words("without {code}", code=said)
        return f"≠ {said}" if piece.odd else said

    def _value(self, piece: Piece, line: Line, book: Codebook, clock: FrameClock) -> str:
        value = piece.value
        if isinstance(value, ActionUnitMark):
            side = {Side.LEFT: self._words("left"), Side.RIGHT: self._words("right"), Side.BOTH: ""}[value.side]
            intensity = value.intensity.value if value.intensity is not None else ""
            entry = entry_of(line, value.code, book) if self.columnCount() == _ALONE else None
            label = "" if entry is None else self._words.label(entry)
            return " ".join(part for part in (value.code.upper(), label, side, intensity) if part)
        if isinstance(value, VocalCueMark):
            owner = next((entry for entry in book.cue_owners if entry.code == value.owner), None)
            return self._words(
                "{cue}, frames {first}–{last}, {whose}",
                cue=self._label(line, value.code, book),
                first=value.onset,
                last=value.offset,
                whose=value.owner if owner is None else self._words.label(owner),
            )
        if isinstance(value, str):
            return self._label(line, value, book)
        if value > clock.last_frame:
            return str(value)
        milliseconds = round((clock.start_of(value) - clock.start_of(Frame(0))) * 1000)
        # a narrow column breaks before the time, not inside it
        return self._words("{frame}  ({ms} ms)", frame=value, ms=milliseconds).replace(" ms", "\N{NO-BREAK SPACE}ms")

    def _label(self, line: Line, code: str, book: Codebook) -> str:
        entry = entry_of(line, code, book)
        return code if entry is None else self._words.label(entry)

    def _tip(self, cell: tuple[Piece, ...], line: Line, book: Codebook) -> str:
        found = []
        for piece in cell:
            code = piece.value.code if isinstance(piece.value, ActionUnitMark | VocalCueMark) else piece.value
            entry = entry_of(line, code, book) if isinstance(code, str) else None
            if entry is not None:
                found.append(f"<b>{escape(self._words.label(entry))}</b><br>{escape(entry.definition)}")
        return f"<qt>{'<br>'.join(found)}</qt>" if found else ""


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setBold(True)
    return bold


def _tinted(colour: str) -> QColor:
    tint = QColor(colour)
    tint.setAlpha(_TINT)
    return tint
