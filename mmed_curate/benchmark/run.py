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
import numpy.typing as npt
import torch
from threadpoolctl import threadpool_limits

from mmed_curate.benchmark.amfnet import Design
from mmed_curate.benchmark.calibrated import Calibrated, calibrated
from mmed_curate.benchmark.ceiling import HumanCeiling, human_ceiling
from mmed_curate.benchmark.coderclasses import CoderClasses
from mmed_curate.benchmark.controls import Control
from mmed_curate.benchmark.drawn import draw_report
from mmed_curate.benchmark.entrants import Entrant
from mmed_curate.benchmark.features import BenchmarkData, read_release
from mmed_curate.benchmark.folds import Folds, LeftOut
from mmed_curate.benchmark.gallery import GALLERY, gallery
from mmed_curate.benchmark.groups import GroupTable, group_scores
from mmed_curate.benchmark.handcrafted import (
    Handcrafted,
    features_of,
    flow_features,
    handcrafted_answers,
    sound_features,
)
from mmed_curate.benchmark.hardest import hardest_clips
from mmed_curate.benchmark.listened import draw_attention
from mmed_curate.benchmark.ownnetworks import try_own
from mmed_curate.benchmark.plan import AMF_NET, Plan, Purpose, planned
from mmed_curate.benchmark.probes import IdentityProbe, identity_probe, pooled_log_mel
from mmed_curate.benchmark.report import BenchmarkReport, SoftAnswers, write_report
from mmed_curate.benchmark.scores import majority_baseline
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.softscores import soft_scores
from mmed_curate.benchmark.soundquestion import SoundQuestion, sound_question
from mmed_curate.benchmark.standing import LEVEL, ModelResult, compared
from mmed_curate.benchmark.training import one_quiet_thread
from mmed_curate.benchmark.units import Unit, UnitAnswers, answer_all, tensors_of
from mmed_curate.dataset import load
from mmed_curate.domain.files import folder_written_aside, write_text
from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.domain.progress import Progress, silent

MAJORITY = "majority-class"
LEFT_OUT = "benchmark.model_left_out"
"""Code of the note on a network of one's own that broke while it learned."""
FEWEST_JUDGED = 20
"""Clips that a coder must have judged to be held against the others: below, one clip moves a score by five points."""
HARDEST = 12
"""Clips in the gallery of errors."""

Answers = Mapping[Unit, UnitAnswers]


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
        _result(plan, answers, Purpose.STANDING, entrant, data, settings) for entrant in plan.entrants(Purpose.STANDING)
    ]
    by_name = {model.name: model for model in models}
    amf = by_name.get(AMF_NET.name)
    found = _calibrated(plan, answers, data, settings)
    baselines = (*_hand_crafted(data, settings), _majority(data, settings))
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
            _result(plan, answers, Purpose.SESSIONS, entrant, data, settings)
            for entrant in plan.entrants(Purpose.SESSIONS)
        ),
        against=()
        if amf is None
        else tuple(
            (model.name, compared(amf.predicted, model.predicted, data, settings))
            for model in (*models, *baselines)
            if model is not amf
        ),
        sound=_sound(plan, answers, by_name, data, settings),
        calibrated=found,
        soft=None if coders is None else _soft(coders, found, data, settings),
        groups=None if amf is None else _grouped(amf, attributes, data, settings),
        probes=_probed(data, settings),
        hardest=hardest_clips(models, data, most=HARDEST),
        attention=_attention(plan, answers),
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


def _answered(plan: Plan, answers: Answers, purpose: Purpose, entrant: Entrant) -> npt.NDArray[np.float32]:
    """(R, N, C) logits."""
    return np.stack([answers[unit].logits for unit in plan.units[purpose, entrant]])


def _result(
    plan: Plan, answers: Answers, purpose: Purpose, entrant: Entrant, data: BenchmarkData, settings: BenchmarkSettings
) -> ModelResult:
    with torch.random.fork_rng(devices=[]):
        network = entrant.build(len(data.classes), 0 if data.words is None else data.words.shape[2])
    return ModelResult.of(
        entrant.name,
        _answered(plan, answers, purpose, entrant).argmax(axis=2),
        data,
        settings,
        seeds=settings.seeds,
        n_parameters=sum(one.numel() for one in network.parameters()),
    )


def _hand_crafted(data: BenchmarkData, settings: BenchmarkSettings) -> list[ModelResult]:
    if settings.hand_crafted is None:
        return []
    folds = Folds.by(LeftOut.SUBJECT, data.subjects, data.sessions)
    pairs = [
        (np.flatnonzero(learned), np.flatnonzero(asked))
        for learned, asked in zip(folds.learned, folds.asked, strict=True)
    ]
    pitch, level = (None, None) if data.prosody is None else (data.prosody[:, 0], data.prosody[:, 1])
    picture = flow_features(data.flow)
    sound = sound_features(data.log_mel, data.sound_mask, f0_hz=pitch, intensity_db=level)
    found = []
    for variant in Handcrafted:
        if variant is not Handcrafted.VISUAL and not data.has_sound.any():
            continue
        features = features_of(variant, picture=picture, sound=sound)
        said = handcrafted_answers(
            features, data.labels, pairs, n_classes=len(data.classes), penalty=settings.hand_crafted.penalty
        )
        n_parameters = (features.shape[1] + 1) * len(data.classes)
        predicted = said.logits.argmax(axis=2)
        found.append(ModelResult.of(variant.value, predicted, data, settings, seeds=(), n_parameters=n_parameters))
    return found


def _grouped(
    model: ModelResult,
    attributes: Mapping[str, Mapping[str, str]],
    data: BenchmarkData,
    settings: BenchmarkSettings,
) -> GroupTable | None:
    """AMF-Net's scores in each group that is large enough; a release tells of subjects only what many share."""
    if settings.group_subjects is None:
        return None
    return group_scores(
        model.counts,
        model.subjects,
        attributes,
        data.classes,
        min_subjects=settings.group_subjects,
        seed=settings.intervals.seed,
        resamples=settings.intervals.resamples,
        level=LEVEL,
    )


def _probed(data: BenchmarkData, settings: BenchmarkSettings) -> tuple[IdentityProbe, ...]:
    """Whether the sound that the network is given tells who plays, and in which session."""
    if settings.probes is None or not data.has_sound.any():
        return ()
    pooled = pooled_log_mel(data.log_mel, data.sound_mask)
    told = settings.probes
    of: tuple[tuple[str, tuple[str, ...], tuple[str, tuple[str, ...]] | None], ...] = (
        ("subject", data.subjects, None),
        ("session", data.sessions, ("subject", data.subjects)),
    )
    with threadpool_limits(1):  # matrices are small: threads that wait for each other take ten times as long
        return tuple(
            identity_probe(
                pooled,
                identities,
                of=name,
                folds=told.folds,
                penalty=told.penalty,
                shuffles=told.shuffles,
                seed=settings.intervals.seed,
                level=LEVEL,
                apart=apart,
            )
            for name, identities, apart in of
        )


def _majority(data: BenchmarkData, settings: BenchmarkSettings) -> ModelResult:
    truth = tuple(data.classes[label] for label in data.labels)
    said = majority_baseline(truth, data.subjects, data.classes)
    predicted = np.array([[data.classes.index(code) for code in said]])  # (1, N)
    return ModelResult.of(MAJORITY, predicted, data, settings, seeds=(), n_parameters=0)


def _sound(
    plan: Plan, answers: Answers, models: Mapping[str, ModelResult], data: BenchmarkData, settings: BenchmarkSettings
) -> SoundQuestion | None:
    if (Purpose.PERMUTED, AMF_NET) not in plan.units:
        return None
    units = [answers[unit] for unit in plan.units[Purpose.STANDING, AMF_NET]]
    controlled = {
        control: (
            np.stack([one.controls[control][0] for one in units]).argmax(axis=2),  # (R, N)
            np.any([one.controls[control][1] for one in units], axis=0),  # (N,)
        )
        for control in Control
        if all(control in one.controls for one in units)
    }
    return sound_question(
        models[AMF_NET.name],
        _answered(plan, answers, Purpose.STANDING, AMF_NET),
        _answered(plan, answers, Purpose.PERMUTED, AMF_NET),
        models.get(Design.VISUAL_ONLY.value),
        controlled,
        data,
        settings,
    )


def _calibrated(plan: Plan, answers: Answers, data: BenchmarkData, settings: BenchmarkSettings) -> Calibrated | None:
    if (Purpose.STANDING, AMF_NET) not in plan.units:
        return None
    units = [answers[unit] for unit in plan.units[Purpose.STANDING, AMF_NET]]
    return calibrated(
        np.stack([one.logits for one in units]),
        [one.inner for one in units],
        Folds.by(LeftOut.SUBJECT, data.subjects, data.sessions).answering,
        data,
        settings,
    )


def _soft(
    coders: CoderClasses, found: Calibrated | None, data: BenchmarkData, settings: BenchmarkSettings
) -> SoftAnswers:
    numbers = {"seed": settings.intervals.seed, "resamples": settings.intervals.resamples}
    ceiling: HumanCeiling = human_ceiling(coders, min_clips=FEWEST_JUDGED, **numbers, level=LEVEL)
    scores = None
    if found is not None:
        scores = soft_scores(found.probabilities, coders.shares, data.subjects, **numbers, level=LEVEL)
    return SoftAnswers(scores=scores, ceiling=ceiling)


def _attention(plan: Plan, answers: Answers) -> npt.NDArray[np.float32] | None:
    """(N, T') mean over seeds."""
    units = plan.units.get((Purpose.STANDING, AMF_NET), ())
    listened = [found for unit in units if (found := answers[unit].attention) is not None]
    return np.mean(listened, axis=0) if listened else None


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
