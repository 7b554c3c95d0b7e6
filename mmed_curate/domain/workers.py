"""Processes that work beside this one, and never outlive it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager


@contextmanager
def worker_pool(
    n_workers: int, *, begin_with: Callable[..., None] | None = None, arguments: tuple[object, ...] = ()
) -> Iterator[ProcessPoolExecutor]:
    """A pool of freshly started processes; on an error or interrupt, what was not begun is dropped.

    A worker ends at once on an interrupt, and when this process dies, however it dies. Each runs one numerical
    thread: there is a worker for each core.

    Args:
        n_workers: how many.
        begin_with: called in each worker before its first job; must be importable.
        arguments: what it is called with.
    """
    # spawn: a forked copy of a process with threads may hang
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(n_workers, mp_context=context, initializer=_begin, initargs=(begin_with, arguments))
    try:
        with _inherited():
            for _ in range(n_workers):
                pool.submit(int)  # a job that finds nobody idle starts a process
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


@contextmanager
def _inherited() -> Iterator[None]:
    """What processes started inside begin with: one numerical thread, and no ear for Ctrl-C until `_begin`."""
    # both are inherited: the variable is read when a library loads, the mask holds before our first line runs
    before = os.environ.get("OMP_NUM_THREADS")
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def _begin(begin_with: Callable[..., None] | None, arguments: tuple[object, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a worker has nothing to say about an interrupt: the parent has
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if begin_with is not None:
        begin_with(*arguments)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
