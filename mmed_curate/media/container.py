"""Opening a media file and choosing its streams; what cannot be opened is refused in one sentence."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from mmed_curate.domain.findings import BadInput

MICROSECOND = Fraction(1, 1_000_000)
"""Unit of a container's own duration (AV_TIME_BASE)."""

_MOST_DECODERS = 5
"""Threads of one decoder (ours)."""

_DRAWN_TEXT = frozenset({"tty", "bin", "xbin", "adf", "idf"})
"""Formats in which FFmpeg draws text as if it were film: any note would pass for a recording."""
_LISTS = frozenset({"hls", "concat", "dash", "imf"})
"""Formats that only name other files: what they show is not what their own bytes hold."""
_MAY_LACK_S = Fraction(1, 4)
"""How much earlier than its header says a recording without an index may end: durations are often rounded."""
_NOT_FOR_ALL = Disposition.hearing_impaired | Disposition.visual_impaired | Disposition.comment
"""Sound that players give only on demand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamChoice:
    """Which streams of a file are meant, by their number in it."""

    picture: int | None = None
    """None: the one that players show (`picture_stream`)."""
    sound: int | None = None
    """None: the one that players play (`sound_stream`)."""


AS_PLAYED = StreamChoice()
"""What players show and play."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedPicture:
    """A moving picture that a file holds, as its header says; cover art is none."""

    index: int
    """Number of the stream in its file."""
    codec: str | None
    """FFmpeg's name; None: it is not known, so that the stream cannot be decoded."""
    width: int
    """Pixels as stored, before rotation; 0: the header does not say."""
    height: int
    """Pixels as stored, before rotation; 0: the header does not say."""
    mean_rate_hz: Fraction | None
    """None: the header does not say."""
    is_default: bool
    """The file marks it as one to be shown first."""

    def __str__(self) -> str:
        rate = "" if self.mean_rate_hz is None else f", {float(self.mean_rate_hz):.6g} Hz"
        return f"{self.index} ({self.codec or 'unknown codec'}, {self.width} × {self.height}{rate})"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedSound:
    """A sound that a file holds, as its header says."""

    index: int
    """Number of the stream in its file."""
    codec: str | None
    """FFmpeg's name; None: it is not known, so that the stream cannot be decoded."""
    rate_hz: int
    """0: the header does not say."""
    channels: int
    """0: the header does not say."""
    is_default: bool
    """The file marks it as one to be played first."""

    def __str__(self) -> str:
        codec = self.codec or "unknown codec"
        return f"{self.index} ({codec}, {self.rate_hz} Hz, {self.channels} channel{'s' * (self.channels != 1)})"


_ONE_PACKET_ONE_FRAME = frozenset(
    {"h264", "hevc", "vp9", "av1", "ffv1", "mjpeg", "prores", "dnxhd", "rawvideo", "png", "qtrle", "utvideo"}
)
"""MPEG-4 is not among them, it has skipped frames; nor VP8, it has hidden ones."""
_HEADER_ROUNDS_S = Fraction(2, 1000)
"""An .mp4's header counts in whole ms, QuickTime's in 1/600 s."""


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open a media file for reading.

    Raises:
        BadInput: there is no such file, it is a folder, a device or a pipe, it is empty, or it is no media file.
    """
    container = _open(path)
    try:
        yield container
    finally:
        container.close()


def _open(path: Path) -> InputContainer:
    try:
        held = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BadInput.of("media.missing", f"there is no file {path}", "check the spelling and the folder") from error
    except PermissionError as error:
        raise _not_readable(path) from error
    except (OSError, ValueError) as error:
        raise _not_media(path, error) from error
    if stat.S_ISDIR(held.st_mode):
        raise BadInput.of("media.folder", f"{path} is a folder, not a recording", "name the files inside it")
    if not stat.S_ISREG(held.st_mode):  # reading a pipe waits for its writer, perhaps forever
        raise BadInput.of(
            "media.no_file", f"{path} is a device or a pipe, not a file", "record to a file first and give that"
        )
    if held.st_size == 0:
        raise BadInput.of("media.empty", f"{path} is empty (0 bytes)", "copy the recording again from its source")
    try:
        # `file:` keeps a colon in a name from being read as a protocol; the whitelist keeps playlists from fetching
        container = av.open(
            f"file:{path}", mode="r", metadata_errors="replace", options={"protocol_whitelist": "file,crypto,data"}
        )
    except PermissionError as error:
        raise _not_readable(path) from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise _not_media(path, error) from error
    if container.format.name in _DRAWN_TEXT:
        container.close()
        raise BadInput.of(
            "media.not_media", f"{path} is text, not a media file", "give a recording such as .mp4, .mov or .mkv"
        )
    if container.format.name in _LISTS:
        container.close()
        raise BadInput.of(
            "media.playlist", f"{path} is a list of files, not a recording", "give the recordings that it names"
        )
    return container


def picture_stream(container: InputContainer, path: Path, streams: StreamChoice = AS_PLAYED) -> VideoStream:
    """The picture that was chosen, else the one that players show; cover art is never a picture.

    Players differ; this is their common core, and depends on the header alone: a stream marked as default goes before
    others, then the one with more pixels, then the one that stands first in the file.

    Raises:
        BadInput: the file has no picture, not the one chosen, or none that can be decoded.
    """
    moving = _moving(container)
    if streams.picture is not None:
        chosen = next((stream for stream in moving if stream.index == streams.picture), None)
        if chosen is None:
            raise _no_such_stream(container, path, "picture", streams.picture)
        if not _is_known(chosen):
            raise _unknown_codec(path, f"picture {chosen.index}")
        return chosen
    if not moving:
        held = "only sound" if container.streams.audio else "neither picture nor sound"
        raise BadInput.of(
            "media.no_picture", f"{path} holds {held}, no picture", "give a recording that shows the subject's face"
        )
    known = [stream for stream in moving if _is_known(stream)]
    if not known:
        raise _unknown_codec(path, "a picture")
    return max(known, key=lambda stream: (_is_default(stream), stream.width * stream.height, -stream.index))


def sound_stream(container: InputContainer, path: Path, streams: StreamChoice = AS_PLAYED) -> AudioStream | None:
    """The sound that was chosen, else the one that players play; None: none was chosen and there is none.

    Comments and versions for impaired listeners come last; then a stream marked as default goes before others, then
    the one with more channels, then the one with the higher rate, then the one that stands first in the file.

    Raises:
        BadInput: the file has not the one chosen, or it cannot be decoded.
    """
    if streams.sound is not None:
        chosen = next((stream for stream in container.streams.audio if stream.index == streams.sound), None)
        if chosen is None:
            raise _no_such_stream(container, path, "sound", streams.sound)
        if not _is_known(chosen):
            raise _unknown_codec(path, f"sound {chosen.index}")
        return chosen
    known = [stream for stream in container.streams.audio if _is_known(stream)]
    return max(
        known,
        key=lambda stream: (
            not stream.disposition & _NOT_FOR_ALL,
            _is_default(stream),
            stream.codec_context.channels,
            stream.codec_context.sample_rate,
            -stream.index,
        ),
        default=None,
    )


def offered_pictures(container: InputContainer) -> tuple[OfferedPicture, ...]:
    """All moving pictures of a file, in its order."""
    return tuple(
        OfferedPicture(
            index=stream.index,
            codec=codec_of(stream) if _is_known(stream) else None,
            width=stream.width if _is_known(stream) else 0,
            height=stream.height if _is_known(stream) else 0,
            mean_rate_hz=Fraction(stream.average_rate) if stream.average_rate else None,
            is_default=_is_default(stream),
        )
        for stream in _moving(container)
    )


def offered_sounds(container: InputContainer) -> tuple[OfferedSound, ...]:
    """All sounds of a file, in its order."""
    return tuple(
        OfferedSound(
            index=stream.index,
            codec=codec_of(stream) if _is_known(stream) else None,
            rate_hz=stream.codec_context.sample_rate if _is_known(stream) else 0,
            channels=stream.codec_context.channels if _is_known(stream) else 0,
            is_default=_is_default(stream),
        )
        for stream in container.streams.audio
    )


def _moving(container: InputContainer) -> list[VideoStream]:
    return [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]


def _is_known(stream: Stream) -> bool:
    return stream.codec_context is not None  # PyAV gives None where FFmpeg has no decoder


def _is_default(stream: Stream) -> bool:
    return bool(stream.disposition & Disposition.default)


def _no_such_stream(container: InputContainer, path: Path, kind: str, index: int) -> BadInput:
    pictures = ", ".join(map(str, offered_pictures(container))) or "none"
    sounds = ", ".join(map(str, offered_sounds(container))) or "none"
    return BadInput.of(
        "media.no_such_stream",
        f"{path} has no {kind} stream {index}; its pictures: {pictures}; its sounds: {sounds}",
        f"choose a {kind} that it has, or leave the choice out",
        stream=index,
    )


def _unknown_codec(path: Path, what: str) -> BadInput:
    remedy = "convert it to PCM first" if what.startswith("sound") else "convert it to H.264 first"
    return BadInput.of("media.codec", f"{path} holds {what} in a codec that is not known", remedy)


def with_threads(stream: VideoStream, *, by_slices: bool = False) -> None:
    """Let a decoder work on several frames at once: one more than there are cores, as FFmpeg would, but at most five.

    Each holds frames, so that on many cores a worker for each would take more memory than it needs.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    stream.thread_type = "SLICE" if by_slices else "AUTO"
    stream.codec_context.thread_count = min(cores + 1, _MOST_DECODERS)


def read_only(container: InputContainer, wanted: Stream) -> None:
    """Let the demuxer skip all other streams, where its format can."""
    for stream in container.streams:
        if stream.index != wanted.index:
            stream.discard = Discard.all


def knows_times(container: InputContainer) -> bool:
    """Whether the format stores presentation times; AVI stores none, only the order and pace of decoding."""
    return container.format.name != "avi"


def codec_of(stream: VideoStream | AudioStream) -> str:
    """FFmpeg's name of the codec, whichever decoder is used: `av1`, not `libdav1d`."""
    return stream.codec_context.codec.canonical_name


def shows_each_packet_once(container: InputContainer, stream: VideoStream) -> bool:
    """Whether container and codec keep one shown frame in each packet, at the time that the packet says."""
    formats = set(container.format.name.split(","))
    return bool(formats & {"mov", "matroska"}) and codec_of(stream) in _ONE_PACKET_ONE_FRAME


def tick_of(stream: Stream) -> Fraction:
    """Length of one tick of a stream in seconds."""
    return Fraction(stream.time_base) if stream.time_base else MICROSECOND


def claimed_end_s(container: InputContainer, stream: Stream) -> Fraction | None:
    """The time at which the file's header says that a stream ends, in seconds; None: it does not say."""
    tick = tick_of(stream)
    if not knows_times(container) and stream.frames:
        return stream.frames * tick  # AVI counts in ticks; FFmpeg shortens its duration to fit a truncated file
    if stream.duration is not None:
        return ((stream.start_time or 0) + stream.duration) * tick
    if container.duration is not None:
        # Matroska's duration counts from 0, whenever its first frame comes
        start = 0 if "matroska" in container.format.name else container.start_time or 0
        return (start + container.duration) * MICROSECOND
    return None


def end_of_last(container: InputContainer, stream: Stream, *, pts: int, duration: int | None) -> int | None:
    """The tick at which the last frame of a file ends; None: neither its packet nor the header says.

    An .mp4 stores distances in order of decoding, so that the last frame may carry another's, and FFmpeg forgets those
    of VP9 there; then the header's end is later.

    Args:
        container: the file.
        stream: the stream.
        pts: when the last frame appears, in ticks.
        duration: what its packet says, in ticks; None or 0: nothing.
    """
    end = pts + duration if duration and duration > 0 else None
    if "mov" not in container.format.name or stream.duration is None or _is_fragmented(container, stream):
        return end
    claimed = (stream.start_time or 0) + stream.duration
    return claimed if (claimed - (end or pts)) * tick_of(stream) > _HEADER_ROUNDS_S else end


def _is_fragmented(container: InputContainer, stream: Stream) -> bool:
    """An .mp4 whose header does not list all frames; FFmpeg's duration of it may count from its start or from 0."""
    return "mov" in container.format.name and len(stream.index_entries) > stream.frames


class Tally:
    """What was read of one stream, to tell at the end whether the file holds all that it says."""

    def __init__(self, container: InputContainer, stream: Stream) -> None:
        """Begin before the first packet."""
        self._container = container
        self._stream = stream
        self._n_packets = 0
        self._reached: dict[int, int] = {}
        """The tick at which the packets read of each stream end."""
        self.n_shown = 0
        """Packets of the stream that lie inside the edit list."""
        self.last_pts: int | None = None
        """The latest presentation time of these, in ticks."""

    def packets(self) -> Iterator[Packet[Stream]]:
        """The packets of the stream from here to the end of the file, counted; the last one is empty and flushes.

        Raises:
            av.FFmpegError: the file breaks off.
        """
        # without a duration of its own, only all streams together tell whether the file ends early
        everything = self._stream.duration is None
        if not everything:
            read_only(self._container, self._stream)
        for packet in self._container.demux() if everything else self._container.demux(self._stream):
            if self._count(packet):
                yield packet

    def _count(self, packet: Packet[Stream]) -> bool:
        index = packet.stream.index  # the flushing packet has no index of its own
        size, pts = packet.size, packet.pts
        if size and pts is not None:
            end = pts + (packet.duration or 0)
            if end > self._reached.get(index, 0):
                self._reached[index] = end
        if index != self._stream.index:
            return False
        self._n_packets += bool(size) and not packet.is_corrupt
        if size and pts is not None and not packet.is_discard:
            self.n_shown += 1
            self.last_pts = pts if self.last_pts is None else max(self.last_pts, pts)
        return True

    def ends_early(self) -> bool:
        """Whether a file that was read from start to end holds less of the stream than it says."""
        if "mov" in self._container.format.name:
            return self._n_packets < len(self._stream.index_entries)
        end = claimed_end_s(self._container, self._stream)
        if end is None:
            return False
        streams = self._container.streams
        reached = max((ticks * tick_of(streams[index]) for index, ticks in self._reached.items()), default=Fraction(0))
        return reached < end - _MAY_LACK_S


def _not_readable(path: Path) -> BadInput:
    return BadInput.of("media.not_readable", f"{path} may not be read", "ask its owner for access")


def _not_media(path: Path, error: Exception) -> BadInput:
    reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
    return BadInput.of(
        "media.not_media",
        f"{path} is not a media file that can be read, or it is truncated ({reason})",
        "copy it again from its source, or give a recording such as .mp4, .mov or .mkv",
    )
