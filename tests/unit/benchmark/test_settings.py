"""Settings come from YAML with their sources, and each mistake is named with its line and key."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mmed_curate.benchmark.losses import loss_of
from mmed_curate.benchmark.settings import load_settings
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import packaged_path


def test_the_packaged_settings() -> None:
    settings = load_settings("mmed")

    assert (settings.learning_rate, settings.weight_decay, settings.dropout, settings.batch_size) == (
        0.002,
        0.05,
        0.5,
        16,
    )  # NOTES: the recipe that learned
    assert 10 <= settings.epochs <= 20
    assert settings.seeds == (1, 2, 3, 4, 5)
    assert set(settings.by_session) < set(settings.entrants)


def test_a_quick_look_trains_as_the_benchmark_does_and_is_not_named_like_it() -> None:
    whole, look = load_settings("mmed"), load_settings("quick-look")
    told = {
        *("name", "title", "seeds", "entrants", "by_session", "hand_crafted", "probes"),
        *("controls", "inner_parts", "group_subjects", "strength"),
    }
    assert look.model_dump(exclude=told) == whole.model_dump(exclude=told)
    assert set(look.seeds) < set(whole.seeds) and set(look.entrants) < set(whole.entrants)
    assert "not the benchmark" in look.title


def test_the_demo_runs_the_benchmark_with_fewer_seeds() -> None:
    whole, demo = load_settings("mmed"), load_settings("demo")
    assert demo.model_dump(exclude={"name", "title", "seeds"}) == whole.model_dump(exclude={"name", "title", "seeds"})
    assert set(demo.seeds) < set(whole.seeds)


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("epochs: 16", "epochs: 0", "key epochs"),
        ("epochs: 16", "epoch: 16", "epoch"),
        ("dropout: 0.5 ", "dropout: .nan ", "key dropout"),
        ("sound_frames: 128", "sound_frames: 100", "key sound_frames"),
        ("seeds: [1, 2, 3, 4, 5]", "seeds: []", "key seeds"),
        ("sound: 0.15", "sound: 0.9", "key modality_dropout.sound"),
        ("kind: logit-adjusted ", "kind: logit_adjusted ", "key loss.kind: .* did you mean logit-adjusted"),
        ("focus: 2.0", "focus: -1.0", "key loss.focal.focus"),
        ("beta: 0.999 ", "beta: 1.0 ", "key loss.class_balanced.beta"),
        ("grid: [0.0, 0.1,", "grid: [0.1,", "key strength.grid: strengths do not increase from 0"),
        ("grid: [0.0, 0.1,", "grid: [0.0, 0.0,", "key strength.grid: strengths do not increase from 0"),
        ("epochs: 16", "logit_adjustment: 1.0\nepochs: 16", "key logit_adjustment: the loss is told twice"),
        ("seeds: [1, 2, 3, 4, 5]", "seeds: [1, 2, 1]", "key seeds: a seed is named twice"),
        ("sound_frames: 128", "sound_frames: 100", "100 is no multiple of 8"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, part: str) -> None:
    text = packaged_path("pipelines", "benchmark", "mmed.yaml").read_text()
    assert old in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new, 1))

    with pytest.raises(BadInput, match=part) as error:
        load_settings(str(path))
    assert "line" in str(error.value)


def without_the_block(text: str) -> str:
    """Settings as they were written before losses could be chosen: without the block `loss`."""
    before, after = text.split("\nloss:\n")
    return before + "\n" + after[after.index("\nstrength:") :]


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_older_settings_mean_what_they_meant(tmp_path: Path, strength: float) -> None:
    text = packaged_path("pipelines", "benchmark", "mmed.yaml").read_text()
    path = tmp_path / "older.yaml"
    path.write_text(without_the_block(text) + f"\nlogit_adjustment: {strength}\n")

    settings = load_settings(str(path))

    assert (settings.adjustment, load_settings("mmed").adjustment) == (strength, 1.0)
    # nothing is favoured: the error is -log of a share, and shares of 3:1 count by their strength
    errors = loss_of(settings)(torch.zeros(1, 2), torch.tensor([0]), torch.tensor([3.0, 1.0]), 0.0)
    assert errors.item() == pytest.approx(-float(torch.tensor([3.0**strength, 1.0]).log().log_softmax(dim=0)[0]))


def test_settings_without_a_loss_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    path.write_text(without_the_block(packaged_path("pipelines", "benchmark", "mmed.yaml").read_text()))

    with pytest.raises(BadInput, match="key loss: no loss is told"):
        load_settings(str(path))
