"""What is missing, damaged, locked, full or newer is said in a sentence in the window; no draft is lost."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from builders.windows import Seat, SitDown, answers, no_device
from pytestqt.qtbot import QtBot

from annotator_gui.app import fill
from annotator_gui.lanes import Track
from annotator_gui.preferences import Preferences
from annotator_gui.shell import Asked, Shell
from annotator_gui.speaker import Speaker
from mmed_curate.annotation import Desk
from mmed_curate.annotation.door import open_desk
from mmed_curate.domain.records import AssetKind
from mmed_curate.store import Workspace

HOLDER = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
held.execute("ROLLBACK")
"""


@contextmanager
def held_by_another(workspace: Workspace) -> Iterator[None]:
    """Another program writes, and goes on writing."""
    command = [sys.executable, "-c", HOLDER, str(workspace.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield
        finally:
            other.communicate("\n", timeout=20)


def asset_of(workspace: Workspace, seat: Seat, kind: AssetKind) -> Path:
    """A stored file of the clip in hand."""
    ticket = seat.view.ticket
    assert ticket is not None
    with workspace.read() as records:
        record = records.ticket(ticket.id)
        assert record is not None
        asset = next(one for one in records.assets(clip=record.clip) if one.kind is kind)
    return workspace.media / asset.path


def next_clips(workspace: Workspace, kind: AssetKind) -> list[Path]:
    """Stored files of all clips."""
    with workspace.read() as records:
        return [workspace.media / one.path for one in records.assets() if one.kind is kind]


def damage(path: Path) -> None:
    """Other bytes than those that were noted."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


def test_a_clip_whose_bytes_differ_is_said_and_can_be_given_back(workspace: Workspace, sit_down: SitDown) -> None:
    for path in next_clips(workspace, AssetKind.CODING_PICTURE):
        damage(path)
    bob = sit_down()
    assert "are missing or damaged" in bob.page.picture._says
    assert "tell the curator the ticket's number" in bob.page.picture._says
    assert bob.page.picture.shows is None


def test_a_missing_picture_is_said(workspace: Workspace, sit_down: SitDown) -> None:
    for path in next_clips(workspace, AssetKind.CODING_PICTURE):
        path.unlink()
    bob = sit_down()
    assert "are missing or damaged" in bob.page.picture._says


def test_a_clip_that_cannot_be_opened_does_not_keep_the_next_ones_from_the_desk(
    workspace: Workspace, sit_down: SitDown
) -> None:
    """The first one is damaged: it goes back to the curator, and the second one comes."""
    bob = sit_down()
    damage(asset_of(workspace, bob, AssetKind.CODING_PICTURE))
    ticket = bob.view.ticket
    bob.leave()
    assert ticket is not None
    shutil.rmtree(workspace.media / "desk")
    again = sit_down()
    assert "are missing or damaged" in again.page.picture._says
    again.press("Ctrl+K")
    dialog = again.page.queue.dialog
    assert dialog is not None
    dialog.line.setText("cannot be opened")
    dialog.do_button.click()
    again.settle()
    assert again.view.ticket is not None
    assert again.view.ticket.id != ticket.id
    assert again.frame == 0


def test_a_picture_of_other_times_is_not_shown_and_the_draft_stays(
    workspace: Workspace, sit_down: SitDown, tmp_path: Path
) -> None:
    from builders.video import a_recording, steady

    bob = sit_down()
    bob.mark(20, 25, 32)
    ticket = bob.view.ticket
    bob.leave()
    assert ticket is not None
    assert ticket.picture is not None
    a_recording(tmp_path / "other.mp4", pts=steady(60, 500), rate_hz=None, width=256, height=144)
    shutil.copyfile(tmp_path / "other.mp4", ticket.picture)  # the file on the desk, after it was checked
    again = sit_down()
    again.wait(lambda: "is not the one that was cut" in again.page.picture._says)
    assert again.page.picture.shows is None
    assert again.marks == (20, 25, 32)
    again.press("Right", "F10", "Ctrl+2", "Space", "Space")  # nothing to look at, and nothing breaks
    assert again.page.picture.shows is None


def test_a_damaged_curve_takes_neither_picture_nor_sound_away(sit_down: SitDown) -> None:
    bob = sit_down()
    ticket = bob.view.ticket
    bob.leave()
    assert ticket is not None
    assert ticket.picture is not None
    path = ticket.picture.parent / "voice.npz"
    path.write_bytes(path.read_bytes()[:500])
    again = sit_down()
    again.wait(lambda: bool(again.said))
    assert again.page.status._said.property("warn") == "true"
    assert again.frame == 0
    again.wait(lambda: again.page.player._sound is not None)
    assert Track.WAVE in again.tracks()
    again.press("F2")
    assert again.marks == (0, None, None)


def test_a_stored_array_that_is_damaged_is_said(workspace: Workspace, sit_down: SitDown) -> None:
    for path in next_clips(workspace, AssetKind.CODING_FEATURES):
        path.write_bytes(b"PK\x03\x04 no array")
    bob = sit_down()
    assert "are missing or damaged" in bob.page.picture._says


def short_of_patience(workspace: Workspace) -> Callable[[], Desk]:
    """Bob's desk, on a database for which it waits a tenth of a second."""
    return lambda: Desk(Workspace.open(workspace.root, now=workspace.now, wait_s=0.1), "bob")


def test_while_another_program_holds_the_database_it_says_so_and_nothing_is_lost(
    qtbot: QtBot, workspace: Workspace, tmp_path: Path
) -> None:
    bob = Seat(qtbot, short_of_patience(workspace), tmp_path / "likings")
    bob.mark(20, 25, 32)
    with held_by_another(workspace):
        bob.press("1")
        assert "another program holds" in bob.said
        assert bob.view.draft.event is not None
        assert bob.view.draft.event.event_type == ""  # not shown as done
    bob.press("1")
    assert bob.view.draft.event.event_type == "micro"
    assert bob.marks == (20, 25, 32)


def test_a_note_that_could_not_be_kept_is_kept_with_the_next_chance(
    qtbot: QtBot, workspace: Workspace, tmp_path: Path
) -> None:
    bob = Seat(qtbot, short_of_patience(workspace), tmp_path / "likings")
    bob.press("F9", "Return", "Ctrl+T")
    with held_by_another(workspace):
        bob.type("a word", settle=False)
        bob.press("Esc")
        assert "another program holds" in bob.said
        assert bob.page.form._note.toPlainText() == "a word"
    bob.press("Return")
    (answer,) = answers(workspace, "bob")
    assert answer.note == "a word"  # type: ignore[union-attr]


def test_a_window_that_cannot_keep_what_was_typed_does_not_close_at_once(
    qtbot: QtBot, workspace: Workspace, tmp_path: Path
) -> None:
    bob = Seat(qtbot, short_of_patience(workspace), tmp_path / "likings")
    bob.press("F9", "Return", "Ctrl+T")
    bob.type("a word", settle=False)
    with held_by_another(workspace):
        bob.shell.close()
        assert bob.shell.isVisible()
        assert "another program holds" in bob.said
    bob.shell.close()
    assert not bob.shell.isVisible()
    again = Seat(qtbot, short_of_patience(workspace), tmp_path / "likings")
    assert again.view.draft.note == "a word"


def test_sitting_down_while_another_program_holds_the_database(
    qtbot: QtBot, workspace: Workspace, tmp_path: Path
) -> None:
    with held_by_another(workspace):
        bob = Seat(qtbot, short_of_patience(workspace), tmp_path / "likings")
        assert "another program holds" in bob.said
        assert "another program holds" in bob.page.picture._says
    bob.page._nothing.look_button.click()
    bob.settle()
    assert bob.view.ticket is not None


def test_a_full_disk_is_said_and_what_was_there_stays(qtbot: QtBot, workspace: Workspace, tmp_path: Path) -> None:
    with sqlite3.connect(workspace.database) as held:
        (pages,) = held.execute("PRAGMA page_count").fetchone()

    def full() -> Desk:
        return Desk(Workspace.open(workspace.root, now=workspace.now, at_most_pages=pages + 1), "bob")

    bob = Seat(qtbot, full, tmp_path / "likings")
    bob.press("F9", "Return", "Ctrl+T")
    long = "word " * 3000
    bob.page.form._note.setPlainText(long)
    bob.press("Esc")
    assert "full" in bob.said
    assert bob.page.form._note.toPlainText() == long
    assert bob.view.movement_given
    bob.page.form._note.setPlainText("short")
    bob.press("Return")
    bob.settle()


def a_shell(qtbot: QtBot, tmp_path: Path) -> Shell:
    shell = Shell(Preferences(language="en"), tmp_path / "likings")
    qtbot.addWidget(shell)
    shell.show()
    return shell


def asked(workspace: Path | None, coder: str | None, config: Path, *, curator: bool = False) -> Asked:
    """What a command line says."""
    return Asked(workspace=workspace, coder=coder, curator=curator, practice=False, language=None, config=config)


def test_a_workspace_of_a_newer_version_is_said(qtbot: QtBot, workspace: Workspace, tmp_path: Path) -> None:
    with sqlite3.connect(workspace.database) as held:
        held.execute("UPDATE alembic_version SET version_num = '9999'")
    bob = Seat(qtbot, partial(open_desk, workspace.root, "bob"), tmp_path / "likings")
    assert "newer" in bob.said
    assert "newer" in bob.page.picture._says


@pytest.mark.parametrize("coder", ["bob", None])
def test_where_there_is_no_workspace_it_says_how_to_make_one(qtbot: QtBot, tmp_path: Path, coder: str | None) -> None:
    shell = a_shell(qtbot, tmp_path)
    fill(shell, asked(tmp_path, coder, tmp_path / "likings"))
    page = shell.centralWidget()
    said = lambda: getattr(page, "text", lambda: page.status.said)()  # noqa: E731
    qtbot.waitUntil(lambda: "no workspace in" in said(), timeout=8000)
    assert "mmed init" in said()
    shell.close()


def test_an_unknown_coder_is_said(qtbot: QtBot, workspace: Workspace, tmp_path: Path) -> None:
    bob = Seat(qtbot, partial(open_desk, workspace.root, "zoe"), tmp_path / "likings")
    assert "there is no coder zoe" in bob.page.picture._says


def test_keys_before_anything_was_opened_mean_nothing(qtbot: QtBot, workspace: Workspace, tmp_path: Path) -> None:
    bob = Seat(qtbot, partial(open_desk, workspace.root, "zoe"), tmp_path / "likings")
    bob.press("F2", "1", "Return", "Ctrl+Z", "Space", "Ctrl+K", "F12", "Ctrl+R", "/", "Tab")
    assert bob.view.ticket is None


def test_a_machine_without_sound_says_so_and_plays_in_silence(sit_down: SitDown) -> None:
    bob = sit_down(speaker=Speaker(no_device))
    bob.press("Space", settle=False)
    bob.wait(lambda: bob.page.player.frame > 3)
    assert "no sound device" in bob.said
    assert not bob.page.player.heard
    bob.press("Space")


@pytest.mark.parametrize("when", ["at once", "sat down", "loading"])
def test_a_window_closed_while_it_is_opening_goes_quietly(sit_down: SitDown, when: str) -> None:
    """pytest-qt fails a test in whose event loop something was raised."""
    bob = sit_down(wait=False)
    if when == "sat down":
        bob.wait(lambda: bob.page.sitting is not None)
    if when == "loading":
        bob.wait(lambda: bob.view.ticket is not None)
    bob.leave()
    bob.qtbot.wait(200)
    assert not bob.shell.isVisible()


def test_a_window_closed_twice_goes_quietly(bob: Seat) -> None:
    bob.press("F2")
    bob.leave()
    bob.leave()
