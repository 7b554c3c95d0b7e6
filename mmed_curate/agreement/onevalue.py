"""One value told apart from all others: the coefficients of two values, from how often each unit was given it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmed_curate.agreement.alpha import alpha_of_counts, nominal_alpha
from mmed_curate.agreement.coefficients import Chance, beyond_chance
from mmed_curate.agreement.ratings import Indices
from mmed_curate.agreement.statistic import Combine, Statistic, summed


@dataclass(frozen=True, slots=True, kw_only=True)
class OneValue:
    """Of each unit, how many values it was given, and how many of them are this one."""

    given: Indices
    """(U,) values; units with fewer than two count as in `ratings`."""
    chosen: Indices
    """(U,) of them this one, never more than there are."""
    cluster: Indices
    """(U,) cluster of each unit, 0..C-1."""

    @property
    def positives(self) -> int:
        """Units of two or more values in which it was chosen at least once."""
        return int(np.count_nonzero((self.given >= 2) & (self.chosen > 0)))

    @property
    def only(self) -> bool | None:
        """Whether this value (True) or the others (False) alone occur in units of two or more; None: both do."""
        paired = self.given >= 2
        chosen, given = int(self.chosen[paired].sum()), int(self.given[paired].sum())
        return None if 0 < chosen < given else chosen > 0

    def alpha(self) -> Statistic:
        """Krippendorff's alpha, nominal, as `alpha.alpha` gives it."""
        paired = self.given >= 2
        m, y = (np.where(paired, column, 0).astype(float) for column in (self.given, self.chosen))
        apart = np.divide(m**2 - (y**2 + (m - y) ** 2), m - 1, out=np.zeros_like(m), where=paired)  # (U,)
        return self._statistic([apart, m - y, y], nominal_alpha)

    def package_alpha(self) -> float | None:
        """The same number by the `krippendorff` package; None where it cannot compute it."""
        paired = self.given >= 2
        if self.only is not None:
            return None
        chosen = self.chosen[paired]
        return alpha_of_counts(np.column_stack([self.given[paired] - chosen, chosen]))

    def agreement(self, chance: Chance) -> Statistic:
        """Agreement of pairs, corrected for chance, as `coefficients.corrected` gives it."""
        m, y = self.given.astype(float), self.chosen.astype(float)
        n = m - y
        paired, some = self.given >= 2, self.given >= 1
        agreed = np.divide(y * (y - 1) + n * (n - 1), m * (m - 1), out=np.zeros_like(m), where=paired)  # (U,)
        shares = [np.divide(column, m, out=np.zeros_like(m), where=some) for column in (n, y)]
        occurring = int(n.any()) + int(y.any())
        return self._statistic([agreed, paired, some, *shares], beyond_chance(chance, occurring))

    def _statistic(self, columns: Sequence[npt.ArrayLike], combine: Combine) -> Statistic:
        n_clusters = int(self.cluster.max()) + 1 if len(self.cluster) else 0
        paired = self.given >= 2
        return Statistic(
            contributions=np.column_stack([summed(column, self.cluster, n_clusters) for column in columns]),
            combine=combine,
            n_units=int(np.count_nonzero(paired)),
            n_judgements=int(self.given[paired].sum()),
            n_clusters=len(np.unique(self.cluster[paired])),
        )
