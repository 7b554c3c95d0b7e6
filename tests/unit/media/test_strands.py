"""Jobs of one strand in order, strands at once, no more waiting than allowed, and no error lost."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from mmed_curate.media.strands import Strands


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_each_strand_keeps_its_order(n_threads: int) -> None:
    done: list[tuple[int, int]] = []
    with Strands(n_threads=n_threads, most_bytes=100) as strands:
        for job in range(200):
            for strand in range(4):
                strands.put(strand, partial(done.append, (strand, job)), n_bytes=7)
    for strand in range(4):
        assert [job for its, job in done if its == strand] == list(range(200))


def test_strands_run_at_once() -> None:
    together = threading.Barrier(2, timeout=10)  # nobody passes alone
    with Strands(n_threads=2, most_bytes=100) as strands:
        for strand in range(2):
            strands.put(strand, lambda: together.wait() and None)


def test_no_more_waits_than_allowed() -> None:
    held, most = 0, 0
    lock = threading.Lock()

    def let_go(n_bytes: int) -> None:
        nonlocal held
        with lock:
            held -= n_bytes

    with Strands(n_threads=2, most_bytes=100) as strands:
        for number in range(300):
            n_bytes = 150 if number == 50 else 30  # one that is larger than all that is allowed
            strands.put(number % 5, partial(let_go, n_bytes), n_bytes=n_bytes)
            with lock:
                held += n_bytes
                most = max(most, held)
    assert held == 0
    assert most <= 150 + 30 * 2  # a job's own count is put down just before the strand's


def test_an_error_reaches_whoever_puts_jobs_in_and_stops_the_rest() -> None:
    done: list[int] = []
    with pytest.raises(OSError, match="the disk is full"):  # noqa: SIM117
        with Strands(n_threads=1, most_bytes=10) as strands:
            strands.put(0, partial(done.append, 0), n_bytes=10)
            strands.put(1, _fails, n_bytes=10)
            for number in range(100):
                strands.put(2, partial(done.append, number), n_bytes=10)
    assert len(done) < 100


def test_an_error_of_the_caller_lets_the_jobs_finish() -> None:
    done: list[int] = []
    with pytest.raises(ValueError, match="mine"), Strands(n_threads=2, most_bytes=1000) as strands:
        for number in range(50):
            strands.put(0, partial(done.append, number), n_bytes=1)
        raise ValueError("mine")
    assert done == list(range(50))


def test_an_interrupt_does_not_wait_for_them() -> None:
    begun, go_on = threading.Event(), threading.Event()
    done: list[int] = []

    def slow() -> None:
        begun.set()
        go_on.wait(10)

    def interrupted() -> None:
        with Strands(n_threads=1, most_bytes=1000) as strands:
            strands.put(0, slow)
            strands.put(0, partial(done.append, 1))
            begun.wait(10)
            threading.Timer(0.05, go_on.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == []


def _fails() -> None:
    raise OSError("the disk is full")
