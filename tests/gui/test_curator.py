"""The curator sees the round at a glance, and comes from a number to its clips by one click."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builders.tickets import BOOK, A, B, C
from builders.workspace import a_clock
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QTableWidget
from pytestqt.qtbot import QtBot

from annotator_gui.curator import CuratorPage
from annotator_gui.language import Words
from annotator_gui.marks import Mark
from annotator_gui.numberwords import measure_words
from annotator_gui.theme import DARK, LIGHT
from annotator_gui.trend import axis, dots
from mmed_curate.agreement.discussion import Confused
from mmed_curate.annotation.measured import AttemptLine, ClassLine, LayerLine, MarkLine, MeasuredRound, RuleLine
from mmed_curate.annotation.overview import CodedReading, CoderLine, Dispute, Overview, TrendPoint
from mmed_curate.domain.conduct import Flag
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, TicketId
from mmed_curate.domain.measures import Coefficient, Interval, Undetermined
from mmed_curate.domain.protocol import Stage
from mmed_curate.report.svgplots import Histogram


def a_number(value: float, lower: float, upper: float) -> Coefficient:
    """A coefficient with its interval."""
    interval = Interval(lower=lower, upper=upper, confidence=0.95)
    return Coefficient(value=value, interval=interval, n_units=30, n_judgements=60, n_clusters=9)


def a_rule(name: str, number: float | None, bound: float, *, holds: bool, rare: bool = False) -> RuleLine:
    """A rule of the gate."""
    return RuleLine(
        name=name,
        number=number,
        sign="≥",
        bound=bound,
        holds=holds,
        rare=rare,
        what="",
        remedy="" if holds else "retrain",
        focus=None,
        clips=(),
    )


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
MEASURED = MeasuredRound(
    layers=(LayerLine(name="emotion", alpha=a_number(0.71, 0.62, 0.79)), LayerLine(name="event-type", alpha=NOTHING)),
    classes=(
        ClassLine(layer="emotion", code=BOOK.emotions[0].code, positives=22, alpha=a_number(0.6, 0.5, 0.7)),
        ClassLine(layer="action-units", code=BOOK.action_units[0].code, positives=2, alpha=NOTHING),
    ),
    marks=tuple(
        MarkLine(
            mark=mark.value,
            n_pairs=30,
            median_ms=17.0,
            p95_ms=80.0,
            within=a_number(0.9, 0.8, 0.95),
            histogram=Histogram(step_ms=33.3, counts=((20, 0), (5, 2), (0, 3)), n_more=0, tolerance_ms=50.0),
        )
        for mark in Mark
    ),
    confused=(
        Confused(
            layer="emotion",
            one=BOOK.emotions[0].code,
            other=BOOK.emotions[1].code,
            n_pairs=3,
            of_pairs=30,
            clips=(ClipId("second"),),
        ),
        Confused(
            layer="action-units",
            one=BOOK.action_units[0].code,
            other="–",
            n_pairs=2,
            of_pairs=8,
            clips=(ClipId("first"),),
        ),
        Confused(layer="existence", one="no", other="yes", n_pairs=1, of_pairs=31, clips=(ClipId("first"),)),
    ),
    policy="A policy",
    policy_fault=None,
    rules=(
        a_rule("coders", 2, 2, holds=True),
        a_rule("emotion-alpha", 0.62, 0.667, holds=False),
        a_rule("emotion=fear", None, 0.667, holds=True, rare=True),
    ),
    bounds=(0.667, 0.8),
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
    measured=MEASURED,
    attempts=(
        AttemptLine(number=1, day="2026-03-01", policy="mmed", failed=True, came="existence: 0.75, needed ≥ 0.9"),
        AttemptLine(number=2, day="2026-03-02", policy="mmed", failed=False, came="coders agree well enough"),
    ),
    next_needs="attempt 1 failed on existence: retrain",
)
OPENED: list[Path] = []


def written() -> Path:
    """Where the whole report would be."""
    return Path("/lab/agreement.html")


@pytest.fixture
def page(qtbot: QtBot) -> CuratorPage:
    """The view of a round."""
    OPENED.clear()
    page = CuratorPage(read=lambda: ROUND, write=written, opens=OPENED.append, words=Words(), theme=DARK)
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

    page = CuratorPage(read=fails, write=written, words=Words(), theme=LIGHT)
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


def texts(table: QTableWidget) -> list[list[str]]:
    """What stands in a table."""
    return [
        [table.item(row, column).text() for column in range(table.columnCount())] for row in range(table.rowCount())
    ]


def test_what_is_confused_comes_in_the_codebooks_words(page: CuratorPage) -> None:
    first, second = (entry.label["en"] for entry in BOOK.emotions[:2])
    unit = BOOK.action_units[0]
    assert texts(page.measured.confused) == [
        ["Emotion", first, second, "3 / 30  (10%)"],
        ["Action units", f"{unit.code.upper()} {unit.label['en']}", "not given", "2 / 8  (25%)"],
        ["An event is there", "no event", "an event", "1 / 31  (3%)"],
    ]


def test_one_click_from_what_is_confused_to_its_clips(page: CuratorPage) -> None:
    page.measured.confused.cellClicked.emit(0, 0)
    assert listed(page) == ["second"]
    assert "Emotion: " in page._which.text()
    page.measured.confused.cellClicked.emit(0, 0)
    assert listed(page) == ["first", "second"]
    page.measured.confused.cellClicked.emit(1, 2)
    assert listed(page) == ["first"]
    page.everything_button.click()
    assert listed(page) == ["first", "second"]


def test_classes_come_with_their_positives_and_rare_ones_are_counted(page: CuratorPage) -> None:
    assert texts(page.measured.classes) == [["Emotion", BOOK.emotions[0].label["en"], "22", "0.60  [0.50, 0.70]"]]
    assert page.measured._rare.text() == "1 more are undetermined: chosen too rarely."


def test_rules_that_fail_come_first_and_say_what_to_do(page: CuratorPage) -> None:
    assert texts(page.measured.rules) == [
        ["emotion-alpha", "0.62", "≥ 0.667", "no", "retrain"],
        ["coders", "2", "≥ 2", "yes", "–"],
    ]
    assert "1 more rules are about codes that are too rare" in page.measured._about_rules.text()


def test_attempts_at_the_gate_stand_with_what_failed_and_what_the_next_needs(page: CuratorPage) -> None:
    assert texts(page.measured.attempts) == [
        ["1", "2026-03-01", "mmed", "no", "existence: 0.75, needed ≥ 0.9"],
        ["2", "2026-03-02", "mmed", "yes", "coders agree well enough"],
    ]
    assert page.measured._next.text() == "The next one: attempt 1 failed on existence: retrain."
    page.show_overview(replace(ROUND, next_needs=""))
    assert not page.measured._next.isVisibleTo(page)
    page.show_overview(replace(ROUND, attempts=()))
    assert not page.measured.attempts.isVisibleTo(page)


def test_plots_are_told_to_who_cannot_see_them(page: CuratorPage) -> None:
    assert "Event type: undetermined: one subject only" in page.layers.accessibleDescription()
    told = page.measured.plots[Mark.APEX].accessibleDescription()
    assert "half of 30 pairs below 17 ms, 95 % below 80 ms" in told
    assert "within 50 ms: 0.90" in told
    page.set_theme(LIGHT)
    assert not page.layers.grab().isNull() and not page.measured.plots[Mark.ONSET].grab().isNull()


def test_the_whole_report_is_written_and_opened_and_the_window_says_where(page: CuratorPage, qtbot: QtBot) -> None:
    qtbot.mouseClick(page.report_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [written()] == OPENED)
    assert page._written.text().startswith("Written to /lab/agreement.html.")
    assert page.report_button.isEnabled()


def test_a_report_that_cannot_be_written_is_said(qtbot: QtBot) -> None:
    def fails() -> Path:
        raise BadInput.of("files.disk_full", "no room left", "free some disk space")

    page = CuratorPage(read=lambda: ROUND, write=fails, opens=OPENED.append, words=Words(), theme=DARK)
    qtbot.addWidget(page)
    OPENED.clear()
    page.report_button.click()
    qtbot.waitUntil(lambda: "no room left: free some disk space" in page._written.text())
    assert not OPENED and page.report_button.isEnabled()
