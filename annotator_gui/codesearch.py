"""Searching codes by typing: a line, and below it what it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QLineEdit, QListWidget, QSizePolicy, QVBoxLayout, QWidget

from annotator_gui.fields import Choice, Field, matches, title
from annotator_gui.formwords import called
from annotator_gui.keys import Command, KeyMap
from annotator_gui.language import Words

_MOST_FOUND = 7


class CodeSearch(QWidget):
    """Finds a code by a word, a number or what it means."""

    taken = pyqtSignal(object)
    """The `Choice` that was meant."""
    pointed = pyqtSignal(object)
    """The `Choice` that Enter would take."""
    left = pyqtSignal()
    """The keyboard wants back to the codes."""

    def __init__(
        self,
        *,
        words: Words,
        keys: KeyMap,
        among: Callable[[], tuple[Sequence[Choice], Field | None]],
        parent: QWidget | None = None,
    ) -> None:
        """Nothing is looked for at first.

        Args:
            words: the coder's language.
            keys: of which one begins the search.
            among: the codes that can be chosen now, and the field in hand.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        self._words, self._among = words, among
        self._found: tuple[Choice, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        self._line = _Line(words, keys.shown(Command.SEARCH))
        self._line.textChanged.connect(self._look_for)
        self._line.taken.connect(self._take)
        self._line.left.connect(self._leave)
        self._line.stepped.connect(self._step)
        column.addWidget(self._line)
        self._list = QListWidget()
        self._list.setAccessibleName(words("Codes found"))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemClicked.connect(lambda item: self._take())
        self._list.hide()
        column.addWidget(self._list)

    def set_keys(self, keys: KeyMap) -> None:
        """Another key."""
        self._line.say(keys.shown(Command.SEARCH))

    def begin(self) -> None:
        """Let the next letters look for codes."""
        self._line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._line.selectAll()

    def clear(self) -> None:
        """Look for nothing any more."""
        self._line.clear()

    def _look_for(self, text: str) -> None:
        offered, in_hand = self._among()
        self._found = matches(text, offered, words=self._words, in_hand=in_hand, limit=_MOST_FOUND)
        self._list.clear()
        for one in self._found:
            key = f"   [{one.key}]" if one.key else ""
            self._list.addItem(f"{called(one, self._words)} · {title(one.field, self._words)}{key}")
        if text.strip() and not self._found:
            self._list.addItem(self._words("No code is like that"))
        self._list.setCurrentRow(0)
        shows = bool(text.strip())
        if shows:
            row = max(self._list.sizeHintForRow(0), 18)
            self._list.setFixedHeight(row * max(1, len(self._found)) + 10)
        self._list.setVisible(shows)
        if self._found:
            self.pointed.emit(self._found[0])

    def _step(self, by: int) -> None:
        if self._found:
            row = (self._list.currentRow() + by) % len(self._found)
            self._list.setCurrentRow(row)
            self.pointed.emit(self._found[row])

    def _take(self) -> None:
        row = max(0, self._list.currentRow())
        choice = self._found[row] if row < len(self._found) else None
        if choice is not None:
            self._leave()
            self.taken.emit(choice)

    def _leave(self) -> None:
        self.clear()
        self.left.emit()


class _Line(QLineEdit):
    """The line in which codes are looked for."""

    taken = pyqtSignal()
    left = pyqtSignal()
    stepped = pyqtSignal(int)

    def __init__(self, words: Words, key: str) -> None:
        super().__init__()
        self._words = words
        self.say(key)
        self.setAccessibleName(words("Search codes"))
        self.setClearButtonEnabled(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def say(self, key: str) -> None:
        """What it is for, and its key."""
        self.setPlaceholderText(self._words("{key}  search codes: word, number or meaning", key=key))

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab leaves, for the codes."""
        self.left.emit()
        return True

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Enter takes, Esc leaves, arrows go through what was found; all else is text."""
        if event is None:
            return
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.taken.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
            self.stepped.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)
