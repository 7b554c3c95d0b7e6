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


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("epochs: 16", "epochs: 0", "key epochs"),
        ("epochs: 16", "epoch: 16", "epoch"),
        ("dropout: 0.5 ", "dropout: .nan ", "key dropout"),
        ("sound_frames: 128", "sound_frames: 100", "key sound_frames"),
        ("seeds: [1, 2]", "seeds: []", "key seeds"),
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
