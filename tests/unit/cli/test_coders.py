"""From a new coder to one who is watched: gold, train, qualify, coder exclude, list, drift; `--json` by its schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders.known import a_lab, known_event, work
from builders.rounds import Day
from builders.workspace import SIGNED, add_clips

from mmed_curate.annotation import Desk, assign
from mmed_curate.cli.main import main
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.packaged import packaged_path
from mmed_curate.domain.serial import to_json
from mmed_curate.store import Workspace

jsonschema = pytest.importorskip("jsonschema", reason="needs the curate extra")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, day: Day) -> Workspace:
    """Nine clips of known reading, three of them without an event, and we stand in the workspace."""
    workspace = a_lab(tmp_path / "ws", day, n_gold=9, n_free=3)
    monkeypatch.chdir(workspace.root)
    monkeypatch.delenv("MMED_WORKSPACE", raising=False)
    return workspace


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `mmed` and gives exit code, stdout and stderr."""

    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, said.out, said.err

    return call


def valid(text: str, name: str) -> Any:
    """The document, after its schema and the schema's refusals were tried on it."""
    document = json.loads(text)
    schema = json.loads(packaged_path("schema", "json", f"{name}.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(document)
    for key in document:
        assert not validator.is_valid({other: value for other, value in document.items() if other != key}), key
    assert not validator.is_valid({**document, "one more": 1})
    assert not validator.is_valid({**document, "version": "2.0"})
    return document


def test_the_way_of_a_new_coder(lab: Workspace, run: Run) -> None:
    code, out, _ = run("train", "bob", "--json")
    opened = valid(out, "training")
    assert (code, opened["opened"], opened["event_free"], opened["simulated"]) == (0, 6, 2, True)
    code, out, _ = run("qualify", "bob", "--json")
    assert (code, valid(out, "qualification")["admitted"]) == (1, False)
    work(lab, "bob")
    code, out, _ = run("qualify", "bob", "--json")
    found = valid(out, "qualification")
    assert (code, found["reached"], found["admitted"], found["missing"]) == (0, True, True, [])
    assert [one["figure"] for one in found["figures"]][:2] == ["clips", "event_free"]
    code, out, _ = run("coder", "list", "--json")
    line = next(one for one in valid(out, "coders")["coders"] if one["coder"] == "bob")
    assert (code, line["admitted"], line["submitted"]) == (0, ["coding"], 6)


def test_in_words(lab: Workspace, run: Run) -> None:
    assert "6 training ticket(s), 2 of them without an event" in run("train", "bob")[1]
    work(lab, "bob", n_right=2)
    code, out, _ = run("qualify", "bob")
    assert code == 1
    for said in ("events f1", "not reached", "at least 0.7 is asked for", "bob is not admitted to coding", "SIMULATED"):
        assert said in out
    code, out, _ = run("qualify", "bob", "--word", "founding coder")
    assert (code, "bob is admitted to coding, by the curator's word: founding coder" in out) == (0, True)
    assert "though not by these figures" in run("qualify", "bob")[1]
    code, out, _ = run("qualify", "bob", "--withdraw", "drifts", "--json")
    assert (code, valid(out, "qualification")["word"]) == (0, "drifts")
    assert "not admitted to coding: bob, cem, dee" in run("coder", "list")[1]


def test_gold_is_added_and_listed(lab: Workspace, run: Run, tmp_path: Path) -> None:
    (clip,) = add_clips(lab, 1)
    reading = Coding(events=(known_event(lab.codebook),))
    (tmp_path / "reading.json").write_text(json.dumps(to_json(reading)), encoding="utf-8")
    words = ("--reading", str(tmp_path / "reading.json"), "--because", "two experts")
    code, out, _ = run("gold", "add", clip, *words, "--json")
    (line,) = valid(out, "gold")["clips"]
    assert (code, line["clip"], line["events"], line["had_by"]) == (0, clip, 1, 0)
    assert line["why"] == "two experts"
    code, out, _ = run("gold", "list", "--json")
    assert len(valid(out, "gold")["clips"]) == 10
    code, out, _ = run("gold", "list")
    assert (code, "10 clip(s), 3 of them without an event" in out) == (0, True)


BAD = {
    "no clips": (("gold", "add", "--because", "x"), "say which clips"),
    "clips and a draw": (("gold", "add", "c1", "--settled", "3", "--because", "x"), "say which clips"),
    "a reading of two": (("gold", "add", "a", "b", "--reading", "r", "--because", "x"), "--reading is of one clip"),
    "no such file": (("gold", "add", "a", "--reading", "none.json", "--because", "x"), "none.json cannot be read"),
    "another file": (("gold", "add", "a", "--reading", "list.json", "--because", "x"), "holds no reading"),
    "no JSON": (("gold", "add", "a", "--reading", "mmed.toml", "--because", "x"), "it is no JSON"),
    "another shape": (("gold", "add", "a", "--reading", "shape.json", "--because", "x"), "does not fit Coding"),
    "no such clip": (("gold", "add", "nobody's", "--because", "x"), "there is no clip"),
    "too many": (("gold", "add", "--settled", "99", "--because", "x"), "99 clips are wanted"),
    "no such coder": (("train", "zoe"), "there is no coder"),
    "not a coder": (("qualify", "eve"), "eve is no coder"),
    "two words": (("qualify", "bob", "--word", "a", "--withdraw", "b"), "not both"),
    "exclude of nobody": (("coder", "exclude", "bob", "S7", "--because", "x"), 'there is no subject "S7"'),
    "exclude without a reason": (("coder", "exclude", "bob", "S1", "--because", " "), "needs a reason"),
    "knows nobody": (("coder", "add", "kay", "--role", "coder", "--knows", "S7"), 'there is no subject "S7"'),
    "drift of nobody": (("coder", "drift", "zoe"), "there is no coder"),
    "a plot of nothing": (("coder", "drift", "--plot", "d.png"), "there is nothing to draw"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_one_sentence_and_changes_nothing(lab: Workspace, run: Run, name: str) -> None:
    Path("list.json").write_text("[1]", encoding="utf-8")
    Path("shape.json").write_text('{"events": [{"onset": 3}]}', encoding="utf-8")
    with lab.read() as records:
        before = len(records.log())
    words, said = BAD[name]
    code, _, err = run(*words)
    assert code == 2
    assert said in err
    assert len(err.strip().splitlines()) == 1
    with lab.read() as records:
        assert len(records.log()) == before


def test_whom_a_coder_may_not_judge(lab: Workspace, run: Run) -> None:
    with lab.write() as records:
        records.add_subject("S2", SIGNED, simulated=True)
    code, out, _ = run("coder", "add", "kay", "--role", "coder,screener", "--is-subject", "S1", "--knows", "S2, S9")
    assert (code, out.strip()) == (0, "coder kay: screener, coder; judges no clip with S1, S2, S9")
    with lab.read() as records:
        why = {one.why for one in records.exclusions()}
    assert why == {"themselves", "knows them"}
    add_clips(lab, 2)
    assign(lab, seed=1)
    assert Desk(lab, "ann").next_ticket() is not None
    code, out, _ = run("coder", "exclude", "ann", "S1", "--because", "her sister")
    assert (code, out.strip()) == (0, "ann judges no clip with S1 from now on; 2 ticket(s) went back")
    assert Desk(lab, "ann").next_ticket() is None
    assert "that is so already" in run("coder", "exclude", "ann", "S1", "--because", "her sister")[1]
    listed = valid(run("coder", "list", "--json")[1], "coders")["coders"]
    assert {one["coder"]: one["exclusions"] for one in listed if one["exclusions"]} == {"ann": 1, "kay": 3}


def test_drift_by_month_and_its_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, day: Day) -> None:
    """Bob is right in March and wrong in April; four repeats are too few to say."""
    pytest.importorskip("matplotlib", reason="pictures need the curate extra")
    rules = "gold: {share: 0.4}\nrepeats: {share: 0.5, after_days: 14}\n"
    lab = a_lab(tmp_path / "drift", day, rules=rules, n_gold=24, n_free=6)
    monkeypatch.chdir(lab.root)
    for number, n_right in ((1, None), (2, 0)):
        add_clips(lab, 12, recording=f"round-{number}.mp4")
        assign(lab, seed=1)
        work(lab, "ann")
        assign(lab, seed=1)
        work(lab, "bob", n_right=n_right)
        day.go_on(31)
    code, out, _ = run("coder", "drift", "bob", "--json", "--plot", "drift.png")
    found = valid(out, "drift")
    assert code == 0
    gold = {one["window"]: one["events_f1"]["value"] for one in found["scores"] if one["kind"] == "gold"}
    assert list(gold) == ["all", "2026-03", "2026-04"]
    assert (gold["2026-03"], gold["2026-04"]) == (1.0, 0.0)
    assert Path("drift.png").read_bytes().startswith(b"\x89PNG")
    weeks = valid(run("coder", "drift", "bob", "--by", "week", "--json")[1], "drift")
    # answered on Sunday, 1 March, and on Wednesday, 1 April
    gold_weeks = [one["window"] for one in weeks["scores"] if one["kind"] == "gold"]
    assert (weeks["windows"], gold_weeks) == ("weeks", ["all", "2026-W09", "2026-W14"])
    code, _, said = run("coder", "drift", "--by", "week", "--every", "2")
    assert code == 2 and "leave one of them out" in said
    code, out, _ = run("coder", "drift", "--every", "2")
    assert (code, "1..2" in out, "SIMULATED" in out) == (0, True, True)
    reasons = [one["onset_ms"]["undetermined"] for one in found["scores"]]
    assert any(reason and "at least 5 are needed" in reason for reason in reasons)


def test_without_gold_and_repeats_there_is_nothing_to_watch(lab: Workspace, run: Run) -> None:
    code, out, _ = run("coder", "drift")
    assert (code, out.strip()) == (0, "no hidden gold and no repeat was answered yet")
    assert valid(run("coder", "drift", "--json")[1], "drift")["scores"] == []
