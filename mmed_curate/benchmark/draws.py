"""What chance decides in training, and how a clip is varied so that its class stays.

Everything is drawn for all clips of a batch from seed and epoch alone, so that every fold sees the same draws. Two
clips meet only where they are mixed: there both belong to what a fold learns from, or the pair counts for nothing in
it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mmed_curate.benchmark.amfnet import N_BANDS, SEQUENCE, SIDE, WIDTH, Clips, Kept
from mmed_curate.benchmark.settings import BenchmarkSettings


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
    source: Tensor  # (B, T) float, the frame that is heard at each frame of a warped sound
    partner: Tensor  # (B,) place in the batch of the clip that is mixed in
    own: Tensor  # (B,) share of the clip itself in the mixture; 1: not mixed

    def of(self, index: Tensor) -> Draws:
        """The draws of some of the clips. Those whose partner is not among them are mixed with themselves."""
        chosen = Draws(Kept(*(part[index] for part in self.kept)), *(part[index] for part in self[1:]))
        places = torch.arange(len(self.partner), device=self.partner.device)[index]  # (B',)
        now = torch.full_like(self.partner, -1)  # (B,)
        now[places] = torch.arange(len(places), device=places.device)
        return chosen._replace(partner=torch.where(now[chosen.partner] >= 0, now[chosen.partner], now[places]))


def drawn(n: int, frames: int, settings: BenchmarkSettings, generator: torch.Generator) -> Draws:
    """Draw for a batch of n clips with so many frames of sound."""
    vary, hide, keep = settings.augmentation, settings.modality_dropout, 1 - settings.dropout

    def chance(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    hidden = chance(n)
    draws = Draws(
        kept=Kept(
            summary=(chance(n, WIDTH) < keep) / keep,
            sequence=(chance(n, SEQUENCE) < keep) / keep,
        ),
        hide_sound=hidden < hide.sound,
        hide_picture=hidden >= 1 - hide.picture,
        roll=torch.randint(-vary.time_roll_frames, vary.time_roll_frames + 1, (n,), generator=generator),
        masked_bands=_run(n, N_BANDS, vary.mask_bands, generator),
        masked_frames=_run(n, frames, vary.mask_frames, generator),
        sound_noise=vary.sound_noise * torch.randn((n, N_BANDS, frames), generator=generator),
        flow_noise=vary.flow_noise * torch.randn((n, 3, SIDE, SIDE), generator=generator),
        flip=chance(n) < 0.5 * vary.flip_flow,
        source=torch.arange(frames, dtype=torch.float32).expand(n, frames),
        partner=torch.arange(n),
        own=torch.ones(n),
    )
    # drawn last, and only where wanted: all else falls as without them
    if vary.warp_frames:
        draws = draws._replace(source=_warp(n, frames, vary.warp_frames, generator))
    if vary.mixup:
        beta = np.random.default_rng(int(torch.randint(2**31, (), generator=generator)))
        own = torch.from_numpy(beta.beta(vary.mixup, vary.mixup, n)).float()
        draws = draws._replace(partner=torch.randperm(n, generator=generator), own=own)
    return draws


def augmented(clips: Clips, draws: Draws) -> Clips:
    """Clips varied so that their class stays: rolled, warped, masked and noisy sound; mirrored and noisy flow.

    Where clips are mixed, the classes are too: by `draws.own` of the clip's, the rest of its partner's.
    """
    frames = clips.log_mel.shape[2]
    rolled = (torch.arange(frames, device=draws.roll.device) - draws.roll[:, None]) % frames  # (B, T)
    log_mel = clips.log_mel.gather(2, rolled[:, None, :].expand_as(clips.log_mel))
    sound_mask = clips.sound_mask.gather(1, rolled)
    if (draws.source != draws.source.round()).any():
        log_mel, sound_mask = _warped(log_mel, sound_mask, draws.source)
    silenced = draws.masked_bands[:, :, None] | draws.masked_frames[:, None, :]  # (B, 64, T)
    sign = clips.flow.new_tensor([-1.0, 1.0, 1.0])[:, None, None]  # a mirrored face moves the other way along u
    flow = torch.where(draws.flip[:, None, None, None], clips.flow.flip(3) * sign, clips.flow) + draws.flow_noise
    varied = clips._replace(
        flow=flow.to(clips.flow.dtype),
        log_mel=(log_mel + draws.sound_noise).masked_fill(silenced, 0.0),
        sound_mask=sound_mask,
    )
    return varied if (draws.own == 1).all() else _mixed(varied, draws)


def mixed_seed(seed: int, part: int) -> int:
    """A seed for one part of a run, unlike those of all other parts and seeds."""
    return int(np.random.SeedSequence([seed, part]).generate_state(1, np.uint32)[0])


def _run(n: int, length: int, longest: int, generator: torch.Generator) -> Tensor:
    """(n, length) True on one run of 0..longest places, anywhere."""
    size = torch.randint(0, longest + 1, (n, 1), generator=generator)  # (n, 1)
    first = (torch.rand((n, 1), generator=generator) * (length - size + 1)).floor()  # (n, 1)
    place = torch.arange(length)  # (length,)
    return (place >= first) & (place < first + size)


def _warp(n: int, frames: int, most: int, generator: torch.Generator) -> Tensor:
    """(n, frames) frames to hear; a moment comes up to `most` sooner or later (SpecAugment, Park et al. 2019)."""
    most_now = min(most, (frames - 1) / 4)
    moment = most_now + 1 + torch.rand((n, 1), generator=generator) * (frames - 3 - 2 * most_now)  # (n, 1)
    comes = moment + (2 * torch.rand((n, 1), generator=generator) - 1) * most_now  # (n, 1) within 1..frames - 2
    place = torch.arange(frames, dtype=torch.float32)  # (frames,)
    before = place * moment / comes
    after = moment + (place - comes) * (frames - 1 - moment) / (frames - 1 - comes)
    return torch.where(place < comes, before, after).clamp(0, frames - 1)


def _warped(log_mel: Tensor, sound_mask: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
    """(B, 64, T), (B, T) heard at `source` (B, T), linear between frames; a frame is there where both of those are."""
    low = source.floor().long()  # (B, T)
    high = source.ceil().long()  # (B, T)
    part = (source - low).to(log_mel.dtype)[:, None, :]  # (B, 1, T)
    one, other = (log_mel.gather(2, at[:, None, :].expand_as(log_mel)) for at in (low, high))
    return torch.lerp(one, other, part.expand_as(one)), sound_mask.gather(1, low) & sound_mask.gather(1, high)


def _mixed(clips: Clips, draws: Draws) -> Clips:
    """Each clip mixed with its partner (Zhang et al., "mixup", ICLR 2018); what only one of them has stays, fainter."""
    own, other = draws.own, clips.of(draws.partner)
    meets = (own < 1)[:, None]  # (B, 1)

    def both(one: Tensor, two: Tensor) -> Tensor:
        return torch.lerp(two, one, own.to(one.dtype).reshape(-1, *[1] * (one.dim() - 1)))

    def heard(of: Clips) -> Tensor:
        return torch.where(of.sound_mask[:, None, :], of.log_mel, 0.0)

    def read(of: Clips) -> Tensor:
        return torch.where(of.word_mask[:, :, None], of.words, 0.0)

    return Clips(
        flow=both(clips.flow, other.flow),
        log_mel=both(heard(clips), heard(other)),
        sound_mask=clips.sound_mask | (other.sound_mask & meets),
        words=both(read(clips), read(other)),
        word_mask=clips.word_mask | (other.word_mask & meets),
    )
