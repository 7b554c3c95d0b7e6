"""An adjudicator sees what differs, starts from a reading, names who discussed it, and says why."""

from __future__ import annotations

import pytest
from builders.tickets import CONTEXT, A, B, C, Sitter, a_ticket
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLabel, QPlainTextEdit
from pytestqt.qtbot import QtBot

from annotator_gui.adjudication import AdjudicationPanel
from annotator_gui.keys import DEFAULT_KEYS
from annotator_gui.language import Words
from annotator_gui.readingtable import ReadingTable
from annotator_gui.theme import DARK, LIGHT
from mmed_curate.domain.protocol import Stage


@pytest.fixture
def panel(qtbot: QtBot) -> AdjudicationPanel:
    """The panel on screen."""
    panel = AdjudicationPanel(words=Words(), theme=DARK, keys=DEFAULT_KEYS)
    qtbot.addWidget(panel)
    panel.resize(520, 800)
    panel.show()
    return panel


def cells(table: ReadingTable) -> dict[str, list[str]]:
    """By first line of a row's name: what its cells say, of the first event."""
    found: dict[str, list[str]] = {}
    for row in range(table.rowCount()):
        name = table.item(row, 0).text().split("\n")[0]
        if table.columnSpan(row, 0) == 1:
            found.setdefault(name, [table.item(row, column).text() for column in range(1, table.columnCount())])
    return found


def test_what_differs_carries_a_sign_and_a_colour(panel: AdjudicationPanel) -> None:
    Sitter(panel, a_ticket(Stage.ADJUDICATION))
    shown = cells(panel.table)
    assert shown["▶ Onset"] == ["≠ 20  (667\u00a0ms)", "≠ 23  (767\u00a0ms)"]
    assert shown["◆ Apex"] == ["26  (867\u00a0ms)", "26  (867\u00a0ms)"]
    assert shown["Emotion"] == ["≠ Happiness", "≠ Contempt"]
    onset, apex = (panel.table.item(row, 1) for row in (1, 2))
    assert onset.background() != apex.background()
    assert onset.font().bold()
    assert not apex.font().bold()


def test_of_three_only_the_odd_one_is_lit(panel: AdjudicationPanel) -> None:
    Sitter(panel, a_ticket(Stage.ADJUDICATION, readings=(A, B, C)))
    assert cells(panel.table)["Emotion"] == ["Happiness", "≠ Contempt", "Happiness"]
    assert cells(panel.table)["Action units"] == ["AU6\nAU12", "≠ AU12 left B\n≠ without AU6", "AU6\nAU12"]


def test_an_event_that_one_has_alone_says_so(panel: AdjudicationPanel) -> None:
    Sitter(panel, a_ticket(Stage.ADJUDICATION))
    headings = [panel.table.item(row, 0).text() for row in range(panel.table.rowCount())]
    assert "≠ Event 2: only in B" in headings


def test_disputed_fields_are_named(panel: AdjudicationPanel) -> None:
    Sitter(panel, a_ticket(Stage.ADJUDICATION))
    assert panel._disputed.text() == "To be settled: Marks, Emotion"
    names = [panel.table.item(row, 0).text() for row in range(panel.table.rowCount())]
    assert "Emotion\nto be settled" in names
    assert "▶ Onset\nto be settled\n3 frames, 100 ms" in names


def test_one_click_or_key_starts_from_a_reading(panel: AdjudicationPanel, qtbot: QtBot) -> None:
    sitter = Sitter(panel, a_ticket(Stage.ADJUDICATION))
    qtbot.mouseClick(panel.start_buttons[1], Qt.MouseButton.LeftButton)
    assert tuple(event.coded() for event in sitter.draft.events) == B.events
    assert [button.isChecked() for button in panel.start_buttons] == [False, True]
    assert panel.press("Alt+A")
    assert tuple(event.coded() for event in sitter.draft.events) == A.events


def test_the_key_goes_round_the_readings(panel: AdjudicationPanel) -> None:
    sitter = Sitter(panel, a_ticket(Stage.ADJUDICATION))
    for reading in (A, B, A):
        panel.start_from_next()
        assert tuple(event.coded() for event in sitter.draft.events) == reading.events


def test_a_reason_is_typed(panel: AdjudicationPanel) -> None:
    sitter = Sitter(panel, a_ticket(Stage.ADJUDICATION))
    QTest.keyClicks(panel.findChild(QPlainTextEdit), "A is right")
    assert sitter.draft.reason == "A is right"


def test_the_key_for_words_brings_the_reason_into_sight(panel: AdjudicationPanel, qtbot: QtBot) -> None:
    Sitter(panel, a_ticket(Stage.ADJUDICATION))
    panel.resize(420, 300)
    box = panel.findChild(QPlainTextEdit)
    qtbot.wait(20)
    qtbot.waitUntil(lambda: box.visibleRegion().isEmpty())
    panel.write_reason()
    qtbot.waitUntil(lambda: not box.visibleRegion().isEmpty())


def test_participants_are_named_where_it_is_a_discussion(panel: AdjudicationPanel, qtbot: QtBot) -> None:
    panel.show_colleagues(["ann", "bob", "cem"])
    sitter = Sitter(panel, a_ticket(Stage.ADJUDICATION, together=True))
    for code in ("cem", "bob", "cem"):
        qtbot.mouseClick(panel.participant_buttons[code], Qt.MouseButton.LeftButton)
    assert sitter.draft.participants == ("bob",)
    assert panel.participant_buttons["bob"].isChecked()


def test_no_participants_where_one_settles_it_alone(panel: AdjudicationPanel) -> None:
    panel.show_colleagues(["ann", "bob"])
    Sitter(panel, a_ticket(Stage.ADJUDICATION))
    assert not panel.participant_buttons["ann"].isVisible()


def test_why_it_came_back_is_shown_as_it_was_typed(panel: AdjudicationPanel) -> None:
    Sitter(panel, a_ticket(Stage.ADJUDICATION, returned_because="<b>blink</b>"))
    assert panel._returned.text().endswith("<b>blink</b>")
    assert panel._returned.textFormat() is Qt.TextFormat.PlainText


def test_the_game_is_shown_only_where_the_ticket_shows_it(panel: AdjudicationPanel) -> None:
    sitter = Sitter(panel, a_ticket(Stage.ADJUDICATION))
    assert not panel._context.isVisible()
    sitter.ticket = a_ticket(Stage.ADJUDICATION, context=CONTEXT)
    sitter.show()
    assert panel._context.isVisible()
    said = [label.text() for label in panel._context.findChildren(QLabel)]
    assert "the player said: Fear, 5 of 7: “I thought they had me”" in said
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in panel._context.findChildren(QLabel))


def test_the_table_is_as_tall_as_its_rows(panel: AdjudicationPanel, qtbot: QtBot) -> None:
    Sitter(panel, a_ticket(Stage.ADJUDICATION))
    panel.resize(380, 800)
    qtbot.wait(20)
    table = panel.table
    qtbot.waitUntil(lambda: table.height() >= sum(table.rowHeight(row) for row in range(table.rowCount())))


def test_another_theme_draws_anew(panel: AdjudicationPanel) -> None:
    Sitter(panel, a_ticket(Stage.ADJUDICATION))
    before = panel.table.item(1, 0).foreground().color().name()
    panel.set_theme(LIGHT)
    assert panel.table.item(1, 0).foreground().color().name() != before
