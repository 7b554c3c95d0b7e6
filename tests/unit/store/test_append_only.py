"""Judgements, consents and the log cannot be changed; where the file is forced open, the audit says where."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from builders.workspace import SIGNED, a_workspace, an_answer, noon

from mmed_curate.annotation import Desk, assign
from mmed_curate.domain.findings import BadInput
from mmed_curate.store import Workspace
from mmed_curate.store.chain import GENESIS, digest_of
from mmed_curate.store.tables import APPEND_ONLY, KEPT


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A clip that was screened and coded twice; three judgements, one consent."""
    made = a_workspace(tmp_path / "ws")
    for code in ("ann", "bob", "cem"):
        assign(made, seed=1)
        ticket = Desk(made, code).next_ticket()
        assert ticket is not None
        Desk(made, code).submit(ticket.id, an_answer(ticket.stage, made.codebook))
    made.close()
    return made


def raw(workspace: Workspace) -> sqlite3.Connection:
    """The database as any other program opens it."""
    return sqlite3.connect(workspace.database, isolation_level=None)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "act", ["UPDATE {} SET sequence = sequence", "DELETE FROM {}", "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"]
)
def test_the_database_itself_refuses_to_change_them(workspace: Workspace, table: str, act: str) -> None:
    connection = raw(workspace)
    put_beside(connection)
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
        connection.execute(act.format(table))


KEYS = {
    "judgement by id": ("judgement", ("id",)),
    "judgement by sequence": ("judgement", ("sequence",)),
    "judgement by what it supersedes": ("judgement", ("supersedes",)),
    "judgement by its ticket, where it is the first": ("judgement", ("ticket", "supersedes")),
    "judgement by rowid": ("judgement", ("rowid",)),
    "consent by number": ("consent", ("number",)),
    "consent by sequence": ("consent", ("sequence",)),
    "log by sequence": ("log", ("sequence",)),
    "recording by id": ("recording", ("id",)),
    "recording by sha256": ("recording", ("sha256",)),
    "clip by id": ("clip", ("id",)),
    "companion by recording and position": ("companion", ("recording", "position")),
    "face_owner by recording and track": ("face_owner", ("recording", "track")),
    "lot by clip and kind": ("lot", ("clip", "kind")),
    "recoding by clip and sequence": ("recoding", ("clip", "sequence")),
    "step by ticket and number": ("step", ("ticket", "number")),
    "step by sequence": ("step", ("sequence",)),
    "exclusion by coder and subject": ("exclusion", ("coder", "subject")),
    "withdrawal by subject": ("withdrawal", ("subject",)),
    "erasure by clip": ("erasure", ("clip",)),
    "gold by number": ("gold", ("number",)),
    "admission by number": ("admission", ("number",)),
    "reference by number": ("reference", ("number",)),
    "game_event by number": ("game_event", ("number",)),
    "self_report by number": ("self_report", ("number",)),
    "cue by number": ("cue", ("number",)),
}
"""Every primary key and unique index of the tables whose rows stay."""


@pytest.mark.parametrize("name", KEYS)
def test_replacing_by_any_one_key_is_refused(workspace: Workspace, name: str) -> None:
    """A new row that meets the old one in this key alone: SQLite would delete the old one without a word."""
    table, same = KEYS[name]
    connection = raw(workspace)
    put_beside(connection)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.row_factory = sqlite3.Row
    old = dict(connection.execute(f"SELECT rowid AS rowid, * FROM {table} LIMIT 1").fetchone())
    if name == "judgement by what it supersedes":
        old |= {"rowid": 777, "supersedes": old["id"], "id": "a correction", "sequence": 777}
        insert(connection, "INSERT", table, old)
    keys = {"rowid", *(key for held, columns in KEYS.values() if held == table for key in columns)}
    new = old | {key: (9999 if isinstance(old[key], int) else f"other {key}") for key in keys - set(same)}
    if "rowid" not in same:
        new.pop("rowid")
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} (is append-only|may be deleted)"):
        insert(connection, "INSERT OR REPLACE", table, new)


def put_beside(connection: sqlite3.Connection) -> None:
    """One row of each table that the fixture leaves empty, as no verb would add them."""
    recording, subject = connection.execute("SELECT id, subject FROM recording").fetchone()
    beside = {"recording": recording, "position": 0, "path": "/m.wav", "sha256": "a", "kind": "game"}
    insert(connection, "INSERT", "companion", {**beside, "synchrony": "{}"})
    insert(connection, "INSERT", "face_owner", {"recording": recording, "track": 0, "subject": subject})
    (clip,), (coder,), (ticket,) = (
        connection.execute(f"SELECT id FROM {table}").fetchone() for table in ("clip", "coder", "ticket")
    )
    rows: dict[str, dict[str, object]] = {
        "lot": {"clip": clip, "kind": "foil"},
        "recoding": {"clip": clip},
        "step": {"ticket": ticket, "number": 1, "answer": "{}", "salt": "s"},
        "exclusion": {"coder": coder, "subject": subject, "why": "themselves"},
        "withdrawal": {"subject": subject},
        "erasure": {"clip": clip},
        "gold": {"number": 1, "clip": clip, "reading": "{}", "why": "settled"},
        "admission": {"number": 1, "coder": coder, "stage": "coding", "admitted": 1, "evidence": "{}"},
        "reference": {"number": 1, "subject": subject, "recording": recording, "first": 0, "last": 9, "files": "{}"},
        "game_event": {"number": 1, "recording": recording, "time_s": 1.0, "what": "goal", "detail": ""},
        "self_report": {"number": 1, "recording": recording, "subject": subject, "onset_s": 1.0, "offset_s": 2.0}
        | {"emotion": "surprise", "words": ""},
        "cue": {"number": 1, "recording": recording, "taking": 1, "subject": subject, "onset_s": 1.0, "offset_s": 2.0}
        | {"text": "me?", "words": "[]"},
    }
    for table, row in rows.items():
        insert(connection, "INSERT", table, {**row, "sequence": 1})


def insert(connection: sqlite3.Connection, act: str, table: str, row: dict[str, object]) -> None:
    """Put a row in, its rowid too where given."""
    columns = ", ".join(f'"{column}"' for column in row)
    connection.execute(f"{act} INTO {table} ({columns}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))


@pytest.mark.parametrize("table", KEPT)
def test_rows_that_are_kept_are_not_deleted(workspace: Workspace, table: str) -> None:
    connection = raw(workspace)
    put_beside(connection)
    with pytest.raises(sqlite3.IntegrityError, match=f"no row of {table} may be deleted"):
        connection.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize("table", KEPT)
def test_no_column_of_rows_that_are_kept_changes(workspace: Workspace, table: str) -> None:
    connection = raw(workspace)
    connection.execute("PRAGMA foreign_keys = OFF")
    put_beside(connection)
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    for column in columns:
        act = f'UPDATE {table} SET "{column}" = 77'
        if (table, column) == ("recording", "path"):  # its file may lie elsewhere one day
            connection.execute(act)
            continue
        with pytest.raises(sqlite3.IntegrityError, match=f"a row of {table} stays as it is"):
            connection.execute(act)


def test_every_unique_key_has_its_test(workspace: Workspace) -> None:
    connection = raw(workspace)
    for table in (*APPEND_ONLY, *KEPT):
        unique = {
            frozenset(column for _, _, column in connection.execute(f'PRAGMA index_info("{index}")'))
            for _, index, is_unique, *_ in connection.execute(f"PRAGMA index_list({table})")
            if is_unique
        }
        tested = {frozenset(columns) - {"rowid"} for held, columns in KEYS.values() if held == table}
        first = frozenset({"ticket"})
        assert {frozenset({"ticket", "supersedes"}) if key == first else key for key in unique} <= tested, table


def test_the_chain_is_as_documented(workspace: Workspace) -> None:
    with workspace.read() as records:
        entries = records.log()
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    previous = GENESIS
    for entry in entries:
        assert entry.previous == previous
        assert entry.digest == digest_of(
            previous=previous,
            sequence=entry.sequence,
            at=entry.at,
            actor=entry.actor,
            kind=entry.kind,
            payload=entry.payload,
        )
        previous = entry.digest
    assert {entry.at for entry in entries[1:]} == {"2026-03-01T12:00:00.000000Z"}


def test_a_digest_can_be_recomputed_by_hand() -> None:
    """`printf '%064d\\n1\\n2026-01-01T00:00:00.000000Z\\ncurator\\nk\\n{}' 0 | sha256sum`"""
    assert (
        digest_of(
            previous=GENESIS, sequence=1, at="2026-01-01T00:00:00.000000Z", actor="curator", kind="k", payload="{}"
        )
        == "a8a60da659185b98541d0392ebf8bd0262db800bb699c65ee5815fa9528ce296"
    )


def test_an_untouched_workspace_is_whole(workspace: Workspace) -> None:
    with workspace.read() as records:
        found = records.audit()
    assert found.intact
    assert found.entries == len(workspace_log(workspace))
    assert found.newest == workspace_log(workspace)[-1].digest


def workspace_log(workspace: Workspace) -> tuple[object, ...]:
    with workspace.read() as records:
        return records.log()


TAMPERING = {
    "a log entry altered": ("log", "UPDATE log SET actor = 'someone' WHERE sequence = 3", "log entry 3 .* was altered"),
    "a log entry altered with its digest": (
        "log",
        "UPDATE log SET payload = '{}', digest = 'f' WHERE sequence = 3",
        "log entry 3 .* was altered",
    ),
    "a log entry taken out": ("log", "DELETE FROM log WHERE sequence = 4", "log entry 4 is missing"),
    "a label altered": (
        "judgement",
        "UPDATE judgement SET answer = replace(answer, '\"onset\":20', '\"onset\":19') WHERE stage = 'coding'",
        "the judgement of log entry .* was altered",
    ),
    "a judgement given to another": (
        "judgement",
        "UPDATE judgement SET coder = (SELECT id FROM coder WHERE code = 'eve') WHERE stage = 'screening'",
        "the judgement of log entry .* was altered",
    ),
    "a judgement taken out": (
        "judgement",
        "DELETE FROM judgement WHERE stage = 'coding'",
        "the judgement of log entry .* is missing",
    ),
    "a consent widened": (
        "consent",
        "UPDATE consent SET expires_on = '2099-01-01'",
        "the consent of log entry .* was altered",
    ),
}


QUIET = {
    "a subject made real": ("UPDATE subject SET simulated = 0", r"the subject S1 of log entry \d+ .* \(simulated\)"),
    "a session made real": ("UPDATE session SET simulated = 0", r"the session G1 of log entry \d+ .* \(simulated\)"),
    "a coder made real": (
        "UPDATE coder SET simulated = 0 WHERE code = 'bob'",
        r"the coder bob of log entry \d+ .* \(simulated\)",
    ),
    "a coder admitted": (
        "UPDATE coder SET roles = '[\"adjudicator\"]' WHERE code = 'bob'",
        r"the coder bob of log entry \d+ .* \(roles\)",
    ),
    "a recording made real": (
        "DROP TRIGGER recording_no_update; UPDATE recording SET simulated = 0",
        r"the recording \S+ of log entry \d+ .* \(simulated\)",
    ),
    "other bytes": (
        "DROP TRIGGER recording_no_update; UPDATE recording SET sha256 = 'f'",
        r"the recording \S+ of log entry \d+ .* \(sha256\)",
    ),
    "someone else took part": (
        "DELETE FROM session_subject",
        r"the session G1 of log entry \d+ was altered \(subjects\)",
    ),
    "a coder nobody registered": (
        "INSERT INTO coder VALUES ('x', 'zoe', '[]', 0)",
        "the coder zoe is in the database, but no log entry registered it",
    ),
    "a coder taken out": ("DELETE FROM coder WHERE code = 'eve'", r"the coder eve of log entry \d+ is missing"),
}
"""Changes of tables that no trigger guards: what is done, and what the audit says."""


@pytest.mark.parametrize("name", QUIET)
def test_the_audit_compares_what_was_registered_with_the_log(workspace: Workspace, name: str) -> None:
    act, said = QUIET[name]
    assert re.search(said, forced(workspace, act)[0])


def forced(workspace: Workspace, act: str) -> list[str]:
    """What the audit says after somebody did this to the database."""
    connection = raw(workspace)
    connection.executescript(act)
    assert connection.total_changes >= 1
    connection.close()
    with workspace.read() as records:
        found = records.audit()
    assert not found.intact
    return [str(finding) for finding in found.findings]


MADE = {
    "a subject made older": ("UPDATE subject SET age_band = '60-69'", "the subject's age.* of log entry .* altered"),
    "a score made better": ("UPDATE candidate SET score = score + 0.1", "a candidate of log entry .* was altered"),
    "a proposal moved": ("UPDATE candidate SET apex = apex + 1", "a candidate of log entry .* was altered"),
    "a proposal on another face": ("UPDATE candidate SET track = track + 1", "a candidate of log entry .* was altered"),
    "another picture": (
        "UPDATE asset SET sha256 = 'f' WHERE kind = 'coding-picture'",
        "the files or the crop of clip .* are not those of log entry",
    ),
    "a file taken out": ("DELETE FROM asset", "the files or the crop of clip .* are not those of log entry"),
    "another crop": (
        "DROP TRIGGER clip_no_update; UPDATE clip SET crop = replace(crop, '10', '11')",
        "the files or the crop of clip .* are not those of log entry",
    ),
    "another rate of sound": (
        "DROP TRIGGER recording_no_update; UPDATE recording SET sample_rate_hz = 8000",
        r"the recording \S+ of log entry \d+ was altered \(its size",
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_the_audit_compares_what_was_made_with_the_log(workspace: Workspace, name: str) -> None:
    act, said = MADE[name]
    assert any(re.search(said, one) for one in forced(workspace, act))


NO_SUCH_THING = {
    "a keepsake that is a text": ("INSERT INTO keepsake VALUES ('salt:1', 'words')", "the keepsake salt:1 is none"),
    "a crop that is no box": (
        "DROP TRIGGER clip_no_update; UPDATE clip SET crop = '[1, 2]'",
        "the clip .* cannot be read",
    ),
    "a crop that is no JSON": (
        "DROP TRIGGER clip_no_update; UPDATE clip SET crop = 'here'",
        "the clip .* cannot be read",
    ),
    "a clock that is none": (
        "DROP TRIGGER clip_no_update; UPDATE clip SET clock = x'00'",
        "the clip .* cannot be read",
    ),
    "roles that are none": ("UPDATE coder SET roles = 'all' WHERE code = 'bob'", "the coder .* cannot be read"),
    "tags that are none": ("UPDATE candidate SET tags = '[\"wink\"]'", "the candidate .* cannot be read"),
    "a consent on no day": (
        "DROP TRIGGER consent_no_update; UPDATE consent SET signed_on = 'once'",
        "the consent 1 cannot be read",
    ),
    "an answer that is no text": (
        "DROP TRIGGER judgement_no_update; UPDATE judgement SET answer = x'ff'",
        "the judgement .* (cannot be read|was altered)",
    ),
    "a log entry that is no text": (
        "DROP TRIGGER log_no_update; UPDATE log SET payload = x'ff' WHERE sequence = 3",
        "log entry 3 .* was altered",
    ),
}
"""What no reader would take: the audit must name it, and not fall over it."""


@pytest.mark.parametrize("name", NO_SUCH_THING)
def test_the_audit_names_what_is_no_such_thing(workspace: Workspace, name: str) -> None:
    act, said = NO_SUCH_THING[name]
    assert any(re.search(said, one) for one in forced(workspace, act))


def test_a_secret_that_is_none_is_said(workspace: Workspace) -> None:
    connection = raw(workspace)
    connection.execute("UPDATE keepsake SET value = 'words' WHERE name = 'secret'")
    connection.close()
    with pytest.raises(BadInput, match="has lost its secret"):
        Workspace.open(workspace.root)


def test_the_audit_misses_a_clip_that_nobody_judged(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", n_clips=2)
    with workspace.read() as records:
        gone = records.clips()[1].id
    connection = raw(workspace)
    connection.execute("DROP TRIGGER clip_no_delete")
    for table, column in (("asset", "clip"), ("place", "clip"), ("clip", "id")):
        assert connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (gone,)).rowcount >= 1
    connection.close()
    with workspace.read() as records:
        found = records.audit()
    assert re.search(r"the recording \S+ of log entry \d+ was altered \(clips\)", str(found.findings[0]))


@pytest.mark.parametrize("name", TAMPERING)
def test_the_audit_names_the_first_row_that_was_forced(workspace: Workspace, name: str) -> None:
    table, act, said = TAMPERING[name]
    connection = raw(workspace)
    for trigger in (f"{table}_no_update", f"{table}_no_delete"):
        connection.execute(f"DROP TRIGGER {trigger}")
    assert connection.execute(act).rowcount >= 1
    connection.close()
    with workspace.read() as records:
        found = records.audit()
    assert not found.intact
    assert found.findings[0].code == "audit.altered"
    assert re.search(said, str(found.findings[0]))


def test_the_log_says_nothing_of_what_was_answered(workspace: Workspace) -> None:
    with workspace.read() as records:
        entries = records.log("judgement.submitted")
        emotion = workspace.codebook.emotions[0].code
    assert len(entries) == 3
    assert not [entry for entry in entries if emotion in entry.payload or "onset" in entry.payload]


def test_writers_at_once_keep_one_chain(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", n_clips=0)

    def add(number: int) -> None:
        own = Workspace.open(workspace.root, now=noon)
        with own.write() as records:
            records.add_subject(f"T{number}", SIGNED)
        own.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(16)))
    with workspace.read() as records:
        assert len(records.subjects()) == 17
        assert records.audit().intact


WORK = """
import sys
from pathlib import Path
from mmed_curate.store import Workspace
from mmed_curate.domain.records import Consent, Term
from datetime import date
workspace = Workspace.open(Path(sys.argv[1]))
signed = Consent(terms=frozenset(Term), form_version="1", signed_on=date(2026, 1, 2))
for number in range(100000):
    with workspace.write() as records:
        records.add_subject(f"K{number}", signed)
    print(number, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    workspace = a_workspace(tmp_path / "ws", n_clips=0)
    worker = subprocess.Popen([sys.executable, "-c", WORK, str(workspace.root)], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    acknowledged = [int(worker.stdout.readline()) for _ in range(10)]
    worker.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in worker.stdout if line.endswith("\n")]
    worker.wait()
    with Workspace.open(workspace.root).read() as records:
        kept = {subject.code for subject in records.subjects()}
        assert records.audit().intact
    assert {f"K{number}" for number in acknowledged} <= kept


def test_a_ticket_can_lead_to_one_judgement_only(workspace: Workspace) -> None:
    with workspace.read() as records:
        first = records.judgements()[0]
        ticket = next(one for one in records.tickets() if one.stage is first.stage)
    with pytest.raises(BadInput, match="the database refuses this"), workspace.write() as records:
        records.append_judgement(
            ticket=ticket.id,
            clip=first.clip,
            coder=first.coder,
            answer=first.answer,
            round=1,
            modality=first.modality,
            codebook_version="1.0",
        )
