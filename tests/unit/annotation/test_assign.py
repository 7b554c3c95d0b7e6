"""Handing out: equal load, every pair together, nobody where they may not judge, and no clip forgotten in silence."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import pytest
from builders.workspace import STAFF, a_workspace, add_clips, an_answer

from mmed_curate.annotation import Desk, assign
from mmed_curate.domain.findings import BadInput, Severity
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.protocol import Role, Stage
from mmed_curate.store import TicketState, Workspace

MANY = {"ann": (Role.SCREENER,)} | {f"c{number}": (Role.CODER,) for number in range(5)}


def judge_all(workspace: Workspace, *codes: str) -> None:
    """Let these coders do all that lies before them."""
    for code in codes:
        desk = Desk(workspace, code)
        while (ticket := desk.next_ticket()) is not None:
            desk.submit(ticket.id, an_answer(ticket.stage, workspace.codebook))


def seats(workspace: Workspace, stage: Stage) -> dict[ClipId, frozenset[str]]:
    """Who was given a seat at a stage, by clip."""
    with workspace.read() as records:
        code = {coder.id: coder.code for coder in records.coders()}
        given: dict[ClipId, set[str]] = {}
        for ticket in records.tickets():
            if ticket.stage is stage:
                given.setdefault(ticket.clip, set()).add(code[ticket.coder])
    return {clip: frozenset(codes) for clip, codes in given.items()}


@pytest.fixture(scope="module")
def coding(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Twenty clips accepted for coding by two out of five."""
    workspace = a_workspace(tmp_path_factory.mktemp("assign") / "ws", n_clips=20, staff=MANY)
    assign(workspace, seed=1)
    judge_all(workspace, "ann")
    assign(workspace, seed=1)
    return workspace


def test_every_clip_gets_two_different_coders(coding: Workspace) -> None:
    given = seats(coding, Stage.CODING)
    assert len(given) == 20
    assert {len(codes) for codes in given.values()} == {2}


def test_load_is_equal_and_every_pair_shares_clips(coding: Workspace) -> None:
    """Forty seats over five coders: eight each. Ten pairs over twenty clips: two each, give or take one."""
    given = seats(coding, Stage.CODING)
    assert Counter(code for codes in given.values() for code in codes) == {f"c{number}": 8 for number in range(5)}
    pairs = Counter(given.values())
    assert {frozenset(pair) for pair in combinations([f"c{number}" for number in range(5)], 2)} == set(pairs)
    assert max(pairs.values()) <= 3


def test_coders_do_not_get_their_common_clips_in_one_order(coding: Workspace) -> None:
    with coding.read() as records:
        code = {coder.id: coder.code for coder in records.coders()}
        orders: dict[str, list[ClipId]] = {}
        for ticket in records.tickets():
            orders.setdefault(code[ticket.coder], []).append(ticket.clip)
    by_name = [sorted(order) == order for order in orders.values()]
    assert not all(by_name)
    alike = []
    for one, other in combinations([f"c{number}" for number in range(5)], 2):
        common = set(orders[one]) & set(orders[other])
        alike.append([c for c in orders[one] if c in common] == [c for c in orders[other] if c in common])
    assert not all(alike)


def test_the_same_seed_gives_the_same_seats_whatever_order_the_rows_came_in(tmp_path: Path) -> None:
    recordings = ("a.mp4", "b.mp4", "c.mp4")
    given = []
    for name, order, people in (("one", recordings, list(MANY)), ("two", recordings[::-1], list(MANY)[::-1])):
        workspace = a_workspace(tmp_path / name, n_clips=0, staff={code: MANY[code] for code in people})
        for recording in order:
            add_clips(workspace, 3, recording=recording)
        assign(workspace, seed=5)
        judge_all(workspace, "ann")
        assign(workspace, seed=5)
        given.append(seats(workspace, Stage.CODING))
    assert given[0] == given[1]


def test_another_seed_gives_other_seats(tmp_path: Path) -> None:
    given = []
    for seed in (1, 2):
        workspace = a_workspace(tmp_path / str(seed), n_clips=8, staff=MANY)
        assign(workspace, seed=1)
        judge_all(workspace, "ann")
        assign(workspace, seed=seed)
        given.append(seats(workspace, Stage.CODING))
    assert given[0] != given[1]


def test_a_second_round_opens_nothing_that_is_open_already(coding: Workspace) -> None:
    before = seats(coding, Stage.CODING)
    assert assign(coding, seed=99).n_opened == 0
    assert seats(coding, Stage.CODING) == before


def test_nobody_is_used_up_who_is_needed_later(tmp_path: Path) -> None:
    """Of three coders one is the only adjudicator and one the only expert: whoever codes, the clip would be stuck
    unless the other coder and a spare one are taken."""
    staff = {
        "ann": (Role.SCREENER,),
        "bob": (Role.CODER,),
        "cem": (Role.CODER, Role.ADJUDICATOR),
        "dee": (Role.CODER,),
        "eve": (Role.CODER, Role.EXPERT),
    }
    workspace = a_workspace(tmp_path / "ws", n_clips=6, staff=staff)
    assign(workspace, seed=1)
    judge_all(workspace, "ann")
    assert assign(workspace, seed=1).findings == ()
    assert set(seats(workspace, Stage.CODING).values()) == {frozenset({"bob", "dee"})}


def test_clips_that_wait_for_people_are_named_with_role_and_number(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", n_clips=3, staff={"ann": (Role.SCREENER,), "bob": (Role.CODER,)})
    assign(workspace, seed=1)
    judge_all(workspace, "ann")
    done = assign(workspace, seed=1)
    assert done.opened == {"bob": 3}
    errors = [finding for finding in done.findings if finding.severity is Severity.ERROR]
    assert [str(error) for error in errors] == [
        "3 clips wait at coding for want of 1 more coder who may judge: "
        "register more with `mmed coder add CODE --role coder`, then assign again"
    ]
    warned = [finding for finding in done.findings if finding.severity is Severity.WARNING]
    assert [warning.parameters["role"] for warning in warned] == ["adjudicator"]


def test_without_anyone_every_seat_is_named(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", n_clips=2, staff={"eve": (Role.EXPERT,)})
    done = assign(workspace, seed=1)
    assert done.n_opened == 0
    (finding,) = done.findings
    assert dict(finding.parameters) == {"stage": "screening", "role": "screener", "missing": 1, "clips": 2}


def test_a_late_coder_fills_the_seat_that_was_free(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", staff={code: STAFF[code] for code in ("ann", "bob", "dee", "eve")})
    assign(workspace, seed=1)
    judge_all(workspace, "ann")
    assign(workspace, seed=1)
    judge_all(workspace, "bob")
    with workspace.write() as records:
        records.add_coder("cem", [Role.CODER])
    assert assign(workspace, seed=1).opened == {"cem": 1}


def test_eight_rounds_of_handing_out_at_once_double_nothing(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", n_clips=4, staff=STAFF)
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda seed: assign(Workspace.open(workspace.root), seed=seed).n_opened, range(8)))
    assert sorted(opened) == [0] * 7 + [4]


def test_eight_claims_at_once_get_eight_different_tickets(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", n_clips=6, staff=STAFF)
    assign(workspace, seed=1)
    with workspace.read() as records:
        ann = records.coder("ann").id

    def claim(_: int) -> str | None:
        with Workspace.open(workspace.root).write(actor="ann") as records:
            ticket = records.claim_ticket(ann)
        return None if ticket is None else ticket.id

    with ThreadPoolExecutor(8) as pool:
        claimed = [id for id in pool.map(claim, range(8)) if id is not None]
    assert len(claimed) == len(set(claimed)) == 6
    with workspace.read() as records:
        assert {ticket.state for ticket in records.tickets(coder=ann)} == {TicketState.HELD}


def test_of_eight_submits_at_once_one_counts(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", staff=STAFF)
    assign(workspace, seed=1)
    ticket = Desk(workspace, "ann").next_ticket()
    assert ticket is not None

    def submit(_: int) -> bool:
        try:
            Desk(Workspace.open(workspace.root), "ann").submit(
                ticket.id, an_answer(Stage.SCREENING, workspace.codebook)
            )
        except BadInput:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(submit, range(8))) == [False] * 7 + [True]
    with workspace.read() as records:
        assert len(records.judgements()) == 1
        assert records.audit().intact
