"""What the curator sees of a round: how far everyone is, how well they agree, where they do not. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mmed_curate.domain.conduct import Flag
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import CodedEvent
from mmed_curate.domain.measures import Measure
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import FrameClock
from mmed_curate.store import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class CoderLine:
    """One coder at a glance."""

    code: str
    waiting: Mapping[Stage, int]
    """Tickets not yet answered, by stage; a stage without any is left out."""
    submitted: Mapping[Stage, int]
    """Tickets answered, by stage."""
    last_day: str
    """Day of their last act, as 2026-03-01 (UTC); empty: none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """Agreement on what was coded in one week."""

    week: str
    """As 2026-W09 (ISO 8601, UTC): the week in which a clip's coding closed."""
    n_clips: int
    emotion_alpha: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedReading:
    """What one coder saw in a clip."""

    coder: str
    """Code of who it was."""
    events: tuple[CodedEvent, ...]
    """In order of onset."""
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A clip on which its coders differ."""

    clip: ClipId
    stage: Stage
    """Where it stands now."""
    what: tuple[str, ...]
    """A sentence for each difference."""
    readings: tuple[CodedReading, ...]
    """By coder's code."""
    clock: FrameClock
    """The clip's own: frames of the readings count on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The whole round at one moment. Not for coders."""

    title: str
    """Of the protocol."""
    simulated: bool
    stages: Mapping[Stage, int]
    """Clips that stand at each stage."""
    coders: tuple[CoderLine, ...]
    """By code."""
    emotion_alpha: Measure
    """Krippendorff's alpha, nominal, with its interval over subjects."""
    rates: Mapping[str, Measure]
    """`existence`, and `onset`, `apex`, `offset` within tolerance: shares of pairs of coders."""
    trend: tuple[TrendPoint, ...]
    """In order of time."""
    disputes: tuple[Dispute, ...]
    """The clips that disagree most, the worst first."""
    flags: tuple[Flag, ...]
    """Open ones, oldest first."""


def overview(workspace: Workspace) -> Overview:
    """Read all of it in one view."""
    raise NotImplementedError
