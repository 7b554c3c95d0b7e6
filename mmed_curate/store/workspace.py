"""A workspace: a folder with `mmed.toml`, a database and a media folder. The way in to everything a lab keeps."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session as OrmSession

from mmed_curate.domain.codebook import EXAMPLES, Codebook
from mmed_curate.domain.files import write_text
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.protocol import Protocol
from mmed_curate.store.database import connect, refuse_network_filesystem, scrub, transaction
from mmed_curate.store.journal import Clock, utc_now
from mmed_curate.store.migrate import back_up, check_revision, migrate, revision_of
from mmed_curate.store.read import Reader
from mmed_curate.store.rules import (
    CODEBOOK_FILE,
    PROTOCOL_ADOPTED,
    PROTOCOL_FILE,
    Rules,
    changed,
    copy_rules,
    read_rules,
)
from mmed_curate.store.settings import Settings, read_settings, toml_text
from mmed_curate.store.tables import HEAD, KeepsakeRow
from mmed_curate.store.write import Writer

_TOML, _DATABASE, _MEDIA = "mmed.toml", "mmed.sqlite", "media"
_SECRET, _RULES = "secret", "rules"
_OWN = frozenset(
    {_TOML, _MEDIA, _RULES, PROTOCOL_FILE, CODEBOOK_FILE, EXAMPLES, "backups", "refused", "releases"}
)  # by the first part of a path below the root; the database has files beside it
_KEPT = re.compile(rf"{_RULES}/[0-9]+")
_PROTOCOL_LINE = re.compile(r"^protocol\s*=.*$", re.MULTILINE)


class Workspace:
    """A lab's workspace, open."""

    def __init__(self, root: Path, engine: Engine, settings: Settings, secret: bytes, now: Clock) -> None:
        """Made by `create`, `open` and `find`."""
        self.root = root
        self.media = root / _MEDIA
        self.settings = settings
        self.secret = secret
        self._rules = read_rules(settings["protocol"])
        self.protocol: Protocol = self._rules.protocol
        self.codebook: Codebook = self._rules.codebook
        self._engine = engine
        self._now = now

    @property
    def beside_codebook(self) -> Path:
        """The folder in which its codebook lies, and the clips that show its entries."""
        return self._rules.files["codebook"].parent

    @property
    def simulated(self) -> bool:
        """Whether everything in it is simulated (its secret comes from a seed)."""
        return self.settings.simulated_seed is not None

    @classmethod
    def create(cls, root: Path, *, protocol: str = "mmed", seed: int | None = None, now: Clock = utc_now) -> Workspace:
        """Make a workspace and open it.

        Args:
            root: a folder; made where it is missing.
            protocol: name of a packaged protocol, or path of one; it and its codebook are copied into the workspace.
            seed: for simulated contents only: the secret comes from it, so that every id can be made again.
            now: gives the time of day for the event log.

        Raises:
            BadInput: there is a workspace already, the protocol has a mistake, or the folder cannot be used.
        """
        wanted = read_rules(protocol)
        root = root.resolve()
        refuse_network_filesystem(root)
        for name in (_TOML, _DATABASE, _MEDIA, PROTOCOL_FILE, CODEBOOK_FILE, EXAMPLES):
            if (root / name).exists():
                raise BadInput.of(
                    "store.exists", f"{root} holds {name} already", "choose another folder, or use the workspace there"
                )
        secret = os.urandom(32) if seed is None else sha256(f"mmed simulated {seed}".encode()).digest()
        try:
            root.mkdir(parents=True, exist_ok=True)
            aside = Path(tempfile.mkdtemp(prefix=".mmed-init-", dir=root))
        except OSError as error:
            raise BadInput.of(
                "store.not_writable",
                f"{root} cannot be made into a workspace ({error.strerror})",
                "choose a folder of yours",
            ) from error
        try:
            rules = copy_rules(wanted, aside)
            _make_database(aside / _DATABASE, secret, protocol, rules, simulated=seed is not None, now=now)
            (root / _MEDIA).mkdir()
            for name in (_DATABASE, PROTOCOL_FILE, CODEBOOK_FILE, *([EXAMPLES] if rules.codebook.examples else [])):
                (aside / name).rename(root / name)
            write_text(
                root / _TOML, toml_text(protocol=PROTOCOL_FILE, seed=seed)
            )  # last: its presence makes it a workspace
        finally:
            shutil.rmtree(aside)
        return cls.open(root, now=now)

    @classmethod
    def open(
        cls, root: Path, *, now: Clock = utc_now, wait_s: float = 30.0, at_most_pages: int | None = None
    ) -> Workspace:
        """Open a workspace.

        Args:
            root: its folder.
            now: gives the time of day for the event log.
            wait_s: how long to wait for another program that writes, in seconds.
            at_most_pages: the database may not grow beyond this many pages; None: as large as the disk.

        Raises:
            BadInput: there is none, its version is not ours, or it lies on a network filesystem.
        """
        root = root.resolve()
        if not (root / _TOML).is_file():
            make_one = shlex.join(["mmed", "init", str(root)])
            raise BadInput.of("store.no_workspace", f"{root} is no workspace", f"make one with `{make_one}`")
        refuse_network_filesystem(root)
        settings = read_settings(root / _TOML)
        database = root / _DATABASE
        if not database.is_file():
            raise BadInput.of("store.no_database", f"{database} is missing", "put the newest of backups/ in its place")
        engine = connect(database, wait_s=wait_s, at_most_pages=at_most_pages)
        check_revision(engine, database, root)
        with transaction(engine, database, write=False) as connection, OrmSession(connection) as session:
            # not through its row: whatever somebody put there must not stop us before we can say so
            query = text("SELECT value FROM keepsake WHERE name = :name")
            kept = session.execute(query, {"name": _SECRET}).scalar()
        if not isinstance(kept, bytes):
            raise BadInput.of("store.no_secret", f"{database} has lost its secret", "put a backup in its place")
        workspace = cls(root, engine, settings, kept, now)
        workspace._heal()
        return workspace

    @classmethod
    def find(cls, start: Path | None = None, *, environment: Mapping[str, str] | None = None) -> Workspace:
        """Open the workspace that `MMED_WORKSPACE` names, or else the one in `start` or the nearest folder above.

        Args:
            start: where to begin; None: the current folder.
            environment: None: this process's.

        Raises:
            BadInput: there is none.
        """
        return cls.open(find_root(start, environment=environment))

    def now(self) -> datetime:
        """The time of day, as the event log notes it."""
        return self._now()

    def close(self) -> None:
        """Let go of the database file; it is taken up again when it is next read or written."""
        self._engine.dispose()

    def scrub(self) -> None:
        """Leave nothing in the database's files that is not in its tables: free pages, and what waits beside it.

        Raises:
            BadInput: another program holds the database, or the disk is full.
        """
        self._engine.dispose()
        scrub(self._engine, self.database)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / _DATABASE

    def changed_rules(self, records: Reader) -> Finding | None:
        """What to say where protocol or codebook are not those that the log says were adopted; None: they are."""
        return changed(self._rules, adopted_rules(records))

    def keep_rules(self, records: Writer, rules: Rules, *, because: str) -> str:
        """Copy rules into the workspace and note in the log that they hold from the end of this transaction on.

        Returns:
            The folder of the copies, for `take_up_rules` once the transaction is through.

        Raises:
            BadInput: the copies cannot be written.
        """
        number = 2
        while (folder := self.root / _RULES / str(number)).exists():
            number += 1
        folder.mkdir(parents=True)
        copied = copy_rules(rules, folder)
        kept, name = f"{_RULES}/{number}", rules.files["protocol"].name
        records.log_act(PROTOCOL_ADOPTED, {"name": name, "because": because, "kept": kept, **copied.digests})
        return kept

    def take_up_rules(self, kept: str) -> None:
        """Judge by rules that were adopted, and name them in `mmed.toml`.

        Should the power fail before that, the workspace does it when it is opened next: `_heal`.

        Args:
            kept: what `keep_rules` returned.

        Raises:
            BadInput: `mmed.toml` cannot be written, or the copies cannot be read.
        """
        place = f"{kept}/{PROTOCOL_FILE}"
        self._rules = read_rules(str(self.root / place))
        self.protocol, self.codebook = self._rules.protocol, self._rules.codebook
        toml = (self.root / _TOML).read_text(encoding="utf-8")
        write_text(self.root / _TOML, _PROTOCOL_LINE.sub(f'protocol = "{place}"', toml, count=1))
        self.settings = read_settings(self.root / _TOML)

    def _heal(self) -> None:
        """Take up rules that the log says were adopted, where `mmed.toml` still names those before them.

        Only that: rules that somebody changed or named by hand are not ours to put right.
        """
        with self.read() as records:
            said = [json.loads(entry.payload) for entry in records.log(PROTOCOL_ADOPTED)[-2:]]
        if len(said) < 2 or not _KEPT.fullmatch(str(said[-1].get("kept", ""))):
            return
        before, newest = said
        if changed(self._rules, newest) is None or changed(self._rules, before) is not None:
            return
        with suppress(BadInput):  # what cannot be read, or not be named in a file of somebody else's, stays as it is
            if changed(read_rules(str(self.root / newest["kept"] / PROTOCOL_FILE)), newest) is None:
                self.take_up_rules(newest["kept"])

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """One consistent view of everything.

        Raises:
            BadInput: the database cannot be read.
        """
        with (
            transaction(self._engine, self.database, write=False) as connection,
            OrmSession(connection, expire_on_commit=False, autoflush=False) as session,
        ):
            yield Reader(session)

    @contextmanager
    def write(self, actor: str = "curator", *, other_rules: bool = False) -> Iterator[Writer]:
        """One transaction: on disk when the block ends, undone when it raises.

        Args:
            actor: who acts; the event log says so.
            other_rules: the rules need not be the adopted ones, because others are being adopted.

        Raises:
            BadInput: another program holds the database, the disk is full, or the protocol or codebook is not the one
                that was adopted.
        """
        with (
            transaction(self._engine, self.database, write=True) as connection,
            OrmSession(connection, expire_on_commit=False, autoflush=False) as session,
        ):
            altered = self.changed_rules(Reader(session))
            if altered is not None and not other_rules:
                raise BadInput(altered)
            yield Writer(session, secret=self.secret, protocol=self.protocol, actor=actor, now=self._now)


def adopted_rules(records: Reader) -> Mapping[str, object]:
    """What the newest entry on it says was adopted: `name`, and digests of `protocol` and `codebook`."""
    newest = records.newest_payload(PROTOCOL_ADOPTED)
    said: dict[str, object] = {} if newest is None else json.loads(newest)
    return said


def is_own(root: Path, path: Path) -> bool:
    """Whether a file is the workspace's own, or would lie where it keeps its own; both paths resolved."""
    first = path.relative_to(root).parts[:1]
    return bool(first) and (first[0] in _OWN or first[0].startswith(_DATABASE))


def find_root(start: Path | None = None, *, environment: Mapping[str, str] | None = None) -> Path:
    """The folder of the workspace that `MMED_WORKSPACE` names, or of the nearest one from `start` upward.

    Raises:
        BadInput: there is none.
    """
    named = (os.environ if environment is None else environment).get("MMED_WORKSPACE")
    if named:
        if not (Path(named) / _TOML).is_file():
            raise BadInput.of(
                "store.no_workspace", f"MMED_WORKSPACE names {named}, which is no workspace", "correct it"
            )
        return Path(named)
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / _TOML).is_file():
            return folder
    raise BadInput.of("store.no_workspace", f"no workspace in {here} or above", "run `mmed init DIR` and go there")


def upgrade(root: Path, *, now: Clock = utc_now) -> Path | None:
    """Bring a workspace's tables to today's, after a backup.

    Returns:
        The backup's path; None: the tables were today's already.

    Raises:
        BadInput: there is no workspace, or it is newer than this program.
    """
    database = root / _DATABASE
    if not (root / _TOML).is_file() or not database.is_file():
        raise BadInput.of("store.no_workspace", f"{root} is no workspace", "go into one, or name it in MMED_WORKSPACE")
    refuse_network_filesystem(root)
    read_settings(root / _TOML)
    engine = connect(database)
    found = revision_of(engine, database)
    if found == HEAD:
        return None
    if found is not None and found > HEAD:
        check_revision(engine, database, root)
    stamp = now().strftime("%Y%m%dT%H%M%S")
    backup = root / "backups" / f"mmed-{found or '0000'}-{stamp}.sqlite"
    back_up(database, backup)
    migrate(engine, database)
    engine.dispose()
    return backup


def _make_database(path: Path, secret: bytes, name: str, rules: Rules, *, simulated: bool, now: Clock) -> None:
    engine = connect(path)
    migrate(engine, path)
    with transaction(engine, path, write=True) as connection, OrmSession(connection) as session:
        session.add(KeepsakeRow(name=_SECRET, value=secret))
        records = Writer(session, secret=secret, protocol=None, actor="curator", now=now)
        records.log_act("workspace.created", {"protocol": Path(name).name, "simulated": simulated})
        records.log_act(PROTOCOL_ADOPTED, {"name": Path(name).name, **rules.digests})
    engine.dispose()  # closing the last connection empties the write-ahead log into the file, which can now be moved
