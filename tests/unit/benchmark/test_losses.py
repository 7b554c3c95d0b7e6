"""Losses for rare classes: by hand, against each other where they must meet, and alike in a loop and in one program."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from builders.planted import planted, quick
from torch import Tensor

from mmed_curate.benchmark.amfnet import Clips
from mmed_curate.benchmark.entrants import Entrant
from mmed_curate.benchmark.losses import (
    class_balanced,
    class_weights,
    focal,
    label_distribution_aware,
    log_priors,
    logit_adjusted,
    weighted_mean,
)
from mmed_curate.benchmark.settings import BenchmarkSettings, Ldam, LossKind
from mmed_curate.benchmark.training import Lesson, train_alone, train_together

COUNTS = torch.tensor([60.0, 30.0, 10.0], dtype=torch.float64)
LDAM = Ldam(largest_margin=0.5, scale=30.0, deferred=0.8, beta=0.9999)


@pytest.fixture
def answered() -> tuple[Tensor, Tensor]:
    """Logits (8, 3) and labels (8,)."""
    generator = torch.Generator().manual_seed(7)
    return torch.randn(8, 3, dtype=torch.float64, generator=generator), torch.tensor([0, 1, 2, 2, 1, 0, 0, 2])


def test_full_adjustment_by_hand() -> None:
    """No class is favoured, so the rare one costs -log of its share, and the common one little."""
    errors = logit_adjusted(1.0)(torch.zeros(2, 3, dtype=torch.float64), torch.tensor([0, 2]), COUNTS, 0.0)
    assert errors.tolist() == pytest.approx([-math.log(0.6), -math.log(0.1)])


def test_class_weights_by_hand() -> None:
    """beta .5: 1 clip is worth 1, two are worth 1.5; a class without clips has no weight."""
    weights = class_weights(torch.tensor([1.0, 2.0, 0.0], dtype=torch.float64), 0.5)
    assert weights.tolist() == pytest.approx([2 * 0.6, 2 * 0.4, 0])
    # towards 1, by inverse frequency: 1/6 : 1/3 : 1, summing to 3
    assert class_weights(COUNTS, 0.9999999).tolist() == pytest.approx([1 / 3, 2 / 3, 2], rel=1e-4)


def test_margins_by_hand() -> None:
    """16 clips and 1: roots 1/2 and 1, so margins of .25 and .5; with equal logits the error is log(1 + e^(30 m))."""
    counts = torch.tensor([16.0, 1.0], dtype=torch.float64)
    errors = label_distribution_aware(LDAM)(torch.zeros(2, 2, dtype=torch.float64), torch.tensor([0, 1]), counts, 0.0)
    assert errors.tolist() == pytest.approx([math.log1p(math.exp(7.5)), math.log1p(math.exp(15))])


def test_weights_come_late_in_ldam(answered: tuple[Tensor, Tensor]) -> None:
    logits, labels = answered
    loss = label_distribution_aware(LDAM)
    early, late = loss(logits, labels, COUNTS, 0.79), loss(logits, labels, COUNTS, 0.8)
    assert torch.allclose(late, early * class_weights(COUNTS, 0.9999)[labels])
    assert not torch.allclose(late, early)


def test_focus_by_hand() -> None:
    """p = 1/2 and focus 2: a quarter of log 2."""
    errors = focal(2.0)(torch.zeros(1, 2, dtype=torch.float64), torch.tensor([0]), COUNTS, 0.0)
    assert errors.tolist() == pytest.approx([math.log(2) / 4])


def test_all_meet_plain_cross_entropy_where_they_do_nothing(answered: tuple[Tensor, Tensor]) -> None:
    logits, labels = answered
    plain = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    without = Ldam(largest_margin=0.0, scale=1.0, deferred=0.5, beta=0.0)
    for loss in (logit_adjusted(0.0), class_balanced(0.0), focal(0.0), label_distribution_aware(without)):
        assert torch.allclose(loss(logits, labels, COUNTS, 0.9), plain)


def test_an_answer_beyond_doubt_gives_no_infinite_slope() -> None:
    logits = torch.tensor([[100.0, 0.0]], requires_grad=True)
    focal(0.5)(logits, torch.tensor([0]), torch.tensor([5.0, 5.0]), 0.0).sum().backward()
    assert logits.grad is not None and torch.isfinite(logits.grad).all()


def test_clips_left_out_weigh_nothing() -> None:
    errors = torch.tensor([1.0, 3.0, 100.0])
    assert weighted_mean(errors, torch.tensor([1.0, 1.0, 0.0])) == 2
    assert weighted_mean(errors, torch.zeros(3)) == 0


def test_priors_of_one_fold_and_of_many() -> None:
    many = log_priors(torch.stack([COUNTS, COUNTS.flip(0)]))
    assert torch.equal(many[0], log_priors(COUNTS)) and torch.equal(many[1], many[0].flip(0))


def with_loss(kind: LossKind, **augmentation: Any) -> BenchmarkSettings:
    """One epoch of three steps; LDAM weights the last of them."""
    settings = quick(epochs=1)
    assert settings.loss is not None
    return settings.model_copy(
        update={
            "batch_size": 6,
            "loss": settings.loss.model_copy(
                update={"kind": kind, "ldam": settings.loss.ldam.model_copy(update={"deferred": 0.5})}
            ),
            "augmentation": settings.augmentation.model_copy(update=augmentation),
        }
    )


def a_lesson() -> Lesson:
    """18 clips of three subjects, in double precision, half of class 0; each network learns from two subjects."""
    data = planted(in_flow=0.5, in_sound=0.5, n_subjects=3, clips_per_subject=6, silent_subjects=(1,))
    owner = torch.tensor([int(subject[1:]) for subject in data.subjects])
    n = len(data.names)
    labels = torch.from_numpy(data.labels)
    labels[labels == 2] = (torch.arange(int((labels == 2).sum())) % 2) * 2  # every second clip of the last class
    return Lesson(
        clips=Clips(
            flow=torch.from_numpy(data.flow).double(),
            log_mel=torch.from_numpy(data.log_mel[:, :, 40:72]).double(),
            sound_mask=torch.from_numpy(data.sound_mask[:, 40:72]),
            words=torch.zeros(n, 0, 0, dtype=torch.float64),
            word_mask=torch.zeros(n, 0, dtype=torch.bool),
        ),
        labels=labels,
        learned=owner[None] != torch.arange(3)[:, None],
        n_classes=3,
    )


@pytest.mark.parametrize(
    "settings",
    [
        *(pytest.param(with_loss(kind), id=kind.value) for kind in LossKind),
        pytest.param(with_loss(LossKind.LOGIT_ADJUSTED, mixup=0.4, warp_frames=8), id="mixed, warped"),
        pytest.param(with_loss(LossKind.LDAM, mixup=0.4), id="ldam, mixed"),
    ],
)
def test_the_loop_and_the_batched_program_learn_the_same(settings: BenchmarkSettings) -> None:
    lesson = a_lesson()

    together, alone = (train(lesson, Entrant("amf-net"), settings, 1) for train in (train_together, train_alone))

    for name, weight in together.weights.items():
        assert torch.allclose(weight, alone.weights[name], rtol=0, atol=1e-9), name


def test_another_loss_learns_something_else() -> None:
    lesson = a_lesson()
    first = [
        train_together(lesson, Entrant("visual-only"), with_loss(kind), 1).weights["head.weight"] for kind in LossKind
    ]
    assert all(not torch.equal(one, other) for at, one in enumerate(first) for other in first[:at])
