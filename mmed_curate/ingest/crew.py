"""Who does the work: processes of this machine, or the workers of a Dask cluster. Either way one task per recording.

Tasks write media and return records; only this process writes the database.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeVar

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.workers import worker_pool

Job = TypeVar("Job")
Result = TypeVar("Result")

_TOPIC = "mmed-ingest"


class Step(Enum):
    """What a worker is at, or the coordinator before one is."""

    PROBING = "looking what it holds"
    COMPARING = "comparing with what is known"
    READING = "reading"
    WATCHING = "following faces"
    SYNCING = "syncing sound"
    CUTTING = "cutting"
    MEASURING = "measuring clips"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a worker says of its task."""

    position: int
    """Of the task."""
    step: Step
    done: int
    total: int | None
    """None: not known."""


Tell = Callable[[Step, int, int | None], None]
"""How a task says how far it is: step, units done, of how many."""
Work = Callable[[Job, Tell], Result]


class WorkerKilled(Exception):
    """The process that ran a task is gone."""


class Crew(Protocol):
    """Those who do the work."""

    @property
    def n_slots(self) -> int:
        """Tasks that can run at once."""

    def submit(self, work: Work[Any, Any], position: int, job: Any) -> Future[Any]:
        """Give out a task. Its future raises WorkerKilled where its worker was killed."""

    def news(self) -> Iterator[News]:
        """What workers said since this was last asked."""


class _Processes:
    """Processes of this machine; a pool that lost one is replaced by a fresh one."""

    def __init__(self, n_workers: int) -> None:
        self.n_slots = n_workers
        self._stack = ExitStack()
        self._channel: multiprocessing.Queue[News] = multiprocessing.get_context("spawn").Queue()
        self._open()

    def _open(self) -> None:
        self._pool = self._stack.enter_context(
            worker_pool(self.n_slots, begin_with=_listen, arguments=(self._channel,))
        )

    def submit(self, work: Work[Any, Any], position: int, job: Any) -> Future[Any]:
        """Give out a task."""
        try:
            inner = self._pool.submit(_in_process, work, position, job)
        except BrokenProcessPool:
            self._open()
            inner = self._pool.submit(_in_process, work, position, job)
        outer: Future[Any] = Future()

        def hand_on(done: Future[Any]) -> None:
            if done.cancelled():
                outer.cancel()
            elif (error := done.exception()) is None:
                outer.set_result(done.result())
            else:
                outer.set_exception(WorkerKilled() if isinstance(error, BrokenProcessPool) else error)

        inner.add_done_callback(hand_on)
        return outer

    def news(self) -> Iterator[News]:
        """What workers said since this was last asked."""
        while True:
            try:
                yield self._channel.get_nowait()
            except queue.Empty:
                return

    def close(self, *error: Any) -> None:
        """End the processes."""
        self._stack.__exit__(*error)


@contextmanager
def processes(n_workers: int | None = None, n_jobs: int | None = None) -> Iterator[Crew]:
    """A process for each core, or as many as are asked for; never more than there are jobs.

    Args:
        n_workers: None: one for each core.
        n_jobs: how many there are; None: not known.
    """
    wanted = n_workers or os.cpu_count() or 1
    hands = _Processes(wanted if n_jobs is None else max(1, min(wanted, n_jobs)))
    with ExitStack() as stack:
        stack.push(hands.close)
        yield hands


_channel: list[Any] = []
"""In a worker: where it says how far it is. A queue reaches a worker only when it is started."""


def _listen(channel: Any) -> None:
    _channel.append(channel)


def _in_process(work: Work[Job, Result], position: int, job: Job) -> Result:
    def tell(step: Step, done: int, total: int | None) -> None:
        _channel[0].put(News(position=position, step=step, done=done, total=total))

    return work(job, tell)


class _Cluster:
    """The workers of a Dask scheduler."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._heard: queue.SimpleQueue[News] = queue.SimpleQueue()
        client.subscribe_topic(_TOPIC, lambda event: self._heard.put(_news(event[1])))

    @property
    def n_slots(self) -> int:
        """Threads of all workers that are there now; at least 1: workers may come later."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def submit(self, work: Work[Any, Any], position: int, job: Any) -> Future[Any]:
        """Give out a task; Dask gives it to another worker where one dies, and gives up after its own bound."""
        from distributed import KilledWorker

        inner = self._client.submit(_on_cluster, work, position, job, pure=False)
        outer: Future[Any] = Future()

        def bring_in() -> None:
            try:
                outer.set_result(inner.result())
            except KilledWorker:
                outer.set_exception(WorkerKilled())
            except BaseException as error:
                outer.set_exception(error)

        threading.Thread(target=bring_in, daemon=True).start()
        return outer

    def news(self) -> Iterator[News]:
        """What workers said since this was last asked."""
        while not self._heard.empty():
            yield self._heard.get()


@contextmanager
def cluster(address: str) -> Iterator[Crew]:
    """The workers of a Dask scheduler. They must see the recordings and the workspace's media at the same paths.

    Args:
        address: such as tcp://host:8786.

    Raises:
        BadInput: the package is missing, or nobody answers there.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise BadInput.of(
            "ingest.no_dask", "--scheduler needs Dask's distributed", "pip install 'mmed-curate[cluster]'"
        ) from error
    try:
        open_client: Any = Client
        client = open_client(address, timeout="10s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise BadInput.of(
            "ingest.no_scheduler", f"no Dask scheduler answers at {address}", "start one, or correct the address"
        ) from error
    with client:
        yield _Cluster(client)


def _news(message: Any) -> News:
    """A message of plain values, as Dask carries them."""
    position, step, done, total = message
    return News(position=position, step=Step(step), done=done, total=total)


def _on_cluster(work: Work[Job, Result], position: int, job: Job) -> Result:
    from distributed import get_worker

    worker = get_worker()

    def tell(step: Step, done: int, total: int | None) -> None:
        worker.log_event(_TOPIC, [position, step.value, done, total])

    return work(job, tell)
