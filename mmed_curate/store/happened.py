"""What happened in games and what players said of it, read back; and whether it is still what was taken in."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session as OrmSession

from mmed_curate.domain.context import GameEvent, Player, SelfReport, SessionContext
from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.identity import RecordingId, SessionId, SubjectId
from mmed_curate.store.chain import sealed
from mmed_curate.store.spoken import TRANSCRIPT_TAKEN, cue_parts, cues_by_entry, heard_in
from mmed_curate.store.tables import (
    GameEventRow,
    KeepsakeRow,
    LogRow,
    RecordingRow,
    SelfReportRow,
    SessionRow,
    SessionSubjectRow,
)

SESSION_CONTEXT = "session.context"
EVENTS_LOGGED = "events.logged"
REPORTS_TAKEN = "reports.taken"
SUBJECT_ERASED = "subject.erased"
"""What the database held of a subject was erased."""
ERASURE_FINISHED = "erasure.finished"
"""And all files of them."""
KINDS: Mapping[str, str] = {
    SESSION_CONTEXT: "context of a session",
    EVENTS_LOGGED: "part of an event log",
    REPORTS_TAKEN: "self-reports",
    TRANSCRIPT_TAKEN: "part of a transcript",
}
"""By kind of entry: what it seals, of one subject each (or of nobody's alone)."""


def salt_name(sequence: int) -> str:
    """Under what the salt of a log entry's seal is kept."""
    return f"salt:{sequence}"


def context_seal(salt: bytes, contents: Iterable[Sequence[object]]) -> str:
    """Hash over what one entry of the log stands for."""
    return sealed(salt.hex(), *(canonical_json(list(one)) for one in contents))


class ContextReader:
    """What happened in games and what players said of it."""

    _session: OrmSession

    def session_context(self, session: SessionId) -> SessionContext:
        """What a game was about.

        Raises:
            KeyError: there is no such session.
        """
        row = self._session.get(SessionRow, session)
        if row is None:
            raise KeyError(session)
        query = select(SessionSubjectRow).where(SessionSubjectRow.session == session)
        return SessionContext(
            session=session,
            stakes=row.stakes,
            outcome=row.outcome,
            players=tuple(
                Player(subject=SubjectId(one.subject), role=one.role, outcome=one.outcome)
                for one in self._session.scalars(query.order_by(SessionSubjectRow.position))
            ),
        )

    def game_events(
        self, recording: RecordingId | None = None, *, session: SessionId | None = None
    ) -> tuple[GameEvent, ...]:
        """What happened, on one recording's clock, in one session or in all: by recording, time and order."""
        query = (
            select(GameEventRow)
            .where(GameEventRow.what != "")
            .order_by(GameEventRow.recording, GameEventRow.time_s, GameEventRow.number)
        )
        query = query.where(GameEventRow.what != "")  # erased ones are empty
        if recording is not None:
            query = query.where(GameEventRow.recording == recording)
        if session is not None:
            query = query.where(GameEventRow.recording.in_(_recordings_of(session)))
        return tuple(
            GameEvent(
                recording=RecordingId(row.recording),
                time_s=row.time_s,
                what=row.what,
                subject=None if row.subject is None else SubjectId(row.subject),
                detail=row.detail,
            )
            for row in self._session.scalars(query)
        )

    def self_reports(
        self, recording: RecordingId | None = None, *, session: SessionId | None = None
    ) -> tuple[SelfReport, ...]:
        """What players said, of one recording, one session or all: by recording, onset and order."""
        query = (
            select(SelfReportRow)
            .where(SelfReportRow.emotion != "")
            .order_by(SelfReportRow.recording, SelfReportRow.onset_s, SelfReportRow.number)
        )
        query = query.where(SelfReportRow.emotion != "")
        if recording is not None:
            query = query.where(SelfReportRow.recording == recording)
        if session is not None:
            query = query.where(SelfReportRow.recording.in_(_recordings_of(session)))
        return tuple(
            SelfReport(
                recording=RecordingId(row.recording),
                subject=SubjectId(row.subject),
                onset_s=row.onset_s,
                offset_s=row.offset_s,
                emotion=row.emotion,
                intensity=row.intensity,
                words=row.words,
            )
            for row in self._session.scalars(query)
        )


def _recordings_of(session: SessionId) -> Select[str]:
    return select(RecordingRow.id).where(RecordingRow.session == session)


def player_parts(role: str | None, outcome: str | None) -> list[tuple[object, ...]]:
    """What is sealed of one player of a session."""
    return [("player", role, outcome)]


def game_parts(stakes: str | None, outcome: str | None) -> list[tuple[object, ...]]:
    """What is sealed of a session itself."""
    return [("game", stakes, outcome)]


def event_parts(rows: Iterable[GameEventRow]) -> list[tuple[object, ...]]:
    """What is sealed of events that were taken in together."""
    return [(row.number, row.recording, float(row.time_s), row.what, row.subject, row.detail) for row in rows]


def report_parts(rows: Iterable[SelfReportRow]) -> list[tuple[object, ...]]:
    """What is sealed of self-reports that were taken in together."""
    return [
        (
            row.number,
            row.recording,
            row.subject,
            float(row.onset_s),  # as the database gives them back, whatever number was given
            float(row.offset_s),
            row.emotion,
            row.intensity,
            row.words,
        )
        for row in rows
    ]


def context_seals(session: OrmSession) -> dict[str, tuple[str, dict[int, str]]]:
    """By kind of entry: what it seals, and by log entry the seal of what is there today.

    What was erased with its subject, as the log says (its salt and contents are gone), counts as it was.
    """
    events: dict[int, list[GameEventRow]] = defaultdict(list)
    for event in session.scalars(select(GameEventRow).order_by(GameEventRow.number)):
        events[event.sequence].append(event)
    reports: dict[int, list[SelfReportRow]] = defaultdict(list)
    for report in session.scalars(select(SelfReportRow).order_by(SelfReportRow.number)):
        reports[report.sequence].append(report)
    cues = cues_by_entry(session)
    games = {row.id: game_parts(row.stakes, row.outcome) for row in session.scalars(select(SessionRow))}
    players = {
        (row.session, row.subject): player_parts(row.role, row.outcome)
        for row in session.scalars(select(SessionSubjectRow))
    }
    salts = {row.name: row.value for row in session.scalars(select(KeepsakeRow))}
    erasures = session.scalars(select(LogRow.payload).where(LogRow.kind == SUBJECT_ERASED))
    erased = {json.loads(payload)["subject"] for payload in erasures}
    found: dict[str, tuple[str, dict[int, str]]] = {kind: (name, {}) for kind, name in KINDS.items()}
    for sequence, kind, payload in session.execute(
        select(LogRow.sequence, LogRow.kind, LogRow.payload).where(LogRow.kind.in_(KINDS)).order_by(LogRow.sequence)
    ):
        said = json.loads(payload)
        salt = salts.get(salt_name(sequence))
        if salt is None:
            left = [row.what for row in events.pop(sequence, [])]
            left += [row.emotion + row.words for row in reports.pop(sequence, [])]
            left += [row.text for row in cues.pop(sequence, [])]
            of_whom = {said["subject"]}
            if kind == TRANSCRIPT_TAKEN and said["subject"] is None:  # any who were there may have said it
                of_whom = heard_in(session, said["recording"])
            found[kind][1][sequence] = said["seal"] if of_whom & erased and not any(left) else ""
            continue
        if kind == EVENTS_LOGGED:
            parts = event_parts(events.pop(sequence, []))
        elif kind == REPORTS_TAKEN:
            parts = report_parts(reports.pop(sequence, []))
        elif kind == TRANSCRIPT_TAKEN:
            parts = cue_parts(cues.pop(sequence, []))
        elif said["subject"] is None:
            parts = games.get(said["session"], [])
        else:
            parts = players.get((said["session"], said["subject"]), [])
        found[kind][1][sequence] = context_seal(salt, parts)
    unsaid = ((EVENTS_LOGGED, set(events)), (REPORTS_TAKEN, set(reports)), (TRANSCRIPT_TAKEN, set(cues)))
    for kind, sequences in unsaid:
        for sequence in sequences:  # rows that no entry of their kind speaks of
            found[kind][1].setdefault(sequence, "")
    return found
