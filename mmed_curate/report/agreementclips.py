"""The lower half of the page of agreement: the clips behind each number, and what everybody said of each clip."""

from __future__ import annotations

from itertools import groupby

from mmed_curate.report.agreementshown import AgreementShown, ShownClip, ShownEvent, ShownList
from mmed_curate.report.markup import Html, anchor, element, joined, link
from mmed_curate.report.tables import NOTHING

LIST, CLIP = "behind ", "clip "
"""Before a key or id, so that no two things on the page share an anchor."""


def lists_section(shown: AgreementShown) -> Html:
    """The clips behind each number."""
    known = {one.clip for one in shown.clips}
    return element(
        "section",
        element("h2", "The clips behind the numbers"),
        element(
            "p",
            "Of each number the clips on which coders differ most, the most differences first. ",
            shown.more,
            class_="means",
        ),
        *(_list(one, known) for one in shown.lists),
        id="lists",
    )


def clips_section(shown: AgreementShown) -> Html:
    """Each clip once."""
    nothing = [] if shown.clips else [element("p", "Nobody differs on any clip.", class_="quiet")]
    return element(
        "section",
        element("h2", "What each coder said"),
        element(
            "p",
            "Times are in ms from the clip's first frame; in bold, behind ≠, what differs between two coders by more "
            "than the protocol's tolerance.",
            class_="means",
        ),
        element(
            "p",
            "‘Play it’ looks for the clip from the folder in which this page was written: moved or sent, the page "
            "finds none, so write it anew where it is read.",
            class_="means",
        ),
        *nothing,
        *(_clip(one, shown.columns) for one in shown.clips),
        id="clips",
    )


def _list(one: ShownList, known: set[str]) -> Html:
    items = [
        element("li", link(CLIP + clip, clip) if clip in known else clip, f": {words}" if words else "")
        for clip, words in one.clips
    ]
    rest = f"and {one.n_more} more" if one.n_more else ""
    return element(
        "section",
        element("h3", one.title),
        element("ol", *items) if items else element("p", "None.", class_="quiet"),
        element("p", rest, class_="quiet") if rest else "",
        class_="clip",
        id=anchor(LIST + one.key),
    )


def _clip(one: ShownClip, columns: tuple[str, ...]) -> Html:
    play = (
        element("a", "play it", href=one.media)
        if one.media
        else element("span", "its media are not there", class_="quiet")
    )
    parts: list[Html] = [element("h3", f"Clip {one.clip}")]
    parts.append(
        element("p", f"{one.stands}; ", play, "; everything said of it: ", element("code", f"mmed why {one.clip}"))
    )
    if one.differs:
        parts.append(element("p", f"Differs: {one.differs}", class_="quiet"))
    heads = ("event", "coder", *columns)
    rows: list[Html] = []
    for _, group in groupby(one.events, key=lambda row: row.event):
        rows_of = tuple(group)
        for place, row in enumerate(rows_of):
            first = element("th", str(row.event), scope="rowgroup", rowspan=len(rows_of)) if place == 0 else ""
            kind = "first" if place == 0 else None
            rows.append(element("tr", first, *_cells(row, len(columns)), class_=kind))
    if rows:
        table = element(
            "table",
            element("caption", "What each coder said of each event"),
            element("thead", element("tr", *(element("th", head, scope="col") for head in heads))),
            element("tbody", *rows),
            class_="readings untitled",
        )
        parts.append(element("div", table, class_="wide", role="region", tabindex="0", aria_label=f"clip {one.clip}"))
    else:
        parts.append(element("p", "No coder marked an event in it.", class_="quiet"))
    if one.notes:
        parts.append(element("ul", *(element("li", note) for note in one.notes)))
    return element("article", *parts, class_="clip", id=anchor(CLIP + one.clip))


def _cells(row: ShownEvent, n_columns: int) -> tuple[Html, ...]:
    who = element("th", row.coder, scope="row")
    if not row.cells:
        return (who, element("td", "≠ did not mark it", colspan=n_columns, class_="differs"))
    said = (
        element("td", f"≠ {cell}", class_="differs") if place in row.differs else element("td", cell)
        for place, cell in enumerate(row.cells)
    )
    return (who, *said)


def behind(key: str, *inside: object) -> Html:
    """A link to the clips behind a number; without a key, only what it would have held."""
    return link(LIST + key, *inside) if key else joined(inside)


def number_behind(key: str, said: str) -> Html:
    """The same of a number in a cell; a dash is no word to follow, so `clips` stands beside it."""
    return joined((said, " ", behind(key, "clips"))) if key and said == NOTHING else behind(key, said)
