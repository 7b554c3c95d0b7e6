"""720p30 recordings to measure with: bundled faces, enlarged, swaying, with sensor noise, in a loop of any length."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

RECORDINGS = Path(__file__).parents[1] / "demo" / "recordings"
WIDTH, HEIGHT, RATE_HZ = 1280, 720, 30
LOOP_FRAMES = 1920
"""64 s: a whole number of frames and of AAC's runs of 1,024 samples."""
SOUND_HZ = 48000
NOISE_LEVELS = 2.0
"""Standard deviation of the noise, of 255: a webcam in a lit room."""
KEY_EVERY = 250
"""Frames: x264's default, and what screen recorders leave."""


def footage(path: Path, *, minutes: float, seed: int = 1) -> Path:
    """Write a recording with sound; the same packets return every 64 s."""
    length = round(minutes * 60 * RATE_HZ)
    loop = path.with_name(f"{path.stem}-loop.mp4")
    _write_loop(loop, min(length, LOOP_FRAMES), seed)
    with av.open(str(path), "w") as target, av.open(str(loop)) as source:
        pictures = target.add_stream_from_template(source.streams.video[0])
        sound = target.add_stream("aac", rate=SOUND_HZ, layout="stereo", options={"b": "160k"})
        tick = Fraction(source.streams.video[0].time_base or 1)
        step = round(Fraction(1, RATE_HZ) / tick)
        packets = [packet for packet in source.demux(video=0) if packet.size]
        heard = _sound(seed)
        n_samples = 0
        for frame in range(0, length, LOOP_FRAMES):
            for packet in packets:
                if (packet.pts or 0) // step >= length - frame:
                    continue
                copy = av.Packet(bytes(packet))
                copy.pts, copy.dts = (time + frame * step for time in (packet.pts or 0, packet.dts or 0))
                copy.duration, copy.time_base, copy.is_keyframe = packet.duration, tick, packet.is_keyframe
                copy.stream = pictures
                target.mux(copy)
            until = min(length, frame + LOOP_FRAMES) * SOUND_HZ // RATE_HZ
            while n_samples < until:
                run = AudioFrame.from_ndarray(next(heard), format="fltp", layout="stereo")
                run.sample_rate, run.time_base, run.pts = SOUND_HZ, Fraction(1, SOUND_HZ), n_samples
                target.mux(sound.encode(run))
                n_samples += 1024
        target.mux(sound.encode(None))
    loop.unlink()
    return path


def _write_loop(path: Path, n_frames: int, seed: int) -> None:
    draws = np.random.default_rng(seed)
    noise = draws.normal(0, NOISE_LEVELS, (HEIGHT + 64, WIDTH + 64)).astype(np.int16)
    faces = _faces()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE_HZ, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.gop_size = KEY_EVERY
        for number in range(n_frames):
            frame = next(faces)
            top, left = (round(4 + 4 * np.sin(number / period)) for period in (41.0, 29.0))
            luma = np.roll(_luma(frame), (top, left), (0, 1)).astype(np.int16)
            down, right = draws.integers(0, 64, 2)
            luma += noise[down : down + HEIGHT, right : right + WIDTH]
            _luma(frame)[:] = np.clip(luma, 0, 255)
            frame.pts, frame.time_base = number, Fraction(1, RATE_HZ)
            frame.pict_type = 0
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _faces() -> Iterator[VideoFrame]:
    reformatter = VideoReformatter()
    while True:
        for name in ("WolfgangLanger_Pexels.mp4", "single_face.mp4"):
            with av.open(str(RECORDINGS / name)) as container:
                for frame in container.decode(video=0):
                    yield reformatter.reformat(frame, width=WIDTH, height=HEIGHT, format="yuv420p")


def _luma(frame: VideoFrame) -> NDArray[np.uint8]:
    plane = frame.planes[0]
    held: NDArray[np.uint8] = np.frombuffer(plane, dtype=np.uint8)  # type: ignore[call-overload]
    return held.reshape(-1, plane.line_size)[:HEIGHT, :WIDTH]


def _sound(seed: int) -> Iterator[NDArray[np.float32]]:
    """Runs of 1,024 samples of two channels: noise that swells like speech."""
    draws = np.random.default_rng(seed)
    at = 0
    while True:
        level = 0.1 * (1 + np.sin(2 * np.pi * 3 * np.arange(at, at + 1024) / SOUND_HZ))
        yield (level * draws.normal(0, 0.3, (2, 1024))).astype(np.float32)
        at += 1024
