"""A field for words that is saved while one types: nothing typed is ever older than 150 ms, or lost on the way out."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent
from PyQt6.QtWidgets import QPlainTextEdit, QWidget

SAVED_AFTER_MS = 150
"""Letters wait at most this long (ours)."""


class Writing(QPlainTextEdit):
    """Plain words, saved as typed."""

    written = pyqtSignal(str)
    """All of the words; to be kept."""
    left = pyqtSignal()
    """Esc: the keyboard wants back to the codes."""
    passed = pyqtSignal(int)
    """Tab (1) or Shift+Tab (-1): on to the group beside it."""

    def __init__(self, *, lines: int = 2, parent: QWidget | None = None) -> None:
        """Empty at first.

        Args:
            lines: how many are seen at once.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        self._lines = lines
        self._kept = ""
        """What was last told or shown."""
        self._on_the_way: list[str] = []
        """Told, and not shown yet."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVED_AFTER_MS)
        self._timer.timeout.connect(self.flush)
        self.setTabChangesFocus(True)
        self.textChanged.connect(self._typed)

    def flush(self) -> None:
        """Tell what was typed and not told yet."""
        self._timer.stop()
        text = self.toPlainText()
        if text != self._kept:
            self._kept = text
            self._on_the_way.append(text)
            self.written.emit(text)

    def show_text(self, text: str) -> None:
        """Show what is kept. Words that are just being typed, or on their way to be kept, are newer and stay."""
        if text in self._on_the_way:
            del self._on_the_way[: self._on_the_way.index(text) + 1]
        if self._on_the_way or self._timer.isActive():
            return
        self._set(text)

    def begin(self, text: str) -> None:
        """Words of another ticket: what was on its way belongs to the one before."""
        self._timer.stop()
        self._on_the_way.clear()
        self._set(text)

    def not_kept(self) -> None:
        """What was told last could not be kept: it is told again with the next letter."""
        self._on_the_way.clear()
        self._kept = ""

    def sizeHint(self) -> QSize:
        """A few lines."""
        return QSize(200, QFontMetrics(self.font()).lineSpacing() * self._lines + 16)

    def minimumSizeHint(self) -> QSize:
        """As tall as it wants to be."""
        return QSize(80, self.sizeHint().height())

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Nothing stays behind."""
        self.flush()
        super().focusOutEvent(event)

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes on to the next group, not to the next widget."""
        self.flush()
        self.passed.emit(1 if next else -1)
        return True

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Esc leaves; everything else is text."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.flush()
            self.left.emit()
            return
        super().keyPressEvent(event)

    def _set(self, text: str) -> None:
        self._kept = text
        if text == self.toPlainText():
            return
        blocked = self.blockSignals(True)
        self.setPlainText(text)
        self.blockSignals(blocked)

    def _typed(self) -> None:
        if self.toPlainText() != self._kept and not self._timer.isActive():
            self._timer.start()
