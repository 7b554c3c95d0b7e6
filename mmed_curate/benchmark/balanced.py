"""AMF-Net with the strength that each fold's inner split chose, and the whole trade-off. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.folds import Folds
from mmed_curate.benchmark.paired import PairedComparison
from mmed_curate.benchmark.scores import Interval, Scores, bootstrap, intervals_json
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.standing import compared, counts_of
from mmed_curate.benchmark.strength import BALANCED, TradeOff, answers, chosen_strengths, log_priors, trade_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Balanced:
    """What AMF-Net answers when it gives up some balance for accuracy, as the rule of the settings allows."""

    strengths: tuple[float, ...]
    """Chosen, one per fold in order of folds: 1 is fully balanced, 0 as plain cross-entropy would answer."""
    scores: Scores
    """Counts pooled over folds and seeds."""
    intervals: tuple[Interval | None, Interval | None, Interval | None]
    """Of accuracy, UF1 and UAR, over subjects."""
    against_trained: PairedComparison
    """Less AMF-Net as it was trained."""
    curve: tuple[TradeOff, ...]
    """Every strength on the clips asked about: for reading, nothing is chosen from it."""

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "strengths": list(self.strengths),
            "scores": self.scores.as_json(),
            "intervals": intervals_json(self.intervals),
            "against_trained": self.against_trained.as_json(),
            "curve": [one.as_json() for one in self.curve],
        }


def balanced(
    logits: npt.NDArray[np.float32],
    inner: Sequence[npt.NDArray[np.float32] | None],
    folds: Sequence[Folds],
    data: BenchmarkData,
    settings: BenchmarkSettings,
) -> Balanced | None:
    """Choose strengths inside, and answer with them.

    Args:
        logits: (R, N, C) out-of-fold answers of networks trained with the full adjustment.
        inner: per seed (K, N, C) what second networks answered of their inner split, NaN elsewhere; None: no split.
        folds: of each seed, with its inner split.
        data: the clips.
        settings: the rule, and numbers of the intervals.

    Returns:
        None: the settings choose no strength or train without the full adjustment, or there is no inner split.
    """
    rule, n_classes = settings.strength, len(data.classes)
    if settings.adjustment != BALANCED:
        return None  # what is added back was not taken out
    pairs = [
        (said, one.learned & ~one.inner)
        for said, one in zip(inner, folds, strict=True)
        if said is not None and one.inner is not None
    ]
    if rule is None or not pairs:
        return None
    strengths = chosen_strengths(
        np.stack([said for said, _ in pairs]),
        data.labels,
        np.stack([log_priors(learned, data.labels, n_classes) for _, learned in pairs]),
        rule,
    )  # (K,)
    answering = folds[0].answering  # (N,)
    priors = log_priors(folds[0].learned, data.labels, n_classes)[answering]  # (N, C)
    predicted = answers(logits, priors, strengths[answering])  # (R, N)
    _, counts = counts_of(predicted, data, n_seeds=len(predicted))
    return Balanced(
        strengths=tuple(strengths.tolist()),
        scores=Scores.of(counts.sum(axis=0), data.classes),
        intervals=bootstrap(counts, seed=settings.intervals.seed, resamples=settings.intervals.resamples),
        against_trained=compared(predicted, logits.argmax(axis=2), data, settings),
        curve=trade_off(logits, data.labels, priors, grid=rule.grid, labels=data.classes),
    )
