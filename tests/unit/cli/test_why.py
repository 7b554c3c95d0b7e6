"""A curator asks why a clip reads as it does, and what other rules would change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders.workspace import a_workspace, an_answer
from jsonschema import Draft202012Validator

from mmed_curate.annotation import Desk, assign
from mmed_curate.cli.main import main
from mmed_curate.store import Workspace


@pytest.fixture
def disputed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A clip that two coders read differently, that a third person settled and an expert accepted."""
    workspace = a_workspace(tmp_path / "lab")
    for code, emotion in (("ann", 0), ("bob", 0), ("cem", 1), ("dee", 1), ("eve", 0)):
        assign(workspace, seed=1)
        ticket = Desk(workspace, code).next_ticket()
        assert ticket is not None
        Desk(workspace, code).submit(ticket.id, an_answer(ticket.stage, workspace.codebook, emotion=emotion))
    monkeypatch.chdir(workspace.root)
    return workspace


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    told = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, told.out, told.err


def valid(repository: Path, name: str, document: object) -> None:
    schema = json.loads((repository / "schema" / "json" / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)


def test_every_field_says_by_which_rule_it_stands_and_on_whose_word(
    disputed: Workspace, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with disputed.read() as records:
        (clip,) = records.clips()
        ticket = records.tickets(coder=records.coder("cem").id)[0]
    code, out, _ = run(capsys, "why", clip.id, "--json")
    found = json.loads(out)
    valid(repository, "why", found)
    assert code == 0
    assert (found["stage"], found["open"]) == ("settled", ["event 1: emotion, between 2, 3"])
    assert [one["coder"] for one in found["said"]] == ["ann", "bob", "cem", "dee", "eve"]
    emotion = next(one for one in found["settled"] if one["field"] == "emotion")
    assert (emotion["value"], emotion["rule"], emotion["rests_on"]) == ("surprise", "adjudicated", [4])
    assert json.loads(run(capsys, "why", ticket.id, "--json")[1]) == found


def test_it_reads_as_sentences(disputed: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    with disputed.read() as records:
        (clip,) = records.clips()
    code, out, _ = run(capsys, "why", clip.id)
    assert code == 0
    assert "left open by the coders: event 1: emotion, between 2, 3" in out
    assert "the word of who" in out


def test_what_is_not_there_is_one_sentence(disputed: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "why", "nobody")
    assert (code, "there is no clip and no ticket nobody" in err) == (2, True)


def test_other_rules_are_rehearsed_then_adopted(
    disputed: Workspace, repository: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rules = tmp_path / "wider.yaml"
    text = (disputed.root / "protocol.yaml").read_text(encoding="utf-8")
    rules.write_text(text.replace("offset: {frames: 3", "offset: {frames: 5").replace("codebook.yaml", "mmed"))
    words = ("protocol", "adopt", str(rules), "--because", "30 fps only", "--json")
    code, out, _ = run(capsys, *words, "--rehearse")
    valid(repository, "adoption", json.loads(out))
    assert (code, json.loads(out)["rehearsed"]) == (0, True)
    assert run(capsys, *words)[0] == 0
    assert Workspace.open(disputed.root).protocol.tolerance.offset.frames == 5
    assert run(capsys, "protocol", "adopt", str(rules), "--because", " ")[0] == 2
