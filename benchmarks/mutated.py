"""Thousands of damaged media files: each must be read or refused in one sentence, none may crash, hang or traceback.

Small recordings of every container are made, then bytes are flipped, cut off, swapped, doubled, zeroed or replaced by
extreme numbers. Each file is read by a worker process of its own limits, through probe, pictures, clocks and sound.
Run: `python benchmarks/mutated.py --files 2000 --seed 1`; exit 1 where one file did neither.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import select
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media.clock import ClockBuilder, clock_from_packets
from mmed_curate.media.pictures import pictures
from mmed_curate.media.probe import probe
from mmed_curate.media.sound import SoundReader, read_sound, sound_samples

MEMORY_LIMIT = 4 << 30
"""Bytes of address space of a worker: a damaged size field must not take the machine's memory."""
MANY = 30
"""Files that ended badly, after which there is nothing more to learn."""
N_FRAMES, TICK, STEP, RATE_HZ = 24, Fraction(1, 1000), 40, 16000

SOURCES = {
    "h264-aac.mp4": ("libx264", "aac", {}),
    "h264-aac-front.mp4": ("libx264", "aac", {"movflags": "+faststart"}),
    "h264-aac-fragments.mp4": ("libx264", "aac", {"movflags": "frag_keyframe+empty_moov+delay_moov"}),
    "hevc-pcm.mov": ("libx265", "pcm_s16le", {}),
    "mpeg4-alac.mov": ("mpeg4", "alac", {}),
    "h264-pcm.mkv": ("libx264", "pcm_s16le", {}),
    "ffv1-flac-live.mkv": ("ffv1", "flac", {"live": "1"}),
    "vp9-opus.webm": ("libvpx-vp9", "libopus", {}),
    "av1-opus.webm": ("libsvtav1", "libopus", {}),
    "mpeg4-pcm.avi": ("mpeg4", "pcm_s16le", {}),
    "mjpeg-mp3.avi": ("mjpeg", "libmp3lame", {}),
}
"""Name of the file, codec of its picture and of its sound, options of its container."""
_ENCODERS = {
    "libx264": {"preset": "ultrafast", "bf": "2", "g": "8"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:keyint=8:pools=none:frame-threads=1"},
    "libvpx-vp9": {"cpu-used": "8", "deadline": "realtime", "g": "8"},
    "libsvtav1": {"preset": "12", "g": "8", "svtav1-params": "lp=1"},
    "mpeg4": {"g": "8"},
}
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x0BADF00D)


def make_source(path: Path, picture_codec: str, sound_codec: str, options: dict[str, str]) -> None:
    """Write a small recording: 0.96 s of moving stripes at 25 Hz with a tone."""
    draws = np.random.default_rng(5)
    in_avi = path.suffix == ".avi"
    tick, step = (Fraction(1, 25), 1) if in_avi else (TICK, STEP)
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(picture_codec, rate=25, options=_ENCODERS.get(picture_codec, {}))
        sound_rate = 48000 if sound_codec == "libopus" else RATE_HZ
        sound = container.add_stream(sound_codec, rate=sound_rate, layout="mono")
        if not isinstance(stream, VideoStream) or not isinstance(sound, AudioStream):
            raise TypeError(f"{picture_codec} is no picture or {sound_codec} no sound")
        stream.width, stream.height = 96, 64
        stream.pix_fmt = "yuvj420p" if picture_codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = tick
        texture = draws.integers(0, 255, (64, 96 + N_FRAMES, 3), dtype=np.uint8)
        for number in range(N_FRAMES):
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(texture[:, number : number + 96]), format="bgr24")
            frame = frame.reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = number * step, tick
            container.mux(stream.encode(frame))
            length = sound_rate // 25
            tone = (8000 * np.sin(np.arange(number * length, (number + 1) * length) / 9)).astype(np.int16)
            heard = AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
            heard.sample_rate, heard.time_base, heard.pts = sound_rate, Fraction(1, sound_rate), number * length
            container.mux(sound.encode(heard))
        container.mux(stream.encode(None))
        container.mux(sound.encode(None))


def mutated(data: bytes, draws: random.Random) -> bytes:
    """A damaged copy: one to four wounds, half of them in the first or last KiB, where the headers are."""
    held = bytearray(data)
    for _ in range(draws.choice((1, 1, 2, 4))):
        if len(held) < 64:
            break
        where = draws.randrange(3)
        at = (
            draws.randrange(min(1024, len(held)))
            if where == 0
            else len(held) - 1 - draws.randrange(min(1024, len(held)))
            if where == 1
            else draws.randrange(len(held))
        )
        length = min(draws.choice((1, 4, 16, 64, 512, 4096)), len(held) - at)
        match draws.randrange(8):
            case 0:
                for _ in range(draws.choice((1, 8, 64))):
                    held[draws.randrange(len(held))] ^= 1 << draws.randrange(8)
            case 1:
                del held[draws.randrange(len(held)) :]
            case 2:
                other = draws.randrange(len(held) - length + 1)
                held[at : at + length], held[other : other + length] = (
                    held[other : other + length],
                    held[at : at + length],
                )
            case 3:
                held[at:at] = held[at : at + length]
            case 4:
                del held[at : at + length]
            case 5:
                held[at : at + length] = bytes(length)
            case 6:
                held[at : at + length] = draws.randbytes(length)
            case _:
                size = draws.choice((1, 2, 4, 8))
                number = draws.choice(_EXTREMES) % (1 << (8 * size))
                held[at : at + size] = number.to_bytes(size, draws.choice(("big", "little")))
    return bytes(held)


def read_through(path: Path) -> list[str]:
    """Everything that reads a recording, one act after the other.

    Returns:
        What each act came to: `read`, the code of the refusal, or of the clocks `same`, `unknown`, `differ`.
    """

    def decode() -> None:
        builder: ClockBuilder | None = None
        for shown in pictures(path):
            builder = builder or ClockBuilder(shown.time_base)
            builder.add(shown.pts, shown.duration)
            shown.luma().sum()
        clocks["decoded"] = None if builder is None else builder.clock()

    def demux() -> None:
        clocks["demuxed"] = clock_from_packets(path)

    def seek() -> None:
        for clock in clocks.values():
            if clock is not None:
                first = Frame(clock.n_frames // 2)
                for _ in pictures(path, first=first, last=clock.last_frame, clock=clock):
                    pass

    def listen() -> None:
        for block in sound_samples(path):
            block.samples.sum()

    def hear() -> None:
        read_sound(path, Fraction(1, 3), Fraction(2, 3), rate_hz=8000, mono=True)
        with SoundReader(path) as reader:
            reader.read(Fraction(15), Fraction(16))

    clocks: dict[str, FrameClock | None] = {}
    outcomes = []
    for act in (lambda: probe(path), decode, demux, seek, listen, hear):
        try:
            act()
            outcomes.append("read")
        except BadInput as error:
            if "\n" in str(error) or not error.finding.remedy:
                raise ValueError(f"not one sentence with a remedy: {error}") from error
            outcomes.append(error.finding.code)
    if None in (clocks.get("decoded"), clocks.get("demuxed")):
        outcomes.append("unknown")
    else:
        outcomes.append("same" if clocks["decoded"] == clocks["demuxed"] else "differ")
    return outcomes


def work() -> None:
    """Read the files named on standard input, one a line; answer each with a line of JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        try:
            answer: dict[str, object] = {"outcomes": read_through(Path(line.rstrip("\n")))}
        except BaseException as error:  # whatever escapes is what we look for
            place = traceback.extract_tb(error.__traceback__)[-1]
            answer = {"traceback": f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"}
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        print(json.dumps(answer | {"peak_mib": peak_mib}), flush=True)


@dataclass(slots=True, kw_only=True)
class Worker:
    """A process that reads files; replaced when it dies or takes too long."""

    limit_s: float
    process: subprocess.Popen[str] | None = None

    def read(self, path: Path) -> dict[str, object]:
        """What came of one file; `crash` or `hang` where the worker did not say."""
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, __file__, "--worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )
        sending, receiving = self.process.stdin, self.process.stdout
        if sending is None or receiving is None:
            raise OSError("the worker has no pipes")
        sending.write(f"{path}\n")
        sending.flush()
        ready, _, _ = select.select([receiving], [], [], self.limit_s)
        line = receiving.readline() if ready else ""
        if line:
            said: dict[str, object] = json.loads(line)
            return said
        self.close()
        return {"crash": f"exit {self.code}"} if ready else {"hang": f"after {self.limit_s:.0f} s"}

    code: int | None = None

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.code = self.process.wait()
            self.process = None


def files(folder: Path, n_files: int, seed: int, only: int | None) -> Iterator[tuple[int, str, Path]]:
    """Damaged files in turn over the sources; file i depends on the seed and i alone."""
    sources = {}
    for name, (picture_codec, sound_codec, options) in SOURCES.items():
        path = folder / f"source-{name}"
        make_source(path, picture_codec, sound_codec, options)
        sources[name] = path.read_bytes()
    names = sorted(sources)
    for number in range(n_files) if only is None else (only,):
        name = names[number % len(names)]
        path = folder / f"{number:05d}-{name}"
        path.write_bytes(mutated(sources[name], random.Random(f"{seed}-{number}")))
        yield number, name, path


def main() -> int:
    """Print how the files ended; 1 where one ended badly."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="read only this file of the series")
    parser.add_argument("--limit-s", type=float, default=60.0, help="longest time for one file")
    parser.add_argument("--keep", type=Path, help="folder for files that ended badly")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        work()
        return 0
    began = time.monotonic()
    acts = ("probe", "pictures", "clock_from_packets", "seek", "all sound", "stretches of sound", "clocks")
    counts: dict[str, Counter[str]] = {act: Counter() for act in acts}
    bad: list[str] = []
    n_read = n_done = 0
    slowest, peak_mib = (0.0, ""), 0.0
    worker = Worker(limit_s=chosen.limit_s)
    with tempfile.TemporaryDirectory() as folder:
        for number, name, path in files(Path(folder), chosen.files, chosen.seed, chosen.only):
            started = time.monotonic()
            said = worker.read(path)
            slowest = max(slowest, (time.monotonic() - started, path.name))
            n_done += 1
            outcomes = said.get("outcomes")
            if isinstance(outcomes, list):
                for act, outcome in zip(acts, outcomes, strict=True):
                    counts[act][outcome] += 1
                n_read += all(outcome in {"read", "same", "unknown"} for outcome in outcomes)
                peak_mib = max(peak_mib, float(str(said["peak_mib"])))
            else:
                bad.append(f"file {number} ({name}): {said}")
                print(bad[-1], flush=True)
                if len(bad) == MANY:
                    print("stopped: too many")
                    break
                if chosen.keep:
                    (chosen.keep / path.name).write_bytes(path.read_bytes())
            path.unlink()
        worker.close()
    print(f"{n_done} damaged files, seed {chosen.seed}: {n_read} read, {n_done - n_read - len(bad)} refused")
    print(f"{len(bad)} tracebacks, hangs or crashes")
    for act, counter in counts.items():
        print(f"{act:20s}", ", ".join(f"{outcome} {count}" for outcome, count in counter.most_common()))
    print(
        f"{time.monotonic() - began:.0f} s, slowest {slowest[0]:.1f} s ({slowest[1]}), worker's peak {peak_mib:.0f} MiB"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
