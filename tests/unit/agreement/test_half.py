"""Half is never enough: hidden parts of the face, sides, ends of cues, requests of screeners, discussions, passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from mmed_curate.agreement.reading import read_together
from mmed_curate.agreement.settle import Course, course
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, CoderId, JudgementId
from mmed_curate.domain.judgements import (
    ActionUnitMark,
    Adjudication,
    CodedEvent,
    Coding,
    CutAgain,
    Judgement,
    Screening,
    ScreeningVerdict,
    Side,
    VerificationVerdict,
    VocalCueMark,
)
from mmed_curate.domain.protocol import AnswerField, ClipTerms, Protocol, Stage, load_protocol
from mmed_curate.domain.time import Frame, FrameClock, Span

AU = "au1"
BROW = "brow"
Build = Callable[..., CodedEvent]


@pytest.fixture
def strict(protocol: Protocol) -> Protocol:
    """Action units and cues must agree too."""
    fields = (*protocol.must_agree, AnswerField.ACTION_UNITS, AnswerField.VOCAL_CUES)
    return protocol.model_copy(update={"must_agree": fields})


def together(
    events: Sequence[CodedEvent | None], protocol: Protocol, clock: FrameClock, codebook: Codebook
) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]], set[AnswerField]]:
    """Units and hidden parts of each settled event, and the fields that are open; None: that coder saw no event."""
    codings = []
    for number, event in enumerate(events, start=1):
        answer = Coding(events=() if event is None else (event,))
        said = Judgement(
            id=JudgementId(f"j{number}"),
            clip=ClipId("clip"),
            coder=CoderId(f"coder-{number}"),
            answer=answer,
            codebook_version=codebook.version,
            order=number,
        )
        codings.append((said, answer))
    reading = read_together(codings, protocol, clock, codebook)
    return (
        [tuple(mark.code for mark in event.action_units) for event in reading.events],
        [event.not_visible for event in reading.events],
        {one.field for one in reading.disagreements},
    )


def hidden(event: CodedEvent) -> CodedEvent:
    return replace(event, not_visible=(BROW,))


@pytest.mark.parametrize(
    ("n_hidden", "n_scored", "n_clear"),
    [(3, 2, 0), (2, 2, 0), (1, 1, 0), (2, 1, 1)],
    ids=["three of five cannot see it", "two of four", "one of two", "half, and one sees nothing there"],
)
def test_a_unit_in_a_part_that_half_cannot_see_is_neither_in_nor_absent(
    n_hidden: int,
    n_scored: int,
    n_clear: int,
    an_event: Build,
    strict: Protocol,
    clock: FrameClock,
    codebook: Codebook,
) -> None:
    scored = an_event(units=(ActionUnitMark(code=AU),))
    events = [hidden(an_event())] * n_hidden + [scored] * n_scored + [an_event()] * n_clear
    units, not_visible, open_fields = together(events, strict, clock, codebook)
    assert units == [()]
    assert not_visible == [(BROW,)]
    assert open_fields == {AnswerField.ACTION_UNITS}


def test_what_one_of_two_cannot_see_is_missing_not_absent(
    an_event: Build, strict: Protocol, clock: FrameClock, codebook: Codebook
) -> None:
    units, not_visible, open_fields = together([hidden(an_event()), an_event()], strict, clock, codebook)
    assert (units, not_visible, open_fields) == ([()], [(BROW,)], set())


def test_two_of_three_who_score_a_unit_settle_it_though_the_third_cannot_see(
    an_event: Build, strict: Protocol, clock: FrameClock, codebook: Codebook
) -> None:
    scored = an_event(units=(ActionUnitMark(code=AU),))
    units, not_visible, open_fields = together([scored, scored, hidden(an_event())], strict, clock, codebook)
    assert (units, not_visible, open_fields) == ([(AU,)], [()], set())


def test_two_of_four_are_not_enough_whoever_cannot_see(
    an_event: Build, strict: Protocol, clock: FrameClock, codebook: Codebook
) -> None:
    scored = an_event(units=(ActionUnitMark(code=AU),))
    units, _, open_fields = together([scored, scored, hidden(an_event()), None], strict, clock, codebook)
    assert (units, open_fields) == ([()], {AnswerField.ACTION_UNITS})


def test_left_against_right_is_not_both(
    an_event: Build, strict: Protocol, clock: FrameClock, codebook: Codebook
) -> None:
    left, right = (an_event(units=(ActionUnitMark(code=AU, side=side),)) for side in (Side.LEFT, Side.RIGHT))
    assert together([left, right], strict, clock, codebook)[2] == {AnswerField.ACTION_UNITS}


def test_ends_of_a_cue_that_lie_far_apart_are_not_averaged(
    an_event: Build, strict: Protocol, clock: FrameClock, codebook: Codebook
) -> None:
    def with_cue(onset: int, offset: int) -> CodedEvent:
        cue = VocalCueMark(
            code=codebook.vocal_cues[0].code,
            onset=Frame(onset),
            offset=Frame(offset),
            owner=codebook.cue_owners[0].code,
        )
        return an_event(cues=(cue,))

    assert together([with_cue(0, 30), with_cue(30, 59)], strict, clock, codebook)[2] == {AnswerField.VOCAL_CUES}
    assert together([with_cue(20, 40), with_cue(22, 45)], strict, clock, codebook)[2] == set()


FOUND = (Span(onset=Frame(1), apex=Frame(2), offset=Frame(3)),)
ACCEPT = Screening(verdict=ScreeningVerdict.ACCEPT)
REJECT = Screening(verdict=ScreeningVerdict.REJECT, reason="a blink")
AGAIN = Screening(verdict=ScreeningVerdict.ACCEPT, found=FOUND, cut_again=CutAgain.ADJUST)


@pytest.mark.parametrize(
    ("answers", "stage"),
    [
        ((AGAIN, ACCEPT), Stage.REPLACED),
        ((REJECT, AGAIN), Stage.REPLACED),
        ((ACCEPT, REJECT), Stage.CODING),
        ((REJECT, REJECT), Stage.REJECTED),
    ],
)
def test_a_request_for_another_cut_is_never_dropped(
    answers: tuple[Screening, ...],
    stage: Stage,
    protocol: Protocol,
    clock: FrameClock,
    codebook: Codebook,
    new_log: Callable[[], Any],
) -> None:
    log = new_log()
    for number, answer in enumerate(answers):
        log.add(f"screener-{number}", answer)
    terms = ClipTerms(screened_again=True)
    assert course(log.judgements, protocol, clock, codebook, terms).stage is stage


def test_where_one_person_adjudicates_nobody_else_is_named(
    an_event: Build, protocol: Protocol, clock: FrameClock, codebook: Codebook, new_log: Callable[[], Any]
) -> None:
    log = new_log().screened().coded("a", an_event()).coded("b", an_event(emotion=1))
    log.add("j", Adjudication(events=(an_event(),), reason="clear", participants=(CoderId("e"), CoderId("j"))))
    with pytest.raises(BadInput, match="names participants, where one person adjudicates"):
        course(log.judgements, protocol, clock, codebook)


def test_who_sent_it_back_takes_no_part_in_the_discussion(
    an_event: Build, clock: FrameClock, codebook: Codebook, new_log: Callable[[], Any]
) -> None:
    discussed = load_protocol("casme2")
    log = new_log().screened().coded("a", an_event()).coded("b", an_event(emotion=1))
    words = {"events": (an_event(),), "reason": "clear"}
    log.add("a", Adjudication(**words, participants=(CoderId("a"), CoderId("b"))))  # type: ignore[arg-type]
    log.verified("e", VerificationVerdict.SEND_BACK)
    named = (CoderId("a"), CoderId("b"), CoderId("e"))
    log.add("a", Adjudication(**words, participants=named), round=2)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="names somebody who may not take part"):
        course(log.judgements, discussed, clock, codebook)


def test_who_did_not_code_it_adjudicates_alone_where_its_coders_cannot_discuss(
    an_event: Build, clock: FrameClock, codebook: Codebook, new_log: Callable[[], Any]
) -> None:
    discussed = load_protocol("casme2")
    word = Adjudication(events=(an_event(),), reason="clear")

    def after(judge: str) -> Course:
        log = new_log().screened().coded("a", an_event()).coded("b", an_event(emotion=1))
        log.add(judge, word)
        return course(log.judgements, discussed, clock, codebook)

    assert after("j").stage is Stage.VERIFICATION
    with pytest.raises(BadInput, match="names fewer than 2 of its coders"):
        after("a")
