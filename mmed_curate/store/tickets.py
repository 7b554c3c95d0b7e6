"""Seats given out, taken, answered and returned; drafts, steps and judgements. What is acknowledged is on disk."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from mmed_curate.domain.conduct import Exclusion
from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, CoderId, JudgementId, TicketId, derived_uuid
from mmed_curate.domain.judgements import STAGE_OF_ANSWER, Answer, Coding, Judgement
from mmed_curate.domain.protocol import Modality, Purpose, Stage
from mmed_curate.domain.serial import to_json
from mmed_curate.store import rows
from mmed_curate.store.conduct import ConductWriter
from mmed_curate.store.journal import stamp
from mmed_curate.store.left import TICKET_RETURNED
from mmed_curate.store.read import TicketRecord, TicketState, ticket_of
from mmed_curate.store.seals import JUDGEMENT_SUBMITTED, MOVEMENT_GIVEN, judgement_seal, step_seal
from mmed_curate.store.tables import DraftRow, ExclusionRow, JudgementRow, StepRow, TicketRow
from mmed_curate.store.vouched import CODER_EXCLUDED, TICKET_OPENED


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A ticket to be opened."""

    clip: ClipId
    stage: Stage
    round: int
    purpose: Purpose = Purpose.ORDINARY
    """The coder is not told."""
    turn: int = 1
    """Which of the stage's passes, from 1."""
    not_before: datetime | None = None
    """The coder gets it from then on; None: at once."""


class TicketWriter(ConductWriter):
    """Acts on tickets, and on what coders say."""

    _secret: bytes

    def open_ticket(
        self,
        *,
        clip: ClipId,
        coder: CoderId,
        stage: Stage,
        round: int,
        purpose: Purpose = Purpose.ORDINARY,
        turn: int = 1,
        not_before: datetime | None = None,
    ) -> TicketRecord:
        """Give a coder a seat at a stage of a clip, behind the tickets they have already.

        A seat that they gave back, or that was taken back, is given to them anew.

        Args:
            clip: what is judged.
            coder: by whom.
            stage: where.
            round: of the clip.
            purpose: why; the coder is not told.
            turn: which of the stage's passes.
            not_before: the coder gets it from then on; None: at once.

        Raises:
            BadInput: the coder has, or had, a ticket for this seat, or clip or coder do not exist.
        """
        seat = Seat(clip=clip, stage=stage, round=round, purpose=purpose, turn=turn, not_before=not_before)
        (id,) = self.open_tickets(coder, (seat,))
        return ticket_of(self._session.get_one(TicketRow, id))

    def open_tickets(self, coder: CoderId, seats: Sequence[Seat]) -> tuple[TicketId, ...]:
        """Give a coder seats, in this order, behind the tickets they have already: see `open_ticket`.

        Raises:
            BadInput: the coder has, or had, a ticket for one of them, or a clip or the coder do not exist.
        """
        last = self._session.scalar(select(func.max(TicketRow.position)).where(TicketRow.coder == coder))
        position = -1 if last is None else last
        since = stamp(self._now())
        ids = tuple(self._ticket_id(coder, seat) for seat in seats)
        returned = self._returned(ids)
        new, anew = [], []
        for id, seat in zip(ids, seats, strict=True):
            position += 1
            told = {
                "state": TicketState.OPEN.value,
                "position": position,
                "not_before": "" if seat.not_before is None else stamp(seat.not_before),
                "since": since,
            }
            if id in returned:
                anew.append({"id": id, **told})
                continue
            about = {"clip": seat.clip, "coder": coder, "stage": seat.stage.value, "round": seat.round}
            new.append({"id": id, **about, "purpose": seat.purpose.value, "turn": seat.turn, **told})
        with self._fits():
            if anew:
                self._session.execute(update(TicketRow), anew)
            if new:
                self._session.execute(insert(TicketRow), new)
        self._session.expire_all()
        self.log_acts(
            TICKET_OPENED,
            (
                {
                    "ticket": id,
                    "clip": seat.clip,
                    "coder": coder,
                    "stage": seat.stage.value,
                    "round": seat.round,
                    "purpose": seat.purpose.value,
                    "turn": seat.turn,
                }
                for id, seat in zip(ids, seats, strict=True)
            ),
        )
        return ids

    def _returned(self, ids: Sequence[TicketId]) -> frozenset[str]:
        found: set[str] = set()
        for start in range(0, len(ids), 500):  # SQLite takes 32,766 values at most
            some = select(TicketRow.id).where(
                TicketRow.id.in_(ids[start : start + 500]), TicketRow.state == TicketState.RETURNED.value
            )
            found.update(self._session.scalars(some))
        return frozenset(found)

    def _ticket_id(self, coder: CoderId, seat: Seat) -> TicketId:
        apart = (
            *((seat.purpose.value,) if seat.purpose is not Purpose.ORDINARY else ()),
            *((str(seat.turn),) if seat.turn != 1 else ()),
        )
        return TicketId(
            derived_uuid(self._secret, "ticket", seat.clip, seat.stage.value, str(seat.round), coder, *apart)
        )

    def claim_ticket(self, coder: CoderId) -> TicketRecord | None:
        """Put a coder's next open ticket on their desk; None: there is none. No two claims get the same one."""
        now = stamp(self._now())
        following = (
            select(TicketRow.id)
            .where(TicketRow.coder == coder, TicketRow.state == TicketState.OPEN.value, TicketRow.not_before <= now)
            .order_by(TicketRow.position)
            .limit(1)
            .scalar_subquery()
        )
        claimed = self._session.scalars(
            update(TicketRow)
            .where(TicketRow.id == following, TicketRow.state == TicketState.OPEN.value)
            .values(state=TicketState.HELD.value, since=now)
            .returning(TicketRow)
            .execution_options(synchronize_session=False, populate_existing=True)
        ).first()
        if claimed is None:
            return None
        self.log_act("ticket.claimed", {"ticket": claimed.id})
        return ticket_of(claimed)

    def close_ticket(self, id: TicketId) -> None:
        """Note that a ticket was answered; its draft goes.

        Raises:
            BadInput: it was answered before, or there is none.
        """
        closed = self._session.scalars(
            update(TicketRow)
            .where(TicketRow.id == id, TicketRow.state != TicketState.SUBMITTED.value)
            .values(state=TicketState.SUBMITTED.value, since=stamp(self._now()))
            .returning(TicketRow.id)
            .execution_options(synchronize_session=False)
        ).first()
        if closed is None:
            raise BadInput.of("desk.submitted", f"ticket {id} is already submitted", "take the next ticket")
        self._session.execute(delete(DraftRow).where(DraftRow.ticket == id))
        self._session.expire_all()

    def return_ticket(self, id: TicketId, *, why: str, words: str = "") -> None:
        """Take an unanswered ticket back: its seat is free. Its draft stays, should the coder get it again.

        Args:
            id: which.
            why: one of our own phrases; the log shows it.
            words: the coder's own; they may name a person, so the log only seals them, and they can be erased.

        Raises:
            BadInput: it was answered, or returned before, or there is none.
        """
        waiting = (TicketState.OPEN.value, TicketState.HELD.value)
        returned = self._session.scalars(
            update(TicketRow)
            .where(TicketRow.id == id, TicketRow.state.in_(waiting))
            .values(state=TicketState.RETURNED.value)
            .returning(TicketRow.id)
            .execution_options(synchronize_session=False)
        ).first()
        if returned is None:
            raise BadInput.of("desk.not_waiting", f"ticket {id} is not waiting for an answer", "take another one")
        self._session.expire_all()
        self._log_with_words(TICKET_RETURNED, {"ticket": id, "why": why}, words)

    def exclude(self, exclusion: Exclusion) -> bool:
        """Keep a coder from all clips in which a subject may be seen or heard; False: that is so already.

        What waits for them of such clips is taken back at once.

        Raises:
            BadInput: no reason is given, or there is no such coder or subject.
        """
        if not exclusion.why.strip():
            raise BadInput.of("store.no_reason", "an exclusion needs a reason", "say how the coder knows the subject")
        self.refuse_left([exclusion.subject], "and nobody judges them any more")
        if self._session.get(ExclusionRow, (exclusion.coder, exclusion.subject)) is not None:
            return False
        entry = self.log_act(CODER_EXCLUDED, {"coder": exclusion.coder, "subject": exclusion.subject})
        self._add(
            ExclusionRow(coder=exclusion.coder, subject=exclusion.subject, why=exclusion.why, sequence=entry.sequence)
        )
        waiting = self.tickets(coder=exclusion.coder, states=(TicketState.OPEN, TicketState.HELD))
        people = self.people() if waiting else {}
        for ticket in waiting:
            if exclusion.subject in people[ticket.clip]:
                self.return_ticket(ticket.id, why="excluded")
        return True

    def save_draft(self, id: TicketId, draft: str) -> None:
        """Keep what a coder has so far. A draft is no act on the data and leaves no entry in the log."""
        kept = update(DraftRow).where(DraftRow.ticket == id).values(answer=draft).returning(DraftRow.ticket)
        if self._session.scalar(kept.execution_options(synchronize_session=False)) is None:
            self._add(DraftRow(ticket=id, answer=draft))

    def append_step(self, ticket: TicketId, movement: Coding) -> None:
        """Append the movement that a coder saw, before the emotion opens to them; nothing can change it afterwards."""
        number = 1 + (self._session.scalar(select(func.max(StepRow.number)).where(StepRow.ticket == ticket)) or 0)
        answer, salt = canonical_json(to_json(movement)), secrets.token_hex(16)
        row = StepRow(ticket=ticket, number=number, answer=answer, salt=salt)
        entry = self.log_act(MOVEMENT_GIVEN, {"ticket": ticket, "number": number, "seal": step_seal(row)})
        row.sequence = entry.sequence
        self._add(row)

    def append_judgement(
        self,
        *,
        ticket: TicketId,
        clip: ClipId,
        coder: CoderId,
        answer: Answer,
        round: int,
        modality: Modality,
        codebook_version: str,
        supersedes: JudgementId | None = None,
        simulated: bool = False,
        purpose: Purpose = Purpose.ORDINARY,
        turn: int = 1,
    ) -> Judgement:
        """Append what a coder said; nothing can change it afterwards.

        Raises:
            BadInput: the ticket has led to a judgement already and this one does not supersede it.
        """
        earlier = self.judgements_of_ticket(ticket)
        row = JudgementRow(
            id=derived_uuid(self._secret, "judgement", ticket, str(len(earlier))),
            ticket=ticket,
            clip=clip,
            coder=coder,
            stage=STAGE_OF_ANSWER[type(answer)].value,
            round=round,
            modality=modality.value,
            answer=canonical_json(to_json(answer)),
            codebook_version=codebook_version,
            supersedes=supersedes,
            simulated=simulated,
            purpose=purpose.value,
            turn=turn,
            salt=secrets.token_hex(16),
        )
        entry = self.log_act(
            JUDGEMENT_SUBMITTED, {"judgement": row.id, "ticket": ticket, "clip": clip, "seal": judgement_seal(row)}
        )
        row.sequence = entry.sequence
        self._add(row)
        return rows.judgement_of(row)
