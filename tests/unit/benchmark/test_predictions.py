"""A table of predictions comes back as it was written; each mistake in one is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmed_curate.benchmark.predictions import Predictions, read_predictions, write_predictions
from mmed_curate.domain.findings import BadInput


def some_predictions() -> Predictions:
    return Predictions(
        subjects=("S02", "S01", "S01"), truth=("a", "b", "a"), predicted=("a", "a", "a"), clips=("c3", "c2", "c1")
    )


def test_written_and_read_again_sorted(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    write_predictions(path, some_predictions())

    assert path.read_text() == "subject,truth,predicted,clip\nS01,a,a,c1\nS01,b,a,c2\nS02,a,a,c3\n"
    again = read_predictions(path)
    assert again.clips == ("c1", "c2", "c3")
    assert again.confusion(("a", "b")).tolist() == [[2, 0], [1, 0]]


def test_counts_of_each_subject_add_up_to_the_pooled_ones() -> None:
    subjects, counts = some_predictions().by_subject(("a", "b"))

    assert subjects == ("S01", "S02")
    assert counts.sum(axis=0).tolist() == some_predictions().confusion(("a", "b")).tolist()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "line 1 has no column subject, truth, predicted"),
        ("subject,truth\nS1,a\n", "line 1 has no column predicted"),
        ("subject,truth,predicted\n", "holds no predictions"),
        ("subject,truth,predicted\nS1,a,a\nS1,,a\n", "line 3, column truth is empty"),
        ("subject,truth,predicted\nS1,a\n", "line 2, column predicted is empty"),
        ("subject,truth,predicted\nS1,a,x\n", "line 2, column predicted: 'x' is none of the classes a, b"),
        ("subject,truth,predicted\nS1,a\0,b\n", "is not text"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=part):
        read_predictions(path, classes=("a", "b"))


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_predictions(tmp_path / "none.csv")
    with pytest.raises(BadInput, match="cannot be read"):
        read_predictions(tmp_path)
    (tmp_path / "latin.csv").write_bytes("subject,truth,predicted\nS1,\xe4,b\n".encode("latin-1"))
    with pytest.raises(BadInput, match="not UTF-8"):
        read_predictions(tmp_path / "latin.csv")


def test_a_spreadsheet_with_a_byte_order_mark_blank_lines_and_more_columns(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes("\ufeffclip,subject, truth ,predicted\r\n1,S1,a,b\r\n\r\n".encode())
    assert read_predictions(path).truth == ("a",)
