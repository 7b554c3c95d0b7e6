"""A screener at the window: worth coding or not, with one key; cut again where it was cut badly."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.stages import a_workspace_at
from builders.windows import Seat, answers, desk_of
from pytestqt.qtbot import QtBot

from mmed_curate.domain.judgements import CutAgain, Screening, ScreeningVerdict
from mmed_curate.domain.protocol import Stage
from mmed_curate.store import Workspace


@pytest.fixture
def at_screening(tmp_path: Path) -> Workspace:
    return a_workspace_at(tmp_path / "ws", Stage.SCREENING, n_clips=2)


@pytest.fixture
def ann(qtbot: QtBot, tmp_path: Path, at_screening: Workspace) -> Seat:
    """Ann, with a clip to screen before her."""
    return Seat(qtbot, desk_of(at_screening, "ann"), tmp_path / "likings")


def said(workspace: Workspace) -> Screening:
    """Her last answer."""
    answer = answers(workspace, "ann")[-1]
    assert isinstance(answer, Screening)
    return answer


def test_two_keys_accept_a_clip_and_the_next_one_comes(ann: Seat, at_screening: Workspace) -> None:
    first = ann.view.ticket
    ann.press("1", "Return")
    assert said(at_screening).verdict is ScreeningVerdict.ACCEPT
    assert ann.view.ticket is not None
    assert first is not None
    assert ann.view.ticket.id != first.id
    assert ann.frame == 0


def test_two_keys_reject_one(ann: Seat, at_screening: Workspace) -> None:
    ann.press("4", "Return")
    answer = said(at_screening)
    assert (answer.verdict, answer.reason) == (ScreeningVerdict.REJECT, "Blink only")


def test_a_reason_in_own_words(ann: Seat, at_screening: Workspace) -> None:
    ann.press("7")
    ann.type("a hand 1 hides it?", settle=False)
    ann.press("Return")  # done writing
    ann.press("Return")
    assert said(at_screening).reason == "a hand 1 hides it?"
    assert ann.view.draft.reason == ""  # the next clip's


def test_without_a_verdict_nothing_is_handed_in(ann: Seat, at_screening: Workspace) -> None:
    ann.press("Return")
    assert "no verdict is chosen" in ann.said
    assert answers(at_screening, "ann") == []


def test_an_event_that_runs_out_of_the_clip_has_it_cut_again(ann: Seat, at_screening: Workspace) -> None:
    ann.mark(0, 4, 9)
    ann.press("1", "8", "Return")
    answer = said(at_screening)
    assert answer.cut_again is CutAgain.ADJUST
    assert [(one.onset, one.apex, one.offset) for one in answer.found] == [(0, 4, 9)]


def test_two_events_have_it_split(ann: Seat, at_screening: Workspace) -> None:
    ann.mark(5, 8, 12)
    ann.press("Ins")
    ann.mark(40, 44, 50)
    ann.press("1", "9", "Return")
    answer = said(at_screening)
    assert answer.cut_again is CutAgain.SPLIT
    assert [one.onset for one in answer.found] == [5, 40]


def test_a_reason_that_was_begun_is_there_after_the_window_was_closed(
    ann: Seat, qtbot: QtBot, tmp_path: Path, at_screening: Workspace
) -> None:
    ann.press("7")
    ann.type("not this fa", settle=False)
    ann.leave()
    again = Seat(qtbot, desk_of(at_screening, "ann"), tmp_path / "likings")
    assert again.view.draft.reason == "not this fa"
    assert again.page.screening._reason.text == "not this fa"
