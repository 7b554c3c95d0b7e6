"""Clips of a recording: context drawn, never shared."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.ingest.recipe import ContextRange
from mmed_curate.ingest.windows import coding_windows, release_window

CONTEXT = ContextRange(least=1.0, most=2.0)


@dataclass(frozen=True)
class Proposed:
    span: Span


def proposed(onset: int, offset: int) -> Proposed:
    return Proposed(Span(onset=Frame(onset), apex=Frame((onset + offset) // 2), offset=Frame(offset)))


def thirty_hz(n_frames: int) -> FrameClock:
    return FrameClock(pts=tuple(range(n_frames)), end_pts=n_frames, time_base=Fraction(1, 30))


def windows_of(candidates: list[Proposed], clock: FrameClock, seed: bytes = b"seed"):  # type: ignore[no-untyped-def]
    return coding_windows(candidates, clock, context=CONTEXT, join_gap_s=0.6, longest_s=6.0, seed=seed)


def test_context_is_between_its_bounds_and_differs_between_clips() -> None:
    # two events 20 s apart at 30 Hz: nothing trims the context of 30 to 60 frames
    one, two = windows_of([proposed(300, 308), proposed(900, 908)], thirty_hz(2000))
    for window, onset, offset in ((one, 300, 308), (two, 900, 908)):
        assert 30 <= onset - window.first <= 60
        assert 30 <= window.last - offset <= 60
    assert (300 - one.first, one.last - 308) != (900 - two.first, two.last - 908)


def test_another_secret_draws_another_context() -> None:
    clock = thirty_hz(2000)
    firsts = {windows_of([proposed(300, 308)], clock, seed=bytes([n]))[0].first for n in range(12)}
    assert len(firsts) > 3


def test_candidates_too_close_to_be_shown_apart_share_a_clip() -> None:
    # 0.6 s are 18 frames: 12 frames lie between the first two, 61 between the second and the third
    joined, apart = windows_of([proposed(300, 308), proposed(321, 330), proposed(392, 400)], thirty_hz(2000))
    assert joined.members == (0, 1)
    assert apart.members == (2,)


def test_a_run_that_would_grow_too_long_is_cut_apart() -> None:
    # nine events of 20 frames with 10 between: joined, 250 frames; 6 s are 180
    run = [proposed(300 + 30 * n, 319 + 30 * n) for n in range(9)]
    first, second = windows_of(run, thirty_hz(2000))
    assert first.members == (0, 1, 2, 3, 4, 5)
    assert second.members == (6, 7, 8)
    assert first.last < second.first


@given(
    starts=st.lists(st.integers(0, 3000), min_size=1, max_size=12),
    lengths=st.lists(st.integers(0, 90), min_size=12, max_size=12),
)
@settings(max_examples=200, deadline=None)
def test_no_frame_is_in_two_clips_and_every_candidate_is_whole_in_one(starts: list[int], lengths: list[int]) -> None:
    clock = thirty_hz(3200)
    candidates = [proposed(start, start + length) for start, length in zip(starts, lengths, strict=False)]
    found = windows_of(candidates, clock)
    assert sorted(member for window in found for member in window.members) == list(range(len(candidates)))
    for window in found:
        assert 0 <= window.first <= window.last <= clock.last_frame
        for member in window.members:
            assert window.first <= candidates[member].span.onset
            assert candidates[member].span.offset <= window.last
    for earlier, later in pairwise(found):
        assert earlier.last < later.first


def test_release_window_is_context_on_each_side_clamped_to_the_recording() -> None:
    clock = thirty_hz(100)
    span = Span(onset=Frame(10), apex=Frame(12), offset=Frame(20))
    # 0.5 s are 15 frames: 10 - 15 is before the start; frames 21..35 follow the offset frame
    assert release_window(span, clock, context_s=0.5) == (0, 35)
