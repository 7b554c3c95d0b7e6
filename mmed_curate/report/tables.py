"""Numbers to cells of tables that people read at a glance: a number with its interval, a distance, a share."""

from __future__ import annotations

from mmed_curate.domain.measures import Measure, Undetermined

NOTHING = "–"
"""Stands where there is no number."""


def number(measure: Measure) -> str:
    """The point estimate, such as `0.712`, or a dash."""
    return NOTHING if isinstance(measure, Undetermined) else f"{measure.value:.3f}"


def spread(measure: Measure) -> str:
    """The interval, such as `0.61..0.80`, or a dash."""
    if isinstance(measure, Undetermined) or isinstance(measure.interval, Undetermined):
        return NOTHING
    return f"{measure.interval.lower:.3f}..{measure.interval.upper:.3f}"


def share(measure: Measure) -> str:
    """The point estimate as a percentage, such as `83 %`, or a dash."""
    return NOTHING if isinstance(measure, Undetermined) else f"{measure.value:.0%}".replace("%", " %")


def count(measure: Measure) -> str:
    """The units a measure rests on, or a dash."""
    return NOTHING if isinstance(measure, Undetermined) else str(measure.n_units)


def milliseconds(value_ms: float | None) -> str:
    """A time such as `33 ms`, or a dash."""
    return NOTHING if value_ms is None else f"{value_ms:.0f} ms"
