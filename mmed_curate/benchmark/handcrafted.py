"""The hand-crafted baseline: what was done before networks, on the same folds. Needs no torch.

Picture: on a coarse grid over the face, a histogram of the flow's directions weighted by its length (histograms of
oriented optical flow: Chaudhry et al. 2009, CVPR; cell by cell over the face as in MDMO: Liu et al. 2016, IEEE Trans.
Affective Computing 7, 299-310), with mean and largest strain of each cell (Shreve et al. 2011, FG).
Sound: functionals over time of log-mels, pitch and level (as openSMILE's and eGeMAPS': Eyben et al. 2016, IEEE Trans.
Affective Computing 7, 190-202; the choice of functionals is ours).
Then multinomial logistic regression with classes weighted by how rare they are. Means and spreads come from the
training fold alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from mmed_curate.domain.findings import BadInput, Finding, Severity

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Folds = Sequence[tuple[Labels, Labels]]
"""Of each fold the places of the clips to learn from and of those to answer."""

CELLS = 6
"""Rows and columns of the grid: 8 × 8 of the 48 × 48 values in each cell."""
DIRECTIONS = 8
"""Bins of 45 degrees: the first is centred on the right, the third on down, then left and up."""
MEL_GROUPS = 16
"""Neighbouring log-mel bands are averaged into so many."""
RULED_OUT = -30.0
"""Logit of a class that the training fold did not hold: a probability of 1e-13 at most."""
_MOST_STEPS = 1000
_QUIET = 1e-8
"""A value that varies by less than this over the training fold says nothing."""


class Handcrafted(Enum):
    """What the baseline looks at."""

    VISUAL = "handcrafted-visual"
    SOUND = "handcrafted-sound"
    BOTH = "handcrafted"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandcraftedAnswers:
    """Out-of-fold answers."""

    logits: Floats
    """(1, N, C): there is nothing to seed. Unnormalised log-probabilities, all finite."""
    notes: tuple[Finding, ...]


def flow_features(flow: npt.ArrayLike) -> Floats:
    """Directions and strain on a grid.

    Args:
        flow: (N, 3, H, W) to the right, down, strain; H and W multiples of 6.

    Returns:
        (N, 6 · 6 · 10): of each cell, row by row, the mean length of flow in each of 8 directions, then mean and
        largest strain.

    Raises:
        BadInput: it is no such flow.
    """
    values = np.asarray(flow, dtype=np.float64)
    if values.ndim != 4 or values.shape[1] != 3 or values.shape[2] % CELLS or values.shape[3] % CELLS:
        raise BadInput.of(
            "handcrafted.flow", f"flow is {values.shape}", f"give (clips, 3, height, width), sides multiples of {CELLS}"
        )
    right, down, strain = values[:, 0], values[:, 1], values[:, 2]  # (N, H, W) each
    length = np.hypot(right, down)
    turn = np.arctan2(down, right) / (2 * np.pi) * DIRECTIONS  # in bins, -4 to 4
    bin_of = np.round(turn).astype(np.int64) % DIRECTIONS  # (N, H, W)
    cells = [_cells(np.where(bin_of == index, length, 0.0)).mean(axis=2) for index in range(DIRECTIONS)]
    tight = _cells(strain)  # (N, 36, pixels)
    return np.stack([*cells, tight.mean(axis=2), tight.max(axis=2)], axis=2).reshape(len(values), -1)


def sound_features(
    log_mel: npt.ArrayLike,
    mask: npt.ArrayLike,
    *,
    f0_hz: npt.ArrayLike | None = None,
    intensity_db: npt.ArrayLike | None = None,
) -> Floats:
    """Functionals over time of bands, and of pitch and level where they are given.

    Args:
        log_mel: (N, B, T), B a multiple of 16.
        mask: (N, T) where there is sound.
        f0_hz: (N, T) pitch, NaN where there is no voice; None: not measured.
        intensity_db: (N, T) level; None: not measured.

    Returns:
        (N, D). Of each of 16 groups of bands mean, spread, least, largest, and mean step from frame to frame; of pitch
        (in semitones) mean, spread, range, slope per frame and the share of voiced frames; of level mean, spread,
        range, slope. NaN where a clip has no sound, or no voice to tell the pitch of.

    Raises:
        BadInput: shapes do not fit.
    """
    bands, there = np.asarray(log_mel, dtype=np.float64), np.asarray(mask, dtype=bool)
    if bands.ndim != 3 or there.shape != (bands.shape[0], bands.shape[2]) or bands.shape[1] % MEL_GROUPS:
        raise BadInput.of(
            "handcrafted.sound",
            f"log-mels are {bands.shape}, their mask {there.shape}",
            f"give (clips, bands, frames), bands a multiple of {MEL_GROUPS}, and a (clips, frames) mask",
        )
    curves = [np.asarray(curve, dtype=np.float64) for curve in (f0_hz, intensity_db) if curve is not None]
    if any(curve.shape != there.shape for curve in curves):
        raise BadInput.of("handcrafted.curve", "pitch or level has another shape than the mask", "give (clips, frames)")
    grouped = bands.reshape(len(bands), MEL_GROUPS, -1, bands.shape[2]).mean(axis=2)  # (N, 16, T)
    rows = []
    for index, heard in enumerate(there):
        row = [_functionals(grouped[index][:, heard])]
        if f0_hz is not None:
            pitch = np.asarray(f0_hz, dtype=np.float64)[index]
            voiced = heard & np.isfinite(pitch) & (np.nan_to_num(pitch) > 0)
            semitones = 12 * np.log2(np.where(voiced, pitch, 1.0))
            share = voiced.sum() / heard.sum() if heard.any() else np.nan
            row += [_curve(semitones, voiced), np.array([share])]
        if intensity_db is not None:
            row.append(_curve(np.asarray(intensity_db, dtype=np.float64)[index], heard))
        rows.append(np.concatenate(row))
    return np.stack(rows) if rows else np.zeros((0, 0))


def features_of(variant: Handcrafted, *, picture: Floats, sound: Floats) -> Floats:
    """(N, D) what a variant looks at.

    Args:
        variant: which.
        picture: (N, P) of `flow_features`.
        sound: (N, Q) of `sound_features`.
    """
    if variant is Handcrafted.VISUAL:
        return picture
    if variant is Handcrafted.SOUND:
        return sound
    return np.concatenate([picture, sound], axis=1)


def handcrafted_answers(
    features: npt.ArrayLike, labels: npt.ArrayLike, folds: Folds, *, n_classes: int, penalty: float
) -> HandcraftedAnswers:
    """Logistic regression, fold by fold.

    Values that are NaN (no sound, no voice) count as the mean of the training fold.

    Args:
        features: (N, D).
        labels: (N,) true classes.
        folds: leave-one-subject-out, or any in which each clip is answered once.
        n_classes: how many there are.
        penalty: strength of the L2 penalty on standardised features: 1 / C of scikit-learn.

    Raises:
        BadInput: shapes do not fit, a clip is answered not once or is learned from where it is answered, a value is
            infinite, or no clip has any value.
    """
    values, truth = np.asarray(features, dtype=np.float64), np.asarray(labels)
    if values.ndim != 2 or truth.shape != values.shape[:1] or not np.all((truth >= 0) & (truth < n_classes)):
        raise BadInput.of(
            "handcrafted.shape",
            f"features are {values.shape}, labels {truth.shape} of {n_classes} classes",
            "give (clips, values) and one label per clip, numbered from 0",
        )
    if np.isinf(values).any() or not np.isfinite(values).any():
        raise BadInput.of(
            "handcrafted.no_values", "features are infinite, or no clip has any", "leave this variant out, or mend them"
        )
    answered = np.bincount(np.concatenate([test for _, test in folds]).astype(np.int64), minlength=len(values))
    if not np.all(answered == 1) or any(np.intersect1d(train, test).size for train, test in folds):
        raise BadInput.of(
            "handcrafted.folds",
            "a clip is answered not once, or is learned from in the fold that it is answered in",
            "give folds in which each clip is on the test side once",
        )
    logits = np.full((1, len(values), n_classes), RULED_OUT)
    lacking = 0
    for train, test in folds:
        present = np.unique(truth[train])
        lacking += len(present) < n_classes
        if len(present) < 2:
            logits[0, test[:, None], present[None, :]] = 0.0
            continue
        learned, asked = _standardised(values[train], values[test])
        model = LogisticRegression(C=1 / penalty, class_weight="balanced", max_iter=_MOST_STEPS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(learned, truth[train])
        logits[0, test[:, None], present[None, :]] = np.log(np.maximum(model.predict_proba(asked), np.exp(RULED_OUT)))
    return HandcraftedAnswers(logits=logits, notes=_notes(lacking, len(folds)))


def _cells(values: Floats) -> Floats:
    """(N, H, W) → (N, 36, pixels of a cell), row by row."""
    n, height, width = values.shape
    split = values.reshape(n, CELLS, height // CELLS, CELLS, width // CELLS)
    return split.transpose(0, 1, 3, 2, 4).reshape(n, CELLS * CELLS, -1)


def _functionals(bands: Floats) -> Floats:
    """(G, n) → (5 G,); NaN: no frames."""
    if not bands.shape[1]:
        return np.full(5 * len(bands), np.nan)
    steps = np.abs(np.diff(bands, axis=1)).mean(axis=1) if bands.shape[1] > 1 else np.zeros(len(bands))
    return np.concatenate([bands.mean(axis=1), bands.std(axis=1), bands.min(axis=1), bands.max(axis=1), steps])


def _curve(values: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """Mean, spread, range (5th to 95th percentile) and slope per frame of a curve where it is known; NaN: nowhere."""
    if not known.any():
        return np.full(4, np.nan)
    there, at = values[known], np.flatnonzero(known).astype(np.float64)
    off = at - at.mean()
    slope = float(off @ there / (off @ off)) if len(at) > 1 else 0.0
    low, high = np.quantile(there, [0.05, 0.95])
    return np.array([there.mean(), there.std(), high - low, slope])


def _standardised(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Both by the training fold's means and spreads; what is unknown, or never varies there, is 0: its mean."""
    known = np.isfinite(train)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, train, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, train - mean, 0.0) ** 2).sum(axis=0) / count)
    varies = spread > _QUIET
    learned, asked = (
        np.nan_to_num(np.where(varies, (side - mean) / np.where(varies, spread, 1.0), 0.0)) for side in (train, test)
    )
    return learned, asked


def _notes(lacking: int, n_folds: int) -> tuple[Finding, ...]:
    if not lacking:
        return ()
    return (
        Finding(
            code="handcrafted.class_not_in_training",
            what=f"in {lacking} of {n_folds} folds the hand-crafted baseline had a class that it could not learn",
            remedy="record that class with more subjects",
            severity=Severity.WARNING,
            parameters={"lacking": lacking},
        ),
    )
