"""A screener answers with one key, gives a reason, and says how a clip should be cut again."""

from __future__ import annotations

import pytest
from builders.tickets import Sitter, a_ticket
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from annotator_gui import acts
from annotator_gui.keys import DEFAULT_KEYS
from annotator_gui.language import Words
from annotator_gui.marks import Mark
from annotator_gui.screening import ScreeningPanel
from annotator_gui.theme import DARK
from mmed_curate.domain.judgements import CutAgain, ScreeningVerdict
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import Frame


@pytest.fixture
def sitter(qtbot: QtBot) -> Sitter:
    """A screener with a clip before them."""
    panel = ScreeningPanel(words=Words(), theme=DARK, keys=DEFAULT_KEYS)
    qtbot.addWidget(panel)
    panel.show()
    return Sitter(panel, a_ticket(Stage.SCREENING))


def mark(sitter: Sitter, *frames: int) -> None:
    """Mark an event, as the window's keys do."""
    sitter.do(acts.new_event())
    for which, frame in zip(Mark, frames, strict=True):
        sitter.do(acts.set_mark(which, Frame(frame)))


def test_one_key_accepts(sitter: Sitter) -> None:
    assert sitter.panel.press("1")
    assert sitter.draft.screening is ScreeningVerdict.ACCEPT
    assert sitter.panel.accept_button.isChecked()
    assert "✓" in sitter.panel.accept_button.text()


def test_one_key_rejects_with_its_reason_as_one_act(sitter: Sitter) -> None:
    assert sitter.panel.press("4")
    assert sitter.draft.screening is ScreeningVerdict.REJECT
    assert sitter.draft.reason == "Blink only"
    assert sitter.acts == ["reject"]


def test_a_click_does_what_the_key_does(sitter: Sitter, qtbot: QtBot) -> None:
    qtbot.mouseClick(sitter.panel.reason_buttons["Face hidden"], Qt.MouseButton.LeftButton)
    assert sitter.draft.reason == "Face hidden"
    assert sitter.panel.reason_buttons["Face hidden"].isChecked()


def test_a_reason_in_own_words_is_typed(sitter: Sitter, qtbot: QtBot) -> None:
    sitter.panel.press("7")
    box = sitter.panel.findChild(QPlainTextEdit)
    assert sitter.draft.screening is ScreeningVerdict.REJECT
    QTest.keyClicks(box, "a yawn & more")
    assert sitter.draft.reason == "a yawn & more"
    assert box.toPlainText() == "a yawn & more"
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert sitter.draft.reason == "a yawn & more"


def test_what_is_typed_meanwhile_is_not_pushed_away_by_an_older_view(sitter: Sitter) -> None:
    panel, box = sitter.panel, sitter.panel.findChild(QPlainTextEdit)
    panel.acted.disconnect(sitter.do)
    QTest.keyClicks(box, "ab")
    sitter.do(acts.set_reason("a"))
    assert box.toPlainText() == "ab"
    sitter.do(acts.set_reason("ab"))
    sitter.do(acts.set_reason("a"))  # undone
    assert box.toPlainText() == "a"


def test_marks_are_listed_and_can_be_chosen_and_taken_away(sitter: Sitter, qtbot: QtBot) -> None:
    mark(sitter, 4, 8, 14)
    mark(sitter, 30, 33, 40)
    rows = sitter.panel._rows
    assert "frames 4 to 14, 367 ms" in rows.itemAtPosition(0, 0).widget().text()
    with qtbot.waitSignal(sitter.panel.chosen) as chosen:
        qtbot.mouseClick(rows.itemAtPosition(0, 0).widget(), Qt.MouseButton.LeftButton)
    assert chosen.args == [0]
    qtbot.mouseClick(rows.itemAtPosition(0, 1).widget(), Qt.MouseButton.LeftButton)
    assert [event.marks.onset for event in sitter.draft.events] == [30]


def test_a_cut_opens_with_what_it_needs(sitter: Sitter) -> None:
    panel = sitter.panel
    assert not panel.adjust_button.isEnabled()
    panel.press("8")
    assert sitter.draft.cut_again is None
    mark(sitter, 4, 8, 14)
    assert panel.adjust_button.isEnabled()
    assert not panel.split_button.isEnabled()
    mark(sitter, 30, 33, 40)
    panel.press("9")
    assert sitter.draft.cut_again is CutAgain.SPLIT
    assert "one clip round each of your 2 marks" in panel._cut.text()
    panel.press("9")
    assert sitter.draft.cut_again is None


def test_keys_of_nothing_are_left_to_the_window(sitter: Sitter) -> None:
    assert not sitter.panel.press("q")
