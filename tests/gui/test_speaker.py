"""Sound that goes round, in step with the picture; and a machine without a device, which goes on in silence."""

from __future__ import annotations

import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from annotator_gui import speaker as speaker_module
from annotator_gui.playing import Loop
from annotator_gui.speaker import NO_DEVICE, NO_LIBRARY, STOPPED, Position, Round, Silent, Speaker
from mmed_curate.domain.time import Frame, FrameClock

RATE_HZ = 48_000
MS = 1_000_000
"""In ns."""


class ADevice:
    """Pulls sound as it is told, in any format; its clock and the wall's are set by hand."""

    def __init__(self, *, rate_hz: int | None = None, channels: int | None = None, is_float: bool = True) -> None:
        self._only = (rate_hz, channels)
        self.is_float = is_float
        self.now_ns = 5_000 * MS
        self.source: Round | None = None
        self.n_samples = 0
        self.heard: list[NDArray[np.float32]] = []

    def open(self, rate_hz: int, channels: int) -> ADevice:
        self.rate_hz, self.channels = self._only[0] or rate_hz, self._only[1] or channels
        return self

    def start(self, source: Round) -> None:
        self.source, self.n_samples = source, 0
        self.heard.clear()

    def stop(self) -> None:
        self.source = None

    def processed_us(self) -> int:
        return self.n_samples * 1_000_000 // self.rate_hz

    def pull(self, n_samples: int) -> None:
        assert self.source is not None
        kind = np.dtype("<f4" if self.is_float else "<i2")
        data = self.source.read(n_samples * self.channels * kind.itemsize)
        assert data is not None
        values = np.frombuffer(bytes(data), dtype=kind).reshape(-1, self.channels)
        self.heard.append(values.astype(np.float32) / (1 if self.is_float else 32767))
        self.n_samples += n_samples

    def goes_on(self, ms: int, *, sounding: bool = True) -> None:
        self.now_ns += ms * MS
        if sounding:
            self.pull(self.rate_hz * ms // 1000)


def a_speaker(device: ADevice) -> Speaker:
    return Speaker(device.open, now_ns=lambda: device.now_ns)


def counting(n_samples: int, channels: int = 1) -> NDArray[np.float32]:
    """Samples that say where they stand."""
    return np.repeat(np.arange(n_samples, dtype=np.float32)[:, None] / n_samples, channels, axis=1)


def test_a_round_begins_anew_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaker_module, "_FADE_MS", 0)
    device = ADevice()
    speaker = a_speaker(device)
    speaker.play(counting(1000, 2), rate_hz=RATE_HZ, round_s=Fraction(1000, RATE_HZ), begin_s=Fraction(0))
    for n_samples in (1, 333, 1024, 2500, 7):
        device.pull(n_samples)
    places = np.round(np.concatenate(device.heard)[:, 1] * 1000).astype(int)
    assert places.tolist() == (np.arange(3865) % 1000).tolist()


def test_it_begins_where_the_picture_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaker_module, "_FADE_MS", 0)
    device = ADevice()
    speaker = a_speaker(device)
    speaker.play(counting(1000), rate_hz=RATE_HZ, round_s=Fraction(1000, RATE_HZ), begin_s=Fraction(250, RATE_HZ))
    assert speaker.elapsed_s() == Fraction(250, RATE_HZ)
    device.pull(1)
    assert device.heard[0][0, 0] == pytest.approx(0.25)


def test_where_a_round_begins_anew_nothing_clicks() -> None:
    device = ADevice()
    a_speaker(device).play(
        np.ones((4800, 1), dtype=np.float32), rate_hz=RATE_HZ, round_s=Fraction(1, 10), begin_s=Fraction(0)
    )
    device.pull(9600)
    heard = np.concatenate(device.heard)[:, 0]
    assert np.abs(np.diff(heard)).max() < 0.03
    assert (heard[100:4700] == 1).all()


@pytest.mark.parametrize("speed", ["1", "1/2", "1/4", "1/10"])
def test_picture_and_sound_stay_in_step_for_hours(speed: str) -> None:
    # 29.97 Hz: no round is a whole number of samples
    clock = FrameClock(pts=tuple(range(0, 40 * 1001, 1001)), end_pts=40 * 1001, time_base=Fraction(1, 30000))
    loop = Loop(clock=clock, first=Frame(3), last=Frame(16), speed=Fraction(speed))
    part = loop.samples(RATE_HZ)
    n_samples = part.stop - part.start
    device = ADevice()
    speaker = a_speaker(device)
    speaker.play(counting(n_samples), rate_hz=RATE_HZ, round_s=loop.round_s, begin_s=Fraction(0))
    for rounds in (1, 1000, 100_000):
        device.n_samples = rounds * n_samples + n_samples // 3
        device.now_ns += MS
        in_round_s = speaker.elapsed_s() - rounds * loop.round_s
        sounding_s = Fraction(n_samples // 3, RATE_HZ)
        assert abs(in_round_s - sounding_s) < Fraction(2, RATE_HZ)
        assert loop.at(speaker.elapsed_s()).replays == rounds


def test_the_picture_waits_for_the_sound_to_begin() -> None:
    device = ADevice()
    speaker = a_speaker(device)
    speaker.play(counting(48_000), rate_hz=RATE_HZ, round_s=Fraction(1), begin_s=Fraction(0))
    device.goes_on(200, sounding=False)
    assert speaker.elapsed_s() == 0
    device.goes_on(10)
    assert speaker.elapsed_s() == Fraction(10, 1000)


def test_a_device_that_stops_does_not_stop_the_picture() -> None:
    device = ADevice()
    speaker = a_speaker(device)
    speaker.play(counting(48_000), rate_hz=RATE_HZ, round_s=Fraction(1), begin_s=Fraction(0))
    device.goes_on(100)
    before = speaker.elapsed_s()
    device.goes_on(1100, sounding=False)
    assert speaker.elapsed_s() - before < Fraction(1, 10)
    device.goes_on(500, sounding=False)
    assert speaker.elapsed_s() - before >= Fraction(1, 2)
    assert speaker.silent_because == STOPPED


@given(reports=st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=60))
def test_a_position_never_goes_back_and_keeps_near_what_the_device_says(reports: list[tuple[int, bool]]) -> None:
    position, now_ns, wall_us, told_us, last = Position(0), 0, 0, 0, 0
    for ms, moves in reports:
        now_ns, wall_us = now_ns + ms * MS, wall_us + 1000 * ms
        told_us = max(told_us, wall_us - 5000) if moves else told_us
        at_us = position.at_us(now_ns, told_us)
        assert at_us >= last
        if not position.stopped:
            assert told_us <= at_us <= told_us + 25_000
        last = at_us


def test_a_device_of_another_rate_and_kind_hears_the_same() -> None:
    moments_s = np.arange(4410) / 44_100
    tone = (0.5 * np.sin(2 * np.pi * 440 * moments_s))[:, None].astype(np.float32)
    device = ADevice(rate_hz=48_000, channels=2, is_float=False)
    speaker = a_speaker(device)
    speaker.play(tone, rate_hz=44_100, round_s=Fraction(1, 10), begin_s=Fraction(0))
    device.pull(3 * 4800)
    heard = np.concatenate(device.heard)
    assert (heard[:, 0] == heard[:, 1]).all()
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4800) / 48_000)
    np.testing.assert_allclose(heard[4800:9600, 0][100:-100], expected[100:-100], atol=0.002)


def test_without_a_device_the_clock_goes_on_in_silence() -> None:
    now = [0]

    def none(rate_hz: int, channels: int) -> ADevice:
        raise Silent(NO_DEVICE)

    speaker = Speaker(none, now_ns=lambda: now[0])
    speaker.play(counting(100), rate_hz=RATE_HZ, round_s=Fraction(1), begin_s=Fraction(1, 4))
    now[0] = 40 * MS
    assert speaker.elapsed_s() == Fraction(1, 4) + Fraction(40, 1000)
    assert speaker.silent_because == NO_DEVICE and not speaker.playing


def test_without_sound_nothing_is_loaded_nor_said() -> None:
    speaker = Speaker(now_ns=lambda: 0)
    speaker.play(None, round_s=Fraction(1), begin_s=Fraction(0))
    assert speaker.silent_because == "" and not speaker.playing


def test_a_machine_without_the_library_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # what Python does where libpulse is missing: the import fails
    monkeypatch.setitem(sys.modules, "PyQt6.QtMultimedia", None)
    speaker = Speaker()
    speaker.wake()
    assert speaker.silent_because == NO_LIBRARY


def test_stopping_and_beginning_anew() -> None:
    device = ADevice()
    speaker = a_speaker(device)
    for speed in (1, 2):
        n_samples = 4800 * speed
        speaker.play(counting(n_samples), rate_hz=RATE_HZ, round_s=Fraction(n_samples, RATE_HZ), begin_s=Fraction(0))
        assert speaker.playing and speaker.elapsed_s() == 0
        device.goes_on(50)
        assert speaker.elapsed_s() == Fraction(50, 1000)
    speaker.stop()
    assert device.source is None and not speaker.playing
