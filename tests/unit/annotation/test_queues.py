"""Nobody's queue is ever blocked, and no clip starves: absent coders, changed minds, damaged files, other rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builders.rounds import STAFF, Day, a_round, all_of_it
from builders.workspace import PLAIN, a_workspace, an_answer

from mmed_curate.annotation import Desk, assign
from mmed_curate.annotation.adopt import adopt
from mmed_curate.annotation.qualify import by_word
from mmed_curate.domain.conduct import Exclusion
from mmed_curate.domain.findings import BadInput, MmedError, Refused
from mmed_curate.domain.judgements import Adjudication, Coding, Screening, ScreeningVerdict
from mmed_curate.domain.protocol import JUDGED, Role, Stage
from mmed_curate.store import TicketState, Workspace

CODERS = {"ann": (Role.SCREENER,), "bob": (Role.CODER,), "cem": (Role.CODER,), "dan": (Role.CODER,)}


def with_rules(root: Path, day: Day, *extra: str, staff: dict[str, tuple[Role, ...]] = CODERS) -> Workspace:
    """Plain rules of version 2 and what else is wanted; six clips."""
    text = PLAIN.read_text(encoding="utf-8").replace("version: 1", "version: 2")
    (root / "rules.yaml").write_text("\n".join((text, *extra)), encoding="utf-8")
    made = a_workspace(root / "ws", n_clips=6, staff={**staff, "jo": (Role.ADJUDICATOR,), "eve": (Role.EXPERT,)})
    adopt(made, str(root / "rules.yaml"), because="for this test")
    return Workspace.open(made.root, now=day)


def work(workspace: Workspace, *codes: str) -> int:
    """Each answers all they have; how many answers."""
    number = 0
    for code in codes:
        while (ticket := Desk(workspace, code).next_ticket()) is not None:
            Desk(workspace, code).submit(ticket.id, an_answer(ticket.stage, workspace.codebook))
            number += 1
    return number


def test_clips_of_a_coder_who_never_comes_go_to_the_others(tmp_path: Path) -> None:
    day = Day()
    workspace = with_rules(tmp_path, day, "return_after_days: 14")
    assign(workspace, seed=1)
    work(workspace, "ann")
    for _ in range(3):
        assign(workspace, seed=1)
        work(workspace, "bob", "cem")
        day.go_on(15)
    with workspace.read() as records:
        assert set(records.stages().values()) == {Stage.VERIFICATION}


def test_a_clip_whose_only_expert_never_comes_is_named(tmp_path: Path) -> None:
    day = Day()
    workspace = with_rules(tmp_path, day, "return_after_days: 14")
    assign(workspace, seed=1)
    work(workspace, "ann")
    assign(workspace, seed=1)
    work(workspace, "bob", "cem", "dan")
    told = []
    for _ in range(3):
        told.append([one.what for one in assign(workspace, seed=1).findings if one.code == "assign.comes_back"])
        day.go_on(15)
    assert told == [[], [], ["seats of 6 clips came back unanswered 2 times or more"]]


def test_what_was_given_back_goes_to_somebody_else(tmp_path: Path) -> None:
    workspace = with_rules(tmp_path, Day())
    assign(workspace, seed=1)
    work(workspace, "ann")
    assign(workspace, seed=1)
    ticket = Desk(workspace, "bob").next_ticket()
    assert ticket is not None
    with workspace.read() as records:
        clip = records.ticket(ticket.id).clip  # type: ignore[union-attr]
    Desk(workspace, "bob").give_back(ticket.id, because="out of focus")
    assign(workspace, seed=1)
    with workspace.read() as records:
        codes = {coder.id: coder.code for coder in records.coders()}
        waiting = records.tickets(clip=clip, states=(TicketState.OPEN, TicketState.HELD))
    assert {codes[one.coder] for one in waiting} == {"cem", "dan"}


def test_who_is_not_admitted_any_more_gets_and_keeps_nothing(tmp_path: Path) -> None:
    workspace = with_rules(tmp_path, Day())
    assign(workspace, seed=1)
    work(workspace, "ann")
    assign(workspace, seed=1)
    assert Desk(workspace, "bob").next_ticket() is not None
    by_word(workspace, "bob", stage=Stage.CODING, admitted=False, word="drifted")
    assert Desk(workspace, "bob").next_ticket() is None
    assign(workspace, seed=1)
    assert Desk(workspace, "bob").next_ticket() is None


def test_who_knows_somebody_looks_at_their_clips_no_more(tmp_path: Path) -> None:
    workspace = with_rules(tmp_path, Day())
    assign(workspace, seed=1)
    work(workspace, "ann")
    assign(workspace, seed=1)
    desk = Desk(workspace, "bob")
    first = desk.next_ticket()
    assert first is not None
    desk.submit(first.id, an_answer(first.stage, workspace.codebook))
    second = desk.next_ticket()
    assert second is not None
    desk.give_back(second.id, because="my cousin", knows_them=True)
    with pytest.raises(Refused, match="has moved on"):
        desk.ticket(first.id)
    with pytest.raises(Refused, match="went back, and is not yours any more"):
        desk.ticket(second.id)
    with pytest.raises(Refused, match="has moved on"):
        desk.correct(first.id, an_answer(first.stage, workspace.codebook))


def test_an_expert_who_took_part_in_a_discussion_is_given_other_clips(tmp_path: Path) -> None:
    workspace = a_round(tmp_path / "ws", Day(), together=True, n_clips=1)
    with workspace.write() as records:
        records.add_coder("gus", [Role.CODER, Role.EXPERT], simulated=True)
    rules = tmp_path / "one-pass.yaml"
    text = all_of_it(together=True).replace("movement_first: true", "movement_first: false")
    first = "    - {modality: both, fields: [span, event_type, action_units]}\n"
    rules.write_text(text.replace(first, "").replace("  days_between_passes: 7\n", ""), encoding="utf-8")
    adopt(workspace, str(rules), because="one pass")
    blocked = 0
    for _ in range(30):
        assign(workspace, seed=2)
        for code in (*STAFF, "gus"):
            ticket = Desk(workspace, code).next_ticket()
            if ticket is None:
                continue
            answer = an_answer(ticket.stage, workspace.codebook, emotion=int(code in {"bea", "cem"}))
            if isinstance(answer, Adjudication):
                with workspace.read() as records:
                    clip = records.ticket(ticket.id).clip  # type: ignore[union-attr]
                    said = [one for one in records.judgements(clip) if one.stage is Stage.CODING]
                    expert = records.coder("gus").id
                named = {one.coder for one in said} | {expert}
                answer = replace(answer, participants=tuple(sorted(named)))
            try:
                Desk(workspace, code).submit(ticket.id, answer)
            except MmedError:
                blocked += 1
    assert blocked == 0
    with workspace.read() as records:
        assert set(records.stages().values()) <= {Stage.SETTLED, Stage.REJECTED}


def test_damaged_media_say_nothing_of_where_they_lie(tmp_path: Path) -> None:
    workspace = with_rules(tmp_path, Day())
    assign(workspace, seed=1)
    for path in workspace.media.rglob("picture.mp4"):
        path.unlink()
        path.mkdir()
    with pytest.raises(BadInput, match="are missing or damaged") as refused:
        Desk(workspace, "ann").next_ticket()
    assert str(workspace.root) not in str(refused.value)
    assert refused.value.__cause__ is None


def test_other_rules_leave_no_ticket_that_cannot_be_answered(tmp_path: Path) -> None:
    workspace = with_rules(tmp_path, Day())
    three = tmp_path / "three.yaml"
    text = (tmp_path / "rules.yaml").read_text(encoding="utf-8")
    three.write_text(text.replace("  judges: 2", "  judges: 3", 1), encoding="utf-8")
    adopt(workspace, str(three), because="three coders")
    assign(workspace, seed=1)
    work(workspace, "ann")
    assign(workspace, seed=1)
    for code in ("bob", "cem", "dan"):
        assert Desk(workspace, code).next_ticket() is not None
    adopt(workspace, str(tmp_path / "rules.yaml"), because="two are enough")
    for _ in range(3):
        work(workspace, "bob", "cem", "dan")
        assign(workspace, seed=1)
    with workspace.read() as records:
        assert set(records.stages().values()) == {Stage.VERIFICATION}


def test_a_second_pass_that_new_rules_want_is_opened_for_who_went_through_the_first(tmp_path: Path) -> None:
    workspace = with_rules(tmp_path, Day())
    assign(workspace, seed=1)
    work(workspace, "ann")
    assign(workspace, seed=1)
    work(workspace, "bob")
    text = (tmp_path / "rules.yaml").read_text(encoding="utf-8")
    begin, end = text.index("coding:"), text.index("adjudication:")
    fields = "[span, event_type, action_units, emotion, basis, vocal_cues, confidence, note]"
    turn = f"    - {{modality: both, fields: {fields}}}\n"
    (tmp_path / "twice.yaml").write_text(
        f"{text[:begin]}coding:\n  judges: 2\n  passes:\n{turn}{turn}\n{text[end:]}", encoding="utf-8"
    )
    adopt(workspace, str(tmp_path / "twice.yaml"), because="look twice")
    assert work(workspace, "bob") > 0
    with workspace.read() as records:
        bob = records.coder("bob").id
        turns = [one.turn for one in records.judgements(coder=bob) if isinstance(one.answer, Coding)]
    assert turns.count(1) == turns.count(2) > 0


def test_who_is_or_knows_somebody_in_the_clip_takes_no_part_in_its_discussion(tmp_path: Path) -> None:
    workspace = a_round(tmp_path / "ws", Day(), together=True, n_clips=1)
    rules = tmp_path / "one-pass.yaml"
    first = "    - {modality: both, fields: [span, event_type, action_units]}\n"
    text = all_of_it(together=True).replace("movement_first: true", "movement_first: false")
    rules.write_text(text.replace(first, "").replace("  days_between_passes: 7\n", ""), encoding="utf-8")
    adopt(workspace, str(rules), because="one pass")
    with workspace.write() as records:
        fay = records.coder("fay").id
        for subject in records.subjects():
            records.exclude(Exclusion(coder=fay, subject=subject.id, why="family"))
    refused = 0
    for _ in range(6):
        assign(workspace, seed=2)
        for code in STAFF:
            ticket = Desk(workspace, code).next_ticket()
            if ticket is None or ticket.stage is Stage.VERIFICATION:
                continue
            answer = an_answer(ticket.stage, workspace.codebook, emotion=int(code in {"bea", "cem"}))
            if isinstance(answer, Adjudication):
                with workspace.read() as records:
                    clip = records.ticket(ticket.id).clip  # type: ignore[union-attr]
                    coders = {one.coder for one in records.judgements(clip) if one.stage is Stage.CODING}
                with pytest.raises(BadInput, match="fay may not take part in this discussion"):
                    Desk(workspace, code).submit(ticket.id, replace(answer, participants=tuple(sorted({*coders, fay}))))
                refused += 1
                answer = replace(answer, participants=tuple(sorted(coders)))
            Desk(workspace, code).submit(ticket.id, answer)
    assert refused


def test_where_too_few_coders_may_discuss_a_clip_somebody_else_adjudicates_it(tmp_path: Path) -> None:
    workspace = a_round(tmp_path / "ws", Day(), together=True, n_clips=1)
    rules = tmp_path / "one-pass.yaml"
    first = "    - {modality: both, fields: [span, event_type, action_units]}\n"
    text = all_of_it(together=True).replace("movement_first: true", "movement_first: false")
    rules.write_text(text.replace(first, "").replace("  days_between_passes: 7\n", ""), encoding="utf-8")
    adopt(workspace, str(rules), because="one pass")

    def everyone(*, until: Stage) -> list[str]:
        """Who adjudicated, on a day on which nobody goes beyond a stage."""
        adjudicated = []
        for code in STAFF:
            desk = Desk(workspace, code)
            while (ticket := desk.next_ticket()) is not None and JUDGED.index(ticket.stage) <= JUDGED.index(until):
                answer = an_answer(ticket.stage, workspace.codebook, emotion=int(code in {"bea", "cem"}))
                if isinstance(answer, Adjudication):
                    assert not ticket.together
                    adjudicated.append(code)
                desk.submit(ticket.id, answer)
        return adjudicated

    while assign(workspace, seed=2).n_opened:
        everyone(until=Stage.CODING)
    with workspace.read() as records:
        waiting = {one.coder for one in records.tickets() if one.stage is Stage.ADJUDICATION}
        codes = {coder.id: coder.code for coder in records.coders()}
    assert waiting
    with workspace.write() as records:
        for subject in records.subjects():
            for code in {"bea", "bob", "cem", "dee"} - {codes[min(waiting)]}:
                records.exclude(Exclusion(coder=records.coder(code).id, subject=subject.id, why="family"))
    last = Desk(workspace, codes[min(waiting)])
    assert last.next_ticket() is None  # nobody is left to discuss it with
    assign(workspace, seed=2)
    assert set(everyone(until=Stage.ADJUDICATION)) == {"fay"}
    assign(workspace, seed=2)
    everyone(until=Stage.VERIFICATION)
    with workspace.read() as records:
        assert Stage.SETTLED in records.stages().values()
        assert Stage.ADJUDICATION not in records.stages().values()


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("x" * 10_001, "10,001 characters, at most 10,000"),
        ("half a pair \ud800", r"cannot be shown \(U\+D800\)"),
        ("red \x1b[31m", r"U\+001B"),
        ("turned \u202e", r"U\+202E"),
    ],
)
def test_a_reason_can_be_read_by_people_and_their_screens(tmp_path: Path, reason: str, said: str) -> None:
    workspace = with_rules(tmp_path, Day())
    assign(workspace, seed=1)
    ticket = Desk(workspace, "ann").next_ticket()
    assert ticket is not None
    for words in (reason, f"{reason}\n"):
        with pytest.raises(BadInput, match="characters" if len(reason) > 10_000 else said):
            Desk(workspace, "ann").submit(ticket.id, Screening(verdict=ScreeningVerdict.REJECT, reason=words))
    Desk(workspace, "ann").submit(ticket.id, Screening(verdict=ScreeningVerdict.REJECT, reason="模糊\n\tand blurred é"))
