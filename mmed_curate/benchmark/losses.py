"""The error of answers, for classes that are not equally common.

Each loss takes bare logits (B, C), labels (B,), how many clips of each class the fold learns from (C,), and the share
of training that is done (0..1); and gives the error of each clip (B,). All are made of operations that
`torch.func.vmap` takes, so that each fold has counts of its own. Classes without clips have no part in any of them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from mmed_curate.benchmark.settings import BenchmarkSettings, Ldam, LossKind

Loss = Callable[[Tensor, Tensor, Tensor, float], Tensor]
"""(B, C), (B,), (C,), share done → (B,)."""
LEAST_DOUBT = 1e-6
"""Of what is taken to a power: below 1, the power's slope at zero is infinite."""


def loss_of(settings: BenchmarkSettings) -> Loss:
    """The loss that the settings name."""
    chosen = settings.loss
    if chosen is None:
        assert settings.logit_adjustment is not None  # the settings see to it
        return logit_adjusted(settings.logit_adjustment)
    match chosen.kind:
        case LossKind.LOGIT_ADJUSTED:
            return logit_adjusted(chosen.logit_adjusted.strength)
        case LossKind.CROSS_ENTROPY:
            return logit_adjusted(0.0)
        case LossKind.CLASS_BALANCED:
            return class_balanced(chosen.class_balanced.beta)
        case LossKind.LDAM:
            return label_distribution_aware(chosen.ldam)
        case LossKind.FOCAL:
            return focal(chosen.focal.focus)


def logit_adjusted(strength: float) -> Loss:
    """Cross-entropy of logits with the priors added; strength 0: plain (Menon et al., ICLR 2021, equation 10).

    The priors are added in training only, so that the bare logits serve the balanced error.
    """

    def each(logits: Tensor, labels: Tensor, counts: Tensor, done: float) -> Tensor:
        return _plain(logits + strength * log_priors(counts).to(logits.dtype) if strength else logits, labels)

    return each


def class_balanced(beta: float) -> Loss:
    """Cross-entropy weighted by the effective number of clips (Cui et al., CVPR 2019, equation 4)."""

    def each(logits: Tensor, labels: Tensor, counts: Tensor, done: float) -> Tensor:
        return _plain(logits, labels) * class_weights(counts, beta).to(logits.dtype)[labels]

    return each


def label_distribution_aware(numbers: Ldam) -> Loss:
    """A margin for each class, wider for rare ones; late in training weights too (Cao et al., NeurIPS 2019, 12 and 13).

    The margins are for cosines, as in their code; our heads are not normalised, so that a margin costs what the logits
    make of it.
    """

    def each(logits: Tensor, labels: Tensor, counts: Tensor, done: float) -> Tensor:
        roots = torch.where(counts > 0, counts.clamp(min=1) ** -0.25, 0.0)  # (C,)
        margins = (numbers.largest_margin * roots / roots.amax()).to(logits.dtype)  # (C,)
        own = labels[:, None] == torch.arange(logits.shape[1], device=logits.device)  # (B, C)
        errors = _plain(numbers.scale * (logits - own * margins), labels)  # (B,)
        if done < numbers.deferred:
            return errors
        return errors * class_weights(counts, numbers.beta).to(logits.dtype)[labels]

    return each


def focal(focus: float) -> Loss:
    """Cross-entropy by (1 - p)^focus: what is answered well already counts less (Lin et al., ICCV 2017, equation 4)."""

    def each(logits: Tensor, labels: Tensor, counts: Tensor, done: float) -> Tensor:
        errors = _plain(logits, labels)  # (B,)
        return (-torch.expm1(-errors)).clamp(min=LEAST_DOUBT) ** focus * errors

    return each


def weighted_mean(errors: Tensor, weight: Tensor) -> Tensor:
    """Mean of the errors of clips (B,) by their weights (B,), 0 for those left out; 0 where all are."""
    return (errors * weight).sum() / weight.sum().clamp(min=1)


def log_priors(counts: Tensor) -> Tensor:
    """(…, C) counts → log of each class's share; a class without clips counts as half a clip."""
    return torch.log(counts.clamp(min=0.5) / counts.sum(dim=-1, keepdim=True).clamp(min=1))


def class_weights(counts: Tensor, beta: float) -> Tensor:
    """(C,) counts → weights (1 - beta) / (1 - beta^n), which sum to the number of classes that occur (Cui et al.)."""
    there = counts > 0  # (C,)
    effective = (1 - beta ** counts.clamp(min=1)) / (1 - beta)  # (C,)
    weights = torch.where(there, 1 / effective, 0.0)
    return weights * there.sum() / weights.sum()


def _plain(logits: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(logits, labels, reduction="none")
