"""Films at hand: the open one at once, coming ones as memory allows, and never more than was set aside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import pytest
from builders.clips import Kind, a_clip
from builders.video import read_barcode, steady
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator_gui import shelf as shelf_module
from annotator_gui.film import Film, decode
from annotator_gui.shelf import Reel, Shelf
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.time import Frame

A_FRAME = 128 * 32 * 3
"""Bytes."""
PATIENCE_S = 20


def a_reel(folder: Path, ticket: str, n_frames: int = 10) -> Reel:
    kind = Kind(time_base=Fraction(1, 60), pts=steady(n_frames, 1), last_lasts=1)
    clip = a_clip(folder / f"{ticket}.mp4", kind)
    return Reel(ticket=TicketId(ticket), path=clip.path, clock=clip.clock)


@contextmanager
def a_shelf(n_frames: int = 1000) -> Iterator[Shelf]:
    """A shelf on which so many frames fit."""
    shelf = Shelf(n_frames * A_FRAME)
    try:
        yield shelf
    finally:
        shelf.close()


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.002)


def on_hand(shelf: Shelf, reels: list[Reel]) -> str:
    until(lambda: shelf.idle)
    return "".join(reel.ticket for reel in reels if shelf.held(reel) is not None)


class Slow:
    """Decodes frame by frame, when it is let."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *tickets: str) -> None:
        self.begun: list[str] = []
        self.n_asked = 0
        """How often one of them asked to be let on: for the frame that comes next, all before are told of."""
        self.go = threading.Semaphore(0)
        self.sees_stop = threading.Event()
        self.sees_stop.set()

        def held_back(*args: object, **named: object) -> Film:
            ticket = str(named["ticket"])
            self.begun.append(ticket)
            if ticket in tickets:
                stop = named["cancelled"]
                assert callable(stop)

                def cancelled() -> bool:
                    self.n_asked += 1
                    while not self.go.acquire(timeout=0.005):
                        if self.sees_stop.is_set() and stop():
                            return True
                    return bool(stop())

                named["cancelled"] = cancelled
            return decode(*args, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(shelf_module, "decode", held_back)


def test_an_opened_film_can_be_shown_from_its_first_frame_on(tmp_path: Path) -> None:
    reel = a_reel(tmp_path, "1")
    seen: list[int] = []
    with a_shelf() as shelf:
        film = shelf.open(reel, lambda film: seen.append(film.n_ready)).result(PATIENCE_S)
        assert film.whole and seen == list(range(1, 11))
        assert read_barcode(film.at(Frame(7))) == 7  # type: ignore[arg-type]
        assert shelf.held(reel) is film and shelf.n_bytes == 10 * A_FRAME


def test_what_was_fetched_ahead_is_there_at_once(tmp_path: Path) -> None:
    first, second = a_reel(tmp_path, "1"), a_reel(tmp_path, "2")
    with a_shelf() as shelf:
        shelf.open(first)
        shelf.prefetch([second])
        until(lambda: shelf.held(second) is not None)
        told: list[tuple[int, str]] = []
        done = shelf.open(second, lambda film: told.append((film.n_ready, threading.current_thread().name)))
        assert done.done() and done.result().whole
        assert told == [(10, threading.current_thread().name)]


def test_opening_goes_before_fetching_ahead_which_then_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead, wanted = a_reel(tmp_path, "1"), a_reel(tmp_path, "2")
    slow = Slow(monkeypatch, "1")
    with a_shelf() as shelf:
        shelf.prefetch([ahead])
        until(lambda: slow.begun == ["1"])
        assert shelf.open(wanted).result(PATIENCE_S).whole  # though the other one was never let on
        until(lambda: slow.begun == ["1", "2", "1"])
        slow.go.release(1000)
        assert on_hand(shelf, [ahead, wanted]) == "12"


def test_a_film_that_is_being_fetched_is_taken_over_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reel = a_reel(tmp_path, "1")
    slow = Slow(monkeypatch, "1")
    with a_shelf() as shelf:
        shelf.prefetch([reel])
        slow.go.release(4)
        until(lambda: slow.n_asked == 5)
        seen: list[int] = []
        done = shelf.open(reel, lambda film: seen.append(film.n_ready))
        assert seen == [4]
        slow.go.release(1000)
        assert done.result(PATIENCE_S).whole
        assert seen == [4, 5, 6, 7, 8, 9, 10] and slow.begun == ["1"]


def test_opening_another_one_stops_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reels = [a_reel(tmp_path, name) for name in "123"]
    slow = Slow(monkeypatch, "1", "2")
    with a_shelf() as shelf:
        slow.sees_stop.clear()  # the second one shall not begin before the third is asked for
        first, second, third = (shelf.open(reel) for reel in reels)
        slow.sees_stop.set()
        for left in (first, second):
            with pytest.raises(CancelledError):
                left.result(PATIENCE_S)
        assert third.result(PATIENCE_S).whole
        assert on_hand(shelf, reels) == "3" and "2" not in slow.begun


def test_wishes_that_nobody_has_any_more_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stale, fresh = a_reel(tmp_path, "1"), a_reel(tmp_path, "2")
    slow = Slow(monkeypatch, "1")
    with a_shelf() as shelf:
        shelf.prefetch([stale])
        until(lambda: slow.begun == ["1"])
        shelf.prefetch([fresh])
        assert on_hand(shelf, [stale, fresh]) == "2"


def test_a_film_too_large_for_the_rest_is_passed_over_and_smaller_ones_are_not(tmp_path: Path) -> None:
    reels = [a_reel(tmp_path, "1", 20), a_reel(tmp_path, "2", 15), a_reel(tmp_path, "3", 8)]
    with a_shelf(n_frames=30) as shelf:
        shelf.open(reels[0]).result(PATIENCE_S)
        shelf.prefetch(reels[1:])
        assert on_hand(shelf, reels) == "13"
        shelf.open(reels[1]).result(PATIENCE_S)  # now the others make room: the first went, which nobody wished for
        assert on_hand(shelf, reels) == "23"


def test_the_open_one_never_goes(tmp_path: Path) -> None:
    reels = [a_reel(tmp_path, name, 10) for name in "1234"]
    with a_shelf(n_frames=20) as shelf:
        shelf.open(reels[0]).result(PATIENCE_S)
        for wish in (reels[1], reels[2], reels[3]):
            shelf.prefetch([wish])
            assert on_hand(shelf, reels) == f"1{wish.ticket}"


def test_earlier_wishes_go_before_later_ones(tmp_path: Path) -> None:
    reels = [a_reel(tmp_path, name, 10) for name in "12345"]
    with a_shelf(n_frames=30) as shelf:
        shelf.open(reels[0]).result(PATIENCE_S)
        shelf.prefetch(reels[1:])
        assert on_hand(shelf, reels) == "123"
        shelf.prefetch([reels[3], reels[1]])
        assert on_hand(shelf, reels) == "124"


def test_an_open_film_that_fits_only_as_decoded_is_held_so(tmp_path: Path) -> None:
    reel = a_reel(tmp_path, "1", 40)
    with a_shelf(n_frames=39) as shelf:
        film = shelf.open(reel).result(PATIENCE_S)
        assert film.compact and shelf.n_bytes <= 39 * A_FRAME
        assert read_barcode(film.at(Frame(33))) == 33  # type: ignore[arg-type]


def test_an_open_film_that_does_not_fit_at_all_is_refused_in_a_sentence(tmp_path: Path) -> None:
    reel = a_reel(tmp_path, "1", 40)
    with a_shelf(n_frames=5) as shelf, pytest.raises(BadInput, match=r"ticket 1 takes .* more than is set aside"):
        shelf.open(reel).result(PATIENCE_S)


def test_a_wish_that_cannot_be_read_stands_in_nobodys_way(tmp_path: Path) -> None:
    gone, good = Reel(ticket=TicketId("1"), path=tmp_path / "gone.mp4"), a_reel(tmp_path, "2")
    with a_shelf() as shelf:
        shelf.prefetch([gone, good])
        assert on_hand(shelf, [gone, good]) == "2"
        with pytest.raises(BadInput, match="the picture of ticket 1 cannot be read"):
            shelf.open(gone).result(PATIENCE_S)


def test_a_reference_needs_no_clock(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "n.mp4", "variable")
    with a_shelf() as shelf:
        film = shelf.open(Reel(ticket=TicketId("1"), path=clip.path)).result(PATIENCE_S)
        assert film.clock.pts == clip.clock.pts


def test_closing_stops_at_the_next_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(monkeypatch, "1")
    with a_shelf() as shelf:
        done = shelf.open(a_reel(tmp_path, "1"))
        until(lambda: slow.begun == ["1"])
    with pytest.raises(CancelledError):
        done.result(PATIENCE_S)


LENGTHS = (4, 7, 9, 12, 20)


@pytest.fixture(scope="module")
def reels(tmp_path_factory: pytest.TempPathFactory) -> list[Reel]:
    folder = tmp_path_factory.mktemp("reels")
    return [a_reel(folder, str(number), length) for number, length in enumerate(LENGTHS)]


@settings(max_examples=30)
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["open", "prefetch", "wait"]), st.lists(st.integers(0, 4), min_size=1, max_size=4)),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_is_asked_the_bytes_stay_within_and_the_open_one_is_right(
    reels: list[Reel], acts: list[tuple[str, list[int]]]
) -> None:
    most = 24
    over: list[int] = []
    done: Future[Film] | None = None
    opened = -1
    with a_shelf(n_frames=most) as shelf:

        def watch(film: Film) -> None:
            if shelf.n_bytes > most * A_FRAME:
                over.append(shelf.n_bytes)

        for name, numbers in acts:
            if name == "open":
                done = shelf.open(reels[numbers[0]], watch)
                opened = numbers[0]
            elif name == "prefetch":
                shelf.prefetch([reels[number] for number in numbers])
            elif done is not None:
                film = done.result(PATIENCE_S)
                assert film.n_ready == LENGTHS[opened] and shelf.held(reels[opened]) is film
            assert shelf.n_bytes <= most * A_FRAME
        until(lambda: shelf.idle)
        assert shelf.n_bytes <= most * A_FRAME and over == []
        if done is not None:
            assert shelf.held(reels[opened]) is done.result()
