"""Random rounds with everything a protocol can ask for: passes, foils, gold, repeats, discussions, time that goes by.

What must hold is written here in words of its own.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from builders.rounds import STAFF, Day, a_round, subject_of
from builders.workspace import add_clips, an_answer, an_event
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mmed_curate.agreement.settle import Course, course
from mmed_curate.annotation import Desk, Ticket, assign
from mmed_curate.domain.conduct import Exclusion, GoldClip
from mmed_curate.domain.findings import BadInput, MmedError
from mmed_curate.domain.identity import ClipId, SubjectId
from mmed_curate.domain.judgements import (
    Adjudication,
    Answer,
    CodedEvent,
    Coding,
    CutAgain,
    Judgement,
    Screening,
    ScreeningVerdict,
    SettlingRule,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import ClipOrigin, Purpose, Stage
from mmed_curate.domain.time import Frame, Span
from mmed_curate.store import TicketState, Workspace

MEMORY = Path("/dev/shm")
"""What is tried here is the protocol, not the disk."""
EARLY = Span(onset=Frame(3), apex=Frame(6), offset=Frame(9))


def an_answer_to(ticket: Ticket, workspace: Workspace, choice: int) -> Answer:
    """One of several answers; most choices go on smoothly."""
    book = workspace.codebook
    match ticket.stage, choice:
        case Stage.SCREENING, 7:
            return Screening(verdict=ScreeningVerdict.REJECT, reason="a blink")
        case Stage.SCREENING, 6:
            return Screening(verdict=ScreeningVerdict.ACCEPT, found=(EARLY,), cut_again=CutAgain.ADJUST)
        case Stage.SCREENING, 5:
            return Screening(verdict=ScreeningVerdict.ACCEPT, found=(EARLY,))
        case Stage.CODING, 1 | 2:
            return Coding(events=(an_event(book, emotion=1),))
        case Stage.CODING, 3:
            return Coding(events=())
        case Stage.VERIFICATION, 1 | 2:
            return Verification(verdict=VerificationVerdict.SEND_BACK, reason="look again")
    return an_answer(ticket.stage, book)


def without_meaning(event: CodedEvent) -> CodedEvent:
    """What is handed in before the emotion opens."""
    return replace(event, emotion="", basis="", vocal_cues=(), confidence=None)


class Round(RuleBasedStateMachine):
    """A lab at work on two subjects' clips for months."""

    together = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.day = Day()
        self.workspace = a_round(self.folder / "ws", self.day, together=self.together)
        self.acknowledged: list[Answer] = []
        self.first_pass: dict[tuple[ClipId, str], datetime] = {}
        self.excluded: set[tuple[str, SubjectId]] = set()
        self.n_recordings = 2

    def teardown(self) -> None:
        self.workspace.close()
        shutil.rmtree(self.folder)

    @initialize(weeks=st.lists(st.lists(st.integers(0, 7), min_size=9, max_size=12), min_size=2, max_size=3))
    def begin(self, weeks: list[list[int]]) -> None:
        """Else most histories would end before anything was settled."""
        for choices in weeks:
            self.work_a_day(choices, seed=1)
            self.day.go_on(8)

    @precondition(lambda self: self.n_recordings < 5)
    @rule(subject=st.sampled_from(["S1", "S2"]))
    def a_new_recording(self, subject: str) -> None:
        self.n_recordings += 1
        add_clips(self.workspace, 2, subject=subject, session=f"G{subject[1]}", recording=f"r{self.n_recordings}.mp4")

    @rule(
        choices=st.lists(st.integers(0, 7), min_size=4, max_size=14),
        seed=st.integers(0, 3),
        days=st.sampled_from([0, 7.1, 15]),
    )
    def a_day(self, choices: list[int], seed: int, days: float) -> None:
        self.work_a_day(choices, seed)
        self.day.go_on(days)

    @rule(days=st.sampled_from([0.5, 6.9, 7.1, 15, 21]))
    def time_goes_by(self, days: float) -> None:
        self.day.go_on(days)

    @rule(code=st.sampled_from(sorted(STAFF)), knows_them=st.booleans())
    def give_a_ticket_back(self, code: str, knows_them: bool) -> None:
        desk = Desk(self.workspace, code)
        ticket = desk.next_ticket()
        if ticket is None:
            return
        with self.workspace.read() as records:
            record = records.ticket(ticket.id)
            assert record is not None
            subject = records.clip(record.clip).subject
        desk.give_back(ticket.id, because="a friend", knows_them=knows_them)
        if knows_them:
            self.excluded.add((code, subject))
        with pytest.raises(BadInput):
            desk.submit(ticket.id, an_answer(ticket.stage, self.workspace.codebook))

    @rule(code=st.sampled_from(sorted(STAFF)), subject=st.sampled_from(["S1", "S2"]))
    def a_coder_turns_out_to_know_somebody(self, code: str, subject: str) -> None:
        if len(self.excluded) > 2:  # else nobody is left
            return
        who = subject_of(self.workspace, subject)
        with self.workspace.write() as records:
            records.exclude(Exclusion(coder=records.coder(code).id, subject=who, why="family"))
        self.excluded.add((code, who))

    @precondition(lambda self: self.settled())
    @rule(data=st.data())
    def a_settled_clip_becomes_gold(self, data: st.DataObject) -> None:
        clip = data.draw(st.sampled_from(self.settled()))
        reading = Coding(events=(an_event(self.workspace.codebook),))
        with self.workspace.write() as records:
            records.add_gold([GoldClip(clip=clip, reading=reading, why="settled")])

    def work_a_day(self, choices: list[int], seed: int) -> None:
        """Everyone in turn answers one ticket, until the choices are used up or nobody has any more."""
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

    def answer_one(self, code: str, choice: int) -> bool:
        desk = Desk(self.workspace, code)
        ticket = desk.next_ticket()
        if ticket is None:
            return False
        answer = an_answer_to(ticket, self.workspace, choice)
        self.look_at(code, ticket)
        if isinstance(answer, Coding) and ticket.later_fields:
            with pytest.raises(BadInput, match="before an emotion is named"):
                desk.submit(ticket.id, answer)
            if answer.events:
                with pytest.raises(BadInput, match="not asked for here, or not yet"):
                    desk.submit_movement(ticket.id, answer)
            opened = desk.submit_movement(ticket.id, Coding(events=tuple(map(without_meaning, answer.events))))
            assert set(opened.fields) >= set(ticket.later_fields)
        elif isinstance(answer, Coding):
            answer = Coding(events=tuple(map(without_meaning, answer.events)))
        if isinstance(answer, Adjudication) and ticket.together:
            with pytest.raises(MmedError):
                desk.submit(ticket.id, answer)  # nobody settles alone what a discussion must settle
            answer = replace(answer, participants=self.coders_of(ticket))
        desk.submit(ticket.id, answer)
        self.acknowledged.append(answer)
        return True

    def look_at(self, code: str, ticket: Ticket) -> None:
        """What must be true of a ticket at the moment in which it is on the desk."""
        with self.workspace.read() as records:
            record = records.ticket(ticket.id)
            assert record is not None
            clip = records.clip(record.clip)
            assert (code, clip.subject) not in self.excluded
            if record.purpose is not Purpose.ORDINARY:
                return
            if record.turn == 2:
                before = self.first_pass[record.clip, code]
                assert self.day() - before >= timedelta(days=7)
            elif record.stage is Stage.CODING:
                self.first_pass[record.clip, code] = self.day()

    def coders_of(self, ticket: Ticket) -> tuple:  # type: ignore[type-arg]
        with self.workspace.read() as records:
            record = records.ticket(ticket.id)
            assert record is not None
            said = records.judgements(record.clip)
        return tuple(sorted({one.coder for one in said if one.stage is Stage.CODING and counts(one) and one.turn == 2}))

    def settled(self) -> list[ClipId]:
        with self.workspace.read() as records:
            return sorted(clip for clip, stage in records.stages().items() if stage is Stage.SETTLED)

    def courses(self) -> dict[ClipId, tuple[list[Judgement], Course]]:
        with self.workspace.read() as records:
            terms, clips = records.terms(), records.clips()
            said: dict[ClipId, list[Judgement]] = defaultdict(list)
            for one in records.judgements():
                said[one.clip].append(one)
        protocol, book = self.workspace.protocol, self.workspace.codebook
        return {
            clip.id: (said[clip.id], course(said[clip.id], protocol, clip.clock, book, terms[clip.id]))
            for clip in clips
        }

    @invariant()
    def nothing_acknowledged_is_lost(self) -> None:
        with self.workspace.read() as records:
            stored = [one.answer for one in records.judgements()]
            assert records.audit().intact
        assert stored == self.acknowledged

    @invariant()
    def no_stage_and_no_pass_is_skipped(self) -> None:
        with self.workspace.read() as records:
            places, terms = records.places(), records.terms()
        for clip, (history, now) in self.courses().items():
            place = places[clip]
            assert (place.stage, place.round, place.open_seats) == (now.stage, now.round, now.open_seats)
            ordinary = [one for one in history if counts(one)]
            screeners = 2 if terms[clip].origin is ClipOrigin.WATCHED or terms[clip].screened_again else 1
            screened = [one for one in ordinary if one.stage is Stage.SCREENING]
            coded = [one for one in ordinary if one.stage is Stage.CODING]
            if coded:
                assert len(screened) == len({one.coder for one in screened}) == screeners
            assert len({one.coder for one in coded if one.turn == 2}) <= 2
            for coder in {one.coder for one in coded}:
                assert [one.turn for one in coded if one.coder == coder] in ([1], [1, 2])
            later = [one for one in ordinary if one.stage in {Stage.ADJUDICATION, Stage.VERIFICATION}]
            if later:
                assert Counter(one.turn for one in coded)[2] == 2
            for earlier, following in pairwise(later):
                assert earlier.stage is not following.stage
            for one in later:
                before = [other for other in ordinary if other.order < one.order and other.coder == one.coder]
                barred = {Stage.VERIFICATION} if one.stage is Stage.ADJUDICATION else {Stage.ADJUDICATION}
                if one.stage is Stage.VERIFICATION or not self.together:
                    barred |= {Stage.CODING}
                assert not {other.stage for other in before} & barred

    @invariant()
    def every_consensus_can_say_why(self) -> None:
        for history, now in self.courses().values():
            if now.consensus is None:
                continue
            by_id = {one.id: one for one in history}
            assert all(counts(by_id[one]) for one in now.consensus.judgements)
            for event in now.consensus.events:
                for settlement in event.how.values():
                    if settlement.rule is SettlingRule.ADJUDICATED:
                        (alone,) = (by_id[one] for one in settlement.judgements)
                        word = alone.answer
                        assert isinstance(word, Adjudication)
                        coded = {one.coder for one in history if one.stage is Stage.CODING and counts(one)}
                        assert set(word.participants) <= coded
                        assert len(word.participants) == (2 if alone.coder in coded else 0)
                    else:
                        assert len({by_id[one].coder for one in settlement.judgements}) == 2

    @invariant()
    def nobody_sits_twice_and_what_is_hidden_stays_in_its_share(self) -> None:
        with self.workspace.read() as records:
            tickets, gold = records.tickets(), records.gold()
        seats = [(one.clip, one.stage, one.round, one.coder, one.purpose, one.turn) for one in tickets]
        assert len(set(seats)) == len(seats)
        for one in tickets:
            if one.purpose is Purpose.GOLD:
                assert one.clip in gold
            if one.purpose is Purpose.REPEAT:
                first = [
                    other
                    for other in tickets
                    if (other.clip, other.coder, other.purpose) == (one.clip, one.coder, Purpose.ORDINARY)
                    and other.stage is Stage.CODING
                ]
                assert any(other.state is TicketState.SUBMITTED for other in first)


def counts(one: Judgement) -> bool:
    """Whether it bears on what is settled."""
    return one.purpose is Purpose.ORDINARY


class Discussions(Round):
    """The same where coders settle together what they disagree on."""

    together = True


_SETTINGS = settings(
    max_examples=10,
    stateful_step_count=12,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # shrinking a history takes minutes
    suppress_health_check=list(HealthCheck),
)
TestRound = Round.TestCase
TestRound.settings = _SETTINGS
TestDiscussions = Discussions.TestCase
TestDiscussions.settings = _SETTINGS
