"""How far a companion's clock is found wrong: SIMULATED games of two players, planted offset, drift, noise and room.

Each row writes a camera's and a microphone's sound (the planter shares no code with the finder), looks for the
synchrony, and holds it against what was planted, at the start and at the end of what both hold.
Run: `python benchmarks/syncing.py` (2 h of sound; about five minutes), or `--minutes 5` for a quick look.
Exits 1 where an error exceeds 1 ms.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from mmed_curate.ingest.companions import load_bounds
from mmed_curate.media.synchrony import find_synchrony
from mmed_curate.simulation.companions import PlantedPair, write_pair
from mmed_curate.simulation.settings import load_settings

MOST_ERROR_MS = 1.0
CASES = ((12.3456, 50.0, 48000), (-95.4321, -50.0, 44100))
"""Offset in s, drift in ppm, the microphone's rate in Hz."""


def main() -> None:
    """Print one line per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120.0, help="length of the camera's recording")
    parser.add_argument("--noise-db", type=float, default=0.0, help="noise in both files, relative to the voices")
    parser.add_argument("--cases", type=int, default=len(CASES), help="how many cases to run")
    given = parser.parse_args()
    bounds = load_bounds("mmed").search
    settings = load_settings("mmed").sound
    print(f"{given.minutes:g} min, noise {given.noise_db:+g} dB, SIMULATED voices")
    print("offset_s drift_ppm | error at start, end (ms) stated (ms) | drift_ppm confidence windows | s, peak MB")
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        camera, companion = Path(folder) / "camera.wav", Path(folder) / "microphone.wav"
        for seed, (offset_s, drift_ppm, rate_hz) in enumerate(CASES[: given.cases], start=1):
            planted = PlantedPair(
                length_s=60 * given.minutes,
                offset_s=offset_s,
                drift_ppm=drift_ppm,
                companion_hz=rate_hz,
                noise_db=given.noise_db,
                seed=seed,
            )
            write_pair(camera, companion, planted, settings)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            began = time.perf_counter()
            found = find_synchrony(camera, companion, bounds=bounds)
            took_s = time.perf_counter() - began
            peak_mb = max(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024
            at_s = max(0.0, -offset_s), (planted.length_s - offset_s) / (1 + drift_ppm * 1e-6)
            errors_ms = [
                1000 * (found.synchrony.offset_s - offset_s) + (found.synchrony.drift_ppm - drift_ppm) * one_s / 1000
                for one_s in at_s
            ]
            missed |= not max(map(abs, errors_ms)) <= MOST_ERROR_MS
            print(
                f"{offset_s:8.4f} {drift_ppm:+9.1f} | {errors_ms[0]:+.4f} {errors_ms[1]:+.4f} "
                f"± {found.synchrony.uncertainty_ms or 0:.4f} | {found.synchrony.drift_ppm:+.3f} "
                f"{found.confidence:.3f} {int(found.agrees.sum())}/{len(found.agrees)} | {took_s:.1f} {peak_mb:.0f}",
                flush=True,
            )
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
