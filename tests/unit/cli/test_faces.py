"""`mmed faces` as a curator uses it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from mmed_curate.cli.faces import faces
from mmed_curate.domain.findings import BadInput
from mmed_curate.ingest.faces import owners, read_face_table
from mmed_curate.spotting.parameters import load_parameters
from mmed_curate.spotting.tracks import find_tracks


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> tuple[Path, dict[str, Any]]:
    """The folder of one bundled recording and of one that cannot be used, and the JSON that was printed."""
    folder = tmp_path_factory.mktemp("faces")
    empty = folder / "empty.mp4"
    empty.touch()
    recording = repository / "demo" / "recordings" / "single_face.mp4"
    done = CliRunner().invoke(faces, [str(recording), str(empty), "-o", str(folder / "sheet"), "--json"])
    assert done.exit_code == 2  # one was refused, the other is there all the same
    return folder / "sheet", json.loads(done.stdout)


def test_the_sheet_stands_alone_and_shows_each_track(sheet: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = sheet
    page = (folder / "faces.html").read_text(encoding="utf-8")
    assert "single_face.mp4" in page and page.count("<tr>") == 1
    assert 2 <= page.count("src='data:image/jpeg;base64,") <= 4
    assert "http" not in page and "<script" not in page
    assert (folder / "faces.png").read_bytes()[:4] == b"\x89PNG"
    assert not (folder / "empty.mp4").exists()


def test_the_json_has_the_shape_it_promises(sheet: tuple[Path, dict[str, Any]], repository: Path) -> None:
    _, document = sheet
    schema = json.loads((repository / "schema" / "json" / "faces.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document)
    assert [track["n_frames"] for track in document["recordings"][0]["tracks"]] == [72]
    assert "empty" in document["refused"][0]["error"]


def test_the_table_filled_in_says_whose_the_face_is(
    sheet: tuple[Path, dict[str, Any]], repository: Path, tmp_path: Path
) -> None:
    folder, _ = sheet
    with (folder / "faces.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["subject"] for row in rows] == [""]
    rows[0]["subject"] = "P01"
    filled = tmp_path / "faces.csv"
    with filled.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    parameters = load_parameters("mmed").face
    # found again, as ingest does: the same file and parameters give the same numbers
    _, tracks = find_tracks(repository / "demo" / "recordings" / "single_face.mp4", parameters)
    whose = owners(read_face_table(filled), "single_face.mp4", tracks, parameters=parameters.digest())
    assert whose == {0: "P01"}


def test_a_table_is_not_written_over(sheet: tuple[Path, dict[str, Any]], repository: Path) -> None:
    folder, _ = sheet
    recording = repository / "demo" / "recordings" / "single_face.mp4"
    done = CliRunner().invoke(faces, [str(recording), "-o", str(folder)])
    assert isinstance(done.exception, BadInput) and "not written over" in str(done.exception)
