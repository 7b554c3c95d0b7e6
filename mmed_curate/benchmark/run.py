"""The benchmark as a whole: read, train every fold, score what was pooled, write it down.

Numbers made on simulated data say what was planted and whether the road carries it. They are not the paper's, and
neither is the network: see `amfnet`.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmed_curate.benchmark.amfnet import AMFNet, Modalities
from mmed_curate.benchmark.features import BenchmarkData, read_release
from mmed_curate.benchmark.loso import predict_all
from mmed_curate.benchmark.predictions import Predictions, write_predictions
from mmed_curate.benchmark.scores import Counts, Interval, Scores, bootstrap, majority_baseline
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.domain.files import folder_written_aside, readable_json, write_text
from mmed_curate.domain.findings import Finding, Severity
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.report.figures import confusion_figure

FORMAT, VERSION = "mmed-benchmark", 1
REPORT = "benchmark.json"
MAJORITY = "majority-class"
NAME_OF: Mapping[Modalities, str] = {
    Modalities.BOTH: "amf-net",
    Modalities.VISUAL: "visual-only",
    Modalities.SOUND: "audio-only",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResult:
    """How one model fared."""

    name: str
    n_parameters: int
    """Learned numbers; 0: nothing is learned but counts."""
    predictions: Predictions
    scores: Scores
    """Counts pooled over folds and seeds."""
    intervals: tuple[Interval | None, Interval | None, Interval | None]
    """Of accuracy, UF1 and UAR, over subjects."""
    per_seed: tuple[tuple[int, Scores], ...]
    per_subject: tuple[tuple[str, Counts], ...]
    """Confusion matrix of each subject, (C, C)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkReport:
    """What a release yields to the benchmark."""

    release: str
    """Name of the release."""
    release_version: str
    simulated: bool
    settings: BenchmarkSettings
    classes: tuple[str, ...]
    n_clips: int
    n_with_sound: int
    subjects: tuple[str, ...]
    excluded: tuple[tuple[str, int], ...]
    """Clips left out, by reason."""
    models: tuple[ModelResult, ...]
    notes: tuple[Finding, ...]
    """What must be said beside the numbers."""

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values, in the shape of `schema/json/benchmark.schema.json`."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "notice": notice(self.simulated),
            "simulated": self.simulated,
            "release": {"name": self.release, "version": self.release_version},
            "protocol": "leave-one-subject-out; counts pooled over folds and seeds; fixed number of epochs",
            "settings": self.settings.model_dump(mode="json"),
            "software": {"torch": torch.__version__, "machine": platform.machine()},
            "classes": list(self.classes),
            "n_clips": self.n_clips,
            "n_with_sound": self.n_with_sound,
            "subjects": list(self.subjects),
            "excluded": [{"reason": reason, "n_clips": count} for reason, count in self.excluded],
            "notes": [str(note) for note in self.notes],
            "models": [_model_json(model) for model in self.models],
        }


def notice(simulated: bool) -> str:
    """The sentence that stands before the numbers."""
    if simulated:
        return "SIMULATED: these numbers say what was planted; they are no result on real faces and not the paper's."
    return "AMF-Net here is our reading of the abstract; these numbers are not the paper's."


def run_benchmark(
    release: Path,
    settings: BenchmarkSettings,
    *,
    to: Path,
    progress: Progress = silent,
    workers: int | None = None,
) -> BenchmarkReport:
    """Benchmark a release and write benchmark.json, a table of predictions and a confusion matrix per model.

    Args:
        release: the release's folder.
        settings: how; see `settings.load_settings`.
        to: folder to make for the results; must not exist yet.
        progress: told how many folds are done.
        workers: processes; None: one per core. Results do not depend on it.

    Raises:
        BadInput: the folder is no release, holds nothing that can be benchmarked, or `to` exists.
    """
    with folder_written_aside(to) as folder:
        read = read_release(release, sound_frames=settings.sound_frames, only_micro=settings.only_micro)
        report = benchmark(
            read.clips,
            settings,
            name=read.facts.name,
            version=read.facts.version,
            simulated=read.facts.simulated,
            excluded=read.excluded,
            notes=read.notes,
            progress=progress,
            workers=workers,
        )
        write_report(report, folder)
    return report


def benchmark(
    data: BenchmarkData,
    settings: BenchmarkSettings,
    *,
    name: str,
    version: str,
    simulated: bool,
    excluded: Sequence[tuple[str, int]] = (),
    notes: Sequence[Finding] = (),
    progress: Progress = silent,
    workers: int | None = None,
) -> BenchmarkReport:
    """Train and score every model on arrays; writes nothing.

    Args:
        data: the clips.
        settings: how.
        name, version: what the report says it is about.
        simulated: True where any clip is simulated.
        excluded: how many clips were left out before, by reason.
        notes: what was found out before and must be said.
        progress: told how many folds are done.
        workers: processes; None: one per core.
    """
    hearing = {subject for subject, sounds in zip(data.subjects, data.has_sound, strict=True) if sounds}
    models = [modalities for modalities in Modalities if modalities is not Modalities.SOUND or len(hearing) > 1]
    predicted = predict_all(data, settings, models, workers=workers, progress=progress)
    results = [
        _result(
            NAME_OF[modalities],
            AMFNet(len(data.classes), modalities).n_parameters(),
            predicted[modalities],
            data.classes,
            settings,
        )
        for modalities in models
    ]
    results.append(_result(MAJORITY, 0, _majority(data), data.classes, settings))
    return BenchmarkReport(
        release=name,
        release_version=version,
        simulated=simulated,
        settings=settings,
        classes=data.classes,
        n_clips=len(data.names),
        n_with_sound=int(data.has_sound.sum()),
        subjects=tuple(sorted(set(data.subjects))),
        excluded=tuple(excluded),
        models=tuple(results),
        notes=(*notes, *_notes(data, len(hearing))),
    )


def write_report(report: BenchmarkReport, folder: Path) -> None:
    """Write benchmark.json, and predictions-<model>.csv and confusion-<model>.png for each model, into a folder."""
    for model in report.models:
        write_predictions(folder / f"predictions-{model.name}.csv", model.predictions, simulated=report.simulated)
        title = f"SIMULATED: {model.name}" if report.simulated else model.name
        confusion_figure(model.scores.confusion, report.classes, title, folder / f"confusion-{model.name}.png")
    write_text(folder / REPORT, readable_json(report.as_json()))


def _result(
    name: str, n_parameters: int, predictions: Predictions, classes: Sequence[str], settings: BenchmarkSettings
) -> ModelResult:
    subjects, counts = predictions.by_subject(classes)
    return ModelResult(
        name=name,
        n_parameters=n_parameters,
        predictions=predictions,
        scores=Scores.of(counts.sum(axis=0), classes),
        intervals=bootstrap(counts, seed=settings.intervals.seed, resamples=settings.intervals.resamples),
        per_seed=tuple(
            (seed, Scores.of(predictions.confusion(classes, seed=seed), classes))
            for seed in sorted(set(predictions.seeds or ()))
        ),
        per_subject=tuple(zip(subjects, counts, strict=True)),
    )


def _majority(data: BenchmarkData) -> Predictions:
    truth = tuple(data.classes[label] for label in data.labels)
    return Predictions(
        subjects=data.subjects,
        truth=truth,
        predicted=majority_baseline(truth, data.subjects, data.classes),
        clips=data.names,
    )


def _notes(data: BenchmarkData, n_hearing: int) -> list[Finding]:
    notes = []
    n_silent = int((~data.has_sound).sum())
    if n_hearing < 2:
        notes.append(
            Finding(
                code="benchmark.no_sound",
                what=f"{'one subject has' if n_hearing else 'no clip has'} sound, so audio-only was skipped"
                + ("" if n_hearing else " and AMF-Net saw what visual-only saw"),
                remedy="benchmark a release in which two subjects or more can be heard",
                severity=Severity.WARNING,
            )
        )
    elif n_silent:
        notes.append(
            Finding(
                code="benchmark.some_without_sound",
                what=f"{n_silent} of {len(data.names)} clips have no sound: AMF-Net only sees them, and audio-only "
                "answers them without having heard anything",
                remedy="bear that in mind when comparing the models",
                severity=Severity.WARNING,
            )
        )
    owner = np.array(data.subjects)
    for subject in sorted(set(data.subjects)):
        left = set(data.labels[owner != subject].tolist())
        absent = [code for index, code in enumerate(data.classes) if index not in left]
        if absent:
            notes.append(
                Finding(
                    code="benchmark.class_not_in_training",
                    what=f"only subject {subject} has clips of class {', '.join(absent)}, so its fold could not learn "
                    "it and never answers it",
                    remedy="record that class with other subjects too",
                    severity=Severity.WARNING,
                )
            )
    return notes


def _model_json(model: ModelResult) -> dict[str, Any]:
    rows = zip(
        model.predictions.subjects,
        model.predictions.truth,
        model.predictions.predicted,
        model.predictions.clips or (),
        model.predictions.seeds or (None,) * len(model.predictions.truth),
        strict=True,
    )
    return {
        "name": model.name,
        "n_parameters": model.n_parameters,
        "scores": model.scores.as_json(),
        "intervals": {
            score: None if found is None else {"low": found.low, "high": found.high, "level": found.level}
            for score, found in zip(("accuracy", "uf1", "uar"), model.intervals, strict=True)
        },
        "per_seed": [
            {"seed": seed, "accuracy": scores.accuracy, "uf1": scores.uf1, "uar": scores.uar}
            for seed, scores in model.per_seed
        ],
        "per_subject": [
            {
                "subject": subject,
                "n_predictions": int(counts.sum()),
                "n_right": int(counts.trace()),
                "confusion": counts.tolist(),
            }
            for subject, counts in model.per_subject
        ],
        "predictions": [
            {"clip": clip, "subject": subject, "seed": seed, "truth": truth, "predicted": predicted}
            for subject, truth, predicted, clip, seed in sorted(rows, key=lambda row: (row[3], row[4] or 0))
        ],
    }
