"""From what the trainings answered to what the report says of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from mmed_curate.benchmark.amfnet import Design
from mmed_curate.benchmark.balanced import Balanced, balanced
from mmed_curate.benchmark.calibrated import Calibrated, calibrated, within_reach
from mmed_curate.benchmark.calibration import probabilities
from mmed_curate.benchmark.ceiling import HumanCeiling, human_ceiling
from mmed_curate.benchmark.coderclasses import CoderClasses
from mmed_curate.benchmark.controls import Control
from mmed_curate.benchmark.entrants import Entrant
from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.folds import Folds, LeftOut
from mmed_curate.benchmark.plan import AMF_NET, Plan, Purpose
from mmed_curate.benchmark.report import SoftAnswers
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.softscores import soft_scores
from mmed_curate.benchmark.soundquestion import SoundQuestion, sound_question
from mmed_curate.benchmark.standing import LEVEL, ModelResult
from mmed_curate.benchmark.units import Unit, UnitAnswers, folds_of

FEWEST_JUDGED = 20
"""Clips that a coder must have judged to be held against the others: below, one clip moves a score by five points."""

Answers = Mapping[Unit, UnitAnswers]


def _answered(plan: Plan, answers: Answers, purpose: Purpose, entrant: Entrant) -> npt.NDArray[np.float32]:
    """(R, N, C) logits."""
    return np.stack([answers[unit].logits for unit in plan.units[purpose, entrant]])


def model_result(
    plan: Plan, answers: Answers, purpose: Purpose, entrant: Entrant, data: BenchmarkData, settings: BenchmarkSettings
) -> ModelResult:
    """How one entrant fared with all seeds."""
    with torch.random.fork_rng(devices=[]):
        network = entrant.build(len(data.classes), 0 if data.words is None else data.words.shape[2])
    logits = _answered(plan, answers, purpose, entrant)
    return ModelResult.of(
        entrant.name,
        logits.argmax(axis=2),
        data,
        settings,
        seeds=settings.seeds,
        n_parameters=sum(one.numel() for one in network.parameters()),
        probabilities=probabilities(within_reach(logits)),
    )


def sound_answer(
    plan: Plan, answers: Answers, models: Mapping[str, ModelResult], data: BenchmarkData, settings: BenchmarkSettings
) -> SoundQuestion | None:
    """Whether sound helps; None: AMF-Net was not trained on permuted sound."""
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


def calibrated_answers(
    plan: Plan, answers: Answers, data: BenchmarkData, settings: BenchmarkSettings
) -> Calibrated | None:
    """AMF-Net's probabilities; None: AMF-Net did not enter, or there is no inner split."""
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


def balanced_answers(plan: Plan, answers: Answers, data: BenchmarkData, settings: BenchmarkSettings) -> Balanced | None:
    """AMF-Net with strengths chosen inside; None: it did not enter, or none is chosen."""
    units = plan.units.get((Purpose.STANDING, AMF_NET), ())
    if not units:
        return None
    return balanced(
        np.stack([answers[unit].logits for unit in units]),
        [answers[unit].inner for unit in units],
        [folds_of(data, unit, settings) for unit in units],
        data,
        settings,
    )


def soft_answers(
    coders: CoderClasses, found: Calibrated | None, data: BenchmarkData, settings: BenchmarkSettings
) -> SoftAnswers:
    """Against the coders' distribution, beside the human ceiling."""
    numbers = {"seed": settings.intervals.seed, "resamples": settings.intervals.resamples}
    ceiling: HumanCeiling = human_ceiling(coders, min_clips=FEWEST_JUDGED, **numbers, level=LEVEL)
    scores = None
    if found is not None:
        scores = soft_scores(found.probabilities, coders.shares, data.subjects, **numbers, level=LEVEL)
    return SoftAnswers(scores=scores, ceiling=ceiling)


def attention(plan: Plan, answers: Answers) -> npt.NDArray[np.float32] | None:
    """(N, T') mean over seeds."""
    units = plan.units.get((Purpose.STANDING, AMF_NET), ())
    listened = [found for unit in units if (found := answers[unit].attention) is not None]
    return np.mean(listened, axis=0) if listened else None
