"""A measured number with its interval, or the reason why there is none. Never a number for degenerate data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Undetermined:
    """The data cannot answer; closes every gate."""

    reason: str
    """Why, in words, without a full stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A confidence interval of a coefficient."""

    lower: float
    upper: float
    confidence: float
    """Nominal coverage, such as 0.95."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """A point estimate and what it rests on."""

    value: float
    interval: Interval | Undetermined
    n_units: int
    """Units that two or more coders judged, on which it rests."""
    n_judgements: int
    """Values in those units."""
    n_clusters: int
    """Clusters (subjects) those units belong to; they are what is resampled."""


Measure = Coefficient | Undetermined
"""What a measurement gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredClass:
    """One value told apart from all others, as the gate reads it."""

    positives: int
    """Units in which at least one coder chose it."""
    alpha: Measure
    """Of this value against the rest."""
