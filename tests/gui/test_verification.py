"""An expert accepts, sends back or rejects by one key; the latter two ask for a reason."""

from __future__ import annotations

import pytest
from builders.tickets import Sitter, a_ticket
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from annotator_gui.keys import DEFAULT_KEYS
from annotator_gui.language import Words
from annotator_gui.theme import DARK
from annotator_gui.verification import VerificationPanel
from mmed_curate.domain.findings import Finding
from mmed_curate.domain.judgements import VerificationVerdict
from mmed_curate.domain.protocol import Stage


@pytest.fixture
def sitter(qtbot: QtBot) -> Sitter:
    """An expert with a settled reading before them."""
    panel = VerificationPanel(words=Words(), theme=DARK, keys=DEFAULT_KEYS)
    qtbot.addWidget(panel)
    panel.show()
    return Sitter(panel, a_ticket(Stage.VERIFICATION))


@pytest.mark.parametrize(("key", "verdict"), list(zip("123", VerificationVerdict, strict=True)))
def test_a_verdict_is_one_key(sitter: Sitter, key: str, verdict: VerificationVerdict) -> None:
    assert sitter.panel.press(key)
    assert sitter.draft.verification is verdict
    assert [one for one, button in sitter.panel.verdict_buttons.items() if button.isChecked()] == [verdict]


def test_sending_back_brings_the_keyboard_to_the_reason(sitter: Sitter, qtbot: QtBot) -> None:
    with qtbot.waitActive(sitter.panel):
        sitter.panel.activateWindow()
    sitter.panel.press("2")
    box = sitter.panel.findChild(QPlainTextEdit)
    assert box.hasFocus()
    QTest.keyClicks(box, "12 is a blink")
    assert sitter.draft.reason == "12 is a blink"


def test_the_proposed_events_are_shown_with_their_labels(sitter: Sitter) -> None:
    table = sitter.panel.table
    said = {table.item(row, 0).text(): table.item(row, 1) for row in range(1, table.rowCount())}
    assert said["Action units"].text() == "AU6 Cheek raiser\nAU12 Lip corner puller"
    assert "cheek lifts" in said["Action units"].toolTip()
    assert "Confidence" not in said


def test_what_is_missing_keeps_the_way_out_closed(sitter: Sitter) -> None:
    hand_in = sitter.panel._hand_in
    sitter.show(missing=(Finding(code="x", what="no verdict is given", remedy="say one"),))
    assert not hand_in.button.isEnabled()
    assert hand_in._missing.text() == "no verdict is given: say one"
    sitter.show()
    hand_in.button.click()
    assert sitter.handed_in == 1


def test_an_empty_reading_is_said_in_words(sitter: Sitter) -> None:
    sitter.ticket = a_ticket(Stage.VERIFICATION, proposed=(), round=2)
    sitter.show()
    assert "Nothing happens in this clip" in sitter.panel._round.text()
    assert "round 2" in sitter.panel._round.text()
