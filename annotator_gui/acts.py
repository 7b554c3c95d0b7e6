"""Everything a coder can do to a draft, each act by its name: a pure change, undone and redone as one. Knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from annotator_gui.draft import Draft, DraftEvent
from annotator_gui.marks import Mark, moved
from mmed_curate.annotation import Ticket
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import (
    ActionUnitMark,
    CodedEvent,
    CutAgain,
    Intensity,
    ScreeningVerdict,
    Side,
    VerificationVerdict,
    VocalCueMark,
)
from mmed_curate.domain.protocol import AnswerField
from mmed_curate.domain.time import Frame

_BEGUN = DraftEvent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One change of a draft."""

    name: str
    """What it does, in a word or two."""
    apply: Callable[[Draft, Ticket], Draft]
    """Raises BadInput where it cannot be done, and says why."""
    joins: bool = False
    """Undone together with acts of the same name just before it: typing."""
    moves: bool = False
    """It changes what belongs to the movement: span, type, action units."""


def set_mark(mark: Mark, frame: Frame) -> Act:
    """Put a mark of the selected event on a frame; begins an event where there is none."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        event = draft.event or _BEGUN
        return draft.with_event(replace(event, marks=moved(event.marks, mark, frame, last=ticket.clock.last_frame)))

    return Act(name=f"set {mark.value}", apply=apply, moves=True)


def drag_mark(event: int, mark: Mark, frame: Frame) -> Act:
    """Put a mark of any event on a frame; that event is selected then."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        if not 0 <= event < len(draft.events):
            raise _no_event()
        return set_mark(mark, frame).apply(replace(draft, selected=event), ticket)

    return Act(name=f"set {mark.value}", apply=apply, moves=True)


def nudge(mark: Mark, by: int) -> Act:
    """Move a mark of the selected event by some frames."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        event = _selected(draft)
        at = event.marks.at(mark)
        if at is None:
            raise BadInput.of("gui.no_mark", f"{mark.value} is not set yet", "set it first", mark=mark.value)
        return draft.with_event(
            replace(event, marks=moved(event.marks, mark, Frame(at + by), last=ticket.clock.last_frame))
        )

    return Act(name=f"nudge {mark.value}", apply=apply, joins=True, moves=True)


def new_event() -> Act:
    """Begin another event."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        if draft.event == _BEGUN:
            return draft
        return replace(draft, events=(*draft.events, _BEGUN), selected=len(draft.events), nothing=False)

    return Act(name="new event", apply=apply, moves=True)


def remove_event() -> Act:
    """Take the selected event away."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        _selected(draft)
        left = tuple(event for place, event in enumerate(draft.events) if place != draft.selected)
        selected = min(draft.selected or 0, len(left) - 1) if left else None
        return replace(draft, events=left, selected=selected)

    return Act(name="remove event", apply=apply, moves=True)


def nothing() -> Act:
    """Say that nothing happens in the clip, or take that back."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        if draft.events:
            raise BadInput.of(
                "gui.events_there",
                f"{len(draft.events)} event{'s are' if len(draft.events) > 1 else ' is'} marked",
                "remove what is marked, then say that nothing happens",
                events=len(draft.events),
            )
        return replace(draft, nothing=not draft.nothing)

    return Act(name="nothing happens", apply=apply, moves=True)


def choose(field: AnswerField, code: str) -> Act:
    """Choose a code in a field that takes one; the same code again takes it away."""
    name = {
        AnswerField.EVENT_TYPE: "event_type",
        AnswerField.EMOTION: "emotion",
        AnswerField.BASIS: "basis",
        AnswerField.CONFIDENCE: "confidence",
    }[field]

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        event = draft.event or _BEGUN
        empty = None if field is AnswerField.CONFIDENCE else ""
        if field is AnswerField.EVENT_TYPE and event == _BEGUN and code in _no_events(ticket):
            return (
                replace(draft, events=draft.events[:-1], selected=None, nothing=True)
                if len(draft.events) < 2
                else draft
            )
        event = replace(event, **{name: empty if getattr(event, name) == code else code})  # type: ignore[arg-type]
        bases = selectable_bases(ticket)
        if field is AnswerField.EMOTION and not event.basis and AnswerField.BASIS in ticket.fields and len(bases) == 1:
            event = replace(event, basis=bases[0])  # there is nothing to choose
        return draft.with_event(event)

    return Act(name=f"choose {field.value}", apply=apply, moves=field is AnswerField.EVENT_TYPE)


def toggle_unit(code: str) -> Act:
    """Score an action unit, or take all its marks away."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        event = draft.event or _BEGUN
        left = tuple(one for one in event.action_units if one.code != code)
        units = left if left != event.action_units else (*left, ActionUnitMark(code=code))
        return draft.with_event(replace(event, action_units=units))

    return Act(name="action unit", apply=apply, moves=True)


def set_unit(code: str, *, side: Side | None = None, intensity: Intensity | None = None) -> Act:
    """Give an action unit another side or intensity, scored where it is not; the same intensity again takes it away."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        event = draft.event or _BEGUN
        there = next((one for one in event.action_units if one.code == code), None)
        mark = there or ActionUnitMark(code=code)
        if side is not None:
            mark = replace(mark, side=side)
        if intensity is not None:
            mark = replace(mark, intensity=None if mark.intensity is intensity else intensity)
        units = tuple(mark if one is there else one for one in event.action_units)
        return draft.with_event(replace(event, action_units=units if there else (*units, mark)))

    return Act(name="action unit", apply=apply, moves=True)


def toggle_region(code: str) -> Act:
    """Say that a part of the face cannot be seen, or take that back."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        event = draft.event or _BEGUN
        left = tuple(one for one in event.not_visible if one != code)
        hidden = left if left != event.not_visible else (*left, code)
        return draft.with_event(replace(event, not_visible=hidden))

    return Act(name="not visible", apply=apply, moves=True)


def add_cue(code: str, first: Frame, last: Frame) -> Act:
    """Say that a vocal cue is heard on some frames, both inside; it is the subject's until said otherwise."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        event = draft.event or _BEGUN
        owner = ticket.codebook.cue_owners[0].code
        cue = VocalCueMark(code=code, onset=first, offset=last, owner=owner)
        if any(replace(one, owner=owner) == cue for one in event.vocal_cues):
            return draft  # it is said already
        return draft.with_event(replace(event, vocal_cues=(*event.vocal_cues, cue)))

    return Act(name="vocal cue", apply=apply)


def change_cue(place: int, *, first: Frame | None = None, last: Frame | None = None, owner: str | None = None) -> Act:
    """Move an end of a vocal cue of the selected event, or say whose it is."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        event = _selected(draft)
        old = event.vocal_cues[place]
        cue = replace(
            old,
            onset=old.onset if first is None else first,
            offset=old.offset if last is None else last,
            owner=owner or old.owner,
        )
        cues = tuple(cue if number == place else one for number, one in enumerate(event.vocal_cues))
        return draft.with_event(replace(event, vocal_cues=cues))

    return Act(name="vocal cue", apply=apply)


def remove_cue(place: int) -> Act:
    """Take a vocal cue of the selected event away."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        event = _selected(draft)
        cues = tuple(one for number, one in enumerate(event.vocal_cues) if number != place)
        return draft.with_event(replace(event, vocal_cues=cues))

    return Act(name="vocal cue", apply=apply)


def set_note(words: str) -> Act:
    """Write the free note."""
    return Act(name="note", apply=lambda draft, ticket: replace(draft, note=words), joins=True)


def set_reason(words: str) -> Act:
    """Write why."""
    return Act(name="reason", apply=lambda draft, ticket: replace(draft, reason=words), joins=True)


def screen(verdict: ScreeningVerdict) -> Act:
    """Say whether a clip is worth coding."""
    return Act(name=verdict.value, apply=lambda draft, ticket: replace(draft, screening=verdict))


def cut_again(how: CutAgain | None) -> Act:
    """Ask that the clip be cut again round what is marked; the same again takes it back."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        return replace(draft, cut_again=None if draft.cut_again is how else how)

    return Act(name="cut again", apply=apply)


def verify(verdict: VerificationVerdict) -> Act:
    """Say whether what was settled stands."""
    return Act(name=verdict.value, apply=lambda draft, ticket: replace(draft, verification=verdict))


def take_part(codes: tuple[str, ...]) -> Act:
    """Name who discussed it."""
    return Act(name="participants", apply=lambda draft, ticket: replace(draft, participants=tuple(sorted(codes))))


def start_from(events: tuple[CodedEvent, ...]) -> Act:
    """Take somebody's reading as the starting point, in place of what is there."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        begun = tuple(DraftEvent.of(event) for event in events)
        return replace(draft, events=begun, selected=0 if begun else None, nothing=not begun)

    return Act(name="start from a reading", apply=apply, moves=True)


def together(name: str, *steps: Act) -> Act:
    """Several acts as one, undone and redone as one."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        for step in steps:
            draft = step.apply(draft, ticket)
        return draft

    return Act(name=name, apply=apply, moves=any(step.moves for step in steps))


def remove_event_at(place: int) -> Act:
    """Take an event away, whichever is selected."""

    def apply(draft: Draft, ticket: Ticket) -> Draft:
        if not 0 <= place < len(draft.events):
            raise _no_event()
        return remove_event().apply(replace(draft, selected=place), ticket)

    return Act(name="remove event", apply=apply, moves=True)


def selectable_bases(ticket: Ticket) -> tuple[str, ...]:
    """Codes of what a label can rest on at this ticket: context only where it is shown."""
    return tuple(entry.code for entry in ticket.codebook.bases if ticket.context is not None or not entry.needs_context)


def _no_events(ticket: Ticket) -> frozenset[str]:
    return frozenset(entry.code for entry in ticket.codebook.event_types if not entry.is_event)


def _selected(draft: Draft) -> DraftEvent:
    event = draft.event
    if event is None:
        raise _no_event()
    return event


def _no_event() -> BadInput:
    return BadInput.of("gui.no_event", "no event is marked", "set a mark, or begin a new event")
