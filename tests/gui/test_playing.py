"""A loop shows every frame once a round, in order, at any speed; nothing is late when asked at its time."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from builders.clips import KINDS, a_clip
from builders.video import read_barcode
from hypothesis import given
from hypothesis import strategies as st

from annotator_gui.film import decode
from annotator_gui.playing import Flicker, Loop
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.time import Frame, FrameClock

SPEEDS = st.one_of(
    st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(1, 4), Fraction(1, 10)]),
    st.fractions(min_value=Fraction(1, 50), max_value=4, max_denominator=997),
)


def a_clock(rate_hz: int, n_frames: int) -> FrameClock:
    return FrameClock(pts=tuple(range(n_frames)), end_pts=n_frames, time_base=Fraction(1, rate_hz))


@st.composite
def loops(draw: st.DrawFn) -> Loop:
    """Any run of any clip at any speed."""
    gaps = draw(st.lists(st.integers(1, 3000), min_size=1, max_size=30))
    start = draw(st.integers(-5000, 5000))
    pts = tuple(accumulate([start, *gaps]))
    time_base = draw(st.sampled_from([Fraction(1, 15360), Fraction(1, 1000), Fraction(1001, 30000), Fraction(1, 60)]))
    clock = FrameClock(pts=pts[:-1], end_pts=pts[-1], time_base=time_base)
    first = draw(st.integers(0, clock.last_frame))
    last = draw(st.integers(first, clock.last_frame))
    return Loop(clock=clock, first=Frame(first), last=Frame(last), speed=draw(SPEEDS))


def test_half_speed_of_a_variable_clip_by_hand() -> None:
    # frames at 0, 10, 15 ms, the last until 40 ms; at half speed 0, 20, 30 until 80 ms
    clock = FrameClock(pts=(0, 10, 15), end_pts=40, time_base=Fraction(1, 1000))
    loop = Loop(clock=clock, first=Frame(0), last=Frame(2), speed=Fraction(1, 2))
    assert loop.round_s == Fraction(80, 1000)
    shown = [loop.at(Fraction(ms, 1000)) for ms in (0, 19, 20, 29, 30, 79, 80, 99, 100, 160)]
    assert [moment.frame for moment in shown] == [0, 0, 1, 1, 2, 2, 0, 0, 1, 0]
    assert [moment.replays for moment in shown] == [0, 0, 0, 0, 0, 0, 1, 1, 1, 2]
    assert loop.next_due_s(Fraction(29, 1000)) == Fraction(30, 1000)
    assert loop.next_due_s(Fraction(79, 1000)) == Fraction(80, 1000)


@given(loop=loops(), rounds=st.integers(1, 3))
def test_every_frame_comes_up_once_a_round_in_order(loop: Loop, rounds: int) -> None:
    # asked only when told that something is due
    elapsed = Fraction(0)
    frames = []
    for _ in range(rounds * loop.n_frames):
        frames.append(loop.at(elapsed).frame)
        elapsed = loop.next_due_s(elapsed)
    assert frames == list(range(loop.first, loop.last + 1)) * rounds
    assert elapsed == rounds * loop.round_s
    assert loop.at(elapsed).replays == rounds


@given(loop=loops(), step=st.integers(0, 200))
def test_nothing_is_late_when_asked_at_its_time(loop: Loop, step: int) -> None:
    due = loop.due_s(step)
    moment = loop.at(due)
    assert moment.step == step
    assert moment.frame == loop.first + step % loop.n_frames
    assert moment.replays == step // loop.n_frames
    if step:
        assert loop.at(due - Fraction(1, 10**12)).step == step - 1


@given(loop=loops(), elapsed=st.fractions(0, 100))
def test_the_frame_on_screen_is_the_clocks(loop: Loop, elapsed: Fraction) -> None:
    moment = loop.at(elapsed)
    on_clip = loop.clock.start_of(loop.first) + elapsed % loop.round_s * loop.speed
    assert moment.frame == loop.clock.frame_at(on_clip)
    assert loop.due_s(moment.step) <= elapsed < loop.next_due_s(elapsed)


@given(loop=loops(), data=st.data())
def test_a_loop_can_begin_with_any_of_its_frames(loop: Loop, data: st.DataObject) -> None:
    frame = Frame(data.draw(st.integers(loop.first, loop.last)))
    assert loop.at(loop.begins_s(frame)).frame == frame


@given(loop=loops(), rate_hz=st.sampled_from([16_000, 44_100, 48_000]))
def test_the_sound_of_a_loop_is_as_long_as_its_picture_to_one_sample(loop: Loop, rate_hz: int) -> None:
    part = loop.samples(rate_hz)
    assert abs((part.stop - part.start) - loop.round_s * rate_hz) < 1
    begins = (loop.clock.start_of(loop.first) - loop.clock.start_of(Frame(0))) / loop.speed
    assert 0 <= part.start - begins * rate_hz < 1


def test_loops_of_neighbouring_runs_share_no_sample() -> None:
    clock = a_clock(60, 60)
    parts = [Loop(clock=clock, first=Frame(n), last=Frame(n), speed=Fraction(1, 10)).samples(44_100) for n in range(60)]
    assert [part.stop for part in parts[:-1]] == [part.start for part in parts[1:]]
    assert parts[0].start == 0 and parts[-1].stop == 441_000


@pytest.mark.parametrize(
    ("rate_hz", "speed", "refresh_hz", "share"),
    [
        (60, "1", 60, "1"),
        (60, "1", 144, "1"),
        (200, "1", 60, "3/10"),  # 60 of 200 frames
        (200, "1/4", 60, "1"),
        (200, "1/2", 60, "3/5"),
        (120, "1", 60, "1/2"),
    ],
)
def test_how_much_a_screen_shows(rate_hz: int, speed: str, refresh_hz: int, share: str) -> None:
    loop = Loop(clock=a_clock(rate_hz, 50), first=Frame(3), last=Frame(40), speed=Fraction(speed))
    assert loop.share_shown(Fraction(refresh_hz)) == Fraction(share)


def test_how_much_of_a_variable_clip_a_screen_shows() -> None:
    # of frames of 5 and 45 ms, a screen of 50 Hz (20 ms) draws the short one in a quarter of all rounds
    clock = FrameClock(pts=(0, 5), end_pts=50, time_base=Fraction(1, 1000))
    assert Loop(clock=clock, first=Frame(0), last=Frame(1)).share_shown(Fraction(50)) == Fraction(5, 8)


@given(loop=loops(), refresh_hz=st.integers(24, 240), phase=st.fractions(0, 1))
def test_a_share_of_one_means_that_no_frame_is_dropped(loop: Loop, refresh_hz: int, phase: Fraction) -> None:
    if loop.share_shown(Fraction(refresh_hz)) < 1 or loop.round_s > 3:
        return
    drawn = [loop.at((phase + number) / refresh_hz).step for number in range(int(loop.round_s * refresh_hz) + 2)]
    assert all(after - before <= 1 for before, after in pairwise(drawn))


def test_two_frames_come_in_turn() -> None:
    flicker = Flicker(one=Frame(4), other=Frame(9), turn_s=Fraction(1, 4))
    assert [flicker.at(Fraction(ms, 1000)) for ms in (0, 249, 250, 499, 500)] == [4, 4, 9, 9, 4]
    assert flicker.next_due_s(Fraction(1, 4)) == Fraction(1, 2)
    assert flicker.next_due_s(Fraction(1, 3)) == Fraction(1, 2)


def test_what_cannot_be_played_is_refused() -> None:
    clock = a_clock(60, 10)
    with pytest.raises(BadInput, match="frames 5 to 10 are no run of a clip that has frames 0 to 9"):
        Loop(clock=clock, first=Frame(5), last=Frame(10))
    with pytest.raises(BadInput, match="are no run"):
        Loop(clock=clock, first=Frame(5), last=Frame(4))
    with pytest.raises(BadInput, match="at 0 of its speed"):
        Loop(clock=clock, first=Frame(0), last=Frame(1), speed=Fraction(0))
    with pytest.raises(BadInput, match="frame 2 is not among 3 to 5"):
        Loop(clock=clock, first=Frame(3), last=Frame(5)).begins_s(Frame(2))
    with pytest.raises(BadInput, match="every 100 ms: choose at least 167 ms"):
        Flicker(one=Frame(0), other=Frame(1), turn_s=Fraction(1, 10))


@pytest.mark.parametrize("kind", KINDS)
def test_no_wrong_frame_in_any_order(tmp_path: Path, kind: str) -> None:
    # the number is read from the very array that is painted
    clip = a_clip(tmp_path / "c.mp4", kind)
    film = decode(clip.path, clip.clock, ticket=TicketId("7"))
    last = clip.clock.last_frame

    def shown(frame: int) -> int:
        rgb = film.at(Frame(frame))
        assert rgb is not None
        return read_barcode(rgb)

    steps = [*range(last + 1), *range(last, -1, -1)]
    jumps = [number * 37 % (last + 1) for number in range(2 * last)]
    ends = [0, last, 0, last // 2, last, last // 3]
    for order in (steps, jumps, ends):
        assert [shown(frame) for frame in order] == order
    for speed in ("1", "1/2", "1/4", "1/10"):
        for first, end in {(0, last), (last // 3, 2 * last // 3), (last, last)}:
            loop = Loop(clock=clip.clock, first=Frame(first), last=Frame(end), speed=Fraction(speed))
            elapsed, seen = Fraction(0), []
            for _ in range(2 * loop.n_frames):
                seen.append(shown(loop.at(elapsed).frame))
                elapsed = loop.next_due_s(elapsed)
            assert seen == list(range(first, end + 1)) * 2
