"""What a coding form needs without a workspace: tickets as the desk would hand them out, and a desk that keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from mmed_curate.annotation import Feedback, OwnProgress, Ticket
from mmed_curate.domain.codebook import ActionUnitEntry, Codebook, load_codebook
from mmed_curate.domain.conduct import Aid, Effort
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import CoderId, TicketId
from mmed_curate.domain.judgements import Answer, Coding
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.domain.time import FrameClock

ALL_FIELDS = tuple(AnswerField)
MOVEMENT = (AnswerField.SPAN, AnswerField.EVENT_TYPE, AnswerField.ACTION_UNITS)


def a_ticket(
    *,
    n: int = 1,
    fields: Sequence[AnswerField] = ALL_FIELDS,
    later: Sequence[AnswerField] = (),
    book: Codebook | None = None,
    with_sound: bool = True,
    stage: Stage = Stage.CODING,
) -> Ticket:
    """A clip of 120 frames at 100 frames a second."""
    return Ticket(
        id=TicketId(f"ticket-{n}"),
        stage=stage,
        round=1,
        clip_name=f"clip-{n}",
        picture=Path("picture.mp4"),
        sound=Path("sound.wav") if with_sound else None,
        clock=FrameClock(pts=tuple(range(120)), end_pts=120, time_base=Fraction(1, 100)),
        fields=tuple(fields),
        codebook=book or load_codebook("mmed"),
        later_fields=tuple(later),
    )


def movement_first(*, n: int = 1, with_sound: bool = True, book: Codebook | None = None) -> Ticket:
    """As the MMED protocol asks: the movement is handed in before the rest opens."""
    later = [one for one in ALL_FIELDS if one not in MOVEMENT]
    return a_ticket(n=n, fields=MOVEMENT, later=later, with_sound=with_sound, book=book)


def sixty_units() -> Codebook:
    """Our codebook with 60 action units: as many as the whole of FACS with its head and eye positions."""
    book = load_codebook("mmed")
    taken = {one.code for one in book.action_units}
    regions = [one.code for one in book.regions]
    more = []
    for number in range(1, 100):
        if f"au{number}" not in taken and len(taken) + len(more) < 60:
            label = {"en": f"Movement number {number}"}
            more.append(
                ActionUnitEntry(
                    code=f"au{number}",
                    label=label,
                    definition=f"Made up for a test: {number}.",
                    source="Ours",
                    region=regions[number % len(regions)],
                )
            )
    return book.model_copy(update={"action_units": (*book.action_units, *more)})


@dataclass
class PlainDesk:
    """A desk that hands out given tickets one after the other and keeps what it is given."""

    tickets: list[Ticket]
    drafts: dict[TicketId, str] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    efforts: list[Effort] = field(default_factory=list)
    movements: list[Coding] = field(default_factory=list)

    def next_ticket(self) -> Ticket | None:
        return self.tickets[0] if self.tickets else None

    def coming(self, limit: int) -> tuple[Ticket, ...]:
        return tuple(self.tickets[1 : 1 + limit])

    def draft(self, ticket_id: TicketId) -> str | None:
        return self.drafts.get(ticket_id)

    def save_draft(self, ticket_id: TicketId, draft: str) -> None:
        self.drafts[ticket_id] = draft

    def submit_movement(self, ticket_id: TicketId, movement: Coding) -> Ticket:
        ticket = self.tickets[0]
        self.movements.append(movement)
        opened = replace(ticket, fields=ticket.fields + ticket.later_fields, later_fields=(), movement=movement)
        self.tickets[0] = opened
        return opened

    def submit(self, ticket_id: TicketId, answer: Answer) -> None:
        self.answers.append(answer)
        self.tickets.pop(0)

    def give_back(self, ticket_id: TicketId, *, because: str, knows_them: bool = False) -> None:
        self.tickets.pop(0)

    def flag(self, ticket_id: TicketId, because: str) -> None: ...

    def note_aid(self, ticket_id: TicketId, aid: Aid) -> None: ...

    def note_effort(self, ticket_id: TicketId, effort: Effort) -> None:
        self.efforts.append(effort)

    def feedback(self, ticket_id: TicketId) -> Feedback:
        raise BadInput.of("desk.no_feedback", "it was no training clip", "go on")

    def progress(self) -> OwnProgress:
        return OwnProgress(waiting=len(self.tickets), submitted=len(self.answers))

    def colleagues(self) -> Mapping[str, CoderId]:
        return {}
