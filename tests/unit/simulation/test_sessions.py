"""A simulated world on disk: the same bytes for the same seed, neutral recordings, and a truth that says simulated."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import av
import pytest
from builders.world import a_world

from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.spantable import read_spans
from mmed_curate.media.clock import read_clock
from mmed_curate.media.probe import probe
from mmed_curate.simulation.sessions import SimulatedSessions, simulate_sessions
from mmed_curate.simulation.truth import Kind, read_truth

PAIR = a_world(subjects=2, picture__preset="ultrafast")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SimulatedSessions:
    """Two subjects in one session, made by two processes."""
    return simulate_sessions(PAIR, tmp_path_factory.mktemp("made") / "world", workers=2)


def bytes_of(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256_of(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_seed_gives_the_same_bytes_whatever_the_number_of_workers(
    made: SimulatedSessions, tmp_path: Path
) -> None:
    told: list[tuple[int, int | None]] = []

    simulate_sessions(PAIR, tmp_path / "again", workers=1, progress=lambda done, total: told.append((done, total)))

    assert bytes_of(tmp_path / "again") == bytes_of(made.folder)
    assert told[-1] == (180, 180)


def test_one_subject_more_changes_nothing_of_the_others_and_another_seed_changes_all(
    made: SimulatedSessions, tmp_path: Path
) -> None:
    one = simulate_sessions(PAIR.model_copy(update={"subjects": 1}), tmp_path / "one")
    other = simulate_sessions(PAIR.model_copy(update={"subjects": 1, "seed": 2}), tmp_path / "other")

    assert one.recordings == made.recordings[:1]
    assert other.recordings[0].sha256 != one.recordings[0].sha256
    assert other.recordings[0].file != one.recordings[0].file


def test_everything_says_that_it_is_simulated(made: SimulatedSessions) -> None:
    assert (made.folder / "README.md").read_text(encoding="utf-8").splitlines()[0].startswith("SIMULATED")
    assert json.loads((made.folder / "simulation.json").read_text(encoding="utf-8"))["simulated"] is True
    for name in ("truth.csv", "subjects.csv", "recordings.csv"):
        with (made.folder / name).open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        assert rows and all(row["simulated"] == "yes" for row in rows)


def test_the_recordings_say_nothing(made: SimulatedSessions) -> None:
    for one in made.recordings:
        assert not set(one.file.removesuffix(".mp4")) - set("0123456789abcdef")
        with av.open(made.folder / one.file) as container:
            assert set(container.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
            for stream in container.streams:
                assert set(stream.metadata) <= {"handler_name", "vendor_id", "language"}


def test_a_recording_is_what_the_settings_ask_for(made: SimulatedSessions) -> None:
    for one in made.recordings:
        path = made.folder / one.file
        found, clock = probe(path), read_clock(path)
        assert (found.picture.width, found.picture.height) == (320, 240)
        assert clock.n_frames == 90 and clock.start_of(clock.last_frame) * 30 == 89
        assert found.sound is not None and found.sound.rate_hz == PAIR.sound.rate_hz


def test_the_truth_reads_back_as_it_was_planted(made: SimulatedSessions) -> None:
    known = read_truth(made.truth)

    planted = [(one.file, one.sha256, what) for one in made.recordings for what in one.planted]
    assert [(one.recording, one.sha256) for one in known] == [(file, sha256) for file, sha256, _ in planted]
    for row, (_, _, what) in zip(known, planted, strict=True):
        assert (row.kind, row.span, row.emotion, row.action_units) == (
            what.kind,
            what.span,
            what.emotion,
            what.action_units,
        )
        if what.voice_cue:
            assert row.cue_onset_s == pytest.approx(what.cue_start / PAIR.sound.rate_hz, abs=1e-6)
    assert made.count(Kind.EVENT) == made.count(Kind.BLINK) == 2


def test_the_events_of_each_recording_are_a_table_of_spans(made: SimulatedSessions) -> None:
    for one in made.recordings:
        table = read_spans(made.folder / "events" / f"{Path(one.file).stem}.csv")
        spans = table.spans(read_clock(made.folder / one.file))
        assert list(spans) == [what.span for what in one.planted if what.kind is Kind.EVENT]


def test_a_folder_that_exists_is_left_alone(made: SimulatedSessions, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="exists already"):
        simulate_sessions(PAIR, made.folder)
    with pytest.raises(BadInput, match="do not fit"):
        simulate_sessions(a_world(events__per_minute=100.0), tmp_path / "full")
    assert not (tmp_path / "full").exists()


def test_a_worker_that_fails_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    faceless = a_world(subjects=2, faces=[{"file": "demo/recordings/face_noface.mov", "frame": 120}])

    with pytest.raises(BadInput, match="no face is found"):
        simulate_sessions(faceless, tmp_path / "world", workers=2)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cell", ["kind", "apex", "cue_onset_s"])
def test_a_broken_row_of_a_truth_is_named(made: SimulatedSessions, tmp_path: Path, cell: str) -> None:
    with made.truth.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    first = next(index for index, row in enumerate(rows) if row["voice_cue"])
    rows[first][cell] = "-"
    broken = tmp_path / "truth.csv"
    with broken.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)

    with pytest.raises(BadInput, match=f"line {first + 2}"):
        read_truth(broken)
