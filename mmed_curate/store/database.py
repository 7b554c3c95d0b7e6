"""One SQLite file, opened so that what was acknowledged is on disk and what failed left nothing.

WAL lets readers go on while one writes; `synchronous=FULL` flushes before a commit returns; `BEGIN IMMEDIATE`
takes the writer's seat at the start, so that two writers wait for each other instead of overwriting.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from mmed_curate.domain.findings import BadInput

NETWORK_FILESYSTEMS = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "coda", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb2"}
    | {"smb3", "smbfs", "vboxsf", "fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.glusterfs", "drvfs"}
)
"""Types of filesystem whose locks and shared memory SQLite's WAL cannot rely on (sqlite.org/wal.html)."""

_MOUNTS = Path("/proc/self/mounts")


def connect(path: Path, *, wait_s: float = 30.0, at_most_pages: int | None = None) -> Engine:
    """An engine for a workspace's database.

    Args:
        path: the SQLite file.
        wait_s: how long a writer waits for another one, in seconds.
        at_most_pages: the database may not grow beyond this many pages; None: as large as the disk.
    """
    engine = create_engine(f"sqlite:///{path}", max_overflow=-1, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are ours to begin
        connection.execute(f"PRAGMA busy_timeout = {round(wait_s * 1000)}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what is erased or replaced is overwritten with zeros
        connection.execute("PRAGMA recursive_triggers = ON")  # else REPLACE deletes without firing DELETE triggers
        if at_most_pages is not None:
            connection.execute(f"PRAGMA max_page_count = {at_most_pages}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(str(connection.get_execution_options().get("begin", "BEGIN")))

    return engine


@contextmanager
def unreferenced(engine: Engine) -> Iterator[None]:
    """Tables may be made anew while others refer to them; whoever commits has looked that no reference hangs.

    SQLite drops a table with all that refers to it, or not at all, unless this is said before the transaction begins
    (sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes").
    """

    def let_go(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA foreign_keys = OFF")

    def hold(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    event.listen(engine, "checkout", let_go)
    event.listen(engine, "checkin", hold)
    try:
        yield
    finally:
        event.remove(engine, "checkout", let_go)
        event.remove(engine, "checkin", hold)


@contextmanager
def transaction(engine: Engine, path: Path, *, write: bool) -> Iterator[Connection]:
    """One transaction: all of it or nothing.

    Raises:
        BadInput: the disk is full, another program holds the database, or it may not be written or is damaged.
    """
    with said_in_words(path), engine.connect() as raw:
        connection = raw.execution_options(begin="BEGIN IMMEDIATE" if write else "BEGIN")
        with connection.begin():
            yield connection


def scrub(engine: Engine, path: Path) -> None:
    """Write a database anew without its free pages, and empty the write-ahead log beside it.

    Args:
        engine: of the database; waits for other programs as it always does.
        path: the SQLite file.

    Raises:
        BadInput: another program holds it, or the disk is full.
    """
    with said_in_words(path), closing(engine.raw_connection()) as connection:
        for act in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            answer = connection.cursor().execute(act).fetchone()
            if answer is not None and answer[0] != 0:  # a reader still needs what is in the log
                raise BadInput.of(
                    "store.busy",
                    f"another program holds {path}",
                    "wait until it is done or close it, then run this again",
                )


@contextmanager
def said_in_words(path: Path) -> Iterator[None]:
    """Turns what SQLite says into a sentence."""
    try:
        yield
    except DBAPIError as error:
        finding = _sentence(error.orig, path)
        if finding is None:
            raise
        raise finding from error
    except sqlite3.Error as error:
        finding = _sentence(error, path)
        if finding is None:
            raise
        raise finding from error


def network_filesystem(path: Path, mounts: str | None = None) -> str | None:
    """The type of the network filesystem on which `path` lies, or None where it lies on a disk of this machine.

    Args:
        path: need not exist.
        mounts: contents of /proc/self/mounts; None: read it (and answer None where there is no such file).
    """
    if mounts is None:
        if not _MOUNTS.exists():
            return None
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
    place = path.resolve()
    best, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(fields[1].replace("\\040", " "))
        if place.is_relative_to(point) and len(point.parts) >= best:  # of two mounts on one point the later one shows
            best, kind = len(point.parts), fields[2]
    return kind if kind in NETWORK_FILESYSTEMS else None


def refuse_network_filesystem(path: Path) -> None:
    """Stop before SQLite is put where it would be damaged.

    Raises:
        BadInput: `path` lies on a network filesystem.
    """
    kind = network_filesystem(path)
    if kind is not None:
        raise BadInput.of(
            "store.network",
            f"{path} lies on a network filesystem ({kind}), where the database would be damaged",
            "put the workspace on a disk of this machine",
            kind=kind,
        )


def _sentence(error: Any, path: Path) -> BadInput | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    primary = code & 0xFF  # extended codes keep the primary one in the low byte
    match primary:
        case sqlite3.SQLITE_FULL:
            return BadInput.of("store.disk_full", f"no room left to write {path}", "free some disk space")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return BadInput.of(
                "store.busy", f"another program holds {path}", "wait until it is done or close it, then run this again"
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return BadInput.of("store.not_writable", f"{path} may not be written", "ask its owner for the right to")
        case sqlite3.SQLITE_CANTOPEN:
            return BadInput.of(
                "store.cannot_open", f"{path} cannot be opened", "check that it and its folder are yours"
            )
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return BadInput.of(
                "store.damaged", f"{path} is damaged or not ours", "put the newest of backups/ in its place"
            )
        case sqlite3.SQLITE_IOERR:
            return BadInput.of(
                "store.io", f"the disk failed while {path} was used", "check the disk, then run this again"
            )
    return None
