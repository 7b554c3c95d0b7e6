"""Small plots as SVG that takes its colours from the page it stands in, light or dark: see `pagestyle`.

Each is one picture to who hears the page: its title says what it is, its description what it shows. What can be read
off it must also stand in a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmed_curate.report.markup import Html, element
from mmed_curate.report.svgparts import digits, line, picture, text

_WIDE, _LABEL = 840.0, 280.0
_ROW, _TOP, _FOOT = 26.0, 22.0, 26.0
_HIGH = 190.0
_MANY = 14
"""Weeks beyond which not each one is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A number with its interval."""

    label: str
    value: float | None
    """None: undetermined."""
    lower: float | None = None
    """None: no interval."""
    upper: float | None = None
    note: str = ""
    """Why it, or its interval, is undetermined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A line that numbers are held against."""

    value: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How often distances of a size occur."""

    step_ms: float
    """From the middle of a bar to that of the next; the first one's middle is 0."""
    counts: tuple[tuple[int, int], ...]
    """Of each bar: pairs within tolerance, and pairs beyond."""
    n_more: int
    """Distances beyond the last bar."""
    tolerance_ms: float
    """On a clip of middling rate."""

    @property
    def bars_within(self) -> int:
        """Bars whose middle lies within the tolerance: behind so many of them it is drawn."""
        return int(self.tolerance_ms / self.step_ms + 1e-6) + 1


def intervals(points: Sequence[Point], bounds: Sequence[Bound], *, title: str, describe: str) -> Html:
    """A point with its interval per row, on one axis up to 1, and the bounds as dashed lines."""
    low = min([0.0, *(_shown_low(point) for point in points)])
    left, right = _LABEL, _WIDE - 16

    def x(value: float) -> float:
        return left + (min(max(value, low), 1.0) - low) / (1.0 - low) * (right - left)

    bottom = _TOP + _ROW * max(len(points), 1)
    drawn: list[Html] = []
    ticks = [value / 4 for value in range(-4, 5) if value / 4 >= low]
    for value in ticks:
        drawn.append(line(x(value), _TOP, x(value), bottom, "grid"))
        drawn.append(text(x(value), bottom + 16, f"{value:.2f}", "middle", "quiet"))
    for place, bound in enumerate(sorted(bounds, key=lambda one: one.value)):
        drawn.append(line(x(bound.value), _TOP - 4, x(bound.value), bottom, "bound"))
        at = "start" if place else "end"  # the lower one's words go to the left: the two lie near each other
        drawn.append(text(x(bound.value) + (3 if place else -3), _TOP - 8, bound.label, at, "quiet"))
    for place, point in enumerate(points):
        y = _TOP + _ROW * (place + 0.5)
        drawn.append(text(left - 10, y + 4, point.label, "end"))
        if point.value is None:
            drawn.append(text(x(0) + 6, y + 4, "undetermined", "start", "quiet"))
            continue
        if point.lower is not None and point.upper is not None:
            drawn.append(_whisker(x(point.lower), x(point.upper), y))
        shape = "dot" if point.lower is not None else "ring"
        drawn.append(element("circle", cx=digits(x(point.value)), cy=digits(y), r=5, class_=shape))
    return picture(drawn, _WIDE, bottom + _FOOT, title, describe)


def histogram(found: Histogram, *, title: str, describe: str) -> Html:
    """Bars over distances in ms: full where within tolerance, hollow where beyond; the tolerance as a dashed line."""
    wide, left, bottom = 360.0, 36.0, _HIGH - 34
    bars = [*found.counts, *([(0, found.n_more)] if found.n_more else [])]
    most, each = max([1, *map(sum, bars)]), (wide - left - 10) / max(len(bars), 1)

    def high(count: float) -> float:
        return count / most * (bottom - _TOP)

    drawn = [line(left, bottom - high(most), wide - 10, bottom - high(most), "grid")]
    drawn += [text(left - 4, bottom - high(n) + 4, n, "end", "quiet") for n in (0, most)]
    for place, (within, beyond) in enumerate(bars):
        x = left + each * place + 0.5
        foot = bottom
        for n, kind in ((within, "bar"), (beyond, "bar beyond")):
            if n:
                foot -= high(n)
                size = {"width": digits(max(each - 1, 0.5)), "height": digits(high(n))}
                drawn.append(element("rect", x=digits(x), y=digits(foot), class_=kind, **size))
    drawn.append(line(left, bottom, wide - 10, bottom, "axis"))
    at = left + each * found.bars_within
    if at <= wide - 10:
        drawn.append(line(at, _TOP - 4, at, bottom, "bound"))
        said = f"tolerance {found.tolerance_ms:.0f} ms"
        drawn.append(text(min(max(at, left + 55), wide - 70), _TOP - 8, said, "middle", "quiet"))
    every = max(1, -(-len(bars) // 6))
    for place in range(0, len(found.counts), every):
        drawn.append(text(left + each * (place + 0.5), bottom + 16, f"{place * found.step_ms:.0f}", "middle", "quiet"))
    if found.n_more and (len(bars) - 1) % every >= min(2, every - 1):
        drawn.append(text(wide - 6, bottom + 16, "more", "end", "quiet"))
    drawn.append(text(left + (wide - left) / 2, bottom + 30, "ms apart", "middle", "quiet"))
    return picture(drawn, wide, _HIGH, title, describe)


def course(points: Sequence[Point], bounds: Sequence[Bound], *, title: str, describe: str) -> Html:
    """Points with intervals in order of time, from left to right; a ring at the foot where one is undetermined."""
    low = min([0.0, *(_shown_low(point) for point in points)])
    left, right, bottom = 46.0, _WIDE - 110, _HIGH - 30

    def y(value: float) -> float:
        return bottom - (min(max(value, low), 1.0) - low) / (1.0 - low) * (bottom - _TOP)

    each = (right - left) / max(len(points), 1)
    drawn: list[Html] = []
    for value in [value / 4 for value in range(-4, 5) if value / 4 >= low]:
        drawn.append(line(left, y(value), right, y(value), "grid"))
        drawn.append(text(left - 6, y(value) + 4, f"{value:.2f}", "end", "quiet"))
    for bound in bounds:
        drawn.append(line(left, y(bound.value), right, y(bound.value), "bound"))
        drawn.append(text(right + 4, y(bound.value) + 4, bound.label, "start", "quiet"))
    every = max(1, -(-len(points) // _MANY))
    before: tuple[float, float] | None = None
    for place, point in enumerate(points):
        x = left + each * (place + 0.5)
        if place % every == 0:
            drawn.append(text(x, bottom + 18, point.label, "middle", "quiet"))
        if point.value is None:
            drawn.append(element("circle", cx=digits(x), cy=digits(bottom), r=4, class_="ring quiet"))
            before = None
            continue
        here = (x, y(point.value))
        if before is not None:
            drawn.append(line(*before, *here, "way"))
        if point.lower is not None and point.upper is not None:
            top, foot = y(point.upper), y(point.lower)
            drawn += [
                line(x, top, x, foot, "whisker"),
                *(line(x - 4, end, x + 4, end, "whisker") for end in (top, foot)),
            ]
        drawn.append(
            element(
                "circle", cx=digits(x), cy=digits(here[1]), r=4.5, class_="dot" if point.lower is not None else "ring"
            )
        )
        before = here
    return picture(drawn, _WIDE, _HIGH, title, describe)


def _shown_low(point: Point) -> float:
    """Where the axis must begin for a point: in quarters, never below -1."""
    values = [value for value in (point.value, point.lower) if value is not None]
    return max(-1.0, min([0.0, *values]) // 0.25 * 0.25)


def _whisker(from_x: float, to_x: float, y: float) -> Html:
    ends = "".join(line(end, y - 4, end, y + 4, "whisker") for end in (from_x, to_x))
    return Html(line(from_x, y, to_x, y, "whisker") + ends)
