"""Clips that are warped or mixed keep what tells their class, and nothing of who is left out gets into a fold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from builders.planted import quick
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.benchmark.amfnet import Clips
from mmed_curate.benchmark.draws import Draws, augmented, drawn
from mmed_curate.benchmark.entrants import Entrant
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.training import Lesson, train_together

FRAMES = 64
OFF: dict[str, Any] = {
    "time_roll_frames": 0,
    "mask_bands": 0,
    "mask_frames": 0,
    "sound_noise": 0.0,
    "flow_noise": 0.0,
    "flip_flow": False,
}


def varied_by(**augmentation: Any) -> BenchmarkSettings:
    """Settings that vary clips in no other way than these."""
    settings = quick(epochs=1)
    return settings.model_copy(
        update={"augmentation": settings.augmentation.model_copy(update={**OFF, **augmentation})}
    )


def draws_of(n: int, settings: BenchmarkSettings, seed: int = 3) -> Draws:
    return drawn(n, FRAMES, settings, torch.Generator().manual_seed(seed))


def some_clips(n: int = 6) -> Clips:
    """The value of every sound is its frame number; the first clip has no sound."""
    generator = torch.Generator().manual_seed(2)
    mask = torch.ones(n, FRAMES, dtype=torch.bool)
    mask[0] = False
    return Clips(
        flow=torch.randn(n, 3, 48, 48, generator=generator),
        log_mel=torch.arange(float(FRAMES)).expand(n, 64, FRAMES).clone(),
        sound_mask=mask,
        words=torch.zeros(n, 0, 0),
        word_mask=torch.zeros(n, 0, dtype=torch.bool),
    )


def test_nothing_is_warped_or_mixed_unless_told() -> None:
    clips = some_clips()
    same = augmented(clips, draws_of(6, varied_by()))
    assert all(torch.equal(one, other) for one, other in zip(same, clips, strict=True))


def test_other_draws_fall_as_they_did_without() -> None:
    plain = quick(epochs=1)
    more = plain.model_copy(update={"augmentation": plain.augmentation.model_copy(update={"mixup": 0.2})})
    without, with_mixup = draws_of(8, plain), draws_of(8, more)
    assert torch.equal(without.sound_noise, with_mixup.sound_noise) and torch.equal(without.flip, with_mixup.flip)
    assert not torch.equal(without.own, with_mixup.own)


@given(seed=st.integers(0, 2**31), most=st.integers(1, 200))
def test_a_warp_keeps_the_ends_and_the_order_and_goes_no_further_than_told(seed: int, most: int) -> None:
    source = draws_of(4, varied_by(warp_frames=most), seed).source  # (4, 64)
    assert torch.allclose(source[:, 0], torch.zeros(4)) and torch.allclose(source[:, -1], torch.tensor(FRAMES - 1.0))
    assert (source.diff(dim=1) > 0).all()
    assert (source - torch.arange(FRAMES)).abs().max() <= most + 1e-3


def test_a_warped_sound_is_heard_at_its_sources() -> None:
    """The value of every frame is its number, so a warped sound reads as where it comes from."""
    clips, draws = some_clips(), draws_of(6, varied_by(warp_frames=8))
    warped = augmented(clips, draws)
    assert torch.allclose(warped.log_mel[:, 10], draws.source, atol=1e-4)
    assert not torch.allclose(draws.source, torch.arange(float(FRAMES)), atol=0.1)
    assert warped.sound_mask[1:].all() and not warped.sound_mask[0].any()


def test_what_was_not_recorded_does_not_get_into_a_warped_sound() -> None:
    clips, draws = some_clips(), draws_of(6, varied_by(warp_frames=8))
    clips.sound_mask[1, 40:] = False
    clips.log_mel[1, :, 40:] = float("nan")
    warped = augmented(clips, draws)
    assert torch.isfinite(warped.log_mel[1][:, warped.sound_mask[1]]).all()
    assert warped.sound_mask[1, :30].all()


def test_a_mixed_clip_is_so_much_of_each() -> None:
    clips, draws = some_clips(), draws_of(6, varied_by(mixup=1.0))
    draws = draws._replace(partner=torch.tensor([1, 2, 3, 4, 5, 0]), own=torch.tensor([0.75] * 5 + [1.0]))

    mixed = augmented(clips, draws)

    assert torch.allclose(mixed.flow[2], 0.75 * clips.flow[2] + 0.25 * clips.flow[3], atol=1e-6)
    # clip 0 has no sound: a quarter of clip 1 is what is heard
    assert torch.allclose(mixed.log_mel[0], 0.25 * clips.log_mel[1]) and mixed.sound_mask[0].all()
    assert torch.equal(mixed.flow[5], clips.flow[5]) and torch.equal(mixed.log_mel[5], clips.log_mel[5])


def test_a_silent_clip_that_is_wholly_itself_stays_silent() -> None:
    clips, draws = some_clips(), draws_of(6, varied_by(mixup=1.0))
    draws = draws._replace(partner=torch.tensor([1, 2, 3, 4, 5, 0]), own=torch.tensor([1.0] + [0.5] * 5))
    assert not augmented(clips, draws).sound_mask[0].any()


@given(st.data())
def test_partners_are_found_again_among_some_of_the_clips(data: st.DataObject) -> None:
    partner = torch.tensor(data.draw(st.permutations(range(6))))
    inside = torch.tensor(data.draw(st.lists(st.booleans(), min_size=6, max_size=6)))
    draws = draws_of(6, varied_by(mixup=1.0))._replace(partner=partner)

    chosen = draws.of(inside)

    rows = inside.nonzero()[:, 0]
    for place, row in enumerate(rows.tolist()):
        wanted = partner[row] if inside[partner[row]] else row
        assert rows[chosen.partner[place]] == wanted


@pytest.mark.parametrize("seed", [1, 2])
def test_a_mixing_fold_never_sees_the_clips_that_it_leaves_out(seed: int) -> None:
    clips, left_out = some_clips(24), torch.arange(24) % 4 == 0
    lesson = Lesson(clips=clips, labels=torch.arange(24) % 3, learned=~left_out[None], n_classes=3)
    rubbish = clips._replace(
        flow=torch.where(left_out[:, None, None, None], 1e3, clips.flow),
        log_mel=torch.where(left_out[:, None, None], -1e3, clips.log_mel),
    )
    settings = varied_by(mixup=1.0)

    one, other = (
        train_together(told, Entrant("amf-net"), settings, seed)
        for told in (
            lesson,
            replace(lesson, clips=rubbish, labels=torch.where(left_out, 0, lesson.labels)),
        )
    )

    assert all(torch.equal(weight, other.weights[name]) for name, weight in one.weights.items())
