"""Numbers of versions, after Semantic Versioning 2.0.0 (semver.org), and what a change of a dataset asks of the next.

What changes labels or takes clips away is major: results on the old version and on the new one are not comparable. What
adds clips is minor. What mends anything else is a patch. The rule is the same below 1.0.0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from mmed_curate.domain.findings import BadInput

_FORM = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?")

DRAFT = "-draft"
"""What ends the version of a draft: a pre-release by semver, so that every release comes after it."""


class Bump(IntEnum):
    """By what a version must be raised, the least first."""

    PATCH = 0
    """Labels and clips are as they were."""
    MINOR = 1
    """Clips were added."""
    MAJOR = 2
    """Labels changed, or clips went."""

    @property
    def word(self) -> str:
        """As files say it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A semantic version without build metadata."""

    core: tuple[int, int, int]
    """Major, minor, patch."""
    before: tuple[str, ...] = ()
    """Identifiers of a pre-release, such as `rc`, `1`; empty: it is none."""

    @classmethod
    def of(cls, text: str) -> Version:
        """Read it.

        Raises:
            BadInput: it is no semantic version.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise BadInput.of(
                "release.version",
                f"{text!r} is not a semantic version",
                "write it as MAJOR.MINOR.PATCH, such as 1.0.0",
                version=text,
            )
        major, minor, patch, before = found.groups()
        return cls(core=(int(major), int(minor), int(patch)), before=tuple(before.split(".")) if before else ())

    def __str__(self) -> str:
        core = ".".join(str(number) for number in self.core)
        return f"{core}-{'.'.join(self.before)}" if self.before else core

    def __lt__(self, other: Version) -> bool:
        return self._precedence() < other._precedence()

    def _precedence(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
        """Semver 2.0.0, item 11: numbers before words, fewer before more, any pre-release before its release."""
        parts = tuple((not one.isdigit(), int(one) if one.isdigit() else 0, one) for one in self.before)
        return self.core, not self.before, parts

    def at_least(self, bump: Bump) -> Version:
        """The least version that may come after this one: a pre-release promised nothing, so its release will do."""
        if self.before:
            return Version(core=self.core)
        major, minor, patch = self.core
        return Version(
            core={
                Bump.MAJOR: (major + 1, 0, 0),
                Bump.MINOR: (major, minor + 1, 0),
                Bump.PATCH: (major, minor, patch + 1),
            }[bump]
        )

    def distance(self, other: Version) -> Bump:
        """By what another version was raised above this one."""
        if self.core[0] != other.core[0]:
            return Bump.MAJOR
        return Bump.MINOR if self.core[1] != other.core[1] else Bump.PATCH

    def may_follow(self, other: Version, bump: Bump) -> bool:
        """Whether this is high enough after another; a pre-release of a number that is high enough is."""
        return other < self and self.core >= other.at_least(bump).core


def newer(one: str, other: str) -> bool:
    """Whether one version comes after another; what is no semantic version comes after nothing."""
    try:
        return Version.of(other) < Version.of(one)
    except BadInput:
        return False
