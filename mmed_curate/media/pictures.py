"""Pictures of a recording in presentation order, as shown. Frames count from 0 and are known by their PTS.

A frame that repeats the PTS of the one before is never on screen: it is not counted, here or anywhere.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container.input import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media.container import (
    AS_PLAYED,
    StreamChoice,
    Tally,
    claimed_end_s,
    codec_of,
    end_of_last,
    knows_times,
    opened,
    picture_stream,
    shows_each_packet_once,
    tick_of,
    with_threads,
)
from mmed_curate.media.orientation import Orientation, orientation_of

_log = logging.getLogger(__name__)

_EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.BITEXACT
"""Colour conversion that gives the same bytes on every processor."""

_FULL_RANGE = 2
"""FFmpeg's number for it (AVCOL_RANGE_JPEG)."""

_STEPS_BACK_S = (0, 2, 10, 60)
"""How far before a wanted frame a seek aims, in seconds, one try after the other; then the start is taken.

Some formats seek by decoding time, so that the first try may land on a key frame behind the wanted one.
"""


class Picture:
    """One frame of a recording. Arrays may share memory with the decoder's frame: copy what is kept and changed."""

    __slots__ = ("_orientation", "_reformatter", "_stored", "duration", "frame", "pts", "time_base")

    def __init__(
        self,
        stored: VideoFrame,
        *,
        frame: Frame,
        pts: int,
        time_base: Fraction,
        orientation: Orientation,
        reformatter: VideoReformatter,
    ) -> None:
        """Wrap a decoded frame."""
        self._stored = stored
        self._orientation = orientation
        self._reformatter = reformatter
        self.frame = frame
        self.pts = pts
        self.duration: int | None = stored.duration or None
        self.time_base = time_base

    @property
    def stored(self) -> VideoFrame:
        """The decoder's frame, not turned: for reading only."""
        return self._stored

    @property
    def time_s(self) -> Fraction:
        """Exact time at which it appears, in seconds."""
        return self.pts * self.time_base

    @property
    def width(self) -> int:
        """Width as shown, in pixels."""
        return self._orientation.size(self._stored.width, self._stored.height)[0]

    @property
    def height(self) -> int:
        """Height as shown, in pixels."""
        return self._orientation.size(self._stored.width, self._stored.height)[1]

    @property
    def orientation(self) -> Orientation:
        """How the stored picture is turned to be shown."""
        return self._orientation

    @property
    def is_key(self) -> bool:
        """It needs no other frame to be decoded."""
        return bool(self._stored.key_frame)

    @property
    def pixel_format(self) -> str:
        """FFmpeg's name of the stored pixel format, such as `yuv420p`."""
        return self._stored.format.name

    @property
    def is_full_range(self) -> bool:
        """Luma runs from 0 to 255, as in JPEG, not from 16 to 235 (ITU-R BT.601), which it does where no tag says."""
        return self._stored.color_range == _FULL_RANGE or self.pixel_format.startswith("yuvj")

    def luma(self) -> NDArray[np.uint8]:
        """Brightness as coded (limited or full range as it is), without conversion where the format allows.

        Returns:
            (H, W) uint8 as shown; a view into the decoder's frame for 8-bit formats, rounded down from deeper ones.
        """
        first = self._stored.format.components[0]
        stored = self._stored
        if not (first.is_luma and first.plane == 0 and (stored.format.is_planar or len(stored.format.components) == 1)):
            stored = self._reformatter.reformat(stored, format="yuv420p", interpolation=_EXACT, threads=1)
            first = stored.format.components[0]
        if first.bits == 8:
            return self._orientation.shown(_plane(stored, 1))
        if stored.format.is_big_endian or not 8 < first.bits <= 16 or stored.format.name.startswith("p0"):
            stored = self._reformatter.reformat(stored, format="yuv420p", interpolation=_EXACT, threads=1)
            return self._orientation.shown(_plane(stored, 1))
        deep = _plane(stored, 2).view("<u2")
        return self._orientation.shown((deep >> (first.bits - 8)).astype(np.uint8))

    def chroma(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
        """Colour differences as coded, without conversion.

        Returns:
            (H / 2, W / 2) blue and red as shown, views into the decoder's frame; None: they are stored otherwise.
        """
        stored = self._stored
        if stored.format.name not in {"yuv420p", "yuvj420p"} or stored.width % 2 or stored.height % 2:
            return None
        blue, red = (self._orientation.shown(_plane(stored, 1, index)) for index in (1, 2))
        return blue, red

    def bgr(self) -> NDArray[np.uint8]:
        """Colours, blue first.

        Returns:
            (H, W, 3) uint8 as shown, contiguous.
        """
        frame = self._reformatter.reformat(self._stored, format="bgr24", interpolation=_EXACT, threads=1)
        colours = _plane(frame, 3)
        return np.ascontiguousarray(self._orientation.shown(colours.reshape(frame.height, frame.width, 3)))


def _plane(frame: VideoFrame, bytes_per_pixel: int, index: int = 0) -> NDArray[np.uint8]:
    """A plane in place, without the padding at the end of its rows: (H, W × bytes) uint8."""
    plane = frame.planes[index]
    # PyAV's stubs do not say that a plane is a buffer
    held: NDArray[np.uint8] = np.frombuffer(plane, dtype=np.uint8)  # type: ignore[call-overload]
    rows = held[: plane.line_size * plane.height].reshape(plane.height, plane.line_size)
    return rows[:, : bytes_per_pixel * plane.width]


_FIRST = Frame(0)


def pictures(
    path: Path,
    *,
    first: Frame = _FIRST,
    last: Frame | None = None,
    clock: FrameClock | None = None,
    streams: StreamChoice = AS_PLAYED,
) -> Iterator[Picture]:
    """Frames first..last, both inside, in presentation order. Memory does not grow with the recording.

    Args:
        path: the recording.
        first: first frame to give.
        last: last frame to give; None: to the end.
        clock: the recording's clock, where it is known: then only the part from the key frame before `first` is
            decoded, and each frame is known by its PTS.
        streams: which of several pictures is meant.

    Raises:
        BadInput: the file cannot be read, breaks off, has frames without times, or is not the one of `clock`.
    """
    if first < 0 or (last is not None and last < first):
        raise BadInput.of(
            "media.frames", f"frames {first} to {last} are no run of frames", "give a first frame not after the last"
        )
    if clock is not None:
        end = clock.last_frame if last is None else last
        clock.start_of(first)
        clock.start_of(end)
        yield from _by_clock(path, streams, clock, first, end)
        return
    frame = Frame(0)
    for picture in _from_start(path, streams):
        if picture.frame >= first:
            yield picture
        frame = picture.frame
        if last is not None and frame >= last:
            return
    if last is not None or first > frame:
        raise BadInput.of(
            "media.frame_outside",
            f"{path} has frames 0 to {frame}, frame {last if last is not None else first} was asked for",
            "use a frame number that the video has",
        )


def _from_start(path: Path, streams: StreamChoice) -> Iterator[Picture]:
    with opened(path) as container:
        stream = picture_stream(container, path, streams)
        held: Picture | None = None  # one behind, because only the file knows how long the last one lasts
        for picture in _of_one_size(_decoded(container, stream, path), path):
            if held is None:
                held = picture
                continue
            if picture.pts < held.pts:
                raise BadInput.of(
                    "media.time_backwards",
                    f"{path}: after frame {held.frame} time runs backwards, from tick {held.pts} to {picture.pts}",
                    "remux the recording so that its times increase",
                )
            if picture.pts == held.pts:
                _log.warning("%s: a frame is never on screen, it has the time of frame %d", path.name, held.frame)
                continue
            picture.frame = Frame(held.frame + 1)
            yield held
            held = picture
        if held is not None:
            end = end_of_last(container, stream, pts=held.pts, duration=held.duration)
            held.duration = None if end is None else end - held.pts
            yield held


def _of_one_size(shown: Iterator[Picture], path: Path) -> Iterator[Picture]:
    size: tuple[int, int] | None = None
    for picture in shown:
        if size is None:
            size = (picture.width, picture.height)
        elif size != (picture.width, picture.height):
            raise BadInput.of(
                "media.size_changes",
                f"{path}: the picture changes from {size[0]} × {size[1]} to {picture.width} × {picture.height} "
                f"pixels at {float(picture.time_s):.3f} s",
                "split the recording there",
            )
        yield picture


def _by_clock(path: Path, streams: StreamChoice, clock: FrameClock, first: Frame, last: Frame) -> Iterator[Picture]:
    wanted = first
    for back_s in (*_STEPS_BACK_S, None):
        for picture in _run(path, streams, clock, wanted, back_s):
            yield picture
            wanted = Frame(wanted + 1)
            if wanted > last:
                return
    raise BadInput.of(
        "media.not_the_clock",
        f"{path} has no frame {wanted} at {float(clock.start_of(wanted)):.3f} s, where its clock says there is one",
        "register the recording again: the file has changed, or is damaged there",
    )


def _run(path: Path, streams: StreamChoice, clock: FrameClock, wanted: Frame, back_s: int | None) -> Iterator[Picture]:
    """Frames of the clock from `wanted` on, after a seek; stops at the first frame that the clock does not know."""
    with opened(path) as container:
        stream = picture_stream(container, path, streams)
        if tick_of(stream) != clock.time_base:
            return
        target = clock.pts[wanted]
        aim = clock.pts[0] if back_s is None else target - round(back_s / clock.time_base)
        from_start = aim <= clock.pts[0] or not knows_times(container)
        if not from_start:
            try:
                container.seek(aim, stream=stream, backward=True)
            except av.FFmpegError:
                return
        # frames before the first key frame may lean on pictures that were not decoded
        trusted = from_start
        try:
            for picture in _of_one_size(_decoded(container, stream, path, whole=from_start), path):
                if not trusted:
                    if picture.pts > target:
                        return
                    trusted = picture.is_key
                if not trusted or picture.pts < clock.pts[wanted]:
                    continue
                if picture.pts > clock.pts[wanted]:
                    return
                picture.frame = wanted
                yield picture
                wanted = Frame(wanted + 1)
                if wanted >= clock.n_frames:
                    return
        except BadInput:
            if from_start:
                raise


def _decoded(container: InputContainer, stream: VideoStream, path: Path, *, whole: bool = True) -> Iterator[Picture]:
    """All frames that the decoder gives from here on, `frame` counting from 0; says where the stream breaks off."""
    # FFV1 by slices: with frames side by side, FFmpeg spoils the heap where such a file is damaged
    with_threads(stream, by_slices=codec_of(stream) == "ffv1")
    tick = tick_of(stream)
    reformatter = VideoReformatter()
    # frames come out in order, so without times of its own the i-th frame is shown at the i-th packet's time
    paces: deque[int] | None = None if knows_times(container) else deque()
    n_frames = 0
    last_pts: int | None = None
    orientation: Orientation | None = None
    tally = Tally(container, stream)
    try:
        for packet in tally.packets():
            if paces is not None and packet.size and packet.dts is not None:
                paces.append(packet.dts)
            for stored in packet.decode():
                if not isinstance(stored, VideoFrame):
                    continue
                if paces is not None:
                    stored.pts = paces.popleft() if paces else None
                if stored.pts is None:
                    raise BadInput.of(
                        "media.no_times",
                        f"{path}: frame {n_frames} says no time",
                        "remux the recording into .mp4 or .mkv with its times",
                    )
                last_pts = stored.pts
                if orientation is None:
                    # once: asking a frame for it ties the frame into a cycle that only the garbage collector undoes
                    orientation = orientation_of(stored)
                yield Picture(
                    stored,
                    frame=Frame(n_frames),
                    pts=stored.pts,
                    time_base=tick,
                    orientation=orientation,
                    reformatter=reformatter,
                )
                n_frames += 1
    except av.FFmpegError as error:
        raise _broken(container, stream, path, n_frames, last_pts) from error
    if not whole:
        return
    if last_pts is None or tally.ends_early():
        raise _broken(container, stream, path, n_frames, last_pts)
    if shows_each_packet_once(container, stream) and tally.last_pts is not None:
        if tally.last_pts > last_pts:  # decoders on several threads keep back an error in the last packet
            raise _broken(container, stream, path, n_frames, last_pts)
        if n_frames < tally.n_shown:
            _log.warning("%s: %d of %d frames cannot be decoded", path.name, tally.n_shown - n_frames, tally.n_shown)


def _broken(
    container: InputContainer, stream: VideoStream, path: Path, n_frames: int, last_pts: int | None
) -> BadInput:
    end = claimed_end_s(container, stream)
    claim = "" if end is None else f", though it claims to last until {float(end):.3f} s"
    if last_pts is None:
        what = f"{path}: no frame can be decoded{claim}"
    else:
        at_s = float(last_pts * tick_of(stream))
        what = f"{path} breaks off: frame {n_frames - 1} at {at_s:.3f} s is the last that can be decoded{claim}"
    return BadInput.of(
        "media.breaks_off", what, "copy it again from its source, or cut off the damaged end", frames=n_frames
    )
