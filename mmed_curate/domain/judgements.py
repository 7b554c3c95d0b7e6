"""What one expert said of one clip at one stage, and what was settled. Three truths, three types.

Frames inside a judgement count from the first frame of the clip that was judged.
A judgement is never changed: a correction is a new judgement that supersedes the old one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, CoderId, JudgementId
from mmed_curate.domain.protocol import Modality, Stage
from mmed_curate.domain.time import Frame, Span


class ScreeningVerdict(Enum):
    """Is this worth coding?"""

    ACCEPT = "accept"
    REJECT = "reject"


class VerificationVerdict(Enum):
    """Does the settled reading stand?"""

    ACCEPT = "accept"
    SEND_BACK = "send_back"
    """Adjudicate again, for the reason given."""
    REJECT = "reject"
    """Leave the clip out, for the reason given."""


class Side(Enum):
    """Which half of the face, from the subject's own point of view."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


class Intensity(Enum):
    """FACS intensity, from trace to maximum (Ekman, Friesen & Hager 2002)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionUnitMark:
    """One action unit scored in an event."""

    code: str
    side: Side = Side.BOTH
    intensity: Intensity | None = None
    """None: scored as present without an intensity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VocalCueMark:
    """One cue heard in the clip's sound."""

    code: str
    onset: Frame
    offset: Frame
    owner: str
    """Code of whose it is, from the codebook's cue owners."""

    def __post_init__(self) -> None:
        if not 0 <= self.onset <= self.offset:
            raise BadInput.of(
                "judgement.cue_order",
                f"vocal cue {self.code} needs 0 <= onset <= offset, got {self.onset}, {self.offset}",
                "move its end behind its start",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedEvent:
    """One facial event as its coder reads it."""

    span: Span
    event_type: str
    emotion: str
    basis: str
    """Code of what the emotion label rests on."""
    action_units: tuple[ActionUnitMark, ...] = ()
    vocal_cues: tuple[VocalCueMark, ...] = ()
    confidence: str | None = None
    """Code of how sure the coder is; None: not asked."""

    def __post_init__(self) -> None:
        scored = [(mark.code, mark.side) for mark in self.action_units]
        if len(set(scored)) != len(scored):
            raise BadInput.of(
                "judgement.action_unit_twice",
                "an action unit is scored twice on one side",
                "remove one of the two",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """Answer at the screening stage."""

    verdict: ScreeningVerdict
    reason: str = ""

    def __post_init__(self) -> None:
        if self.verdict is ScreeningVerdict.REJECT and not self.reason.strip():
            raise BadInput.of("judgement.no_reason", "a rejection needs a reason", "say why in a few words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """Answer at the coding stage. No events means: nothing happened in this clip."""

    events: tuple[CodedEvent, ...]
    note: str = ""

    def __post_init__(self) -> None:
        _check_apart(self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjudication:
    """Answer at the adjudication stage: the events as they shall stand, and why."""

    events: tuple[CodedEvent, ...]
    reason: str

    def __post_init__(self) -> None:
        _check_apart(self.events)
        if not self.reason.strip():
            raise BadInput.of("judgement.no_reason", "an adjudication needs a reason", "say why in a few words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Answer at the verification stage."""

    verdict: VerificationVerdict
    reason: str = ""

    def __post_init__(self) -> None:
        if self.verdict is not VerificationVerdict.ACCEPT and not self.reason.strip():
            raise BadInput.of(
                "judgement.no_reason",
                f"the verdict {self.verdict.value} needs a reason",
                "say why in a few words",
            )


Answer = Screening | Coding | Adjudication | Verification

STAGE_OF_ANSWER: dict[type[Answer], Stage] = {
    Screening: Stage.SCREENING,
    Coding: Stage.CODING,
    Adjudication: Stage.ADJUDICATION,
    Verification: Stage.VERIFICATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one expert said of one clip, once."""

    id: JudgementId
    clip: ClipId
    coder: CoderId
    answer: Answer
    round: int = 1
    """1 at first; one more each time verification sends the clip back."""
    modality: Modality = Modality.BOTH
    """What the coder was shown."""
    codebook_version: str
    order: int
    """Position in the event log: later is greater. Time of day is in the log, never in a judgement."""
    supersedes: JudgementId | None = None
    """The judgement that this one corrects."""
    simulated: bool = False
    """True where a simulated coder answered."""

    @property
    def stage(self) -> Stage:
        """The stage this answer belongs to."""
        return STAGE_OF_ANSWER[type(self.answer)]


class SettlingRule(Enum):
    """How one field of an event came to stand."""

    MAJORITY = "majority"
    """More than half of the coders chose it; with two coders, both."""
    MEDIAN = "median"
    """All coders within tolerance; the median, rounded to an existing frame."""
    ADJUDICATED = "adjudicated"
    """The adjudicator's word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Why a field reads as it does."""

    rule: SettlingRule
    judgements: tuple[JudgementId, ...]
    """The judgements it rests on, in log order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusEvent:
    """One event as it was settled."""

    span: Span
    event_type: str
    emotion: str
    basis: str
    action_units: tuple[ActionUnitMark, ...]
    vocal_cues: tuple[VocalCueMark, ...]
    how: dict[str, Settlement] = field(default_factory=dict)
    """By field: onset, apex, offset, event_type, emotion, action_units, vocal_cues."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """What the experts settled for one clip; derived from its judgements, never stored by hand."""

    clip: ClipId
    events: tuple[ConsensusEvent, ...]
    """In order of onset; empty: the experts agree that nothing happened."""
    judgements: tuple[JudgementId, ...]
    """Every judgement that bore on it, in log order."""


def _check_apart(events: tuple[CodedEvent, ...]) -> None:
    spans = sorted((event.span for event in events), key=lambda span: span.onset)
    for earlier, later in pairwise(spans):
        if earlier.iou(later) >= 0.5:  # else two events of one coder could match the same event of another
            raise BadInput.of(
                "judgement.same_event_twice",
                f"events at frames {earlier.onset}..{earlier.offset} and {later.onset}..{later.offset} overlap by half",
                "merge them",
            )
