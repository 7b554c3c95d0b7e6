"""The foot of a dialog: buttons for what it does, and at the right one that closes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtWidgets import QDialog, QHBoxLayout, QPushButton

from annotator_gui.language import Words


def closing_row(
    dialog: QDialog, does: Sequence[tuple[str, Callable[[], object]]], *, words: Words, by_enter: bool
) -> QHBoxLayout:
    """Buttons in a row.

    Args:
        dialog: whose foot it is.
        does: what each button says and does, from the left.
        words: the coder's language.
        by_enter: whether Enter closes the dialog; where keys are caught it must not.
    """
    row = QHBoxLayout()
    for label, act in does:
        row.addWidget(_button(label, act))
    row.addStretch(1)
    close = _button(words("Close"), dialog.accept)
    close.setDefault(by_enter)
    row.addWidget(close)
    return row


def _button(label: str, act: Callable[[], object]) -> QPushButton:
    button = QPushButton(label)
    button.setAccessibleName(label)
    button.setAutoDefault(False)
    button.clicked.connect(lambda: act())
    return button
