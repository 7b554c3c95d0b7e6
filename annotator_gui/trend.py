"""Where the points of a small plot of agreement over weeks lie. Knows no Qt; y runs down, in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmed_curate.domain.measures import Coefficient, Interval, Measure

_MOST = 1.0
"""Agreement is never above it."""
_STEP = 0.25
"""Between two lines of the grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One week."""

    x: float
    y: float | None
    """None: undetermined."""
    top: float | None = None
    """Upper end of the interval; None: there is none."""
    bottom: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What the plot's height stands for: from the lowest value in sight to 1."""

    lowest: float
    top: float
    bottom: float

    def y(self, value: float) -> float:
        """Where a value lies; what is below the axis lies at its foot."""
        share = (max(value, self.lowest) - self.lowest) / (_MOST - self.lowest)
        return self.bottom - share * (self.bottom - self.top)

    @property
    def grid(self) -> tuple[float, ...]:
        """Values at which a line is drawn, from 1 down."""
        n_lines = round((_MOST - self.lowest) / _STEP)
        return tuple(_MOST - _STEP * place for place in range(n_lines + 1))


def axis(measures: Sequence[Measure], *, top: float, bottom: float) -> Axis:
    """An axis that holds all points and intervals, and 0."""
    values = [0.0]
    for measure in measures:
        if isinstance(measure, Coefficient):
            values.append(measure.value)
            if isinstance(measure.interval, Interval):
                values.append(measure.interval.lower)
    steps_below = -(min(values) // _STEP)
    return Axis(lowest=-min(steps_below, _MOST / _STEP) * _STEP, top=top, bottom=bottom)


def dots(measures: Sequence[Measure], on: Axis, *, left: float, right: float) -> tuple[Dot, ...]:
    """One dot for each week, evenly apart."""
    apart = (right - left) / max(1, len(measures))
    return tuple(_dot(measure, on, left + apart * (place + 0.5)) for place, measure in enumerate(measures))


def _dot(measure: Measure, on: Axis, x: float) -> Dot:
    if not isinstance(measure, Coefficient):
        return Dot(x=x, y=None)
    if not isinstance(measure.interval, Interval):
        return Dot(x=x, y=on.y(measure.value))
    return Dot(x=x, y=on.y(measure.value), top=on.y(measure.interval.upper), bottom=on.y(measure.interval.lower))
