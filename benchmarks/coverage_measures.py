"""How often the interval of each measure of a report holds the true value, as `coverage.py` does for alpha alone.

Simulated batches, SIMULATED coders: subjects differ in how hard they are to read, so their clips are not independent.
The true value is that of one very large batch. Run: `python benchmarks/coverage_measures.py`.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mmed_curate.agreement.alpha import alpha
from mmed_curate.agreement.bootstrap import interval
from mmed_curate.agreement.coefficients import Chance, ac2, cohen, corrected
from mmed_curate.agreement.ratings import Level, tally
from mmed_curate.agreement.sets import masi_alpha, reliability_index, set_ratings
from mmed_curate.agreement.settings import load_settings
from mmed_curate.agreement.statistic import Statistic
from mmed_curate.agreement.unitizing import Continuum, alpha_u
from mmed_curate.domain.measures import Interval

SIZES = ((10, 15), (20, 20))
"""Subjects, clips of each."""
LARGE = (3000, 15)
EMOTIONS, UNITS, SCALE, CODERS, CLIP_MS = 4, 5, 5, 2, 3000


def measures(draws: np.random.Generator, n_subjects: int, n_clips: int, reliability: float) -> Mapping[str, Statistic]:
    """Every measure of one batch: two coders, each of whom sees the truth with the subject's own probability."""
    subject = np.repeat(np.arange(n_subjects), n_clips)
    own = draws.beta(reliability * 20, (1 - reliability) * 20, n_subjects)[subject]  # (U,)
    n = len(subject)
    mix = draws.dirichlet(np.full(EMOTIONS, 2.0), n_subjects)
    emotion = (draws.random(n)[:, None] > mix.cumsum(axis=1)[subject]).sum(axis=1).clip(max=EMOTIONS - 1)
    strength = draws.integers(0, SCALE, n)
    scored = draws.random((n, UNITS)) < 0.3
    onset, length = draws.integers(300, 2000, n), draws.integers(150, 600, n)
    there = draws.random(n) < 0.7
    said: dict[str, list[Any]] = {name: [] for name in ("emotion", "strength", "scored", "there", "moved")}
    for _ in range(CODERS):
        sees = draws.random(n) < own
        said["emotion"].append(np.where(sees, emotion, draws.integers(0, EMOTIONS, n)))
        near = np.clip(strength + draws.integers(-1, 2, n), 0, SCALE - 1)
        said["strength"].append(np.where(sees, near, draws.integers(0, SCALE, n)))
        each = draws.random((n, UNITS)) < own[:, None]
        said["scored"].append(np.where(each, scored, draws.random((n, UNITS)) < 0.3))
        said["there"].append(np.where(sees, there, draws.random(n) < 0.7))
        said["moved"].append(draws.integers(-80, 81, n))
    unit = np.tile(np.arange(n), CODERS).tolist()
    cluster = np.tile(subject, CODERS).tolist()
    coder = np.repeat(np.arange(CODERS), n).tolist()
    nominal = tally(unit, np.concatenate(said["emotion"]).tolist(), cluster, coders=coder)
    ordinal = tally(
        unit, np.concatenate(said["strength"]).tolist(), cluster, level=Level.ORDINAL, order=list(range(SCALE))
    )
    sets = [frozenset(f"{at}" for at in np.flatnonzero(row)) for row in np.concatenate(said["scored"])]
    scored = set_ratings(unit, sets, cluster)
    continua = [
        Continuum(
            cluster=str(subject[at]),
            length=CLIP_MS,
            marked=tuple(
                ((int(onset[at] + moved[at]), int(onset[at] + moved[at] + length[at]), "event"),) if seen[at] else ()
                for seen, moved in zip(said["there"], said["moved"], strict=True)
            ),
        )
        for at in range(n)
    ]
    return {
        "alpha, nominal": alpha(nominal, Level.NOMINAL),
        "AC1": corrected(nominal, Chance.AC1),
        "Cohen's kappa": cohen(nominal),
        "Fleiss's kappa": corrected(nominal, Chance.FLEISS),
        "percent": corrected(nominal, Chance.NONE),
        "alpha, ordinal": alpha(ordinal, Level.ORDINAL),
        "AC2": ac2(ordinal),
        "alpha, MASI": masi_alpha(scored),
        "index of FACS": reliability_index(scored),
        "alpha of units": alpha_u(continua),
    }


def main() -> None:
    """Print one line for each measure and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=300)
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--reliability", type=float, default=0.85)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    settings = load_settings("mmed").model_copy(update={"resamples": chosen.resamples})
    truth = {name: one.point() for name, one in measures(np.random.default_rng(0), *LARGE, chosen.reliability).items()}
    print(
        f"nominal {settings.confidence}, {chosen.batches} simulated batches, {chosen.resamples} resamples, "
        f"reliability {chosen.reliability}, seed {chosen.seed}"
    )
    print(f"{'measure':16} {'true':>6}  " + "  ".join(f"{s} subjects x {c} clips" for s, c in SIZES))
    held = {name: [0] * len(SIZES) for name in truth}
    for place, size in enumerate(SIZES):
        draws = np.random.default_rng(chosen.seed)
        for _ in range(chosen.batches):
            for name, statistic in measures(draws, *size, chosen.reliability).items():
                found = interval(statistic, settings)
                held[name][place] += isinstance(found, Interval) and found.lower <= truth[name] <= found.upper
    for name, value in truth.items():
        shares = "  ".join(f"{count / chosen.batches:22.3f}" for count in held[name])
        print(f"{name:16} {value:6.3f}  {shares}")
    print(f"standard error of a share of 0.95: {math.sqrt(0.95 * 0.05 / chosen.batches):.3f}")


if __name__ == "__main__":
    main()
