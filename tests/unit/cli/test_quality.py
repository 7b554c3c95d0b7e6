"""`mmed quality` as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mmed_curate.cli.main import main
from mmed_curate.cli.quality import quality
from mmed_curate.domain.packaged import packaged_path


@pytest.fixture(scope="module")
def recordings(repository: Path) -> Path:
    """The bundled ones."""
    return repository / "demo" / "recordings"


def test_each_line_has_a_verdict_and_each_problem_a_remedy(recordings: Path) -> None:
    done = CliRunner().invoke(quality, [str(recordings / "please.mkv")], catch_exceptions=False)
    assert done.exit_code == 0  # problems are no failure of the report
    assert "size of the face" in done.stdout and "poor" in done.stdout
    assert "28 pixels between the eyes, 45 serve well: move the camera closer" in done.stdout
    assert "the recording has no sound" in done.stdout


def test_json_alone_on_stdout_for_several_recordings(recordings: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs the curate extra")
    words = [str(recordings / "single_face.mp4"), str(recordings / "face_noface.mov"), "--json"]
    document = json.loads(CliRunner().invoke(quality, words, catch_exceptions=False).stdout)
    schema = json.loads(packaged_path("schema", "json", "quality.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    single, noface = document["recordings"]
    # watched: a man before a door, all but mute; and a smile of 2.3 s, after which a cartoon follows with its sound
    assert {found["code"] for found in single["findings"]} == {"quality.few_frames", "quality.silent"}
    assert {found["code"] for found in noface["findings"]} == {
        "quality.few_frames",
        "quality.face_lost",
        "quality.short_sound",
    }
    assert noface["picture"]["face"]["seen_share"] == pytest.approx(2.3 / 6.4, abs=0.05)
    assert noface["sound"]["begins_late_s"] == pytest.approx(2.43, abs=0.01)


def test_a_plot_shows_when(recordings: Path, tmp_path: Path) -> None:
    plot = tmp_path / "when.png"
    words = [str(recordings / "please.mkv"), str(recordings / "single_face.mp4"), "--plot", str(plot), "--json"]
    assert CliRunner().invoke(quality, words, catch_exceptions=False).exit_code == 0
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["when-please.mkv.png", "when-single_face.mp4.png"]
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in written)


def test_one_that_cannot_be_read_stops_no_other(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film")
    with pytest.raises(SystemExit) as left:
        main(["quality", str(broken), str(recordings / "please.mkv"), "--json"])
    told = capsys.readouterr()
    assert left.value.code == 2
    assert len(json.loads(told.out)["recordings"]) == 1
    assert "broken.mp4" in told.err and "1 of 2 recordings could not be read" in told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["quality", "nowhere.mp4"], "nowhere.mp4"),
        (["quality"], "RECORDING"),
        (["quality", "a.mp4", "--bounds", "nobody"], "nobody"),
        (["quality", "a.mp4", "--plot", "no/such/folder/q.png"], "there is no folder"),
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
