"""What chance decides in training, and how a clip is varied so that its class stays.

Everything is drawn for all clips of a batch from seed and epoch alone, so that every fold sees the same draws. Two
clips meet only in `augmented` with `mix` above zero, where both belong to what a fold learns from or the pair counts
for nothing in it.
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

    def of(self, index: Tensor) -> Draws:
        """The draws of some of the clips."""
        return Draws(Kept(*(part[index] for part in self.kept)), *(part[index] for part in self[1:]))


def drawn(n: int, frames: int, settings: BenchmarkSettings, generator: torch.Generator) -> Draws:
    """Draw for a batch of n clips with so many frames of sound."""
    vary, hide, keep = settings.augmentation, settings.modality_dropout, 1 - settings.dropout

    def chance(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    hidden = chance(n)
    return Draws(
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
    )


def augmented(clips: Clips, draws: Draws) -> Clips:
    """Clips varied so that their class stays: rolled, masked and noisy sound; mirrored and noisy flow."""
    frames, device = clips.log_mel.shape[2], clips.flow.device
    source = (torch.arange(frames, device=device) - draws.roll[:, None]) % frames  # (B, T)
    log_mel = clips.log_mel.gather(2, source[:, None, :].expand_as(clips.log_mel)) + draws.sound_noise
    silenced = draws.masked_bands[:, :, None] | draws.masked_frames[:, None, :]  # (B, 64, T)
    sign = torch.tensor([-1.0, 1.0, 1.0], device=device)[:, None, None]  # a mirrored face moves the other way along u
    flow = torch.where(draws.flip[:, None, None, None], clips.flow.flip(3) * sign, clips.flow) + draws.flow_noise
    return clips._replace(
        flow=flow.to(clips.flow.dtype),
        log_mel=log_mel.masked_fill(silenced, 0.0),
        sound_mask=clips.sound_mask.gather(1, source),
    )


def mixed_seed(seed: int, part: int) -> int:
    """A seed for one part of a run, unlike those of all other parts and seeds."""
    return int(np.random.SeedSequence([seed, part]).generate_state(1, np.uint32)[0])


def _run(n: int, length: int, longest: int, generator: torch.Generator) -> Tensor:
    """(n, length) True on one run of 0..longest places, anywhere."""
    size = torch.randint(0, longest + 1, (n, 1), generator=generator)  # (n, 1)
    first = (torch.rand((n, 1), generator=generator) * (length - size + 1)).floor()  # (n, 1)
    place = torch.arange(length)  # (length,)
    return (place >= first) & (place < first + size)
