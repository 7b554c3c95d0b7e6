"""Exact times: what was written is what is read, whatever the rate, container and order of coding."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
from builders.video import a_recording, steady

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame
from mmed_curate.media.clock import ClockBuilder, clock_from_packets, read_clock
from mmed_curate.media.container import StreamChoice, offered_pictures, opened
from mmed_curate.media.pictures import pictures


@pytest.mark.parametrize("b_frames", [0, 3])
@pytest.mark.parametrize(
    ("time_base", "pts"),
    [
        pytest.param(Fraction(1, 30000), steady(40, 1001), id="29.97"),
        pytest.param(Fraction(1, 15360), steady(40, 512), id="30"),
        pytest.param(Fraction(1, 60000), steady(40, 1000), id="60"),
        pytest.param(Fraction(1, 12800), steady(40, 64), id="200"),
        pytest.param(Fraction(1, 15360), tuple(accumulate([0, 512, 700, 300, 2000, 512, 10, 512])), id="variable"),
        pytest.param(Fraction(1, 15360), steady(40, 512, start=507), id="late-picture"),
    ],
)
def test_every_frame_has_the_time_that_was_written(
    tmp_path: Path, time_base: Fraction, pts: tuple[int, ...], b_frames: int
) -> None:
    planted = a_recording(
        tmp_path / "r.mp4", pts=pts, time_base=time_base, last_lasts=pts[1] - pts[0], b_frames=b_frames, rate_hz=None
    )
    clock = read_clock(planted.path)
    assert [clock.start_of(i) for i in range(clock.n_frames)] == [planted.time_of(i) for i in range(len(pts))]
    if b_frames == 0 or len({b - a for a, b in pairwise(pts)}) == 1:  # .mp4 keeps durations in order of decoding only
        assert clock.end_of(clock.last_frame) == planted.end_of(len(pts) - 1)


def test_matroska_without_counts_keeps_its_whole_milliseconds(tmp_path: Path) -> None:
    planted = a_recording(
        tmp_path / "r.mkv", pts=steady(40, 33), time_base=Fraction(1, 1000), last_lasts=33, rate_hz=None
    )
    clock = read_clock(planted.path)
    assert clock.pts == planted.pts
    assert clock.time_base == Fraction(1, 1000)


def test_the_last_frame_without_a_duration_lasts_as_long_as_the_one_before() -> None:
    builder = ClockBuilder(Fraction(1, 1000))
    for tick in (0, 33, 70):
        builder.add(tick, None)
    assert builder.clock().end_pts == 70 + 37


def test_a_clock_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one frame"):
        ClockBuilder(Fraction(1, 1000)).clock()


def test_the_richest_of_several_pictures_is_read_with_its_published_times(material: Path) -> None:
    # torchcodec publishes the times of stream 3 of this file, 480 × 270, 30000/1001 Hz, with six decimals
    folder = material / "ugly-torchcodec"
    published = json.loads((folder / "nasa_13013.mp4.stream3.all_frames_info.json").read_text())
    clock = read_clock(folder / "nasa_13013.mp4")
    assert clock.n_frames == len(published) == 390
    assert [f"{float(clock.start_of(i)):.6f}" for i in range(390)] == [frame["pts_time"] for frame in published]


def test_frames_are_known_by_the_timecode_burned_into_them(material: Path) -> None:
    # example.mp4 shows 01:00:SS:FF at 30 Hz in figures of one width; the first ten frames show every figure once
    path = material / "sync-autoeditor" / "example.mp4"
    lefts = (1057, 1098, 1160, 1199)  # columns of the figures: ten seconds, seconds, ten frames, frames
    builder = ClockBuilder(Fraction(1))
    seen = []  # of each frame its four figures
    for shown in pictures(path):
        if not seen:
            builder = ClockBuilder(shown.time_base)
        builder.add(shown.pts, shown.duration)
        line = shown.luma()[610:670].astype(np.int16)
        seen.append([line[:, left : left + 40] for left in lefts])
    clock = builder.clock()
    figures = np.stack([figure for *_, figure in seen[:10]])  # (10, H, W)
    for number, frame in enumerate(seen):
        read = [int(np.abs(figures - figure).sum(axis=(1, 2)).argmin()) for figure in frame]
        seconds, frames = divmod(number, 30)
        assert read == [seconds // 10, seconds % 10, frames // 10, frames % 10]
    assert (clock.n_frames, clock.rate_hz(), len(seen)) == (1272, 30, 1272)
    assert [clock.start_of(Frame(number)) for number in range(1272)] == [Fraction(number, 30) for number in range(1272)]
    assert clock_from_packets(path) == clock


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_the_clock_from_packets_is_the_clock_by_decoding(material: Path, suffix: str) -> None:
    compared = 0
    for path in sorted(material.rglob(f"*{suffix}")):
        if path.name == "example.mp4":
            continue  # above
        try:
            with opened(path) as container:
                choices = [StreamChoice(picture=offer.index) for offer in offered_pictures(container)]
            decoded = [read_clock(path, streams=choice) for choice in choices]
        except BadInput:
            continue
        assert [clock_from_packets(path, streams=choice) for choice in choices] == decoded, path.name
        compared += len(decoded)
    assert compared >= {".mp4": 14, ".mov": 3, ".mkv": 2, ".webm": 0}[suffix]


def test_other_containers_are_left_to_the_decoder(tmp_path: Path) -> None:
    for name in ("r.avi", "r.ts"):
        planted = a_recording(tmp_path / name, pts=steady(20, 1), time_base=Fraction(1, 25), rate=25, rate_hz=None)
        assert clock_from_packets(planted.path) is None


@pytest.mark.parametrize("name", ["r.mp4", "r.mkv"])
def test_a_truncated_file_has_no_clock_from_packets(tmp_path: Path, name: str) -> None:
    planted = a_recording(tmp_path / name, rate_hz=None, options={"movflags": "+faststart"} if "mp4" in name else {})
    data = planted.path.read_bytes()
    planted.path.write_bytes(data[: len(data) * 3 // 4])
    assert clock_from_packets(planted.path) is None
    planted.path.write_bytes(b"")
    with pytest.raises(BadInput, match="is empty"):
        clock_from_packets(planted.path)


def test_a_real_recording_of_variable_rate(repository: Path) -> None:
    # index ÷ mean rate would be wrong here: the first 72 frames last 1/30 s, the last 95 frames 1/24 s
    clock = read_clock(repository / "demo" / "recordings" / "face_noface.mov")
    assert clock.n_frames == 169
    gaps = [clock.end_of(i) - clock.start_of(i) for i in range(169)]
    assert gaps[:72] == [Fraction(1, 30)] * 72
    assert gaps[-95:] == [Fraction(1, 24)] * 95
    assert abs(clock.start_of(84) - 84 / clock.rate_hz()) > Fraction(1, 10)
