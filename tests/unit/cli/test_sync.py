"""`mmed sync` and `mmed skew` as people call them: a table that can be filled in, one sentence, or a document."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mmed_curate.cli.main import main
from mmed_curate.ingest.companions import read_companions
from mmed_curate.simulation.companions import PlantedPair, write_pair
from mmed_curate.simulation.settings import load_settings

PNG = b"\x89PNG\r\n\x1a\n"


def call(*words: str | Path) -> int:
    """Run `mmed …`, give its exit code."""
    with pytest.raises(SystemExit) as caught:
        main([str(word) for word in words])
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A camera, a microphone of the same SIMULATED game, and one of another game."""
    folder = tmp_path_factory.mktemp("game")
    settings = load_settings("mmed").sound
    planted = PlantedPair(length_s=40, offset_s=-2.5, drift_ppm=25, companion_hz=16000, noise_db=-20)
    write_pair(folder / "camera.wav", folder / "ann.wav", planted, settings)
    other = PlantedPair(length_s=30, offset_s=0, drift_ppm=0, companion_hz=16000, seed=30)
    write_pair(folder / "elsewhere.wav", folder / "stranger.wav", other, settings)
    return folder


def validated(text: str, schema: str, repository: Path) -> dict[str, Any]:
    """A document that its schema accepts, and refuses as soon as a key is lacking or added."""
    document = json.loads(text)
    path = repository / "schema" / "json" / schema
    validator = jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))
    validator.validate(document)
    for key in document:
        assert not validator.is_valid({name: value for name, value in document.items() if name != key})
    assert not validator.is_valid({**document, "extra": 1})
    return dict(document)


def test_the_table_can_be_filled_in_and_read_back(
    game: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, plot = tmp_path / "sync.csv", tmp_path / "sync.png"
    code = call("sync", game / "camera.wav", game / "ann.wav", game / "stranger.wav", "-o", table, "--plot", plot)
    said = capsys.readouterr()
    assert code == 1  # one was not found
    assert "stranger.wav cannot be laid on the clock of camera.wav" in said.err
    assert "-2.50" in said.out and plot.read_bytes().startswith(PNG)
    with table.open(newline="", encoding="utf-8") as stream:
        ann, stranger = csv.DictReader(stream)
    assert (ann["basis"], stranger["offset_s"], stranger["basis"]) == ("measured", "", "")
    text = table.read_text(encoding="utf-8")
    table.write_text(
        text.replace("ann.wav,,", "ann.wav,microphone,A01").replace("stranger.wav,,", "stranger.wav,game,"),
        encoding="utf-8",
    )
    rows = read_companions(table).of(game / "camera.wav")
    assert [row.path.name for row in rows] == ["ann.wav", "stranger.wav"]
    assert rows[0].synchrony is not None and abs(rows[0].synchrony.offset_s + 2.5) < 0.0005
    assert rows[1].synchrony is None


def test_json_is_what_the_schema_says(game: Path, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("sync", game / "camera.wav", game / "ann.wav", game / "stranger.wav", "--json") == 1
    document = validated(capsys.readouterr().out, "sync.schema.json", repository)
    ann, stranger = document["companions"]
    assert ann["found"] and abs(ann["offset_s"] + 2.5) < 0.0005 and not stranger["found"]


def test_skew_says_unmeasured_or_how_much(
    tmp_path: Path, material: Path, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    speech = material / "oneshot-speech" / "speech.mp4"
    assert call("skew", speech, "--plot", tmp_path / "skew.png") == 0
    assert "unmeasured" in capsys.readouterr().out
    assert (tmp_path / "skew.png").read_bytes().startswith(PNG)
    assert call("skew", speech, "--json") == 0
    assert validated(capsys.readouterr().out, "skew.schema.json", repository)["skew"] is None
    assert call("skew", speech, "--clap-s", "400") == 2
    assert "400 s is outside" in capsys.readouterr().err


def test_what_is_no_recording_is_said_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.wav").write_text("hello", encoding="utf-8")
    assert call("sync", tmp_path / "none.mp4", tmp_path / "notes.wav") == 2
    assert call("skew", tmp_path / "notes.wav") == 2
    assert "Traceback" not in capsys.readouterr().err
