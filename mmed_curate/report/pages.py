"""Static pages: one HTML file that holds its style and pictures, needs no network, and runs no script.

All text is escaped; what coders wrote cannot become markup.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from mmed_curate.domain.files import write_text

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:1rem 0}"
    "th,td{border-bottom:1px solid #ccc;padding:.3rem .8rem;text-align:left;vertical-align:top}"
    "th{border-bottom:2px solid #666}img{max-width:100%}.lead{font-weight:600}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTable:
    """A table of text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG that the page takes in."""

    path: Path
    alternative: str
    """What it shows, for those who cannot see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and what stands under it, in this order."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[PageTable, ...] = ()
    pictures: tuple[Picture, ...] = ()


def page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """The HTML of a page; the same input gives the same text.

    Args:
        title: heading and window title.
        lead: the sentence to read first; empty: none. Say here that something is simulated.
        sections: in order.
    """
    parts = [
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n',
        '<meta name="viewport" content="width=device-width">\n',
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n<h1>{escape(title)}</h1>\n",
    ]
    if lead:
        parts.append(f'<p class="lead">{escape(lead)}</p>\n')
    for section in sections:
        parts.append(f"<h2>{escape(section.heading)}</h2>\n")
        parts.extend(f"<p>{escape(text)}</p>\n" for text in section.paragraphs)
        parts.extend(_table(table) for table in section.tables)
        parts.extend(_picture(picture) for picture in section.pictures)
    parts.append("</html>\n")
    return "".join(parts)


def write_page(path: Path, title: str, lead: str, sections: Sequence[Section]) -> None:
    """Write a page, whole or not at all."""
    write_text(path, page(title, lead, sections))


def _table(table: PageTable) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in table.rows)
    return f"<table>\n<tr>{head}</tr>\n{rows}</table>\n"


def _picture(picture: Picture) -> str:
    inside = base64.b64encode(picture.path.read_bytes()).decode("ascii")
    return f'<p><img alt="{escape(picture.alternative)}" src="data:image/png;base64,{inside}"></p>\n'
