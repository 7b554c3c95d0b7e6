"""The benchmark as a whole: read, train every fold, score what was pooled, answer what is asked, write it down.

Numbers made on simulated data say what was planted and whether the road carries it. They are not the paper's, and
neither is the network: see `amfnet`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from mmed_curate.benchmark.baselines import grouped, hand_crafted, majority, probed
from mmed_curate.benchmark.coderclasses import CoderClasses
from mmed_curate.benchmark.drawn import draw_report
from mmed_curate.benchmark.entrants import Entrant
from mmed_curate.benchmark.features import BenchmarkData, read_release
from mmed_curate.benchmark.gallery import GALLERY, gallery
from mmed_curate.benchmark.hardest import hardest_clips
from mmed_curate.benchmark.listened import draw_attention
from mmed_curate.benchmark.ownnetworks import try_own
from mmed_curate.benchmark.plan import AMF_NET, Plan, Purpose, planned
from mmed_curate.benchmark.report import BenchmarkReport, write_report
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.standing import compared
from mmed_curate.benchmark.training import one_quiet_thread
from mmed_curate.benchmark.units import answer_all, tensors_of
from mmed_curate.benchmark.verdicts import (
    attention,
    balanced_answers,
    calibrated_answers,
    model_result,
    soft_answers,
    sound_answer,
)
from mmed_curate.dataset import load
from mmed_curate.domain.files import folder_written_aside, write_text
from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.domain.progress import Progress, silent

LEFT_OUT = "benchmark.model_left_out"
"""Code of the note on a network of one's own that broke while it learned."""
HARDEST = 12
"""Clips in the gallery of errors."""


def run_benchmark(
    release: Path,
    settings: BenchmarkSettings,
    *,
    to: Path,
    own: Sequence[str] = (),
    progress: Progress = silent,
    workers: int | None = None,
    kept: Path | None = None,
) -> BenchmarkReport:
    """Benchmark a release and write benchmark.json, tables of predictions and figures.

    Args:
        release: the release's folder.
        settings: how; see `settings.load_settings`.
        to: folder to make for the results; must not exist yet.
        own: networks of one's own, `module:Class` each; their code is run.
        progress: told how many trainings are done.
        workers: processes; None: one per core. Results do not depend on it.
        kept: folder that finished trainings are kept in, taken from, and that is removed in the end; None: none.

    Raises:
        BadInput: the folder is no release, holds nothing that can be benchmarked, a network of one's own does not fit,
            or `to` exists.
    """
    with folder_written_aside(to) as folder:
        read = read_release(
            release,
            sound_frames=settings.sound_frames,
            only_micro=settings.only_micro,
            word_tokens=settings.word_tokens,
        )
        report = benchmark(
            read.clips,
            settings,
            name=read.facts.name,
            version=read.facts.version,
            simulated=read.facts.simulated,
            coders=read.coders,
            attributes=read.attributes,
            excluded=read.excluded,
            notes=read.notes,
            own=own,
            progress=progress,
            workers=workers,
            kept=kept,
        )
        write_report(report, folder)
        draw_report(report, folder)
        drawn = draw_attention(load(release), report, folder)
        if not to.resolve().is_relative_to(release.resolve()):  # in a release its page shows them
            write_text(folder / GALLERY, gallery(report, drawn, release=release, beside=to))
    if kept is not None:
        shutil.rmtree(kept, ignore_errors=True)
    return report


def benchmark(
    data: BenchmarkData,
    settings: BenchmarkSettings,
    *,
    name: str,
    version: str,
    simulated: bool,
    coders: CoderClasses | None = None,
    attributes: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    excluded: Sequence[tuple[str, int]] = (),
    notes: Sequence[Finding] = (),
    own: Sequence[str] = (),
    progress: Progress = silent,
    workers: int | None = None,
    kept: Path | None = None,
) -> BenchmarkReport:
    """Train and score every model on arrays; writes no report.

    Args:
        data: the clips.
        settings: how.
        name, version: what the report says it is about.
        simulated: True where any clip is simulated.
        coders: what each coder chose of the clips; None: not known.
        attributes: what is told of subjects: value by subject, by attribute.
        excluded: how many clips were left out before, by reason.
        notes: what was found out before and must be said.
        own, progress, workers, kept: as in `run_benchmark`.
    """
    plan = planned(data, settings, own)
    _try_own(plan, data, settings)
    broken: dict[Entrant, BadInput] = {}
    answers = answer_all(data, settings, plan.every, workers=workers, progress=progress, kept=kept, broken=broken)
    plan = plan.without(broken)
    models = [
        model_result(plan, answers, Purpose.STANDING, entrant, data, settings)
        for entrant in plan.entrants(Purpose.STANDING)
    ]
    by_name = {model.name: model for model in models}
    amf = by_name.get(AMF_NET.name)
    found = calibrated_answers(plan, answers, data, settings)
    baselines = (*hand_crafted(data, settings), majority(data, settings))
    return BenchmarkReport(
        release=name,
        release_version=version,
        simulated=simulated,
        settings=settings,
        classes=data.classes,
        n_clips=len(data.names),
        n_with_sound=int(data.has_sound.sum()),
        subjects=tuple(sorted(set(data.subjects))),
        sessions=tuple(sorted(set(data.sessions))),
        excluded=tuple(excluded),
        models=(*models, *baselines),
        by_session=tuple(
            model_result(plan, answers, Purpose.SESSIONS, entrant, data, settings)
            for entrant in plan.entrants(Purpose.SESSIONS)
        ),
        against=()
        if amf is None
        else tuple(
            (model.name, compared(amf.predicted, model.predicted, data, settings))
            for model in (*models, *baselines)
            if model is not amf
        ),
        sound=sound_answer(plan, answers, by_name, data, settings),
        calibrated=found,
        balanced=balanced_answers(plan, answers, data, settings),
        soft=None if coders is None else soft_answers(coders, found, data, settings),
        groups=None if amf is None else grouped(amf, attributes, data, settings),
        probes=probed(data, settings),
        hardest=hardest_clips(models, data, most=HARDEST),
        attention=attention(plan, answers),
        names=data.names,
        notes=(*notes, *_notes(data, settings, plan), *(_left_out(error) for error in broken.values())),
    )


def _try_own(plan: Plan, data: BenchmarkData, settings: BenchmarkSettings) -> None:
    """Try networks of one's own before anything is trained: a slip in one of them must not cost hours of others."""
    clips = tensors_of(data)
    silence = settings.modality_dropout.sound > 0 or not data.has_sound.all()
    with one_quiet_thread():
        for entrant in plan.entrants(Purpose.STANDING):
            if entrant.is_own:
                try_own(entrant, clips, len(data.classes), seed=settings.seeds[0], silence=silence)


def _left_out(error: BadInput) -> Finding:
    return replace(error.finding, code=LEFT_OUT, what=f"left out: {error.finding.what}")


def _notes(data: BenchmarkData, settings: BenchmarkSettings, plan: Plan) -> list[Finding]:
    notes = []
    n_silent = int((~data.has_sound).sum())
    n_hearing = len({subject for subject, sounds in zip(data.subjects, data.has_sound, strict=True) if sounds})
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
    if settings.by_session and not plan.entrants(Purpose.SESSIONS):
        notes.append(
            Finding(
                code="benchmark.no_sessions",
                what=f"leaving out one of {len(set(data.sessions))} sessions with all who played in it leaves nobody "
                "to learn from, so what leaks through a session was not measured",
                remedy="release sessions of more, and of other, players",
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
