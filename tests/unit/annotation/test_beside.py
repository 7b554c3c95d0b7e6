"""What a coder leaves beside their answers: aids they used, effort, flags; what comes next, and how far they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders.leaving import a_lab, on_desk
from builders.workspace import a_workspace, an_answer

from mmed_curate.annotation import Aid, Desk, Effort, OwnProgress, Ticket, assign
from mmed_curate.annotation.handout import desk_folder
from mmed_curate.annotation.withdrawal import withdraw
from mmed_curate.domain.conduct import Exclusion
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.protocol import Role, Stage
from mmed_curate.store import TicketState, Workspace

STAFF = {"ann": (Role.SCREENER,), "bob": (Role.SCREENER,)}
EFFORT = Effort(entries=7, steps=120, replays=9, seconds_active=41.5, n_full_speed_plays=2)
WORDS = "her sister Rosalind laughs in the background"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Eight clips at screening, all of them ann's or bob's."""
    made = a_workspace(tmp_path / "ws", n_clips=8, staff=STAFF)
    assign(made, seed=1)
    return made


def take(desk: Desk) -> Ticket:
    ticket = desk.next_ticket()
    assert ticket is not None
    return ticket


def logged(workspace: Workspace, kind: str) -> list[dict[str, object]]:
    with workspace.read() as records:
        return [json.loads(entry.payload) for entry in records.log(kind)]


def intact(workspace: Workspace) -> bool:
    with workspace.read() as records:
        return records.audit().intact


def test_an_aid_is_noted_once_for_each_ticket(workspace: Workspace) -> None:
    desk = Desk(workspace, "ann")
    ticket = take(desk)
    for aid in (Aid.MAGNIFICATION, Aid.DIFFERENCE, Aid.MAGNIFICATION):
        desk.note_aid(ticket.id, aid)
    assert logged(workspace, "aid.used") == [
        {"ticket": ticket.id, "aid": "magnification"},
        {"ticket": ticket.id, "aid": "difference"},
    ]
    with workspace.read() as records:
        assert records.aids() == {ticket.id: (Aid.MAGNIFICATION, Aid.DIFFERENCE)}
        assert {entry.actor for entry in records.log("aid.used")} == {"ann"}
    assert intact(workspace)


def test_an_effort_is_noted_beside_the_answer(workspace: Workspace) -> None:
    desk = Desk(workspace, "ann")
    ticket = take(desk)
    desk.submit(ticket.id, an_answer(Stage.SCREENING, workspace.codebook))
    desk.note_effort(ticket.id, EFFORT)
    with workspace.read() as records:
        assert records.efforts() == {ticket.id: EFFORT}
    assert intact(workspace)


@pytest.mark.parametrize("name", ["entries", "steps", "replays", "n_full_speed_plays", "seconds_active"])
def test_an_effort_is_no_less_than_nothing(name: str) -> None:
    with pytest.raises(BadInput, match="are no effort"):
        Effort(**{"entries": 1, "steps": 1, "replays": 1, "seconds_active": 1.0, "n_full_speed_plays": 1, name: -1})
    with pytest.raises(BadInput, match="are no effort"):
        Effort(entries=1, steps=1, replays=1, seconds_active=float("nan"), n_full_speed_plays=1)


def test_nothing_is_noted_of_tickets_that_are_not_in_the_coders_hands(workspace: Workspace) -> None:
    desk, other = Desk(workspace, "ann"), Desk(workspace, "bob")
    not_taken = desk.coming(5)[-1].id
    others = take(other).id
    for ticket, said in ((not_taken, "is not on the desk"), (others, "you have no ticket")):
        for act in (
            lambda id: desk.note_aid(id, Aid.DIFFERENCE),
            lambda id: desk.note_effort(id, EFFORT),
            lambda id: desk.flag(id, "look at this"),
        ):
            with pytest.raises(BadInput, match=said):
                act(ticket)
    assert not any(logged(workspace, kind) for kind in ("aid.used", "effort.noted", "flag.raised"))


def test_what_comes_next_is_laid_out_in_order_and_not_taken(workspace: Workspace) -> None:
    desk = Desk(workspace, "ann")
    with workspace.read() as records:
        mine = [one.id for one in records.tickets(coder=records.coder("ann").id)]
    assert len(mine) > 2
    on_it = take(desk)
    coming = desk.coming(2)
    assert [on_it.id, *(one.id for one in coming)] == mine[:3]
    assert all(one.picture is not None and one.picture.is_file() for one in coming)
    with workspace.read() as records:
        states = [one.state for one in records.tickets(coder=records.coder("ann").id)]
    assert states == [TicketState.HELD] + [TicketState.OPEN] * (len(mine) - 1)
    desk.submit(on_it.id, an_answer(Stage.SCREENING, workspace.codebook))
    assert take(desk) == coming[0]
    assert len(desk.coming(99)) == len(mine) - 2
    assert desk.coming(0) == ()


def test_what_may_not_be_answered_does_not_come(workspace: Workspace) -> None:
    desk = Desk(workspace, "ann")
    assert desk.coming(1)
    with workspace.write() as records:
        records.exclude(Exclusion(coder=records.coder("ann").id, subject=records.subject("S1").id, why="a cousin"))
    assert desk.coming(5) == ()


def test_what_was_laid_out_ahead_goes_when_it_is_taken_back(workspace: Workspace) -> None:
    desk = Desk(workspace, "ann")
    assert desk.coming(2)
    with workspace.write() as records:
        records.exclude(Exclusion(coder=records.coder("ann").id, subject=records.subject("S1").id, why="a cousin"))
    assert desk.next_ticket() is None
    assert list((workspace.media / "desk").iterdir()) == []


def test_one_whose_media_are_damaged_is_left_out_until_it_comes(workspace: Workspace) -> None:
    desk = Desk(workspace, "ann")
    before = desk.coming(5)
    with workspace.read() as records:
        record = records.ticket(before[0].id)
        assert record is not None
        (picture, _) = records.assets(clip=record.clip)
    (workspace.media / picture.path).write_bytes(b"something else")
    for one in before:
        for path in desk_folder(workspace.media, one.clip_name).iterdir():
            path.unlink()
    assert [one.id for one in desk.coming(5)] == [one.id for one in before[1:]]


def test_how_far_a_coder_is_today_and_where_the_rest_waits(tmp_path: Path) -> None:
    """Two answers yesterday at 23:59 UTC, one after midnight; a correction of yesterday's is not one of today's."""
    now = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    workspace = a_workspace(tmp_path / "ws", n_clips=5, staff={"ann": (Role.SCREENER,)})
    workspace = Workspace.open(workspace.root, now=lambda: now)
    assign(workspace, seed=1)
    desk, answered = Desk(workspace, "ann"), an_answer(Stage.SCREENING, workspace.codebook)
    tickets = []
    for _ in range(2):
        tickets.append(take(desk).id)
        desk.submit(tickets[-1], answered)
    assert desk.progress().submitted_today == 2
    now += timedelta(minutes=2)
    assert desk.progress().submitted_today == 0
    desk.submit(take(desk).id, answered)
    assert desk.progress() == OwnProgress(
        waiting=2, submitted=3, submitted_today=1, waiting_at={Stage.SCREENING: 2}, later=0
    )


def test_a_pass_that_lies_days_away_counts_as_later(tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    workspace = Workspace.open(a_workspace(tmp_path / "ws", staff=STAFF).root, now=lambda: now)
    with workspace.write() as records:
        (clip,) = records.clips()
        ann = records.coder("ann").id
        for turn, day in ((1, None), (2, now + timedelta(days=3))):
            records.open_ticket(clip=clip.id, coder=ann, stage=Stage.SCREENING, round=1, turn=turn, not_before=day)
    desk = Desk(workspace, "ann")
    assert desk.progress() == OwnProgress(waiting=2, submitted=0, waiting_at={Stage.SCREENING: 2}, later=1)
    assert len(desk.coming(5)) == 1
    now += timedelta(days=3)
    assert desk.progress().later == 0


def test_a_flag_stays_open_until_the_curator_closes_it(workspace: Workspace) -> None:
    desk = Desk(workspace, "ann")
    ticket = take(desk)
    desk.flag(ticket.id, WORDS)
    assert take(desk).id == ticket.id
    with workspace.read() as records:
        (flag,) = records.open_flags()
        record = records.ticket(ticket.id)
    assert record is not None
    assert (flag.clip, flag.ticket, flag.coder, flag.because) == (record.clip, ticket.id, "ann", WORDS)
    with pytest.raises(BadInput, match="closing a flag needs a reason"), workspace.write() as writer:
        writer.close_flags(flag.clip, " ")
    with workspace.write() as writer:
        assert writer.close_flags(flag.clip, "spoken of on Monday; it stands") == 1
    with workspace.read() as records:
        assert records.open_flags() == ()
    with pytest.raises(BadInput, match="has no open flag"), workspace.write() as writer:
        writer.close_flags(flag.clip, "once more")
    desk.flag(ticket.id, "and now this")
    with workspace.read() as records:
        assert [one.because for one in records.open_flags()] == ["and now this"]
    assert intact(workspace)


def test_a_flag_needs_a_reason(workspace: Workspace) -> None:
    desk = Desk(workspace, "ann")
    with pytest.raises(BadInput, match="flagging a clip needs a reason: say why"):
        desk.flag(take(desk).id, " ")


def test_the_log_seals_the_words_of_a_flag_and_does_not_show_them(workspace: Workspace) -> None:
    desk = Desk(workspace, "ann")
    desk.flag(take(desk).id, WORDS)
    ((entry,),) = (logged(workspace, "flag.raised"),)
    assert set(entry) == {"clip", "ticket", "seal"}
    with workspace.write() as records:
        name = f"words:{records.log('flag.raised')[0].sequence}"
        records._session.connection().exec_driver_sql("UPDATE keepsake SET value = ? WHERE name = ?", (b"other", name))
    assert not intact(workspace)


def test_the_words_go_with_the_subject_and_the_audit_still_passes(tmp_path: Path) -> None:
    workspace, clips = a_lab(tmp_path / "ws")
    desk = Desk(workspace, "cem")
    ticket = TicketId(on_desk(workspace, "cem", clips["S1"]))
    desk.flag(ticket, WORDS)
    desk.note_aid(ticket, Aid.DIFFERENCE)
    with workspace.write() as records:
        records.close_flags(clips["S1"], WORDS)
    desk.flag(ticket, WORDS)
    assert intact(workspace)
    withdraw(workspace, "S1")
    with workspace.read() as records:
        assert records.open_flags() == ()
    withdraw(workspace, "S1", erase=True)
    workspace.close()
    assert not [path for path in workspace.root.glob("mmed.sqlite*") if b"Rosalind" in path.read_bytes()]
    assert intact(workspace)


def test_flags_of_others_stay_when_somebody_leaves(tmp_path: Path) -> None:
    workspace, clips = a_lab(tmp_path / "ws")
    ticket = TicketId(on_desk(workspace, "cem", clips["S3"]))
    Desk(workspace, "cem").flag(ticket, "is this a blink?")
    withdraw(workspace, "S1")
    with workspace.read() as records:
        assert [flag.clip for flag in records.open_flags()] == [clips["S3"]]
