"""Admission: figures on gold against the protocol's bounds, each clip once, or the curator's word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builders.known import a_lab, known_reading, work
from builders.rounds import Day

from mmed_curate.agreement.gold import GoldScore
from mmed_curate.annotation import Desk, assign
from mmed_curate.annotation.qualify import bars_of, by_word, qualify
from mmed_curate.annotation.training import train
from mmed_curate.domain.findings import BadInput, Refused
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import Purpose, Qualification, Stage
from mmed_curate.store import Workspace

ASKED = Qualification(clips=6, event_free=2, events_f1=0.7, emotion_agreement=0.7, action_unit_index=0.7)
JUST = GoldScore(
    n_clips=6, n_event_free=2, n_gold=10, n_marked=10, n_matched=7, n_same_emotion=5, n_common_units=7, n_units=20
)
"""F1 = 2 x 7 / (10 + 10) = 0.7; emotion 5 of 7 = 0.714; index 2 x 7 / 20 = 0.7: just enough of everything."""
BELOW = {
    "clips": {"n_clips": 5},
    "event_free": {"n_event_free": 1},
    "events_f1": {"n_marked": 11},  # 14 / 21 = 0.667
    "emotion_agreement": {"n_same_emotion": 4},  # 4 / 7 = 0.571
    "action_unit_index": {"n_units": 21},  # 14 / 21 = 0.667
}


@pytest.fixture
def lab(tmp_path: Path) -> Workspace:
    """Fourteen clips of known reading, four without an event, and two clips that wait for coding."""
    workspace = a_lab(tmp_path / "ws", Day(), n_clips=2, n_gold=14, n_free=4)
    assign(workspace, seed=1)
    work(workspace, "ann")
    return workspace


def admissions(workspace: Workspace) -> list[tuple[str, bool, dict[str, object]]]:
    with workspace.read() as records:
        code = {coder.id: coder.code for coder in records.coders()}
        said = records.admissions().values()
        return [(code[one.coder], one.admitted, dict(one.evidence)) for one in said]


def test_at_its_bound_every_figure_is_reached() -> None:
    assert all(bar.reached for bar in bars_of(JUST, ASKED))


@pytest.mark.parametrize("figure", BELOW)
def test_one_figure_below_its_bound_is_named_alone(figure: str) -> None:
    bars = bars_of(replace(JUST, **BELOW[figure]), ASKED)
    assert [bar.figure for bar in bars if not bar.reached] == [figure]
    assert [bar.missing.startswith(f"{figure} is ") for bar in bars if bar.missing] == [True]


def test_what_is_undetermined_is_not_reached() -> None:
    nothing = GoldScore(
        n_clips=6, n_event_free=6, n_gold=0, n_marked=0, n_matched=0, n_same_emotion=0, n_common_units=0, n_units=0
    )
    bars = bars_of(nothing, ASKED)
    assert [bar.figure for bar in bars if not bar.reached] == ["events_f1", "emotion_agreement", "action_unit_index"]
    assert "undetermined" in bars[2].missing


def test_who_reaches_the_bounds_is_admitted_and_gets_clips(lab: Workspace) -> None:
    assert assign(lab, seed=1).n_opened == 0, "nobody is admitted yet"
    for code in ("bob", "cem"):
        train(lab, code)
        work(lab, code)
        verdict = qualify(lab, code)
        assert (verdict.reached, verdict.admitted, verdict.missing) == (True, True, ())
    assert assign(lab, seed=1).opened == {"bob": 3, "cem": 3}  # two clips each, and one of gold among them
    (bob, admitted, evidence), _ = admissions(lab)
    assert (bob, admitted) == ("bob", True)
    assert evidence["events_f1"] == {"value": 1.0, "least": 0.7, "n": 4}


def test_who_does_not_is_told_what_is_missing(lab: Workspace) -> None:
    train(lab, "bob")
    work(lab, "bob", n_right=3)
    verdict = qualify(lab, "bob")
    assert (verdict.reached, verdict.admitted) == (False, False)
    assert any(missing.startswith("events_f1 is ") for missing in verdict.missing)
    assert admissions(lab) == []
    assert [missing.split(" is ")[0] for missing in qualify(lab, "cem").missing][:2] == ["clips", "event_free"]


def test_asked_twice_it_is_noted_once(lab: Workspace) -> None:
    train(lab, "bob")
    work(lab, "bob")
    qualify(lab, "bob")
    qualify(lab, "bob")
    with lab.read() as records:
        assert len(records.log("coder.admitted")) == 1


def test_a_clip_counts_once_and_its_first_answer(lab: Workspace) -> None:
    """Whoever was shown the reading can repeat it: a second ticket on the same clip adds nothing."""
    train(lab, "bob")
    work(lab, "bob", n_right=0)
    before = qualify(lab, "bob")
    with lab.write() as records:
        bob = records.coder("bob").id
        for ticket in records.tickets(coder=bob):
            records.open_ticket(clip=ticket.clip, coder=bob, stage=Stage.CODING, round=2, purpose=Purpose.TRAINING)
    assert work(lab, "bob") == 6
    assert qualify(lab, "bob").bars == before.bars


def test_of_two_passes_the_last_counts(tmp_path: Path) -> None:
    day = Day()
    workspace = a_lab(tmp_path / "ws", day, n_gold=6, n_free=2)
    turn = workspace.protocol.coding.turns[0]
    coding = workspace.protocol.coding.model_copy(update={"passes": (turn, turn), "days_between_passes": 7.0})
    workspace.protocol = workspace.protocol.model_copy(update={"coding": coding})
    train(workspace, "bob")
    assert work(workspace, "bob", n_right=0) == 6
    assert qualify(workspace, "bob").bars[0].value == 0, "no clip is done before its last pass"
    day.go_on(7)
    work(workspace, "bob")
    assert qualify(workspace, "bob").reached


def test_hidden_gold_counts_too(lab: Workspace) -> None:
    for code in ("bob", "cem"):
        by_word(lab, code, stage=Stage.CODING, admitted=True, word="founding coder")
    assign(lab, seed=1)
    work(lab, "bob")
    assert qualify(lab, "bob").bars[0].value == 1


def test_by_the_curators_word_founders_code_and_others_no_longer(lab: Workspace) -> None:
    for code in ("bob", "cem"):
        verdict = by_word(lab, code, stage=Stage.CODING, admitted=True, word="founding coder")
        assert (verdict.admitted, verdict.reached) == (True, False)
    assert assign(lab, seed=1).opened == {"bob": 3, "cem": 3}
    verdict = by_word(lab, "cem", stage=Stage.CODING, admitted=False, word="drifts since May")
    assert not verdict.admitted
    done = assign(lab, seed=1)
    assert done.n_returned == 3, "what waits for them goes back"
    assert Desk(lab, "cem").next_ticket() is None
    assert ("cem", False, {"word": "drifts since May"}) in admissions(lab)


def test_whoever_is_not_admitted_yet_is_named_where_coders_are_wanting(lab: Workspace) -> None:
    """Registering more would not help: whoever is new is admitted to nothing."""
    by_word(lab, "bob", stage=Stage.CODING, admitted=True, word="founding coder")
    (short,) = [one for one in assign(lab, seed=1).findings if one.code == "assign.too_few"]
    assert short.remedy.startswith("train and admit cem, dee (`mmed train`, `mmed qualify`), or register more with")


def test_answers_from_before_a_withdrawal_count_no_more(lab: Workspace) -> None:
    train(lab, "bob")
    work(lab, "bob")
    assert qualify(lab, "bob").admitted
    by_word(lab, "bob", stage=Stage.CODING, admitted=False, word="drifts")
    again = qualify(lab, "bob")
    assert (again.bars[0].value, again.admitted) == (0, False)
    train(lab, "bob", clips=6)
    work(lab, "bob")
    assert qualify(lab, "bob").admitted


def test_a_correction_of_hidden_gold_is_not_to_be_had(lab: Workspace) -> None:
    """As with an ordinary clip that has moved on; else the first answer would not be the one that counts."""
    for code in ("bob", "cem"):
        by_word(lab, code, stage=Stage.CODING, admitted=True, word="founding coder")
    assign(lab, seed=1)
    desk = Desk(lab, "bob")
    while (ticket := desk.next_ticket()) is not None:
        gold = known_reading(lab, ticket.id)
        desk.submit(ticket.id, Coding(events=()))
        if gold is not None:
            with pytest.raises(Refused, match="has moved on"):
                desk.correct(ticket.id, gold)


MISTAKES = {
    "another stage by figures": ("eve", Stage.VERIFICATION, "does not say what to show before verification"),
    "a stage of another role": ("eve", Stage.CODING, "eve is no coder"),
    "nobody": ("zoe", Stage.CODING, "there is no coder"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_said(lab: Workspace, name: str) -> None:
    code, stage, said = MISTAKES[name]
    with pytest.raises(BadInput, match=said):
        qualify(lab, code, stage=stage)


def test_a_word_needs_a_reason_and_a_role(lab: Workspace) -> None:
    with pytest.raises(BadInput, match="a word needs a reason"):
        by_word(lab, "bob", stage=Stage.CODING, admitted=True, word=" ")
    with pytest.raises(BadInput, match="bob is no expert"):
        by_word(lab, "bob", stage=Stage.VERIFICATION, admitted=True, word="why not")


def test_gold_that_was_read_anew_counts_as_it_is_read_now(lab: Workspace) -> None:
    train(lab, "bob")
    work(lab, "bob")
    with lab.write() as records:
        for one in records.gold().values():
            records.add_gold([replace(one, reading=Coding(events=()), why="nothing there after all")])
    assert qualify(lab, "bob").bars[2].value == 0.0
