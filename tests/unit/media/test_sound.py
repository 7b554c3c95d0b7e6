"""Each sample is the one that sounded then: in the builder's recordings every sample says its own index."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from builders.video import a_recording, index_of, ramp, steady
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.media.resample import resampled
from mmed_curate.media.sound import (
    Sound,
    SoundReader,
    has_sound,
    read_sound,
    sound_samples,
    sound_span,
    write_wav,
)
from mmed_curate.media.write import as_int16


def indices(sound: Sound) -> list[int]:
    """What the samples say."""
    return [index_of(value) for value in as_int16(sound.samples)[:, 0]]


@pytest.mark.parametrize("name", ["r.mov", "r.mkv", "r.avi"])
@pytest.mark.parametrize("rate_hz", [8000, 44100, 48000])
def test_a_stretch_holds_exactly_the_samples_that_sound_in_it(tmp_path: Path, name: str, rate_hz: int) -> None:
    planted = a_recording(
        tmp_path / name, pts=steady(50, 40), time_base=Fraction(1, 1000), last_lasts=40, b_frames=0, rate_hz=rate_hz
    )
    start, stop = Fraction(1234567, 1_000_000), Fraction(1534567, 1_000_000)
    sound = read_sound(planted.path, start, stop)
    wanted = [i for i in range(2 * rate_hz) if start <= Fraction(i, rate_hz) < stop]
    assert indices(sound) == [i % 60000 for i in wanted]
    assert sound.start == Fraction(wanted[0], rate_hz)


def test_before_a_late_start_and_after_an_early_end_there_is_silence(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mov", sound_start=Fraction(3, 4), n_samples=24000)  # 0.75 s to 1.25 s
    assert sound_span(planted.path) == (Fraction(3, 4), Fraction(5, 4))
    sound = read_sound(planted.path, Fraction(1, 2), Fraction(3, 2))
    assert sound.n_samples == 48000
    assert not sound.samples[:12000].any()
    assert indices(Sound(samples=sound.samples[12000:36000], rate_hz=48000, start=sound.start)) == list(range(24000))
    assert not sound.samples[36000:].any()


def test_wholly_outside_there_is_silence_of_the_right_length(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mov", sound_start=Fraction(1))
    sound = read_sound(planted.path, Fraction(0), Fraction(1, 3))
    assert (sound.n_samples, sound.samples.any()) == (16000, False)


@settings(max_examples=10, deadline=None)
@given(
    rate_hz=st.sampled_from([8000, 11025, 44100, 48000]),
    late=st.integers(0, 9000),
    first=st.fractions(0, 2, max_denominator=100_000),
    length=st.fractions(0, 1, max_denominator=100_000),
)
def test_any_stretch_of_any_rate_and_offset(
    tmp_path_factory: pytest.TempPathFactory, rate_hz: int, late: int, first: Fraction, length: Fraction
) -> None:
    planted = a_recording(
        tmp_path_factory.mktemp("any") / "r.mov",
        pts=steady(60, 512),  # 2 s: there is sound, however late it starts
        rate_hz=rate_hz,
        sound_start=Fraction(late, rate_hz),
    )
    sound = read_sound(planted.path, first, first + length)
    begin = Fraction(late, rate_hz)
    wanted = [i for i in range(-late - 2, 4 * rate_hz) if first <= begin + Fraction(i, rate_hz) < first + length]
    told = ramp(0, planted.n_samples).tolist()
    expected = [told[i] if 0 <= i < planted.n_samples else 0 for i in wanted]
    assert np.array_equal(as_int16(sound.samples)[:, 0], expected)


def test_a_seek_finds_the_same_samples_as_reading_on(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mov", pts=steady(700, 1024))  # 46.7 s
    far = Fraction(40) + Fraction(1, 7)
    alone = read_sound(planted.path, far, far + 1)
    with SoundReader(planted.path) as reader:
        for second in range(0, 40, 8):
            reader.read(Fraction(second), Fraction(second + 1))
        assert np.array_equal(reader.read(far, far + 1).samples, alone.samples)
        back = reader.read(Fraction(2), Fraction(3))  # and going back is allowed
    assert indices(alone)[0] == -(-far.numerator * 48000 // far.denominator) % 60000
    assert indices(back) == [i % 60000 for i in range(96000, 144000)]


@pytest.mark.parametrize(("codec", "name"), [("aac", "r.mp4"), ("libmp3lame", "r.mov"), ("libopus", "r.mkv")])
def test_the_encoders_priming_is_taken_off(tmp_path: Path, codec: str, name: str) -> None:
    planted = a_recording(tmp_path / name, sound_codec=codec, click_at=40000, pts=steady(60, 512), b_frames=0)
    sound = read_sound(planted.path, Fraction(0), Fraction(2))
    assert abs(int(np.abs(sound.samples[:, 0]).argmax()) - 40000) <= (24 if name == "r.mkv" else 1)  # mkv ticks in ms


def test_the_encoders_padding_at_the_end_is_taken_off(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mp4", sound_codec="aac", n_samples=50_018)
    assert sound_span(planted.path) == (0, Fraction(50_018, 48000))


def test_gaps_between_time_stamps_are_silence(material: Path) -> None:
    # fire2.mp4: the first packet lasts 1,024 samples, the second begins at 8,471
    sound = read_sound(material / "ugly-moviepy" / "fire2.mp4", Fraction(0), Fraction(2))
    assert not sound.samples[1024:8471].any()
    assert sound_span(material / "ugly-moviepy" / "fire2.mp4") == (0, Fraction(108_544 + 7447, 48_000))


def test_channels_are_kept_or_mixed(tmp_path: Path) -> None:
    planted = a_recording(
        tmp_path / "r.mkv", channels=6, time_base=Fraction(1, 1000), pts=steady(20, 40), last_lasts=40
    )
    assert read_sound(planted.path, Fraction(0), Fraction(1, 10)).samples.shape == (4800, 6)
    mixed = read_sound(planted.path, Fraction(0), Fraction(1, 10), mono=True)
    assert mixed.samples.shape == (4800, 1)
    assert indices(mixed) == list(range(4800))


def sine(hz: float, times_s: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.sin(2 * np.pi * hz * times_s).astype(np.float32)


@pytest.mark.parametrize(("old", "new"), [(48000, 16000), (44100, 16000), (16000, 44100), (8000, 48000)])
def test_resampling_keeps_the_wave_and_its_time(old: int, new: int) -> None:
    # a 1 kHz sine sampled at the new rate is known in closed form
    given_samples = sine(1000, np.arange(old) / old)[:, None]
    start, stop = new // 4, new * 3 // 4
    found = resampled(given_samples, begins=0, old_rate_hz=old, new_rate_hz=new, start=start, stop=stop)
    expected = sine(1000, np.arange(start, stop) / new)
    assert np.abs(found[:, 0] - expected).max() < 1e-3


def test_resampling_takes_off_what_the_new_rate_cannot_hold() -> None:
    too_high = sine(12_000, np.arange(48000) / 48000)[:, None]
    found = resampled(too_high, begins=0, old_rate_hz=48000, new_rate_hz=16000, start=4000, stop=12000)
    assert np.abs(found).max() < 1e-3


def test_a_resampled_stretch_has_the_length_that_its_rate_asks_for(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mov", rate_hz=44100, sound_start=Fraction(1, 10))
    sound = read_sound(planted.path, Fraction(1, 3), Fraction(2, 3), rate_hz=16000, mono=True)
    wanted = [i for i in range(16000) if Fraction(1, 3) <= Fraction(1, 10) + Fraction(i, 16000) < Fraction(2, 3)]
    assert (sound.n_samples, sound.rate_hz) == (len(wanted), 16000)
    assert sound.start == Fraction(1, 10) + Fraction(wanted[0], 16000)
    # the ramp rises by one 16-bit step per old sample, so its value tells its time
    told = [index_of(value) / 44100 + 0.1 for value in as_int16(sound.samples)[100:200, 0]]
    assert told == pytest.approx([0.1 + i / 16000 for i in wanted[100:200]], abs=1 / 44100)


def test_streaming_gives_the_same_samples_as_reading_at_once(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mkv", time_base=Fraction(1, 1000), pts=steady(50, 40), last_lasts=40)
    blocks = list(sound_samples(planted.path, block_s=Fraction(1, 7)))
    assert np.array_equal(
        np.concatenate([block.samples for block in blocks]), read_sound(planted.path, Fraction(0), Fraction(2)).samples
    )
    assert blocks[1].start == Fraction(blocks[0].n_samples, 48000)


def test_a_track_of_digital_silence_is_no_sound(tmp_path: Path, repository: Path) -> None:
    assert has_sound(a_recording(tmp_path / "loud.mov").path)
    assert not has_sound(a_recording(tmp_path / "still.mov", click_at=10**9).path)
    assert not has_sound(a_recording(tmp_path / "none.mov", rate_hz=None).path)
    assert not has_sound(repository / "demo" / "recordings" / "WolfgangLanger_Pexels.mp4")
    assert has_sound(repository / "demo" / "recordings" / "face_noface.mov")


def test_the_sound_of_a_real_recording_begins_late(repository: Path) -> None:
    path = repository / "demo" / "recordings" / "face_noface.mov"
    span = sound_span(path)
    assert span is not None
    assert span[0] == Fraction(107164, 44100)  # 2.43 s, as its edit list says
    assert not read_sound(path, Fraction(2), span[0]).samples.any()


def test_no_sound_stream_is_refused(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mp4", rate_hz=None)
    assert sound_span(planted.path) is None
    with pytest.raises(BadInput, match="holds no sound"):
        read_sound(planted.path, Fraction(0), Fraction(1))


def test_a_wav_holds_the_16_bit_samples_unchanged(tmp_path: Path) -> None:
    planted = a_recording(tmp_path / "r.mov", channels=2, n_samples=5000)
    write_wav(tmp_path / "s.wav", read_sound(planted.path, Fraction(0), Fraction(5000, 48000)))
    with wave.open(str(tmp_path / "s.wav")) as stream:
        assert (stream.getnchannels(), stream.getsampwidth(), stream.getframerate()) == (2, 2, 48000)
        stored = np.frombuffer(stream.readframes(5000), dtype="<i2").reshape(-1, 2)
    assert np.array_equal(stored[:, 0], ramp(0, 5000))
    assert np.array_equal(stored[:, 1], ramp(0, 5000))


@pytest.mark.parametrize(("value", "stored"), [(0.0, 0), (-1.0, -32768), (1.0, 32767), (2.0, 32767), (1 / 32768, 1)])
def test_16_bits_are_rounded_and_clipped(value: float, stored: int) -> None:
    assert as_int16(np.array([[value]], dtype=np.float32))[0, 0] == stored
