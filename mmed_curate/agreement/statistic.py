"""A coefficient as sums over clusters and what is made of them: one form for point, bootstrap and jackknife."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmed_curate.agreement.ratings import Floats, Indices

Combine = Callable[[Floats], Floats]
"""(R, F) sums to (R,) values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """A number that depends on the data only through sums over clusters."""

    contributions: Floats
    """(C, F) what each cluster adds to each sum."""
    combine: Combine
    """(R, F) sums to (R,) values; NaN where the sums determine none."""
    n_units: int
    """Units it rests on."""
    n_judgements: int
    """Values in those units."""
    n_clusters: int
    """Clusters with at least one such unit."""

    def point(self) -> float:
        """The value for the data as they are; NaN where undetermined."""
        return float(self.combine(self.contributions.sum(axis=0, keepdims=True))[0])


def summed(amounts: npt.ArrayLike, cluster: Indices, n_clusters: int) -> Floats:
    """(C,) sums of amounts (N,) over the cluster of each."""
    return np.bincount(cluster, weights=np.asarray(amounts, dtype=float), minlength=n_clusters).astype(float)


def divided(numerator: Floats, denominator: Floats) -> Floats:
    """Quotients; NaN where the denominator is not above zero."""
    out: Floats = np.full(np.broadcast(numerator, denominator).shape, np.nan)
    np.divide(numerator, denominator, out=out, where=denominator > 0)
    return out
