"""While a release is made the lab goes on: who withdraws then is in no release that is noted after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.release import lenient_policy, lenient_settings
from builders.road import CANARY, begin_another_clip
from builders.workspace import SIGNED

from mmed_curate.annotation.withdrawal import withdraw
from mmed_curate.dataset import verify
from mmed_curate.domain.findings import Refused
from mmed_curate.domain.records import Term
from mmed_curate.release.build import Wishes, create_release
from mmed_curate.release.leave import Leave, ask_gate
from mmed_curate.store.workspace import Workspace

Ask = Callable[[Workspace], Leave]


def give_other_consent(workspace: Workspace, code: str) -> None:
    with workspace.write() as records:
        subject = records.subject(code)
        less = replace(subject.consent, terms=subject.consent.terms - {Term.SHOW_PUBLICLY})
        records.add_consent(code, less)


MEANWHILE: dict[str, Callable[[Workspace, str], object]] = {
    "somebody withdrew": withdraw,
    "a consent changed": give_other_consent,
    "a judgement came in": begin_another_clip,
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_came_in_meanwhile_is_refused_and_nothing_of_the_release_is_left(
    workspace: Workspace, ask: Ask, wishes: Wishes, what: str
) -> None:
    elsewhere = Workspace.open(workspace.root)

    def happens(folder: Path) -> None:
        MEANWHILE[what](elsewhere, f"{CANARY}-0")

    with pytest.raises(Refused, match=f"while the release was made, {what}, so it was taken away again"):
        create_release(workspace, ask(workspace), replace(wishes, benchmark=happens))
    assert list((workspace.root / "releases").iterdir()) == []
    with workspace.read() as records:
        assert records.log("release.created") == ()


def test_who_joins_meanwhile_keeps_no_release_from_being_made(workspace: Workspace, ask: Ask, wishes: Wishes) -> None:
    def somebody_joins(folder: Path) -> None:
        with Workspace.open(workspace.root).write() as records:
            records.add_subject("new", SIGNED, simulated=True)

    made = create_release(workspace, ask(workspace), replace(wishes, benchmark=somebody_joins))
    assert verify(made.path).ok


def test_a_draft_is_made_while_coders_go_on(workspace: Workspace, wishes: Wishes) -> None:
    begin_another_clip(workspace, f"{CANARY}-0")
    _, leave = ask_gate(
        workspace, policy=lenient_policy(), settings=lenient_settings(), on=date(2026, 6, 1), draft=True
    )
    assert leave is not None

    def coders_go_on(folder: Path) -> None:
        begin_another_clip(Workspace.open(workspace.root), f"{CANARY}-1")

    made = create_release(workspace, leave, replace(wishes, draft=True, benchmark=coders_go_on))
    assert verify(made.path).ok
