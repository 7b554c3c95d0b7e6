"""Recordings are never changed: no command writes over what it reads, and none hangs on a number."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mmed_curate.cli.main import main


@pytest.fixture
def recording(repository: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(repository / "demo" / "recordings" / "please.mkv", tmp_path / "please.mkv"))


@pytest.mark.parametrize(
    "words",
    [
        ("spot", "{it}", "-o", "{it}"),
        ("spot", "{it}", "-o", "{other}", "--plot", "{link}"),
        ("quality", "{it}", "--plot", "{it}"),
        ("skew", "{it}", "--plot", "{link}"),
        ("sync", "{it}", "{it}", "-o", "{it}"),
        ("sync", "{it}", "{it}", "--plot", "{link}"),
    ],
    ids=" ".join,
)
def test_a_recording_is_never_written_over(
    recording: Path, tmp_path: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = recording.read_bytes()
    link = tmp_path / "link.png"
    link.symlink_to(recording)
    places = {"it": str(recording), "other": str(tmp_path / "other.csv"), "link": str(link)}
    with pytest.raises(SystemExit) as ended:
        main([word.format(**places) for word in words])
    assert ended.value.code == 2
    assert "would be written over" in capsys.readouterr().err
    assert recording.read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ("--context-s", "1e99999999"),
        ("--context-s", "9" * 60),
        ("--preset", "nonsense"),
    ],
    ids=" ".join,
)
def test_a_number_that_no_clock_has_is_refused_at_once(
    recording: Path, tmp_path: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    spans = tmp_path / "spans.csv"
    spans.write_text("onset,apex,offset\n1,2,3\n")
    with pytest.raises(SystemExit) as ended:
        main(["cut", str(recording), str(spans), "-o", str(tmp_path / "clips"), *words])
    assert ended.value.code == 2
    assert not (tmp_path / "clips").exists()


def test_a_time_in_a_table_that_no_clock_has_is_named_by_its_row(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spans = tmp_path / "spans.csv"
    spans.write_text("onset_s,apex_s,offset_s\n0.1,0.2,1e400000000\n")
    with pytest.raises(SystemExit) as ended:
        main(["cut", str(recording), str(spans), "-o", str(tmp_path / "clips")])
    assert ended.value.code == 2
    assert "row 2: offset_s must be a number of seconds" in capsys.readouterr().err
