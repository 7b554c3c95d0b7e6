"""How often coders who did not improve open a rule on one class at the second attempt, by what is coded again.

SIMULATED clips and coders: two coders name one of three classes, the true one by a fixed chance, else another one, and
nothing they do gets better or worse. Only rounds count whose first attempt failed on the class: its alpha against the
rest, over all clips, lay below .667. Then, by the same coders, is coded again and measured:

- all: every clip;
- lot: 100 of them by lot;
- its clips: those that somebody named the class in, and everything counts, each clip with its last coding;
- enriched: those, and as many others by lot (100 clips at least), and they alone count.

The true alpha is that of one very large round. Run: `python benchmarks/recoding.py`.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from mmed_curate.agreement.alpha import alpha
from mmed_curate.agreement.ratings import Level, from_counts

SHARES = ((0.35, 0.35, 0.30), (0.20, 0.40, 0.40), (0.10, 0.50, 0.40))
"""Of the three classes; the first is the one that failed."""
CHANCES = (0.75, 0.80, 0.84, 0.87, 0.90)
"""That a coder names the true class."""
SIZES = (150, 400)
"""Clips of a round."""
TRUE_ALPHAS = (0.39, 0.65)
"""What is shown: coders who should not pass."""
BOUND = 0.667
"""Of the policy `mmed`: pipelines/gate/mmed.yaml."""
LEAST = 100
"""Clips that the policy `mmed` asks of a sample."""
WAYS = ("all", "lot", "its clips", "enriched")

Named = NDArray[np.bool_]
"""(C, 2) by clip and coder: whether the class was named."""


def coded(draws: np.random.Generator, true: NDArray[np.int_], chance: float) -> Named:
    """What two coders say of clips whose true classes are known."""
    wrong = draws.random((len(true), 2)) > chance  # (C, 2)
    other = (true[:, None] + draws.integers(1, 3, wrong.shape)) % 3
    return np.where(wrong, other, true[:, None]) == 0


def alpha_of(named: Named) -> float:
    """Nominal alpha of the class against the rest; NaN where only one value occurs."""
    yes = named.sum(axis=1)
    counts = np.stack([yes, 2 - yes], axis=1)
    return alpha(from_counts(counts, clusters=list(range(len(named)))), Level.NOMINAL).point()


def second(draws: np.random.Generator, true: NDArray[np.int_], first: Named, chance: float) -> tuple[float, ...]:
    """Alpha at the second attempt, by each of the ways."""
    mixed = draws.permutation(len(true))
    of_class = first.any(axis=1)
    others = mixed[~of_class[mixed]]
    wanted = max(int(of_class.sum()), LEAST - int(of_class.sum()))
    enriched = np.concatenate([np.flatnonzero(of_class), others[:wanted]])
    last = first.copy()
    last[of_class] = coded(draws, true[of_class], chance)
    return (
        alpha_of(coded(draws, true, chance)),
        alpha_of(coded(draws, true[mixed[:LEAST]], chance)),
        alpha_of(last),
        alpha_of(coded(draws, true[enriched], chance)),
    )


def main() -> None:
    """Print one line for each share, size and true alpha."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    print(f"SIMULATED, {chosen.rounds} rounds that failed, seed {chosen.seed}; passed: alpha at least {BOUND}")
    print("                              passed at the second attempt      mean alpha then")
    print("share clips  true alpha" + "".join(f"{way:>10}" for way in (*WAYS, *WAYS)))
    for shares in SHARES:
        for chance in CHANCES:
            draws = np.random.default_rng(chosen.seed)
            truth = alpha_of(coded(draws, draws.choice(3, 400_000, p=shares), chance))
            if not TRUE_ALPHAS[0] <= truth <= TRUE_ALPHAS[1]:
                continue
            for size in SIZES:
                found: list[tuple[float, ...]] = []
                while len(found) < chosen.rounds:
                    true = draws.choice(3, size, p=shares)
                    first = coded(draws, true, chance)
                    if alpha_of(first) < BOUND:
                        found.append(second(draws, true, first, chance))
                values = np.array(found)  # (R, 4)
                numbers = (*(values >= BOUND).mean(axis=0), *values.mean(axis=0))
                print(f"{shares[0]:5.2f} {size:5d} {truth:11.3f}" + "".join(f"{one:10.3f}" for one in numbers))


if __name__ == "__main__":
    main()
