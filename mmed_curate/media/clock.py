"""Exact times of a recording's frames, gathered while it is decoded. Every frame that is shown is counted once."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import FrameClock
from mmed_curate.media.container import (
    AS_PLAYED,
    StreamChoice,
    Tally,
    end_of_last,
    opened,
    picture_stream,
    shows_each_packet_once,
    tick_of,
)
from mmed_curate.media.pictures import pictures


class ClockBuilder:
    """Collects the times of frames in presentation order."""

    def __init__(self, time_base: Fraction) -> None:
        """Begin with no frame; `time_base` is the length of a tick in seconds."""
        self._time_base = time_base
        self._pts: list[int] = []
        self._last_duration = 0

    def add(self, pts: int, duration: int | None) -> None:
        """Add the next frame.

        Args:
            pts: its presentation time in ticks.
            duration: how long it says that it lasts, in ticks; None or 0: it does not say.
        """
        self._pts.append(pts)
        self._last_duration = duration or 0

    def clock(self) -> FrameClock:
        """The clock of all frames added.

        The last frame ends where its own duration says; without one it lasts as long as the frame before it. (An .mp4
        of variable rate with B-frames keeps durations in order of decoding, so there it may be a neighbour's.)

        Raises:
            BadInput: no frame was added, or their times do not increase.
        """
        if not self._pts:
            raise BadInput.of("time.no_frames", "a clock needs at least one frame, got none", "decode the video first")
        before = self._pts[-1] - self._pts[-2] if len(self._pts) > 1 else 1
        return FrameClock(
            pts=tuple(self._pts),
            end_pts=self._pts[-1] + (self._last_duration if self._last_duration > 0 else before),
            time_base=self._time_base,
        )


def read_clock(path: Path, *, streams: StreamChoice = AS_PLAYED) -> FrameClock:
    """The clock of a recording, by decoding all of it: only then is it known which frames are shown.

    Raises:
        BadInput: the file cannot be read, or breaks off.
    """
    builder: ClockBuilder | None = None
    for picture in pictures(path, streams=streams):
        if builder is None:
            builder = ClockBuilder(picture.time_base)
        builder.add(picture.pts, picture.duration)
    if builder is None:
        raise BadInput.of("media.no_picture", f"{path} holds no picture that can be decoded", "give another recording")
    return builder.clock()


def clock_from_packets(path: Path, *, streams: StreamChoice = AS_PLAYED) -> FrameClock | None:
    """The clock of a recording without decoding it, where its container can be trusted: .mp4, .mov, .mkv and .webm.

    Equal to `read_clock` wherever that succeeds, in a small part of the time. It does not prove that the frames can be
    decoded: `pictures(clock=…)` does so for those that it gives, and refuses a clock that is not the file's. (HEVC out
    of which packets were lost may hide frames beside the gap; only decoding all of it tells.)

    Returns:
        The clock; None: only decoding tells which frames are shown.

    Raises:
        BadInput: the file cannot be read.
    """
    with opened(path) as container:
        stream = picture_stream(container, path, streams)
        if not shows_each_packet_once(container, stream):
            return None
        tally = Tally(container, stream)
        lasting: dict[int, int] = {}
        first_key: int | None = None
        try:
            for packet in tally.packets():
                if not packet.size:
                    continue
                if packet.pts is None or packet.is_corrupt:
                    return None
                if first_key is None:
                    if not packet.is_keyframe:
                        return None
                    first_key = packet.pts
                elif packet.pts < first_key:  # it leans on a picture before the file's first
                    return None
                if packet.is_discard:  # outside the edit list
                    continue
                if packet.pts in lasting:
                    return None
                lasting[packet.pts] = packet.duration or 0
        except av.FFmpegError:
            return None
        if not lasting or tally.ends_early():
            return None
        last = max(lasting)
        end = end_of_last(container, stream, pts=last, duration=lasting[last])
        lasting[last] = 0 if end is None else end - last
        builder = ClockBuilder(tick_of(stream))
    for pts in sorted(lasting):
        builder.add(pts, lasting[pts])
    return builder.clock()
