"""A page as a test reads it: its data files as values, its markup as elements."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

_GIVEN = re.compile(r"mmed\.give\.(\w+)\((.*)\);")


def given(page: Path, file: str) -> dict[str, list[Any]]:
    """What one file below page/data/ hands over: arguments by function."""
    lines = (page / "page" / "data" / file).read_text(encoding="ascii").splitlines()
    return {found[1]: json.loads(f"[{found[2]}]") for line in lines if (found := _GIVEN.fullmatch(line))}


def clips_told(page: Path) -> dict[str, dict[str, Any]]:
    """The details of every clip by name."""
    files = sorted((page / "page" / "data").glob("clips-*.js"))
    return {clip["clip"]: clip for file in files for clip in given(page, file.name)["details"][1]}


def text_files(page: Path) -> list[Path]:
    """Every file of the page itself, none of its media."""
    return [page / "index.html", *sorted(path for path in (page / "page").rglob("*") if path.is_file())]


class Elements(HTMLParser):
    """Every element with its attributes, and the rows of every table as text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        """Rows of cells by the caption of the table."""
        self._cell: list[str] | None = None
        self._rows: list[list[str]] = []
        self._caption = ""
        self._in_caption = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"}:
            self._cell = []
        elif tag == "caption":
            self._in_caption = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"} and self._cell is not None:
            self._rows[-1].append("".join(self._cell))
            self._cell = None
        elif tag == "caption":
            self._in_caption = False
        elif tag == "table":
            self.tables[self._caption] = self._rows

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)
        elif self._in_caption:
            self._caption += data
