"""Sections of the page out of the texts of a release: data card, how to load it, what changed.

Raw HTML in a text is shown as text. Links and pictures stay text too: the page leads nowhere and loads nothing.
"""

from __future__ import annotations

from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from mmed_curate.release.pagetold import PageTold
from mmed_curate.report.markup import Html, element, joined

_NOT_FOR = "Not a lie detector"
_OPEN = (_NOT_FOR, "Motivation")
"""Parts of the data card that stand open."""
_LOADING = ("Is this copy whole?", "Load it")
"""Parts of the README that tell how."""


def not_for(told: PageTold) -> Html:
    """What the data card says that it must not be used for, where everybody sees it."""
    part = dict(_parts(told.data_card or "")).get(_NOT_FOR)
    if part is None:
        return Html("")
    return element("aside", element("h2", _NOT_FOR), part, class_="notfor")


def card_section(told: PageTold) -> Html:
    """The data card, part by part."""
    if told.data_card is None:
        return Html("")
    return joined(
        element("details", element("summary", title), inner, open="open" if title in _OPEN else None)
        for title, inner in _parts(told.data_card)
    )


def load_section(told: PageTold) -> Html:
    """How to check and to load it, as the README says."""
    parts = dict(_parts(told.readme or ""))
    return joined(joined((element("h3", title), parts[title])) for title in _LOADING if title in parts)


def changes_section(told: PageTold) -> Html:
    """What changed from version to version; the newest stands open."""
    return joined(
        element("details", element("summary", title), inner, open=None if place else "open")
        for place, (title, inner) in enumerate(_parts(told.changes or ""))
    )


def _parts(text: str) -> list[tuple[str, Html]]:
    """The parts of a text below its second-level headings, each as markup."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "image", "autolink"])
    tokens = reader.parse(text)
    at = [place for place, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"]
    parts = []
    for start, stop in pairwise([*at, len(tokens)]):
        inner = [_lowered(token) for token in tokens[start + 3 : stop]]
        drawn = reader.renderer.render(inner, reader.options, {})
        drawn = drawn.replace("<table>", '<div class="wide" role="region" tabindex="0" aria-label="table"><table>')
        drawn = drawn.replace("<pre>", '<pre tabindex="0">')
        parts.append((tokens[start + 1].content, Html(drawn.replace("</table>", "</table></div>"))))
    return parts


def _lowered(token: Token) -> Token:
    """A heading of the card ranks below those of the page."""
    if token.type in {"heading_open", "heading_close"}:
        return token.copy(tag=f"h{min(int(token.tag[1]) + 1, 6)}")
    return token
