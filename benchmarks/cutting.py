"""Cutting many clips out of one 720p30 recording, at several shares of it: ours beside floors and peers.

Floors: one decode of everything, and the encoding of the frames kept, both without anything else. Targets: ours costs
at most 1.15 times both floors together, in wall time and in CPU, and less wall time than the faster of two loops over
the clips with a frame-accurate ffmpeg call each (`-ss` in front of the input, encoded anew with our preset and crf):
one call after another with all its threads, and one call per core with one thread each. Exit 1 where one is missed.
Ours also writes each clip's exact sound as .wav, which no peer does. PySceneDetect's splitter is measured where it is
installed. Run on an idle machine: `python benchmarks/cutting.py [--minutes 20] [--clips 300] [--json]`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import av
from decode import ffmpeg
from footage import footage
from measured import keep, this_script

from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.media.clock import clock_from_packets, read_clock
from mmed_curate.media.cut import ClipEncoding, CutRequest, cut
from mmed_curate.media.pictures import pictures

MOST = 1.15
"""Times both floors together (issue: cut 300 clips from 20 min)."""
COVERAGES = (0.02, 0.10, 0.25, 0.50)
CRF, PRESET = 16, "veryfast"
"""As the packaged recipe."""
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_MOST_HELD = 240
"""Decoded frames held at once for the floor of encoding: 330 MB at 720p."""

Run = tuple[Frame, Frame]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a way of cutting is given."""

    recording: Path
    clock: FrameClock
    runs: tuple[Run, ...]
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What it took."""

    wall_s: float
    cpu_s: float


def spans(clock: FrameClock, n_clips: int, coverage: float, seed: int = 1) -> tuple[Run, ...]:
    """Clips of one length at random places, none over another."""
    length = max(1, round(coverage * clock.n_frames / n_clips))
    gap = clock.n_frames // n_clips
    draws = random.Random(seed)
    starts = (number * gap + draws.randint(0, max(0, gap - length)) for number in range(n_clips))
    return tuple((Frame(start), Frame(min(clock.last_frame, start + length - 1))) for start in starts)


class Watch:
    """Wall time and CPU of this process and its children, while it runs."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._wall_s = self._cpu_s = 0.0
        self._began = (0.0, 0.0)

    def __enter__(self) -> None:
        """Go on."""
        self._began = (time.perf_counter(), _cpu_s())

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._wall_s += time.perf_counter() - self._began[0]
        self._cpu_s += _cpu_s() - self._began[1]

    def spent(self) -> Spent:
        """So far."""
        return Spent(wall_s=self._wall_s, cpu_s=self._cpu_s)


def _cpu_s() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def decode_all(job: Job) -> Spent:
    """The first floor."""
    watch = Watch()
    with watch:
        for _ in pictures(job.recording):
            pass
    return watch.spent()


def encode_kept(job: Job) -> Spent:
    """The second floor: frames lie decoded in memory, one thread a clip, packets are thrown away."""
    watch = Watch()
    with ThreadPoolExecutor(CORES) as threads:
        for batch in _batches(job):
            with watch:
                list(threads.map(_encoded, batch))
    return watch.spent()


def _batches(job: Job) -> Iterator[list[list[av.VideoFrame]]]:
    batch: list[list[av.VideoFrame]] = []
    for first, last in job.runs:
        if batch and sum(map(len, batch)) + last + 1 - first > _MOST_HELD:
            yield batch
            batch = []
        batch.append([shown.stored for shown in pictures(job.recording, first=first, last=last, clock=job.clock)])
    yield batch


def _encoded(frames: list[av.VideoFrame]) -> None:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
    encoder.time_base = frames[0].time_base or encoder.time_base
    encoder.options = {"crf": str(CRF), "preset": PRESET, "bf": "0", "threads": "1"}
    encoder.options |= {"x264-params": "cpu-independent=1"}
    for frame in frames:
        frame.pict_type = 0
        encoder.encode(frame)
    encoder.encode(None)


def by_us(job: Job) -> Spent:
    """`cut`, with the clock that `mmed cut` would read."""
    watch = Watch()
    with watch:
        clock = clock_from_packets(job.recording) or read_clock(job.recording)
        requests = [
            CutRequest(
                first=first,
                last=last,
                crop=None,
                picture=job.folder / f"{number}.mp4",
                sound=job.folder / f"{number}.wav",
            )
            for number, (first, last) in enumerate(job.runs)
        ]
        cut(job.recording, clock, requests, encoding=ClipEncoding(crf=CRF, preset=PRESET))
    return watch.spent()


def ffmpeg_in_turn(job: Job) -> Spent:
    """One call after another, each with all its threads."""
    watch = Watch()
    with watch:
        for number, run in enumerate(job.runs):
            subprocess.run(_call(job, number, run, one_thread=False), check=True)
    return watch.spent()


def ffmpeg_per_core(job: Job) -> Spent:
    """As many calls at once as there are cores, each with one thread."""
    watch = Watch()
    with watch, ThreadPoolExecutor(CORES) as threads:
        calls = [_call(job, number, run, one_thread=True) for number, run in enumerate(job.runs)]
        list(threads.map(lambda call: subprocess.run(call, check=True), calls))
    return watch.spent()


def _call(job: Job, number: int, run: Run, *, one_thread: bool) -> list[str]:
    # a seek to half a tick before the first frame finds that frame, whatever the rounding
    start_s = float(job.clock.start_of(run[0]) - job.clock.time_base / 2)
    threads = ["-threads", "1"] if one_thread else []
    return [
        *(ffmpeg() or "ffmpeg", "-v", "error", "-nostdin", "-y"),
        *(*threads, "-ss", f"{max(0.0, start_s):.6f}", "-i", str(job.recording)),
        *("-frames:v", str(run[1] + 1 - run[0]), "-t", f"{float(job.clock.end_of(run[1])) - start_s:.6f}"),
        *("-c:v", "libx264", "-preset", PRESET, "-crf", str(CRF), "-bf", "0", "-pix_fmt", "yuv420p", *threads),
        *("-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", "-map_metadata", "-1"),
        str(job.folder / f"{number}.mp4"),
    ]


def scenedetect(job: Job) -> Spent:
    """PySceneDetect's splitter, which also calls ffmpeg for each clip."""
    from scenedetect import FrameTimecode, open_video, split_video_ffmpeg

    watch = Watch()
    with watch:
        rate_hz = open_video(str(job.recording)).frame_rate
        scenes = [(FrameTimecode(first, rate_hz), FrameTimecode(last + 1, rate_hz)) for first, last in job.runs]
        split_video_ffmpeg(
            str(job.recording),
            scenes,
            output_dir=str(job.folder),
            output_file_template="$SCENE_NUMBER.mp4",
            arg_override=f"-c:v libx264 -preset {PRESET} -crf {CRF} -bf 0 -c:a aac -b:a 128k",
        )
    return watch.spent()


WAYS: dict[str, Callable[[Job], Spent]] = {
    "decode": decode_all,
    "encode": encode_kept,
    "ours": by_us,
    "ffmpeg in turn": ffmpeg_in_turn,
    "ffmpeg per core": ffmpeg_per_core,
    "PySceneDetect": scenedetect,
}
PEERS = ("ffmpeg in turn", "ffmpeg per core", "PySceneDetect")


def frames_wrong(job: Job) -> int:
    """Clips in the folder that have not the number of frames that was asked for."""
    wrong = 0
    for number, (first, last) in enumerate(job.runs):
        with av.open(str(job.folder / f"{number}.mp4")) as container:
            wrong += sum(bool(packet.size) for packet in container.demux(video=0)) != last + 1 - first
    return wrong


def measured(way: str, recording: Path, n_clips: int, coverage: float) -> dict[str, float]:
    """One way in a process of its own."""
    arguments = ("--only", way, "--recording", str(recording), "--clips", str(n_clips), "--coverage", str(coverage))
    run = subprocess.run(this_script(*arguments), stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return found


def only(way: str, recording: Path, n_clips: int, coverage: float) -> None:
    """Measure one way and print what it took."""
    clock = clock_from_packets(recording) or read_clock(recording)
    with tempfile.TemporaryDirectory() as folder:
        job = Job(recording=recording, clock=clock, runs=spans(clock, n_clips, coverage), folder=Path(folder))
        spent = WAYS[way](job)
        wrong = frames_wrong(job) if way in {"ours", "ffmpeg in turn", "ffmpeg per core"} else 0
    print(json.dumps({"wall_s": round(spent.wall_s, 3), "cpu_s": round(spent.cpu_s, 3), "wrong": wrong}))


def main() -> int:
    """Print a table; 1: missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--coverage", type=float, nargs="*", default=COVERAGES, help="shares of the recording to keep")
    parser.add_argument("--recording", type=Path, help="measure with this one instead")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=WAYS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.only is not None:
        only(chosen.only, chosen.recording, chosen.clips, chosen.coverage[0])
        return 0
    if ffmpeg() is None:
        raise SystemExit("no ffmpeg: put one on the PATH, or install imageio-ffmpeg")
    peers = [peer for peer in PEERS if peer != "PySceneDetect" or importlib.util.find_spec("scenedetect")]
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.recording or footage(Path(folder) / "footage.mp4", minutes=chosen.minutes)
        rows = [_row(path, chosen.clips, coverage, peers) for coverage in chosen.coverage]
    document = {
        "format": "mmed-benchmark-cutting",
        "version": "1.0",
        "minutes": chosen.minutes if chosen.recording is None else None,
        "clips": chosen.clips,
        "cores": CORES,
        "most": MOST,
        "rows": rows,
    }
    text = json.dumps(document, indent=2)
    keep("cutting.json", f"{text}\n")
    if chosen.json:
        print(text)
    else:
        print(f"\ntargets: at most {MOST} times the floors, and less than ffmpeg per clip; {CORES} cores")
        if "PySceneDetect" not in peers:
            print("PySceneDetect is not installed: left out")
    return int(not all(row["met"] for row in rows))


def _row(path: Path, n_clips: int, coverage: float, peers: list[str]) -> dict[str, object]:
    found = {way: measured(way, path, n_clips, coverage) for way in ("decode", "encode", "ours", *peers)}
    ratios = {
        unit: found["ours"][unit] / (found["decode"][unit] + found["encode"][unit]) for unit in ("wall_s", "cpu_s")
    }
    faster = min(found[peer]["wall_s"] for peer in peers) / found["ours"]["wall_s"]
    met = max(ratios.values()) <= MOST and faster > 1 and not found["ours"]["wrong"]
    print(f"\n{coverage:.0%} of the recording in {n_clips} clips", file=sys.stderr)
    print(f"{'':18}    wall s     CPU s   clips with a wrong number of frames", file=sys.stderr)
    for way, took in found.items():
        print(f"{way:18}{took['wall_s']:10.2f}{took['cpu_s']:10.2f}{took['wrong']:10}", file=sys.stderr)
    print(
        f"ours: {ratios['wall_s']:.2f} times the floors in wall time, {ratios['cpu_s']:.2f} in CPU; "
        f"{faster:.2f} times as fast as the best peer: {'met' if met else 'MISSED'}",
        file=sys.stderr,
    )
    return {
        "coverage": coverage,
        "ways": found,
        "wall_over_floors": round(ratios["wall_s"], 3),
        "cpu_over_floors": round(ratios["cpu_s"], 3),
        "times_faster_than_best_peer": round(faster, 3),
        "met": met,
    }


if __name__ == "__main__":
    raise SystemExit(main())
