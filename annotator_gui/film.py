"""A clip's picture and sound, whole in memory. Frames count from 0 and are known by their PTS. Knows no Qt.

Frames can be shown as soon as they are decoded; a file that is not the ticket's is refused before its first frame.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media.clock import clock_from_packets, read_clock
from mmed_curate.media.orientation import AS_STORED, Orientation
from mmed_curate.media.pictures import Picture, pictures
from mmed_curate.media.sound import Sound, SoundReader
from mmed_curate.media.stretch import stretched

Rgb = NDArray[np.uint8]
"""(H, W, 3), red first, contiguous, read-only; a row holds 3 × W bytes, to be passed on as bytes per line."""

_FOR_THE_EYE = Interpolation.BILINEAR | Interpolation.FULL_CHR_H_INT
"""Three times as fast as `Picture.bgr`, and a level or two of 255 away from it."""

_SOUND_BLOCK = 1 << 16
"""Samples read at once."""


class Film:
    """A clip's picture. It grows at its end while it is decoded; what is there never changes. Safe between threads."""

    def __init__(self, clock: FrameClock, *, compact: bool = False) -> None:
        """Begin without a frame.

        Args:
            clock: the exact times of all frames.
            compact: keep frames as decoded, at about half the bytes, and turn each into colours when it is asked for.
        """
        self.clock = clock
        self.compact = compact
        self.n_bytes = 0
        """Of the frames that are there."""
        self._frames: list[Rgb | VideoFrame] = []
        self._orientation = AS_STORED
        self._reformatter = VideoReformatter()
        self._lock = threading.Lock()

    @property
    def n_ready(self) -> int:
        """Frames 0..n_ready − 1 can be shown."""
        return len(self._frames)

    @property
    def whole(self) -> bool:
        """Whether every frame is there."""
        return len(self._frames) == self.clock.n_frames

    def at(self, frame: Frame) -> Rgb | None:
        """A frame as it is shown; None: it is not decoded yet.

        Raises:
            BadInput: the clip has no such frame.
        """
        self.clock.start_of(frame)
        if frame >= len(self._frames):
            return None
        held = self._frames[frame]
        if isinstance(held, np.ndarray):
            return held
        with self._lock:
            return _rgb(held, self._orientation, self._reformatter)

    def add(self, picture: Picture) -> None:
        """Add the next frame."""
        if self.compact:
            self._orientation = picture.orientation
            self._frames.append(picture.stored)
            self.n_bytes += _stored_bytes(picture.stored)
            return
        rgb = _rgb(picture.stored, picture.orientation, self._reformatter)
        self._frames.append(rgb)
        self.n_bytes += rgb.nbytes


def decode(
    path: Path,
    clock: FrameClock | None,
    *,
    ticket: TicketId,
    admit: Callable[[int], bool] = lambda n_bytes: True,
    on_frame: Callable[[Film], None] = lambda film: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Film:
    """Decode a clip whole.

    Args:
        path: its picture.
        clock: the ticket's clock; None: the file's own, as for a reference.
        ticket: whose it is, for messages.
        admit: asked before the first frame is kept whether so many bytes may be; asked again with fewer where not.
        on_frame: told each time that one more frame can be shown, in this thread.
        cancelled: asked before each frame whether to stop.

    Raises:
        BadInput: the file cannot be read, is not the one that the clock tells of, or is too large.
        CancelledError: `cancelled` said so.
    """
    try:
        own = clock_from_packets(path)
        if clock is None:
            clock = own or read_clock(path)
        elif own is not None and not _same_times(own, clock):
            raise _other_picture(ticket)
        film: Film | None = None
        for picture in pictures(path):
            if cancelled():
                raise CancelledError
            if picture.frame >= clock.n_frames or picture.time_s != clock.start_of(picture.frame):
                raise _other_picture(ticket)
            if film is None:
                film = _admitted(picture, clock, admit, ticket)
            film.add(picture)
            on_frame(film)
    except BadInput as error:
        if error.finding.code.startswith("gui."):
            raise
        raise _not_read("picture", path, ticket, error) from error
    if film is None or not film.whole:
        raise _other_picture(ticket)
    return film


def heard(path: Path, *, ticket: TicketId) -> Sound:
    """A clip's sound, whole.

    Args:
        path: its .wav.
        ticket: whose it is, for messages.

    Raises:
        BadInput: the file cannot be read.
    """
    try:
        with SoundReader(path) as reader:
            runs = [block.samples for block in reader.blocks(_SOUND_BLOCK)]
            samples = np.concatenate(runs) if runs else np.zeros((0, reader.channels), dtype=np.float32)
            return Sound(samples=np.ascontiguousarray(samples), rate_hz=reader.rate_hz, start=reader.origin)
    except BadInput as error:
        raise _not_read("sound", path, ticket, error) from error


class SlowSound:
    """One sound at every speed, each made when it is first asked for. Safe between threads."""

    def __init__(self, sound: Sound) -> None:
        """Hold the sound at full speed."""
        self.sound = sound
        self._at: dict[Fraction, NDArray[np.float32]] = {}
        self._lock = threading.Lock()

    def ready(self, speed: Fraction) -> bool:
        """Whether it need not be made any more."""
        return speed == 1 or speed in self._at

    def at(self, speed: Fraction) -> NDArray[np.float32]:
        """All samples at a speed of `stretch.SPEEDS`: (round(N / speed), C); takes some tens of ms at first.

        Raises:
            BadInput: there is no such speed.
        """
        with self._lock:
            if speed not in self._at:
                self._at[speed] = stretched(self.sound.samples, rate_hz=self.sound.rate_hz, speed=speed)
            return self._at[speed]


def _rgb(stored: VideoFrame, orientation: Orientation, reformatter: VideoReformatter) -> Rgb:
    frame = reformatter.reformat(stored, format="rgb24", interpolation=_FOR_THE_EYE, threads=1)
    plane = frame.planes[0]
    # PyAV's stubs do not say that a plane is a buffer
    held: NDArray[np.uint8] = np.frombuffer(plane, dtype=np.uint8)  # type: ignore[call-overload]
    rows = held[: plane.line_size * frame.height].reshape(frame.height, plane.line_size)
    rgb = np.ascontiguousarray(orientation.shown(rows[:, : 3 * frame.width].reshape(frame.height, frame.width, 3)))
    rgb.setflags(write=False)
    return rgb


def _stored_bytes(stored: VideoFrame) -> int:
    return sum(plane.buffer_size for plane in stored.planes)


def _admitted(first: Picture, clock: FrameClock, admit: Callable[[int], bool], ticket: TicketId) -> Film:
    """The film that may be held: in colours where they fit, else as decoded."""
    full = clock.n_frames * 3 * first.width * first.height
    if admit(full):
        return Film(clock)
    compact = clock.n_frames * _stored_bytes(first.stored)
    if compact < full and admit(compact):
        return Film(clock, compact=True)
    raise BadInput.of(
        "gui.film_too_large",
        f"the picture of ticket {ticket} takes {min(full, compact) / 1e9:.1f} GB of memory, more than is set aside",
        "tell the curator the ticket's number",
        ticket=ticket,
        gigabytes=round(min(full, compact) / 1e9, 1),
    )


def _same_times(one: FrameClock, other: FrameClock) -> bool:
    """Whether all frames appear at the same times; where the last one ends is the container's to round."""
    return one.n_frames == other.n_frames and all(
        here * one.time_base == there * other.time_base for here, there in zip(one.pts, other.pts, strict=True)
    )


def _other_picture(ticket: TicketId) -> BadInput:
    return BadInput.of(
        "gui.other_picture",
        f"the picture of ticket {ticket} is not the one that was cut",
        "tell the curator the ticket's number",
        ticket=ticket,
    )


def _not_read(what: str, path: Path, ticket: TicketId, error: BadInput) -> BadInput:
    because = error.finding.what.replace(str(path), "its file")
    return BadInput.of(
        f"gui.no_{what}",
        f"the {what} of ticket {ticket} cannot be read: {because}",
        "tell the curator the ticket's number",
        ticket=ticket,
        because=because,
    )
