"""A benchmark on a release: its report validates, its tables score to its numbers, and what is odd is said."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from builders.planted import planted, quick
from builders.release import a_release

from mmed_curate.benchmark.predictions import read_predictions
from mmed_curate.benchmark.run import BenchmarkReport, benchmark, run_benchmark
from mmed_curate.benchmark.scores import Scores
from mmed_curate.benchmark.settings import load_settings
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path

MODELS = ("amf-net", "visual-only", "audio-only", "majority-class")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results on a tiny simulated release, two seeds of two epochs."""
    root = tmp_path_factory.mktemp("benchmark")
    settings = load_settings("mmed").model_copy(update={"epochs": 2, "seeds": (1, 2)})
    run_benchmark(a_release(root / "release"), settings, to=root / "results", workers=1)
    return root / "results"


@pytest.fixture(scope="module")
def document(folder: Path) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((folder / "benchmark.json").read_text())
    return loaded


def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(packaged_path("schema", "json", "benchmark.schema.json").read_text())
    return jsonschema.Draft202012Validator(schema)


def test_everything_lies_in_the_folder(folder: Path) -> None:
    expected = {"benchmark.json"} | {f"{kind}-{model}" for model in MODELS for kind in ("predictions", "confusion")}
    assert {path.name.removesuffix(".csv").removesuffix(".png") for path in folder.iterdir()} == expected
    assert (folder / "confusion-amf-net.png").read_bytes().startswith(b"\x89PNG")


def test_the_report_has_its_shape_and_no_other(document: dict[str, object]) -> None:
    validator().validate(document)
    for change in ({"extra": 1}, {"n_clips": "12"}, {"version": 2}):
        assert not validator().is_valid({**document, **change})
    for key in document:
        assert not validator().is_valid({name: value for name, value in document.items() if name != key})
    deeper = copy.deepcopy(document)
    deeper["models"][0]["scores"]["uar"] = "high"  # type: ignore[index]
    assert not validator().is_valid(deeper)


def test_simulated_is_said_first_and_in_every_table(folder: Path, document: dict[str, object]) -> None:
    assert str(document["notice"]).startswith("SIMULATED")
    header, *rows = (folder / "predictions-amf-net.csv").read_text().splitlines()
    assert header == "subject,truth,predicted,clip,seed,simulated"
    assert len(rows) == 24 and all(row.endswith(",true") for row in rows)  # 12 clips, two seeds


def test_the_tables_of_predictions_score_to_the_reported_numbers(folder: Path, document: dict[str, object]) -> None:
    classes = document["classes"]
    for model in document["models"]:  # type: ignore[attr-defined]
        table = read_predictions(folder / f"predictions-{model['name']}.csv")
        again = Scores.of(table.confusion(classes), classes)  # type: ignore[arg-type]
        assert again.as_json() == model["scores"]
        assert sum(row["n_right"] for row in model["per_subject"]) == sum(
            again.confusion[index][index] for index in range(3)
        )


def test_results_are_never_written_over(folder: Path) -> None:
    with pytest.raises(BadInput, match="exists already"):
        run_benchmark(folder, quick(epochs=1), to=folder)


def test_nothing_is_left_behind_when_the_release_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        run_benchmark(tmp_path / "none", quick(epochs=1), to=tmp_path / "results")
    assert list(tmp_path.iterdir()) == []


def run_quickly(**change: object) -> BenchmarkReport:
    data = replace(planted(in_flow=1.0, in_sound=1.0, n_subjects=3, clips_per_subject=3), **change)  # type: ignore[arg-type]
    return benchmark(data, quick(epochs=1), name="arrays", version="1", simulated=True, workers=1)


def test_without_any_sound_audio_only_is_skipped_and_amf_net_is_visual_only() -> None:
    report = run_quickly(sound_mask=np.zeros((9, 128), dtype=bool))

    assert [model.name for model in report.models] == ["amf-net", "visual-only", "majority-class"]
    assert report.n_with_sound == 0
    assert "audio-only was skipped" in str(report.notes[0])


def test_subjects_without_sound_are_kept_and_said() -> None:
    mask = planted(in_flow=1.0, in_sound=1.0, n_subjects=3, clips_per_subject=3).sound_mask
    subjects = np.array(planted(in_flow=1.0, in_sound=1.0, n_subjects=3, clips_per_subject=3).subjects)

    report = run_quickly(sound_mask=mask & (subjects != "S1")[:, None])

    assert {model.scores.n_predictions for model in report.models} == {9}
    assert "3 of 9 clips have no sound" in str(report.notes[0])


def test_a_class_of_one_subject_only_is_said() -> None:
    data = planted(in_flow=1.0, in_sound=1.0, n_subjects=3, clips_per_subject=3)
    labels = np.where((data.labels == 2) & (np.array(data.subjects) != "S0"), 1, data.labels)

    (note,) = run_quickly(labels=labels).notes

    assert "only subject S0 has clips of class third" in str(note)
