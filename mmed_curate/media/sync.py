"""A companion's sound on the recording's clock: its offset kept, its drift undone between samples."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Synchrony, samples_between
from mmed_curate.media.container import AS_PLAYED, StreamChoice
from mmed_curate.media.resample import reach_at, resampled_at
from mmed_curate.media.sound import Sound, SoundReader


class SyncedSound:
    """Reads runs of a companion's samples as if it had been recorded by the recording's clock.

    Where nothing drifts and the rate is its own, the samples are the companion's, bit by bit, on the grid that they
    lie on. Else they are computed between its samples, on a grid that counts from the recording's time 0. Before the
    companion begins and after it ends there is silence. Cheap when runs are asked for in the order of their start.
    """

    def __init__(
        self,
        path: Path,
        synchrony: Synchrony,
        *,
        streams: StreamChoice = AS_PLAYED,
        channel: int | None = None,
        exact: bool = False,
    ) -> None:
        """Name the companion and where it lies; nothing is opened yet.

        Args:
            path: the companion.
            synchrony: its place on the recording's clock.
            streams: which sound of it.
            channel: which channel, from 0; None: all.
            exact: as `SoundReader`'s.
        """
        self._path, self._synchrony, self._channel = path, synchrony, channel
        self._reader = SoundReader(path, streams=streams, exact=exact)

    def __enter__(self) -> Self:
        """Open the companion.

        Raises:
            BadInput: it cannot be read, holds no sound, or not the stream or channel asked for.
        """
        self._reader.__enter__()
        try:
            check_channel(self._path, self._channel, self._reader.channels)
        except BadInput:
            self._reader.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the companion."""
        self._reader.__exit__(kind, error, trace)

    @property
    def rate_hz(self) -> int:
        """Sampling rate of the companion."""
        return self._reader.rate_hz

    @property
    def channels(self) -> int:
        """Number of channels that are given."""
        return self._reader.channels if self._channel is None else 1

    @property
    def origin(self) -> Fraction:
        """A time of the recording's clock, in seconds, at which a sample of `read` at the companion's rate lies."""
        if self._synchrony.drift_ppm == 0:
            return self._synchrony.on_recording(self._reader.origin)
        return Fraction(0)

    def read(self, start: Fraction, stop: Fraction, *, rate_hz: int | None = None, mono: bool = False) -> Sound:
        """The samples that sound from `start` up to `stop` (`domain.time.samples_between`).

        Args:
            start: seconds on the recording's clock.
            stop: seconds on the recording's clock; outside.
            rate_hz: rate wanted; None: the companion's.
            mono: give the mean of all channels.

        Raises:
            BadInput: the sound cannot be decoded there.
        """
        rate = rate_hz or self.rate_hz
        wanted = samples_between(start, stop, rate_hz=rate, origin=self.origin)
        begins = self.origin + Fraction(wanted.start, rate)
        # places in samples of the companion, counted from its first
        first = (self._synchrony.on_companion(begins) - self._reader.origin) * self.rate_hz
        step = Fraction(self.rate_hz, rate) / self._synchrony.rate
        count = max(0, wanted.n_samples)
        if step == 1 and first.denominator == 1:
            samples = self._stretch(int(first), int(first) + count)
        else:
            reach = reach_at(step) + 1
            low = math.floor(first) - reach
            high = math.ceil(first + step * count) + reach
            samples = resampled_at(self._stretch(low, high), begins=low, first=first, step=step, count=count)
        if mono and samples.shape[1] > 1:
            samples = samples.mean(axis=1, keepdims=True, dtype=np.float32)
        return Sound(samples=samples, rate_hz=rate, start=begins)

    def _stretch(self, first: int, behind: int) -> NDArray[np.float32]:
        """Samples first..behind of the companion, counted from its own first one."""
        origin, rate_hz = self._reader.origin, self.rate_hz
        sound = self._reader.read(origin + Fraction(first, rate_hz), origin + Fraction(behind, rate_hz))
        return sound.samples if self._channel is None else sound.samples[:, self._channel, None]


def check_channel(path: Path, channel: int | None, channels: int) -> None:
    """Refuse a channel that a sound does not have.

    Raises:
        BadInput: there is no such channel.
    """
    if channel is not None and not 0 <= channel < channels:
        raise BadInput.of(
            "media.no_channel",
            f"{path} has {channels} channel{'s' * (channels != 1)} of sound, channel {channel} was asked for",
            f"give a channel from 0 to {channels - 1}",
        )
