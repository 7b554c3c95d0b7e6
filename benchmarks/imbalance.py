"""What each loss does for a rare class, and what it costs: AMF-Net on SIMULATED clips, 6:3:1, leave-one-subject-out.

Datasets are fixed by their seeds, and all numbers by `pipelines/benchmark/mmed.yaml` but the length of the sound. Run:
`python benchmarks/imbalance.py`; exit code 1 where the target is missed. Every training is kept until the end, so a run
that was stopped goes on where it was; `--afresh` begins again. It takes about half an hour on one quiet core.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from measured import RESULTS, keep

from mmed_curate.benchmark.entrants import Entrant
from mmed_curate.benchmark.features import BenchmarkData, levelled_flow, levelled_sound
from mmed_curate.benchmark.folds import Folds, LeftOut
from mmed_curate.benchmark.scores import Scores
from mmed_curate.benchmark.settings import BenchmarkSettings, LossKind, load_settings
from mmed_curate.benchmark.strength import answers, chosen_strengths, log_priors, scored, trade_off
from mmed_curate.benchmark.units import Unit, UnitAnswers, answer_all
from mmed_curate.domain.workers import worker_pool

SEEDS = tuple(range(10))
"""Of the datasets. Difficulty was set on dataset 1001, before any of these was made."""
COUNTS = (240, 120, 40)
"""Clips by class, 6:3:1, dealt out to the subjects at random, 20 each."""
CLASSES = ("common", "middle", "rare")
SUBJECTS, FRAMES = 20, 64
IN_FLOW_PX, IN_SOUND = 0.25, 0.6
"""The most that a class shows: px of flow, and standard deviations of the sound's noise."""
CENTRES = ((12, 14), (36, 16), (24, 24))
"""Where on the 48 × 48 face each class moves."""
BANDS = (slice(5, 20), slice(25, 40), slice(45, 60))
"""Which mel bands it lifts."""
INNER = (0, 3)
"""A third of the subjects that a fold learns from chooses its strength."""
LEAST_RECALL_WON, LEAST_UAR_WON, MOST_ACCURACY_LOST = 0.10, 0.0, 0.03
"""The target: of the rare class, of UAR, and of accuracy, all beside plain cross-entropy."""
PLAIN, FULL, INSIDE = "cross-entropy", "logit-adjusted, full", "logit-adjusted, strength chosen inside"
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "imbalance.svg"
KEPT = RESULTS / ".imbalance"


def simulated(seed: int) -> BenchmarkData:
    """400 SIMULATED clips: a class moves one place of the face down and lifts some bands, strongly or hardly at all.

    Every face moves somewhere else too, subjects differ in where they show a class, and every clip has its own room.
    """
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:48, :48]

    def bump(row: float, column: float) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * 4.0**2))

    kinds = random.permutation(np.repeat(np.arange(len(COUNTS)), COUNTS))
    own_way = random.normal(scale=2, size=(SUBJECTS, 2))  # px
    flows, sounds = [], []
    for clip, kind in enumerate(kinds):
        flow = 0.04 * random.normal(size=(3, 48, 48)) + 0.1 * random.normal(size=(3, 1, 1))  # noise, and the head
        flow[1] += 0.15 * random.normal() * bump(*random.uniform(8, 40, 2))
        shown = (
            IN_FLOW_PX
            * random.uniform()
            * bump(*(CENTRES[kind] + own_way[clip % SUBJECTS] + random.normal(scale=2, size=2)))
        )
        flow[1] -= shown
        flow[2] += 0.1 * shown
        sound = random.normal(size=(64, FRAMES)) + 2 * random.normal(size=(64, 1))  # noise, and the room
        start = random.integers(FRAMES // 4, FRAMES // 2)
        sound[BANDS[kind], start : start + 24] += IN_SOUND * random.uniform()
        flows.append(levelled_flow(flow.astype(np.float32)))
        sounds.append(levelled_sound(sound.astype(np.float32)))
    n = len(kinds)
    return BenchmarkData.of(
        flow=np.stack(flows),
        log_mel=np.stack(sounds),
        sound_mask=np.ones((n, FRAMES), dtype=np.bool_),
        labels=kinds,
        subjects=[f"S{clip % SUBJECTS:02d}" for clip in range(n)],
        names=[f"clip-{clip:03d}" for clip in range(n)],
        classes=CLASSES,
    )


def settings_with(kind: LossKind) -> BenchmarkSettings:
    """The packaged settings with another loss and a shorter sound."""
    settings = load_settings("mmed")
    assert settings.loss is not None
    return settings.model_copy(update={"sound_frames": FRAMES, "loss": settings.loss.model_copy(update={"kind": kind})})


def answered(seed: int, kind: LossKind) -> UnitAnswers:
    """What the networks of one dataset and loss answer; from what is kept, where it is there."""
    unit = Unit(entrant=Entrant("amf-net"), seed=1, inner=INNER if kind is LossKind.LOGIT_ADJUSTED else None)
    return answer_all(simulated(seed), settings_with(kind), [unit], workers=1, kept=KEPT)[unit]


def train(seed: int, kind: LossKind) -> None:
    """Train, and keep what is answered."""
    answered(seed, kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was measured on one dataset."""

    scores: Mapping[str, Scores]
    """By way of training and answering."""
    curve: Mapping[float, Scores]
    """By strength, of the networks trained with the full adjustment."""
    mean_strength: float
    """Over folds, as chosen inside."""


def measured(seed: int) -> Found:
    """Scores of one dataset."""
    data = simulated(seed)
    settings = settings_with(LossKind.LOGIT_ADJUSTED)
    assert settings.strength is not None
    said = {kind: answered(seed, kind) for kind in LossKind}
    full = said[LossKind.LOGIT_ADJUSTED]
    folds = Folds.by(LeftOut.SUBJECT, data.subjects, data.sessions, inner=INNER)
    assert folds.inner is not None and full.inner is not None
    priors = log_priors(folds.learned, data.labels, len(CLASSES))[folds.answering]  # (N, C)
    inner_priors = log_priors(folds.learned & ~folds.inner, data.labels, len(CLASSES))  # (K, C)
    chosen = chosen_strengths(full.inner[None], data.labels, inner_priors[None], settings.strength)  # (K,)
    curve = trade_off(full.logits[None], data.labels, priors, grid=settings.strength.grid, labels=CLASSES)

    def plainly(kind: LossKind) -> Scores:
        return scored(said[kind].logits[None].argmax(axis=-1), data.labels, CLASSES)

    return Found(
        scores={
            PLAIN: plainly(LossKind.CROSS_ENTROPY),
            FULL: plainly(LossKind.LOGIT_ADJUSTED),
            INSIDE: scored(answers(full.logits[None], priors, chosen[folds.answering]), data.labels, CLASSES),
            **{kind.value: plainly(kind) for kind in (LossKind.CLASS_BALANCED, LossKind.LDAM, LossKind.FOCAL)},
        },
        curve={one.strength: one.scores for one in curve},
        mean_strength=float(chosen.mean()),
    )


def numbers(scores: Scores) -> dict[str, float]:
    """Those that are told; here every class occurs, so none is undetermined."""
    assert scores.uar is not None and scores.uf1 is not None
    recall = {f"recall {one.label}": float(one.recall or 0.0) for one in scores.per_class}
    return {"accuracy": scores.accuracy, "uar": scores.uar, "uf1": scores.uf1, **recall}


def summed(per_dataset: Sequence[Mapping[str, float]], plain: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Means over datasets, and what is won against plain cross-entropy on the same dataset: mean, least, most."""
    won = {name: [own[name] - other[name] for own, other in zip(per_dataset, plain, strict=True)] for name in plain[0]}
    return {
        "mean": {name: round(float(np.mean([one[name] for one in per_dataset])), 4) for name in plain[0]},
        "won": {
            name: {
                "mean": round(float(np.mean(values)), 4),
                "least": round(min(values), 4),
                "most": round(max(values), 4),
            }
            for name, values in won.items()
        },
    }


def held(won: Mapping[str, float]) -> bool:
    """Whether what is won against plain cross-entropy is what was aimed at."""
    return (
        won[f"recall {CLASSES[-1]}"] >= LEAST_RECALL_WON
        and won["uar"] >= LEAST_UAR_WON
        and won["accuracy"] >= -MOST_ACCURACY_LOST
    )


def document(found: Sequence[Found]) -> dict[str, Any]:
    """Everything that was measured."""
    plain = [numbers(one.scores[PLAIN]) for one in found]
    ways = {}
    for way in found[0].scores:
        own = [numbers(one.scores[way]) for one in found]
        total = summed(own, plain)
        won = [{name: mine[name] - other[name] for name in mine} for mine, other in zip(own, plain, strict=True)]
        ways[way] = {
            **total,
            "met": held({name: one["mean"] for name, one in total["won"].items()}),
            "datasets_met": sum(map(held, won)),
            "per_dataset": [{name: round(value, 4) for name, value in one.items()} for one in own],
        }
    return {
        "format": "mmed-bench-imbalance",
        "version": "1.0",
        "simulated": True,
        "datasets": list(SEEDS),
        "counts": dict(zip(CLASSES, COUNTS, strict=True)),
        "subjects": SUBJECTS,
        "settings": settings_with(LossKind.LOGIT_ADJUSTED).model_dump(mode="json"),
        "inner": list(INNER),
        "target": {
            "recall_won": LEAST_RECALL_WON,
            "uar_won": LEAST_UAR_WON,
            "accuracy_lost": MOST_ACCURACY_LOST,
        },
        "ways": ways,
        "mean_strength": [round(one.mean_strength, 3) for one in found],
        "curve": [
            {"strength": strength, **summed([numbers(one.curve[strength]) for one in found], plain)}
            for strength in found[0].curve
        ],
    }


def table(told: Mapping[str, Any]) -> str:
    """For people; points are hundredths."""

    def line(name: str, one: Mapping[str, Any]) -> str:
        mean, won = one["mean"], one["won"]
        cells = "".join(f"{100 * mean[key]:8.1f} {100 * won[key]['mean']:+6.1f}" for key in mean)
        return f"  {name:40}{cells}"

    names, found = list(told["ways"][PLAIN]["mean"]), told["datasets"]
    head = "  " + " " * 40 + "".join(f"{name:>15}" for name in names)
    verdicts = [
        f"  {way}: {'met' if one['met'] else 'MISSED'}, and on {one['datasets_met']} of {len(found)} datasets by itself"
        for way, one in told["ways"].items()
        if way != PLAIN
    ]
    return "\n".join(
        [
            f"SIMULATED, {len(told['datasets'])} datasets of {sum(COUNTS)} clips ({':'.join(map(str, COUNTS))}), "
            f"{SUBJECTS} subjects, AMF-Net, leave-one-subject-out; percent, and points won against {PLAIN}",
            head,
            *(line(way, one) for way, one in told["ways"].items()),
            "the same networks, full adjustment, answering with strength",
            *(line(f"{one['strength']:.1f}", one) for one in told["curve"]),
            f"mean strength chosen inside, by dataset: {', '.join(f'{one:.2f}' for one in told['mean_strength'])}",
            f"target: recall of the rare class {100 * LEAST_RECALL_WON:+.0f} points, UAR no lower, "
            f"accuracy no more than {100 * MOST_ACCURACY_LOST:.0f} lower; by the means",
            *verdicts,
            "",
        ]
    )


def draw(told: Mapping[str, Any]) -> None:
    """The picture of the trade-off."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    rare = f"recall {CLASSES[-1]}"
    curve = told["curve"]
    strengths = [one["strength"] for one in curve]

    def along(name: str) -> list[float]:
        return [100 * one["mean"][name] for one in curve]

    # Okabe & Ito 2008, Color Universal Design
    colours = ("#000000", "#D55E00", "#009E73", "#CC79A7", "#0072B2", "#E69F00")
    with matplotlib.rc_context({"svg.hashsalt": "imbalance", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(10.0, 4.8), layout="constrained", facecolor="white")
        FigureCanvasSVG(figure)
        left, right = figure.subplots(1, 2)
        left.plot(along(rare), along("accuracy"), color="#999999", marker=".", zorder=1)
        for at in (0, len(strengths) // 2, len(strengths) - 1):
            place = (along(rare)[at], along("accuracy")[at])
            left.annotate(f"s = {strengths[at]:g}", place, textcoords="offset points", xytext=(-6, -13), fontsize=8)
        for (way, one), colour in zip(told["ways"].items(), colours, strict=True):
            left.scatter(100 * one["mean"][rare], 100 * one["mean"]["accuracy"], color=colour, label=way, zorder=2)
        left.set(xlabel="recall of the rare class, %", ylabel="accuracy, %", title="what is won, and what it costs")
        left.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
        for name, colour in zip(
            ("accuracy", "uar", "uf1", *(f"recall {one}" for one in CLASSES)), colours, strict=True
        ):
            right.plot(strengths, along(name), color=colour, marker=".", label=name)
        right.set(xlabel="strength s", ylabel="%", title="answers by strength, trained with the full adjustment")
        right.legend(fontsize=8)
        figure.suptitle(f"SIMULATED clips, 6:3:1, mean of {len(told['datasets'])} datasets")
        aside = PICTURE.with_name(f".{PICTURE.name}")
        figure.savefig(aside, format="svg", metadata={"Date": None, "Title": "Rare classes: what losses win and cost"})
        aside.replace(PICTURE)


def main() -> int:
    """Print the table; 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--afresh", action="store_true", help="forget what a stopped run has done")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    chosen = parser.parse_args()
    if chosen.afresh:
        shutil.rmtree(KEPT, ignore_errors=True)
    with worker_pool(chosen.workers) as pool:
        # what the target is about comes first
        tasks = [pool.submit(train, seed, kind) for kind in LossKind for seed in SEEDS]
        for number, task in enumerate(as_completed(tasks), 1):
            task.result()
            print(f"{number} of {len(tasks)} trainings", file=sys.stderr, flush=True)
    told = document([measured(seed) for seed in SEEDS])
    text = json.dumps(told, indent=1) + "\n"
    keep("imbalance.json", text)
    keep("imbalance.txt", table(told))
    draw(told)
    shutil.rmtree(KEPT)
    print(text if chosen.json else table(told), end="")
    return 0 if told["ways"][INSIDE]["met"] else 1


if __name__ == "__main__":
    sys.exit(main())
