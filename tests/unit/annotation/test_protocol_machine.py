"""Random histories through the real desk, held against what a hand would write down; and histories that must not be.

What is allowed is written here a second time, in words of its own, not read from the protocol's table of moves.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from builders.workspace import CLIP_FRAMES, a_workspace, an_answer, an_event
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mmed_curate.agreement.settle import course
from mmed_curate.annotation import Desk, assign
from mmed_curate.domain.findings import BadInput, MmedError, Refused
from mmed_curate.domain.identity import ClipId, CoderId, JudgementId, TicketId
from mmed_curate.domain.judgements import (
    Adjudication,
    Answer,
    Coding,
    Judgement,
    Screening,
    ScreeningVerdict,
    SettlingRule,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import Role, Stage
from mmed_curate.store import Workspace

S, C, A, V = Stage.SCREENING, Stage.CODING, Stage.ADJUDICATION, Stage.VERIFICATION
STAFF = {
    "ann": (Role.SCREENER, Role.CODER),
    "bob": (Role.CODER, Role.ADJUDICATOR),
    "cem": (Role.CODER, Role.EXPERT),
    "dee": (Role.ADJUDICATOR, Role.EXPERT),
    "eve": (Role.SCREENER, Role.CODER, Role.ADJUDICATOR, Role.EXPERT),
    "fay": (Role.EXPERT,),
}
MEMORY = Path("/dev/shm")
"""What is tried here is the protocol, not the disk."""


def chosen_answer(stage: Stage, workspace: Workspace, choice: int) -> Answer:
    """One of several answers to a stage; from 4 to 6 the clip goes on smoothly."""
    book = workspace.codebook
    match stage, choice:
        case Stage.SCREENING, 7:
            return Screening(verdict=ScreeningVerdict.REJECT, reason="a blink")
        case Stage.CODING, 1 | 2:
            return Coding(events=(an_event(book, emotion=1),))
        case Stage.CODING, 3:
            return Coding(events=())
        case Stage.VERIFICATION, 1 | 2:
            return Verification(verdict=VerificationVerdict.SEND_BACK, reason="look again")
        case Stage.VERIFICATION, 3:
            return Verification(verdict=VerificationVerdict.REJECT, reason="out of focus")
        case Stage.ADJUDICATION, 3:
            return Adjudication(events=(), reason="nothing there")
    return an_answer(stage, book)


class Road(RuleBasedStateMachine):
    """A lab at work on three clips."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.workspace = a_workspace(self.folder / "ws", n_clips=3, staff=STAFF)
        self.acknowledged: list[tuple[TicketId, Answer]] = []
        """All that the desk said it has, in order."""
        self.answered: dict[TicketId, tuple[str, Stage]] = {}

    @initialize(days=st.lists(st.lists(st.integers(0, 7), min_size=8, max_size=14), min_size=1, max_size=2))
    def begin(self, days: list[list[int]]) -> None:
        """Else most histories would end before anything was judged."""
        for choices in days:
            self.work_a_day(choices, seed=0)

    def teardown(self) -> None:
        self.workspace.close()
        shutil.rmtree(self.folder)

    @rule(seed=st.integers(0, 3))
    def hand_out(self, seed: int) -> None:
        assign(self.workspace, seed=seed)

    @rule(choices=st.lists(st.integers(0, 7), min_size=4, max_size=9), seed=st.integers(0, 3))
    def another_day(self, choices: list[int], seed: int) -> None:
        self.work_a_day(choices, seed)

    def work_a_day(self, choices: list[int], seed: int) -> None:
        """Everyone in turn answers one ticket, until the day's choices are used up or nobody has any more."""
        assign(self.workspace, seed=seed)
        left = list(choices)
        while left:
            idle = True
            for code in STAFF:
                if left and self.answer_one(code, left[0]):
                    left.pop(0)
                    idle = False
            if idle and not assign(self.workspace, seed=seed).n_opened:
                return

    @rule(code=st.sampled_from(sorted(STAFF)), choice=st.integers(0, 7))
    def judge(self, code: str, choice: int) -> None:
        self.answer_one(code, choice)

    def answer_one(self, code: str, choice: int) -> bool:
        """Whether there was a ticket to answer."""
        desk = Desk(self.workspace, code)
        ticket = desk.next_ticket()
        if ticket is None:
            return False
        answer = chosen_answer(ticket.stage, self.workspace, choice)
        desk.submit(ticket.id, answer)
        self.acknowledged.append((ticket.id, answer))
        self.answered[ticket.id] = (code, ticket.stage)
        return True

    @rule(code=st.sampled_from(sorted(STAFF)), other=st.sampled_from(sorted(STAFF)))
    def hand_in_what_does_not_fit(self, code: str, other: str) -> None:
        ticket = Desk(self.workspace, code).next_ticket()
        if ticket is None:
            return
        late = (an_event(self.workspace.codebook, onset=CLIP_FRAMES),)
        for wrong in (Coding(events=late), Adjudication(events=late, reason="late")):
            with pytest.raises(BadInput):
                Desk(self.workspace, code).submit(ticket.id, wrong)
        if other != code:
            with pytest.raises(BadInput, match="you have no ticket"):
                Desk(self.workspace, other).submit(ticket.id, an_answer(ticket.stage, self.workspace.codebook))

    @precondition(lambda self: self.answered)
    @rule(data=st.data())
    def hand_in_twice(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.answered)))
        code, stage = self.answered[id]
        with pytest.raises(BadInput, match="already submitted"):
            Desk(self.workspace, code).submit(id, an_answer(stage, self.workspace.codebook))

    @precondition(lambda self: self.answered)
    @rule(data=st.data(), choice=st.integers(0, 7))
    def correct(self, data: st.DataObject, choice: int) -> None:
        id = data.draw(st.sampled_from(sorted(self.answered)))
        code, stage = self.answered[id]
        answer = chosen_answer(stage, self.workspace, choice)
        with self.workspace.read() as records:
            record = records.ticket(id)
            assert record is not None
            place = records.place(record.clip)
        if (place.stage, place.round) == (record.stage, record.round):
            Desk(self.workspace, code).correct(id, answer)
            self.acknowledged.append((id, answer))
        else:
            with pytest.raises(Refused, match="moved on"):
                Desk(self.workspace, code).correct(id, answer)

    @rule()
    def fail_in_the_middle(self) -> None:
        class PowerCut(Exception):
            pass

        with self.workspace.read() as records:
            ticket = next(iter(records.tickets()), None)
        if ticket is None:
            return
        with pytest.raises(PowerCut), self.workspace.write() as records:
            records.set_stage(ticket.clip, Stage.SETTLED, round=9, open_seats=0)
            if ticket.id not in self.answered:
                records.close_ticket(ticket.id)
            raise PowerCut

    @invariant()
    def no_judgement_is_lost_or_made_up(self) -> None:
        with self.workspace.read() as records:
            stored = [one.answer for one in records.judgements()]
            assert records.audit().intact
        assert stored == [answer for _, answer in self.acknowledged]

    @invariant()
    def every_history_is_one_that_a_lab_may_have(self) -> None:
        for history in self.histories().values():
            standing = without_superseded(history)
            stages = [one.stage for one in standing]
            assert stages[:1] in ([], [S])
            assert stages.count(S) <= 1
            assert stages.count(C) <= 2
            coders = {one.coder for one in standing if one.stage is C}
            assert len(coders) == stages.count(C)
            if A in stages or V in stages:
                assert stages[:3] == [S, C, C]
            for earlier, later in pairwise(stages[3:]):
                assert (earlier, later) in {(A, V), (V, A)}
            for number, one in enumerate(standing):
                if one.stage in {A, V}:
                    barred = {C} if one.stage is A else {C, A}
                    assert one.coder not in {before.coder for before in standing[:number] if before.stage in barred}
            rejected = [one for one in standing[:-1] if says_reject(one.answer)]
            assert not rejected  # nothing follows a rejection
            accepted = [one for one in standing[:-1] if is_accepted_by_expert(one.answer)]
            assert not accepted  # nothing follows the expert's yes

    @invariant()
    def the_place_of_a_clip_is_what_its_judgements_say(self) -> None:
        with self.workspace.read() as records:
            places = records.places()
            clips = {clip.id: clip for clip in records.clips()}
        for id, history in self.histories().items():
            now = course(history, self.workspace.protocol, clips[id].clock, self.workspace.codebook)
            assert (places[id].stage, places[id].round, places[id].open_seats) == (now.stage, now.round, now.open_seats)

    @invariant()
    def a_consensus_can_say_why_and_is_never_decided_by_half(self) -> None:
        with self.workspace.read() as records:
            clips = {clip.id: clip for clip in records.clips()}
        for id, history in self.histories().items():
            standing = {one.id: one for one in without_superseded(history)}
            now = course(history, self.workspace.protocol, clips[id].clock, self.workspace.codebook)
            if now.consensus is None:
                continue
            assert set(now.consensus.judgements) <= set(standing)
            for event in now.consensus.events:
                assert {"onset", "apex", "offset", "event_type", "emotion"} <= set(event.how)
                for field, settlement in event.how.items():
                    assert settlement.judgements
                    assert set(settlement.judgements) <= set(standing)
                    if settlement.rule is SettlingRule.ADJUDICATED:
                        assert [standing[one].stage for one in settlement.judgements] == [A]
                    else:
                        assert len(settlement.judgements) == 2, field  # with two coders, both

    def histories(self) -> dict[ClipId, list[Judgement]]:
        found: dict[ClipId, list[Judgement]] = {}
        with self.workspace.read() as records:
            for one in records.judgements():
                found.setdefault(one.clip, []).append(one)
        return found


def without_superseded(history: Sequence[Judgement]) -> list[Judgement]:
    """What stands; a correction takes the place of what it corrects."""
    newest: dict[JudgementId, Judgement] = {}
    for one in history:
        if one.supersedes is None:
            newest[one.id] = one
        else:
            newest = {
                one.id if id == one.supersedes else id: one if id == one.supersedes else kept
                for id, kept in newest.items()
            }
    return list(newest.values())


def says_reject(answer: Answer) -> bool:
    return (isinstance(answer, Screening) and answer.verdict is ScreeningVerdict.REJECT) or (
        isinstance(answer, Verification) and answer.verdict is VerificationVerdict.REJECT
    )


def is_accepted_by_expert(answer: Answer) -> bool:
    return isinstance(answer, Verification) and answer.verdict is VerificationVerdict.ACCEPT


TestRoad = Road.TestCase
TestRoad.settings = settings(
    max_examples=15,
    stateful_step_count=10,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # shrinking a history takes minutes
    suppress_health_check=list(HealthCheck),
)


ALL_ROLES = dict.fromkeys("abcdef", tuple(Role))
Step = tuple[str, Stage, int, int]
"""Who, at which stage, in which round, and with which choice of answer."""

ACCEPTED: list[Step] = [("a", S, 1, 0)]
AGREED: list[Step] = [*ACCEPTED, ("b", C, 1, 0), ("c", C, 1, 0)]
DISAGREED: list[Step] = [*ACCEPTED, ("b", C, 1, 0), ("c", C, 1, 1)]
SENT_BACK: list[Step] = [*AGREED, ("e", V, 1, 1)]

FORBIDDEN: dict[str, tuple[list[Step], Step]] = {
    "coding before screening": ([], ("b", C, 1, 0)),
    "adjudication before screening": ([], ("d", A, 1, 0)),
    "verification before screening": ([], ("e", V, 1, 0)),
    "coding what was screened out": ([("a", S, 1, 7)], ("b", C, 1, 0)),
    "screening twice": (ACCEPTED, ("f", S, 1, 0)),
    "verification straight after screening": (ACCEPTED, ("e", V, 1, 0)),
    "adjudication while a coder is missing": ([*ACCEPTED, ("b", C, 1, 0)], ("d", A, 1, 0)),
    "verification while a coder is missing": ([*ACCEPTED, ("b", C, 1, 0)], ("e", V, 1, 0)),
    "a second coding by the same coder": ([*ACCEPTED, ("b", C, 1, 0)], ("b", C, 1, 0)),
    "a third coder": (AGREED, ("d", C, 1, 0)),
    "adjudication of what nobody disputes": (AGREED, ("d", A, 1, 0)),
    "verification of what is disputed": (DISAGREED, ("e", V, 1, 0)),
    "a coder adjudicates": (DISAGREED, ("b", A, 1, 0)),
    "a coder verifies": (AGREED, ("c", V, 1, 0)),
    "the adjudicator verifies": ([*DISAGREED, ("d", A, 1, 0)], ("d", V, 1, 0)),
    "a coder verifies after adjudication": ([*DISAGREED, ("d", A, 1, 0)], ("b", V, 1, 0)),
    "coding what is settled": ([*AGREED, ("e", V, 1, 0)], ("d", C, 1, 0)),
    "verifying what is settled": ([*AGREED, ("e", V, 1, 0)], ("f", V, 1, 0)),
    "adjudicating what the expert rejected": ([*AGREED, ("e", V, 1, 3)], ("d", A, 1, 0)),
    "verifying again what was sent back": (SENT_BACK, ("f", V, 1, 0)),
    "verifying in the next round what nobody adjudicated": (SENT_BACK, ("f", V, 2, 0)),
    "adjudicating in the round that is over": (SENT_BACK, ("d", A, 1, 0)),
    "a coder adjudicates what was sent back": (SENT_BACK, ("b", A, 2, 0)),
    "coding again what was sent back": (SENT_BACK, ("d", C, 2, 0)),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_forbidden_history_is_refused_even_where_a_ticket_was_slipped_in(tmp_path: Path, name: str) -> None:
    before, forbidden = FORBIDDEN[name]
    workspace = a_workspace(tmp_path / "ws", staff=ALL_ROLES)
    for step in before:
        slip_in(workspace, step)
    with workspace.read() as records:
        places, judgements = records.places(), records.judgements()
    with pytest.raises(MmedError):
        slip_in(workspace, forbidden)
    with workspace.read() as records:
        assert (records.places(), records.judgements()) == (places, judgements)


def slip_in(workspace: Workspace, step: Step) -> None:
    """Hand a coder a seat without asking whether they may have it, and let them answer."""
    code, stage, round, choice = step
    with workspace.write() as records:
        (clip,) = records.clips()
        coder: CoderId = records.coder(code).id
        records.open_ticket(clip=clip.id, coder=coder, stage=stage, round=round)
        ticket = records.claim_ticket(coder)
    assert ticket is not None
    Desk(workspace, code).submit(ticket.id, chosen_answer(stage, workspace, choice))
