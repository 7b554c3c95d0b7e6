"""Decoding a 720p30 recording with a look at each frame's brightness: ours, OpenCV, and `ffmpeg -f null`.

The target is at most 1.1 times the wall time of ffmpeg, which only decodes: exit 1 above it. Run on an idle machine:
`python benchmarks/decode.py [--minutes 10] [--recording FILE] [--json]`. The best of some runs, side by side.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import tempfile
from pathlib import Path

from footage import footage
from measured import Cost, cost_of, keep, this_script

MOST = 1.1
"""Times the wall time of ffmpeg (issue: decode with luma access)."""


def by_us(path: Path) -> int:
    """Every frame's luma plane, looked at in place."""
    from mmed_curate.media.pictures import pictures

    seen = 0
    for picture in pictures(path):
        luma = picture.luma()
        seen += int(luma[::120, ::160].max() >= 0)
    return seen


def by_opencv(path: Path) -> int:
    """Every frame as gray; OpenCV gives BGR and nothing cheaper."""
    import cv2

    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, os.cpu_count() or 1])
    seen = 0
    while True:
        found, bgr = capture.read()
        if not found:
            return seen
        seen += int(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)[::120, ::160].max() >= 0)


def ffmpeg() -> str | None:
    """The program on the PATH, or the one that imageio-ffmpeg brings."""
    if (found := shutil.which("ffmpeg")) is not None:
        return found
    if importlib.util.find_spec("imageio_ffmpeg") is None:
        return None
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


WAYS = {"ours": by_us, "OpenCV": by_opencv}


def main() -> int:
    """Print a table; 1: missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--recording", type=Path, help="measure with this one instead")
    parser.add_argument("--times", type=int, default=3, help="runs of each; the fastest counts")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=WAYS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.only is not None:
        return 0 if WAYS[chosen.only](chosen.recording) else 1
    program = ffmpeg()
    if program is None:
        raise SystemExit("no ffmpeg: put one on the PATH, or install imageio-ffmpeg")
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.recording or footage(Path(folder) / "footage.mp4", minutes=chosen.minutes)
        commands = {
            "ours": this_script("--only", "ours", "--recording", str(path)),
            "ffmpeg -f null": [program, "-v", "error", "-i", str(path), "-map", "0:v:0", "-f", "null", "-"],
        }
        if importlib.util.find_spec("cv2") is not None:
            commands["OpenCV"] = this_script("--only", "OpenCV", "--recording", str(path))
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        for _ in range(chosen.times):
            for name, command in commands.items():
                costs[name].append(cost_of(command))
    best = {name: min(runs, key=lambda cost: cost.wall_s) for name, runs in costs.items()}
    ratio = best["ours"].wall_s / best["ffmpeg -f null"].wall_s
    lines = [f"{'':16}    wall s     CPU s  times ffmpeg's wall   ({os.cpu_count()} cores, best of {chosen.times})"]
    lines += [
        f"{name:16}{cost.wall_s:10.2f}{cost.cpu_s:10.2f}{cost.wall_s / best['ffmpeg -f null'].wall_s:21.2f}"
        for name, cost in best.items()
    ]
    lines.append(f"target: ours at most {MOST} times: {'met' if ratio <= MOST else 'MISSED'}")
    document = {
        "format": "mmed-benchmark-decode",
        "version": "1.0",
        "minutes": chosen.minutes if chosen.recording is None else None,
        "cores": os.cpu_count(),
        "times": chosen.times,
        "ratio": round(ratio, 3),
        "most": MOST,
        "ways": {name: cost.as_json() for name, cost in best.items()},
    }
    text = json.dumps(document, indent=2)
    keep("decode.json", f"{text}\n")
    print(text if chosen.json else "\n".join(lines))
    return int(ratio > MOST)


if __name__ == "__main__":
    raise SystemExit(main())
