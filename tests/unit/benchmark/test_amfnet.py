"""The network: small, without BatchNorm, and exactly the visual model where nothing sounds."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import gelu

from mmed_curate.benchmark.amfnet import (
    BLOCK,
    N_BANDS,
    PATCH,
    SIDE,
    AMFNet,
    BothWaysGRU,
    Clips,
    Design,
    SoundEncoder,
    VisualTrunk,
)

FUSIONS = (Design.AMF_NET, Design.CONCATENATION, Design.SYMMETRIC, Design.LATE_FUSION)


def five_clips(*, word_size: int = 0) -> Clips:
    """The first has no sound, the second is silent in its first half; words only in the third."""
    generator = torch.Generator().manual_seed(3)
    mask = torch.ones(5, 128, dtype=torch.bool)
    mask[0] = False
    mask[1, :64] = False
    word_mask = torch.zeros(5, 4 if word_size else 0, dtype=torch.bool)
    word_mask[2] = True
    return Clips(
        flow=torch.randn(5, 3, 48, 48, generator=generator),
        log_mel=torch.randn(5, 64, 128, generator=generator),
        sound_mask=mask,
        words=torch.randn(5, word_mask.shape[1], word_size, generator=generator),
        word_mask=word_mask,
    )


@pytest.fixture
def clips() -> Clips:
    return five_clips()


def a_network(design: Design = Design.AMF_NET, *, word_size: int = 0) -> AMFNet:
    torch.manual_seed(1)
    return AMFNet(3, design, word_size=word_size).eval()


@pytest.mark.parametrize("design", Design)
def test_at_most_150_thousand_parameters_and_no_batchnorm(design: Design) -> None:
    network = a_network(design, word_size=256)

    assert 10_000 < network.n_parameters() <= 150_000
    assert not [part for part in network.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]


def test_no_sound_means_the_visual_model_exactly(clips: Clips) -> None:
    network, blind = a_network(), a_network(Design.VISUAL_ONLY)
    blind.load_state_dict({name: network.state_dict()[name] for name in blind.state_dict()})

    logits = network(clips._replace(sound_mask=torch.zeros_like(clips.sound_mask)))

    assert torch.equal(logits.answer, logits.visual)
    assert torch.equal(logits.answer, blind(clips).answer)


@pytest.mark.parametrize("design", [design for design in FUSIONS if design is not Design.CONCATENATION])
def test_sound_changes_the_answer_of_those_who_have_some(design: Design, clips: Clips) -> None:
    logits = a_network(design)(clips)

    visual = logits.visual if design is not Design.LATE_FUSION else logits.visual.log_softmax(dim=1)
    assert (logits.answer == visual).all(dim=1).tolist() == [True, False, False, False, False]


@pytest.mark.parametrize("design", Design)
def test_what_stands_where_nothing_was_recorded_is_not_looked_at(design: Design, clips: Clips) -> None:
    rubbish = torch.where(clips.sound_mask[:, None, :], clips.log_mel, torch.tensor(float("nan")))
    network = a_network(design)

    assert torch.equal(network(clips).answer, network(clips._replace(log_mel=rubbish)).answer)


def test_attention_sums_to_one_over_what_sounds(clips: Clips) -> None:
    weights = a_network().attention(clips)  # (5, 16)

    assert weights.sum(dim=1).tolist() == pytest.approx([0, 1, 1, 1, 1])
    assert not weights[1, :8].any()  # 64 frames are 8 steps


@pytest.mark.parametrize("design", Design)
def test_a_clip_is_answered_alike_alone_and_in_company(design: Design, clips: Clips) -> None:
    network = a_network(design)

    together = network(clips).answer
    alone = torch.cat([network(clips.of(torch.tensor([index]))).answer for index in range(5)])

    assert torch.allclose(together, alone, atol=1e-6)


def test_words_count_where_there_are_some_and_nowhere_else() -> None:
    spoken = five_clips(word_size=8)
    network = a_network(word_size=8)
    unheard = spoken._replace(word_mask=torch.zeros_like(spoken.word_mask))

    changed = (network(spoken).answer != network(unheard).answer).any(dim=1)

    assert changed.tolist() == [False, False, True, False, False]
    assert not a_network(Design.CONCATENATION, word_size=8).reads


def test_of_a_hidden_picture_the_fusion_sees_nothing(clips: Clips) -> None:
    other = clips._replace(flow=clips.flow.flip(0))
    hidden = torch.zeros(5)

    for design in FUSIONS:
        network = a_network(design)
        sounding = slice(1, 5)
        one, two = (network(each, seen=hidden).answer[sounding] for each in (clips, other))
        assert torch.allclose(one, two, atol=1e-6), design


@dataclass(frozen=True)
class Gru:
    """torch's own, with the weights of ours."""

    ours: BothWaysGRU
    size: int

    def __call__(self, x: Tensor) -> Tensor:
        hidden = self.ours.keep.shape[1]
        theirs = nn.GRU(self.size, hidden, bidirectional=True)
        for way, ending in enumerate(("", "_reverse")):
            columns = slice(way * 3 * hidden, (way + 1) * 3 * hidden)
            values = {
                "weight_ih_l0": self.ours.take[:, columns].T,
                "bias_ih_l0": self.ours.take_bias[columns],
                "weight_hh_l0": self.ours.keep[way].T,
                "bias_hh_l0": self.ours.keep_bias[way, 0],
            }
            for name, value in values.items():
                getattr(theirs, name + ending).data.copy_(value)
        out: Tensor = theirs(x)[0]
        return out


def test_our_gru_is_torchs_own() -> None:
    torch.manual_seed(5)
    ours, x = BothWaysGRU(7, 4), torch.randn(11, 3, 7)

    assert torch.allclose(ours(x), Gru(ours, 7)(x), atol=1e-6)


def test_the_grus_gradient_is_that_of_its_steps() -> None:
    """Against differences of its own values (`torch.autograd.gradcheck`), in float64."""
    torch.manual_seed(6)
    gru = BothWaysGRU(3, 2).double()
    names, weights = zip(*gru.named_parameters(), strict=True)

    def answered(x: Tensor, *values: Tensor) -> Tensor:
        out: Tensor = functional_call(gru, dict(zip(names, values, strict=True)), (x,))
        return out

    x = torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(answered, (x, *weights))


def test_patches_are_what_a_convolution_would_see() -> None:
    """Trunk and first sound layer are written as products; here is what they stand for."""
    torch.manual_seed(7)
    eyes, ears = VisualTrunk(), SoundEncoder()
    flow, log_mel = torch.randn(4, 3, SIDE, SIDE), torch.randn(4, N_BANDS, 64)
    n = SIDE // PATCH // BLOCK

    seen = gelu(eyes.streams(flow))  # (4, 24, 12, 12)
    blocks = seen.unfold(2, BLOCK, BLOCK).unfold(3, BLOCK, BLOCK).permute(0, 2, 3, 1, 4, 5)  # (4, 4, 4, 24, 3, 3)
    assert torch.allclose(eyes(flow)[0], gelu(eyes.mix(blocks.reshape(4, n * n, -1))), atol=1e-6)
    heard = gelu(ears.front(log_mel)).permute(2, 0, 1)  # (8, 4, 32)
    everywhere = torch.ones(4, 64, dtype=torch.bool)
    assert torch.allclose(ears(log_mel, everywhere)[0], ears.gru(heard).transpose(0, 1), atol=1e-6)
