"""The network finds what was planted, finds nothing where nothing was, and never learns from whom it is asked about."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from builders.planted import planted, quick

from mmed_curate.benchmark.amfnet import Kept, Modalities
from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.loso import predict_all
from mmed_curate.benchmark.predictions import Predictions
from mmed_curate.benchmark.scores import Scores
from mmed_curate.benchmark.train import Draws, Fold, as_batch, augmented, one_quiet_thread, predict_fold, train

ALL = tuple(Modalities)


def chance_bounds(n: int, chance: float = 1 / 3, level: float = 0.999) -> tuple[float, float]:
    """Exact binomial bounds of accuracy when answers have nothing to do with the truth."""
    mass = [math.comb(n, hits) * chance**hits * (1 - chance) ** (n - hits) for hits in range(n + 1)]
    sums = np.cumsum(mass)
    low = int(np.searchsorted(sums, (1 - level) / 2))
    high = int(np.searchsorted(sums, (1 + level) / 2))
    return low / n, high / n


def accuracy(predictions: Predictions) -> float:
    labels = ("first", "second", "third")
    return Scores.of(predictions.confusion(labels), labels).accuracy


@pytest.fixture(scope="module")
def found() -> dict[str, dict[Modalities, float]]:
    """Accuracy of each model on 48 clips of four subjects, by what was planted."""
    return {
        name: {
            model: accuracy(predictions)
            for model, predictions in predict_all(
                planted(in_flow=flow, in_sound=sound, seed=11), quick(epochs=10), ALL, workers=1
            ).items()
        }
        for name, flow, sound in (("flow", 1.0, 0.0), ("sound", 0.0, 1.5), ("neither", 0.0, 0.0))
    }


def test_chance_bounds_by_hand() -> None:
    # two fair coins: none, one, two heads have mass .25, .5, .25
    assert chance_bounds(2, chance=0.5, level=0.4) == (0.5, 0.5)
    assert chance_bounds(2, chance=0.5, level=0.9) == (0.0, 1.0)


def test_what_shows_in_the_flow_is_found_by_who_can_see(found: dict[str, dict[Modalities, float]]) -> None:
    # a perfect classifier gets 1; .8 is 6.9 standard deviations above chance for 48 clips
    assert found["flow"][Modalities.VISUAL] >= 0.8
    assert found["flow"][Modalities.BOTH] >= 0.8
    low, high = chance_bounds(48)
    assert low <= found["flow"][Modalities.SOUND] <= high


def test_what_shows_in_the_sound_is_found_by_who_can_hear(found: dict[str, dict[Modalities, float]]) -> None:
    assert found["sound"][Modalities.SOUND] >= 0.8
    assert found["sound"][Modalities.BOTH] >= 0.7  # its eyes only disturb; .7 is 5.4 standard deviations above chance
    low, high = chance_bounds(48)
    assert low <= found["sound"][Modalities.VISUAL] <= high


def test_nothing_is_found_where_nothing_was_planted(found: dict[str, dict[Modalities, float]]) -> None:
    low, high = chance_bounds(48)
    assert high < 0.6  # so that the bound says something
    for model in ALL:
        assert low <= found["neither"][model] <= high


def test_training_never_sees_the_subject_that_is_left_out() -> None:
    data = planted(in_flow=1.0, in_sound=1.0, clips_per_subject=6)
    settings = quick(epochs=2)
    left_out = np.array(data.subjects) == "S2"
    rubbish = replace(
        data,
        flow=np.where(left_out[:, None, None, None], np.float32(1e6), data.flow),
        log_mel=np.where(left_out[:, None, None], np.float32(-1e6), data.log_mel),
        labels=np.where(left_out, 0, data.labels),
    )

    def weights(clips: BenchmarkData) -> dict[str, torch.Tensor]:
        with one_quiet_thread():
            learned = torch.from_numpy(~left_out)
            return train(as_batch(clips), learned, 3, Modalities.BOTH, settings, seed=1).state_dict()

    one, other = weights(data), weights(rubbish)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    data, settings = planted(in_flow=0.3, in_sound=0.3, clips_per_subject=6), quick(epochs=2)

    def weights(seed: int) -> torch.Tensor:
        with one_quiet_thread():
            learned = torch.ones(len(data.names), dtype=torch.bool)
            network = train(as_batch(data), learned, 3, Modalities.BOTH, settings, seed)
        return torch.cat([one.flatten() for one in network.state_dict().values()])

    first = weights(1)
    torch.manual_seed(99)  # what others draw does not matter
    assert torch.equal(first, weights(1))
    assert not torch.equal(first, weights(2))


def test_the_order_of_the_clips_does_not_matter() -> None:
    data, settings = planted(in_flow=0.3, in_sound=0.3, clips_per_subject=6), quick(epochs=2)
    order = np.random.default_rng(5).permutation(len(data.names))
    shuffled = BenchmarkData.of(
        flow=data.flow[order],
        log_mel=data.log_mel[order],
        sound_mask=data.sound_mask[order],
        labels=data.labels[order],
        subjects=[data.subjects[index] for index in order],
        names=[data.names[index] for index in order],
        classes=data.classes,
    )

    assert predict_all(data, settings, ALL, workers=1) == predict_all(shuffled, settings, ALL, workers=1)


def test_processes_answer_as_one_would() -> None:
    data, settings = planted(in_flow=0.3, in_sound=0.3, n_subjects=2, clips_per_subject=6), quick(epochs=2)
    told: list[tuple[int, int | None]] = []

    shared = predict_all(
        data, settings, (Modalities.BOTH,), workers=2, progress=lambda done, total: told.append((done, total))
    )

    assert shared == predict_all(data, settings, (Modalities.BOTH,), workers=1)
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_a_class_that_a_fold_cannot_learn_is_never_answered() -> None:
    data = planted(in_flow=1.0, in_sound=0.0, n_subjects=3, clips_per_subject=9)
    # class 2 with S0 only: the others' clips of it become class 1
    labels = np.where((data.labels == 2) & (np.array(data.subjects) != "S0"), 1, data.labels)
    fold = Fold(modalities=Modalities.VISUAL, seed=1, held_out="S0")

    assert 2 not in predict_fold(replace(data, labels=labels), fold, quick(epochs=2))


def test_mirrored_flow_keeps_its_height_and_turns_its_direction() -> None:
    data = planted(in_flow=1.0, in_sound=1.0, n_subjects=2, clips_per_subject=3)
    batch = as_batch(data)
    draws = _no_draws(len(data.names))

    assert all(torch.equal(one, other) for one, other in zip(augmented(batch, draws), batch, strict=True))
    mirrored = augmented(batch, draws._replace(flip=torch.ones(len(data.names), dtype=torch.bool)))
    assert torch.equal(mirrored.flow[:, 0], -batch.flow[:, 0].flip(2))
    assert torch.equal(mirrored.flow[:, 1:], batch.flow[:, 1:].flip(3))
    rolled = augmented(batch, draws._replace(roll=torch.full((len(data.names),), 5)))
    assert torch.equal(rolled.log_mel[:, :, 5:], batch.log_mel[:, :, :-5])
    assert torch.equal(rolled.labels, batch.labels)


def _no_draws(n: int) -> Draws:
    no = torch.zeros(n, dtype=torch.bool)
    return Draws(
        kept=Kept(summary=torch.ones(n, 32), sequence=torch.ones(n, 48)),
        hide_sound=no,
        hide_picture=no,
        roll=torch.zeros(n, dtype=torch.int64),
        masked_bands=torch.zeros(n, 64, dtype=torch.bool),
        masked_frames=torch.zeros(n, 128, dtype=torch.bool),
        sound_noise=torch.zeros(n, 64, 128),
        flow_noise=torch.zeros(n, 3, 48, 48),
        flip=no,
    )
