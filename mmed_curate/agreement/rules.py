"""By which rules a report is measured: those of each version of its document, so that an old one can be made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from mmed_curate.domain.counted import counted
from mmed_curate.domain.findings import BadInput


class Draw(Enum):
    """How clusters are drawn for a resample. Both draw from the same distribution."""

    KINDS = "kinds"
    """Those that add the same together, by their number: a draw of its own for nearly every measure."""
    CLUSTERS = "clusters"
    """Each by itself: one draw for all measures that rest on as many clusters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a report of one version holds, and how its numbers are taken."""

    version: int
    draw: Draw
    is_whole: bool
    """Sets, scales, existence, passes and kappa, AC1 and percent of each class; what cannot be seen is missing, not
    absent."""
    has_unit_intensities: bool
    """Alpha of the intensity of each action unit."""
    says_one_unit: bool
    """Reasons say `1 unit`; before, `1 units`."""

    def counted(self, number: int, one: str, several: str) -> str:
        """A number of things in a reason, in the words that a report of this version has."""
        return counted(number, one, several) if self.says_one_unit else f"{number} {several}"


_ALL = (
    Rules(version=1, draw=Draw.KINDS, is_whole=False, has_unit_intensities=False, says_one_unit=False),
    Rules(version=2, draw=Draw.KINDS, is_whole=True, has_unit_intensities=False, says_one_unit=False),
    Rules(version=3, draw=Draw.CLUSTERS, is_whole=True, has_unit_intensities=True, says_one_unit=True),
)

RULES: Mapping[int, Rules] = MappingProxyType({rules.version: rules for rules in _ALL})
"""By version of the report's document."""

NEWEST = _ALL[-1]
"""By which everything is measured but what is held against an older document."""

VERSION = NEWEST.version
"""Of the report's document."""


def rules_of(version: int) -> Rules:
    """The rules of a version.

    Raises:
        BadInput: there is no such version.
    """
    if version not in RULES:
        raise BadInput.of(
            "agreement.version",
            f"an agreement report of version {version} is newer than this program, which knows {VERSION}",
            "update mmed-curate",
        )
    return RULES[version]
