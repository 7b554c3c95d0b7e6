"""A model trained on all clips: what lies in its folder, what its card says, and what it answers of new clips."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import torch
from builders.planted import quick
from builders.release import a_release, reseal
from safetensors.torch import load_file, save_file

from mmed_curate.benchmark.answersread import read_report
from mmed_curate.benchmark.newclips import read_clips
from mmed_curate.benchmark.predicting import Predicted, predict, write_predicted
from mmed_curate.benchmark.predictions import read_predictions
from mmed_curate.benchmark.run import run_benchmark
from mmed_curate.benchmark.savedmodel import NOT_FOR, SavedModel, read_model
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.trainall import train_on_all
from mmed_curate.dataset import load
from mmed_curate.dataset.manifest import release_id
from mmed_curate.dataset.tombstones import Tombstones, tombstone_of
from mmed_curate.dataset.transcript import TranscriptRow, transcripts_text
from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path

ALONE: dict[str, Any] = {"entrants": ("amf-net",), "by_session": (), "hand_crafted": None, "probes": None}


def few_steps(*, epochs: int = 2, **change: object) -> BenchmarkSettings:
    """Two seeds, inner parts to calibrate by, nothing else."""
    told = {**ALONE, "seeds": (1, 2), "inner_parts": 3, "sound_permuted": False, "controls": False, **change}
    return quick(epochs=epochs).model_copy(update=told)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve clips of three subjects."""
    return a_release(tmp_path_factory.mktemp("release") / "mmed-0.1.0")


@pytest.fixture(scope="module")
def folder(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that learned from them for long enough to have learned it."""
    to = tmp_path_factory.mktemp("model") / "model"
    train_on_all(release, few_steps(epochs=20), to=to)
    return to


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    """The model, to be damaged."""
    return Path(shutil.copytree(folder, tmp_path / "copied"))


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        json.loads(packaged_path("schema", "json", f"{name}.schema.json").read_text())
    )


def ask(model: Path | SavedModel, *paths: Path, tombstones: tuple[Tombstones, ...] = ()) -> Predicted:
    read = model if isinstance(model, SavedModel) else read_model(model)
    told = read.description.input
    clips = read_clips(paths, sound_frames=told.sound_frames, word_tokens=told.word_tokens)
    return predict(read, clips, tombstones=tombstones)


def test_the_folder_holds_weights_what_they_are_and_a_card(folder: Path, release: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "model.json", "model.safetensors"]
    document = json.loads((folder / "model.json").read_text())
    validator("model").validate(document)
    for change in ({"extra": 1}, {"version": 2}, {"seeds": []}):
        assert not validator("model").is_valid({**document, **change})
    assert document["learned_from"]["id"] == release_id(release)
    assert document["learned_from"]["class_counts"] == [4, 4, 4]
    assert {name.partition("/")[0] for name in load_file(folder / "model.safetensors")} == {"1", "2"}


def test_the_card_says_what_it_is_and_what_not(folder: Path) -> None:
    card = (folder / "README.md").read_text()
    one_line = " ".join(card.split())
    assert card.startswith("# SIMULATED: AMF-Net, trained on test 0.1.0")
    assert NOT_FOR in one_line and "not the paper's network" in one_line
    assert "licence of the release applies to what is learned from it" in one_line
    assert "no benchmark was given" in one_line and "calibrated by one temperature" in one_line
    assert max(map(len, card.splitlines())) < 120


def test_the_same_command_gives_the_same_weights(release: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        train_on_all(release, few_steps(), to=tmp_path / name)
    assert sha256_of(tmp_path / "one" / "model.safetensors") == sha256_of(tmp_path / "other" / "model.safetensors")


def test_it_knows_clips_of_the_same_world_that_it_never_met(folder: Path, tmp_path: Path) -> None:
    found = ask(folder, a_release(tmp_path / "other", seed=9, n_subjects=4))
    right = np.mean([truth == said for truth, said in zip(found.clips.truth, found.predicted, strict=True)])
    assert right >= 12 / 16  # by chance so many are right in fewer than one of 900


def test_probabilities_are_those_of_the_pooled_networks_by_one_temperature(folder: Path, release: Path) -> None:
    model = read_model(folder)
    found = ask(model, release)
    assert found.probabilities.sum(axis=1) == pytest.approx(np.ones(12))

    from mmed_curate.benchmark.amfnet import Clips

    clips = found.clips
    tensors = Clips(
        flow=torch.from_numpy(clips.flow),
        log_mel=torch.from_numpy(clips.log_mel),
        sound_mask=torch.from_numpy(clips.sound_mask),
        words=torch.zeros(12, 0, 0),
        word_mask=torch.zeros(12, 0, dtype=torch.bool),
    )
    with torch.no_grad():
        mean = torch.stack([network(tensors).answer.softmax(dim=1) for network in model.networks]).mean(dim=0)
    assert model.description.temperature is not None
    sharpened = (mean.log() / model.description.temperature.value).softmax(dim=1)
    np.testing.assert_allclose(found.probabilities, sharpened.numpy(), atol=1e-4)


def test_inner_networks_never_met_the_subjects_that_the_temperature_is_fitted_on(release: Path, tmp_path: Path) -> None:
    """Where the classes are noise, clips that were learned from come out sure, and those that were not do not."""
    noise = a_release(tmp_path / "noise", in_picture=0.0, in_sound=0.0, n_subjects=6, clips_per_subject=6)
    told = train_on_all(noise, few_steps(epochs=30), to=tmp_path / "model").temperature
    assert told is not None
    assert told.value > 1.5  # what is learned by heart is worth nothing elsewhere, and is toned down
    assert told.nll_after == pytest.approx(np.log(3), abs=0.1)  # to hardly more than a third each


def test_settings_without_an_inner_split_leave_it_uncalibrated_and_say_so(release: Path, tmp_path: Path) -> None:
    told = train_on_all(release, few_steps(inner_parts=None), to=tmp_path / "model")
    assert told.temperature is None
    assert "not calibrated" in (tmp_path / "model" / "README.md").read_text()
    assert "the probabilities are not calibrated" in str(ask(tmp_path / "model", release).warnings)


def test_the_card_tells_the_scores_of_a_benchmark_of_the_release(release: Path, tmp_path: Path) -> None:
    run_benchmark(release, few_steps(), to=tmp_path / "report", workers=1)

    told = train_on_all(release, few_steps(), to=tmp_path / "model", benchmark=tmp_path / "report").out_of_fold

    scores = read_report(tmp_path / "report" / "benchmark.json")["models"][0]["scores"]
    assert told is not None and told.same_settings
    assert (told.accuracy, told.uf1, told.uar) == (scores["accuracy"], scores["uf1"], scores["uar"])
    assert f"UAR {scores['uar']:.3f}" in " ".join((tmp_path / "model" / "README.md").read_text().split())


def test_a_benchmark_of_another_release_is_refused_and_nothing_is_left(release: Path, tmp_path: Path) -> None:
    report = {"format": "mmed-benchmark", "version": 2, "release": {"name": "test", "version": "9.0.0"}}
    (tmp_path / "benchmark.json").write_text(json.dumps(report))
    with pytest.raises(BadInput, match=r"is of test 9.0.0, and the release is test 0.1.0"):
        train_on_all(release, few_steps(), to=tmp_path / "model", benchmark=tmp_path / "benchmark.json")
    assert not (tmp_path / "model").exists()


def test_clips_that_were_withdrawn_are_not_learned_from(release: Path, tmp_path: Path) -> None:
    older = Path(shutil.copytree(release, tmp_path / "older"))
    newer = a_release(tmp_path / "newer")
    facts = json.loads((newer / "release.json").read_text())
    (newer / "release.json").write_text(json.dumps({**facts, "version": "0.2.0"}))
    graves = json.loads((newer / "tombstones.json").read_text())
    told = {**graves, "release": "0.2.0", "tombstones": [tombstone_of("c-000000000000")]}
    (newer / "tombstones.json").write_text(json.dumps(told))
    reseal(newer)
    with (
        pytest.warns(UserWarning, match="withdrawn since"),
        pytest.raises(BadInput, match=r"1 clip of .* withdrawn since"),
    ):
        train_on_all(older, few_steps(), to=tmp_path / "model")


def test_a_model_is_never_written_over(folder: Path, release: Path) -> None:
    with pytest.raises(BadInput, match="exists already"):
        train_on_all(release, few_steps(), to=folder)


def test_clips_of_the_release_that_it_learned_from_are_said(folder: Path, release: Path) -> None:
    found = ask(folder, release)
    assert found.met == (True,) * 12
    assert "12 of 12 clips are of the release that the model learned from" in str(found.warnings[0])


def test_subjects_that_it_learned_from_are_known_again_in_another_release(folder: Path, tmp_path: Path) -> None:
    found = ask(folder, a_release(tmp_path / "other", seed=9, n_subjects=4))
    assert found.met == (True,) * 12 + (False,) * 4
    assert "12 of 16 clips are of subjects that the model learned from" in str(found.warnings[0])


def test_clips_without_sound_or_with_another_hop_are_said(folder: Path, tmp_path: Path) -> None:
    other = a_release(tmp_path / "other", seed=9, silent_subjects=(0,))
    for path in sorted(other.glob("media/c-000001*/sound-features.npz")):
        arrays = dict(np.load(path))
        np.savez(path, **{**arrays, "hop_s": np.array(0.02)})
    reseal(other)

    said = " ".join(map(str, ask(folder, other).warnings))

    assert "4 of 12 clips have no sound" in said
    assert "the sound of 4 of 12 clips has another hop than 0.01 s" in said


def test_a_model_that_never_heard_anything_says_so_when_it_is_given_sound(tmp_path: Path, release: Path) -> None:
    silent = a_release(tmp_path / "silent", silent_subjects=(0, 1, 2))
    train_on_all(silent, few_steps(), to=tmp_path / "model")
    assert "learned without any sound" in str(ask(tmp_path / "model", release).warnings)


def test_a_list_of_withdrawn_clips_that_names_what_it_learned_from_is_heeded(folder: Path, release: Path) -> None:
    graves = Tombstones(name="test", release="0.2.0", hashes=frozenset({tombstone_of("c-000000000000"), "0" * 64}))
    first, *_ = ask(folder, release, tombstones=(graves,)).warnings
    assert str(first).startswith("the model learned from 1 clip withdrawn since")


def test_array_files_in_folders_are_clips_as_well(folder: Path, release: Path, tmp_path: Path) -> None:
    shutil.copytree(release / "media", tmp_path / "clips")
    whole, files = ask(folder, release), ask(folder, tmp_path / "clips")
    one = ask(folder, tmp_path / "clips" / "c-000000000000")
    same = ask(folder, tmp_path / "clips" / "c-000000000000" / "features.npz")

    np.testing.assert_array_equal(whole.probabilities, files.probabilities)
    np.testing.assert_allclose(one.probabilities, whole.probabilities[:1], atol=1e-6)
    np.testing.assert_array_equal(one.probabilities, same.probabilities)
    assert files.met == (None,) * 12 and one.clips.names == ("c-000000000000",)


def test_the_document_has_its_shape_and_no_other(folder: Path, release: Path, tmp_path: Path) -> None:
    shutil.copytree(release / "media", tmp_path / "clips")
    for paths in (release, tmp_path / "clips"):
        document = ask(folder, paths).as_json()
        validator("predict").validate(document)
        for key in document:
            assert not validator("predict").is_valid({name: value for name, value in document.items() if name != key})
        assert document["notice"].startswith("SIMULATED") and NOT_FOR in document["notice"]


def test_the_table_says_in_every_line_what_it_is_not_for_and_can_be_scored(
    folder: Path, release: Path, tmp_path: Path
) -> None:
    write_predicted(tmp_path / "out.csv", ask(folder, release))

    with (tmp_path / "out.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 12 and all(NOT_FOR in row["notice"] for row in rows)
    assert sum(float(rows[0][f"p_{code}"]) for code in ("surprise", "positive", "negative")) == pytest.approx(1)
    assert read_predictions(tmp_path / "out.csv").predicted == tuple(row["predicted"] for row in rows)


def test_the_table_of_clips_of_no_known_class_has_no_truth(folder: Path, release: Path, tmp_path: Path) -> None:
    shutil.copytree(release / "media", tmp_path / "clips")
    write_predicted(tmp_path / "out.csv", ask(folder, tmp_path / "clips"))
    assert (tmp_path / "out.csv").read_text().startswith("clip,subject,predicted,p_")


def a_talking_release(folder: Path) -> Path:
    """The same release, in which somebody says a word in each clip: another one for each class."""
    talking = a_release(folder)
    rows = [
        TranscriptRow(
            clip=row.clip,
            cue=1,
            onset_s=0.1,
            offset_s=0.2,
            owner=None,
            text={"positive": "great", "negative": "no"}.get(row.emotion_class or "", "oh"),
            simulated=True,
        )
        for row in load(talking).clip_rows
    ]
    (talking / "transcripts.csv").write_text(transcripts_text(rows), encoding="utf-8", newline="\n")
    reseal(talking)
    return talking


def test_a_model_that_learned_to_read_reads_and_says_where_there_is_nothing_to(release: Path, tmp_path: Path) -> None:
    pytest.importorskip("wordllama")
    talking = a_talking_release(tmp_path / "talking")
    told = train_on_all(talking, few_steps(word_tokens=4), to=tmp_path / "model")
    assert told.word_size == 256 and told.input.word_tokens == 4

    with_words, without = ask(tmp_path / "model", talking), ask(tmp_path / "model", release)

    assert not np.array_equal(with_words.probabilities, without.probabilities)  # the clips differ in nothing else
    assert "of 12 of 12 clips there are no words" in str(without.warnings)
    assert "no words" not in str(with_words.warnings)


def change_json(**change: Any) -> Callable[[Path], object]:
    def changed(folder: Path) -> None:
        path = folder / "model.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    return changed


def change_input(folder: Path) -> None:
    path = folder / "model.json"
    document = json.loads(path.read_text())
    document["input"]["quiet_sound"] = 0.2
    path.write_text(json.dumps(document))


def other_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    save_file({"1/eyes": torch.zeros(2)}, path)
    change_json(weights_sha256=sha256_of(path))(folder)


def broken_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    save_file({name: one * float("nan") for name, one in load_file(path).items()}, path)
    change_json(weights_sha256=sha256_of(path))(folder)


def a_pickle(folder: Path) -> None:
    path = folder / "model.safetensors"
    torch.save({"1/eyes": torch.zeros(2)}, path)
    change_json(weights_sha256=sha256_of(path))(folder)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "model.json").unlink(), "is no model: its model.json cannot be read"),
        (lambda folder: (folder / "model.json").write_text("{"), "is no model"),
        (lambda folder: (folder / "model.json").write_text("[]"), "is no description of a model"),
        (change_json(format="other"), "is no description of a model .format other."),
        (change_json(version=2), "is of version 2, and this mmed reads version 1: install"),
        (change_json(classes=["one"]), "not whole: model.json, key classes"),
        (change_json(classes=["a", "b", "c", "d"]), "the weights of seed 1 are not those of an AMF-Net"),
        (change_json(seeds=[7]), "the weights of seed 7 are not those"),
        (change_json(classes=["a", "b", "b"]), "model.json, key classes: .*two classes have one name"),
        (change_json(classes=["a", "b", "c"]), "model.json is another than model.safetensors was written with"),
        (change_json(temperature=None), "model.json is another than"),
        (change_json(weights_sha256="0" * 64), "is another than model.json names"),
        (change_input, "takes clips prepared in another way"),
        (lambda folder: (folder / "model.safetensors").unlink(), "model.safetensors cannot be read"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"x"), "is another than model.json names"),
        (other_weights, "the weights of seed 1 are not those"),
        (broken_weights, "not all finite numbers"),
        (a_pickle, "model.safetensors cannot be read"),
    ],
)
def test_a_model_that_is_not_whole_is_refused_in_a_sentence(
    copied: Path, damage: Callable[[Path], object], said: str
) -> None:
    damage(copied)
    with pytest.raises(BadInput, match=said):
        read_model(copied)


def nan_in_flow(clips: Path) -> None:
    path = clips / "c-000000000000" / "features.npz"
    arrays = dict(np.load(path))
    arrays["flow"][0, 0, 0] = np.nan
    np.savez(path, **arrays)


def change_sound(**change: object) -> Callable[[Path], object]:
    def changed(clips: Path) -> None:
        path = clips / "c-000000000000" / "sound-features.npz"
        arrays = {**dict(np.load(path)), **{name: np.array(value) for name, value in change.items()}}
        np.savez(path, **arrays)  # type: ignore[arg-type]

    return changed


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda clips: shutil.rmtree(clips), "there is no "),
        (
            lambda clips: [shutil.rmtree(one) for one in clips.iterdir()],
            "is neither a release nor holds a features.npz",
        ),
        (
            lambda clips: (clips / "c-000000000000" / "features.npz").write_text("hello"),
            "read .it holds no plain arrays.*recut",
        ),
        (nan_in_flow, "clip c-000000000000: flow is not all finite numbers"),
        (change_sound(hop_s=0.0), "clip c-000000000000: hop_s 0, window_s 0.025 and apex_s 0.333333 cannot be"),
        (change_sound(apex_s=float("nan")), "apex_s nan cannot be"),
        (change_sound(window_s="long"), "hop_s, window_s or apex_s is no number"),
        (change_sound(log_mel="loud"), r"log-mel is .., expected .64, n."),
    ],
)
def test_clips_that_cannot_be_asked_about_are_said(
    release: Path, tmp_path: Path, damage: Callable[[Path], object], said: str
) -> None:
    clips = Path(shutil.copytree(release / "media", tmp_path / "clips"))
    damage(clips)
    with pytest.raises(BadInput, match=said):
        read_clips([clips], sound_frames=128)


def test_a_clip_named_twice_is_refused(release: Path) -> None:
    with pytest.raises(BadInput, match="12 clips named twice, c-000000000000 among them"):
        read_clips([release, release], sound_frames=128)


def test_a_release_without_published_features_is_refused(tmp_path: Path) -> None:
    nobody = a_release(tmp_path / "nobody", faceless_subjects=(0, 1, 2))
    with pytest.raises(BadInput, match="12 clips of it, and the picture features of none are published"):
        read_clips([nobody], sound_frames=128)
