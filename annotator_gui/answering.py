"""The answer that a draft makes, and what it still lacks before it can be handed in. Knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from annotator_gui.draft import Draft, covered
from annotator_gui.language import ENGLISH
from annotator_gui.marks import Range
from mmed_curate.annotation import Ticket
from mmed_curate.annotation.answers import check_answer
from mmed_curate.domain.findings import BadInput, Finding, MmedError
from mmed_curate.domain.identity import CoderId
from mmed_curate.domain.judgements import Adjudication, Answer, Coding, Screening, Verification
from mmed_curate.domain.protocol import AnswerField, Stage


def answer_of(draft: Draft, ticket: Ticket, colleagues: Callable[[], Mapping[str, CoderId]]) -> Answer:
    """The answer that a draft makes at the ticket's stage.

    Args:
        draft: what is there.
        ticket: that is answered.
        colleagues: gives everyone who judges here, by code; asked only where a ticket is answered together.

    Raises:
        BadInput: a mark, a verdict or a coder is missing; says which.
    """
    if ticket.stage is Stage.SCREENING:
        if draft.screening is None:
            raise BadInput(_no_verdict())
        spans = sorted((event.coded().span for event in draft.events), key=lambda span: span.onset)
        return Screening(verdict=draft.screening, reason=draft.reason, found=tuple(spans), cut_again=draft.cut_again)
    if ticket.stage is Stage.VERIFICATION:
        if draft.verification is None:
            raise BadInput(_no_verdict())
        return Verification(verdict=draft.verification, reason=draft.reason)
    events = tuple(event.coded() for event in draft.events)
    if ticket.stage is Stage.CODING:
        return Coding(events=events, note=draft.note)
    codes = colleagues() if ticket.together else {}
    unknown = [code for code in draft.participants if code not in codes] if ticket.together else []
    if unknown:
        raise BadInput.of(
            "desk.unknown_participant",
            f"there is no coder {unknown[0]}",
            "name participants by code",
            coder=unknown[0],
        )
    named = tuple(sorted(codes[code] for code in draft.participants)) if ticket.together else ()
    return Adjudication(events=events, reason=draft.reason, participants=named)


def movement_of(answer: Coding) -> Coding:
    """What of an answer is seen: without what it means and what is heard."""
    events = tuple(replace(event, emotion="", basis="", vocal_cues=(), confidence=None) for event in answer.events)
    return Coding(events=events)


def lacking(
    draft: Draft, ticket: Ticket, *, heard: Sequence[Range], colleagues: Callable[[], Mapping[str, CoderId]]
) -> tuple[Finding, ...]:
    """What keeps a draft from being handed in; nothing: it can be.

    Args:
        draft: what is there.
        ticket: that is answered.
        heard: frames that were heard at full speed, both ends inside.
        colleagues: as for `answer_of`.
    """
    found = [*_not_said(draft, ticket), *_not_heard(draft, ticket, heard)]
    if found:
        return tuple(found)
    try:
        answer = answer_of(draft, ticket, colleagues)
        if not isinstance(answer, (Screening, Verification)):
            check_answer(
                answer,
                ticket.stage,
                ticket.clock,
                ticket.codebook,
                fields=ticket.fields,
                shows_context=ticket.context is not None,
            )
    except MmedError as error:
        return (error.finding,)
    return ()


def _not_said(draft: Draft, ticket: Ticket) -> list[Finding]:
    """What nobody can guess: missing marks and codes, event by event."""
    found = []
    if ticket.stage in {Stage.CODING, Stage.ADJUDICATION} and not draft.events and not draft.nothing:
        found.append(
            Finding(
                code="gui.nothing_said",
                what="nothing is marked",
                remedy="mark an event, or say that nothing happens",
            )
        )
    judges = ticket.stage is not Stage.VERIFICATION
    for number, event in enumerate(draft.events, 1):
        if judges and event.marks.missing:
            missing = [mark.value for mark in event.marks.missing]
            found.append(
                Finding(
                    code="gui.marks_missing",
                    what=f"event {number} has no {' and '.join(missing)}",
                    remedy="set it, or remove the event",
                    parameters={"event": number, "marks": ", ".join(missing)},
                )
            )
        if ticket.stage is Stage.SCREENING:
            continue
        asked = {
            AnswerField.EVENT_TYPE: event.event_type,
            AnswerField.EMOTION: event.emotion,
            AnswerField.BASIS: event.basis,
        }
        for field_, chosen in asked.items():
            if field_ in ticket.fields and not chosen:
                words = field_.value.replace("_", " ")
                found.append(
                    Finding(
                        code="gui.not_chosen",
                        what=f"event {number} has no {words}",
                        remedy="choose one",
                        parameters={"event": number, "field": field_.value},
                    )
                )
        if AnswerField.CONFIDENCE in ticket.fields and event.confidence is None:
            found.append(
                Finding(
                    code="gui.not_chosen",
                    what=f"event {number} does not say how sure you are",
                    remedy="choose one",
                    parameters={"event": number, "field": AnswerField.CONFIDENCE.value},
                )
            )
    return found


def _not_heard(draft: Draft, ticket: Ticket, heard: Sequence[Range]) -> list[Finding]:
    if ticket.sound is None:
        return []
    names = {entry.code: entry.label[ENGLISH] for entry in ticket.codebook.vocal_cues}
    unheard = [
        (names.get(cue.code, cue.code), cue)
        for event in draft.events
        for cue in event.vocal_cues
        if not covered(heard, cue.onset, cue.offset)
    ]
    return [
        Finding(
            code="gui.not_heard",
            what=f"{name} at frames {cue.onset} to {cue.offset} was not heard at full speed yet",
            remedy="play it once at 1×: slowed sound changes tremor and breath",
            parameters={"cue": cue.code, "first": cue.onset, "last": cue.offset},
        )
        for name, cue in unheard
    ]


def _no_verdict() -> Finding:
    return Finding(code="gui.no_verdict", what="no verdict is chosen", remedy="choose one")
