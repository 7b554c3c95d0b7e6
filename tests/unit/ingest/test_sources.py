"""A table of recordings, and the sentences for tables that are not one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmed_curate.domain.findings import BadInput
from mmed_curate.ingest.run import Source
from mmed_curate.ingest.sources import read_sources


def test_recordings_are_named_relative_to_the_table(tmp_path: Path) -> None:
    table = tmp_path / "recordings.csv"
    table.write_text("recording,subject,session,weather\ngame one.mp4,S1,G1,rain\n/far/two.mp4,S2,G1,sun\n")
    assert read_sources(table) == (
        Source(path=tmp_path / "game one.mp4", subject="S1", session="G1"),
        Source(path=Path("/far/two.mp4"), subject="S2", session="G1"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("recording,subject\na.mp4,S1\n", "lacks the column"),
        ("recording,subject,session\n", "no rows"),
        ("recording,subject,session\na.mp4,S1,G1\nb.mp4,,G1\n", "line 3 has no subject"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    table = tmp_path / "recordings.csv"
    table.write_text(text)
    with pytest.raises(BadInput, match=said):
        read_sources(table)


def test_a_missing_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.csv cannot be read"):
        read_sources(tmp_path / "nowhere.csv")
