"""Networks as researchers may bring them: one that is as it should be, and each slip that is told of in a sentence."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import Tensor, nn

from mmed_curate.benchmark.amfnet import Clips, Logits


class Fine(nn.Module):
    """Everything that has to be allowed: BatchNorm, dropout, a buffer of its own, chance of three kinds, a branch."""

    seen: Tensor

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.look = nn.Sequential(nn.Conv2d(3, 4, 8, stride=8), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten())
        self.answer = nn.Sequential(nn.Dropout(0.2), nn.Linear(4 * 6 * 6 + 1, n_classes))
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def forward(self, clips: Clips) -> Tensor:
        """(B, C)."""
        loudness = clips.log_mel.masked_fill(~clips.sound_mask[:, None, :], 0.0).std(dim=(1, 2))[:, None]  # (B, 1)
        if self.training:
            self.seen += len(clips.flow)
            loudness = loudness + 0.1 * torch.randn(()) + 0.1 * np.random.standard_normal() + 0.1 * random.random()
        if float(clips.flow.detach().abs().max()) > 1e6:  # a branch on values, which `vmap` does not take
            loudness = loudness * 0
        said: Tensor = self.answer(torch.cat([self.look(clips.flow), loudness.to(clips.flow.dtype)], dim=1))
        return said


print("builders.ownmodels is imported")


class Talks(Fine):
    """Prints wherever code of its own is run."""

    def __init__(self, n_classes: int) -> None:
        super().__init__(n_classes)
        print("made")

    def forward(self, clips: Clips) -> Tensor:
        """(B, C)."""
        print("asked")
        return super().forward(clips)

    def train(self, mode: bool = True) -> Talks:
        """As told."""
        print("training" if mode else "answering")
        super().train(mode)
        return self


class EndsTheProcess(Fine):
    """What a script does that is done."""

    def forward(self, clips: Clips) -> Tensor:
        """Never."""
        raise SystemExit(7)


class EndsTheProcessLater(Fine):
    """The same, after it was tried."""

    def forward(self, clips: Clips) -> Tensor:
        """(B, C) at first."""
        if self.training and self.seen > 40:
            raise SystemExit(7)
        return super().forward(clips)


class TellsBoth(nn.Module):
    """Answers of picture and sound beside the answer."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.look, self.listen = nn.Linear(3, n_classes), nn.Linear(64, n_classes)

    def forward(self, clips: Clips) -> Logits:
        """(B, C) each."""
        visual = self.look(clips.flow.mean(dim=(2, 3)))
        sound = self.listen((clips.log_mel * clips.sound_mask[:, None, :]).mean(dim=2))
        return Logits(answer=visual + sound, visual=visual, sound=sound)


class _Linear(nn.Module):
    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.head = nn.Linear(3, n_classes)

    def said(self, clips: Clips) -> Tensor:
        """(B, C)."""
        logits: Tensor = self.head(clips.flow.mean(dim=(2, 3)))
        return logits


class WrongShape(_Linear):
    """One logit too many."""

    def forward(self, clips: Clips) -> Tensor:
        """(B, C + 1)."""
        return torch.cat([self.said(clips), self.said(clips)[:, :1]], dim=1)


class Squeezes(_Linear):
    """Loses the first dimension of a single clip."""

    def forward(self, clips: Clips) -> Tensor:
        """(B, C), or (C,)."""
        return self.said(clips).squeeze(0)


class SaysText(_Linear):
    """No tensor."""

    def forward(self, clips: Clips) -> str:
        """A word."""
        return "negative"


class NotANumber(_Linear):
    """NaN from the first batch on."""

    def forward(self, clips: Clips) -> Tensor:
        """(B, C)."""
        return self.said(clips) * float("nan")


class NeedsSound(_Linear):
    """Divides by the number of frames that sound."""

    def forward(self, clips: Clips) -> Tensor:
        """(B, C)."""
        n_frames = clips.sound_mask.sum(dim=1)[:, None]
        return self.said(clips) + (clips.log_mel.sum(dim=(1, 2))[:, None] * 0) / n_frames


class Breaks(_Linear):
    """An error of its own."""

    def forward(self, clips: Clips) -> Tensor:
        """Never."""
        raise KeyError("weights.bin")


class NothingToLearn(nn.Module):
    """No parameters."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.n_classes = n_classes

    def forward(self, clips: Clips) -> Tensor:
        """(B, C)."""
        return clips.flow.new_zeros(len(clips.flow), self.n_classes)


class Lazy(nn.Module):
    """Layers without a size."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.head = nn.LazyLinear(n_classes)

    def forward(self, clips: Clips) -> Tensor:
        """(B, C)."""
        said: Tensor = self.head(clips.flow.flatten(1))
        return said


class Detached(_Linear):
    """Nothing that it answers can be learned from."""

    def forward(self, clips: Clips) -> Tensor:
        """(B, C)."""
        return self.said(clips).detach()


class Peeks(_Linear):
    """Statistics of whatever clips are asked together."""

    def forward(self, clips: Clips) -> Tensor:
        """(B, C)."""
        said = self.said(clips)
        return said - said.mean(dim=0)


class NoConstructor(nn.Module):
    """Does not take the number of classes."""


class TwoNumbers(nn.Module):
    """Wants to be told more."""

    def __init__(self, n_classes: int, width: int) -> None:
        super().__init__()
        self.head = nn.Linear(width, n_classes)


class BreaksLater(_Linear):
    """As it should be on the first batches, and NaN after."""

    def __init__(self, n_classes: int) -> None:
        super().__init__(n_classes)
        self.batches = 0

    def forward(self, clips: Clips) -> Tensor:
        """(B, C)."""
        self.batches += 1
        return self.said(clips) * (1.0 if self.batches < 9 else float("nan"))


def no_module(n_classes: int) -> list[int]:
    """Makes no network."""
    return [n_classes]


number = 3
"""No class."""
