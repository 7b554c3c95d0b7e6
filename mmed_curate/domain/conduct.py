"""Who may judge whom, who is admitted, and what is known beforehand: records by which a round is conducted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, CoderId, RecordingId, SubjectId, TicketId
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A coder who may judge no clip in which a subject is seen or heard."""

    coder: CoderId
    subject: SubjectId
    why: str
    """It is them, or how they know them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Whether a coder is admitted to a stage, and what that rests on."""

    coder: CoderId
    stage: Stage
    admitted: bool
    evidence: Mapping[str, object]
    """What they showed on gold, or `word`: the curator's reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldClip:
    """A clip whose reading is taken as known."""

    clip: ClipId
    reading: Coding
    why: str
    """Where the reading comes from."""


class LotKind(Enum):
    """What can fall to a clip."""

    SCREENED_AGAIN = "screened-again"
    FOIL = "foil"


class RecodingKind(Enum):
    """How the clips were chosen that are coded once more."""

    SAMPLE = "sample"
    """By lot."""
    ALL = "all"
    """Every clip that was coded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoding:
    """The curator's act that sent clips back to coding, for one more round."""

    kind: RecodingKind
    clips: tuple[ClipId, ...]
    """Sorted."""
    order: int
    """Position in the event log."""
    at: str
    """When: UTC, RFC 3339."""


class ReferenceFile(Enum):
    """Parts of a reference."""

    STILL = "still"
    """One picture of the face at rest."""
    PICTURE = "picture"
    """About a second of it."""
    SOUND = "sound"
    """Plain speech of the same voice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A subject's face at rest and plain voice, as the curator approved them: FACS is scored against neutral."""

    subject: SubjectId
    recording: RecordingId
    first: Frame
    last: Frame
    """Frames of the recording that its picture covers, both inside."""
    files: Mapping[ReferenceFile, tuple[str, str]]
    """By part: path below the media folder, and SHA-256."""

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last:
            raise BadInput.of(
                "reference.frames", f"frames {self.first} to {self.last} are no run", "give the earlier frame first"
            )
        if ReferenceFile.STILL not in self.files:
            raise BadInput.of("reference.no_still", "a reference needs a still of the face", "name a frame at rest")


class Aid(Enum):
    """What shows a coder more than the clip itself; each use is noted, because it bears on what they see."""

    MOTION_CURVE = "motion-curve"
    MAGNIFICATION = "magnification"
    """Motion of the picture made larger."""
    DIFFERENCE = "difference"
    """How a frame differs from the onset."""
    NEUTRAL_FLICKER = "neutral-flicker"
    """The face at rest and the frame in turn."""
    MARK_FLICKER = "mark-flicker"
    """Onset and apex in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What an answer took, as far as a window counts it. Says nothing of how good it is."""

    entries: int
    """Marks, codes and hand-ins."""
    steps: int
    """Frames stepped."""
    replays: int
    """Times that something was played through."""
    seconds_active: float
    n_full_speed_plays: int
    """Times that something was played through at full speed with its sound."""

    def __post_init__(self) -> None:
        counts = (self.entries, self.steps, self.replays, self.n_full_speed_plays)
        if any(count < 0 for count in counts) or not 0 <= self.seconds_active < math.inf:
            raise BadInput.of(
                "effort.numbers", f"{(*counts, self.seconds_active)} are no effort", "give finite numbers from 0 up"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A clip that a coder wants discussed."""

    clip: ClipId
    ticket: TicketId
    """The ticket in hand when it was flagged."""
    coder: str
    """Code of who flagged it."""
    at: str
    """When: UTC, RFC 3339."""
    because: str
    """In the coder's own words."""
    order: int
    """Position in the event log."""
