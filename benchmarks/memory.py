"""Does memory grow with the recording? Peaks of analysing and cutting a short and a long one, and of the whole ingest.

720p30 footage of enlarged faces; the long recording repeats the packets of the short one. Each is measured in a process
of its own. Exit 1 where the peaks differ by more than a tenth, or one is above 800 MB.
Run: `python benchmarks/memory.py --minutes 2 120` (two hours of footage take about an hour on two cores).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from measured import Cost, cost_of, keep, this_script

MOST_MB = 800.0
"""Issue 3: memory."""
MOST_APART = 0.1
"""Of the shorter one's peak."""
_CLIP_EVERY_S, _CLIP_S = 10.0, 3.0
"""A clip of 3 s every 10 s: the coverage of an eventful session."""

STEPS = {
    "decode": "decoding alone",
    "analyse": "analysing",
    "load": "loading a saved analysis",
    "cut": "cutting a clip every 10 s",
    "ingest": "analysing, saving and cutting",
}


def make(minutes: float, path: Path) -> None:
    """Write the footage."""
    from footage import footage

    footage(path, minutes=minutes)


def run_step(step: str, path: Path) -> None:
    """Do one step in this process."""
    from mmed_curate.domain.time import Frame, FrameClock
    from mmed_curate.media.clock import read_clock
    from mmed_curate.media.cut import ClipEncoding, CutRequest, cut
    from mmed_curate.spotting.parameters import load_parameters
    from mmed_curate.spotting.run import Analysis, analyse

    parameters = load_parameters("mmed")
    saved = path.with_suffix(".npz")

    def cut_all(clock: FrameClock) -> None:
        with tempfile.TemporaryDirectory() as folder:
            starts = range(0, int(float(clock.duration) - _CLIP_S), int(_CLIP_EVERY_S))
            rate_hz = float(clock.rate_hz())
            requests = [
                CutRequest(
                    first=Frame(int(start * rate_hz)),
                    last=Frame(int((start + _CLIP_S) * rate_hz)),
                    crop=None,
                    picture=Path(folder) / f"{start}.mp4",
                    sound=Path(folder) / f"{start}.wav",
                )
                for start in starts
            ]
            cut(path, clock, requests, encoding=ClipEncoding(crf=16, preset="veryfast"))

    match step:
        case "decode":
            read_clock(path)
        case "analyse":
            analyse(path, parameters).save(saved)
        case "load":
            Analysis.load(saved, parameters, name=path.name)
        case "cut":
            cut_all(Analysis.load(saved, parameters, name=path.name).clock)
        case _:
            analysis = analyse(path, parameters)
            analysis.save(saved)
            cut_all(analysis.clock)


def main() -> int:
    """Print the table; 1 where a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="+", default=[2.0, 120.0], help="lengths, the shortest first")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--one", nargs=2, metavar=("STEP", "FILE"), help=argparse.SUPPRESS)
    parser.add_argument("--make", nargs=2, metavar=("MINUTES", "FILE"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    # all in processes of their own: a child's peak begins with its parent's size
    if chosen.one:
        run_step(chosen.one[0], Path(chosen.one[1]))
        return 0
    if chosen.make:
        make(float(chosen.make[0]), Path(chosen.make[1]))
        return 0
    measured: dict[float, dict[str, Cost]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for minutes in sorted(chosen.minutes):
            path = Path(folder) / f"{minutes:g}.mp4"
            cost_of(this_script("--make", str(minutes), str(path)))
            measured[minutes] = {
                step: cost_of(this_script("--one", step, str(path))) for step in STEPS if step in chosen.steps
            }
            path.unlink()
    short, *longer = measured
    apart = {
        step: max(abs(measured[long][step].peak_mb / measured[short][step].peak_mb - 1) for long in longer or [short])
        for step in measured[short]
    }
    most = {step: max(costs[step].peak_mb for costs in measured.values()) for step in measured[short]}
    within = all(share <= MOST_APART for share in apart.values()) and all(peak <= MOST_MB for peak in most.values())
    document = {
        "format": "mmed-bench-memory",
        "version": "1.0",
        "peak_mb": {
            f"{minutes:g}": {step: cost.peak_mb for step, cost in costs.items()} for minutes, costs in measured.items()
        },
        "most_apart": MOST_APART,
        "most_mb": MOST_MB,
        "within": within,
    }
    head = "".join(f"{f'{minutes:g} min':>12}" for minutes in measured)
    lines = [f"peak memory of one process in MB, 720p30{'':2}", f"{'':32}{head}{'apart':>9}"]
    for step in measured[short]:
        peaks = "".join(f"{costs[step].peak_mb:12.0f}" for costs in measured.values())
        lines.append(f"{STEPS[step]:32}{peaks}{apart[step]:9.1%}")
    lines.append(f"target: {MOST_APART:.0%} apart at most, {MOST_MB:.0f} MB at most: {'met' if within else 'MISSED'}")
    table = "\n".join(lines) + "\n"
    keep("memory.txt", table)
    keep("memory.json", json.dumps(document, indent=2) + "\n")
    print(json.dumps(document, indent=2) if chosen.json else table, end="")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
