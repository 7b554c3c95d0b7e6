"""`mmed spot` as a person uses it."""

from __future__ import annotations

import csv
import json
import os
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from mmed_curate.cli.main import main
from mmed_curate.cli.spot import spot
from mmed_curate.domain.time import Frame
from mmed_curate.media.pictures import pictures
from mmed_curate.media.write import RecordingWriter


def fits(document: dict[str, object], schema: str, repository: Path) -> None:
    """Fail where a document breaks its published schema."""
    path = repository / "schema" / "json" / f"{schema}.schema.json"
    Draft202012Validator(json.loads(path.read_text(encoding="utf-8"))).validate(document)


@pytest.fixture(scope="module")
def blinking(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """The second half of a bundled recording, in which the man blinks."""
    path = tmp_path_factory.mktemp("spot") / "blinking.mp4"
    source = repository / "demo" / "recordings" / "single_face.mp4"
    with RecordingWriter(path, width=640, height=360, time_base=Fraction(1, 30)) as writer:
        for picture in pictures(source, first=Frame(15), last=Frame(59)):
            writer.picture(picture.bgr(), picture.frame - 15)
    return path


def test_a_recording_becomes_a_table(blinking: Path, tmp_path: Path) -> None:
    table = tmp_path / "candidates.csv"
    done = CliRunner().invoke(spot, [str(blinking), "-o", str(table)], catch_exceptions=False)
    assert done.exit_code == 0
    with table.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0])[:7] == ["onset", "apex", "offset", "score", "region", "tag", "track"]
    # the man shuts his eyes round frame 27 of the original, 12 here
    assert any(row["tag"] == "blink" and 8 <= int(row["apex"]) <= 16 for row in rows)


def test_json_alone_on_stdout_and_a_picture(blinking: Path, tmp_path: Path, repository: Path) -> None:
    words = ["run", str(blinking), "-o", str(tmp_path / "c.csv"), "--plot", str(tmp_path / "c.png"), "--json"]
    document = json.loads(CliRunner().invoke(spot, words, catch_exceptions=False).stdout)
    fits(document, "spotting", repository)
    assert document["proposals"]
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    assert document["format"] == "mmed-spotting" and document["n_frames"] == 45
    assert document["tracks"] == [{"track": 0, "first": 0, "last": 44, "n_frames": 45}]


def test_notes_fit_the_published_shape_too(tmp_path: Path, repository: Path) -> None:
    """The face of please.mkv has 29 pixels between the eyes."""
    recording = repository / "demo" / "recordings" / "please.mkv"
    done = CliRunner().invoke(spot, [str(recording), "-o", str(tmp_path / "c.csv"), "--json"], catch_exceptions=False)
    document = json.loads(done.stdout)
    fits(document, "spotting", repository)
    assert [note["code"] for note in document["notes"]] == ["spotting.small_face"]


def test_two_tables_become_scores(tmp_path: Path, repository: Path) -> None:
    proposed, truth = tmp_path / "p.csv", tmp_path / "t.csv"
    proposed.write_text("onset,apex,offset,tag\n0,3,9,\n40,44,49,\n70,71,75,blink\n", encoding="utf-8")
    truth.write_text("onset,apex,offset\n1,4,9\n100,101,109\n", encoding="utf-8")
    words = ["evaluate", str(proposed), str(truth), "--minutes", "2", "--json"]
    scores = json.loads(CliRunner().invoke(spot, words, catch_exceptions=False).stdout)
    assert (scores["true_positives"], scores["false_positives"], scores["false_negatives"]) == (1, 1, 1)
    assert scores["recall"] == scores["precision"] == scores["f1"] == scores["false_per_minute"] == 0.5
    assert scores["n_tagged"] == 1 and scores["proposals_per_minute"] == 1
    fits(scores, "spotting-scores", repository)
    said = CliRunner().invoke(spot, words[:-1], catch_exceptions=False).stdout
    assert "recall" in said and "0.5000" in said


def test_a_looser_overlap_is_told_beside_the_field_s(tmp_path: Path) -> None:
    # frames 0..9 and 6..15 share 4 of 16: 0.25; 0..9 and 5..14 share 5 of 15: a third
    proposed, truth = tmp_path / "p.csv", tmp_path / "t.csv"
    proposed.write_text("onset,offset\n0,9\n40,49\n", encoding="utf-8")
    truth.write_text("onset,offset\n6,15\n45,54\n", encoding="utf-8")
    done = CliRunner().invoke(spot, ["evaluate", str(proposed), str(truth), "--json"], catch_exceptions=False)
    scores = json.loads(done.stdout)
    assert scores["recall"] == 0
    assert scores["loose"] == {"iou": 0.3, "true_positives": 1, "recall": 0.5}


def test_scores_that_cannot_be_had_are_null(tmp_path: Path, repository: Path) -> None:
    empty = tmp_path / "e.csv"
    empty.write_text("onset,apex,offset\n", encoding="utf-8")
    done = CliRunner().invoke(spot, ["evaluate", str(empty), str(empty), "--json"], catch_exceptions=False)
    scores = json.loads(done.stdout)
    assert scores["recall"] is None and scores["f1"] is None and scores["false_per_minute"] is None
    fits(scores, "spotting-scores", repository)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["spot", "nowhere.mp4", "-o", "c.csv"], "nowhere.mp4"),
        (["spot", "evaluate", "p.csv", "t.csv"], "p.csv"),
        (["spot", "a.mp4", "-o", "no/such/folder/c.csv"], "there is no folder"),
        (["spot", "a.mp4", "-o", "c.csv", "--parameters", "nobody"], "nobody"),
        (["spot", "a.mp4", "-o", "c.csv", "--plot", "no/such/folder/c.png"], "there is no folder"),
        (["spot", "a.mp4"], "--output"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(words)
    told = capsys.readouterr().err
    assert left.value.code == 2 and said in told and "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (None, "it is a pipe, not a file"),
        ("onset,onset,offset\n1,1,2\n", "names the column onset 2 times"),
        ("onset;offset\n1;2\n", "needs the columns onset,offset"),
        ("onset,offset\n5,2\n", "row 2"),
    ],
)
def test_a_table_that_is_none_is_one_sentence(
    contents: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if contents is None:
        os.mkfifo(tmp_path / "p.csv")
    else:
        (tmp_path / "p.csv").write_text(contents, encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        main(["spot", "evaluate", str(tmp_path / "p.csv"), str(tmp_path / "p.csv")])
    told = capsys.readouterr().err
    assert left.value.code == 2 and said in told and "Traceback" not in told
