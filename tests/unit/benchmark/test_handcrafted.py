"""Directions, strain and functionals by hand; what was planted is learned; nothing leaks from the fold left out."""

from __future__ import annotations

import numpy as np
import pytest
from builders.planted import planted

from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.handcrafted import (
    CELLS,
    RULED_OUT,
    Folds,
    Handcrafted,
    features_of,
    flow_features,
    handcrafted_answers,
    sound_features,
)
from mmed_curate.domain.findings import BadInput


def loso(data: BenchmarkData) -> Folds:
    owner = np.array(data.subjects)
    return [(np.flatnonzero(owner != name), np.flatnonzero(owner == name)) for name in sorted(set(data.subjects))]


def accuracy(data: BenchmarkData, variant: Handcrafted) -> float:
    features = features_of(
        variant, picture=flow_features(data.flow), sound=sound_features(data.log_mel, data.sound_mask)
    )
    answers = handcrafted_answers(features, data.labels, loso(data), n_classes=3, penalty=10.0)
    assert answers.logits.shape == (1, len(data.labels), 3) and answers.notes == ()
    return float(np.mean(answers.logits[0].argmax(axis=1) == data.labels))


@pytest.mark.parametrize(("right", "down", "direction"), [(2, 0, 0), (1, 1, 1), (0, 2, 2), (-2, 0, 4), (0, -2, 6)])
def test_flow_lies_in_the_bin_of_its_direction(right: float, down: float, direction: int) -> None:
    flow = np.zeros((1, 3, 48, 48))
    flow[0, 0, :8, 8:16], flow[0, 1, :8, 8:16] = right, down  # the second cell of the first row
    flow[0, 2, 0, 8] = 0.64  # strain of one of its 64 values

    cells = flow_features(flow).reshape(CELLS, CELLS, 10)
    expected = np.zeros(10)
    expected[direction] = np.hypot(right, down)
    expected[8:] = 0.01, 0.64  # mean and largest strain
    assert cells[0, 1] == pytest.approx(expected)
    assert not np.delete(cells.reshape(36, 10), 1, axis=0).any()


def test_functionals_by_hand() -> None:
    """One clip of 16 bands and four frames, of which the last is not heard."""
    log_mel = np.zeros((1, 16, 4))
    log_mel[0, 0] = [1, 3, 2, 99]
    pitch, level = np.array([[100.0, np.nan, 200.0, 400.0]]), np.array([[-20.0, -18.0, -16.0, 0.0]])

    row = sound_features(log_mel, [[True, True, True, False]], f0_hz=pitch, intensity_db=level)[0]
    assert row.shape == (5 * 16 + 5 + 4,)
    # of the first band mean 2, spread sqrt(2/3), least 1, largest 3, steps 2 and 1
    assert row[:80:16] == pytest.approx([2, np.sqrt(2 / 3), 1, 3, 1.5])
    # an octave, 12 semitones, apart in two frames: spread 6, slope 6 a frame, two of three frames voiced
    assert row[81] == pytest.approx(6) and row[83] == pytest.approx(6) and row[84] == pytest.approx(2 / 3)
    assert row[85] == pytest.approx(-18) and row[88] == pytest.approx(2)  # level rises by 2 dB a frame


def test_silence_has_no_functionals() -> None:
    row = sound_features(np.ones((1, 16, 4)), np.zeros((1, 4), dtype=bool), f0_hz=np.ones((1, 4)))[0]
    assert np.isnan(row).all()


def test_what_was_planted_is_learned_where_it_was_planted() -> None:
    seen = planted(in_flow=0.8, in_sound=0.0)
    assert accuracy(seen, Handcrafted.VISUAL) > 0.8
    assert accuracy(seen, Handcrafted.SOUND) < 0.6  # a third by luck, with 48 clips a standard error of .07
    assert accuracy(seen, Handcrafted.BOTH) > 0.7

    heard = planted(in_flow=0.0, in_sound=2.0, silent_subjects=(3,))
    assert accuracy(heard, Handcrafted.SOUND) > 0.6  # a quarter of the clips has no sound to answer from
    assert accuracy(heard, Handcrafted.VISUAL) < 0.6


def test_what_is_left_out_tells_nothing_of_itself() -> None:
    """Other values and labels of one subject's clips leave what is learned about the others' as it was."""
    random = np.random.default_rng(1)
    features, labels = random.normal(size=(12, 4)), np.array([0, 1, 2] * 4)
    folds = [(np.arange(3, 12), np.arange(3)), (np.r_[0:3, 6:12], np.arange(3, 6)), (np.arange(6), np.arange(6, 12))]
    before = handcrafted_answers(features, labels, folds, n_classes=3, penalty=1.0).logits

    features[1:3], labels[:3] = 1000.0, 2  # the first subject's; its first clip keeps its values
    after = handcrafted_answers(features, labels, folds, n_classes=3, penalty=1.0).logits
    assert after[0, 0].tolist() == before[0, 0].tolist()
    assert after[0, 3:].tolist() != before[0, 3:].tolist()


def test_a_class_that_only_one_subject_has_is_never_answered_in_its_fold_and_said() -> None:
    features, labels = np.arange(8.0)[:, None], np.array([0, 1, 0, 1, 0, 1, 2, 2])
    folds = [(np.arange(4), np.arange(4, 8)), (np.arange(4, 8), np.arange(4))]
    answers = handcrafted_answers(features, labels, folds, n_classes=3, penalty=1.0)

    assert answers.logits[0, 4:, 2].tolist() == [RULED_OUT] * 4 and np.isfinite(answers.logits).all()
    assert "in 1 of 2 folds" in str(answers.notes[0])


def test_a_fold_of_one_class_answers_it() -> None:
    folds = [(np.array([0, 1]), np.array([2])), (np.array([2]), np.array([0, 1]))]
    answers = handcrafted_answers(np.ones((3, 1)), [0, 0, 1], folds, n_classes=2, penalty=1.0)
    assert answers.logits[0].argmax(axis=1).tolist() == [1, 1, 0]


def test_values_that_nobody_has_count_as_the_mean() -> None:
    random = np.random.default_rng(2)
    features, labels = random.normal(size=(8, 3)), np.array([0, 1] * 4)
    folds = [(np.arange(4), np.arange(4, 8)), (np.arange(4, 8), np.arange(4))]
    unknown = np.column_stack([features, np.full(8, np.nan)])
    known, also = (handcrafted_answers(x, labels, folds, n_classes=2, penalty=1.0).logits for x in (features, unknown))
    assert also == pytest.approx(known)


def test_what_cannot_be_used_is_refused() -> None:
    folds = [(np.array([0]), np.array([1])), (np.array([1]), np.array([0]))]
    with pytest.raises(BadInput, match="leave this variant out"):
        handcrafted_answers(np.full((2, 3), np.nan), [0, 1], folds, n_classes=2, penalty=1.0)
    with pytest.raises(BadInput, match="on the test side once"):
        handcrafted_answers(np.ones((2, 3)), [0, 1], folds[:1], n_classes=2, penalty=1.0)
    with pytest.raises(BadInput, match="on the test side once"):
        leaking = [(np.array([0, 1]), np.array([0, 1]))]
        handcrafted_answers(np.ones((2, 3)), [0, 1], leaking, n_classes=2, penalty=1.0)
    with pytest.raises(BadInput, match="one label per clip"):
        handcrafted_answers(np.ones((2, 3)), [0, 2], folds, n_classes=2, penalty=1.0)
    with pytest.raises(BadInput, match=r"flow is \(1, 2, 48, 48\)"):
        flow_features(np.zeros((1, 2, 48, 48)))
    with pytest.raises(BadInput, match="multiple of 16"):
        sound_features(np.zeros((1, 10, 4)), np.zeros((1, 4), dtype=bool))
    with pytest.raises(BadInput, match="another shape than the mask"):
        sound_features(np.zeros((1, 16, 4)), np.zeros((1, 4), dtype=bool), f0_hz=np.zeros((1, 5)))
