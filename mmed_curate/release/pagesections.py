"""Sections of the page: its top, counts, how to cite, terms of use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from mmed_curate.dataset.facts import cited_as
from mmed_curate.dataset.released import Dataset
from mmed_curate.dataset.rows import ClipRow
from mmed_curate.domain.codebook import Entry
from mmed_curate.release.pagetold import PageTold
from mmed_curate.report.barplots import Bar, bar_table, columns
from mmed_curate.report.markup import Html, element, joined

NO_CLASS = "none"
"""Stands for events whose emotion is of no class."""
_STEPS_MS = (20, 50, 100, 250, 500, 1000, 5000)
"""Widths of the columns of durations; the first that needs no more than `_MOST_STEPS`."""
_MOST_STEPS = 24


def top(dataset: Dataset, told: PageTold) -> Html:
    """The first things that are read: whether it is simulated, whether it is a draft, what it is."""
    release, counts = dataset.release, dataset.release.counts
    figures = [
        (counts.clips, "settled events"),
        (counts.subjects, "subjects"),
        (counts.sessions, "sessions"),
        (counts.coders, "experts"),
        (counts.judgements, "judgements"),
    ]
    return element(
        "header",
        *_banners(dataset),
        element("p", release.name, " ", release.version, class_="over"),
        element("h1", told.title),
        element(
            "p",
            f"Brief facial expressions with the voice, cut from recorded game sessions and judged by experts. "
            f"Each of the {counts.clips} events here was settled out of what several experts said of it, and every "
            f"single judgement is part of the dataset. Released on {release.released_on.isoformat()}.",
            class_="intro",
        ),
        element("dl", *(_figure(value, words) for value, words in figures), class_="figures"),
    )


def counts_section(dataset: Dataset) -> Html:
    """How many events of each kind, of each subject, and how long they last."""
    rows, book = dataset.clip_rows, dataset.codebook
    named = class_names(dataset)
    by_class = Counter(row.emotion_class or NO_CLASS for row in rows)
    of_class = bar_table(
        "Events by class",
        "class",
        ("events",),
        [Bar(label=name, counts=(by_class[code],)) for code, name in named.items()],
        plain=True,
    )
    kinds = [one for one in book.event_types if any(row.event_type == one.code for row in rows)]
    return joined(
        (
            element(
                "p",
                "One event is one brief movement of a face as it was settled: from its onset, through its apex, to its "
                "offset. A clip that experts judged may hold several events, or none.",
                class_="means",
            ),
            element(
                "div",
                element("div", of_class, _bars(rows, "Events by type", "type", kinds, lambda row: row.event_type)),
                element("div", _bars(rows, "Events by emotion", "emotion", book.emotions, lambda row: row.emotion)),
                class_="pair",
            ),
            _durations(rows),
            _subjects(rows, named),
        )
    )


def class_names(dataset: Dataset) -> dict[str, str]:
    """The classes of the codebook by code, in its order; last, where an event has none, that."""
    book = dataset.codebook
    named = {one.code: one.label["en"] for one in book.classes}
    classless = any(row.emotion_class is None for row in dataset.clip_rows)
    return {code: named.get(code, code) for code in book.class_codes} | ({NO_CLASS: "No class"} if classless else {})


def cite_section(dataset: Dataset, told: PageTold) -> Html:
    """A line for a list of references, and the same as BibTeX."""
    release = dataset.release
    title = cited_as(told.title, simulated=release.simulated, draft=dataset.is_draft)
    who = ", ".join(told.authors) or "no authors named yet"
    doi = f" doi:{told.doi}" if told.doi else ""
    line = f"{who} ({told.year}). {title} (version {release.version}) [Data set].{doi}"
    fields = {
        "author": " and ".join(f"{{{one}}}" for one in told.authors),
        "title": f"{{{title}}}",
        "year": str(told.year),
        "version": release.version,
        "note": "Data set",
        **({"doi": told.doi} if told.doi else {}),
    }
    inner = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return joined(
        (
            element("p", line),
            _code(f"@misc{{{release.name}-{release.version},\n{inner}\n}}"),
            element(
                "p",
                "The same stands in CITATION.cff. Name the version: labels may change with the next.",
                class_="means",
            ),
        )
    )


def licence_section(told: PageTold, *, inside: bool) -> Html:
    """The licence text, folded."""
    if told.licence is None:
        return Html("")
    first = told.licence.strip().splitlines()[0]
    where = element("a", "LICENSE.txt", href="LICENSE.txt") if inside else "LICENSE.txt"
    return joined(
        (
            element("p", first, class_="licence"),
            element("p", joined(("The whole text is in ", where, ".")), class_="means"),
            element("details", element("summary", "Read it here"), element("pre", told.licence, class_="prose")),
        )
    )


def _banners(dataset: Dataset) -> Iterable[Html]:
    if dataset.release.simulated:
        yield element(
            "p",
            element("b", "SIMULATED. "),
            "Recordings, people or judgements in it were made by a program; it proves nothing about people.",
            class_="banner",
        )
    if dataset.is_draft:
        yield element(
            "p",
            element("b", "DRAFT. "),
            "Its gate is closed, so this is no release; do not publish results on it.",
            class_="banner",
        )


def _figure(value: int, words: str) -> Html:
    return element("div", element("dt", words), element("dd", f"{value:,}".replace(",", "\u202f")))


def _bars(
    rows: Sequence[ClipRow], caption: str, head: str, entries: Sequence[Entry], code_of: Callable[[ClipRow], str]
) -> Html:
    found = Counter(code_of(row) for row in rows)
    named = {one.code: one.label["en"] for one in entries}
    codes = [*(one.code for one in entries), *sorted(set(found) - set(named))]
    return bar_table(
        caption,
        head,
        ("events",),
        [Bar(label=named.get(code, code), counts=(found[code],)) for code in codes],
        plain=True,
    )


def _durations(rows: Sequence[ClipRow]) -> Html:
    lasted_ms = sorted(1000 * (row.offset_s - row.onset_s) for row in rows)
    if not lasted_ms:
        return Html("")
    step = next((one for one in _STEPS_MS if lasted_ms[-1] / one < _MOST_STEPS), _STEPS_MS[-1])
    n_steps = min(int(lasted_ms[-1] // step) + 1, 10 * _MOST_STEPS)
    found = Counter(min(int(one // step), n_steps - 1) for one in lasted_ms)
    steps = [(str(place * step), found[place]) for place in range(n_steps)]
    middle = lasted_ms[len(lasted_ms) // 2]
    told = f"From {lasted_ms[0]:.0f} to {lasted_ms[-1]:.0f} ms; half of them last {middle:.0f} ms or less."
    inner = [
        (f"{low} to {high} ms", str(count))
        for ((low, count), (high, _)) in pairwise([*steps, (str(n_steps * step), 0)])
        if count
    ]
    rows_told = element(
        "details",
        element("summary", "The same as a table"),
        bar_table(
            "Events by duration",
            "from onset to offset",
            ("events",),
            [Bar(label=label, counts=(int(count),)) for label, count in inner],
            plain=True,
        ),
    )
    return joined(
        (
            element("h3", "How long they last"),
            element("p", told, class_="means"),
            element(
                "figure",
                columns(steps, unit="ms from onset to offset", title="Durations of events", describe=told),
            ),
            rows_told,
        )
    )


def _subjects(rows: Sequence[ClipRow], named: dict[str, str]) -> Html:
    by_subject: dict[str, Counter[str]] = {}
    for row in rows:
        by_subject.setdefault(row.subject, Counter())[row.emotion_class or NO_CLASS] += 1
    bars = [
        Bar(label=subject, counts=tuple(found[code] for code in named)) for subject, found in sorted(by_subject.items())
    ]
    drawn = bar_table("Events by subject and class", "subject", list(named.values()), bars)
    return joined(
        (
            element("h3", "Who is in it"),
            element(
                "p",
                "Split by subject, never by clip: somebody who is on both sides of a split is recognised, not read.",
                class_="means",
            ),
            element("div", drawn, class_="tall"),
        )
    )


def _code(text: str) -> Html:
    return element("pre", element("code", text), tabindex="0")
