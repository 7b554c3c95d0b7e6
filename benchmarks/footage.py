"""720p30 recordings to measure with, like a session: one seated face, mostly still, with sensor noise, of any length.

A second of a bundled recording is played to and fro and enlarged; it sways a little. SIMULATED: three movements of the
skin are planted in each 64 s, so that there is something to cut.
"""

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

from mmed_curate.domain.time import Frame
from mmed_curate.face.mesh import eye_distance_px
from mmed_curate.face.track import FaceTracker
from mmed_curate.media.pictures import pictures
from mmed_curate.simulation.footage import load_footage_settings, moved_skin
from mmed_curate.simulation.movement import field_on

RECORDINGS = Path(__file__).parents[1] / "demo" / "recordings"
WIDTH, HEIGHT, RATE_HZ = 1280, 720, 30
LOOP_FRAMES = 1920
"""64 s: a whole number of frames, of ways to and fro and of AAC's runs of 1,024 samples."""
STILL = (Frame(34), Frame(66))
"""Frames of single_face.mp4 on which the man neither smiles nor blinks; there and back are 64."""
PLANTED = {300: "brow-raise", 940: "nose-wrinkle", 1580: "mouth-corner-up"}
"""SIMULATED: what moves, and from which frame of the loop on."""
PLANTED_FRAMES = 12
PLANTED_EYES = 0.04
"""How far, in distances between the eyes."""
SWAYS = ((7, 4.0), (9, 4.0))
"""Down and to the right: how often in a loop, and how many px to each side."""
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
            top, left = (round(px * np.sin(2 * np.pi * times * number / LOOP_FRAMES)) for times, px in SWAYS)
            luma = np.roll(_luma(frame), (top, left), (0, 1)).astype(np.int16)
            down, right = draws.integers(0, 64, 2)
            luma += noise[down : down + HEIGHT, right : right + WIDTH]
            _luma(frame)[:] = np.clip(luma, 0, 255)
            frame.pts, frame.time_base = number, Fraction(1, RATE_HZ)
            frame.pict_type = 0
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _faces() -> Iterator[VideoFrame]:
    """One loop of 1,920 pictures, whose last is the one before its first; enlarged."""
    settings = load_footage_settings("footage")
    still = [
        picture.bgr().copy() for picture in pictures(RECORDINGS / "single_face.mp4", first=STILL[0], last=STILL[1])
    ]
    tracker = FaceTracker()
    landmarks = [tracker.step(bgr)[0].landmarks for bgr in still]
    there_and_back = [*range(len(still)), *range(len(still) - 2, 0, -1)]
    reformatter = VideoReformatter()
    for number in range(LOOP_FRAMES):
        at = there_and_back[number % len(there_and_back)]
        bgr = still[at]
        for begin, movement in PLANTED.items():
            since = number - begin
            if 0 < since < PLANTED_FRAMES:
                field = field_on(settings.places, settings.movements[movement], landmarks[at], turn=0.0)
                share = np.sin(np.pi * since / PLANTED_FRAMES) ** 2
                bgr = moved_skin(bgr, field, PLANTED_EYES * eye_distance_px(landmarks[at]) * float(share))
        frame = VideoFrame.from_ndarray(bgr, format="bgr24")
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
