"""The network: small, without BatchNorm, and exactly the visual model where nothing sounds."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mmed_curate.benchmark.amfnet import AMFNet, Modalities


@pytest.fixture
def inputs() -> tuple[Tensor, Tensor, Tensor]:
    """Five clips: flow, log-mels, and a mask under which the first has no sound and the second half of it."""
    generator = torch.Generator().manual_seed(3)
    mask = torch.ones(5, 128, dtype=torch.bool)
    mask[0] = False
    mask[1, :64] = False
    return (
        torch.randn(5, 3, 48, 48, generator=generator),
        torch.randn(5, 64, 128, generator=generator),
        mask,
    )


def a_network(modalities: Modalities = Modalities.BOTH) -> AMFNet:
    torch.manual_seed(1)
    return AMFNet(3, modalities).eval()


@pytest.mark.parametrize("modalities", Modalities)
def test_at_most_150_thousand_parameters_and_no_batchnorm(modalities: Modalities) -> None:
    network = a_network(modalities)

    assert 10_000 < network.n_parameters() <= 150_000
    assert not [part for part in network.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]


def test_no_sound_means_the_visual_model_exactly(inputs: tuple[Tensor, Tensor, Tensor]) -> None:
    network, blind = a_network(), a_network(Modalities.VISUAL)
    blind.load_state_dict({name: network.state_dict()[name] for name in blind.state_dict()})
    flow, log_mel, mask = inputs

    logits = network(flow, log_mel, torch.zeros_like(mask))

    assert torch.equal(logits.answer, logits.visual)
    assert torch.equal(logits.answer, blind(flow, log_mel, mask).answer)


def test_sound_changes_the_answer_of_those_who_have_some(inputs: tuple[Tensor, Tensor, Tensor]) -> None:
    logits = a_network()(*inputs)

    same = (logits.answer == logits.visual).all(dim=1)
    assert same.tolist() == [True, False, False, False, False]


def test_what_stands_where_nothing_was_recorded_is_not_looked_at(inputs: tuple[Tensor, Tensor, Tensor]) -> None:
    flow, log_mel, mask = inputs
    rubbish = torch.where(mask[:, None, :], log_mel, torch.tensor(float("nan")))

    for modalities in Modalities:
        network = a_network(modalities)
        assert torch.equal(network(flow, log_mel, mask).answer, network(flow, rubbish, mask).answer)


def test_attention_sums_to_one_over_what_sounds(inputs: tuple[Tensor, Tensor, Tensor]) -> None:
    network = a_network()
    flow, log_mel, mask = inputs
    sequence, steps = network.ears(log_mel, mask)  # (5, 16, 48), (5, 16)

    weights = network.fusion.attention(network.eyes(flow), sequence, steps)  # (5, 16)

    assert steps.shape == (5, 16)
    assert weights.sum(dim=1).tolist() == pytest.approx([0, 1, 1, 1, 1])
    assert not weights[1, :8].any()  # 64 frames are 8 steps


def test_a_clip_is_answered_alike_alone_and_in_company(inputs: tuple[Tensor, Tensor, Tensor]) -> None:
    network = a_network()

    together = network(*inputs).answer
    alone = torch.cat([network(*(part[index : index + 1] for part in inputs)).answer for index in range(5)])

    assert torch.allclose(together, alone, atol=1e-6)
