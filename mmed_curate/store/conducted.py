"""What is known of people and clips beyond judgements: lots, gold, admissions, exclusions, references, who left."""

from __future__ import annotations

import json
from collections import Counter, defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from mmed_curate.domain.conduct import (
    Admission,
    Exclusion,
    GoldClip,
    LotKind,
    Recoding,
    RecodingKind,
    Reference,
    ReferenceFile,
)
from mmed_curate.domain.identity import ClipId, CoderId, RecordingId, SubjectId, TicketId
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import ClipOrigin, ClipTerms, Stage
from mmed_curate.domain.serial import from_json
from mmed_curate.domain.time import Frame
from mmed_curate.store.tables import (
    AdmissionRow,
    ClipRow,
    DraftRow,
    ErasureRow,
    ExclusionRow,
    GoldRow,
    LogRow,
    LotRow,
    RecodingRow,
    RecordingRow,
    ReferenceRow,
    SessionSubjectRow,
    StepRow,
    WithdrawalRow,
)

CLIPS_RECODED = "clips.recoded"


class ConductReader:
    """What is known of people and clips beyond their judgements."""

    _session: OrmSession

    def terms(self, clip: ClipId | None = None) -> dict[ClipId, ClipTerms]:
        """What lot fell to one clip, or to each, and how often it was sent back to coding."""
        lots: dict[str, set[str]] = defaultdict(set)
        drawn, clips = select(LotRow.clip, LotRow.kind), select(ClipRow.id, ClipRow.origin).order_by(ClipRow.id)
        sent_back = select(RecodingRow.clip)
        if clip is not None:
            drawn, clips = drawn.where(LotRow.clip == clip), clips.where(ClipRow.id == clip)
            sent_back = sent_back.where(RecodingRow.clip == clip)
        for id, kind in self._session.execute(drawn):
            lots[id].add(kind)
        recodings = Counter(self._session.scalars(sent_back))
        return {
            ClipId(id): ClipTerms(
                origin=ClipOrigin(origin),
                screened_again=LotKind.SCREENED_AGAIN.value in lots[id],
                foil=LotKind.FOIL.value in lots[id],
                recodings=recodings[id],
            )
            for id, origin in self._session.execute(clips)
        }

    def recodings(self) -> tuple[Recoding, ...]:
        """Every act that sent clips back to coding, oldest first."""
        clips: dict[int, list[ClipId]] = defaultdict(list)
        for row in self._session.scalars(select(RecodingRow).order_by(RecodingRow.clip)):
            clips[row.sequence].append(ClipId(row.clip))
        found = []
        for entry in self._session.scalars(
            select(LogRow).where(LogRow.kind == CLIPS_RECODED).order_by(LogRow.sequence)
        ):
            said = json.loads(entry.payload)
            found.append(
                Recoding(
                    kind=RecodingKind(said["kind"]),
                    clips=tuple(clips[entry.sequence]),
                    order=entry.sequence,
                    at=entry.at,
                )
            )
        return tuple(found)

    def gold(self, clip: ClipId | None = None) -> dict[ClipId, GoldClip]:
        """Clips whose reading is known, one or all, by id; the newest reading of each. What was erased is left out."""
        query = select(GoldRow).where(GoldRow.reading != "").order_by(GoldRow.number)
        if clip is not None:
            query = query.where(GoldRow.clip == clip)
        found = self._session.scalars(query)
        return {
            ClipId(row.clip): GoldClip(
                clip=ClipId(row.clip), reading=from_json(Coding, json.loads(row.reading)), why=row.why
            )
            for row in found
        }

    def admissions(self) -> dict[tuple[CoderId, Stage], Admission]:
        """The newest word on each coder and stage."""
        found = self._session.scalars(select(AdmissionRow).order_by(AdmissionRow.number))
        return {
            (CoderId(row.coder), Stage(row.stage)): Admission(
                coder=CoderId(row.coder),
                stage=Stage(row.stage),
                admitted=row.admitted,
                evidence=json.loads(row.evidence),
            )
            for row in found
        }

    def exclusions(self) -> tuple[Exclusion, ...]:
        """Who may not judge whom, by coder and subject."""
        found = self._session.scalars(select(ExclusionRow).order_by(ExclusionRow.coder, ExclusionRow.subject))
        return tuple(Exclusion(coder=CoderId(row.coder), subject=SubjectId(row.subject), why=row.why) for row in found)

    def references(self, subject: SubjectId | None = None) -> dict[SubjectId, Reference]:
        """The newest reference of one subject, or of each."""
        query = select(ReferenceRow).where(ReferenceRow.files != "{}").order_by(ReferenceRow.number)
        if subject is not None:
            query = query.where(ReferenceRow.subject == subject)
        found = self._session.scalars(query)
        return {
            SubjectId(row.subject): Reference(
                subject=SubjectId(row.subject),
                recording=RecordingId(row.recording),
                first=Frame(row.first),
                last=Frame(row.last),
                files={ReferenceFile(part): tuple(file) for part, file in json.loads(row.files).items()},
            )
            for row in found
        }

    def people(self, clip: ClipId | None = None) -> dict[ClipId, frozenset[SubjectId]]:
        """Who may be seen or heard in a clip, or in each: its subject, whose faces reach into it, all of its game."""
        of_session: dict[str, set[str]] = defaultdict(set)
        for session, subject in self._session.execute(select(SessionSubjectRow.session, SessionSubjectRow.subject)):
            of_session[session].add(subject)
        query = select(ClipRow.id, ClipRow.subject, ClipRow.also_visible, RecordingRow.session).join(
            RecordingRow, RecordingRow.id == ClipRow.recording
        )
        if clip is not None:
            query = query.where(ClipRow.id == clip)
        return {
            ClipId(id): frozenset(
                SubjectId(one) for one in {subject, *json.loads(visible), *of_session[session]} if one is not None
            )
            for id, subject, visible, session in self._session.execute(query)
        }

    def subjects_of_clips(self) -> dict[ClipId, SubjectId]:
        """Whose each clip is."""
        query = select(ClipRow.id, ClipRow.subject)
        return {ClipId(id): SubjectId(subject) for id, subject in self._session.execute(query)}

    def withdrawn(self) -> frozenset[SubjectId]:
        """Subjects who left."""
        return frozenset(SubjectId(id) for id in self._session.scalars(select(WithdrawalRow.subject)))

    def erased(self) -> frozenset[ClipId]:
        """Clips of which nothing is kept."""
        return frozenset(ClipId(id) for id in self._session.scalars(select(ErasureRow.clip)))

    def draft(self, ticket: TicketId) -> str | None:
        """What a coder has so far for a ticket; None: nothing."""
        return self._session.scalar(select(DraftRow.answer).where(DraftRow.ticket == ticket))

    def movement(self, ticket: TicketId) -> Coding | None:
        """The movement as it was last handed in for a ticket, before the emotion opened; None: not yet."""
        said = select(StepRow.answer).where(StepRow.ticket == ticket, StepRow.answer != "")
        newest = said.order_by(StepRow.number.desc()).limit(1)
        answer = self._session.scalar(newest)
        return None if answer is None else from_json(Coding, json.loads(answer))
