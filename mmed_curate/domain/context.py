"""What happened in a game and what players said of it: hidden from coders, shown later where the protocol says so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import RecordingId, SessionId, SubjectId

LEAST_INTENSITY, MOST_INTENSITY = 1, 7
"""Ends of the scale on which players say how strong it was (CAS(ME)3 and others use seven steps)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """What one who took part was in the game, and how it ended for them."""

    subject: SubjectId
    role: str | None = None
    """None: not noted."""
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionContext:
    """What a game was about."""

    session: SessionId
    players: tuple[Player, ...]
    """In the order in which they were named."""
    stakes: str | None = None
    """What could be won or lost; None: not noted."""
    outcome: str | None = None
    """How it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GameEvent:
    """Something that happened in the game."""

    recording: RecordingId
    time_s: float
    """Seconds on the recording's clock."""
    what: str
    subject: SubjectId | None = None
    """Who did it, or to whom it happened; None: nobody alone."""
    detail: str = ""

    def __post_init__(self) -> None:
        if not math.isfinite(self.time_s):
            raise BadInput.of("context.time", f"{self.time_s} s is no time", "give seconds on the recording's clock")
        if not self.what.strip():
            raise BadInput.of("context.what", "it is not said what happened", "fill the column what")


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfReport:
    """What a player said afterwards of what they felt."""

    recording: RecordingId
    subject: SubjectId
    onset_s: float
    """From when on, in seconds on the recording's clock."""
    offset_s: float
    """Until when."""
    emotion: str
    """Code of the codebook."""
    intensity: int | None = None
    """From 1 (barely) to 7 (very strong); None: not asked."""
    words: str = ""
    """What they said, in their own words."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.onset_s) and math.isfinite(self.offset_s) and self.onset_s <= self.offset_s):
            raise BadInput.of(
                "context.time",
                f"{self.onset_s:g} s to {self.offset_s:g} s is no stretch of time",
                "give onset_s not after offset_s",
            )
        if self.intensity is not None and not LEAST_INTENSITY <= self.intensity <= MOST_INTENSITY:
            raise BadInput.of(
                "context.intensity",
                f"intensity {self.intensity} is outside {LEAST_INTENSITY} to {MOST_INTENSITY}",
                "use the scale from 1 (barely) to 7 (very strong), or leave it empty",
            )


class Whose(Enum):
    """How a person is called towards those who judge: never by a code."""

    PLAYER = "the player"
    """Whose face is judged."""
    ANOTHER = "another player"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvent:
    """Something that happened in the game near a clip."""

    time_s: float
    """Seconds on the clip's clock; below 0: before it begins."""
    what: str
    whose: Whose | None
    """None: nobody's alone."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownReport:
    """What the player said of the time near a clip."""

    onset_s: float
    """Seconds on the clip's clock; below 0: before it begins."""
    offset_s: float
    emotion: str
    """Code of the codebook."""
    intensity: int | None
    """From 1 (barely) to 7 (very strong); None: not asked."""
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipContext:
    """What is known of the game round a clip, for stages at which the protocol shows it. No code of anybody."""

    game: str | None
    stakes: str | None
    outcome: str | None
    """How the game ended."""
    role: str | None
    """What the player was in the game."""
    player_outcome: str | None
    """How it ended for the player."""
    events: tuple[ShownEvent, ...]
    """By time."""
    reports: tuple[ShownReport, ...]
    """The player's own, by onset; what others said of themselves is not shown."""
