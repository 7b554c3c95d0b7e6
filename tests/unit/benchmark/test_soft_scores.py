"""Probabilities against the coders' shares, and one coder against the others: by hand, and on a release."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from builders.release import a_release
from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.benchmark.ceiling import HumanCeiling, human_ceiling
from mmed_curate.benchmark.coderclasses import NO_CHOICE, NOT_ASKED, CoderClasses, read_coder_classes
from mmed_curate.benchmark.softscores import SoftScores, jensen_shannon_bits, soft_scores
from mmed_curate.dataset import load
from mmed_curate.domain.findings import BadInput


def scored(probabilities: object, shares: object, subjects: Sequence[str]) -> SoftScores | None:
    return soft_scores(probabilities, shares, subjects, seed=1, resamples=200, level=0.95)  # type: ignore[arg-type]


def coded(chosen: Sequence[Sequence[int]], subjects: Sequence[str] | None = None, n_classes: int = 2) -> CoderClasses:
    n = len(chosen)
    return CoderClasses(
        clips=tuple(f"c{index}" for index in range(n)),
        subjects=tuple(subjects or (f"S{index}" for index in range(n))),
        coders=tuple("abcdef"[: len(chosen[0])]),
        classes=("first", "second", "third")[:n_classes],
        chosen=np.array(chosen),
    )


def ceiling(coders: CoderClasses, min_clips: int = 1) -> HumanCeiling:
    return human_ceiling(coders, min_clips=min_clips, seed=1, resamples=200, level=0.95)


def test_soft_scores_by_hand() -> None:
    found = scored([[0.25, 0.75], [0.5, 0.5]], [[0.5, 0.5], [1.0, 0.0]], ("a", "b"))

    assert found is not None
    # -(log2 .25 + log2 .75) / 2 = 1.2075 and -log2 .5 = 1; entropies 1 and 0
    assert found.cross_entropy_bits == pytest.approx((1.2075 + 1) / 2, abs=1e-4)
    assert found.entropy_bits == pytest.approx(0.5)
    # H(.375, .625) - (1 + H(.25, .75)) / 2 = .9544 - .9056; H(.75, .25) - (0 + 1) / 2 = .8113 - .5
    assert found.jensen_shannon_bits == pytest.approx((0.0488 + 0.3113) / 2, abs=1e-4)
    assert found.cross_entropy_interval is not None
    assert found.cross_entropy_interval.low == pytest.approx(1) and found.n_left_out == 0


def test_clips_that_nobody_gave_a_class_are_left_out_and_counted() -> None:
    found = scored([[1, 0], [0.5, 0.5]], [[1, 0], [np.nan, np.nan]], ("a", "b"))
    assert found is not None and (found.n_clips, found.n_left_out) == (1, 1)
    assert found.cross_entropy_bits == 0 and found.cross_entropy_interval is None  # one subject
    assert scored([[1, 0]], [[np.nan, np.nan]], ("a",)) is None


def test_what_a_model_rules_out_costs_much_and_not_for_ever() -> None:
    found = scored([[1.0, 0.0]], [[0.0, 1.0]], ("a",))
    assert found is not None and found.cross_entropy_bits == pytest.approx(39.86, abs=0.01)  # -log2 1e-12
    assert found.jensen_shannon_bits == 1


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_no_probabilities_beat_the_shares_themselves(seed: int) -> None:
    random = np.random.default_rng(seed)
    told, shares = random.dirichlet([0.3] * 3, size=(2, 6)), random.dirichlet([0.3] * 3, size=6)
    subjects = tuple("aabbcc")
    other, own = scored(told, shares, subjects), scored(shares, shares, subjects)
    assert other is not None and own is not None
    assert own.cross_entropy_bits <= other.cross_entropy_bits + 1e-9
    assert own.jensen_shannon_bits == pytest.approx(0, abs=1e-9)
    assert jensen_shannon_bits(told[0], shares) == pytest.approx(jensen_shannon_bits(shares, told[0]))


def test_logits_are_not_taken_for_probabilities() -> None:
    with pytest.raises(BadInput, match="not logits"):
        scored([[2.0, -1.0]], [[1, 0]], ("a",))
    with pytest.raises(BadInput, match="one subject per clip"):
        scored([[1, 0]], [[1, 0]], ("a", "b"))


def test_one_coder_against_the_others_by_hand() -> None:
    """Clip 1: first, first, second. Clip 2: second, second, second."""
    found = ceiling(coded([[0, 0, 1], [1, 1, 1]]))

    # clip 1: a against (first, second) is tied, so is b; c said second where the others said first.
    # clip 2: three times second where the others said second
    assert found.n_tied == 2 and found.n_answers == 6 and found.others_per_answer == 2
    assert found.scores is not None and found.scores.confusion == ((0, 1), (0, 3))
    assert found.scores.accuracy == 0.75 and found.scores.uar == 0.5


def test_what_a_choice_says_is_learned_from_other_subjects() -> None:
    """Two coders, two subjects of one clip each, both of one mind: first in one, second in the other."""
    found = ceiling(coded([[0, 0], [1, 1]], n_classes=2))

    # on the other subject's clips nobody chose the same class, so each answer says half and half: one bit
    assert found.soft is not None and found.soft.cross_entropy_bits == pytest.approx(1)
    assert found.soft.entropy_bits == pytest.approx(0)
    assert "one other coder only" in str(found.notes[0])

    # three subjects more of the first class: 3 clips x 2 answers = 6 of 6 elsewhere, and one more for each
    more = ceiling(coded([[0, 0]] * 4, n_classes=2))
    assert more.soft is not None and more.soft.cross_entropy_bits == pytest.approx(-np.log2(7 / 8))


def test_coders_who_know_nothing_and_coders_who_agree() -> None:
    random = np.random.default_rng(3)
    subjects = [f"S{index % 20}" for index in range(600)]
    guessing = ceiling(coded(random.integers(0, 3, size=(600, 4)).tolist(), subjects, n_classes=3))
    same = ceiling(coded(np.repeat(random.integers(0, 3, size=(600, 1)), 4, axis=1).tolist(), subjects, n_classes=3))

    assert guessing.scores is not None and guessing.scores.uar == pytest.approx(1 / 3, abs=0.04)
    assert guessing.soft is not None and same.soft is not None
    assert guessing.soft.cross_entropy_bits == pytest.approx(np.log2(3), abs=0.01)
    assert same.scores is not None and same.scores.uar == 1 and same.soft.cross_entropy_bits < 0.05
    assert same.intervals[2] is not None and same.intervals[2].low == 1


def test_a_coder_who_judged_few_clips_is_left_out_and_said_without_a_name() -> None:
    found = ceiling(coded([[0, 0, 1], [1, 1, NOT_ASKED], [0, 0, NO_CHOICE]]), min_clips=2)

    assert (found.n_coders, found.n_coders_left_out) == (2, 1)
    # a and b in all three clips; in the first, c's choice still makes the others tied
    assert found.n_answers == 6 and found.n_tied == 2
    assert "1 of 3 coders chose a class in fewer than 2 clips" in str(found.notes[0])
    assert '"c"' not in str(found.as_json())


def test_nothing_to_compare_is_undetermined() -> None:
    alone = ceiling(coded([[0, NOT_ASKED], [NO_CHOICE, 1]]))
    assert alone.scores is None and alone.soft is None and alone.others_per_answer is None
    assert alone.as_json()["scores"] is None
    assert "there is no human ceiling" in str(alone.notes[0])


def test_coders_of_a_release_as_its_soft_labels_have_them(tmp_path: Path) -> None:
    dataset = load(a_release(tmp_path / "r"))
    names = [row.clip for row in dataset.clip_rows]
    coders = read_coder_classes(dataset, names, dataset.codebook.class_codes)

    # the builder's two coders always say what was settled
    assert len(coders.coders) == 2
    settled = [dataset.codebook.class_codes.index(str(row.emotion_class)) for row in dataset.clip_rows]
    assert coders.chosen.tolist() == [[index, index] for index in settled]
    soft = dataset.soft_labels("emotion_class", given_event=True)[list(coders.classes)]
    assert coders.shares.tolist() == soft.to_numpy().tolist()
    assert ceiling(coders).as_json()["scores"]["uar"] == 1


def test_who_chose_a_class_that_is_not_asked_for_chose_none(tmp_path: Path) -> None:
    dataset = load(a_release(tmp_path / "r"))
    names = [row.clip for row in dataset.clip_rows]
    kept = dataset.codebook.class_codes[:2]
    coders = read_coder_classes(dataset, names, kept)
    others = [row.emotion_class not in kept for row in dataset.clip_rows]
    assert (coders.chosen[others] == NO_CHOICE).all() and np.isnan(coders.shares[others]).all()


def test_choices_fit_their_clips() -> None:
    with pytest.raises(BadInput, match="one choice per clip and coder"):
        CoderClasses(clips=("c",), subjects=("s",), coders=("a",), classes=("x",), chosen=np.zeros((2, 1), dtype=int))
    with pytest.raises(BadInput, match="none of the classes"):
        coded([[2, 0]])
