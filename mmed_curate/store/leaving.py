"""A subject leaves: their clips leave the queues, and where it is asked for, all that is kept of them goes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Delete, Update, delete, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import InstrumentedAttribute

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, RecordingId, SubjectId, TicketId
from mmed_curate.store.asides import FLAG_CLOSED, FLAG_RAISED
from mmed_curate.store.facts import SUBJECT_ADDED
from mmed_curate.store.happened import (
    ERASURE_FINISHED,
    EVENTS_LOGGED,
    REPORTS_TAKEN,
    SESSION_CONTEXT,
    SUBJECT_ERASED,
    salt_name,
)
from mmed_curate.store.left import (
    SUBJECT_WITHDRAWN,
    TICKET_RETURNED,
    Erasure,
    GoneFile,
    erasure_name,
    words_name,
)
from mmed_curate.store.read import TicketState
from mmed_curate.store.seals import GOLD_ADDED
from mmed_curate.store.spoken import NO_WORDS, TRANSCRIPT_TAKEN
from mmed_curate.store.tables import (
    AssetRow,
    CandidateRow,
    ClipRow,
    CueRow,
    DraftRow,
    ErasureRow,
    ExclusionRow,
    FaceOwnerRow,
    GameEventRow,
    GoldRow,
    JudgementRow,
    KeepsakeRow,
    RecordingRow,
    ReferenceRow,
    SelfReportRow,
    SessionSubjectRow,
    StepRow,
    SubjectRow,
    TicketRow,
    WithdrawalRow,
)
from mmed_curate.store.tickets import TicketWriter
from mmed_curate.store.vouched import REFERENCE_PUT

_AT_ONCE = 500
"""Ids in one statement; SQLite takes some thousands."""
_CONTEXT = (SESSION_CONTEXT, EVENTS_LOGGED, REPORTS_TAKEN)


class LeavingWriter(TicketWriter):
    """Acts by which a subject leaves."""

    def withdraw(self, subject: SubjectId) -> tuple[TicketId, ...]:
        """Note that a subject left, and take back every ticket on a clip in which they may be seen or heard.

        Returns:
            The tickets that were taken back; none where the subject had left before.
        """
        if self._session.get(WithdrawalRow, subject) is not None:
            return ()
        entry = self.log_act(SUBJECT_WITHDRAWN, {"subject": subject})
        self._add(WithdrawalRow(subject=subject, sequence=entry.sequence))
        gone = self.gone()
        waiting = self.tickets(states=(TicketState.OPEN, TicketState.HELD))
        back = tuple(ticket.id for ticket in waiting if ticket.clip in gone)
        for ticket in back:
            self.return_ticket(ticket, why="withdrawn")
        return back

    def erase(self, subject: SubjectId) -> Erasure:
        """Give up all that the database holds of a subject who left, and note which files must follow.

        Of the subject's own clips goes what was said of them; of clips of others in which they may be seen or heard,
        the files and drafts. Who said something when, and salted hashes of it, stay. Asked again, nothing is done.

        Raises:
            BadInput: the subject has not left.
        """
        begun = self.erasure(subject)
        if begun is not None:
            return begun
        if self._session.get(WithdrawalRow, subject) is None:
            raise BadInput.of("store.not_withdrawn", "only a subject who left is erased", "note the withdrawal first")
        people = self.people()
        own = sorted(clip for clip, whose in self.subjects_of_clips().items() if whose == subject)
        others = sorted(clip for clip, seen in people.items() if subject in seen and clip not in set(own))
        tickets = self._ids(TicketRow.id, TicketRow.clip, [*own, *others])
        paths = set(self._ids(AssetRow.path, AssetRow.clip, [*own, *others]))
        for files in self._session.scalars(select(ReferenceRow.files).where(ReferenceRow.subject == subject)):
            paths.update(path for path, _ in json.loads(files).values())
        entry = self.log_act(SUBJECT_ERASED, {"subject": subject, "clips": own, "seen": others})
        self._add_all(ErasureRow(clip=clip, sequence=entry.sequence) for clip in own)
        counts = {
            **self._empty_what_was_said(own=own, seen=[*own, *others]),
            **self._empty_what_is_known(subject),
            **self._empty_what_they_spoke(subject),
            **self._forget_measurements(subject, own, [*own, *others]),
        }
        self._session.expire_all()
        made = Erasure(
            subject=subject,
            at=entry.at,
            clips=tuple(own),
            others=tuple(others),
            recordings=self.recordings_with(subject),
            paths=tuple(sorted(paths)),
            tickets=tuple(TicketId(id) for id in tickets),
            counts=counts,
        )
        self._keep(made)
        return made

    def note_files(self, erasure: Erasure, files: Iterable[GoneFile]) -> Erasure:
        """Note what lies on disk of an erased subject, before it goes: a receipt can name it whatever happens then."""
        noted = {file.path: file for file in (*(erasure.files or ()), *files)}
        erasure = replace(erasure, files=tuple(noted[path] for path in sorted(noted)))
        self._keep(erasure)
        return erasure

    def finish_erasure(self, erasure: Erasure) -> Erasure:
        """Note that nothing is left on disk."""
        if erasure.finished:
            return erasure
        said = {"subject": erasure.subject, "files": len(erasure.files or ())}
        erasure = replace(erasure, finished=self.log_act(ERASURE_FINISHED, said).at)
        self._keep(erasure)
        return erasure

    def _empty_what_was_said(self, *, own: list[ClipId], seen: list[ClipId]) -> Mapping[str, int]:
        tickets = self._ids(TicketRow.id, TicketRow.clip, own)
        nothing = {"answer": "", "salt": ""}
        judgements = self._change(update(JudgementRow).values(nothing), JudgementRow.clip, own)
        steps = self._change(update(StepRow).values(nothing), StepRow.ticket, tickets)
        gold = self._change(update(GoldRow).values(reading="", why=""), GoldRow.clip, own)
        for entry, said in self._payloads(GOLD_ADDED):
            if said["clip"] in set(own):
                self._change(delete(KeepsakeRow), KeepsakeRow.name, [salt_name(entry)])
        drafts = self._change(delete(DraftRow), DraftRow.ticket, self._ids(TicketRow.id, TicketRow.clip, seen))
        ids = set(self._ids(TicketRow.id, TicketRow.clip, seen))  # whoever is seen may be named there
        reasons = 0
        for entry, said in self._payloads(TICKET_RETURNED):
            if said["ticket"] in ids and "seal" in said:
                self._change(delete(KeepsakeRow), KeepsakeRow.name, [salt_name(entry), words_name(entry)])
                reasons += 1
        for entry, said in (*self._payloads(FLAG_RAISED), *self._payloads(FLAG_CLOSED)):
            if said["clip"] in set(seen):
                self._change(delete(KeepsakeRow), KeepsakeRow.name, [salt_name(entry), words_name(entry)])
                reasons += 1
        return {"judgements": judgements, "movements": steps, "gold": gold, "drafts": drafts, "reasons": reasons}

    def _empty_what_is_known(self, subject: SubjectId) -> Mapping[str, int]:
        one = [subject]
        unknown = dict.fromkeys(("age_band", "sex", "ethnicity", "language", "glasses", "beard"))
        self._change(update(SubjectRow).values(unknown), SubjectRow.id, one)
        for entry, said in self._payloads(SUBJECT_ADDED):
            if said["subject"] == subject:
                self._change(delete(KeepsakeRow), KeepsakeRow.name, [salt_name(entry)])
        self._change(update(SessionSubjectRow).values(role=None, outcome=None), SessionSubjectRow.subject, one)
        for kind in _CONTEXT:
            for entry, said in self._payloads(kind):
                if said["subject"] == subject:
                    self._change(delete(KeepsakeRow), KeepsakeRow.name, [salt_name(entry)])
        event = {"time_s": 0.0, "what": "", "detail": ""}
        report = {"onset_s": 0.0, "offset_s": 0.0, "emotion": "", "intensity": None, "words": ""}
        for entry, said in self._payloads(REFERENCE_PUT):
            if said["subject"] == subject:
                self._change(delete(KeepsakeRow), KeepsakeRow.name, [salt_name(entry), words_name(entry)])
        return {
            "exclusions": self._change(update(ExclusionRow).values(why=""), ExclusionRow.subject, one),
            "game events": self._change(update(GameEventRow).values(event), GameEventRow.subject, one),
            "self-reports": self._change(update(SelfReportRow).values(report), SelfReportRow.subject, one),
            "references": self._change(update(ReferenceRow).values(files="{}"), ReferenceRow.subject, one),
        }

    def _empty_what_they_spoke(self, subject: SubjectId) -> Mapping[str, int]:
        """Their cues, of older transcripts too, and those of nobody known where they may be heard."""
        heard = {
            id for id in self._session.scalars(select(RecordingRow.id)) if subject in self.heard_in(RecordingId(id))
        }
        for entry, said in self._payloads(TRANSCRIPT_TAKEN):
            if said["subject"] == subject or (said["subject"] is None and said["recording"] in heard):
                self._change(delete(KeepsakeRow), KeepsakeRow.name, [salt_name(entry)])
        nothing = {"onset_s": 0.0, "offset_s": 0.0, "text": "", "words": NO_WORDS}
        own = self._change(update(CueRow).values(nothing), CueRow.subject, [subject])
        nobodys = update(CueRow).where(CueRow.subject.is_(None)).values(nothing)
        return {"cues": own + self._change(nobodys, CueRow.recording, sorted(heard))}

    def _forget_measurements(self, subject: SubjectId, own: list[ClipId], seen: list[ClipId]) -> Mapping[str, int]:
        self._change(update(ClipRow).values(crop=None, sound_flags=None), ClipRow.id, own)
        blank = {"onset": 0, "apex": 0, "offset": 0, "score": 0.0, "region": "", "tags": "[]"}
        candidates = 0
        tracks: dict[str, set[int]] = {}
        for owner in self._session.scalars(select(FaceOwnerRow)):
            tracks.setdefault(owner.recording, set())
            if owner.subject == subject:
                tracks[owner.recording].add(owner.track)
        for id, whose in self._session.execute(select(RecordingRow.id, RecordingRow.subject)):
            if id not in tracks and whose == subject:
                candidates += self._change(update(CandidateRow).values(blank), CandidateRow.recording, [id])
            for track in sorted(tracks.get(id, ())):
                mine = update(CandidateRow).where(CandidateRow.track == track).values(blank)
                candidates += self._change(mine, CandidateRow.recording, [id])
        files = self._change(delete(AssetRow), AssetRow.clip, seen)
        return {"candidates": candidates, "entries of files": files}

    def _payloads(self, kind: str) -> Iterable[tuple[int, dict[str, Any]]]:
        return [(entry.sequence, json.loads(entry.payload)) for entry in self.log(kind)]

    def _keep(self, erasure: Erasure) -> None:
        self._session.merge(KeepsakeRow(name=erasure_name(erasure.subject), value=erasure.to_text().encode()))
        self._flush()

    def _ids(self, column: InstrumentedAttribute[str], where: InstrumentedAttribute[str], ids: list[Any]) -> list[str]:
        found: set[str] = set()
        for start in range(0, len(ids), _AT_ONCE):
            found.update(self._session.scalars(select(column).where(where.in_(ids[start : start + _AT_ONCE]))))
        return sorted(found)

    def _change(self, act: Update | Delete, where: InstrumentedAttribute[Any], ids: Sequence[object]) -> int:
        """Number of rows that were changed, or taken out."""
        number = 0
        for start in range(0, len(ids), _AT_ONCE):
            some = act.where(where.in_(ids[start : start + _AT_ONCE]))
            done = self._session.execute(some, execution_options={"synchronize_session": False})
            number += done.rowcount if isinstance(done, CursorResult) else 0
        return number
