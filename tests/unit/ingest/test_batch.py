"""One task per recording: a bad one stops no other, a killed worker costs its task alone, a cluster does the same."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
from builders.tasks import deadly, doubled, ours_to_blame

from mmed_curate.domain.findings import BadInput
from mmed_curate.ingest.batch import BatchState, run_jobs
from mmed_curate.ingest.crew import Crew, Step, cluster, processes

Outcome = dict[int, str]


def said(result: object) -> str:
    return result.finding.what if isinstance(result, BadInput) else str(result)


def run(jobs: dict[int, object], work: object, crew: AbstractContextManager[Crew], **more: object) -> Outcome:
    outcomes: Outcome = {}
    run_jobs(
        work,  # type: ignore[arg-type]
        jobs,
        lambda position, result: outcomes.__setitem__(position, said(result)),
        crew=crew,
        units=dict.fromkeys(jobs, 3),
        **more,  # type: ignore[arg-type]
    )
    return outcomes


def test_bad_input_of_one_task_leaves_the_others_alone() -> None:
    assert run({0: 1, 1: 13, 2: 5}, doubled, processes(2, 3)) == {0: "2", 1: "13 brings bad luck", 2: "10"}


def test_a_mistake_of_ours_is_raised_when_the_others_are_done() -> None:
    outcomes: list[int] = []
    with pytest.raises(ZeroDivisionError, match="a mistake"):
        run_jobs(
            ours_to_blame,
            {0: 1, 1: 2, 2: 3},
            lambda position, result: outcomes.append(position),
            crew=processes(1, 3),
            units={},
        )
    assert outcomes == [1, 2]


def test_what_begin_refuses_is_left_out() -> None:
    assert run({0: 1, 1: 2}, doubled, processes(1, 2), begin=lambda position: position == 1) == {1: "4"}


def test_the_watcher_sees_every_unit_counted_once() -> None:
    states: list[BatchState] = []
    run({0: 1, 1: 2, 2: 13}, doubled, processes(1, 3), watch=states.append)
    assert (states[-1].n_done, states[-1].units_done, states[-1].at_work) == (3, 9, ())
    assert all(state.units_done <= state.units_total == 9 and state.n_tasks == 3 for state in states)


def test_the_watcher_sees_what_is_compared_before_any_worker_begins() -> None:
    states: list[BatchState] = []
    run({0: 1, 1: 2}, doubled, processes(1, 2), begin=lambda position: False, watch=states.append)
    compared = [one.position for state in states for one in state.at_work if one.step is Step.COMPARING]
    assert compared == [0, 1]
    assert [state.n_done for state in states][:2] == [0, 1] and states[-1].n_done == 2


def test_a_task_that_kills_its_worker_twice_is_refused_and_no_other(tmp_path: Path) -> None:
    jobs = dict(enumerate(tmp_path / name for name in ("a", "always", "b", "once", "c")))
    found = run(jobs, deadly, processes(2, 5))
    assert found.pop(1) == "the worker process was killed twice, most often for want of memory"
    assert found == {0: "a", 2: "b", 3: "once", 4: "c"}


def test_a_dask_cluster_does_the_same(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with closing(
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL")
    ) as made:
        states: list[BatchState] = []
        crew = cluster(made.scheduler_address)
        assert run({0: 1, 1: 13, 2: 5}, doubled, crew, watch=states.append) == {
            0: "2",
            1: "13 brings bad luck",
            2: "10",
        }
        assert states[-1].n_done == 3
        jobs = dict(enumerate(tmp_path / name for name in ("a", "once", "b")))
        assert run(jobs, deadly, cluster(made.scheduler_address)) == {0: "a", 1: "once", 2: "b"}


def test_a_scheduler_that_is_not_there_is_named() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(BadInput, match="no Dask scheduler answers at"):
        run({0: 1}, doubled, cluster("tcp://127.0.0.1:1"))
