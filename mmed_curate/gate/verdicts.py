"""How one rule of the policy came out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from mmed_curate.domain.identity import ClipId
from mmed_curate.gate.evidence import ClipFacts


class Relation(Enum):
    """How a number is held against its bound."""

    AT_LEAST = "at-least"
    AT_MOST = "at-most"


class About(Enum):
    """What a rule is about."""

    AGREEMENT = "agreement"
    """How far coders agree."""
    SAMPLE = "sample"
    """Whether enough was judged for numbers to count."""
    PROCESS = "process"
    """Whether everything went its way: finished, verified by another, no open question."""
    RIGHTS = "rights"
    """Whether it may go out at all: consent, whole files, nothing made up unmarked. Not even a draft goes round it."""
    BINDING = "binding"
    """Whether numbers, judgements and policy belong together. Not even a draft goes round it."""


class Outcome(Enum):
    """How a rule came out."""

    HOLDS = "holds"
    FAILS = "fails"
    UNDETERMINED = "undetermined"
    """Too rare to be told; the policy lets it out marked as such."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict:
    """One rule and how it came out."""

    name: str
    about: About
    number: float | None
    """None: undetermined."""
    relation: Relation
    bound: float
    outcome: Outcome
    what: str
    """What was looked at and found, without a full stop."""
    remedy: str
    """What to do; empty where the rule does not fail."""
    clips: tuple[ClipId, ...] = ()
    """The clips behind a number that does not hold, sorted."""
    code: str = ""
    """Of a rule on one class: its code; else empty."""

    @property
    def holds(self) -> bool:
        """Whether it keeps nothing shut."""
        return self.outcome is not Outcome.FAILS


def at_least(about: About, name: str, number: float | None, bound: float, what: str, remedy: str) -> RuleVerdict:
    """A number that must reach a bound; None and NaN do not."""
    holds = number is not None and number >= bound  # NaN compares false, so it closes
    return RuleVerdict(
        name=name,
        about=about,
        number=number if number is not None and number == number else None,
        relation=Relation.AT_LEAST,
        bound=bound,
        outcome=Outcome.HOLDS if holds else Outcome.FAILS,
        what=what,
        remedy="" if holds else remedy,
    )


def none_of(
    about: About,
    name: str,
    facts: Iterable[ClipFacts],
    what: str,
    remedy: Callable[[Sequence[ClipFacts]], str],
    *,
    bound: int = 0,
) -> RuleVerdict:
    """A number of clips that must not pass a bound."""
    found = sorted(facts, key=lambda one: one.clip)
    holds = len(found) <= bound
    return RuleVerdict(
        name=name,
        about=about,
        number=len(found),
        relation=Relation.AT_MOST,
        bound=bound,
        outcome=Outcome.HOLDS if holds else Outcome.FAILS,
        what=what,
        remedy="" if holds else remedy(found),
        clips=() if holds else tuple(one.clip for one in found),
    )


def no_difference(name: str, number: int, what: str, remedy: str) -> RuleVerdict:
    """Two things that must be the same."""
    return RuleVerdict(
        name=name,
        about=About.BINDING,
        number=number,
        relation=Relation.AT_MOST,
        bound=0,
        outcome=Outcome.FAILS if number else Outcome.HOLDS,
        what=what,
        remedy=remedy if number else "",
    )
