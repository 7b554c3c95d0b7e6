"""What a recording is, before any of it is used. The picture is proved by decoding its first frame."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from mmed_curate.media.container import (
    AS_PLAYED,
    OfferedPicture,
    OfferedSound,
    StreamChoice,
    claimed_end_s,
    codec_of,
    offered_pictures,
    offered_sounds,
    opened,
    picture_stream,
    sound_stream,
    tick_of,
)
from mmed_curate.media.pictures import pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureStream:
    """The moving picture that is used."""

    index: int
    """Number of the stream in its file."""
    codec: str
    """FFmpeg's name, such as `h264`."""
    width: int
    """Pixels as shown, after rotation."""
    height: int
    """Pixels as shown, after rotation."""
    rotation_deg: int
    """Clockwise turn from the stored picture to the shown one: 0, 90, 180 or 270."""
    time_base: Fraction
    """Length of a tick in seconds."""
    mean_rate_hz: Fraction | None
    """What the header says; the clock knows better. None: it does not say."""
    pixel_format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundStream:
    """The sound that is used. Having a stream is not having sound: see `sound.has_sound`."""

    index: int
    """Number of the stream in its file."""
    codec: str
    """FFmpeg's name, such as `aac`."""
    rate_hz: int
    channels: int
    start: Fraction
    """Time of its first sample on the recording's clock, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One media file."""

    path: Path
    container: str
    """FFmpeg's name of the format."""
    picture: PictureStream
    """The one that is used."""
    sound: SoundStream | None
    """The one that is used; None: there is none."""
    pictures: tuple[OfferedPicture, ...]
    """All moving pictures of the file, from which a recipe may choose."""
    sounds: tuple[OfferedSound, ...]
    """All sounds of the file, from which a recipe may choose."""
    duration_s: float | None
    """How long the header says that it lasts; None: it does not say."""


def probe(path: Path, *, streams: StreamChoice = AS_PLAYED) -> Probe:
    """Look at a recording.

    Raises:
        BadInput: it is missing, a folder, empty, no media file, has no picture or not the streams that were chosen,
            or its picture cannot be decoded.
    """
    shown = next(pictures(path, streams=streams))
    with opened(path) as container:
        stream = picture_stream(container, path, streams)
        end = claimed_end_s(container, stream)
        picture = PictureStream(
            index=stream.index,
            codec=codec_of(stream),
            width=shown.width,
            height=shown.height,
            rotation_deg=shown.orientation.rotation_deg,
            time_base=tick_of(stream),
            mean_rate_hz=Fraction(stream.average_rate) if stream.average_rate else None,
            pixel_format=shown.pixel_format,
        )
        heard = sound_stream(container, path, streams)
        sound = None
        if heard is not None:
            sound = SoundStream(
                index=heard.index,
                codec=codec_of(heard),
                rate_hz=heard.codec_context.sample_rate,
                channels=heard.codec_context.channels,
                start=(heard.start_time or 0) * tick_of(heard),
            )
        return Probe(
            path=path,
            container=container.format.name,
            picture=picture,
            sound=sound,
            pictures=offered_pictures(container),
            sounds=offered_sounds(container),
            duration_s=None if end is None else float(end),
        )
