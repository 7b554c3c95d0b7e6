"""Work that runs ahead in a thread: the same items, the same errors, and no thread left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import closing

import pytest

from mmed_curate.spotting.relay import NAME, ahead


def threads_running() -> int:
    """Threads of ours that are alive."""
    return sum(thread.name.startswith(NAME) for thread in threading.enumerate())


def counted(stop: int, closed: list[str], *, fail_at: int | None = None) -> Generator[int, None, None]:
    """0, 1, 2 ... and a word when it is closed."""
    try:
        for number in range(stop):
            if number == fail_at:
                raise OSError(f"broke at {number}")
            yield number
    finally:
        closed.append(threading.current_thread().name)


def doubled(source: Generator[int, None, None]) -> Generator[int, None, None]:
    """A step in the middle."""
    with closing(source):
        for number in source:
            yield 2 * number


@pytest.mark.parametrize("room", [1, 3, 1000])
def test_order_is_kept_through_several_steps(room: int) -> None:
    closed: list[str] = []
    assert list(ahead(doubled(ahead(counted(500, closed), room=room)), room=room)) == list(range(0, 1000, 2))
    assert len(closed) == 1 and threads_running() == 0


@pytest.mark.parametrize("fail_at", [0, 1, 7])
def test_an_error_comes_after_what_was_done_before_it(fail_at: int) -> None:
    closed: list[str] = []
    taken = []
    with pytest.raises(OSError, match=f"broke at {fail_at}") as caught:
        for number in ahead(doubled(ahead(counted(20, closed, fail_at=fail_at), room=2)), room=2):
            taken.append(number)
    assert taken == list(range(0, 2 * fail_at, 2))
    assert any(entry.name == "counted" for entry in caught.traceback)  # it says where
    assert len(closed) == 1 and threads_running() == 0


def test_who_leaves_early_closes_all_steps() -> None:
    closed: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        for number in ahead(doubled(ahead(counted(10**9, closed), room=2)), room=2):
            if number == 10:
                raise KeyboardInterrupt
    assert closed and closed[0].startswith(NAME)  # in the thread that ran it: a decoder is closed where it was used
    assert threads_running() == 0


def test_it_runs_no_further_ahead_than_there_is_room() -> None:
    begun: list[int] = []

    def source() -> Generator[int, None, None]:
        for number in range(100):
            begun.append(number)
            yield number

    with closing(ahead(source(), room=3)) as items:
        for number in items:
            assert max(begun) <= number + 5  # three wait, one is in hand, one is being made
            if number == 30:
                break
    assert threads_running() == 0


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_ends_a_process_whose_source_is_slow() -> None:
    program = (
        "import itertools, signal, sys, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a suite started in the background ignores it
        "from mmed_curate.spotting.relay import ahead\n"
        "def slow():\n"
        "    for n in itertools.count():\n"
        "        time.sleep(0.05)\n"
        "        yield n\n"
        "for n in ahead(slow(), room=2):\n"
        "    print(n, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"0\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert b"KeyboardInterrupt" in said and process.returncode != 0
