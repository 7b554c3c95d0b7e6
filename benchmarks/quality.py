"""What measuring a picture's quality adds to each frame, and how well repeated frames and filters are told.

python benchmarks/quality.py                    time for each frame of 720p, by size of the face
python benchmarks/quality.py RECORDING...       each recording as it is, repeated on purpose, and smoothed
"""

from __future__ import annotations

import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from mmed_curate.ingest.quality import measure
from mmed_curate.ingest.qualitybounds import load_bounds
from mmed_curate.media.pictures import pictures
from mmed_curate.media.write import RecordingWriter
from mmed_curate.signals.quality import PictureMeter, SeenFace

FRAMES = 300
BUDGET_MS = 0.3
"""For each frame of 720p at 30 Hz."""


def a_face(eye_px: float) -> SeenFace:
    """A face in the middle of 720p."""
    x, y = 640.0, 300.0
    return SeenFace(
        track=0,
        box=np.array([x - eye_px, y - eye_px, x + eye_px, y + 1.6 * eye_px], dtype=np.float32),
        eyes=np.array([[x - eye_px / 2, y], [x + eye_px / 2, y]], dtype=np.float32),
        skin=np.array([[x + dx * eye_px, y + eye_px / 2] for dx in np.linspace(-0.6, 0.6, 7)], dtype=np.float32),
        yaw_deg=0.0,
        pitch_deg=0.0,
    )


def time_of_a_frame_ms(eye_px: float) -> float:
    """CPU time that the meter takes for each frame of 720p at 30 Hz."""
    draw = np.random.default_rng(1)
    frames = [draw.integers(16, 236, (720, 1280), dtype=np.uint8) for _ in range(8)]
    meter, face = PictureMeter(), a_face(eye_px)
    started = time.process_time()
    for number in range(FRAMES):
        meter.add(number / 30, frames[number % 8], [face])
    return 1000 * (time.process_time() - started) / FRAMES


def told(recording: Path) -> list[str]:
    """Codes and effective rate of one recording as it is and spoiled, 60 frames each."""
    frames = [picture.bgr().copy() for _, picture in zip(range(60), pictures(recording), strict=False)]
    ways = {
        "as it is": (frames, 18),
        "doubled, crf 23": ([frame for frame in frames for _ in range(2)], 23),
        "doubled, crf 30": ([frame for frame in frames for _ in range(2)], 30),
        "smoothed, lossless": ([cv2.bilateralFilter(frame, 9, 30, 5) for frame in frames], 0),
        "smoothed, crf 18": ([cv2.bilateralFilter(frame, 9, 30, 5) for frame in frames], 18),
    }
    bounds = load_bounds("mmed")
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (shown, crf) in ways.items():
            path = Path(folder) / f"{len(lines)}.mov"
            height, width = shown[0].shape[:2]
            with RecordingWriter(path, width=width, height=height, time_base=Fraction(1, 30), crf=crf) as writer:
                for tick, frame in enumerate(shown):
                    writer.picture(frame, tick)
            report = measure(path, bounds=bounds).report
            codes = sorted({finding.code.removeprefix("quality.") for finding in report.findings} - {"no_sound"})
            lines.append(f"  {name:20s} {report.picture.effective_rate_hz:5.1f} Hz  {' '.join(codes)}")
    return lines


def main(words: list[str]) -> int:
    """Print the table; 1: the budget of time was missed."""
    if words:
        for word in words:
            print(Path(word).name, *told(Path(word)), sep="\n")
        return 0
    cv2.setNumThreads(1)
    missed = False
    for eye_px in (30, 80, 150, 250):
        took_ms = time_of_a_frame_ms(eye_px)
        missed |= took_ms > BUDGET_MS
        print(f"eyes {eye_px:3d} px apart: {took_ms:.3f} ms for each frame of 720p at 30 Hz, budget {BUDGET_MS} ms")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
