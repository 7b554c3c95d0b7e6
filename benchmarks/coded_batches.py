"""SIMULATED batches of coded clips whose population kappa is known, for emotion and for action units.

Who codes a clip either sees the truth, with probability s, or says a value by lot, with the chances p that the values
have in the population. This is the model of Romney, Weller & Batchelder (1986, American Anthropologist 88, 313-338),
who let people guess evenly; guesses by p are taken from Aickin (1990, Biometrics 46, 293-302), in whose model kappa is
the share of units on which two agree for cause. With s = sqrt(kappa), for two coders of one clip:

- both see the truth: probability s^2 = kappa, and they agree;
- else at least one of them says a value by lot, and they agree with probability P = sum_c p_c^2.

So they agree with probability kappa + (1 - kappa) P. Each coder's values have the distribution p, so chance agreement
is P, and (observed - P) / (1 - P) = kappa, whatever p is and whoever the two are: Cohen's and Fleiss's kappa, Scott's
pi and Krippendorff's alpha of the population are all kappa. The same sum for one value against the rest gives kappa
too, and for values put together into classes, so what the gate holds classes against has the same truth.

Subjects may differ: each has a kappa of its own, from a beta distribution around kappa, and its own mix of true values,
from a Dirichlet distribution around p, independent of it. Then clips of one subject are not independent. Averaged over
mixes, two coders still agree with probability k + (1 - k) P in a subject of kappa k, which is linear in k; averaged
over subjects it is kappa + (1 - kappa) P again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mmed_curate.agreement.ratings import Ratings, from_counts

Counts = np.ndarray[Any, np.dtype[np.int64]]
Chances = np.ndarray[Any, np.dtype[np.float64]]

KAPPA_SPREAD = 20.0
"""Sum of the two parameters of the beta distribution of subjects' kappas; as in coverage.py. Their standard deviation
is .087 around .8 and .107 around .6."""
MIX_SPREAD = 8.0
"""Sum of the parameters of the Dirichlet distribution of subjects' mixes; as in coverage.py."""

MARGINALS: dict[str, dict[str, float]] = {
    "3 even": {"happiness": 1, "surprise": 1, "disgust": 1},
    "3 as 6:3:1": {"disgust": 6, "happiness": 3, "surprise": 1},
    "7 even": dict.fromkeys(("happiness", "surprise", "disgust", "repression", "sadness", "fear", "other"), 1),
    # how often each was released in CASME II (Yan et al. 2014; 255 clips of the table of 2019)
    "7 as in CASME II": {
        "other": 99,
        "disgust": 63,
        "happiness": 32,
        "surprise": 28,
        "repression": 27,
        "sadness": 4,
        "fear": 2,
    },
}
"""Emotions of the codebook mmed, and how often each is true, relative to the others."""

ACTION_UNITS = {"au4": 0.35, "au12": 0.25, "au1": 0.2, "au2": 0.2, "au7": 0.15, "au14": 0.15, "au15": 0.1, "au9": 0.08}
"""Share of events in which each moves: ours, from frequent to rare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under which a batch is coded."""

    kappa: float
    """Of the population; 0 to 1."""
    clips: int
    subjects: int
    coders: int
    marginals: str
    """A name of `MARGINALS`."""
    missing: float
    """Probability that a coder did not judge a clip."""
    apart: bool
    """Subjects differ in kappa and in mix; else clips are independent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What SIMULATED coders said of U clips."""

    emotions: tuple[str, ...]
    """(V,) codes."""
    emotion: Counts
    """(U, V) how many coders said each."""
    action_units: Counts
    """(A, U, 2) how many coders scored each unit of `ACTION_UNITS` as not there and as there."""
    subject: Counts
    """(U,) of each clip, 0..S-1."""

    def ratings(self, class_of: dict[str, str] | None = None) -> Ratings:
        """Of the emotions, or of the classes they belong to."""
        if class_of is None:
            return from_counts(self.emotion, labels=self.emotions, clusters=self.subject.tolist())
        classes = sorted({class_of[code] for code in self.emotions})
        belongs = np.array([[class_of[code] == name for name in classes] for code in self.emotions])  # (V, K)
        counts = self.emotion @ belongs.astype(np.int64)  # (U, K)
        return from_counts(counts, labels=classes, clusters=self.subject.tolist())

    def scored(self) -> dict[str, Ratings]:
        """Of each action unit, as there or not."""
        clusters = self.subject.tolist()
        return {
            code: from_counts(counts, labels=("no", "yes"), clusters=clusters)
            for code, counts in zip(ACTION_UNITS, self.action_units, strict=True)
        }


def coded(draws: np.random.Generator, among: Conditions) -> Batch:
    """One batch."""
    named = MARGINALS[among.marginals]
    p = np.array(list(named.values()), dtype=float)
    p /= p.sum()  # (V,)
    prevalence = np.array(list(ACTION_UNITS.values()))[:, None]  # (A, 1)
    n = among.clips
    subject = np.arange(n) % among.subjects  # (U,)
    own, mix = np.full(among.subjects, among.kappa), np.tile(p, (among.subjects, 1))  # (S,), (S, V)
    if among.apart:
        mix = draws.dirichlet(p * MIX_SPREAD, among.subjects)
        if 0 < among.kappa < 1:
            own = draws.beta(among.kappa * KAPPA_SPREAD, (1 - among.kappa) * KAPPA_SPREAD, among.subjects)
    sees = np.sqrt(own)[subject]  # (U,)
    true = _by_lot(draws, mix.cumsum(axis=1)[subject])  # (U,)
    moves = draws.random((len(prevalence), n)) < prevalence  # (A, U)
    emotion = np.zeros((n, len(p)), dtype=np.int64)
    units = np.zeros((len(prevalence), n, 2), dtype=np.int64)
    for _ in range(among.coders):
        said = np.where(draws.random(n) < sees, true, _by_lot(draws, p.cumsum()[None, :].repeat(n, axis=0)))
        guessed = draws.random(moves.shape) < prevalence
        scored = np.where(draws.random(moves.shape) < sees, moves, guessed)
        given = (draws.random(n) >= among.missing).astype(np.int64)
        emotion[np.arange(n), said] += given
        units[:, :, 0] += ~scored * given
        units[:, :, 1] += scored * given
    return Batch(emotions=tuple(named), emotion=emotion, action_units=units, subject=subject)


def _by_lot(draws: np.random.Generator, below: Chances) -> Counts:
    """(U,) values, from the cumulative chances (U, V) of each clip."""
    values: Counts = (draws.random(len(below))[:, None] > below).sum(axis=1).clip(max=below.shape[1] - 1)
    return values
