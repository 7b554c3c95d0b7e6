"""What a curator reads after `mmed ingest`, and finds again with `mmed status`."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.workspace import PLAIN
from jsonschema import Draft202012Validator

from mmed_curate.cli.ingest import note_lines, show_outcomes
from mmed_curate.cli.main import main
from mmed_curate.domain.findings import Finding, Severity
from mmed_curate.domain.identity import RecordingId, SubjectId
from mmed_curate.domain.records import Companion, CompanionKind, Consent, IngestOutcome, Term
from mmed_curate.domain.time import SyncBasis, Synchrony
from mmed_curate.store.workspace import Workspace


def fits(document: dict[str, object], schema: str, repository: Path) -> None:
    """Fail where a document breaks its published schema."""
    path = repository / "schema" / "json" / f"{schema}.schema.json"
    Draft202012Validator(json.loads(path.read_text(encoding="utf-8"))).validate(document)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with one subject in one session, and we stand in it."""
    workspace = Workspace.create(tmp_path / "lab", protocol=str(PLAIN), seed=3)
    signed = Consent(terms=frozenset({Term.RECORD}), form_version="1", signed_on=date(2025, 1, 1))
    with workspace.write() as records:
        records.add_subject("P1", signed)
        records.add_session("G1", ["P1"])
    monkeypatch.chdir(workspace.root)
    return workspace


def mmed(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    """Run a command: its exit code, what it printed, what it remarked."""
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    said = capsys.readouterr()
    assert isinstance(left.value.code, int)
    return left.value.code, said.out, said.err


def test_notes_and_refusals_are_said_again_until_the_file_is_mended(
    lab: Workspace, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = repository / "demo" / "recordings" / "please.mkv"
    good, bad = Path("good.mkv"), Path("bad.mkv")
    shutil.copy(whole, good)
    bad.write_bytes(whole.read_bytes()[:3000])
    words = ("ingest", good, bad, "nowhere.mkv", "--subject", "P1", "--session", "G1", "--workers", "1")
    code, out, _ = mmed(capsys, *words, "--json")
    first = json.loads(out)
    fits(first, "ingest", repository)
    assert code == 2 and [file["outcome"] for file in first["files"]] == ["taken in", "refused", "refused"]
    assert any("the recording has no sound" in note for note in first["files"][0]["notes"])

    again = json.loads(mmed(capsys, *words, "--json")[1])
    assert again["files"][0] == {**first["files"][0], "outcome": "already done", "already_done": True}

    status = json.loads(mmed(capsys, "status", "--json")[1])
    fits(status, "status", repository)
    (recording,) = status["recordings"]
    assert [f"{one['what']}: {one['remedy']}" for one in recording["notes"]] == first["files"][0]["notes"]
    (refused,) = status["refused"]  # a file that is not there is a slip of the pen
    assert refused["path"] == str(bad.resolve()) and refused["error"] == first["files"][1]["error"]
    said = mmed(capsys, "status")[1]
    assert f"refused by ingest: {refused['error']} ({bad.resolve()})" in said
    assert "media/sheets/" in said and "errors" in said

    shutil.copy(repository / "demo" / "recordings" / "single_face.mp4", bad)
    mmed(capsys, "ingest", bad, "--subject", "P1", "--session", "G1", "--workers", "1")
    assert json.loads(mmed(capsys, "status", "--json")[1])["refused"] == []


def test_a_damaged_note_is_passed_over(lab: Workspace, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = repository / "demo" / "recordings" / "please.mkv"
    mmed(capsys, "ingest", recording, "--subject", "P1", "--session", "G1", "--workers", "1")
    (kept,) = (lab.media / "notes").iterdir()
    kept.write_text('{"notes": [{"code": 1}]}', encoding="utf-8")
    code, out, _ = mmed(capsys, "status", "--json")
    assert code == 0 and json.loads(out)["recordings"][0]["notes"] == []


def test_where_each_companion_lies_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    measured = Companion(
        recording=RecordingId("r"),
        path="/session/mic-P1.wav",
        sha256="0" * 64,
        kind=CompanionKind.MICROPHONE,
        subject=SubjectId("s"),
        stream=None,
        channel=None,
        synchrony=Synchrony(offset_s=-1.25, drift_ppm=12.5, uncertainty_ms=0.2, basis=SyncBasis.MEASURED),
        confidence=0.97,
    )
    by_hand = replace(
        measured,
        path="/session/game.wav",
        synchrony=Synchrony(offset_s=3, drift_ppm=0, uncertainty_ms=None, basis=SyncBasis.GIVEN),
        confidence=None,
    )
    outcome = IngestOutcome(path="camera.mp4", recording=RecordingId("r"), companions=(measured, by_hand))
    show_outcomes((outcome,))
    said = [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]
    assert "camera.mp4 mic-P1.wav -1.25000 +12.50 0.200 0.97" in said
    assert "camera.mp4 game.wav 3.00000 +0.00 not measured by hand" in said


def a_note(code: str, what: str, severity: Severity = Severity.WARNING) -> Finding:
    return Finding(code=code, what=what, remedy="do it", severity=severity)


def test_a_season_of_notes_takes_a_line_for_each_kind() -> None:
    dark = [(f"{number:03}.mp4", a_note("quality.dark", f"too dark: {number}")) for number in range(300)]
    gone = ("007.mp4", a_note("ingest.no_clips", "nothing in 007.mp4", Severity.ERROR))
    assert note_lines([*dark, gone]) == [
        "error: nothing in 007.mp4: do it",
        "warning on 300 recordings (000.mp4, 001.mp4, 002.mp4, …), such as: too dark: 0: do it",
        "all of them: mmed status --json",
    ]
    assert note_lines(dark[:2]) == ["warning on 000.mp4: too dark: 0: do it", "warning on 001.mp4: too dark: 1: do it"]
