"""Many tasks at once, and what became of each: one bad task never stops the others.

A worker that is killed costs its task alone: what was running is given out again, one by one, and a task that kills
a second worker is refused.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from mmed_curate.domain.findings import BadInput
from mmed_curate.ingest.crew import Crew, News, Step, Work, WorkerKilled

logger = logging.getLogger(__name__)

Job = TypeVar("Job")
Result = TypeVar("Result")

_LOOK_EVERY_S = 0.2
"""How often results and news are looked for."""
_BEFORE_MAIN = frozenset({Step.PROBING, Step.COMPARING, Step.READING})
"""Steps that come when no frame has been followed."""
_AFTER_MAIN = frozenset({Step.SYNCING, Step.CUTTING, Step.MEASURING})
"""Steps that come when all frames have been followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """One task that is being worked on."""

    position: int
    step: Step
    done: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchState:
    """How far a batch is."""

    n_done: int
    """Tasks that have ended."""
    n_tasks: int
    units_done: int
    """Units of the main step (frames followed), over all tasks."""
    units_total: int
    at_work: tuple[AtWork, ...]
    """In order of position."""


Watch = Callable[[BatchState], None]


def unwatched(state: BatchState) -> None:
    """A watcher that does not watch."""


def run_jobs(
    work: Work[Job, Result],
    jobs: Mapping[int, Job],
    store: Callable[[int, Result | BadInput], None],
    *,
    crew: AbstractContextManager[Crew],
    units: Mapping[int, int],
    begin: Callable[[int], bool] = lambda position: True,
    watch: Watch = unwatched,
) -> None:
    """Run tasks and hand each result to `store`, here, as it comes.

    A task that ends in BadInput, or kills its worker twice, is handed on as BadInput; an error of ours is raised
    when the other tasks are done.

    Args:
        work: runs elsewhere: (job, tell) -> result; must be importable.
        jobs: by position.
        store: receives (position, result) in this process.
        crew: who does it.
        units: by position: units of work expected, for the rate and the time that is left.
        begin: asked right before a task is given out, whether it is needed at all; False: leave it.
        watch: called with how far the batch is.
    """
    if not jobs:
        return
    waiting, alone = deque(sorted(jobs)), deque[int]()
    running: dict[Future[Any], int] = {}
    latest: dict[int, News] = {}
    ended: dict[int, int] = {}
    killed: set[int] = set()
    ours: list[BaseException] = []

    def tell_watcher() -> None:
        at_work = tuple(
            AtWork(position=position, step=news.step, done=news.done, total=news.total)
            for position, news in sorted(latest.items())
            if position not in ended
        )
        followed = sum(
            units.get(one.position, 0) if one.step in _AFTER_MAIN else min(one.done, units.get(one.position, 0))
            for one in at_work
            if one.step not in _BEFORE_MAIN
        )
        watch(
            BatchState(
                n_done=len(ended),
                n_tasks=len(jobs),
                units_done=sum(ended.values()) + followed,
                units_total=sum(units.get(position, 0) for position in jobs),
                at_work=at_work,
            )
        )

    with crew as hands:
        while waiting or alone or running:
            # what was at work when a worker died goes again one by one: so the guilty one is found
            slots = 1 if alone or any(position in killed for position in running.values()) else hands.n_slots
            while len(running) < slots and (alone or waiting):
                position = alone.popleft() if alone else waiting.popleft()
                if position not in killed:  # this may take a while too: files are read from end to end
                    latest[position] = News(position=position, step=Step.COMPARING, done=0, total=None)
                    tell_watcher()
                if position in killed or begin(position):
                    running[hands.submit(work, position, jobs[position])] = position
                else:
                    ended[position] = units.get(position, 0)
            finished, _ = wait(running, timeout=_LOOK_EVERY_S, return_when=FIRST_COMPLETED)
            for news in hands.news():
                latest[news.position] = news
            for future in finished:
                position = running.pop(future)
                error = future.exception()
                if isinstance(error, WorkerKilled) and position not in killed:
                    killed.add(position)
                    alone.append(position)
                    latest.pop(position, None)
                    continue
                ended[position] = units.get(position, 0)
                if error is None:
                    store(position, future.result())
                elif isinstance(error, BadInput):
                    store(position, error)
                elif isinstance(error, WorkerKilled):
                    store(position, _killed_twice())
                else:
                    logger.error("task %d failed", position, exc_info=error)
                    ours.append(error)
            tell_watcher()
    if ours:
        raise ours[0]


def _killed_twice() -> BadInput:
    return BadInput.of(
        "ingest.worker_killed",
        "the worker process was killed twice, most often for want of memory",
        "run the same command again, with --workers 1",
    )
