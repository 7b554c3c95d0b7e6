"""What a coder would do in ELAN, BORIS, Praat, a table or an editor: fill in the answer file of a ticket's folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmed_curate.annotation.ticket import Ticket
from mmed_curate.domain.judgements import CodedEvent
from mmed_curate.domain.serial import to_json
from mmed_curate.interchange.answers import timeline_of
from mmed_curate.interchange.answertable import write_answer_table
from mmed_curate.interchange.formats import TIMELINE_FORMATS

_TOOL = {".eaf": "elan", ".boris": "boris", ".TextGrid": "praat"}


def say(answer: Path, ticket: Ticket, events: Sequence[CodedEvent], note: str = "") -> None:
    """Say these events in an answer file, in the way of its format."""
    if answer.suffix == ".json":
        fill(answer, events=[to_json(one) for one in events], note=note)
    elif answer.suffix == ".csv":
        write_answer_table(answer, ticket.codebook, ticket.fields, events, note)
    else:
        timeline = replace(timeline_of(events, ticket.clock, note=note), name="as saved")
        TIMELINE_FORMATS[_TOOL[answer.suffix]].write(answer, [timeline])


def fill(form: Path, **filled: Any) -> None:
    """Fill in keys of a JSON form; those that it does not have are left out."""
    document = json.loads(form.read_text(encoding="utf-8"))
    document |= {key: value for key, value in filled.items() if key in document}
    form.write_text(json.dumps(document), encoding="utf-8")
