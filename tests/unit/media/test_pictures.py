"""Pictures in presentation order, each known by its number; shown as they were meant; refused where they are not."""

from __future__ import annotations

import os
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from builders.video import WIDTH, a_recording, read_barcode, steady, turn
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media.clock import read_clock
from mmed_curate.media.pictures import pictures

VARIABLE = tuple(accumulate([0, *([512, 700, 300, 2000, 512, 11] * 15)]))


@pytest.mark.parametrize("name", ["r.mp4", "r.mkv", "r.avi", "r.ts"])
def test_frames_come_in_order_of_presentation(tmp_path: Path, name: str) -> None:
    planted = a_recording(
        tmp_path / name, pts=steady(50, 40), time_base=Fraction(1, 1000), last_lasts=40, b_frames=3, rate_hz=None
    )
    assert [(p.frame, read_barcode(p.luma()), read_barcode(p.bgr())) for p in pictures(planted.path)] == [
        (i, i, i) for i in range(50)
    ]
    clock = read_clock(planted.path)
    assert [clock.start_of(Frame(i)) - clock.start_of(Frame(0)) for i in range(50)] == [
        Fraction(i, 25) for i in range(50)
    ]


@pytest.mark.parametrize("name", ["r.mp4", "r.mkv", "r.avi", "r.ts"])
@pytest.mark.parametrize("key_every", [5, 12, 1000])
def test_a_seek_finds_the_very_frames(tmp_path: Path, name: str, key_every: int) -> None:
    pts = VARIABLE if name == "r.mp4" else steady(91, 40)
    time_base = Fraction(1, 15360) if name == "r.mp4" else Fraction(1, 1000)
    planted = a_recording(
        tmp_path / name, pts=pts, time_base=time_base, last_lasts=40, b_frames=3, key_every=key_every, rate_hz=None
    )
    clock = read_clock(planted.path)
    for first, last in [(0, 0), (1, 3), (11, 13), (12, 12), (23, 30), (59, 61), (90, 90)]:
        shown = list(pictures(planted.path, first=Frame(first), last=Frame(last), clock=clock))
        assert [(p.frame, p.pts, read_barcode(p.luma())) for p in shown] == [
            (i, clock.pts[i], i) for i in range(first, last + 1)
        ]


def test_open_groups_of_pictures_are_decoded_whole(tmp_path: Path) -> None:
    # in an open group, pictures shown before the key frame lean on the group before it
    planted = a_recording(
        tmp_path / "open.mkv",
        pts=steady(60, 40),
        time_base=Fraction(1, 1000),
        last_lasts=40,
        b_frames=3,
        rate_hz=None,
        encoder={"x264-params": "open-gop=1:keyint=10:min-keyint=10:scenecut=0:bframes=3:b-adapt=0"},
    )
    whole = [p.luma().copy() for p in pictures(planted.path)]
    clock = read_clock(planted.path)
    for first in range(0, 60, 7):
        (shown,) = pictures(planted.path, first=Frame(first), last=Frame(first), clock=clock)
        assert np.array_equal(shown.luma(), whole[first])


@settings(max_examples=10, deadline=None)
@given(
    gaps=st.lists(st.integers(1, 3000), min_size=1, max_size=40),
    start=st.integers(0, 20000),
    b_frames=st.integers(0, 3),
    key_every=st.integers(1, 20),
    data=st.data(),
)
def test_any_run_of_any_recording_is_found_by_its_times(
    tmp_path_factory: pytest.TempPathFactory,
    gaps: list[int],
    start: int,
    b_frames: int,
    key_every: int,
    data: st.DataObject,
) -> None:
    pts = tuple(accumulate([start, *gaps]))
    path = tmp_path_factory.mktemp("any") / "r.mp4"
    a_recording(path, pts=pts, b_frames=b_frames, key_every=key_every, rate_hz=None)
    clock = read_clock(path)
    assert [clock.start_of(Frame(i)) for i in range(clock.n_frames)] == [tick * Fraction(1, 15360) for tick in pts]
    first = data.draw(st.integers(0, len(pts) - 1))
    last = data.draw(st.integers(first, len(pts) - 1))
    shown = list(pictures(path, first=Frame(first), last=Frame(last), clock=clock))
    assert [read_barcode(p.luma()) for p in shown] == list(range(first, last + 1))


def test_decoding_alone_finds_the_same_frames_as_a_seek(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mp4", pts=VARIABLE, rate_hz=None)
    assert [read_barcode(p.luma()) for p in pictures(planted.path, first=Frame(30), last=Frame(32))] == [30, 31, 32]
    assert [p.frame for p in pictures(planted.path, first=Frame(88))] == [88, 89, 90]


def test_asking_beyond_the_end_is_refused(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mp4", pts=steady(10, 512), rate_hz=None)
    with pytest.raises(BadInput, match="frames 0 to 9, frame 10 was asked for"):
        list(pictures(planted.path, last=Frame(10)))
    with pytest.raises(BadInput, match=r"frame 10 is outside 0\.\.9"):
        list(pictures(planted.path, last=Frame(10), clock=read_clock(planted.path)))
    with pytest.raises(BadInput, match="no run of frames"):
        list(pictures(planted.path, first=Frame(3), last=Frame(2)))


def test_a_clock_of_another_recording_is_refused(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mp4", pts=steady(40, 512), rate_hz=None)
    other = FrameClock(pts=steady(40, 500), end_pts=20000, time_base=planted.time_base)
    with pytest.raises(BadInput, match=r"has no frame 30 at 0\.977 s"):
        list(pictures(planted.path, first=Frame(30), last=Frame(31), clock=other))


MATRICES = {
    "as stored": ((1, 0, 0, 1), lambda stored: stored),
    "a quarter clockwise": ((0, 1, -1, 0), lambda stored: np.rot90(stored, k=-1)),
    "upside down": ((-1, 0, 0, -1), lambda stored: np.rot90(stored, k=2)),
    "a quarter back": ((0, -1, 1, 0), lambda stored: np.rot90(stored, k=1)),
    "mirrored, as by a front camera": ((-1, 0, 0, 1), lambda stored: stored[:, ::-1]),
    "mirrored top to bottom": ((1, 0, 0, -1), lambda stored: stored[::-1]),
    "mirrored along the diagonal": ((0, 1, 1, 0), lambda stored: stored.swapaxes(0, 1)),
}


@pytest.mark.parametrize("name", MATRICES)
def test_pictures_are_turned_as_the_file_asks(tmp_path: Path, name: str) -> None:
    matrix, expected = MATRICES[name]
    planted = a_recording(tmp_path / "r.mp4", pts=steady(5, 512), rate_hz=None)
    stored = next(pictures(planted.path, first=Frame(3)))
    before: tuple[NDArray[np.uint8], NDArray[np.uint8]] = (stored.luma().copy(), stored.bgr().copy())
    turn(planted.path, matrix)
    shown = next(pictures(planted.path, first=Frame(3)))
    assert np.array_equal(shown.luma(), expected(before[0]))
    assert np.array_equal(shown.bgr(), expected(before[1]))
    assert (shown.height, shown.width) == shown.luma().shape


def test_a_real_recording_turned_by_a_quarter_stands_upright(material: Path) -> None:
    # both are stored as 568 × 320; in video_90.mov the keyboard's letters lie on their backs until turned clockwise
    lying = next(pictures(material / "ugly-decord" / "video_90.mov"))
    assert lying.luma().shape == (568, 320)
    assert lying.orientation.rotation_deg == 90
    assert next(pictures(material / "ugly-decord" / "video_0.mov")).luma().shape == (320, 568)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "nv12", "gray"])
def test_every_pixel_format_gives_8_bit_luma_and_colours(tmp_path: Path, pixel_format: str) -> None:
    planted = a_recording(tmp_path / "r.mkv", pts=steady(4, 40), time_base=Fraction(1, 1000), pixel_format=pixel_format)
    shown = list(pictures(planted.path))[2]
    assert shown.luma().dtype == shown.bgr().dtype == np.uint8
    assert (shown.luma().shape, shown.bgr().shape) == ((32, WIDTH), (32, WIDTH, 3))
    assert read_barcode(shown.luma()) == read_barcode(shown.bgr()) == 2


def test_luma_is_a_view_and_not_a_copy(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mp4", pts=steady(4, 512), rate_hz=None)
    shown = next(pictures(planted.path))
    assert not shown.luma().flags.owndata
    assert np.shares_memory(shown.luma(), shown.luma())


def test_a_kept_luma_survives_the_frames_after_it(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mp4", pts=steady(60, 512), rate_hz=None)
    kept = [p.luma() for p in pictures(planted.path)]
    assert [read_barcode(luma) for luma in kept] == list(range(60))


def test_ten_bits_and_full_range_of_real_recordings(material: Path) -> None:
    deep = next(pictures(material / "ugly-torchcodec" / "h264_10bits.mp4"))
    # the same frame through FFmpeg's own conversion to 8 bits differs by rounding only
    assert deep.luma().shape == (200, 200)
    assert np.ptp(deep.luma()) > 50
    full = next(pictures(material / "intel-asl" / "please.mkv"))
    assert full.luma().max() > 235  # beyond limited range: taken as it is


def test_memory_does_not_grow_with_the_recording(material: Path) -> None:
    def resident_mib() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    held = [resident_mib() for shown in pictures(material / "sync-autoeditor" / "example.mp4") if shown.luma().any()]
    # a picture of 1280 × 720 takes 1.3 MiB, so a few dozen that stay alive would show
    assert max(held[300:]) - held[100] < 40
