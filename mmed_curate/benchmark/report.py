"""What a benchmark found, and the files that say it: one JSON document, tables of predictions, figures."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from mmed_curate.benchmark.balanced import Balanced
from mmed_curate.benchmark.calibrated import Calibrated
from mmed_curate.benchmark.ceiling import HumanCeiling
from mmed_curate.benchmark.groups import GroupTable
from mmed_curate.benchmark.hardest import HardClip
from mmed_curate.benchmark.paired import PairedComparison
from mmed_curate.benchmark.predictions import write_predictions
from mmed_curate.benchmark.probes import IdentityProbe
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.softscores import SoftScores
from mmed_curate.benchmark.soundquestion import SoundQuestion
from mmed_curate.benchmark.standing import ModelResult
from mmed_curate.domain.files import readable_json, write_text
from mmed_curate.domain.findings import Finding
from mmed_curate.report.figures import confusion_figure

FORMAT, VERSION = "mmed-benchmark", 2
REPORT = "benchmark.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftAnswers:
    """AMF-Net against the coders' distribution, and how well one coder does."""

    scores: SoftScores | None
    """None: AMF-Net's probabilities were not calibrated, or nobody chose a class."""
    ceiling: HumanCeiling

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "amf-net": None if self.scores is None else self.scores.as_json(),
            "human_ceiling": self.ceiling.as_json(),
        }


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
    sessions: tuple[str, ...]
    excluded: tuple[tuple[str, int], ...]
    """Clips left out, by reason."""
    models: tuple[ModelResult, ...]
    """Leave-one-subject-out."""
    by_session: tuple[ModelResult, ...]
    """Leaving out one session and everybody who played in it."""
    against: tuple[tuple[str, PairedComparison], ...]
    """AMF-Net less each of the other models."""
    sound: SoundQuestion | None
    """Whether sound helps; None: not asked, or fewer than two subjects are heard."""
    calibrated: Calibrated | None
    balanced: Balanced | None
    """AMF-Net with the strength that its inner splits chose; None: none was chosen."""
    soft: SoftAnswers | None
    groups: GroupTable | None
    """AMF-Net's scores in groups of subjects; None: not asked."""
    probes: tuple[IdentityProbe, ...]
    """Whether subject and session can be told from the sound."""
    hardest: tuple[HardClip, ...]
    attention: npt.NDArray[np.float32] | None
    """(N, T') where AMF-Net's summary listens, mean over seeds; None: not looked at."""
    names: tuple[str, ...]
    """Of the N clips."""
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
            "n_sessions": len(self.sessions),
            "excluded": [{"reason": reason, "n_clips": count} for reason, count in self.excluded],
            "notes": [str(note) for note in self.notes],
            "models": [model.as_json() for model in self.models],
            "by_session": [model.as_json() for model in self.by_session],
            "against": [{"model": name, "difference": found.as_json()} for name, found in self.against],
            "sound": None if self.sound is None else self.sound.as_json(),
            "balance": None if self.balanced is None else self.balanced.as_json(),
            "calibration": None if self.calibrated is None else self.calibrated.as_json(),
            "soft_labels": None if self.soft is None else self.soft.as_json(),
            "groups": None if self.groups is None else self.groups.as_json(),
            "probes": [one.as_json() for one in self.probes],
            "hardest": [one.as_json() for one in self.hardest],
        }


def notice(simulated: bool) -> str:
    """The sentence that stands before the numbers."""
    if simulated:
        return "SIMULATED: these numbers say what was planted; they are no result on real faces and not the paper's."
    return "AMF-Net here is our reading of the abstract; these numbers are not the paper's."


def write_report(report: BenchmarkReport, folder: Path) -> None:
    """Write benchmark.json, and predictions-<model>.csv and confusion-<model>.png for each model, into a folder."""
    for model in report.models:
        name = model.name.replace(":", "-")
        write_predictions(folder / f"predictions-{name}.csv", model.predictions, simulated=report.simulated)
        title = f"SIMULATED: {model.name}" if report.simulated else model.name
        confusion_figure(model.scores.confusion, report.classes, title, folder / f"confusion-{name}.png")
    write_text(folder / REPORT, readable_json(report.as_json()))
