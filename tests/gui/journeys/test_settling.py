"""An adjudicator starts from a reading, changes it and says why; an expert accepts, sends back or rejects."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.stages import a_workspace_at
from builders.windows import Seat, answers, desk_of
from pytestqt.qtbot import QtBot

from mmed_curate.domain.judgements import Adjudication, Verification, VerificationVerdict
from mmed_curate.domain.protocol import Stage
from mmed_curate.store import Workspace


@pytest.fixture
def disputed(tmp_path: Path) -> Workspace:
    return a_workspace_at(tmp_path / "ws", Stage.ADJUDICATION)


@pytest.fixture
def dee(qtbot: QtBot, tmp_path: Path, disputed: Workspace) -> Seat:
    """Dee, between two readings."""
    return Seat(qtbot, desk_of(disputed, "dee"), tmp_path / "likings")


def test_both_readings_are_there_under_letters_and_nobodys_name(dee: Seat) -> None:
    ticket = dee.view.ticket
    assert ticket is not None
    assert ticket.stage is Stage.ADJUDICATION
    assert [one.letter for one in ticket.readings] == ["A", "B"]
    assert dee.page.adjudication.isVisible()
    assert [button.text() for button in dee.page.adjudication.start_buttons] == [
        "[Alt+A]  Start from A",
        "[Alt+B]  Start from B",
    ]


def test_one_key_takes_a_reading_and_the_next_press_the_other(dee: Seat) -> None:
    ticket = dee.view.ticket
    assert ticket is not None
    onsets = [one.events[0].span.onset for one in ticket.readings]
    dee.press("Ctrl+R")
    assert dee.marks[0] == onsets[0]
    dee.press("Ctrl+R")
    assert dee.marks[0] == onsets[1]
    dee.press("Alt+A")
    assert dee.marks[0] == onsets[0]


def test_a_reading_is_changed_and_handed_in_with_a_reason(dee: Seat, disputed: Workspace) -> None:
    dee.press("Ctrl+R", "Return")
    assert answers(disputed, "dee") == []
    dee.go_to(24)
    dee.press("F3", "Ctrl+T")
    dee.type("the brow leads, 2 frames", settle=False)
    dee.press("Return")  # done writing
    dee.press("Return")
    (answer,) = answers(disputed, "dee")
    assert isinstance(answer, Adjudication)
    assert answer.reason == "the brow leads, 2 frames"
    assert answer.events[0].span.apex == 24
    assert dee.view.ticket is None


def test_undo_gives_the_reading_back_that_was_there(dee: Seat) -> None:
    dee.press("F2", "Ctrl+R", "Ctrl+Z")
    assert dee.marks == (0, None, None)


@pytest.fixture
def proposed(tmp_path: Path) -> Workspace:
    return a_workspace_at(tmp_path / "ws", Stage.VERIFICATION)


@pytest.fixture
def eve(qtbot: QtBot, tmp_path: Path, proposed: Workspace) -> Seat:
    """Eve, before a reading that was settled."""
    return Seat(qtbot, desk_of(proposed, "eve"), tmp_path / "likings")


def test_an_expert_accepts_with_two_keys(eve: Seat, proposed: Workspace) -> None:
    eve.press("1", "Return")
    assert answers(proposed, "eve") == [Verification(verdict=VerificationVerdict.ACCEPT)]
    with proposed.read() as records:
        assert set(records.stages().values()) == {Stage.SETTLED}


@pytest.mark.parametrize(
    ("key", "verdict", "stage"),
    [
        ("2", VerificationVerdict.SEND_BACK, Stage.ADJUDICATION),
        ("3", VerificationVerdict.REJECT, Stage.REJECTED),
    ],
)
def test_sending_back_and_rejecting_need_a_reason(
    eve: Seat, proposed: Workspace, key: str, verdict: VerificationVerdict, stage: Stage
) -> None:
    eve.press(key)
    eve.press("Return")  # nothing is written, and Enter only leaves the box
    eve.press("Return")
    assert answers(proposed, "eve") == []
    eve.press("Ctrl+T")
    eve.type("the onset is late", settle=False)
    eve.press("Return")
    eve.press("Return")
    assert answers(proposed, "eve") == [Verification(verdict=verdict, reason="the onset is late")]
    with proposed.read() as records:
        assert set(records.stages().values()) == {stage}


def test_an_expert_can_look_but_marks_nothing(eve: Seat) -> None:
    ticket = eve.view.ticket
    assert ticket is not None
    eve.press("Right")
    assert eve.frame == 1
    eve.press("Ctrl+Right")
    assert eve.frame in {0, 1, ticket.proposed[0].span.onset}
