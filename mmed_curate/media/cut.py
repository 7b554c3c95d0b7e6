"""Clips out of a recording in one decoding pass, exact to the frame and to the sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.records import Box
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media.container import opened, sound_stream
from mmed_curate.media.mux import AAC_RATES_HZ
from mmed_curate.media.pictures import Picture, pictures
from mmed_curate.media.resample import resampled
from mmed_curate.media.sound import Sound, SoundReader, write_wav
from mmed_curate.media.write import RecordingWriter

_PREVIEW_RATE_HZ = 48000
"""Of the sound inside the .mp4 where AAC does not know the recording's rate."""
_WORTH_A_SEEK = 250
"""Frames between two clips from which on a seek is cheaper: x264's longest distance between key frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutRequest:
    """One clip to cut."""

    first: Frame
    """First frame of the clip, in the recording."""
    last: Frame
    """Last frame of the clip, in the recording; inside."""
    crop: Box | None
    """The part of the picture to keep, as shown; None: all of it."""
    picture: Path
    """The .mp4 to write."""
    sound: Path | None
    """The .wav to write; None: no sound, neither beside the picture nor inside it."""
    sound_in_picture: bool = True
    """False: the .mp4 is silent also where there is a .wav."""

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last:
            raise BadInput.of(
                "cut.frames",
                f"cannot cut frames {self.first} to {self.last}",
                "give a first frame from 0 on, and not after the last",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipEncoding:
    """How a clip's picture is compressed."""

    crf: int
    """x264's constant rate factor: 0 is lossless, 51 the worst."""
    preset: str
    """x264's preset, from `ultrafast` to `veryslow`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutClip:
    """What was cut."""

    first: Frame
    """In the recording."""
    last: Frame
    """In the recording; inside."""
    clock: FrameClock
    """The clip's own: its first frame at tick 0."""
    n_samples: int
    """Samples in the .wav, which hold exactly the time of the clip's frames; 0: there is no .wav."""
    sample_rate_hz: int | None
    """None: the recording has no sound, or none was asked for."""


@dataclass(slots=True)
class _Open:
    """A clip that is being written."""

    index: int
    request: CutRequest
    writer: RecordingWriter


def cut(
    recording: Path,
    clock: FrameClock,
    requests: Sequence[CutRequest],
    *,
    encoding: ClipEncoding,
    progress: Progress = silent,
) -> tuple[CutClip, ...]:
    """Cut clips; they may overlap. Each is H.264 yuv420p .mp4 (index in front) that starts at tick 0 and keeps the
    recording's own distances between frames, and where the recording has sound, a PCM s16le .wav.

    The .wav holds exactly the samples from the time of the first frame to the time at which the last frame ends
    (`domain.time.samples_between`), at the recording's rate and channels, with silence where the recording has none.
    The .mp4 carries the same samples as AAC for listening: with the encoder's padding behind the last one, mixed to
    one channel from more than two, and at 48 kHz where AAC does not know the rate.

    The same recording and requests give the same bytes.

    Args:
        recording: the media file.
        clock: its clock.
        requests: what to cut, in any order.
        encoding: how to compress the pictures.
        progress: called with the frames decoded so far and those wanted.

    Returns:
        One record per request, in their order. A file appears whole or not at all.

    Raises:
        BadInput: a request or box lies outside, the recording cannot be read or is not that of the clock, or a file
            cannot be written.
    """
    windows = [clock.window(request.first, request.last) for request in requests]
    order = sorted(range(len(requests)), key=lambda index: (requests[index].first, requests[index].last, index))
    total = _frames_to_decode(requests, order)
    sounds: dict[int, Sound] = {}
    lengths: dict[int, tuple[int, int]] = {}
    waiting = list(reversed(order))
    active: list[_Open] = []
    done = 0
    with ExitStack() as stack:
        reader = _sound_reader(recording, requests, stack)
        # an error anywhere tells every open writer, so that no half clip stays
        stack.push(lambda *error: _abandon(active, *error))
        for picture in _pictures_of(recording, clock, requests, order):
            while waiting and requests[waiting[-1]].first == picture.frame:
                index = waiting.pop()
                request, window = requests[index], windows[index]
                if reader is not None and request.sound is not None:
                    sounds[index] = reader.read(window.start_of(Frame(0)), window.end_of(window.last_frame))
                heard = _for_listening(sounds[index]) if index in sounds and request.sound_in_picture else None
                writer = _writer(request, picture, heard, window, encoding)
                active.append(_Open(index=index, request=request, writer=writer.__enter__()))
                if heard is not None:
                    writer.sound(heard.samples)
            bgr = picture.bgr()  # (H, W, 3)
            for clip in active:
                origin, ends = clock.pts[clip.request.first], _end_pts(clock, picture.frame)
                clip.writer.picture(_cropped(bgr, clip.request.crop), picture.pts - origin, ends - picture.pts)
            for clip in [clip for clip in active if clip.request.last == picture.frame]:
                active.remove(clip)
                clip.writer.__exit__(None, None, None)
                if (sound := sounds.pop(clip.index, None)) is not None and clip.request.sound is not None:
                    write_wav(clip.request.sound, sound)
                    lengths[clip.index] = (sound.n_samples, sound.rate_hz)
            done += 1
            progress(done, total)
    return tuple(
        CutClip(
            first=request.first,
            last=request.last,
            clock=window.from_zero(),
            n_samples=lengths[index][0] if index in lengths else 0,
            sample_rate_hz=lengths[index][1] if index in lengths else None,
        )
        for index, (request, window) in enumerate(zip(requests, windows, strict=True))
    )


def _runs(requests: Sequence[CutRequest], order: Sequence[int]) -> Iterator[tuple[Frame, Frame]]:
    """Stretches of frames that are decoded without a seek."""
    run: tuple[Frame, Frame] | None = None
    for index in order:
        first, last = requests[index].first, requests[index].last
        if run is not None and first - run[1] <= _WORTH_A_SEEK:
            run = (run[0], max(run[1], last))
            continue
        if run is not None:
            yield run
        run = (first, last)
    if run is not None:
        yield run


def _frames_to_decode(requests: Sequence[CutRequest], order: Sequence[int]) -> int:
    covered, behind = 0, Frame(0)
    for index in order:
        first, last = requests[index].first, requests[index].last
        covered += max(0, last + 1 - max(first, behind))
        behind = max(behind, Frame(last + 1))
    return covered


def _pictures_of(
    recording: Path, clock: FrameClock, requests: Sequence[CutRequest], order: Sequence[int]
) -> Iterator[Picture]:
    """Each picture that lies in some request, once, in order."""
    for first, last in _runs(requests, order):
        inside = [requests[index] for index in order if first <= requests[index].first <= last]
        position, behind = 0, first
        for picture in pictures(recording, first=first, last=last, clock=clock):
            while position < len(inside) and inside[position].first <= picture.frame:
                behind = max(behind, Frame(inside[position].last + 1))
                position += 1
            if picture.frame < behind:
                yield picture


def _sound_reader(recording: Path, requests: Sequence[CutRequest], stack: ExitStack) -> SoundReader | None:
    if all(request.sound is None for request in requests):
        return None
    with opened(recording) as container:
        if sound_stream(container, recording) is None:
            return None
    return stack.enter_context(SoundReader(recording))


def _abandon(
    active: Sequence[_Open],
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: TracebackType | None,
) -> None:
    for clip in active:
        clip.writer.__exit__(kind, error, trace)


def _writer(
    request: CutRequest, picture: Picture, heard: Sound | None, window: FrameClock, encoding: ClipEncoding
) -> RecordingWriter:
    crop = request.crop or Box(left=0, top=0, right=picture.width, bottom=picture.height)
    if crop.right > picture.width or crop.bottom > picture.height:
        raise BadInput.of(
            "cut.box_outside",
            f"the box to ({crop.right}, {crop.bottom}) reaches out of the picture of "
            f"{picture.width} × {picture.height} pixels",
            "give a box inside the picture",
        )
    return RecordingWriter(
        request.picture,
        width=crop.width,
        height=crop.height,
        time_base=window.time_base,
        sample_rate_hz=heard.rate_hz if heard is not None else None,
        channels=heard.samples.shape[1] if heard is not None else 1,
        crf=encoding.crf,
        preset=encoding.preset,
    )


def _for_listening(sound: Sound) -> Sound:
    """The same samples as AAC can hold them."""
    samples, rate_hz = sound.samples, sound.rate_hz
    if samples.shape[1] > 2:
        samples = samples.mean(axis=1, keepdims=True, dtype=np.float32)
    if rate_hz not in AAC_RATES_HZ:
        length = -(-len(samples) * _PREVIEW_RATE_HZ // rate_hz)
        samples = resampled(samples, begins=0, old_rate_hz=rate_hz, new_rate_hz=_PREVIEW_RATE_HZ, start=0, stop=length)
        rate_hz = _PREVIEW_RATE_HZ
    return Sound(samples=samples, rate_hz=rate_hz, start=sound.start)


def _cropped(bgr: NDArray[np.uint8], crop: Box | None) -> NDArray[np.uint8]:
    return bgr if crop is None else bgr[crop.top : crop.bottom, crop.left : crop.right]


def _end_pts(clock: FrameClock, frame: Frame) -> int:
    return clock.pts[frame + 1] if frame + 1 < clock.n_frames else clock.end_pts
