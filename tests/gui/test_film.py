"""A clip whole in memory: every frame is the one asked for, and a file that is not the ticket's is refused."""

from __future__ import annotations

from concurrent.futures import CancelledError
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from builders.clips import KINDS, a_clip, a_wav
from builders.video import a_recording, read_barcode, steady, turn

from annotator_gui.film import Film, SlowSound, decode, heard
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media.pictures import pictures
from mmed_curate.media.write import RecordingWriter

TICKET = TicketId("7")


def number_on(film: Film, frame: int) -> int | None:
    """The number that a frame carries; None: it is not there yet."""
    rgb = film.at(Frame(frame))
    return None if rgb is None else read_barcode(rgb)


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_is_the_one_asked_for(tmp_path: Path, kind: str) -> None:
    clip = a_clip(tmp_path / "c.mp4", kind)
    film = decode(clip.path, clip.clock, ticket=TICKET)
    assert film.whole and film.n_ready == clip.clock.n_frames
    assert [number_on(film, frame) for frame in range(film.n_ready)] == list(range(clip.clock.n_frames))


@pytest.mark.parametrize("kind", KINDS)
def test_frames_kept_as_decoded_show_the_same_and_take_less(tmp_path: Path, kind: str) -> None:
    clip = a_clip(tmp_path / "c.mp4", kind)
    full = decode(clip.path, clip.clock, ticket=TICKET)
    compact = decode(clip.path, clip.clock, ticket=TICKET, admit=lambda n_bytes: n_bytes < full.n_bytes)
    assert compact.compact and compact.n_bytes < full.n_bytes
    for frame in range(full.n_ready):
        first, second = full.at(Frame(frame)), compact.at(Frame(frame))
        assert first is not None and second is not None
        np.testing.assert_array_equal(first, second)


def test_a_frame_is_there_as_soon_as_it_is_decoded_and_then_never_changes(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "c.mp4", "b-frames")
    seen: list[tuple[int, int | None, int | None]] = []

    def on_frame(film: Film) -> None:
        newest = film.n_ready - 1
        ahead = number_on(film, newest + 1) if newest + 1 < film.clock.n_frames else None
        seen.append((newest, number_on(film, newest), ahead))

    decode(clip.path, clip.clock, ticket=TICKET, on_frame=on_frame)
    assert seen == [(number, number, None) for number in range(60)]


def test_colours_are_those_of_the_house_within_what_the_eye_sees(tmp_path: Path) -> None:
    # colours that flow into each other, as on a face
    down, right = np.mgrid[0:96, 0:160] / 160
    colours = np.stack([60 + 150 * down, 90 + 100 * right, 200 - 90 * right - 60 * down], axis=2)
    with RecordingWriter(tmp_path / "c.mp4", width=160, height=96, time_base=Fraction(1, 30)) as writer:
        writer.picture(colours.astype(np.uint8), 0, 1)
    film = decode(tmp_path / "c.mp4", None, ticket=TICKET)
    (exact,) = pictures(tmp_path / "c.mp4")
    shown = film.at(Frame(0))
    assert shown is not None
    apart = np.abs(shown.astype(int) - exact.bgr()[:, :, ::-1].astype(int))
    assert apart.mean() < 2 and apart.max() <= 6


def test_rows_can_be_painted_from_where_they_lie(tmp_path: Path) -> None:
    qt = pytest.importorskip("PyQt6.QtGui")
    sip = pytest.importorskip("PyQt6.sip")
    clip = a_clip(tmp_path / "c.mp4", "odd size")  # 162 pixels: a row of 486 bytes is no multiple of 4
    rgb = decode(clip.path, clip.clock, ticket=TICKET).at(Frame(9))
    assert rgb is not None and rgb.flags.c_contiguous and not rgb.flags.writeable
    height, width, _ = rgb.shape
    image = qt.QImage(sip.voidptr(rgb.ctypes.data), width, height, rgb.strides[0], qt.QImage.Format.Format_RGB888)
    for y, x in [(0, 0), (45, 161), (20, 100)]:
        colour = image.pixelColor(x, y)
        assert [colour.red(), colour.green(), colour.blue()] == rgb[y, x].tolist()


def test_a_turned_picture_is_shown_upright(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "c.mp4", "30")
    turn(clip.path, (-1, 0, 0, -1))
    shown = decode(clip.path, clip.clock, ticket=TICKET).at(Frame(5))
    assert shown is not None and shown.flags.c_contiguous
    assert read_barcode(np.ascontiguousarray(shown[:, ::-1])) == 5


def test_a_picture_that_was_not_cut_for_this_ticket_is_refused_before_its_first_frame(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "c.mp4", "60")
    later = replace(clip.clock, pts=(*clip.clock.pts[:-1], clip.clock.pts[-1] + 1))
    fewer = clip.clock.window(Frame(0), Frame(58))
    shifted = FrameClock(
        pts=tuple(tick + 256 for tick in clip.clock.pts), end_pts=clip.clock.end_pts + 256, time_base=Fraction(1, 15360)
    )
    seen: list[Film] = []
    for clock in (later, fewer, shifted):
        with pytest.raises(BadInput, match="picture of ticket 7 is not the one that was cut: tell the curator") as told:
            decode(clip.path, clock, ticket=TICKET, on_frame=seen.append)
        assert told.value.finding.code == "gui.other_picture"
    assert seen == []


def test_the_same_times_in_other_ticks_are_the_same_times(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "c.mp4", "60")
    finer = FrameClock(
        pts=tuple(2 * tick for tick in clip.clock.pts), end_pts=2 * clip.clock.end_pts, time_base=Fraction(1, 30720)
    )
    assert decode(clip.path, finer, ticket=TICKET).whole


def test_a_picture_whose_packets_do_not_tell_its_times_is_held_to_the_clock_too(tmp_path: Path) -> None:
    planted = a_recording(
        tmp_path / "c.avi", pts=steady(30, 1), time_base=Fraction(1, 30), last_lasts=1, b_frames=0, rate_hz=None
    )
    clock = FrameClock(pts=planted.pts, end_pts=planted.end_pts, time_base=planted.time_base)
    assert decode(planted.path, clock, ticket=TICKET).whole
    for other in (clock.window(Frame(0), Frame(28)), replace(clock, pts=(*clock.pts, 30), end_pts=31)):
        with pytest.raises(BadInput, match="is not the one that was cut"):
            decode(planted.path, other, ticket=TICKET)


def test_a_file_that_cannot_be_read_is_told_by_the_tickets_number(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "c.mp4", "60")
    missing = tmp_path / "gone.mp4"
    with pytest.raises(BadInput, match=r"the picture of ticket 7 cannot be read: there is no file its file: tell"):
        decode(missing, clip.clock, ticket=TICKET)
    clip.path.write_bytes(clip.path.read_bytes()[:900])
    with pytest.raises(BadInput, match="the picture of ticket 7 cannot be read") as told:
        decode(clip.path, clip.clock, ticket=TICKET)
    assert told.value.finding.code == "gui.no_picture" and str(tmp_path) not in str(told.value)
    with pytest.raises(BadInput, match="the sound of ticket 7 cannot be read"):
        heard(missing, ticket=TICKET)


def test_a_picture_that_the_memory_does_not_hold_is_refused(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "c.mp4", "60")
    with pytest.raises(BadInput, match=r"takes 0\.0 GB of memory, more than is set aside"):
        decode(clip.path, clip.clock, ticket=TICKET, admit=lambda n_bytes: False)


def test_decoding_stops_when_told(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "c.mp4", "60")
    shown: list[Film] = []
    with pytest.raises(CancelledError):
        decode(clip.path, clip.clock, ticket=TICKET, on_frame=shown.append, cancelled=lambda: len(shown) == 3)
    assert shown[-1].n_ready == 3


def test_sound_is_held_sample_by_sample(tmp_path: Path) -> None:
    samples = np.random.default_rng(2).uniform(-1, 1, (100_001, 2)).astype(np.float32)
    sound = heard(a_wav(tmp_path / "s.wav", samples, rate_hz=44_100), ticket=TICKET)
    assert (sound.rate_hz, sound.start, sound.samples.dtype) == (44_100, 0, np.float32)
    np.testing.assert_allclose(sound.samples, samples, atol=1.1 / 32768)


def test_slow_sound_is_made_once(tmp_path: Path) -> None:
    samples = np.random.default_rng(2).uniform(-1, 1, (4_800, 1)).astype(np.float32)
    slow = SlowSound(heard(a_wav(tmp_path / "s.wav", samples), ticket=TICKET))
    assert slow.ready(Fraction(1)) and not slow.ready(Fraction(1, 4))
    made = slow.at(Fraction(1, 4))
    assert made.shape == (19_200, 1)
    assert slow.at(Fraction(1, 4)) is made and slow.ready(Fraction(1, 4))
    assert slow.at(Fraction(1)) is slow.sound.samples
