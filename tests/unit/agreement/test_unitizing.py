"""Events marked freely: the published examples, and the formula written out term by term."""

from __future__ import annotations

import csv
import random
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mmed_curate.agreement.bootstrap import measure
from mmed_curate.agreement.unitizing import Continuum, alpha_u
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.measures import Coefficient, Undetermined


def continuum(length, *coders, cluster="S", kind="event"):
    return Continuum(
        cluster=cluster,
        length=length,
        marked=tuple(tuple((unit[0], unit[1], *(unit[2:] or (kind,))) for unit in own) for own in coders),
    )


def long_hand(length, coders):
    """One continuum, one kind: the sums of Krippendorff (2004) over sections, that is over units and gaps."""
    m, sections = len(coders), []
    for own in coders:
        edges, row = 0, []
        for start, end in sorted(own):
            if start > edges:
                row.append((edges, start, False))
            row.append((start, end, True))
            edges = end
        if edges < length:
            row.append((edges, length, False))
        sections.append(row)
    observed = 0.0
    for one, other in permutations(sections, 2):
        for (b, e, unit), (c, f, its) in ((x, y) for x in one for y in other):
            if unit and its and max(b, c) < min(e, f):
                observed += (b - c) ** 2 + (e - f) ** 2
            elif unit and not its and c <= b and e <= f:
                observed += (e - b) ** 2
            elif its and not unit and b <= c and f <= e:
                observed += (f - c) ** 2
    observed /= m * (m - 1) * length**2
    sizes = [end - start for own in coders for start, end in own]
    gaps = [e - b for row in sections for b, e, unit in row if not unit]
    total = sum(
        (len(sizes) - 1) / 3 * (2 * size**3 - 3 * size**2 + size)
        + size**2 * sum(gap - size + 1 for gap in gaps if gap >= size)
        for size in sizes
    )
    expected = 2 / length * total / (m * length * (m * length - 1) - sum(size * (size - 1) for size in sizes))
    return observed, expected


KRIPPENDORFF_2004 = {
    "c": (((75, 145), (220, 250)), ((70, 150), (205, 225), (250, 270))),
    "k": (((30, 90), (150, 200)), ((30, 90), (150, 200))),
}
"""Content Analysis, 2nd ed., p. 254: a continuum of 300 from 150 on; here from 0 on."""


def test_the_example_of_content_analysis():
    c = long_hand(300, KRIPPENDORFF_2004["c"])
    assert c == (pytest.approx(0.0144, abs=5e-5), pytest.approx(0.0532, abs=5e-5))
    assert alpha_u([continuum(300, *KRIPPENDORFF_2004["c"])]).point() == pytest.approx(0.7286, abs=5e-5)
    assert alpha_u([continuum(300, *KRIPPENDORFF_2004["k"])]).point() == 1.0
    both = [[(*unit, kind) for kind in "ck" for unit in KRIPPENDORFF_2004[kind][coder]] for coder in (0, 1)]
    assert alpha_u([continuum(300, *both)]).point() == pytest.approx(0.8591, abs=5e-4)


KRIPPENDORFF_1995 = {
    "A": (((2, 10), (14, 20)), ((4, 8), (15, 17)), 0.553),
    "B": (((0, 18),), ((0, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 9), (9, 10)), -0.926),
    "C": (((2, 8), (10, 12), (14, 18), (20, 22)), ((0, 2), (4, 8), (10, 14), (16, 18), (20, 22)), 0.679),
    "D": (
        ((0, 2), (2, 10), (10, 14), (14, 20), (20, 24)),
        ((0, 4), (4, 8), (8, 15), (15, 17), (17, 24)),
        0.066,
    ),
}
"""Sociological Methodology 25, p. 57: pairs of coders, and alpha as the continuum is measured in ever smaller units."""


@pytest.mark.parametrize("name", list(KRIPPENDORFF_1995))
def test_the_examples_of_1995(name):
    """Its own expected disagreements hold a small mistake (DKPro Statistics says so, and allows 0.02)."""
    one, other, published = KRIPPENDORFF_1995[name]
    fine = [[(start * 50_000, end * 50_000) for start, end in own] for own in (one, other)]
    assert alpha_u([continuum(24 * 50_000, *fine)]).point() == pytest.approx(published, abs=0.02)


rows = st.lists(st.integers(0, 40), min_size=0, max_size=6).map(
    lambda edges: tuple(zip(sorted(set(edges))[::2], sorted(set(edges))[1::2], strict=False))
)


@examples(deadline=None, max_examples=150)
@given(coders=st.lists(rows, min_size=2, max_size=4))
def test_alpha_is_the_formula_written_out(coders):
    observed, expected = long_hand(40, coders)
    found = alpha_u([continuum(40, *coders)]).point()
    if expected == 0:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(1 - observed / expected, abs=1e-9)


@examples(deadline=None, max_examples=60)
@given(clips=st.lists(st.lists(rows, min_size=2, max_size=3), min_size=2, max_size=5), seed=st.integers(0, 99))
def test_the_order_of_clips_and_coders_and_the_names_of_kinds_change_nothing(clips, seed):
    chance = random.Random(seed)
    one = [continuum(40, *coders) for coders in clips]
    other = [continuum(40, *chance.sample(coders, len(coders)), kind="something") for coders in clips]
    chance.shuffle(other)
    assert alpha_u(one).point() == pytest.approx(alpha_u(other).point(), abs=1e-9, nan_ok=True)


@examples(deadline=None, max_examples=40)
@given(clips=st.lists(rows, min_size=1, max_size=5))
def test_the_same_units_everywhere_are_perfect_agreement(clips):
    assume(any(clips))
    assert alpha_u([continuum(40, own, own, own) for own in clips]).point() == pytest.approx(1.0)


def test_an_event_moved_costs_less_than_one_that_nobody_else_saw():
    calm = [continuum(100, (), ()), continuum(100, ((20, 30),), ((20, 30),))] * 4
    moved, missed = (alpha_u([*calm, continuum(100, ((50, 60),), other)]).point() for other in (((52, 62),), ()))
    assert 1 > moved > missed > 0


def test_resamples_are_those_of_the_clips_drawn():
    draws = np.random.default_rng(3)
    clips = []
    for number in range(24):
        start = int(draws.integers(5, 60))
        coders = [((start + int(draws.integers(-3, 4)), start + 12),) if draws.random() < 0.8 else () for _ in "abc"]
        clips.append(continuum(90 + number, *coders[: 2 + number % 2], cluster=f"S{number % 6}"))
    statistic = alpha_u(clips)
    for _ in range(5):
        weights = np.bincount(draws.integers(0, 6, 6), minlength=6)
        drawn = [one for one in clips for _ in range(weights[int(one.cluster[1:])])]
        fast = statistic.combine(weights[None, :].astype(float) @ statistic.contributions)[0]
        assert fast == pytest.approx(alpha_u(drawn).point(), abs=1e-9)


def test_nothing_marked_and_nobody_to_compare_with_give_no_number(settings):
    nothing = measure(alpha_u([continuum(50, (), ())] * 9), settings, why_nan="nobody marked an event")
    assert nothing == Undetermined(reason="nobody marked an event")
    alone = measure(alpha_u([continuum(50, ((1, 2),))] * 9), settings, why_nan="")
    assert isinstance(alone, Undetermined) and "two or more coders" in alone.reason


def test_an_interval_over_subjects(settings):
    draws = np.random.default_rng(4)
    clips = [
        continuum(100, *[((30 + int(draws.integers(0, 4)), 45),) for _ in "ab"], cluster=f"S{number % 8}")
        for number in range(40)
    ]
    found = measure(alpha_u(clips), settings, why_nan="")
    assert isinstance(found, Coefficient) and found.interval.lower <= found.value <= found.interval.upper <= 1


@pytest.mark.parametrize("units", [((5, 5),), ((0, 101),), ((0, 10), (8, 12))])
def test_what_is_no_unit_of_its_clip_is_refused(units):
    with pytest.raises(BadInput, match="overlaps another, is empty, or leaves"):
        continuum(100, units, ())


def test_the_data_of_pygamma_by_the_formula(material: Path):
    """Three coders, seven kinds of units. No alpha of it is published: it is held to the formula, term by term."""
    path = material / "pygamma" / "AlexPaulSuzan.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        lines = [(who, kind, int(start), int(end)) for who, kind, start, end in csv.reader(stream)]
    coders = sorted({who for who, *_ in lines})
    kinds = sorted({kind for _, kind, *_ in lines})
    by_kind = [
        long_hand(60, [[(b, e) for who, of, b, e in lines if (who, of) == (coder, kind)] for coder in coders])
        for kind in kinds
    ]
    observed, expected = (sum(column) for column in zip(*by_kind, strict=True))
    marked = [[(b, e, kind) for who, kind, b, e in lines if who == coder] for coder in coders]
    assert alpha_u([continuum(60, *marked)]).point() == pytest.approx(1 - observed / expected)
    pairs = [alpha_u([continuum(60, *two)]).point() for two in combinations(marked, 2)]
    assert max(pairs) < 0.7
