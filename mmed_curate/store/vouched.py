"""Rows that the log shows whole, held against it: lots, recodings, admissions, exclusions, references, every ticket."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from mmed_curate.domain.findings import Finding
from mmed_curate.domain.records import LogEntry
from mmed_curate.store.chain import broken
from mmed_curate.store.conducted import CLIPS_RECODED
from mmed_curate.store.happened import SUBJECT_ERASED
from mmed_curate.store.tables import AdmissionRow, ExclusionRow, LotRow, RecodingRow, ReferenceRow, TicketRow

LOTS_DRAWN = "lots.drawn"
CODER_ADMITTED = "coder.admitted"
CODER_EXCLUDED = "coder.excluded"
REFERENCE_PUT = "reference.put"
TICKET_OPENED = "ticket.opened"

Told = Mapping[tuple[int, str], Mapping[str, object]]
"""By entry of the log and name of a row: what is said of it."""


def vouched_findings(session: OrmSession, entries: Sequence[LogEntry]) -> tuple[Finding, ...]:
    """Rows that the log does not speak of, speaks of otherwise, or speaks of and that are not there.

    Args:
        session: one view of the database.
        entries: the whole log, whose chain holds.
    """
    newest = entries[-1].sequence if entries else 0
    erased = {json.loads(entry.payload)["subject"] for entry in entries if entry.kind == SUBJECT_ERASED}
    said = dict(_said(entries, erased))
    there = dict(_there(session))
    found = []
    for key in sorted(said):
        if key not in there:
            found.append(broken(key[0], f"the {key[1]} of log entry {key[0]} is missing"))
        elif differ := sorted(name for name, value in said[key].items() if there[key].get(name) != value):
            found.append(broken(key[0], f"the {key[1]} of log entry {key[0]} was altered ({', '.join(differ)})"))
    found += [
        broken(newest, f"a {what} is in the database that log entry {sequence} does not speak of")
        for sequence, what in sorted(set(there) - set(said))
    ]
    return (*found, *_ticket_findings(session, entries, newest))


def _said(
    entries: Iterable[LogEntry], erased: Collection[str]
) -> Iterator[tuple[tuple[int, str], Mapping[str, object]]]:
    for entry in entries:
        if entry.kind == LOTS_DRAWN:
            told = json.loads(entry.payload)
            for clip in told["clips"]:
                yield (entry.sequence, f"lot {told['kind']} of clip {clip}"), {}
        elif entry.kind == CLIPS_RECODED:
            for clip in json.loads(entry.payload)["clips"]:
                yield (entry.sequence, f"recoding of clip {clip}"), {}
        elif entry.kind == CODER_ADMITTED:
            yield (entry.sequence, "admission"), json.loads(entry.payload)
        elif entry.kind == CODER_EXCLUDED:
            yield (entry.sequence, "exclusion"), json.loads(entry.payload)
        elif entry.kind == REFERENCE_PUT:
            told = json.loads(entry.payload)
            told = {name: value for name, value in told.items() if name not in {"because", "seal"}}
            if told["subject"] in erased:  # which files there were is no longer known
                del told["files"]
            yield (entry.sequence, "reference"), told


def _there(session: OrmSession) -> Iterator[tuple[tuple[int, str], Mapping[str, object]]]:
    for lot in session.scalars(select(LotRow)):
        yield (lot.sequence, f"lot {lot.kind} of clip {lot.clip}"), {}
    for sent in session.scalars(select(RecodingRow)):
        yield (sent.sequence, f"recoding of clip {sent.clip}"), {}
    for one in session.scalars(select(AdmissionRow)):
        told = {"coder": one.coder, "stage": one.stage, "admitted": one.admitted}
        yield (one.sequence, "admission"), {**told, "evidence": json.loads(one.evidence)}
    for other in session.scalars(select(ExclusionRow)):
        yield (other.sequence, "exclusion"), {"coder": other.coder, "subject": other.subject}
    for row in session.scalars(select(ReferenceRow)):
        frames = {"first": row.first, "last": row.last}
        named = {"subject": row.subject, "recording": row.recording, "files": json.loads(row.files)}
        yield (row.sequence, "reference"), {**named, **frames}


def _ticket_findings(session: OrmSession, entries: Sequence[LogEntry], newest: int) -> Iterator[Finding]:
    """Each ticket as it was last given out; one of an older program says less of it."""
    said: dict[str, tuple[int, Mapping[str, object]]] = {}
    for entry in entries:
        if entry.kind == TICKET_OPENED:
            told = json.loads(entry.payload)
            said[told["ticket"]] = entry.sequence, {name: told[name] for name in told if name != "ticket"}
    columns = (TicketRow.clip, TicketRow.coder, TicketRow.stage, TicketRow.round, TicketRow.purpose, TicketRow.turn)
    there = {row[0]: row._mapping for row in session.execute(select(TicketRow.id, *columns))}
    for id, (sequence, told) in said.items():
        if id not in there:
            yield broken(sequence, f"the ticket of log entry {sequence} is missing")
        elif differ := sorted(name for name, value in told.items() if there[id][name] != value):
            yield broken(sequence, f"the ticket of log entry {sequence} was altered ({', '.join(differ)})")
    for id in sorted(set(there) - set(said)):
        yield broken(newest, f"the ticket {id} is in the database, but no log entry gave it out")
