"""Pages hold everything they need and escape what people wrote; cells say a dash where there is no number."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from mmed_curate.domain.measures import Coefficient, Interval, Undetermined
from mmed_curate.report.pages import PageTable, Picture, Section, page, write_page
from mmed_curate.report.tables import NOTHING, count, milliseconds, number, share, spread

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000a49444154789c63000100000500010d0a2db40000000049454e44ae426082"
)
"""A PNG of one pixel."""


class Tags(HTMLParser):
    """Collects tags and outside addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]


@pytest.fixture
def sections(tmp_path: Path) -> list[Section]:
    (tmp_path / "dot.png").write_bytes(DOT)
    return [
        Section(
            heading="Notes <b>of</b> coders",
            paragraphs=("<script>alert(1)</script> & more",),
            tables=(PageTable(columns=("who", "what"), rows=(("a", '"><img src=x onerror=y>'),)),),
            pictures=(Picture(path=tmp_path / "dot.png", alternative='a "dot"'),),
        )
    ]


def test_what_people_wrote_cannot_become_markup(sections):
    found = Tags()
    found.feed(page("Title <i>", "SIMULATED: <u>nobody</u>", sections))
    assert not {"script", "b", "i", "u"} & set(found.tags)
    assert found.tags.count("img") == 1
    assert all(address.startswith("data:image/png;base64,") for address in found.addresses)


def test_the_same_page_is_the_same_text_and_is_written_whole(sections, tmp_path):
    write_page(tmp_path / "page.html", "Title", "", sections)
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page("Title", "", sections)
    assert {path.name for path in tmp_path.iterdir()} == {"dot.png", "page.html"}


def test_cells():
    measured = Coefficient(
        value=0.7124,
        interval=Interval(lower=0.61, upper=0.8, confidence=0.95),
        n_units=30,
        n_judgements=60,
        n_clusters=8,
    )
    assert (number(measured), spread(measured), share(measured), count(measured)) == (
        "0.712",
        "0.610..0.800",
        "71 %",
        "30",
    )
    nothing = Undetermined(reason="one value")
    assert {number(nothing), spread(nothing), share(nothing), count(nothing), milliseconds(None)} == {NOTHING}
    assert milliseconds(33.4) == "33 ms"
