"""How balanced answers are: chosen after training, fold by fold, on clips that the fold's own subject is not in.

Networks are trained with the full logit adjustment (Menon et al., ICLR 2021, tau = 1), so that their bare logits serve
the balanced error. Adding log priors back serves accuracy: answers are argmax(logits + (1 - s) · log prior), s = 1
fully balanced, s = 0 as plain cross-entropy would answer (the same paper, section 4.1, read backwards). So one training
gives the whole trade-off. Needs no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.scores import Scores
from mmed_curate.benchmark.settings import StrengthRule

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

BALANCED = 1.0
"""The strength of a network as it was trained."""
EQUAL = 1e-12
"""Scores that differ by less are the same score, rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOff:
    """What one strength gives."""

    strength: float
    scores: Scores
    """Counts pooled over clips and seeds."""

    def as_json(self) -> dict[str, Any]:
        """As JSON values; what is undetermined is null."""
        scores = self.scores
        return {
            "strength": self.strength,
            "accuracy": scores.accuracy,
            "uar": scores.uar,
            "uf1": scores.uf1,
            "recall": {one.label: one.recall for one in scores.per_class},
        }


def log_priors(learned: npt.NDArray[np.bool_], truth: npt.ArrayLike, n_classes: int) -> Floats:
    """(K, C) log of each class's share among what each network learns from, (K, N); as `losses.log_priors`.

    A class without clips counts as half a clip.
    """
    own = np.asarray(truth)[:, None] == np.arange(n_classes)  # (N, C)
    counts = learned.astype(np.float64) @ own  # (K, C)
    found: Floats = np.log(np.maximum(counts, 0.5) / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    return found


def answers(logits: npt.ArrayLike, log_priors: npt.ArrayLike, strength: float | npt.ArrayLike) -> Indices:
    """Classes that are answered.

    Args:
        logits: (…, N, C) of networks trained with the full adjustment.
        log_priors: (N, C) of the fold that answers for each clip; or of any shape that spreads to the logits'.
        strength: of every clip, or (N,).

    Returns:
        (…, N) index of a class.
    """
    less = 1 - np.asarray(strength, dtype=np.float64)[..., None]  # (1,) or (N, 1)
    found: Indices = (np.asarray(logits) + less * np.asarray(log_priors)).argmax(axis=-1)
    return found


def chosen_strengths(
    inner: npt.ArrayLike, truth: npt.ArrayLike, log_priors: npt.ArrayLike, rule: StrengthRule
) -> Floats:
    """The strength of each fold: the best UAR on its inner splits, among those that cost no more accuracy than allowed.

    A fold's answers are pooled over seeds. UAR is over the classes that its inner splits hold. Of equals the least
    strength is taken. A fold without inner answers is left as it was trained.

    Args:
        inner: (R, K, N, C) logits of each seed's and fold's inner networks; NaN where they were not asked.
        truth: (N,) index of each clip's class.
        log_priors: (R, K, C) of what each of these networks learned from.
        rule: the grid, and how much accuracy may be lost.

    Returns:
        (K,) strengths of the grid.

    Raises:
        ValueError: shapes do not fit.
    """
    said, classes, priors = np.asarray(inner), np.asarray(truth), np.asarray(log_priors)
    if said.ndim != 4 or classes.shape != said.shape[2:3] or priors.shape != (*said.shape[:2], said.shape[3]):
        raise ValueError(
            f"inner logits {said.shape}, truth {classes.shape} and log priors {priors.shape} do not fit; "
            "give (R, K, N, C), (N,) and (R, K, C)"
        )
    return np.array([_chosen(said[:, fold], classes, priors[:, fold], rule) for fold in range(said.shape[1])])


def trade_off(
    logits: npt.ArrayLike,
    truth: npt.ArrayLike,
    log_priors: npt.ArrayLike,
    *,
    grid: Sequence[float],
    labels: Sequence[str],
) -> tuple[TradeOff, ...]:
    """The whole curve: every strength of the grid, on the clips asked about.

    It is for reading. To choose a strength from it would be to choose on the subjects that are left out.

    Args:
        logits: (R, N, C) of each seed, every clip by the fold that leaves it out.
        truth: (N,) index of each clip's class.
        log_priors: (N, C) of the fold that answers for each clip.
        grid: strengths.
        labels: names of the C classes.
    """
    return tuple(
        TradeOff(strength=strength, scores=scored(answers(logits, log_priors, strength), truth, labels))
        for strength in grid
    )


def scored(answered: npt.ArrayLike, truth: npt.ArrayLike, labels: Sequence[str]) -> Scores:
    """Scores of answers (R, N) for clips of these classes (N,), counts pooled over seeds."""
    said = np.asarray(answered)
    right = np.broadcast_to(np.asarray(truth), said.shape)  # (R, N)
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)  # (C, C)
    np.add.at(counts, (right.ravel(), said.ravel()), 1)
    return Scores.of(counts, labels)


def _chosen(logits: Floats, truth: Indices, log_priors: Floats, rule: StrengthRule) -> float:
    """Of one fold: (R, N, C), (N,), (R, C)."""
    asked = np.isfinite(logits).all(axis=2)  # (R, N)
    if not asked.any():
        return BALANCED
    right = np.broadcast_to(truth, asked.shape)[asked]  # (n,)
    said = np.stack([answers(logits, log_priors[:, None, :], strength)[asked] for strength in rule.grid])  # (S, n)
    hit = said == right  # (S, n)
    accuracy = hit.mean(axis=1)  # (S,)
    uar = np.mean([hit[:, right == one].mean(axis=1) for one in np.unique(right)], axis=0)  # (S,)
    allowed = accuracy >= accuracy[0] - rule.most_accuracy_lost - EQUAL  # (S,) the first is 0 and always allowed
    best = allowed & (uar >= uar[allowed].max() - EQUAL)
    return float(rule.grid[int(best.argmax())])
