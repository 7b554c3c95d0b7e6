"""Where one coder takes tickets and hands in answers. What is acknowledged is on disk.

Nothing here says whose clip it is, what the machine thought, or what others answered: not in a ticket, not in a
path, not in an error. Logs hold ticket ids only.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from mmed_curate.agreement.settle import Course, course
from mmed_curate.annotation.answers import check_answer
from mmed_curate.annotation.handout import clear, lay_out
from mmed_curate.annotation.ticket import LetteredReading, Ticket
from mmed_curate.domain.findings import BadInput, Finding, Refused
from mmed_curate.domain.identity import JudgementId, TicketId, derived_uuid
from mmed_curate.domain.judgements import Answer, CodedEvent, Coding, Judgement, Verification, VerificationVerdict
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.domain.records import Clip
from mmed_curate.store import Reader, TicketRecord, TicketState, Workspace, Writer

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProgress:
    """How far a coder has come with what was given to them; nothing of others."""

    waiting: int
    """Tickets not yet answered, the one on the desk too."""
    submitted: int


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
            raise BadInput.of("desk.unknown_coder", f"there is no coder {coder_code}", "ask the curator for your code")
        self._workspace = workspace
        self._coder = coder

    def __repr__(self) -> str:
        return f"Desk({self._coder.code!r})"

    def next_ticket(self) -> Ticket | None:
        """The ticket on the desk, or else the next one; None: there is nothing to do now.

        Asked again before it is answered, also after a crash or in a second window, it is the same ticket.

        Raises:
            BadInput: the ticket's media are missing.
        """
        with self._workspace.write(actor=self._coder.code) as records:
            held = records.tickets(coder=self._coder.id, states=(TicketState.HELD,))
            record = held[0] if held else records.claim_ticket(self._coder.id)
        return None if record is None else self._ticket(record)

    def ticket(self, ticket_id: TicketId) -> Ticket:
        """A ticket of this coder whose clip has not moved on, to look at it again.

        Raises:
            BadInput: it is not this coder's, or its media are missing.
            Refused: the clip has moved on.
        """
        with self._workspace.read() as records:
            record = self._own(records, ticket_id)
            _check_there(records, record)
        return self._ticket(record)

    def submit(self, ticket_id: TicketId, answer: Answer) -> None:
        """Hand in an answer; when this returns it is on disk and counts.

        Raises:
            BadInput: the ticket is not this coder's, is not on the desk or was answered before, or the answer does
                not fit it.
        """
        with self._workspace.write(actor=self._coder.code) as records:
            record = self._own(records, ticket_id)
            if record.state is TicketState.SUBMITTED:
                raise BadInput.of(
                    "desk.submitted", f"ticket {ticket_id} is already submitted", "take the next ticket, or correct it"
                )
            if record.state is not TicketState.HELD:
                raise BadInput.of(
                    "desk.not_on_desk", f"ticket {ticket_id} was not taken yet", "take it with the next ticket first"
                )
            self._put(records, record, answer, supersedes=None)
            records.close_ticket(ticket_id)
        clear(self._workspace.media, self._name(ticket_id))
        _log.info("ticket %s submitted", ticket_id)

    def correct(self, ticket_id: TicketId, answer: Answer) -> None:
        """Hand in a new answer that counts in place of the one before, which stays in the log.

        Raises:
            BadInput: the ticket is not this coder's or was not answered yet, or the answer does not fit it.
            Refused: the clip has moved on, so that others may have built on the answer.
        """
        with self._workspace.write(actor=self._coder.code) as records:
            record = self._own(records, ticket_id)
            if record.state is not TicketState.SUBMITTED:
                raise BadInput.of(
                    "desk.not_submitted", f"ticket {ticket_id} has no answer to correct", "submit one first"
                )
            self._put(records, record, answer, supersedes=records.judgements_of_ticket(ticket_id)[-1])
        clear(self._workspace.media, self._name(ticket_id))
        _log.info("ticket %s corrected", ticket_id)

    def progress(self) -> OwnProgress:
        """How far this coder has come."""
        with self._workspace.read() as records:
            tickets = records.tickets(coder=self._coder.id)
        submitted = sum(ticket.state is TicketState.SUBMITTED for ticket in tickets)
        return OwnProgress(waiting=len(tickets) - submitted, submitted=submitted)

    def _own(self, records: Reader, ticket_id: TicketId) -> TicketRecord:
        record = records.ticket(ticket_id)
        if record is None or record.coder != self._coder.id:  # one sentence for both: it must not tell what exists
            raise BadInput.of("desk.not_yours", f"you have no ticket {ticket_id}", "take a ticket with the next one")
        return record

    def _put(self, records: Writer, record: TicketRecord, answer: Answer, *, supersedes: JudgementId | None) -> None:
        _check_there(records, record)
        clip = records.clip(record.clip)
        check_answer(answer, record.stage, clip.clock, self._workspace.codebook)
        before = records.judgements(record.clip)
        judgement = records.append_judgement(
            ticket=record.id,
            clip=record.clip,
            coder=self._coder.id,
            answer=answer,
            round=record.round,
            modality=self._workspace.protocol.rules(record.stage).modality,
            codebook_version=self._workspace.codebook.version,
            supersedes=supersedes,
            simulated=self._coder.simulated,
        )
        try:
            after = self._course((*before, judgement), clip)
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

    def _ticket(self, record: TicketRecord) -> Ticket:
        protocol = self._workspace.protocol
        rules = protocol.rules(record.stage)
        with self._workspace.read() as records:
            clip = records.clip(record.clip)
            assets = records.assets(clip=record.clip)
            judgements = records.judgements(record.clip)
        name = self._name(record.id)
        laid_out = lay_out(self._workspace.media, name, assets, rules.modality)
        if laid_out is None:
            raise BadInput.of(
                "desk.no_media", f"the media of ticket {record.id} are missing", "tell the curator the ticket's number"
            )
        readings: tuple[LetteredReading, ...] = ()
        disputed: tuple[AnswerField, ...] = ()
        returned_because = ""
        proposed: tuple[CodedEvent, ...] = ()
        if record.stage is Stage.ADJUDICATION:
            now = self._course(judgements, clip)
            readings = self._lettered(record.id, now.coded)
            found = {disagreement.field for disagreement in now.disagreements}
            disputed = tuple(field for field in AnswerField if field in found)
            returned_because = _last_reason(now.standing)
        elif record.stage is Stage.VERIFICATION:
            proposed = _proposal(self._course(judgements, clip))
        return Ticket(
            id=record.id,
            stage=record.stage,
            round=record.round,
            clip_name=name,
            picture=laid_out[0],
            sound=laid_out[1],
            clock=clip.clock,
            fields=rules.fields,
            codebook=self._workspace.codebook,
            readings=readings,
            disputed=disputed,
            returned_because=returned_because,
            proposed=proposed,
        )

    def _course(self, judgements: tuple[Judgement, ...], clip: Clip) -> Course:
        return course(judgements, self._workspace.protocol, clip.clock, self._workspace.codebook)

    def _lettered(self, ticket_id: TicketId, coded: tuple[Judgement, ...]) -> tuple[LetteredReading, ...]:
        drawn = sorted(coded, key=lambda one: derived_uuid(self._workspace.secret, "letter", ticket_id, one.id))
        return tuple(
            LetteredReading(letter=chr(ord("A") + place), events=_in_order(one.answer.events))
            for place, one in enumerate(drawn)
            if isinstance(one.answer, Coding)
        )

    def _name(self, ticket_id: TicketId) -> str:
        return derived_uuid(self._workspace.secret, "desk", ticket_id).replace("-", "")[:12]


def _check_there(records: Reader, record: TicketRecord) -> None:
    place = records.place(record.clip)
    if (place.stage, place.round) != (record.stage, record.round):
        raise Refused(
            Finding(
                code="desk.moved_on",
                what=f"the clip of ticket {record.id} has moved on, and others may have built on what was said",
                remedy="tell the curator, who can send it back at verification",
            )
        )


def _in_order(events: tuple[CodedEvent, ...]) -> tuple[CodedEvent, ...]:
    return tuple(sorted(events, key=lambda event: (event.span.onset, event.span.offset)))


def _last_reason(standing: tuple[Judgement, ...]) -> str:
    verdicts = [one.answer for one in standing if isinstance(one.answer, Verification)]
    if not verdicts or verdicts[-1].verdict is not VerificationVerdict.SEND_BACK:
        return ""
    return verdicts[-1].reason


def _proposal(now: Course) -> tuple[CodedEvent, ...]:
    events = () if now.consensus is None else now.consensus.events
    return tuple(
        CodedEvent(
            span=event.span,
            event_type=event.event_type,
            emotion=event.emotion,
            basis=event.basis,
            action_units=event.action_units,
            vocal_cues=event.vocal_cues,
        )
        for event in events
    )
