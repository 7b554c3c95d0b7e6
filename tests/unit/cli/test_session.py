"""A curator notes what a game was about, what happened in it, and what players said of it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from builders.workspace import SIGNED, a_workspace, add_clips
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from mmed_curate.annotation.withdrawal import withdraw
from mmed_curate.cli.session import session
from mmed_curate.domain.findings import BadInput
from mmed_curate.store import Workspace


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A game of two, filmed on S01's camera for 6.67 s; we stand in the workspace."""
    made = a_workspace(tmp_path / "ws", n_clips=0, subject="S01", session="other")
    with made.write() as records:
        records.add_subject("S02", SIGNED, simulated=True)
    monkeypatch.chdir(made.root)
    words = ["add", "G1", "--subjects", "S01,S02", "--game", "Among Us", "--stakes", "20 euros", "--simulated"]
    words += ["--role", "S01=impostor", "--role", "S02=crew", "--outcome", "crew won", "--player-outcome", "S01=lost"]
    assert call(*words).exit_code == 0
    add_clips(made, 2, subject="S01", session="G1", recording="cam.mp4")
    return made


def call(*words: str) -> Result:
    return CliRunner().invoke(session, list(words))


def said(result: Result) -> str:
    """The sentence of what was refused."""
    assert isinstance(result.exception, BadInput), result.output
    return str(result.exception)


def csv_of(text: str) -> str:
    Path("table.csv").write_text(text, encoding="utf-8")
    return "table.csv"


EVENTS = "time_s,time,what,subject,detail\n1.5,,vote,S01,accused\n,0:00:05.25,kill,,in electrical\n"
REPORTS = (
    "subject,onset_s,offset_s,emotion,intensity,words\nS01,1,2.5,fear,6,I thought they had me\nS02,2,3,disgust,,\n"
)


def test_all_that_was_noted_is_shown_and_keeps_its_shape(lab: Workspace, repository: Path) -> None:
    assert "2 event(s)" in call("log", "G1", csv_of(EVENTS), "--recording", "cam.mp4").output
    assert "2 self-report(s)" in call("reports", "G1", csv_of(REPORTS), "--recording", "cam.mp4").output
    document = json.loads(call("show", "G1", "--json").output)
    schema = json.loads((repository / "schema" / "json" / "session.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)
    for part in (document, document["players"][0], document["events"][0], document["reports"][0]):
        for key in list(part):
            kept = part.pop(key)
            assert not Draft202012Validator(schema).is_valid(document), f"{key} may be left out"
            part[key] = kept
    assert document["stakes"] == "20 euros"
    assert document["players"] == [
        {"subject": "S01", "role": "impostor", "outcome": "lost"},
        {"subject": "S02", "role": "crew", "outcome": None},
    ]
    assert [(one["time_s"], one["what"], one["subject"]) for one in document["events"]] == [
        (1.5, "vote", "S01"),
        (5.25, "kill", None),
    ]
    assert [(one["emotion"], one["intensity"]) for one in document["reports"]] == [("fear", 6), ("disgust", None)]
    for word in ("impostor", "20 euros", "electrical", "I thought"):  # a narrow screen breaks longer ones
        assert word in call("show", "G1").output


def test_who_withdrew_is_not_named_any_more_nor_what_they_did_or_said(lab: Workspace, repository: Path) -> None:
    call("log", "G1", csv_of(EVENTS), "--recording", "cam.mp4")
    call("reports", "G1", csv_of(REPORTS), "--recording", "cam.mp4")
    withdraw(lab, "S01")
    document = json.loads(call("show", "G1", "--json").output)
    schema = json.loads((repository / "schema" / "json" / "session.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)
    assert document["players"] == [
        {"subject": None, "role": None, "outcome": None},
        {"subject": "S02", "role": "crew", "outcome": None},
    ]
    assert [one["what"] for one in document["events"]] == ["kill"]
    assert [one["emotion"] for one in document["reports"]] == ["disgust"]
    shown = call("show", "G1").output
    assert "(withdrew)" in shown
    assert "S01" not in shown


def test_the_log_seals_it_and_the_audit_sees_a_change(lab: Workspace) -> None:
    call("log", "G1", csv_of(EVENTS), "--recording", "cam.mp4")
    call("reports", "G1", csv_of(REPORTS), "--recording", "cam.mp4")
    with lab.read() as records:
        log = " ".join(entry.payload for entry in records.log())
        assert records.audit().intact
    for secret in ("impostor", "accused", "electrical", "they had me", "20 euros"):
        assert secret not in log
    with sqlite3.connect(lab.database) as database:
        database.execute("UPDATE session_subject SET role = 'crew' WHERE role = 'impostor'")
        for table, column in (("game_event", "detail"), ("self_report", "words")):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                database.execute(f"UPDATE {table} SET {column} = 'x'")
            database.execute(f"DROP TRIGGER {table}_no_update")
            database.execute(f"UPDATE {table} SET {column} = 'x' WHERE {column} <> ''")
    with lab.read() as records:
        found = [one.what for one in records.audit().findings if "guard" not in one.what]
    assert len(found) == 4  # one player, two parts of the event log, one player's report
    assert all("was altered" in what for what in found)


BAD_EVENTS = {
    "outside": ("time_s,what\n1,deal\n6.8,deal\n", "line 3: 6.8 is outside the recording"),
    "no time": ("time,what\n1:77,deal\n", "line 2: '1:77' is no time"),
    "no number": ("time_s,what\nnan,deal\n", "line 2: 'nan' is no time"),
    "both times": ("time_s,time,what\n1,0:01,deal\n", "both time_s and time"),
    "nobody of the game": ("time_s,what,subject\n1,deal,S09\n", "line 2: 'S09' did not take part"),
    "twice": ("time_s,time,what\n1,,deal\n,0:00:01,deal\n", "line 3: is the same as line 2"),
    "nothing happened": ("time_s,what\n1,\n", "line 2: it is not said what happened"),
    "no column": ("when,what\n1,deal\n", "lacks the column time_s or time"),
    "a strange column": ("time_s,what,player\n1,deal,S01\n", "'player' that means nothing"),
    "no rows": ("time_s,what\n", "has no rows"),
    "a short row": ("time_s,what\n1\n", "line 2: has 1 cells"),
}


@pytest.mark.parametrize("case", BAD_EVENTS)
def test_a_wrong_line_of_an_event_log_is_named_and_nothing_is_taken_in(lab: Workspace, case: str) -> None:
    text, sentence = BAD_EVENTS[case]
    assert sentence in said(call("log", "G1", csv_of(text), "--recording", "cam.mp4"))
    with lab.read() as records:
        assert records.game_events() == ()


BAD_REPORTS = {
    "unknown emotion": ("S01,1,2,joyful,,\n", "line 2: the codebook has no emotion 'joyful'"),
    "too strong": ("S01,1,2,fear,8,\n", "line 2: intensity 8 is outside 1 to 7"),
    "half strong": ("S01,1,2,fear,2.5,\n", "must be a whole number"),
    "backwards": ("S01,2,1,fear,,\n", "line 2: 2 s to 1 s is no stretch"),
    "twice": ("S01,1,2,fear,,\nS01,1,2,fear,3,\n", "line 3: is the same as line 2"),
    "nobody": (",1,2,fear,,\n", "line 2: '' did not take part"),
}


@pytest.mark.parametrize("case", BAD_REPORTS)
def test_a_wrong_line_of_self_reports_is_named_and_nothing_is_taken_in(lab: Workspace, case: str) -> None:
    rows, sentence = BAD_REPORTS[case]
    table = csv_of("subject,onset_s,offset_s,emotion,intensity,words\n" + rows)
    assert sentence in said(call("reports", "G1", table, "--recording", "cam.mp4"))
    with lab.read() as records:
        assert records.self_reports() == ()


def test_the_same_again_and_another_sessions_recording_are_refused(lab: Workspace) -> None:
    call("log", "G1", csv_of(EVENTS), "--recording", "cam.mp4")
    assert "was taken in already" in said(call("log", "G1", csv_of(EVENTS), "--recording", "cam.mp4"))
    assert "no recording of that session" in said(call("log", "other", csv_of(EVENTS), "--recording", "cam.mp4"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--role", "impostor"), "does not say whose"),
        (("--role", "S01=a", "--role", "S01=b"), "names S01 twice"),
        (("--role", "S02=crew"), "fits nobody who took part"),
        (("--player-outcome", "S03=won"), "fits nobody who took part"),
    ],
)
def test_a_role_of_nobody_is_refused(lab: Workspace, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in said(call("add", "G2", "--subjects", "S01", *words))
