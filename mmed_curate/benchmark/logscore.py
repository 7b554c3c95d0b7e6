"""By how much one model knows more of the same clips than another: a paired test of the log-score. Needs no torch.

The log-score of an answer is the logarithm of the probability that it gave to the truth (Good 1952, J. Royal
Statistical Society B 14, 107-114): a proper score (Gneiting and Raftery 2007), that moves with every clip, where
accuracy and UAR move only when an answer changes sides. A model that is merely surer of itself would gain by it; so
each subject's answers are first set to the temperature that suits the answers for all other subjects best (Guo et al.
2017).

If both models are worth the same, each subject's two sums could as well have come the other way round. All 2^S swaps
are counted up to 20 subjects; beyond, they are drawn (Phipson and Smyth 2010). Subjects are the unit, as in `paired`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

from mmed_curate.benchmark.scores import Interval, interval_json, ratio_interval
from mmed_curate.domain.findings import BadInput

Floats = npt.NDArray[np.float64]

EXACT_SUBJECTS = 20
"""Up to so many subjects all 2^S swaps are counted: a million."""
TEMPERATURES = np.exp(np.linspace(-1, 1.5, 60))
"""Tried for each subject: from 0.37 to 4.5."""
_TIE = 1e-12
"""Totals closer than this, beside the size of what is summed, are the same one, summed in another order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogScoreDifference:
    """The mean log-score of the first model less that of the second."""

    nats: float
    """Per clip; above zero: the first gives the truth more probability."""
    p_greater: float
    """How often a swap of subjects gives the first as great a lead: one-sided, for a question asked before looking."""
    interval: Interval | None
    """Over subjects; None: fewer than two."""
    n_subjects: int
    exact: bool
    """All swaps were counted."""

    def __post_init__(self) -> None:
        if not 0 < self.p_greater <= 1:
            raise ValueError(f"a p value lies above 0 and up to 1, got {self.p_greater}")

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "nats": self.nats,
            "p_greater": self.p_greater,
            "interval": interval_json(self.interval),
            "n_subjects": self.n_subjects,
            "exact": self.exact,
        }


def log_score_difference(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    labels: npt.NDArray[np.int64],
    subjects: Sequence[str],
    *,
    seed: int,
    swaps: int,
    resamples: int,
    level: float,
) -> LogScoreDifference:
    """Set two models' answers beside each other.

    Args:
        first, second: (R, N, C) logits of answers by networks that never met the clip's subject.
        labels: (N,) true classes.
        subjects: (N,) names.
        seed: of draws.
        swaps: how many to draw beyond 20 subjects.
        resamples: draws of the interval.
        level: coverage aimed at.

    Raises:
        BadInput: the two are not of the same clips.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.ndim != 3 or one.shape[1:] != other.shape[1:] or one.shape[1] != len(labels) or len(subjects) != len(labels):
        raise BadInput.of(
            "logscore.shape",
            f"answers are {one.shape} and {other.shape}, labels {len(labels)}, subjects {len(subjects)}",
            "give (seeds, clips, classes) of the same clips for both",
        )
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise BadInput.of("logscore.not_finite", "an answer is no finite number", "lower learning_rate in the settings")
    names, owner = np.unique(np.array(subjects), return_inverse=True)
    each = log_scores(one, labels, owner) - log_scores(other, labels, owner)  # (N,)
    sums = np.bincount(owner, weights=each, minlength=len(names)).astype(np.float64)  # (S,)
    sizes = np.bincount(owner, minlength=len(names)).astype(np.float64)
    exact = len(names) <= EXACT_SUBJECTS
    return LogScoreDifference(
        nats=float(each.mean()),
        p_greater=swapped(sums) if exact else _drawn(sums, seed=seed, swaps=swaps),
        interval=ratio_interval(sums, sizes, seed=seed, resamples=resamples, level=level) if len(names) > 1 else None,
        n_subjects=len(names),
        exact=exact,
    )


def log_scores(logits: Floats, labels: npt.NDArray[np.int64], owner: npt.NDArray[np.int64]) -> Floats:
    """Log-score of each clip, mean over seeds, each subject at the temperature that suits all others best.

    Args:
        logits: (R, N, C).
        labels: (N,) true classes.
        owner: (N,) index of the subject.

    Returns:
        (N,), in nats, at most 0.
    """
    at = log_softmax(logits[None] / TEMPERATURES[:, None, None, None], axis=3)  # (T, R, N, C)
    scores = at[:, :, np.arange(len(labels)), labels].mean(axis=1)  # (T, N)
    totals = np.stack([np.bincount(owner, weights=row) for row in scores])  # (T, S)
    best = (totals.sum(axis=1, keepdims=True) - totals).argmax(axis=0)  # (S,)
    found: Floats = scores[best[owner], np.arange(len(labels))]
    return found


def swapped(sums: Floats) -> float:
    """Share of all ways to turn the signs of (S,) sums that give at least their total; the way as it is counts too."""
    ways = np.zeros(1)
    for one in sums:
        ways = np.concatenate([ways + one, ways - one])
    return float((ways >= sums.sum() - _slack(sums)).mean())


def _drawn(sums: Floats, *, seed: int, swaps: int) -> float:
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(swaps, len(sums)))
    return float((1 + (signs @ sums >= sums.sum() - _slack(sums)).sum()) / (1 + swaps))


def _slack(sums: Floats) -> float:
    return _TIE * max(1.0, float(np.abs(sums).sum()))
