"""A curator reads what coders want discussed, and closes it once it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders.workspace import a_workspace, an_answer
from jsonschema import Draft202012Validator

from mmed_curate.annotation import Aid, Desk, assign
from mmed_curate.cli.main import main
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.protocol import Stage
from mmed_curate.store import Workspace


@pytest.fixture
def flagged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Workspace, ClipId]:
    """One clip that ann screened with an aid, and flagged."""
    workspace = a_workspace(tmp_path / "lab")
    assign(workspace, seed=1)
    desk = Desk(workspace, "ann")
    ticket = desk.next_ticket()
    assert ticket is not None
    desk.note_aid(ticket.id, Aid.NEUTRAL_FLICKER)
    desk.submit(ticket.id, an_answer(Stage.SCREENING, workspace.codebook))
    desk.flag(ticket.id, "a second face in [the] mirror")
    monkeypatch.chdir(workspace.root)
    with workspace.read() as records:
        (clip,) = records.clips()
    return workspace, clip.id


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    told = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, told.out, told.err


def valid(repository: Path, name: str, document: object) -> None:
    schema = json.loads((repository / "schema" / "json" / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)


def test_open_flags_are_listed_with_why(
    flagged: tuple[Workspace, ClipId], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "flag", "list", "--json")
    found = json.loads(out)
    valid(repository, "flags", found)
    (one,) = found["open"]
    assert (code, one["clip"], one["coder"], one["stage"]) == (0, flagged[1], "ann", "coding")
    assert one["because"] == "a second face in [the] mirror"
    told = " ".join(run(capsys, "flag", "list")[1].split())
    assert "[the]" in told


def test_status_counts_them(
    flagged: tuple[Workspace, ClipId], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(run(capsys, "status", "--json")[1])
    valid(repository, "status", found)
    assert found["open_flags"] == 1
    assert "1 flag(s) of coders are open: see `mmed flag list`" in run(capsys, "status")[1]


def test_closing_needs_a_reason_and_an_open_flag(
    flagged: tuple[Workspace, ClipId], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = flagged[1]
    code, _, err = run(capsys, "flag", "close", clip, "--because", " ")
    assert (code, err.strip()) == (2, "mmed: closing a flag needs a reason: say what came of it in a few words")
    code, out, _ = run(capsys, "flag", "close", clip, "--because", "only one face is coded", "--json")
    valid(repository, "flags", json.loads(out))
    assert (code, json.loads(out)["closed"], json.loads(out)["open"]) == (0, 1, [])
    code, _, err = run(capsys, "flag", "close", clip, "--because", "again")
    assert (code, err.strip()) == (2, f"mmed: clip {clip} has no open flag: see `mmed flag list`")
    assert run(capsys, "flag", "list")[1].strip() == "no flag is open"
    assert run(capsys, "audit")[0] == 0


def test_why_names_the_aids_of_a_judgement(
    flagged: tuple[Workspace, ClipId], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(run(capsys, "why", flagged[1], "--json")[1])
    valid(repository, "why", found)
    assert [one["aids"] for one in found["said"]] == [["neutral-flicker"]]
    assert "accept; with neutral flicker" in run(capsys, "why", flagged[1])[1]
