"""`mmed cut` as people call it: clips beside a table, or one sentence and nothing written."""

from __future__ import annotations

import csv
import json
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from builders.video import a_recording, read_barcode, steady
from jsonschema import Draft202012Validator

from mmed_curate.cli.main import main
from mmed_curate.domain.time import Frame
from mmed_curate.media.clock import read_clock
from mmed_curate.media.pictures import pictures


def call(*words: str | Path) -> int:
    """Run `mmed …`, give its exit code."""
    with pytest.raises(SystemExit) as caught:
        main([str(word) for word in words])
    assert isinstance(caught.value.code, int)
    return caught.value.code


def a_table(folder: Path, *lines: str) -> Path:
    path = folder / "spans.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two seconds at 30 Hz whose samples say their own index."""
    return a_recording(tmp_path / "r.mov", pts=steady(60, 512)).path


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "clips.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_one_clip_per_row_and_a_table(tmp_path: Path, recording: Path) -> None:
    table = a_table(tmp_path, "onset,apex,offset,name", "10,12,14,brow", "30,31,45,")
    out = tmp_path / "out"
    assert call("cut", recording, table, "-o", out, "--context-s", "0.1") == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "brow.mp4",
        "brow.wav",
        "clip-002.mp4",
        "clip-002.wav",
        "clips.csv",
    ]
    brow, second = rows_of(out)
    assert brow == {
        "name": "brow",
        "onset": "3",  # 0.1 s are three frames at 30 Hz
        "apex": "5",
        "offset": "7",
        "first": "7",
        "last": "17",
        "start_s": "0.233333333",
        "n_frames": "11",
        "n_samples": "17600",
        "sample_rate_hz": "48000",
        "rate_hz": "30.0",
        "picture": "brow.mp4",
        "sound": "brow.wav",
        "archive": "",
    }
    assert (second["first"], second["last"]) == ("27", "48")
    assert [read_barcode(picture.luma()) for picture in pictures(out / "brow.mp4")] == list(range(7, 18))
    with wave.open(str(out / "brow.wav")) as stream:
        assert stream.getnframes() == 17600


def test_seconds_and_context_that_stops_at_the_ends(tmp_path: Path, recording: Path) -> None:
    table = a_table(tmp_path, "onset_s,apex_s,offset_s", "0.1,0.2,1.9")
    assert call("cut", recording, table, "-o", tmp_path / "out", "--context-s", "5") == 0
    (row,) = rows_of(tmp_path / "out")
    assert (row["onset"], row["apex"], row["offset"], row["first"], row["last"]) == ("3", "6", "57", "0", "59")


@pytest.mark.parametrize("extra", [[], ["--archive"]])
def test_json_is_alone_on_stdout(
    tmp_path: Path, repository: Path, recording: Path, capfd: pytest.CaptureFixture[str], extra: list[str]
) -> None:
    table = a_table(tmp_path, "onset,apex,offset", "10,12,14")
    assert call("cut", recording, table, "-o", tmp_path / "out", "--json", *extra) == 0
    said = json.loads(capfd.readouterr().out)
    schema = json.loads((repository / "schema" / "json" / "cut.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(said)
    assert (said["format"], said["has_sound"], len(said["clips"])) == ("mmed-cut", True, 1)
    assert said["clips"][0]["n_samples"] == 5 * 1600


def test_a_recording_without_sound_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    silent = a_recording(tmp_path / "silent.mp4", rate_hz=None).path
    table = a_table(tmp_path, "onset,apex,offset", "10,12,14")
    assert call("cut", silent, table, "-o", tmp_path / "out") == 0
    assert "silent.mp4 has no sound, or only digital silence" in capfd.readouterr().err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["clip-001.mp4", "clips.csv"]
    (row,) = rows_of(tmp_path / "out")
    assert (row["sound"], row["n_samples"], row["sample_rate_hz"]) == ("", "", "")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["onset,apex,offset", "10,12,60"], "row 2: frame 60 is outside 0..59"),
        (["onset,apex,offset", "1,2,3", "10,9,60"], "row 3: need 0 <= onset <= apex <= offset, got 10, 9, 60"),
        (["onset,apex,offset,name", "1,2,3,../up"], "row 2: '../up' cannot be the name of a file"),
        (["onset,apex,offset,name", "1,2,3,.hidden"], "row 2: '.hidden' cannot be the name of a file"),
        (["onset,apex,offset,name", "1,2,3,a", "1,2,3,A"], "row 3: the name A is taken by row 2"),
        (["onset,apex,offset,name", "1,2,3,clip-002", "1,2,3,"], "row 3: the name clip-002 is taken by row 2"),
        (["onset,apex,offset"], "has no rows"),
        (["start,end", "1,2"], "needs the columns onset,apex,offset"),
    ],
)
def test_a_wrong_table_is_named_with_its_row_and_nothing_is_written(
    tmp_path: Path, recording: Path, capfd: pytest.CaptureFixture[str], lines: list[str], said: str
) -> None:
    before = set(tmp_path.iterdir())
    table = a_table(tmp_path, *lines)
    assert call("cut", recording, table, "-o", tmp_path / "out") == 2
    assert said in capfd.readouterr().err
    assert set(tmp_path.iterdir()) == before | {table}


def test_a_folder_that_exists_is_left_alone(tmp_path: Path, recording: Path, capfd: pytest.CaptureFixture[str]) -> None:
    table = a_table(tmp_path, "onset,apex,offset", "10,12,14")
    (tmp_path / "out").mkdir()
    assert call("cut", recording, table, "-o", tmp_path / "out") == 2
    assert "out exists already: choose another name" in capfd.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def test_a_lossless_copy_for_the_archive(tmp_path: Path, recording: Path) -> None:
    table = a_table(tmp_path, "onset,apex,offset,name", "10,12,14,brow")
    assert call("cut", recording, table, "-o", tmp_path / "out", "--archive") == 0
    (row,) = rows_of(tmp_path / "out")
    assert row["archive"] == "brow.mov"
    clock = read_clock(recording)
    copies = pictures(tmp_path / "out" / "brow.mov")
    originals = pictures(recording, first=Frame(10), last=Frame(14), clock=clock)
    assert all(np.array_equal(copy.bgr(), its.bgr()) for copy, its in zip(copies, originals, strict=True))


def test_digital_silence_is_no_sound(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    silent = a_recording(tmp_path / "silent.mov", click_at=80_000).path  # one loud sample, in frame 50
    table = a_table(tmp_path, "onset,apex,offset", "10,12,14")
    assert call("cut", silent, table, "-o", tmp_path / "out") == 0
    assert "only digital silence where it is cut" in capfd.readouterr().err
    assert not list((tmp_path / "out").glob("*.wav"))
    assert (
        call("cut", silent, a_table(tmp_path, "onset,apex,offset", "10,12,14", "49,50,51"), "-o", tmp_path / "o2") == 0
    )
    assert len(list((tmp_path / "o2").glob("*.wav"))) == 2


def test_a_recording_that_breaks_off_gives_what_lies_before(
    material: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    recording = material / "ugly-decord" / "corrupted.mp4"
    assert call("cut", recording, a_table(tmp_path, "onset,apex,offset", "10,12,14"), "-o", tmp_path / "out") == 0
    assert [row["n_frames"] for row in rows_of(tmp_path / "out")] == ["5"]
    beyond = a_table(tmp_path, "onset,apex,offset", "10,12,14", "20,25,30")
    assert call("cut", recording, beyond, "-o", tmp_path / "more") == 2
    assert "corrupted.mp4 breaks off: frame 27 at 2.700 s" in capfd.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "spans.csv"]


@pytest.mark.parametrize("context", ["-1", "x", "nan"])
def test_context_must_be_a_number_from_zero_on(tmp_path: Path, recording: Path, context: str) -> None:
    table = a_table(tmp_path, "onset,apex,offset", "10,12,14")
    assert call("cut", recording, table, "-o", tmp_path / "out", "--context-s", context) == 2
    assert not (tmp_path / "out").exists()


def test_the_real_recording_whose_sound_starts_late(repository: Path, tmp_path: Path) -> None:
    recording = repository / "demo" / "recordings" / "face_noface.mov"
    table = a_table(tmp_path, "onset,apex,offset", "70,72,74")
    assert call("cut", recording, table, "-o", tmp_path / "out") == 0
    # frames 70 and 71 last 1/30 s, 72 lasts 461 ticks, 73 lasts 210, 74 lasts 640 of 1/15,360 s
    seconds = Fraction(2 * 512 + 461 + 210 + 640, 15360)
    (row,) = rows_of(tmp_path / "out")
    assert abs(int(row["n_samples"]) - seconds * 44100) < 1
    with wave.open(str(tmp_path / "out" / "clip-001.wav")) as stream:
        heard = stream.readframes(stream.getnframes())
    # the sound begins at 107164 / 44100 = 2.430 s, within the span: silence before it
    begin = int(107164 - Fraction(70, 30) * 44100)
    assert not any(heard[: (begin - 1) * 4])
    assert any(heard[begin * 4 :])
