"""How good a sound is for hearing a voice: level, clipping, silence, noise. Fed with blocks; memory is flat.

Levels are root mean squares of windows of 50 ms in dB relative to full scale, of the loudest channel.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput

FloatArray = npt.NDArray[np.float32]

WINDOW_S = 0.05
"""Length of a window."""
FLOOR_DB = -100.0
"""Digital silence has a number too."""
_AUDIBLE = 1 / 32768
"""Anything quieter would be zero as 16-bit sound."""
_FULL_SCALE = 0.985
"""So close to full scale is at it: lossy codecs do not keep a flat top flat (ours)."""
_FULL_RUN = 3
"""So many samples in a row at full scale are clipped ..."""
_FLAT_RUN = 5
"""... and so many equal ones, wherever the top was cut off ..."""
_TOP = 0.9
"""... above this part of the peak."""
_LEVELS = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SoundQuality:
    """What was measured of one recording's sound."""

    rate_hz: int
    channels: int
    n_samples: int
    start_s: float
    """Time of its first sample on the recording's clock."""
    peaks: tuple[float, ...]
    """Of each channel, 1: full scale."""
    offset: float
    """Mean of the samples, of the channel where it is greatest."""
    same_channels: bool
    """There are several channels, and all hold the same."""
    clipped_share: float
    """Of the samples."""
    level_db: FloatArray
    """(W,) of each window."""
    zero: npt.NDArray[np.bool_]
    """(W,) windows of digital silence."""
    clipped: FloatArray
    """(W,) share of samples at full scale."""

    @property
    def end_s(self) -> float:
        """When it ends on the recording's clock."""
        return self.start_s + self.n_samples / self.rate_hz

    @property
    def dead_channels(self) -> int:
        """Channels of digital silence beside others that sound."""
        dead = sum(peak < _AUDIBLE for peak in self.peaks)
        return dead if dead < self.channels else 0

    @property
    def is_zero(self) -> bool:
        """It is digital silence from start to end."""
        return all(peak < _AUDIBLE for peak in self.peaks)


class SoundMeter:
    """Measures one recording's sound; give it every block in order."""

    def __init__(self, rate_hz: int, channels: int, *, start_s: float = 0.0) -> None:
        """Begin with nothing heard.

        Args:
            rate_hz: sampling rate.
            channels: number of channels.
            start_s: time of the first sample.
        """
        self._rate_hz, self._channels, self._start_s = rate_hz, channels, start_s
        self._n_window = max(round(WINDOW_S * rate_hz), 1)
        self._rest = np.zeros((0, channels), dtype=np.float32)
        self._n_samples = 0
        self._peaks = np.zeros(channels)
        self._sums = np.zeros(channels)
        self._same = channels > 1
        self._full = np.zeros(channels)
        self._flat = np.zeros((channels, _LEVELS))  # samples in flat runs, by their level
        self._level_db, self._zero, self._clipped = array("f"), array("B"), array("f")

    def add(self, samples: FloatArray) -> None:
        """Take the next block.

        Args:
            samples: (N, C) float32.

        Raises:
            BadInput: the block has another number of channels.
        """
        if samples.ndim != 2 or samples.shape[1] != self._channels:
            raise BadInput.of(
                "quality.sound",
                f"need samples (N, {self._channels}), got {samples.shape}",
                "give all blocks of one sound as they are read",
            )
        if not len(samples):
            return
        sizes = np.abs(samples)
        self._n_samples += len(samples)
        self._peaks = np.maximum(self._peaks, sizes.max(axis=0))
        self._sums += samples.sum(axis=0, dtype=np.float64)
        self._same = self._same and bool((np.abs(samples - samples[:, :1]) < _AUDIBLE).all())
        for channel in range(self._channels):
            self._count_tops(channel, samples[:, channel], sizes[:, channel])
        held = np.concatenate([self._rest, samples])
        whole = len(held) // self._n_window * self._n_window
        self._windows(held[:whole])
        self._rest = held[whole:]

    def quality(self) -> SoundQuality:
        """What was measured so far; a last window that is not full counts where it is the only one."""
        if not self._level_db and len(self._rest):
            self._n_window = len(self._rest)
            self._windows(self._rest)
        peak = np.maximum(self._peaks, 1e-9)[:, None]
        at_top = np.arange(_LEVELS) / _LEVELS >= _TOP * np.minimum(peak, 1.0) - 1 / _LEVELS  # (C, levels)
        tops = np.maximum(self._full, (self._flat * at_top).sum(axis=1))
        count = max(self._n_samples, 1)
        return SoundQuality(
            rate_hz=self._rate_hz,
            channels=self._channels,
            n_samples=self._n_samples,
            start_s=self._start_s,
            peaks=tuple(float(value) for value in self._peaks),
            offset=float(max(self._sums / count, key=abs, default=0.0)),
            same_channels=self._same and self._n_samples > 0,
            clipped_share=float(tops.max() / count),
            level_db=np.array(self._level_db, dtype=np.float32),
            zero=np.array(self._zero, dtype=np.bool_),
            clipped=np.array(self._clipped, dtype=np.float32),
        )

    def _count_tops(self, channel: int, samples: FloatArray, sizes: FloatArray) -> None:
        starts, lengths = _runs(sizes >= _FULL_SCALE)
        self._full[channel] += lengths[lengths >= _FULL_RUN].sum()
        level = 0.5 * float(self._peaks[channel])
        if level < _AUDIBLE:
            return
        starts, lengths = _runs((samples[1:] == samples[:-1]) & (sizes[1:] > level))
        long = lengths + 1 >= _FLAT_RUN  # n equal neighbours are n + 1 equal samples
        bins = np.minimum(sizes[starts[long]] * _LEVELS, _LEVELS - 1).astype(int)
        np.add.at(self._flat[channel], bins, lengths[long] + 1)

    def _windows(self, samples: FloatArray) -> None:
        cut = samples.reshape(-1, self._n_window, self._channels)  # (w, n, C)
        power = (cut.astype(np.float64) ** 2).mean(axis=1).max(axis=1)
        sizes = np.abs(cut).max(axis=(1, 2)) if len(cut) else np.zeros(0)
        self._level_db.extend(10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10))))
        self._zero.extend(int(size < _AUDIBLE) for size in sizes)
        self._clipped.extend((np.abs(cut) >= _FULL_SCALE).mean(axis=1).max(axis=1))


def _runs(flags: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where runs of true begin, and how long they are."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return edges[::2], edges[1::2] - edges[::2]
