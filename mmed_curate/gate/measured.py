"""The rules that rest on the agreement report: layers, classes, and whether enough was judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mmed_curate.domain.counted import counted
from mmed_curate.domain.measures import Coefficient, Measure, Undetermined
from mmed_curate.gate.attempts import Counting
from mmed_curate.gate.enough import in_words
from mmed_curate.gate.evidence import Evidence, MeasuredAgreement
from mmed_curate.gate.policy import ClassRule, Held, MeasureRule, Policy, Rare
from mmed_curate.gate.verdicts import About, Outcome, Relation, RuleVerdict, at_least

_AFRESH = "mmed recode --sample N, or --all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """What was coded at all, beside what is measured."""

    n_subjects: int
    """Subjects of whom anything was coded."""
    n_coders: int
    """People who coded anything."""
    counting: Counting | None
    """Whose coding counts after failed attempts; None: attempts are not asked about."""

    @classmethod
    def of(cls, evidence: Evidence) -> Coded:
        """By what is known of each clip."""
        coded = [facts for facts in evidence.clips if facts.coded_by and facts.agreed]
        return cls(
            n_subjects=len({facts.subject for facts in coded}),
            n_coders=len({who for facts in coded for who in facts.coded_by}),
            counting=evidence.counting,
        )

    @classmethod
    def as_measured(cls, report: MeasuredAgreement) -> Coded:
        """Nothing but what was measured."""
        subjects = [one.n_clusters for one in report.measures.values() if isinstance(one, Coefficient)]
        return cls(n_subjects=max(subjects, default=0), n_coders=report.n_coders, counting=None)

    @property
    def since(self) -> int:
        """Number of the last attempt that failed; 0: none did."""
        return 0 if self.counting is None or self.counting.since is None else self.counting.since.number


def agreement_verdicts(
    report: MeasuredAgreement, policy: Policy, coded: Coded | None = None
) -> tuple[RuleVerdict, ...]:
    """Every rule on how far coders agree: of whole layers, then of classes, in the policy's order.

    Args:
        report: what was measured.
        policy: the bounds.
        coded: what was coded at all; None: what was measured, and no attempt is asked about.
    """
    coded = Coded.as_measured(report) if coded is None else coded
    return (
        *(_of_measure(rule, report, coded) for rule in policy.measures),
        *(verdict for rule in policy.classes for verdict in _of_classes(rule, report, coded)),
    )


def sample_verdicts(report: MeasuredAgreement, policy: Policy, coded: Coded | None = None) -> tuple[RuleVerdict, ...]:
    """Whether enough was judged, by enough people, for any number to count.

    Args:
        report: what was measured.
        policy: the bounds.
        coded: what was coded at all; None: what was measured, and no attempt is asked about.
    """
    rule = policy.sample
    coded = Coded.as_measured(report) if coded is None else coded
    measure = report.measures.get(rule.measure)
    units, subjects = (measure.n_units, measure.n_clusters) if isinstance(measure, Coefficient) else (None, None)
    without = "" if isinstance(measure, Coefficient) else f" ({rule.measure} is undetermined)"
    more = f"have more clips coded since attempt {coded.since} ({_AFRESH})" if coded.since else "have more clips coded"
    needed = counted(rule.min_units - (units or 0), "more such event is", "more such events are")
    record = f"record {counted(rule.min_subjects - (subjects or 0), 'more subject')}"
    people = ("more person code", "more people code")
    if coded.since:
        lacking = rule.min_subjects - coded.n_subjects
        record = f"record {counted(lacking, 'more subject')}, and " if lacking > 0 else ""
        record += f"have clips of all {coded.n_subjects} that were coded before coded again ({_AFRESH})"
        people = ("more person code what is sent back", "more people code what is sent back")
    return (
        at_least(
            About.SAMPLE,
            "coded-units",
            units,
            rule.min_units,
            f"events that two or more coders marked{without}",
            f"{more}: {needed} needed",
        ),
        at_least(About.SAMPLE, "subjects", subjects, rule.min_subjects, f"subjects among them{without}", record),
        at_least(
            About.SAMPLE,
            "coders",
            report.n_coders,
            rule.min_coders,
            "people who coded",
            f"have {counted(rule.min_coders - report.n_coders, *people)}",
        ),
    )


def _of_measure(rule: MeasureRule, report: MeasuredAgreement, coded: Coded) -> RuleVerdict:
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
    return _held(rule.name, rule.measure, measure, rule, coded)


def _held(name: str, measured: str, measure: Measure, rule: MeasureRule | ClassRule, coded: Coded) -> RuleVerdict:
    bound, remedy = rule.at_least, rule.remedy
    if isinstance(measure, Undetermined):
        return at_least(About.AGREEMENT, name, None, bound, f"{measured} is undetermined: {measure.reason}", remedy)
    if rule.held is Held.VALUE:
        return at_least(About.AGREEMENT, name, measure.value, bound, f"{measured}, {_rests_on(measure)}", remedy)
    if isinstance(measure.interval, Undetermined):
        what = f"{measured} is {measure.value:.3f}, but has no interval: {measure.interval.reason}"
        return at_least(About.AGREEMENT, name, None, bound, what, remedy)
    what = (
        f"lower end of the {measure.interval.confidence:.0%} interval of {measured}, itself {measure.value:.3f}, "
        f"{_rests_on(measure)}"
    )
    enough = in_words(measure, bound, coded.n_subjects)
    return at_least(About.AGREEMENT, name, measure.interval.lower, bound, what, f"{remedy}; {enough}")


def _of_classes(rule: ClassRule, report: MeasuredAgreement, coded: Coded) -> Iterator[RuleVerdict]:
    known = report.classes.get(rule.layer)
    measured = known or {}
    counting = coded.counting
    owed = frozenset() if counting is None else counting.owed
    if not measured and (known is None or rule.rare is Rare.SHUTS):
        yield at_least(
            About.AGREEMENT,
            rule.name,
            None,
            rule.at_least,
            f"the report holds no {rule.layer}" if known is None else f"no class of {rule.layer} was chosen",
            "correct the policy's layer" if known is None else rule.remedy,
        )
        return
    for code, one in measured.items():
        name = f"{rule.name}={code}"
        # what failed and is rare in all that was coded is held by the number there is; in a sample, more must be drawn
        if one.positives >= rule.min_positives or rule.rare is Rare.SHUTS or (name in owed and _is_whole(counting)):
            of_class = f"alpha of {code} against the rest"
            yield replace(_held(name, of_class, one.alpha, rule, coded), code=code)
        elif name in owed:
            yield _still_owed(rule, code, one.positives)
        else:
            yield RuleVerdict(
                code=code,
                name=name,
                about=About.AGREEMENT,
                number=None,
                relation=Relation.AT_LEAST,
                bound=rule.at_least,
                outcome=Outcome.UNDETERMINED,
                what=f"{code} was chosen in {counted(one.positives, 'unit')}, fewer than {rule.min_positives}: too "
                "rare to be told, and released marked as undetermined",
                remedy="",
            )
    prefix = f"{rule.name}="
    codes = {name.removeprefix(prefix) for name in owed if name.startswith(prefix)}
    for code in sorted(codes - set(measured)):
        if not _is_whole(counting):  # chosen nowhere in all that was coded: nothing of it is released
            yield _still_owed(rule, code, 0)


def _is_whole(counting: Counting | None) -> bool:
    return counting is None or counting.is_whole


def _still_owed(rule: ClassRule, code: str, positives: int) -> RuleVerdict:
    what = (
        f"{code} was chosen in {counted(positives, 'unit')} of a sample, fewer than {rule.min_positives}: rare is no "
        "excuse, for an attempt failed on it"
    )
    remedy = "have a larger sample coded (mmed recode --sample N, or --all)"
    return replace(at_least(About.AGREEMENT, f"{rule.name}={code}", None, rule.at_least, what, remedy), code=code)


def _rests_on(measure: Coefficient) -> str:
    return f"over {counted(measure.n_units, 'unit')} of {counted(measure.n_clusters, 'subject')}"
