"""Movements planted into real footage: at their frames, at their places, and nowhere else."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from mmed_curate.cli.simulate import simulate
from mmed_curate.domain.findings import BadInput
from mmed_curate.face.track import FaceTracker
from mmed_curate.media.clock import read_clock
from mmed_curate.media.pictures import pictures
from mmed_curate.media.write import RecordingWriter
from mmed_curate.simulation.footage import (
    FootageSettings,
    PlantedFootage,
    load_footage_settings,
    moved_skin,
    plant_into,
)
from mmed_curate.simulation.movement import field_on


@pytest.fixture(scope="module")
def source(repository: Path) -> Path:
    """A bundled recording: 72 frames at 30 Hz, neutral, smile, neutral."""
    return repository / "demo" / "recordings" / "single_face.mp4"


@pytest.fixture(scope="module")
def settings() -> FootageSettings:
    """The packaged ones, with large movements close to each other and to the ends, without loss of picture."""
    packaged = load_footage_settings("footage")
    events = packaged.events.model_copy(
        update={
            "per_minute": 80.0,
            "gap_s": 0.2,
            "amplitude": packaged.events.amplitude.model_copy(update={"least": 0.05, "most": 0.06}),
        }
    )
    return packaged.model_copy(update={"events": events, "edge_s": 0.2, "crf": 0})


@pytest.fixture(scope="module")
def made(source: Path, settings: FootageSettings, tmp_path_factory: pytest.TempPathFactory) -> PlantedFootage:
    """Three movements in two and a half seconds."""
    return plant_into(source, tmp_path_factory.mktemp("footage") / "made", settings)


def test_frames_and_times_are_the_source_s(source: Path, made: PlantedFootage) -> None:
    before, after = read_clock(source), read_clock(made.recording)
    starts = [
        [clock.start_of(frame) - clock.start_of(0) for frame in range(clock.n_frames)] for clock in (before, after)
    ]
    np.testing.assert_allclose(np.array(starts[1], dtype=float), np.array(starts[0], dtype=float), atol=1e-4)
    assert made.recording.name == "simulated-single_face.mp4"


def test_pictures_change_within_the_spans_and_only_there(source: Path, made: PlantedFootage) -> None:
    changed = []
    for before, after in zip(pictures(source), pictures(made.recording), strict=True):
        apart = np.abs(before.luma().astype(int) - after.luma()[: before.height, : before.width])
        # both colour conversions are paid everywhere; a planted movement changes edges by many levels
        changed.append(float(np.percentile(apart, 99.9)))
    usual = np.median(changed)
    planted = np.zeros(len(changed), dtype=bool)
    for one in made.planted:
        planted[one.span.onset : one.span.offset + 1] = True
        assert changed[one.span.apex] > usual + 5
    assert max(np.array(changed)[~planted]) < usual + 2


def test_the_table_says_what_and_how_far(made: PlantedFootage, settings: FootageSettings) -> None:
    with made.truth.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(made.planted) == 3
    assert {row["movement"] for row in rows} <= set(settings.movements)
    for row, one in zip(rows, made.planted, strict=True):
        assert row["recording"] == made.recording.name and row["kind"] == "event" and row["simulated"] == "yes"
        assert (int(row["onset"]), int(row["offset"])) == (one.span.onset, one.span.offset)
        assert 0.05 <= float(row["amplitude"]) <= 0.06
        assert float(row["onset_s"]) == pytest.approx(one.span.onset / 30, abs=1e-3)
    said = (made.folder / "README.md").read_text(encoding="utf-8")
    assert said.startswith("SIMULATED") and "simulated" in json.loads((made.folder / "simulation.json").read_text())


def test_the_movement_turns_with_the_head(source: Path) -> None:
    settings = load_footage_settings("footage")
    face = FaceTracker().step(next(iter(pictures(source))).bgr())[0]
    brow = settings.movements["brow-raise"]
    upright, lying = (field_on(settings.places, brow, face.landmarks, turn=turn) for turn in (0.0, np.pi / 2))
    # up is against y; for a head that lies on its right side (clockwise), up is to the right
    first, same = upright.bumps[0], lying.bumps[0]
    assert first.dy < 0 and abs(first.dx) < 1e-6
    assert same.dx == pytest.approx(-first.dy) and abs(same.dy) < 1e-6


def test_outside_its_window_not_a_pixel_changes(source: Path) -> None:
    settings = load_footage_settings("footage")
    picture = next(iter(pictures(source))).bgr()
    face = FaceTracker().step(picture)[0]
    field = field_on(settings.places, settings.movements["nose-wrinkle"], face.landmarks, turn=0.0)
    moved = moved_skin(picture, field, 2.0)
    window = field.window
    outside = np.ones(picture.shape[:2], dtype=bool)
    outside[window.top - 3 : window.bottom + 3, window.left - 3 : window.right + 3] = False
    np.testing.assert_array_equal(moved[outside], picture[outside])
    assert np.abs(moved.astype(int) - picture).max() > 20


def test_the_same_settings_give_the_same_bytes(
    source: Path, made: PlantedFootage, settings: FootageSettings, tmp_path: Path
) -> None:
    assert plant_into(source, tmp_path / "again", settings).sha256 == made.sha256


def test_no_face_and_too_much_are_said(source: Path, settings: FootageSettings, tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "grey.mp4", width=64, height=64, time_base=Fraction(1, 30)) as writer:
        for frame in range(5):
            writer.picture(np.full((64, 64, 3), 90, dtype=np.uint8), frame)
    with pytest.raises(BadInput, match="no face is found"):
        plant_into(tmp_path / "grey.mp4", tmp_path / "none", settings)
    crowded = settings.model_copy(update={"events": settings.events.model_copy(update={"per_minute": 300.0})})
    with pytest.raises(BadInput, match="do not fit"):
        plant_into(source, tmp_path / "none", crowded)
    assert not (tmp_path / "none").exists()


def test_the_command_says_that_it_is_simulated(source: Path, tmp_path: Path) -> None:
    words = ["footage", str(source), "-o", str(tmp_path / "out"), "--seed", "3"]
    done = CliRunner().invoke(simulate, words, catch_exceptions=False)
    assert done.exit_code == 0 and "Simulated" in done.stdout
    assert (tmp_path / "out" / "truth.csv").exists()
