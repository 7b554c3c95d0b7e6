"""Curves drawn by hand, and the proposals that must come of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.domain.records import Tag
from mmed_curate.signals.motion import MotionCurve
from mmed_curate.spotting import peaks
from mmed_curate.spotting.parameters import SpottingParameters, load_parameters
from mmed_curate.spotting.peaks import Proposal, even_runs, propose

PLACES = ("brow-right", "brow-right", "lid-right", "lid-left", "mouth-corner-left", "chin")
RATE_HZ = 30.0


def ramp(times_s: npt.NDArray[np.float64], start_s: float, stop_s: float) -> npt.NDArray[np.float64]:
    """0 before and after, 1 in the middle, cosine between."""
    inside = (times_s > start_s) & (times_s < stop_s)
    return np.where(inside, (1 - np.cos(2 * np.pi * (times_s - start_s) / (stop_s - start_s))) / 2, 0.0)


def a_curve(
    *moves: tuple[int, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]],
    seconds: float = 8.0,
    times_s: npt.NDArray[np.float64] | None = None,
    openness: npt.NDArray[np.float64] | None = None,
    head: npt.NDArray[np.float64] | None = None,
) -> MotionCurve:
    """A curve with a little noise in which places move down as told, in px at each time."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ if times_s is None else times_s
    displacement = np.random.default_rng(2).normal(0, 0.01, (len(times), len(PLACES), 2))
    for place, course in moves:
        displacement[:, place, 1] += course(times)
    return MotionCurve(
        times_s=times,
        places=PLACES,
        displacement=displacement.astype(np.float32),
        drift=np.zeros_like(displacement, dtype=np.float32),
        head=(np.zeros((len(times), 2)) if head is None else head).astype(np.float32),
        openness=(np.full(len(times), 0.3) if openness is None else openness).astype(np.float32),
    )


def proposed(curve: MotionCurve, parameters: SpottingParameters) -> tuple[Proposal, ...]:
    """Proposals where frame n is point n of the curve."""
    return propose(curve, np.arange(len(curve.times_s)), 0, parameters)


def test_noise_gives_nothing(parameters: SpottingParameters) -> None:
    assert proposed(a_curve(), parameters) == ()


def test_a_bump_is_bounded_where_it_begins_and_ends(parameters: SpottingParameters) -> None:
    # from 3.0 s to 3.4 s at 30 Hz: differs from rest on frames 91..101, greatest on 96
    (found,) = proposed(a_curve((0, lambda times: 0.8 * ramp(times, 3.0, 3.4))), parameters)
    assert found.tags == frozenset() and found.region == "brow-right"
    assert abs(found.span.onset - 91) <= 1 and found.span.apex == 96 and abs(found.span.offset - 101) <= 1
    # one of the region's two places by 0.8 px is 0.4 px, less the baseline and the smoothing, over the 0.15 px asked
    assert 2.2 < found.score < 2.7


def test_one_movement_in_two_regions_is_one_proposal(parameters: SpottingParameters) -> None:
    curve = a_curve((0, lambda times: 0.5 * ramp(times, 3.0, 3.4)), (4, lambda times: 0.9 * ramp(times, 3.05, 3.45)))
    (found,) = proposed(curve, parameters)
    assert found.region == "mouth-corner-left"


def test_what_both_sides_do_is_one_movement_without_a_side(parameters: SpottingParameters) -> None:
    # both lids tremble by 0.1 px, each by itself, and go down by 0.3 px together: their mean trembles less
    random = np.random.default_rng(8)

    def lid(times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return random.normal(0, 0.1, len(times)) + 0.3 * ramp(times, 3.0, 3.4)

    strongest = max(proposed(a_curve((2, lid), (3, lid)), parameters), key=lambda one: one.score)
    assert strongest.region == "lid" and abs(strongest.span.apex - 96) <= 2


def test_a_restless_time_asks_for_more_than_a_quiet_one(parameters: SpottingParameters) -> None:
    # the chin trembles by 0.3 px for the first 10 of 40 s; in both times it goes down by 0.4 px, 0.4 s long
    def course(times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        tremble = np.where(times < 10, 0.3 * np.sin(2 * np.pi * 6.3 * times), 0.0)
        return tremble + 0.4 * ramp(times, 5.0, 5.4) + 0.4 * ramp(times, 25.0, 25.4)

    found = proposed(a_curve((5, course), seconds=40), parameters)
    (quiet,) = [one for one in found if one.span.apex > 600]
    assert abs(quiet.span.apex - 756) <= 1
    assert all(one.score < 0.7 * quiet.score for one in found if one.span.apex < 300)


def test_a_blink_hides_no_movement_of_the_mouth(parameters: SpottingParameters) -> None:
    times = np.arange(240) / RATE_HZ
    shut = ramp(times, 3.0, 3.3)

    def lids(times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return ramp(times, 3.0, 3.3)

    def mouth(times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return 0.6 * ramp(times, 3.05, 3.4)

    both = proposed(a_curve((2, lids), (3, lids), (4, mouth), openness=0.3 - 0.2 * shut), parameters)
    assert {(one.region.removesuffix("-left"), one.tags) for one in both} == {
        ("lid", frozenset({Tag.BLINK})),
        ("mouth-corner", frozenset()),
    }


def test_two_movements_half_a_second_apart_are_two(parameters: SpottingParameters) -> None:
    curve = a_curve((0, lambda times: 0.8 * ramp(times, 3.0, 3.3) + 0.6 * ramp(times, 3.8, 4.1)))
    # greatest at 3.15 s and 3.95 s: frames 94.5 and 118.5
    np.testing.assert_allclose([found.span.apex for found in proposed(curve, parameters)], [94.5, 118.5], atol=1)


def test_a_slow_expression_is_tagged_macro(parameters: SpottingParameters) -> None:
    # it stands above half its height for 0.6 s, longer than a micro-expression lasts in all
    found = proposed(a_curve((4, lambda times: 2 * ramp(times, 3.0, 4.2))), parameters)
    assert found and all(Tag.MACRO in proposal.tags for proposal in found)


@pytest.mark.parametrize("rise_s", [0.1, 0.25, 0.5])
def test_edges_of_a_held_expression_are_never_taken_for_micro(rise_s: float, parameters: SpottingParameters) -> None:
    def course(times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.clip(np.minimum(times - 3.0, 4.6 - times) / rise_s, 0, 1)

    assert all(Tag.MACRO in proposal.tags for proposal in proposed(a_curve((4, course)), parameters))


@pytest.mark.parametrize("start_s", [-0.14, 7.69])
def test_what_is_cut_off_by_the_recording_is_not_taken_for_micro(
    start_s: float, parameters: SpottingParameters
) -> None:
    # the recording runs from 0 s to 8 s; a part of the movement lies outside
    found = proposed(a_curve((4, lambda times: ramp(times, start_s, start_s + 0.4))), parameters)
    assert found and all(Tag.MACRO in proposal.tags for proposal in found)


def test_shut_eyes_are_a_blink(parameters: SpottingParameters) -> None:
    times = np.arange(240) / RATE_HZ
    shut = ramp(times, 3.0, 3.3)
    blink = a_curve(
        (2, lambda times: 2 * ramp(times, 3.0, 3.3)),
        (3, lambda times: 2 * ramp(times, 3.0, 3.3)),
        openness=0.3 - 0.2 * shut,
    )
    (found,) = proposed(blink, parameters)
    assert found.tags == {Tag.BLINK}


def test_a_wink_like_twitch_with_open_eyes_is_no_blink(parameters: SpottingParameters) -> None:
    (found,) = proposed(a_curve((2, lambda times: 0.8 * ramp(times, 3.0, 3.3))), parameters)
    assert found.tags == frozenset()


def test_a_travelling_head_is_tagged(parameters: SpottingParameters) -> None:
    times = np.arange(240) / RATE_HZ
    head = np.stack([20 * ramp(times, 2.8, 3.6), np.zeros(240)], axis=1)
    (found,) = proposed(a_curve((0, lambda times: 0.8 * ramp(times, 3.0, 3.4)), head=head), parameters)
    assert found.tags == {Tag.HEAD_MOTION}


def test_more_than_a_travelling_head_could_make_is_not_tagged(parameters: SpottingParameters) -> None:
    times = np.arange(240) / RATE_HZ
    head = np.stack([2 * ramp(times, 2.8, 3.6), np.zeros(240)], axis=1)
    (found,) = proposed(a_curve((4, lambda times: 0.8 * ramp(times, 3.0, 3.4)), head=head), parameters)
    assert found.tags == frozenset()


def test_a_mouth_that_goes_on_moving_speaks(parameters: SpottingParameters) -> None:
    def talk(times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return sum((0.9 * ramp(times, 2.0 + 0.3 * beat, 2.25 + 0.3 * beat) for beat in range(9)), np.zeros_like(times))

    found = proposed(a_curve((5, talk), seconds=20), parameters)
    assert len(found) >= 5 and all(Tag.SPEECH in proposal.tags for proposal in found[2:-2])


def test_frames_are_counted_in_the_recording_at_any_rate(parameters: SpottingParameters) -> None:
    # the face appears on frame 1000; its frames come at uneven times
    times = np.cumsum(np.random.default_rng(4).choice([1 / 60, 1 / 30, 1 / 20], 400))
    middle = times[200]
    curve = a_curve((0, lambda times: 0.8 * ramp(times, middle - 0.2, middle + 0.2)), times_s=times)
    (found,) = propose(curve, 1000 + np.arange(400), 3, parameters)
    assert abs(found.span.apex - 1200) <= 1 and found.track == 3
    onset, offset = times[found.span.onset - 1000], times[found.span.offset - 1000]
    assert abs(onset - (middle - 0.2)) < 0.08 and abs(offset - (middle + 0.2)) < 0.08


def test_nothing_is_read_across_a_gap(parameters: SpottingParameters) -> None:
    times = np.concatenate([np.arange(120) / RATE_HZ, 10 + np.arange(120) / RATE_HZ])
    step = a_curve((0, lambda times: np.where(times > 8, 5.0, 0.0)), times_s=times)  # another rest after the gap
    assert proposed(step, parameters) == ()


@pytest.mark.parametrize("n_frames", [0, 1, 2, 3])
def test_a_face_seen_for_a_moment_is_no_trouble(n_frames: int, parameters: SpottingParameters) -> None:
    assert proposed(a_curve(seconds=n_frames / RATE_HZ), parameters) == ()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.floats(1, 18), st.floats(0.1, 0.6), st.floats(0.2, 3)), max_size=8))
def test_spans_are_in_order_and_inside(moves: list[tuple[int, float, float, float]]) -> None:
    curve = a_curve(
        *(
            (
                place,
                lambda times, start=start, length=length, height=height: height * ramp(times, start, start + length),
            )
            for place, start, length, height in moves
        ),
        seconds=20,
    )
    found = proposed(curve, load_parameters("mmed"))
    assert list(found) == sorted(found, key=lambda proposal: proposal.span.apex)
    for proposal in found:
        assert proposal.score >= 1 and proposal.region in (*PLACES, "lid")
        assert 0 <= proposal.span.onset <= proposal.span.apex <= proposal.span.offset < 600


def test_a_long_curve_is_worked_out_in_blocks_that_leave_no_trace(
    parameters: SpottingParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(4)
    times = np.cumsum(random.choice([1 / 30, 1 / 29, 1 / 15, 0.8], 3000, p=[0.6, 0.3, 0.098, 0.002]))  # with gaps
    apexes = random.uniform(times[0], times[-1], 60)
    curve = a_curve(
        *(
            (int(place), lambda at, apex=apex: 0.9 * ramp(at, apex - 0.15, apex + 0.2))
            for place, apex in enumerate(apexes[:6])
        ),
        *((1, lambda at, apex=apex: 0.9 * ramp(at, apex - 0.15, apex + 0.2)) for apex in apexes[6:]),
        times_s=times,
        openness=random.uniform(0.1, 0.3, len(times)),
        head=np.cumsum(random.normal(0, 0.1, (len(times), 2)), axis=0),
    )
    frames = np.arange(len(times))
    monkeypatch.setattr(peaks, "_BLOCK", 1 << 20)
    whole, found = even_runs(curve, frames, parameters), proposed(curve, parameters)
    assert len(whole) > 2 and len(found) > 20
    for block in (33, 1000):
        monkeypatch.setattr(peaks, "_BLOCK", block)
        for one, other in zip(whole, even_runs(curve, frames, parameters), strict=True):
            for name in ("frames", "times_s", "motion", "place", "head", "openness", "strength"):
                np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert proposed(curve, parameters) == found
