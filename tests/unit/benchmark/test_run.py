"""A benchmark on a release: its report validates, its tables score to its numbers, and what is odd is said."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from builders.planted import planted, quick
from builders.release import a_release

from mmed_curate.benchmark.controls import Control
from mmed_curate.benchmark.listened import attention_name, chosen_clips
from mmed_curate.benchmark.predictions import read_predictions
from mmed_curate.benchmark.report import BenchmarkReport
from mmed_curate.benchmark.run import benchmark, run_benchmark
from mmed_curate.benchmark.scores import Scores
from mmed_curate.benchmark.settings import BenchmarkSettings, load_settings
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path

NETWORKS = (
    *("amf-net", "visual-only", "audio-only", "concatenation", "symmetric-attention", "late-fusion", "ststnet-style"),
)
MODELS = (*NETWORKS, "handcrafted-visual", "handcrafted-sound", "handcrafted", "majority-class")
SMALLEST = {"entrants": ("amf-net", "visual-only", "audio-only"), "hand_crafted": None, "probes": None}


def packaged(**change: object) -> BenchmarkSettings:
    """The packaged settings, trained for one epoch."""
    return load_settings("mmed").model_copy(update={"epochs": 1, "seeds": (1, 2), **change})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results on a tiny simulated release, 3 subjects, 12 clips with sound: everything on, two seeds of one epoch."""
    root = tmp_path_factory.mktemp("benchmark")
    release = a_release(root / "release", media=True)
    run_benchmark(release, packaged(), to=root / "results", workers=1)
    return root / "results"


@pytest.fixture(scope="module")
def document(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "benchmark.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def on_arrays() -> BenchmarkReport:
    """Four subjects, each a session of its own, so that sessions can be left out too."""
    data = planted(in_flow=1.0, in_sound=1.0, n_subjects=4, clips_per_subject=3)
    return benchmark(data, packaged(), name="arrays", version="1", simulated=True, workers=1)


def validator(version: int = 2) -> jsonschema.Draft202012Validator:
    name = "benchmark.schema.json" if version == 2 else f"benchmark-{version}.schema.json"
    return jsonschema.Draft202012Validator(json.loads(packaged_path("schema", "json", name).read_text()))


def test_everything_lies_in_the_folder(folder: Path, document: dict[str, Any]) -> None:
    names = {path.name for path in folder.iterdir()}
    drawn = {name for name in names if name.startswith("attention-")}
    expected = {"benchmark.json", "gallery.html", "models.png", "controls.png", "reliability.png"}
    expected |= {f"predictions-{model}.csv" for model in MODELS} | {f"confusion-{model}.png" for model in MODELS}
    assert names - drawn == expected
    clips = {one["clip"] for one in document["models"][0]["predictions"]}
    assert 3 <= len(drawn) <= 6 and drawn <= {attention_name(clip) for clip in clips}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.glob("*.png"))


def test_the_report_has_its_shape_and_no_other(document: dict[str, Any]) -> None:
    validator().validate(document)
    assert document["version"] == 2
    for change in ({"extra": 1}, {"n_clips": "12"}, {"version": 1}):
        assert not validator().is_valid({**document, **change})
    for key in document:
        assert not validator().is_valid({name: value for name, value in document.items() if name != key})
    deeper = copy.deepcopy(document)
    deeper["sound"]["controls"][0]["gain"]["uar"]["value"] = "high"
    assert not validator().is_valid(deeper)
    assert not validator(1).is_valid(document)


def test_a_report_with_sessions_left_out_has_it_too(on_arrays: BenchmarkReport) -> None:
    document = on_arrays.as_json()
    validator().validate(document)
    assert [one["name"] for one in document["by_session"]] == ["amf-net", "visual-only"]
    assert document["soft_labels"] is None and document["n_sessions"] == 4


def test_all_enter_and_amf_net_is_held_against_each(document: dict[str, Any]) -> None:
    assert [model["name"] for model in document["models"]] == list(MODELS)
    assert [one["model"] for one in document["against"]] == list(MODELS[1:])
    assert document["by_session"] == []  # one session: nobody would be left to learn from
    assert any("leaving out one of 1 sessions" in note for note in document["notes"])


def test_whether_sound_helps_is_answered_against_permuted_sound(document: dict[str, Any]) -> None:
    sound = document["sound"]
    assert "against the same network on permuted sound" in sound["sentence"]
    assert sound["power"]["n_clips"] == 12
    measured = {one["control"]: one["n_changed"] for one in sound["controls"]}
    # the builder measures no voice activity and writes no transcript
    assert set(measured) == {one.value for one in Control} - {Control.NO_VOICES.value, Control.NO_WORDS.value}
    assert measured["silence"] == 12


def test_attention_is_shared_out_over_the_steps_that_sound(on_arrays: BenchmarkReport) -> None:
    assert on_arrays.attention is not None and on_arrays.attention.shape == (12, 16)  # 128 frames, 8 to a step
    assert np.allclose(on_arrays.attention.sum(axis=1), 1, atol=1e-5)


def test_the_clips_to_draw_are_the_best_and_the_worst_answered_of_each_class(on_arrays: BenchmarkReport) -> None:
    (amf, *_), calibrated = on_arrays.models, on_arrays.calibrated
    assert calibrated is not None
    chosen = chosen_clips(on_arrays, amf)
    truth = dict(zip(amf.predictions.clips or (), amf.predictions.truth, strict=True))
    by_class = [truth[on_arrays.names[place]] for place in chosen]
    assert by_class == ["first", "first", "second", "second", "third", "third"]
    told = calibrated.probabilities.mean(axis=0)
    for code, (best, worst) in enumerate(zip(chosen[::2], chosen[1::2], strict=True)):
        of_class = [place for place, name in enumerate(on_arrays.names) if truth[name] == on_arrays.classes[code]]
        assert told[best, code] == max(told[place, code] for place in of_class)
        assert told[worst, code] == min(told[place, code] for place in of_class)


def test_simulated_is_said_first_and_in_every_table(folder: Path, document: dict[str, Any]) -> None:
    assert str(document["notice"]).startswith("SIMULATED")
    assert "SIMULATED" in (folder / "gallery.html").read_text()
    header, *rows = (folder / "predictions-amf-net.csv").read_text().splitlines()
    assert header == "subject,truth,predicted,clip,seed,p_surprise,p_positive,p_negative,simulated"
    assert len(rows) == 24 and all(row.endswith(",true") for row in rows)  # 12 clips, two seeds


def test_the_tables_of_predictions_score_to_the_reported_numbers(folder: Path, document: dict[str, Any]) -> None:
    classes = document["classes"]
    for model in document["models"]:
        table = read_predictions(folder / f"predictions-{model['name']}.csv")
        again = Scores.of(table.confusion(classes), classes)
        assert again.as_json() == model["scores"]
        assert sum(row["n_right"] for row in model["per_subject"]) == sum(
            again.confusion[index][index] for index in range(3)
        )


def test_the_gallery_leads_to_the_clips(folder: Path, document: dict[str, Any]) -> None:
    page = (folder / "gallery.html").read_text()
    for one in document["hardest"]:
        assert f'href="../release/media/{one["clip"]}"' in page  # the builder's release has no page of its own


def test_a_run_that_was_interrupted_goes_on_and_says_the_same(tmp_path: Path) -> None:
    settings = packaged(**SMALLEST, controls=False, inner_parts=None)
    release = a_release(tmp_path / "release")
    run_benchmark(release, settings, to=tmp_path / "whole", workers=1)

    class Stopped(Exception):
        """In place of Ctrl-C."""

    def stop_after_three(done: int, total: int | None) -> None:
        if done == 3:
            raise Stopped

    kept = tmp_path / "again.partial"
    with pytest.raises(Stopped):
        run_benchmark(release, settings, to=tmp_path / "again", workers=1, kept=kept, progress=stop_after_three)
    assert len(list(kept.glob("*.npz"))) == 3 and not (tmp_path / "again").exists()

    begun: list[int] = []
    run_benchmark(
        release, settings, to=tmp_path / "again", workers=1, kept=kept, progress=lambda done, total: begun.append(done)
    )
    assert begun[0] == 3 and not kept.exists()
    said = [(tmp_path / name / "benchmark.json").read_bytes() for name in ("whole", "again")]
    assert said[0] == said[1]


def test_results_are_never_written_over(folder: Path) -> None:
    with pytest.raises(BadInput, match="exists already"):
        run_benchmark(folder, quick(epochs=1), to=folder)


def test_nothing_is_left_behind_when_the_release_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        run_benchmark(tmp_path / "none", quick(epochs=1), to=tmp_path / "results")
    assert list(tmp_path.iterdir()) == []


def run_quickly(**change: object) -> BenchmarkReport:
    data = replace(planted(in_flow=1.0, in_sound=1.0, n_subjects=3, clips_per_subject=3), **change)  # type: ignore[arg-type]
    settings = packaged(**SMALLEST, seeds=(1,), controls=False, inner_parts=None, by_session=())
    return benchmark(data, settings, name="arrays", version="1", simulated=True, workers=1)


def test_without_any_sound_audio_only_is_skipped_and_nobody_asks_whether_sound_helps() -> None:
    report = run_quickly(sound_mask=np.zeros((9, 128), dtype=bool))

    assert [model.name for model in report.models] == ["amf-net", "visual-only", "majority-class"]
    assert report.n_with_sound == 0 and report.sound is None
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
