"""What judgements add up to: the usual ways through, and every history that cannot be."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mmed_curate.agreement.settle import course
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import (
    ActionUnitMark,
    Adjudication,
    Coding,
    Intensity,
    Screening,
    ScreeningVerdict,
    SettlingRule,
    Side,
    Verification,
    VerificationVerdict,
    VocalCueMark,
)
from mmed_curate.domain.protocol import MAY_NOT_HAVE_JUDGED, NEXT, AnswerField, Stage
from mmed_curate.domain.time import Frame

SEND_BACK, REJECT = VerificationVerdict.SEND_BACK, VerificationVerdict.REJECT


@pytest.fixture
def at(protocol, clock, codebook):
    """Where a log leads under the packaged protocol; `judges` changes how many code."""

    def run(log, *, coders: int = 2, **changes):
        rules = protocol.model_copy(update={"coding": protocol.coding.model_copy(update={"judges": coders}), **changes})
        return course(log.judgements, rules, clock, codebook)

    return run


def test_a_new_clip_waits_for_its_screener(at, log):
    state = at(log)
    assert (state.stage, state.round, state.open_seats, state.consensus) == (Stage.SCREENING, 1, 1, None)


def test_coders_who_agree_lead_straight_to_verification(at, log, an_event):
    log.screened().coded("a", an_event(20, 30, 40)).coded("b", an_event(22, 31, 43))
    state = at(log)
    assert (state.stage, state.open_seats) == (Stage.VERIFICATION, 1)
    (event,) = state.consensus.events
    # midpoints 21, 30.5, 41.5; a half goes to the earlier frame
    assert (event.span.onset, event.span.apex, event.span.offset) == (21, 30, 41)
    assert {name: how.rule for name, how in event.how.items()} == {
        "onset": SettlingRule.MEDIAN,
        "apex": SettlingRule.MEDIAN,
        "offset": SettlingRule.MEDIAN,
        "event_type": SettlingRule.MAJORITY,
        "emotion": SettlingRule.MAJORITY,
        "basis": SettlingRule.MAJORITY,
        "action_units": SettlingRule.MAJORITY,
        "vocal_cues": SettlingRule.MAJORITY,
    }
    assert event.how["emotion"].judgements == ("clip-j2", "clip-j3")
    assert at(log.verified("expert")).stage is Stage.SETTLED
    assert at(log).consensus.judgements == ("clip-j2", "clip-j3", "clip-j4")


def test_marks_at_the_tolerance_settle_and_beyond_do_not(at, new_log, an_event):
    def stage(onset):
        return at(new_log().screened().coded("a", an_event(20)).coded("b", an_event(onset))).stage

    assert stage(25) is Stage.VERIFICATION  # 5 frames of 10 ms: exactly 50 ms
    assert stage(26) is Stage.ADJUDICATION


def test_a_different_emotion_is_named_and_adjudicated(at, log, an_event):
    log.screened().coded("a", an_event(emotion=0)).coded("b", an_event(emotion=1))
    state = at(log)
    assert state.stage is Stage.ADJUDICATION and state.consensus is None
    (found,) = state.disagreements
    assert (found.field, found.event, found.judgements) == (AnswerField.EMOTION, 0, ("clip-j2", "clip-j3"))

    state = at(log.adjudicated("judge", an_event(21, 30, 41, emotion=1)))
    (event,) = state.consensus.events
    assert state.stage is Stage.VERIFICATION
    assert {how.rule for how in event.how.values()} == {SettlingRule.ADJUDICATED}
    assert event.how["onset"].judgements == ("clip-j4",)


def test_an_event_that_half_of_the_coders_saw_is_adjudicated(at, log, an_event):
    state = at(log.screened().coded("a", an_event()).coded("b"))
    (found,) = state.disagreements
    assert state.stage is Stage.ADJUDICATION
    assert (found.field, found.judgements, found.unseen_by) == (AnswerField.SPAN, ("clip-j2",), ("clip-j3",))


def test_a_quiet_clip_is_verified_as_quiet(at, log):
    state = at(log.screened().coded("a").coded("b"))
    assert state.stage is Stage.VERIFICATION and state.consensus.events == ()


def test_an_event_whose_type_says_that_nothing_happened_is_none(at, log, an_event, codebook):
    nothing = next(entry.code for entry in codebook.event_types if not entry.is_event)
    state = at(log.screened().coded("a", an_event(event_type=nothing)).coded("b"))
    assert state.stage is Stage.VERIFICATION and state.consensus.events == ()


def test_of_three_coders_two_decide(at, log, an_event):
    log.screened()
    log.coded("a", an_event(20, emotion=0), an_event(60, 65, 70))
    log.coded("b", an_event(21, emotion=1))
    log.coded("c", an_event(24, emotion=1))
    state = at(log, coders=3)
    (event,) = state.consensus.events  # the one at 60 was seen by one of three
    assert event.span.onset == 21
    assert event.emotion == an_event(emotion=1).emotion
    assert event.how["emotion"].judgements == ("clip-j3", "clip-j4")


def test_three_different_emotions_settle_nothing(at, log, an_event):
    log.screened()
    for place, coder in enumerate("abc"):
        log.coded(coder, an_event(emotion=place))
    assert at(log, coders=3).stage is Stage.ADJUDICATION


def test_two_of_four_is_not_more_than_half(at, log, an_event):
    log.screened()
    for coder, emotion in zip("abcd", (0, 0, 1, 2), strict=True):
        log.coded(coder, an_event(emotion=emotion))
    assert [found.field for found in at(log, coders=4).disagreements] == [AnswerField.EMOTION]


def test_action_units_stand_one_by_one(at, new_log, an_event, codebook):
    one, two, three = (entry.code for entry in codebook.action_units[:3])
    a = an_event(
        units=(
            ActionUnitMark(code=one, side=Side.LEFT, intensity=Intensity.B),
            ActionUnitMark(code=two, side=Side.LEFT, intensity=Intensity.B),
        )
    )
    b = an_event(
        units=(
            ActionUnitMark(code=one, side=Side.LEFT, intensity=Intensity.C),
            ActionUnitMark(code=three),
        )
    )
    log = new_log().screened().coded("a", a).coded("b", b)
    (event,) = at(log).consensus.events
    assert event.action_units == (ActionUnitMark(code=one, side=Side.LEFT, intensity=None),)

    must = (AnswerField.SPAN, AnswerField.ACTION_UNITS)
    assert [found.field for found in at(log, must_agree=must).disagreements] == [AnswerField.ACTION_UNITS]


def test_only_the_subjects_cues_enter(at, log, an_event, codebook):
    cue, owner, other = codebook.vocal_cues[0].code, codebook.cue_owners[0].code, codebook.cue_owners[1].code

    def heard(onset, offset, whose):
        return VocalCueMark(code=cue, onset=Frame(onset), offset=Frame(offset), owner=whose)

    log.screened()
    log.coded("a", an_event(cues=(heard(10, 20, owner), heard(50, 60, other))))
    log.coded("b", an_event(cues=(heard(12, 25, owner), heard(50, 60, other))))
    (event,) = at(log).consensus.events
    assert event.vocal_cues == (heard(11, 22, owner),)


def test_a_correction_counts_while_its_stage_is_open(at, log, an_event):
    log.screened().coded("a", an_event(emotion=0)).coded("a", an_event(emotion=1), supersedes="clip-j2")
    assert at(log).open_seats == 1
    state = at(log.coded("b", an_event(emotion=1)))
    assert state.stage is Stage.VERIFICATION
    assert [one.id for one in state.coded] == ["clip-j3", "clip-j4"]
    assert "clip-j2" not in {one.id for one in state.standing}


def test_verification_can_send_back_again_and_again(at, log, an_event):
    log.screened().coded("a", an_event()).coded("b", an_event()).verified("expert", SEND_BACK)
    state = at(log)
    assert (state.stage, state.round, state.consensus) == (Stage.ADJUDICATION, 2, None)
    log.adjudicated("judge", an_event(25), round=2).verified("expert", SEND_BACK, round=2)
    assert (at(log).stage, at(log).round) == (Stage.ADJUDICATION, 3)
    log.adjudicated("judge", an_event(26), round=3).verified("expert", round=3)
    state = at(log)
    assert state.stage is Stage.SETTLED and state.consensus.events[0].span.onset == 26
    assert [one.id for one in state.coded] == ["clip-j2", "clip-j3"]  # what agreement counts has not moved


def test_rejections_end_it(at, new_log, an_event):
    assert at(new_log().screened(accept=False)).stage is Stage.REJECTED
    log = new_log().screened().coded("a", an_event()).coded("b", an_event()).verified("expert", REJECT)
    assert (at(log).stage, at(log).consensus, at(log).open_seats) == (Stage.REJECTED, None, 0)


def test_screening_by_two_rejects_only_when_both_do(at, new_log, protocol):
    two = {"screening": protocol.screening.model_copy(update={"judges": 2})}
    assert at(new_log().screened("s").screened("t", accept=False), **two).stage is Stage.CODING
    assert at(new_log().screened("s", accept=False).screened("t", accept=False), **two).stage is Stage.REJECTED


def test_the_order_in_which_judgements_are_handed_over_does_not_matter(at, log, an_event):
    log.screened().coded("a", an_event()).coded("b", an_event(emotion=1)).adjudicated("judge", an_event())
    expected = at(log)
    random.Random(3).shuffle(log.judgements)
    assert at(log) == expected


def impossible(an_event):
    """Written by hand, from the rules in words: each line is a story that must be refused."""
    e = an_event()
    return {
        "coding without screening": lambda log: log.coded("a", e),
        "verification straight after screening": lambda log: log.screened().verified("x"),
        "adjudication although the coders agree": lambda log: (
            log.screened().coded("a", e).coded("b", e).adjudicated("j", e)
        ),
        "verification although they disagree": lambda log: log.screened().coded("a", e).coded("b").verified("x"),
        "a third coder": lambda log: log.screened().coded("a", e).coded("b", e).coded("c", e),
        "the same coder twice": lambda log: log.screened().coded("a", e).coded("a", e),
        "a correction of another's judgement": lambda log: (
            log.screened().coded("a", e).coded("b", e, supersedes="clip-j2")
        ),
        "a correction of another stage": lambda log: log.screened("a").coded("a", e, supersedes="clip-j1"),
        "a correction of what was corrected": lambda log: (
            log.screened().coded("a", e).coded("a", e, supersedes="clip-j2").coded("a", e, supersedes="clip-j2")
        ),
        "a correction after coding closed": lambda log: (
            log.screened().coded("a", e).coded("b", e).coded("a", e, supersedes="clip-j2")
        ),
        "a coder who adjudicates": lambda log: log.screened().coded("a", e).coded("b").adjudicated("a", e),
        "a coder who verifies": lambda log: log.screened().coded("a", e).coded("b", e).verified("a"),
        "a coder who was corrected, and verifies": lambda log: (
            log.screened().coded("a", e).coded("a", e, supersedes="clip-j2").coded("b", e).verified("a")
        ),
        "an adjudicator who verifies": lambda log: (
            log.screened().coded("a", e).coded("b").adjudicated("j", e).verified("j")
        ),
        "a judgement after settling": lambda log: (
            log.screened().coded("a", e).coded("b", e).verified("x").verified("y")
        ),
        "a judgement after rejecting": lambda log: log.screened(accept=False).coded("a", e),
        "a round that has not come": lambda log: log.screened().coded("a", e).coded("b").adjudicated("j", e, round=2),
        "a round that is over": lambda log: (
            log.screened().coded("a", e).coded("b", e).verified("x", SEND_BACK).adjudicated("j", e, round=1)
        ),
        "an event behind the clip's end": lambda log: log.screened().coded("a", an_event(90, 95, 100)),
    }


@pytest.mark.parametrize("story", list(impossible(lambda *marks, **how: None)))
def test_an_impossible_history_is_refused(at, log, an_event, story):
    impossible(an_event)[story](log)
    with pytest.raises(BadInput, match="of clip clip"):
        at(log)


def test_another_clips_judgement_and_a_line_twice_are_refused(at, log, new_log, an_event):
    log.screened()
    stranger = new_log("other").screened()
    stranger.add("a", Coding(events=()))
    with pytest.raises(BadInput, match="among those of clip clip"):
        at(type("Mixed", (), {"judgements": [log.judgements[0], stranger.judgements[1]]})())
    with pytest.raises(BadInput, match="twice"):
        at(type("Twice", (), {"judgements": log.judgements * 2})())


@examples(deadline=None, max_examples=60)
@given(st.integers(0, 2**32))
def test_whatever_people_try_the_course_keeps_to_the_protocol(protocol, clock, codebook, new_log, an_event, seed):
    """Random people try random answers; what is refused is dropped, what is taken obeys the protocol's table."""
    chance = random.Random(seed)
    log = new_log()
    state = course((), protocol, clock, codebook)
    for _ in range(30):
        events = [an_event(20 + chance.randint(0, 8), emotion=chance.randint(0, 1))] if chance.random() < 0.8 else []
        answer = chance.choice(
            [
                Screening(verdict=chance.choice(list(ScreeningVerdict)), reason="r"),
                Coding(events=tuple(events)),
                Adjudication(events=tuple(events), reason="r"),
                Verification(verdict=chance.choice(list(VerificationVerdict)), reason="r"),
            ]
        )
        earlier = chance.choice([None, None, *(one.id for one in log.judgements)])
        log.add(chance.choice("abcdef"), answer, round=chance.choice([1, 1, state.round]), supersedes=earlier)
        try:
            following = course(log.judgements, protocol, clock, codebook)
        except BadInput:
            log.judgements.pop()
            continue
        taken = log.judgements[-1]
        assert taken.stage is state.stage
        assert following.stage is state.stage or following.stage in NEXT[state.stage]
        before = {one.stage for one in log.judgements[:-1] if one.coder == taken.coder}
        assert not MAY_NOT_HAVE_JUDGED[taken.stage] & before
        assert following.round - state.round == (
            state.stage is Stage.VERIFICATION and following.stage is Stage.ADJUDICATION
        )
        assert (following.consensus is not None) == (following.stage in {Stage.VERIFICATION, Stage.SETTLED})
        if following.consensus is not None:
            assert all(event.how for event in following.consensus.events)
        state = following
    if state.stage is Stage.SETTLED:
        assert len(state.coded) == 2 and isinstance(state.standing[-1].answer, Verification)


@examples(deadline=None, max_examples=80)
@given(st.lists(st.integers(0, 2), min_size=2, max_size=5))
def test_an_emotion_stands_exactly_when_more_than_half_chose_it(protocol, clock, codebook, new_log, an_event, chosen):
    log = new_log().screened()
    for place, emotion in enumerate(chosen):
        log.coded(f"coder{place}", an_event(emotion=emotion))
    rules = protocol.model_copy(update={"coding": protocol.coding.model_copy(update={"judges": len(chosen)})})
    state = course(log.judgements, rules, clock, codebook)
    majority = [emotion for emotion in set(chosen) if chosen.count(emotion) > len(chosen) / 2]
    if majority:
        assert state.consensus.events[0].emotion == codebook.emotions[majority[0]].code
    else:
        assert state.stage is Stage.ADJUDICATION
