"""The archive's copy holds the decoder's pixels and samples, bit by bit; and nothing that would name anybody."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from builders.video import a_recording, steady, turn
from numpy.typing import NDArray

from mmed_curate.domain.records import Box
from mmed_curate.domain.time import Frame
from mmed_curate.media.clock import read_clock
from mmed_curate.media.cut import ArchiveEncoding, ClipEncoding, CutRequest, cut
from mmed_curate.media.mux import PictureCodec
from mmed_curate.media.orientation import orientation_of

QUICK = ClipEncoding(crf=20, preset="ultrafast")
FIRST, LAST = 5, 17


def decoded(path: Path) -> list[VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def samples_of(path: Path) -> tuple[str, NDArray[np.generic]]:
    """Format and (N, C) samples, as the decoder gives them."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    arrays = [frame.to_ndarray() for frame in frames]
    channels = frames[0].layout.nb_channels
    joined = [
        array.T if frame.format.is_planar else array.reshape(-1, channels)
        for frame, array in zip(frames, arrays, strict=True)
    ]
    return frames[0].format.packed.name, np.concatenate(joined)


def archived(recording: Path, folder: Path, *, crop: Box | None = None, codec: str = "h264", **more: object) -> Path:
    """Cut frames 5 to 17 and give the archive's copy."""
    path = folder / "clip.mov"
    request = CutRequest(
        first=Frame(FIRST),
        last=Frame(LAST),
        crop=crop,
        picture=folder / "clip.mp4",
        sound=folder / "clip.wav",
        archive=path,
        **more,
    )
    cut(recording, read_clock(recording), [request], encoding=QUICK, archive=ArchiveEncoding(codec=PictureCodec(codec)))
    return path


def noisy(path: Path, *, codec: str, pixel_format: str, width: int = 64, height: int = 48, **options: str) -> Path:
    """24 frames of coloured noise that moves, in the format wanted."""
    draws = np.random.default_rng(7)
    colours = draws.integers(0, 256, (height + 24, width + 24, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        for number in range(24):
            shown = np.ascontiguousarray(colours[number : number + height, 24 - number : 24 - number + width])
            frame = VideoFrame.from_ndarray(shown, format="bgr24").reformat(format=pixel_format)
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("container", "codec", "pixel_format", "kept_as"),
    [
        ("mp4", "libx264", "yuv420p", "h264"),
        ("mp4", "libx264", "yuv422p", "h264"),
        ("mp4", "libx264", "yuv444p", "h264"),
        ("mp4", "libx264", "yuv420p10le", "h264"),
        ("mp4", "libx264", "yuv422p10le", "h264"),
        ("mkv", "libx264", "yuv444p10le", "h264"),
        ("avi", "mjpeg", "yuvj420p", "h264"),
        ("mov", "mjpeg", "yuvj422p", "h264"),
        ("mp4", "libx265", "yuv420p10le", "h264"),
        ("mkv", "ffv1", "yuv420p12le", "ffv1"),
        ("mkv", "ffv1", "yuv440p", "ffv1"),
        ("mkv", "ffv1", "gray", "ffv1"),
        ("mkv", "ffv1", "bgr0", "ffv1"),
        ("mkv", "ffv1", "gray16le", "ffv1"),
    ],
)
def test_every_pixel_is_the_decoders(
    tmp_path: Path, container: str, codec: str, pixel_format: str, kept_as: str
) -> None:
    options = {"x265-params": "log-level=none:pools=1"} if codec == "libx265" else {}
    recording = noisy(tmp_path / f"r.{container}", codec=codec, pixel_format=pixel_format, **options)
    path = archived(recording, tmp_path)
    with av.open(str(path)) as stored:
        assert stored.streams.video[0].codec_context.name == kept_as
    copies, originals = decoded(path), decoded(recording)[FIRST : LAST + 1]
    assert len(copies) == len(originals)
    for copy, original in zip(copies, originals, strict=True):
        assert copy.format.name.replace("j", "") == original.format.name.replace("j", "")
        assert len(copy.planes) == len(original.planes)
        for number in range(len(original.planes)):
            assert np.array_equal(plane_of(copy, number), plane_of(original, number))


def test_rgb_keeps_its_values(tmp_path: Path) -> None:
    recording = noisy(tmp_path / "r.mov", codec="png", pixel_format="rgb24")
    copies, originals = decoded(archived(recording, tmp_path)), decoded(recording)[FIRST : LAST + 1]
    for copy, original in zip(copies, originals, strict=True):
        assert np.array_equal(copy.reformat(format="rgb24").to_ndarray(), original.to_ndarray())


def test_an_odd_size_stays_odd(tmp_path: Path) -> None:
    recording = noisy(tmp_path / "r.mkv", codec="ffv1", pixel_format="yuv420p", width=65, height=47)
    path = archived(recording, tmp_path)
    copy, original = decoded(path)[3], decoded(recording)[FIRST + 3]
    assert (copy.width, copy.height) == (65, 47)
    assert all(bytes(one) == bytes(other) for one, other in zip(copy.planes, original.planes, strict=True))
    preview = decoded(tmp_path / "clip.mp4")[3]
    assert (preview.width, preview.height) == (66, 48)


@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_a_crop_is_widened_to_whole_blocks_of_chroma(tmp_path: Path, codec: str) -> None:
    recording = noisy(tmp_path / "r.mp4", codec="libx264", pixel_format="yuv420p")
    copies = decoded(archived(recording, tmp_path, crop=Box(left=7, top=4, right=33, bottom=39), codec=codec))
    for copy, original in zip(copies, decoded(recording)[FIRST : LAST + 1], strict=True):
        luma, chroma = original.to_ndarray()[:48], [plane_of(original, number) for number in (1, 2)]
        assert np.array_equal(plane_of(copy, 0), luma[4:40, 6:34])
        assert np.array_equal(plane_of(copy, 1), chroma[0][2:20, 3:17])
        assert np.array_equal(plane_of(copy, 2), chroma[1][2:20, 3:17])


@pytest.mark.parametrize("matrix", [(0, 1, -1, 0), (0, -1, 1, 0), (-1, 0, 0, -1), (-1, 0, 0, 1)])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p"])
def test_a_turned_recording_is_kept_upright(
    tmp_path: Path, matrix: tuple[int, int, int, int], pixel_format: str
) -> None:
    recording = noisy(tmp_path / "r.mp4", codec="libx264", pixel_format=pixel_format)
    turn(recording, matrix)
    copies, originals = decoded(archived(recording, tmp_path)), decoded(recording)[FIRST : LAST + 1]
    orientation = orientation_of(originals[0])
    for copy, original in zip(copies, originals, strict=True):
        for number in range(3):
            assert np.array_equal(plane_of(copy, number), orientation.shown(plane_of(original, number)))


def plane_of(frame: VideoFrame, number: int) -> NDArray[np.uint8]:
    plane = frame.planes[number]
    size = 4 if frame.format.name == "bgr0" else 2 if frame.format.components[0].bits > 8 else 1
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : size * plane.width]
    return rows.view(f"<u{size}")


def test_colours_are_said_as_the_recording_says_them(tmp_path: Path) -> None:
    recording = tmp_path / "r.mp4"
    with av.open(str(recording), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        context = stream.codec_context
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = 2, 1, 9, 14
        context.sample_aspect_ratio = Fraction(4, 3)
        for number in range(24):
            frame = VideoFrame.from_ndarray(np.full((48, 64, 3), number, np.uint8), format="bgr24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    for path in (archived(recording, tmp_path), tmp_path / "clip.mp4"):
        shown = decoded(path)[0]
        assert (shown.color_range, shown.colorspace) == (ColorRange.JPEG.value, Colorspace.ITU709.value)
        assert (shown.color_primaries, shown.color_trc) == (9, 14)
        with av.open(str(path)) as container:
            assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


def test_the_preview_is_8_bit_420_whatever_the_recording(tmp_path: Path) -> None:
    recording = noisy(tmp_path / "r.mkv", codec="libx264", pixel_format="yuv444p10le", crf="4")
    archived(recording, tmp_path)
    shown, original = decoded(tmp_path / "clip.mp4")[0], decoded(recording)[FIRST]
    assert shown.format.name == "yuv420p"
    assert np.abs(plane_of(shown, 0).astype(int) - (plane_of(original, 0) >> 2)).mean() < 4


SOUNDS = {
    "u8": ("avi", "pcm_u8", "u8"),
    "16 bit": ("mov", "pcm_s16le", "s16"),
    "24 bit": ("mov", "pcm_s24le", "s32"),
    "32 bit": ("mov", "pcm_s32le", "s32"),
    "float": ("mov", "pcm_f32le", "flt"),
    "double": ("mov", "pcm_f64le", "dbl"),
    "FLAC": ("mkv", "flac", "s16"),
    "AAC": ("mp4", "aac", "flt"),
    "six channels": ("mov", "pcm_s16le", "s16"),
}


def heard(path: Path, *, codec: str, sample_format: str, channels: int = 2) -> Path:
    """A recording of 24 frames and 40,000 noisy samples at 48 kHz, louder than full scale where the format can."""
    draws = np.random.default_rng(3)
    noise = draws.normal(0, 0.5, (40_000, channels))
    whole = {"u8": np.uint8, "s16": np.int16, "s32": np.int32}.get(sample_format)
    if whole is not None:
        bounds = np.iinfo(whole)
        samples = draws.integers(bounds.min, bounds.max, noise.shape, dtype=whole, endpoint=True)
    else:
        samples = noise.astype(np.float32 if sample_format == "flt" else np.float64)
    layout = {2: "stereo", 6: "5.1"}[channels]
    with av.open(str(path), "w") as container:
        codec_of_picture = "mjpeg" if path.suffix == ".avi" else "libx264"
        stream = container.add_stream(codec_of_picture, rate=30)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if path.suffix == ".avi" else "yuv420p"
        sound = container.add_stream(codec, rate=48000, layout=layout)
        for number in range(24):
            frame = VideoFrame(64, 48, stream.pix_fmt)
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        for begin in range(0, 40_000, 1000):
            block = samples[begin : begin + 1000]
            planar = codec == "aac"
            run = AudioFrame.from_ndarray(
                np.ascontiguousarray(block.T if planar else block.reshape(1, -1)),
                format=f"{sample_format}{'p' if planar else ''}",
                layout=layout,
            )
            run.sample_rate, run.time_base, run.pts = 48000, Fraction(1, 48000), begin
            container.mux(sound.encode(run))
        container.mux(sound.encode(None))
    return path


@pytest.mark.parametrize("name", SOUNDS)
def test_every_sample_is_the_decoders(tmp_path: Path, name: str) -> None:
    container, codec, sample_format = SOUNDS[name]
    channels = 6 if name == "six channels" else 2
    recording = heard(tmp_path / f"r.{container}", codec=codec, sample_format=sample_format, channels=channels)
    kept_format, kept = samples_of(archived(recording, tmp_path))
    its_format, everything = samples_of(recording)
    assert kept_format == its_format == sample_format
    clock = read_clock(recording)
    begin, end = (math.ceil(time * 48000) for time in (clock.start_of(Frame(FIRST)), clock.end_of(Frame(LAST))))
    assert np.array_equal(kept, everything[begin:end])


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_samples_do_not_depend_on_what_else_is_cut(tmp_path: Path, container: str) -> None:
    """AAC draws its noise by lot, so a decoder that begins elsewhere gives other samples."""
    silent, noisy_sound = tmp_path / f"s.{container}", tmp_path / f"n.{container}"
    a_recording(silent, pts=steady(420, 512), rate_hz=None, key_every=30)
    with av.open(str(silent)) as given, av.open(str(noisy_sound), "w") as written:
        picture = written.add_stream_from_template(given.streams.video[0])
        sound = written.add_stream("aac", rate=48000, layout="mono", options={"b": "24k", "aac_pns": "1"})
        for packet in given.demux(video=0):
            if packet.size:
                packet.stream = picture
                written.mux(packet)
        noise = np.random.default_rng(5).normal(0, 0.2, 48000 * 14).astype(np.float32)
        for begin in range(0, len(noise), 1024):
            run = AudioFrame.from_ndarray(noise[None, begin : begin + 1024], format="fltp", layout="mono")
            run.sample_rate, run.time_base, run.pts = 48000, Fraction(1, 48000), begin
            written.mux(sound.encode(run))
        written.mux(sound.encode(None))
    clock = read_clock(noisy_sound)
    kept = []
    for others in ([], [(3, 9)], [(30, 40), (380, 410)]):
        folder = tmp_path / f"with-{len(others)}-others"
        folder.mkdir()
        requests = [
            CutRequest(
                first=Frame(first),
                last=Frame(last),
                crop=None,
                picture=folder / f"{first}.mp4",
                sound=folder / f"{first}.wav",
                archive=folder / f"{first}.mov",
            )
            for first, last in [*others, (390, 400)]
        ]
        cut(noisy_sound, clock, requests, encoding=QUICK)
        kept.append([(folder / f"390.{ending}").read_bytes() for ending in ("mp4", "wav", "mov")])
    assert kept[0] == kept[1] == kept[2]
    _, everything = samples_of(noisy_sound)
    _, cut_out = samples_of(tmp_path / "with-0-others" / "390.mov")
    begin = math.ceil(clock.start_of(Frame(390)) * 48000)
    assert np.array_equal(cut_out, everything[begin : begin + len(cut_out)])


def test_silent_where_the_voice_may_not_go(tmp_path: Path) -> None:
    recording = heard(tmp_path / "r.mov", codec="pcm_s16le", sample_format="s16")
    path = archived(recording, tmp_path, sound_in_picture=False)
    with av.open(str(path)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
    assert (tmp_path / "clip.wav").exists()


CANARY = "canary-4711"


def with_everything_said(recording: Path, path: Path) -> Path:
    """The same streams with all that a file can say about people, places, times and programs."""
    seconds = {"creation_time": "2019-04-01T12:34:56.000000Z"}
    with av.open(str(recording)) as given, av.open(str(path), "w", options={"movflags": "+use_metadata_tags"}) as named:
        names = ("title", "artist", "comment", "description", "copyright", "album", "encoder", "location", "make")
        named.metadata.update({name: f"{CANARY} {name}" for name in (*names, "com.apple.quicktime.location.ISO6709")})
        named.metadata.update(seconds)
        streams = {stream.index: named.add_stream_from_template(stream) for stream in given.streams}
        for stream in streams.values():
            stream.metadata.update({"title": CANARY, "handler_name": CANARY, "encoder": CANARY, "language": "deu"})
            stream.metadata.update(seconds)
        cover = named.add_stream("mjpeg", options={})
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        cover.metadata["title"] = CANARY
        named.set_chapters(
            [{"id": 1, "start": 0, "end": 500, "time_base": Fraction(1, 1000), "metadata": {"title": CANARY}}]
        )
        # H.264's user data travels inside the picture: type 5, 16 bytes of a name, then anything
        said = bytes(range(16)) + CANARY.encode()
        unit = b"\x06\x05" + bytes([len(said)]) + said + b"\x80"
        for packet in given.demux():
            if not packet.size:
                continue
            copied = (
                av.Packet(len(unit).to_bytes(4, "big") + unit + bytes(packet)) if packet.stream.index == 0 else packet
            )
            copied.pts, copied.dts, copied.duration = packet.pts, packet.dts, packet.duration
            copied.time_base, copied.is_keyframe = packet.time_base, packet.is_keyframe
            copied.stream = streams[packet.stream.index]
            named.mux(copied)
        art = VideoFrame(64, 48, "yuvj420p")
        for packet in [*cover.encode(art), *cover.encode(None)]:
            named.mux(packet)
    return path


def test_nothing_that_the_recording_says_gets_into_a_clip(tmp_path: Path) -> None:
    plain = heard(tmp_path / "Alice Example.mov", codec="pcm_s16le", sample_format="s16")
    recording = with_everything_said(plain, tmp_path / "Alice Example 2019.mov")
    data = recording.read_bytes()
    assert data.count(CANARY.encode()) >= 40  # words, chapters, and each picture's user data
    since_1904_s = int(
        (datetime(2019, 4, 1, 12, 34, 56, tzinfo=UTC) - datetime(1904, 1, 1, tzinfo=UTC)).total_seconds()
    )
    date = since_1904_s.to_bytes(4, "big")
    assert date in data
    archived(recording, tmp_path)
    for name in ("clip.mov", "clip.mp4", "clip.wav"):
        written = (tmp_path / name).read_bytes()
        for said in (CANARY, "Alice", "Lavf", "Lavc", "x264", "cpu-independent", "deu", str(tmp_path)):
            assert said.encode() not in written
            assert said.encode("utf-16-le") not in written
        assert date not in written
        with av.open(str(tmp_path / name)) as container:
            assert container.chapters() == []
            assert len(container.streams) == (1 if name == "clip.wav" else 2)
            assert set(container.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
        if name != "clip.wav":
            begin = written.index(b"mvhd")
            assert written[begin + 8 : begin + 16] == bytes(8)  # neither created nor changed at any time
