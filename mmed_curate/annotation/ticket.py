"""What a coder gets to see of a clip. Everything that is not here is withheld."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.context import ClipContext
from mmed_curate.domain.identity import TicketId
from mmed_curate.domain.judgements import CodedEvent, Coding, SettlingRule
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.domain.time import FrameClock


@dataclass(frozen=True, slots=True, kw_only=True)
class LetteredReading:
    """What one coder saw, without who it was: no name, no note, no time."""

    letter: str
    """A, B, C… in an order drawn for this ticket."""
    events: tuple[CodedEvent, ...]
    """In order of onset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One clip to be judged by one coder at one stage."""

    id: TicketId
    stage: Stage
    round: int
    """1 at first; one more each time verification sends the clip back."""
    clip_name: str
    """Opaque and of this ticket only: two coders of one clip read two names."""
    picture: Path | None
    """What may be looked at; None: this pass shows no picture."""
    sound: Path | None
    """What may be listened to; None: this pass lets nothing be heard, or the clip has no sound."""
    clock: FrameClock
    """The clip's own clock: frames of the answer count on it."""
    fields: tuple[AnswerField, ...]
    """What is asked of each event, in the order in which it is asked; where the movement comes first and is not
    handed in yet, only what belongs to it."""
    codebook: Codebook
    """What can be chosen."""
    later_fields: tuple[AnswerField, ...] = ()
    """What is asked once the movement is handed in; empty: nothing waits for it."""
    neutral_still: Path | None = None
    """The same face at rest; None: this pass shows no picture, or there is none."""
    neutral_picture: Path | None = None
    """About a second of it."""
    neutral_sound: Path | None = None
    """Plain speech of the same voice; None: this pass lets nothing be heard, or there is none."""
    face: Path | None = None
    """What was measured of the face (docs/arrays.md); None: this pass shows no picture, or there is none."""
    shows_motion: bool = False
    """Whether `face` holds the motion curve, which the coder may see once their own marks are set."""
    voice: Path | None = None
    """What was measured of the sound; None: this pass lets nothing be heard, or there is none."""
    movement: Coding | None = None
    """What was handed in of the movement before the emotion opened; None: nothing, or it is not asked first."""
    readings: tuple[LetteredReading, ...] = ()
    """At adjudication and verification: what the coders saw. Else empty."""
    disputed: tuple[AnswerField, ...] = ()
    """At adjudication: the fields that are to be settled. Else empty."""
    together: bool = False
    """At adjudication: whether it is settled in a discussion, so that the answer names its participants."""
    returned_because: str = ""
    """At adjudication after verification sent the clip back: why. Else empty."""
    proposed: tuple[CodedEvent, ...] = ()
    """At verification: the events as they would stand. Else empty."""
    how: tuple[Mapping[str, SettlingRule], ...] = ()
    """At verification: for each proposed event, by field, the rule by which it came to stand. Else empty."""
    context: ClipContext | None = None
    """After coding, where the protocol shows it: what happened in the game round the clip, and what the player said of
    it. None: it is not shown."""
