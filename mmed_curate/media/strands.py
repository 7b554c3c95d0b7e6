"""Threads that work beside the one that reads: jobs of one strand run in order, one at a time; strands run at once."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

Job = Callable[[], None]


class Strands:
    """Runs jobs on a few threads, the oldest strand first. What waits is bounded in bytes, not in number.

    Leaving the block after an error of the caller still finishes the jobs that were put in, except after an interrupt.
    """

    def __init__(self, *, n_threads: int | None = None, most_bytes: int) -> None:
        """Start nothing yet.

        Args:
            n_threads: None: one for each core that this process may use.
            most_bytes: how much may wait; a single job may be larger.
        """
        self._n_threads = n_threads or _cores()
        self._most_bytes = most_bytes
        self._changed = threading.Condition()
        self._jobs: dict[int, deque[tuple[Job, int]]] = {}
        self._busy: set[int] = set()
        self._bytes = 0
        self._failure: BaseException | None = None
        self._ends = False
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Start the threads."""
        for _ in range(self._n_threads):
            thread = threading.Thread(target=self._work, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def put(self, strand: int, job: Job, *, n_bytes: int = 0) -> None:
        """Add a job; waits while too much is waiting.

        Args:
            strand: smaller numbers go first.
            job: what to do.
            n_bytes: what it holds until it is done.

        Raises:
            BaseException: what an earlier job raised.
        """
        with self._changed:
            while self._failure is None and self._bytes and self._bytes + n_bytes > self._most_bytes:
                self._changed.wait()
            if self._failure is not None:
                raise self._failure
            self._jobs.setdefault(strand, deque()).append((job, n_bytes))
            self._bytes += n_bytes
            self._changed.notify()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the jobs, end the threads.

        Raises:
            BaseException: what a job raised, where the caller has no error of its own.
        """
        with self._changed:
            if kind is not None and not issubclass(kind, Exception):
                self._jobs.clear()
            self._ends = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        if kind is None and self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        while (found := self._next()) is not None:
            strand, job, n_bytes = found
            try:
                job()
            except BaseException as error:  # it is raised again where jobs are put in
                failure: BaseException | None = error
            else:
                failure = None
            del found, job  # what the job held is free before its bytes are
            with self._changed:
                self._busy.discard(strand)
                self._bytes -= n_bytes
                if failure is not None:
                    self._failure = self._failure or failure
                    self._jobs.clear()
                self._changed.notify_all()

    def _next(self) -> tuple[int, Job, int] | None:
        with self._changed:
            while True:
                free = [strand for strand, jobs in self._jobs.items() if jobs and strand not in self._busy]
                if free:
                    strand = min(free)
                    job, n_bytes = self._jobs[strand].popleft()
                    if not self._jobs[strand]:
                        del self._jobs[strand]
                    self._busy.add(strand)
                    return strand, job, n_bytes
                if self._ends and not self._jobs:
                    return None
                self._changed.wait()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
