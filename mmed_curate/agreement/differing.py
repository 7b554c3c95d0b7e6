"""What every two coders said of the same thing, and where they differ: coders by name, for the curator only.

Counted is what the report counts: what stood when a clip's coding closed. A *pair* is two coders before one thing that
both judged: an event that both marked, an event that only one of them marked (`existence` alone), a clip that both
screened. A code that only one of the two gave stands against `NOT_GIVEN`; one that a coder could not see is no pair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from types import MappingProxyType

from mmed_curate.agreement.gathering import NO_CLASS, matched
from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.reading import one_mark_each
from mmed_curate.agreement.settle import Course, course
from mmed_curate.agreement.times import MARKS
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.identity import ClipId, CoderId
from mmed_curate.domain.judgements import CodedEvent, Coding, Judgement, Screening
from mmed_curate.domain.protocol import Protocol, Stage
from mmed_curate.domain.time import FrameClock

NOT_GIVEN = "–"
"""Stands where one of two coders gave a code and the other did not."""
SEEN, UNSEEN = "yes", "no"
"""Whether a coder marked an event, as the report names it."""
SETS = frozenset({"action-units", "vocal-cues"})
"""Layers in which a coder gives several codes, each or not."""
_BESIDE = frozenset({"emotion-class", "intensity", "confidence"})
"""Layers that follow from another one, and scales on which a step apart is no confusion: looked at when asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """One thing that two coders said differently."""

    layer: str
    """As the report names it, such as `emotion` or `pass-1-picture:emotion`; also `intensity:au4`, or a mark."""
    clip: ClipId
    event: int
    """Which of the clip's matched events, from 0; 0 where the whole clip was judged."""
    one: CoderId
    """The first of the two by id."""
    other: CoderId
    says: str
    """What the first said."""
    other_says: str
    apart_ms: float | None = None
    """How far apart the two put a mark; None: no mark."""

    @property
    def codes(self) -> tuple[str, str]:
        """Both answers, whoever gave which."""
        return (self.says, self.other_says) if self.says <= self.other_says else (self.other_says, self.says)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """All pairs."""

    discrepancies: tuple[Discrepancy, ...]
    """By clip, event, layer and coders."""
    agreed: Mapping[tuple[str, str], int]
    """Pairs who gave the same answer, by layer and answer; of codes given or not, only where both gave it."""
    n_pairs: Mapping[tuple[str, CoderId, CoderId], int]
    """Pairs that were compared, by layer and coders; of codes given or not, each code that one of the two gave."""
    apart_ms: Mapping[str, tuple[tuple[float, bool], ...]]
    """By mark, of every pair: how far apart in ms, and whether that is within tolerance."""
    courses: Mapping[ClipId, Course]
    """Where each clip stands whose coding has closed and counts."""

    def of(
        self,
        layers: Collection[str] | None = None,
        *,
        code: str | None = None,
        codes: tuple[str, str] | None = None,
        coders: Collection[CoderId] = (),
    ) -> Iterator[Discrepancy]:
        """Those that are about something.

        Args:
            layers: in these; None: in all that stand by themselves, of the last pass.
            code: one of the two said this.
            codes: the two said these, whoever said which.
            coders: one coder: this one and any other; two: between them.
        """
        for one in self.discrepancies:
            if one.layer not in layers if layers is not None else (one.layer in _BESIDE or ":" in one.layer):
                continue
            if code is not None and code not in (one.says, one.other_says):
                continue
            if codes is not None and tuple(sorted(codes)) != one.codes:
                continue
            if all(who in (one.one, one.other) for who in coders):
                yield one

    def n_compared(self, layers: Collection[str], coders: Collection[CoderId] = ()) -> int:
        """Pairs in some layers, with one coder, or between two."""
        return sum(
            n
            for (layer, one, other), n in self.n_pairs.items()
            if layer in layers and all(who in (one, other) for who in coders)
        )


def compared(clips: Sequence[JudgedClip], protocol: Protocol, codebook: Codebook) -> Compared:
    """Hold every two coders of every clip against each other.

    Args:
        clips: each clip once, in any order.
        protocol: tolerances, `match_iou`, and through how many passes coders go.
        codebook: the vocabulary.

    Raises:
        BadInput: a clip's judgements are an impossible history (see `settle.course`).
    """
    found = _Found(protocol=protocol, codebook=codebook)
    courses: dict[ClipId, Course] = {}
    for judged in sorted(clips, key=lambda one: one.clip):
        now = course(judged.judgements, protocol, judged.clock, codebook, judged.terms)
        verdicts = {one.coder: one.answer.verdict.value for one in now.standing if isinstance(one.answer, Screening)}
        for one, other in combinations(sorted(verdicts), 2):
            found.say(Stage.SCREENING.value, (judged.clip, 0, one, other), (verdicts[one], verdicts[other]))
        if not now.coded or not judged.counts:
            continue
        courses[judged.clip] = now
        found.add(judged, now.coded, "")
        if protocol.coding.n_turns > 1:
            by_pass: dict[str, list[Judgement]] = {}
            for judgement in now.codings[-1].passes:
                if isinstance(judgement.answer, Coding):
                    name = f"pass-{judgement.turn}-{judgement.modality.value}:"
                    by_pass.setdefault(name, []).append(judgement)
            for name, codings in by_pass.items():
                found.add(judged, codings, name)
    return Compared(
        discrepancies=tuple(found.discrepancies),
        agreed=MappingProxyType(dict(found.agreed)),
        n_pairs=MappingProxyType(dict(found.n_pairs)),
        apart_ms=MappingProxyType({mark: tuple(apart) for mark, apart in found.apart_ms.items()}),
        courses=MappingProxyType(courses),
    )


_Here = tuple[ClipId, int, CoderId, CoderId]
"""Clip, event, and the two coders."""


@dataclass(slots=True, kw_only=True)
class _Found:
    protocol: Protocol
    codebook: Codebook
    discrepancies: list[Discrepancy] = field(default_factory=list)
    agreed: Counter[tuple[str, str]] = field(default_factory=Counter)
    n_pairs: Counter[tuple[str, CoderId, CoderId]] = field(default_factory=Counter)
    apart_ms: dict[str, list[tuple[float, bool]]] = field(default_factory=lambda: {mark: [] for mark in MARKS})
    class_of: dict[str, str] = field(init=False)
    region_of: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.class_of = {entry.code: entry.emotion_class or NO_CLASS for entry in self.codebook.emotions}
        self.region_of = {entry.code: entry.region for entry in self.codebook.action_units}

    def say(
        self, layer: str, here: _Here, said: tuple[str, str], apart_ms: float | None = None, *, same: bool | None = None
    ) -> None:
        """One pair; `same` where equal words are not what decides."""
        clip, event, one, other = here
        self.n_pairs[layer, one, other] += 1
        if said[0] == said[1] if same is None else same:
            self.agreed[layer, said[0]] += 1
            return
        self.discrepancies.append(
            Discrepancy(
                layer=layer,
                clip=clip,
                event=event,
                one=one,
                other=other,
                says=said[0],
                other_says=said[1],
                apart_ms=apart_ms,
            )
        )

    def add(self, judged: JudgedClip, coded: Sequence[Judgement], prefix: str) -> None:
        """The codings of one clip; of a pass by itself, only what an event was called and whether there is one."""
        events, groups = matched(coded, self.protocol, self.codebook)
        coders = [judgement.coder for judgement in coded if isinstance(judgement.answer, Coding)]
        by_id = sorted(range(len(coders)), key=lambda at: coders[at])
        for number, group in enumerate(groups):
            seen = [None if index is None else events[at][index] for at, index in enumerate(group)]
            for at, beside in combinations(by_id, 2):
                mine, theirs = seen[at], seen[beside]
                here = (judged.clip, number, coders[at], coders[beside])
                if mine is None and theirs is None:
                    continue
                said = (UNSEEN if mine is None else SEEN, UNSEEN if theirs is None else SEEN)
                self.say(f"{prefix}existence", here, said)
                if mine is not None and theirs is not None:
                    self._events(here, mine, theirs, prefix)
                    if not prefix:
                        self._movement(here, mine, theirs, judged.clock)

    def _events(self, here: _Here, mine: CodedEvent, theirs: CodedEvent, prefix: str) -> None:
        self.say(f"{prefix}event-type", here, (mine.event_type, theirs.event_type))
        self.say(f"{prefix}emotion", here, (mine.emotion, theirs.emotion))
        classes = (self.class_of.get(mine.emotion, NO_CLASS), self.class_of.get(theirs.emotion, NO_CLASS))
        self.say(f"{prefix}emotion-class", here, classes)

    def _movement(self, here: _Here, mine: CodedEvent, theirs: CodedEvent, clock: FrameClock) -> None:
        tick_ms = float(clock.time_base * 1000)
        tolerances = self.protocol.tolerance
        for mark, tolerance, a, b in (
            ("onset", tolerances.onset, mine.span.onset, theirs.span.onset),
            ("apex", tolerances.apex, mine.span.apex, theirs.span.apex),
            ("offset", tolerances.offset, mine.span.offset, theirs.span.offset),
        ):
            apart_ms = abs(clock.pts[a] - clock.pts[b]) * tick_ms
            holds = tolerance.holds(a, b, clock)
            self.apart_ms[mark].append((apart_ms, holds))
            self.say(mark, here, (f"frame {a}", f"frame {b}"), apart_ms, same=holds)
        units = [one_mark_each(event.action_units) for event in (mine, theirs)]
        hidden = {*mine.not_visible, *theirs.not_visible}
        known = [{code for code in own if self.region_of.get(code) not in hidden} for own in units]
        self._codes("action-units", here, *known)
        subject = self.codebook.cue_owners[0].code
        self._codes(
            "vocal-cues",
            here,
            *({cue.code for cue in event.vocal_cues if cue.owner == subject} for event in (mine, theirs)),
        )
        for code in sorted(known[0] & known[1]):
            strength, theirs_of = units[0][code].intensity, units[1][code].intensity
            if strength is not None and theirs_of is not None:
                for layer in ("intensity", f"intensity:{code}"):  # of all units, and of this one
                    self.say(layer, here, (strength.value, theirs_of.value))
        if mine.confidence is not None and theirs.confidence is not None:
            self.say("confidence", here, (mine.confidence, theirs.confidence))

    def _codes(self, layer: str, here: _Here, mine: set[str], theirs: set[str]) -> None:
        for code in sorted(mine | theirs):
            said = (code if code in mine else NOT_GIVEN, code if code in theirs else NOT_GIVEN)
            self.say(layer, here, said)
