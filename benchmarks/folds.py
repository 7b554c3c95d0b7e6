"""All folds as one batched program beside the loop that it must equal: time, and equality.

20 subjects of 20 SIMULATED clips each, leave-one-subject-out, all networks, five seeds. Both ways run as two processes
of one thread each, at the same time; one loop on two threads would contend and flatter the batched program. Epochs are
timed and the rest is computed from them: a network takes the same steps in each. Times are CPU seconds of one thread,
the least of a few runs, which on a quiet machine are seconds: other load only ever adds. The loop has whichever GRU is
faster for it, our own or torch's.

Run: `python benchmarks/folds.py`; some minutes. Exits 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parent))
from measured import keep, this_script
from simulated_features import World, simulated

from mmed_curate.benchmark.amfnet import HIDDEN, WIDTH, AMFNet, Clips, Design
from mmed_curate.benchmark.entrants import STSTNET, Entrant
from mmed_curate.benchmark.folds import Folds, LeftOut
from mmed_curate.benchmark.settings import BenchmarkSettings, load_settings
from mmed_curate.benchmark.training import Lesson, one_quiet_thread, train_alone, train_together

SEEDS = 5
PROCESSES = 2
RUNS = 3
MOST_MINUTES = 10.0
LEAST_RATIO = 4.0
SAME = 1e-11
"""In float64, weights after an epoch of 25 steps: rounding, which AdamW carries on, was at most 1e-13."""
ENTRANTS = (*(Entrant(design.value) for design in Design), Entrant(STSTNET))
TWICE = Design.AMF_NET.value
"""Trained again on permuted sound: the question is whether sound helps."""
COMPARED = 4
"""Folds whose predictions are compared after the whole training, in float32."""


class TorchGRU(nn.Module):
    """`torch.nn.GRU` in the place of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(WIDTH, HIDDEN, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        """(T, B, WIDTH) → (T, B, 2 HIDDEN)."""
        states: Tensor = self.gru(x)[0]
        return states


@dataclass(frozen=True)
class WithTorchGRU(Entrant):
    """The same network for the loop, with torch's GRU."""

    def build(self, n_classes: int, word_size: int) -> nn.Module:
        """As it is, but for the GRU."""
        network = super().build(n_classes, word_size)
        if isinstance(network, AMFNet) and network.design.hears:
            network.ears.gru = TorchGRU()  # type: ignore[assignment]
        return network


def a_lesson(dtype: torch.dtype = torch.float32) -> tuple[Lesson, Folds]:
    """20 × 20 SIMULATED clips; every network leaves one subject out."""
    data = simulated(World(shown=0.6, told=0.4, movement_px=1.0, loudness=3.0), 1).data
    folds = Folds.by(LeftOut.SUBJECT, data.subjects, data.subjects)
    n = len(data.names)
    clips = Clips(
        flow=torch.from_numpy(data.flow).to(dtype),
        log_mel=torch.from_numpy(data.log_mel).to(dtype),
        sound_mask=torch.from_numpy(data.sound_mask),
        words=torch.zeros(n, 0, 0, dtype=dtype),
        word_mask=torch.zeros(n, 0, dtype=torch.bool),
    )
    return Lesson(
        clips=clips,
        labels=torch.from_numpy(data.labels),
        learned=torch.from_numpy(folds.learned),
        n_classes=len(data.classes),
    ), folds


def least(act: Callable[[], object]) -> float:
    """CPU seconds of the cheapest of a few runs."""
    costs = []
    for _ in range(RUNS):
        begin = time.process_time()
        act()
        costs.append(time.process_time() - begin)
    return min(costs)


def times() -> dict[str, dict[str, float]]:
    """By network, CPU seconds: an epoch of all folds batched, and one fold's in the loop; all answers batched."""
    lesson, _ = a_lesson()
    one = lesson.of(0)
    epoch = load_settings("mmed").model_copy(update={"epochs": 1})
    found = {}
    for entrant in ENTRANTS:
        trained = train_together(lesson, entrant, epoch, 1)
        found[entrant.name] = {
            "batched_epoch_s": least(lambda entrant=entrant: train_together(lesson, entrant, epoch, 1)),
            "batched_answers_s": least(lambda trained=trained: trained.answers(lesson.clips)),
            "loop_epoch_s": least(lambda entrant=entrant: train_alone(one, entrant, epoch, 1)),
            "loop_epoch_torch_gru_s": least(
                lambda entrant=entrant: train_alone(one, WithTorchGRU(entrant.name), epoch, 1)
            ),
        }
    return found


def equality() -> dict[str, Any]:
    """How far apart both ways end."""
    lesson, _ = a_lesson(torch.float64)
    some = replace(lesson, learned=lesson.learned[:COMPARED])
    settings = load_settings("mmed")
    epoch = settings.model_copy(update={"epochs": 1})
    float64 = {entrant.name: _apart(some, entrant, epoch)["weights"] for entrant in ENTRANTS}
    lesson, folds = a_lesson()
    some = replace(lesson, learned=lesson.learned[:COMPARED])
    whole = _apart(some, Entrant(Design.AMF_NET.value), settings, torch.from_numpy(folds.asked[:COMPARED]))
    return {
        "float64_largest_weight_difference_after_an_epoch": float64,
        "float32_after_whole_training": {"network": Design.AMF_NET.value, "folds": COMPARED, **whole},
    }


def _apart(
    lesson: Lesson, entrant: Entrant, settings: BenchmarkSettings, asked: Tensor | None = None
) -> dict[str, float]:
    together, alone = (train(lesson, entrant, settings, 1) for train in (train_together, train_alone))
    weights = max(float((one - alone.weights[name]).abs().max()) for name, one in together.weights.items())
    if asked is None:
        return {"weights": weights}
    one, other = (trained.answers(lesson.clips)[asked].softmax(dim=1) for trained in (together, alone))  # (n, C)
    return {
        "clips": len(one),
        "same_predictions": int((one.argmax(dim=1) == other.argmax(dim=1)).sum()),
        "largest_probability_difference": float((one - other).abs().max()),
        "weights": weights,
    }


def report(both: list[dict[str, dict[str, float]]], equal: dict[str, Any], load: list[float]) -> dict[str, Any]:
    """What was measured, and what follows for all folds and seeds."""
    settings = load_settings("mmed")
    networks, batched_s, loop_s = {}, 0.0, 0.0
    n_folds = 20
    for entrant in ENTRANTS:
        mean = {name: float(np.mean([one[entrant.name][name] for one in both])) for name in both[0][entrant.name]}
        runs = SEEDS * (2 if entrant.name == TWICE else 1)
        loop_epoch_s = min(mean["loop_epoch_s"], mean["loop_epoch_torch_gru_s"])
        batched = settings.epochs * mean["batched_epoch_s"]
        loop = n_folds * settings.epochs * loop_epoch_s
        networks[entrant.name] = {
            **{name: round(value, 4) for name, value in mean.items()},
            "trainings": runs * n_folds,
            "times_faster": round(loop / batched, 2),
        }
        batched_s += runs * (batched + mean["batched_answers_s"])
        loop_s += runs * loop
    return {
        "format": "mmed-benchmark-folds",
        "version": "1.0",
        "simulated": True,
        "clips": 400,
        "folds": n_folds,
        "seeds": SEEDS,
        "epochs": settings.epochs,
        "batch_size": settings.batch_size,
        "processes": PROCESSES,
        "cores": os.cpu_count(),
        "load": load,
        "torch": torch.__version__,
        "extrapolated": "times of whole trainings are epochs timed, times their number; CPU seconds of one thread",
        "networks": networks,
        "all_minutes": round(batched_s / PROCESSES / 60, 2),
        "all_minutes_loop": round(loop_s / PROCESSES / 60, 2),
        "times_faster": round(loop_s / batched_s, 2),
        "equality": equal,
    }


def missed(found: dict[str, Any]) -> list[str]:
    """What is asked and is not so."""
    said = []
    if not found["all_minutes"] <= MOST_MINUTES:
        said.append(f"all networks take {found['all_minutes']} min, asked at most {MOST_MINUTES:g}")
    ratio = found["networks"][TWICE]["times_faster"]
    for what, value in ((TWICE, ratio), ("all networks", found["times_faster"])):
        if not value >= LEAST_RATIO:
            said.append(f"{what}: {value} times faster than the loop, asked {LEAST_RATIO:g}")
    for name, apart in found["equality"]["float64_largest_weight_difference_after_an_epoch"].items():
        if not apart <= SAME:
            said.append(f"{name}: weights differ by {apart:g} in float64, asked at most {SAME:g}")
    whole = found["equality"]["float32_after_whole_training"]
    if whole["same_predictions"] != whole["clips"]:
        said.append(f"{whole['same_predictions']} of {whole['clips']} predictions are the same, asked all")
    return said


def main() -> int:
    """Measure in two processes at once, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    if parser.parse_args().child:
        with one_quiet_thread():
            print(json.dumps(times()))
        return 0
    load = [round(one, 1) for one in os.getloadavg()]
    children = [
        subprocess.Popen(
            this_script("--child"), stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"}, text=True
        )
        for _ in range(PROCESSES)
    ]
    said = [child.communicate()[0] for child in children]
    if any(child.returncode for child in children):
        raise SystemExit("a process that was to measure failed")
    with one_quiet_thread():
        found = report([json.loads(one) for one in said], equality(), load)
    keep("folds.json", json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
    short = missed(found)
    print("\n".join(["missed:", *short]) if short else "all that was asked holds")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
