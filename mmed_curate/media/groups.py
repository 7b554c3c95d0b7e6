"""Many short stretches of one recording: only the groups of pictures that they need are decoded, each of them once.

All packets are read, which costs little; those in front of a key frame that no wanted frame leans on are thrown away
undecoded. So no index is needed, and a group is found in any container.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
from av.container.input import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media.container import (
    AS_PLAYED,
    StreamChoice,
    codec_of,
    knows_times,
    opened,
    picture_stream,
    read_only,
    tick_of,
    with_threads,
)
from mmed_curate.media.orientation import Orientation, orientation_of
from mmed_curate.media.pictures import Picture, pictures

Run = tuple[Frame, Frame]
"""First and last frame, both inside."""

_MOST_HELD_BYTES = 32 << 20
"""Of packets that may turn out not to be needed; beyond, they are decoded after all."""
_WORTH_A_SEEK_S = 30
"""A shorter way forward is read packet by packet."""
_AIM_BEFORE_S = 12
"""How far before a wanted frame a seek aims: x264's longest distance of key frames is 250 frames."""


def pictures_in(
    path: Path, clock: FrameClock, runs: Sequence[Run], *, streams: StreamChoice = AS_PLAYED
) -> Iterator[Picture]:
    """The frames of several runs, in order; the pixels are those that decoding from the start would give.

    Args:
        path: the recording.
        clock: its clock.
        runs: in order, none touching the next.
        streams: which of several pictures is meant.

    Raises:
        BadInput: the file cannot be read, breaks off, or is not the one of `clock`.
    """
    if not runs:
        return
    given = Frame(0)
    try:
        for picture in _from_packets(path, clock, runs, streams):
            given = Frame(picture.frame + 1)
            yield picture
    except _Missed as missed:
        # whatever this file does differently, reading it frame by frame copes with it or says what is wrong
        for first, last in _joined(runs, from_frame=given, apart=missed.apart):
            for picture in pictures(path, first=first, last=last, clock=clock, streams=streams):
                if any(begin <= picture.frame <= end for begin, end in runs):
                    yield picture


class _Missed(Exception):
    """A wanted frame did not come out where it should."""

    def __init__(self, *, apart: int | None = 250) -> None:
        """Say how many frames between two runs are worth reading them apart; None: they always begin at the start."""
        self.apart = apart


def _joined(runs: Sequence[Run], *, from_frame: Frame, apart: int | None) -> list[Run]:
    """What remains of the runs, those that lie close joined."""
    joined: list[Run] = []
    for first, last in runs:
        if last < from_frame:
            continue
        first = max(first, from_frame)
        if joined and (apart is None or first - joined[-1][1] <= apart):
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _from_packets(path: Path, clock: FrameClock, runs: Sequence[Run], streams: StreamChoice) -> Iterator[Picture]:
    with opened(path) as container:
        stream = picture_stream(container, path, streams)
        if tick_of(stream) != clock.time_base:
            raise _Missed
        if not knows_times(container):
            raise _Missed(apart=None)
        read_only(container, stream)
        # as `pictures` does: frames side by side are not safe in every codec
        with_threads(stream, by_slices=codec_of(stream) == "ffv1")
        try:
            yield from _Reading(container, stream, clock, runs).pictures()
        except av.FFmpegError as error:
            raise _Missed from error


class _Reading:
    """One way through a file."""

    def __init__(self, container: InputContainer, stream: VideoStream, clock: FrameClock, runs: Sequence[Run]) -> None:
        self._container = container
        self._stream = stream
        self._clock = clock
        self._runs = runs
        self._at = 0
        """The run whose packets are being read."""
        self._reached = False
        """Packets are decoded as they come: the run has begun."""
        self._wanted: Iterator[Frame] = (Frame(n) for first, last in runs for n in range(first, last + 1))
        self._next: Frame | None = next(self._wanted)
        """The frame that the decoder must give next; None: it gave all."""
        self._held: list[Packet[VideoStream]] = []
        """Read, and not known to be needed."""
        self._held_bytes = 0
        self._key_pts: int | None = None
        """Where the decoder begins anew with the packets held; None: they go on from the last one decoded."""
        self._decoded_at = clock.pts[0] - 1
        """No packet that is still to be read is shown earlier than this tick."""
        self._lost = False
        """After a seek, before a key frame."""
        self._unproved: int | None = None
        """The key frame that the decoder began with, until it came out as one."""
        self._may_seek = bool({"mov", "matroska"} & set(container.format.name.split(",")))
        # H.264 says beyond doubt which pictures no other leans on; other codecs mean different things by it
        self._may_skip = stream.codec_context.name == "h264"
        self._skips = False
        self._orientation: Orientation | None = None
        self._reformatter = VideoReformatter()

    def pictures(self) -> Iterator[Picture]:
        self._go_near(from_pts=self._clock.pts[0])
        for packet in self._container.demux(self._stream):
            if packet.size:
                yield from self._taken(packet)
            if self._at == len(self._runs):
                break
        else:
            yield from self._let_go()
        yield from self._drained()
        if self._next is not None:
            raise _Missed

    def _first_pts(self) -> int:
        return self._clock.pts[self._runs[self._at][0]]

    def _last_pts(self) -> int:
        return self._clock.pts[self._runs[self._at][1]]

    def _taken(self, packet: Packet[VideoStream]) -> Iterator[Picture]:
        """Decode a packet, hold it, or throw it away."""
        if packet.pts is None:
            raise _Missed
        if packet.dts is not None:
            self._decoded_at = packet.dts
        while self._at < len(self._runs):
            if self._reached and self._decoded_at <= self._last_pts():
                yield from self._decoded(packet)
                return
            if self._reached:
                done_pts = self._last_pts()
                self._at += 1
                self._reached = False
                if self._at < len(self._runs) and self._is_far(done_pts):
                    yield from self._drained()
                    self._go_near(from_pts=done_pts)
                    return
            elif self._decoded_at > self._first_pts() or self._held_bytes > _MOST_HELD_BYTES:
                yield from self._let_go()
                self._reached = True
            else:
                self._hold(packet, packet.pts)
                return

    def _hold(self, packet: Packet[VideoStream], pts: int) -> None:
        if packet.is_keyframe and pts <= self._first_pts():
            self._held, self._held_bytes, self._key_pts = [], 0, pts
            self._lost = False
        if not self._lost:
            self._held.append(packet)
            self._held_bytes += packet.size

    def _let_go(self) -> Iterator[Picture]:
        """Decode what was held."""
        if self._lost:
            raise _Missed
        if self._key_pts is not None:
            yield from self._drained()
            self._stream.codec_context.flush_buffers()
            self._unproved, self._key_pts = self._key_pts, None
        held, self._held, self._held_bytes = self._held, [], 0
        for packet in held:
            yield from self._decoded(packet)

    def _is_far(self, from_pts: int) -> bool:
        ahead_s = (self._first_pts() - from_pts) * self._clock.time_base
        return self._may_seek and ahead_s > _WORTH_A_SEEK_S

    def _go_near(self, *, from_pts: int) -> None:
        """Seek to well before the next run, where it is far."""
        if not self._is_far(from_pts):
            return
        aim = self._first_pts() - round(_AIM_BEFORE_S / self._clock.time_base)
        self._container.seek(aim, stream=self._stream, backward=True)
        self._held, self._held_bytes, self._key_pts = [], 0, None
        self._lost = True

    def _decoded(self, packet: Packet[VideoStream]) -> Iterator[Picture]:
        skips = self._may_skip and packet.pts is not None and packet.pts < self._first_pts()
        if skips != self._skips:
            self._stream.codec_context.skip_frame = "NONREF" if skips else "DEFAULT"
            self._skips = skips
        yield from self._matched(self._stream.decode(packet))

    def _drained(self) -> Iterator[Picture]:
        """What the decoder still holds."""
        yield from self._matched(self._stream.decode(None))

    def _matched(self, frames: Sequence[VideoFrame]) -> Iterator[Picture]:
        """Those frames that are wanted."""
        for stored in frames:
            if stored.pts is None:
                raise _Missed
            if self._unproved is not None and stored.pts >= self._unproved:
                if stored.pts > self._unproved or not stored.key_frame:
                    raise _Missed
                self._unproved = None
            if self._next is None or stored.pts < self._clock.pts[self._next]:
                continue
            if stored.pts > self._clock.pts[self._next]:
                raise _Missed
            if self._orientation is None:
                # once: asking a frame for it ties the frame into a cycle that only the garbage collector undoes
                self._orientation = orientation_of(stored)
            yield Picture(
                stored,
                frame=self._next,
                pts=stored.pts,
                time_base=self._clock.time_base,
                orientation=self._orientation,
                reformatter=self._reformatter,
            )
            self._next = next(self._wanted, None)
