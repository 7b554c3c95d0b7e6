"""The movement in the coding form: its marks while they are set, and all of it once it is handed in."""

from __future__ import annotations

from functools import partial

from PyQt6.QtCore import QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from annotator_gui.boxes import LEFT, RIGHT, FieldBox, command_chip, line_label, set_text
from annotator_gui.chips import Chip
from annotator_gui.draft import DraftEvent
from annotator_gui.fields import Field, title
from annotator_gui.formwords import length_of, movement_of
from annotator_gui.keys import SETS, Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.markpaint import shape
from annotator_gui.marks import Mark, mark_titles
from annotator_gui.texts import SmallText, large
from annotator_gui.theme import Theme
from annotator_gui.timeaxis import ms_of
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.time import Frame, FrameClock

_SHAPE_PX = 9


class MarkBox(FieldBox):
    """The marks of the selected event, each with a chip that sets it at the frame on screen."""

    to_set = pyqtSignal(str)
    """Value of the Command that sets a mark."""
    to_go = pyqtSignal(int)
    """Go to this frame."""

    def __init__(self, *, words: Words, theme: Theme, keys: KeyMap, parent: QWidget | None = None) -> None:
        """None is set at first."""
        super().__init__(name=title(Field.SPAN, words), theme=theme, parent=parent)
        self._words, self._keys, self._may_set = words, keys, True
        self.body.setSpacing(2)
        self._rows: dict[Mark, MarkRow] = {}
        self._here_chips: dict[Mark, Chip] = {}
        for mark, command in SETS.items():
            line = QHBoxLayout()
            row = MarkRow(mark=mark, words=words, theme=theme)
            row.clicked.connect(partial(self._clicked, mark))
            here = command_chip(theme=theme, label=words("Set here"), key=keys.shown(command))
            here.setAccessibleName(
                {
                    Mark.ONSET: words("Set the onset here"),
                    Mark.APEX: words("Set the apex here"),
                    Mark.OFFSET: words("Set the offset here"),
                }[mark]
            )
            here.clicked.connect(lambda _=False, command=command: self.to_set.emit(command.value))
            line.addWidget(row, 1)
            line.addWidget(here)
            self.body.addLayout(line)
            self._rows[mark], self._here_chips[mark] = row, here
        self._length = SmallText(theme=theme)
        self.body.addWidget(self._length)

    def set_keys(self, keys: KeyMap) -> None:
        """Other keys; the rows name them once they are shown anew."""
        self._keys = keys
        for mark, chip in self._here_chips.items():
            chip.set_key(keys.shown(SETS[mark]))

    def allow(self, may_set: bool) -> None:
        """Whether marks can be set; else one can only go to them."""
        self._may_set = may_set
        for chip in self._here_chips.values():
            chip.setVisible(may_set)

    def show_marks(self, event: DraftEvent | None, clock: FrameClock) -> None:
        """Where they are, and how long the event lasts."""
        for mark, row in self._rows.items():
            frame = event.marks.at(mark) if event is not None else None
            row.show_mark(frame, clock, key=self._keys.shown(SETS[mark]))
        self._length.say(length_of(event, clock, self._words))

    def _clicked(self, mark: Mark) -> None:
        frame = self._rows[mark].frame
        if frame is not None:
            self.to_go.emit(frame)
        elif self._may_set:
            self.to_set.emit(SETS[mark].value)


class MarkRow(QAbstractButton):
    """One mark: shape, name, frame and time. A click goes there; where it is not set, its key is said."""

    def __init__(self, *, mark: Mark, words: Words, theme: Theme, parent: QWidget | None = None) -> None:
        """Not set at first."""
        super().__init__(parent)
        self._mark, self._words, self._theme = mark, words, theme
        self._name = mark_titles(words)[mark]
        self._frame: Frame | None = None
        self._time_ms = 0
        self._key = ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self._name)

    @property
    def frame(self) -> Frame | None:
        """Where it is; None: not set."""
        return self._frame

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def show_mark(self, frame: Frame | None, clock: FrameClock | None, *, key: str) -> None:
        """Where it is.

        Args:
            frame: of the mark; None: not set.
            clock: of the clip.
            key: that sets it.
        """
        time = 0 if frame is None or clock is None else ms_of(frame, clock)
        if (frame, time, key) == (self._frame, self._time_ms, self._key):
            return
        self._frame, self._time_ms, self._key = frame, time, key
        self.setAccessibleDescription(self.says)
        self.update()

    @property
    def says(self) -> str:
        """What it reads."""
        if self._frame is None:
            return self._words("not set: press {key}", key=self._key)
        return self._words("frame {frame} at {ms} ms", frame=self._frame, ms=self._time_ms)

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(200, QFontMetrics(self.font()).height() + 6)

    def minimumSizeHint(self) -> QSize:
        """It may shrink."""
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw it."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        there = self._frame is not None
        middle = self.height() / 2
        colour = QColor(theme.of(self._mark))
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(colour if there else Qt.BrushStyle.NoBrush)
        painter.drawPolygon(shape(self._mark, 9, middle, size=_SHAPE_PX))
        painter.setFont(self.font())
        painter.setPen(QColor(theme.text))
        wide = max(painter.fontMetrics().horizontalAdvance(self._name) + 10, 64)
        painter.drawText(QRect(22, 0, wide, self.height()), LEFT, self._name)
        rest = QRect(22 + wide, 0, self.width() - 22 - wide - 4, self.height())
        if self._frame is None:
            painter.setPen(QColor(theme.quiet))
            painter.drawText(rest, LEFT, self.says)
            return
        painter.setFont(large(self.font()))
        painter.drawText(rest, LEFT, str(self._frame))
        painter.setFont(self.font())
        painter.setPen(QColor(theme.quiet))
        painter.drawText(rest, RIGHT, self._words("{ms} ms", ms=self._time_ms))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


class LockedBox(FieldBox):
    """The movement as it was handed in, and a chip that opens it again."""

    reopened = pyqtSignal()

    def __init__(self, *, words: Words, theme: Theme, keys: KeyMap, parent: QWidget | None = None) -> None:
        """Says nothing at first."""
        super().__init__(name=words("Movement, as handed in"), theme=theme, parent=parent)
        self._words = words
        self.say(words("locked"))
        self._text = line_label()
        self._text.setWordWrap(True)
        self.body.addWidget(self._text)
        line = QHBoxLayout()
        self._again = command_chip(theme=theme, label=words("Open the movement again"), key=keys.shown(Command.REOPEN))
        self._again.clicked.connect(lambda: self.reopened.emit())
        line.addWidget(self._again)
        line.addStretch(1)
        self.body.addLayout(line)

    def set_keys(self, keys: KeyMap) -> None:
        """Another key."""
        self._again.set_key(keys.shown(Command.REOPEN))

    def show_event(self, event: DraftEvent | None, book: Codebook) -> None:
        """What was handed in; None: nothing happens in the clip."""
        set_text(self._text, movement_of(event, book, self._words))
