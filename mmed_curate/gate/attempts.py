"""Attempts: the times that the gate was held on a whole sample, and which codings count after one failed.

Retraining coders until a number fits, on the clips that it is measured on, or coding again only what disagreed, would
open any gate. So after an attempt that failed only a fresh sample counts: clips that were coded since, or coded once
more since, drawn by lot or all of them. A class that failed alone is no exception: clips chosen for naming it show
another alpha than all do (benchmarks/recoding.txt).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.conduct import RecodingKind
from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.protocol import Protocol
from mmed_curate.domain.records import LogEntry

ATTEMPT_MADE = "gate.attempted"
"""Kind of its entry in the event log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRule:
    """A rule on agreement that did not hold."""

    name: str
    number: float
    at_least: float
    """The bound that it did not reach."""
    code: str
    """Of a rule on one class: its code; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One time that the gate was held on a whole sample, and the rules on agreement came out with numbers."""

    number: int
    """From 1."""
    day: date
    """Of the last act that bears on what was measured; from the event log."""
    policy: str
    """Name of the policy."""
    policy_digest: str
    judgements_digest: str
    measured: Mapping[ClipId, int]
    """Clips that were measured, with the round whose coding it was."""
    failed: tuple[FailedRule, ...]
    """Empty: coders agreed well enough."""
    held: frozenset[str]
    """Names of the rules on one class that came out with a number and held."""
    method_digest: str
    """See `method_digest`."""
    order: int = 0
    """Position in the event log; 0: read from a release, which does not say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCoding:
    """What is known of one closed coding of a clip."""

    round: int
    after: int
    """Number of the last attempt that was made before it closed; 0: none was."""
    by: RecodingKind | None
    """How the clip was chosen for it; None: it is the clip's first."""


Codings = Mapping[ClipId, Sequence[ToldCoding]]
"""By clip: its closed codings, the last one last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Whose coding counts."""

    clips: frozenset[ClipId]
    n_coded: int
    """Clips whose coding ever closed."""
    since: Attempt | None = None
    """The last attempt that failed; None: none did, and all count."""
    owed: frozenset[str] = frozenset()
    """Rules on one class that failed and did not hold since: being rare is no excuse for them."""
    is_whole: bool = True
    """Every clip that was ever coded counts, so that no larger sample of them can be drawn."""

    def document(self) -> dict[str, Any]:
        """As JSON values, for its hash."""
        return {
            "clips": sorted(self.clips),
            "since": None if self.since is None else self.since.number,
            "owed": sorted(self.owed),
        }


def attempts_before(
    attempts: Iterable[Attempt], *, judgements_digest: str, policy_digest: str | None, sent_back: int = 0
) -> tuple[Attempt, ...]:
    """The attempts that bear on what is measured now.

    An attempt on these very judgements is this one, looked at again; under another policy it is one of its own, for
    trying policies until one opens is no way round. Once clips were sent back after it, it is one before.

    Args:
        attempts: all of them, by number.
        judgements_digest: of what is measured now.
        policy_digest: of what it is held against; None: against nothing, so all attempts on these judgements are this.
        sent_back: position in the event log of the last act that sent clips back to coding; 0: none did.
    """
    before = list(attempts)
    while before and before[-1].judgements_digest == judgements_digest and sent_back <= before[-1].order:
        if policy_digest not in (None, before[-1].policy_digest):
            break
        before.pop()
    return tuple(before)


def what_counts(before: Sequence[Attempt], codings: Codings) -> Counting:
    """Whose coding counts after attempts: all, or after one that failed what was coded since.

    Args:
        before: attempts that bear on it, by number; see `attempts_before`.
        codings: of every clip that bears on the number; clips without a closed coding may be left out.
    """
    coded = {clip: ones for clip, ones in codings.items() if ones}
    since = next((one for one in reversed(before) if one.failed), None)
    number = 0 if since is None else since.number
    fresh = frozenset(clip for clip, ones in coded.items() if ones[-1].after >= number)
    return Counting(
        clips=fresh, n_coded=len(coded), since=since, owed=owed_after(before), is_whole=len(fresh) == len(coded)
    )


def owed_after(before: Iterable[Attempt]) -> frozenset[str]:
    """Rules on one class that failed and did not hold since.

    Args:
        before: attempts, by number.
    """
    owed: set[str] = set()
    for one in before:
        owed -= one.held
        owed |= {rule.name for rule in one.failed if rule.code}
    return frozenset(owed)


def by_lot(judgements_digest: str, name: str) -> str:
    """What clips are sorted by to draw some of them; nobody can choose it, for nobody can choose the digest.

    Args:
        judgements_digest: of the last attempt.
        name: of the clip in releases, so that a stranger can draw again.
    """
    return hashlib.sha256(f"{judgements_digest}\x1f{name}".encode()).hexdigest()


def method_digest(*, version: int, protocol: Protocol, codebook: Codebook) -> str:
    """Hash of what bears on a number beside policy and judgements: only with the same can it be measured again.

    Args:
        version: of the agreement report.
        protocol: tolerances, and how events are matched.
        codebook: the vocabulary.
    """
    documents = (one.model_dump(mode="json") for one in (protocol, codebook))
    return hashlib.sha256(canonical_json({"version": version, "documents": list(documents)}).encode()).hexdigest()


def the_same(attempts: Sequence[Attempt], *, judgements_digest: str, policy_digest: str) -> Attempt | None:
    """The last attempt, if it was made on these judgements under this policy; None: it was not, or there is none.

    An older one is not it: consent that was taken back and given again brings older judgements back, and what was
    tried in between stands between the two.
    """
    wanted = (judgements_digest, policy_digest)
    last = attempts[-1] if attempts else None
    return last if last is not None and (last.judgements_digest, last.policy_digest) == wanted else None


def attempt_document(attempt: Attempt) -> dict[str, Any]:
    """An attempt as the event log keeps it."""
    return {
        "number": attempt.number,
        "day": attempt.day.isoformat(),
        "policy": attempt.policy,
        "policy_digest": attempt.policy_digest,
        "judgements_digest": attempt.judgements_digest,
        "method_digest": attempt.method_digest,
        "failed": [failed_document(rule) for rule in attempt.failed],
        "held": sorted(attempt.held),
        "measured": dict(sorted(attempt.measured.items())),
    }


def failed_document(rule: FailedRule) -> dict[str, Any]:
    """A failed rule as JSON values."""
    return {
        "rule": rule.name,
        "number": rule.number,
        "at_least": rule.at_least,
        "code": rule.code or None,
    }


def attempts_of(entries: Iterable[LogEntry]) -> tuple[Attempt, ...]:
    """Every attempt that the event log tells of.

    Args:
        entries: of the kind `ATTEMPT_MADE`, oldest first.
    """
    found = []
    for entry in entries:
        told = json.loads(entry.payload)
        measured = {ClipId(clip): round for clip, round in told["measured"].items()}
        found.append(attempt_of(told, measured=measured, order=entry.sequence))
    return tuple(found)


def attempt_of(document: Mapping[str, Any], *, measured: Mapping[ClipId, int], order: int = 0) -> Attempt:
    """An attempt out of JSON values.

    Args:
        document: of the log, or of a release.
        measured: the clips, with the round whose coding was measured.
        order: position in the event log.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    return Attempt(
        number=int(document["number"]),
        day=date.fromisoformat(document["day"]),
        policy=str(document["policy"]),
        policy_digest=str(document["policy_digest"]),
        judgements_digest=str(document["judgements_digest"]),
        measured=measured,
        failed=tuple(
            FailedRule(
                name=str(rule["rule"]),
                number=float(rule["number"]),
                at_least=float(rule["at_least"]),
                code=rule["code"] or "",
            )
            for rule in document["failed"]
        ),
        held=frozenset(str(name) for name in document["held"]),
        method_digest=str(document["method_digest"]),
        order=order,
    )
