"""The curator sees the round at a glance, and comes from a number to its clips by one click."""

from __future__ import annotations

import pytest
from builders.tickets import BOOK, A, B, C
from builders.workspace import a_clock
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from annotator_gui.curator import CuratorPage, measure_words
from annotator_gui.language import Words
from annotator_gui.theme import DARK, LIGHT
from annotator_gui.trend import axis, dots
from mmed_curate.annotation.overview import CodedReading, CoderLine, Dispute, Overview, TrendPoint
from mmed_curate.domain.conduct import Flag
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, TicketId
from mmed_curate.domain.measures import Coefficient, Interval, Undetermined
from mmed_curate.domain.protocol import Stage


def a_number(value: float, lower: float, upper: float) -> Coefficient:
    """A coefficient with its interval."""
    interval = Interval(lower=lower, upper=upper, confidence=0.95)
    return Coefficient(value=value, interval=interval, n_units=30, n_judgements=60, n_clusters=9)


NOTHING = Undetermined(reason="one subject only")
DISPUTES = (
    Dispute(
        clip=ClipId("first"),
        stage=Stage.ADJUDICATION,
        what=("event 1: emotion", "event 2: seen by dee alone"),
        readings=(
            CodedReading(coder="bob", events=A.events, note=""),
            CodedReading(coder="dee", events=B.events, note="glasses <i>"),
        ),
        clock=a_clock(60),
    ),
    Dispute(
        clip=ClipId("second"),
        stage=Stage.SETTLED,
        what=("event 1: onset",),
        readings=(
            CodedReading(coder="cem", events=A.events, note=""),
            CodedReading(coder="dee", events=C.events, note=""),
        ),
        clock=a_clock(60),
    ),
)
ROUND = Overview(
    title="A round",
    simulated=True,
    stages={Stage.CODING: 40, Stage.SETTLED: 118},
    coders=(
        CoderLine(code="bob", waiting={Stage.CODING: 9}, submitted={Stage.CODING: 80}, last_day="2026-03-01"),
        CoderLine(code="cem", waiting={}, submitted={Stage.CODING: 7}, last_day=""),
    ),
    emotion_alpha=a_number(0.71, 0.62, 0.79),
    rates={"existence": a_number(0.9, 0.8, 0.95), "onset": NOTHING},
    trend=(
        TrendPoint(week="2026-W09", n_clips=20, emotion_alpha=a_number(0.5, 0.25, 0.75)),
        TrendPoint(week="2026-W10", n_clips=1, emotion_alpha=NOTHING),
    ),
    disputes=DISPUTES,
    flags=(
        Flag(
            clip=ClipId("first"),
            ticket=TicketId("ticket"),
            coder="bob",
            at="2026-03-01T10:00:00Z",
            because="two faces?",
            order=4,
        ),
    ),
    codebook=BOOK,
)


@pytest.fixture
def page(qtbot: QtBot) -> CuratorPage:
    """The view of a round."""
    page = CuratorPage(read=lambda: ROUND, words=Words(), theme=DARK)
    qtbot.addWidget(page)
    page.resize(1360, 900)
    page.show()
    qtbot.waitUntil(lambda: page.disputes.count() > 0)
    return page


def listed(page: CuratorPage) -> list[str]:
    """Clips in the list."""
    return [page.disputes.item(row).text().split("\n")[0] for row in range(page.disputes.count())]


def test_it_reads_by_itself_and_says_what_is_simulated(page: CuratorPage) -> None:
    assert page._title.text() == "A round"
    assert page._warning.text().startswith("SIMULATED")
    assert page.stage_buttons[Stage.SETTLED].accessibleName() == "118   Settled"


def test_coders_are_told_with_what_waits(page: CuratorPage) -> None:
    rows = [[page.coders.item(row, column).text() for column in range(6)] for row in range(2)]
    assert rows == [["bob", "–", "80 (9)", "–", "–", "2026-03-01"], ["cem", "–", "7", "–", "–", "–"]]


def test_numbers_come_with_their_interval_or_the_reason_for_none(page: CuratorPage) -> None:
    said = [label.text() for label in page._numbers.findChildren(QLabel)]
    assert "0.71  [0.62, 0.79]   on 30 judged twice, of 9 subjects" in said
    assert "undetermined: one subject only" in said
    assert measure_words(NOTHING, Words()) == "undetermined: one subject only"


def test_clicking_a_clip_shows_its_readings_side_by_side(page: CuratorPage) -> None:
    assert listed(page) == ["first", "second"]
    assert page.table.horizontalHeaderItem(2).text() == "dee"
    assert page._notes.text() == "dee notes: glasses <i>"
    assert "≠ Contempt" in {page.table.item(row, 2).text() for row in range(1, 8)}
    page.disputes.setCurrentRow(1)
    assert [page.table.horizontalHeaderItem(column).text() for column in (1, 2)] == ["cem", "dee"]
    assert not page._notes.text()


def test_one_click_from_a_number_to_its_clips(page: CuratorPage, qtbot: QtBot) -> None:
    qtbot.mouseClick(page.stage_buttons[Stage.SETTLED], Qt.MouseButton.LeftButton)
    assert listed(page) == ["second"]
    qtbot.mouseClick(page.stage_buttons[Stage.CODING], Qt.MouseButton.LeftButton)
    assert listed(page) == ["None."]
    assert not page.table.isVisible()
    page.everything_button.click()
    assert listed(page) == ["first", "second"]
    page.coders.cellClicked.emit(0, 0)
    assert listed(page) == ["first"]


def test_open_flags_are_listed(page: CuratorPage) -> None:
    assert [page.flags.item(0, column).text() for column in range(4)] == ["2026-03-01", "bob", "two faces?", "ticket"]


def test_what_cannot_be_read_is_said_in_a_sentence(qtbot: QtBot) -> None:
    def fails() -> Overview:
        raise BadInput.of("workspace.none", "there is no workspace here", "name one")

    page = CuratorPage(read=fails, words=Words(), theme=LIGHT)
    qtbot.addWidget(page)
    qtbot.waitUntil(lambda: "there is no workspace here: name one" in page._warning.text())
    assert page.again_button.isEnabled()


def test_the_trend_lies_where_its_numbers_are() -> None:
    on = axis([point.emotion_alpha for point in ROUND.trend], top=0, bottom=100)
    first, second = dots([point.emotion_alpha for point in ROUND.trend], on, left=0, right=100)
    assert (first.x, first.y, first.top, first.bottom) == (25, 50, 25, 75)
    assert (second.x, second.y) == (75, None)
    assert on.grid == (1.0, 0.75, 0.5, 0.25, 0.0)


def test_agreement_below_chance_has_room() -> None:
    on = axis([a_number(-0.3, -0.6, 0.1)], top=0, bottom=100)
    assert on.lowest == -0.75
    assert on.y(-0.75) == 100
    assert on.y(1.0) == 0
    assert axis([a_number(-1, -9, 0)], top=0, bottom=100).lowest == -1.0


def test_the_trend_is_told_to_who_cannot_see_it(page: CuratorPage) -> None:
    assert "2026-W10: undetermined" in page.trend.accessibleDescription()
    page.set_theme(LIGHT)
    assert not page.grab().isNull()
