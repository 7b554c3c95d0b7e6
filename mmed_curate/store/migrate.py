"""How a database gets to today's tables: forward only, after a backup."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, inspect, text

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import SubjectId
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.store.database import said_in_words, transaction, unreferenced
from mmed_curate.store.happened import ERASURE_FINISHED
from mmed_curate.store.tables import HEAD


def revision_of(engine: Engine, path: Path) -> str | None:
    """The revision of a database's tables; None: it has none yet."""
    with transaction(engine, path, write=False) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def check_revision(engine: Engine, path: Path, root: Path) -> None:
    """Stop where the tables are not today's.

    Raises:
        BadInput: they are older (says how to upgrade) or newer than this program knows.
    """
    found = revision_of(engine, path)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise BadInput.of(
            "store.newer",
            f"{root} is a workspace of version {found}, this program knows up to version {HEAD}",
            "install a newer mmed-curate",
            found=found,
            known=HEAD,
        )
    raise BadInput.of(
        "store.older",
        f"{root} is a workspace of version {found or 'none'}, this program works on version {HEAD}",
        "run `mmed upgrade` there (it makes a backup first)",
        found=found or "none",
        known=HEAD,
    )


def migrate(engine: Engine, path: Path) -> None:
    """Bring a database to today's tables, in one transaction.

    Raises:
        BadInput: another program holds it, or its rows refer to some that are not there.
    """
    config = Config()
    config.set_main_option("script_location", str(packaged_path("schema", "migrations")).replace("%", "%%"))
    with unreferenced(engine), transaction(engine, path, write=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        hanging = connection.execute(text("PRAGMA foreign_key_check")).first()
        if hanging is not None:
            raise BadInput.of(
                "store.hanging",
                f"a row of {hanging[0]} in {path} refers to one of {hanging[2]} that is not there",
                "put the newest of backups/ in its place that `mmed audit` finds whole",
            )


def back_up(path: Path, to: Path) -> None:
    """Copy a live database whole (SQLite's backup API), flushed to disk before this returns."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with said_in_words(to):
        source, target = sqlite3.connect(path), sqlite3.connect(to)
        try:
            source.backup(target)
        finally:
            target.close()
            source.close()
    with to.open("rb+") as stream:
        os.fsync(stream.fileno())


def backup_holds(path: Path, subject: SubjectId) -> bool:
    """Whether a backup may hold something of a subject: it knows them, and not that they were erased.

    Args:
        path: a copy of the database; what is none, or cannot be read, may hold anything.
        subject: who left.
    """
    said = "SELECT 1 FROM log WHERE kind = ? AND json_extract(payload, '$.subject') = ?"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
            known = copy.execute("SELECT 1 FROM subject WHERE id = ?", (subject,)).fetchone()
            erased = copy.execute(said, (ERASURE_FINISHED, subject)).fetchone()
    except sqlite3.Error:
        return True
    return known is not None and erased is None
