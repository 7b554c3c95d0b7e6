"""What is wrong, where, and what to do. Checks return findings; only doors raise.

A finding carries a code and its parameters, so that the command line and the window can both
say it, each in the user's language. `str(finding)` is the English sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Severity(Enum):
    """How much a finding weighs."""

    NOTE = "note"
    """Worth knowing; nothing has to be done."""
    WARNING = "warning"
    """The result stands, but someone should look."""
    ERROR = "error"
    """The thing named cannot be used as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One observation about something a person gave us."""

    code: str
    """Stable dotted word, such as `media.truncated`; translations hang on it."""
    what: str
    """What is wrong and where, without a full stop at the end."""
    remedy: str
    """What to do about it, as an imperative, without a full stop at the end."""
    severity: Severity = Severity.ERROR
    parameters: Mapping[str, str | int | float] = field(default_factory=dict, hash=False)
    """The values inside the sentence, by name."""

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"


class MmedError(Exception):
    """Base of every error we raise on purpose; carries one finding."""

    exit_code = 70

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding

    def __reduce__(self) -> tuple[type[MmedError], tuple[object, ...]]:
        # errors cross from worker processes to the coordinator
        return type(self), (self.finding,)


class BadInput(MmedError):
    """What was given cannot be used; exit code 2."""

    exit_code = 2

    @classmethod
    def of(cls, code: str, what: str, remedy: str, **parameters: str | int | float) -> BadInput:
        """Build the error from its sentence.

        Args:
            code: stable dotted word.
            what: what is wrong and where.
            remedy: what to do.
            parameters: the values inside the sentence.
        """
        return cls(Finding(code=code, what=what, remedy=remedy, parameters=parameters))


class Refused(MmedError):
    """The question was understood and the answer is no; exit code 1."""

    exit_code = 1

    def __init__(self, finding: Finding, reasons: tuple[Finding, ...] = ()) -> None:
        super().__init__(finding)
        self.reasons = reasons

    def __reduce__(self) -> tuple[type[MmedError], tuple[object, ...]]:
        return type(self), (self.finding, self.reasons)
