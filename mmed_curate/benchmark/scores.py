"""Accuracy, UF1 and UAR from counts: one confusion matrix, pooled over the folds. Needs no torch.

Rows of a confusion matrix are the truth, columns what was predicted. With TP, FP, FN of class c counted in the
pooled matrix (MEGC 2019, See et al., "MEGC 2019 – The Second Facial Micro-Expressions Grand Challenge", FG 2019):

    F1_c = 2 TP / (2 TP + FP + FN)      UF1 = mean over classes of F1_c
    recall_c = TP / (TP + FN)           UAR = mean over classes of recall_c

Two mistakes that published tables hold, so that nobody repeats them here:

- *Macro-precision is not UAR.* UAR divides by the row (how many there were), macro-precision by the column (how many
  were called so). One published log of STSTNet has UF1 .7353, mean recall .7186 and mean precision .7605; the table
  made from it prints .7605 as UAR. Its other log, [[195, 39, 16], [36, 68, 5], [12, 7, 64]], has UF1 .7209, UAR .7250
  and accuracy .7398, and a mean precision of .7173: the two can lie either way round.
- *Means of per-fold scores are wrong.* A subject rarely shows every class, so per-fold F1 is undefined or zero for
  reasons that have nothing to do with the model: the predictions that score UF1 .7209 when pooled give .618 as a mean
  of per-fold macro-F1, and .422 with zero for the absent classes.

What cannot be known is `None`, never 0: the recall of a class that no clip has, and every mean over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput, Finding, Severity

Counts = npt.NDArray[np.int64]
Series = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScores:
    """How one class fared."""

    label: str
    n_truth: int
    """Clips that are of this class."""
    n_predicted: int
    """Clips that were called so."""
    recall: float | None
    """None: no clip is of this class, so nothing can be said."""
    precision: float | None
    """None: no clip was called so."""
    f1: float | None
    """None: no clip is of this class, and none was called so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The scores of one confusion matrix, pooled over every fold."""

    labels: tuple[str, ...]
    """Classes, in the order of rows and columns."""
    confusion: tuple[tuple[int, ...], ...]
    """(C, C) counts: rows truth, columns predicted."""

    def __post_init__(self) -> None:
        size = len(self.labels)
        if size < 2:
            raise BadInput.of(
                "scores.one_class",
                f"scores need at least two classes, got {', '.join(self.labels) or 'none'}",
                "name every class that could have been predicted, also those that never occur",
            )
        if len(set(self.labels)) != size:
            raise BadInput.of(
                "scores.class_twice", f"a class is named twice in {', '.join(self.labels)}", "name each class once"
            )
        if len(self.confusion) != size or any(len(row) != size for row in self.confusion):
            raise BadInput.of(
                "scores.shape", f"{size} classes need a {size} × {size} matrix", "count one row and column per class"
            )
        if any(count < 0 for row in self.confusion for count in row) or not self.n_predictions:
            raise BadInput.of(
                "scores.counts", "a confusion matrix holds counts, and at least one clip", "count predictions first"
            )

    @classmethod
    def of(cls, confusion: npt.ArrayLike, labels: Sequence[str]) -> Scores:
        """Scores of a (C, C) matrix of counts; rows truth, columns predicted.

        Raises:
            BadInput: the matrix is not C × C counts, or holds none.
        """
        counts = np.asarray(confusion)
        return cls(labels=tuple(labels), confusion=tuple(tuple(int(count) for count in row) for row in counts))

    @property
    def n_predictions(self) -> int:
        """Number of predictions counted."""
        return sum(map(sum, self.confusion))

    @property
    def accuracy(self) -> float:
        """Share of predictions that are right."""
        return sum(self.confusion[index][index] for index in range(len(self.labels))) / self.n_predictions

    @property
    def per_class(self) -> tuple[ClassScores, ...]:
        """Recall, precision and F1 of each class."""
        counts = np.asarray(self.confusion, dtype=np.int64)  # (C, C)
        hit, truth, called = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)  # (C,) each
        return tuple(
            ClassScores(
                label=label,
                n_truth=int(n_truth),
                n_predicted=int(n_called),
                recall=float(tp / n_truth) if n_truth else None,
                precision=float(tp / n_called) if n_called else None,
                f1=float(2 * tp / (n_truth + n_called)) if n_truth + n_called else None,  # 2TP + FP + FN
            )
            for label, tp, n_truth, n_called in zip(self.labels, hit, truth, called, strict=True)
        )

    @property
    def uf1(self) -> float | None:
        """Unweighted mean of the classes' F1; None where one is undetermined."""
        return _mean([one.f1 for one in self.per_class])

    @property
    def uar(self) -> float | None:
        """Unweighted mean of the classes' recall; None where one is undetermined."""
        return _mean([one.recall for one in self.per_class])

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What must be said beside the numbers: classes that no clip is of."""
        found = []
        for one in self.per_class:
            if one.n_truth:
                continue
            others = [other.recall for other in self.per_class if other.recall is not None]
            found.append(
                Finding(
                    code="scores.class_without_truth",
                    what=f"no clip is of class {one.label} ({one.n_predicted} were called so), so its recall and the "
                    f"UAR are undetermined; over the other {len(others)} classes UAR is {np.mean(others):.3f}",
                    remedy="score predictions in which every class occurs, or leave the class out",
                    severity=Severity.WARNING,
                )
            )
        return tuple(found)

    def as_json(self) -> dict[str, Any]:
        """The scores as JSON values; what is undetermined is null."""
        return {
            "classes": list(self.labels),
            "confusion": [list(row) for row in self.confusion],
            "n_predictions": self.n_predictions,
            "accuracy": self.accuracy,
            "uf1": self.uf1,
            "uar": self.uar,
            "per_class": [
                {
                    "class": one.label,
                    "n_truth": one.n_truth,
                    "n_predicted": one.n_predicted,
                    "recall": one.recall,
                    "precision": one.precision,
                    "f1": one.f1,
                }
                for one in self.per_class
            ],
            "notes": [str(note) for note in self.notes],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a score lies when other subjects had been recorded."""

    low: float
    high: float
    level: float
    """Coverage aimed at, such as 0.95."""
    n_subjects: int
    resamples: int
    """Resamples in which the score was determined, of those drawn."""

    @classmethod
    def of(cls, values: npt.NDArray[np.float64], *, level: float, n_subjects: int) -> Interval | None:
        """The percentile interval of a score over its resamples.

        Args:
            values: (R,) the score in each resample; NaN where it was undetermined.
            level: coverage aimed at.
            n_subjects: that were drawn from.

        Returns:
            None: more than one resample in ten left the score undetermined.
        """
        known = values[np.isfinite(values)]
        if not len(known) >= 0.9 * len(values):
            return None
        low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
        return cls(low=float(low), high=float(high), level=level, n_subjects=n_subjects, resamples=len(known))

    def as_json(self) -> dict[str, float]:
        """Ends and level as JSON values."""
        return {"low": self.low, "high": self.high, "level": self.level}


def interval_json(interval: Interval | None) -> dict[str, float] | None:
    """An interval as JSON values; null: undetermined."""
    return None if interval is None else interval.as_json()


def intervals_json(intervals: Sequence[Interval | None]) -> dict[str, dict[str, float] | None]:
    """The intervals of accuracy, UF1 and UAR, as `bootstrap` gives them, by name."""
    return {name: interval_json(found) for name, found in zip(("accuracy", "uf1", "uar"), intervals, strict=True)}


def confusion_of(truth: Iterable[str], predicted: Iterable[str], labels: Sequence[str]) -> Counts:
    """Count predictions: (C, C), rows truth, columns predicted.

    Raises:
        BadInput: a label is none of `labels`.
    """
    place = {label: index for index, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)  # (C, C)
    for row, pair in enumerate(zip(truth, predicted, strict=True)):
        for label in pair:
            if label not in place:
                raise BadInput.of(
                    "scores.unknown_label",
                    f"prediction {row + 1}: {label!r} is not one of {', '.join(labels)}",
                    "name all classes",
                )
        counts[place[pair[0]], place[pair[1]]] += 1
    return counts


def majority_baseline(truth: Sequence[str], subjects: Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    """What always saying the training fold's commonest class predicts, leave-one-subject-out.

    Ties go to the class that comes first in `labels`.
    """
    place = {label: index for index, label in enumerate(labels)}
    coded = np.array([place[label] for label in truth])  # (N,)
    owner = np.array(subjects)  # (N,)
    predicted = []
    for subject in subjects:
        training = coded[owner != subject]
        predicted.append(labels[int(np.bincount(training, minlength=len(labels)).argmax())])
    return tuple(predicted)


def bootstrap(
    counts: Counts, *, seed: int, resamples: int, level: float = 0.95
) -> tuple[Interval | None, Interval | None, Interval | None]:
    """Percentile intervals over subjects of accuracy, UF1 and UAR (Efron and Tibshirani 1993, chapter 13).

    Subjects are drawn with replacement, not clips: clips of one subject are alike, and intervals over clips come out
    about half as wide as they should. With fewer than about ten subjects even these are too narrow.

    Args:
        counts: (S, C, C) confusion matrices, one per subject.
        seed: of the draws.
        resamples: how many draws.
        level: coverage aimed at.

    Returns:
        Accuracy, UF1, UAR. None: fewer than two subjects, or more than one draw in ten left the score undetermined.
    """
    n_subjects = len(counts)
    if n_subjects < 2:
        return None, None, None
    times = subject_draws(n_subjects, seed=seed, resamples=resamples)  # (R, S)
    drawn = np.tensordot(times, counts, axes=1)  # (R, C, C)
    accuracy, uf1, uar = (Interval.of(values, level=level, n_subjects=n_subjects) for values in scores_of_many(drawn))
    return accuracy, uf1, uar


def subject_draws(n_subjects: int, *, seed: int, resamples: int) -> Counts:
    """(R, S) how often each subject stands in each resample, drawn with replacement; the same for the same seed."""
    random = np.random.default_rng(seed)
    times: Counts = random.multinomial(n_subjects, np.full(n_subjects, 1 / n_subjects), size=resamples)
    return times


def ratio_interval(totals: Series, weights: Series, *, seed: int, resamples: int, level: float) -> Interval | None:
    """The percentile interval over subjects of a mean, which is a ratio of sums.

    Args:
        totals: (S,) sum of each subject's values.
        weights: (S,) how many values each subject has.
        seed: of the draws.
        resamples: how many draws.
        level: coverage aimed at.

    Returns:
        None: fewer than two subjects have values, or more than one draw in ten held none.
    """
    if np.count_nonzero(weights) < 2:
        return None
    times = subject_draws(len(totals), seed=seed, resamples=resamples)  # (R, S)
    with np.errstate(invalid="ignore"):
        return Interval.of((times @ totals) / (times @ weights), level=level, n_subjects=len(totals))


def scores_of_many(counts: npt.ArrayLike) -> tuple[Series, Series, Series]:
    """Accuracy, UF1 and UAR of many confusion matrices at once.

    Args:
        counts: (M, C, C); rows truth, columns predicted.

    Returns:
        (M,) each; NaN where undetermined.
    """
    drawn = np.asarray(counts, dtype=np.float64)  # (M, C, C)
    hit = np.diagonal(drawn, axis1=1, axis2=2)  # (M, C)
    truth, called = drawn.sum(axis=2), drawn.sum(axis=1)  # (M, C) each
    with np.errstate(invalid="ignore", divide="ignore"):
        return (
            hit.sum(axis=1) / truth.sum(axis=1),
            (2 * hit / (truth + called)).mean(axis=1),
            (hit / truth).mean(axis=1),
        )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None
