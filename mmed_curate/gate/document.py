"""A decision as the JSON document that leaves us: schema/json/gate.schema.json."""

from __future__ import annotations

from typing import Any

from mmed_curate.gate.decide import Decision, DraftOnly, Passed
from mmed_curate.gate.evidence import Evidence
from mmed_curate.gate.policy import Policy
from mmed_curate.gate.verdicts import RuleVerdict

FORMAT = "mmed-gate"
VERSION = 2
"""1: without what a rule is about and what is released as undetermined."""


def decision_document(decision: Decision, evidence: Evidence, policy: Policy) -> dict[str, Any]:
    """Every rule and how it came out. Of a closed gate it names clips and the lab's subjects: it stays inside."""
    return {
        **_head(policy.name, policy.digest(), evidence.judgements_digest, evidence.digest()),
        "passed": decision.passed is not None,
        "draft": decision.draft is not None,
        "simulated": any(facts.simulated for facts in evidence.clips if facts.is_released),
        "rules": [_rule(verdict) for verdict in decision.verdicts],
    }


def word_document(word: Passed | DraftOnly) -> dict[str, Any]:
    """The same for what opened the door, or let a draft through; names no clip and no subject."""
    return {
        **_head(word.policy, word.policy_digest, word.judgements_digest, word.evidence_digest),
        "passed": isinstance(word, Passed),
        "draft": isinstance(word, DraftOnly),
        "simulated": word.simulated,
        "rules": [{**_rule(verdict), "remedy": "", "clips": []} for verdict in word.verdicts],
    }


def _head(policy: str, policy_digest: str, judgements_digest: str, evidence_digest: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "policy": policy,
        "policy_digest": policy_digest,
        "judgements_digest": judgements_digest,
        "evidence_digest": evidence_digest,
    }


def _rule(verdict: RuleVerdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "about": verdict.about.value,
        "number": verdict.number,
        "relation": verdict.relation.value,
        "bound": verdict.bound,
        "holds": verdict.holds,
        "outcome": verdict.outcome.value,
        "what": verdict.what,
        "remedy": verdict.remedy,
        "clips": list(verdict.clips),
    }
