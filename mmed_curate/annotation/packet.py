"""A ticket as a folder, for those who judge in ELAN, BORIS, Praat, a table or an editor; and its answer read back.

The folder holds what the ticket holds, under names that say nothing: copies of its media, `ticket.txt` and
`ticket.json`, and a file in which to answer. What a coder has begun there is never written over.
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from mmed_curate.annotation.answerform import answer_of, blank_form, with_fields
from mmed_curate.annotation.ticket import Ticket
from mmed_curate.annotation.ticketsheet import ticket_document, ticket_text
from mmed_curate.domain.files import readable_json, write_text, written_aside
from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.domain.identity import CoderId
from mmed_curate.domain.judgements import Adjudication, Answer, CodedEvent, Coding
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.interchange.answers import answer_timeline, events_of, note_of, timeline_of
from mmed_curate.interchange.answertable import (
    extend_answer_table,
    is_answer_table,
    read_answer_table,
    write_answer_table,
)
from mmed_curate.interchange.answertiers import opened
from mmed_curate.interchange.formats import TIMELINE_FORMATS
from mmed_curate.interchange.timelines import Medium, Reading, Timeline, read_whole


class Tool(Enum):
    """In what a coder answers."""

    ELAN = "elan"
    BORIS = "boris"
    PRAAT = "praat"
    CSV = "csv"
    JSON = "json"


SUFFIX: Mapping[Tool, str] = {
    Tool.ELAN: ".eaf",
    Tool.BORIS: ".boris",
    Tool.PRAAT: ".TextGrid",
    Tool.CSV: ".csv",
    Tool.JSON: ".json",
}
_TOOL_OF = {suffix.lower(): tool for tool, suffix in SUFFIX.items()} | {".tsv": Tool.CSV}
FORM, TEXT, DOCUMENT = "answer.json", "ticket.txt", "ticket.json"
_TOLD_STAGES = frozenset({Stage.CODING, Stage.ADJUDICATION})
"""Those that are answered with events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A ticket's folder."""

    folder: Path
    answer: Path
    """Where the answer is said; the form where there is no other file."""
    begun: bool
    """It was there already and is as the coder left it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAnswer:
    """What was read of a coder's file."""

    answer: Answer | None
    """None: something in it cannot be used."""
    source: Path
    """The file in which the events, or the verdict, stand."""
    findings: tuple[Finding, ...]


def lay_before(ticket: Ticket, where: Path, tool: Tool | None, *, beside_codebook: Path | None = None) -> Packet:
    """Put a ticket into a folder of its own, named as the ticket's clip, and beside it the codebook's examples.

    Args:
        ticket: as the desk gave it.
        where: in which folder; made where it is missing.
        tool: in what the events are said; None: as begun, else in ELAN. Verdicts are always given in the form.
        beside_codebook: where clips lie that show entries of the codebook; None: none are shown.

    Raises:
        BadInput: it cannot be written, or the answer was begun in another tool.
    """
    folder = where / ticket.clip_name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput.of(
            "files.not_writable", f"{folder} cannot be made ({error.strerror})", "choose a folder of yours"
        ) from error
    with_events = ticket.stage in _TOLD_STAGES
    begun = _begun(folder) if with_events else None
    if begun is not None and tool is not None and SUFFIX[tool] != begun.suffix:
        raise BadInput.of(
            "desk.begun", f"{begun.name} is there already", "go on with it, or take it away to answer in another tool"
        )
    chosen = tool or (Tool.ELAN if begun is None else _TOOL_OF[begun.suffix.lower()])
    answer = folder / f"answer{SUFFIX[chosen]}" if with_events else folder / FORM
    was_there = answer.exists()
    for source in (ticket.picture, ticket.sound, ticket.neutral_still, ticket.neutral_picture, ticket.neutral_sound):
        if source is not None and not (folder / source.name).exists():
            with written_aside(folder / source.name) as aside:
                shutil.copyfile(source, aside)  # a copy, so that nobody writes through it
    if chosen is not Tool.JSON:
        events_beside = {f"reading-{one.letter}": one.events for one in ticket.readings}
        events_beside |= {"proposed": ticket.proposed} if ticket.stage is Stage.VERIFICATION else {}
        for name, events in events_beside.items():
            _say(folder / f"{name}{SUFFIX[chosen]}", chosen, ticket, events)
    if with_events and chosen is not Tool.JSON and not was_there:
        _say(answer, chosen, ticket, None if ticket.movement is None else ticket.movement.events)
    alone = not with_events or chosen is Tool.JSON
    if (alone or ticket.stage is Stage.ADJUDICATION) and not (folder / FORM).exists():
        write_text(folder / FORM, readable_json(blank_form(ticket)))
    if beside_codebook is not None and with_events:
        _show_examples(ticket, beside_codebook, where)
    _tell(ticket, folder, answer.name)
    os.utime(folder, (0, 0))
    return Packet(folder=folder, answer=answer, begun=was_there)


def read_answer(
    given: Path, ticket: Ticket, colleagues: Mapping[str, CoderId], *, nothing_happened: bool = False
) -> ReadAnswer:
    """Read an answer in whatever of the formats it is.

    A file without an event looks the same whether nothing happened, or nobody has saved anything in it yet: that
    nothing happened must be said, in words or by [] in the form.

    Args:
        given: the ticket's folder, or the file with the answer.
        ticket: what is answered.
        colleagues: who can be named as having taken part, by code.
        nothing_happened: the coder says so.

    Raises:
        BadInput: it is no answer, one of another ticket, the form is not whole, or whether something happened is not
            said, or said both ways.
    """
    source = _source(given, ticket)
    _check_ticket(source.parent, ticket)
    if nothing_happened and ticket.stage not in _TOLD_STAGES:
        raise BadInput.of(
            "desk.form", f"{ticket.stage.value} is answered with a verdict", "leave --nothing-happened out"
        )
    read = _read_answer(source, ticket, colleagues, nothing_happened=nothing_happened)
    events = read.answer.events if isinstance(read.answer, (Coding, Adjudication)) else None
    if events and nothing_happened:
        raise BadInput.of(
            "desk.something_said",
            f"{source.name} holds events, and nothing is said to have happened",
            "leave --nothing-happened out, or take the events away",
        )
    if events == () and not nothing_happened and source.suffix.lower() != ".json":
        raise BadInput.of(
            "desk.nothing_said",
            f"{source.name} holds no event, nothing is handed in",
            "save what you marked and submit again; where nothing happened, say so with --nothing-happened",
        )
    return read


def _read_answer(
    source: Path, ticket: Ticket, colleagues: Mapping[str, CoderId], *, nothing_happened: bool
) -> ReadAnswer:
    if source.suffix.lower() == ".json":
        form = _json(source)
        if nothing_happened and isinstance(form, dict) and form.get("events") is None:
            form = form | {"events": []}
        return ReadAnswer(answer=answer_of(form, ticket, colleagues), source=source, findings=())
    if ticket.stage not in _TOLD_STAGES:
        raise BadInput.of(
            "desk.form", f"{ticket.stage.value} is answered with a verdict", f"fill in {FORM} and give that"
        )
    reading = _read(source, ticket)
    timeline = _only(reading, source)
    fields = ticket.fields
    events, unread = events_of(timeline, ticket.codebook, ticket.clock, fields=fields)
    findings = (*(one for one in reading.findings if one.severity is not Severity.NOTE), *unread)
    if any(one.severity is Severity.ERROR for one in findings):
        return ReadAnswer(answer=None, source=source, findings=findings)
    said = (events, note_of(timeline))
    answer: Answer
    if ticket.stage is Stage.CODING:
        answer = Coding(events=events, note=said[1])
    else:
        form = source.with_name(FORM)
        filled = _json(form) if form.is_file() else blank_form(ticket)
        answer = answer_of(filled, ticket, colleagues, said)
    return ReadAnswer(answer=answer, source=source, findings=findings)


def check_only_movement(answer: Answer, later: Sequence[AnswerField]) -> None:
    """Stop an answer that says what opens only after the movement was handed in.

    Raises:
        BadInput: it does.
    """
    events = answer.events if isinstance(answer, (Coding, Adjudication)) else ()
    said = {
        AnswerField.EMOTION: any(one.emotion for one in events),
        AnswerField.BASIS: any(one.basis for one in events),
        AnswerField.VOCAL_CUES: any(one.vocal_cues for one in events),
        AnswerField.CONFIDENCE: any(one.confidence for one in events),
        AnswerField.NOTE: isinstance(answer, Coding) and bool(answer.note),
    }
    early = [one.value for one in later if said.get(one)]
    if early:
        raise BadInput.of(
            "desk.movement_first",
            f"the movement comes first, and the file says {', '.join(early)} already",
            "take that out, hand in the movement, and say it then",
        )


def movement_of(coding: Coding) -> Coding:
    """The part of an answer that is seen before what it means."""
    bare = tuple(replace(one, emotion="", basis="", vocal_cues=(), confidence=None) for one in coding.events)
    return Coding(events=bare)


def open_rest(source: Path, ticket: Ticket) -> Path:
    """After the movement: keep the coder's file as it was handed in, and open in it what is asked now.

    Args:
        source: the file with the movement.
        ticket: with all its fields.

    Returns:
        The copy of what was handed in.

    Raises:
        BadInput: it cannot be written.
    """
    kept = source.with_name(f"{source.stem}.movement{source.suffix}")
    with written_aside(kept) as aside:
        shutil.copyfile(source, aside)
    tool = _TOOL_OF[source.suffix.lower()]
    if tool is Tool.JSON:
        write_text(source, readable_json(with_fields(_json(source), ticket.fields)))
    elif tool is Tool.CSV and is_answer_table(source):
        extend_answer_table(source, ticket.codebook, ticket.fields)
    elif tool is not Tool.CSV:  # a table of annotations has no tiers to open
        timeline = opened(
            _only(_read(source, ticket), source), answer_timeline(ticket.codebook, ticket.clock, ticket.fields)
        )
        TIMELINE_FORMATS[tool.value].write(source, [timeline])
    if (source.parent / DOCUMENT).is_file():
        _tell(ticket, source.parent, source.name)
    return kept


def _say(path: Path, tool: Tool, ticket: Ticket, events: Sequence[CodedEvent] | None) -> None:
    """Write tiers, empty or with events; equal tickets give equal bytes, without author, date or place."""
    if tool is Tool.CSV:
        write_answer_table(path, ticket.codebook, ticket.fields or tuple(AnswerField), events or ())
        return
    media = tuple(
        Medium(name=one.name, length_s=ticket.clock.duration) for one in (ticket.picture, ticket.sound) if one
    )
    timeline = answer_timeline(ticket.codebook, ticket.clock, ticket.fields)
    if events is not None:
        timeline = opened(timeline_of(events, ticket.clock), timeline)
    TIMELINE_FORMATS[tool.value].write(path, [replace(timeline, name=ticket.clip_name, media=media)])


def examples_beside(ticket: Ticket, folder: Path) -> dict[str, str]:
    """By the codebook's name for it: where a clip that shows an entry lies, as seen from a ticket's folder."""
    return {one: f"../{one}" for one in ticket.codebook.examples if (folder.parent / one).is_file()}


def _show_examples(ticket: Ticket, beside_codebook: Path, where: Path) -> None:
    """Once for all tickets that lie there."""
    for example in ticket.codebook.examples:
        source, copy = beside_codebook / example, where / example
        if source.is_file() and not (copy.is_file() and filecmp.cmp(source, copy, shallow=False)):
            copy.parent.mkdir(parents=True, exist_ok=True)
            with written_aside(copy) as aside:
                shutil.copyfile(source, aside)
            os.utime(copy, (0, 0))


def _tell(ticket: Ticket, folder: Path, answer: str) -> None:
    own = {TEXT, DOCUMENT}
    files = sorted({one.name for one in folder.iterdir() if not one.name.startswith(".")} | own)
    shown = examples_beside(ticket, folder)
    write_text(folder / DOCUMENT, readable_json(ticket_document(ticket, files, ".", shown)))
    write_text(folder / TEXT, ticket_text(ticket, files, answer, shown))
    for name in files:
        if name in own or not name.startswith("answer"):
            os.utime(folder / name, (0, 0))


def _begun(folder: Path) -> Path | None:
    """The file in which the coder has begun to answer."""
    found = [folder / f"answer{suffix}" for tool, suffix in SUFFIX.items() if tool is not Tool.JSON]
    begun = next((path for path in found if path.is_file()), None)
    if begun is not None or not (folder / FORM).is_file():
        return begun
    return folder / FORM


def _source(given: Path, ticket: Ticket) -> Path:
    if not given.is_dir():
        if given.suffix.lower() not in _TOOL_OF:
            raise BadInput.of(
                "desk.unknown_format", f"{given.name} is none of {', '.join(SUFFIX.values())}", "save it as one of them"
            )
        return given
    found = [given / f"answer{SUFFIX[tool]}" for tool in Tool if (given / f"answer{SUFFIX[tool]}").is_file()]
    tiers = [path for path in found if path.name != FORM]
    if ticket.stage in _TOLD_STAGES and tiers:
        found = tiers
    if not found:
        raise BadInput.of("desk.no_answer", f"{given} holds no answer file", "name the file in which you answered")
    if len(found) > 1 and ticket.stage in _TOLD_STAGES:
        names = ", ".join(path.name for path in found)
        raise BadInput.of("desk.two_answers", f"{given} holds {names}", "name the one that counts")
    return found[-1]


def _check_ticket(folder: Path, ticket: Ticket) -> None:
    beside = folder / DOCUMENT
    if not beside.is_file():
        return
    document = _json(beside)
    of = document.get("ticket") if isinstance(document, dict) else None
    if of != ticket.id:
        raise BadInput.of(
            "desk.other_ticket",
            f"the folder is one of ticket {str(of)[:40]}, not of {ticket.id}",
            "give the ticket's own folder",
        )


def _read(source: Path, ticket: Ticket) -> Reading:
    tool = _TOOL_OF[source.suffix.lower()]
    if tool is Tool.CSV and is_answer_table(source):
        return read_answer_table(source, ticket.clock)
    read = TIMELINE_FORMATS[tool.value].read
    if read is None:
        raise TypeError(f"{tool.value} cannot be read")
    return read(source, ticket.clock)


def _only(reading: Reading, source: Path) -> Timeline:
    if len(reading.timelines) != 1:
        raise BadInput.of(
            "desk.observations",
            f"{source.name} holds {len(reading.timelines)} observations",
            "keep the one of this clip in it",
        )
    return reading.timelines[0]


def _json(path: Path) -> object:
    try:
        document: object = json.loads(read_whole(path, "a JSON form"))
    except (ValueError, RecursionError) as error:
        raise BadInput.of("desk.form", f"{path.name} is no JSON ({error})", "correct it there") from error
    return document
