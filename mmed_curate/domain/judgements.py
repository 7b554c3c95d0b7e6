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
from mmed_curate.domain.protocol import Modality, Purpose, Stage
from mmed_curate.domain.time import Frame, Span


class ScreeningVerdict(Enum):
    """Is this worth coding?"""

    ACCEPT = "accept"
    REJECT = "reject"


class CutAgain(Enum):
    """How a screener wants a clip cut again, round the spans they found."""

    ADJUST = "adjust"
    """One clip round all of them, with new context on each side."""
    SPLIT = "split"
    """A clip round each of them."""


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
    not_visible: tuple[str, ...] = ()
    """Codes of the parts of the face that cannot be seen: nothing is known of them, neither scored nor absent."""

    def __post_init__(self) -> None:
        if len(set(self.not_visible)) != len(self.not_visible):
            raise BadInput.of(
                "judgement.region_twice", "a part of the face is said twice not to be visible", "name each once"
            )
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
    found: tuple[Span, ...] = ()
    """Where something happens, in order, where the screener marked it; empty: not marked."""
    cut_again: CutAgain | None = None
    """None: the clip is good as it is cut."""

    def __post_init__(self) -> None:
        rejects = self.verdict is ScreeningVerdict.REJECT
        if rejects and not self.reason.strip():
            raise BadInput.of("judgement.no_reason", "a rejection needs a reason", "say why in a few words")
        if rejects and (self.found or self.cut_again is not None):
            raise BadInput.of(
                "judgement.found_in_rejected",
                "a clip that holds an event cannot be rejected with it",
                "accept it, or take the marks away",
            )
        if any(later.onset <= earlier.offset for earlier, later in pairwise(self.found)):
            raise BadInput.of(
                "judgement.found_overlap", "the spans found overlap, or are not in order", "mark one after the other"
            )
        least = {None: 0, CutAgain.ADJUST: 1, CutAgain.SPLIT: 2}[self.cut_again]
        if len(self.found) < least:
            raise BadInput.of(
                "judgement.nothing_found",
                f"to cut again needs {least} spans, {len(self.found)} are marked",
                "mark where something happens",
                least=least,
                found=len(self.found),
            )


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
    participants: tuple[CoderId, ...] = ()
    """Who settled it together, sorted; empty: the judge alone."""

    def __post_init__(self) -> None:
        _check_apart(self.events)
        if tuple(sorted(set(self.participants))) != self.participants:
            raise BadInput.of(
                "judgement.participants", "the participants are not sorted, or one is named twice", "name each once"
            )
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
    purpose: Purpose = Purpose.ORDINARY
    """Only ordinary ones bear on what is settled."""
    turn: int = 1
    """Which of the stage's passes, from 1."""

    @property
    def judges(self) -> tuple[CoderId, ...]:
        """Everyone whose word it is: the coder, and who settled it with them."""
        if not isinstance(self.answer, Adjudication):
            return (self.coder,)
        return (self.coder, *(who for who in self.answer.participants if who != self.coder))

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
    not_visible: tuple[str, ...] = ()
    """Codes of the parts of the face of which nothing is known, sorted."""


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
                first=earlier.onset,
                last=earlier.offset,
                later_first=later.onset,
                later_last=later.offset,
            )
