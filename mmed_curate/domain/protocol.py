"""The stages a clip goes through, who may judge it there, and which moves are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mmed_curate.domain.codebook import Codebook, load_codebook
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.domain.yamlfile import Clash, Declared, read_yaml


class Stage(Enum):
    """Where a clip stands."""

    SCREENING = "screening"
    CODING = "coding"
    ADJUDICATION = "adjudication"
    VERIFICATION = "verification"
    SETTLED = "settled"
    REJECTED = "rejected"
    REPLACED = "replaced"
    """A screener wants it cut again; the clips that come of it are judged in its place."""


NEXT: Mapping[Stage, frozenset[Stage]] = MappingProxyType(
    {
        Stage.SCREENING: frozenset({Stage.CODING, Stage.REJECTED, Stage.REPLACED}),
        Stage.CODING: frozenset({Stage.ADJUDICATION, Stage.VERIFICATION}),
        Stage.ADJUDICATION: frozenset({Stage.VERIFICATION}),
        Stage.VERIFICATION: frozenset({Stage.SETTLED, Stage.ADJUDICATION, Stage.REJECTED}),
        Stage.SETTLED: frozenset(),
        Stage.REJECTED: frozenset(),
        Stage.REPLACED: frozenset(),
    }
)
"""The moves a judgement can cause. Nothing skips a stage; nothing leaves an end but by the curator's `mmed recode`."""

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
        Stage.CODING: frozenset({Stage.ADJUDICATION, Stage.VERIFICATION}),
        Stage.ADJUDICATION: frozenset({Stage.CODING}),
        Stage.VERIFICATION: frozenset({Stage.CODING, Stage.ADJUDICATION}),
    }
)
"""Who judges a clip at a stage must not have judged the same clip at these, in any round: who adjudicated or verified a
clip that is coded once more was shown what its coders said."""


class Tolerance(Declared):
    """How far two coders' marks may lie apart and still count as the same: the larger of the two bounds."""

    frames: Annotated[int, Field(ge=0)]
    ms: Annotated[float, Field(ge=0)]

    def holds(self, a: Frame, b: Frame, clock: FrameClock) -> bool:
        """Whether two marks on one clip lie within this tolerance."""
        if abs(a - b) <= self.frames:
            return True
        return abs(clock.tick_of(a) - clock.tick_of(b)) <= self.most_ticks(clock)

    def most_ticks(self, clock: FrameClock) -> int:
        """Ticks that marks may lie apart by the bound in ms; exact."""
        tick_s, per_s = clock.time_base.as_integer_ratio()
        ms, per_ms = self.ms.as_integer_ratio()
        return ms * per_s // (tick_s * 1000 * per_ms)


class Tolerances(Declared):
    """Tolerances for the three marks of an event."""

    onset: Tolerance
    apex: Tolerance
    offset: Tolerance

    def of(self, mark: str) -> Tolerance:
        """That of a mark by its name: onset, apex or offset.

        Raises:
            KeyError: there is no such mark.
        """
        match mark:
            case "onset":
                return self.onset
            case "apex":
                return self.apex
            case "offset":
                return self.offset
        raise KeyError(mark)


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


class Purpose(Enum):
    """Why a coder is given a clip. Coders are not told."""

    ORDINARY = "ordinary"
    """The answer counts towards what is settled."""
    REPEAT = "repeat"
    """The same coder, long after: how well they agree with themselves."""
    GOLD = "gold"
    """A clip whose reading is known: how well the coder holds to it."""
    TRAINING = "training"
    """A clip whose reading is known, and shown after the answer."""


class ClipOrigin(Enum):
    """How a clip came to be cut."""

    CANDIDATE = "candidate"
    """Round what the machine proposed."""
    ADDED = "added"
    """Round a span that a person named."""
    WATCHED = "watched"
    """A stretch without any candidate, drawn by lot to see what the machine missed."""
    CUT_AGAIN = "cut-again"
    """As a screener asked, in place of another clip; screened already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipTerms:
    """What lot fell to a clip: how it goes through the stages where it differs from the others."""

    origin: ClipOrigin = ClipOrigin.CANDIDATE
    screened_again: bool = False
    """One more person screens it."""
    foil: bool = False
    """It is coded even where screeners saw nothing in it."""
    recodings: int = 0
    """How often it was sent back to coding from an end that it had reached after being coded."""


AS_OTHERS = ClipTerms()
"""Those of a clip to which no lot fell."""

Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Turn(Declared):
    """One way through a clip by the same person: what is shown, and what is asked."""

    modality: Modality
    fields: tuple[AnswerField, ...]
    """In the order in which they are asked."""

    @property
    def shows_picture(self) -> bool:
        """Whether anything may be looked at."""
        return self.modality is not Modality.SOUND


class StageRules(Declared):
    """What one stage asks and of how many."""

    judges: Annotated[int, Field(ge=1)]
    """Experts who judge each clip here."""
    modality: Modality = Modality.BOTH
    fields: tuple[AnswerField, ...] = ()
    """Fields in the order in which they are asked."""
    shows_context: bool = False
    """Whether what happened in the game, and what the player said of it, is shown: only after coding."""
    shows_motion: bool = False
    """Whether a coder may see how much each part of the face moves, in passes that show the picture. It carries no
    marks, scores or thresholds, and its use is noted."""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The ways through a clip, in order; what the last one says is what counts."""
        return (Turn(modality=self.modality, fields=self.fields),)

    @property
    def n_turns(self) -> int:
        """How many ways through a clip there are."""
        return 1


class ScreeningRules(StageRules):
    """Screening, and how it is found out what it misses."""

    again: Share = 0
    """At least this share of candidates is screened by one more person."""
    watched: Share = 0
    """This share of face time without a candidate is cut and watched."""
    watchers: Annotated[int, Field(ge=1)] = 2
    """Screeners of each such clip."""


class CodingRules(StageRules):
    """Coding, and how it is found out what coders invent."""

    passes: tuple[Turn, ...] = ()
    """Where a coder goes through a clip more than once; the last one's answer is what is settled."""
    days_between_passes: Days = 0
    foils: Share = 0
    """At least this share of coding tickets is on clips in which screeners saw nothing."""
    movement_first: bool = False
    """Span and action units are handed in before an emotion may be named."""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The passes, or the one way through that there is."""
        return self.passes or (Turn(modality=self.modality, fields=self.fields),)

    @property
    def n_turns(self) -> int:
        """How many passes there are, or one."""
        return len(self.passes) or 1

    @model_validator(mode="after")
    def _last_pass_says_all(self) -> CodingRules:
        if self.passes and (self.fields or self.modality is not Modality.BOTH):
            raise Clash(
                "fields" if self.fields else "modality",
                what="it stands beside passes",
                remedy="give modality and fields in each of the passes, and not beside them",
            )
        fields = self.turns[-1].fields
        last = ("passes", len(self.passes) - 1, "fields") if self.passes else ("fields",)
        missing = [field.value for field in (AnswerField.SPAN, AnswerField.EVENT_TYPE) if field not in fields]
        if missing:
            raise Clash(
                *last,
                what=f"the last pass does not ask for {' and '.join(missing)}, and what it says is settled",
                remedy=f"add {', '.join(missing)}",
            )
        lost = [field.value for turn in self.turns[:-1] for field in turn.fields if field not in fields]
        if lost:
            raise Clash(
                *last,
                what=f"the last pass must ask again for {', '.join(lost)}: only what it says is settled",
                remedy=f"add {', '.join(lost)}",
            )
        if self.movement_first:
            asked = dict.fromkeys(field for turn in self.turns for field in turn.fields)
            order = [field for field in asked if field in (AnswerField.ACTION_UNITS, AnswerField.EMOTION)]
            if order == [AnswerField.EMOTION, AnswerField.ACTION_UNITS]:
                raise Clash(
                    "movement_first",
                    what="action_units must stand before emotion in fields",
                    remedy="change their order, or ask for everything at once with movement_first: false",
                )
        return self


class AdjudicationRules(StageRules):
    """Adjudication: by one person, or as a discussion."""

    together: bool = False
    """The coders themselves settle it in a discussion whose participants are named; else who did not code it does."""
    participants: Annotated[int, Field(ge=2)] = 2
    """Least people in a discussion."""


class Repeats(Declared):
    """Clips that the same coder codes once more."""

    share: Share
    """Of the clips that the coder coded."""
    after_days: Days
    """At the earliest, counted from when they last had to do with the clip."""


class Gold(Declared):
    """Clips of known reading among the ordinary ones."""

    share: Share
    """At least this share of a coder's coding tickets."""


class Qualification(Declared):
    """What a coder must show on gold clips before they are admitted to coding."""

    clips: Annotated[int, Field(ge=1)]
    """Gold clips coded at least."""
    event_free: Annotated[int, Field(ge=0)]
    """Of these at least so many in which nothing happens."""
    events_f1: Share
    """Least F1 of the events marked, matched at `match_iou`."""
    emotion_agreement: Share
    """Least share of matched events with the gold's emotion."""
    action_unit_index: Share
    """Least 2 × common / (scored + gold) over the action units of matched events."""

    @model_validator(mode="after")
    def _some_with_events(self) -> Qualification:
        if self.event_free >= self.clips:
            raise Clash(
                "event_free",
                what=f"event_free must be below clips ({self.clips}): some of them must show an event",
                remedy=f"write at most {self.clips - 1}",
            )
        return self


class Protocol(Declared):
    """A lab's rules for turning clips into settled events."""

    format: Literal["mmed-protocol"]
    version: Literal[1, 2]
    """1: without what version 2 added; all of that is then not asked for."""
    name: str
    title: str
    codebook: str
    """Name or path of the codebook."""
    screening: ScreeningRules
    coding: CodingRules
    adjudication: AdjudicationRules
    verification: StageRules
    tolerance: Tolerances
    match_iou: Annotated[float, Field(gt=0, le=1)]
    """Events of two coders are the same one from this intersection over union on."""
    must_agree: tuple[AnswerField, ...]
    """Fields on which a difference sends the clip to adjudication."""
    repeats: Repeats | None = None
    gold: Gold | None = None
    qualification: Qualification | None = None
    """None: whoever has the role may code."""
    neutral_face: bool = False
    """Nothing of a subject is coded before a reference of their face at rest is there."""
    context_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 30
    """Where a stage shows context: of so many seconds before and after a clip too (ours: a round of most games)."""
    return_after_days: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """A ticket that was not answered goes back after so long; None: it never does."""
    staff: Mapping[Role, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """Least people of each role before tickets are handed out."""

    @model_validator(mode="after")
    def _holds_together(self) -> Protocol:
        if self.coding.judges < 2:
            raise Clash(
                *("coding", "judges"),
                what=f"{self.coding.judges} is not at least 2: one coder agrees with nobody",
                remedy="write a number at least 2",
            )
        for blind, name in ((self.screening, "screening"), (self.coding, "coding")):
            if blind.shows_context:
                raise Clash(
                    *(name, "shows_context"),
                    what=f"{name} must not have shows_context: context is shown after coding only",
                    remedy="remove it",
                )
        for stage in JUDGED:
            if self.version == 1 and self.rules(stage).shows_motion:
                raise Clash(
                    *(stage.value, "shows_motion"),
                    what=f"{stage.value} must not have shows_motion: version 1 knows none",
                    remedy="write version: 2",
                )
        for rules, name in ((self.adjudication, "adjudication"), (self.verification, "verification")):
            if rules.judges != 1:
                raise Clash(
                    *(name, "judges"),
                    what=f"{name} is one person's word, so {rules.judges} is too many",
                    remedy="write 1",
                )
        if self.adjudication.together and self.adjudication.participants > self.coding.judges:
            raise Clash(
                *("adjudication", "participants"),
                what=f"a discussion of {self.adjudication.participants} needs as many coders, and coding has "
                f"{self.coding.judges} judges",
                remedy=f"write at most {self.coding.judges}, or more judges under coding",
            )
        asked = self.coding.turns[-1].fields
        missing = [field.value for field in self.must_agree if field not in asked]
        if missing:
            raise Clash(
                "must_agree",
                what=f"it names what the last pass of coding does not ask for: {', '.join(missing)}",
                remedy="remove it here, or ask for it there",
            )
        return self

    def screeners(self, terms: ClipTerms) -> int:
        """How many people screen a clip; 0: it was screened before it was cut again."""
        if terms.origin is ClipOrigin.CUT_AGAIN:
            return 0
        if terms.origin is ClipOrigin.WATCHED:
            return self.screening.watchers
        return self.screening.judges + terms.screened_again

    def judges(self, stage: Stage, terms: ClipTerms) -> int:
        """How many people judge a clip at a stage.

        Raises:
            KeyError: nobody judges at this stage.
        """
        return self.screeners(terms) if stage is Stage.SCREENING else self.rules(stage).judges

    def first_stage(self, terms: ClipTerms) -> Stage:
        """Where a new clip begins."""
        return Stage.SCREENING if self.screeners(terms) else Stage.CODING

    def barred(self, stage: Stage) -> frozenset[Stage]:
        """Who judged a clip at one of these may not judge it at this stage."""
        table = MAY_NOT_HAVE_JUDGED[stage]
        if stage is not Stage.ADJUDICATION or self.version == 1:
            return table
        # whoever sent it back would else settle it by themselves
        return (table - {Stage.CODING} if self.adjudication.together else table) | {Stage.VERIFICATION}

    def rules(self, stage: Stage) -> StageRules:
        """The rules of a stage at which experts judge.

        Raises:
            KeyError: nobody judges at this stage.
        """
        match stage:
            case Stage.SCREENING:
                return self.screening
            case Stage.CODING:
                return self.coding
            case Stage.ADJUDICATION:
                return self.adjudication
            case Stage.VERIFICATION:
                return self.verification
        raise KeyError(stage)


def load_protocol(name_or_path: str) -> Protocol:
    """Read a packaged protocol by name, or any by its path.

    Raises:
        BadInput: there is none of that name, or the file has a mistake.
    """
    path = named_or_path(name_or_path, "pipelines", "protocols")
    return read_yaml(path, Protocol)


def codebook_path(protocol: Protocol, place: str) -> Path:
    """Where the codebook lies that a protocol names; a path is relative to the protocol's own file.

    Args:
        protocol: the protocol.
        place: the name or path it was loaded from.

    Raises:
        BadInput: there is no packaged codebook of that name.
    """
    path = named_or_path(protocol.codebook, "schema", "codebooks")
    of_their_own = Path(protocol.codebook).suffix in {".yaml", ".yml"} and Path(place).suffix in {".yaml", ".yml"}
    return Path(place).parent / path if of_their_own else path


def codebook_of(protocol: Protocol, place: str) -> Codebook:
    """The codebook that a protocol names; see `codebook_path`.

    Raises:
        BadInput: there is no such codebook, or it has a mistake.
    """
    return load_codebook(str(codebook_path(protocol, place)))
