"""What a coder waits for in the annotation window: clips to open, slow sound, loops, overlays; and the memory it takes.

Clips are 720p: a bundled face, enlarged, with sensor noise. Each figure stands beside what the machine itself needs for
the same: PyAV decoding without a look at any frame, a plain sleep. Exit 1 where a target of the table is missed.
Run on an idle machine: `python benchmarks/window.py [--times 15] [--json]`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from measured import keep, this_script
from numpy.typing import NDArray

if TYPE_CHECKING:
    from annotator_gui.film import Film
    from annotator_gui.shelf import Reel

RECORDINGS = Path(__file__).parents[1] / "demo" / "recordings"
WIDTH, HEIGHT = 1280, 720
NOISE_LEVELS = 2.0
"""Standard deviation of the noise, of 255: a webcam in a lit room."""
SPEEDS = ("1", "1/2", "1/4", "1/10")
LOOP_S = 2.0
"""For which each speed is looped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table."""

    name: str
    value: float
    most: float
    unit: str
    yardstick: float | None = None
    """What the machine needs for the same by itself, in the same unit; None: there is nothing to compare with."""

    @property
    def met(self) -> bool:
        """Whether the target is."""
        return self.value <= self.most

    def as_json(self) -> dict[str, object]:
        """Rounded, by name."""
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "most": self.most,
            "unit": self.unit,
            "yardstick": None if self.yardstick is None else round(self.yardstick, 3),
            "ratio": None if not self.yardstick else round(self.value / self.yardstick, 2),
            "met": self.met,
        }

    def __str__(self) -> str:
        beside = "" if self.yardstick is None else f"{self.yardstick:10.1f}"
        ratio = "" if not self.yardstick else f"{self.value / self.yardstick:8.2f}"
        mark = "met" if self.met else "MISSED"
        return f"{self.name:44}{self.value:10.1f}{self.most:8g} {self.unit:8}{beside:>10}{ratio:>8}  {mark}"


def write_clip(path: Path, *, rate_hz: int, n_frames: int) -> None:
    """A clip as a lab's camera and our cut leave it: H.264 with B-frames."""
    import av
    from av.video.frame import VideoFrame
    from av.video.reformatter import VideoReformatter

    draws = np.random.default_rng(1)
    noise = draws.normal(0, NOISE_LEVELS, (HEIGHT + 64, WIDTH + 64)).astype(np.int16)
    with av.open(str(RECORDINGS / "single_face.mp4")) as source:
        faces = [frame for frame, _ in zip(source.decode(video=0), range(60), strict=False)]
    reformatter = VideoReformatter()
    there_and_back = cycle(chain(faces, faces[-2:0:-1]))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate_hz, options={"preset": "veryfast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(n_frames):
            frame = reformatter.reformat(next(there_and_back), width=WIDTH, height=HEIGHT, format="yuv420p")
            assert isinstance(frame, VideoFrame)
            plane = frame.planes[0]
            held: NDArray[np.uint8] = np.frombuffer(plane, dtype=np.uint8)  # type: ignore[call-overload]
            luma = held.reshape(-1, plane.line_size)[:HEIGHT, :WIDTH]
            down, right = draws.integers(0, 64, 2)
            luma[:] = np.clip(luma + noise[down : down + HEIGHT, right : right + WIDTH], 0, 255)
            frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, rate_hz), 0
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def a_reel(path: Path, ticket: str) -> Reel:
    """A clip as the window asks for it."""
    from annotator_gui.shelf import Reel
    from mmed_curate.domain.identity import TicketId
    from mmed_curate.media.clock import clock_from_packets

    return Reel(ticket=TicketId(ticket), path=path, clock=clock_from_packets(path))


def opening(path: Path, times: int) -> list[Figure]:
    """Medians, in ms: first frame, whole, and a film that was fetched ahead."""
    from annotator_gui.shelf import Shelf

    reel = a_reel(path, "1")
    first, whole, ahead = [], [], []
    bare = [by_pyav(path) for _ in range(times)]
    for _ in range(times):
        shelf = Shelf()
        came: list[float] = []

        def on_frame(film: Film, came: list[float] = came) -> None:
            came.append(time.perf_counter())

        begin = time.perf_counter()
        film = shelf.open(reel, on_frame).result()
        whole.append(ms_since(begin))
        first.append(1000 * (came[0] - begin))
        assert film.whole
        other = a_reel(path, "2")
        shelf.prefetch([other])
        while shelf.held(other) is None:
            time.sleep(0.001)
        begin = time.perf_counter()
        assert shelf.open(other).result().at(film.clock.last_frame) is not None
        ahead.append(ms_since(begin))
        shelf.close()
    bare_first, bare_whole = (statistics.median(way) for way in zip(*bare, strict=True))
    return [
        Figure(name="first frame", value=statistics.median(first), most=150, unit="ms", yardstick=bare_first),
        Figure(name="whole clip", value=statistics.median(whole), most=600, unit="ms", yardstick=bare_whole),
        Figure(name="clip fetched ahead", value=statistics.median(ahead), most=50, unit="ms"),
    ]


def by_pyav(path: Path) -> tuple[float, float]:
    """Milliseconds to the first frame and to the last, as the decoder gives them."""
    import av

    begin = time.perf_counter()
    first_ms = 0.0
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for _ in container.decode(video=0):
            first_ms = first_ms or ms_since(begin)
    return first_ms, ms_since(begin)


def slow_sound(times: int) -> list[Figure]:
    """2 s of 48 kHz stereo at a tenth of its speed, the slowest to make; and how far its length is off at any speed."""
    from mmed_curate.media.stretch import stretched

    rate_hz, off_ms, took = 48_000, 0.0, []
    samples = np.random.default_rng(1).normal(0, 0.1, (2 * rate_hz, 2)).astype(np.float32)
    for speed in map(Fraction, SPEEDS):
        for _ in range(times):
            begin = time.perf_counter()
            slow = stretched(samples, rate_hz=rate_hz, speed=speed)
            if speed == Fraction(1, 10):
                took.append(ms_since(begin))
        off_ms = max(off_ms, 1000 * abs(float(len(slow) - len(samples) / speed)) / rate_hz)
    return [
        Figure(name="slow sound of 2 s, a tenth of its speed", value=statistics.median(took), most=100, unit="ms"),
        Figure(name="slow sound: length off by", value=off_ms, most=1, unit="ms"),
    ]


def looping(film: Film) -> list[Figure]:
    """How late frames of a 60 Hz clip come up, at each speed, when waited for; the machine's own sleep beside."""
    from annotator_gui.playing import Loop
    from mmed_curate.domain.time import Frame

    overslept = []
    for _ in range(100):
        begin = time.perf_counter()
        time.sleep(0.01)
        overslept.append(ms_since(begin) - 10)
    late, dropped = [], 0
    for speed in map(Fraction, SPEEDS):
        loop = Loop(clock=film.clock, first=Frame(10), last=Frame(40), speed=speed)
        begin_ns, step, elapsed_s = time.monotonic_ns(), -1, Fraction(0)
        while elapsed_s < LOOP_S:
            moment = loop.at(elapsed_s)
            if moment.step != step:
                assert film.at(moment.frame) is not None
                late.append(1000 * float(elapsed_s - loop.due_s(moment.step)))
                dropped += moment.step - step - 1
                step = moment.step
            now_s = Fraction(time.monotonic_ns() - begin_ns, 1_000_000_000)
            time.sleep(max(0.0, float(loop.next_due_s(elapsed_s) - now_s)))
            elapsed_s = Fraction(time.monotonic_ns() - begin_ns, 1_000_000_000)
    return [
        Figure(name="loop: lateness, p95", value=p95(late), most=8, unit="ms", yardstick=p95(overslept)),
        Figure(name="loop: frames dropped", value=dropped, most=0, unit="frames"),
    ]


def overlays(film: Film) -> list[Figure]:
    """A frame with an overlay on a face of 500 × 500 pixels, and on all of it: p95 of 30, the first included."""
    from annotator_gui.overlays import Difference, Magnifier, Part
    from mmed_curate.domain.time import Frame

    figures = []
    for where, part in (("face", Part(left=400, top=150, right=900, bottom=650)), ("all", None)):
        for what, overlay in (
            ("motion magnified", Magnifier(film, part=part)),
            ("difference", Difference(film, Frame(3), part=part)),
        ):
            took = []
            for number in range(15, 45):
                begin = time.perf_counter()
                overlay.at(Frame(number))
                took.append(ms_since(begin))
            figures.append(Figure(name=f"overlay: {what}, {where}", value=p95(took), most=30, unit="ms"))
    return figures


def memory(path: Path) -> None:
    """Print the peak of this process in MB, with a clip of 2 s at 200 Hz open and others wished for."""
    from annotator_gui.shelf import Shelf

    shelf = Shelf()
    film = shelf.open(a_reel(path, "1")).result()
    shelf.prefetch([a_reel(path, ticket) for ticket in "234"])
    while not shelf.idle:
        time.sleep(0.01)
    assert film.whole and shelf.n_bytes == film.n_bytes
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(int(status["VmHWM"].split()[0]) * 1024 / 1e6)
    shelf.close()


def ms_since(begin: float) -> float:
    """Milliseconds since a reading of `perf_counter`."""
    return 1000 * (time.perf_counter() - begin)


def p95(values: list[float]) -> float:
    """What 95 % do not exceed."""
    return float(np.quantile(values, 0.95))


def measured(folder: Path, times: int) -> list[Figure]:
    """All figures."""
    from annotator_gui.film import decode
    from mmed_curate.domain.identity import TicketId

    second, fast = folder / "60.mp4", folder / "200.mp4"
    write_clip(second, rate_hz=60, n_frames=60)
    write_clip(fast, rate_hz=200, n_frames=400)
    film = decode(second, None, ticket=TicketId("1"))
    parts: tuple[Callable[[], list[Figure]], ...] = (
        lambda: opening(second, times),
        lambda: slow_sound(times),
        lambda: looping(film),
        lambda: overlays(film),
    )
    figures = [figure for part in parts for figure in part()]
    said = subprocess.run(this_script("--memory", str(fast)), check=True, capture_output=True, text=True).stdout
    frames_mb = 400 * WIDTH * HEIGHT * 3 / 1e6
    return [
        *figures,
        Figure(name="memory, 2 s at 200 Hz open", value=float(said), most=1500, unit="MB", yardstick=frames_mb),
    ]


def main() -> int:
    """Print a table; 1: missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=15, help="runs of each; the median counts")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--memory", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1]))
    if chosen.memory is not None:
        memory(chosen.memory)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        figures = measured(Path(folder), chosen.times)
    document = {
        "format": "mmed-benchmark-window",
        "version": "1.0",
        "cores": os.cpu_count(),
        "times": chosen.times,
        "figures": [figure.as_json() for figure in figures],
    }
    text = json.dumps(document, indent=2)
    keep("window.json", f"{text}\n")
    heading = f"{'':44}{'measured':>10}{'most':>8} {'':8}{'machine':>10}{'times':>8}   ({os.cpu_count()} cores)"
    print(text if chosen.json else "\n".join([heading, *map(str, figures)]))
    return int(not all(figure.met for figure in figures))


if __name__ == "__main__":
    raise SystemExit(main())
