"""AMF-Net, our reading of the abstract: a global visual summary asks a dynamic audio sequence, and not the other way.

All that is published of the network is one sentence: it "fuses a global visual summary with a dynamic audio sequence
via an asymmetric cross-attention framework". This file is what we make of that sentence; sizes and everything between
the words are ours, and numbers made with it are not the paper's.

- Global visual summary: onset→apex flow (u, v, strain) of the aligned face, one shallow stream per channel as in
  STSTNet (Liong et al., "Shallow Triple Stream Three-dimensional CNN", FG 2019), in patches that do not overlap
  (Dosovitskiy et al., ICLR 2021): 4 × 4 points, then 3 × 3 of those → one vector.
- Dynamic audio sequence: log-mels round the apex, one strided convolution → bidirectional GRU (Cho et al. 2014).
- Asymmetric cross-attention (Vaswani et al. 2017): the summary is the only query; the sequence gives keys and values.
  With one query the key projection is absorbed into the query's and values are projected after pooling; both are exact.
  What is pooled is layer-normalised (Ba et al. 2016), or with few clips the fused answer never learns to listen.
- Gated residual: fused = summary + gate · heard, and the gate is shut where nothing sounds, so that a clip without
  sound gets the visual model's answer, bit for bit: both answers come from the same head.
- Auxiliary heads: one on the summary alone, one for sound that reads the sequence's maximum over time.
- Where a release has transcripts, the words' vectors are a second bank of keys and values behind a gate of its own.

There is no BatchNorm: through batch statistics clips that are left out could leak in. Dropout masks are passed in and
not drawn inside, so that folds can share them, in a loop as in one batched program.

The ablations and the other ways to fuse are this file too (`Design`), so that they differ in nothing else.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, pad

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
PATCH, BLOCK = 4, 3
"""Points per patch and patches per block along each side: 48 → 12 → 4. Overlapping strides see no more, and cost six
times as much (`benchmarks/results/folds.json`)."""
LOUDEST = 1e4
"""More than a GRU's output, within -1..1, can be after dropout's scaling."""

N_PLACES = (SIDE // PATCH // BLOCK) ** 2
"""Blocks of the face that the trunk sees: 16."""
SEQUENCE = 2 * HIDDEN
"""Length of one step of the audio sequence."""


class Design(Enum):
    """Which parts a network has, and how it joins picture and sound."""

    AMF_NET = "amf-net"
    """Asymmetric: the visual summary asks the audio sequence."""
    VISUAL_ONLY = "visual-only"
    AUDIO_ONLY = "audio-only"
    CONCATENATION = "concatenation"
    """Summary and loudest sound side by side, one head over both."""
    SYMMETRIC = "symmetric-attention"
    """Places of the face ask the sequence, and the sequence asks the places."""
    LATE_FUSION = "late-fusion"
    """Mean of what the two ablations answer."""

    @property
    def sees(self) -> bool:
        """Whether it has eyes."""
        return self is not Design.AUDIO_ONLY

    @property
    def hears(self) -> bool:
        """Whether it has ears."""
        return self is not Design.VISUAL_ONLY


class Clips(NamedTuple):
    """What a network is given of B clips: nothing that says whose they are."""

    flow: Tensor  # (B, 3, SIDE, SIDE) float
    log_mel: Tensor  # (B, N_BANDS, T) float, T a multiple of STRIDE
    sound_mask: Tensor  # (B, T) bool; False where nothing was recorded. A row of False: no sound
    words: Tensor  # (B, L, D) float, vectors of the words spoken; L and D are 0 without transcripts
    word_mask: Tensor  # (B, L) bool

    def of(self, index: Tensor) -> Clips:
        """The clips at an index or under a mask."""
        return Clips(*(part[index] for part in self))


class Kept(NamedTuple):
    """Dropout masks of one batch, already scaled by 1 / (1 - rate)."""

    summary: Tensor  # (B, WIDTH)
    sequence: Tensor  # (B, SEQUENCE), the same at each step


class Logits(NamedTuple):
    """Answers before the softmax."""

    answer: Tensor  # (B, C), what counts
    visual: Tensor | None  # (B, C), of the picture alone; None: the network has no eyes
    sound: Tensor | None  # (B, C), of the sound alone; None: it has no ears


class VisualTrunk(nn.Module):
    """Flow picture → what each block of the face shows, and the global visual summary."""

    def __init__(self) -> None:
        super().__init__()
        self.streams = nn.Conv2d(3, 3 * STREAM, PATCH, stride=PATCH, groups=3)
        self.mix = nn.Linear(3 * STREAM * BLOCK * BLOCK, WIDTH)
        self.place = nn.Linear(WIDTH * N_PLACES, WIDTH)  # where on the face it moves is what tells classes apart

    def forward(self, flow: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, SIDE, SIDE) → places (B, N_PLACES, WIDTH), summary (B, WIDTH)."""
        n, side = len(flow), SIDE // PATCH // BLOCK
        x = flow.reshape(n, 3, side, BLOCK, PATCH, side, BLOCK, PATCH)
        x = x.permute(1, 4, 7, 3, 6, 0, 2, 5).reshape(3, PATCH * PATCH, -1)  # (3, 16, 9 patches · B · 16 places)
        filters = self.streams.weight.reshape(3, STREAM, -1)  # (3, 8, 16)
        mixed = self.mix.bias[:, None]
        # one product for each stream over columns of patches: what many networks share is laid out once, for all
        for patches, kernel, bias, mix in zip(
            x, filters, _bias(self.streams).reshape(3, STREAM, 1), self.mix.weight.chunk(3, dim=1), strict=True
        ):
            mixed = mixed + mix @ gelu(kernel @ patches + bias).reshape(STREAM * BLOCK * BLOCK, -1)  # (32, B · 16)
        places = gelu(mixed).reshape(WIDTH, n, N_PLACES).permute(1, 2, 0)  # (B, 16, 32)
        return places, gelu(self.place(places.flatten(1)))


class _Scan(torch.autograd.Function):
    """A GRU's way through time, with its gradient written out: one node for autograd in place of ten at every step."""

    @staticmethod
    def forward(taken: Tensor, keep: Tensor, keep_bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(T, ..., B, 3 hidden), (..., hidden, 3 hidden), (..., 1, 3 hidden) → states (T, ..., B, hidden) and gates."""
        hidden = keep.shape[-2]
        state = taken.new_zeros(*taken.shape[1:-1], hidden)  # (..., B, hidden)
        states, gates, kept_new = [], [], []
        for now in taken:
            kept = state @ keep + keep_bias  # (..., B, 3 hidden)
            gate = torch.sigmoid(now[..., : 2 * hidden] + kept[..., : 2 * hidden])  # (..., B, 2 hidden)
            reset, update = gate.chunk(2, dim=-1)
            fresh = torch.tanh(torch.addcmul(now[..., 2 * hidden :], reset, kept[..., 2 * hidden :]))
            state = torch.lerp(fresh, state, update)
            states.append(state)
            gates.append(torch.cat([gate, fresh], dim=-1))
            kept_new.append(kept[..., 2 * hidden :])
        return torch.stack(states), torch.stack(gates), torch.stack(kept_new)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
        """Keep what the gradient needs."""
        ctx.save_for_backward(inputs[1], *output)
        ctx.mark_non_differentiable(*output[1:])

    @staticmethod
    def backward(ctx: Any, *wanted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Back through time (Werbos 1990), products with weights gathered over all steps."""
        keep, states, gates, kept_new = ctx.saved_tensors
        hidden, n_steps = keep.shape[-2], len(states)
        back = keep.transpose(-1, -2)  # (..., 3 hidden, hidden)
        reset, update, fresh = gates.chunk(3, dim=-1)  # (T, ..., B, hidden) each
        before = torch.cat([torch.zeros_like(states[:1]), states[:-1]])  # (T, ..., B, hidden)
        # what one unit of a state's gradient gives to each gate, for all steps at once
        to_fresh = (1 - update) * (1 - fresh * fresh)
        to_update = (before - fresh) * update * (1 - update)
        to_reset = to_fresh * kept_new * reset * (1 - reset)
        to_kept = torch.cat([to_reset, to_update, to_fresh * reset], dim=-1)  # (T, ..., B, 3 hidden)
        error = torch.zeros_like(states[0])  # (..., B, hidden)
        errors = []
        for step in range(n_steps - 1, -1, -1):
            error = error + wanted[0][step]
            errors.append(error)
            error = torch.addcmul(
                (to_kept[step] * error.repeat(*[1] * (error.dim() - 1), 3)) @ back, error, update[step]
            )
        each = torch.stack(errors[::-1])  # (T, ..., B, hidden)
        kept_error = to_kept * torch.cat([each, each, each], dim=-1)  # (T, ..., B, 3 hidden)
        taken_error = torch.cat([kept_error[..., : 2 * hidden], to_fresh * each], dim=-1)
        keep_error = before.movedim(0, -3).flatten(-3, -2).transpose(-1, -2) @ kept_error.movedim(0, -3).flatten(-3, -2)
        return taken_error, keep_error, kept_error.sum(dim=(0, -2)).unsqueeze(-2)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *inputs: Tensor) -> tuple[Any, Any]:
        """Many networks: one more dimension before the directions."""
        taken, keep, keep_bias = (
            one.expand(info.batch_size, *one.shape) if dim is None else one.movedim(dim, 0)
            for one, dim in zip(inputs, in_dims, strict=True)
        )
        return _scanned(taken.movedim(0, 1), keep, keep_bias), (1, 1, 1)


def _scanned(taken: Tensor, keep: Tensor, keep_bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    out: tuple[Tensor, Tensor, Tensor] = _Scan.apply(taken, keep, keep_bias)  # type: ignore[no-untyped-call]
    return out


class BothWaysGRU(nn.Module):
    """A bidirectional GRU of one layer, equal to `torch.nn.GRU`, written so that many of them run as one product."""

    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(hidden)  # as nn.GRU begins

        def drawn(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))

        self.take = drawn(size, 6 * hidden)  # reset, update, new of each direction
        self.take_bias = drawn(6 * hidden)
        self.keep = drawn(2, hidden, 3 * hidden)
        self.keep_bias = drawn(2, 1, 3 * hidden)

    def forward(self, x: Tensor) -> Tensor:
        """(T, B, size) → (T, B, 2 hidden): what each direction has heard so far."""
        steps, n, size = x.shape
        taken = torch.addmm(self.take_bias, x.reshape(-1, size), self.take).reshape(steps, n, 2, -1)
        on, back = taken.unbind(2)  # (T, B, 3 hidden) each
        states = _scanned(torch.stack([on, back.flip(0)], dim=1), self.keep, self.keep_bias)[0]  # (T, 2, B, hidden)
        return torch.cat([states[:, 0], states[:, 1].flip(0)], dim=2)


class SoundEncoder(nn.Module):
    """Log-mels → dynamic audio sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Conv1d(N_BANDS, WIDTH, KERNEL, stride=STRIDE, padding=KERNEL // 2)
        self.gru = BothWaysGRU(WIDTH, HIDDEN)

    def forward(self, log_mel: Tensor, sound_mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, N_BANDS, T), (B, T) → sequence (B, T', SEQUENCE), step mask (B, T')."""
        heard = torch.where(sound_mask[:, None, :], log_mel, 0.0)  # whatever stands in silent frames is not looked at
        # columns of frames, so that what many networks share is laid out once and their filters are one product
        x = pad(heard, (KERNEL // 2, KERNEL // 2)).unfold(2, KERNEL, STRIDE)  # (B, 64, T', 9)
        n, _, n_steps, _ = x.shape
        x = x.permute(1, 3, 2, 0).reshape(N_BANDS * KERNEL, -1)  # (576, T' · B)
        x = gelu(self.front.weight.flatten(1) @ x + _bias(self.front)[:, None])  # (32, T' · B)
        sequence: Tensor = self.gru(x.T.reshape(n_steps, n, WIDTH)).transpose(0, 1)  # (B, T', 48)
        steps = sound_mask.reshape(len(sound_mask), -1, STRIDE).any(dim=2)  # (B, T')
        return sequence, steps


class AsymmetricFusion(nn.Module):
    """The summary asks a bank of keys and values, the bank answers, a gate decides how much of the answer counts."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, size)  # query and key projections in one
        self.value = nn.Linear(size, WIDTH)
        self.norm = nn.LayerNorm(size)  # a mean over steps is small beside the summary, and would be learned late
        self.gate = nn.Linear(2 * WIDTH, WIDTH)
        nn.init.constant_(self.gate.bias, 1.0)  # open at first: what is not let in cannot be learned from

    def attention(self, summary: Tensor, bank: Tensor, there: Tensor) -> Tensor:
        """Where the summary listens: (B, T'), sums to 1 over steps that are there; all zero where none is."""
        scores = (bank @ self.query(summary)[:, :, None])[:, :, 0] / math.sqrt(bank.shape[2])  # (B, T')
        return _softmax(scores, there)

    def forward(self, summary: Tensor, bank: Tensor, there: Tensor) -> Tensor:
        """(B, WIDTH), (B, T', size), (B, T') → (B, WIDTH) to add to the summary; zero where nothing is there."""
        pooled = (self.attention(summary, bank, there)[:, None, :] @ bank)[:, 0]  # (B, size)
        heard = self.value(self.norm(pooled))  # (B, 32)
        gate = torch.sigmoid(self.gate(torch.cat([summary, heard], dim=1)))  # (B, 32)
        return torch.where(there.any(dim=1, keepdim=True), gate * heard, 0.0)


class SymmetricFusion(nn.Module):
    """Places ask steps and steps ask places; means of both answers are added to the summary."""

    def __init__(self) -> None:
        super().__init__()
        self.alike = nn.Linear(WIDTH, SEQUENCE)  # one bilinear form serves both directions
        self.from_sound = nn.Linear(SEQUENCE, WIDTH)
        self.from_places = nn.Linear(WIDTH, WIDTH)
        self.sound_norm, self.place_norm = nn.LayerNorm(SEQUENCE), nn.LayerNorm(WIDTH)

    def forward(self, places: Tensor, sequence: Tensor, steps: Tensor) -> Tensor:
        """(B, 16, WIDTH), (B, T', SEQUENCE), (B, T') → (B, WIDTH); zero where nothing sounds."""
        scores = self.alike(places) @ sequence.transpose(1, 2) / math.sqrt(SEQUENCE)  # (B, 16, T')
        heard = _softmax(scores, steps[:, None, :]) @ sequence  # (B, 16, 48)
        seen = scores.softmax(dim=1).transpose(1, 2) @ places  # (B, T', 32)
        n_steps = steps.sum(dim=1, keepdim=True).clamp(min=1)  # (B, 1)
        seen_mean = (seen * steps[:, :, None]).sum(dim=1) / n_steps  # (B, 32)
        joined = self.from_sound(self.sound_norm(heard.mean(dim=1))) + self.from_places(self.place_norm(seen_mean))
        return torch.where(steps.any(dim=1, keepdim=True), joined, 0.0)


class AMFNet(nn.Module):
    """The network, and its ablations and rivals by design."""

    def __init__(self, n_classes: int, design: Design = Design.AMF_NET, *, word_size: int = 0) -> None:
        """Draw first weights.

        Args:
            n_classes: C.
            design: which parts.
            word_size: D, length of a word's vector; 0: there are no transcripts. Only AMF-Net reads.
        """
        super().__init__()
        self.design = design
        self.reads = bool(word_size) and design is Design.AMF_NET
        if design.sees:
            self.eyes = VisualTrunk()
            self.head = nn.Linear(WIDTH, n_classes)
        if design.hears:
            self.ears = SoundEncoder()
            self.sound_head = nn.Linear(SEQUENCE, n_classes)
        if design is Design.AMF_NET:
            self.fusion = AsymmetricFusion(SEQUENCE)
        elif design is Design.SYMMETRIC:
            self.fusion_both_ways = SymmetricFusion()
        elif design is Design.CONCATENATION:
            self.joint_head = nn.Linear(WIDTH + SEQUENCE, n_classes)
        if self.reads:
            self.reading = nn.Linear(word_size, SEQUENCE)
            self.word_fusion = AsymmetricFusion(SEQUENCE)

    def forward(self, clips: Clips, *, kept: Kept | None = None, seen: Tensor | None = None) -> Logits:
        """Answers of one batch.

        Args:
            clips: B of them.
            kept: dropout masks, in training.
            seen: (B,) 1 or 0, in training; 0: the picture is hidden from the fusion.
        """
        visual = sound = None
        if self.design.sees:
            places, summary = self._look(clips, kept)  # (B, 16, 32), (B, 32)
            visual = self.head(summary)  # (B, C)
        if self.design.hears:
            sequence, steps = self._listen(clips, kept)  # (B, T', 48), (B, T')
            loudest = sequence.masked_fill(~steps[:, :, None], -LOUDEST).amax(dim=1)  # (B, 48)
            loudest = torch.where(steps.any(dim=1, keepdim=True), loudest, 0.0)  # (B, 48)
            sound = self.sound_head(loudest)  # (B, C)
        if visual is None or sound is None:
            alone = sound if visual is None else visual
            assert alone is not None
            return Logits(answer=alone, visual=visual, sound=sound)
        if seen is not None:
            summary, places = summary * seen[:, None], places * seen[:, None, None]
        if self.design is Design.LATE_FUSION:
            half = steps.any(dim=1, keepdim=True).to(visual.dtype) / 2  # (B, 1)
            weight = half if seen is None else half * (2 - seen[:, None])  # (B, 1) all sound where nothing is seen
            answer = torch.lerp(visual.log_softmax(dim=1), sound.log_softmax(dim=1), weight)
        elif self.design is Design.CONCATENATION:
            answer = self.joint_head(torch.cat([summary, loudest], dim=1))
        elif self.design is Design.SYMMETRIC:
            answer = self.head(summary + self.fusion_both_ways(places, sequence, steps))
        else:
            answer = self.head(self._fused(summary, sequence, steps, clips))
        return Logits(answer=answer, visual=visual, sound=sound)

    def attention(self, clips: Clips) -> Tensor:
        """Where AMF-Net's summary listens: (B, T') over steps of STRIDE frames, zero where nothing sounds."""
        sequence, steps = self.ears(clips.log_mel, clips.sound_mask)
        return self.fusion.attention(self.eyes(clips.flow)[1], sequence, steps)

    def n_parameters(self) -> int:
        """Number of learned numbers."""
        return sum(one.numel() for one in self.parameters())

    def _fused(self, summary: Tensor, sequence: Tensor, steps: Tensor, clips: Clips) -> Tensor:
        fused: Tensor = summary + self.fusion(summary, sequence, steps)  # (B, 32)
        if self.reads:
            fused = fused + self.word_fusion(summary, gelu(self.reading(clips.words)), clips.word_mask)
        return fused

    def _look(self, clips: Clips, kept: Kept | None) -> tuple[Tensor, Tensor]:
        places, summary = self.eyes(clips.flow)  # (B, 16, 32), (B, 32)
        return places, (summary if kept is None else summary * kept.summary)

    def _listen(self, clips: Clips, kept: Kept | None) -> tuple[Tensor, Tensor]:
        sequence, steps = self.ears(clips.log_mel, clips.sound_mask)  # (B, T', 48), (B, T')
        return (sequence if kept is None else sequence * kept.sequence[:, None, :]), steps


def _bias(layer: nn.Conv1d | nn.Conv2d) -> Tensor:
    assert layer.bias is not None  # only in torch's types
    return layer.bias


def _softmax(scores: Tensor, there: Tensor) -> Tensor:
    """Softmax over the last dimension of what is there; all zero where nothing is."""
    weights: Tensor = scores.masked_fill(~there, torch.finfo(scores.dtype).min).softmax(dim=-1) * there
    return weights
