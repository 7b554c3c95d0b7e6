"""`mmed why`: what was said of a clip, and by which rule it stands where it stands."""

from __future__ import annotations

import click

from mmed_curate.agreement.explain import Said, explain
from mmed_curate.agreement.settle import course
from mmed_curate.cli.console import json_option, out, print_json, table
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, TicketId
from mmed_curate.domain.protocol import Purpose
from mmed_curate.store.read import Reader
from mmed_curate.store.workspace import Workspace


@click.command()
@click.argument("clip_or_ticket")
@json_option
def why(clip_or_ticket: str, as_json: bool) -> None:
    """Say why a clip stands where it stands: every judgement, what was left open, which rule settled each field.

    CLIP_OR_TICKET is a clip's id, or the number of a ticket as its coder reads it.
    """
    workspace = Workspace.find()
    with workspace.read() as records:
        clip = records.clip(_clip(records, clip_or_ticket))
        if clip.id in records.erased():
            raise BadInput.of(
                "why.erased", f"what was said of clip {clip.id} was erased with its subject", "name another clip"
            )
        terms = records.terms(clip.id)[clip.id]
        codes = {coder.id: coder.code for coder in records.coders()}
        aids = records.aids_of(clip.id)
        history = tuple(one for one in records.judgements(clip.id) if one.purpose is Purpose.ORDINARY)
    now = course(history, workspace.protocol, clip.clock, workspace.codebook, terms)
    told = explain(now, history, codes, aids)
    if as_json:
        print_json(
            {
                "format": "mmed-why",
                "version": "1.0",
                "clip": clip.id,
                "stage": now.stage.value,
                "round": now.round,
                "open_seats": now.open_seats,
                "origin": terms.origin.value,
                "screened_again": terms.screened_again,
                "foil": terms.foil,
                "recodings": terms.recodings,
                "said": [
                    {
                        "number": one.number,
                        "stage": one.stage.value,
                        "round": one.round,
                        "turn": one.turn,
                        "coder": one.coder,
                        "what": one.what,
                        "aids": [aid.value for aid in one.aids],
                        "stands": one.stands,
                    }
                    for one in told.said
                ],
                "open": list(told.open),
                "settled": [
                    {
                        "event": one.event,
                        "field": one.field,
                        "value": one.value,
                        "rule": one.rule.value,
                        "rests_on": list(one.rests_on),
                    }
                    for one in told.settled
                ],
            }
        )
        return
    lots = [word for word, holds in (("screened once more", terms.screened_again), ("a foil", terms.foil)) if holds]
    if terms.recodings:
        lots.append(f"sent back to coding {terms.recodings} time(s)")
    out.print(
        f"clip {clip.id}: {now.stage.value}, round {now.round}, {now.open_seats} seats free; "
        f"{', '.join((terms.origin.value, *lots))}",
        markup=False,
    )
    rows = [
        (
            one.number,
            one.stage.value if one.turn == 1 else f"{one.stage.value}, pass {one.turn}",
            one.round,
            one.coder,
            _with_aids(one) if one.stands else f"({_with_aids(one)})",
        )
        for one in told.said
    ]
    out.print(table("What was said (superseded in brackets)", ("no.", "stage", "round", "coder", "what"), rows))
    for sentence in told.open:
        out.print(f"left open by the coders: {sentence}", markup=False)
    if told.settled:
        settled = [
            (one.event, one.field, one.value, one.why, ", ".join(str(number) for number in one.rests_on))
            for one in told.settled
        ]
        out.print(table("Why it reads so", ("event", "field", "value", "rule", "rests on no."), settled))


def _with_aids(said: Said) -> str:
    used = ", ".join(aid.value.replace("-", " ") for aid in said.aids)
    return f"{said.what}; with {used}" if used else said.what


def _clip(records: Reader, name: str) -> ClipId:
    ticket = records.ticket(TicketId(name))
    if ticket is not None:
        return ticket.clip
    try:
        return records.clip(ClipId(name)).id
    except BadInput:
        raise BadInput.of(
            "why.unknown", f"there is no clip and no ticket {name}", "take a clip's id from `mmed status --json`"
        ) from None
