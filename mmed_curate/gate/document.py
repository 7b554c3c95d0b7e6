"""A decision as the JSON document that leaves us: schema/json/gate.schema.json."""

from __future__ import annotations

from typing import Any

from mmed_curate.gate.decide import Decision, Passed, RuleVerdict
from mmed_curate.gate.evidence import Evidence
from mmed_curate.gate.policy import Policy

FORMAT = "mmed-gate"
VERSION = 1


def decision_document(decision: Decision, evidence: Evidence, policy: Policy) -> dict[str, Any]:
    """Every rule and how it came out. Of a closed gate it names clips and the lab's subjects: it stays inside."""
    return {
        **_head(policy.name, policy.digest(), evidence.judgements_digest, evidence.digest()),
        "passed": decision.passed is not None,
        "simulated": any(facts.simulated for facts in evidence.clips if facts.is_released),
        "rules": [_rule(verdict) for verdict in decision.verdicts],
    }


def passed_document(passed: Passed) -> dict[str, Any]:
    """The same for what opened the door; names no clip and no subject."""
    return {
        **_head(passed.policy, passed.policy_digest, passed.judgements_digest, passed.evidence_digest),
        "passed": True,
        "simulated": passed.simulated,
        "rules": [_rule(verdict) for verdict in passed.verdicts],
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
        "number": verdict.number,
        "relation": verdict.relation.value,
        "bound": verdict.bound,
        "holds": verdict.holds,
        "what": verdict.what,
        "remedy": verdict.remedy,
        "clips": list(verdict.clips),
    }
