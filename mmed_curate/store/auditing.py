"""What an audit holds against the log: contents by their seals, registered rows, who left, the database's guards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from mmed_curate.domain.findings import Finding
from mmed_curate.domain.records import LogEntry
from mmed_curate.store.asides import FLAG_CLOSED, FLAG_RAISED
from mmed_curate.store.chain import Audit, broken, chain_findings, contents_findings, sealed
from mmed_curate.store.facts import SUBJECT_ADDED, facts_findings, facts_of
from mmed_curate.store.guards import guard_findings
from mmed_curate.store.happened import SUBJECT_ERASED, context_seals, salt_name
from mmed_curate.store.left import SUBJECT_WITHDRAWN, TICKET_RETURNED, words_name
from mmed_curate.store.made import made_findings
from mmed_curate.store.seals import (
    CONSENT_GIVEN,
    GOLD_ADDED,
    JUDGEMENT_SUBMITTED,
    MOVEMENT_GIVEN,
    consent_seal,
    gold_seal,
    judgement_seal,
    step_seal,
    subject_seal,
)
from mmed_curate.store.tables import (
    ConsentRow,
    ErasureRow,
    GoldRow,
    JudgementRow,
    KeepsakeRow,
    StepRow,
    SubjectRow,
    TicketRow,
    WithdrawalRow,
)
from mmed_curate.store.unreadable import unreadable_findings
from mmed_curate.store.vouched import vouched_findings

_WORDS: Mapping[str, str] = {
    TICKET_RETURNED: "reason",
    FLAG_RAISED: "reason of a flag",
    FLAG_CLOSED: "reason for closing flags",
}
"""By kind of entry: what the words are that it seals, all of them said of a clip."""


def audit_of(session: OrmSession, entries: Sequence[LogEntry]) -> Audit:
    """Hold a workspace against its log.

    Args:
        session: one view of it.
        entries: the whole log, oldest first.
    """
    newest = entries[-1].sequence if entries else 0
    findings = chain_findings(entries) or unreadable_findings(session, newest)
    if not findings:
        erased = erased_by(entries)
        found = (
            *contents_findings(entries, _seals(session, entries, erased), _emptied(session, erased)),
            *facts_findings(entries, facts_of(session)),
            *_leaving_findings(session, entries),
            *vouched_findings(session, entries),
            *made_findings(session, entries),
            *guard_findings(session.connection(), newest),
        )
        findings = tuple(sorted(found, key=lambda finding: int(str(finding.parameters["sequence"]))))
    return Audit(entries=len(entries), newest=entries[-1].digest if entries else "", findings=findings)


def erased_by(entries: Sequence[LogEntry]) -> frozenset[str]:
    """Clips of which the log says that everything was erased; what the table says does not count."""
    said = (json.loads(entry.payload) for entry in entries if entry.kind == SUBJECT_ERASED)
    return frozenset(clip for one in said for clip in one["clips"])


def _seals(
    session: OrmSession, entries: Sequence[LogEntry], erased: frozenset[str]
) -> Mapping[str, tuple[str, Mapping[int, str]]]:
    salts = {row.name: row.value for row in session.scalars(select(KeepsakeRow))}
    return {
        **context_seals(session),
        SUBJECT_ADDED: ("subject's age, sex, language or looks", _known(session, entries, salts)),
        JUDGEMENT_SUBMITTED: (
            "judgement",
            {row.sequence: judgement_seal(row) for row in session.scalars(select(JudgementRow))},
        ),
        MOVEMENT_GIVEN: ("movement", {row.sequence: step_seal(row) for row in session.scalars(select(StepRow))}),
        GOLD_ADDED: (
            "gold reading",
            {
                row.sequence: gold_seal(row, salts.get(salt_name(row.sequence), b""))
                for row in session.scalars(select(GoldRow))
            },
        ),
        CONSENT_GIVEN: ("consent", {row.sequence: consent_seal(row) for row in session.scalars(select(ConsentRow))}),
        **_words(session, entries, salts, erased),
    }


def _known(session: OrmSession, entries: Sequence[LogEntry], kept: Mapping[str, bytes]) -> Mapping[int, str]:
    """By log entry: the seal of what is known of a subject today; of one who was erased, nothing must be left."""
    rows = {row.id: row for row in session.scalars(select(SubjectRow))}
    left = {json.loads(entry.payload)["subject"] for entry in entries if entry.kind == SUBJECT_ERASED}
    seals = {}
    for entry in entries:
        if entry.kind != SUBJECT_ADDED:
            continue
        said = json.loads(entry.payload)
        row, salt = rows.get(said["subject"]), kept.get(salt_name(entry.sequence))
        if row is not None and "seal" in said:
            nothing = (row.age_band, row.sex, row.ethnicity, row.language, row.glasses, row.beard) == (None,) * 6
            erased = said["subject"] in left and salt is None and nothing
            seals[entry.sequence] = said["seal"] if erased else subject_seal(row, salt or b"")
    return seals


def _words(
    session: OrmSession, entries: Sequence[LogEntry], kept: Mapping[str, bytes], erased: frozenset[str]
) -> Mapping[str, tuple[str, Mapping[int, str]]]:
    """By kind and log entry: the seal of somebody's own words on a clip, as they are kept today."""
    clip_of = {row.id: row.clip for row in session.execute(select(TicketRow.id, TicketRow.clip))}
    told = [json.loads(entry.payload) for entry in entries if entry.kind == SUBJECT_ERASED]
    seen = {clip for one in told for clip in one.get("seen", ())}
    seals: dict[str, dict[int, str]] = {kind: {} for kind in _WORDS}
    for entry in entries:
        if entry.kind not in _WORDS:
            continue
        said = json.loads(entry.payload)
        clip = said["clip"] if "clip" in said else clip_of.get(said["ticket"])
        salt, words = kept.get(salt_name(entry.sequence)), kept.get(words_name(entry.sequence))
        if salt is not None and words is not None:
            seals[entry.kind][entry.sequence] = sealed(salt.hex(), words.decode(errors="replace"))
        elif "seal" in said and clip in erased | seen:
            seals[entry.kind][entry.sequence] = said["seal"]
        elif "seal" not in said:  # nobody wrote anything
            seals[entry.kind][entry.sequence] = ""
    return {kind: (name, seals[kind]) for kind, name in _WORDS.items()}


def _emptied(session: OrmSession, erased: frozenset[str]) -> Mapping[int, Mapping[str, object]]:
    """By log entry: rows that lost their contents and were allowed to, with what the entry says openly of each."""
    found: dict[int, dict[str, object]] = {}
    for row in session.scalars(select(JudgementRow).where(JudgementRow.answer == "", JudgementRow.salt == "")):
        if row.clip in erased:
            found[row.sequence] = {"judgement": row.id, "ticket": row.ticket, "clip": row.clip}
    steps = select(StepRow, TicketRow.clip).join(TicketRow, TicketRow.id == StepRow.ticket)
    for step, clip in session.execute(steps.where(StepRow.answer == "", StepRow.salt == "")):
        if clip in erased:
            found[step.sequence] = {"ticket": step.ticket, "number": step.number}
    for gold in session.scalars(select(GoldRow).where(GoldRow.reading == "", GoldRow.why == "")):
        if gold.clip in erased:
            found[gold.sequence] = {"clip": gold.clip}
    return found


def _leaving_findings(session: OrmSession, entries: Sequence[LogEntry]) -> tuple[Finding, ...]:
    """Withdrawals and erasures that the log does not speak of, or that it speaks of and are not there."""
    said: dict[tuple[str, str], int] = {}
    for entry in entries:
        if entry.kind == SUBJECT_WITHDRAWN:
            said["withdrawal of subject", json.loads(entry.payload)["subject"]] = entry.sequence
        elif entry.kind == SUBJECT_ERASED:
            said.update({("erasure of clip", clip): entry.sequence for clip in json.loads(entry.payload)["clips"]})
    there = {("withdrawal of subject", row.subject): row.sequence for row in session.scalars(select(WithdrawalRow))}
    there |= {("erasure of clip", row.clip): row.sequence for row in session.scalars(select(ErasureRow))}
    missing = [
        broken(sequence, f"the {what} {id} of log entry {sequence} is missing")
        for (what, id), sequence in said.items()
        if (what, id) not in there
    ]
    newest = entries[-1].sequence if entries else 0
    unsaid = [
        broken(newest, f"the {what} {id} is in the database, but no log entry speaks of it")
        for (what, id), sequence in there.items()
        if said.get((what, id)) != sequence
    ]
    return (*missing, *unsaid)
