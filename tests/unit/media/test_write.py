"""What is written is what was given: times, samples, sizes; nothing else, and the same bytes twice."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from builders.video import barcode, ramp, read_barcode

from mmed_curate.domain.findings import BadInput
from mmed_curate.media.clock import read_clock
from mmed_curate.media.pictures import pictures
from mmed_curate.media.sound import read_sound, sound_span
from mmed_curate.media.write import RecordingWriter, as_int16

TICK = Fraction(1, 30000)
PTS = (0, 1001, 2002, 5000, 6001)


def write(path: Path, *, sound_codec: str = "aac", width: int = 128, height: int = 32) -> Path:
    """Five frames at uneven times with 2,018 samples."""
    with RecordingWriter(
        path,
        width=width,
        height=height,
        time_base=TICK,
        sample_rate_hz=48000,
        sound_codec="aac" if sound_codec == "aac" else "pcm_s16le",
    ) as writer:
        for number, pts in enumerate(PTS):
            writer.picture(barcode(number, width // 16 * 16, height)[:, :width], pts, 777 if pts == PTS[-1] else None)
        for start in range(0, 2018, 500):
            samples = ramp(start, min(500, 2018 - start)).astype(np.float32) / 32768
            writer.sound(samples[:, None])
    return path


@pytest.mark.parametrize("name", ["r.mp4", "r.mov"])
def test_times_and_numbers_of_frames_survive(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name)
    clock = read_clock(path)
    assert [clock.start_of(frame) for frame in range(5)] == [pts * TICK for pts in PTS]
    assert clock.end_of(clock.last_frame) == (PTS[-1] + 777) * TICK
    assert [read_barcode(picture.bgr()) for picture in pictures(path)] == [0, 1, 2, 3, 4]


def test_uncompressed_sound_is_exact(tmp_path: Path) -> None:
    path = write(tmp_path / "r.mov", sound_codec="pcm_s16le")
    sound = read_sound(path, Fraction(0), Fraction(2018, 48000))
    assert np.array_equal(as_int16(sound.samples)[:, 0], ramp(0, 2018))


@pytest.mark.parametrize("name", ["r.mp4", "r.mov"])
def test_compressed_sound_has_exactly_as_many_samples(tmp_path: Path, name: str) -> None:
    assert sound_span(write(tmp_path / name)) == (0, Fraction(2018, 48000))


@pytest.mark.parametrize("name", ["r.mp4", "r.mov", "r.mkv"])
def test_the_same_bytes_twice(tmp_path: Path, name: str) -> None:
    assert write(tmp_path / name).read_bytes() == write(tmp_path / f"again-{name}").read_bytes()


def test_an_odd_size_is_made_even_by_repeating_the_edge(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "r.mp4", width=97, height=65, time_base=TICK, crf=1) as writer:
        gradient = np.broadcast_to(np.arange(97, dtype=np.uint8)[None, :, None] * 2, (65, 97, 3))
        writer.picture(np.ascontiguousarray(gradient), 0, 1001)
    shown = next(pictures(tmp_path / "r.mp4")).bgr().astype(int)
    assert shown.shape == (66, 98, 3)
    assert np.abs(shown[:65, :97] - gradient).max() <= 4
    assert np.abs(shown[65] - shown[64]).max() <= 2
    assert np.abs(shown[:, 97] - shown[:, 96]).max() <= 2


def test_colours_survive(tmp_path: Path) -> None:
    colours = [(0, 0, 255), (0, 255, 0), (255, 0, 0), (200, 120, 40), (40, 90, 180)]
    with RecordingWriter(tmp_path / "r.mp4", width=64, height=64, time_base=TICK, crf=1) as writer:
        for number, colour in enumerate(colours):
            writer.picture(np.full((64, 64, 3), colour, dtype=np.uint8), number * 1001, 1001)
    for picture, colour in zip(pictures(tmp_path / "r.mp4"), colours, strict=True):
        assert np.abs(picture.bgr()[16:48, 16:48].mean(axis=(0, 1)) - colour).max() < 4


def test_nothing_is_said_about_when_or_with_what_it_was_written(tmp_path: Path) -> None:
    path = write(tmp_path / "r.mp4")
    with av.open(str(path)) as container:
        said = dict(container.metadata)
        assert not {"encoder", "creation_time", "title"} & set(said)
    assert b"Lavf" not in path.read_bytes()


def test_the_index_stands_in_front(tmp_path: Path) -> None:
    data = write(tmp_path / "r.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError),
        RecordingWriter(tmp_path / "r.mp4", width=64, height=64, time_base=TICK) as writer,
    ):
        writer.picture(np.zeros((64, 64, 3), np.uint8), 0)
        raise RuntimeError("in the middle")
    assert list(tmp_path.iterdir()) == []


def test_an_old_file_stays_whole_until_the_new_one_is(tmp_path: Path) -> None:
    path = write(tmp_path / "r.mp4")
    before = path.read_bytes()
    with pytest.raises(RuntimeError), RecordingWriter(path, width=64, height=64, time_base=TICK):
        raise RuntimeError("at once")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(BadInput, match="there is no folder"),
        RecordingWriter(tmp_path / "none" / "r.mp4", width=64, height=64, time_base=TICK),
    ):
        pass
    with pytest.raises(BadInput, match="AAC knows no rate of 50000 Hz"):
        RecordingWriter(tmp_path / "r.mp4", width=64, height=64, time_base=TICK, sample_rate_hz=50000)
    with (
        pytest.raises(BadInput, match="no picture was given"),
        RecordingWriter(tmp_path / "r.mp4", width=64, height=64, time_base=TICK),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
