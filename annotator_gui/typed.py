"""Qt's key events as the key map writes them, and which keys belong to a text that is being written."""

from __future__ import annotations

from PyQt6.QtCore import QKeyCombination, Qt
from PyQt6.QtGui import QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QSpinBox, QTextEdit, QWidget

from annotator_gui.keys import Command

HELD = frozenset(
    {Command.STEP_BACK, Command.STEP_ON, Command.TEN_BACK, Command.TEN_ON, Command.NUDGE_BACK, Command.NUDGE_ON}
)
"""Commands that go on while their key is held."""
_MODIFIERS = frozenset({Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr})
_EDITING = frozenset(
    f"Ctrl+{key}"
    for key in ("A", "C", "V", "X", "Left", "Right", "Shift+Left", "Shift+Right", "Home", "End", "Backspace", "Del")
)


def key_of(event: QKeyEvent) -> str:
    """The key in portable text; empty: only a modifier."""
    if event.key() in _MODIFIERS or event.key() == Qt.Key.Key_unknown:
        return ""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    plain = not modifiers & ~Qt.KeyboardModifier.ShiftModifier
    text = event.text()
    if plain and len(text) == 1 and text.isprintable() and not text.isalnum() and text != " ":
        return text  # `?` lies elsewhere on other layouts, and is still `?`
    if event.key() == Qt.Key.Key_Backtab:
        return "Shift+Tab"
    return QKeySequence(QKeyCombination(modifiers, Qt.Key(event.key()))).toString(
        QKeySequence.SequenceFormat.PortableText
    )


def is_text(widget: QWidget | None) -> bool:
    """Whether somebody writes there."""
    if isinstance(widget, (QPlainTextEdit, QTextEdit, QLineEdit)):
        return widget.isEnabled() and not widget.isReadOnly()
    return isinstance(widget, (QComboBox, QSpinBox))


def belongs_to_text(key: str) -> bool:
    """Whether a key, pressed where somebody writes, is part of the writing."""
    if key in _EDITING:
        return True
    function_key = key.startswith("F") and key[1:].isdigit()
    return not (key.startswith(("Ctrl+", "Alt+")) or function_key)
