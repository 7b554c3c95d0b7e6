"""Recordings are never changed: no command writes over what it reads, and none hangs on a number."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mmed_curate.cli.main import main
from mmed_curate.store import Workspace


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


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new one, in which the command is given."""
    made = Workspace.create(tmp_path / "ws")
    made.close()
    monkeypatch.chdir(made.root)
    return made.root


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("agreement", "--html", "mmed.sqlite"), "mmed.sqlite belongs to the workspace"),
        (("agreement", "--plot", "mmed.sqlite"), "mmed.sqlite belongs to the workspace"),
        (("gate", "--html", "media/clip.html"), "media/clip.html belongs to the workspace"),
        (("coder", "drift", "--plot", "mmed.toml"), "mmed.toml belongs to the workspace"),
        (("spot", "r.mkv", "-o", "mmed.toml"), "mmed.toml belongs to the workspace"),
        (("sync", "r.mkv", "s.wav", "-o", "link.csv"), "link.csv belongs to the workspace"),
        (("import", "labels", "table.xlsx", "--copy", "codebook.yaml"), "codebook.yaml belongs to the workspace"),
        (("export", "elan", "spans.csv", "-o", "protocol.yaml"), "protocol.yaml belongs to the workspace"),
        (("withdraw", "S01", "--receipt", "mmed.sqlite"), "mmed.sqlite belongs to the workspace"),
        (("agreement", "--html", "report.pdf"), "does not end as the name of an HTML page does"),
        (("agreement", "--plot", "plot.jpg"), "let it end in .png, .svg or .pdf"),
        (("agreement", "--html", "photo.html"), "photo.html would be written over, and is not an HTML page"),
        (("agreement", "--plot", "notes.png"), "notes.png would be written over, and is not a picture"),
        (("spot", "r.mkv", "-o", "photo.html"), "photo.html would be written over, and is not a text"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_a_slip_of_the_hand_costs_no_file(
    workspace: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--html mmed.sqlite` used to put a page in the place of everything a lab had ever judged."""
    (workspace / "photo.html").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF")
    (workspace / "notes.png").write_text("what we said on Monday")
    (workspace / "link.csv").symlink_to("mmed.sqlite")
    before = {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()}
    assert said in refused(capsys, *words)
    assert {path: path.read_bytes() for path in workspace.rglob("*") if path.is_file()} == before


def test_a_page_and_a_picture_are_made_anew_in_the_format_that_the_name_says(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begins = {"a.html": b"<!doctype html>", "a.png": b"\x89PNG", "a.svg": b"<?xml", "a.pdf": b"%PDF"}
    for name, beginning in begins.items():
        option = "--html" if name == "a.html" else "--plot"
        written = []
        for _ in range(2):
            with pytest.raises(SystemExit) as ended:
                main(["agreement", option, name])
            assert ended.value.code == 0, capsys.readouterr().err
            written.append((workspace / name).read_bytes())
        assert written[0] == written[1] and written[0].startswith(beginning)


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
