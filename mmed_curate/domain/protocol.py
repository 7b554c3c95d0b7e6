"""The stages a clip goes through, who may judge it there, and which moves are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mmed_curate.domain.codebook import Codebook, load_codebook
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.domain.yamlfile import Declared, read_yaml


class Stage(Enum):
    """Where a clip stands."""

    SCREENING = "screening"
    CODING = "coding"
    ADJUDICATION = "adjudication"
    VERIFICATION = "verification"
    SETTLED = "settled"
    REJECTED = "rejected"


NEXT: Mapping[Stage, frozenset[Stage]] = MappingProxyType(
    {
        Stage.SCREENING: frozenset({Stage.CODING, Stage.REJECTED}),
        Stage.CODING: frozenset({Stage.ADJUDICATION, Stage.VERIFICATION}),
        Stage.ADJUDICATION: frozenset({Stage.VERIFICATION}),
        Stage.VERIFICATION: frozenset({Stage.SETTLED, Stage.ADJUDICATION, Stage.REJECTED}),
        Stage.SETTLED: frozenset(),
        Stage.REJECTED: frozenset(),
    }
)
"""The moves a judgement can cause. Nothing skips a stage; nothing leaves an end."""

JUDGED: tuple[Stage, ...] = tuple(stage for stage in Stage if NEXT[stage])
"""The stages at which experts judge, in order."""


class Modality(Enum):
    """What a coder is shown."""

    PICTURE = "picture"
    SOUND = "sound"
    BOTH = "both"


class Role(Enum):
    """What a person is admitted to."""

    SCREENER = "screener"
    CODER = "coder"
    ADJUDICATOR = "adjudicator"
    EXPERT = "expert"


ROLE_FOR: Mapping[Stage, Role] = MappingProxyType(
    {
        Stage.SCREENING: Role.SCREENER,
        Stage.CODING: Role.CODER,
        Stage.ADJUDICATION: Role.ADJUDICATOR,
        Stage.VERIFICATION: Role.EXPERT,
    }
)

MAY_NOT_HAVE_JUDGED: Mapping[Stage, frozenset[Stage]] = MappingProxyType(
    {
        Stage.SCREENING: frozenset(),
        Stage.CODING: frozenset(),
        Stage.ADJUDICATION: frozenset({Stage.CODING}),
        Stage.VERIFICATION: frozenset({Stage.CODING, Stage.ADJUDICATION}),
    }
)
"""Who judges a clip at a stage must not have judged the same clip at these."""


class Tolerance(Declared):
    """How far two coders' marks may lie apart and still count as the same: the larger of the two bounds."""

    frames: Annotated[int, Field(ge=0)]
    ms: Annotated[float, Field(ge=0)]

    def holds(self, a: Frame, b: Frame, clock: FrameClock) -> bool:
        """Whether two marks on one clip lie within this tolerance."""
        if abs(a - b) <= self.frames:
            return True
        apart_ms = abs(clock.start_of(a) - clock.start_of(b)) * 1000
        return apart_ms <= self.ms


class Tolerances(Declared):
    """Tolerances for the three marks of an event."""

    onset: Tolerance
    apex: Tolerance
    offset: Tolerance


class AnswerField(Enum):
    """What a coder can be asked about an event; each is a field of `CodedEvent`."""

    SPAN = "span"
    EVENT_TYPE = "event_type"
    ACTION_UNITS = "action_units"
    EMOTION = "emotion"
    BASIS = "basis"
    VOCAL_CUES = "vocal_cues"
    CONFIDENCE = "confidence"
    NOTE = "note"


class StageRules(Declared):
    """What one stage asks and of how many."""

    judges: Annotated[int, Field(ge=1)]
    """Experts who judge each clip here."""
    modality: Modality = Modality.BOTH
    fields: tuple[AnswerField, ...] = ()
    """Fields in the order in which they are asked."""


class Protocol(Declared):
    """A lab's rules for turning clips into settled events."""

    format: Literal["mmed-protocol"]
    version: Literal[1]
    name: str
    title: str
    codebook: str
    """Name or path of the codebook."""
    screening: StageRules
    coding: StageRules
    adjudication: StageRules
    verification: StageRules
    tolerance: Tolerances
    match_iou: Annotated[float, Field(gt=0, le=1)]
    """Events of two coders are the same one from this intersection over union on."""
    must_agree: tuple[AnswerField, ...]
    """Fields on which a difference sends the clip to adjudication."""

    @model_validator(mode="after")
    def _enough_coders(self) -> Protocol:
        if self.coding.judges < 2:
            raise ValueError("coding needs at least 2 judges: one coder agrees with nobody")
        for rules, name in ((self.adjudication, "adjudication"), (self.verification, "verification")):
            if rules.judges != 1:
                raise ValueError(f"{name} is one person's word: judges must be 1")
        return self

    def rules(self, stage: Stage) -> StageRules:
        """The rules of a stage at which experts judge.

        Raises:
            KeyError: nobody judges at this stage.
        """
        return {
            Stage.SCREENING: self.screening,
            Stage.CODING: self.coding,
            Stage.ADJUDICATION: self.adjudication,
            Stage.VERIFICATION: self.verification,
        }[stage]


def load_protocol(name_or_path: str) -> Protocol:
    """Read a packaged protocol by name, or any by its path.

    Raises:
        BadInput: there is none of that name, or the file has a mistake.
    """
    path = named_or_path(name_or_path, "pipelines", "protocols")
    return read_yaml(path, Protocol)


def codebook_of(protocol: Protocol, place: str) -> Codebook:
    """The codebook that a protocol names; a path is relative to the protocol's own file.

    Args:
        protocol: the protocol.
        place: the name or path it was loaded from.

    Raises:
        BadInput: there is no such codebook, or it has a mistake.
    """
    name = Path(protocol.codebook)
    if name.suffix in {".yaml", ".yml"} and Path(place).suffix in {".yaml", ".yml"}:
        return load_codebook(str(Path(place).parent / name))
    return load_codebook(protocol.codebook)
