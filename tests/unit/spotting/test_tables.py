"""What people write in two tables, and what is said when they cannot be compared."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import Tag
from mmed_curate.domain.spantable import read_spans
from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.spotting.peaks import Proposal
from mmed_curate.spotting.tables import evaluate_tables, proposals_csv, read_scored


def written(path: Path, text: str) -> Path:
    """A file with some text."""
    path.write_text(text, encoding="utf-8")
    return path


def test_what_we_write_can_be_scored_and_cut(tmp_path: Path) -> None:
    clock = FrameClock(pts=tuple(range(0, 1000, 10)), end_pts=1000, time_base=Fraction(1, 100))
    proposal = Proposal(
        span=Span(onset=Frame(10), apex=Frame(13), offset=Frame(19)),
        score=2.5,
        region="brow-left",
        tags=frozenset({Tag.SPEECH, Tag.BLINK}),
        track=1,
    )
    path = written(tmp_path / "c.csv", proposals_csv([proposal], clock, "a,b.mp4"))
    (row,) = read_scored(path).rows
    # a frame lasts 0.1 s: from 1.0 s to the end of frame 19 at 2.0 s
    assert (row.begin, row.end, row.tagged) == (10, 20, True)
    assert row.cells["tag"] == "blink speech" and row.cells["recording"] == "a,b.mp4"
    assert (row.cells["onset_s"], row.cells["apex_s"], row.cells["offset_s"]) == ("1.000000", "1.300000", "2.000000")
    assert read_spans(path).spans(clock) == (proposal.span,)


def test_rows_meet_only_inside_their_recording(tmp_path: Path) -> None:
    proposed = written(tmp_path / "p.csv", "onset,offset,recording\n0,9,a.mp4\n0,9,b.mp4\n")
    truth = written(tmp_path / "t.csv", "onset,offset,recording\n0,9,a.mp4\n100,109,b.mp4\n0,9,c.mp4\n")
    scores = evaluate_tables(read_scored(proposed), read_scored(truth), iou=0.5, minutes=4)
    assert (scores.true_positives, scores.false_positives, scores.false_negatives) == (1, 1, 2)
    assert scores.false_per_minute == 0.25


def test_one_recording_can_be_picked(tmp_path: Path) -> None:
    proposed = written(tmp_path / "p.csv", "onset,offset\n0,9\n")  # does not say of which recording it is
    truth = written(tmp_path / "t.csv", "onset,offset,recording\n0,9,a.mp4\n100,109,b.mp4\n")
    scores = evaluate_tables(read_scored(proposed), read_scored(truth), iou=0.5, recording="a.mp4")
    assert (scores.true_positives, scores.false_positives, scores.false_negatives) == (1, 0, 0)
    with pytest.raises(BadInput, match=r"has no row of z\.mp4"):
        evaluate_tables(read_scored(proposed), read_scored(truth), iou=0.5, recording="z.mp4")


def test_planted_distractors_are_no_events(tmp_path: Path) -> None:
    proposed = written(tmp_path / "p.csv", "onset,offset,tag\n0,9,\n50,59,blink\n")
    truth = written(tmp_path / "t.csv", "kind,onset,offset\nevent,0,9\nblink,50,59\n")
    scores = evaluate_tables(read_scored(proposed), read_scored(truth), iou=0.5)
    assert (scores.true_positives, scores.false_positives, scores.false_negatives, scores.n_tagged) == (1, 0, 0, 1)


def test_seconds_are_compared_with_seconds(tmp_path: Path) -> None:
    proposed = written(tmp_path / "p.csv", "onset_s,offset_s\n1.0,1.5\n")
    truth = written(tmp_path / "t.csv", "onset_s,offset_s\n1.1,1.6\n")
    assert evaluate_tables(read_scored(proposed), read_scored(truth), iou=0.5).true_positives == 1  # 0.4 of 0.6
    frames = written(tmp_path / "f.csv", "onset,offset\n30,45\n")
    with pytest.raises(BadInput, match=r"counts seconds and .* counts frames"):
        evaluate_tables(read_scored(proposed), read_scored(frames), iou=0.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "its first row says nothing"),
        ("begin,end\n1,2\n", "its first row says begin, end"),
        ("onset,offset\n1\n", "row 2: has 1 cells, the header has 2"),
        ("onset,offset\n1,2\n9,3\n", "row 3: need onset <= offset, got 9, 3"),
        ("onset,offset\n1.5,2\n", "row 2: onset must be a whole number, got '1.5'"),
        ("onset,offset\n1,nan\n", "row 2: offset must be a whole number, got 'nan'"),
        ("onset_s,offset_s\n1,soon\n", "row 2: offset_s must be a number, got 'soon'"),
    ],
)
def test_a_wrong_table_is_named_with_its_row(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        read_scored(written(tmp_path / "t.csv", text))
    assert said in str(refused.value) and "t.csv" in str(refused.value)


def test_a_missing_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no such file"):
        read_scored(tmp_path / "none.csv")
