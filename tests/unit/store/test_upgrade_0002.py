"""A workspace of the first version, made with the first version's tables, comes through `mmed upgrade` whole."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from builders.workspace import STAFF, a_workspace, an_answer, noon

from mmed_curate.annotation import Desk, assign
from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.domain.protocol import Stage
from mmed_curate.store import Workspace
from mmed_curate.store.chain import GENESIS, digest_of
from mmed_curate.store.database import connect, transaction
from mmed_curate.store.workspace import upgrade

NEW_KEYS = ("companions", "faces", "cut", "read", "proposed", "made")


def as_of(workspace: Workspace, revision: str) -> None:
    """Put a workspace's rows into tables of an older version, as that version's program would have stored them."""
    now = workspace.database.with_name("now.sqlite")
    workspace.close()
    workspace.database.rename(now)
    config = Config()
    config.set_main_option("script_location", str(packaged_path("schema", "migrations")))
    engine = connect(workspace.database)
    with transaction(engine, workspace.database, write=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
    with closing(sqlite3.connect(workspace.database)) as raw, raw:
        raw.execute("ATTACH ? AS now", (str(now),))
        names = [name for (name,) in raw.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
        for table in names:
            if table == "alembic_version":
                continue
            columns = ", ".join(f'"{row[1]}"' for row in raw.execute(f"PRAGMA main.table_info({table})"))
            raw.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}")
    now.unlink()


def without_new_keys(workspace: Workspace) -> None:
    """Rewrite the log as the first version wrote it, with its chain."""
    with closing(sqlite3.connect(workspace.database)) as raw, raw:
        raw.execute("DROP TRIGGER log_no_update")
        previous = GENESIS
        for sequence, at, actor, kind, payload in raw.execute(
            "SELECT sequence, at, actor, kind, payload FROM log ORDER BY sequence"
        ).fetchall():
            said = {key: value for key, value in json.loads(payload).items() if key not in NEW_KEYS}
            text = canonical_json(said)
            digest = digest_of(previous=previous, sequence=sequence, at=at, actor=actor, kind=kind, payload=text)
            raw.execute(
                "UPDATE log SET payload = ?, previous = ?, digest = ? WHERE sequence = ?",
                (text, previous, digest, sequence),
            )
            previous = digest


def test_an_older_workspace_is_read_as_before_after_an_upgrade(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "lab", n_clips=3)
    with workspace.read() as records:
        before = (records.recordings(), records.candidates(), records.clips(), records.assets(), records.judgements())
    # of clips cut before anybody looked, it is not known who else is in them
    before = (*before[:2], tuple(replace(clip, also_visible=(None,)) for clip in before[2]), *before[3:])
    without_new_keys(workspace)
    as_of(workspace, "0001")
    assert upgrade(workspace.root) is not None
    again = Workspace.open(workspace.root)
    with again.read() as records:
        assert (
            records.recordings(),
            records.candidates(),
            records.clips(),
            records.assets(),
            records.judgements(),
        ) == before
        assert records.companions() == () and records.face_owners() == ()
        assert records.audit().intact, records.audit().findings


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_a_round_under_way_goes_on_after_an_upgrade(tmp_path: Path, revision: str) -> None:
    """Judgements of every stage, tickets open and on a desk: all as before, and the clips still reach their end."""
    workspace = a_workspace(tmp_path / "lab", n_clips=4)
    for code, emotion in (
        ("ann", 0),
        ("ann", 0),
        ("ann", 0),
        ("bob", 0),
        ("cem", 1),
        ("dee", 0),
        ("eve", 0),
        ("bob", 0),
    ):
        answer_one(workspace, code, emotion)
    assign(workspace, seed=1)
    Desk(workspace, "cem").next_ticket()
    with workspace.read() as records:
        before = (records.judgements(), records.places(), [(one.id, one.state) for one in records.tickets()])
    without_new_keys(workspace)
    as_of(workspace, revision)
    assert upgrade(workspace.root) is not None
    again = Workspace.open(workspace.root, now=noon)
    with again.read() as records:
        assert (records.judgements(), records.places()) == before[:2]
        assert [(one.id, one.state) for one in records.tickets()] == before[2]
        assert {one.since for one in records.tickets()} == {"2026-03-01T12:00:00.000000Z"}
        assert records.audit().intact, records.audit().findings
    while any(answer_one(again, code, 0) for code in STAFF):
        pass
    with again.read() as records:
        assert set(records.stages().values()) == {Stage.SETTLED}
        assert records.audit().intact


def answer_one(workspace: Workspace, code: str, emotion: int) -> bool:
    """Whether the coder had a ticket to answer."""
    assign(workspace, seed=1)
    ticket = Desk(workspace, code).next_ticket()
    if ticket is not None:
        Desk(workspace, code).submit(ticket.id, an_answer(ticket.stage, workspace.codebook, emotion=emotion))
    return ticket is not None
