"""What a ticket says, as a text for people and a document for programs: nothing that the ticket does not hold."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mmed_curate.annotation.answerform import example_event
from mmed_curate.annotation.ticket import Ticket
from mmed_curate.domain.codebook import Entry
from mmed_curate.domain.context import ClipContext
from mmed_curate.domain.judgements import CodedEvent, CutAgain, ScreeningVerdict, VerificationVerdict
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.domain.serial import to_json

_WIDTH = 100
_NONE_SHOWN: Mapping[str, str] = MappingProxyType({})
_ASKED: Mapping[Stage, str] = {
    Stage.SCREENING: "Is something of the face here that is worth coding? Accept the clip, or reject it with a reason.",
    Stage.CODING: "Mark every event of the face that you see. None is an answer too.",
    Stage.ADJUDICATION: "The coders do not agree. Say how the events shall stand, all of them, and why.",
    Stage.VERIFICATION: "Does the reading below stand? Accept it, send it back with a reason, or reject the clip.",
}
_FIELD: Mapping[AnswerField, str] = {
    AnswerField.SPAN: "onset, apex and offset of each event",
    AnswerField.EVENT_TYPE: "its type",
    AnswerField.ACTION_UNITS: "action units, with side and intensity; parts of the face that cannot be seen",
    AnswerField.EMOTION: "the emotion",
    AnswerField.BASIS: "what the emotion rests on",
    AnswerField.VOCAL_CUES: "what is heard, from when to when, and whose it is",
    AnswerField.CONFIDENCE: "how sure you are",
    AnswerField.NOTE: "a note, if you like",
}


def choices(ticket: Ticket, fields: Sequence[AnswerField]) -> dict[str, tuple[Entry, ...]]:
    """What can be chosen in these fields, by the name of the tier; no basis that the ticket does not show."""
    codebook = ticket.codebook
    bases = tuple(one for one in codebook.bases if ticket.context is not None or not one.needs_context)
    lists: Mapping[AnswerField, Mapping[str, tuple[Entry, ...]]] = {
        AnswerField.EVENT_TYPE: {"event_type": codebook.event_types},
        AnswerField.ACTION_UNITS: {"action_units": codebook.action_units, "not_visible": codebook.regions},
        AnswerField.EMOTION: {"emotion": codebook.emotions},
        AnswerField.BASIS: {"basis": bases},
        AnswerField.VOCAL_CUES: {"vocal_cue": codebook.vocal_cues, "whose cue it is": codebook.cue_owners},
        AnswerField.CONFIDENCE: {"confidence": codebook.confidences},
    }
    return {name: entries for one in fields for name, entries in lists.get(one, {}).items() if entries}


def ticket_document(
    ticket: Ticket, files: Sequence[str], folder: str, examples: Mapping[str, str] = _NONE_SHOWN
) -> dict[str, Any]:
    """The ticket as the JSON document `mmed-ticket`.

    Args:
        ticket: what is asked.
        files: names of the files that lie beside it.
        folder: where they lie.
        examples: by the codebook's name for it: where a clip that shows an entry lies, as seen from there.
    """
    clock = ticket.clock
    return {
        "format": "mmed-ticket",
        "version": "1.0",
        "ticket": ticket.id,
        "clip": ticket.clip_name,
        "folder": folder,
        "files": list(files),
        "stage": ticket.stage.value,
        "round": ticket.round,
        "fields": [one.value for one in ticket.fields],
        "later_fields": [one.value for one in ticket.later_fields],
        "clock": {
            "frames": clock.n_frames,
            "pts": list(clock.pts),
            "end_pts": clock.end_pts,
            "time_base": str(clock.time_base),
        },
        "codebook": {"name": ticket.codebook.name, "version": ticket.codebook.version},
        "choices": [
            {
                "of": name,
                "codes": [
                    {
                        "code": one.code,
                        "label": one.label["en"],
                        "definition": one.definition,
                        "example": examples.get(one.example or ""),
                    }
                    for one in entries
                ],
            }
            for name, entries in choices(ticket, (*ticket.fields, *ticket.later_fields)).items()
        ],
        "movement": None if ticket.movement is None else [to_json(one) for one in ticket.movement.events],
        "readings": [
            {"letter": one.letter, "events": [to_json(event) for event in one.events]} for one in ticket.readings
        ],
        "disputed": [one.value for one in ticket.disputed],
        "together": ticket.together,
        "returned_because": ticket.returned_because,
        "proposed": [to_json(one) for one in ticket.proposed],
        "how": [{field: rule.value for field, rule in one.items()} for one in ticket.how],
        "context": None if ticket.context is None else to_json(ticket.context),
    }


def ticket_text(ticket: Ticket, files: Sequence[str], answer: str, examples: Mapping[str, str] = _NONE_SHOWN) -> str:
    """The ticket for people to read.

    Args:
        ticket: what is asked.
        files: names of the files that lie beside it.
        answer: name of the file in which the events are said; that of the form where there is no other.
        examples: by the codebook's name for it: where a clip that shows an entry lies.
    """
    return "\n".join(_lines(ticket, files, answer, examples)) + "\n"


def _lines(ticket: Ticket, files: Sequence[str], answer: str, examples: Mapping[str, str]) -> Iterator[str]:
    clock = ticket.clock
    again = "" if ticket.round == 1 else f", round {ticket.round}"
    yield f"Ticket {ticket.id}"
    yield f"{ticket.stage.value}{again}"
    yield ""
    yield _ASKED[ticket.stage]
    yield ""
    yield (
        f"The clip has {clock.n_frames} frames, counted from 0 to {clock.last_frame}, "
        f"{float(clock.rate_hz()):.3f} a second, and lasts {float(clock.duration):.3f} s."
    )
    if ticket.picture is None:
        yield "This pass shows no picture: judge by what you hear."
    if ticket.sound is None:
        yield "There is nothing to be heard: judge by what you see."
    if ticket.neutral_still is not None or ticket.neutral_picture is not None:
        yield "neutral.* is the same face at rest: score what differs from it."
    elif ticket.picture is not None:
        yield "There is no reference of this face at rest."
    if ticket.neutral_sound is not None:
        yield "neutral.wav is plain speech of the same voice."
    yield from _named("Files", files)
    if ticket.fields:
        asked = [one for one in ticket.fields if one is not AnswerField.NOTE or ticket.stage is Stage.CODING]
        yield from _named("Asked, in this order", [f"{one.value}: {_FIELD[one]}" for one in asked])
    if ticket.later_fields:
        yield ""
        yield (
            f"Hand in the movement first, without anything else. {', '.join(one.value for one in ticket.later_fields)} "
            f"open then, in the same file."
        )
    if ticket.movement is not None:
        yield from _events("The movement that you handed in, which the answer must keep", ticket.movement.events)
    if ticket.returned_because:
        yield from _named("Sent back at verification, because", [ticket.returned_because])
    if ticket.disputed:
        yield from _named("They do not agree on", [one.value for one in ticket.disputed])
    for reading in ticket.readings:
        yield from _events(f"Reading {reading.letter}", reading.events)
    if ticket.stage is Stage.VERIFICATION:
        yield from _events("The reading", ticket.proposed)
        yield from _named("How it came about", [*_how_settled(ticket)])
    if ticket.context is not None:
        yield from _named("What is known of the game", tuple(_context(ticket.context)))
    yield ""
    yield "How to answer"
    yield from (f"  {line}" for line in _how(ticket, answer))
    for name, entries in choices(ticket, ticket.fields).items():
        yield ""
        yield f"What {name} can be" if name != "whose cue it is" else "Whose a cue can be"
        for one in entries:
            said = one.label["en"] if one.label["en"] == one.code else f"{one.label['en']}. {one.definition}"
            shown = examples.get(one.example or "")
            said += f" Example: {shown}" if shown else ""
            yield textwrap.fill(f"  {one.code}: {said}", _WIDTH, subsequent_indent="      ", break_on_hyphens=False)


def _named(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        yield from (textwrap.fill(f"  {line}", _WIDTH, subsequent_indent="      ") for line in lines)


def _events(title: str, events: Sequence[CodedEvent]) -> Iterator[str]:
    yield from _named(title, [event_sentence(one) for one in events] or ["no event"])


def event_sentence(event: CodedEvent) -> str:
    """An event in one line, for people."""
    units = [
        f"{mark.code}{'' if mark.side.value == 'both' else ' ' + mark.side.value}"
        f"{'' if mark.intensity is None else ' ' + mark.intensity.value}"
        for mark in event.action_units
    ]
    parts = [
        f"frames {event.span.onset} to {event.span.offset}, apex {event.span.apex}",
        event.event_type,
        event.emotion and f"{event.emotion} (by {event.basis})" if event.basis else event.emotion,
        "+".join(units),
        f"not visible: {', '.join(event.not_visible)}" if event.not_visible else "",
        *(f"{cue.code} of {cue.owner}, frames {cue.onset} to {cue.offset}" for cue in event.vocal_cues),
        f"confidence {event.confidence}" if event.confidence else "",
    ]
    return "; ".join(part for part in parts if part)


def _how_settled(ticket: Ticket) -> Iterator[str]:
    for number, event in enumerate(ticket.how, 1):
        by_rule: dict[str, list[str]] = {}
        for field, rule in event.items():
            by_rule.setdefault(rule.value, []).append(field.replace("_", " "))
        said = "; ".join(f"{', '.join(fields)} by {rule}" for rule, fields in by_rule.items())
        yield f"event {number}: {said}"


def _context(context: ClipContext) -> Iterator[str]:
    about = (
        ("game", context.game),
        ("stakes", context.stakes),
        ("how it ended", context.outcome),
        ("the player's role", context.role),
        ("how it ended for the player", context.player_outcome),
    )
    yield from (f"{name}: {text}" for name, text in about if text)
    for event in context.events:
        whose = "" if event.whose is None else f", {event.whose.value}"
        yield f"{event.time_s:.2f} s{whose}: {event.what}{f' ({event.detail})' if event.detail else ''}"
    for report in context.reports:
        strong = "" if report.intensity is None else f" {report.intensity} of 7"
        words = f': "{report.words}"' if report.words else ""
        yield f"{report.onset_s:.2f} s to {report.offset_s:.2f} s, the player felt {report.emotion}{strong}{words}"


def _how(ticket: Ticket, answer: str) -> Iterator[str]:
    def one_of(verdicts: type[ScreeningVerdict] | type[VerificationVerdict] | type[CutAgain]) -> str:
        return ", ".join(verdict.value for verdict in verdicts)

    if ticket.stage is Stage.SCREENING:
        yield f"Fill in answer.json. verdict: one of {one_of(ScreeningVerdict)}; a rejection needs a reason."
        yield 'found: where something happens, such as [{"onset": 12, "apex": 18, "offset": 30}]; may stay empty.'
        yield f"cut_again: {one_of(CutAgain)} (one clip round what was found, or one round each), or null."
        return
    if ticket.stage is Stage.VERIFICATION:
        yield f"Fill in answer.json. verdict: one of {one_of(VerificationVerdict)}; all but accept need a reason."
        return
    if ticket.stage is Stage.ADJUDICATION:
        tier = "" if answer.endswith(".json") else ", or in the note"
        named = (
            "participants there are the codes of those who settled it together" if ticket.together else "you settle it"
        )
        yield f"Say the reason in answer.json{tier}; {named}."
    kind = Path(answer).suffix.lower()
    if kind == ".json":
        yield "List the events in answer.json, or write [] where nothing happened. An event, made up:"
        yield json.dumps(example_event(ticket))
    elif kind == ".csv":
        yield f"A row for each event in {answer}. Onset and offset are inside."
        yield "Action units such as L12C+4B; a vocal cue such as laugh:subject@12-30, the frames on which it is heard."
    else:
        yield f"In {answer}, draw each event in the tier event and label it with its type; mark its apex in the tier"
        yield "apex. Say the rest over the same time, in the tier of its name: action units such as L12C+4B, a vocal"
        yield "cue such as laugh:subject. Events that overlap have tiers of their own: 2.event, 2.apex."
    if kind != ".json":
        yield "Where nothing happened, leave it as it is and hand it in with --nothing-happened."
