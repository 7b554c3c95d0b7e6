"""The sound that goes with stretches of a recording: its own, or a companion's laid on its clock."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from mmed_curate.domain.time import SyncBasis, Synchrony
from mmed_curate.media.clipfiles import ClipSound, SoundSlice, listening_encoding, mixed
from mmed_curate.media.container import AS_PLAYED, StreamChoice, opened, sound_stream
from mmed_curate.media.resample import margin, resampled
from mmed_curate.media.sound import AUDIBLE, Sound, SoundReader
from mmed_curate.media.sync import SyncedSound

_AT_ONCE_S = 60
"""The sound of a shorter clip is read at once, of a longer one while it is written."""
_SLICE_S = 10
"""Of longer ones."""

Reader = SoundReader | SyncedSound


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSource:
    """Where the sound of a clip comes from, if not from its recording."""

    path: Path
    """The companion file."""
    streams: StreamChoice = AS_PLAYED
    """Which sound of it."""
    synchrony: Synchrony | None = None
    """Where it lies on the recording's clock; None: both clocks are the same."""
    channel: int | None = None
    """Which channel, from 0; None: all."""


class SoundOfClips:
    """Reads the sound of clips; cheap when they are asked for in the order of their start."""

    def __init__(self, recording: Path, *, streams: StreamChoice = AS_PLAYED) -> None:
        """Name the recording; nothing is opened yet."""
        self._own = SoundSource(path=recording, streams=streams)
        self._stack = ExitStack()
        self._readers: dict[SoundSource, Reader | None] = {}

    def __enter__(self) -> Self:
        """Open nothing yet: a source is opened by the first clip that needs it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all sources."""
        self._stack.__exit__(kind, error, trace)

    def of(self, source: SoundSource | None, start: Fraction, stop: Fraction) -> ClipSound | None:
        """The samples that sound from `start` up to `stop`.

        Args:
            source: None: the recording's own sound.
            start: seconds on the recording's clock.
            stop: seconds on the recording's clock; outside.

        Returns:
            None: the recording has no sound stream.

        Raises:
            BadInput: a source cannot be read, or a companion holds no sound or not what was chosen.
        """
        chosen = source or self._own
        if chosen not in self._readers:
            self._readers[chosen] = self._opened(chosen)
        reader = self._readers[chosen]
        if reader is None:
            return None
        n_bytes = 0
        if stop - start <= _AT_ONCE_S:
            read = _slice(reader, start, start, stop)
            n_bytes = read.exact.samples.nbytes
            slices = iter([read])
        else:
            slices = _slices(chosen, self._own, start, stop)
        return ClipSound(
            rate_hz=reader.rate_hz,
            channels=reader.channels,
            sample_format=reader.sample_format if isinstance(reader, SoundReader) else "flt",
            n_bytes=n_bytes,
            slices=slices,
        )

    def _opened(self, source: SoundSource) -> Reader | None:
        if source == self._own and not _has_stream(source):
            return None
        reader = _reader(source, self._own)
        self._stack.enter_context(reader)
        return reader

    def is_heard(self, source: SoundSource | None, windows: Sequence[tuple[Fraction, Fraction]]) -> bool:
        """Whether there is anything but digital silence in some window.

        Args:
            source: None: the recording's own sound.
            windows: start and stop in seconds on the recording's clock, by start.

        Raises:
            BadInput: as `of`.
        """
        for start, stop in windows:
            sound = self.of(source, start, stop)
            if sound is None:
                return False
            if any(bool(np.any(np.abs(part.exact.samples) >= AUDIBLE)) for part in sound.slices):
                return True
        return False


def _reader(source: SoundSource, own: SoundSource) -> Reader:
    # a companion of one clock, too, lies on its own grid of samples, and may be asked for one channel
    if source == own:
        return SoundReader(source.path, streams=source.streams, exact=True)
    same = Synchrony(offset_s=0.0, drift_ppm=0.0, uncertainty_ms=None, basis=SyncBasis.SAME_FILE)
    synchrony = source.synchrony or same
    return SyncedSound(source.path, synchrony, streams=source.streams, channel=source.channel, exact=True)


def _slices(source: SoundSource, own: SoundSource, start: Fraction, stop: Fraction) -> Iterator[SoundSlice]:
    with _reader(source, own) as reader:
        at = start
        while at < stop:
            until = min(stop, at + _SLICE_S)
            yield _slice(reader, start, at, until)
            at = until


def _slice(reader: Reader, begins: Fraction, start: Fraction, stop: Fraction) -> SoundSlice:
    """The sound from `start` to `stop` of a clip that began at `begins`."""
    rate_hz = reader.rate_hz
    wanted_hz = listening_encoding(rate_hz, reader.channels).rate_hz
    if wanted_hz == rate_hz:
        exact = reader.read(start, stop)
        heard = mixed(exact.samples)
        same = heard is exact.samples
        return SoundSlice(
            exact=exact, for_listening=exact if same else Sound(samples=heard, rate_hz=rate_hz, start=exact.start)
        )
    # the filter wants some samples on either side
    reach = Fraction(margin(rate_hz, wanted_hz) + 1, rate_hz)
    wide = reader.read(start - reach, stop + reach)
    origin, first, behind = (math.ceil((edge - wide.start) * rate_hz) for edge in (begins, start, stop))
    exact = Sound(samples=wide.samples[first:behind], rate_hz=rate_hz, start=wide.start + Fraction(first, rate_hz))
    heard = resampled(
        mixed(wide.samples).astype(np.float32, copy=False),
        begins=-origin,
        old_rate_hz=rate_hz,
        new_rate_hz=wanted_hz,
        start=-(-(first - origin) * wanted_hz // rate_hz),
        stop=-(-(behind - origin) * wanted_hz // rate_hz),
    )
    return SoundSlice(exact=exact, for_listening=Sound(samples=heard, rate_hz=wanted_hz, start=exact.start))


def _has_stream(source: SoundSource) -> bool:
    with opened(source.path) as container:
        return sound_stream(container, source.path, source.streams) is not None
