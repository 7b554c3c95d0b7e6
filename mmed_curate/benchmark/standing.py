"""How one model stands: its answers, pooled over folds and seeds. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.paired import PairedComparison, compare, subject_counts
from mmed_curate.benchmark.predictions import Predictions
from mmed_curate.benchmark.scores import Counts, Interval, Scores, bootstrap, intervals_json
from mmed_curate.benchmark.settings import BenchmarkSettings

LEVEL = 0.95
"""Coverage that every interval of the report aims at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResult:
    """How one model fared."""

    name: str
    n_parameters: int
    """Learned numbers; 0: nothing is learned but counts."""
    predicted: npt.NDArray[np.int64]
    """(R, N) index of the class answered, by seed and clip; one row where there are no seeds."""
    seeds: tuple[int, ...]
    """Of the rows; empty: the model knows no chance."""
    predictions: Predictions
    scores: Scores
    """Counts pooled over folds and seeds."""
    intervals: tuple[Interval | None, Interval | None, Interval | None]
    """Of accuracy, UF1 and UAR, over subjects."""
    per_seed: tuple[tuple[int, Scores], ...]
    subjects: tuple[str, ...]
    counts: Counts
    """(S, C, C) confusion matrix of each subject."""

    @classmethod
    def of(
        cls,
        name: str,
        predicted: npt.NDArray[np.int64],
        data: BenchmarkData,
        settings: BenchmarkSettings,
        *,
        seeds: Sequence[int],
        n_parameters: int,
        probabilities: npt.NDArray[np.float64] | None = None,
    ) -> ModelResult:
        """Score answers, (R, N), of which the rows are of `seeds`, or one row without any.

        `probabilities`, (R, N, C), are written beside them where the model has some.
        """
        rows = [(seed, place) for seed in range(len(predicted)) for place in range(len(data.names))]
        predictions = Predictions(
            subjects=tuple(data.subjects[place] for _, place in rows),
            truth=tuple(data.classes[data.labels[place]] for _, place in rows),
            predicted=tuple(data.classes[predicted[seed, place]] for seed, place in rows),
            clips=tuple(data.names[place] for _, place in rows),
            seeds=tuple(seeds[seed] for seed, _ in rows) if seeds else None,
            probabilities=None
            if probabilities is None
            else {code: tuple(probabilities[:, :, place].ravel().tolist()) for place, code in enumerate(data.classes)},
        )
        subjects, counts = counts_of(predicted, data, n_seeds=len(predicted))
        return cls(
            name=name,
            n_parameters=n_parameters,
            predicted=predicted,
            seeds=tuple(seeds),
            predictions=predictions,
            scores=Scores.of(counts.sum(axis=0), data.classes),
            intervals=bootstrap(counts, seed=settings.intervals.seed, resamples=settings.intervals.resamples),
            per_seed=tuple(
                (seed, Scores.of(predictions.confusion(data.classes, seed=seed), data.classes)) for seed in seeds
            ),
            subjects=subjects,
            counts=counts,
        )

    def right(self, data: BenchmarkData) -> npt.NDArray[np.bool_]:
        """(R, N) whether each answer is right."""
        found: npt.NDArray[np.bool_] = self.predicted == data.labels
        return found

    def as_json(self) -> dict[str, Any]:
        """As JSON values; what is undetermined is null."""
        rows = zip(
            self.predictions.subjects,
            self.predictions.truth,
            self.predictions.predicted,
            self.predictions.clips or (),
            self.predictions.seeds or (None,) * len(self.predictions.truth),
            strict=True,
        )
        return {
            "name": self.name,
            "n_parameters": self.n_parameters,
            "scores": self.scores.as_json(),
            "intervals": intervals_json(self.intervals),
            "per_seed": [
                {"seed": seed, "accuracy": scores.accuracy, "uf1": scores.uf1, "uar": scores.uar}
                for seed, scores in self.per_seed
            ],
            "per_subject": [
                {
                    "subject": subject,
                    "n_predictions": int(counts.sum()),
                    "n_right": int(counts.trace()),
                    "confusion": counts.tolist(),
                }
                for subject, counts in zip(self.subjects, self.counts, strict=True)
            ],
            "predictions": [
                {"clip": clip, "subject": subject, "seed": seed, "truth": truth, "predicted": predicted}
                for subject, truth, predicted, clip, seed in sorted(rows, key=lambda row: (row[3], row[4] or 0))
            ],
        }


def counts_of(
    predicted: npt.NDArray[np.int64], data: BenchmarkData, *, n_seeds: int, among: npt.NDArray[np.bool_] | None = None
) -> tuple[tuple[str, ...], Counts]:
    """Subjects, and their confusion matrices (S, C, C), of all clips or of those under the mask (N,)."""
    chosen = np.flatnonzero(np.ones(len(data.names), dtype=np.bool_) if among is None else among)
    return subject_counts(
        predicted[:, chosen],
        data.labels[chosen],
        [data.subjects[index] for index in chosen],
        n_classes=len(data.classes),
        n_seeds=n_seeds,
    )


def compared(
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    data: BenchmarkData,
    settings: BenchmarkSettings,
    *,
    among: npt.NDArray[np.bool_] | None = None,
) -> PairedComparison:
    """Two models' answers, (R, N) each, on the same clips, by the settings' numbers."""
    n_seeds = max(len(first), len(second))
    return compare(
        counts_of(first, data, n_seeds=n_seeds, among=among)[1],
        counts_of(second, data, n_seeds=n_seeds, among=among)[1],
        seed=settings.intervals.seed,
        swaps=settings.permutations,
        resamples=settings.intervals.resamples,
        level=LEVEL,
    )
