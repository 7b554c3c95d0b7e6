"""Pieces of an HTML page. Whatever is not `Html` already is text, and is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


class Html(str):
    """Markup that was made here, or written by us: goes into a page as it is."""

    __slots__ = ()


def markup(value: object) -> Html:
    """Text as markup that shows it; markup as it is."""
    return value if isinstance(value, Html) else Html(escape(str(value), quote=True))


def joined(parts: Iterable[object], between: str = "") -> Html:
    """One after the other, with text between them."""
    return Html(markup(between).join(markup(part) for part in parts))


def element(name: str, *inside: object, **attributes: object) -> Html:
    """An element.

    Args:
        name: such as `p`.
        inside: what it holds.
        attributes: a trailing underscore is dropped and others become hyphens; None leaves one out.
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{markup(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{said}>{joined(inside)}</{name}>")


def anchor(key: str) -> str:
    """An id for a key: other keys give others, and no character of it needs care in a link."""
    return "".join(one if one.isascii() and (one.isalnum() or one in "-_.=") else f"~{ord(one):x}." for one in key)


def link(to: str, *inside: object) -> Html:
    """A link to an anchor's key on the same page."""
    return element("a", *inside, href=f"#{anchor(to)}")


def table(
    caption: object, heads: Sequence[object], rows: Sequence[Sequence[object]], *, class_: str | None = None
) -> Html:
    """A table whose first column names its rows; scrolls by itself where the page is narrower.

    Args:
        caption: what it is; text.
        heads: of its columns.
        rows: cells of each.
        class_: for its looks; with `untitled` among it the caption is heard and not seen, for a heading says it.
    """
    head = element("tr", *(element("th", one, scope="col") for one in heads))
    body = (
        element("tr", element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:])) for row in rows
    )
    drawn = element(
        "table", element("caption", caption), element("thead", head), element("tbody", *body), class_=class_
    )
    return element("div", drawn, class_="wide", role="region", tabindex="0", aria_label=caption)
