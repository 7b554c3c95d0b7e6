"""How every change is noted: an entry in the event log, chained to the one before, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as OrmSession

from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import LogEntry
from mmed_curate.store.chain import GENESIS, digest_of
from mmed_curate.store.read import Reader
from mmed_curate.store.tables import LogRow

Clock = Callable[[], datetime]
"""Gives the time of day, aware of its zone."""


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """A time of day as the database keeps it: UTC, RFC 3339, so that text sorts as time does."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Journal(Reader):
    """A transaction in which acts are noted."""

    def __init__(self, session: OrmSession, *, actor: str, now: Clock) -> None:
        super().__init__(session)
        self._actor = actor
        self._now = now
        self._last: tuple[int, str] | None = None  # nobody else writes while this transaction lasts

    def now(self) -> datetime:
        """The time of day of this transaction's acts."""
        return self._now()

    def log_act(self, kind: str, payload: Mapping[str, object]) -> LogEntry:
        """Append an entry to the event log, chained to the one before; time of day is noted here and nowhere else."""
        (entry,) = self.log_acts(kind, (payload,))
        return entry

    def log_acts(self, kind: str, payloads: Iterable[Mapping[str, object]]) -> tuple[LogEntry, ...]:
        """Append an entry of one kind for each of these, in their order."""
        if self._last is None:
            self._last = self._newest()
        sequence, previous = self._last
        at = stamp(self._now())
        entries = []
        for payload in payloads:
            sequence, text = sequence + 1, canonical_json(payload)
            chained = digest_of(previous=previous, sequence=sequence, at=at, actor=self._actor, kind=kind, payload=text)
            entries.append(
                LogEntry(
                    sequence=sequence,
                    at=at,
                    actor=self._actor,
                    kind=kind,
                    payload=text,
                    previous=previous,
                    digest=chained,
                )
            )
            previous = chained
        if entries:
            self._session.execute(insert(LogRow), [asdict(entry) for entry in entries])
            self._last = (sequence, previous)
        return tuple(entries)

    def _newest(self) -> tuple[int, str]:
        query = select(LogRow.sequence, LogRow.digest).order_by(LogRow.sequence.desc()).limit(1)
        found = self._session.execute(query).first()
        return (0, GENESIS) if found is None else (found.sequence, found.digest)

    def _add(self, row: object) -> None:
        self._session.add(row)
        self._flush()

    def _add_all(self, made: Iterable[object]) -> int:
        number = 0
        for row in made:
            self._session.add(row)
            number += 1
        self._flush()
        return number

    def _flush(self) -> None:
        with self._fits():
            self._session.flush()

    @contextmanager
    def _fits(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            raise BadInput.of(
                "store.does_not_fit",
                f"the database refuses this ({error.orig})",
                "give ids that exist, each only once",
            ) from error
