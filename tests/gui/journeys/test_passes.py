"""A sound-only pass paints not one pixel of a clip; a picture-only pass draws and plays not one sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from builders.stages import a_workspace_at, of_modality
from builders.windows import Seat, answers, desk_of
from pytestqt.qtbot import QtBot

from annotator_gui.lanes import Track
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import Stage
from mmed_curate.store import Workspace


def a_pass(qtbot: QtBot, folder: Path, modality: str) -> tuple[Seat, Workspace]:
    """Bob before a clip of which he may only see, or only hear."""
    rules = of_modality(folder, Stage.CODING, modality)
    workspace = a_workspace_at(folder / "ws", Stage.CODING, protocol=rules, n_clips=2)
    return Seat(qtbot, desk_of(workspace, "bob"), folder / "likings"), workspace


def colours(seat: Seat) -> set[tuple[int, ...]]:
    """Of the picture's place on screen, as it is painted."""
    seen = seat.pixels(seat.page.picture)[:, :, :3].reshape(-1, 3)
    return {tuple(int(level) for level in colour) for colour in np.unique(seen, axis=0)}


def test_where_only_sound_is_judged_no_pixel_of_the_clip_is_painted(qtbot: QtBot, tmp_path: Path) -> None:
    """Whatever is pressed. The clips' frames are black and white bars: neither colour is ever there."""
    seat, _ = a_pass(qtbot, tmp_path, "sound")
    ticket = seat.view.ticket
    assert ticket is not None
    assert (ticket.picture, ticket.face, ticket.neutral_still) == (None, None, None)
    without = colours(seat)
    assert (255, 255, 255) not in without
    looks = ["Right", "End", "Home", "Ctrl+1", "Ctrl+2", "Ctrl+4", "Ctrl++", "F7", "F8", "F10", "F11", "F12"]
    seat.mark(20, 25, 32)
    for key in looks:
        seat.press(key)
        assert seat.page.picture.shows is None
        assert colours(seat) == without, key
    assert seat.page.picture.n_painted == 0
    assert Track.MOTION not in seat.tracks()
    assert seat.page.looking._film is None


def test_the_motion_curve_never_shows_where_only_sound_is_judged(qtbot: QtBot, tmp_path: Path) -> None:
    seat, workspace = a_pass(qtbot, tmp_path, "sound")
    seat.mark(20, 25, 32)
    seat.press("F12")
    assert seat.said.startswith("no motion curve is shown here")
    with workspace.read() as records:
        assert records.aids() == {}


def test_a_sound_only_clip_is_heard_coded_and_handed_in(qtbot: QtBot, tmp_path: Path) -> None:
    seat, workspace = a_pass(qtbot, tmp_path, "sound")
    assert Track.WAVE in seat.tracks()
    seat.press("Space", settle=False)
    seat.wait(lambda: seat.page.player.frame > 5)
    assert seat.ear.n_started == 1
    seat.press("Space", "F9", "Return", "Return")
    assert answers(workspace, "bob") == [Coding(events=())]
    assert seat.page.picture.n_painted == 0


def test_where_only_the_picture_is_judged_nothing_is_heard(qtbot: QtBot, tmp_path: Path) -> None:
    seat, _ = a_pass(qtbot, tmp_path, "picture")
    ticket = seat.view.ticket
    assert ticket is not None
    assert (ticket.sound, ticket.voice) == (None, None)
    for keys in (("Space",), ("Up", "Space", "Space"), ("F6", "F6", "Space", "Space")):
        seat.press(*keys, settle=False)
        frame = seat.page.player.frame
        seat.wait(lambda frame=frame: seat.page.player.frame != frame)
    assert seat.ear.n_started == 0
    assert not seat.page.player.heard
    seat.press("Home")
    timeline = seat.page.timeline
    assert timeline._material.sound is None
    assert timeline._material.voice is None


def test_a_picture_only_waveform_is_flat_whatever_the_clip_sounds_like(qtbot: QtBot, tmp_path: Path) -> None:
    """The same window with the sound of a clip forced upon it draws the same."""
    seat, _ = a_pass(qtbot, tmp_path, "picture")
    seat.press("Right")
    without = seat.pixels(seat.page.timeline)
    ticket = seat.view.ticket
    assert ticket is not None

    class Loud:
        samples = np.ones((32_000, 1), dtype=np.float32)
        rate_hz = 16_000
        start = ticket.clock.start_of(0)

    seat.page.timeline.show_clip(ticket.clock, Loud(), None)
    assert np.array_equal(seat.pixels(seat.page.timeline), without)
