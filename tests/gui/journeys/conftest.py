"""Clips to be judged, and somebody at the window."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from builders.watchable import a_watchable_workspace
from builders.windows import Seat, SitDown, desk_of
from builders.workspace import noon
from pytestqt.qtbot import QtBot

from mmed_curate.annotation import Desk, assign
from mmed_curate.domain.judgements import Screening, ScreeningVerdict
from mmed_curate.store import Workspace


@pytest.fixture(scope="session")
def _screened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = a_watchable_workspace(tmp_path_factory.mktemp("screened") / "ws", n_clips=3)
    assign(workspace, seed=1)
    desk = Desk(workspace, "ann")
    while (ticket := desk.next_ticket()) is not None:
        desk.submit(ticket.id, Screening(verdict=ScreeningVerdict.ACCEPT))
    assign(workspace, seed=1)
    workspace.close()
    return workspace.root


@pytest.fixture
def workspace(tmp_path: Path, _screened: Path) -> Workspace:
    """Three clips that wait for coding by bob and by cem; each frame shows its number."""
    shutil.copytree(_screened, tmp_path / "ws")
    return Workspace.open(tmp_path / "ws", now=noon)


@pytest.fixture
def sit_down(qtbot: QtBot, tmp_path: Path, workspace: Workspace) -> SitDown:
    """Opens the window for somebody; named arguments as `Seat` has them."""
    return lambda code="bob", **how: Seat(qtbot, desk_of(workspace, code), tmp_path / "likings", **how)


@pytest.fixture
def bob(sit_down: SitDown) -> Seat:
    """Bob, with a clip to code before him."""
    return sit_down()
