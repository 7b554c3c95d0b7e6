"""Tables that people write: read exactly, and each mistake named with the row that a spreadsheet shows."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.spantable import read_spans
from mmed_curate.domain.time import Frame, FrameClock, Span

CLOCK = FrameClock(pts=(0, 40, 80, 160, 200), end_pts=240, time_base=Fraction(1, 1000))
"""Five frames; the third stays on screen twice as long."""


def a_table(folder: Path, text: str) -> Path:
    path = folder / "spans.csv"
    path.write_text(text, encoding="utf-8")
    return path


def a_span(onset: int, apex: int, offset: int) -> Span:
    return Span(onset=Frame(onset), apex=Frame(apex), offset=Frame(offset))


def test_frames_with_the_columns_that_are_kept(tmp_path: Path) -> None:
    path = a_table(
        tmp_path, "name,score,onset,apex,offset,region,tag,track,note\nblink,0.5,1,2,3,lid,,0,x\n,,0,0,4,,macro,,\n"
    )
    table = read_spans(path)
    first, second = table.rows
    assert (first.row, first.name, first.score, first.region, first.tag, first.track) == (
        2,
        "blink",
        0.5,
        "lid",
        None,
        0,
    )
    assert (second.row, second.name, second.score, second.region, second.tag, second.track) == (
        (3, None, None, None, "macro", None)
    )
    assert table.spans(CLOCK) == (a_span(1, 2, 3), a_span(0, 0, 4))


def test_seconds_are_exact_and_mean_the_frame_on_screen(tmp_path: Path) -> None:
    table = read_spans(a_table(tmp_path, "onset_s,apex_s,offset_s\n0.04,0.159,0.16\n0.0399999999999999999,0.08,0.24\n"))
    assert table.rows[0].seconds == (Fraction(4, 100), Fraction(159, 1000), Fraction(16, 100))
    assert table.spans(CLOCK) == (a_span(1, 2, 3), a_span(0, 2, 4))


def test_frames_count_where_both_are_given(tmp_path: Path) -> None:
    table = read_spans(a_table(tmp_path, "onset_s,apex_s,offset_s,onset,apex,offset\n9,9,9,1,1,2\n"))
    assert table.spans(CLOCK) == (a_span(1, 1, 2),)


def test_marks_quotes_spaces_and_empty_lines_of_spreadsheets_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_bytes(b'\xef\xbb\xbfname, onset ,apex,offset\r\n"a, b",1, 2,3\r\n\r\n,,,\r\nc,0,0,0\r\n')
    table = read_spans(path)
    assert [(row.row, row.name) for row in table.rows] == [(2, "a, b"), (5, "c")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "needs the columns onset,apex,offset or onset_s,apex_s,offset_s, its first row says nothing"),
        ("onset,offset\n1,2\n", "its first row says onset, offset: name the columns"),
        ("onset;apex;offset\n1;2;3\n", "save it with commas"),
        ("onset,apex,offset\n1,2\n", "row 2: has 2 cells, the header has 3"),
        ("onset,apex,offset\n1,2,3\n1,x,3\n", "row 3: apex must be a whole number, got 'x'"),
        ("onset,apex,offset\n1,2.5,3\n", "row 2: apex must be a whole number, got '2.5'"),
        ("onset,apex,offset\n1,,3\n", "row 2: apex must be a whole number, got ''"),
        ("onset,apex,offset\n5,2,3\n", "row 2: need 0 <= onset <= apex <= offset, got 5, 2, 3"),
        ("onset,apex,offset\n-1,2,3\n", "row 2: need 0 <= onset"),
        ("onset_s,apex_s,offset_s\n1,2,nan\n", "row 2: offset_s must be a number of seconds, got 'nan'"),
        ("onset_s,apex_s,offset_s\n2,1,3\n", "row 2: need onset_s <= apex_s <= offset_s, got 2, 1, 3"),
        ("onset,apex,offset,score\n1,2,3,high\n", "row 2: score must be a number, got 'high'"),
        ("onset,apex,offset,track\n1,2,3,left\n", "row 2: track must be a whole number, got 'left'"),
        ("onset,apex,offset\n" + "9,8,7\n" * 5, "row 4: need .*; and 2 more: correct these rows"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said.replace("(", r"\(")) as caught:
        read_spans(a_table(tmp_path, text))
    assert "spans.csv" in str(caught.value)


def test_rows_outside_the_recording_are_named(tmp_path: Path) -> None:
    table = read_spans(a_table(tmp_path, "onset,apex,offset\n0,1,4\n0,1,5\n"))
    with pytest.raises(BadInput, match=r"row 3: frame 5 is outside 0\.\.4"):
        table.spans(CLOCK)
    table = read_spans(a_table(tmp_path, "onset_s,apex_s,offset_s\n0,0.1,0.3\n"))
    with pytest.raises(BadInput, match=r"row 2: 0\.3 s is outside the picture, which runs from 0 s to 0\.24 s"):
        table.spans(CLOCK)


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no such file"):
        read_spans(tmp_path / "none.csv")
    binary = tmp_path / "film.csv"
    binary.write_bytes(bytes(range(256)))
    with pytest.raises(BadInput, match=r"film\.csv cannot be read as CSV"):
        read_spans(binary)
