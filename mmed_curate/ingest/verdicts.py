"""One answered question of a quality report: a verdict, the number in words, and a problem's remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mmed_curate.domain.findings import Finding, Severity
from mmed_curate.ingest.qualitybounds import Bounds


class Verdict(Enum):
    """How good one thing is."""

    GOOD = "good"
    LOOK = "look"
    """Somebody should look: movements or words may be lost."""
    POOR = "poor"
    """Movements or words are lost."""
    UNKNOWN = "unknown"
    """It could not be measured."""


class About(Enum):
    """What a line is about, in the order of the report."""

    RATE = "frame rate"
    REPEATS = "repeated frames"
    DROPS = "dropped frames"
    FACE = "face in the picture"
    SIZE = "size of the face"
    HEAD = "head"
    LIGHT = "light on the face"
    CONTRAST = "contrast of the face"
    SHARPNESS = "sharpness"
    SKIN = "skin"
    CODING = "compression"
    SOUND = "sound"
    CLIPPING = "clipping"
    NOISE = "noise"
    CHANNELS = "channels"
    LENGTH = "length of the sound"


_WEIGHS = {Verdict.LOOK: Severity.WARNING, Verdict.POOR: Severity.ERROR}


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityLine:
    """One line of the report."""

    about: About
    verdict: Verdict
    said: str
    """What was measured, in words."""
    finding: Finding | None = None
    """The problem and its remedy; None: there is none."""


def judged(
    about: About, verdict: Verdict, said: str, code: str, what: str, remedy: str, **parameters: float
) -> QualityLine:
    """A line whose finding, where there is one, weighs what the verdict says.

    Args:
        about, verdict, said: of the line.
        code: of the finding, after `quality.`.
        what, remedy, parameters: of the finding.
    """
    finding = None
    if verdict in _WEIGHS:
        finding = Finding(
            code=f"quality.{code}",
            what=what,
            remedy=remedy,
            severity=_WEIGHS[verdict],
            parameters={name: round(value, 4) for name, value in parameters.items()},
        )
    return QualityLine(about=about, verdict=verdict, said=said, finding=finding)


def low(value: float, bounds: Bounds) -> Verdict:
    """Judge what should be high; not a number is poor."""
    if not value >= bounds.poor:
        return Verdict.POOR
    return Verdict.GOOD if value >= bounds.look else Verdict.LOOK


def high(value: float, bounds: Bounds) -> Verdict:
    """Judge what should be low; not a number is poor."""
    if not value < bounds.poor:
        return Verdict.POOR
    return Verdict.GOOD if value < bounds.look else Verdict.LOOK


def rank(verdict: Verdict) -> int:
    """How bad, for comparing."""
    return (Verdict.UNKNOWN, Verdict.GOOD, Verdict.LOOK, Verdict.POOR).index(verdict)


def percent(share: float) -> str:
    """A share in words."""
    return f"{100 * share:.0f} %" if share >= 0.095 or share <= 0 else f"{100 * share:.2g} %"
