"""The page as HTML: what stands in it before any script runs is the whole of it but for the browser of clips."""

from __future__ import annotations

from importlib.resources import files

from mmed_curate.dataset.facts import marks
from mmed_curate.dataset.released import Dataset
from mmed_curate.release.pageagreement import agreement_section, gate_section
from mmed_curate.release.pagebenchmark import benchmark_section
from mmed_curate.release.pagesections import cite_section, counts_section, licence_section, top
from mmed_curate.release.pagesplits import splits_section
from mmed_curate.release.pagetexts import card_section, changes_section, load_section, not_for
from mmed_curate.release.pagetold import PageTold
from mmed_curate.report.markup import Html, element, link

STYLES = ("numbers.css", "page.css", "browser.css")
"""The first is that of all our pages of numbers; the others are this page's own."""
SCRIPTS = ("data.js", "time.js", "list.js", "timeline.js", "player.js", "judgements.js", "browser.js")
"""In the order in which they run; each adds to the one name `mmed`."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)
"""Content security policy: nothing comes from anywhere but beside the page, no inline script runs, nothing is sent.

`data:` is for the icon that there is not; `blob:` and `connect-src` for pictures from servers that give no parts of
files."""


def whole_page(dataset: Dataset, told: PageTold, *, media: bool, inside: bool) -> str:
    """The page.

    Args:
        dataset: the release.
        told: its documents.
        media: whether pictures and sounds that may be shown are.
        inside: it lies in the release, so that links to the release's files lead somewhere.
    """
    sections = [
        ("counts", "What is in it", counts_section(dataset)),
        ("browse", "Look at the clips", _browser(dataset, media=media)),
        ("splits", "How it is split", splits_section(dataset)),
        ("agreement", "How well coders agree", agreement_section(dataset, told)),
        ("gate", "The gate", gate_section(dataset, told)),
        ("benchmark", "Benchmark", benchmark_section(told, dataset, media=media)),
        ("card", "Data card", card_section(told)),
        ("changes", "What changed", changes_section(told)),
        ("load", "How to load it", load_section(told)),
        ("cite", "How to cite it", cite_section(dataset, told)),
        ("licence", "Terms of use", licence_section(told, inside=inside)),
    ]
    there = [(key, title, inner) for key, title, inner in sections if inner]
    marked = marks(simulated=dataset.release.simulated, draft=dataset.is_draft)
    title = f"{marked}{told.title} {dataset.release.version}"
    nav = element(
        "nav", element("ul", *(element("li", link(key, words)) for key, words, _ in there)), aria_label="On this page"
    )
    body = [
        element("a", "Skip to the content", href="#main", class_="skip"),
        top(dataset, told),
        nav,
        element(
            "main",
            not_for(told),
            *(element("section", element("h2", words), inner, id=key) for key, words, inner in there),
            id="main",
            tabindex="-1",
        ),
        element(
            "footer",
            element(
                "p",
                f"Made by mmed-curate {dataset.release.toolkit} of {dataset.release.name} {dataset.release.version}. "
                "This page loads nothing from elsewhere, stores nothing and reports to nobody.",
            ),
        ),
        *(element("script", "", src=f"page/{name}") for name in (SCRIPTS[0], "data/clips.js", *SCRIPTS[1:])),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
        f"{element('title', title)}\n"
        '<link rel="icon" href="data:,">\n'
        + "\n".join(f'<link rel="stylesheet" href="page/{name}">' for name in STYLES)
        + "\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _browser(dataset: Dataset, *, media: bool) -> Html:
    n = len(dataset.clip_rows)
    n_shown = sum(row.may_be_shown for row in dataset.clip_rows)
    if not media:
        said = "This page was made without pictures and sounds. What was said of each clip is all here."
    elif n_shown == n:
        said = "Everybody in these clips agreed to be shown publicly."
    else:
        said = (
            f"Pictures and sounds are shown of {n_shown} of {n} clips: those in which everybody agreed to be shown "
            "publicly. What was said of each clip is all here."
        )
    frame = (files("mmed_curate.release") / "_page" / "browser.html").read_text(encoding="utf-8")
    return Html(element("p", said, class_="means") + frame)
