"""`mmed score` says the published numbers of a published log, and one sentence for a bad table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmed_curate.cli.main import main

LOG = {"n": {"n": 195, "p": 39, "s": 16}, "p": {"n": 36, "p": 68, "s": 5}, "s": {"n": 12, "p": 7, "s": 64}}


@pytest.fixture
def ststnet_log(tmp_path: Path) -> Path:
    """The confusion matrix of KNOWN_ANSWERS as a table; 68 subjects in turn."""
    pairs = [(truth, called) for truth, row in LOG.items() for called, count in row.items() for _ in range(count)]
    path = tmp_path / "predictions.csv"
    lines = [f"S{index % 68:02d},{truth},{called}" for index, (truth, called) in enumerate(pairs)]
    path.write_text("\n".join(["subject,truth,predicted", *lines]) + "\n")
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(list(words))
    captured = capsys.readouterr()
    return int(exit_.value.code or 0), captured.out, captured.err


def test_a_table_for_people(ststnet_log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "score", str(ststnet_log))

    assert code == 0 and err == ""
    assert ".7209" in out and ".7250" in out and ".7398" in out
    assert "442 predictions, 68 subjects" in out


def test_json_holds_the_order_asked_for(ststnet_log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "score", str(ststnet_log), "--classes", "s,n,p", "--json", "--resamples", "200")

    found = json.loads(out)
    assert code == 0
    assert found["format"] == "mmed-scores" and found["version"] == 1
    assert found["classes"] == ["s", "n", "p"]
    assert found["confusion"][0] == [64, 12, 7]
    assert found["uar"] == pytest.approx(0.7250, abs=5e-5)
    assert found["intervals"]["uar"]["low"] < found["uar"] < found["intervals"]["uar"]["high"]


def test_a_class_without_clips_is_said_beside_the_numbers(
    ststnet_log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "score", str(ststnet_log), "--classes", "n,p,s,other")

    assert code == 0
    assert "undetermined" in out
    assert "class other" in err and "0.725" in err


def test_bad_tables_get_one_sentence_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("subject,truth,predicted\nS1,a,b\nS1,a,c\n")

    code, out, err = run(capsys, "score", str(path), "--classes", "a,b")

    assert code == 2 and out == ""
    assert err.count("\n") == 1 and "line 3, column predicted: 'c'" in err


def test_labels_that_look_like_markup_are_only_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("subject,truth,predicted\nS1,[/red],b\nS2,b,[/red]\n")

    code, out, _ = run(capsys, "score", str(path))

    assert code == 0 and "[/red]" in out
