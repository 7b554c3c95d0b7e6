"""Where one coder takes tickets and hands in answers. What is acknowledged is on disk.

Nothing here says whose clip it is, what the machine thought, or what others answered: not in a ticket, not in a
path, not in an error. Logs hold ticket ids only.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path

from mmed_curate.agreement.gold import GoldScore, against_gold
from mmed_curate.annotation.allowed import knows_somebody, may_answer
from mmed_curate.annotation.answers import check_answer, check_movement, opened_by
from mmed_curate.annotation.handout import clear
from mmed_curate.annotation.own import OwnProgress, own_progress
from mmed_curate.annotation.ticket import Ticket
from mmed_curate.annotation.ticketing import Tickets
from mmed_curate.domain.conduct import Aid, Effort, Exclusion
from mmed_curate.domain.findings import BadInput, Finding, Refused
from mmed_curate.domain.identity import CoderId, JudgementId, TicketId
from mmed_curate.domain.judgements import Adjudication, Answer, Coding
from mmed_curate.domain.protocol import Purpose
from mmed_curate.store import Reader, TicketRecord, TicketState, Workspace, Writer
from mmed_curate.store.journal import stamp

_log = logging.getLogger(__name__)

_LONGEST_DRAFT = 1 << 20
"""Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a coder learns after a training clip."""

    said: Coding
    known: Coding
    score: GoldScore


class Desk:
    """One coder's desk."""

    def __init__(self, workspace: Workspace, coder_code: str) -> None:
        """Sit down.

        Raises:
            BadInput: there is no coder of this code.
        """
        with workspace.read() as records:
            coder = next((coder for coder in records.coders() if coder.code == coder_code), None)
        if coder is None:
            raise BadInput.of(
                "desk.unknown_coder",
                f"there is no coder {coder_code}",
                "ask the curator for your code",
                coder=coder_code,
            )
        self._workspace = workspace
        self._coder = coder
        self._tickets = Tickets(workspace)

    def __repr__(self) -> str:
        return f"Desk({self._coder.code!r})"

    def next_ticket(self) -> Ticket | None:
        """The ticket on the desk, or else the next one; None: there is nothing to do now.

        Asked again before it is answered, also after a crash or in a second window, it is the same ticket. One whose
        answer could not be taken any more goes back, and the next one comes.

        Raises:
            BadInput: the ticket's media are missing.
        """
        with self._workspace.write(actor=self._coder.code) as records:
            held = list(records.tickets(coder=self._coder.id, states=(TicketState.HELD,)))
            while (record := held.pop(0) if held else records.claim_ticket(self._coder.id)) is not None:
                if may_answer(records, self._workspace.protocol, self._coder, record):
                    break
                records.return_ticket(record.id, why="cannot be answered any more")
            # also of tickets that were laid out ahead and then taken back by somebody else
            stale = [one.id for one in records.tickets(coder=self._coder.id, states=(TicketState.RETURNED,))]
        for ticket_id in stale:
            clear(self._workspace.media, self._tickets.name(ticket_id))
        return None if record is None else self._tickets.of(record)

    def coming(self, limit: int) -> tuple[Ticket, ...]:
        """The tickets that come after the one on the desk, in their order, media laid out; none is taken by this.

        One whose media are missing is left out here: it says so when it comes.
        """
        with self._workspace.read() as records:
            queue = records.following(self._coder.id, stamp(self._workspace.now()))
            allowed = (one for one in queue if may_answer(records, self._workspace.protocol, self._coder, one))
            following = list(islice(allowed, max(limit, 0)))
        tickets = []
        for record in following:
            try:
                tickets.append(self._tickets.of(record))
            except BadInput:
                _log.info("ticket %s cannot be laid out", record.id)
        return tuple(tickets)

    def ticket(self, ticket_id: TicketId) -> Ticket:
        """A ticket of this coder whose clip has not moved on, to look at it again.

        Raises:
            BadInput: it is not this coder's, or its media are missing.
            Refused: the clip has moved on.
        """
        with self._workspace.read() as records:
            record = self._own(records, ticket_id)
            self._check_there(records, record)
        return self._tickets.of(record)

    def check_waits(self, ticket_id: TicketId) -> None:
        """Stop where a ticket is not on this coder's desk: nothing can be handed in for it.

        Raises:
            BadInput: it is not theirs, was answered, went back or was not taken yet.
        """
        with self._workspace.read() as records:
            self._held(records, ticket_id)

    def save_draft(self, ticket_id: TicketId, draft: str) -> None:
        """Keep what the coder has so far; when this returns it survives a crash.

        Raises:
            BadInput: the ticket is not this coder's, or not on the desk, or the draft is larger than 1 MB.
        """
        if len(draft) > _LONGEST_DRAFT:
            raise BadInput.of("desk.draft_too_long", f"the draft of ticket {ticket_id} is too long", "shorten the note")
        with self._workspace.write(actor=self._coder.code) as records:
            self._held(records, ticket_id)
            records.save_draft(ticket_id, draft)

    def draft(self, ticket_id: TicketId) -> str | None:
        """What the coder had so far; None: nothing.

        Raises:
            BadInput: the ticket is not this coder's.
        """
        with self._workspace.read() as records:
            return records.draft(self._own(records, ticket_id).id)

    def submit_movement(self, ticket_id: TicketId, movement: Coding) -> Ticket:
        """Hand in span, type and action units of each event; only then may an emotion be named.

        Handed in again, the later one counts, and both stay in the log.

        Args:
            ticket_id: the ticket on the desk.
            movement: its events, without emotions.

        Returns:
            The ticket, now with all its fields.

        Raises:
            BadInput: the ticket is not on this coder's desk or asks for all at once, or the movement does not fit it.
        """
        with self._workspace.write(actor=self._coder.code) as records:
            record = self._held(records, ticket_id)
            if not self._tickets.movement_first(record):
                raise BadInput.of(
                    "desk.no_steps", f"ticket {ticket_id} asks for everything at once", "submit the whole answer"
                )
            check_answer(
                movement,
                record.stage,
                records.clip(record.clip).clock,
                self._workspace.codebook,
                fields=opened_by(self._tickets.turn(record).fields, moved=False),
            )
            records.append_step(ticket_id, movement)
        return self._tickets.of(record)

    def submit(self, ticket_id: TicketId, answer: Answer) -> None:
        """Hand in an answer; when this returns it is on disk and counts.

        Raises:
            BadInput: the ticket is not this coder's, is not on the desk or was answered before, or the answer does
                not fit it.
        """
        with self._workspace.write(actor=self._coder.code) as records:
            record = self._held(records, ticket_id)
            if not may_answer(records, self._workspace.protocol, self._coder, record):
                raise Refused(
                    Finding(
                        code="desk.not_allowed",
                        what=f"the answer to ticket {ticket_id} cannot be taken any more",
                        remedy="take the next ticket; the curator can say why",
                    )
                )
            self._put(records, record, answer, supersedes=None)
            records.close_ticket(ticket_id)
            self._open_next_turn(records, record)
        clear(self._workspace.media, self._tickets.name(ticket_id))
        _log.info("ticket %s submitted", ticket_id)

    def correct(self, ticket_id: TicketId, answer: Answer) -> None:
        """Hand in a new answer that counts in place of the one before, which stays in the log.

        Raises:
            BadInput: the ticket is not this coder's or was not answered yet, or the answer does not fit it.
            Refused: the clip has moved on, so that others may have built on the answer, or its reading was shown.
        """
        with self._workspace.write(actor=self._coder.code) as records:
            record = self._own(records, ticket_id)
            if record.state is not TicketState.SUBMITTED:
                raise BadInput.of(
                    "desk.not_submitted", f"ticket {ticket_id} has no answer to correct", "submit one first"
                )
            if record.purpose is Purpose.TRAINING:
                raise Refused(
                    Finding(
                        code="desk.shown",
                        what=f"the reading of ticket {ticket_id} was shown after its answer",
                        remedy="go on with the next ticket",
                    )
                )
            self._check_there(records, record)
            self._put(records, record, answer, supersedes=records.judgements_of_ticket(ticket_id)[-1])
        clear(self._workspace.media, self._tickets.name(ticket_id))
        _log.info("ticket %s corrected", ticket_id)

    def give_back(self, ticket_id: TicketId, *, because: str, knows_them: bool = False) -> None:
        """Give a ticket back unanswered; its seat goes to somebody else.

        Args:
            ticket_id: a ticket that waits for an answer.
            because: why, for the curator.
            knows_them: the coder recognises who is seen or heard: they get no clip of that person any more.

        Raises:
            BadInput: the ticket is not this coder's or not waiting, or no reason is given.
        """
        if not because.strip():
            raise BadInput.of("desk.no_reason", "giving a ticket back needs a reason", "say why in a few words")
        with self._workspace.write(actor=self._coder.code) as records:
            record = self._own(records, ticket_id)
            records.return_ticket(ticket_id, why="given back", words=because)
            if knows_them:
                subject = records.clip(record.clip).subject
                records.exclude(Exclusion(coder=self._coder.id, subject=subject, why=because))
        clear(self._workspace.media, self._tickets.name(ticket_id))
        _log.info("ticket %s given back", ticket_id)

    def note_aid(self, ticket_id: TicketId, aid: Aid) -> None:
        """Note that an aid is used on a ticket; when this returns it is on disk, and the aid may be shown.

        Raises:
            BadInput: the ticket is not this coder's, not in their hands, or shows no motion curve.
        """
        with self._workspace.write(actor=self._coder.code) as records:
            record = self._at_hand(records, ticket_id)
            if aid is Aid.MOTION_CURVE and not self._tickets.shows_motion(record):
                raise BadInput.of(
                    "desk.no_motion", f"ticket {ticket_id} shows no motion curve", "go by what you see and hear"
                )
            records.note_aid(ticket_id, aid)

    def note_effort(self, ticket_id: TicketId, effort: Effort) -> None:
        """Note what an answer took, beside the answer itself; when this returns it is on disk.

        Raises:
            BadInput: the ticket is not this coder's, or not in their hands.
        """
        with self._workspace.write(actor=self._coder.code) as records:
            records.note_effort(self._at_hand(records, ticket_id).id, effort)

    def flag(self, ticket_id: TicketId, because: str) -> None:
        """Ask that a ticket's clip be discussed; when this returns it is on disk. The ticket stays.

        Args:
            ticket_id: a ticket on the desk, or one that was answered.
            because: why, for the curator.

        Raises:
            BadInput: the ticket is not this coder's or not in their hands, or no reason is given.
        """
        if not because.strip():
            raise BadInput.of("desk.no_reason", "flagging a clip needs a reason", "say why in a few words")
        with self._workspace.write(actor=self._coder.code) as records:
            record = self._at_hand(records, ticket_id)
            records.flag_clip(record.clip, ticket_id, because)
        _log.info("ticket %s flagged", ticket_id)

    def feedback(self, ticket_id: TicketId) -> Feedback:
        """After a training clip: the reading that is taken as known, beside what was answered.

        Raises:
            BadInput: the ticket is not this coder's, not one of training, or not answered yet; or the clip is to be
                gone through once more.
        """
        with self._workspace.read() as records:
            record = self._own(records, ticket_id)
            last = record.turn == len(self._workspace.protocol.rules(record.stage).turns)
            if record.purpose is not Purpose.TRAINING or record.state is not TicketState.SUBMITTED or not last:
                raise BadInput.of(
                    "desk.no_feedback",
                    f"there is no feedback on ticket {ticket_id}",
                    "answer it first; only training has feedback, after its last pass",
                )
            if records.is_gone(record.clip):
                raise BadInput.of(
                    "desk.no_feedback", f"there is no feedback on ticket {ticket_id} any more", "take the next ticket"
                )
            gold = records.gold(record.clip)[record.clip]
            newest = records.judgements_of_ticket(ticket_id)[-1]
            said = next(one.answer for one in records.judgements(record.clip) if one.id == newest)
        if not isinstance(said, Coding):
            raise TypeError("training is coding")
        known = replace(gold.reading, note="")  # a note is free text, and may say whose clip it is
        return Feedback(
            said=said,
            known=known,
            score=against_gold([(said, known)], self._workspace.protocol.match_iou, self._workspace.codebook),
        )

    @property
    def beside_codebook(self) -> Path:
        """Where the clips lie that show entries of the codebook; they are the same for everybody."""
        return self._workspace.beside_codebook

    def colleagues(self) -> dict[str, CoderId]:
        """Everyone who judges here, by code: for naming who took part in a discussion. Says nothing of any clip."""
        with self._workspace.read() as records:
            return {coder.code: coder.id for coder in records.coders()}

    def progress(self) -> OwnProgress:
        """How far this coder has come."""
        with self._workspace.read() as records:
            return own_progress(records, self._coder.id, self._workspace.now())

    def _own(self, records: Reader, ticket_id: TicketId) -> TicketRecord:
        record = records.ticket(ticket_id)
        if record is None or record.coder != self._coder.id:  # one sentence for both: it must not tell what exists
            raise BadInput.of("desk.not_yours", f"you have no ticket {ticket_id}", "take a ticket with the next one")
        return record

    def _held(self, records: Reader, ticket_id: TicketId) -> TicketRecord:
        record = self._own(records, ticket_id)
        if record.state is TicketState.SUBMITTED:
            raise BadInput.of(
                "desk.submitted", f"ticket {ticket_id} is already submitted", "take the next ticket, or correct it"
            )
        if record.state is TicketState.RETURNED:
            raise BadInput.of(
                "desk.went_back", f"ticket {ticket_id} went back, and is not yours any more", "take the next ticket"
            )
        if record.state is not TicketState.HELD:
            raise BadInput.of(
                "desk.not_on_desk", f"ticket {ticket_id} is not on the desk", "take it with the next ticket first"
            )
        return record

    def _at_hand(self, records: Reader, ticket_id: TicketId) -> TicketRecord:
        """A ticket of this coder that is on the desk or was answered."""
        record = self._own(records, ticket_id)
        if record.state not in (TicketState.HELD, TicketState.SUBMITTED):
            raise BadInput.of(
                "desk.not_on_desk", f"ticket {ticket_id} is not on the desk", "take it with the next ticket first"
            )
        return record

    def _check_there(self, records: Reader, record: TicketRecord) -> None:
        """Stop where others may have built on what was said, or the coder may not look at the clip any more."""
        if record.state is TicketState.RETURNED:
            raise Refused(
                Finding(
                    code="desk.went_back",
                    what=f"ticket {record.id} went back, and is not yours any more",
                    remedy="take the next ticket",
                )
            )
        # somebody in it withdrew, or is known to the coder: the same sentence as where it moved on
        if records.is_gone(record.clip) or knows_somebody(records, self._coder, record.clip):
            there = False
        elif record.purpose is Purpose.ORDINARY:
            place = records.place(record.clip)
            there = (place.stage, place.round) == (record.stage, record.round)
        else:
            # as if theirs had been the clip's last answer: else a coder could tell by trying to correct it
            there = record.purpose is Purpose.TRAINING or record.state is not TicketState.SUBMITTED
        if not there:
            raise Refused(
                Finding(
                    code="desk.moved_on",
                    what=f"the clip of ticket {record.id} has moved on, and others may have built on what was said",
                    remedy="tell the curator, who can send it back at verification",
                )
            )

    def _check_participants(self, records: Reader, record: TicketRecord, answer: Adjudication) -> None:
        """Nobody takes part who is, or knows, somebody in the clip; says only what was named here."""
        codes = {coder.id: coder for coder in records.coders()}
        for who in answer.participants:
            coder = codes.get(who)
            if coder is None or knows_somebody(records, coder, record.clip):
                raise BadInput.of(
                    "desk.participant",
                    f"{'somebody unknown' if coder is None else coder.code} may not take part in this discussion",
                    "discuss it without them, or tell the curator the ticket's number",
                )

    def _put(self, records: Writer, record: TicketRecord, answer: Answer, *, supersedes: JudgementId | None) -> None:
        counts = record.purpose is Purpose.ORDINARY
        clip = records.clip(record.clip)
        if isinstance(answer, Adjudication):
            self._check_participants(records, record, answer)
        turn = self._tickets.turn(record)
        check_answer(
            answer,
            record.stage,
            clip.clock,
            self._workspace.codebook,
            fields=turn.fields,
            shows_context=self._workspace.protocol.rules(record.stage).shows_context,
        )
        if isinstance(answer, Coding) and self._tickets.movement_first(record):
            check_movement(answer, records.movement(record.id))
        before = records.judgements(record.clip)
        judgement = records.append_judgement(
            ticket=record.id,
            clip=record.clip,
            coder=self._coder.id,
            answer=answer,
            round=record.round,
            modality=turn.modality,
            codebook_version=self._workspace.codebook.version,
            supersedes=supersedes,
            simulated=self._coder.simulated,
            purpose=record.purpose,
            turn=record.turn,
        )
        if not counts:
            return
        try:
            after = self._tickets.course(records, (*before, judgement), clip)
        except BadInput:
            # from None: the reason names other judges and the clip
            raise Refused(
                Finding(
                    code="desk.not_allowed",
                    what=f"the protocol does not allow this answer to ticket {record.id}",
                    remedy="leave the ticket and tell the curator its number",
                )
            ) from None
        records.set_stage(record.clip, after.stage, round=after.round, open_seats=after.open_seats)

    def _open_next_turn(self, records: Writer, record: TicketRecord) -> None:
        """The same coder's next pass, some days from now."""
        rules = self._workspace.protocol.rules(record.stage)
        if record.turn < len(rules.turns):
            records.open_ticket(
                clip=record.clip,
                coder=record.coder,
                stage=record.stage,
                round=record.round,
                purpose=record.purpose,
                turn=record.turn + 1,
                not_before=records.now() + timedelta(days=self._workspace.protocol.coding.days_between_passes),
            )
