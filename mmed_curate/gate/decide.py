"""The decision: every rule of the policy against report and evidence. Closed unless all hold; NaN closes.

`Passed` is what opens the release. Only `decide` makes one; it is bound by hash to the judgements, the evidence and
the policy it was decided on, and to nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import InitVar, dataclass
from enum import Enum

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.measures import Coefficient, Undetermined
from mmed_curate.domain.protocol import NEXT, Stage
from mmed_curate.gate.evidence import ClipFacts, Evidence, MeasuredAgreement
from mmed_curate.gate.policy import Held, MeasureRule, Policy

_SEAL = object()
"""Known to this module only: without it no `Passed` comes into being."""
_NAMED_AT_MOST = 5
"""Clips that a remedy names; more would hide what to do."""


class Relation(Enum):
    """How a number is held against its bound."""

    AT_LEAST = "at-least"
    AT_MOST = "at-most"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict:
    """One rule and how it came out."""

    name: str
    number: float | None
    """None: undetermined, which never holds."""
    relation: Relation
    bound: float
    holds: bool
    what: str
    """What was looked at and found, without a full stop."""
    remedy: str
    """What to do; empty where the rule holds."""
    clips: tuple[ClipId, ...] = ()
    """The clips behind a number that does not hold, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Leave to make one release. Cannot be built, copied with changes, or read from a file: only `decide` gives it."""

    judgements_digest: str
    evidence_digest: str
    policy_digest: str
    policy: str
    """Name of the policy."""
    simulated: bool
    """What is released holds simulated content."""
    verdicts: tuple[RuleVerdict, ...]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise BadInput.of("gate.forged", "only the gate makes a Passed", "call mmed_curate.gate.decide.decide")

    def __reduce_ex__(self, protocol: object) -> str:
        """Refuses to be pickled or copied: what comes out of a pickle was not made by the gate."""
        raise TypeError("a Passed cannot be pickled or copied; hold the gate again")

    def __setstate__(self, state: object) -> None:
        """Refuses to be filled from outside."""
        raise TypeError("a Passed cannot be pickled or copied; hold the gate again")

    def opens(self, *, judgements_digest: str, evidence_digest: str) -> bool:
        """Whether it opens the door for this state: the same judgements and the same evidence, to the last bit."""
        return judgements_digest == self.judgements_digest and evidence_digest == self.evidence_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How the gate came out."""

    verdicts: tuple[RuleVerdict, ...]
    """Every rule, in the policy's order."""
    passed: Passed | None
    """None: closed."""

    @property
    def failed(self) -> tuple[RuleVerdict, ...]:
        """The rules that keep it closed."""
        return tuple(verdict for verdict in self.verdicts if not verdict.holds)


def decide(report: MeasuredAgreement, evidence: Evidence, policy: Policy) -> Decision:
    """Hold report and evidence against the policy.

    Args:
        report: measured agreement, such as `agreement.AgreementReport`.
        evidence: every clip as it stands.
        policy: the bounds.

    Returns:
        Every rule's verdict, and a `Passed` where all hold.
    """
    verdicts = (
        *(_measured(rule, report) for rule in policy.measures),
        *_sample(report, policy),
        *_of_clips(evidence, policy),
        _same_judgements(report, evidence),
        _same_settings(report, policy),
    )
    passed = None
    if all(verdict.holds for verdict in verdicts):
        passed = Passed(
            judgements_digest=evidence.judgements_digest,
            evidence_digest=evidence.digest(),
            policy_digest=policy.digest(),
            policy=policy.name,
            simulated=any(facts.simulated for facts in evidence.clips if facts.is_released),
            verdicts=verdicts,
            seal=_SEAL,
        )
    return Decision(verdicts=verdicts, passed=passed)


def _at_least(name: str, number: float | None, bound: float, what: str, remedy: str) -> RuleVerdict:
    holds = number is not None and number >= bound  # NaN compares false, so it closes
    finite = number if number is not None and number == number else None
    return RuleVerdict(
        name=name,
        number=finite,
        relation=Relation.AT_LEAST,
        bound=bound,
        holds=holds,
        what=what,
        remedy="" if holds else remedy,
    )


def _measured(rule: MeasureRule, report: MeasuredAgreement) -> RuleVerdict:
    measure = report.measures.get(rule.measure)
    if measure is None:
        return _at_least(
            rule.name, None, rule.at_least, f"the report holds no {rule.measure}", "correct the policy's measure"
        )
    if isinstance(measure, Undetermined):
        return _at_least(
            rule.name, None, rule.at_least, f"{rule.measure} is undetermined: {measure.reason}", rule.remedy
        )
    if rule.held is Held.VALUE:
        return _at_least(rule.name, measure.value, rule.at_least, f"{rule.measure}, {_rests_on(measure)}", rule.remedy)
    if isinstance(measure.interval, Undetermined):
        what = f"{rule.measure} is {measure.value:.3f}, but has no interval: {measure.interval.reason}"
        return _at_least(rule.name, None, rule.at_least, what, rule.remedy)
    what = (
        f"lower end of the {measure.interval.confidence:.0%} interval of {rule.measure}, itself {measure.value:.3f}, "
        f"{_rests_on(measure)}"
    )
    return _at_least(rule.name, measure.interval.lower, rule.at_least, what, rule.remedy)


def _rests_on(measure: Coefficient) -> str:
    return f"over {measure.n_units} units of {measure.n_clusters} subjects"


def _sample(report: MeasuredAgreement, policy: Policy) -> tuple[RuleVerdict, ...]:
    rule = policy.sample
    measure = report.measures.get(rule.measure)
    units, subjects = (measure.n_units, measure.n_clusters) if isinstance(measure, Coefficient) else (None, None)
    without = "" if isinstance(measure, Coefficient) else f" ({rule.measure} is undetermined)"
    return (
        _at_least(
            "coded-units",
            units,
            rule.min_units,
            f"events that two or more coders marked{without}",
            "have more clips coded",
        ),
        _at_least("subjects", subjects, rule.min_subjects, f"subjects among them{without}", "record more subjects"),
        _at_least("coders", report.n_coders, rule.min_coders, "people who coded", "have more people code"),
    )


def _none_of(
    name: str,
    facts: Iterable[ClipFacts],
    what: str,
    remedy: Callable[[Sequence[ClipFacts]], str],
    *,
    bound: int = 0,
) -> RuleVerdict:
    found = sorted(facts, key=lambda one: one.clip)
    holds = len(found) <= bound
    return RuleVerdict(
        name=name,
        number=len(found),
        relation=Relation.AT_MOST,
        bound=bound,
        holds=holds,
        what=what,
        remedy="" if holds else remedy(found),
        clips=() if holds else tuple(one.clip for one in found),
    )


def _of_clips(evidence: Evidence, policy: Policy) -> tuple[RuleVerdict, ...]:
    released = [facts for facts in evidence.clips if facts.is_released]
    required = frozenset(policy.required_terms)
    return (
        _at_least("released-clips", len(released), 1, "settled clips with an event", "settle at least one clip"),
        _none_of(
            "open-clips",
            (facts for facts in evidence.clips if facts.agreed and (NEXT[facts.stage] or facts.waits)),
            "clips, of subjects who agreed to a release, that are neither settled nor rejected",
            lambda found: f"finish them: {_by_stage(found)}",
            bound=policy.max_open_clips,
        ),
        _none_of(
            "verified-by-another",
            (facts for facts in released if not _verified_by_another(facts)),
            "released clips not verified by someone who neither coded nor adjudicated them",
            lambda found: f"have another expert verify {_named(found)}",
        ),
        _none_of(
            "consent",
            (facts for facts in released if not required <= facts.terms),
            f"released clips whose subject's consent lacks a required term on {evidence.on.isoformat()}",
            lambda found: _consent_remedy(found, required),
        ),
        _none_of(
            "files",
            (facts for facts in released if facts.faults),
            "released clips with a missing or changed file",
            lambda found: f"run mmed recut for {_listed(f'{one.clip} ({_listed(one.faults)})' for one in found)}",
        ),
        _none_of(
            "simulated",
            () if policy.allow_simulated else (facts for facts in released if facts.simulated),
            "simulated clips allowed by the policy, and marked"
            if policy.allow_simulated
            else "released clips with simulated content",
            lambda found: f"take simulated content out ({_subjects(found)}), or use a policy that allows and marks it",
        ),
    )


def _verified_by_another(facts: ClipFacts) -> bool:
    return facts.verified_by is not None and facts.verified_by not in facts.coded_by | facts.adjudicated_by


def _same_judgements(report: MeasuredAgreement, evidence: Evidence) -> RuleVerdict:
    differ = report.judgements_digest != evidence.judgements_digest
    return RuleVerdict(
        name="same-judgements",
        number=int(differ),
        relation=Relation.AT_MOST,
        bound=0,
        holds=not differ,
        what="differences between the judgements that were measured and those that are there now",
        remedy="measure agreement again" if differ else "",
    )


def _same_settings(report: MeasuredAgreement, policy: Policy) -> RuleVerdict:
    names = sorted({*report.measured_by, *policy.agreement})
    differ = [name for name in names if report.measured_by.get(name) != policy.agreement.get(name)]
    return RuleVerdict(
        name="same-settings",
        number=len(differ),
        relation=Relation.AT_MOST,
        bound=0,
        holds=not differ,
        what="differences between the settings that agreement was measured with and those that the policy names",
        remedy=f"measure agreement with the policy's own {', '.join(differ)}" if differ else "",
    )


def _by_stage(found: Sequence[ClipFacts]) -> str:
    stages: dict[str, int] = {}
    for facts in found:
        stages[facts.stage.value] = stages.get(facts.stage.value, 0) + 1
    said = ", ".join(f"{count} at {stage}" for stage, count in stages.items())
    return f"{said} (replaced: run `mmed recut`)" if Stage.REPLACED.value in stages else said


def _consent_remedy(found: Sequence[ClipFacts], required: frozenset[object]) -> str:
    lacking: dict[str, set[str]] = {}
    for facts in found:
        terms = {term for term in required if term not in facts.terms}
        lacking.setdefault(facts.subject_code, set()).update(getattr(term, "value", str(term)) for term in terms)
    return "renew consent or withdraw: " + "; ".join(
        f"{code} lacks {', '.join(sorted(terms))}" for code, terms in sorted(lacking.items())
    )


def _subjects(found: Sequence[ClipFacts]) -> str:
    return ", ".join(sorted({facts.subject_code for facts in found}))


def _named(found: Sequence[ClipFacts]) -> str:
    return _listed(facts.clip for facts in found)


def _listed(items: Iterable[str]) -> str:
    """The first few in words; the verdict itself holds all."""
    words = list(items)
    more = len(words) - _NAMED_AT_MOST
    return ", ".join(words[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
