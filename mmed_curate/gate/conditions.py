"""The rules that rest on what is known of each clip: finished, verified by another, agreed to, whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmed_curate.domain.protocol import NEXT, Stage
from mmed_curate.gate.evidence import ClipFacts, Evidence
from mmed_curate.gate.policy import Policy
from mmed_curate.gate.verdicts import About, RuleVerdict, at_least, none_of

_NAMED_AT_MOST = 5
"""Clips that a remedy names; more would hide what to do."""


def clip_verdicts(evidence: Evidence, policy: Policy) -> tuple[RuleVerdict, ...]:
    """Every rule on clips."""
    released = [facts for facts in evidence.clips if facts.is_released]
    required = frozenset(policy.required_terms)
    return (
        at_least(
            About.BINDING, "released-clips", len(released), 1, "settled clips with an event", "settle at least one clip"
        ),
        none_of(
            About.PROCESS,
            "open-clips",
            (facts for facts in evidence.clips if facts.agreed and (NEXT[facts.stage] or facts.waits)),
            "clips, of subjects who agreed to a release, that are neither settled nor rejected",
            lambda found: f"finish them: {_by_stage(found)}",
            bound=policy.max_open_clips,
        ),
        none_of(
            About.PROCESS,
            "verified-by-another",
            (facts for facts in released if not _verified_by_another(facts)),
            "released clips not verified by someone who neither coded nor adjudicated them",
            lambda found: f"have another expert verify {_named(found)}",
        ),
        *_no_open_flags(evidence, policy),
        none_of(
            About.RIGHTS,
            "consent",
            (facts for facts in released if not required <= facts.terms),
            f"released clips whose subject's consent lacks a required term on {evidence.on.isoformat()}",
            lambda found: _consent_remedy(found, required),
        ),
        none_of(
            About.RIGHTS,
            "files",
            (facts for facts in released if facts.faults),
            "released clips with a missing or changed file",
            lambda found: f"run mmed recut for {_listed(f'{one.clip} ({_listed(one.faults)})' for one in found)}",
        ),
        none_of(
            About.RIGHTS,
            "simulated",
            () if policy.allow_simulated else (facts for facts in released if facts.simulated),
            "simulated clips allowed by the policy, and marked"
            if policy.allow_simulated
            else "released clips with simulated content",
            lambda found: f"take simulated content out ({_subjects(found)}), or use a policy that allows and marks it",
        ),
    )


def _no_open_flags(evidence: Evidence, policy: Policy) -> tuple[RuleVerdict, ...]:
    if policy.max_flagged_clips is None:
        return ()
    return (
        none_of(
            About.PROCESS,
            "flagged-clips",
            (facts for facts in evidence.clips if facts.agreed and facts.n_flags),
            "clips that somebody flagged for discussion, and nobody closed it",
            lambda found: f"discuss them and close their flags (mmed flag list): {_named(found)}",
            bound=policy.max_flagged_clips,
        ),
    )


def _verified_by_another(facts: ClipFacts) -> bool:
    return facts.verified_by is not None and facts.verified_by not in facts.coded_by | facts.adjudicated_by


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
