"""The error of answers, for classes that are not equally common.

Each takes bare logits (B, C), labels (B,), how many clips of each class the fold learns from (C,), and a weight per
clip (B,), 0 for those left out; and gives the weighted mean. All are made of operations that `torch.func.vmap` takes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from mmed_curate.benchmark.settings import BenchmarkSettings

Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def loss_of(settings: BenchmarkSettings) -> Loss:
    """The loss that the settings name."""
    strength = settings.logit_adjustment

    def logit_adjusted(logits: Tensor, labels: Tensor, counts: Tensor, weight: Tensor) -> Tensor:
        # the priors are added in training only, so that the bare logits serve the balanced error (Menon et al. 2021)
        each = cross_entropy(logits + strength * log_priors(counts).to(logits.dtype), labels, reduction="none")  # (B,)
        return (each * weight).sum() / weight.sum().clamp(min=1)

    return logit_adjusted


def log_priors(counts: Tensor) -> Tensor:
    """(C,) counts → log of each class's share; a class without clips counts as half a clip."""
    return torch.log(counts.clamp(min=0.5) / counts.sum().clamp(min=1))
