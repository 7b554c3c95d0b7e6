"""Array files beside a clip, the outline of a waveform, colours of the spectrogram."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from builders.views import a_clock

from annotator_gui.colourmap import colours
from annotator_gui.signals import loudness, outline, read_curves, read_face, read_voice, runs_of
from annotator_gui.timeaxis import Axis
from annotator_gui.trackpaint import sample_edges
from mmed_curate.annotation.curves import face_curves, voice_curves
from mmed_curate.domain.findings import BadInput
from mmed_curate.media.arrayfile import write_arrays


def a_face_file(path: Path, n: int = 5, **changes: Any) -> Path:
    """A ticket's `face.npz`, with two parts of the face; None leaves an array out."""
    arrays = {
        "format": np.array("mmed-features"),
        "version": np.array(2),
        "times_s": np.arange(n) / 60,
        "alignment": np.zeros((n, 2, 3), np.float32),
        "landmarks": np.zeros((n, 468, 2), np.float32),
        "seen": np.ones(n, np.bool_),
        "eye_distance_px": np.full(n, 60, np.float32),
        "regions": np.array(["brow", "chin"]),
        "motion": np.ones((n, 2), np.float32),
        **changes,
    }
    write_arrays(path, {name: array for name, array in arrays.items() if array is not None})
    return path


def a_voice_file(path: Path, n: int = 8, **changes: Any) -> Path:
    """A ticket's `voice.npz`; None leaves an array out."""
    arrays = {
        "format": np.array("mmed-sound-features"),
        "version": np.array(2),
        "log_mel": np.full((64, n), np.log(1e-10), np.float32),
        "band_hz": np.linspace(80, 7900, 64).astype(np.float32),
        "intensity_db": np.full(n, -60, np.float32),
        "f0_hz": np.array([np.nan] * (n - 1) + [200], np.float32),
        "voice_activity": np.zeros(n, np.bool_),
        "start_s": np.array(0.0001),
        "hop_s": np.array(0.01),
        "window_s": np.array(0.025),
        **changes,
    }
    write_arrays(path, {name: array for name, array in arrays.items() if array is not None})
    return path


def test_motion_comes_with_the_names_of_the_parts_that_move(tmp_path: Path) -> None:
    face = read_face(a_face_file(tmp_path / "face.npz"))
    assert face.regions == ("brow", "chin") and face.motion is not None and face.motion.shape == (5, 2)


def test_a_pass_that_does_not_show_motion_has_none(tmp_path: Path) -> None:
    face = read_face(a_face_file(tmp_path / "face.npz", regions=None, motion=None))
    assert face.motion is None and face.regions == () and len(face.landmarks) == 5


def test_a_voice_is_read_with_its_grid(tmp_path: Path) -> None:
    voice = read_voice(a_voice_file(tmp_path / "voice.npz"))
    assert voice.middles_s[:2] == pytest.approx([0.0126, 0.0226])
    assert voice.f0_hz[-1] == 200


def test_only_what_a_ticket_gives_is_read(tmp_path: Path) -> None:
    curves = read_curves(face=None, voice=a_voice_file(tmp_path / "voice.npz"))
    assert curves.face is None and curves.voice is not None


@pytest.mark.parametrize("with_motion", [True, False])
def test_files_as_the_desk_lays_them_out_are_read(tmp_path: Path, with_motion: bool) -> None:
    stored = {
        "format": np.array("mmed-features"),
        "version": np.array(2),
        "times_s": np.arange(5) / 60,
        "alignment": np.zeros((5, 2, 3), np.float32),
        "landmarks": np.zeros((5, 468, 2), np.float32),
        "seen": np.ones(5, np.bool_),
        "eye_distance_px": np.full(5, 60, np.float32),
        "places": np.array(["brow", "brow", "chin"]),
        "place_motion": np.tile(np.array([[3, 4], [0, 0], [1, 0]], np.float32), (5, 1, 1)),
    }
    write_arrays(tmp_path / "stored.npz", stored)
    given = face_curves((tmp_path / "stored.npz").read_bytes(), with_motion=with_motion)
    write_arrays(tmp_path / "face.npz", given)
    face = read_face(tmp_path / "face.npz")
    # the brow's two places lie 5 and 0 px off
    assert (None if face.motion is None else face.motion[1].tolist()) == ([2.5, 1.0] if with_motion else None)

    a_voice_file(tmp_path / "stored.npz")
    write_arrays(tmp_path / "voice.npz", voice_curves((tmp_path / "stored.npz").read_bytes()))
    assert read_voice(tmp_path / "voice.npz").log_mel.shape == (64, 8)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "is missing"),
        (lambda path: path.write_bytes(b"no zip at all"), "is damaged"),
        (lambda path: path.write_bytes(b""), "is damaged"),
        (lambda path: path.write_bytes(a_voice_file(path).read_bytes()[:-200]), "is damaged"),
        (lambda path: a_face_file(path), "is damaged, or something else"),
        (lambda path: a_voice_file(path, version=np.array(3)), "has version 3"),
        (lambda path: a_voice_file(path, log_mel=None), "is damaged"),
        (lambda path: a_voice_file(path, f0_hz=np.zeros(3, np.float32)), "is damaged"),
        (lambda path: a_voice_file(path, hop_s=np.array(0.0)), "is damaged"),
        (lambda path: a_voice_file(path, f0_hz=np.array(["a"] * 8)), "is damaged"),
        (lambda path: np.savez(path, format=np.array([{}], dtype=object)), "is damaged"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, make: Any, why: str) -> None:
    path = tmp_path / "voice.npz"
    make(path)
    with pytest.raises(BadInput, match=why) as caught:
        read_voice(path)
    assert str(tmp_path) not in str(caught.value)


def test_flipped_bytes_anywhere_are_damage_or_harmless(tmp_path: Path) -> None:
    path = a_face_file(tmp_path / "face.npz")
    whole = path.read_bytes()
    chance = np.random.default_rng(5)
    for place in chance.integers(0, len(whole), 150):
        bad = bytearray(whole)
        bad[place] ^= 0xFF
        path.write_bytes(bytes(bad))
        try:
            read_face(path)
        except BadInput as error:
            assert "\n" not in str(error)


def test_the_outline_holds_the_lowest_and_highest_sample() -> None:
    samples = np.array([[0.1, 0.0], [0.5, -0.7], [-0.2, 0.0], [0.3, 0.3]], np.float32)
    lows, highs = outline(samples, np.array([0, 2, 4]))
    assert lows.tolist() == pytest.approx([-0.7, -0.2]) and highs.tolist() == pytest.approx([0.5, 0.3])


def test_beyond_the_sound_there_is_silence() -> None:
    samples = np.array([0.5, 0.5], np.float32)
    lows, highs = outline(samples, np.array([-4, -2, 0, 2, 4]))
    assert highs.tolist() == [0, 0, 0.5, 0] and lows.tolist() == [0, 0, 0.5, 0]
    assert outline(samples[:0], np.array([0, 2]))[0].tolist() == [0]


def test_more_pixels_than_samples_hold_each_sample_as_long_as_it_lasts() -> None:
    lows, highs = outline(np.array([0.1, 0.2], np.float32), np.array([0, 0, 1, 1, 2]))
    assert highs.tolist() == pytest.approx([0.1, 0.1, 0.2, 0.2]) and lows.tolist() == highs.tolist()


def test_a_click_is_drawn_in_the_pixel_of_its_time() -> None:
    clock = a_clock(60, 60)
    axis = Axis.whole(clock, left_px=0, width_px=1000)
    samples = np.zeros(48_000, np.float32)
    samples[24_000] = 1  # at 500 ms, so pixel 500 of 1000
    sound = SimpleNamespace(samples=samples, rate_hz=48_000, start=clock.start_of(0))
    assert np.flatnonzero(outline(samples, sample_edges(axis, sound, ratio=1))[1]).tolist() == [500]


def test_runs() -> None:
    assert runs_of(np.array([True, False, True, True])) == ((0, 1), (2, 4))
    assert runs_of(np.zeros(0, np.bool_)) == ()


def test_loud_is_bright_and_low_bands_lie_at_the_bottom(tmp_path: Path) -> None:
    mel = np.full((64, 8), np.log(1e-10), np.float32)
    mel[0] = 0
    levels = loudness(read_voice(a_voice_file(tmp_path / "voice.npz", log_mel=mel)))
    assert levels[-1].tolist() == [255] * 8 and levels[0].tolist() == [0] * 8


@pytest.mark.parametrize("dark", [True, False])
def test_lightness_rises_evenly(dark: bool) -> None:
    share = colours(dark=dark) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    lightness = np.where(luminance > 216 / 24389, 116 * np.cbrt(luminance) - 16, luminance * 24389 / 27)
    steps = np.diff(lightness) if dark else -np.diff(lightness)
    # 256 levels round to 8 bits, so look at eighths of the scale
    eighths = steps[:248].reshape(8, 31).sum(axis=1)
    assert (eighths > 0).all() and eighths.max() < 1.6 * eighths.min()
