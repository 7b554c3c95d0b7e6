"""Flash and click: a white frame and a loud sample at known times are as far apart in every clip as in life."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from builders.video import Planted, a_recording, steady
from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.domain.time import Frame
from mmed_curate.media.clock import read_clock
from mmed_curate.media.cut import ClipEncoding, CutRequest, cut
from mmed_curate.media.pictures import pictures
from mmed_curate.media.sound import SoundReader

QUICK = ClipEncoding(crf=16, preset="ultrafast")
SIZE = {"width": 64, "height": 48}


@dataclass(frozen=True)
class Event:
    """A flash and a click as found in a file."""

    flash_s: Fraction
    click_s: Fraction
    n_frames: int


def click_in(path: Path) -> Fraction:
    """When the loudest sample sounds."""
    if path.suffix == ".wav":
        with wave.open(str(path)) as stream:
            samples = np.frombuffer(stream.readframes(stream.getnframes()), dtype="<i2").astype(float)
            return Fraction(int(np.abs(samples).argmax()), stream.getframerate())
    with SoundReader(path) as reader:
        sound = next(reader.blocks(1 << 24))
        return sound.start + Fraction(int(np.abs(sound.samples[:, 0]).argmax()), reader.rate_hz)


def event_in(path: Path) -> Event:
    clock = read_clock(path)
    (white,) = [shown.frame for shown in pictures(path) if shown.luma().mean() > 128]
    return Event(flash_s=clock.start_of(white), click_s=click_in(path), n_frames=clock.n_frames)


def check(planted: Planted, folder: Path, *, flash_at: int, click_at: int, windows: list[tuple[int, int]]) -> None:
    """Cut windows that hold flash and click; in .mp4, .mov and .wav both lie where the ideal cut has them."""
    assert planted.rate_hz is not None
    requests = [
        CutRequest(
            first=Frame(first),
            last=Frame(last),
            crop=None,
            picture=folder / f"{number}.mp4",
            sound=folder / f"{number}.wav",
            archive=folder / f"{number}.mov",
        )
        for number, (first, last) in enumerate(windows)
    ]
    cut(planted.path, read_clock(planted.path), requests, encoding=QUICK)
    sample = Fraction(1, planted.rate_hz)
    click_s = planted.sound_start + click_at * sample
    for request, (first, last) in zip(requests, windows, strict=True):
        assert request.sound is not None
        assert request.archive is not None
        begins = planted.time_of(first)
        for path in (request.picture, request.archive):
            found = event_in(path)
            assert found.n_frames == last - first + 1  # none lost
            assert found.flash_s == planted.time_of(flash_at) - begins  # exactly
            # the clip's first sample is the first that sounds at or after its first frame
            assert 0 <= (click_s - begins) - found.click_s < sample <= Fraction(1, 10000)
        assert click_in(request.sound) == click_in(request.archive)


RECORDINGS = {
    "29.97 Hz": {"pts": steady(90, 1001), "time_base": Fraction(1, 30000), "last_lasts": 1001},
    "30 Hz with B-frames": {"pts": steady(90, 512), "b_frames": 3},
    "60 Hz": {"pts": steady(90, 256), "last_lasts": 256},
    "200 Hz": {"pts": steady(200, 64), "time_base": Fraction(1, 12800), "last_lasts": 64},
    "variable": {"pts": tuple(accumulate([0, *([512, 700, 300, 2000, 512, 11] * 15)])), "b_frames": 2},
    "the picture starts late": {"pts": steady(90, 512, start=7777), "rate_hz": 44100},
    "the sound starts late": {"pts": steady(90, 512), "sound_start": Fraction(4801, 48000)},
    "both start late": {"pts": steady(90, 1001, start=4004), "time_base": Fraction(1, 30000), "last_lasts": 1001}
    | {"sound_start": Fraction(4409, 44100), "rate_hz": 44100},
}


@pytest.mark.parametrize("container", ["mov", "mp4"])
@pytest.mark.parametrize("name", RECORDINGS)
def test_every_rate_and_offset(tmp_path: Path, name: str, container: str) -> None:
    settings_of = RECORDINGS[name]
    pts, time_base = settings_of["pts"], settings_of.get("time_base", Fraction(1, 15360))
    flash_at, rate_hz = 41, settings_of.get("rate_hz", 48000)
    # two thirds into the flash's own frame
    seconds = (pts[flash_at] + (pts[flash_at + 1] - pts[flash_at]) * Fraction(2, 3)) * time_base
    click_at = round((seconds - settings_of.get("sound_start", Fraction(0))) * rate_hz)
    sound_codec = "pcm_s16le" if container == "mov" else "aac"
    planted = a_recording(
        tmp_path / f"r.{container}",
        **settings_of,
        **SIZE,
        sound_codec=sound_codec,
        flash_at=flash_at,
        click_at=click_at,
    )
    last = len(pts) - 1
    check(planted, tmp_path, flash_at=flash_at, click_at=click_at, windows=[(41, 41), (30, 60), (0, last), (40, 42)])


@pytest.mark.parametrize(
    ("container", "settings_of"),
    [
        ("mkv", {"codec": "libx264", "b_frames": 2}),
        ("mkv", {"codec": "mpeg4", "sound_codec": "flac"}),
        ("webm", {"codec": "libvpx-vp9", "sound_codec": "libopus", "encoder": {"deadline": "realtime"}}),
        ("avi", {"codec": "mjpeg", "pixel_format": "yuvj420p", "b_frames": 0}),
    ],
)
def test_other_containers_keep_what_their_clocks_can_say(
    tmp_path: Path, container: str, settings_of: dict[str, str]
) -> None:
    """Matroska counts whole ms: frames of 31 ms, so that nothing is rounded. AVI counts frames."""
    step, time_base = (1, Fraction(1, 30)) if container == "avi" else (31, Fraction(1, 1000))
    click_at = int((41 * step * time_base + Fraction(1, 60)) * 48000)
    planted = a_recording(
        tmp_path / f"r.{container}",
        pts=steady(90, step),
        time_base=time_base,
        last_lasts=step,
        **settings_of,
        **SIZE,
        flash_at=41,
        click_at=click_at,
    )
    check(planted, tmp_path, flash_at=41, click_at=click_at, windows=[(41, 42), (20, 60)])


@settings(max_examples=15, deadline=None)
@given(
    gaps=st.lists(st.integers(60, 3000), min_size=4, max_size=30),
    ticks_per_s=st.sampled_from([15360, 30000, 90000, 12800]),
    late_picture=st.integers(0, 9000),
    late_sound=st.integers(0, 20000),
    rate_hz=st.sampled_from([16000, 44100, 48000]),
    b_frames=st.integers(0, 3),
    data=st.data(),
)
def test_any_recording(
    tmp_path_factory: pytest.TempPathFactory,
    gaps: list[int],
    ticks_per_s: int,
    late_picture: int,
    late_sound: int,
    rate_hz: int,
    b_frames: int,
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.mktemp("flash")
    pts = tuple(accumulate([late_picture, *gaps]))
    flash_at = data.draw(st.integers(0, len(pts) - 1), label="flash")
    first = data.draw(st.integers(0, flash_at), label="first")
    last = data.draw(st.integers(flash_at, len(pts) - 1), label="last")
    edges = [(*pts, pts[-1] + 500)[frame] * Fraction(1, ticks_per_s) for frame in (first, last + 1)]
    from_sample = -(-edges[0] * rate_hz // 1)
    until_sample = -(-edges[1] * rate_hz // 1)
    inside = st.integers(max(from_sample, late_sound), max(until_sample, late_sound + 1) - 1)
    click_at = data.draw(inside, label="click") - late_sound
    if until_sample <= late_sound or until_sample - from_sample < 1:
        return  # the clip ends before there is sound
    planted = a_recording(
        folder / "r.mov",
        pts=pts,
        time_base=Fraction(1, ticks_per_s),
        last_lasts=500,
        b_frames=b_frames,
        key_every=7,
        rate_hz=rate_hz,
        sound_start=Fraction(late_sound, rate_hz),
        n_samples=max(click_at + 1, rate_hz),
        flash_at=flash_at,
        click_at=click_at,
        **SIZE,
    )
    check(planted, folder, flash_at=flash_at, click_at=click_at, windows=[(first, last)])
