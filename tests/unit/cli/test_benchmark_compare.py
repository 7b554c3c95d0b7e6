"""`mmed benchmark compare A B`: a table for people, JSON for others, and one sentence for what is not paired."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmed_curate.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(list(words))
    captured = capsys.readouterr()
    return int(exit_.value.code or 0), captured.out, captured.err


@pytest.fixture
def tables(tmp_path: Path) -> tuple[str, str]:
    """Eight subjects with three clips each; the first model has all right, the second a third."""
    rows = [(f"S{subject}", code, f"c{subject}{code}") for subject in range(8) for code in "xyz"]
    for name, answers in (("one.csv", {"x": "x", "y": "y", "z": "z"}), ("other.csv", {"x": "x", "y": "x", "z": "x"})):
        lines = [f"{subject},{code},{answers[code]},{clip}" for subject, code, clip in rows]
        (tmp_path / name).write_text("\n".join(["subject,truth,predicted,clip", *lines]) + "\n")
    return str(tmp_path / "one.csv"), str(tmp_path / "other.csv")


def test_a_table_for_people(tables: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "benchmark", "compare", *tables)

    assert code == 0
    assert "+0.667" in out and "recall of y" in out and "24 clips, 8 subjects" in out
    # every one of 2^8 swaps is counted; two of them give as large a difference
    assert "They differ: +66.7 points of UAR" in out and "p = 0.008" in out
    assert "independent clips" in out


def test_json_alone_on_stdout(tables: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "benchmark", "compare", *tables, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["format"] == "mmed-benchmark-compare"
    assert found["difference"]["uar"]["p_two_sided"] == pytest.approx(2 / 2**8)


def test_what_is_not_paired_is_refused_in_a_sentence(
    tables: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    other = Path(tables[1])
    other.write_text(other.read_text().replace("S0,x,x,c0x\n", ""))

    code, out, err = run(capsys, "benchmark", "compare", *tables)
    assert code == 2 and out == ""
    assert "1 clip of" in err and "--common" in err and "Traceback" not in err

    code, out, err = run(capsys, "benchmark", "compare", *tables, "--common")
    assert code == 0 and "23 clips" in out and "left out" in err
