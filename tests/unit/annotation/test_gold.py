"""Clips whose reading is known: taken from what was settled or read by hand, drawn evenly, and never coded anew."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from builders.known import CODERS, a_lab, known_event, work
from builders.rounds import Day
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.annotation import Desk, assign
from mmed_curate.annotation.gold import add_by_hand, add_drawn, add_settled, draw_balanced, known_clips
from mmed_curate.annotation.training import train
from mmed_curate.domain.codebook import Codebook, load_codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import Purpose, Stage
from mmed_curate.store import Workspace

BOOK = load_codebook("mmed")
NO_QUALIFICATION = "repeats: {share: 0.2, after_days: 14}\ngold: {share: 0.1}\n"


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Six clips that everyone agrees on, two of them without an event."""
    workspace = a_lab(tmp_path_factory.mktemp("gold") / "ws", Day(), rules=NO_QUALIFICATION, n_clips=6)
    assign(workspace, seed=1)
    work(workspace, "ann")
    assign(workspace, seed=1)
    with workspace.read() as records:
        free = {clip.id for clip in records.clips()[:2]}
    for code in CODERS:
        desk = Desk(workspace, code)
        while (ticket := desk.next_ticket()) is not None:
            with workspace.read() as records:
                held = records.ticket(ticket.id)
                assert held is not None
            events = () if held.clip in free else (known_event(workspace.codebook, onset=21),)
            desk.submit(ticket.id, Coding(events=events))
    assign(workspace, seed=1)
    work(workspace, "eve")
    return workspace


def clips_of(workspace: Workspace) -> list[ClipId]:
    with workspace.read() as records:
        return [clip.id for clip in records.clips()]


def test_what_was_settled_becomes_the_known_reading(settled: Workspace) -> None:
    added = add_settled(settled, clips_of(settled)[1:3], why="settled in round 1")
    assert [len(one.reading.events) for one in added.clips] == [0, 1]
    with settled.read() as records:
        (event,) = records.gold()[clips_of(settled)[2]].reading.events
    assert event.span.onset == 21
    assert {mark.code for mark in event.action_units} == {unit.code for unit in settled.codebook.action_units[:2]}
    assert event.confidence is None, "nobody's confidence is known"


def test_clips_are_drawn_among_those_that_are_not_known_yet(settled: Workspace) -> None:
    known = {one.clip for one in known_clips(settled)}
    left = 6 - len(known)
    with pytest.raises(BadInput, match=f"{left + 1} clips are wanted, and {left} are settled and not known yet"):
        add_drawn(settled, left + 1, seed=1, why="too many")
    added = add_drawn(settled, left, seed=1, why="the rest")
    assert not {one.clip for one in added.clips} & known
    assert len(known_clips(settled)) == 6


def test_a_clip_that_is_not_settled_has_no_reading(tmp_path: Path) -> None:
    workspace = a_lab(tmp_path / "ws", Day(), n_clips=1)
    with pytest.raises(BadInput, match="is not settled"):
        add_settled(workspace, clips_of(workspace), why="hope")
    with pytest.raises(BadInput, match="there is no clip"):
        add_settled(workspace, [ClipId("nobody's")], why="hope")


BY_HAND = {
    "an unknown code": (Coding(events=(known_event(BOOK),)), {"emotion": "joyless"}, "no emotion"),
    "a frame behind the end": (Coding(events=(known_event(BOOK, onset=55),)), {}, "the clip's last frame is 59"),
    "a note, which coders would read": (Coding(events=(), note="S1 smiles"), {}, "holds a note"),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_reading_given_by_hand_must_fit(tmp_path: Path, name: str) -> None:
    workspace = a_lab(tmp_path / "ws", Day(), n_clips=1)
    reading, changed, said = BY_HAND[name]
    if changed:
        reading = Coding(events=tuple(replace(event, **changed) for event in reading.events))
    with pytest.raises(BadInput, match=said):
        add_by_hand(workspace, clips_of(workspace)[0], reading, why="read by two experts")
    assert known_clips(workspace) == ()


def test_gold_needs_a_reason(tmp_path: Path) -> None:
    workspace = a_lab(tmp_path / "ws", Day(), n_clips=1)
    with pytest.raises(BadInput, match="needs a reason"):
        add_by_hand(workspace, clips_of(workspace)[0], Coding(events=()), why=" ")


def test_who_had_a_clip_as_gold_or_for_training_never_codes_it_as_ordinary(tmp_path: Path) -> None:
    """Three coders, two seats a clip: bob trained on every clip, so cem and dee get all seats."""
    workspace = a_lab(tmp_path / "ws", Day(), rules=NO_QUALIFICATION, n_clips=4)
    for clip in clips_of(workspace):
        add_by_hand(workspace, clip, Coding(events=(known_event(workspace.codebook),)), why="read by hand")
    train(workspace, "bob", clips=4)
    assign(workspace, seed=1)
    work(workspace, "ann")
    assign(workspace, seed=1)
    with workspace.read() as records:
        code = {coder.id: coder.code for coder in records.coders()}
        seats = Counter((code[one.coder], one.purpose) for one in records.tickets() if one.stage is Stage.CODING)
    assert seats == {("bob", Purpose.TRAINING): 4, ("cem", Purpose.ORDINARY): 4, ("dee", Purpose.ORDINARY): 4}


def readings(n_free: int, by_emotion: dict[int, int], book: Codebook) -> dict[ClipId, Coding]:
    """So many clips without an event, and so many of each of the codebook's emotions."""
    made = [Coding(events=())] * n_free
    for emotion, number in by_emotion.items():
        made += [Coding(events=(known_event(book, emotion=emotion),))] * number
    return {ClipId(f"clip-{number:03}"): one for number, one in enumerate(made)}


def test_classes_are_drawn_evenly_however_many_there_are_of_each() -> None:
    """One class holds 40 clips, another 8: of twelve clips with an event each gives six."""
    emotions = {entry.emotion_class: number for number, entry in enumerate(BOOK.emotions) if entry.emotion_class}
    first, second, *_ = sorted(emotions)
    made = readings(9, {emotions[first]: 40, emotions[second]: 8}, BOOK)
    drawn = draw_balanced(made, 15, n_free=3, codebook=BOOK, seed=4)
    kinds = Counter(made[clip].events[0].emotion if made[clip].events else "" for clip in drawn)
    assert kinds == {"": 3, BOOK.emotions[emotions[first]].code: 6, BOOK.emotions[emotions[second]].code: 6}


@given(
    n_free=st.integers(0, 6),
    a=st.integers(0, 9),
    b=st.integers(0, 9),
    number=st.integers(0, 25),
    seed=st.integers(0, 9),
)
def test_a_draw_is_as_large_as_it_can_be_and_knows_no_order(
    n_free: int, a: int, b: int, number: int, seed: int
) -> None:
    made = readings(n_free, {0: a, 1: b}, BOOK)
    drawn = draw_balanced(made, number, n_free=2, codebook=BOOK, seed=seed)
    assert len(set(drawn)) == len(drawn) == min(number, len(made))
    mixed = list(made.items())
    random.Random(seed).shuffle(mixed)
    assert draw_balanced(dict(mixed), number, n_free=2, codebook=BOOK, seed=seed) == drawn
    free = sum(not made[clip].events for clip in drawn)
    assert free >= min(2, n_free, number)
