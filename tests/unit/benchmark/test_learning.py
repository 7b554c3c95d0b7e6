"""All folds at once equal the loop; what was planted is found; and nobody is learned from who is asked about."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from builders.planted import planted, quick

from mmed_curate.benchmark.amfnet import Clips, Design, Kept
from mmed_curate.benchmark.controls import Control, dealt_out_anew, disturbed
from mmed_curate.benchmark.draws import Draws, augmented
from mmed_curate.benchmark.entrants import STSTNET, Entrant
from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.folds import Folds, LeftOut
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.training import Lesson, one_quiet_thread, train_alone, train_together
from mmed_curate.benchmark.units import Unit, answer_all, answered, tensors_of

AMF, VISUAL, SOUND = (Entrant(one.value) for one in (Design.AMF_NET, Design.VISUAL_ONLY, Design.AUDIO_ONLY))
EVERYBODY = [*(design.value for design in Design), STSTNET]


def chance_bounds(n: int, chance: float = 1 / 3, level: float = 0.999) -> tuple[float, float]:
    """Exact binomial bounds of accuracy when answers have nothing to do with the truth."""
    mass = [math.comb(n, hits) * chance**hits * (1 - chance) ** (n - hits) for hits in range(n + 1)]
    sums = np.cumsum(mass)
    low = int(np.searchsorted(sums, (1 - level) / 2))
    high = int(np.searchsorted(sums, (1 + level) / 2))
    return low / n, high / n


def lesson(data: BenchmarkData, dtype: torch.dtype = torch.float32) -> Lesson:
    folds = Folds.by(LeftOut.SUBJECT, data.subjects, data.sessions)
    return Lesson(
        clips=tensors_of(data, dtype=dtype),
        labels=torch.from_numpy(data.labels),
        learned=torch.from_numpy(folds.learned),
        n_classes=len(data.classes),
    )


def accuracy(data: BenchmarkData, entrant: Entrant, settings: BenchmarkSettings) -> float:
    said = answered(data, Unit(entrant=entrant, seed=1), settings).logits.argmax(axis=1)
    return float((said == data.labels).mean())


@pytest.fixture(scope="module")
def found() -> Mapping[str, Mapping[Entrant, float]]:
    """Accuracy of each model on 48 clips of four subjects, by what was planted."""
    settings = quick(epochs=10)
    worlds = {
        "flow": planted(in_flow=1.0, in_sound=0.0, seed=11),
        "sound": planted(in_flow=0.0, in_sound=1.5, seed=11),
        "neither": planted(in_flow=0.0, in_sound=0.0, seed=11),
    }
    return {
        name: {entrant: accuracy(data, entrant, settings) for entrant in (AMF, VISUAL, SOUND)}
        for name, data in worlds.items()
    }


def test_chance_bounds_by_hand() -> None:
    # two fair coins: none, one, two heads have mass .25, .5, .25
    assert chance_bounds(2, chance=0.5, level=0.4) == (0.5, 0.5)
    assert chance_bounds(2, chance=0.5, level=0.9) == (0.0, 1.0)


def test_what_shows_in_the_flow_is_found_by_who_can_see(found: Mapping[str, Mapping[Entrant, float]]) -> None:
    # a perfect classifier gets 1; .8 is 6.9 standard deviations above chance for 48 clips
    assert found["flow"][VISUAL] >= 0.8
    assert found["flow"][AMF] >= 0.8
    low, high = chance_bounds(48)
    assert low <= found["flow"][SOUND] <= high


def test_what_shows_in_the_sound_is_found_by_who_can_hear(found: Mapping[str, Mapping[Entrant, float]]) -> None:
    assert found["sound"][SOUND] >= 0.8
    assert found["sound"][AMF] >= 0.7  # its eyes only disturb; .7 is 5.4 standard deviations above chance
    low, high = chance_bounds(48)
    assert low <= found["sound"][VISUAL] <= high


def test_nothing_is_found_where_nothing_was_planted(found: Mapping[str, Mapping[Entrant, float]]) -> None:
    low, high = chance_bounds(48)
    assert high < 0.6  # so that the bound says something
    for share in found["neither"].values():
        assert low <= share <= high


@pytest.mark.parametrize("name", EVERYBODY)
def test_all_folds_at_once_equal_the_loop(name: str) -> None:
    data = planted(in_flow=0.3, in_sound=0.5, n_subjects=4, clips_per_subject=5, silent_subjects=(1,))
    settings = quick(epochs=2)
    with one_quiet_thread():
        doubles = lesson(data, torch.float64)
        together, alone = (
            way(doubles, Entrant(name), settings, seed=1).answers(doubles.clips)
            for way in (train_together, train_alone)
        )
        singles = lesson(data)
        said, again = (
            way(singles, Entrant(name), settings, seed=1).answers(singles.clips).argmax(dim=2)
            for way in (train_together, train_alone)
        )

    assert torch.allclose(together, alone, rtol=0, atol=1e-10)
    assert not torch.allclose(together[0], together[1])  # folds that learned otherwise answer otherwise
    assert torch.equal(said, again)


def test_training_never_sees_the_subject_that_is_left_out() -> None:
    data = planted(in_flow=1.0, in_sound=1.0, clips_per_subject=6)
    settings = quick(epochs=2)
    left_out = np.array(data.subjects) == "S2"
    rubbish = replace(
        data,
        flow=np.where(left_out[:, None, None, None], np.float32(1e6), data.flow),
        log_mel=np.where(left_out[:, None, None], np.float32(-1e6), data.log_mel),
        labels=np.where(left_out, 0, data.labels),
    )
    fold = sorted(set(data.subjects)).index("S2")

    def weights(clips: BenchmarkData) -> dict[str, torch.Tensor]:
        with one_quiet_thread():
            return train_together(lesson(clips), AMF, settings, seed=1).one(fold)

    one, other = weights(data), weights(rubbish)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    data, settings = planted(in_flow=0.3, in_sound=0.3, clips_per_subject=6), quick(epochs=2)

    def logits(seed: int) -> npt.NDArray[np.float32]:
        return answered(data, Unit(entrant=AMF, seed=seed), settings).logits

    first = logits(1)
    torch.manual_seed(99)  # what others draw does not matter
    assert np.array_equal(first, logits(1))
    assert not np.array_equal(first, logits(2))


def test_the_order_of_the_clips_does_not_matter() -> None:
    data, settings = planted(in_flow=0.3, in_sound=0.3, clips_per_subject=6), quick(epochs=2)
    order = np.random.default_rng(5).permutation(len(data.names))
    shuffled = BenchmarkData.of(
        flow=data.flow[order],
        log_mel=data.log_mel[order],
        sound_mask=data.sound_mask[order],
        labels=data.labels[order],
        subjects=[data.subjects[index] for index in order],
        names=[data.names[index] for index in order],
        classes=data.classes,
    )
    unit = Unit(entrant=AMF, seed=1)

    assert np.array_equal(answered(data, unit, settings).logits, answered(shuffled, unit, settings).logits)


def test_processes_answer_as_one_would_and_what_is_done_is_taken_over(tmp_path: Path) -> None:
    data, settings = planted(in_flow=0.3, in_sound=0.3, n_subjects=3, clips_per_subject=6), quick(epochs=2)
    plan = [
        Unit(entrant=AMF, seed=1, controls=True, inner=(0, 2)),
        Unit(entrant=AMF, seed=1, sound_permuted=True),
        Unit(entrant=VISUAL, seed=1),
    ]
    kept = tmp_path / "kept"

    alone = answer_all(data, settings, plan, workers=1)
    answer_all(data, settings, plan[:2], workers=1, kept=kept)
    told: list[tuple[int, int | None]] = []
    shared = answer_all(
        data, settings, plan, workers=2, kept=kept, progress=lambda done, total: told.append((done, total))
    )

    assert told == [(2, 3), (3, 3)]  # two were done before
    for unit in plan:
        assert np.array_equal(alone[unit].logits, shared[unit].logits)
        assert alone[unit].controls.keys() == shared[unit].controls.keys()
    first, again = alone[plan[0]], shared[plan[0]]
    assert first.inner is not None and again.inner is not None
    assert np.array_equal(first.inner, again.inner, equal_nan=True)
    assert first.attention is not None and np.array_equal(first.attention, again.attention)


def test_other_clips_or_settings_are_trained_anew(tmp_path: Path) -> None:
    data, settings = planted(in_flow=0.3, in_sound=0.3, n_subjects=2, clips_per_subject=3), quick(epochs=1)
    unit = Unit(entrant=VISUAL, seed=1)

    def done_before(clips: BenchmarkData, told: BenchmarkSettings) -> int:
        counts: list[int] = []
        answer_all(clips, told, [unit], workers=1, kept=tmp_path, progress=lambda done, _: counts.append(done))
        return counts[0]

    assert done_before(data, settings) == 0
    assert done_before(data, settings) == 1
    assert done_before(replace(data, flow=-data.flow), settings) == 0
    assert done_before(data, quick(epochs=2)) == 0


def test_a_class_that_a_fold_cannot_learn_is_never_answered() -> None:
    data = planted(in_flow=1.0, in_sound=0.0, n_subjects=3, clips_per_subject=9)
    # class 2 with S0 only: the others' clips of it become class 1
    mine = np.array(data.subjects) == "S0"
    data = replace(data, labels=np.where((data.labels == 2) & ~mine, 1, data.labels))

    said = answered(data, Unit(entrant=VISUAL, seed=1), quick(epochs=2)).logits.argmax(axis=1)

    assert 2 not in said[mine]


def test_without_sound_the_fused_answer_is_the_summarys_own() -> None:
    data = planted(in_flow=0.5, in_sound=1.0, n_subjects=3, clips_per_subject=6, silent_subjects=(0,))
    answers = answered(data, Unit(entrant=AMF, seed=1, controls=True), quick(epochs=2))
    silence, changed = answers.controls[Control.SILENCE]

    assert np.array_equal(silence[~data.has_sound], answers.logits[~data.has_sound])
    assert np.array_equal(changed, data.has_sound)
    assert not np.array_equal(silence[changed], answers.logits[changed])


def test_sounds_are_exchanged_within_one_subject_and_by_class() -> None:
    data = planted(in_flow=1.0, in_sound=1.0, n_subjects=3, clips_per_subject=7, silent_subjects=(2,))
    owner = np.array(data.subjects)

    def source_of(changed: BenchmarkData) -> list[int]:
        return [int(np.flatnonzero((data.log_mel == one).all(axis=(1, 2)))[0]) for one in changed.log_mel]

    for control, same in ((Control.WITHIN_CLASS, True), (Control.ACROSS_CLASSES, False)):
        exchanged = disturbed(data, control, seed=1)
        assert exchanged is not None
        changed, which = exchanged
        source = np.array(source_of(changed))
        assert which.any() and np.array_equal(which, source != np.arange(len(source)))
        assert (owner[source] == owner).all()
        assert ((data.labels[source] == data.labels) == same)[which].all()
        assert not which[~data.has_sound].any()


def test_sound_dealt_out_anew_is_the_same_sounds_elsewhere() -> None:
    data = planted(in_flow=1.0, in_sound=1.0, n_subjects=3, clips_per_subject=6, silent_subjects=(1,))
    dealt = dealt_out_anew(data, seed=4)

    assert np.array_equal(dealt.has_sound, data.has_sound)
    assert not np.array_equal(dealt.log_mel, data.log_mel)
    one, other = (sorted(mel.tobytes() for mel in each.log_mel) for each in (data, dealt))
    assert one == other
    assert np.array_equal(dealt.flow, data.flow)


def test_voices_are_cut_out_where_they_are_known() -> None:
    data = planted(in_flow=1.0, in_sound=1.0, n_subjects=2, clips_per_subject=3)
    assert disturbed(data, Control.NO_VOICES, seed=1) is None
    voice = np.zeros_like(data.sound_mask)
    voice[0, 40:50] = True

    found = disturbed(replace(data, voice=voice), Control.NO_VOICES, seed=1)

    assert found is not None
    assert np.flatnonzero(found[1]).tolist() == [0]
    assert np.flatnonzero(~found[0].sound_mask[0]).tolist() == list(range(40, 50))


def test_mirrored_flow_keeps_its_height_and_turns_its_direction() -> None:
    data = planted(in_flow=1.0, in_sound=1.0, n_subjects=2, clips_per_subject=3)
    clips = tensors_of(data)
    draws = _no_draws(len(data.names))

    assert all(torch.equal(one, other) for one, other in zip(augmented(clips, draws), clips, strict=True))
    mirrored = augmented(clips, draws._replace(flip=torch.ones(len(data.names), dtype=torch.bool)))
    assert torch.equal(mirrored.flow[:, 0], -clips.flow[:, 0].flip(2))
    assert torch.equal(mirrored.flow[:, 1:], clips.flow[:, 1:].flip(3))
    rolled: Clips = augmented(clips, draws._replace(roll=torch.full((len(data.names),), 5)))
    assert torch.equal(rolled.log_mel[:, :, 5:], clips.log_mel[:, :, :-5])


def _no_draws(n: int) -> Draws:
    no = torch.zeros(n, dtype=torch.bool)
    return Draws(
        kept=Kept(summary=torch.ones(n, 32), sequence=torch.ones(n, 48)),
        hide_sound=no,
        hide_picture=no,
        roll=torch.zeros(n, dtype=torch.int64),
        masked_bands=torch.zeros(n, 64, dtype=torch.bool),
        masked_frames=torch.zeros(n, 128, dtype=torch.bool),
        sound_noise=torch.zeros(n, 64, 128),
        flow_noise=torch.zeros(n, 3, 48, 48),
        flip=no,
        source=torch.arange(128.0).expand(n, 128),
        partner=torch.arange(n),
        own=torch.ones(n),
    )
