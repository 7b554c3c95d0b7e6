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
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, cycle, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def a_window(picture: Path, folder: Path) -> tuple[Any, Any]:
    """The whole window with a clip on the desk, in this process, without a screen: its frame, and the desk in it.

    Args:
        picture: the clip.
        folder: for the coder's likings.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PyQt6.QtTest import QTest
    from PyQt6.QtWidgets import QApplication

    from annotator_gui.dispatch import desk_page
    from annotator_gui.keys import DEFAULT_KEYS
    from annotator_gui.practice import PracticeDesk
    from annotator_gui.preferences import Preferences
    from annotator_gui.shell import Shell
    from mmed_curate.media.clock import clock_from_packets

    global _application  # Qt's must live as long as the process
    _application = QApplication.instance() or QApplication([])

    class OneClip(PracticeDesk):
        """The practice desk with another picture."""

        def __init__(self) -> None:
            super().__init__()
            clock = clock_from_packets(picture)
            self._base = replace(self._base, picture=picture, sound=None, neutral_still=None, clock=clock)

    shell = Shell(Preferences(language="en"), folder)
    page = desk_page(shell, OneClip, keys=DEFAULT_KEYS)
    shell.setCentralWidget(page)
    shell.show()
    QTest.qWaitForWindowActive(shell)
    deadline_s = time.monotonic() + 60
    while page.worker.busy or page.looking._film is None or not page.looking._film.whole:
        QTest.qWait(5)
        if time.monotonic() > deadline_s:
            raise SystemExit(f"the window did not open its clip: {page.status.said}")
    return shell, page


_application: object = None


def keys_to_frames(second: Path, folder: Path) -> list[Figure]:
    """From a key to the painted frame, in the whole window: 1,000 steps and jumps in a seeded order."""
    shell, page = a_window(second, folder)
    from PyQt6.QtCore import Qt
    from PyQt6.QtTest import QTest
    from PyQt6.QtWidgets import QApplication

    keys = [Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End]
    draws = np.random.default_rng(3)
    window = shell.windowHandle()
    took, n_keys = [], 1000
    while len(took) < n_keys:
        key = keys[draws.choice(len(keys), p=[0.35, 0.35, 0.12, 0.12, 0.03, 0.03])]
        QApplication.processEvents()
        before, frame = page.picture.n_painted, page.player.frame
        begin = time.perf_counter()
        QTest.keyClick(window, key)
        if page.player.frame == frame:
            continue  # at an end: there is nothing to paint
        while page.picture.n_painted == before:
            QApplication.processEvents()
        took.append(ms_since(begin))
    shell.close()
    return [
        Figure(name="key to painted frame, p95", value=p95(took), most=8, unit="ms"),
        Figure(name="key to painted frame, p99", value=float(np.quantile(took, 0.99)), most=16, unit="ms"),
    ]


def looping_in_the_window(second: Path, folder: Path) -> list[Figure]:
    """The same loop as above, in the whole window: lateness of each frame, and frames that were never painted."""
    shell, page = a_window(second, folder)
    from PyQt6.QtCore import QEventLoop, QTimer

    page.choose_range(10, 40)
    late, dropped = [], 0
    for speed in map(Fraction, SPEEDS):
        page.player.set_speed(speed)
        page.player.late_ms.clear()
        painted: list[int] = []
        page.player.moved.connect(painted.append)
        page.player.play()
        events = QEventLoop()  # as the window runs: qWait sleeps 10 ms between events
        QTimer.singleShot(round(1000 * LOOP_S), events.quit)
        events.exec()
        page.player.stop()
        page.player.moved.disconnect(painted.append)
        late.extend(page.player.late_ms)
        dropped += sum((after - before) % 31 - 1 for before, after in pairwise(painted))
    shell.close()
    return [
        Figure(name="loop in the window: lateness, p95", value=p95(late), most=8, unit="ms"),
        Figure(name="loop in the window: frames dropped", value=dropped, most=0, unit="frames"),
    ]


def first_paint(times: int) -> list[Figure]:
    """From the start of the process to the first paint, as the process itself tells it; median of warm starts."""
    took = []
    for _ in range(times + 1):
        said = subprocess.run(this_script("--first-paint"), check=True, capture_output=True, text=True).stdout
        took.append(float(said))
    return [Figure(name="first paint, warm", value=statistics.median(took[1:]), most=500, unit="ms")]


def tell_first_paint() -> None:
    """Open the window as its command does, and print how long after the start of this process it was painted."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from annotator_gui import app, shell

    class Told(shell.Shell):
        """Ends with its first paint."""

        def paintEvent(self, event: Any) -> None:  # Qt's name
            super().paintEvent(event)
            started_ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
            since_boot_s = time.clock_gettime(time.CLOCK_BOOTTIME)
            print(1000 * (since_boot_s - started_ticks / os.sysconf("SC_CLK_TCK")), flush=True)
            os._exit(0)

    app.Shell = Told  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder:
        app.main(["--practice", "--config", folder])


def durable(folder: Path) -> list[Figure]:
    """How long an act takes until it is on disk, by a coder alone; and what 200 SIGKILLs lose, of two at once."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from builders.killing import kill
    from builders.stages import a_workspace_at

    from mmed_curate.domain.protocol import Stage

    workspace = a_workspace_at(folder / "ws", Stage.CODING)
    both = kill(workspace, folder, ("bob", "cem"), n_kills=200, seed=5)
    flushed = []
    with (folder / "flushed").open("wb") as file:
        for _ in range(200):
            begin = time.perf_counter()
            file.write(b"0" * 4096)
            file.flush()
            os.fsync(file.fileno())
            flushed.append(ms_since(begin))
    return [
        Figure(name="act durable, p95", value=p95(_acts_ms(folder)), most=10, unit="ms", yardstick=p95(flushed)),
        Figure(name=f"200 SIGKILLs, {both.n_acts} acts told of: lost", value=len(both.lost), most=0, unit="acts"),
    ]


def _acts_ms(folder: Path) -> list[float]:
    """What 400 acts of one sitting take, each with all that can be undone; without the first, while it warms up."""
    from builders.stages import a_workspace_at

    from annotator_gui import acts
    from annotator_gui.marks import Mark
    from annotator_gui.session import Sitting
    from mmed_curate.annotation import Desk
    from mmed_curate.domain.protocol import Stage
    from mmed_curate.domain.time import Frame

    sitting = Sitting(Desk(a_workspace_at(folder / "sitting", Stage.CODING), "bob"))
    sitting.take()
    took = []
    for number in range(420):
        begin = time.perf_counter()
        sitting.act(acts.set_mark(Mark.APEX, Frame(number % 50)))
        took.append(ms_since(begin))
    return took[20:]


def memory_of_window(path: Path) -> None:
    """Print the peak of this process in MB, with the whole window and a clip of 2 s at 200 Hz open."""
    with tempfile.TemporaryDirectory() as folder:
        shell, page = a_window(path, Path(folder))
        assert page.looking._film.whole
        page.seek(200)
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        print(int(status["VmHWM"].split()[0]) * 1024 / 1e6)
        shell.close()


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
        lambda: keys_to_frames(second, folder / "likings"),
        lambda: looping_in_the_window(second, folder / "likings"),
        lambda: first_paint(times),
        lambda: durable(folder),
    )
    figures = [figure for part in parts for figure in part()]
    said, whole = (
        subprocess.run(this_script(what, str(fast)), check=True, capture_output=True, text=True).stdout
        for what in ("--memory", "--memory-of-window")
    )
    frames_mb = 400 * WIDTH * HEIGHT * 3 / 1e6
    return [
        *figures,
        Figure(name="memory, 2 s at 200 Hz open", value=float(said), most=1500, unit="MB", yardstick=frames_mb),
        Figure(name="memory of the window with it", value=float(whole), most=1500, unit="MB", yardstick=frames_mb),
    ]


def main() -> int:
    """Print a table; 1: missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=15, help="runs of each; the median counts")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--memory", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--memory-of-window", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--first-paint", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1]))
    if chosen.memory is not None:
        memory(chosen.memory)
        return 0
    if chosen.memory_of_window is not None:
        memory_of_window(chosen.memory_of_window)
        return 0
    if chosen.first_paint:
        tell_first_paint()
        return 70
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
