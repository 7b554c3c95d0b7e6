"""How well coders agree, as one HTML page that needs nothing else: numbers, plots, words, and the clips behind them.

For the curator only: it names coders and what each of them said. It needs no script, follows the reader's choice of
light or dark, and every plot stands beside a table that says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmed_curate.domain.counted import counted
from mmed_curate.domain.measures import Measure, Undetermined
from mmed_curate.report.agreementclips import CLIP, behind, clips_section, lists_section, number_behind
from mmed_curate.report.agreementparts import in_words, meanings_of, page_section, why_not
from mmed_curate.report.agreementpeople import coders_section, drift_section, times_section
from mmed_curate.report.agreementshown import (
    AgreementShown,
    ShownClass,
    ShownClasses,
    ShownMatrix,
    ShownTopic,
    ShownTopics,
    point_of,
)
from mmed_curate.report.markup import Html, element, joined, link, table
from mmed_curate.report.meanings import meaning_of
from mmed_curate.report.pagestyle import STYLE
from mmed_curate.report.svgplots import intervals
from mmed_curate.report.tables import NOTHING, count, number, share, spread

GENERATOR = "mmed agreement"
"""Says in the page's head what wrote it."""


def agreement_page(shown: AgreementShown) -> str:
    """The page."""
    parts = [
        (("gate", "The gate"), _gate(shown)),
        (("attempts", "Attempts at the gate"), _attempts(shown)),
        (("discuss", "What to discuss"), _topics(shown)),
        (("layers", "Each layer"), _layers(shown)),
        (("classes", "Each class and code"), _classes(shown)),
        (("confusion", "Who says what where another says that"), _confusion(shown)),
        (("times", "When it happened"), times_section(shown)),
        (("coders", "Coders"), coders_section(shown)),
        (("drift", "Over time"), drift_section(shown)),
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
        "It names coders and tells what each of them said. Give it to nobody who still codes: a coder who has read "
        "what others said does not judge alone any more.",
        class_="banner",
    )
    if shown.simulated:
        yield element(
            "p",
            element("b", "SIMULATED. "),
            "Some of these clips or judgements are made up; the numbers say nothing of people.",
            class_="banner",
        )


def _gate(shown: AgreementShown) -> Html:
    if not shown.policy:
        return Html("")
    n_failed = sum(not rule.holds for rule in shown.rules)
    fails = counted(n_failed, "rule fails", "rules fail")
    if shown.passed is None:
        held = f"Of the rules on agreement and sample {n_failed or 'none'} fail{'s' if n_failed == 1 else ''}. Only "
        said = joined((held, element("code", "mmed gate"), " says whether the gate opens."))
    elif shown.passed:
        said = element("span", "The gate is open.", class_="yes")
    else:
        said = joined((element("span", "The gate is closed:", class_="no"), f" {fails}."))
    told = sorted((rule for rule in shown.rules if not rule.rare), key=lambda rule: rule.holds)
    rows = [
        (
            rule.name,
            number_behind(rule.key, rule.number),
            rule.bound,
            element("span", "yes" if rule.holds else "no", class_="yes" if rule.holds else "no"),
            rule.what,
            rule.remedy or NOTHING,
        )
        for rule in told
    ]
    rare = [(rule.name, rule.what) for rule in shown.rules if rule.rare]
    folded = element(
        "details",
        element("summary", f"{len(rare)} more rules are about codes that are too rare to be told"),
        table("Too rare to be told", ("rule", "what was looked at"), rare, class_="prose"),
    )
    return page_section(
        "gate",
        "The gate",
        element("p", said),
        table(shown.policy, ("rule", "number", "bound", "holds", "what was looked at", "what to do"), rows),
        folded if rare else "",
        element(
            "p",
            "A rule that holds does not say that the labels are right, only that these people, on these clips, agreed "
            "at least so far. What is undetermined for want of data never holds. There is no override.",
            class_="means",
        ),
    )


def _attempts(shown: AgreementShown) -> Html:
    if not shown.attempts:
        return Html("")
    rows = [
        (
            one.number,
            one.day,
            one.policy,
            one.n_clips,
            element("span", "failed" if one.failed else "held", class_="no" if one.failed else "yes"),
            one.came,
        )
        for one in shown.attempts
    ]
    needs = shown.next_needs
    return page_section(
        "attempts",
        "Attempts at the gate",
        element("p", "Every time that the gate was held on a whole sample. All stand in every later release."),
        table(
            "Attempts", ("attempt", "day", "policy", "clips", "agreement", "how it came out"), rows, class_="untitled"
        ),
        element("p", element("b", "The next one: "), f"{needs}.") if needs else "",
    )


def _topics(shown: AgreementShown) -> Html:
    if not shown.topics:
        return page_section("discuss", "What to discuss", element("p", "Nobody differs on anything.", class_="quiet"))
    return page_section(
        "discuss",
        "What to discuss",
        element(
            "p",
            "For retraining: look at these clips together and settle what the codebook means. What was coded already "
            "stays as it is; it is counted as it stood before anybody discussed it. Who differs from the others is not "
            "therefore the one who errs.",
            class_="means",
        ),
        *(_topic_list(one) for one in shown.topics),
    )


def _topic_list(one: ShownTopics) -> Html:
    listed = element("ol", *(element("li", _topic_head(topic), topic.rest) for topic in one.topics))
    if one.folded:
        return element("details", element("summary", one.title), listed)
    return joined((element("h3", one.title), listed))


def _topic_head(topic: ShownTopic) -> Html:
    return link(CLIP + topic.clip, topic.head) if topic.clip else behind(topic.key, topic.head)


def _layers(shown: AgreementShown) -> Html:
    points = [point_of(one.title, one.alpha) for one in shown.layers]
    said = "; ".join(f"{one.title}: {in_words(one.alpha)}" for one in shown.layers)
    heads = ("layer", "alpha", "interval", "AC1 or AC2", "kappa", "agree", "units", "in words")
    rows = [
        (
            one.title,
            number_behind(one.key, number(one.alpha)),
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
            number_behind(one.key, share(one.value) if one.as_share else number(one.value)),
            spread(one.value),
            count(one.value),
            one.value.reason if isinstance(one.value, Undetermined) else "",
        )
        for one in shown.others
    ]
    return page_section(
        "layers",
        "Each layer",
        meanings_of("alpha", "ac1", "ac2", "cohen", "percent"),
        element(
            "figure", intervals(points, shown.bounds, title="Alpha of each layer with its interval", describe=said)
        ),
        table("What coders chose", heads, rows),
        table("Sets, scales, stretches of time", ("number", "value", "interval", "units", ""), more) if more else "",
        meanings_of("masi", "index", "alpha-u", "invented") if more else "",
    )


def _classes(shown: AgreementShown) -> Html:
    if not shown.classes:
        return Html("")
    return page_section(
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
    told = [each for each in one.classes if not isinstance(each.alpha, Undetermined)]
    rest = [each for each in one.classes if isinstance(each.alpha, Undetermined)]
    said = "; ".join(f"{each.label}: {in_words(each.alpha)}" for each in told)
    points = [point_of(each.label, each.alpha) for each in told]
    title = f"Alpha of each value: {one.title}"
    folded = element(
        "details",
        element("summary", f"{len(rest)} undetermined"),
        _class_table(f"{one.title}, undetermined", rest),
        open="open" if not told else None,
    )
    return joined(
        (
            element("h3", one.title),
            element("figure", intervals(points, shown.bounds, title=title, describe=said)) if told else "",
            _class_table(one.title, told) if told else "",
            folded if rest else "",
        )
    )


def _class_table(title: str, classes: Sequence[ShownClass]) -> Html:
    rows = [
        (
            each.label,
            str(each.positives),
            number_behind(each.key, number(each.alpha)),
            spread(each.alpha),
            NOTHING if each.ac1 is None else number(each.ac1),
            NOTHING if each.percent is None else share(each.percent),
            each.words,
        )
        for each in classes
    ]
    heads = ("value", "chosen in", "alpha", "interval", "AC1", "agree", "in words")
    return table(title, heads, rows, class_="untitled")


def _confusion(shown: AgreementShown) -> Html:
    if not shown.matrices:
        return Html("")
    return page_section(
        "confusion",
        "Who says what where another says that",
        element(
            "p",
            "Pairs of coders before one event: how often one said what stands at the row and the other what stands at "
            "the column. On the diagonal, framed, both said the same. The shade is the share of the row. It does not "
            "say who of the two is right.",
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
        "table", element("caption", one.title), element("thead", heads), element("tbody", *rows), class_="heat untitled"
    )
    return joined(
        (
            element("h3", one.title),
            element("div", drawn, class_="wide", role="region", tabindex="0", aria_label=f"confusion: {one.title}"),
        )
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
                number_behind(shown.keys.get(name, ""), number(shown.numbers[name])),
                spread(shown.numbers[name]),
                count(shown.numbers[name]),
                _subjects(shown.numbers[name]),
                why_not(shown.numbers[name]),
            )
            for name in names
        ]
        heads = ("number", "value", "interval", "units", "subjects", "undetermined because")
        many = "1 number" if len(names) == 1 else f"{len(names)} numbers"
        parts += [
            element("h3", kind),
            element("p", element("b", "Means: "), told.means, class_="means"),
            element("p", element("b", "Does not mean: "), told.means_not, class_="means"),
            element("details", element("summary", many), table(kind, heads, rows, class_="untitled")),
        ]
    return page_section("numbers", "Every number", *parts)


def _how(shown: AgreementShown) -> Html:
    return page_section("how", "How it was measured", table("Settings and sources", ("what", "value"), shown.how))


def _subjects(measure: Measure) -> str:
    return NOTHING if isinstance(measure, Undetermined) else str(measure.n_clusters)
