"""Opening a media file and choosing its streams; what cannot be opened is refused in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from mmed_curate.domain.findings import BadInput

MICROSECOND = Fraction(1, 1_000_000)
"""Unit of a container's own duration (AV_TIME_BASE)."""

_DRAWN_TEXT = frozenset({"tty", "bin", "xbin", "adf", "idf"})
"""Formats in which FFmpeg draws text as if it were film: any note would pass for a recording."""
_MAY_LACK_S = Fraction(1, 4)
"""How much earlier than its header says a recording without an index may end: durations are often rounded."""


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open a media file for reading.

    Raises:
        BadInput: there is no such file, it is a folder, it is empty, or it is no media file.
    """
    container = _open(path)
    try:
        yield container
    finally:
        container.close()


def _open(path: Path) -> InputContainer:
    if path.is_dir():
        raise BadInput.of("media.folder", f"{path} is a folder, not a recording", "name the files inside it")
    if not path.exists():
        raise BadInput.of("media.missing", f"there is no file {path}", "check the spelling and the folder")
    try:
        if path.stat().st_size == 0:
            raise BadInput.of("media.empty", f"{path} is empty (0 bytes)", "copy the recording again from its source")
        # `file:` keeps a colon in a name from being read as a protocol; the whitelist keeps playlists from fetching
        container = av.open(
            f"file:{path}", mode="r", metadata_errors="replace", options={"protocol_whitelist": "file,crypto,data"}
        )
    except PermissionError as error:
        raise BadInput.of("media.not_readable", f"{path} may not be read", "ask its owner for access") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise BadInput.of(
            "media.not_media",
            f"{path} is not a media file that can be read, or it is truncated ({_reason(error)})",
            "copy it again from its source, or give a recording such as .mp4, .mov or .mkv",
        ) from error
    if container.format.name in _DRAWN_TEXT:
        container.close()
        raise BadInput.of(
            "media.not_media", f"{path} is text, not a media file", "give a recording such as .mp4, .mov or .mkv"
        )
    return container


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream that players would show: never cover art; default before others, then the richest.

    Raises:
        BadInput: the file has no picture, or none that can be decoded.
    """
    moving = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not moving:
        held = "only sound" if container.streams.audio else "neither picture nor sound"
        raise BadInput.of(
            "media.no_picture", f"{path} holds {held}, no picture", "give a recording that shows the subject's face"
        )
    known = [stream for stream in moving if stream.codec_context is not None]
    if not known:
        raise BadInput.of(
            "media.codec", f"{path} holds a picture in a codec that is not known", "convert it to H.264 first"
        )
    best = container.streams.best("video")
    return next((stream for stream in known if best is not None and stream.index == best.index), known[0])


def sound_stream(container: InputContainer) -> AudioStream | None:
    """The sound that players would play, or None."""
    known = [stream for stream in container.streams.audio if stream.codec_context is not None]
    if not known:
        return None
    best = container.streams.best("audio")
    return next((stream for stream in known if best is not None and stream.index == best.index), known[0])


def read_only(container: InputContainer, wanted: Stream) -> None:
    """Let the demuxer skip all other streams, where its format can."""
    for stream in container.streams:
        if stream.index != wanted.index:
            stream.discard = Discard.all


def knows_times(container: InputContainer) -> bool:
    """Whether the format stores presentation times; AVI stores none, only the order and pace of decoding."""
    return container.format.name != "avi"


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


def ends_early(container: InputContainer, stream: Stream, *, n_packets: int, reached: Fraction) -> bool:
    """Whether a file that was read from start to end holds less of a stream than it says.

    Args:
        container: the file, read to its end.
        stream: the stream.
        n_packets: how many undamaged packets of it were read.
        reached: when the last packet ended, in seconds.
    """
    if "mov" in container.format.name:
        return n_packets < len(stream.index_entries)
    end = claimed_end_s(container, stream)
    return end is not None and reached < end - _MAY_LACK_S


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).splitlines()[0]
