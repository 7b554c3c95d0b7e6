"""`mmed desk`: take tickets as folders, answer them in ELAN, BORIS, Praat, a table or JSON, and hand in."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from mmed_curate.annotation.desk import Desk
from mmed_curate.annotation.own import OwnProgress
from mmed_curate.annotation.packet import (
    SUFFIX,
    ReadAnswer,
    Tool,
    check_only_movement,
    examples_beside,
    lay_before,
    movement_of,
    open_rest,
    read_answer,
)
from mmed_curate.annotation.ticket import Ticket
from mmed_curate.annotation.ticketsheet import event_sentence, ticket_document
from mmed_curate.cli.console import err, json_option, out, print_json
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.judgements import Answer, Coding
from mmed_curate.domain.serial import to_json
from mmed_curate.store import Workspace

_NOTHING_HAPPENED = click.option(
    "--nothing-happened",
    is_flag=True,
    help="The clip holds no event: a file without one is not taken for that by itself.",
)


@click.group()
def desk() -> None:
    """Judge clips without the window: a ticket is a folder, its answer a file.

    For coders, or for the curator who hands folders to them. A ticket tells its coder nothing of whose clip it is, what
    the machine thought or what others said.
    """


@desk.command(name="next")
@click.argument("coder")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder in which the ticket's own folder is made [default: the current one].",
)
@click.option(
    "--format",
    "tool",
    type=click.Choice([tool.value for tool in Tool]),
    help="In what events are said [default: elan; verdicts are always given as JSON].",
)
@json_option
def next_ticket(coder: str, output: Path, tool: str | None, as_json: bool) -> None:
    """Take the next ticket of CODER, as a folder: its media, what is asked, and a file to answer in.

    Until it is answered it is the same ticket again, and what was begun in its folder is kept. Where nothing waits,
    --json prints what progress prints.
    """
    own = Desk(Workspace.find(), coder)
    ticket = own.next_ticket()
    if ticket is None:
        if as_json:
            print_json(_progress(coder, own.progress()))
        else:
            out.print("nothing waits for you now", markup=False)
        return
    packet = lay_before(ticket, output, None if tool is None else Tool(tool), beside_codebook=own.beside_codebook)
    if as_json:
        files = sorted(path.name for path in packet.folder.iterdir())
        print_json(ticket_document(ticket, files, str(packet.folder), examples_beside(ticket, packet.folder)))
        return
    first = ", the movement first" if ticket.later_fields else ""
    out.print(f"ticket {ticket.id}: {ticket.stage.value}{first}", markup=False)
    out.print(f"read {packet.folder / 'ticket.txt'}", markup=False)
    out.print(f"{'go on' if packet.begun else 'answer'} in {packet.answer}", markup=False)
    hand_in = shlex.join(["mmed", "desk", "submit", coder, str(ticket.id), str(packet.folder)])
    out.print(f"then {hand_in}", markup=False)


@desk.command()
@click.argument("coder")
@click.argument("ticket")
@click.argument("answer", type=click.Path(path_type=Path, exists=True))
@click.option("--movement", is_flag=True, help="Hand in the movement, also once more after its answer has opened.")
@_NOTHING_HAPPENED
def submit(coder: str, ticket: str, answer: Path, movement: bool, nothing_happened: bool) -> None:
    """Hand in CODER's answer to TICKET: its folder, or the file in which it is said.

    What is wrong with it is named, and then nothing is handed in; exit code 2. Where the protocol asks for the movement
    first, the first time hands in that, and opens in the same file what is asked then; where nothing happened, there is
    nothing more to ask, and once is enough.
    """
    Desk(Workspace.find(), coder).check_waits(TicketId(ticket))
    own, asked, read = _read(coder, ticket, answer, nothing_happened=nothing_happened)
    whole = _whole(read)
    nothing = isinstance(whole, Coding) and not whole.events
    if nothing and asked.later_fields and not movement:
        own.submit_movement(asked.id, Coding(events=()))  # and there is nothing more to ask
    elif asked.later_fields or movement:
        _hand_in_movement(own, asked, read, whole)
        return
    own.submit(asked.id, whole)
    said = ": nothing happened" if nothing else ""
    out.print(f"ticket {asked.id} is handed in{said}", markup=False)


@desk.command()
@click.argument("coder")
@click.argument("ticket")
@click.argument("answer", type=click.Path(path_type=Path, exists=True))
@_NOTHING_HAPPENED
def correct(coder: str, ticket: str, answer: Path, nothing_happened: bool) -> None:
    """Hand in another answer that counts in place of the one before; that one stays in the log.

    As long as the clip has not moved on.
    """
    own, asked, read = _read(coder, ticket, answer, nothing_happened=nothing_happened)
    own.correct(asked.id, _whole(read))
    out.print(f"the answer to ticket {asked.id} is corrected", markup=False)


@desk.command()
@click.argument("coder")
@click.argument("ticket")
@click.option("--because", required=True, help="Why, for the curator.")
@click.option("--knows-them", is_flag=True, help="You know who is seen or heard: no clip of theirs comes to you again.")
def back(coder: str, ticket: str, because: str, knows_them: bool) -> None:
    """Give TICKET back unanswered; somebody else gets it."""
    Desk(Workspace.find(), coder).give_back(TicketId(ticket), because=because, knows_them=knows_them)
    out.print(f"ticket {ticket} went back", markup=False)


@desk.command()
@click.argument("coder")
@json_option
def progress(coder: str, as_json: bool) -> None:
    """How many tickets CODER has answered, and how many wait."""
    come = Desk(Workspace.find(), coder).progress()
    if as_json:
        print_json(_progress(coder, come))
    else:
        out.print(f"{come.submitted} answered, {come.waiting} waiting", markup=False)


@desk.command()
@click.argument("coder")
@click.argument("ticket")
@json_option
def feedback(coder: str, ticket: str, as_json: bool) -> None:
    """After a training clip: the reading that is taken as known, beside what CODER answered."""
    given = Desk(Workspace.find(), coder).feedback(TicketId(ticket))
    score = given.score
    if as_json:
        print_json(
            {
                "format": "mmed-feedback",
                "version": "1.0",
                "ticket": ticket,
                "said": [to_json(one) for one in given.said.events],
                "known": [to_json(one) for one in given.known.events],
                "matched": score.n_matched,
                "same_emotion": score.n_same_emotion,
                "events_f1": score.events_f1,
                "action_unit_index": score.action_unit_index,
            }
        )
        return
    for title, coding in (("you said", given.said), ("known", given.known)):
        for sentence in [event_sentence(one) for one in coding.events] or ["no event"]:
            out.print(f"{title}: {sentence}", markup=False)
    out.print(
        f"{score.n_matched} of {score.n_gold} events found, {score.n_marked - score.n_matched} marked that are not "
        f"known; the emotion is the same in {score.n_same_emotion}",
        markup=False,
    )


def _progress(coder: str, come: OwnProgress) -> dict[str, Any]:
    document = {"format": "mmed-desk-progress", "version": "1.0", "coder": coder}
    return {**document, "submitted": come.submitted, "waiting": come.waiting}


def _read(coder: str, ticket: str, answer: Path, *, nothing_happened: bool) -> tuple[Desk, Ticket, ReadAnswer]:
    own = Desk(Workspace.find(), coder)
    asked = own.ticket(TicketId(ticket))
    read = read_answer(answer, asked, own.colleagues(), nothing_happened=nothing_happened)
    _say(read.findings)
    return own, asked, read


def _whole(read: ReadAnswer) -> Answer:
    if read.answer is None:
        raise BadInput.of(
            "desk.not_whole",
            f"{read.source.name} cannot be used as it is, nothing is handed in",
            "correct it and submit again",
        )
    return read.answer


def _hand_in_movement(own: Desk, asked: Ticket, read: ReadAnswer, answer: Answer) -> None:
    if not isinstance(answer, Coding):
        raise BadInput.of("desk.no_steps", "only coding has a movement to hand in", "submit the whole answer")
    check_only_movement(answer, asked.later_fields)
    now = own.submit_movement(asked.id, movement_of(answer))
    if not asked.later_fields:
        out.print("the movement is handed in once more; now submit the answer", markup=False)
        return
    kept = open_rest(read.source, now)
    names = ", ".join(one.value for one in asked.later_fields)
    out.print(f"the movement is handed in, and kept in {kept.name}", markup=False)
    out.print(f"now say {names} in {read.source}, and submit it again", markup=False)
    if read.source.suffix not in {SUFFIX[Tool.JSON], SUFFIX[Tool.CSV]}:
        out.print("open the file anew in your tool: one that still has it open would save the old one over it")


def _say(findings: Sequence[Finding]) -> None:
    for one in findings:
        err.print(f"{one.severity.value}: {one}", markup=False)
