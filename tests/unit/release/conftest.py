"""One settled workspace for all tests that only look; those that change it take a copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from builders.release import lenient_policy, lenient_settings
from builders.road import a_settled_workspace

from mmed_curate.release.build import Release, Wishes, create_release
from mmed_curate.release.leave import Leave, ask_gate
from mmed_curate.release.recipe import load_release_recipe
from mmed_curate.store.workspace import Workspace

TODAY = date(2026, 6, 1)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a settled workspace; not to be written to."""
    return a_settled_workspace(tmp_path_factory.mktemp("road") / "ws").root


@pytest.fixture
def workspace(pristine: Path, tmp_path: Path) -> Workspace:
    """A settled workspace of one's own."""
    return Workspace.open(Path(shutil.copytree(pristine, tmp_path / "ws")))


@pytest.fixture
def wishes() -> Wishes:
    """Version 0.1.0 by the packaged recipe, no benchmark."""
    return Wishes(version="0.1.0", recipe=load_release_recipe("mmed"))


@pytest.fixture(scope="session")
def made(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release; not to be written to."""
    workspace = Workspace.open(Path(shutil.copytree(pristine, tmp_path_factory.mktemp("made") / "ws")))
    return create_release(workspace, leave_of(workspace), Wishes(version="0.1.0", recipe=load_release_recipe("mmed")))


@pytest.fixture(scope="session")
def ask() -> Callable[[Workspace], Leave]:
    """Asks the lenient gate, which must be open."""
    return leave_of


def leave_of(workspace: Workspace) -> Leave:
    _, leave = ask_gate(workspace, policy=lenient_policy(), settings=lenient_settings(), on=TODAY)
    assert leave is not None
    return leave
