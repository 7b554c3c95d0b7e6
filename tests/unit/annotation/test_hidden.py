"""Gold and repeats among ordinary tickets: not to be told apart, as many as are asked for, and not too early."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import pytest
from builders.known import CODERS, a_lab, add_gold, known_event, work
from builders.rounds import Day
from builders.workspace import add_clips

from mmed_curate.annotation import Desk, Ticket, assign
from mmed_curate.annotation.checks import checks
from mmed_curate.annotation.qualify import by_word
from mmed_curate.domain.conduct import Exclusion
from mmed_curate.domain.findings import MmedError
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import Purpose, Role, Stage
from mmed_curate.store import TicketRecord, TicketState, Workspace

HIDDEN = "repeats: {share: 0.2, after_days: 14}\ngold: {share: 0.1}\n"
ALL = (Purpose.ORDINARY, Purpose.GOLD, Purpose.REPEAT)


def tickets_of(workspace: Workspace, code: str, purpose: Purpose) -> list[TicketRecord]:
    with workspace.read() as records:
        tickets = records.tickets(coder=records.coder(code).id)
    return [one for one in tickets if one.purpose is purpose and one.stage is Stage.CODING]


def next_round(workspace: Workspace, number: int, n_clips: int) -> None:
    """New clips come in, are screened, and go to their coders with all that is hidden among them."""
    add_clips(workspace, n_clips, recording=f"round-{number}.mp4")
    assign(workspace, seed=number)
    work(workspace, "ann")
    assign(workspace, seed=number)


def counts(workspace: Workspace, code: str) -> Counter[Purpose]:
    """How many coding tickets of each purpose a coder got so far."""
    return Counter({purpose: len(tickets_of(workspace, code, purpose)) for purpose in ALL})


def finish(workspace: Workspace) -> None:
    """Let the expert settle all that was coded."""
    assign(workspace, seed=1)
    work(workspace, "eve")


@pytest.fixture
def desk_full(tmp_path: Path) -> Workspace:
    """Bob has ordinary tickets, gold and repeats before him, none of them looked at."""
    day = Day()
    workspace = a_lab(tmp_path / "ws", day, rules=HIDDEN, n_gold=6, n_free=2)
    next_round(workspace, 1, 12)
    work(workspace, *CODERS)
    finish(workspace)
    day.go_on(15)
    next_round(workspace, 2, 12)
    waiting = {
        purpose: [one for one in tickets_of(workspace, "bob", purpose) if one.state is TicketState.OPEN]
        for purpose in ALL
    }
    assert all(waiting.values()), waiting
    return workspace


def shape(value: object, ticket: Ticket) -> str:
    """What a value says beyond the ticket's own opaque names."""
    return repr(value).replace(ticket.id, "<id>").replace(ticket.clip_name, "<name>")


def seen_at_the_desk(workspace: Workspace, desk: Desk, ticket: Ticket) -> dict[str, object]:
    """All that a coder can learn of a ticket and try with it, but for what its names and media are."""
    seen: dict[str, object] = {field.name: shape(getattr(ticket, field.name), ticket) for field in fields(Ticket)}
    seen["lengths of its names"] = (len(ticket.id), len(ticket.clip_name))
    for path in (ticket.picture, ticket.sound):
        assert path is not None
        about = path.stat()
        seen[path.name] = (about.st_mtime, about.st_mode, about.st_nlink, path.parent.stat().st_mtime)
        seen[f"beside {path.name}"] = sorted(beside.name for beside in path.parent.iterdir())
    wrong = Coding(events=(known_event(workspace.codebook, onset=55),))
    right = Coding(events=(known_event(workspace.codebook),))

    def said(name: str, attempt: object) -> None:
        try:
            seen[name] = shape(attempt(), ticket)  # type: ignore[operator]
        except MmedError as error:
            seen[name] = shape(str(error), ticket)

    said("the ticket again", lambda: desk.ticket(ticket.id))
    said("a draft", lambda: desk.save_draft(ticket.id, "{}"))
    said("its draft", lambda: desk.draft(ticket.id))
    said("feedback before", lambda: desk.feedback(ticket.id))
    said("a correction before", lambda: desk.correct(ticket.id, right))
    said("a wrong answer", lambda: desk.submit(ticket.id, wrong))
    before = desk.progress()
    said("the answer", lambda: desk.submit(ticket.id, right))
    after = desk.progress()
    seen["progress"] = (after.waiting - before.waiting, after.submitted - before.submitted)
    said("twice", lambda: desk.submit(ticket.id, right))
    said("feedback after", lambda: desk.feedback(ticket.id))
    said("a correction", lambda: desk.correct(ticket.id, right))
    said("a look back", lambda: desk.ticket(ticket.id))
    said("given back", lambda: desk.give_back(ticket.id, because="too late"))
    return seen


def test_gold_and_repeats_cannot_be_told_from_ordinary_tickets(desk_full: Workspace) -> None:
    """Each ordinary clip has its other answer already, so that bob's is the last one: as it may be with any clip."""
    work(desk_full, "cem", "dee")
    desk = Desk(desk_full, "bob")
    seen: dict[Purpose, list[dict[str, object]]] = {purpose: [] for purpose in ALL}
    while (ticket := desk.next_ticket()) is not None:
        with desk_full.read() as records:
            record = records.ticket(ticket.id)
        assert record is not None
        seen[record.purpose].append(seen_at_the_desk(desk_full, desk, ticket))
    ordinary = seen[Purpose.ORDINARY][0]
    for purpose in ALL:
        assert seen[purpose]
        for one in seen[purpose]:
            assert one == ordinary, purpose


def test_the_comparison_notices_a_difference(desk_full: Workspace) -> None:
    """A desk that let hidden tickets be corrected would be told by it."""

    class Kind(Desk):
        def correct(self, ticket_id: TicketId, answer: object) -> None:
            with self._workspace.read() as records:
                record = records.ticket(ticket_id)
            if record is None or record.purpose is Purpose.ORDINARY or record.state is not TicketState.SUBMITTED:
                super().correct(ticket_id, answer)  # type: ignore[arg-type]

    work(desk_full, "cem", "dee")
    desk = Kind(desk_full, "bob")
    seen = []
    while (ticket := desk.next_ticket()) is not None:
        seen.append(seen_at_the_desk(desk_full, desk, ticket))
    assert any(one != seen[0] for one in seen)


def test_hidden_tickets_lie_anywhere_among_the_others(tmp_path: Path) -> None:
    """Ten coders' gold, one each among ten: not all at one place."""
    staff = {"ann": (Role.SCREENER,), **{f"c{number}": (Role.CODER,) for number in range(10)}}
    workspace = a_lab(tmp_path / "ws", Day(), rules=HIDDEN, n_gold=3, n_free=1, staff=staff)
    next_round(workspace, 1, 45)
    places = []
    for number in range(10):
        (gold,) = tickets_of(workspace, f"c{number}", Purpose.GOLD)
        places.append(gold.position)
    assert len(set(places)) >= 4


def test_the_shares_are_reached_over_many_rounds(tmp_path: Path) -> None:
    """A tenth of each coder's coding tickets is gold, a fifth of the clips they coded comes again, rounded up."""
    day = Day()
    workspace = a_lab(tmp_path / "ws", day, rules=HIDDEN, n_gold=12, n_free=4)
    for number in range(1, 5):
        next_round(workspace, number, 6 + number)
        for code in CODERS:
            had = counts(workspace, code)
            assert 0.1 * had.total() <= had[Purpose.GOLD] < 0.1 * had.total() + 1, (number, code)
        work(workspace, *CODERS)
        finish(workspace)
        day.go_on(15)
    assign(workspace, seed=9)
    for code in CODERS:
        had = counts(workspace, code)
        assert 0.2 * had[Purpose.ORDINARY] <= had[Purpose.REPEAT] < 0.2 * had[Purpose.ORDINARY] + 1
        met = Counter(one.clip for purpose in ALL for one in tickets_of(workspace, code, purpose))
        again = {one.clip for one in tickets_of(workspace, code, Purpose.REPEAT)}
        assert {clip for clip, times in met.items() if times > 1} == again, "nothing else comes twice"


def test_repeats_come_after_the_days_and_not_before(tmp_path: Path) -> None:
    day = Day()
    workspace = a_lab(tmp_path / "ws", day, rules=HIDDEN)
    next_round(workspace, 1, 6)
    work(workspace, *CODERS)
    finish(workspace)
    day.go_on(13.9)
    assert assign(workspace, seed=1).n_opened == 0
    day.go_on(0.1)
    assert assign(workspace, seed=1).opened == dict.fromkeys(CODERS, 1)  # a fifth of four clips each
    for code in CODERS:
        (repeat,) = tickets_of(workspace, code, Purpose.REPEAT)
        assert repeat.clip in {one.clip for one in tickets_of(workspace, code, Purpose.ORDINARY)}


def test_nobody_repeats_whom_they_turned_out_to_know_or_without_admission(tmp_path: Path) -> None:
    day = Day()
    workspace = a_lab(tmp_path / "ws", day, rules=HIDDEN, n_gold=4, n_free=1)
    next_round(workspace, 1, 6)
    work(workspace, *CODERS)
    finish(workspace)
    with workspace.write() as records:
        bob, whom = records.coder("bob").id, records.subject("S1").id
        records.exclude(Exclusion(coder=bob, subject=whom, why="met her at a fair"))
    by_word(workspace, "cem", stage=Stage.CODING, admitted=False, word="drifts")
    day.go_on(15)
    assert set(assign(workspace, seed=1).opened) == {"dee"}


@pytest.mark.parametrize("n_gold", [4, 1])
def test_hidden_gold_whose_last_pass_was_let_lie_is_made_up_for(tmp_path: Path, n_gold: int) -> None:
    """By another clip, and where none is left by the same pass once more: it measured nothing so far."""
    day = Day()
    workspace = a_lab(tmp_path / "ws", day, rules="gold: {share: 0.1}\nreturn_after_days: 10\n", n_gold=n_gold)
    turn = workspace.protocol.coding.turns[0]
    coding = workspace.protocol.coding.model_copy(update={"passes": (turn, turn), "days_between_passes": 7.0})
    workspace.protocol = workspace.protocol.model_copy(update={"coding": coding})
    next_round(workspace, 1, 6)
    work(workspace, *CODERS)
    day.go_on(18)  # seven days later the second pass waits, ten days after that it goes back
    next_round(workspace, 2, 6)
    gold = tickets_of(workspace, "bob", Purpose.GOLD)
    lapsed = {one.clip for one in gold if one.turn == 2 and one.state is TicketState.RETURNED}
    waiting = {(one.clip in lapsed, one.turn) for one in gold if one.state is TicketState.OPEN}
    if n_gold == 1:
        assert not lapsed
        assert waiting == {(False, 2)}
    else:
        assert len(lapsed) == 1
        assert waiting == {(False, 1)}


def test_a_repeat_is_held_against_what_was_said_first(tmp_path: Path) -> None:
    day = Day()
    workspace = a_lab(tmp_path / "ws", day, rules="repeats: {share: 1, after_days: 14}\n")
    next_round(workspace, 1, 1)
    coders = [code for code in CODERS if tickets_of(workspace, code, Purpose.ORDINARY)]
    for code, onset in zip(coders, (20, 22), strict=True):
        desk = Desk(workspace, code)
        ticket = desk.next_ticket()
        assert ticket is not None
        desk.submit(ticket.id, Coding(events=()))
        if onset == 20:  # the clip waits for the other coder: this one may still be corrected
            desk.correct(ticket.id, Coding(events=(known_event(workspace.codebook, onset=onset),)))
    day.go_on(31)
    assign(workspace, seed=1)
    work(workspace, *coders)
    first, second = sorted(checks(workspace), key=lambda one: len(one.against.events))
    assert (first.kind, f"{first.at:%Y-%m}", first.against.events) == (Purpose.REPEAT, "2026-04", ())
    assert second.against.events[0].span.onset == 20


def test_sixteen_coders_at_once_get_no_ticket_twice(tmp_path: Path) -> None:
    """Each with a desk and a connection of their own; every ticket is answered once and by the one it was given to."""
    staff = {"ann": (Role.SCREENER,), **{f"c{number:02}": (Role.CODER,) for number in range(16)}}
    workspace = a_lab(tmp_path / "ws", Day(), rules=HIDDEN, staff=staff)
    add_gold(workspace, 3, 1)
    next_round(workspace, 1, 24)
    opened = {one.id: one.coder for code in staff for one in tickets_of(workspace, code, Purpose.ORDINARY)}
    assert len(opened) == 48

    def all_day(code: str) -> list[tuple[str, str]]:
        own = Workspace.open(workspace.root)
        desk, had = Desk(own, code), []
        while (ticket := desk.next_ticket()) is not None:
            had.append((ticket.id, ticket.clip_name))
            desk.submit(ticket.id, Coding(events=()))
        own.close()
        return had

    with ThreadPoolExecutor(16) as pool:
        given = [one for had in pool.map(all_day, sorted(staff)[1:]) for one in had]
    assert len({id for id, _ in given}) == len({name for _, name in given}) == len(given)
    assert set(opened) <= {id for id, _ in given}
    with workspace.read() as records:
        judged = records.judgements(purposes=(Purpose.ORDINARY,))
        coded = [(one.clip, one.coder) for one in judged if one.stage is Stage.CODING]
        assert records.audit().intact
    assert len(set(coded)) == len(coded) == 48


def test_sixteen_windows_of_one_coder_show_one_ticket(tmp_path: Path) -> None:
    workspace = a_lab(tmp_path / "ws", Day(), rules=HIDDEN)
    add_clips(workspace, 5)
    assign(workspace, seed=1)
    with ThreadPoolExecutor(16) as pool:
        shown = list(pool.map(lambda _: Desk(Workspace.open(workspace.root), "ann").next_ticket(), range(16)))
    assert len({ticket.id for ticket in shown if ticket is not None}) == 1
    assert None not in shown
