"""Two models on the same clips: from reports, releases and tables; what is not paired is refused and counted."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from builders.planted import planted, quick

from mmed_curate.benchmark.answersread import Answers, read_answers
from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.predictions import write_predictions
from mmed_curate.benchmark.sidebyside import SideBySide, set_side_by_side
from mmed_curate.benchmark.standing import ModelResult, compared
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path

SETTINGS = quick(epochs=1)


@pytest.fixture(scope="module")
def data() -> BenchmarkData:
    """36 clips of six subjects, in three classes."""
    return planted(in_flow=0.0, in_sound=0.0, n_subjects=6, clips_per_subject=6)


def a_model(
    data: BenchmarkData, name: str, *, right: float, seeds: tuple[int, ...] = (1, 2), chance: int = 0
) -> ModelResult:
    """A model that has this share of the clips right, and says the next class of the others."""
    draws = np.random.default_rng(chance).random((len(seeds) or 1, len(data.names)))
    predicted = np.where(draws < right, data.labels, (data.labels + 1) % 3)
    return ModelResult.of(name, predicted, data, SETTINGS, seeds=seeds, n_parameters=1)


def a_report(folder: Path, data: BenchmarkData, *models: ModelResult, **change: Any) -> Path:
    """What of benchmark.json is read here, in a folder."""
    document = {
        "format": "mmed-benchmark",
        "version": 2,
        "simulated": True,
        "release": {"name": "mmed", "version": "1.0.0"},
        "classes": list(data.classes),
        "models": [model.as_json() for model in models],
    }
    folder.mkdir(parents=True)
    (folder / "benchmark.json").write_text(json.dumps({**document, **change}))
    return folder


def side_by_side(first: object, second: object, **how: bool) -> SideBySide:
    return set_side_by_side(read_answers(str(first)), read_answers(str(second)), SETTINGS, **how)


def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(packaged_path("schema", "json", "benchmark-compare.schema.json").read_text())
    return jsonschema.Draft202012Validator(schema)


def test_two_models_of_one_report_differ_as_the_report_itself_says(tmp_path: Path, data: BenchmarkData) -> None:
    good, poor = a_model(data, "amf-net", right=0.9), a_model(data, "visual-only", right=0.5, chance=1)
    report = a_report(tmp_path / "report", data, good, poor)

    found = side_by_side(report, f"{report}:visual-only")

    expected = compared(good.predicted, poor.predicted, data, SETTINGS)
    assert found.difference == expected
    assert found.scores == (good.scores, poor.scores)
    assert found.needed.difference == pytest.approx(good.scores.accuracy - poor.scores.accuracy)
    assert found.sentence.startswith("They differ: +")
    assert found.notice.startswith("SIMULATED")


def test_the_document_has_its_shape_and_no_other(tmp_path: Path, data: BenchmarkData) -> None:
    report = a_report(tmp_path / "report", data, a_model(data, "amf-net", right=0.9), a_model(data, "b", right=0.5))
    document = side_by_side(report, f"{report}:b").as_json()

    validator().validate(document)
    for change in ({"extra": 1}, {"n_clips": 0}, {"version": 2}):
        assert not validator().is_valid({**document, **change})
    for key in document:
        assert not validator().is_valid({name: value for name, value in document.items() if name != key})


def test_its_shape_shares_its_parts_with_that_of_a_benchmark() -> None:
    parts, whole = (
        json.loads(packaged_path("schema", "json", f"{name}.schema.json").read_text())["$defs"]
        for name in ("benchmark-compare", "benchmark")
    )
    del parts["side"]
    assert parts == {name: whole[name] for name in parts}


def test_a_table_says_the_same_as_the_report_that_it_was_written_with(tmp_path: Path, data: BenchmarkData) -> None:
    good, poor = a_model(data, "amf-net", right=0.9), a_model(data, "visual-only", right=0.5, chance=1)
    report = a_report(tmp_path / "report", data, good, poor)
    write_predictions(tmp_path / "poor.csv", poor.predictions, simulated=True)

    found, from_report = side_by_side(report, tmp_path / "poor.csv"), side_by_side(report, f"{report}:visual-only")

    assert found.difference == from_report.difference
    validator().validate(found.as_json())


def test_a_model_of_ones_own_is_named_by_module_and_class_and_a_path_may_hold_colons(
    tmp_path: Path, data: BenchmarkData
) -> None:
    report = a_report(
        tmp_path / "of:today", data, a_model(data, "amf-net", right=0.9), a_model(data, "my:Net", right=0.5)
    )
    found = side_by_side(f"{report}:my:Net", f"{report / 'benchmark.json'}")
    assert (found.first.model, found.second.model) == ("my:Net", "amf-net")
    assert found.first.named == f"my:Net of {report}"


def test_a_model_without_seeds_stands_beside_each_seed_of_the_other(tmp_path: Path, data: BenchmarkData) -> None:
    report = a_report(
        tmp_path / "report",
        data,
        a_model(data, "amf-net", right=0.9),
        a_model(data, "majority-class", right=0.3, seeds=()),
    )
    found = side_by_side(report, f"{report}:majority-class")
    assert found.scores[1].n_predictions == found.scores[0].n_predictions == 72
    assert any("seeds are not the same (1, 2 and none)" in str(note) for note in found.notes)


def test_seeds_in_common_are_paired_by_their_number(tmp_path: Path, data: BenchmarkData) -> None:
    one = a_report(tmp_path / "one", data, a_model(data, "amf-net", right=0.7, seeds=(1, 2, 3)))
    other = a_report(tmp_path / "other", data, a_model(data, "amf-net", right=0.7, seeds=(2, 3)))
    found = side_by_side(one, other)
    assert found.first.seeds == found.second.seeds == (2, 3)


def test_seeds_that_cannot_be_paired_are_refused(tmp_path: Path, data: BenchmarkData) -> None:
    one = a_report(tmp_path / "one", data, a_model(data, "amf-net", right=0.7, seeds=(1, 2, 3)))
    other = a_report(tmp_path / "other", data, a_model(data, "amf-net", right=0.7, seeds=(8, 9)))
    with pytest.raises(BadInput, match=r"3 seeds.* 2, and none in common: benchmark both with the same seeds"):
        side_by_side(one, other)


def without(data: BenchmarkData, n: int) -> BenchmarkData:
    """All clips but the first few."""
    return BenchmarkData.of(
        flow=data.flow[n:],
        log_mel=data.log_mel[n:],
        sound_mask=data.sound_mask[n:],
        labels=data.labels[n:],
        subjects=data.subjects[n:],
        names=data.names[n:],
        classes=data.classes,
    )


def test_two_releases_are_compared_on_the_clips_in_both(tmp_path: Path, data: BenchmarkData) -> None:
    fewer = without(data, 4)
    older = a_report(tmp_path / "older", fewer, a_model(fewer, "amf-net", right=0.5))
    newer = a_report(
        tmp_path / "newer", data, a_model(data, "amf-net", right=0.9), release={"name": "mmed", "version": "1.1.0"}
    )
    found = side_by_side(newer, older)
    assert found.first.clips == fewer.names and found.left_out == (4, 0)
    assert "compared on the 32 clips in both; 4 only in" in str(found.notes[0])


def test_other_clips_of_one_release_are_refused_until_asked_for(tmp_path: Path, data: BenchmarkData) -> None:
    fewer = without(data, 4)
    one = a_report(tmp_path / "one", data, a_model(data, "amf-net", right=0.9))
    other = a_report(tmp_path / "other", fewer, a_model(fewer, "amf-net", right=0.5))
    with pytest.raises(
        BadInput, match=r"4 clips of .*one and 0 clips of .*other are not in the other, beside 32 clips"
    ):
        side_by_side(one, other)
    assert len(side_by_side(one, other, common=True).first.clips) == 32


def test_no_clip_in_common_is_refused(tmp_path: Path, data: BenchmarkData) -> None:
    others = replace(data, names=tuple(f"other-{name}" for name in data.names))
    one = a_report(tmp_path / "one", data, a_model(data, "amf-net", right=0.9))
    other = a_report(tmp_path / "other", others, a_model(others, "amf-net", right=0.9))
    with pytest.raises(BadInput, match="no clip in common, of 36 and 36"):
        side_by_side(one, other, common=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: replace(data, labels=np.where(np.arange(36) < 7, (data.labels + 1) % 3, data.labels)), "truth"),
        (lambda data: replace(data, subjects=("S9",) * 7 + data.subjects[7:]), "subject"),
    ],
)
def test_another_truth_or_subject_is_refused_and_counted(
    tmp_path: Path, data: BenchmarkData, change: Callable[[BenchmarkData], BenchmarkData], said: str
) -> None:
    changed = change(data)
    one = a_report(tmp_path / "one", data, a_model(data, "amf-net", right=0.9))
    other = a_report(tmp_path / "other", changed, a_model(changed, "amf-net", right=0.9))
    with pytest.raises(BadInput, match=f"7 of 36 clips have another {said} in .*one than in .*other, such as clip-"):
        side_by_side(one, other)


def test_the_same_answers_named_twice_are_refused(tmp_path: Path, data: BenchmarkData) -> None:
    report = a_report(tmp_path / "report", data, a_model(data, "amf-net", right=0.9))
    with pytest.raises(BadInput, match="named twice"):
        side_by_side(report, report)


def test_a_release_is_read_through_the_benchmark_inside_it(tmp_path: Path, data: BenchmarkData) -> None:
    a_report(tmp_path / "mmed-1.0.0" / "benchmark", data, a_model(data, "amf-net", right=0.9))
    assert read_answers(str(tmp_path / "mmed-1.0.0")).release == ("mmed", "1.0.0")


def a_table(path: Path, *lines: str, header: str = "subject,truth,predicted,clip") -> Path:
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_a_table_by_hand(tmp_path: Path) -> None:
    one = a_table(tmp_path / "one.csv", "A,x,x,c1", "A,y,y,c2", "", "B,x,x,c3", "B,y,x,c4")
    other = a_table(tmp_path / "other.csv", "B,y,x,c4", "A,x,y,c1", "A,y,y,c2", "B,x,y,c3")

    found = side_by_side(one, other)

    # 3 of 4 against 1 of 4
    assert found.difference.accuracy.value == pytest.approx(0.5)
    assert not found.simulated


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "subject,truth,predicted\nA,x,x\n", "does not say of each line which clip"),
        ("a.csv", "subject,truth,predicted,clip\nA,x,x,c1\nA,x,y,\n", "does not say of each line which clip"),
        ("a.csv", "subject,truth,predicted,clip\nA,x,x,c1\nA,x,y,c1\n", "answers clip c1 twice: keep one line"),
        ("a.csv", "subject,truth,predicted,clip\nA,x,x,c1\nB,x,y,c1\n", "c1 has two subjects or truths"),
        ("a.csv", "subject,truth,predicted,clip,seed\nA,x,x,c1,one\n", "has the seed 'one': write whole numbers"),
        (
            "a.csv",
            "subject,truth,predicted,clip,seed\nA,x,x,c1,1\nA,x,x,c1,2\nA,y,y,c2,1\n",
            "1 clip not answered with",
        ),
        ("a.csv", "nothing\n", "has no column subject"),
        ("a.json", "{", "cannot be used"),
        ("a.json", "[1]", "it is no object"),
        ("a.json", "{}", "is no report of a benchmark"),
        ("a.json", '{"format": "mmed-benchmark", "version": 3}', "is mmed-benchmark, version 3, and this mmed reads"),
        ("a.json", '{"format": "mmed-benchmark", "version": 2}', "cannot be used .KeyError"),
    ],
)
def test_a_file_that_cannot_be_used_is_said_in_a_sentence(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=said):
        read_answers(str(tmp_path / name))


def test_a_model_that_a_report_does_not_tell_of_is_refused_with_those_it_does(
    tmp_path: Path, data: BenchmarkData
) -> None:
    report = a_report(tmp_path / "report", data, a_model(data, "b", right=0.9), a_model(data, "c", right=0.9))
    with pytest.raises(BadInput, match=r"no model d: write one of b, c after a colon"):
        read_answers(f"{report}:d")
    with pytest.raises(BadInput, match=r"several models, and not of amf-net: write one of b, c"):
        read_answers(str(report))


@pytest.mark.parametrize(("made", "said"), [(None, "there is no "), ("folder", "holds no benchmark.json")])
def test_what_is_not_there_is_said(tmp_path: Path, made: str | None, said: str) -> None:
    if made:
        (tmp_path / made).mkdir()
    with pytest.raises(BadInput, match=said):
        read_answers(str(tmp_path / "folder"))


def test_a_model_named_after_a_table_is_refused(tmp_path: Path) -> None:
    table = a_table(tmp_path / "one.csv", "A,x,x,c1")
    with pytest.raises(BadInput, match="is a table and tells no models apart"):
        read_answers(f"{table}:amf-net")


def test_swapping_the_two_turns_the_difference_round(tmp_path: Path, data: BenchmarkData) -> None:
    report = a_report(tmp_path / "report", data, a_model(data, "amf-net", right=0.8), a_model(data, "b", right=0.6))
    first, second = read_answers(str(report)), read_answers(f"{report}:b")
    there, back = set_side_by_side(first, second, SETTINGS), set_side_by_side(second, first, SETTINGS)
    assert there.difference.uar.value == pytest.approx(-(back.difference.uar.value or 0))
    assert there.difference.uar.p_two_sided == pytest.approx(back.difference.uar.p_two_sided)


def test_an_order_of_lines_changes_nothing(tmp_path: Path, data: BenchmarkData) -> None:
    write_predictions(tmp_path / "one.csv", a_model(data, "amf-net", right=0.8).predictions)
    with (tmp_path / "one.csv").open() as stream:
        header, *lines = list(csv.reader(stream))
    (tmp_path / "turned.csv").write_text("\n".join(",".join(line) for line in (header, *reversed(lines))) + "\n")

    one, turned = read_answers(str(tmp_path / "one.csv")), read_answers(str(tmp_path / "turned.csv"))

    assert isinstance(one, Answers) and np.array_equal(one.predicted, turned.predicted) and one.clips == turned.clips
