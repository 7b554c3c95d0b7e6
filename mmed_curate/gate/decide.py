"""The decision: every rule of the policy against report and evidence. Closed unless all hold; NaN closes.

`Passed` is what opens the release, `DraftOnly` what lets the same go out marked as a draft. Only `decide` makes them;
they are bound by hash to the judgements, the evidence and the policy they were decided on, and to nothing else.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import TypeVar

from mmed_curate.domain.findings import BadInput
from mmed_curate.gate.attempted import fresh_verdicts, wait_for_the_sample
from mmed_curate.gate.conditions import clip_verdicts
from mmed_curate.gate.evidence import Evidence, MeasuredAgreement
from mmed_curate.gate.measured import Coded, agreement_verdicts, sample_verdicts
from mmed_curate.gate.policy import Policy
from mmed_curate.gate.verdicts import About, RuleVerdict, no_difference

_SEAL = object()
"""Known to this module only: without it no word of the gate comes into being."""
EVEN_FOR_A_DRAFT = frozenset({About.RIGHTS, About.BINDING})
"""What must hold even where only a draft is shared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """The gate's word on one state. Cannot be built, copied with changes, or read from a file."""

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
            raise BadInput.of(
                "gate.forged",
                f"only the gate makes a {type(self).__name__}",
                "call mmed_curate.gate.decide.decide",
            )

    def __reduce_ex__(self, protocol: object) -> str:
        """Refuses to be pickled or copied: what comes out of a pickle was not made by the gate."""
        raise TypeError("the gate's word cannot be pickled or copied; hold the gate again")

    def __setstate__(self, state: object) -> None:
        """Refuses to be filled from outside."""
        raise TypeError("the gate's word cannot be pickled or copied; hold the gate again")

    def opens(self, *, judgements_digest: str, evidence_digest: str) -> bool:
        """Whether it opens the door for this state: the same judgements and the same evidence, to the last bit."""
        return judgements_digest == self.judgements_digest and evidence_digest == self.evidence_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed(_Word):
    """Leave to make one release: every rule holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOnly(_Word):
    """Leave to share one draft, marked as such: consent, files and bindings hold, another rule does not."""

    @property
    def failed(self) -> tuple[RuleVerdict, ...]:
        """The rules that keep it from being a release."""
        return tuple(verdict for verdict in self.verdicts if not verdict.holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How the gate came out."""

    verdicts: tuple[RuleVerdict, ...]
    """Every rule, in the policy's order."""
    passed: Passed | None
    """None: closed."""
    draft: DraftOnly | None
    """Closed, but a draft may be shared; None: open, or not even that."""

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
        Every rule's verdict, and a `Passed` where all hold; where only rules fail that a draft may go round, a
        `DraftOnly`.
    """
    coded = Coded.of(evidence)
    verdicts = wait_for_the_sample(
        (
            *agreement_verdicts(report, policy, coded),
            *sample_verdicts(report, policy, coded),
            *fresh_verdicts(report, evidence),
            *clip_verdicts(evidence, policy),
            _same_judgements(report, evidence),
            _same_settings(report, policy),
        ),
        evidence.counting,
    )
    passed, draft = None, None
    failed = {verdict.about for verdict in verdicts if not verdict.holds}
    if not failed:
        passed = _word(Passed, evidence, policy, verdicts)
    elif not failed & EVEN_FOR_A_DRAFT:
        draft = _word(DraftOnly, evidence, policy, verdicts)
    return Decision(verdicts=verdicts, passed=passed, draft=draft)


Word = TypeVar("Word", bound=_Word)


def _word(kind: type[Word], evidence: Evidence, policy: Policy, verdicts: tuple[RuleVerdict, ...]) -> Word:
    return kind(
        judgements_digest=evidence.judgements_digest,
        evidence_digest=evidence.digest(),
        policy_digest=policy.digest(),
        policy=policy.name,
        simulated=any(facts.simulated for facts in evidence.clips if facts.is_released),
        verdicts=verdicts,
        seal=_SEAL,
    )


def _same_judgements(report: MeasuredAgreement, evidence: Evidence) -> RuleVerdict:
    return no_difference(
        "same-judgements",
        int(report.judgements_digest != evidence.judgements_digest),
        "differences between the judgements that were measured and those that are there now",
        "measure agreement again",
    )


def _same_settings(report: MeasuredAgreement, policy: Policy) -> RuleVerdict:
    names = sorted({*report.measured_by, *policy.agreement})
    differ = [name for name in names if report.measured_by.get(name) != policy.agreement.get(name)]
    return no_difference(
        "same-settings",
        len(differ),
        "differences between the settings that agreement was measured with and those that the policy names",
        f"measure agreement with the policy's own {', '.join(differ)}",
    )
