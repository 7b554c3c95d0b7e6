"""Whatever way a frame is reached, the picture on screen is that frame: each clip's frames show their number."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from builders.windows import AnEarByHand, Seat, SitDown

from annotator_gui.film import Film
from annotator_gui.keys import Command
from mmed_curate.media.stretch import SPEEDS

LAST = 59


def shown(seat: Seat) -> tuple[int, str]:
    """The number in the picture, and what the line below says."""
    return seat.frame, seat.page.status._frame.text()


def test_steps_and_jumps_show_the_frame_that_they_say(bob: Seat) -> None:
    assert shown(bob) == (0, "Frame 0 of 59")
    for key, frame in (
        ("Right", 1),
        ("Right", 2),
        ("Shift+Right", 12),
        ("PgDown", 22),
        ("Left", 21),
        ("End", LAST),
        ("Right", LAST),
        ("Shift+Left", 49),
        ("PgUp", 39),
        ("Home", 0),
        ("Left", 0),
    ):
        bob.press(key)
        assert shown(bob) == (frame, f"Frame {frame} of 59"), key


def test_any_order_of_steps_and_jumps_ends_on_the_right_frame(bob: Seat) -> None:
    draws = np.random.default_rng(5)
    moves = {"Right": 1, "Left": -1, "Shift+Right": 10, "Shift+Left": -10, "Home": -99, "End": 99}
    frame = 0
    for key in draws.choice(list(moves), 400):
        frame = max(0, min(LAST, frame + moves[key]))
        bob.press(key, settle=False)
        assert (bob.frame, bob.page.player.frame) == (frame, frame)


def test_a_held_key_runs_through_all_frames(bob: Seat) -> None:
    seen: list[int] = []
    bob.page.player.moved.connect(lambda frame: seen.append(bob.frame))
    bob.hold("Right", 20)
    assert seen == list(range(1, 21))
    bob.hold("Left", 5)
    assert bob.frame == 15


def test_marks_are_jumped_to(bob: Seat) -> None:
    bob.mark(20, 25, 32)
    bob.press("Home")
    frames = []
    for key in ("Ctrl+Right", "Ctrl+Right", "Ctrl+Right", "Ctrl+Right", "Ctrl+Left", "Ctrl+Left", "Ctrl+Left"):
        bob.press(key)
        frames.append(bob.frame)
    assert frames == [20, 25, 32, 32, 25, 20, 20]


@pytest.mark.parametrize("speed", SPEEDS, ids=str)
def test_a_loop_shows_each_frame_as_its_number_at_every_speed(bob: Seat, speed: Fraction) -> None:
    """And never one outside the loop."""
    bob.mark(20, 25, 26)
    bob.press("F5", *["Down"] * SPEEDS.index(speed))
    assert bob.page.player.speed == speed
    seen: list[tuple[int, int]] = []
    bob.page.player.moved.connect(lambda frame: seen.append((frame, bob.frame)))
    bob.press("Space", settle=False)
    bob.wait(lambda: len(seen) >= 9)
    bob.press("Space")
    assert not bob.page.player.playing
    assert all(frame == number for frame, number in seen)
    assert {number for _, number in seen} <= set(range(20, 27))
    assert bob.frame == bob.page.player.frame


def test_stepping_stops_a_loop_where_it_is(sit_down: SitDown) -> None:
    ear = AnEarByHand()
    bob = sit_down(speaker=ear.speaker())
    bob.press("Space", settle=False)
    ear.goes_on(ms=210)
    bob.wait(lambda: bob.page.player.frame == 6)
    bob.press("Left", settle=False)
    assert not bob.page.player.playing
    assert bob.frame == 5


def test_keys_pressed_before_the_clip_is_there_count(sit_down: SitDown) -> None:
    """Fingers are faster than decoders: once the picture comes, it is the frame that the line below says."""
    seat = sit_down(wait=False)
    keys = [Command.STEP_ON] * 7
    seat.page.shown.connect(lambda view: [seat.page.run(key) for key in keys] if view.ticket else None)
    seat.wait(lambda: seat.view.ticket is not None)
    seat.settle()
    assert shown(seat) == (7, "Frame 7 of 59")


def test_a_frame_that_is_not_decoded_yet_shows_no_other(bob: Seat) -> None:
    film = bob.page.looking._film
    assert film is not None
    growing = Film(film.clock)
    growing._frames = film._frames[:10]
    bob.page.looking.open(growing)
    bob.page.seek(30)
    assert bob.page.picture.shows is None
    growing._frames = film._frames
    bob.page.looking.open(growing)
    assert bob.frame == 30
