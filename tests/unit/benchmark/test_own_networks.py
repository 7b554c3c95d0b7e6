"""A researcher's own network: trained under the same protocol, and each slip in it said before anything is trained."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from builders.planted import planted, quick

from mmed_curate.benchmark.entrants import Entrant
from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.folds import Folds, LeftOut
from mmed_curate.benchmark.ownnetworks import source_digest, try_own
from mmed_curate.benchmark.run import LEFT_OUT, benchmark
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.training import train_alone
from mmed_curate.benchmark.units import Unit, answer_all, answered, lesson_of, tensors_of
from mmed_curate.domain.findings import BadInput

OWN = "builders.ownmodels"
FINE = Entrant(f"{OWN}:Fine")


@pytest.fixture(scope="module")
def data() -> BenchmarkData:
    """Nine clips of three subjects."""
    return planted(in_flow=1.0, in_sound=1.0, n_subjects=3, clips_per_subject=3)


def visual_alone(*, epochs: int) -> BenchmarkSettings:
    """Settings in which the quickest of our networks enters alone."""
    return quick(epochs=epochs).model_copy(
        update={
            "entrants": ("visual-only",),
            "by_session": (),
            "hand_crafted": None,
            "probes": None,
            "sound_permuted": False,
            "controls": False,
        }
    )


def try_it(name: str, data: BenchmarkData, *, silence: bool = True) -> None:
    try_own(Entrant(f"{OWN}:{name}"), tensors_of(data), len(data.classes), seed=1, silence=silence)


@pytest.mark.parametrize("name", ["Fine", "TellsBoth"])
def test_what_is_as_it_should_be_is_accepted(data: BenchmarkData, name: str) -> None:
    try_it(name, data)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("WrongShape", r"logits of shape \(8, 4\) where \(8, 3\) is expected in training"),
        ("Squeezes", r"logits of shape \(3,\) where \(1, 3\) is expected, for one clip alone"),
        ("SaysText", "gave a str in training"),
        ("NotANumber", "logits that are no finite numbers in training"),
        ("NeedsSound", "no finite numbers in training, for clips without sound"),
        ("Breaks", "broke in forward in training .KeyError: 'weights.bin'."),
        ("NothingToLearn", "has no parameters to learn"),
        ("Lazy", "has lazy layers"),
        ("Detached", "does not depend on its parameters"),
        ("Peeks", "answers a clip otherwise when other clips are asked with it"),
        ("NoConstructor", r"NoConstructor\(3\) cannot be made .TypeError"),
        ("TwoNumbers", r"TwoNumbers\(3\) cannot be made .TypeError.*width"),
        ("no_module", "makes a list: let it make a torch.nn.Module"),
        ("number", "is a int and no class"),
        ("Absent", "cannot be imported .AttributeError"),
    ],
)
def test_each_slip_is_one_sentence_that_names_the_class(data: BenchmarkData, name: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        try_it(name, data)
    assert f"{OWN}:{name}" in str(refused.value) and "\n" not in str(refused.value)


def test_a_network_that_needs_sound_may_enter_where_every_clip_has_it(data: BenchmarkData) -> None:
    try_it("NeedsSound", data, silence=False)


@pytest.mark.parametrize("name", ["my model:Net", "a/b.py:Net", "module:", ":Net", "module:Net:Other"])
def test_a_name_that_can_be_no_class_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="names no class: write module:Class"):
        Entrant(name)


def test_a_network_that_there_is_none_of_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput, match="there is no network resnet: choose one of amf-net, "):
        Entrant("resnet")


def test_a_module_that_ends_the_process_when_it_is_imported_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ends_at_once.py").write_text("raise SystemExit(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadInput, match=r"ends_at_once:Net cannot be imported \(SystemExit: 3\)"):
        Entrant("ends_at_once:Net").build(3, 0)


def test_a_package_that_a_module_needs_and_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needs_more.py").write_text("import nonexistent_pkg_xyz\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadInput, match="install nonexistent_pkg_xyz, which needs_more imports"):
        Entrant("needs_more:Net").build(3, 0)
    with pytest.raises(BadInput, match="name a class as module:Class"):
        Entrant("needs_more_still:Net").build(3, 0)


def test_what_a_network_prints_goes_to_stderr_also_in_other_processes(
    data: BenchmarkData, capfd: pytest.CaptureFixture[str]
) -> None:
    talks = Entrant(f"{OWN}:Talks")
    try_it("Talks", data)
    for workers in (1, 2):
        answer_all(data, visual_alone(epochs=1), [Unit(entrant=talks, seed=seed) for seed in (1, 2)], workers=workers)
        told = capfd.readouterr()
        assert told.out == ""
        assert "made" in told.err and "training" in told.err and "asked" in told.err
    assert "builders.ownmodels is imported" in told.err  # by the workers, anew


def test_a_network_that_ends_the_process_is_said_like_any_other_error(data: BenchmarkData) -> None:
    with pytest.raises(BadInput, match=r"EndsTheProcess broke in forward in training \(SystemExit: 7\)"):
        try_it("EndsTheProcess", data)
    try_it("EndsTheProcessLater", data)
    later = Unit(entrant=Entrant(f"{OWN}:EndsTheProcessLater"), seed=1)
    with pytest.raises(BadInput, match=r"EndsTheProcessLater broke in forward \(SystemExit: 7\)"):
        answer_all(data, visual_alone(epochs=20), [later], workers=1)


def test_each_fold_has_buffers_and_chance_of_its_own(data: BenchmarkData) -> None:
    folds = Folds.by(LeftOut.SUBJECT, data.subjects, data.sessions)
    lesson = lesson_of(data, folds.learned, FINE)

    one, other = (train_alone(lesson, FINE, quick(epochs=2), seed=1) for _ in range(2))

    # each of three networks met six clips in two epochs; a batch holds 16
    assert [int(network.get_buffer("seen")) for network in one.networks] == [12, 12, 12]
    means = [network.get_buffer("look.1.running_mean") for network in one.networks]
    assert not torch.equal(means[0], means[1])
    assert torch.equal(one.answers(lesson.clips), other.answers(lesson.clips))


def test_asking_changes_nothing_that_a_network_holds(data: BenchmarkData) -> None:
    lesson = lesson_of(data, np.ones((1, 9), dtype=bool), FINE)
    trained = train_alone(lesson, FINE, quick(epochs=1), seed=1)
    before = {name: value.clone() for name, value in trained.networks[0].state_dict().items()}

    trained.answers(lesson.clips)

    assert all(torch.equal(value, before[name]) for name, value in trained.networks[0].state_dict().items())


def test_the_number_of_processes_changes_no_answer(data: BenchmarkData) -> None:
    units = [Unit(entrant=FINE, seed=seed) for seed in (1, 2)]
    breaking = Unit(entrant=Entrant(f"{OWN}:BreaksLater"), seed=1)
    broken: dict[Entrant, BadInput] = {}
    here, apart = (
        answer_all(data, quick(epochs=10), [breaking, *units], workers=workers, broken=broken) for workers in (1, 2)
    )
    for unit in units:
        np.testing.assert_array_equal(here[unit].logits, apart[unit].logits)
    assert not np.array_equal(here[units[0]].logits, here[units[1]].logits)
    assert list(here) == list(apart) == units and list(broken) == [breaking.entrant]


def test_chance_elsewhere_goes_on_as_if_nothing_had_been_trained(data: BenchmarkData) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)

    torch.manual_seed(5)
    answered(data, Unit(entrant=FINE, seed=1), quick(epochs=1))

    assert torch.equal(torch.rand(3), expected)


def test_a_batch_of_one_clip_is_skipped_where_statistics_are_taken_of_it(data: BenchmarkData) -> None:
    one_left = quick(epochs=1).model_copy(update={"batch_size": 8})  # 9 clips: the last batch is of one
    assert np.isfinite(answered(data, Unit(entrant=FINE, seed=1), one_left).logits).all()


def test_it_learns_what_the_picture_shows_also_from_clips_without_sound() -> None:
    silent = planted(in_flow=2.0, in_sound=0.0, clips_per_subject=24, silent_subjects=(0, 1, 2, 3), seed=3)
    said = answered(silent, Unit(entrant=FINE, seed=1), quick(epochs=16)).logits.argmax(axis=1)
    assert (said == silent.labels).mean() > 0.6  # 96 clips of three classes: chance stays below 0.5


def test_the_report_names_it_beside_the_others(data: BenchmarkData) -> None:
    report = benchmark(
        data, visual_alone(epochs=1), name="arrays", version="1", simulated=True, own=(FINE.name,), workers=1
    )
    assert [model.name for model in report.models] == ["visual-only", FINE.name, "majority-class"]


def test_a_slip_in_one_is_said_before_anything_is_trained(data: BenchmarkData) -> None:
    counted: list[int] = []
    with pytest.raises(BadInput, match="WrongShape"):
        benchmark(
            data,
            visual_alone(epochs=1),
            name="arrays",
            version="1",
            simulated=True,
            own=(FINE.name, f"{OWN}:WrongShape"),
            workers=1,
            progress=lambda done, total: counted.append(done),
        )
    assert counted == []


def test_what_breaks_later_loses_nobody_else(data: BenchmarkData) -> None:
    report = benchmark(
        data,
        visual_alone(epochs=10),
        name="arrays",
        version="1",
        simulated=True,
        own=(f"{OWN}:BreaksLater", FINE.name),
        workers=1,
    )
    assert [model.name for model in report.models] == ["visual-only", FINE.name, "majority-class"]
    (note,) = (note for note in report.notes if note.code == LEFT_OUT)
    assert str(note).startswith(f"left out: {OWN}:BreaksLater gave logits that are no finite numbers")


def test_what_was_kept_holds_only_for_the_text_that_it_was_made_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "kept_net.py").write_text("class Net: pass\n")
    before = source_digest(Entrant("kept_net:Net"))
    assert source_digest(Entrant("kept_net:Net")) == before
    (tmp_path / "kept_layers.py").write_text("WIDTH = 3\n")  # which the class may build on
    assert source_digest(Entrant("kept_net:Net")) != before


def test_clips_without_any_sound_leave_an_own_network_in(data: BenchmarkData) -> None:
    silent = replace(data, sound_mask=np.zeros_like(data.sound_mask))
    report = benchmark(
        silent, visual_alone(epochs=1), name="arrays", version="1", simulated=True, own=(FINE.name,), workers=1
    )
    assert FINE.name in [model.name for model in report.models]


def test_the_example_of_the_page_learns(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: BenchmarkData
) -> None:
    page = (repository / "docs" / "own-model.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "my_module.py").write_text(example, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    mine = Entrant("my_module:MyNet")

    try_own(mine, tensors_of(data), 3, seed=1, silence=True)
    shown = planted(in_flow=2.0, in_sound=0.0, clips_per_subject=24, seed=3)
    said = answered(shown, Unit(entrant=mine, seed=1), quick(epochs=16)).logits.argmax(axis=1)

    assert (said == shown.labels).mean() > 0.6  # 96 clips of three classes: chance stays below 0.5
