"""What goes into a ticket, and what does not: put together anew each time, from what is stored."""

from __future__ import annotations

from collections.abc import Mapping

from mmed_curate.agreement.gold import as_coded
from mmed_curate.agreement.settle import Course, course
from mmed_curate.annotation.answers import opened_by
from mmed_curate.annotation.context import clip_context
from mmed_curate.annotation.handout import desk_name, lay_out
from mmed_curate.annotation.ticket import LetteredReading, Ticket
from mmed_curate.domain.conduct import Reference
from mmed_curate.domain.context import ClipContext
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import TicketId, derived_uuid
from mmed_curate.domain.judgements import (
    CodedEvent,
    Coding,
    Judgement,
    SettlingRule,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import AnswerField, Stage, Turn
from mmed_curate.domain.records import Clip
from mmed_curate.store import Reader, TicketRecord, Workspace

_BLIND_STAGES = frozenset({Stage.SCREENING, Stage.CODING})
"""Nothing of what others said is looked up there."""


class Tickets:
    """Makes tickets out of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def turn(self, record: TicketRecord) -> Turn:
        """The pass of its stage that a ticket is for."""
        return self._workspace.protocol.rules(record.stage).turns[record.turn - 1]

    def movement_first(self, record: TicketRecord) -> bool:
        """Whether span and action units are to be handed in before an emotion may be named."""
        asked = self.turn(record).fields
        return (
            record.stage is Stage.CODING
            and self._workspace.protocol.coding.movement_first
            and AnswerField.EMOTION in asked
            and AnswerField.ACTION_UNITS in asked
        )

    def shows_motion(self, record: TicketRecord) -> bool:
        """Whether the coder may see how much each part of the face moves, once it was measured."""
        return self._workspace.protocol.rules(record.stage).shows_motion and self.turn(record).shows_picture

    def of(self, record: TicketRecord) -> Ticket:
        """What the coder gets to see.

        Raises:
            BadInput: the ticket's media are missing.
        """
        turn = self.turn(record)
        with self._workspace.read() as records:
            clip = records.clip(record.clip)
            assets = records.assets(clip=record.clip)
            judgements = records.judgements(record.clip)
            reference = records.references(clip.subject).get(clip.subject)
            movement = records.movement(record.id) if self.movement_first(record) else None
            now = None if record.stage in _BLIND_STAGES else self.course(records, judgements, clip)
            context = self._context(records, record, clip)
        name = self.name(record.id)
        if reference is not None and _shows_part_of(clip, reference):
            reference = None
        try:
            laid_out = lay_out(
                self._workspace.media,
                name,
                assets,
                reference,
                turn.modality,
                shows_motion=self.shows_motion(record),
            )
        except (BadInput, OSError, ValueError):
            laid_out = None  # the reason names the clip's own files, which say more than a coder may know
        if laid_out is None:
            raise BadInput.of(
                "desk.no_media",
                f"the media of ticket {record.id} are missing or damaged",
                "tell the curator the ticket's number",
                ticket=record.id,
            )
        readings: tuple[LetteredReading, ...] = ()
        disputed: tuple[AnswerField, ...] = ()
        together = False
        returned_because = ""
        proposed: tuple[CodedEvent, ...] = ()
        if now is not None and record.stage is Stage.ADJUDICATION:
            readings = self._lettered(record.id, now.coded)
            found = {disagreement.field for disagreement in now.disagreements}
            disputed = tuple(field for field in AnswerField if field in found)
            coded = {one.coder for one in now.coded}
            together = self._workspace.protocol.adjudication.together and record.coder in coded
            returned_because = _last_reason(now.standing)
        elif now is not None:
            proposed = _proposal(now)
            readings = self._lettered(record.id, now.coded)
        waits = self.movement_first(record) and movement is None
        open_now = opened_by(turn.fields, moved=not waits)
        return Ticket(
            id=record.id,
            stage=record.stage,
            # a clip that is coded once more looks as it did the first time
            round=1 if record.stage in _BLIND_STAGES else record.round,
            clip_name=name,
            picture=laid_out.picture,
            sound=laid_out.sound,
            neutral_still=laid_out.neutral_still,
            neutral_picture=laid_out.neutral_picture,
            neutral_sound=laid_out.neutral_sound,
            face=laid_out.face,
            shows_motion=laid_out.face is not None and self.shows_motion(record),
            voice=laid_out.voice,
            clock=clip.clock,
            fields=open_now,
            later_fields=tuple(field for field in turn.fields if field not in open_now),
            movement=movement,
            codebook=self._workspace.codebook,
            readings=readings,
            disputed=disputed,
            together=together,
            returned_because=returned_because,
            proposed=proposed,
            how=() if now is None or not proposed else _how(now),
            context=context,
        )

    def _context(self, records: Reader, record: TicketRecord, clip: Clip) -> ClipContext | None:
        protocol = self._workspace.protocol
        if record.stage in _BLIND_STAGES or not protocol.rules(record.stage).shows_context:
            return None
        return clip_context(records, clip, protocol.context_s)

    def course(self, records: Reader, judgements: tuple[Judgement, ...], clip: Clip) -> Course:
        """Where a clip stands after some judgements; see `settle.course`."""
        terms = records.terms(clip.id)[clip.id]
        return course(judgements, self._workspace.protocol, clip.clock, self._workspace.codebook, terms)

    def _lettered(self, ticket_id: TicketId, coded: tuple[Judgement, ...]) -> tuple[LetteredReading, ...]:
        drawn = sorted(coded, key=lambda one: derived_uuid(self._workspace.secret, "letter", ticket_id, one.id))
        return tuple(
            LetteredReading(letter=chr(ord("A") + place), events=_in_order(one.answer.events))
            for place, one in enumerate(drawn)
            if isinstance(one.answer, Coding)
        )

    def name(self, ticket_id: TicketId) -> str:
        """The opaque name of a ticket's clip, of this ticket only."""
        return desk_name(self._workspace.secret, ticket_id)


def _shows_part_of(clip: Clip, reference: Reference) -> bool:
    """Whether a reference shows frames of the clip itself: it would tell that nothing happens there."""
    same = reference.recording == clip.recording
    return same and reference.first <= clip.last and clip.first <= reference.last


def _in_order(events: tuple[CodedEvent, ...]) -> tuple[CodedEvent, ...]:
    return tuple(sorted(events, key=lambda event: (event.span.onset, event.span.offset)))


def _last_reason(standing: tuple[Judgement, ...]) -> str:
    verdicts = [one.answer for one in standing if isinstance(one.answer, Verification)]
    if not verdicts or verdicts[-1].verdict is not VerificationVerdict.SEND_BACK:
        return ""
    return verdicts[-1].reason


def _proposal(now: Course) -> tuple[CodedEvent, ...]:
    events = () if now.consensus is None else now.consensus.events
    return tuple(as_coded(event) for event in events)


def _how(now: Course) -> tuple[Mapping[str, SettlingRule], ...]:
    events = () if now.consensus is None else now.consensus.events
    return tuple({field: settled.rule for field, settled in event.how.items()} for event in events)
