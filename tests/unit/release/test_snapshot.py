"""What a release is read from, and what does not alter it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from builders.road import a_settled_workspace

from mmed_curate.domain.conduct import Aid, Effort
from mmed_curate.release.snapshot import read_snapshot
from mmed_curate.store import Workspace


def test_what_coders_leave_beside_their_answers_alters_no_release(tmp_path: Path) -> None:
    """A release is dated by the last act that could change it; a flag raised a day later does not."""
    made = a_settled_workspace(tmp_path / "ws", clips=1)
    before = read_snapshot(made)
    workspace = Workspace.open(made.root, now=lambda: datetime(2026, 3, 2, 12, tzinfo=UTC))
    with workspace.write() as records:
        ticket = records.tickets()[0]
        effort = Effort(entries=1, steps=2, replays=3, seconds_active=4.0, n_full_speed_plays=1)
        records.note_aid(ticket.id, Aid.DIFFERENCE)
        records.note_effort(ticket.id, effort)
        records.flag_clip(ticket.clip, ticket.id, "is this a blink?")
        records.close_flags(ticket.clip, "no")
    after = read_snapshot(workspace)
    assert after.last_act == before.last_act
    assert after.judged_clips() == before.judged_clips()
