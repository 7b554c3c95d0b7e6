"""How many clips a difference like this needs. Needs no torch.

Two models that answer the same clips differ only in clips that one has right and the other wrong. With discordance psi
(the share of such clips) and difference delta (how much more accurate one is), McNemar's test at two-sided level alpha
has power 1 - beta at about

    n = (z_(1 - alpha/2) sqrt(psi) + z_(1 - beta) sqrt(psi - delta^2))^2 / delta^2

clips (Connor 1987, Biometrics 43, 207-211: the unconditional formula, no correction for continuity; another
approximation is Miettinen's, 1968, Biometrics 24, 339-352). A gain of 3.36 points, told of MMED, needs 554 clips at
psi = .08 and 1,111 at psi = .16, at alpha = .05 and power .8. The abstract does not tell the discordance: these two are
ours.

The formula takes clips to be independent. Clips of one subject are alike, so that more of them are needed, by Kish's
design effect 1 + (m - 1) ICC, with m = sum m_s^2 / sum m_s for subjects of unequal numbers of clips (Kish 1965, "Survey
Sampling", section 8.2; Eldridge, Ashby and Kerry 2006, Int. J. Epidemiology 35, 1292-1300). ICC is that of the
difference per clip, by analysis of variance (Donner and Koval 1980, Biometrics 36, 19-25).

A number like this says what a study to come would need, if the difference were exactly the one seen. It is no evidence
for or against the difference seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput, Finding, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipsNeeded:
    """How many clips a difference of accuracy like the one seen needs."""

    difference: float
    """Accuracy of the first model less that of the second."""
    discordance: float
    """Share of answers of which one model's is right and the other's wrong."""
    alpha: float
    """Two-sided level of the test."""
    power: float
    """How often the difference is to be found."""
    n_clips: int
    """Clips there are."""
    n_needed: int | None
    """Clips needed if clips were independent; None: no difference was seen, so none can be planned for."""
    icc: float | None
    """How alike the differences of one subject's clips are; None: no subject has two clips, or all clips tell the
    same. Below 0: no more alike than those of different subjects."""
    design_effect: float | None
    """By how many times more clips are needed because of it, at as many clips per subject as here; at least 1."""
    n_needed_clustered: int | None
    """Clips needed with the design effect."""
    notes: tuple[Finding, ...]

    def __post_init__(self) -> None:
        if not abs(self.difference) <= self.discordance + 1e-12 <= 1 + 2e-12:
            raise ValueError(f"a difference of {self.difference} is not within a discordance of {self.discordance}")
        if self.design_effect is not None and not self.design_effect >= 1:
            raise ValueError(f"a design effect is at least 1, got {self.design_effect}")

    @property
    def sentence(self) -> str:
        """The line for the report."""
        seen = f"A difference of {100 * self.difference:+.2f} points in accuracy"
        if self.n_needed is None:
            return f"No number of clips can be planned for: {seen[0].lower()}{seen[1:]} was seen."
        text = (
            f"{seen}, with {100 * self.discordance:.1f} % of the answers right in one model alone, needs "
            f"{self.n_needed:,} independent clips to be found in {100 * self.power:.0f} % of studies "
            f"(McNemar, two-sided {self.alpha:g})"
        )
        if self.n_needed_clustered is not None:
            text += f", or {self.n_needed_clustered:,} with as many clips per subject as here"
        return f"{text}; there are {self.n_clips:,}."

    def as_json(self) -> dict[str, Any]:
        """As JSON values; what is undetermined is null."""
        return {
            "difference": self.difference,
            "discordance": self.discordance,
            "alpha": self.alpha,
            "power": self.power,
            "n_clips": self.n_clips,
            "n_needed": self.n_needed,
            "icc": self.icc,
            "design_effect": self.design_effect,
            "n_needed_clustered": self.n_needed_clustered,
            "sentence": self.sentence,
            "notes": [str(note) for note in self.notes],
        }


def clips_for(difference: float, discordance: float, *, alpha: float, power: float) -> int:
    """How many independent clips McNemar's test needs (Connor 1987; see the module).

    Args:
        difference: of accuracy, not 0.
        discordance: share of clips that one model has right and the other wrong; at least the difference.
        alpha: two-sided level.
        power: how often the difference is to be found.

    Raises:
        BadInput: there is no difference, it is larger than the discordance, or a share is none.
    """
    if not 0 < abs(difference) <= discordance <= 1:
        raise BadInput.of(
            "power.difference",
            f"a difference of {difference:g} and a discordance of {discordance:g} cannot be",
            "give a difference other than 0, and a discordance at least as large and at most 1",
        )
    if not (0 < alpha < 1 and 0.5 <= power < 1):
        raise BadInput.of(
            "power.level", f"alpha {alpha:g} and power {power:g} are none", "give alpha below 1 and power from .5 to 1"
        )
    normal = NormalDist()
    sure = normal.inv_cdf(1 - alpha / 2) * math.sqrt(discordance)
    found = normal.inv_cdf(power) * math.sqrt(discordance - difference**2)
    return math.ceil(((sure + found) / difference) ** 2)


def clips_needed(
    first_right: npt.ArrayLike, second_right: npt.ArrayLike, subjects: Sequence[str], *, alpha: float, power: float
) -> ClipsNeeded:
    """What a difference like the one between these answers needs.

    Args:
        first_right, second_right: (R, N) whether each seed's answer of each clip is right. Where one has seeds and the
            other has none, its (1, N) stands beside each of them.
        subjects: (N,) names.
        alpha: two-sided level.
        power: how often the difference is to be found.

    Raises:
        BadInput: shapes do not fit, or there is no clip.
    """
    first, second = np.asarray(first_right, dtype=bool), np.asarray(second_right, dtype=bool)
    n_clips = len(subjects)
    if (
        not n_clips
        or any(right.ndim != 2 or right.shape[1] != n_clips for right in (first, second))
        or (len(first) != len(second) and 1 not in (len(first), len(second)))
    ):
        raise BadInput.of(
            "power.shape",
            f"answers are {first.shape} and {second.shape}, subjects {n_clips}",
            "give (seeds, clips) for both, and one subject per clip",
        )
    each = first.astype(np.float64) - second.astype(np.float64)  # (R, N) of -1, 0, 1
    difference, discordance = float(each.mean()), float(np.abs(each).mean())
    by_clip = each.mean(axis=0)  # (N,)
    icc, clips_per_subject = _icc(by_clip, subjects)
    effect = None if icc is None else 1 + (clips_per_subject - 1) * max(icc, 0.0)
    needed = clips_for(difference, discordance, alpha=alpha, power=power) if abs(difference) > 1e-12 else None
    return ClipsNeeded(
        difference=difference,
        discordance=discordance,
        alpha=alpha,
        power=power,
        n_clips=n_clips,
        n_needed=needed,
        icc=icc,
        design_effect=effect,
        n_needed_clustered=None if needed is None or effect is None else math.ceil(needed * effect),
        notes=_notes(needed, icc),
    )


def _icc(values: npt.NDArray[np.float64], subjects: Sequence[str]) -> tuple[float | None, float]:
    """ICC of one-way analysis of variance, and m = sum m_s^2 / sum m_s."""
    _, owner = np.unique(np.array(subjects), return_inverse=True)  # (N,)
    sizes = np.bincount(owner).astype(np.float64)  # (S,)
    n, n_subjects = len(values), len(sizes)
    weighted_size = float((sizes**2).sum() / n)
    if n_subjects < 2 or n == n_subjects:
        return None, weighted_size
    means = np.bincount(owner, weights=values) / sizes  # (S,)
    between = float((sizes * (means - values.mean()) ** 2).sum() / (n_subjects - 1))
    within = float(((values - means[owner]) ** 2).sum() / (n - n_subjects))
    typical_size = (n - weighted_size) / (n_subjects - 1)
    spread = between + (typical_size - 1) * within
    return ((between - within) / spread if spread > 1e-12 else None), weighted_size


def _notes(needed: int | None, icc: float | None) -> tuple[Finding, ...]:
    found = []
    if needed is None:
        found.append(
            Finding(
                code="power.no_difference",
                what="both models have as many clips right, so there is no difference to plan a study for",
                remedy="name a difference that would matter",
                severity=Severity.NOTE,
            )
        )
    if icc is None:
        found.append(
            Finding(
                code="power.no_icc",
                what="how alike the clips of one subject are cannot be told from these answers",
                remedy="take the number of independent clips as the least",
                severity=Severity.NOTE,
            )
        )
    return tuple(found)
