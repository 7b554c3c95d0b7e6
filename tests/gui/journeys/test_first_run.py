"""The first start: the tour is offered, once, and leads to the desk. Without a workspace one can practise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from annotator_gui.app import fill
from annotator_gui.preferences import Preferences
from annotator_gui.shell import Asked, Shell
from annotator_gui.start import Chooser
from annotator_gui.window import DeskPage
from mmed_curate.store import Workspace


@pytest.fixture
def shell(qtbot: QtBot, tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(Preferences(language="en"), tmp_path / "likings")
    qtbot.addWidget(shell)
    shell.show()
    yield shell
    shell.close()


def press(shell: Shell, words: str) -> None:
    [button] = [one for one in shell.findChildren(QPushButton) if words in one.text()]
    button.click()


def asked(shell: Shell, workspace: Path | None, coder: str | None) -> Asked:
    return Asked(workspace=workspace, coder=coder, curator=False, practice=False, language=None, config=shell.config)


def test_the_tour_is_offered_and_leads_to_the_desk(qtbot: QtBot, shell: Shell, workspace: Workspace) -> None:
    fill(shell, asked(shell, workspace.root, "bob"))
    assert isinstance(shell.centralWidget(), Chooser)
    press(shell, "guided tour")
    tour = shell.centralWidget()
    assert isinstance(tour, DeskPage)
    assert tour.tour is not None
    tour.tour.left.emit()
    qtbot.waitUntil(lambda: shell.centralWidget() is not tour, timeout=8000)
    desk = shell.centralWidget()
    assert isinstance(desk, DeskPage)
    assert desk.tour is None
    assert shell.preferences.toured


def test_who_declines_the_tour_is_not_asked_again(shell: Shell, workspace: Workspace) -> None:
    fill(shell, asked(shell, workspace.root, "bob"))
    press(shell, "sit down as bob")
    first = shell.centralWidget()
    assert isinstance(first, DeskPage)
    first.leave()
    fill(shell, asked(shell, workspace.root, "bob"))
    assert isinstance(shell.centralWidget(), DeskPage)


def test_where_there_is_no_workspace_one_can_practise(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MMED_WORKSPACE", raising=False)
    fill(shell, asked(shell, None, None))
    assert any("mmed init" in label.text() for label in shell.findChildren(QLabel))
    press(shell, "Practise")
    assert isinstance(shell.centralWidget(), DeskPage)
