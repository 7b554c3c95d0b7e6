"""What a recording is; and every file that is none is refused in one sentence that names it and the cure."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from builders.remux import joined
from builders.video import a_recording, barcode, ramp, read_barcode, steady
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame
from mmed_curate.media.clock import clock_from_packets, read_clock
from mmed_curate.media.container import StreamChoice
from mmed_curate.media.pictures import pictures
from mmed_curate.media.probe import probe
from mmed_curate.media.sound import Sound, SoundReader, has_sound, sound_span, write_wav


def png(picture: NDArray[np.uint8]) -> bytes:
    """A picture (H, W, 3) as the bytes of a PNG file."""
    encoder = av.CodecContext.create("png", "w")
    encoder.height, encoder.width = picture.shape[:2]
    encoder.pix_fmt, encoder.time_base = "rgb24", Fraction(1, 25)
    return b"".join(bytes(p) for p in encoder.encode(VideoFrame.from_ndarray(picture, format="bgr24").to_rgb()))


SOUND_ONLY = {".wav", ".flac"}


def test_a_recording_is_described(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mov", sound_start=Fraction(1, 2), channels=2)
    found = probe(planted.path)
    assert (found.picture.codec, found.picture.width, found.picture.height) == ("h264", 128, 32)
    assert (found.picture.rotation_deg, found.picture.time_base) == (0, planted.time_base)
    assert found.sound is not None
    assert (found.sound.codec, found.sound.rate_hz, found.sound.channels) == ("pcm_s16le", 48000, 2)
    assert found.sound.start == Fraction(1, 2)
    assert found.duration_s == pytest.approx(2.0)


def test_of_several_streams_the_richest_is_taken(material: Path) -> None:
    found = probe(material / "ugly-torchcodec" / "nasa_13013.mp4")
    assert (found.picture.index, found.picture.width, found.picture.height) == (3, 480, 270)
    assert found.sound is not None
    assert found.sound.index == 4


def many_streams(folder: Path, default: frozenset[int] | None = None) -> Path:
    """Pictures 0 (128 × 32) and 2 (192 × 64); sounds 1 (mono, 8 kHz), 3 (stereo, 48 kHz) and 4 (mono, 48 kHz)."""
    ms = Fraction(1, 1000)
    camera = a_recording(folder / "camera.mkv", pts=steady(40, 33), time_base=ms, last_lasts=33, rate_hz=8000)
    game = a_recording(
        folder / "game.mkv", pts=steady(40, 33), time_base=ms, last_lasts=33, width=192, height=64, channels=2
    )
    voice = folder / "voice.wav"
    write_wav(voice, Sound(samples=np.full((40_000, 1), 0.25, np.float32), rate_hz=48000, start=Fraction(0)))
    return joined(folder / "all.mkv", camera.path, game.path, voice, default=default)


def test_any_of_several_streams_can_be_chosen(tmp_path: Path) -> None:
    path = many_streams(tmp_path)
    found = probe(path)
    assert [(offer.index, offer.codec, offer.width, offer.height) for offer in found.pictures] == [
        (0, "h264", 128, 32),
        (2, "h264", 192, 64),
    ]
    assert [(offer.index, offer.codec, offer.rate_hz, offer.channels) for offer in found.sounds] == [
        (1, "pcm_s16le", 8000, 1),
        (3, "pcm_s16le", 48000, 2),
        (4, "pcm_s16le", 48000, 1),
    ]
    choice = StreamChoice(picture=0, sound=4)
    chosen = probe(path, streams=choice)
    assert chosen.sound is not None
    assert (chosen.picture.width, chosen.sound.index, chosen.sound.rate_hz) == (128, 4, 48000)
    assert {picture.width for picture in pictures(path, streams=choice)} == {128}
    span = sound_span(path, streams=choice)
    assert span is not None
    assert float(span[1] - span[0]) == pytest.approx(40000 / 48000)
    with SoundReader(path, streams=StreamChoice(sound=1)) as reader:
        assert reader.rate_hz == 8000
    clock = read_clock(path, streams=choice)
    assert clock_from_packets(path, streams=choice) == clock
    (picture,) = pictures(path, first=Frame(30), last=Frame(30), clock=clock, streams=choice)
    assert (picture.width, read_barcode(picture.luma())) == (128, 30)


@pytest.mark.parametrize(
    ("default", "picture", "sound"),
    [
        (frozenset(), 2, 3),  # most pixels; most channels
        (frozenset({0, 1}), 0, 1),  # the file says so
        (frozenset({1, 4}), 2, 4),  # of two marked sounds the one of higher rate
    ],
)
def test_what_players_choose_of_several_streams(
    tmp_path: Path, default: frozenset[int], picture: int, sound: int
) -> None:
    found = probe(many_streams(tmp_path, default))
    assert found.sound is not None
    assert (found.picture.index, found.sound.index) == (picture, sound)


def test_a_stream_that_the_file_does_not_have_is_refused_with_what_it_has(tmp_path: Path) -> None:
    path = many_streams(tmp_path)
    with pytest.raises(
        BadInput, match=r"has no picture stream 3; its pictures: 0 \(h264, 128 × 32, .*2 \(h264, 192 × 64"
    ):
        probe(path, streams=StreamChoice(picture=3))
    with pytest.raises(
        BadInput, match=r"no sound stream 0;.*sounds: 1 \(pcm_s16le, 8000 Hz, 1 channel\).* 2 channels\)"
    ):
        has_sound(path, streams=StreamChoice(sound=0))


@pytest.mark.parametrize(
    ("name", "size", "rotation"), [("video_0.mov", (568, 320), 0), ("video_90.mov", (320, 568), 90)]
)
def test_a_turned_recording_has_the_size_that_is_shown(
    material: Path, name: str, size: tuple[int, int], rotation: int
) -> None:
    picture = probe(material / "ugly-decord" / name).picture
    assert ((picture.width, picture.height), picture.rotation_deg) == (size, rotation)


@pytest.mark.parametrize(
    ("name", "pixel_format"),
    [("ugly-torchcodec/h264_10bits.mp4", "yuv420p10le"), ("intel-asl/please.mkv", "yuvj420p")],
)
def test_pixel_formats_are_named(material: Path, name: str, pixel_format: str) -> None:
    assert probe(material / name).picture.pixel_format == pixel_format


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no file .*missing\.mp4: check"):
        probe(tmp_path / "missing.mp4")
    with pytest.raises(BadInput, match="is a folder"):
        probe(tmp_path)


def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)  # a reader would wait for a writer
    for path in (pipe, Path("/dev/null")):
        with pytest.raises(BadInput, match=f"{path.name} is a device or a pipe, not a file: record"):
            probe(path)
    listed = tmp_path / "list.ffconcat"
    a_recording(tmp_path / "r.mp4")
    listed.write_text("ffconcat version 1.0\nfile r.mp4\n")
    with pytest.raises(BadInput, match=r"list\.ffconcat is a list of files, not a recording"):
        probe(listed)


def test_what_is_no_media_is_refused(tmp_path: Path) -> None:
    empty, text, noise = tmp_path / "empty.webm", tmp_path / "text.mp4", tmp_path / "noise.mkv"
    empty.touch()
    text.write_text("onset,apex,offset\n" * 200)
    noise.write_bytes(bytes(range(7, 250)) * 500)
    with pytest.raises(BadInput, match=r"empty.webm is empty \(0 bytes\): copy"):
        probe(empty)
    for path in (text, noise):
        with pytest.raises(BadInput, match=f"{path.name} is not a media file"):
            probe(path)


def test_a_name_with_signs_that_mean_something_to_ffmpeg_is_only_a_name(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "plain.mp4", sound_codec="aac")
    odd = planted.path.rename(tmp_path / "concat:a b?%d#é.mp4")
    assert probe(odd).picture.width == 128


def test_sound_alone_is_refused(tmp_path: Path, material: Path) -> None:
    for path in (material / "whisper-jfk" / "jfk.flac", material / "aana" / "physicsworks_audio.webm"):
        with pytest.raises(BadInput, match=f"{path.name} holds only sound, no picture: give"):
            probe(path)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.8])
@pytest.mark.parametrize(
    ("name", "options"),
    [("tail-index.mp4", {}), ("front-index.mp4", {"movflags": "+faststart"}), ("r.mkv", {}), ("r.avi", {})],
)
def test_a_truncated_copy_is_refused_by_name(tmp_path: Path, name: str, options: dict[str, str], share: float) -> None:
    whole = a_recording(
        tmp_path / f"whole-{name}",
        pts=tuple(range(0, 120 * 33, 33)),
        time_base=Fraction(1, 1000),
        last_lasts=33,
        b_frames=0,
        options=options,
        sound_codec="pcm_s16le" if name.endswith((".mkv", ".avi")) else "aac",
    )
    assert read_clock(whole.path).n_frames == 120
    data = whole.path.read_bytes()
    cut_short = tmp_path / name
    cut_short.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BadInput, match=name) as caught:
        read_clock(cut_short)
        sound_span(cut_short)  # .avi may lack only sound
    assert caught.value.finding.remedy
    assert "\n" not in str(caught.value)


def test_a_damaged_recording_says_where_it_breaks_off(material: Path) -> None:
    path = material / "ugly-decord" / "corrupted.mp4"
    assert probe(path).picture.width == 1280  # its beginning is sound
    with pytest.raises(BadInput, match=r"frame 27 at 2\.700 s is the last .* claims to last until 5\.000 s"):
        read_clock(path)


def test_every_file_of_the_material_is_read_or_refused_in_one_sentence(material: Path) -> None:
    read, refused = [], {}
    for path in sorted(path for path in material.rglob("*") if path.is_file()):
        try:
            probe(path)
            read.append(path.name)
        except BadInput as error:
            assert path.name in str(error)
            assert "\n" not in str(error)
            refused[path.name] = error.finding.code
    assert {"franck.mp4", "face_noface.mov", "fire2.mp4", "please.mkv", "corrupted.mp4"} <= set(read)
    assert refused["result.webm"] == "media.empty"
    assert {refused[path.name] for path in material.rglob("*") if path.suffix in SOUND_ONLY} == {"media.no_picture"}
    assert {refused["MANIFEST.json"], refused["NOTES.md"]} <= {"media.not_media", "media.no_picture"}


def test_cover_art_is_no_picture(tmp_path: Path) -> None:
    song = tmp_path / "song.mkv"
    with av.open(str(song), "w") as container:
        container.add_attachment("cover.png", "image/png", png(barcode(5)))
        sound = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = AudioFrame.from_ndarray(ramp(0, 4000)[None], format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    with av.open(str(song)) as container:
        assert [stream.type for stream in container.streams if stream.type == "video"] == ["video"]
    with pytest.raises(BadInput, match=r"song\.mkv holds only sound"):
        probe(song)
    with pytest.raises(BadInput, match=r"song\.mkv has no picture stream 0; its pictures: none"):
        probe(song, streams=StreamChoice(picture=0))
