"""`mmed withdraw`: what it says, what it asks, its receipt; and `status` afterwards."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from builders.leaving import a_lab
from jsonschema import Draft202012Validator

from mmed_curate.cli.main import main
from mmed_curate.domain.files import folder_written_aside
from mmed_curate.store.migrate import back_up
from mmed_curate.store.workspace import Workspace


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace, _ = a_lab(tmp_path_factory.mktemp("lab") / "ws")
    workspace.close()
    return workspace.root


@pytest.fixture
def workspace(pristine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    workspace = Workspace.open(Path(shutil.copytree(pristine, tmp_path / "ws")))
    monkeypatch.setenv("MMED_WORKSPACE", str(workspace.root))
    return workspace


@pytest.fixture(scope="module")
def schema(repository: Path) -> dict[str, Any]:
    path = repository / "schema" / "json" / "withdrawal-receipt.schema.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, captured.out, captured.err


def test_a_plain_withdrawal_says_what_left(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], schema: dict[str, Any]
) -> None:
    code, out, _ = run(capsys, "withdraw", "S1")
    assert code == 0
    assert out.startswith(
        "SIMULATED subject S1 withdrew: 1 clip of theirs and 1 of others in which they may be seen or heard out of "
        "all queues and later releases; tickets taken back: 2"
    )
    assert "mmed withdraw S1 --erase" in out
    code, out, _ = run(capsys, "withdraw", "S1", "--json")
    document = json.loads(out)
    Draft202012Validator(schema).validate(document)
    assert document["erased"] is None
    code, out, _ = run(capsys, "status", "--json")
    standing = json.loads(out)
    assert standing["withdrawn"] == {"clips": 2, "erased": 0}
    assert sum(stage["clips"] for stage in standing["clips"].values()) == 1
    code, _, err = run(
        capsys, "subject", "add", "S1", "--renew", "--consent", "all", "--form-version", "2", "--signed", "2026-05-01"
    )
    assert code == 2
    assert "a withdrawal is never undone" in err


@pytest.mark.parametrize(("subject", "session"), [("S1", "G1"), ("S2", "G2")])
def test_no_further_recording_is_looked_at(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], subject: str, session: str
) -> None:
    run(capsys, "withdraw", "S1")
    (tmp_path / "new.mp4").write_bytes(b"never opened")
    before = sorted(workspace.media.rglob("*"))
    code, _, err = run(capsys, "ingest", str(tmp_path / "new.mp4"), "--subject", subject, "--session", session)
    assert code == 2
    assert "subject S1 withdrew, and no recording in which they may be seen or heard is taken in any more" in err
    assert sorted(workspace.media.rglob("*")) == before


def test_erasing_asks_first(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "withdraw", "S1", "--erase")
    assert code == 2
    assert "add --yes" in err
    with workspace.read() as records:
        assert records.withdrawn() == frozenset()


def test_the_receipt_names_what_went_and_what_is_left_to_drop(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], schema: dict[str, Any]
) -> None:
    workspace.close()
    back_up(workspace.database, workspace.root / "backups" / "old.sqlite")
    (workspace.root / "backups" / "broken.sqlite").write_bytes(b"no database")
    written = tmp_path / "S1.txt"
    code, out, _ = run(capsys, "withdraw", "S1", "--erase", "--yes", "--receipt", str(written))
    assert code == 0
    assert f"receipt: {written} and {written.with_suffix('.json')}" in out
    text, document = written.read_text(encoding="utf-8"), json.loads(written.with_suffix(".json").read_text())
    Draft202012Validator(schema).validate(document)
    assert "Keep it out of every release" in text
    with workspace.read() as records:
        audit = records.audit()
    assert audit.intact
    assert document["log"] == {"entries": audit.entries, "newest": audit.newest}
    assert audit.newest in text
    assert document["erased"]["counts"]["judgements"] == 2
    assert len(document["erased"]["files"]) == 12
    assert all(file["path"] in text and file["sha256"] in text for file in document["erased"]["files"])
    assert document["erased"]["whole"] == ["/recordings/S2.mp4"]
    assert [one["path"] for one in document["to_drop"]["recordings"]] == ["/recordings/S1.mp4", "/recordings/S2.mp4"]
    assert [one["path"] for one in document["to_drop"]["backups"]] == ["backups/broken.sqlite", "backups/old.sqlite"]
    code, out, _ = run(capsys, "status", "--json")
    assert json.loads(out)["withdrawn"] == {"clips": 2, "erased": 1}
    assert run(capsys, "status")[0] == 0
    with workspace.read() as records:
        (erased,) = records.erased()
    code, _, err = run(capsys, "why", erased)
    assert (code, "was erased with its subject" in err) == (2, True)
    assert run(capsys, "audit")[0] == 0
    workspace.close()
    back_up(workspace.database, workspace.root / "backups" / "after.sqlite")
    again = json.loads(run(capsys, "withdraw", "S1", "--erase", "--yes", "--json")[1])
    assert again == {**document, "log": again["log"]}  # the backup from after it holds nothing


def test_what_is_half_made_of_a_release_goes_or_is_named(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """One whose maker was killed goes; one that is being made, or that nobody can tell of, is named."""
    releases = workspace.root / "releases"
    killed, of_old = releases / ".mmed-1.0.0-ab3_de9x.aside", releases / ".mmed-0.9.0-q1w2e3r4"
    for folder in (killed, of_old):
        folder.mkdir(parents=True)
        (folder / "picture.mp4").write_bytes(b"S1's face")
    with folder_written_aside(releases / "mmed-1.1.0") as being_made:
        code, _, err = run(capsys, "withdraw", "S1", "--erase", "--yes")
        assert code == 2 and "may hold media of the subject" in err
        assert not killed.exists() and being_made.exists()
    code, _, err = run(capsys, "withdraw", "S1", "--erase", "--yes")
    assert code == 2 and of_old.name in err.replace("\n", "")
    shutil.rmtree(of_old)
    document = json.loads(run(capsys, "withdraw", "S1", "--erase", "--yes", "--json")[1])
    assert document["erased"]["finished_at"] is not None


@pytest.mark.parametrize("field", ["subject", "erased", "to_drop", "log", "format"])
def test_a_receipt_that_lacks_something_does_not_fit(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], schema: dict[str, Any], field: str
) -> None:
    document = json.loads(run(capsys, "withdraw", "S1", "--erase", "--yes", "--json")[1])
    check = Draft202012Validator(schema)
    check.validate(document)
    assert not check.is_valid({name: value for name, value in document.items() if name != field})
    assert not check.is_valid({**document, "more": 1})
    assert not check.is_valid({**document, field: 7})


def test_an_unknown_subject_and_a_misnamed_receipt_are_refused(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "withdraw", "S11")
    assert (code, "there is no subject" in err) == (2, True)
    code, _, err = run(capsys, "withdraw", "S1", "--receipt", str(tmp_path / "r.json"))
    assert (code, "name the text" in err) == (2, True)
    with workspace.read() as records:
        assert records.withdrawn() == frozenset()
