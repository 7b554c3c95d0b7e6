"""Sections of the page on agreement and the gate: numbers with intervals, what they mean, and what they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmed_curate.agreement.document import alpha_in_words
from mmed_curate.agreement.gathering import NO_CLASS
from mmed_curate.agreement.settings import settings_of
from mmed_curate.dataset.attempts import attempts_in
from mmed_curate.dataset.released import Dataset
from mmed_curate.domain.measures import Measure, Undetermined
from mmed_curate.domain.protocol import Stage
from mmed_curate.release.pagedata import labels
from mmed_curate.release.pagetold import PageTold, ToldAgreement, ToldClass, ToldRule
from mmed_curate.report.agreementparts import in_words, meanings_of
from mmed_curate.report.agreementshown import point_of
from mmed_curate.report.markup import Html, element, joined, table
from mmed_curate.report.svgplots import Bound, intervals
from mmed_curate.report.tables import NOTHING, count, milliseconds, number, share, spread

_LAYERS: Mapping[str, str] = {
    "emotion": "emotion",
    "emotion-class": "class of the emotion",
    "event-type": "event type",
    "existence": "whether there is an event",
    Stage.SCREENING.value: "verdict of screeners",
}


def agreement_section(dataset: Dataset, told: PageTold) -> Html:
    """How well coders agree, layer by layer, code by code, and in time."""
    report = told.agreement
    settings = settings_of(report.settings)
    bounds = _bounds(report)
    n_sure = sum(alpha_in_words(one.alpha, settings) == "reliable" for one in report.layers)
    points = [point_of(_LAYERS.get(one.name, one.name), one.alpha) for one in report.layers]
    said = "; ".join(f"{_LAYERS.get(one.name, one.name)}: {in_words(one.alpha)}" for one in report.layers)
    rows = [
        (
            _LAYERS.get(one.name, one.name),
            number(one.alpha),
            spread(one.alpha),
            share(one.percent),
            count(one.alpha),
            alpha_in_words(one.alpha, settings),
        )
        for one in report.layers
    ]
    return joined(
        (
            element(
                "p",
                f"{report.n_coders} experts coded {report.n_coded} clips of {report.n_subjects} subjects without "
                "seeing each other's answers. The numbers are of what they said then, before anybody discussed it. "
                f"Of {len(report.layers)} things that were measured, {n_sure or 'none'} can be called reliable by the "
                "lower end of the interval.",
            ),
            meanings_of("alpha", "percent"),
            element(
                "p",
                f"The interval holds with {report.confidence:.0%} confidence, from {report.resamples:,} drawings of "
                f"subjects. The dashed lines are Krippendorff's (2004): from {report.tentative_from:g} for tentative "
                f"conclusions, from {report.firm_from:g} reliable.",
                class_="means",
            ),
            element("figure", intervals(points, bounds, title="Alpha of each layer with its interval", describe=said)),
            table(
                "What experts chose",
                ("", "alpha", "interval", "agree", "units", "in words"),
                rows,
            ),
            _times(report),
            _codes(dataset, told),
            _rare(dataset),
            element("p", "Every number, and how it was taken, is in agreement.json.", class_="means"),
        )
    )


def gate_section(dataset: Dataset, told: PageTold) -> Html:
    """What was asked of the dataset before it could be released, folded."""
    failed = [one for one in told.rules if one.outcome == "fails"]
    rare = [one for one in told.rules if one.outcome not in {"holds", "fails"}]
    n_held = len(told.rules) - len(failed) - len(rare)
    if told.gate_passed:
        said = joined((element("span", "Open.", class_="yes"), f" {n_held} rules held, none failed."))
    else:
        said = joined(
            (
                element("span", "Closed.", class_="no"),
                f" {len(failed)} of {len(told.rules)} rules failed: {', '.join(one.name for one in failed)}.",
            )
        )
    return joined(
        (
            element("p", said, f" {len(rare)} rules are about codes too rare to be told." if rare else ""),
            element(
                "p",
                "A dataset is released only when every rule of its policy holds; there is no way round. That "
                "rules hold says that these experts agreed at least so far on these clips, not that labels are right.",
                class_="means",
            ),
            _attempts(dataset),
            element(
                "details",
                element("summary", f"All {len(told.rules)} rules of the policy ‘{told.policy}’"),
                table(
                    "Rules of the gate",
                    ("rule", "number", "asked", "came out", "what was looked at"),
                    [_rule(one) for one in (*failed, *(one for one in told.rules if one not in failed))],
                    class_="untitled",
                ),
            ),
        )
    )


def _bounds(report: ToldAgreement) -> list[Bound]:
    return [
        Bound(value=report.tentative_from, label=f"{report.tentative_from:g} tentative"),
        Bound(value=report.firm_from, label=f"{report.firm_from:g} reliable"),
    ]


def _times(report: ToldAgreement) -> Html:
    rows = [
        (one.name, milliseconds(one.median_ms), milliseconds(one.p95_ms), share(one.within), _shares(one.within))
        for one in report.marks
    ]
    return joined(
        (
            element("h3", "When it happened"),
            meanings_of("within-tolerance"),
            table(
                "How far apart experts set their marks of one event",
                ("mark", "half within", "95 % within", "within tolerance", "interval"),
                rows,
            ),
            element(
                "p",
                f"Alpha of durations: {number(report.duration_alpha)}, interval {spread(report.duration_alpha)}.",
                class_="means",
            ),
        )
    )


def _shares(measure: Measure) -> str:
    if isinstance(measure, Undetermined) or isinstance(measure.interval, Undetermined):
        return NOTHING
    return f"{measure.interval.lower:.0%} to {measure.interval.upper:.0%}".replace("%", " %")


def _codes(dataset: Dataset, told: PageTold) -> Html:
    names = labels(dataset.codebook)
    units = {code: f"{code} {label}" for code, label in names["action_unit"].items()}
    report = told.agreement
    layers = {one.name: one.classes for one in report.layers}
    parts = [
        ("class", "Classes", layers.get("emotion-class", ()), names["emotion_class"]),
        ("emotion", "Emotions", layers.get("emotion", ()), names["emotion"]),
        ("action-unit", "Action units, scored or not", report.action_units, units),
        ("vocal-cue", "Vocal cues, heard or not", report.vocal_cues, names["vocal_cue"]),
    ]
    drawn = [
        _codes_of(title, found, labelled, report, rare=_rare_of(dataset, rule))
        for rule, title, found, labelled in parts
        if found
    ]
    if not drawn:
        return Html("")
    return joined((element("h3", "Code by code"), *drawn))


def _rare_of(dataset: Dataset, rule: str) -> frozenset[str]:
    """Codes of one kind that the gate found too rare to be told, whatever number they got."""
    named = (one.partition("=") for one in dataset.undetermined)
    return frozenset(code for kind, _, code in named if kind == rule)


def _codes_of(
    title: str,
    found: Sequence[ToldClass],
    labelled: Mapping[str, str],
    report: ToldAgreement,
    *,
    rare: frozenset[str],
) -> Html:
    settings = settings_of(report.settings)
    named = {**labelled, NO_CLASS: "no class", "": "none named"}
    told = [one for one in found if not isinstance(one.alpha, Undetermined) and one.code not in rare]
    untold = [one for one in found if one not in told]
    points = [point_of(named.get(one.code, one.code), one.alpha) for one in told]
    said = "; ".join(f"{named.get(one.code, one.code)}: {in_words(one.alpha)}" for one in told)
    rows = [
        (
            named.get(one.code, one.code),
            str(one.positives),
            number(one.alpha),
            spread(one.alpha),
            "too rare: rest nothing on it" if one.code in rare else alpha_in_words(one.alpha, settings),
        )
        for one in (*told, *untold)
    ]
    plot = intervals(points, _bounds(report), title=f"Alpha of each code: {title}", describe=said)
    return element(
        "details",
        element("summary", title, element("span", f" {len(found)} codes", class_="quiet")),
        element("figure", plot) if told else "",
        table(title, ("code", "chosen in", "alpha", "interval", "in words"), rows, class_="untitled"),
    )


def _rare(dataset: Dataset) -> Html:
    if not dataset.undetermined:
        return Html("")
    listed = element("ul", *(element("li", one.replace("=", ": ", 1)) for one in dataset.undetermined), class_="chips")
    return element(
        "div",
        element("h3", "Too rare to be told"),
        element(
            "p",
            "These codes were chosen too seldom to say how well experts agree on them. They are in the dataset, marked "
            "as undetermined. Do not rest a result on them.",
        ),
        listed,
        class_="callout",
    )


def _attempts(dataset: Dataset) -> Html:
    attempts = attempts_in(dataset)
    if attempts is None:
        return Html("")
    failed = [one for one in attempts if one.failed]
    if not failed:
        return element("p", "No attempt at the gate failed before this one.", class_="means")
    return joined(
        (
            element("p", f"The gate was tried {len(attempts)} times; it failed:"),
            element(
                "ul",
                *(
                    element(
                        "li",
                        f"on {one.day.isoformat()}, over {len(one.measured)} clips that are in this release, on "
                        f"{', '.join(rule.name for rule in one.failed)}",
                    )
                    for one in failed
                ),
            ),
        )
    )


def _rule(one: ToldRule) -> tuple[object, ...]:
    sign = {"at-least": "≥", "at-most": "≤"}.get(one.relation, one.relation)
    came = element(
        "span", one.outcome, class_="yes" if one.outcome == "holds" else "no" if one.outcome == "fails" else None
    )
    return (one.name, NOTHING if one.number is None else f"{one.number:.4g}", f"{sign} {one.bound:.4g}", came, one.what)
