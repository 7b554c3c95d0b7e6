"""Frames count from 0 in presentation order. A span holds its onset and its offset frame: both ends are inside.

A frame's time is its PTS × time base, exact. Never frame ÷ fps: recordings may have a variable rate.
A frame lasts until the next frame's PTS; the last frame ends where its packet's duration says.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from operator import lt
from typing import NewType

from mmed_curate.domain.findings import BadInput

Frame = NewType("Frame", int)
"""Index of a picture in presentation order, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The course of one facial movement, in frames of whatever the holder names (a recording or a clip)."""

    onset: Frame
    """First frame on which the face differs from rest."""
    apex: Frame
    """Frame of the greatest change."""
    offset: Frame
    """Last frame on which the face still differs from rest."""

    def __post_init__(self) -> None:
        if not 0 <= self.onset <= self.apex <= self.offset:
            raise BadInput.of(
                "time.span_order",
                f"need 0 <= onset <= apex <= offset, got {self.onset}, {self.apex}, {self.offset}",
                "move the apex between the other two",
                onset=self.onset,
                apex=self.apex,
                offset=self.offset,
            )

    @property
    def n_frames(self) -> int:
        """Number of frames inside, both ends counted; at least 1."""
        return self.offset - self.onset + 1

    def shifted(self, by: int) -> Span:
        """The same movement counted from another first frame."""
        return Span(onset=Frame(self.onset + by), apex=Frame(self.apex + by), offset=Frame(self.offset + by))

    def iou(self, other: Span) -> float:
        """Intersection over union of two spans, frames counted with both ends (MEGC 2019), in 0..1."""
        common = min(self.offset, other.offset) - max(self.onset, other.onset) + 1
        if common <= 0:
            return 0.0
        return common / (self.n_frames + other.n_frames - common)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameClock:
    """Exact times of a run of frames."""

    pts: tuple[int, ...]
    """Presentation time of each frame in ticks of `time_base`, strictly increasing; at least one."""
    end_pts: int
    """Tick at which the last frame ends; later than the last PTS."""
    time_base: Fraction
    """Length of a tick in seconds."""

    def __post_init__(self) -> None:
        if not self.pts:
            raise BadInput.of("time.no_frames", "a clock needs at least one frame, got none", "decode the video first")
        if self.time_base <= 0:
            raise BadInput.of(
                "time.time_base",
                f"a tick must be longer than 0 s, got {self.time_base}",
                "use the stream's time base",
            )
        following = (*self.pts[1:], self.end_pts)
        if all(map(lt, self.pts, following)):
            return
        for index, (earlier, later) in enumerate(zip(self.pts, following, strict=True)):
            if later <= earlier:
                raise BadInput.of(
                    "time.pts_order",
                    f"frame {index} starts at tick {earlier} but ends at tick {later}",
                    "sort the frames by presentation time and drop repeated ones",
                    frame=index,
                )

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.pts)

    @property
    def last_frame(self) -> Frame:
        """Index of the last frame."""
        return Frame(len(self.pts) - 1)

    def tick_of(self, frame: Frame) -> int:
        """Tick at which a frame appears."""
        return self.pts[self._checked(frame)]

    def start_of(self, frame: Frame) -> Fraction:
        """Time in seconds at which a frame appears."""
        return self.tick_of(frame) * self.time_base

    def end_of(self, frame: Frame) -> Fraction:
        """Time in seconds at which a frame gives way to the next."""
        index = self._checked(frame)
        following = self.pts[index + 1] if index + 1 < len(self.pts) else self.end_pts
        return following * self.time_base

    def frame_at(self, time: Fraction) -> Frame:
        """The frame on screen at a time in seconds; times before the first or after the last give these."""
        return Frame(max(0, min(self.last_frame, bisect_right(self.pts, time / self.time_base) - 1)))

    def span_duration(self, span: Span) -> Fraction:
        """Seconds from the start of the onset frame to the end of the offset frame."""
        return self.end_of(span.offset) - self.start_of(span.onset)

    @property
    def duration(self) -> Fraction:
        """Seconds from the start of the first frame to the end of the last."""
        return (self.end_pts - self.pts[0]) * self.time_base

    def rate_hz(self) -> Fraction:
        """Mean frame rate over the whole run."""
        return self.n_frames / self.duration

    def window(self, first: Frame, last: Frame) -> FrameClock:
        """The clock of frames first..last, both inside, on the same time axis."""
        first_index, last_index = self._checked(first), self._checked(last)
        end = self.pts[last_index + 1] if last_index + 1 < len(self.pts) else self.end_pts
        return FrameClock(pts=self.pts[first_index : last_index + 1], end_pts=end, time_base=self.time_base)

    def from_zero(self) -> FrameClock:
        """The same clock counted from its first frame: what a cut clip's own clock is."""
        origin = self.pts[0]
        return FrameClock(
            pts=tuple(tick - origin for tick in self.pts),
            end_pts=self.end_pts - origin,
            time_base=self.time_base,
        )

    def _checked(self, frame: Frame) -> int:
        if not 0 <= frame < len(self.pts):
            raise BadInput.of(
                "time.frame_outside",
                f"frame {frame} is outside 0..{len(self.pts) - 1}",
                "use a frame number that the video has",
                frame=frame,
            )
        return frame


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRange:
    """A run of audio samples: `start` is inside, `stop` is not. Counted on a grid that begins at the axis's zero."""

    start: int
    stop: int
    rate_hz: int

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return self.stop - self.start


def samples_between(start: Fraction, stop: Fraction, *, rate_hz: int, origin: Fraction = Fraction(0)) -> SampleRange:
    """The samples that sound from `start` up to `stop` (seconds): sample n sounds at origin + n / rate_hz.

    Holds exactly the samples whose time t has start <= t < stop, so the error against the ideal cut is below
    one sample at each end.

    Args:
        start, stop: seconds on the recording's clock.
        rate_hz: sampling rate.
        origin: time in seconds of sample 0.
    """
    return SampleRange(
        start=math.ceil((start - origin) * rate_hz),
        stop=math.ceil((stop - origin) * rate_hz),
        rate_hz=rate_hz,
    )


class SyncBasis(Enum):
    """How it is known where a companion file lies on the recording's clock."""

    SAME_FILE = "same-file"
    """It is a stream of the recording itself: the container's time stamps say."""
    MEASURED = "measured"
    """Found from the sound that both hold."""
    GIVEN = "given"
    """Written into a table by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synchrony:
    """Where a companion file lies on the recording's clock, and how much faster or slower its own clock runs.

    What it holds at `t` seconds of its own clock happened at `offset_s + t * (1 + drift_ppm / 1e6)` on the recording's.
    """

    offset_s: float
    """The recording's time at the companion's time 0, in seconds; may be negative."""
    drift_ppm: float
    """Parts per million by which the companion's seconds are longer than the recording's."""
    uncertainty_ms: float | None
    """Half-width within which the true times lie (95 %); None: nobody measured it."""
    basis: SyncBasis

    def __post_init__(self) -> None:
        if not (math.isfinite(self.offset_s) and math.isfinite(self.drift_ppm) and abs(self.drift_ppm) < _MOST_PPM):
            raise BadInput.of(
                "time.synchrony",
                f"an offset of {self.offset_s} s with a drift of {self.drift_ppm} ppm is no clock beside another",
                f"give an offset in seconds and a drift below {_MOST_PPM:g} ppm",
            )
        if self.uncertainty_ms is not None and not 0 <= self.uncertainty_ms < math.inf:
            raise BadInput.of(
                "time.synchrony", f"an uncertainty of {self.uncertainty_ms} ms is none", "give ms from 0 on"
            )

    @property
    def rate(self) -> Fraction:
        """Seconds of the recording that pass in one second of the companion, exact."""
        return 1 + Fraction(self.drift_ppm) / 1_000_000

    def on_recording(self, time: Fraction) -> Fraction:
        """A time of the companion's clock on the recording's, in seconds."""
        return Fraction(self.offset_s) + time * self.rate

    def on_companion(self, time: Fraction) -> Fraction:
        """A time of the recording's clock on the companion's, in seconds."""
        return (time - Fraction(self.offset_s)) / self.rate


_MOST_PPM = 10_000.0
"""A clock that is off by more than 1 % is another tape speed, not a drift (ours)."""
