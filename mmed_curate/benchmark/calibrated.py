"""AMF-Net's probabilities, by temperatures that each fold's inner split chose. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.benchmark.calibration import Calibration, calibration, fit_temperature, probabilities
from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.standing import LEVEL

BINS = 15
"""Of confidence (Guo et al., ICML 2017)."""
FAR = 30.0
"""A logit further than this below the highest says no more than one at it: a class that a fold never met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """Probabilities before and after."""

    temperatures: tuple[float, ...]
    """One per fold, in order of folds."""
    before: Calibration
    after: Calibration
    probabilities: npt.NDArray[np.float64]
    """(R, N, C) after."""

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "temperatures": list(self.temperatures),
            "before": self.before.as_json(),
            "after": self.after.as_json(),
        }


def calibrated(
    logits: npt.NDArray[np.float32],
    inner: Sequence[npt.NDArray[np.float32] | None],
    answering: npt.NDArray[np.int64],
    data: BenchmarkData,
    settings: BenchmarkSettings,
) -> Calibrated | None:
    """Fit a temperature per fold on what its second networks answered, and hold the probabilities against the truth.

    Args:
        logits: (R, N, C) out-of-fold answers.
        inner: per seed (K, N, C), NaN where not asked; None: that seed has no inner split.
        answering: (N,) the fold that answers for each clip.
        data: the clips.
        settings: numbers of the intervals.

    Returns:
        None: there is no inner split.
    """
    known = [one for one in inner if one is not None]
    if not known:
        return None
    kept = within_reach(logits)
    temperatures = []
    for fold in range(known[0].shape[0]):
        rows = [one[fold] for one in known]  # (N, C) each
        asked = [np.isfinite(row).all(axis=1) for row in rows]  # (N,) each
        pooled = np.concatenate([row[mask] for row, mask in zip(rows, asked, strict=True)])  # (M, C)
        truth = np.concatenate([data.labels[mask] for mask in asked])  # (M,)
        temperatures.append(fit_temperature(within_reach(pooled), truth).value)
    by_clip = np.array(temperatures)[answering]  # (N,)
    by_answer = np.broadcast_to(by_clip, kept.shape[:2])  # (R, N)
    numbers = {"bins": BINS, "seed": settings.intervals.seed, "resamples": settings.intervals.resamples}
    return Calibrated(
        temperatures=tuple(temperatures),
        before=calibration(kept, data.labels, data.subjects, **numbers, level=LEVEL),
        after=calibration(kept, data.labels, data.subjects, temperatures=by_answer, **numbers, level=LEVEL),
        probabilities=probabilities(kept, by_answer),
    )


def within_reach(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """(..., C) logits of which none lies further than FAR below the highest."""
    values = logits.astype(np.float64)
    kept: npt.NDArray[np.float64] = np.maximum(values, values.max(axis=-1, keepdims=True) - FAR)
    return kept
