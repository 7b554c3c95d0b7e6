"""Rows that are no such thing: what somebody wrote past this program, and no reader would take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Integer, inspect, literal_column, select, text
from sqlalchemy.orm import Session as OrmSession

from mmed_curate.domain.findings import Finding
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.serial import from_json
from mmed_curate.store import rows, tables
from mmed_curate.store.chain import broken
from mmed_curate.store.spoken import cue_of


def _gold(row: tables.GoldRow) -> None:
    if row.reading:  # else it was erased
        from_json(Coding, json.loads(row.reading))


def _cue(row: tables.CueRow) -> None:
    if row.text:  # else it was erased
        cue_of(row)


def _taken_as_it_is(row: object) -> None:
    """Its columns are all there is to read, and loading it has read them."""


_READERS: Mapping[type[tables.Base], Callable[[Any], object]] = {
    tables.SubjectRow: _taken_as_it_is,
    tables.ConsentRow: rows.consent_of,
    tables.SessionRow: _taken_as_it_is,
    tables.CoderRow: rows.coder_of,
    tables.AdmissionRow: lambda row: json.loads(row.evidence),
    tables.ReferenceRow: lambda row: json.loads(row.files).values(),
    tables.RecordingRow: rows.recording_of,
    tables.CompanionRow: rows.companion_of,
    tables.CandidateRow: rows.candidate_of,
    tables.ClipRow: rows.clip_of,
    tables.GoldRow: _gold,
    tables.AssetRow: rows.asset_of,
    tables.PlaceRow: lambda row: Stage(row.stage),
    tables.TicketRow: _taken_as_it_is,
    tables.StepRow: _taken_as_it_is,
    tables.JudgementRow: _taken_as_it_is,
    tables.GameEventRow: _taken_as_it_is,
    tables.SelfReportRow: _taken_as_it_is,
    tables.CueRow: _cue,
}
"""How each row is read; of judgements and movements the contents are sealed, and so need no reading to be told."""


def unreadable_findings(session: OrmSession, newest: int) -> tuple[Finding, ...]:
    """Rows that cannot be read, so that an audit can name them instead of stopping at them.

    Args:
        session: one view of the database.
        newest: number of the log's newest entry, behind which they are said.
    """
    return tuple(broken(newest, what) for what in (*_keepsakes(session), *_rows(session)))


def _keepsakes(session: OrmSession) -> Iterator[str]:
    kept = text("SELECT name FROM keepsake WHERE typeof(name) <> 'text' OR typeof(value) <> 'blob' ORDER BY name")
    for (name,) in session.execute(kept):
        yield f"the keepsake {name} is none"


def _rows(session: OrmSession) -> Iterator[str]:
    for kind, read in _READERS.items():
        try:
            for row in session.scalars(select(kind)):
                read(row)
        except Exception:  # whatever it is that somebody wrote there
            yield from _one_by_one(session, kind, read)


def _one_by_one(session: OrmSession, kind: type[tables.Base], read: Callable[[Any], object]) -> Iterator[str]:
    table, rowid = kind.__tablename__, literal_column("rowid", Integer())
    keys = ", ".join(f'"{column.name}"' for column in inspect(kind).primary_key)
    for number, *key in session.execute(text(f'SELECT rowid, {keys} FROM "{table}"')).fetchall():
        try:
            for row in session.scalars(select(kind).where(rowid == number)):
                read(row)
        except Exception as error:
            told = " ".join(str(error).split())[:200]
            yield f"the {table} {' '.join(map(str, key))} cannot be read ({told})"
