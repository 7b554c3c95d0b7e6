"""What happened in the game: no coder learns of it; where the protocol says so, who settles does, without any code."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from builders.workspace import PLAIN, SIGNED, STAFF, add_clips, an_answer, an_event, noon

from mmed_curate.annotation import Desk, assign
from mmed_curate.domain.context import GameEvent, SelfReport, Whose
from mmed_curate.domain.findings import BadInput, MmedError
from mmed_curate.domain.judgements import Adjudication, Answer, Coding
from mmed_curate.domain.protocol import Stage, load_protocol
from mmed_curate.store import Workspace

TOLD = ("canary-role", "canary-stakes", "canary-end", "canary-won", "canary-what", "canary-detail", "canary-words")
"""One in everything that is known of the game."""
SHOWING = "modality: both\n  fields: [span, event_type, action_units, emotion, basis, vocal_cues, note]"
"""Where the plain protocol's adjudication says what it shows."""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A protocol that shows the context of 2 s round a clip at adjudication, and at no other stage."""
    text = PLAIN.read_text(encoding="utf-8").replace("version: 1", "version: 2\ncontext_s: 2", 1)
    assert text.count(SHOWING) == 1
    path = tmp_path / "showing.yaml"
    path.write_text(text.replace(SHOWING, f"shows_context: true\n  {SHOWING}"), encoding="utf-8")
    return path


def a_game(root: Path, rules: Path) -> Workspace:
    """A game of S01 and S02 with one clip of S01, 2 s long from the start of the recording, and all told of it."""
    workspace = Workspace.create(root, protocol=str(rules), seed=7, now=noon)
    with workspace.write() as records:
        for code in ("S01", "S02"):
            records.add_subject(code, SIGNED, simulated=True)
        records.add_session(
            "G-nine",
            ["S01", "S02"],
            stakes="canary-stakes",
            outcome="canary-end: s02 won G-nine",
            roles={"S01": "canary-role"},
            outcomes={"S01": "canary-won"},
            simulated=True,
        )
        for coder, roles in STAFF.items():
            records.add_coder(coder, roles, simulated=True)
    add_clips(workspace, 2, subject="S01", session="G-nine")
    with workspace.write() as records:
        recording = records.recordings()[0].id
        s01, s02 = (records.subject(code).id for code in ("S01", "S02"))
        records.add_game_events(
            [
                GameEvent(recording=recording, time_s=1.25, what="canary-what", subject=s02, detail="S02 saw S01x"),
                GameEvent(recording=recording, time_s=4.0, what="vote", subject=s01, detail="canary-detail"),
                GameEvent(recording=recording, time_s=4.1, what="too late"),
            ]
        )
        emotion = workspace.codebook.emotions[0].code
        first = SelfReport(
            recording=recording, subject=s01, onset_s=3.5, offset_s=6.0, emotion=emotion, intensity=5, words=TOLD[6]
        )
        records.add_self_reports([first, replace(first, subject=s02, words="another's"), replace(first, onset_s=4.5)])
    return workspace


def disagree(workspace: Workspace, me: str) -> Desk:
    """Let all others do their part until `me` has a ticket; the two coders name two emotions."""
    for coder in STAFF:
        assign(workspace, seed=1)
        desk = Desk(workspace, coder)
        if coder == me:
            return desk
        while (ticket := desk.next_ticket()) is not None:
            desk.submit(ticket.id, an_answer(ticket.stage, workspace.codebook, emotion=int(coder == "bob")))
    raise AssertionError(me)


@pytest.mark.parametrize("me", STAFF)
def test_no_canary_of_the_game_reaches_a_stage_that_does_not_show_it(
    tmp_path: Path, rules: Path, me: str, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = a_game(tmp_path / "ws", rules)
    with caplog.at_level(logging.DEBUG):
        desk = disagree(workspace, me)
        ticket = desk.next_ticket()
        assert ticket is not None
        reached = [repr(ticket), repr(desk), repr(desk.progress()), *caplog.messages]
        for path in sorted((workspace.media / "desk").rglob("*")):
            reached += [
                str(path.relative_to(workspace.root)),
                path.read_bytes().decode("latin-1") if path.is_file() else "",
            ]
        book = workspace.codebook
        needs = next(entry.code for entry in book.bases if entry.needs_context)
        event = replace(an_event(book), basis=needs)
        answers: list[Answer] = [Coding(events=(event,)), an_answer(Stage.VERIFICATION, book)]
        if me != "dee":
            answers.append(Adjudication(events=(event,), reason="why"))
        for answer in answers:
            try:
                desk.submit(ticket.id, answer)
            except MmedError as error:
                reached.append(f"{error!r} {dict(error.finding.parameters)}")
    found = {word for word in TOLD for text in reached if word in text}
    assert (found != set()) is (me == "dee")  # there the search finds them: it can
    assert not any("S01" in text.replace("S01x", "") or "S02" in text or "G-nine" in text for text in reached)


def test_who_settles_it_sees_what_lies_round_the_clip_on_its_own_clock(tmp_path: Path, rules: Path) -> None:
    """Clips run from 0 to 2 s and from 10/3 to 16/3 s, and 2 s round each are shown: up to 4.0 s, and from 4/3 s on."""
    workspace = a_game(tmp_path / "ws", rules)
    desk = disagree(workspace, "dee")
    shown = {}
    while (ticket := desk.next_ticket()) is not None:
        assert ticket.context is not None
        shown[len(ticket.context.reports)] = ticket.context
        desk.submit(ticket.id, an_answer(ticket.stage, workspace.codebook))
    first, second = shown[1], shown[2]  # of the player's two reports one begins within 2 s of the first clip
    assert (first.stakes, first.role, first.player_outcome) == ("canary-stakes", "canary-role", "canary-won")
    assert first.outcome == "canary-end: another player won the session"
    assert [(one.time_s, one.what, one.whose) for one in first.events] == [
        (1.25, "canary-what", Whose.ANOTHER),
        (4.0, "vote", Whose.PLAYER),
    ]
    assert first.events[0].detail == "another player saw S01x"  # no code, but a word that begins like one
    assert [(one.time_s, one.what, one.whose) for one in second.events] == [
        (0.666667, "vote", Whose.PLAYER),
        (0.766667, "too late", None),
    ]
    assert [(one.onset_s, one.offset_s, one.intensity, one.words) for one in first.reports] == [
        (3.5, 6.0, 5, "canary-words")
    ]
    assert second.reports[1].onset_s == 1.166667


def test_a_label_rests_on_context_only_where_context_is_shown(tmp_path: Path, rules: Path) -> None:
    workspace = a_game(tmp_path / "ws", rules)
    book = workspace.codebook
    events = tuple(
        replace(an_event(book, onset=5 + 15 * place), basis=entry.code)
        for place, entry in enumerate(entry for entry in book.bases if entry.needs_context)
    )
    assert len(events) == 2
    coder = disagree(workspace, "bob")
    ticket = coder.next_ticket()
    assert ticket is not None
    for event in events:
        with pytest.raises(BadInput, match="which coding does not show: choose one of: appearance"):
            coder.submit(ticket.id, Coding(events=(event,)))
    settler = disagree(workspace, "dee")
    ticket = settler.next_ticket()
    assert ticket is not None
    settler.submit(ticket.id, Adjudication(events=events, reason="both say so"))


@pytest.mark.parametrize("stage", ["screening", "coding"])
def test_a_protocol_that_shows_context_before_coding_is_refused(tmp_path: Path, stage: str) -> None:
    text = PLAIN.read_text(encoding="utf-8")
    head, _, tail = text.partition(f"\n{stage}:")
    path = tmp_path / "early.yaml"
    path.write_text(f"{head}\n{stage}:{tail.replace('judges:', 'shows_context: true' + chr(10) + '  judges:', 1)}")
    with pytest.raises(BadInput, match=f"{stage} must not have shows_context"):
        load_protocol(str(path))
