"""A coder sees what is theirs, gives a clip back, flags one, and is told when a break would do good."""

from __future__ import annotations

import pytest
from builders.tickets import a_ticket
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from annotator_gui.breaks import AGAIN_AFTER_S, BREAK_AFTER_S, REST_S, Activity, break_due, minutes_worked
from annotator_gui.keys import DEFAULT_KEYS
from annotator_gui.language import Words
from annotator_gui.queue import NothingNow, QueueBar, waiting_words
from annotator_gui.session import View
from annotator_gui.theme import DARK
from mmed_curate.annotation import OwnProgress
from mmed_curate.domain.protocol import Stage

PROGRESS = OwnProgress(
    waiting=12, submitted=40, submitted_today=5, waiting_at={Stage.CODING: 9, Stage.ADJUDICATION: 3}, later=2
)


@pytest.fixture
def bar(qtbot: QtBot) -> QueueBar:
    """The bar of a coder with a ticket in hand."""
    bar = QueueBar(words=Words(), theme=DARK, keys=DEFAULT_KEYS)
    qtbot.addWidget(bar)
    bar.show()
    bar.show_view(View(ticket=a_ticket(Stage.CODING), progress=PROGRESS))
    return bar


def test_what_is_mine_is_counted(bar: QueueBar) -> None:
    assert bar._stage.text() == "Coding"
    assert bar._waiting.text() == "12 waiting"
    assert waiting_words(PROGRESS, Words()) == "Waiting for you: 12  (Coding 9, Adjudication 3)"
    assert (bar._today.value(), bar._today.maximum()) == (5, 15)


def test_giving_back_needs_a_reason(bar: QueueBar, qtbot: QtBot) -> None:
    bar.skip_button.click()
    dialog = bar.dialog
    assert dialog is not None
    assert not dialog.do_button.isEnabled()
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert bar.dialog is dialog
    QTest.keyClicks(dialog.line, "the picture is torn")
    with qtbot.waitSignal(bar.given_back) as given:
        QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert given.args == ["the picture is torn", False]
    assert bar.dialog is None


def test_knowing_the_person_is_a_reason(bar: QueueBar, qtbot: QtBot) -> None:
    bar.skip()
    dialog = bar.dialog
    assert dialog is not None
    dialog.box.setChecked(True)
    with qtbot.waitSignal(bar.given_back) as given:
        qtbot.mouseClick(dialog.do_button, Qt.MouseButton.LeftButton)
    assert given.args == ["I know this person", True]


def test_escape_gives_nothing_back(bar: QueueBar, qtbot: QtBot) -> None:
    bar.skip()
    assert bar.dialog is not None
    QTest.keyClicks(bar.dialog.line, "hm")
    with qtbot.assertNotEmitted(bar.given_back):
        QTest.keyClick(bar.dialog, Qt.Key.Key_Escape)
    assert bar.dialog is None


def test_flagging_says_why(bar: QueueBar, qtbot: QtBot) -> None:
    bar.flag_button.click()
    assert bar.dialog is not None
    assert not bar.dialog.box.isVisible()
    QTest.keyClicks(bar.dialog.line, "two faces?")
    with qtbot.waitSignal(bar.flagged) as flagged:
        QTest.keyClick(bar.dialog.line, Qt.Key.Key_Return)
    assert flagged.args == ["two faces?"]


def test_without_a_ticket_there_is_nothing_to_give_back(bar: QueueBar) -> None:
    bar.show_view(View(ticket=None, progress=PROGRESS))
    assert not bar.skip_button.isVisible()


def test_a_break_is_suggested_and_can_be_put_off(bar: QueueBar) -> None:
    for minute in range(50):
        bar.stirred(minute * 60.0)
        assert not bar.suggests_break
    bar.stirred(50 * 60.0)
    assert bar.suggests_break
    assert "50 minutes" in bar._break_words.text()
    bar.not_now_button.click()
    assert not bar.suggests_break
    for minute in range(51, 65):
        bar.stirred(minute * 60.0)
        assert not bar.suggests_break
    bar.stirred(65 * 60.0)
    assert bar.suggests_break


def test_a_rest_ends_the_stretch() -> None:
    work = Activity(began_s=0, last_s=BREAK_AFTER_S - 1)
    assert not break_due(work, BREAK_AFTER_S - 1)
    assert break_due(work, BREAK_AFTER_S)
    rested = work.stirred(BREAK_AFTER_S - 1 + REST_S)
    assert minutes_worked(rested) == 0
    assert not break_due(rested, BREAK_AFTER_S + REST_S)
    assert not break_due(work.put_off(BREAK_AFTER_S), BREAK_AFTER_S + AGAIN_AFTER_S - 1)


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (PROGRESS, "2 clips wait for their next pass"),
        (OwnProgress(waiting=1, submitted=3, later=1), "One clip waits for its next pass"),
        (OwnProgress(waiting=0, submitted=3), "All that was given to you is answered"),
        (None, "All that was given to you is answered"),
    ],
)
def test_nothing_to_do_says_when_something_comes(qtbot: QtBot, progress: OwnProgress | None, said: str) -> None:
    page = NothingNow(words=Words(), theme=DARK)
    qtbot.addWidget(page)
    page.show_view(View(ticket=None, progress=progress))
    assert page._why.text().startswith(said)
    with qtbot.waitSignal(page.asked) as asked:
        page.look_button.click()
    assert asked.args == ["look-again"]
