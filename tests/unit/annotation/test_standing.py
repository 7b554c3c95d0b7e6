"""What somebody with the database open can change, the audit names."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from builders.rounds import STAFF, Day, a_round
from builders.workspace import an_answer

from mmed_curate.annotation import Desk, assign
from mmed_curate.annotation.standing import audit
from mmed_curate.domain.conduct import Admission, Exclusion, Reference, ReferenceFile
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import Frame
from mmed_curate.store import Workspace

ANY = "(SELECT min(sequence) FROM log)"
FORGERIES = {
    "a foil nobody drew": f"INSERT INTO lot SELECT id, 'foil', {ANY} FROM clip WHERE origin = 'candidate' LIMIT 1",
    "a clip sent back by nobody": f"INSERT INTO recoding SELECT max(id), {ANY} FROM clip",
    "an admission nobody gave": f"INSERT INTO admission SELECT 99, id, 'coding', 1, '{{}}', {ANY} FROM coder LIMIT 1",
    "an admission turned round": "DROP TRIGGER admission_no_update; UPDATE admission SET admitted = 0",
    "an exclusion nobody made": f"INSERT INTO exclusion SELECT max(coder.id), max(subject.id), '', {ANY}"
    " FROM coder, subject",
    "an exclusion taken out": "DROP TRIGGER exclusion_no_delete; DELETE FROM exclusion",
    "another face at rest": "DROP TRIGGER reference_no_update; UPDATE reference SET files = '{}'",
    "a clip moved to its end": "UPDATE place SET stage = 'settled' WHERE stage = 'coding'",
    "a ticket that counts no more": "UPDATE ticket SET purpose = 'gold' WHERE id = (SELECT min(id) FROM ticket)",
    "all tickets gone": "PRAGMA foreign_keys = OFF; DELETE FROM ticket",
    "a recording of another game": "DROP TRIGGER recording_no_update;"
    "UPDATE recording SET session = (SELECT max(id) FROM session) || '' WHERE session = (SELECT min(id) FROM session)",
    "a clip with nobody else in it": "DROP TRIGGER clip_no_update; UPDATE clip SET also_visible = '[null]'",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Some clips on their way, with one row of each kind."""
    made = a_round(tmp_path / "ws", Day(), together=False, n_clips=2)
    (made.media / "references").mkdir()
    (made.media / "references" / "a.png").write_bytes(b"a face at rest")
    with made.write() as records:
        coder, subject = records.coder("bob"), records.subjects()[0]
        recording = records.recordings()[0].id
        records.exclude(Exclusion(coder=coder.id, subject=subject.id, why="family"))
        records.admit(Admission(coder=coder.id, stage=Stage.CODING, admitted=True, evidence={"word": "founder"}))
        files = {ReferenceFile.STILL: ("references/a.png", sha256(b"a face at rest").hexdigest())}
        records.put_reference(
            Reference(subject=subject.id, recording=recording, first=Frame(0), last=Frame(9), files=files)
        )
    for _ in range(2):
        assign(made, seed=1)
        for code in STAFF:
            ticket = Desk(made, code).next_ticket()
            if ticket is not None and ticket.stage is Stage.SCREENING:
                Desk(made, code).submit(ticket.id, an_answer(ticket.stage, made.codebook))
    return made


def test_an_untouched_round_is_whole(workspace: Workspace) -> None:
    assert audit(workspace).intact, audit(workspace).findings


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_named(workspace: Workspace, name: str) -> None:
    workspace.close()
    with closing(sqlite3.connect(workspace.database)) as raw, raw:
        raw.executescript(FORGERIES[name])
        assert raw.total_changes
    assert not audit(Workspace.open(workspace.root)).intact
