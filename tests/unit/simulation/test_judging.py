"""A simulated judge is as reliable as it says, measured over many clips; tolerances are four standard deviations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mmed_curate.domain.codebook import load_codebook
from mmed_curate.domain.judgements import (
    Adjudication,
    CodedEvent,
    Coding,
    Screening,
    ScreeningVerdict,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.domain.time import Frame, Span
from mmed_curate.simulation.crew import Ability, load_coders
from mmed_curate.simulation.judging import Judge, Question, TrueCue, TrueEvent
from mmed_curate.simulation.seeds import generator

N = 2000
CODEBOOK = load_codebook("mmed")
SETTINGS = load_coders()
SPAN = Span(onset=Frame(40), apex=Frame(46), offset=Frame(52))
EVENT = TrueEvent(
    span=SPAN,
    event_type=next(entry.code for entry in CODEBOOK.event_types if entry.is_micro),
    emotion=CODEBOOK.emotions[0].code,
    action_units=(CODEBOOK.action_units[0].code, CODEBOOK.action_units[1].code),
    cue=TrueCue(code=CODEBOOK.vocal_cues[0].code, onset=Frame(42), offset=Frame(54)),
)


def a_judge(**changes: Any) -> Judge:
    perfect = {
        "accepts_event": 1.0,
        "rejects_nothing": 1.0,
        "sees": 1.0,
        "invents": 0.0,
        "emotion_right": 1.0,
        "confusions": {},
        "onset_jitter": 0.0,
        "apex_jitter": 0.0,
        "offset_jitter": 0.0,
        "action_unit_missed": 0.0,
        "action_unit_added": 0.0,
        "cue_missed": 0.0,
        "cue_jitter": 0.0,
        "accepts_right": 1.0,
        "catches_wrong": 1.0,
        "gives_up_after": 3,
    }
    return Judge(ability=Ability.model_validate({**perfect, **changes}), settings=SETTINGS, codebook=CODEBOOK)


def a_question(stage: Stage = Stage.CODING, truth: tuple[TrueEvent, ...] = (EVENT,), **changes: Any) -> Question:
    asked = {"stage": stage, "round": 1, "fields": tuple(AnswerField), "truth": truth, "last_frame": Frame(99)}
    return Question(**{**asked, **changes})


def answers(judge: Judge, question: Question) -> list[Any]:
    return [judge.answer(question, generator(7, "clip", number)) for number in range(N)]


def events(judge: Judge, question: Question | None = None) -> list[CodedEvent]:
    return [event for answer in answers(judge, question or a_question()) for event in answer.events]


def about(share: float) -> Any:
    return pytest.approx(share, abs=4 * math.sqrt(max(share * (1 - share), 1e-9) / N))


def test_a_perfect_judge_says_the_truth() -> None:
    (event,) = a_judge().answer(a_question(), generator(1)).events  # type: ignore[union-attr]

    assert event.span == SPAN and event.emotion == EVENT.emotion and event.event_type == EVENT.event_type
    assert tuple(mark.code for mark in event.action_units) == EVENT.action_units
    (cue,) = event.vocal_cues
    assert (cue.code, cue.onset, cue.offset) == (CODEBOOK.vocal_cues[0].code, 42, 54)


@pytest.mark.parametrize("right", [0.95, 0.6])
def test_emotions_are_right_as_often_as_stated_and_else_spread_evenly(right: float) -> None:
    named = [event.emotion for event in events(a_judge(emotion_right=right))]

    assert named.count(EVENT.emotion) / N == about(right)
    for other in CODEBOOK.emotions[1:]:
        assert named.count(other.code) / N == about((1 - right) / (len(CODEBOOK.emotions) - 1))


def test_emotions_are_confused_as_stated() -> None:
    one, two = CODEBOOK.emotions[1].code, CODEBOOK.emotions[2].code

    named = [e.emotion for e in events(a_judge(emotion_right=0.5, confusions={EVENT.emotion: {one: 3.0, two: 1.0}}))]

    assert set(named) == {EVENT.emotion, one, two}
    assert named.count(one) / N == about(0.375) and named.count(two) / N == about(0.125)


def test_events_are_missed_and_invented_as_often_as_stated() -> None:
    assert len(events(a_judge(sees=0.85))) / N == about(0.85)
    assert len(events(a_judge(invents=0.15), a_question(truth=()))) / N == about(0.15)
    assert events(a_judge(), a_question(truth=())) == []


@pytest.mark.parametrize(
    ("jitter", "mark"),
    [
        ("onset_jitter", lambda span: span.onset - SPAN.onset),
        ("apex_jitter", lambda span: span.apex - SPAN.apex),
        ("offset_jitter", lambda span: span.offset - SPAN.offset),
    ],
)
def test_marks_scatter_as_stated(jitter: str, mark: Callable[[Span], int]) -> None:
    off = [mark(event.span) for event in events(a_judge(**{jitter: 1.5}))]

    # whole frames add 1/12 to the variance (Sheppard); the other marks do not stir
    assert np.mean(off) == pytest.approx(0, abs=4 * 1.53 / math.sqrt(N))
    assert np.std(off) == pytest.approx(math.sqrt(1.5**2 + 1 / 12), rel=0.07)


def test_wide_jitter_never_leaves_the_clip_nor_breaks_the_order() -> None:
    short = a_question(last_frame=Frame(54))

    for event in events(a_judge(onset_jitter=20.0, apex_jitter=20.0, offset_jitter=20.0, cue_jitter=20.0), short):
        assert 0 <= event.span.onset <= event.span.apex <= event.span.offset <= 54
        assert all(0 <= cue.onset <= cue.offset <= 54 for cue in event.vocal_cues)


def test_action_units_and_cues_err_as_often_as_stated() -> None:
    coded = events(a_judge(action_unit_missed=0.3, action_unit_added=0.25, cue_missed=0.4))
    scored = [{mark.code for mark in event.action_units} for event in coded]

    for code in EVENT.action_units:
        assert sum(code in one for one in scored) / N == about(0.7)
    assert sum(bool(one - set(EVENT.action_units)) for one in scored) / N == about(0.25)
    assert sum(bool(event.vocal_cues) for event in coded) / N == about(0.6)


def test_only_what_is_asked_is_answered() -> None:
    asked = a_question(fields=(AnswerField.SPAN, AnswerField.EMOTION))

    (event,) = a_judge().answer(asked, generator(1)).events  # type: ignore[union-attr]

    assert event.action_units == event.vocal_cues == () and event.confidence is None


def test_screening_lets_through_and_turns_away_as_often_as_stated() -> None:
    judge = a_judge(accepts_event=0.9, rejects_nothing=0.7)

    for truth, accepted in (((EVENT,), 0.9), ((), 0.3)):
        given = answers(judge, a_question(Stage.SCREENING, truth))
        assert all(isinstance(answer, Screening) for answer in given)
        assert sum(answer.verdict is ScreeningVerdict.ACCEPT for answer in given) / N == about(accepted)


def test_the_expert_accepts_what_is_right_and_sends_back_what_is_wrong_as_often_as_stated() -> None:
    judge = a_judge(accepts_right=0.9, catches_wrong=0.8, gives_up_after=2)
    right = a_judge().answer(a_question(), generator(1)).events  # type: ignore[union-attr]
    wrong = a_judge(emotion_right=0.0).answer(a_question(), generator(1)).events  # type: ignore[union-attr]

    def share(verdict: VerificationVerdict, **changes: Any) -> float:
        given = answers(judge, a_question(Stage.VERIFICATION, **changes))
        assert all(isinstance(answer, Verification) for answer in given)
        return sum(answer.verdict is verdict for answer in given) / N

    assert share(VerificationVerdict.ACCEPT, proposed=right) == about(0.9)
    assert share(VerificationVerdict.SEND_BACK, proposed=wrong) == about(0.8)
    assert share(VerificationVerdict.SEND_BACK, proposed=()) == about(0.8)
    assert share(VerificationVerdict.ACCEPT, proposed=(), truth=()) == about(0.9)
    assert share(VerificationVerdict.REJECT, proposed=wrong, round=2) == about(0.8)


def test_a_judgement_depends_on_its_own_generator_and_nothing_else() -> None:
    judge = a_judge(sees=0.8, emotion_right=0.6, onset_jitter=2.0, invents=0.3)

    forward = [judge.answer(a_question(), generator(7, number)) for number in range(50)]
    backward = [judge.answer(a_question(), generator(7, number)) for number in reversed(range(50))]

    assert forward == backward[::-1]
    assert forward != [judge.answer(a_question(), generator(8, number)) for number in range(50)]


def test_each_stage_gets_its_kind_of_answer() -> None:
    kinds = {stage: type(a_judge().answer(a_question(stage), generator(1))) for stage in Stage if stage in _JUDGED}

    assert kinds == _JUDGED


_JUDGED = {
    Stage.SCREENING: Screening,
    Stage.CODING: Coding,
    Stage.ADJUDICATION: Adjudication,
    Stage.VERIFICATION: Verification,
}
