"""Migrated to head, the database is what `tables.py` says: no more, no less."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from builders.workspace import a_workspace
from sqlalchemy import create_engine, inspect

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.store import Workspace
from mmed_curate.store.database import connect
from mmed_curate.store.migrate import migrate
from mmed_curate.store.tables import APPEND_ONLY, HEAD, KEPT, Base
from mmed_curate.store.workspace import upgrade


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    """A database at head, made by the migrations alone."""
    path = tmp_path / "db.sqlite"
    engine = connect(path)
    migrate(engine, path)
    engine.dispose()
    return path


def test_head_and_tables_do_not_differ(migrated: Path) -> None:
    with create_engine(f"sqlite:///{migrated}").connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_comparison_sees_a_difference(migrated: Path) -> None:
    with sqlite3.connect(migrated) as raw:
        raw.execute("ALTER TABLE subject ADD COLUMN shoe_size INTEGER")
    with create_engine(f"sqlite:///{migrated}").connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert [(act, column.name) for act, _, _, column in found] == [("remove_column", "shoe_size")]


def test_checks_and_unique_keys_are_there_too(migrated: Path) -> None:
    """What the comparison above does not look at."""
    made = inspect(create_engine(f"sqlite:///{migrated}"))
    fresh = create_engine("sqlite://")
    Base.metadata.create_all(fresh)
    wanted = inspect(fresh)
    for table in Base.metadata.tables:
        for look in ("get_check_constraints", "get_unique_constraints", "get_foreign_keys", "get_indexes"):
            one, other = getattr(made, look)(table), getattr(wanted, look)(table)
            assert said(one) == said(other), (table, look)


def said(found: list[dict[str, object]]) -> list[str]:
    """What an inspector found, as text without addresses in memory."""
    flat = [
        {
            key: {name: str(one) for name, one in value.items()} if isinstance(value, dict) else value
            for key, value in item.items()
        }
        for item in found
    ]
    return sorted(map(str, flat))


def test_the_append_only_tables_have_their_triggers(migrated: Path) -> None:
    with sqlite3.connect(migrated) as raw:
        triggers = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    acts = ("update", "delete", "replace")
    assert triggers == {f"{table}_no_{act}" for table in (*APPEND_ONLY, *KEPT) for act in acts}


def test_head_is_the_newest_migration_and_all_go_forward_only() -> None:
    config = Config()
    config.set_main_option("script_location", str(packaged_path("schema", "migrations")))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == HEAD
    assert not [script.revision for script in scripts.walk_revisions() if hasattr(script.module, "downgrade")]


def test_an_older_workspace_says_how_to_upgrade_and_is_then_backed_up_and_upgraded(tmp_path: Path) -> None:
    Workspace.create(tmp_path).close()
    database = tmp_path / "mmed.sqlite"
    database.unlink()
    with sqlite3.connect(database) as raw:
        raw.execute("CREATE TABLE from_before (x)")
    with pytest.raises(BadInput, match="mmed upgrade"):
        Workspace.open(tmp_path)
    backup = upgrade(tmp_path)
    assert backup is not None
    with sqlite3.connect(backup) as raw:
        assert raw.execute("SELECT count(*) FROM from_before").fetchone() == (0,)
        assert not raw.execute("SELECT name FROM sqlite_master WHERE name = 'log'").fetchall()
    with sqlite3.connect(database) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]


def test_an_upgrade_of_today_s_workspace_does_nothing(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws")
    assert upgrade(workspace.root) is None
    assert not (workspace.root / "backups").exists()
    with workspace.read() as records:
        assert records.audit().intact


def test_a_newer_workspace_is_not_touched(tmp_path: Path) -> None:
    Workspace.create(tmp_path).close()
    with sqlite3.connect(tmp_path / "mmed.sqlite") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BadInput, match="install a newer"):
        upgrade(tmp_path)
    assert not (tmp_path / "backups").exists()
