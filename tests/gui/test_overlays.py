"""Overlays: a small movement is drawn larger, rest stays rest, and a difference has a side and a size."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from annotator_gui.film import Film
from annotator_gui.overlays import Difference, Magnifier, Part
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media.orientation import AS_STORED
from mmed_curate.media.pictures import Picture

HEIGHT, WIDTH, N_FRAMES = 96, 160, 30


def a_film(gray: Callable[[int], NDArray[np.generic]], *, ready: int = N_FRAMES) -> Film:
    """Half a second at 60 Hz, in gray as given for each frame: (H, W) of 0…255."""
    film = Film(FrameClock(pts=tuple(range(N_FRAMES)), end_pts=N_FRAMES, time_base=Fraction(1, 60)))
    for number in range(ready):
        rgb = np.repeat(np.asarray(gray(number)).astype(np.uint8)[:, :, None], 3, axis=2)
        film.add(
            Picture(
                VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24"),
                frame=Frame(number),
                pts=number,
                time_base=Fraction(1, 60),
                orientation=AS_STORED,
                reformatter=VideoReformatter(),
            )
        )
    return film


def still(number: int) -> NDArray[np.int64]:
    return np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)) % 200 + 20


def flashing(number: int) -> NDArray[np.int64]:
    """A square of 32 pixels that is 3 levels brighter on frame 15."""
    gray = still(0) * 0 + 100
    gray[32:64, 64:96] += 3 * (number == 15)
    return gray


def test_what_stands_still_stays_as_it_is() -> None:
    film = a_film(still)
    for frame in (0, 14, 29):
        np.testing.assert_array_equal(Magnifier(film).at(Frame(frame)), film.at(Frame(frame)))


def test_a_small_change_is_drawn_ten_times_as_large() -> None:
    # in the middle of the square: 3 levels less the mean over 31 frames, of which 30 are there: 2.9; times 10
    shown = Magnifier(a_film(flashing)).at(Frame(15))
    assert shown[48, 80].tolist() == [103 + 29] * 3
    assert shown[8, 8].tolist() == [100] * 3
    quiet = Magnifier(a_film(flashing), gain=0).at(Frame(15))
    assert quiet[48, 80].tolist() == [103] * 3


def test_only_the_part_asked_for_is_changed() -> None:
    film = a_film(flashing)
    part = Part(left=64, top=32, right=96, bottom=64)
    shown, plain = Magnifier(film, part=part).at(Frame(15)), film.at(Frame(15))
    assert plain is not None
    changed = (shown != plain).any(axis=2)
    assert changed[32:64, 64:96].all() and changed.sum() == 32 * 32
    coloured = (Difference(film, Frame(0), part=part).at(Frame(15)) != plain).any(axis=2)
    assert coloured.sum() == 32 * 32


def test_brightness_is_kept_within_what_can_be_shown() -> None:
    shown = Magnifier(a_film(lambda number: np.full((HEIGHT, WIDTH), 255 if number % 2 else 0))).at(Frame(15))
    assert (shown == 255).all()


def test_brighter_is_orange_darker_is_purple_and_the_same_is_nearly_white() -> None:
    def gray(number: int) -> NDArray[np.int64]:
        picture = np.full((HEIGHT, WIDTH), 100)
        if number == 9:
            picture[:, :40] += 60
            picture[:, 120:] -= 60
        return picture

    shown = Difference(a_film(gray), Frame(3)).at(Frame(9))
    # the ends and the middle of ColorBrewer's PuOr
    assert shown[5, 5].tolist() == [0xB3, 0x58, 0x06]
    assert shown[5, 80].tolist() == [0xF7, 0xF7, 0xF7]
    assert shown[5, 150].tolist() == [0x54, 0x27, 0x88]


def test_the_onset_against_itself_shows_nothing() -> None:
    assert (Difference(a_film(still), Frame(4)).at(Frame(4)) == 0xF7).all()


def test_frames_that_are_still_to_come_are_left_out() -> None:
    film = a_film(still, ready=5)
    assert Magnifier(film).at(Frame(4)).shape == (HEIGHT, WIDTH, 3)
    with pytest.raises(BadInput, match="frame 5 is not decoded yet: wait a moment"):
        Magnifier(film).at(Frame(5))
    with pytest.raises(BadInput, match="frame 20 is not decoded yet"):
        Difference(film, Frame(20)).at(Frame(4))


def test_a_picture_smaller_than_a_block_is_left_alone() -> None:
    film = a_film(lambda number: np.full((6, 160), 10 * number))
    np.testing.assert_array_equal(Magnifier(film).at(Frame(5)), film.at(Frame(5)))


def test_what_is_shown_can_be_painted_as_it_lies() -> None:
    film = a_film(flashing)
    for shown in (Magnifier(film).at(Frame(3)), Difference(film, Frame(0)).at(Frame(3))):
        assert shown.dtype == np.uint8 and shown.flags.c_contiguous and not shown.flags.writeable
