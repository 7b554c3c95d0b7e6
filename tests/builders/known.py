"""A workspace with clips of known reading, under a protocol that asks for gold, repeats and qualification."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from builders.rounds import Day
from builders.workspace import PLAIN, SIGNED, add_clips, an_answer, an_event
from mmed_curate.annotation import Desk
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.conduct import GoldClip
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import ActionUnitMark, CodedEvent, Coding
from mmed_curate.domain.protocol import Role, Stage
from mmed_curate.store import Workspace

CODERS = ("bob", "cem", "dee")
STAFF: Mapping[str, tuple[Role, ...]] = {
    "ann": (Role.SCREENER,),
    **dict.fromkeys(CODERS, (Role.CODER,)),
    "eve": (Role.EXPERT,),
    "fay": (Role.ADJUDICATOR,),
}
ASKED = "qualification: {clips: 6, event_free: 2, events_f1: 0.7, emotion_agreement: 0.7, action_unit_index: 0.7}\n"
WATCHED = "repeats: {share: 0.2, after_days: 14}\ngold: {share: 0.1}\n"


def a_lab(
    root: Path,
    day: Day,
    *,
    rules: str = WATCHED + ASKED,
    n_clips: int = 0,
    n_gold: int = 0,
    n_free: int = 0,
    staff: Mapping[str, tuple[Role, ...]] = STAFF,
) -> Workspace:
    """A lab whose protocol is the plain one and `rules`.

    Args:
        root: where to.
        day: its clock.
        rules: lines of YAML below the plain protocol.
        n_clips: clips of subject S1 that wait for screening.
        n_gold: clips of subject S9 of known reading, which nobody judges as ordinary.
        n_free: of these so many without an event.
        staff: roles by coder's code.
    """
    shutil.copytree(_empty(rules), root)
    workspace = Workspace.open(root, now=day)
    with workspace.write() as records:
        for number in (1, 9):
            records.add_subject(f"S{number}", SIGNED, simulated=True)
            records.add_session(f"G{number}", [f"S{number}"], simulated=True)
        for code, roles in staff.items():
            records.add_coder(code, roles, simulated=True)
    if n_clips:
        add_clips(workspace, n_clips)
    if n_gold:
        add_gold(workspace, n_gold, n_free)
    return workspace


def add_gold(workspace: Workspace, n_gold: int, n_free: int, *, recording: str = "gold.mp4") -> tuple[ClipId, ...]:
    """Clips of known reading, at an end where no ordinary seat is free; those without an event first."""
    clips = add_clips(workspace, n_gold, subject="S9", session="G9", recording=recording)
    nothing, something = Coding(events=()), Coding(events=(known_event(workspace.codebook),))
    with workspace.write() as records:
        records.add_gold(
            GoldClip(clip=clip, reading=nothing if number < n_free else something, why="read by the builders")
            for number, clip in enumerate(clips)
        )
        for clip in clips:
            records.set_stage(clip, Stage.SETTLED, round=1, open_seats=0)
    return clips


def known_event(book: Codebook, *, onset: int = 20, emotion: int = 0, units: tuple[int, ...] = (0, 1)) -> CodedEvent:
    """An event of eleven frames with some of the codebook's action units."""
    event = an_event(book, onset=onset, emotion=emotion)
    marks = tuple(ActionUnitMark(code=book.action_units[unit].code) for unit in units)
    return CodedEvent(
        span=event.span,
        event_type=event.event_type,
        emotion=event.emotion,
        basis=event.basis,
        confidence=event.confidence,
        action_units=marks,
    )


def known_reading(workspace: Workspace, ticket_id: str) -> Coding | None:
    """What is known of a ticket's clip, as no coder can look it up; None: nothing."""
    with workspace.read() as records:
        clip = next(one.clip for one in records.tickets() if one.id == ticket_id)
        gold = records.gold().get(clip)
    return None if gold is None else gold.reading


def work(workspace: Workspace, *codes: str, n_right: int | None = None) -> int:
    """Let coders do all that lies before them: what is known rightly, the first `n_right` of them; else an event.

    Returns:
        Tickets answered.
    """
    done = 0
    for code in codes:
        desk = Desk(workspace, code)
        while (ticket := desk.next_ticket()) is not None:
            known = known_reading(workspace, ticket.id)
            if ticket.stage is not Stage.CODING:
                desk.submit(ticket.id, an_answer(ticket.stage, workspace.codebook))
            elif known is None:
                desk.submit(ticket.id, Coding(events=(known_event(workspace.codebook),)))
            elif n_right is None or done < n_right:
                desk.submit(ticket.id, known)
            else:
                desk.submit(ticket.id, Coding(events=(known_event(workspace.codebook, onset=45, emotion=1),)))
            done += 1
    return done


@cache
def _empty(rules: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mmed-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    protocol = folder / "known.yaml"
    text = PLAIN.read_text(encoding="utf-8").replace("version: 1", "version: 2").replace("name: plain", "name: known")
    protocol.write_text(f"{text}\n{rules}", encoding="utf-8")
    Workspace.create(folder / "empty", seed=11, protocol=str(protocol), now=Day()).close()
    return folder / "empty"
