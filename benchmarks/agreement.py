"""Agreement measured beside the `krippendorff` package: resampling, many distinct values, and a whole report.

SIMULATED judgements, no people. Run: `python benchmarks/agreement.py`; exit code 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from measured import cost_of, keep, this_script

UNITS, CODERS, VALUES, RESAMPLES, SUBJECTS = 10_000, 3, 7, 1_000, 50
LEAST_RATIO = 200.0
"""Times faster than a loop over `krippendorff.alpha`."""
MOST_INTERVAL_MS = 50.0
MOST_REPORT_S, MOST_REPORT_MB = 5.0, 500.0
REPORT_CLIPS, REPORT_CODERS = 10_000, 5


def best_s(act: Callable[[], object], times: int = 5) -> float:
    """The shortest of several runs: other load only ever adds."""
    found = []
    for _ in range(times):
        begin = time.perf_counter()
        act()
        found.append(time.perf_counter() - begin)
    return min(found)


def counts(draws: np.random.Generator) -> np.ndarray[Any, np.dtype[np.int64]]:
    """(U, V) how often each of three coders' values was given; a tenth of the judgements are missing."""
    true = draws.integers(0, VALUES, UNITS)
    table = np.zeros((UNITS, VALUES), dtype=np.int64)
    for _ in range(CODERS):
        named = np.where(draws.random(UNITS) < 0.7, true, draws.integers(0, VALUES, UNITS))
        given = draws.random(UNITS) < 0.9
        table[np.flatnonzero(given), named[given]] += 1
    return table


def resampling(looped: int) -> dict[str, dict[str, float]]:
    """Seconds for 1,000 resamples, ours and by a loop, which is timed on a few and scaled."""
    import krippendorff

    from mmed_curate.agreement.alpha import alpha
    from mmed_curate.agreement.bootstrap import _clusters_drawn, _kinds_drawn, resampled
    from mmed_curate.agreement.ratings import Level, from_counts
    from mmed_curate.agreement.settings import load_settings

    settings = load_settings("mmed").model_copy(update={"resamples": RESAMPLES})
    table = counts(np.random.default_rng(1))
    rows: dict[str, dict[str, float]] = {}
    for name, cluster in (
        (f"{SUBJECTS} subjects are drawn", np.arange(UNITS) % SUBJECTS),
        ("units are drawn", np.arange(UNITS)),
    ):
        ratings = from_counts(table, clusters=cluster.tolist())

        def ours() -> object:
            _clusters_drawn.cache_clear()
            _kinds_drawn.cache_clear()
            return resampled(alpha(ratings, Level.NOMINAL), settings)  # noqa: B023

        members = [np.flatnonzero(cluster == one) for one in range(int(cluster.max()) + 1)]
        draws = np.random.default_rng(2)

        def loop() -> None:
            for _ in range(looped):
                drawn = draws.integers(0, len(members), len(members))  # noqa: B023
                units = np.concatenate([members[one] for one in drawn])  # noqa: B023
                krippendorff.alpha(value_counts=table[units], level_of_measurement="nominal")

        ours_s, loop_s = best_s(ours), best_s(loop, 2) / looped * RESAMPLES
        rows[name] = {"ours_s": ours_s, "loop_s": loop_s, "ratio": loop_s / ours_s}
    return rows


def interval_ms() -> dict[str, float]:
    """Interval alpha of 10,000 units with distinct values, from lists and from ratings; ms."""
    from mmed_curate.agreement.alpha import alpha
    from mmed_curate.agreement.ratings import Level, tally

    draws = np.random.default_rng(3)
    true = draws.permutation(UNITS).astype(float)
    values = np.column_stack([true, true + draws.normal(0, 3, UNITS)]).ravel().tolist()
    units = np.repeat(np.arange(UNITS), 2).tolist()
    ratings = tally(units, values, level=Level.INTERVAL)
    return {
        "alpha_ms": 1000 * best_s(lambda: alpha(ratings, Level.INTERVAL).point()),
        "with_table_ms": 1000
        * best_s(lambda: alpha(tally(units, values, level=Level.INTERVAL), Level.INTERVAL).point()),
    }


def judged(n_clips: int, n_coders: int) -> tuple[list[Any], Any, Any]:
    """Clips with one event each, seen by nearly all coders: emotions, units, intensities, cues, confidence, times."""
    from mmed_curate.agreement.judged import JudgedClip
    from mmed_curate.domain.codebook import load_codebook
    from mmed_curate.domain.identity import ClipId, CoderId, JudgementId, SubjectId
    from mmed_curate.domain.judgements import (
        ActionUnitMark,
        CodedEvent,
        Coding,
        Intensity,
        Judgement,
        Screening,
        ScreeningVerdict,
        VocalCueMark,
    )
    from mmed_curate.domain.protocol import load_protocol
    from mmed_curate.domain.time import Frame, FrameClock, Span

    codebook, protocol = load_codebook("mmed"), load_protocol("mmed")
    protocol = protocol.model_copy(update={"coding": protocol.coding.model_copy(update={"judges": n_coders})})
    clock = FrameClock(pts=tuple(range(100)), end_pts=100, time_base=Fraction(1, 100))
    draws = np.random.default_rng(4)
    types = [entry.code for entry in codebook.event_types if entry.is_event]
    emotions = [entry.code for entry in codebook.emotions]
    units = [entry.code for entry in codebook.action_units]
    cues = [entry.code for entry in codebook.vocal_cues]
    sure = [entry.code for entry in codebook.confidences]
    strengths = list(Intensity)
    typical = [draws.choice(len(units), 3, replace=False) for _ in emotions]  # each emotion has its own three units

    def event(true: int) -> CodedEvent:
        emotion = true if draws.random() < 0.8 else int(draws.integers(len(emotions)))
        scored = {int(one) for one in typical[true] if draws.random() < 0.85}
        if draws.random() < 0.1:
            scored.add(int(draws.integers(len(units))))
        moved = draws.integers(-2, 3, 3)
        heard = draws.random() < 0.4
        return CodedEvent(
            span=Span(
                onset=Frame(20 + int(moved[0])), apex=Frame(30 + int(moved[1])), offset=Frame(45 + int(moved[2]))
            ),
            event_type=types[0 if draws.random() < 0.8 else -1],
            emotion=emotions[emotion],
            basis=codebook.bases[0].code,
            action_units=tuple(
                ActionUnitMark(code=units[one], intensity=strengths[int(draws.integers(3)) + (true % 2)])
                for one in sorted(scored)
            ),
            vocal_cues=(
                VocalCueMark(
                    code=cues[true % len(cues)], onset=Frame(22), offset=Frame(40), owner=codebook.cue_owners[0].code
                ),
            )
            if heard
            else (),
            confidence=sure[min(int(draws.integers(2)) + true % 2, len(sure) - 1)],
        )

    clips = []
    for number in range(n_clips):
        true = int(draws.integers(len(emotions)))
        answers = [
            ("s0", Screening(verdict=ScreeningVerdict.ACCEPT)),
            *(
                (f"k{coder}", Coding(events=(event(true),) if draws.random() < 0.95 else ()))
                for coder in range(n_coders)
            ),
        ]
        judgements = tuple(
            Judgement(
                id=JudgementId(f"{number}-{order}"),
                clip=ClipId(f"c{number:05d}"),
                coder=CoderId(coder),
                answer=answer,
                codebook_version=codebook.version,
                order=order,
                simulated=True,
            )
            for order, (coder, answer) in enumerate(answers)
        )
        clips.append(
            JudgedClip(
                clip=ClipId(f"c{number:05d}"),
                subject=SubjectId(f"S{number % SUBJECTS}"),
                clock=clock,
                judgements=judgements,
                simulated=True,
            )
        )
    return clips, protocol, codebook


def whole_report(n_clips: int) -> None:
    """Make one report and say what it took, beside what was there before; as JSON, for the process that asked."""
    from mmed_curate.agreement.report import agreement_report
    from mmed_curate.agreement.settings import load_settings

    clips, protocol, codebook = judged(n_clips, REPORT_CODERS)
    settings = load_settings("mmed")
    begin, cpu = time.perf_counter(), time.process_time()
    report = agreement_report(clips, protocol, codebook, settings)
    took = {"wall_s": time.perf_counter() - begin, "cpu_s": time.process_time() - cpu}
    keep(
        ".report.json",
        json.dumps({**took, "measures": len(report.measures), "resamples": settings.resamples}),
    )


def main() -> int:
    """Print the table; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=REPORT_CLIPS, help="clips in the report")
    parser.add_argument("--looped", type=int, default=20, help="resamples for which the loop is timed")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--only-report", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.only_report:
        whole_report(chosen.clips)
        return 0
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    cost = cost_of(this_script("--only-report", "--clips", str(chosen.clips)))
    beside = Path(__file__).parent / "results" / ".report.json"
    report = json.loads(beside.read_text(encoding="utf-8"))
    beside.unlink()
    drawn, interval = resampling(chosen.looped), interval_ms()
    met = {
        **{f"resampling, {name}": row["ratio"] >= LEAST_RATIO for name, row in drawn.items()},
        "interval alpha": interval["with_table_ms"] <= MOST_INTERVAL_MS,
        "report, time": report["wall_s"] <= MOST_REPORT_S,
        "report, memory": cost.peak_mb <= MOST_REPORT_MB,
    }
    lines = [
        f"{UNITS:,} units x {CODERS} coders x {RESAMPLES:,} resamples, nominal alpha; target {LEAST_RATIO:.0f} x",
        *(
            f"  {name:24} ours {1000 * row['ours_s']:8.1f} ms, loop over krippendorff.alpha {row['loop_s']:7.1f} s "
            f"(from {chosen.looped}): {row['ratio']:8.0f} x"
            for name, row in drawn.items()
        ),
        f"interval alpha, {UNITS:,} units with distinct values; target {MOST_INTERVAL_MS:.0f} ms",
        f"  {interval['alpha_ms']:.1f} ms, with the table made from lists {interval['with_table_ms']:.1f} ms",
        f"whole report, {chosen.clips:,} clips, {REPORT_CODERS} coders, {report['measures']} measures, "
        f"{report['resamples']:,} resamples each; target {MOST_REPORT_S:.0f} s, {MOST_REPORT_MB:.0f} MB",
        f"  {report['wall_s']:.1f} s ({report['cpu_s']:.1f} s of CPU), peak {cost.peak_mb:.0f} MB with its input; "
        f"load before {load:.1f} on {cores} cores",
        *(f"{name}: {'met' if held else 'MISSED'}" for name, held in met.items()),
    ]
    table = "\n".join(lines) + "\n"
    document = {
        "format": "mmed-bench-agreement",
        "version": "1.0",
        "resampling": drawn,
        "interval": interval,
        "report": {**report, "peak_mb": cost.peak_mb, "clips": chosen.clips, "load": load, "cores": cores},
        "met": met,
    }
    keep("agreement.txt", table)
    keep("agreement.json", json.dumps(document, indent=2) + "\n")
    print(json.dumps(document, indent=2) if chosen.json else table, end="")
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
