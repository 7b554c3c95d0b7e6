"""After a training clip: it can be looked at beside what is known; after the last one there is nothing to do."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("PyQt6.QtWidgets", reason="the window needs PyQt6 and the libraries of Qt", exc_type=ImportError)

from builders.windows import PATIENCE_MS
from pytestqt.qtbot import QtBot

from annotator_gui import acts
from annotator_gui.dispatch import desk_page
from annotator_gui.keys import DEFAULT_KEYS, Command
from annotator_gui.marks import Mark
from annotator_gui.practice import PracticeDesk
from annotator_gui.preferences import Preferences
from annotator_gui.shell import Shell
from annotator_gui.window import DeskPage
from mmed_curate.domain.protocol import AnswerField
from mmed_curate.domain.time import Frame


def settled(qtbot: QtBot, page: DeskPage) -> None:
    qtbot.waitUntil(lambda: page.sitting is not None and not page.worker.busy, timeout=PATIENCE_MS)


def all_decoded(page: DeskPage) -> bool:
    film = page.looking._film
    return film is not None and film.whole


@pytest.fixture
def page(qtbot: QtBot, tmp_path: Path) -> DeskPage:
    """The practice clip, answered."""
    shell = Shell(Preferences(language="en", toured=True), tmp_path)
    qtbot.addWidget(shell)
    page = desk_page(shell, PracticeDesk, keys=DEFAULT_KEYS)
    shell.setCentralWidget(page)
    shell.show()
    settled(qtbot, page)
    qtbot.waitUntil(lambda: all_decoded(page), timeout=PATIENCE_MS)
    for mark, frame in ((Mark.ONSET, 21), (Mark.APEX, 40), (Mark.OFFSET, 64)):
        page.act(acts.set_mark(mark, Frame(frame)))
    page.act(acts.choose(AnswerField.EVENT_TYPE, "macro"))
    page.hand_in()
    settled(qtbot, page)
    page.act(acts.choose(AnswerField.EMOTION, "happiness"))
    page.act(acts.choose(AnswerField.CONFIDENCE, "high"))
    page.hand_in()
    settled(qtbot, page)
    return page


def test_the_clip_stays_in_sight_beside_its_known_reading(page: DeskPage) -> None:
    assert page.training.isVisible()
    assert page.view.ticket is None
    page.run(Command.FIRST_FRAME)
    first = page.picture.shows
    assert first is not None
    page.run(Command.LAST_FRAME)
    last = page.picture.shows
    assert last is not None
    assert (first != last).any()
    assert page.player.frame == 71  # the practice clip has 72 frames


def test_nothing_of_it_can_be_changed(page: DeskPage) -> None:
    assert not page.run(Command.MARK_ONSET)
    assert not page.run(Command.UNDO)


def test_after_the_last_one_there_is_nothing_to_do(qtbot: QtBot, page: DeskPage) -> None:
    page.run(Command.HAND_IN)  # goes on
    settled(qtbot, page)
    assert page._nothing.isVisible()
    assert page.picture.shows is None
    assert not page.run(Command.STEP_ON)
