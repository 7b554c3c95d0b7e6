"""Theme, size of text, language and layout: changed by keys, there again tomorrow."""

from __future__ import annotations

from pathlib import Path

from builders.windows import Seat, SitDown, desk_of
from pytestqt.qtbot import QtBot

from annotator_gui.keys import DEFAULT_KEYS, Command
from annotator_gui.preferences import Preferences, read_preferences
from mmed_curate.store import Workspace


def brightness(seat: Seat) -> float:
    """Of the whole window."""
    return float(seat.pixels(seat.shell)[:, :, :3].mean())


def test_dark_and_light_change_by_a_key_and_stay(bob: Seat, tmp_path: Path) -> None:
    dark = brightness(bob)
    bob.press("Ctrl+L")
    assert brightness(bob) > dark + 60
    assert read_preferences(tmp_path / "likings").theme == "light"
    bob.press("Ctrl+L")
    assert abs(brightness(bob) - dark) < 5


def test_nothing_that_was_begun_is_touched_by_it(bob: Seat) -> None:
    bob.mark(20, 25, 32)
    draft, frame = bob.view.draft, bob.frame
    bob.press("Ctrl+L", "Ctrl+Shift+Up", "Ctrl+Shift+Up", "Ctrl+Shift+Down")
    assert (bob.view.draft, bob.frame) == (draft, frame)
    assert bob.shell.preferences.points == Preferences().points + 1
    bob.press("Right")
    assert bob.frame == frame + 1


def test_text_can_be_so_large_that_the_window_still_works(bob: Seat) -> None:
    bob.press(*["Ctrl+Shift+Up"] * 20)
    assert bob.shell.preferences.points == 24
    bob.press("F2", "1")
    assert bob.view.draft.event is not None


def test_panels_are_where_they_were_left(bob: Seat, sit_down: SitDown, tmp_path: Path) -> None:
    bob.shell.resize(100, 100)  # as small as it gets: the screen of the tests is small too
    bob.page._beside_split.setSizes([400, 440])
    bob.page._above_split.setSizes([300, 400])
    bob.settle()
    sizes = bob.page._beside_split.sizes(), bob.page._above_split.sizes()
    size = bob.shell.width(), bob.shell.height()
    bob.leave()
    again = sit_down(preferences=read_preferences(tmp_path / "likings"))
    assert (again.shell.width(), again.shell.height()) == size
    assert (again.page._beside_split.sizes(), again.page._above_split.sizes()) == sizes


def test_sound_off_stays_off(bob: Seat, sit_down: SitDown, tmp_path: Path) -> None:
    bob.press("F6")
    bob.leave()
    again = sit_down(preferences=read_preferences(tmp_path / "likings"))
    assert not again.page.player.sound_on
    again.press("Space", settle=False)
    again.wait(lambda: again.page.player.frame > 2)
    assert again.ear.n_started == 0


def test_likings_that_cannot_be_read_keep_nobody_from_work(qtbot: QtBot, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "likings").mkdir()
    (tmp_path / "likings" / "window.json").write_text("{", encoding="utf-8")
    bob = Seat(
        qtbot, desk_of(workspace, "bob"), tmp_path / "likings", preferences=read_preferences(tmp_path / "likings")
    )
    assert bob.frame == 0


def test_keys_of_ones_own_work(sit_down: SitDown) -> None:
    bob = sit_down(keys=DEFAULT_KEYS.changed(Command.MARK_ONSET, ("Ctrl+O",)))
    bob.press("F2")
    assert not bob.view.draft.events
    bob.press("Ctrl+O")
    assert bob.marks == (0, None, None)
