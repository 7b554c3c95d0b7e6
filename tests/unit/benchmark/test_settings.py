"""Settings come from YAML with their sources, and each mistake is named with its line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

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
        *("controls", "inner_parts", "group_subjects"),
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
