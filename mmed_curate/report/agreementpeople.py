"""The middle of the page of agreement: when it happened, who says it, and how that goes on over time."""

from __future__ import annotations

from mmed_curate.report.agreementclips import number_behind
from mmed_curate.report.agreementparts import in_words, meanings_of, page_section, why_not
from mmed_curate.report.agreementshown import AgreementShown, ShownMark, point_of
from mmed_curate.report.markup import Html, element, table
from mmed_curate.report.svgplots import course, histogram
from mmed_curate.report.tables import NOTHING, milliseconds, number, share, spread


def times_section(shown: AgreementShown) -> Html:
    """How far apart coders put the marks of an event."""
    rows = [
        (
            one.mark,
            milliseconds(one.median_ms),
            milliseconds(one.p95_ms),
            number_behind(one.key, share(one.within)),
            spread(one.within),
            str(one.n_pairs),
            one.tolerance,
        )
        for one in shown.marks
    ]
    heads = ("mark", "median apart", "95 % below", "within tolerance", "interval", "pairs", "tolerance")
    plots = [
        element(
            "figure",
            element("figcaption", one.mark),
            histogram(one.histogram, title=_of_mark(one), describe=_bars(one)),
        )
        for one in shown.marks
        if one.n_pairs
    ]
    return page_section(
        "times",
        "When it happened",
        meanings_of("within-tolerance", "duration"),
        table("Pairs of coders who marked the same event", heads, rows),
        element("div", *plots, class_="row") if plots else "",
        element("p", "Bars drawn hollow lie beyond the tolerance.", class_="means") if plots else "",
    )


def _of_mark(one: ShownMark) -> str:
    return f"How far apart coders put the {one.mark}, in ms"


def _bars(one: ShownMark) -> str:
    found = one.histogram
    said = [f"about {place * found.step_ms:.0f} ms: {sum(n)}" for place, n in enumerate(found.counts) if sum(n)]
    beyond = [f"more: {found.n_more}"] if found.n_more else []
    return f"Pairs of coders by distance. {'; '.join([*said, *beyond])}. Tolerance {found.tolerance_ms:.0f} ms."


def coders_section(shown: AgreementShown) -> Html:
    """Each coder and each pair."""
    if not shown.coders:
        return Html("")
    coders = [
        (
            one.coder,
            str(one.n_clips),
            number_behind(one.key, share(one.with_others)),
            spread(one.with_others),
            number(one.alpha_without),
            NOTHING if one.as_settled is None else f"{one.as_settled:.2f}",
        )
        for one in shown.coders
    ]
    pairs = [
        (
            f"{one.one}, {one.other}",
            str(one.n_clips),
            number_behind(one.key, number(one.kappa)),
            spread(one.kappa),
            milliseconds(one.onset_ms),
            f"{one.n_events}, {one.seen_by_one}, {one.seen_by_other}",
        )
        for one in shown.pairs
    ]
    heads = ("coder", "clips", "with others", "interval", "alpha without", "emotion as settled")
    names = ("pair", "clips", "kappa", "interval", "onset apart", "events of both, first, second")
    return page_section(
        "coders",
        "Coders",
        element(
            "p",
            "‘With others’: the share of pairs with this coder who name the same emotion, part of it by chance. ‘Alpha "
            "without’: that of all others; above alpha of all, this coder differs from the rest. It does not say who "
            "is right: what was settled rests in part on their own word.",
            class_="means",
        ),
        table("Each coder beside all others, emotion", heads, coders),
        table("Pairs of coders, emotion", names, pairs) if pairs else "",
    )


def drift_section(shown: AgreementShown) -> Html:
    """Weeks, gold and repeats."""
    if not shown.weeks and not shown.drift:
        return Html("")
    points = [point_of(one.week, one.alpha) for one in shown.weeks]
    said = "; ".join(f"{one.week}: {in_words(one.alpha)}" for one in shown.weeks)
    weeks = [
        (one.week, str(one.n_clips), number_behind(one.key, number(one.alpha)), spread(one.alpha), why_not(one.alpha))
        for one in shown.weeks
    ]
    drift = [(one.coder, one.kind, one.window, str(one.n_clips), *one.figures) for one in shown.drift]
    heads = ("coder", "held against", "when", "clips", "event F1", "emotion", "AU index", "onset apart")
    return page_section(
        "drift",
        "Over time",
        element(
            "p",
            "A week counts the clips whose coding closed in it. Other clips come in other weeks: a fall may lie in "
            "them, and intervals that overlap say little. What coders hold to over time is told by hidden gold "
            "and repeats.",
            class_="means",
        ),
        element("figure", course(points, shown.bounds, title="Alpha of the emotion by week", describe=said))
        if points
        else "",
        table("Emotion by week", ("week", "clips", "alpha", "interval", ""), weeks) if weeks else "",
        table("Each coder against gold and against themselves", heads, drift)
        if drift
        else element("p", "No hidden gold and no repeat was answered yet.", class_="quiet"),
    )
