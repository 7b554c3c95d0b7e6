"""Two SIMULATED recordings of one game by two clocks: the planted offset and drift come back, or the answer is no."""

from __future__ import annotations

import wave
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import yaml
from av.audio.frame import AudioFrame

from mmed_curate.domain.findings import BadInput, Refused
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.domain.time import SyncBasis
from mmed_curate.media.container import StreamChoice
from mmed_curate.media.lags import line_through, spectrum, window_lag
from mmed_curate.media.sound import Sound, read_sound, sound_span, write_wav
from mmed_curate.media.synchrony import SearchBounds, SyncMeasurement, find_synchrony
from mmed_curate.simulation.companions import PlantedPair, write_pair
from mmed_curate.simulation.settings import load_settings

BOUNDS = SearchBounds(**yaml.safe_load(packaged_path("pipelines", "sync", "mmed.yaml").read_text())["search"])
SOUND = load_settings("mmed").sound
SHORT = PlantedPair(length_s=50, offset_s=4.321, drift_ppm=30, companion_hz=16000, noise_db=-10)


def errors_ms(found: SyncMeasurement, planted: PlantedPair) -> tuple[float, float]:
    """How far the found clock is off where the microphone begins and where the camera ends."""
    offset_ms = 1000 * (found.synchrony.offset_s - planted.offset_s)
    end_s = (planted.length_s - planted.offset_s) / (1 + planted.drift_ppm * 1e-6)
    return offset_ms, offset_ms + (found.synchrony.drift_ppm - planted.drift_ppm) * end_s / 1000


def a_pair(folder: Path, planted: PlantedPair) -> tuple[Path, Path]:
    camera, companion = folder / "camera.wav", folder / "microphone.wav"
    write_pair(camera, companion, planted, SOUND)
    return camera, companion


def test_three_minutes_at_0_db_are_found_to_a_tenth_of_a_millisecond(tmp_path: Path) -> None:
    """Through a room, by another rate, started 25 s before the camera, its polarity turned round."""
    planted = PlantedPair(length_s=180, offset_s=-25.4321, drift_ppm=-50, companion_hz=44100, inverted=True)
    found = find_synchrony(*a_pair(tmp_path, planted), bounds=BOUNDS)
    assert max(map(abs, errors_ms(found, planted))) <= 0.1
    assert abs(found.synchrony.drift_ppm + 50) < 0.3
    assert found.synchrony.basis is SyncBasis.MEASURED
    assert found.inverted and found.confidence > 0.7
    assert found.synchrony.uncertainty_ms is not None and found.synchrony.uncertainty_ms < 0.3


@pytest.mark.parametrize(
    "change",
    [
        {"drift_ppm": 400.0, "noise_db": 0.0, "reverberation_s": 0.6},
        {"offset_s": -20.0, "companion_s": 35.0},
        {"length_s": 110.0, "silent_s": ((20.0, 90.0),)},
    ],
    ids=["a clock far off, noise and a hall", "15 s in common", "a long silence"],
)
def test_other_pairs(tmp_path: Path, change: dict[str, float]) -> None:
    planted = replace(SHORT, **change)  # type: ignore[arg-type]
    found = find_synchrony(*a_pair(tmp_path, planted), bounds=BOUNDS)
    assert max(map(abs, errors_ms(found, planted))) <= 0.5
    assert found.confidence > 0.3
    assert len(found.times_s) == len(found.lags_s) == len(found.weights) == len(found.agrees)


def test_another_game_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"microphone\.wav cannot be laid .* by hand"):
        find_synchrony(*a_pair(tmp_path, replace(SHORT, shared=False)), bounds=BOUNDS)


def test_sound_that_repeats_itself_is_refused(tmp_path: Path) -> None:
    planted = replace(SHORT, length_s=100.0, repeats_s=40.0)
    with pytest.raises(Refused, match="repeats itself"):
        find_synchrony(*a_pair(tmp_path, planted), bounds=BOUNDS)


def test_digital_silence_is_refused(tmp_path: Path) -> None:
    camera, _ = a_pair(tmp_path, replace(SHORT, length_s=30.0))
    write_wav(
        tmp_path / "off.wav", Sound(samples=np.zeros((480000, 1), dtype=np.float32), rate_hz=16000, start=Fraction(0))
    )
    with pytest.raises(Refused, match=r"off\.wav is silent"):
        find_synchrony(camera, tmp_path / "off.wav", bounds=BOUNDS)


def test_a_bound_of_ones_own(tmp_path: Path) -> None:
    pair = a_pair(tmp_path, replace(SHORT, length_s=40.0))
    assert find_synchrony(*pair, bounds=BOUNDS, least_confidence=0.1).confidence < 0.99
    with pytest.raises(Refused):
        find_synchrony(*pair, bounds=BOUNDS, least_confidence=0.99)


def test_start_offsets_in_containers_and_channels_that_cancel(tmp_path: Path) -> None:
    """The camera's sound begins 2.5 s into its file; the microphone's two channels are each other's negative."""
    planted = replace(SHORT, length_s=40.0)
    camera, companion = a_pair(tmp_path, planted)
    late = _shifted(camera, tmp_path / "camera.mov", start_s=Fraction(5, 2))
    with wave.open(str(companion)) as stream:
        mono = np.frombuffer(stream.readframes(stream.getnframes()), dtype="<i2")
    with wave.open(str(tmp_path / "two.wav"), "wb") as stream:
        stream.setnchannels(2)
        stream.setsampwidth(2)
        stream.setframerate(16000)
        stream.writeframes(np.stack([mono, -mono], axis=1).astype("<i2").tobytes())
    found = find_synchrony(late, tmp_path / "two.wav", bounds=BOUNDS)
    assert abs(found.synchrony.offset_s - planted.offset_s - 2.5) < 0.0005
    with pytest.raises(BadInput, match="channel 2 was asked for"):
        find_synchrony(late, tmp_path / "two.wav", bounds=BOUNDS, channel=2)
    with pytest.raises(BadInput):
        find_synchrony(late, tmp_path / "two.wav", bounds=BOUNDS, companion_streams=StreamChoice(sound=4))


def _shifted(path: Path, to: Path, *, start_s: Fraction) -> Path:
    """The same sound in a .mov whose stream starts late."""
    with wave.open(str(path)) as stream:
        rate_hz, data = stream.getframerate(), np.frombuffer(stream.readframes(stream.getnframes()), dtype="<i2")
    with av.open(str(to), "w", options={"movie_timescale": str(rate_hz)}) as container:
        out = container.add_stream("pcm_s16le", rate=rate_hz, layout="mono")
        for at in range(0, len(data), 1024):
            frame = AudioFrame.from_ndarray(data[at : at + 1024].reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
            frame.pts = at + int(start_s * rate_hz)
            container.mux(out.encode(frame))
        container.mux(out.encode(None))
    return to


def test_a_real_recording_is_found_in_itself_and_not_in_another(material: Path, tmp_path: Path) -> None:
    speech, other = material / "oneshot-speech" / "speech.mp4", material / "vad-silero" / "test.wav"
    span = sound_span(speech)
    assert span is not None
    cut = read_sound(speech, span[0] + 3, span[1])
    write_wav(tmp_path / "cut.wav", cut)
    found = find_synchrony(speech, tmp_path / "cut.wav", bounds=BOUNDS)
    assert abs(found.synchrony.offset_s - float(cut.start)) < 2e-5
    with pytest.raises(Refused):
        find_synchrony(speech, other, bounds=BOUNDS)


@pytest.mark.parametrize("lag_samples", [-700, -3, 0, 40, 1500])
def test_one_window_says_its_lag_whatever_the_rates(lag_samples: int) -> None:
    """48 kHz noise against its own every third sample, heard later by whole samples of 48 kHz."""
    rng = np.random.default_rng(2)
    smooth = np.convolve(rng.standard_normal(4 * 48000), np.hanning(13), mode="same").astype(np.float32)
    companion = smooth[48000 : 3 * 48000][::3]
    camera = smooth[48000 - lag_samples : 3 * 48000 - lag_samples]
    found = window_lag(spectrum(camera, 12000), spectrum(-companion, 12000), window_s=2.0, low_hz=100, search_s=0.1)
    assert found is not None and found.inverted and found.strength > 3
    assert abs(found.lag_s - lag_samples / 48000) < 1e-5


def test_a_line_goes_through_the_windows_that_agree() -> None:
    rng = np.random.default_rng(4)
    times_s = np.arange(100) * 60.0
    lags_s = 3.0 + 40e-6 * times_s + rng.normal(0, 1e-4, 100)
    lags_s[rng.permutation(100)[:65]] += rng.uniform(-0.2, 0.2, 65)
    line = line_through(times_s, lags_s, agree_ms=2, most_drift_ppm=500, rng=np.random.default_rng(0))
    assert abs(line.drift_ppm - 40) < 0.05 and abs(line.offset_s - 3) < 2e-4
    assert 0.35 <= line.share <= 0.4 and line.wander_ms < 0.2 and 0.05 < line.spread_ms < 0.2


def test_a_clock_that_bends_is_told_as_wander() -> None:
    times_s = np.arange(200) * 30.0
    bent = 1e-3 * np.sin(times_s / times_s[-1] * 2 * np.pi)  # 1 ms to each side of a straight clock
    line = line_through(times_s, bent, agree_ms=2, most_drift_ppm=500, rng=np.random.default_rng(0))
    assert 0.4 < line.wander_ms < 1.1
