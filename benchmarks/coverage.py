"""How often the intervals of nominal alpha hold the true value: BCa with expanded tails against plain percentiles.

Simulated batches, SIMULATED coders: subjects differ in how hard they are to read and in the emotions they show, so
their clips are not independent. The true alpha is that of one very large batch. Run: `python benchmarks/coverage.py`.
"""

from __future__ import annotations

import argparse
import math

import numpy as np

from mmed_curate.agreement import bootstrap
from mmed_curate.agreement.alpha import alpha
from mmed_curate.agreement.ratings import Level, Ratings, from_counts
from mmed_curate.agreement.settings import load_settings
from mmed_curate.domain.measures import Interval

SIZES = ((8, 10), (10, 15), (20, 20))
"""Subjects, clips of each."""
RELIABILITIES = (0.85, 0.95)
"""Mean chance that a coder names the true emotion; else any of them by lot."""
EMOTIONS = 4


def batch(draws: np.random.Generator, n_subjects: int, n_clips: int, reliability: float) -> Ratings:
    """Two coders over clips of subjects; each subject has its own reliability and its own mix of emotions."""
    mix = draws.dirichlet(np.full(EMOTIONS, 2.0), n_subjects)  # (S, E)
    own = draws.beta(reliability * 20, (1 - reliability) * 20, n_subjects)  # (S,)
    subject = np.repeat(np.arange(n_subjects), n_clips)  # (U,)
    true = (draws.random(len(subject))[:, None] > mix.cumsum(axis=1)[subject]).sum(axis=1).clip(max=EMOTIONS - 1)
    counts = np.zeros((len(subject), EMOTIONS), dtype=int)
    for _ in "ab":
        lot = draws.integers(0, EMOTIONS, len(subject))
        counts[np.arange(len(subject)), np.where(draws.random(len(subject)) < own[subject], true, lot)] += 1
    return from_counts(counts, clusters=subject.tolist())


def main() -> None:
    """Print one line for each size and reliability."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=600)
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    settings = load_settings("mmed").model_copy(update={"resamples": chosen.resamples})
    tail = (1 - settings.confidence) / 2
    print(
        f"nominal {settings.confidence}, {chosen.batches} simulated batches, {chosen.resamples} resamples, "
        f"seed {chosen.seed}"
    )
    print("subjects clips  true alpha  BCa, expanded tails  plain percentiles  no interval")
    for reliability in RELIABILITIES:
        truth = alpha(batch(np.random.default_rng(0), 20_000, 15, reliability), Level.NOMINAL).point()
        for n_subjects, n_clips in SIZES:
            draws = np.random.default_rng(chosen.seed)
            ours = plain = without = 0
            for _ in range(chosen.batches):
                statistic = alpha(batch(draws, n_subjects, n_clips, reliability), Level.NOMINAL)
                found = bootstrap.interval(statistic, settings)
                if not isinstance(found, Interval):
                    without += 1
                    continue
                ours += found.lower <= truth <= found.upper
                values = bootstrap.resampled(statistic, settings)
                low, high = np.quantile(values[np.isfinite(values)], [tail, 1 - tail])
                plain += bool(low <= truth <= high)
            shown = max(1, chosen.batches - without)
            print(
                f"{n_subjects:8} {n_clips:5}  {truth:10.3f}  {ours / shown:19.3f}  {plain / shown:17.3f}  {without:11}",
                flush=True,
            )
    print(f"standard error of a share of 0.95: {math.sqrt(0.95 * 0.05 / chosen.batches):.3f}")


if __name__ == "__main__":
    main()
