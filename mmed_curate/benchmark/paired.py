"""Two models on the same clips: is the difference of their scores more than luck? Needs no torch.

Both answer the same clips, so what is compared is what each subject's clips did to the difference. Subjects are the
unit, not clips: clips of one subject are alike, and a test over clips finds differences that are none.

- *Permutation.* If the models are worth the same, each subject's two confusion matrices could as well have come the
  other way round. All 2^S ways are counted where S <= 12; otherwise ways are drawn, and the p value is
  (b + 1) / (m + 1) (Good 2005, "Permutation, Parametric and Bootstrap Tests of Hypotheses"; Phipson and Smyth 2010,
  Statistical Applications in Genetics and Molecular Biology 9, 39; of scores that are no means: Yeh 2000, COLING).
- *Interval.* Subjects are drawn with replacement, the same for both models (Efron and Tibshirani 1993, chapter 13).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.scores import Counts, Interval, Series, interval_json, scores_of_many, subject_draws
from mmed_curate.domain.findings import BadInput, Finding, Severity

EXACT_SUBJECTS = 12
"""Up to so many subjects all 2^S swaps are counted: 4,096."""
_TIE = 1e-12
"""Differences closer than this are the same one, summed in another order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """By how much the first model scores higher than the second; None where the score is undetermined."""

    value: float | None
    p_two_sided: float | None
    """How often a swap of subjects gives a difference as large, either way."""
    p_greater: float | None
    """How often a swap gives the first model as great a lead. For a question asked before looking, such as whether
    sound helps; never to be chosen after."""
    interval: Interval | None
    """Over subjects."""

    def __post_init__(self) -> None:
        for p in (self.p_two_sided, self.p_greater):
            if p is not None and not 0 < p <= 1:
                raise ValueError(f"a p value lies above 0 and up to 1, got {p}")
        if (self.value is None) != (self.p_two_sided is None) or (self.value is None) != (self.p_greater is None):
            raise ValueError("a difference and its p values are known together or not at all")

    def as_json(self) -> dict[str, Any]:
        """As JSON values; what is undetermined is null."""
        return {
            "value": self.value,
            "p_two_sided": self.p_two_sided,
            "p_greater": self.p_greater,
            "interval": interval_json(self.interval),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedComparison:
    """The first model against the second, on the same clips."""

    accuracy: Difference
    uf1: Difference
    uar: Difference
    n_subjects: int
    n_swaps: int
    """Swaps looked at, the observed one among them."""
    exact: bool
    """Every way to swap was counted; otherwise they were drawn."""
    notes: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "accuracy": self.accuracy.as_json(),
            "uf1": self.uf1.as_json(),
            "uar": self.uar.as_json(),
            "n_subjects": self.n_subjects,
            "n_swaps": self.n_swaps,
            "exact": self.exact,
            "notes": [str(note) for note in self.notes],
        }


def subject_counts(
    predicted: npt.ArrayLike, labels: npt.ArrayLike, subjects: Sequence[str], *, n_classes: int, n_seeds: int
) -> tuple[tuple[str, ...], Counts]:
    """Confusion matrices per subject, pooled over seeds.

    Args:
        predicted: (R, N) answered classes. A model without seeds gives R = 1 and is counted `n_seeds` times, so that
            it can be set beside one that has them.
        labels: (N,) true classes.
        subjects: (N,) names.
        n_classes: size of a matrix.
        n_seeds: how many seeds the counts are to be of.

    Returns:
        Subjects, sorted, and (S, C, C) counts; rows truth, columns predicted.

    Raises:
        BadInput: shapes do not fit, or a class is none.
    """
    answers, truth = np.asarray(predicted), np.asarray(labels)
    if answers.ndim != 2 or truth.shape != answers.shape[1:] or len(subjects) != len(truth):
        raise BadInput.of(
            "paired.shape",
            f"answers are {answers.shape}, labels {truth.shape}, subjects {len(subjects)}",
            "give (seeds, clips) answers, and one label and subject per clip",
        )
    if len(answers) not in (1, n_seeds):
        raise BadInput.of(
            "paired.seeds", f"answers are of {len(answers)} seeds, not of 1 or {n_seeds}", "use the same seeds for both"
        )
    for values in (answers, truth):
        if not np.all((values >= 0) & (values < n_classes)):
            raise BadInput.of("paired.class", f"a class is outside 0..{n_classes - 1}", "number classes from 0")
    names = tuple(sorted(set(subjects)))
    place = {name: index for index, name in enumerate(names)}
    owner = np.array([place[name] for name in subjects], dtype=np.int64)  # (N,)
    counts = np.zeros((len(names), n_classes, n_classes), dtype=np.int64)
    for row in answers:
        np.add.at(counts, (owner, truth, row), n_seeds // len(answers))
    return names, counts


def compare(first: Counts, second: Counts, *, seed: int, swaps: int, resamples: int, level: float) -> PairedComparison:
    """The scores of `first` less those of `second`, with a permutation test and intervals over subjects.

    Args:
        first, second: (S, C, C) confusion matrices per subject, of the same clips (and as many seeds).
        seed: of swaps and draws.
        swaps: how many to draw where there are more than 12 subjects.
        resamples: draws of the interval.
        level: coverage aimed at.

    Raises:
        BadInput: the two are not of the same clips.
    """
    if first.ndim != 3 or first.shape != second.shape or not np.array_equal(first.sum(axis=2), second.sum(axis=2)):
        raise BadInput.of(
            "paired.other_clips",
            "the two models did not answer the same clips: subjects or their numbers of clips per class differ",
            "compare predictions of the same clips, subjects and number of seeds",
        )
    n_subjects, exact = len(first), len(first) <= EXACT_SUBJECTS
    ways = _every_swap(n_subjects) if exact else _drawn_swaps(n_subjects, seed=seed, swaps=swaps)  # (M, S)
    swapped = _differences(first, second, ways)
    observed = [float(values[0]) for values in swapped]  # the first way swaps nobody
    if n_subjects < 2:
        intervals: list[Interval | None] = [None, None, None]
    else:
        times = subject_draws(n_subjects, seed=seed, resamples=resamples)  # (R, S)
        drawn = [scores_of_many(np.tensordot(times, counts, axes=1)) for counts in (first, second)]
        intervals = [
            Interval.of(one - other, level=level, n_subjects=n_subjects) for one, other in zip(*drawn, strict=True)
        ]
    accuracy, uf1, uar = (
        _difference(value, values, interval)
        for value, values, interval in zip(observed, swapped, intervals, strict=True)
    )
    return PairedComparison(
        accuracy=accuracy,
        uf1=uf1,
        uar=uar,
        n_subjects=n_subjects,
        n_swaps=len(ways),
        exact=exact,
        notes=_notes(n_subjects, uar, 1 - level),
    )


def _every_swap(n_subjects: int) -> Counts:
    """(2^S, S) of 0 and 1, the first row all 0."""
    return (np.arange(2**n_subjects)[:, None] >> np.arange(n_subjects)) & 1


def _drawn_swaps(n_subjects: int, *, seed: int, swaps: int) -> Counts:
    """(m + 1, S): the observed way first, then m drawn ones; counting it in is the +1 above and below the line."""
    drawn = np.random.default_rng(seed).integers(0, 2, size=(swaps, n_subjects))
    return np.concatenate([np.zeros((1, n_subjects), dtype=np.int64), drawn])


def _differences(first: Counts, second: Counts, ways: Counts) -> list[Series]:
    """Differences of accuracy, UF1 and UAR, (M,) each, with each way's subjects swapped."""
    moved = np.tensordot(ways, second - first, axes=1)  # (M, C, C)
    pairs = zip(scores_of_many(first.sum(axis=0) + moved), scores_of_many(second.sum(axis=0) - moved), strict=True)
    return [one - other for one, other in pairs]


def _difference(value: float, swapped: Series, interval: Interval | None) -> Difference:
    if not np.isfinite(swapped).all():
        return Difference(value=None, p_two_sided=None, p_greater=None, interval=None)
    return Difference(
        value=value,
        p_two_sided=float(np.mean(np.abs(swapped) >= abs(value) - _TIE)),
        p_greater=float(np.mean(swapped >= value - _TIE)),
        interval=interval,
    )


def _notes(n_subjects: int, uar: Difference, alpha: float) -> tuple[Finding, ...]:
    found = []
    if uar.value is None:
        found.append(
            Finding(
                code="paired.class_without_truth",
                what="no clip is of one of the classes, so differences of UAR, and perhaps of UF1, are undetermined",
                remedy="compare on clips in which every class occurs",
                severity=Severity.WARNING,
            )
        )
    least = 2 / 2**n_subjects  # nobody and everybody swapped give differences of the same size
    if least > alpha:
        found.append(
            Finding(
                code="paired.few_subjects",
                what=f"with {n_subjects} subjects no difference, however large, can have a p value below {least:.2g}",
                remedy=f"compare on at least {math.ceil(math.log2(2 / alpha))} subjects",
                severity=Severity.WARNING,
                parameters={"n_subjects": n_subjects},
            )
        )
    return tuple(found)
