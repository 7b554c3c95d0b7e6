"""AMF-Net, our reading of the abstract: a global visual summary asks a dynamic audio sequence, and not the other way.

All that is published of the network is one sentence: it "fuses a global visual summary with a dynamic audio sequence
via an asymmetric cross-attention framework". This file is what we make of that sentence; sizes and everything between
the words are ours, and numbers made with it are not the paper's.

- Global visual summary: onset→apex flow (u, v, strain) of the aligned face, one shallow stream per channel as in
  STSTNet (Liong et al., "Shallow Triple Stream Three-dimensional CNN", FG 2019), with strides for pooling → one vector.
- Dynamic audio sequence: log-mels round the apex, one strided convolution → bidirectional GRU (Cho et al. 2014).
- Asymmetric cross-attention (Vaswani et al. 2017): the summary is the only query; the sequence gives keys and values.
  With one query the key projection is absorbed into the query's and values are projected after pooling; both are exact.
  What is pooled is layer-normalised (Ba et al. 2016), or with few clips the fused answer never learns to listen.
- Gated residual: fused = summary + gate · heard, and the gate is shut where nothing sounds, so that a clip without
  sound gets the visual model's answer, bit for bit: both answers come from the same head.
- An auxiliary head for sound reads the sequence's maximum over time.

There is no BatchNorm: through batch statistics clips that are left out could leak in. Dropout masks are passed in and
not drawn inside, so that folds can share them, in a loop as in one batched program.

The ablations are this file with parts left out: `Modalities.VISUAL` has no ears, `Modalities.SOUND` no eyes.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

SIDE = 48
"""Height and width of the flow picture."""
N_BANDS = 64
"""Log-mel bands."""
STREAM = 8
"""Channels of each of the three visual streams."""
WIDTH = 32
"""Length of the global visual summary."""
HIDDEN = 24
"""Units of the GRU in each direction (77k-parameter prototype: 24)."""
KERNEL, STRIDE = 9, 8
"""Of the convolution over sound: 90 ms seen every 80 ms; 128 frames become 16 steps."""
PATCH, STEP = 5, 3
"""Of the convolutions over flow: 48 → 16 → 6. Strides instead of max-pooling, which was memory-bound."""


LOUDEST = 1e4
"""More than a GRU's output, within -1..1, can be after dropout's scaling."""


class Modalities(Enum):
    """What a network may use."""

    BOTH = "both"
    VISUAL = "visual"
    SOUND = "sound"


class Kept(NamedTuple):
    """Dropout masks of one batch, already scaled by 1 / (1 - rate)."""

    summary: Tensor  # (B, WIDTH)
    sequence: Tensor  # (B, 2 HIDDEN), the same at each step


class Logits(NamedTuple):
    """Answers before the softmax."""

    answer: Tensor  # (B, C), what counts
    visual: Tensor | None  # (B, C), of the picture alone; None: the network has no eyes
    sound: Tensor | None  # (B, C), of the sound alone; None: it has no ears


class VisualTrunk(nn.Module):
    """Flow picture → global visual summary."""

    def __init__(self) -> None:
        super().__init__()
        self.streams = nn.Conv2d(3, 3 * STREAM, PATCH, stride=STEP, padding=PATCH // 2, groups=3)
        self.mix = nn.Conv2d(3 * STREAM, WIDTH, PATCH, stride=STEP, padding=PATCH // 2)
        self.place = nn.Linear(WIDTH * 6 * 6, WIDTH)  # where on the face it moves is what tells classes apart

    def forward(self, flow: Tensor) -> Tensor:
        """(B, 3, SIDE, SIDE) → (B, WIDTH)."""
        x = gelu(self.streams(flow))  # (B, 24, 16, 16)
        x = gelu(self.mix(x))  # (B, 32, 6, 6)
        return gelu(self.place(x.flatten(1)))  # (B, 32)


class SoundEncoder(nn.Module):
    """Log-mels → dynamic audio sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Conv1d(N_BANDS, WIDTH, KERNEL, stride=STRIDE, padding=KERNEL // 2)
        self.gru = nn.GRU(WIDTH, HIDDEN, batch_first=True, bidirectional=True)

    def forward(self, log_mel: Tensor, sound_mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, N_BANDS, T), (B, T) → sequence (B, T', 2 HIDDEN), step mask (B, T'); T a multiple of STRIDE."""
        heard = torch.where(sound_mask[:, None, :], log_mel, 0.0)  # whatever stands in silent frames is not looked at
        x = gelu(self.front(heard))  # (B, 32, T')
        sequence, _ = self.gru(x.transpose(1, 2))  # (B, T', 48)
        steps = sound_mask.reshape(len(sound_mask), -1, STRIDE).any(dim=2)  # (B, T')
        return sequence, steps


class AsymmetricFusion(nn.Module):
    """The summary asks, the sequence answers, a gate decides how much of the answer counts."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, 2 * HIDDEN)  # query and key projections in one
        self.value = nn.Linear(2 * HIDDEN, WIDTH)
        self.norm = nn.LayerNorm(2 * HIDDEN)  # a mean over steps is small beside the summary, and would be learned late
        self.gate = nn.Linear(2 * WIDTH, WIDTH)
        nn.init.constant_(self.gate.bias, 1.0)  # open at first: what is not let in cannot be learned from

    def attention(self, summary: Tensor, sequence: Tensor, steps: Tensor) -> Tensor:
        """Where the summary listens: (B, T'), sums to 1 over steps that sound; all zero where none does."""
        scores = (sequence @ self.query(summary)[:, :, None])[:, :, 0] / math.sqrt(2 * HIDDEN)  # (B, T')
        scores = scores.masked_fill(~steps, torch.finfo(scores.dtype).min)
        weights: Tensor = scores.softmax(dim=1) * steps  # (B, T')
        return weights

    def forward(self, summary: Tensor, sequence: Tensor, steps: Tensor) -> Tensor:
        """(B, WIDTH), (B, T', 2 HIDDEN), (B, T') → (B, WIDTH); equals the summary where nothing sounds."""
        pooled = (self.attention(summary, sequence, steps)[:, None, :] @ sequence)[:, 0]  # (B, 48)
        heard = self.value(self.norm(pooled))  # (B, 32)
        gate = torch.sigmoid(self.gate(torch.cat([summary, heard], dim=1)))  # (B, 32)
        sounds = steps.any(dim=1, keepdim=True)  # (B, 1)
        return summary + torch.where(sounds, gate * heard, 0.0)  # (B, 32)


class AMFNet(nn.Module):
    """The network and, with fewer modalities, its ablations."""

    def __init__(self, n_classes: int, modalities: Modalities = Modalities.BOTH) -> None:
        super().__init__()
        self.modalities = modalities
        if modalities is not Modalities.SOUND:
            self.eyes = VisualTrunk()
            self.head = nn.Linear(WIDTH, n_classes)
        if modalities is not Modalities.VISUAL:
            self.ears = SoundEncoder()
            self.sound_head = nn.Linear(2 * HIDDEN, n_classes)
        if modalities is Modalities.BOTH:
            self.fusion = AsymmetricFusion()

    def forward(
        self, flow: Tensor, log_mel: Tensor, sound_mask: Tensor, *, kept: Kept | None = None, seen: Tensor | None = None
    ) -> Logits:
        """Answers of one batch.

        Args:
            flow: (B, 3, SIDE, SIDE) float.
            log_mel: (B, N_BANDS, T) float, T a multiple of STRIDE.
            sound_mask: (B, T) bool; False where nothing was recorded. Rows of False: no sound.
            kept: dropout masks, in training.
            seen: (B,) bool, in training; False: the picture is hidden from the fusion.
        """
        if self.modalities is Modalities.VISUAL:
            visual = self.head(self._look(flow, kept))  # (B, C)
            return Logits(answer=visual, visual=visual, sound=None)
        sequence, steps = self._listen(log_mel, sound_mask, kept)  # (B, T', 48), (B, T')
        loudest = sequence.masked_fill(~steps[:, :, None], -LOUDEST).amax(dim=1)  # (B, 48)
        sound = self.sound_head(torch.where(steps.any(dim=1, keepdim=True), loudest, 0.0))  # (B, C)
        if self.modalities is Modalities.SOUND:
            return Logits(answer=sound, visual=None, sound=sound)
        summary = self._look(flow, kept)  # (B, 32)
        asking = summary if seen is None else summary * seen[:, None]  # (B, 32)
        fused = self.head(self.fusion(asking, sequence, steps))  # (B, C)
        return Logits(answer=fused, visual=self.head(summary), sound=sound)

    def _look(self, flow: Tensor, kept: Kept | None) -> Tensor:
        summary: Tensor = self.eyes(flow)  # (B, 32)
        return summary if kept is None else summary * kept.summary

    def _listen(self, log_mel: Tensor, sound_mask: Tensor, kept: Kept | None) -> tuple[Tensor, Tensor]:
        sequence, steps = self.ears(log_mel, sound_mask)  # (B, T', 48), (B, T')
        return (sequence if kept is None else sequence * kept.sequence[:, None, :]), steps

    def n_parameters(self) -> int:
        """Number of learned numbers."""
        return sum(one.numel() for one in self.parameters())
