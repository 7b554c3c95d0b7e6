"""Whether the database still refuses what it must: its triggers, compared with those that the migrations make."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, create_engine, text

from mmed_curate.domain.findings import Finding
from mmed_curate.store.chain import broken
from mmed_curate.store.migrate import migrate


def guard_findings(connection: Connection, newest: int) -> tuple[Finding, ...]:
    """Triggers that are gone, changed, or not ours.

    Args:
        connection: to the database.
        newest: number of the log's newest entry, behind which they are said.
    """
    wanted, found = _made_by_migrations(), _triggers(connection)
    findings = []
    for name in sorted({*wanted, *found}):
        if name not in found:
            what = f"the guard {name} of the database is gone, so that rows could be changed unnoticed"
        elif name not in wanted:
            what = f"the database holds a trigger {name}, which no version of this program makes"
        elif found[name] != wanted[name]:
            what = f"the guard {name} of the database was altered"
        else:
            continue
        findings.append(broken(newest, what))
    return tuple(findings)


def _triggers(connection: Connection) -> Mapping[str, str]:
    query = text("SELECT name, tbl_name || ': ' || sql FROM sqlite_master WHERE type = 'trigger'")
    return {row[0]: row[1] for row in connection.execute(query)}


@cache
def _made_by_migrations() -> Mapping[str, str]:
    engine = create_engine("sqlite://")  # in memory: what a new workspace would get
    migrate(engine, Path(":memory:"))
    with engine.connect() as connection:
        return _triggers(connection)
