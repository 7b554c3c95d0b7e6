"""The event log's chain: every entry holds the hash of the one before, so that the first altered row can be named.

The log keeps only salted hashes of judgements, so that it says nothing of their contents.
A chain cannot tell that its newest entries were cut off together with everything they speak of: keep a copy of
the newest hash (`mmed audit` prints it) where nobody can reach it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mmed_curate.domain.findings import Finding
from mmed_curate.domain.records import LogEntry

GENESIS = "0" * 64
"""What the first entry is chained to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What a check of the event log found."""

    entries: int
    newest: str
    """Hash of the newest entry: keep it elsewhere, and a log that was cut off can be told."""
    findings: tuple[Finding, ...]
    """Empty: nothing was altered. Else the first one names the first altered row."""

    @property
    def intact(self) -> bool:
        """Whether nothing was altered."""
        return not self.findings


def digest_of(*, previous: str, sequence: int, at: str, actor: str, kind: str, payload: str) -> str:
    """SHA-256 over the parts of an entry, joined by line feeds, in lower-case hex."""
    return _hash(previous, sequence, at, actor, kind, payload)


def sealed(salt: str, *parts: str) -> str:
    """SHA-256 over a salt and parts, joined by line feeds: the log's word for contents it must not show."""
    return _hash(salt, *parts)


def _hash(*parts: object) -> str:
    # str: what somebody put there past this program need not be a text
    return hashlib.sha256("\n".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()


def chain_findings(entries: Iterable[LogEntry]) -> tuple[Finding, ...]:
    """The first entry that does not fit the chain; empty when all fit.

    Args:
        entries: in order of sequence.
    """
    previous, expected = GENESIS, 1
    for entry in entries:
        if entry.sequence != expected:
            return (broken(expected, f"log entry {expected} is missing"),)
        if entry.previous != previous:
            return (broken(entry.sequence, f"log entry {entry.sequence} does not follow the one before"),)
        computed = digest_of(
            previous=entry.previous,
            sequence=entry.sequence,
            at=entry.at,
            actor=entry.actor,
            kind=entry.kind,
            payload=entry.payload,
        )
        if computed != entry.digest:
            return (broken(entry.sequence, f"log entry {entry.sequence} ({entry.kind}) was altered"),)
        previous, expected = entry.digest, expected + 1
    return ()


def contents_findings(
    entries: Iterable[LogEntry],
    kinds: Mapping[str, tuple[str, Mapping[int, str]]],
    emptied: Mapping[int, Mapping[str, object]] = MappingProxyType({}),
) -> tuple[Finding, ...]:
    """Rows whose contents are not those that the log sealed.

    Args:
        entries: the log.
        kinds: by kind of entry: what its row is called, and the seal of each row by its log entry.
        emptied: by log entry: rows that rightly lost their contents, and what the entry must still say of each.
    """
    findings = []
    seen: dict[str, set[int]] = {kind: set() for kind in kinds}
    for entry in entries:
        if entry.kind not in kinds:
            continue
        name, seals = kinds[entry.kind]
        seen[entry.kind].add(entry.sequence)
        said = json.loads(entry.payload)
        if "seal" not in said:  # of an older program, or there was nothing to seal
            continue
        if entry.sequence not in seals:
            findings.append(broken(entry.sequence, f"the {name} of log entry {entry.sequence} is missing"))
        elif entry.sequence in emptied:
            if any(said.get(key) != value for key, value in emptied[entry.sequence].items()):
                findings.append(broken(entry.sequence, f"the {name} of log entry {entry.sequence} was altered"))
        elif seals[entry.sequence] != said["seal"]:
            findings.append(broken(entry.sequence, f"the {name} of log entry {entry.sequence} was altered"))
    for kind, (name, seals) in kinds.items():
        findings.extend(
            broken(sequence, f"a {name} claims log entry {sequence}, which speaks of something else")
            for sequence in sorted(set(seals) - seen[kind])
        )
    return tuple(findings)


def broken(sequence: int, what: str) -> Finding:
    """What an audit says of a row that is not what the log says."""
    return Finding(
        code="audit.altered",
        what=what,
        remedy="compare with the newest of backups/ from before, and find out who could write to the database",
        parameters={"sequence": sequence},
    )
