"""Which events of several coders are the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.agreement.matching import match_events, same_event
from mmed_curate.domain.time import Frame, Span


def span(onset: int, offset: int) -> Span:
    return Span(onset=Frame(onset), apex=Frame(onset), offset=Frame(offset))


def test_events_that_overlap_enough_are_one() -> None:
    # 10..19 and 13..22 share 7 of 13 frames: 0.54
    assert match_events([[span(10, 19)], [span(13, 22)]], match_iou=0.5) == ((0, 0),)
    # 10..19 and 14..23 share 6 of 14: 0.43
    assert match_events([[span(10, 19)], [span(14, 23)]], match_iou=0.5) == ((0, None), (None, 0))


def test_exactly_the_bound_is_enough() -> None:
    # 0..9 and 0..4 share 5 of 10
    assert match_events([[span(0, 9)], [span(0, 4)]], match_iou=0.5) == ((0, 0),)


def test_groups_come_in_order_of_onset_and_keep_the_coders_places() -> None:
    first, second = [span(50, 59), span(0, 9)], [span(1, 10), span(80, 89)]
    assert match_events([first, second], match_iou=0.5) == ((1, 0), (0, None), (None, 1))


def test_a_third_coder_joins_two_who_do_not_meet() -> None:
    # 0..9 / 3..12 / 6..15: neighbours share 7 of 13, the outer two only 4 of 16
    assert match_events([[span(0, 9)], [span(3, 12)], [span(6, 15)]], match_iou=0.5) == ((0, 0, 0),)


def test_the_best_pair_does_not_tear_a_chain_apart() -> None:
    # a: 3..12, 8..17; b: 0..9, 5..14. Best pair is 3..12 with 5..14 (8 of 12), but taking it would leave
    # 8..17 and 0..9 alone, though 8..17 meets 5..14 (7 of 13) and 3..12 meets 0..9 (7 of 13): 1.08 against 0.67.
    a, b = [span(3, 12), span(8, 17)], [span(0, 9), span(5, 14)]
    assert match_events([a, b], match_iou=0.5) == ((0, 0), (1, 1))


def test_with_no_bound_one_shared_frame_is_enough_and_none_is_not() -> None:
    assert match_events([[span(0, 5)], [span(5, 20)]], match_iou=0.0) == ((0, 0),)
    assert match_events([[span(0, 5)], [span(6, 20)]], match_iou=0.0) == ((0, None), (None, 0))


def test_nobody_saw_anything() -> None:
    assert match_events([[], []], match_iou=0.5) == ()


spans = st.builds(lambda onset, length: span(onset, onset + length), st.integers(0, 30), st.integers(0, 12))
coders = st.lists(st.lists(spans, max_size=4, unique=True), min_size=2, max_size=4)


@settings(deadline=None, max_examples=150)
@given(coders, st.randoms(use_true_random=False))
def test_every_event_stands_in_one_group_and_the_order_of_coders_does_not_matter(coders, random) -> None:  # type: ignore[no-untyped-def]
    groups = match_events(coders, match_iou=0.5)
    placed = [(coder, index) for group in groups for coder, index in enumerate(group) if index is not None]
    assert sorted(placed) == [(coder, index) for coder, own in enumerate(coders) for index in range(len(own))]
    for group in groups:  # whoever is in company meets someone of it
        members = [coders[coder][index] for coder, index in enumerate(group) if index is not None]
        for place, one in enumerate(members):
            others = members[:place] + members[place + 1 :]
            assert not others or any(same_event(one, other) >= 0.5 for other in others)

    order = list(range(len(coders)))
    random.shuffle(order)
    again = match_events([coders[coder] for coder in order], match_iou=0.5)

    def likeness(groups, coders) -> list:  # type: ignore[no-untyped-def, type-arg]
        total = 0
        for group in groups:
            members = [coders[coder][index] for coder, index in enumerate(group) if index is not None]
            for place, one in enumerate(members):
                for other in members[place + 1 :]:
                    total += same_event(one, other) if same_event(one, other) >= 0.5 else 0
        return total  # type: ignore[return-value]

    small = sum(map(len, coders)) <= 9
    if small:  # exact: equally good whatever the order; greedy for longer chains
        assert likeness(again, [coders[coder] for coder in order]) == likeness(groups, coders)
