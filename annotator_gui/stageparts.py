"""What the panels of all stages are made of: plain words, buttons with a key, a box for a reason, the hand-in."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from annotator_gui.keys import Command, KeyMap
from annotator_gui.language import Words
from annotator_gui.session import View
from annotator_gui.theme import Theme

_REASON_LINES = 3
_AROUND_PX = 13
"""Above and below a button's words, borders too."""


class StagePanel(QWidget):
    """A panel that draws one stage and forwards what is asked for; holds no rules."""

    acted = pyqtSignal(object)
    """An `Act` to be done to the draft."""
    handed_in = pyqtSignal()
    """The answer, as it is, is to be handed in."""
    asked = pyqtSignal(str)
    """Something else is wanted, by one word that the panel's class names."""
    chosen = pyqtSignal(int)
    """Place of the event that acts are to go to."""

    def __init__(self, *, words: Words, theme: Theme, keys: KeyMap, parent: QWidget | None = None) -> None:
        """Empty until it is shown a view."""
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._words, self._theme, self._keys = words, theme, keys
        self._by_key: dict[str, Callable[[], None]] = {}
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # arrows step frames
        body = QWidget()
        scroll.setWidget(body)
        outer.addWidget(scroll, 1)
        self._column = QVBoxLayout(body)
        """What scrolls where there is too little room."""
        self._column.setContentsMargins(12, 10, 12, 6)
        self._column.setSpacing(8)
        self._foot = QVBoxLayout()
        """What is always in sight."""
        self._foot.setContentsMargins(12, 4, 12, 10)
        self._foot.setSpacing(6)
        outer.addLayout(self._foot)

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme

    def show_view(self, view: View) -> None:
        """Draw what there is; a view of another stage is passed over."""

    def press(self, key: str) -> bool:
        """Take a plain letter or digit.

        Returns:
            Whether it means something here.
        """
        act = self._by_key.get(key.lower())
        if act is None:
            return False
        act()
        return True

    def flush(self) -> None:
        """Tell once more of words that could not be kept; to be called before the answer is handed in."""
        box = self.findChild(ReasonBox)
        if box is not None:
            box.flush()

    def act_failed(self) -> None:
        """An act was refused: words that were told of may not be kept."""
        box = self.findChild(ReasonBox)
        if box is not None:
            box.not_kept()

    def write_reason(self) -> None:
        """Bring the keyboard to where a reason or note is written; does nothing where there is no such box."""
        box = self.findChild(ReasonBox)
        if box is not None:
            box.begin()


def plain(
    text: str = "", *, quiet: bool = False, warn: bool = False, heading: bool = False, large: bool = False
) -> QLabel:
    """Words that wrap and are never read as markup."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    for name, on in (("quiet", quiet), ("warn", warn), ("heading", heading), ("large", large)):
        if on:
            label.setProperty(name, "true")
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


class KeyButton(QPushButton):
    """A choice with its key. It shows itself chosen once it is told so, by a tick and by colour."""

    def __init__(self, text: str, *, key: str = "", checkable: bool = True, parent: QWidget | None = None) -> None:
        """Not chosen at first.

        Args:
            text: what it says.
            key: the key that chooses it, shown before its words; empty: none.
            checkable: whether it can stay chosen.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        self._said, self._key = text, key
        self.setCheckable(checkable)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the window
        self.setMinimumHeight(self.fontMetrics().height() + _AROUND_PX)
        self.show_chosen(False)

    def nextCheckState(self) -> None:
        """A click alone chooses nothing: what is on disk is shown."""

    def say(self, text: str) -> None:
        """Say something else."""
        self._said = text
        self.setAccessibleName(text)
        self.show_chosen(self.isChecked())

    def show_chosen(self, chosen: bool) -> None:
        """Whether it is chosen."""
        self.setChecked(chosen)
        before = f"[{self._key}]  " if self._key else ""
        self.setText(f"{before}{'✓ ' if chosen else ''}{self._said}".replace("&", "&&"))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Only Space presses it; Enter hands in, and arrows step frames."""
        if event is not None and event.key() == Qt.Key.Key_Space:
            super().keyPressEvent(event)
        elif event is not None:
            event.ignore()


class _Lines(QPlainTextEdit):
    left = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if event.key() == Qt.Key.Key_Escape or (enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier):
            self.left.emit()
            return
        super().keyPressEvent(event)


class ReasonBox(QWidget):
    """Where a reason is typed. Enter or Esc gives the keyboard back, Shift+Enter begins a line."""

    written = pyqtSignal(str)
    """All of it, after each change by the person."""

    def __init__(self, *, title: str, hint: str, words: Words, parent: QWidget | None = None) -> None:
        """Empty at first.

        Args:
            title: what it is for.
            hint: shown in it while it is empty.
            words: the window's.
            parent: as Qt wants it.
        """
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        self._title = plain(title, heading=True)
        self._edit = _Lines()
        self._edit.setPlaceholderText(hint)
        self._edit.setAccessibleName(title)
        self._edit.setTabChangesFocus(True)
        self._edit.setFixedHeight(self._edit.fontMetrics().lineSpacing() * _REASON_LINES + 18)
        self._edit.textChanged.connect(self._changed)
        self._edit.left.connect(self._leave)
        column.addWidget(self._title)
        column.addWidget(self._edit)
        column.addWidget(plain(words("Enter: done writing. Shift+Enter: new line."), quiet=True))
        self._on_the_way: list[str] = []
        """Texts that were told of and have not come back in a view yet."""
        self._lost = False
        """What was told last could not be kept: it stays on screen, and is told again."""

    @property
    def text(self) -> str:
        """What stands there."""
        return self._edit.toPlainText()

    def name(self, title: str) -> None:
        """Say what it is for."""
        self._title.setText(title)
        self._edit.setAccessibleName(title)

    def begin(self) -> None:
        """Bring the keyboard here."""
        self._edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None:
            above.ensureWidgetVisible(self)

    def show_text(self, text: str) -> None:
        """Show what is kept. An older state of what is being typed does not push the newer one away."""
        if text == self.text:
            self._on_the_way.clear()
            self._lost = False
            return
        if self._lost:
            return
        if text in self._on_the_way:
            del self._on_the_way[: self._on_the_way.index(text) + 1]
            return
        self._on_the_way.clear()
        blocked = self._edit.blockSignals(True)
        self._edit.setPlainText(text)
        self._edit.blockSignals(blocked)

    def forget(self) -> None:
        """Another ticket: nothing that was typed belongs to it."""
        self._on_the_way.clear()
        self._lost = False

    def not_kept(self) -> None:
        """Words on their way may not have been kept."""
        self._lost = self._lost or bool(self._on_the_way)

    def flush(self) -> None:
        """Tell of them again where they were not."""
        if self._lost:
            self._changed()

    def _changed(self) -> None:
        self._on_the_way.append(self.text)
        self.written.emit(self.text)

    def _leave(self) -> None:
        panel = self.parentWidget()
        while panel is not None and not isinstance(panel, StagePanel):
            panel = panel.parentWidget()
        if panel is not None:
            panel.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._edit.clearFocus()


class HandIn(QWidget):
    """The way out of a ticket, and what is missing before it."""

    pressed = pyqtSignal()

    def __init__(self, *, words: Words, keys: KeyMap, parent: QWidget | None = None) -> None:
        """Closed until a view says that nothing is missing."""
        super().__init__(parent)
        self._words = words
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._missing = plain(warn=True)
        self.button = KeyButton(words("Hand in"), key=keys.shown(Command.HAND_IN), checkable=False)
        self.button.setProperty("primary", "true")
        self.button.clicked.connect(self.pressed)
        column.addWidget(self._missing)
        column.addWidget(self.button)

    def show_view(self, view: View) -> None:
        """Say what is missing, or open."""
        said = self._words.finding(view.missing[0]) if view.missing else ""
        self._missing.setText(said)
        self._missing.setVisible(bool(said))
        self.button.setEnabled(not view.missing)
