"""All folds as one batched program, and the loop that it must equal. Fixed epochs; the last one answers.

Everything random (batch order, augmentation, dropout, hidden modalities) is drawn for all clips from seed and epoch
alone. In the batched program (`torch.func.vmap` over stacked weights) every fold sees every clip, and those that it
leaves out weigh zero in its loss; in the loop they are dropped before anything is computed. No value of a left-out clip
reaches a network before it is asked about it, and first layers, whose input all folds share, become one product.
"""

from __future__ import annotations

import ctypes
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from mmed_curate.benchmark.amfnet import Clips, Logits
from mmed_curate.benchmark.draws import Draws, augmented, drawn, mixed_seed
from mmed_curate.benchmark.entrants import Entrant
from mmed_curate.benchmark.losses import Loss, loss_of, weighted_mean
from mmed_curate.benchmark.ownnetworks import as_logits, asked, chance_begun_at
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.domain.findings import BadInput

BATCH_OF_ANSWERS = 64
"""Clips answered at once; changes nothing but memory."""
_TRAINING, _ANSWERING = 10_001, 10_002
"""Parts of a seed, for what a network of one's own draws itself; apart from those of epochs."""
NEVER = 1e4
"""What is taken from the logit of a class that a fold could not learn, so that it is never answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What K networks learn, each from its own choice of N clips."""

    clips: Clips
    """N of them."""
    labels: Tensor
    """(N,) index of a class."""
    learned: Tensor
    """(K, N) bool: from which clips each network learns."""
    n_classes: int

    @property
    def counts(self) -> Tensor:
        """(K, C) clips of each class that each network learns from."""
        classes = torch.arange(self.n_classes, device=self.labels.device)
        return (self.learned[:, :, None] & (self.labels[:, None] == classes)).sum(dim=1).to(self.clips.flow.dtype)

    @property
    def word_size(self) -> int:
        """Length of a word's vector; 0: no words."""
        return self.clips.words.shape[2]

    def of(self, network: int) -> Lesson:
        """The lesson of one network, as one of its own."""
        return Lesson(
            clips=self.clips, labels=self.labels, learned=self.learned[network][None], n_classes=self.n_classes
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """K networks with the same parts and weights of their own, asked as one program."""

    network: nn.Module
    """The parts."""
    weights: Mapping[str, Tensor]
    """Name of a parameter → (K, …)."""
    known: Tensor
    """(K, C) bool: classes that each network has met."""

    def one(self, network: int) -> dict[str, Tensor]:
        """The weights of one network, as `load_state_dict` takes them."""
        return {name: weight[network].detach().clone() for name, weight in self.weights.items()}

    @torch.no_grad()
    def answers(self, clips: Clips) -> Tensor:
        """(K, N, C) logits of every network for every clip; far below all others where it never met the class."""
        self.network.eval()

        def one(weights: dict[str, Tensor], batch: Clips) -> Tensor:
            return as_logits(functional_call(self.network, weights, (batch,))).answer

        places = torch.arange(len(clips.flow), device=clips.flow.device)
        parts = [
            vmap(one, in_dims=(0, None))(dict(self.weights), clips.of(index))
            for index in torch.split(places, BATCH_OF_ANSWERS)
        ]
        return torch.cat(parts, dim=1) - NEVER * ~self.known[:, None, :]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedApart:
    """K networks, each a module of its own with its buffers, asked one after the other."""

    entrant: Entrant
    networks: tuple[nn.Module, ...]
    known: Tensor
    """(K, C) bool: classes that each network has met."""
    seed: int
    """Of what a network draws while it answers."""

    @property
    def weights(self) -> dict[str, Tensor]:
        """Name of a parameter → (K, …), as `Trained` has them."""
        each = [dict(network.named_parameters()) for network in self.networks]
        return {name: torch.stack([one[name].detach() for one in each]) for name in each[0]}

    @torch.no_grad()
    def answers(self, clips: Clips) -> Tensor:
        """(K, N, C) logits of every network for every clip; far below all others where it never met the class."""
        places = torch.arange(len(clips.flow), device=clips.flow.device)
        batches = [clips.of(index) for index in torch.split(places, BATCH_OF_ANSWERS)]
        said = []
        for place, network in enumerate(self.networks):
            network.eval()
            with chance_begun_at(mixed_seed(mixed_seed(self.seed, _ANSWERING), place)):
                parts = [self._asked(network, batch) for batch in batches]
            said.append(torch.cat(parts))  # (N, C)
        return torch.stack(said) - NEVER * ~self.known[:, None, :]

    def _asked(self, network: nn.Module, batch: Clips) -> Tensor:
        if self.entrant.is_own:
            return asked(self.entrant, network, batch, self.known.shape[1]).answer
        return as_logits(network(batch)).answer


def train_together(lesson: Lesson, entrant: Entrant, settings: BenchmarkSettings, seed: int) -> Trained:
    """Train K networks as one program; the same seed gives each the same first weights and draws."""
    network = _fresh(lesson, entrant, seed)
    n_networks = len(lesson.learned)
    weights = {
        name: one.detach().expand(n_networks, *one.shape).clone().requires_grad_()
        for name, one in network.named_parameters()
    }
    counts, loss_fn = lesson.counts, loss_of(settings)  # (K, C)
    optimiser = _optimiser(list(weights.values()), settings)

    def loss(
        one: dict[str, Tensor],
        batch: Clips,
        labels: Tensor,
        draws: Draws,
        counts: Tensor,
        weight: Tensor,
        done: float,
    ) -> Tensor:
        def answer(clips: Clips, kept: object, seen: Tensor) -> Logits:
            return as_logits(functional_call(network, one, (clips,), {"kept": kept, "seen": seen}))

        return _loss(answer, batch, labels, draws, counts, weight, done, loss_fn, settings)

    losses = vmap(loss, in_dims=(0, None, None, None, 0, 0, None))
    for rate, done, index, draws in _steps(lesson, settings, seed):
        batch = augmented(lesson.clips.of(index), draws)
        weight = lesson.learned[:, index] & lesson.learned[:, index[draws.partner]]  # (K, B)
        optimiser.zero_grad()
        shares = weight.to(batch.flow.dtype)  # (K, B)
        total: Tensor = losses(weights, batch, lesson.labels[index], draws, counts, shares, done).sum()
        total.backward()  # type: ignore[no-untyped-call]
        _clip_each(list(weights.values()), settings.max_gradient_norm)
        _step(optimiser, rate * settings.learning_rate)
    if not all(torch.isfinite(one).all() for one in weights.values()):
        raise _diverged(entrant)
    return Trained(
        network=network, weights={name: one.detach() for name, one in weights.items()}, known=lesson.counts > 0
    )


def train_alone(lesson: Lesson, entrant: Entrant, settings: BenchmarkSettings, seed: int) -> TrainedApart:
    """Train K networks one after the other: the reference, and the way for networks that `vmap` does not take."""
    networks = []
    for place in range(len(lesson.learned)):
        with chance_begun_at(mixed_seed(mixed_seed(seed, _TRAINING), place)):
            networks.append(_trained_alone(lesson.of(place), entrant, settings, seed))
    return TrainedApart(entrant=entrant, networks=tuple(networks), known=lesson.counts > 0, seed=seed)


@contextmanager
def one_quiet_thread() -> Iterator[None]:
    """One thread and deterministic algorithms: the same bits for the same seed, and processes do not contend."""
    _keep_freed_memory()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it CUDA's products are not deterministic
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict)


def _keep_freed_memory() -> None:
    """Let glibc hand freed tensors out again, for this process from now on; changes nothing but time.

    By default each large tensor is fetched from the kernel and given back, page by page: with 20 networks at once a
    third of the time (`benchmarks/results/folds.json`). The numbers are glibc's, from mallopt(3).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(-3, 32 << 20)  # M_MMAP_THRESHOLD, at its largest
        mallopt(-1, (1 << 31) - 1)  # M_TRIM_THRESHOLD: never trim


def _trained_alone(lesson: Lesson, entrant: Entrant, settings: BenchmarkSettings, seed: int) -> nn.Module:
    network = _fresh(lesson, entrant, seed)
    # statistics of a batch, as BatchNorm takes them, need two clips
    least = min(2, settings.batch_size) if entrant.is_own else 1
    parameters = list(network.parameters())
    optimiser = _optimiser(parameters, settings)
    learned, counts, loss_fn = lesson.learned[0], lesson.counts[0], loss_of(settings)  # (N,), (C,)

    def answer(clips: Clips, kept: object, seen: Tensor) -> Logits:
        if entrant.is_own:
            return asked(entrant, network, clips, lesson.n_classes)
        return as_logits(network(clips, kept=kept, seen=seen))

    network.train()
    for rate, done, index, draws in _steps(lesson, settings, seed):
        inside = learned[index]  # (B,)
        optimiser.zero_grad(set_to_none=False)
        if inside.sum() >= least:
            clips, own = lesson.clips.of(index[inside]), draws.of(inside)
            weight = learned[index[draws.partner]][inside].to(clips.flow.dtype)  # (B',) 0: its partner is left out
            labels = lesson.labels[index[inside]]
            error = _loss(answer, augmented(clips, own), labels, own, counts, weight, done, loss_fn, settings)
            if not torch.isfinite(error):
                raise _diverged(entrant)
            error.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(parameters, settings.max_gradient_norm)
        else:
            for one in parameters:
                one.grad = torch.zeros_like(one)
        _step(optimiser, rate * settings.learning_rate)
    return network.eval()


def _diverged(entrant: Entrant) -> BadInput:
    return BadInput.of(
        "benchmark.not_finite",
        f"{entrant.name} diverged: its loss or weights are no finite numbers",
        "lower learning_rate in the settings, or look for a division by zero in the network",
    )


def _fresh(lesson: Lesson, entrant: Entrant, seed: int) -> nn.Module:
    with chance_begun_at(mixed_seed(seed, 0)):
        network = entrant.build(lesson.n_classes, lesson.word_size)
    return network.to(dtype=lesson.clips.flow.dtype, device=lesson.clips.flow.device)


def _loss(
    answer: object,
    batch: Clips,
    labels: Tensor,
    draws: Draws,
    counts: Tensor,
    weight: Tensor,
    done: float,
    loss: Loss,
    settings: BenchmarkSettings,
) -> Tensor:
    """Of the answer, and beside it of each modality alone; hidden modalities teach nothing of their own."""
    sounds = batch.sound_mask.any(dim=1)  # (B,)
    left = sounds & ~draws.hide_sound  # (B,)
    seen = ~(draws.hide_picture & left)  # (B,) something is always left to go by
    hidden = batch._replace(sound_mask=batch.sound_mask & left[:, None])
    logits: Logits = answer(hidden, draws.kept, seen.to(batch.flow.dtype))  # type: ignore[operator]

    def error(answered: Tensor, weight: Tensor) -> Tensor:
        each = loss(answered, labels, counts, done)  # (B,)
        if settings.augmentation.mixup:
            each = torch.lerp(loss(answered, labels[draws.partner], counts, done), each, draws.own)
        return weighted_mean(each, weight)

    if logits.visual is None or logits.sound is None:
        deaf_to_picture = logits.sound is not None  # a network of one's own that tells no more may use both
        return error(logits.answer, weight * left if deaf_to_picture else weight)
    total = error(logits.answer, weight) + settings.auxiliary_weight * error(logits.visual, weight)
    return total + settings.auxiliary_weight * error(logits.sound, weight * left)


def _steps(lesson: Lesson, settings: BenchmarkSettings, seed: int) -> Iterator[tuple[float, float, Tensor, Draws]]:
    """Share of the learning rate, share of training that is done, clips (B,) and draws of every step."""
    n, frames = len(lesson.labels), lesson.clips.log_mel.shape[2]
    device = lesson.labels.device
    n_steps = settings.epochs * math.ceil(n / settings.batch_size)
    step = 0
    for epoch in range(settings.epochs):
        generator = torch.Generator().manual_seed(mixed_seed(seed, epoch + 1))
        for index in torch.split(torch.randperm(n, generator=generator), settings.batch_size):
            draws = drawn(len(index), frames, settings, generator)
            pace = _pace(step, n_steps, settings.warmup_share)
            yield pace, step / n_steps, index.to(device), _moved(draws, lesson.clips.flow)
            step += 1


def _moved(draws: Draws, like: Tensor) -> Draws:
    def one(part: Tensor) -> Tensor:
        return part.to(device=like.device, dtype=like.dtype if part.is_floating_point() else part.dtype)

    return Draws(type(draws.kept)(*(one(part) for part in draws.kept)), *(one(part) for part in draws[1:]))


def _optimiser(parameters: list[Tensor] | list[nn.Parameter], settings: BenchmarkSettings) -> torch.optim.AdamW:
    return torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True)


def _step(optimiser: torch.optim.AdamW, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.step()


def _clip_each(weights: list[Tensor], longest: float) -> None:
    """Shorten each network's gradient to `longest`, as `clip_grad_norm_` does for one (Pascanu et al., ICML 2013)."""
    gradients = [one.grad for one in weights if one.grad is not None]
    norms = torch.stack([one.flatten(1).square().sum(dim=1) for one in gradients]).sum(dim=0).sqrt()  # (K,)
    factor = (longest / (norms + 1e-6)).clamp(max=1)  # (K,)
    for one in gradients:
        one.mul_(factor.reshape(-1, *[1] * (one.dim() - 1)))


def _pace(step: int, n_steps: int, warmup_share: float) -> float:
    """Share of the learning rate at a step: linear up, then half a cosine down to zero."""
    warmup = max(1, round(warmup_share * n_steps))
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, n_steps - warmup))))
