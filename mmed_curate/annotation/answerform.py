"""A coder's answer as a JSON form: blank for a ticket, and read back. Frames count from the clip's first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from mmed_curate.annotation.ticket import Ticket
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import CoderId
from mmed_curate.domain.judgements import (
    Adjudication,
    Answer,
    CodedEvent,
    Coding,
    Screening,
    ScreeningVerdict,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.domain.serial import from_json, to_json

T = TypeVar("T")

FORMAT, VERSION = "mmed-answer", "1.0"
_HEAD = ("format", "version", "ticket", "stage")
_KEYS: Mapping[Stage, tuple[str, ...]] = {
    Stage.SCREENING: ("verdict", "reason", "found", "cut_again"),
    Stage.CODING: ("events", "note"),
    Stage.ADJUDICATION: ("events", "reason", "participants"),
    Stage.VERIFICATION: ("verdict", "reason"),
}
_EVENT_KEYS: Mapping[AnswerField, tuple[str, ...]] = {
    AnswerField.SPAN: ("span",),
    AnswerField.EVENT_TYPE: ("event_type",),
    AnswerField.ACTION_UNITS: ("action_units", "not_visible"),
    AnswerField.EMOTION: ("emotion",),
    AnswerField.BASIS: ("basis",),
    AnswerField.VOCAL_CUES: ("vocal_cues",),
    AnswerField.CONFIDENCE: ("confidence",),
}


def blank_form(ticket: Ticket) -> dict[str, Any]:
    """The form to be filled in; `events` is null until somebody lists them, or says by [] that nothing happened."""
    empty: dict[str, Any] = {"verdict": None, "reason": "", "found": [], "cut_again": None, "participants": []}
    empty |= {"events": None, "note": ""}
    head = {"format": FORMAT, "version": VERSION, "ticket": ticket.id, "stage": ticket.stage.value}
    return head | {key: empty[key] for key in _KEYS[ticket.stage]}


def form_of(ticket: Ticket, answer: Answer, codes: Mapping[CoderId, str]) -> dict[str, Any]:
    """The form that says an answer; `answer_of` reads it back.

    Args:
        ticket: what is answered.
        answer: what was said.
        codes: of those who took part in a discussion.
    """
    filled: dict[str, Any] = blank_form(ticket) | to_json(answer)
    if isinstance(answer, Adjudication):
        filled["participants"] = [codes[one] for one in answer.participants]
    return filled


def example_event(ticket: Ticket) -> dict[str, Any]:
    """An event as the form asks for it, made up from the codebook's first entries; for people to copy."""
    book, last = ticket.codebook, ticket.clock.last_frame
    values: dict[str, Any] = {
        "span": {"onset": last // 4, "apex": last // 3, "offset": last // 2},
        "event_type": book.event_types[0].code,
        "action_units": [{"code": book.action_units[0].code, "side": "both", "intensity": "B"}],
        "not_visible": [],
        "emotion": book.emotions[0].code,
        "basis": book.bases[0].code,
        "vocal_cues": [
            {"code": book.vocal_cues[0].code, "onset": 0, "offset": last // 2, "owner": book.cue_owners[0].code}
        ],
        "confidence": book.confidences[0].code,
    }
    return {key: values[key] for field in ticket.fields for key in _EVENT_KEYS.get(field, ())}


def with_fields(document: object, fields: Sequence[AnswerField]) -> object:
    """The form with the keys of fields that open now in each of its events, empty; nothing else is changed."""
    if not isinstance(document, dict) or not isinstance(document.get("events"), list):
        return document
    blank: dict[str, Any] = {"emotion": "", "basis": "", "vocal_cues": [], "confidence": None}
    new = {key: blank[key] for field in fields for key in _EVENT_KEYS.get(field, ()) if key in blank}
    return document | {"events": [new | one if isinstance(one, dict) else one for one in document["events"]]}


def answer_of(
    document: object,
    ticket: Ticket,
    colleagues: Mapping[str, CoderId],
    events: tuple[tuple[CodedEvent, ...], str] | None = None,
) -> Answer:
    """What a form says.

    Args:
        document: the form, as it was read.
        ticket: what it answers.
        colleagues: who can be named as having taken part, by code.
        events: and the note, read from a file of another tool; None: they stand in the form. At adjudication the
            note belongs to the reason.

    Raises:
        BadInput: it is no form, one of another ticket, holds what is not asked, or is not whole.
    """
    form = _checked(document, ticket)
    if ticket.stage is Stage.SCREENING:
        return _strict(Screening, _with_verdict(form, ScreeningVerdict))
    if ticket.stage is Stage.VERIFICATION:
        return _strict(Verification, _with_verdict(form, VerificationVerdict))
    if events is not None:
        if form.get("events"):
            raise BadInput.of(
                "desk.events_twice",
                "the form holds events, and so does the file beside it",
                "keep one: set events to null in the form, or take the file away",
            )
        given, note = events
        words = "reason" if ticket.stage is Stage.ADJUDICATION else "note"
        form[words] = "\n".join(text for text in (_text(form, words), note) if text)
    else:
        given = _events(form.get("events"))
    if ticket.stage is Stage.CODING:
        return Coding(events=given, note=_text(form, "note"))
    named = form.get("participants", [])
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        raise BadInput.of("desk.form", "participants is no list of codes", 'write ["ann", "ben"]')
    stranger = next((one for one in named if one not in colleagues), None)
    if stranger is not None:
        raise BadInput.of(
            "desk.unknown_participant",
            f"there is no coder {stranger[:40]}",
            "name participants by their codes",
            coder=stranger[:40],
        )
    if len(set(named)) != len(named):
        raise BadInput.of("desk.participant_twice", "a participant is named twice", "name each once")
    return Adjudication(
        events=given, reason=_text(form, "reason"), participants=tuple(sorted(colleagues[one] for one in named))
    )


def _checked(document: object, ticket: Ticket) -> dict[str, Any]:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadInput.of("desk.form", "this is no answer form", "fill in the answer.json that came with the ticket")
    if document.get("version") != VERSION:
        raise BadInput.of(
            "desk.form", f"the form is of version {document.get('version')}, known is {VERSION}", "use the newest form"
        )
    if document.get("ticket") != ticket.id:
        raise BadInput.of(
            "desk.other_ticket",
            f"the form is one of ticket {str(document.get('ticket'))[:40]}, not of {ticket.id}",
            "give the form that came with the ticket",
        )
    if document.get("stage") != ticket.stage.value:
        raise BadInput.of(
            "desk.form", f"the form is not one of {ticket.stage.value}", "give the form that came with the ticket"
        )
    known = (*_HEAD, *_KEYS[ticket.stage])
    strange = next((key for key in document if key not in known), None)
    if strange is not None:
        raise BadInput.of("desk.form", f"{ticket.stage.value} does not ask for {str(strange)[:40]}", "take it away")
    return {key: value for key, value in document.items() if key not in _HEAD}


def _with_verdict(form: dict[str, Any], verdicts: type[ScreeningVerdict] | type[VerificationVerdict]) -> dict[str, Any]:
    known = [one.value for one in verdicts]
    if not form.get("verdict"):
        raise BadInput.of("desk.no_verdict", "the form has no verdict", f"fill in one of {', '.join(known)}")
    if form["verdict"] not in known:
        said = json.dumps(form["verdict"], ensure_ascii=False)[:40]
        raise BadInput.of("desk.no_verdict", f"{said} is no verdict", f"write one of {', '.join(known)}")
    return form


def _events(listed: object) -> tuple[CodedEvent, ...]:
    if not isinstance(listed, list):
        raise BadInput.of(
            "desk.no_events",
            "the form says nothing of events, and there is no file of another tool beside it",
            "list them, or write [] where nothing happened",
        )
    blank = {"event_type": "", "emotion": "", "basis": ""}
    events = []
    for number, one in enumerate(listed, start=1):
        try:
            events.append(_strict(CodedEvent, blank | one if isinstance(one, dict) else one))
        except BadInput as error:
            finding = error.finding
            raise BadInput.of(finding.code, f"event {number}: {finding.what}", finding.remedy) from error
    return tuple(events)


def _strict(kind: type[T], value: Any) -> T:
    """A record, where the value holds nothing that the record has no place for."""
    try:
        record = from_json(kind, value)
    except BadInput as error:
        if error.finding.code != "serial.shape":
            raise
        raise BadInput.of("desk.form", error.finding.what, "write it as ticket.txt shows") from error
    strange = _strange(value, to_json(record))
    if strange is not None:
        raise BadInput.of("desk.form", f"{strange} is no key of the form", "correct it, or take it away")
    return record


def _strange(given: object, known: object) -> str | None:
    """The first key that was given and is not known, however deep."""
    if isinstance(given, dict) and isinstance(known, dict):
        for key, value in given.items():
            found = json.dumps(key)[:40] if key not in known else _strange(value, known[key])
            if found is not None:
                return found
    elif isinstance(given, list) and isinstance(known, list):
        for one, other in zip(given, known, strict=False):
            if (found := _strange(one, other)) is not None:
                return found
    return None


def _text(form: Mapping[str, Any], key: str) -> str:
    text = form.get(key, "")
    if not isinstance(text, str):
        raise BadInput.of("desk.form", f"{key} is no text", "write it in quotes")
    return text
