"""What the sections of the page of agreement share."""

from __future__ import annotations

from mmed_curate.domain.measures import Measure, Undetermined
from mmed_curate.report.markup import Html, element, joined
from mmed_curate.report.meanings import MEANINGS
from mmed_curate.report.tables import number, spread


def page_section(key: str, title: str, *inside: object) -> Html:
    """A section with its heading, to which the top of the page leads."""
    return element("section", element("h2", title), *inside, id=key)


def meanings_of(*kinds: str) -> Html:
    """What some kinds of numbers mean, and what they do not."""
    said = (
        joined((element("b", MEANINGS[kind].name), f": {MEANINGS[kind].means} {MEANINGS[kind].means_not}"))
        for kind in kinds
    )
    return joined(element("p", one, class_="means") for one in said)


def in_words(measure: Measure) -> str:
    """A number for who hears the page."""
    if isinstance(measure, Undetermined):
        return f"undetermined, {measure.reason}"
    return f"{number(measure)}, interval {spread(measure)}"


def why_not(measure: Measure) -> str:
    """Why it, or its interval, is undetermined; empty: neither is."""
    if isinstance(measure, Undetermined):
        return measure.reason
    return f"interval: {measure.interval.reason}" if isinstance(measure.interval, Undetermined) else ""
