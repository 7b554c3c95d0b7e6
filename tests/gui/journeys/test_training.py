"""Training at the window: after a clip, what was said beside what is known; the next one comes when one has looked."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest
from builders.watchable import MOVEMENT_FIRST, a_watchable_workspace
from builders.windows import Seat, desk_of
from pytestqt.qtbot import QtBot

from annotator_gui.fields import Field
from mmed_curate.annotation.training import train
from mmed_curate.domain.conduct import GoldClip
from mmed_curate.domain.judgements import ActionUnitMark, CodedEvent, Coding
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import Frame, Span


@cache
def _rules() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mmed-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    rules = folder / "training.yaml"
    asked = "qualification: {clips: 2, event_free: 1, events_f1: 0.7, emotion_agreement: 0.7, action_unit_index: 0.7}\n"
    rules.write_text(MOVEMENT_FIRST.read_text(encoding="utf-8") + "\n" + asked, encoding="utf-8")
    return rules


@pytest.fixture
def bob(qtbot: QtBot, tmp_path: Path) -> Seat:
    """Bob in training, on two clips in which happiness is known from frame 20 to 30."""
    workspace = a_watchable_workspace(tmp_path / "ws", n_clips=2, protocol=_rules())
    known = CodedEvent(
        span=Span(onset=Frame(20), apex=Frame(25), offset=Frame(30)),
        event_type="micro",
        emotion="happiness",
        basis="appearance",
        action_units=(ActionUnitMark(code="au12"),),
        confidence="high",
    )
    with workspace.write() as records:
        clips = [clip.id for clip in records.clips()]
        records.add_gold(GoldClip(clip=clip, reading=Coding(events=(known,)), why="read by the test") for clip in clips)
        for clip in clips:
            records.set_stage(clip, Stage.SETTLED, round=1, open_seats=0)
    train(workspace, "bob", clips=2)
    return Seat(qtbot, desk_of(workspace, "bob"), tmp_path / "likings")


def code(bob: Seat, emotion: str) -> None:
    """Mark frames 20 to 30 and name an emotion by its key."""
    bob.mark(20, 25, 30)
    bob.press("1", "/")
    bob.type("au12")
    bob.press("Return")
    bob.press("Return")
    assert bob.view.movement_given, bob.said
    bob.press(emotion)
    while bob.page.form.field is not Field.CONFIDENCE:
        bob.press("Tab")
    bob.press("3", "Return")


def test_feedback_comes_after_the_answer_and_the_next_clip_after_that(bob: Seat) -> None:
    first = bob.page.view.ticket
    code(bob, "2")
    training = bob.page.training
    assert training.isVisible()
    assert bob.view.ticket is None
    assert training._title.text() == "Seen otherwise: look at it once more"
    bob.press("Return")
    assert not training.isVisible()
    assert bob.view.ticket is not None
    assert first is not None
    assert bob.view.ticket.id != first.id
    assert bob.frame == 0
    code(bob, "1")
    assert training._title.text() == "Just as it is known"
    bob.press("Return")
    assert bob.view.ticket is None
    assert bob.page._pages.currentWidget() is bob.page._nothing
