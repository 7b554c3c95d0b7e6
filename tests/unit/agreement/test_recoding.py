"""A clip that is sent back to coding: one more round, blind as the first, and nothing that was said goes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mmed_curate.agreement.settle import Course, course
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import CoderId
from mmed_curate.domain.judgements import Adjudication, CodedEvent, Coding, Verification, VerificationVerdict
from mmed_curate.domain.protocol import ClipTerms, Protocol, Stage, load_protocol
from mmed_curate.domain.time import FrameClock

At = Callable[..., Course]
Build = Callable[..., CodedEvent]
ONCE = ClipTerms(recodings=1)


@pytest.fixture
def at(protocol: Protocol, clock: FrameClock, codebook: Codebook) -> At:
    def run(log: Any, *, times: int = 1) -> Course:
        return course(log.judgements, protocol, clock, codebook, ClipTerms(recodings=times))

    return run


def test_a_settled_clip_goes_back_to_coding_and_nothing_is_settled_meanwhile(at: At, log: Any, an_event: Build) -> None:
    log.screened().coded("a", an_event()).coded("b", an_event(22)).verified("x")
    now = at(log)
    assert (now.stage, now.round, now.open_seats, now.consensus) == (Stage.CODING, 2, 2, None)
    assert [one.id for one in now.coded] == ["clip-j2", "clip-j3"]  # what agreement counts until the next one closes
    assert len(now.standing) == 4


def test_the_last_coding_counts_and_the_first_stays(at: At, log: Any, an_event: Build) -> None:
    log.screened().coded("a", an_event()).coded("b", an_event(22)).verified("x")
    log.coded("c", an_event(24), round=2).coded("a", an_event(26), round=2)
    now = at(log)
    assert (now.stage, now.consensus.events[0].span.onset) == (Stage.VERIFICATION, 25)  # type: ignore[union-attr]
    assert [[one.coder for one in closed.judgements] for closed in now.codings] == [["a", "b"], ["c", "a"]]
    assert [(closed.round, closed.closed_at) for closed in now.codings] == [(1, 3), (2, 6)]
    settled = at(log.verified("x", round=2))
    assert settled.stage is Stage.SETTLED
    assert settled.consensus is not None
    assert settled.consensus.judgements == ("clip-j5", "clip-j6", "clip-j7")


def test_what_was_rejected_after_coding_goes_back_and_what_was_screened_out_does_not(
    at: At, new_log: Callable[[], Any], an_event: Build
) -> None:
    dropped = (
        new_log().screened().coded("a", an_event()).coded("b", an_event()).verified("x", VerificationVerdict.REJECT)
    )
    assert (at(dropped).stage, at(dropped).round) == (Stage.CODING, 2)
    assert at(new_log().screened(accept=False)).stage is Stage.REJECTED


def test_it_goes_back_as_often_as_it_was_sent(at: At, log: Any, an_event: Build) -> None:
    log.screened().coded("a", an_event()).coded("b", an_event()).verified("x")
    log.coded("a", an_event(), round=2).coded("b", an_event(), round=2).verified("x", round=2)
    assert at(log, times=1).stage is Stage.SETTLED
    assert (at(log, times=2).stage, at(log, times=2).round) == (Stage.CODING, 3)


def test_a_second_coding_can_disagree_be_adjudicated_and_sent_back(at: At, log: Any, an_event: Build) -> None:
    log.screened().coded("a", an_event()).coded("b", an_event()).verified("x", VerificationVerdict.SEND_BACK)
    log.adjudicated("j", an_event(), round=2).verified("x", round=2)
    log.coded("a", an_event(), round=3).coded("b", round=3)
    assert at(log).stage is Stage.ADJUDICATION
    log.adjudicated("j", an_event(25), round=3).verified("x", VerificationVerdict.SEND_BACK, round=3)
    log.adjudicated("j", an_event(26), round=4).verified("x", round=4)
    now = at(log)
    assert now.stage is Stage.SETTLED
    assert [closed.round for closed in now.codings] == [1, 3]


@pytest.mark.parametrize("who", ["j", "x"])
def test_who_was_shown_what_its_coders_said_does_not_code_it(at: At, log: Any, an_event: Build, who: str) -> None:
    log.screened().coded("a", an_event()).coded("b").adjudicated("j", an_event()).verified("x")
    log.coded(who, an_event(), round=2)
    with pytest.raises(BadInput, match="who judged this clip at"):
        at(log)


def test_who_discussed_it_does_not_code_it_again(
    log: Any, an_event: Build, clock: FrameClock, codebook: Codebook
) -> None:
    discussed = load_protocol("casme2")
    log.screened().coded("a", an_event()).coded("b", an_event(emotion=1))
    both = (CoderId("a"), CoderId("b"))
    log.add("a", Adjudication(events=(an_event(),), reason="clear", participants=both))
    log.verified("x").coded("b", an_event(), round=2)
    with pytest.raises(BadInput, match="judged this clip at adjudication"):
        course(log.judgements, discussed, clock, codebook, ONCE)


def test_a_coder_of_the_first_round_neither_adjudicates_nor_verifies_the_second(
    at: At, new_log: Callable[[], Any], an_event: Build
) -> None:
    def again() -> Any:
        log = new_log().screened().coded("a", an_event()).coded("b", an_event()).verified("x")
        return log.coded("c", an_event(), round=2)

    with pytest.raises(BadInput, match="at coding"):
        at(again().coded("d", round=2).adjudicated("a", an_event(), round=2))
    with pytest.raises(BadInput, match="at coding"):
        at(again().coded("d", an_event(), round=2).verified("b", round=2))


@examples(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), times=st.integers(0, 3))
def test_whatever_happens_every_judgement_is_kept_and_the_last_closed_coding_counts(
    protocol: Protocol,
    clock: FrameClock,
    codebook: Codebook,
    new_log: Callable[[], Any],
    an_event: Build,
    seed: int,
    times: int,
) -> None:
    """People answer at random where the clip stands; what the reducer refuses is dropped."""
    chance, log, terms = random.Random(seed), new_log().screened(), ClipTerms(recodings=times)
    now = course(log.judgements, protocol, clock, codebook, terms)
    closed: list[tuple[int, list[str]]] = []
    for _ in range(80):
        if now.stage in {Stage.SETTLED, Stage.REJECTED}:
            break
        events = (an_event(20 + chance.randint(0, 8)),) if chance.random() < 0.8 else ()
        answer = {
            Stage.CODING: Coding(events=events),
            Stage.ADJUDICATION: Adjudication(events=events, reason="r"),
            Stage.VERIFICATION: Verification(verdict=chance.choice(list(VerificationVerdict)), reason="r"),
        }[now.stage]
        log.add(chance.choice("abcdefgh"), answer, round=now.round)
        try:
            after = course(log.judgements, protocol, clock, codebook, terms)
        except BadInput:
            log.judgements.pop()
            continue
        if now.stage is Stage.CODING and after.stage is not Stage.CODING:
            said = [one for one in log.judgements if (one.stage, one.round) == (Stage.CODING, now.round)]
            closed.append((now.round, [one.id for one in said]))
        assert after.round - now.round in {0, 1}
        assert after.round == now.round or after.stage in {Stage.ADJUDICATION, Stage.CODING}
        now = after
        assert [one.id for one in now.standing] == [one.id for one in log.judgements]
        assert [(one.round, [said.id for said in one.judgements]) for one in now.codings] == closed
        assert [one.id for one in now.coded] == (closed[-1][1] if closed else [])
    for one in log.judgements:
        before = {other.stage for other in log.judgements if other.coder == one.coder and other.order < one.order}
        assert one.stage is not Stage.CODING or not before & {Stage.ADJUDICATION, Stage.VERIFICATION}
    assert len(closed) <= times + 1
    assert now.stage not in {Stage.SETTLED, Stage.REJECTED} or len(closed) == times + 1
