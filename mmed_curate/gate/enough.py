"""How many more clips would bring an interval over the line, if coders went on agreeing as they do now."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mmed_curate.domain.measures import Coefficient, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """What would be enough beside what is there."""

    units: int
    """Further units that two or more coders judge."""
    subjects: int
    """Further subjects to whom they belong."""


def more_for(measure: Coefficient, bound: float) -> More | None:
    """How much more would bring the lower end of an interval to a bound at today's agreement.

    The distance from value to lower end shrinks with the root of the number of subjects, each with as many units as
    today (Cochran 1977, Sampling Techniques, 3rd ed., section 4.7: the sample size for a wanted width). It is a rough
    estimate: the value itself is known no better than its interval says.

    Args:
        measure: value and interval.
        bound: what the lower end must reach.

    Returns:
        Numbers of at least 1 each; None where no number of clips helps, for the value itself is not above the bound, or
        there is no interval.
    """
    if not isinstance(measure.interval, Interval) or not measure.value > bound:
        return None
    times = max((measure.value - measure.interval.lower) / (measure.value - bound), 1.0) ** 2
    if not math.isfinite(times):
        return None
    return More(
        units=max(math.ceil(measure.n_units * (times - 1)), 1),
        subjects=max(math.ceil(measure.n_clusters * (times - 1)), 1),
    )


def in_words(measure: Coefficient, bound: float, n_subjects: int) -> str:
    """What sample would do for a lower end that does not reach its bound, as a sentence without a full stop.

    Args:
        measure: value and interval.
        bound: what the lower end must reach.
        n_subjects: subjects of whom anything was coded, whether it counts or not.
    """
    if not measure.value > bound:
        return "more clips alone will not help: the value itself does not reach the bound"
    more = more_for(measure, bound)
    if more is None:
        return "more subjects are needed before there is an interval"
    units, subjects = measure.n_units + more.units, measure.n_clusters + more.subjects
    missing = subjects - n_subjects
    record = f"record {missing} more" if missing > 0 else "no more need be recorded"
    return (
        f"if coders agree as they do now, a sample of about {units} events of {subjects} subjects would do, all of it "
        f"coded after the attempt that failed; {n_subjects} subjects were coded so far, so {record}"
    )
