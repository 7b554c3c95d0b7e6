"""Seats given in one go are those given one by one: the same ids, order and log entries."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.workspace import a_workspace

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.protocol import Purpose, Stage
from mmed_curate.store import TicketState, Workspace
from mmed_curate.store.tickets import Seat


def seats(workspace: Workspace) -> list[Seat]:
    with workspace.read() as records:
        one, two = (clip.id for clip in records.clips())
    return [
        Seat(clip=two, stage=Stage.CODING, round=1),
        Seat(clip=one, stage=Stage.CODING, round=1, purpose=Purpose.GOLD),
        Seat(clip=one, stage=Stage.CODING, round=1, turn=2),
    ]


def test_in_one_go_or_one_by_one(tmp_path: Path) -> None:
    seen = []
    for name in ("go", "one"):
        workspace = a_workspace(tmp_path / name, n_clips=2)
        with workspace.write() as records:
            bob = records.coder("bob").id
            if name == "go":
                records.open_tickets(bob, seats(workspace))
            else:
                for seat in seats(workspace):
                    records.open_ticket(
                        clip=seat.clip,
                        coder=bob,
                        stage=seat.stage,
                        round=seat.round,
                        purpose=seat.purpose,
                        turn=seat.turn,
                    )
        with workspace.read() as records:
            seen.append((records.tickets(coder=bob), [one.payload for one in records.log("ticket.opened")]))
            assert records.audit().intact
    assert seen[0] == seen[1]
    assert [ticket.position for ticket in seen[0][0]] == [0, 1, 2]


def test_what_was_given_back_is_given_anew_and_nothing_else_twice(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", n_clips=2)
    with workspace.write() as records:
        bob = records.coder("bob").id
        first, *_ = records.open_tickets(bob, seats(workspace))
        records.return_ticket(first, why="no time")
        (again,) = records.open_tickets(bob, seats(workspace)[:1])
    assert again == first
    with workspace.read() as records:
        ticket = records.ticket(first)
    assert ticket is not None
    assert (ticket.state, ticket.position) == (TicketState.OPEN, 3), "behind all others"
    with pytest.raises(BadInput, match="the database refuses this"), workspace.write() as records:
        records.open_tickets(bob, seats(workspace)[1:2])
    with pytest.raises(BadInput, match="the database refuses this"), workspace.write() as records:
        cem = records.coder("cem").id
        records.open_tickets(cem, seats(workspace)[:1] * 2)
    with workspace.read() as records:
        assert records.tickets(coder=cem) == ()
        assert records.audit().intact
