"""Every control of the stages' panels has a name for screen readers, and shows words as they were typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from builders.tickets import CONTEXT, a_ticket
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QPlainTextEdit, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from annotator_gui.adjudication import AdjudicationPanel
from annotator_gui.keys import DEFAULT_KEYS
from annotator_gui.language import Words
from annotator_gui.queue import FlagDialog, QueueBar, SkipDialog
from annotator_gui.screening import ScreeningPanel
from annotator_gui.session import View
from annotator_gui.theme import DARK
from annotator_gui.training import FeedbackPanel
from annotator_gui.verification import VerificationPanel
from mmed_curate.domain.protocol import Stage


def a_panel(kind: type[QWidget], stage: Stage) -> Callable[[], QWidget]:
    """A panel that shows a ticket."""

    def make() -> QWidget:
        panel = kind(words=Words(), theme=DARK, keys=DEFAULT_KEYS)  # type: ignore[call-arg]
        panel.show_view(View(ticket=a_ticket(stage, context=CONTEXT)))  # type: ignore[attr-defined]
        return panel

    return make


@pytest.mark.parametrize(
    "make",
    [
        a_panel(ScreeningPanel, Stage.SCREENING),
        a_panel(AdjudicationPanel, Stage.ADJUDICATION),
        a_panel(VerificationPanel, Stage.VERIFICATION),
        a_panel(FeedbackPanel, Stage.CODING),
        a_panel(QueueBar, Stage.CODING),
        lambda: SkipDialog(words=Words()),
        lambda: FlagDialog(words=Words()),
    ],
    ids=["screening", "adjudication", "verification", "feedback", "bar", "skip", "flag"],
)
def test_every_control_has_a_name(qtbot: QtBot, make: Callable[[], QWidget]) -> None:
    widget = make()
    qtbot.addWidget(widget)
    for kind in (QAbstractButton, QPlainTextEdit, QLineEdit, QTableWidget):
        for control in widget.findChildren(kind):
            hidden = control.isHidden() or isinstance(control.parent(), QTableWidget)  # Qt's own, of a table
            named = control.accessibleName() or getattr(control, "text", str)()
            assert hidden or named, f"{type(control).__name__} has no name"
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in widget.findChildren(QLabel))
