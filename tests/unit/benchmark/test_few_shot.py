"""Few shots: a fold learns from no more than k clips of a class, drawn by seed, and is asked about all as before."""

from __future__ import annotations

import numpy as np
import pytest
from builders.planted import planted, quick

from mmed_curate.benchmark.entrants import Entrant
from mmed_curate.benchmark.few_shot import few_shot
from mmed_curate.benchmark.folds import Folds, LeftOut
from mmed_curate.benchmark.settings import FewShot
from mmed_curate.benchmark.units import Unit, answered
from mmed_curate.domain.findings import BadInput

CLASSES = ("common", "rare")
SUBJECTS = [f"S{index % 5}" for index in range(50)]
LABELS = np.array([index % 10 >= 7 for index in range(50)], dtype=np.int64)  # S2, S3 and S4 show 5 rare clips each


def folds() -> Folds:
    return Folds.by(LeftOut.SUBJECT, SUBJECTS, SUBJECTS, inner=(0, 2))


def shots(clips: int, *classes: str, seed: int = 1) -> FewShot:
    return FewShot(clips=clips, classes=classes, seed=seed)


@pytest.mark.parametrize("mode", [shots(4), shots(4, "rare")])
def test_so_many_clips_of_the_smallest_or_of_the_named_class(mode: FewShot) -> None:
    before = folds()
    after = few_shot(before, LABELS, CLASSES, mode)

    rare = LABELS == 1
    assert (after.learned & rare).sum(axis=1).tolist() == [4] * 5
    assert np.array_equal(after.learned & ~rare, before.learned & ~rare)
    assert np.array_equal(after.asked, before.asked)
    assert after.inner is not None and before.inner is not None
    assert np.array_equal(after.inner, before.inner & after.learned)


def test_fewer_shots_are_among_more_and_another_seed_draws_others() -> None:
    few, more, other = (
        few_shot(folds(), LABELS, CLASSES, mode).learned for mode in (shots(2), shots(6), shots(2, seed=9))
    )
    assert not (few & ~more).any()
    assert not np.array_equal(few, other)


def test_a_class_with_fewer_clips_is_left_as_it_is() -> None:
    assert np.array_equal(few_shot(folds(), LABELS, CLASSES, shots(99)).learned, folds().learned)


def test_several_classes_can_be_named() -> None:
    after = few_shot(folds(), LABELS, CLASSES, shots(3, "common", "rare"))
    assert after.learned.sum(axis=1).tolist() == [6] * 5


def test_a_class_that_there_is_not_is_named() -> None:
    with pytest.raises(BadInput, match="few_shot names the class rarest"):
        few_shot(folds(), LABELS, CLASSES, shots(3, "rarest"))


def test_networks_are_trained_on_the_few() -> None:
    """99 shots are all that there are, so nothing changes; with one, networks learn something else."""
    data = planted(in_flow=1.0, in_sound=0.0, n_subjects=3, clips_per_subject=6)
    unit, settings = Unit(entrant=Entrant("visual-only"), seed=1), quick(epochs=1)

    def logits(mode: FewShot | None) -> np.ndarray:
        return answered(data, unit, settings.model_copy(update={"few_shot": mode})).logits

    everything = logits(None)
    assert np.array_equal(logits(shots(99, "third")), everything)
    assert not np.array_equal(logits(shots(1, "third")), everything)
