"""Leave-one-subject-out: every subject is asked about once per model and seed, by a network that never met it.

Networks train in processes of their own, one thread each; results do not depend on how many. A script that calls this
with more than one worker needs `if __name__ == "__main__":`, because the processes are spawned.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool

from mmed_curate.benchmark.amfnet import Modalities
from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.predictions import Predictions
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.train import Fold, predict_fold
from mmed_curate.dataset import leave_one_subject_out
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.workers import worker_pool


def predict_all(
    data: BenchmarkData,
    settings: BenchmarkSettings,
    models: Sequence[Modalities],
    *,
    workers: int | None = None,
    progress: Progress = silent,
) -> Mapping[Modalities, Predictions]:
    """Predictions of every clip, per model, for each seed in turn.

    Args:
        data: the clips.
        settings: how to train.
        models: which networks.
        workers: processes; None: one per core, at most 8; 1: none beside this one.
        progress: told how many folds are done.

    Raises:
        BadInput: a worker process died.
    """
    subject_of = dict(zip(data.names, data.subjects, strict=True))
    folds = [
        Fold(modalities=modalities, seed=seed, held_out=split.held_out)
        for modalities in models
        for seed in settings.seeds
        for split in leave_one_subject_out(subject_of)
    ]
    answers: dict[Fold, list[int]] = {}
    progress(0, len(folds))
    for fold, answer in _answered(data, settings, folds, _n_workers(workers, len(folds))):
        answers[fold] = answer
        progress(len(answers), len(folds))
    return {modalities: _gathered(data, folds, answers, modalities) for modalities in models}


def _answered(
    data: BenchmarkData, settings: BenchmarkSettings, folds: Sequence[Fold], workers: int
) -> Iterator[tuple[Fold, list[int]]]:
    if workers == 1:
        for fold in folds:
            yield fold, predict_fold(data, fold, settings)
        return
    with worker_pool(workers) as pool:
        pending: dict[Future[list[int]], Fold] = {
            pool.submit(predict_fold, data, fold, settings): fold for fold in folds
        }
        try:
            for done in as_completed(pending):
                yield pending[done], done.result()
        except BrokenProcessPool as error:
            raise BadInput.of(
                "benchmark.worker_died",
                "a worker process of the benchmark died, most likely for want of memory",
                "run it again with one worker (--workers 1)",
            ) from error


def _gathered(
    data: BenchmarkData, folds: Sequence[Fold], answers: Mapping[Fold, list[int]], modalities: Modalities
) -> Predictions:
    rows: list[tuple[str, str, str, str, int]] = []
    for fold in folds:
        if fold.modalities is not modalities:
            continue
        asked = [index for index, subject in enumerate(data.subjects) if subject == fold.held_out]
        for index, answer in zip(asked, answers[fold], strict=True):
            truth, predicted = data.classes[data.labels[index]], data.classes[answer]
            rows.append((fold.held_out, truth, predicted, data.names[index], fold.seed))
    return Predictions(
        subjects=tuple(row[0] for row in rows),
        truth=tuple(row[1] for row in rows),
        predicted=tuple(row[2] for row in rows),
        clips=tuple(row[3] for row in rows),
        seeds=tuple(row[4] for row in rows),
    )


def _n_workers(workers: int | None, n_folds: int) -> int:
    wanted = min(os.cpu_count() or 1, 8) if workers is None else workers
    return max(1, min(wanted, n_folds))
