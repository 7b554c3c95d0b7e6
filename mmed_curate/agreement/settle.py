"""What one clip's judgements add up to: its stage, what still disagrees, and the consensus. A pure reducer.

Judgements are counted from the log's beginning. A correction counts in place of what it supersedes as long as its
stage is open; what stood when coding closed is what agreement is measured on. A clip that is sent back to coding begins
a new round there when it reaches an end; nothing that was said before goes, and of several codings the last one counts.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from mmed_curate.agreement.reading import Disagreement, adjudicated, events_of, read_together
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import CoderId
from mmed_curate.domain.judgements import (
    Adjudication,
    Coding,
    Consensus,
    ConsensusEvent,
    Judgement,
    Screening,
    ScreeningVerdict,
    Verification,
    VerificationVerdict,
)
from mmed_curate.domain.protocol import AS_OTHERS, JUDGED, NEXT, ClipTerms, Protocol, Purpose, Stage
from mmed_curate.domain.time import FrameClock

__all__ = ["ClosedCoding", "Course", "Disagreement", "course"]

_ENDS_OF_CODED = frozenset({Stage.SETTLED, Stage.REJECTED})
"""Where a clip can be sent back to coding from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedCoding:
    """What stood when the coding of one round closed."""

    round: int
    judgements: tuple[Judgement, ...]
    """What counts: of each coder the last pass, in log order."""
    passes: tuple[Judgement, ...]
    """The same with the passes before the last, in log order."""

    @property
    def closed_at(self) -> int:
        """Position in the log of the judgement that closed it."""
        return max(one.order for one in self.judgements)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Where one clip stands after its judgements."""

    stage: Stage
    round: int
    """1 at first; one more each time verification sends the clip back, or the curator sends it back to coding."""
    open_seats: int
    """Judges still missing at this stage; 0 at the ends."""
    consensus: Consensus | None
    """A proposal at verification, final once settled, None otherwise."""
    disagreements: tuple[Disagreement, ...]
    """What the coders left open in the coding that last closed; stays readable after adjudication."""
    standing: tuple[Judgement, ...]
    """Every judgement that is not superseded, in log order."""
    codings: tuple[ClosedCoding, ...]
    """Every coding that closed, the last one last; a clip that was never sent back has one at most."""

    @property
    def coded(self) -> tuple[Judgement, ...]:
        """The coding judgements that stood when coding last closed, in log order; empty before that."""
        return self.codings[-1].judgements if self.codings else ()

    @property
    def verified_by(self) -> CoderId | None:
        """Who accepted it in verification last; None: nobody has."""
        for one in reversed(self.standing):
            if isinstance(one.answer, Verification) and one.answer.verdict is VerificationVerdict.ACCEPT:
                return one.coder
        return None


def course(
    judgements: Sequence[Judgement],
    protocol: Protocol,
    clock: FrameClock,
    codebook: Codebook,
    terms: ClipTerms = AS_OTHERS,
) -> Course:
    """Reduce the judgements of one clip to where it stands.

    Repeats, gold and training bear on nothing here; of several passes of one coder the last counts.

    Args:
        judgements: all judgements of one clip, superseded ones too; taken in log order whatever order they come in.
        protocol: how many judge at each stage, tolerances, which fields must agree.
        clock: the clip's own clock.
        codebook: see `reading.read_together`.
        terms: what lot fell to the clip.

    Raises:
        BadInput: the history is impossible: another clip's judgement among them, a stage or round that the clip is
            not at, a judge who may not judge there, the same judge twice, a correction of what is not his or does
            not stand, an event behind the clip's end, a judgement after the end.
    """
    walk = _Walk(protocol=protocol, clock=clock, codebook=codebook, terms=terms, stage=protocol.first_stage(terms))
    for judgement in sorted(judgements, key=lambda one: one.order):
        if judgement.purpose is Purpose.ORDINARY:
            walk.take(judgement)
    return walk.course()


_NOWHERE: frozenset[Stage] = frozenset()


@dataclass(slots=True, kw_only=True)
class _Walk:
    protocol: Protocol
    clock: FrameClock
    codebook: Codebook
    terms: ClipTerms
    stage: Stage
    round: int = 1
    n_judges: int = 0
    """How many judge at the stage that is open; 0 at the ends."""
    n_turns: int = 0
    """How many passes each of them takes."""
    barred: frozenset[Stage] = frozenset()
    """Who judged the clip at one of these may not judge it there."""
    seen: list[Judgement] = field(default_factory=list)
    taken: set[str | int] = field(default_factory=set)
    """Ids and places in the log of those seen."""
    judged_at: dict[CoderId, set[Stage]] = field(default_factory=dict)
    """At which stages each judge has spoken."""
    superseded: set[str] = field(default_factory=set)
    seated: list[Judgement] = field(default_factory=list)
    """Standing judgements of the stage and round that is open, of its last pass."""
    earlier: list[Judgement] = field(default_factory=list)
    """Standing judgements of its passes before the last."""
    codings: list[ClosedCoding] = field(default_factory=list)
    recoded: int = 0
    """How often it went back to coding so far."""
    since: int = 0
    """How many judgements there were when it last went back to coding."""
    disagreements: tuple[Disagreement, ...] = ()
    events: tuple[ConsensusEvent, ...] | None = None

    def __post_init__(self) -> None:
        self._enter(self.stage)

    def _enter(self, stage: Stage) -> None:
        self.stage = stage
        is_open = stage in JUDGED
        self.n_judges = self.protocol.judges(stage, self.terms) if is_open else 0
        self.n_turns = self.protocol.rules(stage).n_turns if is_open else 0
        self.barred = self.protocol.barred(stage) if is_open else _NOWHERE

    def take(self, judgement: Judgement) -> None:
        self._check(judgement)
        if judgement.supersedes is not None:
            self.seated = [one for one in self.seated if one.id != judgement.supersedes]
            self.earlier = [one for one in self.earlier if one.id != judgement.supersedes]
            self.superseded.add(judgement.supersedes)
        self.seen.append(judgement)
        self.taken.update((judgement.id, judgement.order))
        for who in judgement.judges:
            self.judged_at.setdefault(who, set()).add(judgement.stage)
        if judgement.turn < self.n_turns:
            self.earlier.append(judgement)
            return
        self.seated.append(judgement)
        if len(self.seated) == self.n_judges:
            self._close()

    def course(self) -> Course:
        standing = tuple(one for one in self.seen if one.id not in self.superseded)
        consensus = None
        if self.events is not None and self.stage in {Stage.VERIFICATION, Stage.SETTLED}:
            before = {one.id for one in self.seen[: self.since]}
            bearing = tuple(one.id for one in standing if one.stage is not Stage.SCREENING and one.id not in before)
            consensus = Consensus(clip=standing[0].clip, events=self.events, judgements=bearing)
        return Course(
            stage=self.stage,
            round=self.round,
            open_seats=self.n_judges - len(self.seated),
            consensus=consensus,
            disagreements=self.disagreements,
            standing=standing,
            codings=tuple(self.codings),
        )

    def _check(self, judgement: Judgement) -> None:
        clip = judgement.clip
        if self.seen and clip != self.seen[0].clip:
            raise _impossible("other_clip", judgement, f"is among those of clip {self.seen[0].clip}")
        if judgement.id in self.taken or judgement.order in self.taken:
            raise _impossible("twice", judgement, "stands twice in the log")
        if self.stage not in JUDGED:
            raise _impossible("after_end", judgement, f"came after the clip was {self.stage.value}")
        if judgement.stage is not self.stage or judgement.round != self.round:
            raise _impossible(
                "wrong_stage",
                judgement,
                f"is for {judgement.stage.value}, round {judgement.round}, but the clip is at {self.stage.value}, "
                f"round {self.round}",
            )
        if judgement.supersedes is not None:
            before = next((one for one in (*self.seated, *self.earlier) if one.id == judgement.supersedes), None)
            if before is None or before.coder != judgement.coder or before.turn != judgement.turn:
                raise _impossible(
                    "supersedes", judgement, f"supersedes {judgement.supersedes}, which does not stand as this judge's"
                )
        else:
            self._check_turn(judgement)
        barred = self.barred & self._judged_by(judgement.coder) if self.barred else _NOWHERE
        if barred:
            where = ", ".join(sorted(stage.value for stage in barred))
            raise _impossible("barred", judgement, f"is by judge {judgement.coder}, who judged this clip at {where}")
        answer = judgement.answer
        if isinstance(answer, Adjudication):
            self._check_participants(judgement, answer)
        if isinstance(answer, (Coding, Adjudication)):
            for event in answer.events:
                last = max([event.span.offset, *[cue.offset for cue in event.vocal_cues]])
                if last > self.clock.last_frame:
                    raise _impossible(
                        "outside", judgement, f"marks frame {last}; the clip ends at {self.clock.last_frame}"
                    )

    def _check_turn(self, judgement: Judgement) -> None:
        own = [one.turn for one in (*self.earlier, *self.seated) if one.coder == judgement.coder]
        if judgement.turn in own:
            raise _impossible("judge_twice", judgement, f"is the second of judge {judgement.coder} at this stage")
        if judgement.turn != len(own) + 1 or judgement.turn > self.n_turns:
            raise _impossible(
                "pass_skipped", judgement, f"is of pass {judgement.turn}, after {len(own)} of {self.n_turns}"
            )

    def _check_participants(self, judgement: Judgement, answer: Adjudication) -> None:
        if not self.protocol.adjudication.together:
            if answer.participants:
                raise _impossible("discussion", judgement, "names participants, where one person adjudicates")
            return
        # where too few of its coders are left to discuss it, somebody else adjudicates alone
        if not answer.participants and Stage.CODING not in self._judged_by(judgement.coder):
            return
        barred = self.protocol.barred(Stage.ADJUDICATION)
        if any(self._judged_by(who) & barred for who in answer.participants):
            raise _impossible("discussion", judgement, "names somebody who may not take part in it")
        coders = {one.coder for one in self.codings[-1].judgements}
        least = self.protocol.adjudication.participants
        if judgement.coder not in answer.participants or len(coders & set(answer.participants)) < least:
            raise _impossible("discussion", judgement, f"names fewer than {least} of its coders, or not its judge")

    def _judged_by(self, coder: CoderId) -> Set[Stage]:
        return self.judged_at.get(coder, _NOWHERE)

    def _close(self) -> None:
        seated = sorted(self.seated, key=lambda one: one.order)
        following = self._after(seated)
        if following not in NEXT[self.stage]:
            raise ValueError(f"the reducer moved from {self.stage} to {following}, which the protocol does not know")
        self._enter(following)
        self.seated, self.earlier = [], []
        if following in _ENDS_OF_CODED and self.codings and self.recoded < self.terms.recodings:
            self._reopen()

    def _reopen(self) -> None:
        self._enter(Stage.CODING)
        self.round += 1
        self.recoded += 1
        self.since = len(self.seen)
        self.events = None

    def _after(self, seated: Sequence[Judgement]) -> Stage:
        answers = [one.answer for one in seated]
        if self.stage is Stage.SCREENING:
            rejecting = sum(
                isinstance(answer, Screening) and answer.verdict is ScreeningVerdict.REJECT for answer in answers
            )
            if 2 * rejecting > len(answers):
                return Stage.CODING if self.terms.foil else Stage.REJECTED
            anew = sum(isinstance(answer, Screening) and answer.cut_again is not None for answer in answers)
            # cutting again throws nothing away, so half of those who accept is enough
            return Stage.REPLACED if anew and 2 * anew >= len(answers) - rejecting else Stage.CODING
        if self.stage is Stage.CODING:
            passes = tuple(sorted((*self.earlier, *seated), key=lambda one: one.order))
            self.codings.append(ClosedCoding(round=self.round, judgements=tuple(seated), passes=passes))
            codings = [(one, one.answer) for one in seated if isinstance(one.answer, Coding)]
            reading = read_together(codings, self.protocol, self.clock, self.codebook)
            self.disagreements = reading.disagreements
            if reading.disagreements:
                return Stage.ADJUDICATION
            self.events = reading.events
            return Stage.VERIFICATION
        (answer,) = answers  # the protocol admits one judge to each of the stages that follow
        if isinstance(answer, Adjudication):
            events = events_of(answer, self.codebook)
            self.events = tuple(
                adjudicated(event, seated[0].id, self.codebook)
                for event in sorted(events, key=lambda event: event.span.onset)
            )
            return Stage.VERIFICATION
        if isinstance(answer, Verification) and answer.verdict is VerificationVerdict.ACCEPT:
            return Stage.SETTLED
        if isinstance(answer, Verification) and answer.verdict is VerificationVerdict.SEND_BACK:
            self.round += 1
            self.events = None
            return Stage.ADJUDICATION
        return Stage.REJECTED


def _impossible(word: str, judgement: Judgement, what: str) -> BadInput:
    return BadInput.of(
        f"history.{word}",
        f"judgement {judgement.id} of clip {judgement.clip} {what}",
        "judge a clip through the desk, which hands out only what is open",
    )
