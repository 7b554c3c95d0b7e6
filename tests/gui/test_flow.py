"""Sums of layouts that wrap: nothing overlaps, nothing sticks out, the order stays."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from annotator_gui.chipplaces import columns, grouped, wrapped


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(1, 40)), max_size=30), st.integers(60, 500))
def test_wrapped_things_stay_in_the_room_and_in_order(sizes: list[tuple[int, int]], width: int) -> None:
    places, height = wrapped(sizes, width=width, gap=4)
    assert len(places) == len(sizes)
    for left, top, own, tall in places:
        assert left >= 0 and left + own <= width and top + tall <= height
    for (left, top, own, _), (next_left, next_top, _, _) in pairwise(places):
        assert next_left >= left + own + 4 if next_top == top else next_top > top


def test_three_of_a_hundred_fit_into_three_hundred_and_eight() -> None:
    places, height = wrapped([(100, 20)] * 4, width=308, gap=4)  # 3 × 100 + 2 × 4
    assert [place[:2] for place in places] == [(0, 0), (104, 0), (208, 0), (0, 24)]
    assert height == 44


def test_columns_share_the_room() -> None:
    assert columns(308, least=100, gap=4) == 3
    assert columns(307, least=100, gap=4) == 2
    assert columns(10, least=100, gap=4) == 1


@given(st.lists(st.integers(1, 12), min_size=1, max_size=12), st.integers(200, 700))
def test_groups_lie_below_one_another(counts: list[int], width: int) -> None:
    cells, captions, height = grouped(counts, width=width, caption=60, least=90, height=30, gap=3, between=5)
    assert [len(group) for group in cells] == counts
    bottom = -5
    for group, (left, top, wide, tall) in zip(cells, captions, strict=True):
        assert (left, wide) == (0, 60)
        assert top == bottom + 5
        for cell in group:
            assert cell[0] >= 63 and cell[0] + cell[2] <= width and top <= cell[1] and cell[1] + cell[3] <= top + tall
        bottom = top + tall
    assert bottom == height
