"""Clips out of a recording in one way through it, exact to the frame and to the sample.

The decoder's planes go into the encoder as they are; one thread reads, others write the clips.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.records import Box
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media.clipfiles import SMALL_AND_QUICK, ArchiveEncoding, ClipEncoding, ClipFiles, ClipTargets
from mmed_curate.media.clipsound import SoundOfClips, SoundSource
from mmed_curate.media.container import AS_PLAYED, StreamChoice, opened, picture_stream
from mmed_curate.media.groups import Run, pictures_in
from mmed_curate.media.pictures import Picture
from mmed_curate.media.planes import colours_of, cut_out, part_kept, pixel_bytes
from mmed_curate.media.strands import Strands

__all__ = ["ArchiveEncoding", "ClipEncoding", "CutClip", "CutRequest", "SoundSource", "cut"]

_MOST_WAITING_BYTES = 128 << 20
"""Of pictures and sound between the reader and the writers: some 90 frames of 720p, so that the next clip can begin
while one is still being written."""
_MOST_OPEN_BYTES = 320 << 20
"""Of all encoders at work: where more clips overlap than this allows, the recording is read again for the rest."""
_FRAMES_IN_AN_ENCODER = 48
"""Measured at 720p: x264 at `veryfast` with its lookahead takes the memory of as many frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutRequest:
    """One clip to cut."""

    first: Frame
    """First frame of the clip, in the recording."""
    last: Frame
    """Last frame of the clip, in the recording; inside."""
    crop: Box | None
    """The part of the picture to keep, as shown, widened to whole blocks of chroma (2 × 2 pixels); None: all of it."""
    picture: Path
    """The .mp4 to write: a preview that any browser plays."""
    sound: Path | None
    """The .wav to write; None: no sound, neither beside the picture nor inside it."""
    sound_in_picture: bool = True
    """False: .mp4 and archive are silent also where there is a .wav."""
    archive: Path | None = None
    """The .mov to write: pixels and samples of the decoder, bit by bit; None: none."""
    sound_from: SoundSource | None = None
    """Where the sound comes from; None: the recording's own."""

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last:
            raise BadInput.of(
                "cut.frames",
                f"cannot cut frames {self.first} to {self.last}",
                "give a first frame from 0 on, and not after the last",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CutClip:
    """What was cut."""

    first: Frame
    """In the recording."""
    last: Frame
    """In the recording; inside."""
    crop: Box
    """What was kept of the picture as shown."""
    clock: FrameClock
    """The clip's own: its first frame at tick 0."""
    n_samples: int
    """Samples in the .wav, which hold exactly the time of the clip's frames; 0: there is no .wav."""
    sample_rate_hz: int | None
    """None: there is no sound, or none was asked for."""


def cut(
    recording: Path,
    clock: FrameClock,
    requests: Sequence[CutRequest],
    *,
    encoding: ClipEncoding,
    archive: ArchiveEncoding = SMALL_AND_QUICK,
    streams: StreamChoice = AS_PLAYED,
    n_threads: int | None = None,
    progress: Progress = silent,
) -> tuple[CutClip, ...]:
    """Cut clips; they may overlap. Only the groups of pictures that some clip needs are decoded, each of them once.

    Each clip is an H.264 yuv420p .mp4 (index in front) that starts at tick 0 and keeps the recording's own distances
    between frames, and where there is sound, a PCM s16le .wav. Recordings in 8-bit yuv420p are encoded without a
    conversion of colours, with their own range and matrix; others lose depth and chroma in the .mp4 only. Turned
    recordings are cut as shown.

    The .wav holds exactly the samples from the time of the first frame to the time at which the last frame ends
    (`domain.time.samples_between`), at the source's rate and channels, with silence where the source has none.
    The .mp4 carries the same samples as AAC for listening: with the encoder's padding behind the last one, mixed to
    one channel from more than two, and at 48 kHz where AAC does not know the rate.

    The archive's .mov holds the decoder's pixels in their own format (H.264 with qp 0, or FFV1) and its samples as PCM
    of their own format. Nothing of the recording's metadata goes into any file.

    The same recording and requests give the same bytes, whatever else is cut along, and by however many threads.

    Args:
        recording: the media file.
        clock: its clock.
        requests: what to cut, in any order.
        encoding: how to compress the previews.
        archive: how to compress the archive's copies.
        streams: which of several pictures and sounds are meant.
        n_threads: threads that write; None: one for each core that this process may use.
        progress: called with the frames read so far and those wanted.

    Returns:
        One record per request, in their order. A file appears whole or not at all.

    Raises:
        BadInput: a request or box lies outside, the recording cannot be read or is not that of the clock, or a file
            cannot be written.
    """
    if not requests:
        return ()
    windows = [clock.window(request.first, request.last) for request in requests]
    with opened(recording) as container:
        stream = picture_stream(container, recording, streams)
        frame_bytes = stream.width * stream.height * 3 // 2
        aspect = stream.sample_aspect_ratio or None
    passes = _passes(requests, frame_bytes)
    total = sum(last + 1 - first for part in passes for first, last in _runs([requests[index] for index in part]))
    cutting = _Cutting(clock, requests, windows, encoding, archive, aspect)
    done = 0

    def one_more() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    for part in passes:
        runs = _runs([requests[index] for index in part])
        with SoundOfClips(recording, streams=streams) as sounds:
            cutting.cut(part, pictures_in(recording, clock, runs, streams=streams), sounds, n_threads, one_more)
    return tuple(cutting.clips[index] for index in range(len(requests)))


@dataclass(slots=True)
class _Open:
    """A clip that is being written."""

    first_pts: int
    last: Frame
    crop: Box
    files: ClipFiles
    sample_rate_hz: int | None
    sound_bytes: int
    """Of sound that was read and not yet handed to a writer."""


class _Cutting:
    """What all passes over a recording share."""

    def __init__(
        self,
        clock: FrameClock,
        requests: Sequence[CutRequest],
        windows: Sequence[FrameClock],
        encoding: ClipEncoding,
        archive: ArchiveEncoding,
        aspect: Fraction | None,
    ) -> None:
        self._clock = clock
        self._requests = requests
        self._windows = windows
        self._encoding = encoding
        self._archive = archive
        self._aspect = aspect
        self.clips: dict[int, CutClip] = {}

    def cut(
        self,
        part: Sequence[int],
        frames: Iterator[Picture],
        sounds: SoundOfClips,
        n_threads: int | None,
        one_more: Callable[[], None],
    ) -> None:
        """Cut some of the clips, given by their start, out of the frames that they need."""
        waiting = list(reversed(part))
        active: dict[int, _Open] = {}
        unfinished: dict[int, _Open] = {}
        size: tuple[int, int] | None = None
        try:
            with Strands(n_threads=n_threads, most_bytes=_MOST_WAITING_BYTES) as strands:
                for picture in frames:
                    size = _same_size(picture, size)
                    while waiting and self._requests[waiting[-1]].first == picture.frame:
                        index = waiting.pop()
                        active[index] = unfinished[index] = self._opened(index, picture, sounds)
                    for index, clip in active.items():
                        self._put(strands, index, clip, picture)
                    for index in [index for index, clip in active.items() if clip.last == picture.frame]:
                        strands.put(index, partial(self._finish, index, active.pop(index), unfinished))
                    one_more()
        finally:
            for clip in unfinished.values():
                clip.files.abandon()

    def _opened(self, index: int, picture: Picture, sounds: SoundOfClips) -> _Open:
        request, window = self._requests[index], self._windows[index]
        sound = None
        if request.sound is not None:
            start, stop = window.start_of(Frame(0)), window.end_of(window.last_frame)
            sound = sounds.of(request.sound_from, start, stop)
        aspect = self._aspect
        if aspect is not None and picture.orientation.transposed:
            aspect = 1 / aspect
        return _Open(
            first_pts=picture.pts,
            last=request.last,
            crop=part_kept(request.crop, picture.stored, picture.orientation),
            files=ClipFiles(
                ClipTargets(
                    preview=request.picture,
                    wav=request.sound,
                    archive=request.archive,
                    sound_inside=request.sound_in_picture,
                ),
                time_base=window.time_base,
                pixel_aspect=aspect,
                sound=sound,
                encoding=self._encoding,
                archive=self._archive,
            ),
            sample_rate_hz=None if sound is None else sound.rate_hz,
            sound_bytes=0 if sound is None else sound.n_bytes,
        )

    def _put(self, strands: Strands, index: int, clip: _Open, picture: Picture) -> None:
        frame = cut_out(picture.stored, picture.orientation, clip.crop)
        pts, ends = picture.pts - clip.first_pts, self._clock.window(picture.frame, picture.frame).end_pts
        write = partial(clip.files.picture, frame, colours_of(picture.stored), pts, ends - picture.pts)
        strands.put(index, write, n_bytes=pixel_bytes(frame) + clip.sound_bytes)
        clip.sound_bytes = 0

    def _finish(self, index: int, clip: _Open, unfinished: dict[int, _Open]) -> None:
        clip.files.finish()
        del unfinished[index]
        request = self._requests[index]
        self.clips[index] = CutClip(
            first=request.first,
            last=request.last,
            crop=clip.crop,
            clock=self._windows[index].from_zero(),
            n_samples=clip.files.n_samples,
            sample_rate_hz=clip.sample_rate_hz,
        )


def _runs(requests: Sequence[CutRequest]) -> list[Run]:
    """The frames that lie in some request, as runs that do not touch."""
    runs: list[Run] = []
    for first, last in sorted((request.first, request.last) for request in requests):
        if runs and first <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(runs[-1][1], last))
        else:
            runs.append((first, last))
    return runs


def _passes(requests: Sequence[CutRequest], frame_bytes: int) -> list[list[int]]:
    """Requests by their start, in as few ways through the recording as memory for their encoders allows."""
    passes: list[list[int]] = []
    still_open: list[list[tuple[Frame, int]]] = []
    for index in sorted(range(len(requests)), key=lambda i: (requests[i].first, requests[i].last, i)):
        request = requests[index]
        pixels = request.crop.width * request.crop.height * 3 // 2 if request.crop else frame_bytes
        needs = pixels * _FRAMES_IN_AN_ENCODER * (1 if request.archive is None else 2)
        for part, others in zip(passes, still_open, strict=True):
            others[:] = [other for other in others if other[0] >= request.first]
            if not others or sum(n_bytes for _, n_bytes in others) + needs <= _MOST_OPEN_BYTES:
                part.append(index)
                others.append((request.last, needs))
                break
        else:
            passes.append([index])
            still_open.append([(request.last, needs)])
    return passes


def _same_size(picture: Picture, before: tuple[int, int] | None) -> tuple[int, int]:
    size = (picture.width, picture.height)
    if before is not None and size != before:
        raise BadInput.of(
            "media.size_changes",
            f"the picture changes from {before[0]} × {before[1]} to {size[0]} × {size[1]} pixels at frame "
            f"{picture.frame}",
            "split the recording there",
        )
    return size
