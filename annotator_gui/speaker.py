"""A loop that is heard, and how far it has come: the picture follows the sound's clock where there is sound.

Sound goes round without a gap. A round of sound and a round of picture differ by less than a sample; what was heard is
counted in rounds, so that this never adds up. Picture and sound are in step to one period of the device (5 ms measured
on PulseAudio) and the way from the system to the ear, which no device tells reliably.

Without a device, or without a library for it, everything goes on in silence, and `silent_because` says why.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QIODevice, QtMsgType, qInstallMessageHandler

from mmed_curate.media.resample import margin, resampled

Samples = NDArray[np.float32]
"""(N, C) float32."""

NO_LIBRARY = "sound cannot be played: Qt's sound library does not load on this machine"
NO_DEVICE = "sound cannot be played: this machine has no sound device"
NOT_OPENED = "sound cannot be played: the sound device does not open"
STOPPED = "sound cannot be played: the sound device does not go on"

_BUFFER_MS = 100
"""The device is filled in the window's thread: so long may that be busy."""
_FADE_MS = 1
"""At both ends of a round: a step where it begins anew would click."""
_AHEAD_US = 25_000
"""How far a position is carried on between two reports of the device."""
_PATIENCE_NS = 1_000_000_000
"""A device that has not moved for so long has stopped."""

_log = logging.getLogger(__name__)


class Silent(Exception):
    """Why nothing can be heard, in a sentence."""


class Sink(Protocol):
    """Where sound goes; one for each thing played."""

    rate_hz: int
    channels: int
    is_float: bool
    """Else 16-bit whole numbers."""

    def start(self, source: Round) -> None:
        """Begin to pull from a source."""

    def stop(self) -> None:
        """Be still at once."""

    def processed_us(self) -> int:
        """Microseconds of sound that were given on to the device since the start."""


OpenSink = Callable[[int, int], Sink]
"""Opens the default device for sound of that rate and number of channels, or the nearest that it takes; or Silent."""


class Round(QIODevice):
    """Bytes that begin anew where they end."""

    def __init__(self, data: bytes, begin: int) -> None:
        """Begin at a byte of the round."""
        super().__init__()
        self._data = data
        self._at = begin
        self.open(QIODevice.OpenModeFlag.ReadOnly | QIODevice.OpenModeFlag.Unbuffered)

    def readData(self, maxlen: int) -> bytes:
        """The next bytes; there is no end."""
        given = self._data[self._at : self._at + maxlen]
        while len(given) < maxlen:
            given += self._data[: maxlen - len(given)]
        self._at = (self._at + maxlen) % len(self._data)
        return given

    def bytesAvailable(self) -> int:
        """As many as anybody asks for."""
        return 1 << 24

    def isSequential(self) -> bool:
        """There is no way back."""
        return True


class Position:
    """How far a device has come, out of its reports: never back, carried on between them. Knows no Qt."""

    def __init__(self, now_ns: int) -> None:
        """Begin.

        Args:
            now_ns: of a monotonic clock.
        """
        self._told_us = 0
        self._told_ns = now_ns
        self._last_us = 0
        self._free: tuple[int, int] | None = None

    @property
    def stopped(self) -> bool:
        """The device has not moved for so long that the position goes on without it."""
        return self._free is not None

    def at_us(self, now_ns: int, processed_us: int) -> int:
        """Microseconds since the start.

        Args:
            now_ns: of the same clock.
            processed_us: what the device says.
        """
        if self._free is None and processed_us > self._told_us:
            self._told_us, self._told_ns = processed_us, now_ns
        elif self._free is None and now_ns - self._told_ns > _PATIENCE_NS:
            self._free = (self._last_us, now_ns)
        if self._free is not None:
            from_us, from_ns = self._free
            return from_us + (now_ns - from_ns) // 1000
        ahead_us = min((now_ns - self._told_ns) // 1000, _AHEAD_US) if self._told_us else 0
        self._last_us = max(self._last_us, self._told_us + ahead_us)
        return self._last_us


class Speaker:
    """Plays one round of sound over and over, and says how far it is; without sound it only says how far."""

    def __init__(self, open_sink: OpenSink | None = None, *, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """Load nothing yet.

        Args:
            open_sink: None: the default device, through Qt.
            now_ns: a monotonic clock.
        """
        self.silent_because = ""
        """A sentence, once it is known that nothing can be heard; empty: it can, or nobody has tried."""
        self._open_sink = open_sink
        self._now_ns = now_ns
        self._sink: Sink | None = None
        self._source: Round | None = None
        self._position = Position(0)
        self._began_ns = 0
        self._began_s = Fraction(0)
        self._wall_a_sound = Fraction(1)
        """Seconds of the loop in a second of its sound: next to 1."""

    def wake(self) -> None:
        """Load what plays and look for a device; takes some tenths of a second, best after the window is there."""
        if self._open_sink is not None or self.silent_because:
            return
        try:
            self._open_sink = qt_device()
        except Silent as why:
            self.silent_because = str(why)

    @property
    def playing(self) -> bool:
        """Whether something is heard now."""
        return self._sink is not None

    def play(self, samples: Samples | None, *, rate_hz: int = 48_000, round_s: Fraction, begin_s: Fraction) -> None:
        """Begin a loop, instead of the one before.

        Args:
            samples: one round, at the speed at which it is heard; None: in silence.
            rate_hz: of the samples.
            round_s: how long a round of the picture lasts (`Loop.round_s`).
            begin_s: how far in it begins.
        """
        self.stop()
        self._began_s = begin_s
        if samples is not None and len(samples):
            self.wake()
            if self._open_sink is not None:
                self._begin(samples, rate_hz, round_s, begin_s)
        self._began_ns = self._now_ns()
        self._position = Position(self._began_ns)

    def stop(self) -> None:
        """Be still."""
        if self._sink is not None:
            self._sink.stop()
        self._sink = self._source = None

    def elapsed_s(self) -> Fraction:
        """How far the loop is, in seconds since its beginning; never goes back."""
        now_ns = self._now_ns()
        if self._sink is None:
            return self._began_s + Fraction(now_ns - self._began_ns, 1_000_000_000)
        heard_us = self._position.at_us(now_ns, self._sink.processed_us())
        if self._position.stopped and not self.silent_because:
            _log.warning("the sound device does not go on")
            self.silent_because = STOPPED
        return self._began_s + Fraction(heard_us, 1_000_000) * self._wall_a_sound

    def _begin(self, samples: Samples, rate_hz: int, round_s: Fraction, begin_s: Fraction) -> None:
        assert self._open_sink is not None
        try:
            sink = self._open_sink(rate_hz, samples.shape[1])
        except Silent as why:
            self.silent_because = str(why)
            return
        fitted = _fitted(_faded(samples, rate_hz), rate_hz, sink)
        values = fitted if sink.is_float else np.round(np.clip(fitted, -1, 1) * 32767).astype("<i2")
        first = round(begin_s / round_s * len(values)) % len(values)
        self._source = Round(values.tobytes(), first * values.strides[0])
        self._wall_a_sound = round_s * sink.rate_hz / len(values)
        self.silent_because = ""
        self._sink = sink
        sink.start(self._source)


def qt_device() -> OpenSink:
    """The default device, through Qt Multimedia, which is loaded now.

    Raises:
        Silent: there is no such library, or no device.
    """
    with_messages = qInstallMessageHandler(_quietly)
    try:
        from PyQt6.QtMultimedia import QMediaDevices

        if QMediaDevices.defaultAudioOutput().isNull():
            raise Silent(NO_DEVICE)
    except ImportError as error:
        _log.info("no sound: %s", error)
        raise Silent(NO_LIBRARY) from error
    finally:
        qInstallMessageHandler(with_messages)
    return _QtSink


class _QtSink:
    """The default device, in the nearest format that it takes."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        from PyQt6.QtMultimedia import QAudio, QAudioFormat, QAudioSink, QMediaDevices

        # asked anew each time: a headset may have been plugged in
        device = QMediaDevices.defaultAudioOutput()
        if device.isNull():
            raise Silent(NO_DEVICE)
        chosen = device.preferredFormat()
        for kind in (QAudioFormat.SampleFormat.Int16, QAudioFormat.SampleFormat.Float):
            wanted = QAudioFormat()
            wanted.setSampleRate(rate_hz)
            wanted.setChannelCount(channels)
            wanted.setSampleFormat(kind)
            if device.isFormatSupported(wanted):
                chosen = wanted
        if chosen.sampleFormat() not in {QAudioFormat.SampleFormat.Int16, QAudioFormat.SampleFormat.Float}:
            chosen.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        self.rate_hz, self.channels = chosen.sampleRate(), chosen.channelCount()
        self.is_float = chosen.sampleFormat() == QAudioFormat.SampleFormat.Float
        self._sink: Any = QAudioSink(device, chosen)
        self._sink.setBufferSize(chosen.bytesForDuration(_BUFFER_MS * 1000))
        if self._sink.error() != QAudio.Error.NoError:
            raise Silent(NOT_OPENED)

    def start(self, source: Round) -> None:
        self._sink.start(source)

    def stop(self) -> None:
        self._sink.stop()

    def processed_us(self) -> int:
        return int(self._sink.processedUSecs())


def _faded(samples: Samples, rate_hz: int) -> Samples:
    n_fade = min(rate_hz * _FADE_MS // 1000, len(samples) // 2)
    if not n_fade:
        return samples
    faded = samples.astype(np.float32)
    rise = (np.arange(n_fade, dtype=np.float32) / n_fade)[:, None]
    faded[:n_fade] *= rise
    faded[-n_fade:] *= rise[::-1]
    return faded


def _fitted(samples: Samples, rate_hz: int, sink: Sink) -> Samples:
    """The round in the device's rate and channels."""
    if samples.shape[1] != sink.channels:
        mono = samples.mean(axis=1, keepdims=True, dtype=np.float32)
        samples = np.repeat(mono, sink.channels, axis=1)
    if rate_hz != sink.rate_hz:
        reach = min(len(samples), margin(rate_hz, sink.rate_hz))
        around = np.concatenate([samples[-reach:], samples, samples[:reach]])  # a round has no ends
        n_samples = max(1, round(len(samples) * sink.rate_hz / rate_hz))
        samples = resampled(
            around, begins=-reach, old_rate_hz=rate_hz, new_rate_hz=sink.rate_hz, start=0, stop=n_samples
        )
    return np.ascontiguousarray(samples, dtype=np.float32)


def _quietly(kind: QtMsgType, context: object, message: str | None) -> None:
    """What Qt says of libraries that it does not find."""
    _log.debug("%s", message)
