"""Markup that is safe by default, anchors that never meet, plots that are heard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.report.markup import Html, anchor, element, link, markup, table
from mmed_curate.report.svgplots import Bound, Histogram, Point, course, histogram, intervals


@given(st.text())
def test_text_never_becomes_markup(text: str) -> None:
    said = element("p", text, title=text)
    assert said.count("<") == said.count(">") == 2
    assert markup(markup(text)) == markup(text)


@given(st.text(), st.text())
def test_other_keys_have_other_anchors(one: str, other: str) -> None:
    assert (anchor(one) == anchor(other)) == (one == other)
    assert not set(anchor(one)) & set(" \"'<>#%&")


def test_what_is_markup_already_stays() -> None:
    assert element("p", Html("<b>x</b>"), " & y") == "<p><b>x</b> &amp; y</p>"
    assert link("coder <b>", "clips") == '<a href="#coder~20.~3c.b~3e.">clips</a>'


def test_a_table_names_its_rows_and_columns() -> None:
    drawn = table("Layers", ("layer", "alpha"), [("emotion", "0.7")])
    assert '<th scope="col">alpha</th>' in drawn and '<th scope="row">emotion</th><td>0.7</td>' in drawn
    assert "<caption>Layers</caption>" in drawn and 'aria-label="Layers"' in drawn


def test_a_plot_says_what_it_shows() -> None:
    points = [Point(label="emotion", value=0.7, lower=0.6, upper=0.8), Point(label="<b>", value=None, note="one value")]
    drawn = intervals(points, [Bound(value=0.667, label="tentative")], title="Layers", describe="emotion 0.7 & more")
    assert drawn.startswith("<svg ") and 'role="img"' in drawn
    assert ">Layers</title>" in drawn and ">emotion 0.7 &amp; more</desc>" in drawn
    assert "undetermined" in drawn and "&lt;b&gt;" in drawn
    assert course([], [], title="Weeks", describe="none").startswith("<svg ")


def test_bars_beyond_the_tolerance_are_hollow() -> None:
    found = Histogram(step_ms=10.0, counts=((3, 0), (1, 2)), n_more=1, tolerance_ms=10.0)
    drawn = histogram(found, title="Onset", describe="…")
    assert drawn.count('class="bar"') == 2
    assert drawn.count('class="bar beyond"') == 2
    assert "tolerance 10 ms" in drawn
