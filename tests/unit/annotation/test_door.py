"""The way in for a window: who may sit down, where, and what it says where that cannot be."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from builders.workspace import STAFF, a_workspace

from mmed_curate.annotation import assign, coder_codes, door, open_desk, open_overview
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.protocol import Stage
from mmed_curate.store import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return a_workspace(tmp_path / "ws")


def test_a_coder_sits_down_in_the_workspace_or_in_any_folder_below_it(workspace: Workspace) -> None:
    assign(workspace, seed=1)
    for start in (workspace.root, workspace.media):
        ticket = open_desk(start, "ann").next_ticket()
        assert ticket is not None
        assert ticket.stage is Stage.SCREENING


def test_a_named_folder_goes_before_the_environment_and_that_before_the_current_folder(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = a_workspace(tmp_path / "other", staff={"zoe": STAFF["ann"]})
    monkeypatch.setenv("MMED_WORKSPACE", str(other.root))
    monkeypatch.chdir(workspace.root)
    assert coder_codes(workspace.root) == ("ann", "bob", "cem", "dee", "eve")
    assert coder_codes(None) == ("zoe",)
    monkeypatch.delenv("MMED_WORKSPACE")
    assert coder_codes(None) == ("ann", "bob", "cem", "dee", "eve")


def test_who_does_not_exist_cannot_sit_down(workspace: Workspace) -> None:
    with pytest.raises(BadInput, match="there is no coder zoe: ask the curator for your code"):
        open_desk(workspace.root, "zoe")


def test_where_there_is_no_workspace_one_sentence_says_so(tmp_path: Path) -> None:
    for act in (lambda: open_desk(tmp_path, "ann"), lambda: coder_codes(tmp_path), lambda: open_overview(tmp_path)):
        with pytest.raises(BadInput, match=r"no workspace in .* or above: run `mmed init DIR`"):
            act()


def test_a_newer_workspace_is_refused_by_name(workspace: Workspace) -> None:
    workspace.close()
    with closing(sqlite3.connect(workspace.database)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    with pytest.raises(BadInput, match="9999"):
        open_desk(workspace.root, "ann")


@pytest.mark.parametrize(
    "act",
    [
        lambda root: coder_codes(root),
        lambda root: open_desk(root, "ann"),
        lambda root: open_overview(root),
    ],
)
def test_a_database_that_another_program_holds_is_waited_for_and_then_said(
    workspace: Workspace, act: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held so that not even reading is let in, as by a program that repairs it; half a second stands for the five."""
    monkeypatch.setattr(door, "_WAIT_S", 0.5)
    workspace.close()
    with closing(sqlite3.connect(workspace.database, isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with pytest.raises(BadInput, match=r"another program holds .*mmed\.sqlite: wait until it is done or close it"):
            act(workspace.root)
        assert 0.4 < time.monotonic() - began < 5


def test_a_desk_waits_for_another_writer_and_then_says_so(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "_WAIT_S", 0.3)
    assign(workspace, seed=1)
    desk = open_desk(workspace.root, "ann")
    ticket = desk.next_ticket()
    assert ticket is not None
    with closing(sqlite3.connect(workspace.database, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert desk.progress().waiting == 1  # reading goes on
        with pytest.raises(BadInput, match="another program holds"):
            desk.save_draft(ticket.id, "half")
        holder.execute("ROLLBACK")
    desk.save_draft(ticket.id, "half")
    assert desk.draft(ticket.id) == "half"


def test_commits_are_flushed_to_the_disk_before_they_return(workspace: Workspace) -> None:
    """`synchronous` 2 is FULL: in WAL mode the log is flushed after each commit (sqlite.org/pragma.html)."""
    desk = open_desk(workspace.root, "ann")
    with desk._workspace._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000
