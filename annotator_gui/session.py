"""One sitting of one coder: the ticket in hand, the draft, what may be seen and done. Knows no Qt.

Every act is on disk when the method that does it returns; the view that it returns is what the window may show.
A sitting belongs to one thread: the window calls it from its worker.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from typing import Protocol

from annotator_gui.acts import Act
from annotator_gui.answering import answer_of, lacking, movement_of
from annotator_gui.draft import EMPTY, Draft, DraftEvent, Steps, covered, from_text, to_text
from annotator_gui.marks import length_note
from mmed_curate.annotation import Feedback, OwnProgress, Ticket
from mmed_curate.domain.conduct import Aid, Effort
from mmed_curate.domain.findings import BadInput, Finding, MmedError
from mmed_curate.domain.identity import CoderId, TicketId
from mmed_curate.domain.judgements import (
    Answer,
    Coding,
)
from mmed_curate.domain.time import Frame

_log = logging.getLogger(__name__)
_FULL_SPEED = Fraction(1)


class DeskLike(Protocol):
    """What a sitting needs of a desk; `mmed_curate.annotation.Desk` is one, the practice desk another."""

    def next_ticket(self) -> Ticket | None:
        """The ticket on the desk, or else the next one."""

    def coming(self, limit: int) -> tuple[Ticket, ...]:
        """Tickets that will come next."""

    def draft(self, ticket_id: TicketId) -> str | None:
        """What was begun."""

    def save_draft(self, ticket_id: TicketId, draft: str) -> None:
        """Keep what is there; on disk when it returns."""

    def submit_movement(self, ticket_id: TicketId, movement: Coding) -> Ticket:
        """Hand in what is seen, before what it means."""

    def submit(self, ticket_id: TicketId, answer: Answer) -> None:
        """Hand in the answer; on disk when it returns."""

    def give_back(self, ticket_id: TicketId, *, because: str, knows_them: bool = False) -> None:
        """Give it back unanswered."""

    def flag(self, ticket_id: TicketId, because: str) -> None:
        """Ask the curator to have the clip discussed."""

    def note_aid(self, ticket_id: TicketId, aid: Aid) -> None:
        """Note that an aid was used."""

    def note_effort(self, ticket_id: TicketId, effort: Effort) -> None:
        """Note what an answer took."""

    def feedback(self, ticket_id: TicketId) -> Feedback:
        """After training: what is known of the clip."""

    def progress(self) -> OwnProgress:
        """How far the coder has come."""

    def colleagues(self) -> Mapping[str, CoderId]:
        """Everyone who judges here, by code."""


class Part(Enum):
    """What of the window an act touches; only that is drawn anew."""

    TICKET = "ticket"
    EVENTS = "events"
    WORDS = "words"
    VERDICT = "verdict"
    AIDS = "aids"
    PROGRESS = "progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that the window may show, at one moment."""

    ticket: Ticket | None
    """None: there is nothing to do now."""
    draft: Draft = EMPTY
    may_undo: bool = False
    may_redo: bool = False
    movement_given: bool = False
    """Span, type and action units are handed in and stand still."""
    missing: tuple[Finding, ...] = ()
    """What keeps the answer from being handed in; empty: it can be."""
    notes: tuple[Finding, ...] = ()
    """Quiet words that keep nothing from anything."""
    may_show_motion: bool = False
    """The motion curve may be asked for: the protocol allows it, and own marks are set."""
    aids: frozenset[Aid] = frozenset()
    """Aids that were used on this ticket, each noted before it is shown."""
    progress: OwnProgress | None = None
    feedback: Feedback | None = None
    """After training: what is known of the clip just answered."""
    handed_in: TicketId | None = None
    """The ticket that the last act handed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an act led to."""

    view: View
    changed: frozenset[Part]


@dataclass(slots=True)
class _Counted:
    """What a ticket took so far; steps and replays cost a coder nothing."""

    steps: int = 0
    replays: int = 0
    full_speed: int = 0
    seconds: float = 0.0


ALL = frozenset(Part)


class Sitting:
    """A coder at work."""

    def __init__(self, desk: DeskLike) -> None:
        """Sit down; `take` brings the first ticket."""
        self._desk = desk
        self._ticket: Ticket | None = None
        self._steps = Steps()
        self._aids: frozenset[Aid] = frozenset()
        self._counted = _Counted()
        self._progress: OwnProgress | None = None
        self._stored: str | None = None
        """The draft as this sitting last read or wrote it."""
        self._foreign: Finding | None = None
        """What was begun on the ticket in hand was written by another program, and cannot be gone on with."""
        self._feedback: Feedback | None = None
        self._handed_in: TicketId | None = None
        self.unopened: TicketId | None = None
        """The ticket on the desk, where it cannot be opened: it can be given back unseen, and nothing else."""

    def take(self) -> Outcome:
        """The next ticket, with what was begun on it; the same one until it is answered or given back.

        Raises:
            BadInput: its media are missing or damaged.
        """
        self.unopened = None
        try:
            ticket = self._desk.next_ticket()
        except BadInput as error:
            named = error.finding.parameters.get("ticket")
            self.unopened = TicketId(named) if isinstance(named, str) else None
            raise
        self._ticket, self._steps = ticket, Steps()
        self._aids, self._counted, self._foreign, self._stored = frozenset(), _Counted(), None, None
        self._progress = self._desk.progress()
        if ticket is not None:
            self._steps = self._begun(ticket)
        return self._outcome(ALL)

    def act(self, act: Act) -> Outcome:
        """Change the draft; on disk when this returns.

        Raises:
            BadInput: it cannot be done; says why. Nothing has changed then.
        """
        ticket = self._in_hand()
        if act.moves and self._movement_given:
            raise BadInput.of(
                "gui.movement_given",
                "span, type and action units are handed in",
                "open the movement again to change them; both versions stay in the log",
            )
        draft = act.apply(self._steps.now, ticket)
        return self._keep(self._steps.acted(draft, name=act.name, joins=act.joins), _touched(self._steps.now, draft))

    def select(self, event: int) -> Outcome:
        """Let acts go to another event; nothing to undo."""
        draft = self._steps.now
        if not 0 <= event < len(draft.events):
            return self._outcome(frozenset())
        return self._keep(replace(self._steps, now=replace(draft, selected=event)), frozenset({Part.EVENTS}))

    def undo(self) -> Outcome:
        """Take the last act back."""
        return self._keep(self._steps.undone())

    def redo(self) -> Outcome:
        """Do what was taken back once more."""
        return self._keep(self._steps.redone())

    def reopen_movement(self) -> Outcome:
        """Let the movement that was handed in be changed once more; it is handed in again with the answer."""
        return self._keep(replace(self._steps, reopened=True))

    def played(self, first: Frame, last: Frame, *, speed: Fraction, with_sound: bool) -> Outcome:
        """Take note that frames first..last were played once through, both inside."""
        self._in_hand()
        self._counted.replays += 1
        if speed != _FULL_SPEED or not with_sound:
            return self._outcome(frozenset())
        self._counted.full_speed += 1
        if covered(self._steps.heard, first, last):
            return self._outcome(frozenset())
        runs = tuple(run for run in self._steps.heard if not (first <= run[0] and run[1] <= last))
        return self._keep(replace(self._steps, heard=(*runs, (first, last))), frozenset({Part.EVENTS}))

    def stepped(self, steps: int, seconds: float) -> None:
        """Take note of frames stepped and time spent since the last call."""
        self._counted.steps += steps
        self._counted.seconds += seconds

    def use(self, aid: Aid) -> Outcome:
        """Take an aid; it may be shown once this returns, for it is on record then.

        Raises:
            BadInput: the motion curve is asked for before all marks are set, or where the protocol does not show it.
        """
        ticket = self._in_hand()
        if aid is Aid.MOTION_CURVE and not ticket.shows_motion:
            raise BadInput.of(
                "gui.no_motion", "no motion curve is shown here", "go by what you see: the protocol wants it so"
            )
        if aid is Aid.MOTION_CURVE and not self._may_show_motion:
            raise BadInput.of(
                "gui.motion_hidden",
                "the motion curve stays hidden until your own marks are set",
                "set onset, apex and offset first",
            )
        if aid not in self._aids:
            self._desk.note_aid(ticket.id, aid)
            self._aids |= {aid}
        return self._outcome(frozenset({Part.AIDS}))

    def hand_in(self) -> Outcome:
        """Hand in the movement where the emotion waits for it, else the answer; on disk when this returns.

        After the answer the ticket is gone, and `take` brings the next one.

        Raises:
            BadInput: something is missing, or does not fit; says what.
            Refused: the answer cannot be taken any more.
        """
        ticket = self._in_hand()
        self._check_untouched(ticket)
        missing = self._lacking(ticket)
        if missing:
            raise BadInput(missing[0])
        answer = answer_of(self._steps.now, ticket, self._desk.colleagues)
        if ticket.later_fields and isinstance(answer, Coding):
            self._ticket = self._desk.submit_movement(ticket.id, movement_of(answer))
            entries = self._steps.entries + 1
            return self._keep(replace(self._steps.without_history(), reopened=False, entries=entries), ALL)
        if self._steps.reopened and isinstance(answer, Coding):
            self._desk.submit_movement(ticket.id, movement_of(answer))
        self._desk.submit(ticket.id, answer)
        self._note_effort(ticket)
        try:
            self._feedback = self._desk.feedback(ticket.id)
        except BadInput:
            self._feedback = None
        return self._without_ticket(ticket.id)

    def give_back(self, because: str, *, knows_them: bool = False) -> Outcome:
        """Give the ticket back unanswered; `take` brings the next one.

        Raises:
            BadInput: no reason is given.
        """
        ticket_id = self.unopened or self._in_hand().id
        self._desk.give_back(ticket_id, because=because, knows_them=knows_them)
        self.unopened = None
        return self._without_ticket(None)

    def flag(self, because: str) -> Outcome:
        """Ask the curator to have the clip discussed; the ticket stays.

        Raises:
            BadInput: no reason is given.
        """
        self._desk.flag(self._in_hand().id, because)
        return self._outcome(frozenset())

    def coming(self, limit: int) -> tuple[Ticket, ...]:
        """Tickets whose media can be made ready meanwhile."""
        return self._desk.coming(limit)

    def colleagues(self) -> tuple[str, ...]:
        """Codes of everyone who judges here."""
        return tuple(sorted(self._desk.colleagues()))

    def _note_effort(self, ticket: Ticket) -> None:
        counted = self._counted
        effort = Effort(
            entries=self._steps.entries + 1,
            steps=counted.steps,
            replays=counted.replays,
            seconds_active=counted.seconds,
            n_full_speed_plays=counted.full_speed,
        )
        try:
            self._desk.note_effort(ticket.id, effort)
        except MmedError as error:  # the answer is on disk: what it took is not worth troubling the coder for
            _log.warning("ticket %s: its effort was not noted (%s)", ticket.id, error.finding.code)

    def _begun(self, ticket: Ticket) -> Steps:
        text = self._stored = self._desk.draft(ticket.id)
        if text is not None:
            try:
                return from_text(text)
            except BadInput as error:
                if error.finding.code != "gui.foreign_draft":
                    raise
                self._foreign = error.finding
        if ticket.movement is not None:
            return Steps(now=_from_events(ticket.movement))
        return Steps()

    def _keep(self, steps: Steps, changed: frozenset[Part] = ALL - {Part.TICKET, Part.PROGRESS}) -> Outcome:
        ticket = self._in_hand()
        if steps != self._steps:
            self._check_untouched(ticket)
            text = to_text(steps)
            self._desk.save_draft(ticket.id, text)
            self._steps, self._stored = steps, text
        return self._outcome(changed)

    def _check_untouched(self, ticket: Ticket) -> None:
        """Stop where another window of this coder has gone on with the clip: its work is not written over."""
        if self._desk.draft(ticket.id) != self._stored:
            raise BadInput.of(
                "gui.elsewhere",
                "this clip was gone on with in another window",
                "what is kept is shown here now; close one of the two windows",
            )

    def _without_ticket(self, handed_in: TicketId | None) -> Outcome:
        self._ticket, self._steps, self._handed_in = None, Steps(), handed_in
        self._progress = self._desk.progress()
        return self._outcome(ALL)

    def _in_hand(self) -> Ticket:
        if self._ticket is None:
            raise BadInput.of("gui.no_ticket", "there is no clip on the desk", "take the next one")
        return self._ticket

    @property
    def _movement_given(self) -> bool:
        given = self._ticket is not None and self._ticket.movement is not None
        return given and not self._steps.reopened

    @property
    def _may_show_motion(self) -> bool:
        draft = self._steps.now
        marked = bool(draft.events) and all(event.marks.span is not None for event in draft.events)
        return self._ticket is not None and self._ticket.shows_motion and marked

    def _lacking(self, ticket: Ticket) -> tuple[Finding, ...]:
        return lacking(self._steps.now, ticket, heard=self._steps.heard, colleagues=self._desk.colleagues)

    def _outcome(self, changed: frozenset[Part]) -> Outcome:
        ticket, draft = self._ticket, self._steps.now
        notes = [] if self._foreign is None else [self._foreign]
        notes += [
            note
            for event in draft.events
            if ticket is not None and event.marks.span is not None
            if (note := length_note(event.marks.span, ticket.clock)) is not None
        ]
        view = View(
            ticket=ticket,
            draft=draft,
            may_undo=bool(self._steps.past),
            may_redo=bool(self._steps.future),
            movement_given=self._movement_given,
            missing=() if ticket is None else self._lacking(ticket),
            notes=tuple(notes),
            may_show_motion=self._may_show_motion,
            aids=self._aids,
            progress=self._progress,
            feedback=self._feedback,
            handed_in=self._handed_in,
        )
        self._feedback, self._handed_in = None, None
        return Outcome(view=view, changed=changed)


def _from_events(movement: Coding) -> Draft:
    begun = tuple(DraftEvent.of(event) for event in movement.events)
    return Draft(events=begun, selected=0 if begun else None, nothing=not begun)


def _touched(before: Draft, after: Draft) -> frozenset[Part]:
    parts = set()
    if (before.events, before.selected, before.nothing) != (after.events, after.selected, after.nothing):
        parts.add(Part.EVENTS)
    if (before.note, before.reason) != (after.note, after.reason):
        parts.add(Part.WORDS)
    verdicts = ("screening", "cut_again", "verification", "participants")
    if any(getattr(before, name) != getattr(after, name) for name in verdicts):
        parts.add(Part.VERDICT)
    return frozenset(parts)
