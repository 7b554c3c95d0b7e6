"""The right frames and the right samples: read back from what was cut, whatever the rate, offset and crop."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import av
import numpy as np
import pytest
from builders.video import HEIGHT, WIDTH, Planted, a_recording, index_of, read_barcode, steady
from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import Box
from mmed_curate.domain.time import Frame, FrameClock, SyncBasis, Synchrony
from mmed_curate.media import clipsound
from mmed_curate.media import cut as cutting
from mmed_curate.media.clock import read_clock
from mmed_curate.media.container import StreamChoice
from mmed_curate.media.cut import ClipEncoding, CutRequest, SoundSource, cut
from mmed_curate.media.pictures import pictures
from mmed_curate.media.sound import read_sound, sound_span

FINE = ClipEncoding(crf=10, preset="ultrafast")


def a_request(folder: Path, first: int, last: int, *, crop: Box | None = None, sound: bool = True) -> CutRequest:
    name = f"{first}-{last}"
    return CutRequest(
        first=Frame(first),
        last=Frame(last),
        crop=crop,
        picture=folder / f"{name}.mp4",
        sound=folder / f"{name}.wav" if sound else None,
    )


def samples_in(path: Path) -> list[int]:
    """What the samples of a WAV say."""
    with wave.open(str(path)) as stream:
        stored = np.frombuffer(stream.readframes(stream.getnframes()), dtype="<i2")
        return [index_of(value) for value in stored[:: stream.getnchannels()]]


def spoken(planted: Planted, first: int, last: int) -> list[int]:
    """What they should say: silence is 30,000 in the builder's counting, as a sample of 0 is."""
    wanted = planted.samples_of(first, last)
    return [i % 60000 if 0 <= i < planted.n_samples else index_of(np.int16(0)) for i in wanted]


RECORDINGS = {
    "29.97 Hz": {"pts": steady(120, 1001), "time_base": Fraction(1, 30000), "last_lasts": 1001},
    "30 Hz": {"pts": steady(120, 512)},
    "60 Hz": {"pts": steady(120, 256), "last_lasts": 256},
    "200 Hz": {"pts": steady(120, 64), "time_base": Fraction(1, 12800), "last_lasts": 64},
    "variable": {"pts": tuple(accumulate([0, *([512, 700, 300, 2000, 512, 11] * 20)])), "b_frames": 3},
    "sound starts late": {"pts": steady(120, 512), "sound_start": Fraction(3, 2)},
    "sound ends early": {"pts": steady(120, 512), "n_samples": 100_000},
    "picture starts late": {"pts": steady(120, 512, start=5000), "rate_hz": 44100},
    "44.1 kHz at 29.97 Hz": {
        "pts": steady(120, 1001),
        "time_base": Fraction(1, 30000),
        "last_lasts": 1001,
        "rate_hz": 44100,
    },
    "a rate that AAC does not know": {"pts": steady(120, 512), "rate_hz": 50000},
    "six channels": {"pts": steady(120, 512), "channels": 6},
}


IN_MATROSKA = ("30 Hz", "sound starts late", "sound ends early", "picture starts late", "six channels")
"""What its whole milliseconds can say, with frames of 33 ms."""


@pytest.mark.parametrize(
    ("container", "name"), [*(("mov", name) for name in RECORDINGS), *(("mkv", name) for name in IN_MATROSKA)]
)
def test_frames_and_samples_are_exactly_those_of_the_window(tmp_path: Path, name: str, container: str) -> None:
    settings_of = dict(RECORDINGS[name])
    if container == "mkv":
        settings_of |= {"time_base": Fraction(1, 1000), "last_lasts": 33}
        first = settings_of["pts"][0]
        settings_of["pts"] = steady(120, 33, start=330 if first else 0)
    planted = a_recording(tmp_path / f"r.{container}", **settings_of)
    clock = read_clock(planted.path)
    windows = [(0, 0), (7, 21), (15, 40), (88, 93), (119, 119)]
    clips = cut(planted.path, clock, [a_request(tmp_path, *window) for window in windows], encoding=FINE)
    for (first, last), clip in zip(windows, clips, strict=True):
        picture, sound = tmp_path / f"{first}-{last}.mp4", tmp_path / f"{first}-{last}.wav"
        assert [read_barcode(p.luma()) for p in pictures(picture)] == list(range(first, last + 1))
        assert samples_in(sound) == spoken(planted, first, last)
        assert clip.n_samples == len(spoken(planted, first, last))
        written = read_clock(picture)
        assert written.start_of(Frame(0)) == clip.clock.start_of(Frame(0)) == 0
        for frame in range(last - first + 1):
            assert written.end_of(Frame(frame)) == planted.end_of(first + frame) - planted.time_of(first)
            assert written.end_of(Frame(frame)) == clip.clock.end_of(Frame(frame))


@settings(max_examples=10, deadline=None)
@given(
    gaps=st.lists(st.integers(20, 3000), min_size=5, max_size=40),
    rate_hz=st.sampled_from([8000, 16000, 44100, 48000]),
    late=st.integers(0, 20000),
    start=st.integers(0, 9000),
    data=st.data(),
)
def test_any_window_of_any_recording(
    tmp_path_factory: pytest.TempPathFactory, gaps: list[int], rate_hz: int, late: int, start: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("any")
    pts = tuple(accumulate([start, *gaps]))
    planted = a_recording(
        folder / "r.mov", pts=pts, rate_hz=rate_hz, sound_start=Fraction(late, rate_hz), n_samples=rate_hz, b_frames=0
    )
    first = data.draw(st.integers(0, len(pts) - 1))
    last = data.draw(st.integers(first, len(pts) - 1))
    (clip,) = cut(planted.path, read_clock(planted.path), [a_request(folder, first, last)], encoding=FINE)
    assert [read_barcode(p.luma()) for p in pictures(folder / f"{first}-{last}.mp4")] == list(range(first, last + 1))
    assert samples_in(folder / f"{first}-{last}.wav") == spoken(planted, first, last)
    ideal = planted.end_of(last) - planted.time_of(first)
    assert abs(Fraction(clip.n_samples, rate_hz) - ideal) < Fraction(1, rate_hz)


def test_a_click_is_heard_on_its_frame_in_both_files(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mov", pts=steady(120, 512), click_at=48_000 + 800)  # half-way through frame 30
    clock = read_clock(planted.path)
    cut(planted.path, clock, [a_request(tmp_path, 20, 50)], encoding=FINE)
    for name in ("20-50.mp4", "20-50.wav"):
        sound = read_sound(tmp_path / name, Fraction(0), Fraction(1))
        assert int(np.abs(sound.samples[:, 0]).argmax()) == 10 * 1600 + 800


def test_the_preview_has_exactly_as_many_samples(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mov", pts=steady(120, 512))
    clips = cut(
        planted.path, read_clock(planted.path), [a_request(tmp_path, 3, last) for last in (3, 4, 28)], encoding=FINE
    )
    for clip in clips:
        assert sound_span(tmp_path / f"3-{clip.last}.mp4") == (0, Fraction(clip.n_samples, 48000))


def test_clips_far_apart_are_found_by_seeking(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mov", pts=steady(1200, 256), last_lasts=256, key_every=40, rate_hz=8000)
    windows = [(1100, 1110), (5, 9), (600, 603)]
    seen: list[tuple[int, int | None]] = []
    cut(
        planted.path,
        read_clock(planted.path),
        [a_request(tmp_path, *window) for window in windows],
        encoding=FINE,
        progress=lambda done, total: seen.append((done, total)),
    )
    for first, last in windows:
        assert [read_barcode(p.luma()) for p in pictures(tmp_path / f"{first}-{last}.mp4")] == list(
            range(first, last + 1)
        )
        assert samples_in(tmp_path / f"{first}-{last}.wav") == spoken(planted, first, last)
    assert seen == [(done, 20) for done in range(1, 21)]


@pytest.mark.parametrize(
    ("crop", "kept"),
    [
        (Box(left=16, top=4, right=80, bottom=20), Box(left=16, top=4, right=80, bottom=20)),
        (Box(left=3, top=5, right=31, bottom=22), Box(left=2, top=4, right=32, bottom=22)),  # whole blocks of chroma
        (Box(left=127, top=31, right=128, bottom=32), Box(left=126, top=30, right=128, bottom=32)),
    ],
)
def test_a_crop_is_on_the_grid_of_the_picture_shown(tmp_path: Path, crop: Box, kept: Box) -> None:
    planted = a_recording(tmp_path / "r.mov", pts=steady(80, 512))
    clock = read_clock(planted.path)
    request = a_request(tmp_path, 60, 70, crop=crop)
    (clip,) = cut(planted.path, clock, [request], encoding=ClipEncoding(crf=1, preset="veryfast"))
    assert clip.crop == kept
    whole = list(pictures(planted.path, first=Frame(60), last=Frame(70), clock=clock))
    for shown, original in zip(pictures(tmp_path / "60-70.mp4"), whole, strict=True):
        wanted = original.luma()[kept.top : kept.bottom, kept.left : kept.right].astype(int)
        assert shown.luma().shape == wanted.shape
        assert np.abs(shown.luma().astype(int) - wanted).mean() < 3


def test_a_turned_recording_is_cut_as_it_is_shown(material: Path, tmp_path: Path) -> None:
    path = material / "ugly-decord" / "video_90.mov"
    clock = read_clock(path)
    crop = Box(left=100, top=300, right=200, bottom=500)
    cut(path, clock, [a_request(tmp_path, 1, 2, crop=crop)], encoding=FINE)
    shown, original = next(pictures(tmp_path / "1-2.mp4")), next(pictures(path, first=Frame(1)))
    assert np.abs(shown.bgr().astype(int) - original.bgr()[300:500, 100:200]).mean() < 4


def test_a_recording_without_sound_gives_no_sound(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mp4", rate_hz=None)
    (clip,) = cut(planted.path, read_clock(planted.path), [a_request(tmp_path, 1, 5)], encoding=FINE)
    assert (clip.n_samples, clip.sample_rate_hz) == (0, None)
    assert not (tmp_path / "1-5.wav").exists()


@pytest.mark.parametrize(("sound", "inside"), [(False, True), (True, False)])
def test_a_picture_can_be_silent(tmp_path: Path, sound: bool, inside: bool) -> None:
    planted = a_recording(tmp_path / "r.mov")
    request = CutRequest(
        first=Frame(0),
        last=Frame(9),
        crop=None,
        picture=tmp_path / "c.mp4",
        sound=tmp_path / "c.wav" if sound else None,
        sound_in_picture=inside,
    )
    cut(planted.path, read_clock(planted.path), [request], encoding=FINE)
    with av.open(str(tmp_path / "c.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]
    assert (tmp_path / "c.wav").exists() == sound


_AGAIN = """
import os, sys
from pathlib import Path
from mmed_curate.domain.time import Frame
from mmed_curate.media.clock import read_clock
from mmed_curate.media.cut import ClipEncoding, CutRequest, cut
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
recording, folder = Path(sys.argv[1]), Path(sys.argv[2])
request = CutRequest(
    first=Frame(30), last=Frame(40), crop=None, picture=folder / "30-40.mp4", sound=folder / "30-40.wav"
)
cut(recording, read_clock(recording), [request], encoding=ClipEncoding(crf=16, preset="veryfast"))
"""


def test_the_same_bytes_on_one_core_in_another_process_and_after_other_clips(tmp_path: Path, repository: Path) -> None:
    recording = repository / "demo" / "recordings" / "face_noface.mov"
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    requests = [a_request(here, *window) for window in ((36, 42), (30, 40))]
    cut(recording, read_clock(recording), requests, encoding=ClipEncoding(crf=16, preset="veryfast"))
    environment = os.environ | {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-c", _AGAIN, str(recording), str(there)], check=True, env=environment)
    for name in ("30-40.mp4", "30-40.wav"):
        assert (here / name).read_bytes() == (there / name).read_bytes()


def test_nothing_of_the_sources_metadata_is_carried_over(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mov")
    named = tmp_path / "named.mov"
    with av.open(str(planted.path)) as source, av.open(str(named), "w") as target:
        target.metadata["title"] = "canary Alice"
        target.metadata["comment"] = "canary"
        streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    assert b"canary" in named.read_bytes()
    cut(named, read_clock(named), [a_request(tmp_path, 2, 9)], encoding=FINE)
    for name in ("2-9.mp4", "2-9.wav"):
        assert b"canary" not in (tmp_path / name).read_bytes()


def test_wrong_requests_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mov")
    clock = read_clock(planted.path)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(BadInput, match=r"frame 60 is outside 0\.\.59"):
        cut(planted.path, clock, [a_request(out, 0, 60)], encoding=FINE)
    with pytest.raises(BadInput, match="cannot cut frames 5 to 4"):
        a_request(out, 5, 4)
    outside = Box(left=0, top=0, right=WIDTH + 1, bottom=HEIGHT)
    with pytest.raises(BadInput, match="reaches out of the picture of 128 × 32"):
        cut(planted.path, clock, [a_request(out, 0, 9), a_request(out, 3, 5, crop=outside)], encoding=FINE)
    assert list(out.iterdir()) == []


def test_a_recording_that_breaks_off_leaves_no_half_clip(material: Path, tmp_path: Path) -> None:
    path = material / "ugly-decord" / "corrupted.mp4"  # 28 of 50 frames can be decoded
    with av.open(str(path)) as container:
        pts = sorted(packet.pts for packet in container.demux(video=0) if packet.pts is not None)
        time_base = container.streams.video[0].time_base
    clock = FrameClock(pts=tuple(pts), end_pts=pts[-1] + 1024, time_base=Fraction(time_base))
    with pytest.raises(BadInput, match=r"breaks off|has no frame"):
        cut(path, clock, [a_request(tmp_path, 20, 24), a_request(tmp_path, 20, 40)], encoding=FINE)
    assert [name.name for name in tmp_path.iterdir()] == ["20-24.mp4"]  # all of it was there


def test_threads_and_memory_change_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = a_recording(tmp_path / "r.mov", pts=steady(60, 512))
    clock = read_clock(planted.path)
    windows = [(start, start + 9 + start % 5) for start in range(0, 24, 4)]
    written = []
    for n_threads, open_bytes, waiting_bytes in ((1, 1 << 30, 1 << 30), (3, 1 << 30, 20_000), (2, 100_000, 1)):
        monkeypatch.setattr(cutting, "_MOST_OPEN_BYTES", open_bytes)
        monkeypatch.setattr(cutting, "_MOST_WAITING_BYTES", waiting_bytes)
        folder = tmp_path / f"{n_threads}"
        folder.mkdir()
        requests = [a_request(folder, *window) for window in windows]
        seen: list[tuple[int, int | None]] = []
        cut(
            planted.path,
            clock,
            requests,
            encoding=FINE,
            n_threads=n_threads,
            progress=lambda done, total, seen=seen: seen.append((done, total)),
        )
        assert seen[-1][0] == seen[-1][1] == len(seen)
        written.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert len(written[0]) == 2 * len(windows)
    assert written[0] == written[1] == written[2]
    assert len(seen) > 30  # little memory: the recording was read more than once


@pytest.mark.parametrize("rate_hz", [48000, 50000])
def test_the_sound_of_a_long_clip_is_read_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate_hz: int
) -> None:
    planted = a_recording(tmp_path / "r.mov", pts=steady(60, 512), rate_hz=rate_hz, channels=2)
    clock = read_clock(planted.path)
    heard = []
    for number, at_once_s in enumerate((60, Fraction(1, 10))):
        monkeypatch.setattr(clipsound, "_AT_ONCE_S", at_once_s)
        monkeypatch.setattr(clipsound, "_SLICE_S", Fraction(1, 7))
        folder = tmp_path / f"{number}"
        folder.mkdir()
        request = replace(a_request(folder, 3, 50), archive=folder / "a.mov")
        (clip,) = cut(planted.path, clock, [request], encoding=FINE)
        assert samples_in(folder / "3-50.wav") == spoken(planted, 3, 50)
        assert clip.n_samples == len(spoken(planted, 3, 50))
        inside = [
            read_sound(path, Fraction(0), Fraction(2)).samples for path in (folder / "3-50.mp4", folder / "a.mov")
        ]
        heard.append([(folder / "3-50.wav").read_bytes(), *(samples.tobytes() for samples in inside)])
    assert heard[0] == heard[1]


def test_sound_of_a_companion_lies_on_the_recordings_clock(tmp_path: Path) -> None:
    camera = a_recording(tmp_path / "camera.mov", pts=steady(60, 512), rate_hz=None)
    microphone = a_recording(tmp_path / "microphone.wav.mov", pts=steady(60, 512), rate_hz=48000, channels=2)
    clock = read_clock(camera.path)
    later = Synchrony(offset_s=0.25, drift_ppm=0.0, uncertainty_ms=0.1, basis=SyncBasis.MEASURED)
    drifting = Synchrony(offset_s=0.25, drift_ppm=50.0, uncertainty_ms=0.1, basis=SyncBasis.MEASURED)
    sources = {
        "same": SoundSource(path=microphone.path),
        "later": SoundSource(path=microphone.path, synchrony=later, channel=1),
        "drifting": SoundSource(path=microphone.path, synchrony=drifting),
    }
    requests = [
        CutRequest(
            first=Frame(20),
            last=Frame(28),
            crop=None,
            picture=tmp_path / f"{name}.mp4",
            sound=tmp_path / f"{name}.wav",
            archive=tmp_path / f"{name}-archive.mov",
            sound_from=source,
        )
        for name, source in sources.items()
    ]
    clips = cut(camera.path, clock, requests, encoding=FINE)
    assert [clip.n_samples for clip in clips] == [9 * 1600] * 3
    assert samples_in(tmp_path / "same.wav") == list(range(32_000, 32_000 + 14_400))
    assert samples_in(tmp_path / "later.wav") == list(range(20_000, 20_000 + 14_400))
    with wave.open(str(tmp_path / "later.wav")) as stream:
        assert stream.getnchannels() == 1
    # sample k of the recording's clock is what the microphone had at (k / 48000 - 0.25) / 1.00005 s
    stretched = samples_in(tmp_path / "drifting.wav")
    for number in (100, 5000, 14_000):
        at = (Fraction(32_000 + number, 48000) - Fraction(1, 4)) / (1 + Fraction(50, 1_000_000)) * 48000
        assert abs(stretched[number] - float(at)) < 1


def test_a_companion_that_holds_no_such_sound_is_refused(tmp_path: Path) -> None:
    camera = a_recording(tmp_path / "camera.mov")
    deaf = a_recording(tmp_path / "deaf.mov", rate_hz=None)
    clock = read_clock(camera.path)
    for source, said in (
        (SoundSource(path=deaf.path), "holds no sound"),
        (SoundSource(path=camera.path, channel=3), "channel"),
        (SoundSource(path=camera.path, streams=StreamChoice(sound=7)), "7"),
    ):
        request = replace(a_request(tmp_path, 3, 9), sound_from=source)
        with pytest.raises(BadInput, match=said):
            cut(camera.path, clock, [request], encoding=FINE)
        assert not (tmp_path / "3-9.mp4").exists()


def test_nothing_to_cut_is_nothing_cut(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mov")
    assert cut(planted.path, read_clock(planted.path), [], encoding=FINE) == ()
