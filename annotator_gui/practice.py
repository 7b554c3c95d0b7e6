"""A desk to practise at: one bundled clip with a SIMULATED sound. Everything is in memory, nothing is stored. No Qt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mmed_curate.annotation import Feedback, LetteredReading, OwnProgress, Ticket
from mmed_curate.annotation.answers import check_answer, check_movement, opened_by
from mmed_curate.annotation.compared import score_of
from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.conduct import Aid, Effort
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import CoderId, TicketId
from mmed_curate.domain.judgements import STAGE_OF_ANSWER, Answer, CodedEvent, Coding
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.domain.protocol import JUDGED, AnswerField, Protocol, Stage, load_protocol
from mmed_curate.domain.serial import from_json
from mmed_curate.domain.time import Frame, Span
from mmed_curate.media.clock import read_clock

CLIP_NAME = "practice SIMULATED"
"""Stands wherever a clip's name stands."""
ME = "practice"
"""Code of whoever practises; nobody's in any lab."""
_OTHERS = ("SIMULATED-1", "SIMULATED-2")


@dataclass(slots=True)
class _Held:
    """What a real desk would keep in the database."""

    draft: str | None = None
    movement: Coding | None = None
    said: Answer | None = None
    flagged: str = ""


class PracticeDesk:
    """Hands out the practice clip once at each stage asked for, and forgets everything when the window closes."""

    def __init__(self, stages: tuple[Stage, ...] = (Stage.CODING,)) -> None:
        """Sit down.

        Args:
            stages: at which the clip is handed out, in this order; each at most once.

        Raises:
            BadInput: the bundled clip is missing or damaged.
        """
        folder = packaged_path("demo", "practice")
        self._protocol: Protocol = load_protocol("mmed")
        self._book = load_codebook(self._protocol.codebook)
        self._known = from_json(Coding, json.loads((folder / "reading.json").read_text(encoding="utf-8")))
        self._base = Ticket(
            id=TicketId(ME),
            stage=Stage.CODING,
            round=1,
            clip_name=CLIP_NAME,
            picture=folder / "picture.mp4",
            sound=folder / "sound.wav",
            neutral_still=folder / "neutral.png",
            clock=read_clock(folder / "picture.mp4").from_zero(),
            fields=(),
            codebook=self._book,
        )
        unjudged = [stage.value for stage in stages if stage not in JUDGED]
        if unjudged or len(set(stages)) != len(stages):
            raise BadInput.of(
                "gui.practice_stages",
                f"nobody practises {', '.join(unjudged) or 'a stage twice'}",
                "name each stage of judging once",
            )
        self._stages = stages
        self._held: dict[TicketId, _Held] = {}
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what was said, and hand out everything once more."""
        self._held = {_id_of(stage): _Held() for stage in self._stages}

    def next_ticket(self) -> Ticket | None:
        """The practice clip at the first stage that is not answered; None: all are."""
        return next((self._ticket(ticket_id) for ticket_id, held in self._held.items() if held.said is None), None)

    def coming(self, limit: int) -> tuple[Ticket, ...]:
        """The same clip at later stages."""
        waiting = [self._ticket(ticket_id) for ticket_id, held in self._held.items() if held.said is None]
        return tuple(waiting[1 : 1 + limit])

    def draft(self, ticket_id: TicketId) -> str | None:
        """What was begun, as long as the window is open."""
        return self._of(ticket_id).draft

    def save_draft(self, ticket_id: TicketId, draft: str) -> None:
        """Keep it in memory."""
        self._of(ticket_id).draft = draft

    def submit_movement(self, ticket_id: TicketId, movement: Coding) -> Ticket:
        """Take the movement, and open what comes after it.

        Raises:
            BadInput: it does not fit the clip.
        """
        held, fields = self._of(ticket_id), self._fields(Stage.CODING)
        self._check(ticket_id, movement, opened_by(fields, moved=False))
        held.movement = movement
        return self._ticket(ticket_id)

    def submit(self, ticket_id: TicketId, answer: Answer) -> None:
        """Take the answer; it goes nowhere.

        Raises:
            BadInput: it does not fit the clip, or was given before.
        """
        held = self._of(ticket_id)
        if held.said is not None:
            raise BadInput.of("desk.submitted", f"ticket {ticket_id} is already submitted", "take the next ticket")
        self._check(ticket_id, answer, self._fields(STAGE_OF_ANSWER[type(answer)]))
        if isinstance(answer, Coding) and self._protocol.coding.movement_first:
            check_movement(answer, held.movement)
        held.said = answer

    def give_back(self, ticket_id: TicketId, *, because: str, knows_them: bool = False) -> None:
        """Begin the clip anew: there is nobody else to take it.

        Raises:
            BadInput: no reason is given.
        """
        _check_reason(because)
        self._of(ticket_id)
        self._held[ticket_id] = _Held()

    def flag(self, ticket_id: TicketId, because: str) -> None:
        """Take note; nobody reads it.

        Raises:
            BadInput: no reason is given.
        """
        _check_reason(because)
        self._of(ticket_id).flagged = because

    def note_aid(self, ticket_id: TicketId, aid: Aid) -> None:
        """Nothing is noted in practice."""

    def note_effort(self, ticket_id: TicketId, effort: Effort) -> None:
        """Nothing is noted in practice."""

    def feedback(self, ticket_id: TicketId) -> Feedback:
        """Our reading of the clip beside what was said.

        Raises:
            BadInput: it was not coded yet.
        """
        said = self._of(ticket_id).said
        if not isinstance(said, Coding):
            raise BadInput.of("desk.no_feedback", "there is no feedback on this ticket", "code the clip first")
        return Feedback(
            said=said,
            known=self._known,
            score=score_of(said, self._known, match_iou=self._protocol.match_iou, codebook=self._book),
        )

    def progress(self) -> OwnProgress:
        """How much practice is left."""
        left = [self._stages[place] for place, held in enumerate(self._held.values()) if held.said is None]
        done = len(self._held) - len(left)
        return OwnProgress(
            waiting=len(left),
            submitted=done,
            submitted_today=done,
            waiting_at={stage: left.count(stage) for stage in left},
        )

    def colleagues(self) -> Mapping[str, CoderId]:
        """Whoever practises, and two who do not exist."""
        return {code: CoderId(code) for code in (ME, *_OTHERS)}

    def _ticket(self, ticket_id: TicketId) -> Ticket:
        held = self._of(ticket_id)
        stage = self._stages[list(self._held).index(ticket_id)]
        fields = self._fields(stage)
        ticket = replace(self._base, id=ticket_id, stage=stage, fields=fields)
        if stage is Stage.CODING and self._protocol.coding.movement_first:
            open_now = opened_by(fields, moved=held.movement is not None)
            return replace(
                ticket,
                fields=open_now,
                later_fields=tuple(field for field in fields if field not in open_now),
                movement=held.movement,
            )
        if stage is Stage.ADJUDICATION:
            readings = (
                LetteredReading(letter="A", events=self._known.events),
                LetteredReading(letter="B", events=tuple(_otherwise(event) for event in self._known.events)),
            )
            return replace(ticket, readings=readings, disputed=(AnswerField.SPAN, AnswerField.ACTION_UNITS))
        if stage is Stage.VERIFICATION:
            return replace(ticket, proposed=self._known.events)
        return ticket

    def _fields(self, stage: Stage) -> tuple[AnswerField, ...]:
        return self._protocol.rules(stage).turns[-1].fields

    def _check(self, ticket_id: TicketId, answer: Answer, fields: tuple[AnswerField, ...]) -> None:
        ticket = self._ticket(ticket_id)
        check_answer(answer, ticket.stage, ticket.clock, ticket.codebook, fields=fields)

    def _of(self, ticket_id: TicketId) -> _Held:
        held = self._held.get(ticket_id)
        if held is None:
            raise BadInput.of("desk.not_yours", f"you have no ticket {ticket_id}", "take a ticket with the next one")
        return held


def _id_of(stage: Stage) -> TicketId:
    return TicketId(f"{ME}-{stage.value}")


def _otherwise(event: CodedEvent) -> CodedEvent:
    """The same event as another coder might read it: later, and with one action unit less."""
    span = event.span
    later = Span(onset=Frame(min(span.onset + 4, span.apex)), apex=span.apex, offset=span.offset)
    return replace(event, span=later, action_units=event.action_units[1:])


def _check_reason(because: str) -> None:
    if not because.strip():
        raise BadInput.of("desk.no_reason", "this needs a reason", "say why in a few words")
