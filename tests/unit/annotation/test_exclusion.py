"""Nobody is given a clip of themselves or of someone they know: seen in it, reaching into it, or in the session."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from builders.known import a_lab, work
from builders.rounds import Day
from builders.workspace import SIGNED, add_clips
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mmed_curate.annotation import Desk, assign
from mmed_curate.annotation.gold import add_by_hand
from mmed_curate.annotation.training import train
from mmed_curate.domain.conduct import Exclusion
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, SubjectId
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import Role
from mmed_curate.store import TicketState, Workspace

EVERYONE = {
    "ann": (Role.SCREENER, Role.CODER),
    "bob": (Role.CODER, Role.SCREENER),
    "cem": (Role.CODER, Role.ADJUDICATOR),
    "dee": (Role.CODER, Role.EXPERT),
    "eve": (Role.EXPERT, Role.ADJUDICATOR, Role.SCREENER),
}
PEOPLE = 4
MEMORY = Path("/dev/shm")


def persons(least: int = 0) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(1, PEOPLE), min_size=least, max_size=2)


def a_scene(root: Path, scenes: list[tuple[int, frozenset[int], frozenset[int]]], day: Day) -> dict[ClipId, set[str]]:
    """Clips of known people; gives, by clip, who is in the picture, reaches into it or sits in the session."""
    workspace = a_lab(root, day, rules="gold: {share: 0.3}\nrepeats: {share: 0.5, after_days: 1}\n", staff=EVERYONE)
    with workspace.write() as records:
        for number in range(2, PEOPLE + 1):
            records.add_subject(f"S{number}", SIGNED, simulated=True)
        ids = {number: records.subject(f"S{number}").id for number in range(1, PEOPLE + 1)}
    there: dict[ClipId, set[str]] = {}
    for number, (whose, reach, beside) in enumerate(scenes):
        code = f"H{number}"
        with workspace.write() as records:
            records.add_session(code, [f"S{one}" for one in sorted({whose, *beside})], simulated=True)
        visible = tuple(sorted(ids[one] for one in reach - {whose}))
        (clip,) = add_clips_showing(workspace, visible, subject=f"S{whose}", session=code, recording=f"h{number}.mp4")
        there[clip] = {f"S{one}" for one in {whose, *reach, *beside}}
    return there


def add_clips_showing(
    workspace: Workspace, visible: tuple[SubjectId, ...], *, subject: str, session: str, recording: str
) -> tuple[ClipId, ...]:
    """One clip of a subject into which others reach."""
    (first,) = add_clips(workspace, 1, subject=subject, session=session, recording=recording)
    with workspace.read() as records:
        clip, assets = records.clip(first), records.assets(clip=first)
    other = ClipId(first[:-4] + "bbbb")
    with workspace.write() as records:
        made = replace(clip, id=other, also_visible=visible)
        records.add_clips(clip.recording, [made], [replace(one, clip=other) for one in assets], why="a neighbour")
        records.set_stage(first, records.place(first).stage, round=1, open_seats=0)
    return (other,)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    scenes=st.lists(st.tuples(st.integers(1, PEOPLE), persons(), persons()), min_size=2, max_size=3),
    knows=st.dictionaries(st.sampled_from(sorted(EVERYONE)), persons(least=1), min_size=1, max_size=4),
    late=st.dictionaries(st.sampled_from(sorted(EVERYONE)), persons(least=1), max_size=2),
    seed=st.integers(0, 9),
)
def test_nobody_ever_holds_a_clip_of_someone_they_know(
    scenes: list[tuple[int, frozenset[int], frozenset[int]]],
    knows: dict[str, frozenset[int]],
    late: dict[str, frozenset[int]],
    seed: int,
) -> None:
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    try:
        day = Day()
        there = a_scene(folder / "ws", scenes, day)
        workspace = Workspace.open(folder / "ws", now=day)
        exclude(workspace, knows)
        for turn in range(3):
            assign(workspace, seed=seed)
            check(workspace, there, states=tuple(TicketState))
            work(workspace, *EVERYONE)
            day.go_on(2)
            if turn == 0:
                add_by_hand(workspace, min(there), Coding(events=()), why="read by hand")
                for code in EVERYONE:
                    try_to_train(workspace, code)
        assign(workspace, seed=seed)
        exclude(workspace, late)
        check(workspace, there, states=(TicketState.OPEN, TicketState.HELD))
        workspace.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def exclude(workspace: Workspace, knows: dict[str, frozenset[int]]) -> None:
    with workspace.write() as records:
        for code, whom in knows.items():
            for number in whom:
                subject = records.subject(f"S{number}").id
                records.exclude(Exclusion(coder=records.coder(code).id, subject=subject, why="knows them"))


def try_to_train(workspace: Workspace, code: str) -> None:
    try:
        train(workspace, code, clips=1)
    except BadInput as error:
        assert error.finding.code in {"train.no_gold", "train.no_role"}


def check(workspace: Workspace, there: dict[ClipId, set[str]], *, states: tuple[TicketState, ...]) -> None:
    with workspace.read() as records:
        code = {one.id: one.code for one in records.coders()}
        subject = {one.id: one.code for one in records.subjects()}
        banned = {(one.coder, subject[one.subject]) for one in records.exclusions()}
        tickets = records.tickets(states=states)
    assert not [
        (code[ticket.coder], who)
        for ticket in tickets
        for who in there.get(ticket.clip, ())
        if (ticket.coder, who) in banned
    ]


def test_who_turns_out_to_know_somebody_gives_the_ticket_on_the_desk_back(tmp_path: Path) -> None:
    workspace = a_lab(tmp_path / "ws", Day(), n_clips=3)
    assign(workspace, seed=1)
    desk = Desk(workspace, "ann")
    ticket = desk.next_ticket()
    assert ticket is not None
    exclude(workspace, {"ann": frozenset({1})})
    assert desk.next_ticket() is None
    with pytest.raises(BadInput, match="went back, and is not yours any more"):
        desk.submit(ticket.id, Coding(events=()))
    (finding, *_) = assign(workspace, seed=1).findings
    assert finding.parameters["stage"] == "screening", "nobody else may screen: that is said"
