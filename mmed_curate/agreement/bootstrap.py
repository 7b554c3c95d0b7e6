"""Intervals that resample clusters (subjects): the clips of one subject are not independent.

Whole clusters are drawn with replacement (Davison & Hinkley 1997, Bootstrap Methods and their Application, section
3.8; Field & Welsh 2007, J. Royal Statistical Society B 69, 369-390). A coefficient is a function of sums over
clusters, so a resample is a row of weights and all of them are one matrix product. The weights are drawn once for all
measures that rest on as many clusters. Where there are very many and most add the same, such as units that are their
own clusters, these are drawn together by their number: the same distribution, and much faster.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from mmed_curate.agreement.ratings import Floats
from mmed_curate.agreement.rules import NEWEST, Draw, Rules
from mmed_curate.agreement.settings import AgreementSettings, IntervalMethod
from mmed_curate.agreement.statistic import Statistic
from mmed_curate.domain.measures import Coefficient, Interval, Measure, Undetermined

_Counts = npt.NDArray[np.uint16]

_BLOCK_CELLS = 4_000_000
"""Weights multiplied at once (32 MB)."""

_KEPT_CELLS = 20_000_000
"""Weights of the largest draw that is kept (40 MB): 1,000 clusters at 20,000 resamples."""

_FEW = 200
"""Clusters up to which it is not worth while to look for those that add the same."""

_KEPT = 4
"""Draws that are kept for the measures that follow."""

_LEAST_TAIL = 1e-12
"""Two clusters ask for a tail of Phi(-18), which is 0 in floats; this one reads the outermost resample just as well."""

_MANY = 1000
"""Clusters from which on the correction for few of them is below 0.0003 and left out."""


def measure(
    statistic: Statistic,
    settings: AgreementSettings,
    *,
    why_nan: str,
    point: float | None = None,
    rules: Rules = NEWEST,
) -> Measure:
    """A coefficient with its interval, or why there is none.

    Args:
        statistic: the number and how it depends on the data.
        settings: seed, resamples, confidence, least numbers of units and clusters.
        why_nan: the reason to give where the sums determine no value.
        point: the estimate of another implementation, reported in place of ours; None: ours.
        rules: of which version of the report.
    """
    if statistic.n_units == 0:
        return Undetermined(reason="no unit was judged by two or more coders")
    if statistic.n_units < settings.min_units:
        judged = rules.counted(statistic.n_units, "unit was", "units were")
        return Undetermined(reason=f"{judged} judged by two or more coders, needed are {settings.min_units}")
    value = statistic.point() if point is None else point
    if not math.isfinite(value):
        return Undetermined(reason=why_nan)
    return Coefficient(
        value=value,
        interval=interval(statistic, settings, rules),
        n_units=statistic.n_units,
        n_judgements=statistic.n_judgements,
        n_clusters=statistic.n_clusters,
    )


def interval(statistic: Statistic, settings: AgreementSettings, rules: Rules = NEWEST) -> Interval | Undetermined:
    """The bootstrap interval of a statistic over its clusters; the same data and seed give the same interval.

    BCa corrects for the bias and the skew that coefficients bounded by 1 have; the acceleration comes from leaving
    out one cluster at a time (Efron & Tibshirani 1993, chapter 14). Tails are read further out for few clusters, see
    `expanded_tail`. How often intervals of simulated batches hold the true value: benchmarks/coverage.py prints it, and
    benchmarks/coverage.txt is what it printed. Near alpha 0.9 and with few subjects it is less often than nominal.
    """
    if statistic.n_clusters < settings.min_clusters:
        few = rules.counted(statistic.n_clusters, "cluster is", "clusters are")
        return Undetermined(reason=f"{few} too few to resample, needed are {settings.min_clusters}")
    values = resampled(statistic, settings, rules.draw)  # (R,)
    finite = values[np.isfinite(values)]
    if len(finite) < (1 - settings.max_degenerate) * len(values):
        return Undetermined(reason=f"{1 - len(finite) / len(values):.0%} of the resamples hold a single value")
    tail = expanded_tail((1 - settings.confidence) / 2, statistic.n_clusters)
    low, high = tail, 1 - tail
    if settings.method is IntervalMethod.BCA:
        low, high = _bca_tails(statistic, finite, low, high)
    lower, upper = np.quantile(finite, [low, high])
    return Interval(lower=float(lower), upper=float(upper), confidence=settings.confidence)


@lru_cache
def expanded_tail(tail: float, n_clusters: int) -> float:
    """The tail to read off the resamples so that few clusters still give the nominal coverage.

    A bootstrap of n values knows its spread by a factor sqrt((n - 1) / n) too small and takes normal tails where
    Student's are due: read Phi(sqrt(n / (n - 1)) t) instead of the tail, with t the tail's quantile of Student's
    distribution with n - 1 degrees of freedom (Hesterberg 2015, The American Statistician 69, 371-386).
    """
    if n_clusters > _MANY:
        return tail
    t = _student_quantile(tail, n_clusters - 1)
    return max(NormalDist().cdf(math.sqrt(n_clusters / (n_clusters - 1)) * t), _LEAST_TAIL)


def _student_quantile(tail: float, freedom: int) -> float:
    """The t (below 0) with this much below it, by halving."""
    low, high = -1e4, 0.0
    for _ in range(80):
        middle = (low + high) / 2
        if _student_below(middle, freedom) < tail:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _student_below(t: float, freedom: int) -> float:
    """Student's distribution function for whole degrees of freedom (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4)."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = freedom % 2 == 1
    term, total = (cosine, cosine if freedom > 1 else 0.0) if odd else (1.0, 1.0)
    for number in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine**2 * (number - 1) / number
        total += term
    between = 2 / math.pi * (angle + sine * total) if odd else sine * total  # P(|T| <= |t|), with the sign of t
    return 0.5 + between / 2


def resampled(statistic: Statistic, settings: AgreementSettings, draw: Draw = NEWEST.draw) -> Floats:
    """(R,) the statistic in each resample; NaN where a resample determines none.

    Clusters that add nothing are not drawn.
    """
    present = statistic.contributions[np.any(statistic.contributions != 0, axis=1)]
    n = len(present)
    if draw is Draw.KINDS or n == 0 or settings.resamples * n > _KEPT_CELLS:
        return _by_kinds(statistic, present, settings)
    if n > _FEW and 2 * len(np.unique(present, axis=0)) < n:
        return _by_kinds(statistic, present, settings)
    return _by_clusters(statistic, _in_order(present), settings)


def _in_order(present: Floats) -> Floats:
    """Rows by what they add, so that neither names nor the order of clips decide which weights a cluster gets.

    Compared in single precision: the last digits of a sum depend on the order of its terms.
    """
    ordered: Floats = present[np.lexsort(present.astype(np.float32).T[::-1])]
    return ordered


def _by_clusters(statistic: Statistic, present: Floats, settings: AgreementSettings) -> Floats:
    weights = _clusters_drawn(settings.seed, settings.resamples, len(present))
    size = max(1, _BLOCK_CELLS // max(present.shape))
    values = []
    for first in range(0, settings.resamples, size):
        # sums lie one after the other, so that what is made of them runs along the resamples
        sums = present.T @ weights[:, first : first + size].astype(float, copy=False)  # (F, R)
        values.append(statistic.combine(sums.T))
    return np.concatenate(values)


def _by_kinds(statistic: Statistic, present: Floats, settings: AgreementSettings) -> Floats:
    kinds, numbers = np.unique(present, axis=0, return_counts=True)  # (K, F), (K,)
    if settings.resamples * max(kinds.shape) <= _BLOCK_CELLS:
        return statistic.combine(_kinds_drawn(settings.seed, settings.resamples, tuple(numbers.tolist())) @ kinds)
    draws = np.random.Generator(np.random.PCG64(settings.seed))
    values: list[Floats] = []
    left = settings.resamples
    while left > 0:
        size = min(left, max(1, _BLOCK_CELLS // max(kinds.shape)))
        weights = draws.multinomial(len(present), numbers / len(present), size=size)  # (R, K)
        values.append(statistic.combine(weights.astype(float) @ kinds))
        left -= size
    return np.concatenate(values)


@lru_cache(maxsize=_KEPT)
def _clusters_drawn(seed: int, resamples: int, n_clusters: int) -> Floats | _Counts:
    """(C, R) how often each cluster is drawn; numbers that can be multiplied at once, where they are few enough."""
    draws = np.random.Generator(np.random.PCG64(seed))
    drawn = draws.multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters), size=resamples)  # (R, C)
    turned = np.ascontiguousarray(drawn.T)
    weights: Floats | _Counts = turned.astype(float) if drawn.size <= _BLOCK_CELLS else turned.astype(np.uint16)
    weights.flags.writeable = False
    return weights


@lru_cache(maxsize=_KEPT)
def _kinds_drawn(seed: int, resamples: int, numbers: tuple[int, ...]) -> Floats:
    """(R, K) how often each kind of cluster is drawn."""
    n = sum(numbers)
    draws = np.random.Generator(np.random.PCG64(seed)).multinomial(n, np.array(numbers) / n, size=resamples)
    weights: Floats = draws.astype(float)
    weights.flags.writeable = False
    return weights


def _bca_tails(statistic: Statistic, values: Floats, low: float, high: float) -> tuple[float, float]:
    """The quantiles to read instead of `low` and `high`; the same where the correction is not defined."""
    normal = NormalDist()
    point = statistic.point()
    # half of the ties count as below, so that a discrete distribution is not taken for a biased one
    below = (np.count_nonzero(values < point) + np.count_nonzero(values <= point)) / 2 / len(values)
    present = statistic.contributions[np.any(statistic.contributions != 0, axis=1)]
    left_out = statistic.combine(present.sum(axis=0, keepdims=True) - present)  # (C,)
    left_out = left_out[np.isfinite(left_out)]
    if not 0 < below < 1 or len(left_out) < 2:
        return low, high
    apart = left_out.mean() - left_out
    spread = (apart**2).sum() ** 1.5
    acceleration = (apart**3).sum() / (6 * spread) if spread > 0 else 0.0
    bias = normal.inv_cdf(below)

    def moved(tail: float) -> float:
        z = bias + normal.inv_cdf(tail)
        bent = 1 - acceleration * z
        if bent <= 0:  # past its pole the formula turns over; the outermost resample is all there is
            return 0.0 if z < 0 else 1.0
        return normal.cdf(bias + z / bent)

    return moved(low), moved(high)
