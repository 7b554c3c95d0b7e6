"""Folds by subject: everyone is left out once, and nobody is on both sides."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.release import a_release
from hypothesis import given
from hypothesis import strategies as st

from mmed_curate.dataset import Fold, leave_one_subject_out, load
from mmed_curate.domain.findings import BadInput

names = st.text(min_size=1, max_size=4)


@given(st.dictionaries(names, names, min_size=2).filter(lambda one: len(set(one.values())) > 1))
def test_no_subject_is_ever_on_both_sides(subject_of: dict[str, str]) -> None:
    folds = list(leave_one_subject_out(subject_of))
    assert [fold.held_out for fold in folds] == sorted(set(subject_of.values()))
    for fold in folds:
        assert {subject_of[name] for name in fold.test} == {fold.held_out}
        assert fold.held_out not in {subject_of[name] for name in fold.train}
        assert sorted(fold.train + fold.test) == sorted(subject_of)


@given(st.permutations([("a", "x"), ("b", "y"), ("c", "x"), ("d", "z")]))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[str, str]]) -> None:
    first = next(leave_one_subject_out(dict(rows)))
    assert first == Fold(held_out="x", train=("b", "d"), test=("a", "c"))


def test_one_subject_cannot_be_folded() -> None:
    with pytest.raises(BadInput, match="at least 2 subjects, got 1"):
        list(leave_one_subject_out({"a": "x"}))


def test_a_release_folds_all_or_some_of_its_clips(tmp_path: Path) -> None:
    dataset = load(a_release(tmp_path / "r", n_subjects=3, clips_per_subject=2))
    assert [fold.held_out for fold in dataset.loso()] == list(dataset.subjects)
    some = [clip.name for clip in dataset if clip.subject != dataset.subjects[0]]
    assert [fold.held_out for fold in dataset.loso(some)] == list(dataset.subjects[1:])
