"""`mmed import` and `mmed export` as a curator uses them."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import pytest
from builders.timelines import a_timeline, an_interval
from jsonschema import Draft202012Validator, ValidationError

from mmed_curate.agreement.table import read_long_table
from mmed_curate.cli.main import main
from mmed_curate.domain.spantable import read_spans
from mmed_curate.interchange.elanfile import write_elan
from mmed_curate.interchange.timelines import Annotation, Entry, Tier, TierKind, Vocabulary

SCHEMA = Path(__file__).resolve().parents[3] / "schema" / "json" / "timeline.schema.json"


def run(*words: object) -> int:
    """Exit code of a command line."""
    with pytest.raises(SystemExit) as leaving:
        main([str(word) for word in words])
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """An ELAN document with two events of P01, one apex marked, and a list of choices."""
    event = Tier(
        name="event",
        annotations=(an_interval("0.1", "0.3", "micro", "P01"), an_interval("0.5", "0.8", "macro", "P01")),
        subject="P01",
        vocabularies=(Vocabulary(name="types", entries=(Entry(value="micro"), Entry(value="macro"))),),
    )
    mark = Annotation(start=Fraction(1, 5), end=Fraction(1, 5), value="", subject="P01")
    apex = Tier(name="apex", kind=TierKind.POINT, annotations=(mark,))
    path = tmp_path / "match.eaf"
    write_elan(path, [a_timeline(event, apex)])
    return path


def test_an_elan_document_becomes_a_table_that_the_other_verbs_take(
    document: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spans = tmp_path / "spans.csv"
    assert run("import", "elan", document, "-o", spans, "--coder", "K7") == 0
    said = capsys.readouterr()
    assert "2 spans in" in said.out
    assert "1 of 2 rows have no apex mark" in said.err
    first, second = rows(spans)
    assert (first["onset_s"], first["apex_s"], first["offset_s"], first["apex_from"]) == ("0.1", "0.2", "0.3", "mark")
    assert (second["apex_s"], second["apex_from"], second["coder"]) == ("0.65", "middle", "K7")
    assert read_spans(spans).rows[0].seconds == (Fraction(1, 10), Fraction(1, 5), Fraction(3, 10))
    assert read_spans(spans).rows[0].recording == "match one.mp4"
    read_long_table(spans, unit="onset_s", coder="coder", cluster="subject", others=("value", "onset_s", "offset_s"))


def test_export_and_import_give_the_table_back(document: Path, tmp_path: Path) -> None:
    spans, again = tmp_path / "spans.csv", tmp_path / "again.csv"
    run("import", "elan", document, "-o", spans)
    for name, ending in (("elan", "eaf"), ("boris", "boris"), ("csv", "csv")):
        assert run("export", name, spans, "-o", tmp_path / f"out.{ending}", "--media", "match one.mp4") == 0
        assert run("import", name, tmp_path / f"out.{ending}", "-o", again) == 0
        kept = ("tier", "onset_s", "apex_s", "offset_s", "apex_from", "value", "subject", "recording")
        assert [[row[name] for name in kept] for row in rows(again)] == [
            [row[name] for name in kept] for row in rows(spans)
        ]


def test_json_holds_everything_and_is_exported_again(
    document: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import", "elan", document, "--json") == 0
    whole = json.loads(capsys.readouterr().out)
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    validator.validate(whole)
    for key in list(whole):
        with pytest.raises(ValidationError):
            validator.validate({name: value for name, value in whole.items() if name != key})
    with pytest.raises(ValidationError):
        validator.validate({**whole, "more": 1})
    (tmp_path / "whole.json").write_text(json.dumps(whole), encoding="utf-8")
    assert run("export", "elan", tmp_path / "whole.json", "-o", tmp_path / "again.eaf") == 0
    assert (tmp_path / "again.eaf").read_bytes() == document.read_bytes()


def test_frames_need_the_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "frames.csv").write_text("onset,apex,offset\n1,2,3\n", encoding="utf-8")
    assert run("export", "elan", tmp_path / "frames.csv", "-o", tmp_path / "a.eaf") == 2
    assert "--recording" in capsys.readouterr().err
    assert not (tmp_path / "a.eaf").exists()


def test_frames_of_a_real_recording_go_out_and_come_back(repository: Path, tmp_path: Path) -> None:
    recordings = sorted((repository / "demo" / "recordings").glob("*.mp4"))
    if not recordings:
        pytest.skip("the demo's recordings are not here")
    (tmp_path / "frames.csv").write_text(
        "onset,apex,offset,tier,value\n0,0,0,event,micro\n3,7,12,event,macro\n13,14,20,event,micro\n", encoding="utf-8"
    )
    for name in ("elan", "praat", "boris"):
        out = tmp_path / f"out.{'boris' if name == 'boris' else 'txt'}"
        assert run("export", name, tmp_path / "frames.csv", "-o", out, "--recording", recordings[0]) == 0
        assert run("import", name, out, "-o", tmp_path / "again.csv", "--recording", recordings[0]) == 0
        again = [[int(row[mark]) for mark in ("onset", "apex", "offset")] for row in rows(tmp_path / "again.csv")]
        assert sorted(again) == [[0, 0, 0], [3, 7, 12], [13, 14, 20]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "elan", "{doc}"), "nothing says where to write"),
        (("import", "elan", "{doc}", "-o", "{doc}"), "would be written over"),
        (
            ("import", "elan", "{doc}", "-o", "{new}", "--tier", "mouth"),
            "there is no tier mouth: choose from: event, apex",
        ),
        (("import", "elan", "{doc}", "-o", "{new}", "--observation", "x"), "there is no observation x"),
        (("import", "praat", "{doc}", "-o", "{new}"), "is no TextGrid"),
        (("import", "boris", "{doc}", "-o", "{new}"), "is no JSON document"),
        (("import", "csv", "{doc}", "-o", "{new}"), "has no columns for start and end"),
        (("export", "elan", "nowhere.csv", "-o", "{new}"), "there is no such file"),
        (("export", "elan", "{doc}.json", "-o", "{new}"), "there is no such file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_2(
    words: tuple[str, ...], said: str, document: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = document.read_bytes()
    assert run(*(word.format(doc=document, new=tmp_path / "new.csv") for word in words)) == 2
    error = capsys.readouterr().err.strip()
    assert said in error and error.count("\n") == 0
    assert document.read_bytes() == before
    assert not (tmp_path / "new.csv").exists()


def test_a_part_that_could_not_be_used_is_exit_2_and_the_rest_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text("start,end,label\n1,2,ok\n4,3,turned\nx,3,odd\n", encoding="utf-8")
    assert run("import", "csv", tmp_path / "a.csv", "-o", tmp_path / "out.csv") == 2
    assert [row["value"] for row in rows(tmp_path / "out.csv")] == ["ok"]
    said = capsys.readouterr().err
    assert "row 4: 'x' is no time in seconds" in said
    assert "tier event, 4.000 s: it ends before it starts" in said
