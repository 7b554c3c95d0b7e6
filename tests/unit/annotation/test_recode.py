"""Clips sent back to coding: who gets them, and what is no longer theirs to code."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.stages import answer_all
from builders.workspace import STAFF, a_workspace, an_answer

from mmed_curate.annotation import Desk, assign
from mmed_curate.annotation.recode import Wish, recode
from mmed_curate.annotation.standing import audit
from mmed_curate.domain.conduct import RecodingKind
from mmed_curate.domain.findings import BadInput, Refused
from mmed_curate.domain.judgements import Screening, ScreeningVerdict
from mmed_curate.domain.protocol import Role, Stage
from mmed_curate.store import Workspace

EVERYTHING = Wish(kind=RecodingKind.ALL)
BESIDE = {**STAFF, "dee": (Role.ADJUDICATOR, Role.CODER), "gus": (Role.CODER,)}
"""One coder more, and an adjudicator who codes too."""


def settled(root: Path, *, disagree: bool = True) -> Workspace:
    """One clip, coded by bob and cem, adjudicated by dee where they differ, verified by eve."""
    workspace = a_workspace(root, staff={code: roles for code, roles in BESIDE.items() if code != "gus"})
    book = workspace.codebook
    for stage in (Stage.SCREENING, Stage.CODING, Stage.ADJUDICATION, Stage.VERIFICATION):
        said = {code: an_answer(stage, book) for code in STAFF}
        if stage is Stage.CODING and disagree:
            said["cem"] = an_answer(stage, book, emotion=1)
        assign(workspace, seed=1)
        answer_all(workspace, said, stage)
    with workspace.write() as records:
        records.add_coder("gus", BESIDE["gus"], simulated=True)
        assert set(records.stages().values()) == {Stage.SETTLED}
    return workspace


def test_who_did_not_code_it_comes_first_and_who_adjudicated_it_never(tmp_path: Path) -> None:
    workspace = settled(tmp_path / "ws")
    recode(workspace, EVERYTHING, because="retrained", name_of=str)
    done = assign(workspace, seed=1)
    assert "gus" in done.opened and "dee" not in done.opened
    assert len(done.opened) == 2  # beside gus one of the two who coded it before
    assert not [one for one in done.findings if one.code == "assign.short"]


def test_answers_are_taken_at_the_new_round_and_the_old_ones_stand(tmp_path: Path) -> None:
    workspace = settled(tmp_path / "ws")
    with workspace.read() as records:
        before = records.judgements()
    (clip,) = recode(workspace, EVERYTHING, because="retrained", name_of=str).clips
    assign(workspace, seed=1)
    for code in ("bob", "cem", "gus"):
        desk = Desk(workspace, code)
        while (ticket := desk.next_ticket()) is not None:
            desk.submit(ticket.id, an_answer(Stage.CODING, workspace.codebook))
    with workspace.read() as records:
        place, said = records.place(clip), records.judgements()
    assert (place.stage, place.round) == (Stage.VERIFICATION, 2)
    assert said[: len(before)] == before and [one.round for one in said[len(before) :]] == [2, 2]
    assert audit(workspace).intact


def test_a_clip_under_way_does_not_go_back_and_what_was_screened_out_neither(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws")
    with pytest.raises(BadInput, match="no clip left that could be coded once more"):
        recode(workspace, EVERYTHING, because="retrained", name_of=str)
    assign(workspace, seed=1)
    no = Screening(verdict=ScreeningVerdict.REJECT, reason="blurred")
    answer_all(workspace, {"ann": no}, Stage.SCREENING)
    with pytest.raises(BadInput, match="no clip left that could be coded once more"):
        recode(workspace, EVERYTHING, because="retrained", name_of=str)


def test_without_a_reason_nothing_goes_back_and_nothing_is_half_written(tmp_path: Path) -> None:
    workspace = settled(tmp_path / "ws")
    with pytest.raises(BadInput, match="needs a reason"):
        recode(workspace, EVERYTHING, because=" ", name_of=str)
    with workspace.read() as records:
        assert records.recodings() == () and set(records.stages().values()) == {Stage.SETTLED}


def test_between_two_attempts_it_goes_back_once(tmp_path: Path) -> None:
    workspace = settled(tmp_path / "ws", disagree=False)
    recode(workspace, EVERYTHING, because="retrained", name_of=str)
    with pytest.raises(Refused, match="still being judged"):
        recode(workspace, EVERYTHING, because="once more", name_of=str)
    for stage in (Stage.CODING, Stage.VERIFICATION):
        assign(workspace, seed=1)
        answer_all(workspace, {code: an_answer(stage, workspace.codebook) for code in (*STAFF, "gus")}, stage)
    with pytest.raises(BadInput, match="hold the gate"):
        recode(workspace, EVERYTHING, because="once more", name_of=str)
