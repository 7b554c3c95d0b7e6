"""Whether a probability means what it says: temperature, NLL, Brier score, ECE, reliability. Needs no torch.

A network's logits order its answers; what probability they stand for is another question. One number, the temperature,
divides them (Guo et al. 2017, "On Calibration of Modern Neural Networks", ICML). It changes no answer. It is fitted on
clips of an inner split and judged on clips that neither the network nor the temperature met: fitted on the clips it is
judged on, it would flatter.

- NLL: mean of -log p(truth), in nats.
- Brier score: mean over clips of the sum over classes of (p - truth)^2, 0 to 2 (Brier 1950, Monthly Weather Review 78).
- ECE: mean over clips of |accuracy - confidence| of the bin that the clip falls in, by equal widths of the confidence
  of the answered class (Naeini, Cooper and Hauskrecht 2015, AAAI). It is biased upwards: with few clips per bin luck
  alone makes accuracy and confidence differ (Roelofs et al. 2022, AISTATS). So what a perfectly calibrated model with
  the same confidences would get stands beside it (Vaicenavicius et al. 2019, AISTATS); only what lies above tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from mmed_curate.benchmark.scores import Interval, interval_json, ratio_interval
from mmed_curate.domain.findings import BadInput, Finding, Severity

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

TEMPERATURES = (0.05, 20.0)
"""Where a temperature is looked for. At an end, logits hold nothing, or classes come apart without a mistake."""
_TRIALS = 200
"""Draws of the ECE that a calibrated model would get: its mean is known to a tenth of its spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperature:
    """The number that logits are divided by."""

    value: float
    nll_before: float
    """On the clips that it was fitted on."""
    nll_after: float
    n_clips: int
    notes: tuple[Finding, ...]

    def __post_init__(self) -> None:
        if not TEMPERATURES[0] <= self.value <= TEMPERATURES[1]:
            raise ValueError(f"a temperature lies within {TEMPERATURES}, got {self.value}")

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "value": self.value,
            "nll_before": self.nll_before,
            "nll_after": self.nll_after,
            "n_clips": self.n_clips,
            "notes": [str(note) for note in self.notes],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Answers of about the same confidence."""

    low: float
    high: float
    """Confidence above `low` and up to `high`."""
    n_answers: int
    n_subjects: int
    confidence: float | None
    """Mean probability of the answered class; None: no answer lies here."""
    accuracy: float | None
    interval: Interval | None
    """Of the accuracy, over subjects; None: fewer than two of them, or too few draws held an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How far probabilities are what they say, over all answers."""

    n_clips: int
    n_answers: int
    """Clips times seeds."""
    accuracy: float
    mean_confidence: float
    nll: float
    nll_interval: Interval | None
    brier: float
    brier_interval: Interval | None
    ece: float
    ece_if_calibrated: float
    """What a perfectly calibrated model with the same confidences would get by luck, on average."""
    bins: tuple[ReliabilityBin, ...]

    def __post_init__(self) -> None:
        if sum(one.n_answers for one in self.bins) != self.n_answers:
            raise ValueError("every answer falls in one bin")

    @property
    def sentence(self) -> str:
        """The line for the report."""
        side = "over" if self.mean_confidence > self.accuracy else "under"
        return (
            f"Mean confidence {self.mean_confidence:.3f} at an accuracy of {self.accuracy:.3f} ({side}-confident by "
            f"{abs(self.mean_confidence - self.accuracy):.3f}); ECE {self.ece:.3f} in {len(self.bins)} bins, of which "
            f"{self.ece_if_calibrated:.3f} is what luck alone gives a calibrated model."
        )

    def as_json(self) -> dict[str, Any]:
        """As JSON values; what is undetermined is null."""
        return {
            "n_clips": self.n_clips,
            "n_answers": self.n_answers,
            "accuracy": self.accuracy,
            "mean_confidence": self.mean_confidence,
            "nll": self.nll,
            "nll_interval": interval_json(self.nll_interval),
            "brier": self.brier,
            "brier_interval": interval_json(self.brier_interval),
            "ece": self.ece,
            "ece_if_calibrated": self.ece_if_calibrated,
            "sentence": self.sentence,
            "bins": [
                {
                    "low": one.low,
                    "high": one.high,
                    "n_answers": one.n_answers,
                    "n_subjects": one.n_subjects,
                    "confidence": one.confidence,
                    "accuracy": one.accuracy,
                    "interval": interval_json(one.interval),
                }
                for one in self.bins
            ],
        }


def fit_temperature(logits: npt.ArrayLike, labels: npt.ArrayLike) -> Temperature:
    """The temperature with the least NLL on clips of an inner split.

    Args:
        logits: (R, N, C), or (N, C) of one network.
        labels: (N,) true classes.

    Raises:
        BadInput: shapes do not fit, there is no clip, or a logit is not finite.
    """
    values, truth = _checked(logits, labels)  # (R, N, C), (N,)
    low, high = np.log(TEMPERATURES)
    found = minimize_scalar(lambda log: _nll(values / np.exp(log), truth), bounds=(low, high), method="bounded")
    value, nll = float(np.clip(np.exp(found.x), *TEMPERATURES)), float(found.fun)
    before = _nll(values, truth)
    if not nll < before:  # flat: leave logits as they are
        value, nll = 1.0, before
    notes = []
    if abs(np.log(value) - low) < 0.01 or abs(np.log(value) - high) < 0.01:
        notes.append(
            Finding(
                code="calibration.temperature_at_end",
                what=f"the temperature, {value:.3g}, lies at an end of {TEMPERATURES[0]:g} to {TEMPERATURES[1]:g}: on "
                "the inner split "
                + ("nothing is ever wrong" if value < 1 else "logits say nothing of the class, or worse than nothing"),
                remedy="do not read probabilities of this model as such",
                severity=Severity.WARNING,
            )
        )
    return Temperature(value=value, nll_before=before, nll_after=nll, n_clips=len(truth), notes=tuple(notes))


def probabilities(logits: npt.ArrayLike, temperatures: npt.ArrayLike = 1.0) -> Floats:
    """Probabilities of the classes.

    Args:
        logits: (..., C).
        temperatures: one for all, or of the shape of the logits without their last axis: one per answer, such as
            (R, N) where each fold and seed has its own.
    """
    divided = np.asarray(logits, dtype=np.float64) / np.asarray(temperatures, dtype=np.float64)[..., None]
    found: Floats = np.exp(log_softmax(divided, axis=-1))
    return found


def calibration(
    logits: npt.ArrayLike,
    labels: npt.ArrayLike,
    subjects: Sequence[str],
    *,
    temperatures: npt.ArrayLike = 1.0,
    bins: int,
    seed: int,
    resamples: int,
    level: float,
) -> Calibration:
    """How far probabilities are what they say, on out-of-fold answers.

    Args:
        logits: (R, N, C), or (N, C).
        labels: (N,) true classes.
        subjects: (N,) names.
        temperatures: one for all, or (R, N).
        bins: of equal width over 0 to 1; 15 is what Guo et al. 2017 took.
        seed: of the draws.
        resamples: draws of the intervals over subjects.
        level: coverage aimed at.

    Raises:
        BadInput: shapes do not fit, there is no clip, or a logit is not finite.
    """
    values, truth = _checked(logits, labels)  # (R, N, C), (N,)
    if len(subjects) != len(truth):
        raise BadInput.of(
            "calibration.shape", f"{len(truth)} clips have {len(subjects)} subjects", "give one subject per clip"
        )
    divided = values / np.broadcast_to(np.asarray(temperatures, dtype=np.float64), values.shape[:2])[..., None]
    logs = log_softmax(divided, axis=-1)  # (R, N, C)
    told = np.exp(logs)
    n_seeds, n_clips, n_classes = told.shape
    right = told.argmax(axis=2) == truth  # (R, N)
    confidence = told.max(axis=2)  # (R, N)
    nll = -np.take_along_axis(logs, truth[None, :, None], axis=2)[..., 0]  # (R, N)
    brier = ((told - np.eye(n_classes)[truth]) ** 2).sum(axis=2)  # (R, N)
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)  # (R, N)
    _, owner = np.unique(np.array(subjects), return_inverse=True)  # (N,)
    n_subjects = int(owner.max()) + 1

    def over_subjects(totals: Floats, weights: Floats) -> Interval | None:
        return ratio_interval(totals, weights, seed=seed, resamples=resamples, level=level)

    def by_subject(each: npt.NDArray[np.generic]) -> Floats:
        """(R, N) → (S,) sums."""
        sums = np.bincount(owner, weights=each.astype(np.float64).sum(axis=0), minlength=n_subjects)
        return sums.astype(np.float64)

    answers = by_subject(np.ones_like(confidence))
    found = []
    for index in range(bins):
        here = place == index  # (R, N)
        count = int(here.sum())
        n_here = by_subject(here)
        found.append(
            ReliabilityBin(
                low=float(edges[index]),
                high=float(edges[index + 1]),
                n_answers=count,
                n_subjects=int(np.count_nonzero(n_here)),
                confidence=float(confidence[here].mean()) if count else None,
                accuracy=float(right[here].mean()) if count else None,
                interval=over_subjects(by_subject(here & right), n_here),
            )
        )
    return Calibration(
        n_clips=n_clips,
        n_answers=n_seeds * n_clips,
        accuracy=float(right.mean()),
        mean_confidence=float(confidence.mean()),
        nll=float(nll.mean()),
        nll_interval=over_subjects(by_subject(nll), answers),
        brier=float(brier.mean()),
        brier_interval=over_subjects(by_subject(brier), answers),
        ece=_ece(confidence, right, place, bins),
        ece_if_calibrated=_ece_if_calibrated(confidence, place, bins, seed),
        bins=tuple(found),
    )


def _ece(confidence: Floats, right: npt.NDArray[np.bool_], place: Labels, bins: int) -> float:
    off = np.bincount(place.ravel(), weights=(right - confidence).ravel(), minlength=bins)  # (bins,) n (acc - conf)
    return float(np.abs(off).sum() / confidence.size)


def _ece_if_calibrated(confidence: Floats, place: Labels, bins: int, seed: int) -> float:
    random = np.random.default_rng(seed)
    luck = []
    for _ in range(_TRIALS):
        drawn = random.random(confidence.shape[1])  # one truth per clip, the same for all seeds
        luck.append(_ece(confidence, drawn < confidence, place, bins))
    return float(np.mean(luck))


def _nll(logits: Floats, labels: Labels) -> float:
    return float(-np.take_along_axis(log_softmax(logits, axis=-1), labels[None, :, None], axis=2).mean())


def _checked(logits: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Floats, Labels]:
    values, truth = np.asarray(logits, dtype=np.float64), np.asarray(labels)
    values = values[None] if values.ndim == 2 else values
    if values.ndim != 3 or not values.size or truth.shape != values.shape[1:2]:
        raise BadInput.of(
            "calibration.shape",
            f"logits are {values.shape}, labels {truth.shape}",
            "give (seeds, clips, classes) logits of at least one clip, and one label per clip",
        )
    if not np.all((truth >= 0) & (truth < values.shape[2])):
        raise BadInput.of("calibration.class", "a label is outside the classes of the logits", "number from 0")
    if not np.isfinite(values).all():
        raise BadInput.of(
            "calibration.not_finite", "logits are not all finite numbers (NaN or infinite)", "look at the model first"
        )
    return values, truth.astype(np.int64)
