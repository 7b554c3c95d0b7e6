"""Training: gold that is new to the coder, in the protocol's proportion; feedback says the reading and no more."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from builders.known import ASKED, a_lab, add_gold, known_event, work
from builders.rounds import Day

from mmed_curate.agreement.gold import GoldScore
from mmed_curate.annotation import Desk, Feedback, assign
from mmed_curate.annotation.qualify import by_word
from mmed_curate.annotation.training import train
from mmed_curate.domain.conduct import Exclusion, GoldClip
from mmed_curate.domain.findings import BadInput, Refused
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import Purpose, Stage
from mmed_curate.store import TicketRecord, Workspace


def training_of(workspace: Workspace, code: str) -> list[TicketRecord]:
    with workspace.read() as records:
        tickets = records.tickets(coder=records.coder(code).id)
    return [one for one in tickets if one.purpose is Purpose.TRAINING]


def test_event_free_clips_come_in_the_protocols_proportion(tmp_path: Path) -> None:
    """The protocol asks for 2 of 6; of 9 that is 3, though 6 of the 20 gold clips hold none."""
    workspace = a_lab(tmp_path / "ws", Day(), n_gold=20, n_free=6)
    done = train(workspace, "bob", clips=9)
    assert (done.n_opened, done.n_event_free, done.findings) == (9, 3, ())
    with workspace.read() as records:
        gold = records.gold()
    assert sum(not gold[one.clip].reading.events for one in training_of(workspace, "bob")) == 3


def test_as_many_as_qualification_lacks_unless_said_otherwise(tmp_path: Path) -> None:
    workspace = a_lab(tmp_path / "ws", Day(), n_gold=20, n_free=6)
    assert train(workspace, "bob", clips=4).n_opened == 4
    assert train(workspace, "bob").n_opened == 2  # 6 are asked for
    with pytest.raises(BadInput, match="bob has 6 training clips already"):
        train(workspace, "bob")
    assert train(workspace, "bob", clips=5).n_opened == 5
    assert len({one.clip for one in training_of(workspace, "bob")}) == 11, "never the same clip twice"


def test_what_was_answered_before_an_admission_was_withdrawn_is_asked_for_anew(tmp_path: Path) -> None:
    """As qualification counts it: six clips from before and none since are six too few."""
    workspace = a_lab(tmp_path / "ws", Day(), n_gold=20, n_free=6)
    train(workspace, "bob")
    work(workspace, "bob")
    with pytest.raises(BadInput, match="bob has 6 training clips already"):
        train(workspace, "bob")
    by_word(workspace, "bob", stage=Stage.CODING, admitted=False, word="drifts")
    assert train(workspace, "bob").n_opened == 6


def test_no_clip_that_the_coder_met_or_of_someone_they_know(tmp_path: Path) -> None:
    workspace = a_lab(tmp_path / "ws", Day(), n_clips=1, n_gold=3, n_free=1)
    with workspace.write() as records:
        cem, whom = records.coder("cem").id, records.subject("S9").id
        records.exclude(Exclusion(coder=cem, subject=whom, why="her brother"))
    with pytest.raises(BadInput, match="no clip of known reading that cem has not met"):
        train(workspace, "cem", clips=1)
    assert train(workspace, "bob", clips=5).n_opened == 3
    assert [finding.code for finding in train(workspace, "dee", clips=5).findings] == [
        "train.few",
        "gold.few_event_free",
    ]
    with pytest.raises(BadInput, match="no clip of known reading that bob has not met"):
        train(workspace, "bob", clips=1)


def test_who_is_no_coder_is_not_trained_to_be_one(tmp_path: Path) -> None:
    workspace = a_lab(tmp_path / "ws", Day(), n_gold=1)
    with pytest.raises(BadInput, match="eve is no coder"):
        train(workspace, "eve", clips=1)
    with pytest.raises(BadInput, match="there is no coder"):
        train(workspace, "zoe", clips=1)


def test_feedback_comes_at_once_and_is_the_reading_beside_the_answer(tmp_path: Path) -> None:
    workspace = a_lab(tmp_path / "ws", Day(), n_gold=1)
    train(workspace, "bob", clips=1)
    desk = Desk(workspace, "bob")
    ticket = desk.next_ticket()
    assert ticket is not None
    with pytest.raises(BadInput, match="there is no feedback"):
        desk.feedback(ticket.id)
    said = Coding(events=(known_event(workspace.codebook, onset=22, emotion=1),))
    desk.submit(ticket.id, said)
    told = desk.feedback(ticket.id)
    assert told.said == said
    assert told.known == Coding(events=(known_event(workspace.codebook),))
    assert (told.score.n_matched, told.score.n_same_emotion, told.score.action_unit_index) == (1, 0, 1.0)
    with pytest.raises(Refused, match="was shown after its answer"):
        desk.correct(ticket.id, told.known)
    with pytest.raises(BadInput, match="you have no ticket"):
        Desk(workspace, "cem").feedback(ticket.id)
    assert desk.ticket(ticket.id).clip_name == ticket.clip_name, "to look at what was missed"


def test_feedback_waits_for_the_last_pass(tmp_path: Path) -> None:
    day = Day()
    workspace = a_lab(tmp_path / "ws", day, n_gold=1)
    turn = workspace.protocol.coding.turns[0]
    coding = workspace.protocol.coding.model_copy(update={"passes": (turn, turn), "days_between_passes": 7.0})
    workspace.protocol = workspace.protocol.model_copy(update={"coding": coding})
    train(workspace, "bob", clips=1)
    desk = Desk(workspace, "bob")
    first = desk.next_ticket()
    assert first is not None
    desk.submit(first.id, Coding(events=()))
    with pytest.raises(BadInput, match="after its last pass"):
        desk.feedback(first.id)
    assert desk.next_ticket() is None
    day.go_on(7)
    last = desk.next_ticket()
    assert last is not None
    desk.submit(last.id, Coding(events=()))
    assert desk.feedback(last.id).score.n_gold == 1


def test_feedback_says_the_reading_and_nothing_else(tmp_path: Path) -> None:
    """Notes are free text: neither the one of the reading nor another coder's may come along."""
    workspace = a_lab(tmp_path / "ws", Day(), n_gold=1)
    with workspace.write() as records:
        (one,) = records.gold().values()
        told = replace(one.reading, note="canary: S9 bluffs here")
        records.add_gold([GoldClip(clip=one.clip, reading=told, why="canary: settled by cem and dee")])
    for code in ("cem", "bob"):
        train(workspace, code, clips=1)
        desk = Desk(workspace, code)
        ticket = desk.next_ticket()
        assert ticket is not None
        desk.submit(ticket.id, Coding(events=(), note="canary of cem" if code == "cem" else "my own"))
    feedback = desk.feedback(ticket.id)
    assert {field.name for field in fields(Feedback)} == {"said", "known", "score"}
    assert all(type(getattr(feedback.score, field.name)) is int for field in fields(GoldScore))
    with workspace.read() as records:
        forbidden = {"canary", "S9", "G9", "cem", "gold.mp4", one.clip, one.why}
        forbidden |= {found.id for found in (*records.subjects(), *records.sessions(), *records.recordings())}
        forbidden |= {found.id for found in (*records.coders(), *records.judgements(), *records.candidates())}
    assert [text for text in sorted(forbidden) if text in repr(feedback)] == []
    assert feedback.said.note == "my own"


def test_ordinary_and_hidden_tickets_have_no_feedback(tmp_path: Path) -> None:
    workspace = a_lab(tmp_path / "ws", Day(), rules="gold: {share: 0.5}\n", n_clips=2, n_gold=4, n_free=1)
    assign(workspace, seed=1)
    work(workspace, "ann")
    assign(workspace, seed=1)
    work(workspace, "bob")
    said = set()
    with workspace.read() as records:
        tickets = records.tickets(coder=records.coder("bob").id)
    assert {one.purpose for one in tickets} == {Purpose.ORDINARY, Purpose.GOLD}
    for id in [*(one.id for one in tickets)]:
        with pytest.raises(BadInput) as refused:
            Desk(workspace, "bob").feedback(TicketId(id))
        said.add(str(refused.value).replace(id, "…"))
    assert len(said) == 1


def test_training_comes_before_admission_and_stays_on_the_desk(tmp_path: Path) -> None:
    """Who is not admitted yet gets no coding ticket from a round of handing out, and loses no training by it."""
    workspace = a_lab(tmp_path / "ws", Day(), rules=ASKED, n_clips=2)
    add_gold(workspace, 3, 1)
    train(workspace, "bob", clips=3)
    assign(workspace, seed=1)
    work(workspace, "ann")
    done = assign(workspace, seed=1)
    assert (done.n_returned, done.n_opened) == (0, 0)
    assert len(training_of(workspace, "bob")) == 3
    assert work(workspace, "bob") == 3
