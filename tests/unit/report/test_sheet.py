"""A contact sheet as a page and as a PNG: all that was proposed is on it, and nothing in it runs or is fetched."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmed_curate.domain.findings import Finding, Severity
from mmed_curate.report.figures_sheet import sheet_figure
from mmed_curate.report.sheet import CELL_PX, CELLS, Mark, Movement, SheetFacts, clock_time, runs_s, sheet_page, thinned

A_JPEG = b"\xff\xd8not looked into\xff\xd9"


def a_movement(name: str = "clip-1", **changes: object) -> Movement:
    """A brow that rises for half a second in a clip of two, with sound in its second half."""
    times_s = np.arange(60) / 30
    own = np.exp(-(((times_s - 1.0) / 0.1) ** 2)).astype(np.float32)
    whole = Movement(
        name=name,
        when="0:12.300",
        words=("brow-left", "500 ms, 15 frames"),
        tags=("speech",),
        score=2.5,
        strip=np.full((CELL_PX, CELL_PX * len(CELLS), 3), 128, dtype=np.uint8),
        times_s=times_s,
        own=own,
        others=own + np.float32(0.2),
        span_s=(0.75, 1.0, 1.25),
        duration_s=2.0,
        level_times_s=np.arange(0, 2, 0.01),
        level_db=np.full(200, -30, dtype=np.float32),
        speaks=np.arange(200) >= 100,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def a_head(**changes: object) -> SheetFacts:
    whole = SheetFacts(
        title="P1.mov",
        duration_s=100.0,
        facts=(("rate", "30 Hz"),),
        findings=(Finding(code="x.dark", what="it is dark", remedy="put on a light", severity=Severity.WARNING),),
        marks=(
            Mark(start_s=12.0, stop_s=12.5, score=2.5, tagged=False, clip="clip-1"),
            Mark(start_s=50.0, stop_s=50.5, score=1.0, tagged=True, clip=None),
        ),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


class Tags(HTMLParser):
    """Which elements a page has, and whether each that opens closes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.unclosed: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag != "meta":
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag


def read(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    assert not tags.unclosed
    return tags


def test_a_page_shows_what_it_was_given_and_needs_nothing_else() -> None:
    page = sheet_page(a_head(), [(a_movement(), A_JPEG)])
    for words in ("P1.mov", "30 Hz", "it is dark", "put on a light", "brow-left", "score 2.50", "speech", "0:12.300"):
        assert words in page
    tags = read(page)
    assert not {"script", "link", "iframe"} & set(tags.seen)
    assert set(tags.addresses) == {"#clip-1"}  # the bar over the recording leads to its row
    assert "http" not in page
    assert page.count("data:image/jpeg;base64,") == 1
    assert page.count("class=cell") + page.count('class="cell') == len(CELLS)


def test_words_from_outside_are_escaped() -> None:
    evil = '<script>alert("1")</script>'
    finding = Finding(code="x", what=evil, remedy=evil)
    page = sheet_page(
        a_head(title=evil, facts=((evil, evil),), findings=(finding,)),
        [(a_movement(name=evil, when=evil, words=(evil,), tags=(evil,)), None)],
    )
    assert "script" not in read(page).seen
    assert page.count("&lt;script&gt;") >= 8


def test_the_span_lies_where_it_lies_in_the_clip() -> None:
    page = sheet_page(a_head(), [(a_movement(), None)])
    # the curves are 520 wide and the clip 2 s long: 0.75 s is at 195, half a second is 130 wide, the apex at 260
    assert re.search(r"<rect class=span x=195\.0 y=0 width=130\.0 ", page)
    assert re.search(r"<line class=apex x1=260\.0 x2=260\.0 ", page)


def test_a_clip_without_sound_or_face_is_still_a_row() -> None:
    nothing = np.zeros(0, dtype=np.float32)
    bare = a_movement(
        own=nothing,
        others=nothing,
        times_s=np.zeros(0),
        level_db=nothing,
        level_times_s=np.zeros(0),
        speaks=np.zeros(0, dtype=bool),
        strip=None,
        score=None,
    )
    page = sheet_page(a_head(), [(bare, None)])
    assert "no sound" in page and "marked by a person" in page
    read(page)


def test_a_page_of_nothing_says_so() -> None:
    assert "No clip was cut" in sheet_page(a_head(marks=(), duration_s=0.0), [])


def test_the_png_is_the_same_twice_and_grows_by_its_rows(tmp_path: Path) -> None:
    rows = [a_movement(f"clip-{place}", own=np.full(60, np.nan, dtype=np.float32)) for place in range(3)]
    sizes = []
    for name, shown in (("one", rows[:1]), ("three", rows), ("again", rows)):
        sheet_figure(a_head(title="$P_1$.mov"), shown, tmp_path / f"{name}.png", left_out=4)
        sizes.append(int.from_bytes((tmp_path / f"{name}.png").read_bytes()[20:24]))  # height, in a PNG's header
    assert sizes[1] - sizes[0] == 2 * (CELL_PX + 34)
    assert (tmp_path / "three.png").read_bytes() == (tmp_path / "again.png").read_bytes()


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00.000"), (59.9996, "1:00.000"), (61.5, "1:01.500"), (3725.25, "1:02:05.250")]
)
def test_times_as_a_clock_shows_them(seconds: float, words: str) -> None:
    assert clock_time(seconds) == words


def test_runs_of_speech() -> None:
    assert runs_s(np.array([True, True, False, True]), np.array([0.0, 1.0, 2.0, 3.0])) == [(0.0, 2.0), (3.0, 4.0)]
    assert runs_s(np.zeros(0, dtype=bool), np.zeros(0)) == []


@given(arrays(np.float32, st.integers(1, 2000), elements=st.floats(0, 100, width=32)))
def test_thinning_loses_no_peak(values: np.ndarray) -> None:
    times_s, few = thinned(np.arange(len(values), dtype=np.float64), values)
    assert len(few) == len(times_s) <= 240
    assert few.max() == values.max()
    assert (np.diff(times_s) > 0).all()
