"""Rivals from the literature, in the form that the benchmark trains."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, relu

from mmed_curate.benchmark.amfnet import Clips, Kept, Logits

STSTNET_SIDE = 28
"""Height and width of what STSTNet looks at."""
STSTNET_FILTERS = (3, 5, 8)
"""Of its three streams."""


class STSTNet(nn.Module):
    """A visual net in the style of STSTNet (Liong et al., FG 2019): three streams of one convolution each.

    As published: 28 × 28 flow (u, v, strain), 3 × 3 filters, 3, 5 and 8 of them, max-pooling by 3, mean-pooling by 2,
    one linear layer. Not as published: trained by this benchmark's steps, and each stream sees one channel.
    """

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.streams = nn.ModuleList(nn.Conv2d(1, n, 3, padding=1) for n in STSTNET_FILTERS)
        side = (STSTNET_SIDE // 3) // 2
        self.head = nn.Linear(sum(STSTNET_FILTERS) * side * side, n_classes)

    def forward(self, clips: Clips, *, kept: Kept | None = None, seen: Tensor | None = None) -> Logits:
        """Answers (B, C) of the picture; masks of other networks' parts are not used."""
        small = interpolate(clips.flow, (STSTNET_SIDE, STSTNET_SIDE), mode="bilinear", antialias=True)
        x = torch.cat(
            [max_pool2d(relu(stream(small[:, at : at + 1])), 3) for at, stream in enumerate(self.streams)], dim=1
        )  # (B, 16, 9, 9)
        x = nn.functional.avg_pool2d(x, 2)  # (B, 16, 4, 4)
        answer = self.head(x.flatten(1))
        return Logits(answer=answer, visual=answer, sound=None)
