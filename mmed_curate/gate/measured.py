"""The rules that rest on the agreement report: layers, classes, and whether enough was judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mmed_curate.domain.counted import counted
from mmed_curate.domain.measures import Coefficient, Measure, Undetermined
from mmed_curate.gate.enough import in_words
from mmed_curate.gate.evidence import MeasuredAgreement
from mmed_curate.gate.policy import ClassRule, Held, MeasureRule, Policy, Rare
from mmed_curate.gate.verdicts import About, Outcome, Relation, RuleVerdict, at_least


def agreement_verdicts(report: MeasuredAgreement, policy: Policy) -> tuple[RuleVerdict, ...]:
    """Every rule on how far coders agree: of whole layers, then of classes, in the policy's order."""
    return (
        *(_of_measure(rule, report) for rule in policy.measures),
        *(verdict for rule in policy.classes for verdict in _of_classes(rule, report)),
    )


def sample_verdicts(report: MeasuredAgreement, policy: Policy) -> tuple[RuleVerdict, ...]:
    """Whether enough was judged, by enough people, for any number to count."""
    rule = policy.sample
    measure = report.measures.get(rule.measure)
    units, subjects = (measure.n_units, measure.n_clusters) if isinstance(measure, Coefficient) else (None, None)
    without = "" if isinstance(measure, Coefficient) else f" ({rule.measure} is undetermined)"
    lacking = counted(rule.min_units - (units or 0), "more such event is", "more such events are")
    return (
        at_least(
            About.SAMPLE,
            "coded-units",
            units,
            rule.min_units,
            f"events that two or more coders marked{without}",
            f"have more clips coded: {lacking} needed",
        ),
        at_least(
            About.SAMPLE,
            "subjects",
            subjects,
            rule.min_subjects,
            f"subjects among them{without}",
            f"record {counted(rule.min_subjects - (subjects or 0), 'more subject')}",
        ),
        at_least(
            About.SAMPLE,
            "coders",
            report.n_coders,
            rule.min_coders,
            "people who coded",
            f"have {counted(rule.min_coders - report.n_coders, 'more person', 'more people')} code",
        ),
    )


def _of_measure(rule: MeasureRule, report: MeasuredAgreement) -> RuleVerdict:
    measure = report.measures.get(rule.measure)
    if measure is None:
        return at_least(
            About.AGREEMENT,
            rule.name,
            None,
            rule.at_least,
            f"the report holds no {rule.measure}",
            "correct the policy's measure",
        )
    return _held(rule.name, rule.measure, measure, rule.held, rule.at_least, rule.remedy)


def _held(name: str, measured: str, measure: Measure, held: Held, bound: float, remedy: str) -> RuleVerdict:
    if isinstance(measure, Undetermined):
        return at_least(About.AGREEMENT, name, None, bound, f"{measured} is undetermined: {measure.reason}", remedy)
    if held is Held.VALUE:
        return at_least(About.AGREEMENT, name, measure.value, bound, f"{measured}, {_rests_on(measure)}", remedy)
    if isinstance(measure.interval, Undetermined):
        what = f"{measured} is {measure.value:.3f}, but has no interval: {measure.interval.reason}"
        return at_least(About.AGREEMENT, name, None, bound, what, remedy)
    what = (
        f"lower end of the {measure.interval.confidence:.0%} interval of {measured}, itself {measure.value:.3f}, "
        f"{_rests_on(measure)}"
    )
    return at_least(About.AGREEMENT, name, measure.interval.lower, bound, what, f"{remedy}; {in_words(measure, bound)}")


def _of_classes(rule: ClassRule, report: MeasuredAgreement) -> Iterator[RuleVerdict]:
    classes = report.classes.get(rule.layer)
    if not classes and (classes is None or rule.rare is Rare.SHUTS):
        yield at_least(
            About.AGREEMENT,
            rule.name,
            None,
            rule.at_least,
            f"the report holds no {rule.layer}" if classes is None else f"no class of {rule.layer} was chosen",
            "correct the policy's layer" if classes is None else rule.remedy,
        )
        return
    for code, one in classes.items():
        name = f"{rule.name}={code}"
        measured = f"alpha of {code} against the rest"
        if one.positives >= rule.min_positives or rule.rare is Rare.SHUTS:
            yield replace(_held(name, measured, one.alpha, rule.held, rule.at_least, rule.remedy), code=code)
            continue
        yield RuleVerdict(
            code=code,
            name=name,
            about=About.AGREEMENT,
            number=None,
            relation=Relation.AT_LEAST,
            bound=rule.at_least,
            outcome=Outcome.UNDETERMINED,
            what=f"{code} was chosen in {counted(one.positives, 'unit')}, fewer than {rule.min_positives}: too rare to "
            "be told, and released marked as undetermined",
            remedy="",
        )


def _rests_on(measure: Coefficient) -> str:
    return f"over {counted(measure.n_units, 'unit')} of {counted(measure.n_clusters, 'subject')}"
