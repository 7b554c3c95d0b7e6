"""Tables turned over a column at a time: what is written is read back, equal cells are one object, faults are named."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from builders.release import a_release
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.dataset.cells import AT_ONCE, cell_text
from mmed_curate.dataset.groups import SubjectRow
from mmed_curate.dataset.rows import ClipRow, JudgedClipRow, JudgementRow, columns_of, csv_text, read_rows, write_rows
from mmed_curate.dataset.transcript import TranscriptRow
from mmed_curate.domain.findings import BadInput


@pytest.fixture(scope="module")
def judgements(tmp_path_factory: pytest.TempPathFactory) -> tuple[JudgementRow, ...]:
    root = a_release(tmp_path_factory.mktemp("release") / "r", n_subjects=3, clips_per_subject=2)
    return read_rows(root / "judgements.csv", JudgementRow)


def many(rows: tuple[JudgementRow, ...]) -> list[JudgementRow]:
    """More rows than are turned over at once."""
    times = AT_ONCE // len(rows) + 1
    return [dataclasses.replace(row, judgement=f"{row.judgement}{time}") for time in range(times) for row in rows]


def test_more_rows_than_are_read_at_once_come_back(judgements: tuple[JudgementRow, ...], tmp_path: Path) -> None:
    rows = many(judgements)
    with (tmp_path / "judgements.csv").open("w", encoding="utf-8", newline="\n") as stream:
        write_rows(stream, JudgementRow, iter(rows))
    assert read_rows(tmp_path / "judgements.csv", JudgementRow) == tuple(rows)


def test_equal_cells_are_one_object(judgements: tuple[JudgementRow, ...], tmp_path: Path) -> None:
    (tmp_path / "judgements.csv").write_text(csv_text(JudgementRow, many(judgements)), encoding="utf-8")
    rows = read_rows(tmp_path / "judgements.csv", JudgementRow)
    assert len({id(row.subject) for row in rows}) == len({row.subject for row in rows})
    assert len({id(row.action_units) for row in rows}) == len({row.action_units for row in rows})


@pytest.mark.parametrize("cells", [{"order": "one"}, {"superseded": "True"}, {"onset": "1.5"}])
def test_a_cell_that_does_not_fit_is_named_with_line_and_column(
    judgements: tuple[JudgementRow, ...], tmp_path: Path, cells: dict[str, str]
) -> None:
    lines = csv_text(JudgementRow, many(judgements)).splitlines()
    [(column, cell)] = cells.items()
    broken = {name: cell_text(getattr(judgements[0], name)) for name in columns_of(JudgementRow)} | {column: cell}
    broken["answer"] = "{}"
    lines[AT_ONCE + 5] = ",".join(broken.values())
    (tmp_path / "judgements.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match=rf"line {AT_ONCE + 6}, column {column}, holds '{cell}'"):
        read_rows(tmp_path / "judgements.csv", JudgementRow)


def test_a_line_of_another_length_is_named(judgements: tuple[JudgementRow, ...], tmp_path: Path) -> None:
    text = csv_text(JudgementRow, judgements) + "too,short\n"
    (tmp_path / "judgements.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=rf"has 2 cells in line {len(judgements) + 2}, not 29"):
        read_rows(tmp_path / "judgements.csv", JudgementRow)


@pytest.mark.parametrize("kind", [ClipRow, JudgementRow, JudgedClipRow, SubjectRow, TranscriptRow])
def test_rows_check_nothing_when_they_are_made(kind: type) -> None:
    """They are filled field by field: what `__post_init__` said would not be heard."""
    assert not hasattr(kind, "__post_init__")


@given(
    seconds=st.floats(0, 1e6),
    skew=st.none() | st.floats(-1e4, 1e4),
    units=st.lists(st.from_regex(r"[a-z0-9:]{1,6}", fullmatch=True), max_size=3),
    basis=st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    shown=st.booleans(),
)
def test_a_row_is_written_as_its_cells_read(
    seconds: float, skew: float | None, units: list[str], basis: str | None, shown: bool
) -> None:
    row = dataclasses.replace(
        _A_CLIP, onset_s=seconds, av_skew_ms=skew, action_units=tuple(units), basis=basis, may_be_shown=shown
    )
    stream = io.StringIO()
    write_rows(stream, ClipRow, [row])
    assert stream.getvalue().count("\n") == 2
    written = next(iter(_read(stream.getvalue())))
    assert written == [cell_text(getattr(row, name)) for name in columns_of(ClipRow)]


def _read(text: str) -> list[list[str]]:
    import csv

    return list(csv.reader(io.StringIO(text, newline=""), strict=True))[1:]


_A_CLIP = ClipRow(
    clip="c-0123456789ab",
    judged_clip="c-0123456789ab",
    subject="S-01234567",
    session="G-01234567",
    simulated=True,
    onset=1,
    apex=2,
    offset=3,
    onset_s=0.1,
    apex_s=0.2,
    offset_s=0.3,
    n_frames=9,
    rate_hz=30.0,
    event_type="micro",
    emotion="joy",
    emotion_class=None,
    basis=None,
    action_units=(),
    vocal_cues=(),
    n_coders=2,
    settled_by=("onset:median",),
    judged_shift=0,
    picture=None,
    sound=None,
    features=None,
    sound_features=None,
    withheld=(),
)
