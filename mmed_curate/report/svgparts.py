"""Strokes and words of small SVG plots; their colours come from the page that they stand in: see `pagestyle`."""

from __future__ import annotations

from collections.abc import Sequence

from mmed_curate.report.markup import Html, anchor, element


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    """A stroke."""
    return Html(f'<line x1="{digits(x1)}" y1="{digits(y1)}" x2="{digits(x2)}" y2="{digits(y2)}" class="{kind}"/>')


def text(x: float, y: float, said: object, at: str, kind: str | None = None) -> Html:
    """Words; `at` is start, middle or end."""
    return element("text", said, x=digits(x), y=digits(y), text_anchor=at, class_=kind)


def picture(drawn: Sequence[Html], wide: float, high: float, title: str, describe: str) -> Html:
    """The whole as one picture with a title and a description."""
    name = anchor(f"plot {title}")
    inside = [element("title", title, id=f"{name}-t"), element("desc", describe, id=f"{name}-d"), *drawn]
    return element(
        "svg",
        *inside,
        viewBox=f"0 0 {digits(wide)} {digits(high)}",
        width=digits(wide),
        role="img",
        aria_labelledby=f"{name}-t {name}-d",
    )


def digits(value: float) -> str:
    """A coordinate, to a tenth."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
