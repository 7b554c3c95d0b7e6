"""Counts as bars: tables whose rows carry their bar, and columns over a scale. Colours come from the page's style.

A bar in a table is decoration: the number stands in the cell beside it. No inline style is used, so that a page whose
security policy refuses it can hold them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmed_curate.report.markup import Html, element, joined
from mmed_curate.report.svgparts import digits, line, picture, text

_WIDE, _HIGH, _LEFT, _TOP, _FOOT = 620.0, 210.0, 40.0, 14.0, 44.0
N_HUES = 4
"""Kinds of parts that the style knows apart: part-0 to part-3; further ones look like the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row."""

    label: str
    counts: tuple[int, ...]
    """One per kind."""

    @property
    def total(self) -> int:
        """All kinds together."""
        return sum(self.counts)


def bar_table(caption: str, head: str, kinds: Sequence[str], bars: Sequence[Bar], *, plain: bool = False) -> Html:
    """A row per bar: its label, the bar, the counts.

    Args:
        caption: what is counted.
        head: above the labels.
        kinds: above the counts; of more than one the bar is stacked, and a total is added.
        bars: in order.
        plain: the kinds need no hue of their own.
    """
    most = max([1, *(bar.total for bar in bars)])
    several = len(kinds) > 1
    heads = [
        element("th", head, scope="col"),
        element("td", "", class_="strip"),
        *(element("th", _swatch(place) if several else "", kind, scope="col") for place, kind in enumerate(kinds)),
        *([element("th", "all", scope="col")] if several else []),
    ]
    rows = [
        element(
            "tr",
            element("th", bar.label, scope="row"),
            element("td", _strip(bar, most, plain=plain), class_="strip"),
            *(element("td", count) for count in bar.counts),
            *([element("td", bar.total)] if several else []),
        )
        for bar in bars
    ]
    drawn = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads)),
        element("tbody", *rows),
        class_="bars",
    )
    return element("div", drawn, class_="wide", role="region", tabindex="0", aria_label=caption)


def columns(steps: Sequence[tuple[str, int]], *, unit: str, title: str, describe: str) -> Html:
    """A column per step of a scale, labels at the lower edge of each.

    Args:
        steps: lower edge and count of each.
        unit: of the scale, below it.
        title, describe: for who hears the page.
    """
    most = max([1, *(count for _, count in steps)])
    bottom, right = _HIGH - _FOOT, _WIDE - 8
    each = (right - _LEFT) / max(len(steps), 1)

    def y(count: float) -> float:
        return bottom - count / most * (bottom - _TOP)

    drawn = [line(_LEFT, y(value), right, y(value), "grid") for value in (most, most / 2)]
    drawn += [text(_LEFT - 6, y(value) + 4, value, "end", "quiet") for value in (0, most)]
    every = max(1, -(-len(steps) // 12))
    for place, (edge, count) in enumerate(steps):
        x = _LEFT + each * place
        if count:
            size = {"width": digits(max(each - 2, 1)), "height": digits(bottom - y(count))}
            drawn.append(element("rect", x=digits(x + 1), y=digits(y(count)), class_="bar", **size))
        if place % every == 0:
            drawn.append(text(x, bottom + 16, edge, "middle", "quiet"))
    drawn.append(line(_LEFT, bottom, right, bottom, "axis"))
    drawn.append(text((_LEFT + right) / 2, bottom + 36, unit, "middle", "quiet"))
    return picture(drawn, _WIDE, _HIGH, title, describe)


def _strip(bar: Bar, most: int, *, plain: bool) -> Html:
    parts, at = [], 0.0
    for place, count in enumerate(bar.counts):
        share = 100 * count / most
        if count:
            hue = 0 if plain else min(place, N_HUES - 1)
            parts.append(element("rect", x=f"{at:.2f}%", width=f"{share:.2f}%", height="100%", class_=f"part-{hue}"))
        at += share
    return element("svg", joined(parts), aria_hidden="true", focusable="false")


def _swatch(place: int) -> Html:
    return element("span", "", class_=f"swatch part-{min(place, N_HUES - 1)}", aria_hidden="true")
