"""The foot of the coding form: what keeps the answer from being handed in, each with a way to it, and the button."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PyQt6.QtCore import QEvent, QPointF, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QEnterEvent, QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from annotator_gui.boxes import enable, line_label, set_text
from annotator_gui.fields import field_of
from annotator_gui.formwords import how_many_open, mended_in
from annotator_gui.keys import Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.texts import small
from annotator_gui.theme import Theme
from mmed_curate.annotation import Ticket
from mmed_curate.domain.findings import Finding

_MOST_PROBLEMS = 4
"""Open things that are spelt out at once; the rest is counted (ours)."""


class HandingIn(QWidget):
    """What is open, and the button that hands in."""

    handed_in = pyqtSignal()
    to_mend = pyqtSignal(object)
    """A Finding: go to where it is mended."""
    left = pyqtSignal()
    """The keyboard wants back to the codes."""

    def __init__(self, *, words: Words, theme: Theme, keys: KeyMap, parent: QWidget | None = None) -> None:
        """Says nothing at first."""
        super().__init__(parent)
        self._words, self._keys = words, keys
        self._missing: tuple[Finding, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        self._count = line_label()
        self._count.setProperty("heading", True)
        column.addWidget(self._count)
        self._rows = [ProblemRow(theme=theme) for _ in range(_MOST_PROBLEMS)]
        for place, row in enumerate(self._rows):
            row.clicked.connect(partial(self._mend, place))
            row.hide()
            column.addWidget(row)
        self._button = QPushButton()
        self._button.setProperty("primary", True)
        self._button.setStyleSheet("text-align: center; font-weight: 600; padding: 5px;")
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.clicked.connect(lambda: self.handed_in.emit())
        column.addWidget(self._button)

    def set_keys(self, keys: KeyMap) -> None:
        """Another key; it is named once what is open is shown anew."""
        self._keys = keys

    def show_open(self, missing: Sequence[Finding], ticket: Ticket) -> bool:
        """What is open; nothing: it can be handed in.

        Returns:
            Whether the rows take another room than before.
        """
        words, self._missing = self._words, tuple(missing)
        other = False
        for place, row in enumerate(self._rows):
            there = place < len(missing)
            if row.isVisibleTo(self) != there:
                row.setVisible(there)
                other = True
            if there:
                finding = missing[place]
                row.say(mended_in(field_of(finding), ticket, words), words.finding(finding))
        set_text(self._count, how_many_open(len(missing), words, shown=_MOST_PROBLEMS))
        text = words("Hand in the movement") if ticket.later_fields else words("Hand in")
        label = f"{text}   {self._keys.shown(Command.HAND_IN)}"
        if label != self._button.text():
            self._button.setText(label)
            self._button.setAccessibleName(text)
        enable(self._button, not missing, leave=self.left.emit)
        return other

    def _mend(self, place: int) -> None:
        if place < len(self._missing):
            self.to_mend.emit(self._missing[place])


class ProblemRow(QAbstractButton):
    """Something that is still open, in words; a click goes to where it can be mended."""

    def __init__(self, *, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty at first."""
        super().__init__(parent)
        self._theme, self._field, self._over = theme, "", False
        self._known: tuple[tuple[int, str, str], int] | None = None
        """Width, words and font with the height they need."""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.update()

    def say(self, field: str, sentence: str) -> None:
        """What is open.

        Args:
            field: name of the group; empty: none in particular.
            sentence: what is wrong and what to do.
        """
        if (field, sentence) == (self._field, self.text()):
            return
        self._field = field
        self.setText(sentence)
        self.setAccessibleName(f"{field}: {sentence}" if field else sentence)
        self.updateGeometry()
        self.update()

    @property
    def says(self) -> str:
        """Group and sentence."""
        return f"{self._field} · {self.text()}" if self._field else self.text()

    def hasHeightForWidth(self) -> bool:
        """Narrower is taller."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Room for all lines."""
        name = (width, self.says, self.font().key())
        if self._known is None or self._known[0] != name:
            metrics = QFontMetrics(small(self.font()))
            room = QRect(0, 0, max(1, width - 16), 10_000)
            self._known = (name, metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, self.says).height() + 2)
        return self._known[1]

    def sizeHint(self) -> QSize:
        """Some width; the height follows from it."""
        return QSize(200, self.heightForWidth(max(self.width(), 200)))

    def minimumSizeHint(self) -> QSize:
        """One line."""
        return QSize(80, QFontMetrics(small(self.font())).lineSpacing() + 2)

    def enterEvent(self, event: QEnterEvent | None) -> None:
        """The pointer came."""
        self._over = True
        self.update()

    def leaveEvent(self, event: QEvent | None) -> None:
        """The pointer went."""
        self._over = False
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """A ring, since it is open, and the words."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = small(self.font())
        painter.setFont(font)
        line = painter.fontMetrics().lineSpacing()
        painter.setPen(QPen(QColor(theme.warn), 1.6))
        painter.drawEllipse(QPointF(6, line / 2 + 0.5), 3.2, 3.2)
        painter.setPen(QColor(theme.accent if self._over or self.hasFocus() else theme.text))
        painter.drawText(
            self.rect().adjusted(16, 0, 0, 0), Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop, self.says
        )
