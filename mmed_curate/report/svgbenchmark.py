"""Plots of a benchmark as SVG that takes its colours from the page: differences round 0, and reliability.

What can be read off them must also stand in a table or in words; see `svgplots`.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmed_curate.report.figures_benchmark import Reliable
from mmed_curate.report.markup import Html, element
from mmed_curate.report.svgparts import digits, line, picture, text
from mmed_curate.report.svgplots import Point

_WIDE, _LABEL, _ROW, _TOP, _FOOT = 840.0, 280.0, 26.0, 14.0, 40.0
_STEPS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Points between two marks of an axis; the first with which at most four fit on a side."""
_SIDE, _BELOW = 300.0, 80.0
"""Size of the square of a reliability diagram, and height of the counts below it."""


def differences(points: Sequence[Point], *, unit: str, title: str, describe: str) -> Html:
    """A difference with its interval per row, on an axis with 0 in the middle.

    Args:
        points: in order.
        unit: below the axis.
        title, describe: for who hears the page.
    """
    far = max([1.0, *(abs(one) for at in points for one in (at.value, at.lower, at.upper) if one is not None)])
    step = next((one for one in _STEPS if far / one <= 4), _STEPS[-1])
    left, right = _LABEL, _WIDE - 16
    bottom = _TOP + _ROW * max(len(points), 1)

    def x(value: float) -> float:
        return (left + right) / 2 + value / (1.05 * far) * (right - left) / 2

    drawn: list[Html] = []
    for place in range(-int(far / step), int(far / step) + 1):
        drawn.append(line(x(place * step), _TOP, x(place * step), bottom, "grid" if place else "bound"))
        drawn.append(text(x(place * step), bottom + 16, f"{place * step:+g}" if place else "0", "middle", "quiet"))
    for row, point in enumerate(points):
        y = _TOP + _ROW * (row + 0.5)
        drawn.append(text(left - 10, y + 4, point.label, "end"))
        if point.value is None:
            drawn.append(text(x(0) + 6, y + 4, "undetermined", "start", "quiet"))
            continue
        if point.lower is not None and point.upper is not None:
            ends = (x(point.lower), x(point.upper))
            drawn += [line(*ends[:1], y, *ends[1:], y, "whisker")]
            drawn += [line(end, y - 4, end, y + 4, "whisker") for end in ends]
        shape = "dot" if point.lower is not None else "ring"
        drawn.append(element("circle", cx=digits(x(point.value)), cy=digits(y), r=5, class_=shape))
    drawn.append(text((left + right) / 2, bottom + 34, unit, "middle", "quiet"))
    return picture(drawn, _WIDE, bottom + _FOOT, title, describe)


def reliability(before: Sequence[Reliable], after: Sequence[Reliable], *, title: str, describe: str) -> Html:
    """Accuracy against confidence, rings before and dots after, and how many answers the dots stand for."""
    left, top = 56.0, 12.0
    right, bottom = left + _SIDE, top + _SIDE
    foot = bottom + _BELOW

    def x(value: float) -> float:
        return left + value * _SIDE

    def y(value: float) -> float:
        return bottom - value * _SIDE

    drawn: list[Html] = []
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        drawn += [line(left, y(value), right, y(value), "grid"), line(x(value), top, x(value), bottom, "grid")]
        drawn += [text(left - 6, y(value) + 4, f"{value:.2f}", "end", "quiet")]
        drawn += [text(x(value), foot + 16, f"{value:.2f}", "middle", "quiet")]
    drawn.append(line(x(0), y(0), x(1), y(1), "bound"))
    for one in before:
        drawn.append(
            element("circle", cx=digits(x(one.confidence)), cy=digits(y(one.accuracy)), r=4, class_="ring quiet")
        )
    most = max([1, *(one.n_answers for one in after)])
    for one in after:
        at = x(one.confidence)
        if one.lower is not None and one.upper is not None:
            drawn.append(line(at, y(one.lower), at, y(one.upper), "whisker"))
        drawn.append(element("circle", cx=digits(at), cy=digits(y(one.accuracy)), r=4.5, class_="dot"))
        high = one.n_answers / most * (_BELOW - 26)
        drawn.append(
            element("rect", x=digits(at - 4), y=digits(foot - high), width=8, height=digits(high), class_="bar")
        )
    drawn += [line(left, foot, right, foot, "axis"), text(left - 6, foot - _BELOW + 30, most, "end", "quiet")]
    drawn.append(text(left + _SIDE / 2, foot + 34, "confidence (rings: before temperature)", "middle", "quiet"))
    return picture(drawn, right + 24, foot + 44, title, describe)
