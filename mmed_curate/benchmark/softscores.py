"""Probabilities against what share of the coders chose what: a clip on which coders differ has no one right answer.

With q the shares of the coders and p the probabilities of the model, over classes, in bits:

    cross-entropy     H(q, p) = - sum q log2 p          at least the entropy H(q) of the coders, which stands beside it
    Jensen-Shannon    JS(q, p) = H((q + p) / 2) - (H(q) + H(p)) / 2                    0: the same, 1: nothing in common

(Lin 1991, IEEE Trans. Information Theory 37, 145-151; soft labels as what to score against: Peterson et al. 2019, ICCV;
Uma et al. 2021, J. Artificial Intelligence Research 72.) With few coders shares are coarse: two coders know halves, and
a model that knows the true odds still pays for that. Needs no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.scores import Interval, interval_json, ratio_interval
from mmed_curate.domain.findings import BadInput

Floats = npt.NDArray[np.float64]

LEAST = 1e-12
"""Least that a probability counts as: a class that a model rules out and a coder chose costs 40 bits, not for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftScores:
    """How near probabilities come to the shares of the coders, on average over clips."""

    n_clips: int
    n_left_out: int
    """Clips in which no coder chose a class."""
    cross_entropy_bits: float
    cross_entropy_interval: Interval | None
    """Over subjects."""
    jensen_shannon_bits: float
    jensen_shannon_interval: Interval | None
    entropy_bits: float
    """Of the shares themselves: no probabilities have a lower cross-entropy."""

    def __post_init__(self) -> None:
        if not self.cross_entropy_bits >= self.entropy_bits - 1e-9 >= -2e-9:
            raise ValueError(f"cross-entropy {self.cross_entropy_bits} is below the entropy {self.entropy_bits}")

    def as_json(self) -> dict[str, Any]:
        """As JSON values; what is undetermined is null."""
        return {
            "n_clips": self.n_clips,
            "n_left_out": self.n_left_out,
            "cross_entropy_bits": self.cross_entropy_bits,
            "cross_entropy_interval": interval_json(self.cross_entropy_interval),
            "jensen_shannon_bits": self.jensen_shannon_bits,
            "jensen_shannon_interval": interval_json(self.jensen_shannon_interval),
            "entropy_bits": self.entropy_bits,
        }


def soft_scores(
    probabilities: npt.ArrayLike,
    shares: npt.ArrayLike,
    subjects: Sequence[str],
    *,
    seed: int,
    resamples: int,
    level: float,
) -> SoftScores | None:
    """Score probabilities against the shares of the coders.

    Args:
        probabilities: (R, N, C), or (N, C); each row sums to 1. Scores are means over seeds and clips.
        shares: (N, C), each row sums to 1; NaN: nobody chose a class, so the clip is left out.
        subjects: (N,) names.
        seed: of the draws.
        resamples: draws of the intervals over subjects.
        level: coverage aimed at.

    Returns:
        None: there is no clip of which a coder chose a class.

    Raises:
        BadInput: shapes do not fit, or a row is no distribution.
    """
    told, chosen = np.asarray(probabilities, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    told = told[None] if told.ndim == 2 else told
    if told.ndim != 3 or told.shape[1:] != chosen.shape or len(subjects) != len(chosen):
        raise BadInput.of(
            "softscores.shape",
            f"probabilities are {told.shape}, shares {chosen.shape}, subjects {len(subjects)}",
            "give (seeds, clips, classes), (clips, classes) and one subject per clip",
        )
    known = np.isfinite(chosen).all(axis=1)  # (N,)
    for rows in (told, chosen[known]):
        if not (np.isfinite(rows).all() and np.all(rows >= 0) and np.allclose(rows.sum(axis=-1), 1, atol=1e-6)):
            raise BadInput.of("softscores.distribution", "a row does not sum to 1", "give probabilities, not logits")
    if not known.any():
        return None
    p, q = told[:, known], chosen[known]  # (R, M, C), (M, C)
    cross, distance = cross_entropy_bits(q, p), jensen_shannon_bits(q, p)  # (R, M) each
    _, owner = np.unique(np.array(subjects)[known], return_inverse=True)  # (M,)
    sizes = np.bincount(owner).astype(np.float64)

    def interval(each: Floats) -> Interval | None:
        totals = np.bincount(owner, weights=each.mean(axis=0)).astype(np.float64)
        return ratio_interval(totals, sizes, seed=seed, resamples=resamples, level=level)

    return SoftScores(
        n_clips=int(known.sum()),
        n_left_out=int((~known).sum()),
        cross_entropy_bits=float(cross.mean()),
        cross_entropy_interval=interval(cross),
        jensen_shannon_bits=float(distance.mean()),
        jensen_shannon_interval=interval(distance),
        entropy_bits=float(entropy_bits(q).mean()),
    )


def entropy_bits(shares: Floats) -> Floats:
    """(..., C) → (...) Shannon's entropy in bits; 0 log 0 is 0."""
    found: Floats = -np.sum(shares * np.log2(np.maximum(shares, LEAST)), axis=-1)
    return found


def cross_entropy_bits(shares: Floats, probabilities: Floats) -> Floats:
    """(..., C) twice → (...) what coding the shares by the probabilities costs, in bits."""
    found: Floats = -np.sum(shares * np.log2(np.maximum(probabilities, LEAST)), axis=-1)
    return found


def jensen_shannon_bits(shares: Floats, probabilities: Floats) -> Floats:
    """(..., C) twice → (...) the Jensen-Shannon divergence in bits, 0 to 1."""
    middle = (shares + probabilities) / 2
    apart = entropy_bits(middle) - (entropy_bits(shares) + entropy_bits(probabilities)) / 2
    found: Floats = np.clip(apart, 0, 1)
    return found
