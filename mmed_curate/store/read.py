"""What can be asked of a workspace: one consistent view, however long it is held."""

from __future__ import annotations

import difflib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, cast

from sqlalchemy import Select, case, func, inspect, select
from sqlalchemy.orm import Session as OrmSession

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, CoderId, JudgementId, RecordingId, TicketId
from mmed_curate.domain.judgements import Judgement
from mmed_curate.domain.protocol import Purpose, Stage
from mmed_curate.domain.records import (
    Asset,
    AssetKind,
    Candidate,
    Clip,
    Coder,
    Companion,
    Consent,
    FaceOwner,
    LogEntry,
    Recording,
    Session,
    Subject,
)
from mmed_curate.store import rows
from mmed_curate.store.asides import AsideReader
from mmed_curate.store.auditing import audit_of
from mmed_curate.store.chain import Audit
from mmed_curate.store.happened import ContextReader
from mmed_curate.store.spoken import TranscriptReader
from mmed_curate.store.tables import (
    AssetRow,
    CandidateRow,
    ClipRow,
    CoderRow,
    CompanionRow,
    ConsentRow,
    FaceOwnerRow,
    JudgementRow,
    LogRow,
    PlaceRow,
    RecordingRow,
    SessionRow,
    SessionSubjectRow,
    SubjectRow,
    TicketRow,
)

_AT_ONCE = 1000
"""Rows that the database hands over at once."""
Row = TypeVar("Row", ClipRow, AssetRow, JudgementRow, LogRow)


class TicketState(Enum):
    """How far a ticket has come."""

    OPEN = "open"
    """Given to a coder, not looked at."""
    HELD = "held"
    """The coder has it on the desk."""
    SUBMITTED = "submitted"
    RETURNED = "returned"
    """Taken or given back unanswered; the seat is free again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRecord:
    """One seat at one stage of one clip, given to one coder. What a coder sees of it is `annotation.Ticket`."""

    id: TicketId
    clip: ClipId
    coder: CoderId
    stage: Stage
    round: int
    state: TicketState
    position: int
    """Order in which the coder gets their tickets."""
    purpose: Purpose = Purpose.ORDINARY
    turn: int = 1
    """Which of the stage's passes, from 1."""
    not_before: str = ""
    """From when on the coder may have it: UTC, RFC 3339; empty: at once."""
    since: str = ""
    """When it was given out or put on the desk, whichever came last: UTC, RFC 3339."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a clip stands."""

    clip: ClipId
    stage: Stage
    round: int
    open_seats: int
    """Judges still missing at this stage."""


class Reader(AsideReader, ContextReader, TranscriptReader):
    """One view of a workspace. Rows come in an order that does not depend on when they were stored."""

    def __init__(self, session: OrmSession) -> None:
        self._session = session

    def subjects(self) -> tuple[Subject, ...]:
        """All subjects with their newest consent, by code."""
        newest: dict[str, ConsentRow] = {}
        for consent in self._session.scalars(select(ConsentRow).order_by(ConsentRow.number)):
            newest[consent.subject] = consent
        found = self._session.scalars(select(SubjectRow).order_by(SubjectRow.code))
        return tuple(rows.subject_of(row, newest[row.id]) for row in found)

    def subject(self, code: str) -> Subject:
        """One subject by the lab's code.

        Raises:
            BadInput: there is none of that code.
        """
        row = self._session.scalar(select(SubjectRow).where(SubjectRow.code == code))
        if row is None:
            raise _unknown("subject", code, self._session.scalars(select(SubjectRow.code)))
        newest = select(ConsentRow).where(ConsentRow.subject == row.id).order_by(ConsentRow.number.desc()).limit(1)
        return rows.subject_of(row, self._session.scalars(newest).one())

    def consents(self, code: str) -> tuple[Consent, ...]:
        """All consents of a subject, the newest last.

        Raises:
            BadInput: there is no subject of that code.
        """
        query = select(ConsentRow).where(ConsentRow.subject == self.subject(code).id).order_by(ConsentRow.number)
        return tuple(rows.consent_of(row) for row in self._session.scalars(query))

    def sessions(self) -> tuple[Session, ...]:
        """All game sessions, by code."""
        query = select(SessionSubjectRow).order_by(SessionSubjectRow.session, SessionSubjectRow.position)
        took_part: dict[str, list[str]] = defaultdict(list)
        for row in self._session.scalars(query):
            took_part[row.session].append(row.subject)
        found = self._session.scalars(select(SessionRow).order_by(SessionRow.code))
        return tuple(rows.session_of(row, took_part[row.id]) for row in found)

    def session(self, code: str) -> Session:
        """One game session by the lab's code.

        Raises:
            BadInput: there is none of that code.
        """
        row = self._session.scalar(select(SessionRow).where(SessionRow.code == code))
        if row is None:
            raise _unknown("session", code, self._session.scalars(select(SessionRow.code)))
        query = select(SessionSubjectRow.subject).where(SessionSubjectRow.session == row.id)
        return rows.session_of(row, self._session.scalars(query.order_by(SessionSubjectRow.position)))

    def coders(self) -> tuple[Coder, ...]:
        """All coders, by code."""
        return tuple(rows.coder_of(row) for row in self._session.scalars(select(CoderRow).order_by(CoderRow.code)))

    def coder(self, code: str) -> Coder:
        """One coder by code.

        Raises:
            BadInput: there is none of that code.
        """
        row = self._session.scalar(select(CoderRow).where(CoderRow.code == code))
        if row is None:
            raise _unknown("coder", code, self._session.scalars(select(CoderRow.code)))
        return rows.coder_of(row)

    def recordings(self) -> tuple[Recording, ...]:
        """All recordings, by id."""
        found = self._session.scalars(select(RecordingRow).order_by(RecordingRow.id))
        return tuple(rows.recording_of(row) for row in found)

    def recording(self, id: RecordingId) -> Recording:
        """One recording.

        Raises:
            BadInput: there is none of that id.
        """
        row = self._session.get(RecordingRow, id)
        if row is None:
            raise _missing("recording", id)
        return rows.recording_of(row)

    def recording_by_hash(self, sha256: str) -> Recording | None:
        """The recording with these bytes, or None where it is not registered."""
        row = self._session.scalar(select(RecordingRow).where(RecordingRow.sha256 == sha256))
        return None if row is None else rows.recording_of(row)

    def companions(self, recording: RecordingId | None = None) -> tuple[Companion, ...]:
        """Files beside one recording or all, by recording, in the order in which they were named."""
        query = select(CompanionRow).order_by(CompanionRow.recording, CompanionRow.position)
        if recording is not None:
            query = query.where(CompanionRow.recording == recording)
        return tuple(rows.companion_of(row) for row in self._session.scalars(query))

    def face_owners(self, recording: RecordingId | None = None) -> tuple[FaceOwner, ...]:
        """Whose each face track is, by recording and track; tracks that nobody named are not among them."""
        query = select(FaceOwnerRow).order_by(FaceOwnerRow.recording, FaceOwnerRow.track)
        if recording is not None:
            query = query.where(FaceOwnerRow.recording == recording)
        return tuple(rows.face_owner_of(row) for row in self._session.scalars(query))

    def candidates(self, recording: RecordingId | None = None) -> tuple[Candidate, ...]:
        """Candidates of one recording or of all, by recording, onset and id."""
        query = select(CandidateRow).order_by(CandidateRow.recording, CandidateRow.onset, CandidateRow.id)
        if recording is not None:
            query = query.where(CandidateRow.recording == recording)
        return tuple(rows.candidate_of(row) for row in self._session.scalars(query))

    def clips(self, recording: RecordingId | None = None) -> tuple[Clip, ...]:
        """Clips of one recording or of all, by recording, first frame and id."""
        query = select(ClipRow).order_by(ClipRow.recording, ClipRow.first, ClipRow.id)
        if recording is not None:
            query = query.where(ClipRow.recording == recording)
        return tuple(map(rows.clip_of, self._plain(ClipRow, query)))

    def clip(self, id: ClipId) -> Clip:
        """One clip.

        Raises:
            BadInput: there is none of that id.
        """
        row = self._session.get(ClipRow, id)
        if row is None:
            raise _missing("clip", id)
        return rows.clip_of(row)

    def assets(self, clip: ClipId | None = None, kind: AssetKind | None = None) -> tuple[Asset, ...]:
        """Files made for one clip or for all, of one kind or of all, by clip, kind and event."""
        query = select(AssetRow).order_by(AssetRow.clip, AssetRow.kind, AssetRow.event)
        if clip is not None:
            query = query.where(AssetRow.clip == clip)
        if kind is not None:
            query = query.where(AssetRow.kind == kind.value)
        return tuple(map(rows.asset_of, self._plain(AssetRow, query)))

    def places(self) -> dict[ClipId, Place]:
        """Where every clip stands."""
        found = self._session.scalars(select(PlaceRow).order_by(PlaceRow.clip))
        return {ClipId(row.clip): _place_of(row) for row in found}

    def place(self, clip: ClipId) -> Place:
        """Where one clip stands.

        Raises:
            BadInput: there is no such clip.
        """
        row = self._session.get(PlaceRow, clip)
        if row is None:
            raise _missing("clip", clip)
        return _place_of(row)

    def stages(self) -> dict[ClipId, Stage]:
        """The stage of every clip."""
        return {clip: place.stage for clip, place in self.places().items()}

    def judgements(
        self,
        clip: ClipId | None = None,
        *,
        coder: CoderId | None = None,
        purposes: Collection[Purpose] | None = None,
    ) -> tuple[Judgement, ...]:
        """Judgements of one clip, coder, purpose or of all, superseded ones too, in the order of the log.

        Those whose contents were erased are not among them.
        """
        query = select(JudgementRow).where(JudgementRow.answer != "").order_by(JudgementRow.sequence)
        if clip is not None:
            query = query.where(JudgementRow.clip == clip)
        if coder is not None:
            query = query.where(JudgementRow.coder == coder)
        if purposes is not None:
            query = query.where(JudgementRow.purpose.in_(sorted(purpose.value for purpose in purposes)))
        return tuple(map(rows.judgement_of, self._plain(JudgementRow, query)))

    def judgements_by_clip(self, purposes: Collection[Purpose] | None = None) -> dict[ClipId, tuple[Judgement, ...]]:
        """Judgements of each clip that has any, in the order of the log; see `judgements`."""
        said: dict[ClipId, list[Judgement]] = defaultdict(list)
        for one in self.judgements(purposes=purposes):
            said[one.clip].append(one)
        return {clip: tuple(ones) for clip, ones in said.items()}

    def judgements_of_ticket(self, ticket: TicketId) -> tuple[JudgementId, ...]:
        """The judgement that a ticket led to and its corrections, the newest last."""
        query = select(JudgementRow.id).where(JudgementRow.ticket == ticket).order_by(JudgementRow.sequence)
        return tuple(JudgementId(id) for id in self._session.scalars(query))

    def tickets(
        self,
        *,
        coder: CoderId | None = None,
        clip: ClipId | None = None,
        states: Sequence[TicketState] = tuple(TicketState),
    ) -> tuple[TicketRecord, ...]:
        """Tickets of one coder or of all, of one clip or of all, by coder and position."""
        query = select(TicketRow).order_by(TicketRow.coder, TicketRow.position, TicketRow.id)
        query = query.where(TicketRow.state.in_([state.value for state in states]))
        if coder is not None:
            query = query.where(TicketRow.coder == coder)
        if clip is not None:
            query = query.where(TicketRow.clip == clip)
        return tuple(ticket_of(row) for row in self._session.scalars(query))

    def ticket(self, id: TicketId) -> TicketRecord | None:
        """One ticket, or None where there is none of that id."""
        row = self._session.get(TicketRow, id)
        return None if row is None else ticket_of(row)

    def ticket_counts(self, coder: CoderId | None = None) -> dict[CoderId, dict[TicketState, int]]:
        """Number of tickets of one coder or of each, by state."""
        query = select(TicketRow.coder, TicketRow.state, func.count()).group_by(TicketRow.coder, TicketRow.state)
        if coder is not None:
            query = query.where(TicketRow.coder == coder)
        counts: dict[CoderId, dict[TicketState, int]] = defaultdict(lambda: dict.fromkeys(TicketState, 0))
        for who, state, number in self._session.execute(query.order_by(TicketRow.coder)):
            counts[CoderId(who)][TicketState(state)] = number
        return dict(counts)

    def following(self, coder: CoderId, at: str) -> Iterator[TicketRecord]:
        """Open tickets that a coder may have at a time of day (UTC, RFC 3339), in the order in which they come."""
        query = select(TicketRow).where(
            TicketRow.coder == coder, TicketRow.state == TicketState.OPEN.value, TicketRow.not_before <= at
        )
        few = query.order_by(TicketRow.position).execution_options(yield_per=16)
        return (ticket_of(row) for row in self._session.scalars(few))

    def waiting(self, coder: CoderId, at: str) -> dict[Stage, tuple[int, int]]:
        """By stage: number of a coder's unanswered tickets, and of those that they get after a time of day only."""
        later = func.sum(case((TicketRow.not_before > at, 1), else_=0))
        states = (TicketState.OPEN.value, TicketState.HELD.value)
        query = select(TicketRow.stage, func.count(), later).where(
            TicketRow.coder == coder, TicketRow.state.in_(states)
        )
        found = {row[0]: (row[1], row[2]) for row in self._session.execute(query.group_by(TicketRow.stage))}
        return {stage: found[stage.value] for stage in Stage if stage.value in found}

    def submitted_since(self, coder: CoderId, at: str) -> int:
        """Number of tickets that a coder has answered since a time of day (UTC, RFC 3339); corrections do not count."""
        query = select(func.count()).where(
            TicketRow.coder == coder, TicketRow.state == TicketState.SUBMITTED.value, TicketRow.since >= at
        )
        return self._session.scalar(query) or 0

    def log(self, kind: str | None = None, *, after: int = 0) -> tuple[LogEntry, ...]:
        """The event log, oldest first; of one kind or of all, from after an entry of this number on."""
        query = select(LogRow).where(LogRow.sequence > after).order_by(LogRow.sequence)
        if kind is not None:
            query = query.where(LogRow.kind == kind)
        return tuple(map(rows.log_entry_of, self._plain(LogRow, query)))

    def n_entries(self) -> int:
        """Number of the log's newest entry; 0: there is none."""
        return self._session.scalar(select(func.max(LogRow.sequence))) or 0

    def newest_of_kinds(self) -> dict[str, str]:
        """By kind of the log's entries: when the newest of them was made; UTC, RFC 3339."""
        query = select(LogRow.kind, func.max(LogRow.at)).group_by(LogRow.kind).order_by(LogRow.kind)
        return {row.kind: row[1] for row in self._session.execute(query)}

    def newest_payload(self, kind: str) -> str | None:
        """What the newest entry of a kind says; None: there is none."""
        query = select(LogRow.payload).where(LogRow.kind == kind).order_by(LogRow.sequence.desc()).limit(1)
        return self._session.scalar(query)

    def last_acts(self) -> dict[str, str]:
        """By who acted: when they last did, as the log says; UTC, RFC 3339."""
        query = select(LogRow.actor, func.max(LogRow.at)).group_by(LogRow.actor).order_by(LogRow.actor)
        return {row.actor: row[1] for row in self._session.execute(query)}

    def log_times(self, sequences: Iterable[int]) -> dict[int, str]:
        """When the log's entries of these numbers were made: UTC, RFC 3339."""
        wanted = sorted(set(sequences))
        found: dict[int, str] = {}
        for start in range(0, len(wanted), 500):  # SQLite takes 32,766 values at most
            some = select(LogRow.sequence, LogRow.at).where(LogRow.sequence.in_(wanted[start : start + 500]))
            found.update((row.sequence, row.at) for row in self._session.execute(some))
        return found

    def audit(self) -> Audit:
        """Check the log's chain, that contents are what it sealed, all registered as it says, and the guards there."""
        return audit_of(self._session, self.log())

    def _plain(self, kind: type[Row], query: Select[Any]) -> Iterator[Row]:
        """What a query for rows of one table finds, as plain rows that have the same columns.

        The mapper keeps each of its own, and what it was when it was read, until all are there: three times as much.
        """
        columns = [getattr(kind, one.key) for one in inspect(kind).column_attrs]
        found = self._session.execute(query.with_only_columns(*columns).execution_options(yield_per=_AT_ONCE))
        return cast("Iterator[Row]", found)


def ticket_of(row: TicketRow) -> TicketRecord:
    """The ticket in a row."""
    return TicketRecord(
        id=TicketId(row.id),
        clip=ClipId(row.clip),
        coder=CoderId(row.coder),
        stage=Stage(row.stage),
        round=row.round,
        state=TicketState(row.state),
        position=row.position,
        purpose=Purpose(row.purpose),
        turn=row.turn,
        not_before=row.not_before,
        since=row.since,
    )


def _place_of(row: PlaceRow) -> Place:
    return Place(clip=ClipId(row.clip), stage=Stage(row.stage), round=row.round, open_seats=row.open_seats)


def _unknown(kind: str, code: str, known: Iterable[str]) -> BadInput:
    codes = sorted(known)
    near = difflib.get_close_matches(code, codes, n=3, cutoff=0.5)
    if near:
        remedy = f"did you mean {' or '.join(near)}?"
    elif codes:
        remedy = f"register it with `mmed {kind} add`, or use one of: {', '.join(codes[:8])}"
    else:
        remedy = f"register it with `mmed {kind} add` first"
    return BadInput.of(f"store.unknown_{kind}", f"there is no {kind} {json.dumps(code, ensure_ascii=False)}", remedy)


def _missing(kind: str, id: str) -> BadInput:
    return BadInput.of(
        f"store.unknown_{kind}", f"there is no {kind} of id {id}", f"take an id from this workspace's {kind}s"
    )
