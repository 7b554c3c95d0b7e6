"""What stands beside the networks and needs no torch: baselines, probes of the sound, groups of subjects."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from threadpoolctl import threadpool_limits

from mmed_curate.benchmark.features import BenchmarkData
from mmed_curate.benchmark.folds import Folds, LeftOut
from mmed_curate.benchmark.groups import GroupTable, group_scores
from mmed_curate.benchmark.handcrafted import (
    Handcrafted,
    features_of,
    flow_features,
    handcrafted_answers,
    sound_features,
)
from mmed_curate.benchmark.probes import IdentityProbe, identity_probe, pooled_log_mel
from mmed_curate.benchmark.scores import majority_baseline
from mmed_curate.benchmark.settings import BenchmarkSettings
from mmed_curate.benchmark.standing import LEVEL, ModelResult

MAJORITY = "majority-class"


def hand_crafted(data: BenchmarkData, settings: BenchmarkSettings) -> list[ModelResult]:
    """Linear models on flow histograms and prosody, leave-one-subject-out; none where the settings want none."""
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


def majority(data: BenchmarkData, settings: BenchmarkSettings) -> ModelResult:
    """Always the commonest class of those that a fold learns from."""
    truth = tuple(data.classes[label] for label in data.labels)
    said = majority_baseline(truth, data.subjects, data.classes)
    predicted = np.array([[data.classes.index(code) for code in said]])  # (1, N)
    return ModelResult.of(MAJORITY, predicted, data, settings, seeds=(), n_parameters=0)


def probed(data: BenchmarkData, settings: BenchmarkSettings) -> tuple[IdentityProbe, ...]:
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


def grouped(
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
