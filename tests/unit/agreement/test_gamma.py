"""Gamma of the data of pygamma-agreement, whose own tests say what it comes to."""

from __future__ import annotations

import csv
import random
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mmed_curate.agreement.gamma import disorder, gamma
from mmed_curate.agreement.unitizing import Continuum
from mmed_curate.domain.findings import BadInput


@pytest.fixture
def friends(material: Path):
    """Alex, Paul and Suzan, seven kinds of units from 1 to 60."""
    path = material / "pygamma" / "AlexPaulSuzan.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        lines = [(who, kind, int(start), int(end)) for who, kind, start, end in csv.reader(stream)]
    return tuple(
        tuple((start, end, kind) for who, kind, start, end in lines if who == name)
        for name in ("Alex", "Paul", "Suzan")
    )


def test_the_best_alignment_of_alex_paul_and_suzan(friends):
    """test_gamma_alexpaulsuzan of pygamma-agreement: disorder 0.96, alpha 3, beta 1, delta empty 1."""
    assert disorder(friends) == pytest.approx(0.96, rel=0.01)


def test_gamma_of_alex_paul_and_suzan(friends):
    """The same test: gamma between .44 and .47 with shuffled samples, at a precision of 5 %."""
    found = gamma([Continuum(cluster="all", length=60, marked=friends)], seed=1, samples=300)
    assert 0.44 <= found.point() <= 0.47
    assert (found.n_units, found.n_judgements) == (1, 3)


units = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 9), st.sampled_from("ab")), max_size=3, unique_by=lambda u: u[0]
).map(lambda found: tuple((start, start + length, kind) for start, length, kind in found))


def by_trial(coders):
    """Two coders: every way to pair units, each unit at most once."""

    def apart(one, other):
        place = (abs(one[0] - other[0]) + abs(one[1] - other[1])) / (one[1] - one[0] + other[1] - other[0])
        return 3 * place**2 + (one[2] != other[2])

    few, many = sorted(coders, key=len)
    best = float("inf")
    for chosen in permutations([*range(len(many)), *[None] * len(few)], len(few)):
        paired = sum(apart(one, many[at]) if at is not None else 1 for one, at in zip(few, chosen, strict=True))
        alone = len(many) - sum(at is not None for at in chosen)
        best = min(best, paired + alone)
    return best / ((len(few) + len(many)) / 2)


@examples(deadline=None, max_examples=80)
@given(coders=st.tuples(units, units))
def test_the_best_alignment_of_two_is_the_best_of_all_that_there_are(coders):
    assume(any(coders))
    assert disorder(coders) == pytest.approx(by_trial(coders))


@examples(deadline=None, max_examples=30)
@given(coders=st.lists(units, min_size=2, max_size=4), seed=st.integers(0, 99))
def test_the_order_of_coders_and_units_changes_nothing(coders, seed):
    assume(any(coders))
    chance = random.Random(seed)
    other = [tuple(chance.sample(own, len(own))) for own in chance.sample(coders, len(coders))]
    assert disorder(coders) == pytest.approx(disorder(other))


def test_the_same_units_everywhere_are_perfect_and_nothing_marked_is_no_number():
    same = Continuum(cluster="S", length=90, marked=(((10, 20, "a"), (50, 55, "b")),) * 3)
    quiet = Continuum(cluster="S", length=90, marked=((), ()))
    assert gamma([same, quiet], seed=1, samples=20).point() == 1.0
    assert gamma([same, quiet], seed=1, samples=20).n_units == 1
    assert np.isnan(gamma([quiet], seed=1, samples=20).point())


def test_more_events_than_can_be_aligned_are_refused():
    long = Continuum(cluster="S", length=900, marked=(tuple((at, at + 5, "a") for at in range(0, 900, 10)),) * 3)
    with pytest.raises(BadInput, match="270 events of 3 coders in one clip are too many"):
        gamma([long], seed=1, samples=1)
