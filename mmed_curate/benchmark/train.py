"""One network, one fold: draws that folds share, the loss, the steps. Fixed epochs; the last one answers.

Everything random (batch order, augmentation, dropout, hidden modalities) is drawn for all clips from seed and epoch
alone, and what belongs to the left-out subject is dropped before it is used. So every fold sees the same draws, a fold
trained by itself equals the same fold in a batched program that gives left-out clips the weight zero, and no value of a
left-out clip reaches the network before it is asked about it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from mmed_curate.benchmark.amfnet import HIDDEN, WIDTH, AMFNet, Kept, Logits, Modalities
from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.settings import Augmentation, BenchmarkSettings


class Batch(NamedTuple):
    """Clips as the network takes them."""

    flow: Tensor  # (B, 3, 48, 48)
    log_mel: Tensor  # (B, 64, T)
    sound_mask: Tensor  # (B, T)
    labels: Tensor  # (B,)

    def of(self, index: Tensor) -> Batch:
        """The clips at an index or under a mask."""
        return Batch(*(part[index] for part in self))


class Draws(NamedTuple):
    """What chance decided for one batch; first dimension: clips."""

    kept: Kept
    hide_sound: Tensor  # (B,)
    hide_picture: Tensor  # (B,)
    roll: Tensor  # (B,) frames
    masked_bands: Tensor  # (B, 64)
    masked_frames: Tensor  # (B, T)
    sound_noise: Tensor  # (B, 64, T)
    flow_noise: Tensor  # (B, 3, 48, 48)
    flip: Tensor  # (B,)

    def of(self, index: Tensor) -> Draws:
        """The draws of some of the clips."""
        return Draws(Kept(*(part[index] for part in self.kept)), *(part[index] for part in self[1:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One network to train."""

    modalities: Modalities
    seed: int
    held_out: str
    """The subject that the network is asked about and never learns from."""


def predict_fold(data: BenchmarkData, fold: Fold, settings: BenchmarkSettings) -> list[int]:
    """Train without a subject and answer for its clips, in order of their names; a list of class indices."""
    with one_quiet_thread():
        clips = as_batch(data)
        held_out = torch.tensor([subject == fold.held_out for subject in data.subjects])  # (N,)
        learned = ~held_out
        if fold.modalities is Modalities.SOUND:
            learned &= clips.sound_mask.any(dim=1)  # without sound there is nothing to learn from
        network = train(clips, learned, len(data.classes), fold.modalities, settings, fold.seed)
        asked = clips.of(held_out)
        with torch.no_grad():
            logits = network(asked.flow, asked.log_mel, asked.sound_mask).answer  # (n, C)
        known = torch.bincount(clips.labels[learned], minlength=len(data.classes)) > 0  # (C,)
        return [int(index) for index in logits.masked_fill(~known, -math.inf).argmax(dim=1)]


def train(
    clips: Batch, learned: Tensor, n_classes: int, modalities: Modalities, settings: BenchmarkSettings, seed: int
) -> AMFNet:
    """Train a network on the clips where `learned` (N,) is True.

    The same seed gives the same first weights and draws in every fold.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_mixed(seed, 0))
        network = AMFNet(n_classes, modalities)
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    n = len(learned)
    n_steps = settings.epochs * math.ceil(n / settings.batch_size)
    pace = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, n_steps, settings.warmup_share))
    counts = torch.bincount(clips.labels[learned], minlength=n_classes).float()  # (C,)
    shift = settings.logit_adjustment * torch.log(counts.clamp(min=0.5) / counts.sum().clamp(min=1))  # (C,)
    for epoch in range(settings.epochs):
        generator = torch.Generator().manual_seed(_mixed(seed, epoch + 1))
        for index in torch.split(torch.randperm(n, generator=generator), settings.batch_size):
            draws = _drawn(len(index), clips.log_mel.shape[2], settings, generator)
            inside = learned[index]  # (B,)
            if inside.any():
                batch, draws = clips.of(index[inside]), draws.of(inside)
                loss = _loss(network, augmented(batch, draws), draws, shift, settings)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(network.parameters(), settings.max_gradient_norm)
                optimiser.step()
            pace.step()
    return network.eval()


def augmented(batch: Batch, draws: Draws) -> Batch:
    """Clips varied so that their class stays: rolled, masked and noisy sound; mirrored and noisy flow."""
    frames = batch.log_mel.shape[2]
    source = (torch.arange(frames) - draws.roll[:, None]) % frames  # (B, T)
    log_mel = batch.log_mel.gather(2, source[:, None, :].expand_as(batch.log_mel)) + draws.sound_noise
    silenced = draws.masked_bands[:, :, None] | draws.masked_frames[:, None, :]  # (B, 64, T)
    sign = torch.tensor([-1.0, 1.0, 1.0])[:, None, None]  # a mirrored face moves the other way along u
    flow = torch.where(draws.flip[:, None, None, None], batch.flow.flip(3) * sign, batch.flow) + draws.flow_noise
    return Batch(
        flow=flow,
        log_mel=log_mel.masked_fill(silenced, 0.0),
        sound_mask=batch.sound_mask.gather(1, source),
        labels=batch.labels,
    )


def as_batch(data: BenchmarkData) -> Batch:
    """All clips as tensors."""
    return Batch(
        flow=torch.from_numpy(data.flow),
        log_mel=torch.from_numpy(data.log_mel),
        sound_mask=torch.from_numpy(data.sound_mask),
        labels=torch.from_numpy(data.labels),
    )


@contextmanager
def one_quiet_thread() -> Iterator[None]:
    """One thread and deterministic algorithms: the same bits for the same seed, and processes do not contend."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict)


def _loss(network: AMFNet, batch: Batch, draws: Draws, shift: Tensor, settings: BenchmarkSettings) -> Tensor:
    def error(logits: Tensor, weight: Tensor) -> Tensor:
        # the priors are added in training only, so that the bare logits serve the balanced error (Menon et al. 2021)
        each = cross_entropy(logits + shift, batch.labels, reduction="none")  # (B,)
        return (each * weight).sum() / weight.sum().clamp(min=1)

    everyone = torch.ones(len(batch.labels))  # (B,)
    if network.modalities is not Modalities.BOTH:
        logits: Logits = network(batch.flow, batch.log_mel, batch.sound_mask, kept=draws.kept)
        return error(logits.answer, everyone)
    sounds = batch.sound_mask.any(dim=1) & ~draws.hide_sound  # (B,)
    seen = ~(draws.hide_picture & sounds)  # (B,) something is always left to go by
    logits = network(batch.flow, batch.log_mel, batch.sound_mask & sounds[:, None], kept=draws.kept, seen=seen.float())
    total = error(logits.answer, everyone)
    for alone, weight in ((logits.visual, everyone), (logits.sound, sounds.float())):
        if alone is not None:
            total = total + settings.auxiliary_weight * error(alone, weight)
    return total


def _drawn(n: int, frames: int, settings: BenchmarkSettings, generator: torch.Generator) -> Draws:
    vary, hide, keep = settings.augmentation, settings.modality_dropout, 1 - settings.dropout

    def chance(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    hidden = chance(n)
    return Draws(
        kept=Kept(
            summary=(chance(n, WIDTH) < keep) / keep,
            sequence=(chance(n, 2 * HIDDEN) < keep) / keep,
        ),
        hide_sound=hidden < hide.sound,
        hide_picture=hidden >= 1 - hide.picture,
        roll=torch.randint(-vary.time_roll_frames, vary.time_roll_frames + 1, (n,), generator=generator),
        masked_bands=_run(n, 64, vary.mask_bands, generator),
        masked_frames=_run(n, frames, vary.mask_frames, generator),
        sound_noise=vary.sound_noise * torch.randn((n, 64, frames), generator=generator),
        flow_noise=vary.flow_noise * torch.randn((n, 3, 48, 48), generator=generator),
        flip=(chance(n) < 0.5) & _allowed(vary),
    )


def _allowed(vary: Augmentation) -> Tensor:
    return torch.tensor(vary.flip_flow)


def _run(n: int, length: int, longest: int, generator: torch.Generator) -> Tensor:
    """(n, length) True on one run of 0..longest places, anywhere."""
    size = torch.randint(0, longest + 1, (n, 1), generator=generator)  # (n, 1)
    first = (torch.rand((n, 1), generator=generator) * (length - size + 1)).floor()  # (n, 1)
    place = torch.arange(length)  # (length,)
    return (place >= first) & (place < first + size)


def _pace(step: int, n_steps: int, warmup_share: float) -> float:
    """Share of the learning rate at a step: linear up, then half a cosine down to zero."""
    warmup = max(1, round(warmup_share * n_steps))
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, n_steps - warmup))))


def _mixed(seed: int, part: int) -> int:
    """A seed for one part of a run, unlike those of all other parts and seeds."""
    return int(np.random.SeedSequence([seed, part]).generate_state(1, np.uint32)[0])
