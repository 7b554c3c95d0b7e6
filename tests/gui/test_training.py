"""After a training clip: said beside known, what differs lit, with definitions and the score in words."""

from __future__ import annotations

import pytest
from builders.tickets import BOOK, A, B, Sitter, a_ticket
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from annotator_gui.keys import DEFAULT_KEYS
from annotator_gui.language import Words
from annotator_gui.theme import DARK
from annotator_gui.training import FeedbackPanel, score_words
from mmed_curate.annotation import Feedback
from mmed_curate.annotation.compared import score_of
from mmed_curate.domain.judgements import CodedEvent, Coding
from mmed_curate.domain.protocol import Stage


def a_feedback(said: tuple[CodedEvent, ...], known: tuple[CodedEvent, ...]) -> Feedback:
    """What is learned of a clip."""
    pair = Coding(events=said), Coding(events=known)
    return Feedback(said=pair[0], known=pair[1], score=score_of(*pair, match_iou=0.5, codebook=BOOK))


@pytest.fixture
def sitter(qtbot: QtBot) -> Sitter:
    """A coder in training, with a clip before them."""
    panel = FeedbackPanel(words=Words(), theme=DARK, keys=DEFAULT_KEYS)
    qtbot.addWidget(panel)
    panel.show()
    return Sitter(panel, a_ticket(Stage.CODING))


def test_feedback_comes_when_the_ticket_is_gone(sitter: Sitter) -> None:
    assert not sitter.panel.has_feedback
    sitter.show(ticket=None, feedback=a_feedback(B.events, A.events))
    assert sitter.panel.has_feedback
    assert sitter.panel._title.text() == "Seen otherwise: look at it once more"
    table = sitter.panel.table
    assert [table.horizontalHeaderItem(column).text() for column in (1, 2)] == ["You", "Known"]


def test_the_definition_of_what_differs_stands_beside_it(sitter: Sitter) -> None:
    sitter.show(ticket=None, feedback=a_feedback(B.events[:1], A.events))
    said = [label.text() for label in sitter.panel._body.findChildren(QLabel)]
    assert "AU6  Cheek raiser" in said
    assert next(entry.definition for entry in BOOK.emotions if entry.code == "contempt") in said
    assert not any("Appearance" in text for text in said)


def test_the_same_reading_is_praised_and_defines_nothing(sitter: Sitter) -> None:
    sitter.show(ticket=None, feedback=a_feedback(A.events, A.events))
    assert sitter.panel._title.text() == "Just as it is known"
    assert not sitter.panel._body.isVisible()


def test_going_on_asks_for_the_next_clip(sitter: Sitter) -> None:
    sitter.show(ticket=None, feedback=a_feedback(A.events, A.events))
    sitter.panel.go_on_button.click()
    assert sitter.asked == ["go-on"]
    assert not sitter.panel.has_feedback


def test_the_score_is_said_in_words() -> None:
    assert list(score_words(a_feedback(B.events, A.events), Words())) == [
        "Events: you marked 2, 1 known, 1 the same.",
        "Emotion: the same in 0 of 1.",
        "Action units: 1 in common, index 0.67 (1.00: all the same).",
    ]
    assert list(score_words(a_feedback((), ()), Words())) == [
        "Nothing happens in this clip, and you marked nothing: right."
    ]
    assert list(score_words(a_feedback(A.events, ()), Words())) == ["Nothing happens in this clip; you marked 1."]
