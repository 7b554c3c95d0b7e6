"""Clips that can be watched, brought to the stage that a test is about by desks without a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from builders.watchable import MOVEMENT_FIRST, a_watchable_workspace
from builders.workspace import STAFF, an_answer
from mmed_curate.annotation import Desk, assign
from mmed_curate.domain.judgements import Answer, Coding
from mmed_curate.domain.protocol import Role, Stage
from mmed_curate.store import Workspace


def of_modality(folder: Path, stage: Stage, modality: str) -> Path:
    """The protocol of the window's tests with another modality at one stage, written into a folder."""
    text = MOVEMENT_FIRST.read_text(encoding="utf-8")
    begin = text.index(f"\n{stage.value}:")
    head, tail = text[:begin], text[begin:]
    path = folder / f"{stage.value}-{modality}.yaml"
    path.write_text(head + tail.replace("modality: both", f"modality: {modality}", 1), encoding="utf-8")
    return path


def a_workspace_at(
    root: Path,
    stage: Stage,
    *,
    n_clips: int = 1,
    protocol: Path = MOVEMENT_FIRST,
    staff: Mapping[str, tuple[Role, ...]] = STAFF,
    disagree: bool = True,
) -> Workspace:
    """Clips that wait at a stage; where two coders disagree, it is on the emotion and by three frames of the onset."""
    workspace = a_watchable_workspace(root, n_clips=n_clips, protocol=protocol, staff=staff)
    before = {
        Stage.SCREENING: (),
        Stage.CODING: (Stage.SCREENING,),
        Stage.ADJUDICATION: (Stage.SCREENING, Stage.CODING),
        Stage.VERIFICATION: (Stage.SCREENING, Stage.CODING, Stage.ADJUDICATION),
    }[stage]
    assign(workspace, seed=1)
    for one in before:
        said = {code: an_answer(one, workspace.codebook) for code in staff}
        if one is Stage.CODING and disagree:
            said["cem"] = an_answer(one, workspace.codebook, onset=23, emotion=1)
        answer_all(workspace, said, one)
        assign(workspace, seed=1)
    return workspace


def answer_all(workspace: Workspace, said: Mapping[str, Answer], stage: Stage) -> None:
    """Let people answer all that waits for them at a stage, each with the same answer."""
    for code, answer in said.items():
        desk = Desk(workspace, code)
        while (ticket := desk.next_ticket()) is not None and ticket.stage is stage:
            if ticket.later_fields and isinstance(answer, Coding):
                moved = [replace(event, emotion="", basis="", confidence=None) for event in answer.events]
                desk.submit_movement(ticket.id, Coding(events=tuple(moved)))
            desk.submit(ticket.id, answer)
