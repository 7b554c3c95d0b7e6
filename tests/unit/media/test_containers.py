"""Recordings as they are: every codec in every container, at every rate, late, early, cut, live and with gaps.

Each frame shows its number as bars and each sound has one click, so what is read can be held against what was written.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import av
import numpy as np
import pytest
from av.packet import Packet
from builders.remux import remuxed
from builders.video import Planted, a_recording, read_barcode, steady

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media.clock import clock_from_packets, read_clock
from mmed_curate.media.pictures import pictures
from mmed_curate.media.sound import SoundReader, read_sound, sound_samples, sound_span

HALF_A_TICK_S = {".mkv": Fraction(1, 2000), ".webm": Fraction(1, 2000)}
"""Matroska counts whole ms; all else is exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """How a picture is compressed."""

    encoder: str
    pixel_format: str = "yuv420p"
    b_frames: int = 0
    options: dict[str, str] = field(default_factory=dict)
    trusted: bool = True
    """Whether the container tells which frames are shown."""


_OPEN = "keyint=10:min-keyint=10:scenecut=0:bframes=3:b-adapt=0"
_HEVC = {"x265-params": "log-level=none:keyint=12"}
_AV1 = {"preset": "10", "crf": "10", "svtav1-params": "lp=1"}
CODECS = {
    "h264": Codec(encoder="libx264", b_frames=2),
    "h264-10bit": Codec(encoder="libx264", pixel_format="yuv420p10le", b_frames=2),
    "h264-444": Codec(encoder="libx264", pixel_format="yuv444p", b_frames=2),
    "h264-interlaced": Codec(encoder="libx264", b_frames=2, options={"x264-params": "interlaced=1:tff=1"}),
    "h264-open-gop": Codec(encoder="libx264", b_frames=3, options={"x264-params": f"open-gop=1:{_OPEN}"}),
    "hevc": Codec(encoder="libx265", b_frames=2, options=_HEVC),
    "hevc-10bit": Codec(encoder="libx265", pixel_format="yuv420p10le", b_frames=2, options=_HEVC),
    "vp9": Codec(encoder="libvpx-vp9", options={"cpu-used": "8", "deadline": "realtime"}),
    "vp9-hidden": Codec(encoder="libvpx-vp9", options={"cpu-used": "5", "auto-alt-ref": "1", "lag-in-frames": "16"}),
    "vp8": Codec(encoder="libvpx", options={"auto-alt-ref": "1", "lag-in-frames": "16"}, trusted=False),
    "av1": Codec(encoder="libsvtav1", options=_AV1),
    "av1-10bit": Codec(encoder="libsvtav1", pixel_format="yuv420p10le", options=_AV1),
    "mpeg4": Codec(encoder="mpeg4", b_frames=2, options={"qscale": "2"}, trusted=False),
    "mjpeg": Codec(encoder="mjpeg", pixel_format="yuvj420p"),
    "ffv1": Codec(encoder="ffv1"),
    "ffv1-10bit": Codec(encoder="ffv1", pixel_format="yuv420p10le"),
    "prores": Codec(encoder="prores_ks", pixel_format="yuv422p10le"),
}
CONTAINERS = {
    ".mp4": "h264 h264-10bit h264-444 h264-interlaced h264-open-gop hevc hevc-10bit vp9 av1 av1-10bit mpeg4",
    ".mov": "h264 h264-10bit hevc mjpeg prores mpeg4",
    ".mkv": "h264 h264-10bit h264-interlaced h264-open-gop hevc hevc-10bit vp9 vp8 av1 mpeg4 mjpeg ffv1 ffv1-10bit",
    ".webm": "vp8 vp9 vp9-hidden av1 av1-10bit",
    ".avi": "h264 mpeg4 mjpeg ffv1",
}
SOUND = {".mp4": "aac", ".mov": "pcm_s16le", ".mkv": "pcm_s16le", ".webm": "libopus", ".avi": "pcm_s16le"}
VARIABLE = tuple(accumulate([0, *([40, 33, 70, 20, 100] * 6)]))
CLICK = 30_000


def numbers_of(path: Path, **kwargs: object) -> list[int]:
    """The numbers that the frames show."""
    return [read_barcode(shown.luma()) for shown in pictures(path, **kwargs)]


def times_of(clock: FrameClock) -> list[Fraction]:
    """When each frame appears."""
    return [clock.start_of(Frame(i)) for i in range(clock.n_frames)]


def click_s(path: Path) -> Fraction:
    """When the loudest sample sounds."""
    with SoundReader(path) as reader:
        samples = np.concatenate([block.samples[:, 0] for block in reader.blocks(48000)])
        return reader.origin + Fraction(int(np.abs(samples).argmax()), reader.rate_hz)


@pytest.mark.parametrize("is_variable", [False, True], ids=["constant", "variable"])
@pytest.mark.parametrize(
    ("suffix", "name"), [(suffix, name) for suffix, names in CONTAINERS.items() for name in names.split()]
)
def test_frames_times_and_sound_of_every_codec(tmp_path: Path, suffix: str, name: str, is_variable: bool) -> None:
    codec = CODECS[name]
    rate: Fraction | int = 30
    if suffix == ".avi":
        if is_variable:
            pytest.skip("AVI stores no times")
        rate = Fraction(30000, 1001)
        tick, pts = 1 / rate, steady(40, 1)
    elif is_variable:
        tick, pts = Fraction(1, 1000), VARIABLE
    else:
        tick, pts = Fraction(1, 30000), steady(40, 1001)
    planted = a_recording(
        tmp_path / f"r{suffix}",
        pts=pts,
        time_base=tick,
        last_lasts=pts[-1] - pts[-2],
        codec=codec.encoder,
        pixel_format=codec.pixel_format,
        b_frames=0 if suffix == ".avi" else codec.b_frames,
        encoder=codec.options,
        height=64,  # AV1 wants as much
        rate=rate,
        sound_codec=SOUND[suffix],
        click_at=CLICK,
    )
    within = HALF_A_TICK_S.get(suffix, Fraction(0))
    assert numbers_of(planted.path) == list(range(len(pts)))
    clock = read_clock(planted.path)
    off = [abs(found - planted.time_of(i)) for i, found in enumerate(times_of(clock))]
    assert max(off) <= within
    if not (is_variable and codec.b_frames):  # .mp4 keeps durations in order of decoding only
        assert abs(clock.end_of(clock.last_frame) - planted.end_of(len(pts) - 1)) <= 2 * within
    trusted = codec.trusted and suffix != ".avi"
    assert clock_from_packets(planted.path) == (clock if trusted else None)
    for first in (7, 12, 26):
        last = Frame(first + 1)
        assert numbers_of(planted.path, first=Frame(first), last=last, clock=clock) == [first, first + 1]
    assert abs(click_s(planted.path) - Fraction(CLICK, 48000)) <= within + Fraction(1, 48000)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
@pytest.mark.parametrize("rate_hz", [15, 25, Fraction(30000, 1001), 60, 200, 500])
def test_every_rate(tmp_path: Path, suffix: str, rate_hz: Fraction | int) -> None:
    exact = [i / Fraction(rate_hz) for i in range(41)]
    tick = Fraction(1, 1000) if suffix == ".mkv" else 1 / Fraction(rate_hz) / (64 if suffix == ".mp4" else 1)
    pts = [round(time / tick) for time in exact]
    planted = a_recording(
        tmp_path / f"r{suffix}",
        pts=pts[:-1],
        time_base=tick,
        last_lasts=pts[-1] - pts[-2],
        b_frames=0 if suffix == ".avi" else 2,
        rate=rate_hz,
    )
    clock = read_clock(planted.path)
    assert numbers_of(planted.path) == list(range(40))
    within = HALF_A_TICK_S.get(suffix, Fraction(0))
    assert max(abs(a - b) for a, b in zip(times_of(clock), exact[:-1], strict=True)) <= within
    assert abs(clock.end_of(clock.last_frame) - exact[-1]) <= 2 * within
    assert clock_from_packets(planted.path) in {clock, None}


AAC_PRIMING_S = Fraction(1024, 48000)
"""What FFmpeg's encoder puts before the first sample."""
STEP = 1001
TICK = Fraction(1, 30000)


def an_original(folder: Path, b_frames: int, **kwargs: object) -> Planted:
    """Sixty frames at 29.97 Hz with AAC, 2.002 s."""
    planted = a_recording(
        folder / "original.mp4",
        pts=steady(60, STEP),
        time_base=TICK,
        last_lasts=STEP,
        b_frames=b_frames,
        sound_codec="aac",
        click_at=CLICK,
        **kwargs,
    )
    return planted


@pytest.mark.parametrize("b_frames", [0, 2])
def test_an_edit_list_hides_what_lies_before_it(tmp_path: Path, b_frames: int) -> None:
    original = an_original(tmp_path, b_frames)
    back = -15 * STEP * TICK
    shifted = remuxed(
        original.path,
        tmp_path / "cut.mp4",
        shift_s={"video": back, "audio": back},
        options={"avoid_negative_ts": "disabled", "movie_timescale": "48000"},
    )
    with av.open(str(shifted)) as container:  # the key frame 12 is needed to decode the first frame shown, 15
        assert sum(packet.is_discard for packet in container.demux(container.streams.video[0])) == 3
    clock = read_clock(shifted)
    assert numbers_of(shifted) == list(range(15, 60))
    assert times_of(clock) == [i * STEP * TICK for i in range(45)]
    assert clock_from_packets(shifted) == clock
    assert click_s(shifted) == pytest.approx(CLICK / 48000 + float(back), abs=1 / 48000)
    assert numbers_of(shifted, first=Frame(20), last=Frame(21), clock=clock) == [35, 36]


@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
@pytest.mark.parametrize("late", ["video", "audio"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_either_stream_may_start_late(tmp_path: Path, suffix: str, late: str, b_frames: int) -> None:
    by = Fraction(3, 4)
    shifted = remuxed(
        an_original(tmp_path, b_frames).path,
        tmp_path / f"late{suffix}",
        shift_s={late: by},
        options={"movie_timescale": "48000"} if suffix == ".mov" else {},
    )
    clock = read_clock(shifted)
    begins = by if late == "video" else Fraction(0)
    within = HALF_A_TICK_S.get(suffix, Fraction(0))
    assert numbers_of(shifted) == list(range(60))
    # Matroska has no times before 0: there both streams move by AAC's priming where it came first
    moved = AAC_PRIMING_S if (suffix, late) == (".mkv", "video") else Fraction(0)
    off = [abs(found - moved - begins - i * STEP * TICK) for i, found in enumerate(times_of(clock))]
    assert max(off) <= 2 * within
    assert clock_from_packets(shifted) == clock
    sounds = (by if late == "audio" else Fraction(0)) + Fraction(CLICK, 48000)
    assert abs(click_s(shifted) - moved - sounds) <= 2 * within + Fraction(1, 48000)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_may_end_early(tmp_path: Path, suffix: str) -> None:
    short = remuxed(
        an_original(tmp_path, 2).path,
        tmp_path / f"short{suffix}",
        keep=lambda kind, number, packet: kind == "video" or number < 20,
    )
    clock = read_clock(short)
    assert (numbers_of(short), clock_from_packets(short)) == (list(range(60)), clock)
    span = sound_span(short)
    assert span is not None
    assert float(span[1]) == pytest.approx(0.41, abs=0.02)  # 20 packets of 1,024 samples, less the priming
    assert not read_sound(short, Fraction(1), Fraction(2)).samples.any()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_picture_may_end_early(tmp_path: Path, suffix: str) -> None:
    short = remuxed(
        an_original(tmp_path, 0).path,
        tmp_path / f"short{suffix}",
        keep=lambda kind, number, packet: kind == "audio" or number < 20,
    )
    assert (numbers_of(short), clock_from_packets(short)) == (list(range(20)), read_clock(short))
    moved = read_clock(short).start_of(Frame(0))
    assert click_s(short) - moved == pytest.approx(CLICK / 48000, abs=0.001)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_dropped_frames_leave_a_gap_that_the_frame_before_fills(tmp_path: Path, suffix: str) -> None:
    pts = [i * 33 for i in range(60) if not 20 <= i < 35]
    planted = a_recording(tmp_path / f"r{suffix}", pts=pts, time_base=Fraction(1, 1000), last_lasts=33)
    clock = read_clock(planted.path)
    assert numbers_of(planted.path) == list(range(45))
    assert (clock.start_of(Frame(19)), clock.end_of(Frame(19))) == (Fraction(627, 1000), Fraction(1155, 1000))
    assert clock_from_packets(planted.path) == clock


LIVE = [
    pytest.param(".mkv", "libx264", {"live": "1"}, id="mkv"),
    pytest.param(".webm", "libvpx-vp9", {"live": "1"}, id="webm"),
    pytest.param(".mp4", "libx264", {"movflags": "frag_keyframe+empty_moov+delay_moov"}, id="fragments"),
]


@pytest.mark.parametrize(("suffix", "encoder", "options"), LIVE)
def test_a_recording_without_a_length_in_its_header(
    tmp_path: Path, suffix: str, encoder: str, options: dict[str, str]
) -> None:
    planted = a_recording(
        tmp_path / f"r{suffix}",
        pts=steady(60, 33),
        time_base=Fraction(1, 1000),
        last_lasts=33,
        codec=encoder,
        b_frames=2 if encoder == "libx264" else 0,
        height=64,
        sound_codec="libopus" if suffix == ".webm" else "aac",
        n_samples=None if suffix == ".webm" else 60 * 1584,
        click_at=CLICK,
        options=options,
    )
    clock = read_clock(planted.path)
    assert numbers_of(planted.path) == list(range(60))
    assert times_of(clock) == [Fraction(i * 33, 1000) for i in range(60)]
    assert clock_from_packets(planted.path) == clock
    assert click_s(planted.path) == pytest.approx(CLICK / 48000, abs=0.001)


@pytest.mark.parametrize("flags", ["frag_keyframe+empty_moov", "dash"])
def test_fragments_whose_times_begin_late_end_when_their_last_frame_does(tmp_path: Path, flags: str) -> None:
    # such a file has no edit list to take off the time by which B-frames are put forward
    planted = a_recording(
        tmp_path / "r.mp4",
        pts=steady(60, 33),
        time_base=Fraction(1, 1000),
        last_lasts=33,
        sound_codec="aac",
        n_samples=60 * 1584,
        options={"movflags": flags},
    )
    clock = read_clock(planted.path)
    assert times_of(clock) == [Fraction((i + 2) * 33, 1000) for i in range(60)]
    assert clock.end_of(clock.last_frame) == Fraction(62 * 33, 1000)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
@pytest.mark.parametrize("encoder", ["libx264", "libx265"])
def test_a_recording_that_begins_in_an_open_group(tmp_path: Path, suffix: str, encoder: str) -> None:
    # cut out of a longer one at its third key frame: the pictures shown before that frame lean on what is gone
    key = "x264-params" if encoder == "libx264" else "x265-params"
    whole = a_recording(
        tmp_path / "whole.mkv",
        pts=steady(60, 33),
        time_base=Fraction(1, 1000),
        last_lasts=33,
        codec=encoder,
        b_frames=3,
        height=64,
        rate_hz=None,
        encoder={key: ("" if encoder == "libx264" else "log-level=none:") + f"open-gop=1:{_OPEN}"},
    )
    keys = 0

    def from_the_third(kind: str, number: int, packet: Packet) -> bool:
        nonlocal keys
        keys += packet.is_keyframe
        return keys >= 3

    part = remuxed(whole.path, tmp_path / f"part{suffix}", keep=from_the_third)
    shown = numbers_of(part)
    clock = read_clock(part)
    assert shown == list(range(20, 60))
    assert clock.n_frames == 40
    assert clock_from_packets(part) is None
    assert numbers_of(part, first=Frame(0), last=Frame(3), clock=clock) == [20, 21, 22, 23]


@pytest.mark.parametrize("number", [10, 59])
def test_a_frame_with_the_time_of_the_one_before_is_not_counted(tmp_path: Path, number: int) -> None:
    whole = a_recording(
        tmp_path / "whole.mkv", pts=steady(60, 33), time_base=Fraction(1, 1000), b_frames=0, last_lasts=33, rate_hz=None
    )

    def repeat(packet: Packet, at: int) -> None:
        if at == number:
            packet.pts = packet.dts = packet.pts - 33

    path = remuxed(whole.path, tmp_path / "repeated.mkv", edit=repeat)
    assert numbers_of(path) == [i for i in range(60) if i != number]
    assert read_clock(path).n_frames == 59
    assert clock_from_packets(path) is None


def test_the_end_of_a_last_frame_that_only_the_header_knows(tmp_path: Path) -> None:
    # FFmpeg forgets how long VP9's packets last in .mp4
    planted = a_recording(
        tmp_path / "r.mp4", pts=VARIABLE, time_base=Fraction(1, 1000), last_lasts=100, codec="libvpx-vp9", b_frames=0
    )
    clock = read_clock(planted.path)
    assert clock.end_of(clock.last_frame) == planted.end_of(len(VARIABLE) - 1)


def packet_places(path: Path) -> list[tuple[int, int]]:
    """Where in the file each packet of the picture begins, and its bytes."""
    with av.open(str(path)) as container:
        return [(p.pos, p.size) for p in container.demux(container.streams.video[0]) if p.size]


@pytest.mark.parametrize("victim", [5, 23])
def test_a_damaged_frame_is_never_dropped_in_silence(tmp_path: Path, victim: int) -> None:
    # with several threads, FFmpeg's decoders keep back an error in the very last packet
    planted = a_recording(
        tmp_path / "r.mkv",
        codec="ffv1",
        b_frames=0,
        rate_hz=None,
        pts=steady(24, 40),
        time_base=Fraction(1, 1000),
        last_lasts=40,
    )
    place, size = packet_places(planted.path)[victim]
    data = bytearray(planted.path.read_bytes())
    data[place + 16 : place + size] = bytes(byte ^ 0x55 for byte in data[place + 16 : place + size])
    planted.path.write_bytes(data)
    with pytest.raises(BadInput, match=f"frame {victim - 1} at .* is the last that can be decoded"):
        read_clock(planted.path)


def a_damaged_group(tmp_path: Path, packet: int) -> Path:
    """HEVC, 24 frames in groups of 8, one packet blanked: the decoder leaves out what leans on it.

    Packets lie in order of decoding: 7 and 15 are the key frames shown eighth and sixteenth, counted from 0.
    """
    planted = a_recording(
        tmp_path / "r.mov",
        codec="libx265",
        rate_hz=None,
        height=64,
        encoder={"x265-params": "log-level=none:keyint=8:min-keyint=8:scenecut=0"},
        pts=steady(24, 512),
    )
    place, size = packet_places(planted.path)[packet]
    data = bytearray(planted.path.read_bytes())
    data[place + 4 : place + size] = bytes(size - 4)
    planted.path.write_bytes(data)
    return planted.path


def test_a_clock_of_frames_that_cannot_be_decoded_is_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = a_damaged_group(tmp_path, 7)
    clock = clock_from_packets(path)
    assert clock is not None
    n_decoded = len(numbers_of(path))
    assert clock.n_frames == 24 > n_decoded
    assert f"{24 - n_decoded} of 24 frames cannot be decoded" in caplog.text
    with pytest.raises(BadInput, match="where its clock says there is one"):
        numbers_of(path, first=Frame(6), last=Frame(12), clock=clock)


def test_an_end_that_cannot_be_decoded_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"frame 14 at 0\.467 s is the last that can be decoded"):
        read_clock(a_damaged_group(tmp_path, 15))


SOUNDS = {
    ".mp4": ("aac", "alac", "libmp3lame", "ac3", "libopus", "flac"),
    ".mov": ("pcm_s16le", "pcm_s24le", "pcm_f32le", "aac", "alac"),
    ".mkv": ("pcm_s16le", "pcm_f32le", "aac", "flac", "libopus", "libmp3lame", "ac3", "wavpack"),
    ".avi": ("pcm_s16le", "pcm_u8", "pcm_mulaw"),
}


@pytest.mark.parametrize(
    ("suffix", "codec"), [(suffix, codec) for suffix, codecs in SOUNDS.items() for codec in codecs]
)
def test_a_click_sounds_when_it_was_made(tmp_path: Path, suffix: str, codec: str) -> None:
    held = {"ac3": [(44100, 2), (48000, 6)], "libmp3lame": [(16000, 1), (44100, 2)], "pcm_mulaw": [(8000, 1)]}
    for rate_hz, channels in held.get(codec, [(8000, 1), (16000, 2), (44100, 6), (48000, 1)]):
        if codec == "libopus" and rate_hz == 44100:
            continue  # it knows no such rate
        for late_s in (Fraction(0), Fraction(1, 2)) if suffix != ".avi" else (Fraction(0),):
            at = rate_hz * 7 // 10
            planted = a_recording(
                tmp_path / f"r{suffix}",
                pts=steady(40, 1),
                time_base=Fraction(1, 25),
                last_lasts=1,
                rate=25,
                b_frames=0,
                rate_hz=rate_hz,
                sound_codec=codec,
                sound_start=late_s,
                channels=channels,
                click_at=at,
            )
            with SoundReader(planted.path) as reader:
                assert (reader.channels, reader.rate_hz) == (channels, 48000 if codec == "libopus" else rate_hz)
            # Opus primes with 6.5 ms, which Matroska rounds on the way in and once more as the codec's delay
            within = Fraction(1, 1000) if (suffix, codec) == (".mkv", "libopus") else HALF_A_TICK_S.get(suffix, 0)
            assert abs(click_s(planted.path) - late_s - Fraction(at, rate_hz)) <= within + Fraction(1, 2 * rate_hz)


def test_a_damaged_time_stamp_does_not_give_hours_of_silence(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mkv", time_base=Fraction(1, 1000), pts=steady(40, 40), last_lasts=40)

    def leap(packet: Packet, number: int) -> None:
        if packet.stream.type == "audio" and number > 20:
            packet.pts += 10**11
            packet.dts += 10**11

    path = remuxed(planted.path, tmp_path / "leaps.mkv", edit=leap)
    with pytest.raises(BadInput, match=r"the sound leaps from 0\.\d+ s by 27778 hours"):
        sound_span(path)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_memory_does_not_grow_with_the_length(tmp_path: Path, suffix: str) -> None:
    planted = a_recording(
        tmp_path / f"r{suffix}",
        pts=steady(2500, 33),
        time_base=Fraction(1, 1000),
        last_lasts=33,
        key_every=60,
        sound_codec=SOUND[suffix],
        click_at=CLICK,
    )

    def resident_mib() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    # all pictures together take 15 MiB, all samples 15 MiB
    seen = [resident_mib() for shown in pictures(planted.path) if shown.luma().size]
    assert max(seen[800:]) - seen[400] < 4
    heard = [resident_mib() for block in sound_samples(planted.path) if block.n_samples]
    assert len(heard) == 83
    assert max(heard[30:]) - heard[15] < 4
    before = resident_mib()
    clock = clock_from_packets(planted.path)
    assert clock is not None
    assert clock.n_frames == 2500
    assert resident_mib() - before < 4
