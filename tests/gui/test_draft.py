"""A draft survives being written down, and every act can be taken back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator_gui.draft import EMPTY, Draft, DraftEvent, Steps, covered, from_text, to_text
from annotator_gui.marks import Marks
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import (
    ActionUnitMark,
    CutAgain,
    Intensity,
    ScreeningVerdict,
    Side,
    VerificationVerdict,
    VocalCueMark,
)
from mmed_curate.domain.time import Frame

frames = st.integers(0, 500).map(Frame)
words = st.text(max_size=30)


@st.composite
def events(draw: st.DrawFn) -> DraftEvent:
    onset, apex, offset = sorted(draw(st.lists(frames, min_size=3, max_size=3)))
    keep = draw(st.lists(st.booleans(), min_size=3, max_size=3))
    first, last = sorted(draw(st.lists(frames, min_size=2, max_size=2)))
    units = draw(st.lists(st.sampled_from(["au1", "au12", "au50"]), unique=True))
    return DraftEvent(
        marks=Marks(
            onset=onset if keep[0] else None, apex=apex if keep[1] else None, offset=offset if keep[2] else None
        ),
        event_type=draw(words),
        emotion=draw(words),
        basis=draw(words),
        action_units=tuple(
            ActionUnitMark(
                code=code,
                side=draw(st.sampled_from(Side)),
                intensity=draw(st.none() | st.sampled_from(Intensity)),
            )
            for code in units
        ),
        vocal_cues=(VocalCueMark(code="sigh", onset=first, offset=last, owner=draw(words)),),
        confidence=draw(st.none() | words),
        not_visible=tuple(draw(st.lists(words, unique=True, max_size=2))),
    )


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    held = tuple(draw(st.lists(events(), max_size=3)))
    return Draft(
        events=held,
        selected=draw(st.integers(0, len(held) - 1)) if held else None,
        nothing=not held and draw(st.booleans()),
        note=draw(words),
        reason=draw(words),
        screening=draw(st.none() | st.sampled_from(ScreeningVerdict)),
        cut_again=draw(st.none() | st.sampled_from(CutAgain)),
        verification=draw(st.none() | st.sampled_from(VerificationVerdict)),
        participants=tuple(draw(st.lists(words, max_size=3))),
    )


@given(st.lists(drafts(), max_size=4), st.booleans())
def test_what_is_written_down_is_read_back(course: list[Draft], taken_back: bool) -> None:
    steps = Steps(heard=((Frame(3), Frame(9)),))
    for draft in course:
        steps = steps.acted(draft, name="change", joins=False)
    steps = steps.undone() if taken_back else steps
    assert from_text(to_text(steps)) == steps


@given(st.lists(drafts(), min_size=1, max_size=6))
def test_every_act_can_be_taken_back_and_done_again(course: list[Draft]) -> None:
    states = [Steps()]
    for draft in course:
        following = states[-1].acted(draft, name="change", joins=False)
        if following != states[-1]:
            states.append(following)
    back = states[-1]
    for before in reversed(states[:-1]):
        back = back.undone()
        assert back.now == before.now
    assert back.undone() == back
    for after in states[1:]:
        back = back.redone()
        assert back.now == after.now
    assert back.redone() == back


def test_typing_is_taken_back_as_one() -> None:
    steps = Steps()
    for text in ("l", "lo", "low"):
        steps = steps.acted(Draft(note=text), name="note", joins=True)
    assert steps.entries == 1
    assert steps.undone().now == EMPTY


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "mmed-draft", "version": 1}', json.dumps("x")])
def test_what_another_program_left_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadInput, match="was not written by this window"):
        from_text(text)


def test_a_draft_of_a_newer_window_is_refused_by_name() -> None:
    text = to_text(Steps()).replace('"version":1', '"version":2')
    with pytest.raises(BadInput, match="newer window"):
        from_text(text)


def test_only_one_run_that_holds_all_frames_covers_them() -> None:
    runs = [(Frame(0), Frame(10)), (Frame(11), Frame(30))]
    assert covered(runs, Frame(11), Frame(30))
    assert not covered(runs, Frame(5), Frame(15))
