"""The tour leads through the practice clip, points at what it speaks of, and goes on once a step is done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from annotator_gui import acts
from annotator_gui.keys import DEFAULT_KEYS, Command
from annotator_gui.language import Words
from annotator_gui.marks import Mark
from annotator_gui.pointing import Place, beside
from annotator_gui.practice import PracticeDesk
from annotator_gui.session import Sitting
from annotator_gui.theme import DARK
from annotator_gui.tour import TourPanel, steps
from mmed_curate.domain.protocol import AnswerField
from mmed_curate.domain.time import Frame


class Window(QWidget):
    """A window with the parts that the tour points at."""

    def __init__(self) -> None:
        super().__init__()
        self.resize(1200, 800)
        self.parts: dict[str, QWidget] = {}
        places = {"picture": (0, 40, 800, 500), "timeline": (0, 540, 800, 260), "form": (800, 40, 400, 760)}
        for name, place in places.items():
            self.parts[name] = QWidget(self)
            self.parts[name].setGeometry(*place)


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    """On screen."""
    window = Window()
    qtbot.addWidget(window)
    window.show()
    return window


def a_tour(window: Window) -> TourPanel:
    """At its first step."""
    panel = TourPanel(words=Words(), theme=DARK, keys=DEFAULT_KEYS, find=window.parts.get, parent=window)
    panel.show()
    return panel


def test_the_whole_tour_by_doing_what_it_says(window: Window, qtbot: QtBot) -> None:
    tour, sitting = a_tour(window), Sitting(PracticeDesk())
    tour.show_view(sitting.take().view)
    for _ in range(3):
        tour.next_button.click()
    assert tour.step.title == "Set the onset"
    doing = [
        (acts.set_mark(Mark.ONSET, Frame(17)), "Set apex and offset"),
        (acts.set_mark(Mark.APEX, Frame(40)), "Set apex and offset"),
        (acts.set_mark(Mark.OFFSET, Frame(70)), "Say what kind it is"),
        (acts.choose(AnswerField.EVENT_TYPE, "macro"), "Score action units"),
        (acts.toggle_unit("au12"), "Take something back"),
    ]
    for act, then in doing:
        tour.show_view(sitting.act(act).view)
        assert tour.step.title == then
    tour.next_button.click()
    tour.show_view(sitting.hand_in().view)
    assert tour.step.title == "Name the emotion"
    tour.show_view(sitting.act(acts.choose(AnswerField.EMOTION, "happiness")).view)
    tour.show_view(sitting.act(acts.choose(AnswerField.CONFIDENCE, "high")).view)
    assert tour.step.title == "Hand in the answer"
    tour.show_view(sitting.hand_in().view)
    assert tour.step.title == "Compare"
    with qtbot.waitSignal(tour.left):
        tour.next_button.click()
    assert not tour.isVisible()


def test_it_points_at_what_it_speaks_of(window: Window) -> None:
    tour = a_tour(window)
    assert not tour._ring.isVisible()
    tour.go_to(3)
    timeline = window.parts["timeline"]
    assert tour._ring.geometry() == timeline.geometry()
    assert not tour.geometry().intersects(timeline.geometry())
    timeline.setGeometry(0, 600, 700, 200)
    assert tour._ring.geometry() == timeline.geometry()


def test_what_is_not_there_is_not_pointed_at(window: Window) -> None:
    tour = a_tour(window)
    tour.go_to(len(tour.steps) - 1)
    assert not tour._ring.isVisible()
    assert window.rect().contains(tour.geometry())


def test_who_goes_back_to_a_step_that_is_done_may_stay_there(window: Window) -> None:
    tour, sitting = a_tour(window), Sitting(PracticeDesk())
    sitting.take()
    view = sitting.act(acts.set_mark(Mark.ONSET, Frame(17))).view
    tour.show_view(view)
    tour.go_to(3)
    tour.show_view(view)
    assert tour.step.title == "Set the onset"
    assert tour._title.text().startswith("✓")


def test_it_can_be_left_at_any_time(window: Window, qtbot: QtBot) -> None:
    tour = a_tour(window)
    with qtbot.waitSignal(tour.left):
        tour.leave_button.click()


def test_it_names_the_coders_own_keys() -> None:
    own = DEFAULT_KEYS.changed(Command.MARK_ONSET, ("Ctrl+O",))
    assert any("press Ctrl+O" in step.says for step in steps(Words(), own))
    assert not any("{" in step.says or "  " in step.says for step in steps(Words(), own))


@given(st.integers(0, 900), st.integers(0, 500), st.integers(10, 1000), st.integers(10, 600))
def test_the_panel_is_always_in_the_window(left: int, top: int, width: int, height: int) -> None:
    host = Place(left=0, top=0, width=1000, height=600)
    place = beside(Place(left=left, top=top, width=width, height=height), width=340, height=200, host=host)
    assert place.left >= 0
    assert place.right <= host.right
    assert place.top >= 0
    assert place.bottom <= host.bottom
