"""How well coders agree, as one HTML page that needs nothing else: numbers, plots, words, and the clips behind them.

For the curator only: it names coders and what each of them said. It needs no script, follows the reader's choice of
light or dark, and every plot stands beside a table that says the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from mmed_curate.domain.measures import Measure, Undetermined
from mmed_curate.report.agreementclips import CLIP, behind, clips_section, lists_section
from mmed_curate.report.agreementshown import AgreementShown, ShownClasses, ShownMark, ShownMatrix, point_of
from mmed_curate.report.markup import Html, element, joined, link, table
from mmed_curate.report.meanings import MEANINGS, meaning_of
from mmed_curate.report.pagestyle import STYLE
from mmed_curate.report.svgplots import course, histogram, intervals
from mmed_curate.report.tables import NOTHING, count, milliseconds, number, share, spread

GENERATOR = "mmed agreement"
"""Says in the page's head what wrote it."""


def agreement_page(shown: AgreementShown) -> str:
    """The page."""
    parts = [
        (("gate", "The gate"), _gate(shown)),
        (("discuss", "What to discuss"), _topics(shown)),
        (("layers", "Each layer"), _layers(shown)),
        (("classes", "Each class and code"), _classes(shown)),
        (("confusion", "Who says what where another says that"), _confusion(shown)),
        (("times", "When it happened"), _times(shown)),
        (("coders", "Coders"), _coders(shown)),
        (("drift", "Over time"), _drift(shown)),
        (("numbers", "Every number"), _numbers(shown)),
        (("how", "How it was measured"), _how(shown)),
        (("lists", "The clips behind the numbers"), lists_section(shown)),
        (("clips", "What each coder said"), clips_section(shown)),
    ]
    there = [(name, part) for name, part in parts if part]
    title = f"{'SIMULATED: ' if shown.simulated else ''}{shown.title}"
    head = (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<meta name='generator' content='{GENERATOR}'><meta name='robots' content='noindex'>"
        f"{element('title', title)}<style>{STYLE}</style></head>\n<body>"
    )
    body = [
        element("h1", shown.title),
        *_banners(shown),
        element("ul", *(element("li", sentence) for sentence in shown.headline), class_="lead"),
        element(
            "nav",
            element("ul", *(element("li", link(key, words)) for (key, words), _ in there)),
            aria_label="On this page",
        ),
        *(part for _, part in there),
    ]
    return head + "\n".join(body) + "\n</body></html>\n"


def _banners(shown: AgreementShown) -> Iterable[Html]:
    yield element(
        "p",
        element("b", "For the curator. "),
        "It names coders and tells what each of them said. Give it to nobody who still codes: a coder who has read what "
        "others said does not judge alone any more.",
        class_="banner",
    )
    if shown.simulated:
        yield element(
            "p",
            element("b", "SIMULATED. "),
            "Some of these clips or judgements are made up; the numbers say nothing of people.",
            class_="banner",
        )


def _section(key: str, title: str, *inside: object) -> Html:
    return element("section", element("h2", title), *inside, id=key)


def _means(*kinds: str) -> Html:
    said = (
        joined((element("b", MEANINGS[kind].name), f": {MEANINGS[kind].means} {MEANINGS[kind].means_not}"))
        for kind in kinds
    )
    return joined(element("p", one, class_="means") for one in said)


def _gate(shown: AgreementShown) -> Html:
    if not shown.policy:
        return Html("")
    failed = [rule for rule in shown.rules if not rule.holds]
    words = "1 rule fails" if len(failed) == 1 else f"{len(failed)} rules fail"
    said = (
        element("span", "The gate is open.", class_="yes")
        if shown.passed
        else joined((element("span", "The gate is closed:", class_="no"), f" {words}."))
    )
    rows = [
        (
            rule.name,
            behind(rule.key, rule.number),
            rule.bound,
            element("span", "yes" if rule.holds else "no", class_="yes" if rule.holds else "no")
            if not rule.rare
            else "too rare",
            rule.what,
            rule.remedy or NOTHING,
        )
        for rule in sorted(shown.rules, key=lambda rule: rule.holds)
    ]
    return _section(
        "gate",
        "The gate",
        element("p", said),
        table(shown.policy, ("rule", "number", "bound", "holds", "what was looked at", "what to do"), rows),
        element(
            "p",
            "A rule that holds does not say that the labels are right, only that these people, on these clips, agreed at "
            "least so far. What is undetermined never holds. There is no override.",
            class_="means",
        ),
    )


def _topics(shown: AgreementShown) -> Html:
    if not shown.topics:
        return _section("discuss", "What to discuss", element("p", "Nobody differs on anything.", class_="quiet"))
    lists = [
        joined(
            (
                element("h3", one.title),
                element(
                    "ol",
                    *(
                        element(
                            "li", link(CLIP + topic.clip, topic.words) if topic.clip else behind(topic.key, topic.words)
                        )
                        for topic in one.topics
                    ),
                ),
            )
        )
        for one in shown.topics
    ]
    return _section(
        "discuss",
        "What to discuss",
        element(
            "p",
            "For retraining: look at these clips together and settle what the codebook means. What was coded already "
            "stays as it is; it is counted as it stood before anybody discussed it. Who differs from the others is not "
            "therefore the one who errs.",
            class_="means",
        ),
        *lists,
    )


def _layers(shown: AgreementShown) -> Html:
    points = [point_of(one.title, one.alpha) for one in shown.layers]
    said = "; ".join(f"{one.title}: {_in_words(one.alpha)}" for one in shown.layers)
    heads = ("layer", "alpha", "interval", "AC1 or AC2", "kappa", "agree", "units", "in words")
    rows = [
        (
            one.title,
            behind(one.key, number(one.alpha)),
            spread(one.alpha),
            NOTHING if one.ac1 is None else number(one.ac1),
            NOTHING if one.kappa is None else number(one.kappa),
            share(one.percent),
            count(one.alpha),
            one.words,
        )
        for one in shown.layers
    ]
    more = [
        (
            one.title,
            behind(one.key, share(one.value) if one.as_share else number(one.value)),
            spread(one.value),
            count(one.value),
            one.value.reason if isinstance(one.value, Undetermined) else "",
        )
        for one in shown.others
    ]
    return _section(
        "layers",
        "Each layer",
        _means("alpha", "ac1", "ac2", "cohen", "percent"),
        element(
            "figure", intervals(points, shown.bounds, title="Alpha of each layer with its interval", describe=said)
        ),
        table("What coders chose", heads, rows),
        table("Sets, scales, stretches of time", ("number", "value", "interval", "units", ""), more) if more else "",
        _means("masi", "index", "alpha-u", "invented") if more else "",
    )


def _classes(shown: AgreementShown) -> Html:
    if not shown.classes:
        return Html("")
    return _section(
        "classes",
        "Each class and code",
        element(
            "p",
            "Each value against all others. ‘Chosen in’ says in how many units at least one coder chose it: what is "
            "rare rests on its few positives, and what rests on too few is undetermined, not good.",
            class_="means",
        ),
        *(_class_part(one, shown) for one in shown.classes),
    )


def _class_part(one: ShownClasses, shown: AgreementShown) -> Html:
    points = [point_of(each.label, each.alpha) for each in one.classes]
    said = "; ".join(f"{each.label}: {_in_words(each.alpha)}" for each in one.classes)
    rows = [
        (
            each.label,
            str(each.positives),
            behind(each.key, number(each.alpha)),
            spread(each.alpha),
            NOTHING if each.ac1 is None else number(each.ac1),
            NOTHING if each.percent is None else share(each.percent),
            each.words,
        )
        for each in one.classes
    ]
    heads = ("value", "chosen in", "alpha", "interval", "AC1", "agree", "in words")
    return joined(
        (
            element("h3", one.title),
            element(
                "figure", intervals(points, shown.bounds, title=f"Alpha of each value: {one.title}", describe=said)
            ),
            table(one.title, heads, rows),
        )
    )


def _confusion(shown: AgreementShown) -> Html:
    if not shown.matrices:
        return Html("")
    return _section(
        "confusion",
        "Who says what where another says that",
        element(
            "p",
            "Pairs of coders before one event: how often one said what stands at the row and the other what stands at the "
            "column. On the diagonal, framed, both said the same. The shade is the share of the row. It does not say who "
            "of the two is right.",
            class_="means",
        ),
        *(_matrix(one) for one in shown.matrices),
    )


def _matrix(one: ShownMatrix) -> Html:
    rows = []
    for at, label in enumerate(one.labels):
        total = sum(one.counts[at])
        cells = [
            element(
                "td",
                behind(one.keys.get((at, beside), ""), str(n)) if n else "·",
                class_="same" if at == beside else None,
                style=f"--share:{70 * n / total:.0f}%" if n else None,
            )
            for beside, n in enumerate(one.counts[at])
        ]
        rows.append(element("tr", element("th", label, scope="row"), *cells))
    heads = element("tr", element("td", ""), *(element("th", label, scope="col") for label in one.labels))
    drawn = element(
        "table", element("caption", one.title), element("thead", heads), element("tbody", *rows), class_="heat"
    )
    return joined(
        (
            element("h3", one.title),
            element("div", drawn, class_="wide", role="region", tabindex="0", aria_label=f"confusion: {one.title}"),
        )
    )


def _times(shown: AgreementShown) -> Html:
    rows = [
        (
            one.mark,
            milliseconds(one.median_ms),
            milliseconds(one.p95_ms),
            behind(one.key, share(one.within)),
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
    return _section(
        "times",
        "When it happened",
        _means("within-tolerance", "duration"),
        table("Pairs of coders who marked the same event", heads, rows),
        element("div", *plots, class_="row") if plots else "",
        element("p", "Bars drawn hollow lie beyond the tolerance.", class_="means") if plots else "",
    )


def _of_mark(one: ShownMark) -> str:
    return f"How far apart coders put the {one.mark}, in ms"


def _bars(one: ShownMark) -> str:
    found = one.histogram
    said = [
        f"{place * found.step_ms:.0f} to {(place + 1) * found.step_ms:.0f} ms: {n}"
        for place, n in enumerate(found.counts)
        if n
    ]
    beyond = [f"more: {found.n_beyond}"] if found.n_beyond else []
    return f"pairs of coders by distance. {'; '.join([*said, *beyond])}. Tolerance {found.tolerance_ms:.0f} ms."


def _coders(shown: AgreementShown) -> Html:
    if not shown.coders:
        return Html("")
    coders = [
        (
            one.coder,
            str(one.n_clips),
            behind(one.key, share(one.with_others)),
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
            behind(one.key, number(one.kappa)),
            spread(one.kappa),
            milliseconds(one.onset_ms),
            f"{one.n_events}, {one.seen_by_one}, {one.seen_by_other}",
        )
        for one in shown.pairs
    ]
    heads = ("coder", "clips", "with others", "interval", "alpha without", "emotion as settled")
    names = ("pair", "clips", "kappa", "interval", "onset apart", "events of both, first, second")
    return _section(
        "coders",
        "Coders",
        element(
            "p",
            "‘With others’: the share of pairs with this coder who name the same emotion, part of it by chance. ‘Alpha "
            "without’: that of all others; above alpha of all, this coder differs from the rest. It does not say who is "
            "right: what was settled rests in part on their own word.",
            class_="means",
        ),
        table("Each coder beside all others, emotion", heads, coders),
        table("Pairs of coders, emotion", names, pairs) if pairs else "",
    )


def _drift(shown: AgreementShown) -> Html:
    if not shown.weeks and not shown.drift:
        return Html("")
    points = [point_of(one.week, one.alpha) for one in shown.weeks]
    said = "; ".join(f"{one.week}: {_in_words(one.alpha)}" for one in shown.weeks)
    weeks = [
        (one.week, str(one.n_clips), behind(one.key, number(one.alpha)), spread(one.alpha), _why_not(one.alpha))
        for one in shown.weeks
    ]
    drift = [(one.coder, one.kind, one.window, str(one.n_clips), *one.figures) for one in shown.drift]
    heads = ("coder", "held against", "when", "clips", "event F1", "emotion", "AU index", "onset apart")
    return _section(
        "drift",
        "Over time",
        element(
            "p",
            "A week counts the clips whose coding closed in it. Other clips come in other weeks: a fall may lie in them, "
            "and intervals that overlap say little. What coders hold to over time is told by hidden gold and repeats.",
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


def _numbers(shown: AgreementShown) -> Html:
    by_meaning: dict[str, list[str]] = {}
    for name in shown.numbers:
        by_meaning.setdefault(meaning_of(name).name, []).append(name)
    parts: list[Html] = []
    for kind, names in by_meaning.items():
        told = meaning_of(names[0])
        rows = [
            (
                name,
                behind(shown.keys.get(name, ""), number(shown.numbers[name])),
                spread(shown.numbers[name]),
                count(shown.numbers[name]),
                _subjects(shown.numbers[name]),
                _why_not(shown.numbers[name]),
            )
            for name in names
        ]
        parts += [
            element("h3", kind),
            element("p", element("b", "Means: "), told.means, class_="means"),
            element("p", element("b", "Does not mean: "), told.means_not, class_="means"),
            table(kind, ("number", "value", "interval", "units", "subjects", "undetermined because"), rows),
        ]
    return _section("numbers", "Every number", *parts)


def _how(shown: AgreementShown) -> Html:
    return _section("how", "How it was measured", table("Settings and sources", ("what", "value"), shown.how))


def _in_words(measure: Measure) -> str:
    if isinstance(measure, Undetermined):
        return f"undetermined, {measure.reason}"
    return f"{number(measure)}, interval {spread(measure)}"


def _why_not(measure: Measure) -> str:
    if isinstance(measure, Undetermined):
        return measure.reason
    return f"interval: {measure.interval.reason}" if isinstance(measure.interval, Undetermined) else ""


def _subjects(measure: Measure) -> str:
    return NOTHING if isinstance(measure, Undetermined) else str(measure.n_clusters)
