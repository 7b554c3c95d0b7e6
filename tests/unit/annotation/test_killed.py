"""Killed in the middle of submits: what the desk acknowledged is there, and the log is whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from builders.known import a_lab
from builders.rounds import Day

from mmed_curate.annotation import Desk, assign
from mmed_curate.domain.judgements import Screening
from mmed_curate.store import TicketState, Workspace

WORK = """
import sys
from pathlib import Path
from mmed_curate.annotation import Desk
from mmed_curate.domain.judgements import Screening, ScreeningVerdict
from mmed_curate.store import Workspace
desk = Desk(Workspace.open(Path(sys.argv[1])), "ann")
while (ticket := desk.next_ticket()) is not None:
    desk.save_draft(ticket.id, "draft of " + ticket.id)
    print("draft", ticket.id, flush=True)
    desk.submit(ticket.id, Screening(verdict=ScreeningVerdict.REJECT, reason="blink in " + ticket.id))
    print("answer", ticket.id, flush=True)
"""


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    workspace = a_lab(tmp_path / "ws", Day(), n_clips=60)
    assign(workspace, seed=1)
    workspace.close()
    drafted: set[str] = set()
    answered: set[str] = set()
    for n_lines in (3, 6, 9):  # killed after an answer, a draft, an answer; each goes on where the last was killed
        coder = subprocess.Popen([sys.executable, "-c", WORK, str(workspace.root)], stdout=subprocess.PIPE, text=True)
        assert coder.stdout is not None
        lines = [coder.stdout.readline() for _ in range(n_lines)]
        coder.send_signal(signal.SIGKILL)
        lines += list(coder.stdout)
        coder.wait()
        for line in lines:
            if line.endswith("\n"):
                word, id = line.split()
                (drafted if word == "draft" else answered).add(id)
        with Workspace.open(workspace.root).read() as records:
            said = {one.answer.reason for one in records.judgements() if isinstance(one.answer, Screening)}
            state = {one.id: one.state for one in records.tickets()}
            drafts = {id: records.draft(one.id) for one in records.tickets() if (id := one.id)}
            assert records.audit().intact
        assert answered, "the child came to an answer"
        assert {f"blink in {id}" for id in answered} <= said
        assert all(state[id] is TicketState.SUBMITTED for id in state if f"blink in {id}" in said), "both or neither"
        assert sum(one is TicketState.SUBMITTED for one in state.values()) == len(said)
        for id in drafted:
            assert f"blink in {id}" in said or drafts[id] == f"draft of {id}"
    again = Desk(Workspace.open(workspace.root), "ann").next_ticket()
    assert again is not None
    assert again.id not in answered
