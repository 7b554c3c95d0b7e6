"""Who agrees with whom, and about what they do not: coders by name, for the curator only; never in a release.

Counted is what stood when a clip's coding closed, as in the report. A pair of coders is compared on events that both
marked; an event that only one of them marked, in a clip that both coded, counts as unseen by the other. Against the
consensus count clips that are settled; it rests in part on the coder's own word, so it flatters where coders are few.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median

import numpy as np

from mmed_curate.agreement.bootstrap import measure
from mmed_curate.agreement.gathering import matched
from mmed_curate.agreement.gold import GoldScore, against_gold, matched_events, reading_of
from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.layers import Rows, cohen_coefficient, reported_alpha
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.settle import course
from mmed_curate.agreement.statistic import Statistic, divided, summed
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.identity import ClipId, CoderId
from mmed_curate.domain.judgements import CodedEvent, Coding
from mmed_curate.domain.measures import Measure, Undetermined
from mmed_curate.domain.protocol import Protocol, Stage
from mmed_curate.domain.time import FrameClock


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAgreement:
    """Two coders."""

    one: CoderId
    other: CoderId
    n_clips: int
    """Clips that both coded."""
    n_events: int
    """Events that both marked."""
    seen_by_one: int
    """Events that only the first marked."""
    seen_by_other: int
    kappa: Measure
    """Cohen's kappa of the emotion."""
    onset_ms: float | None
    """Median distance of onsets; None: no event that both marked."""
    confusion: Mapping[tuple[str, str], int]
    """Emotion of the first, emotion of the other: number of events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoderAgreement:
    """One coder beside all others."""

    coder: CoderId
    n_clips: int
    with_others: Measure
    """Share of pairs with this coder who name the same emotion; part of it is chance."""
    alpha_without: Measure
    """Alpha of the emotion among all others: higher than with this coder, where they differ from the rest."""
    against_consensus: GoldScore
    """Against what was settled."""
    confusion: Mapping[tuple[str, str], int]
    """Emotion that was settled, emotion of the coder: number of matched events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference that recurs: one coder says this where the other says that."""

    one: CoderId
    other: CoderId
    says: str
    """Emotion of the first."""
    where_other_says: str
    clips: tuple[ClipId, ...]
    """In which; to look at together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmongCoders:
    """All of it."""

    alpha: Measure
    """Of the emotion, over all coders."""
    coders: tuple[CoderAgreement, ...]
    """By coder."""
    pairs: tuple[PairAgreement, ...]
    """Each pair that coded a clip together, by coder."""
    differences: tuple[Difference, ...]
    """The most frequent first."""


@dataclass(slots=True)
class _Pair:
    clips: int = 0
    one_only: int = 0
    other_only: int = 0
    rows: Rows = field(default_factory=Rows.none)
    said: list[tuple[str, str, bool]] = field(default_factory=list)
    """Event, subject, whether both name the same emotion."""
    onsets_ms: list[float] = field(default_factory=list)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    where: dict[tuple[str, str], list[ClipId]] = field(default_factory=dict)


def among_coders(
    clips: Sequence[JudgedClip], protocol: Protocol, codebook: Codebook, settings: AgreementSettings
) -> AmongCoders:
    """Compare coders with each other and with what was settled.

    Args:
        clips: each clip once, in any order.
        protocol, codebook, settings: see `report.agreement_report`.

    Raises:
        BadInput: a clip's judgements are an impossible history.
    """
    everybody = Rows.none()
    pairs: dict[tuple[CoderId, CoderId], _Pair] = {}
    coded: Counter[CoderId] = Counter()
    settled: dict[CoderId, list[tuple[Coding, Coding]]] = {}
    for judged in sorted(clips, key=lambda one: one.clip):
        state = course(judged.judgements, protocol, judged.clock, codebook, judged.terms)
        if not state.coded:
            continue
        events, groups = matched(state.coded, protocol, codebook)
        coders = [judgement.coder for judgement in state.coded]
        coded.update(coders)
        if state.stage is Stage.SETTLED and state.consensus is not None:
            known = reading_of(state.consensus)
            for judgement in state.coded:
                if isinstance(judgement.answer, Coding):
                    settled.setdefault(judgement.coder, []).append((judgement.answer, known))
        seen = [
            {coders[at]: events[at][index] for at, index in enumerate(group) if index is not None} for group in groups
        ]
        for of in seen:
            everybody.add(judged.subject, {coder: event.emotion for coder, event in of.items()})
        for one, other in combinations(sorted(coders), 2):
            pair = pairs.setdefault((one, other), _Pair())
            pair.clips += 1
            for number, of in enumerate(seen):
                _compare(pair, of.get(one), of.get(other), f"{judged.clip}/{number}", judged, (one, other))
    return AmongCoders(
        alpha=reported_alpha(everybody.ratings(), settings),
        coders=tuple(
            CoderAgreement(
                coder=coder,
                n_clips=n,
                with_others=_with_others(coder, pairs, settings),
                alpha_without=_alpha_without(coder, everybody, settings),
                against_consensus=against_gold(settled.get(coder, ()), protocol.match_iou, codebook),
                confusion=_confusion(settled.get(coder, ()), protocol, codebook),
            )
            for coder, n in sorted(coded.items())
        ),
        pairs=tuple(
            PairAgreement(
                one=one,
                other=other,
                n_clips=pair.clips,
                n_events=len(pair.onsets_ms),
                seen_by_one=pair.one_only,
                seen_by_other=pair.other_only,
                kappa=cohen_coefficient(pair.rows.ratings(), settings),
                onset_ms=median(pair.onsets_ms) if pair.onsets_ms else None,
                confusion=dict(sorted(pair.confusion.items())),
            )
            for (one, other), pair in sorted(pairs.items())
        ),
        differences=tuple(
            Difference(one=one, other=other, says=says, where_other_says=said, clips=tuple(where))
            for (one, other), (says, said), where in sorted(
                ((who, what, where) for who, pair in pairs.items() for what, where in pair.where.items()),
                key=lambda item: (-len(item[2]), item[0], item[1]),
            )
        ),
    )


def _compare(
    pair: _Pair,
    mine: CodedEvent | None,
    theirs: CodedEvent | None,
    unit: str,
    judged: JudgedClip,
    who: tuple[CoderId, CoderId],
) -> None:
    if mine is None or theirs is None:
        pair.one_only += mine is not None
        pair.other_only += theirs is not None
        return
    pair.rows.add(judged.subject, dict(zip(who, (mine.emotion, theirs.emotion), strict=True)))
    pair.said.append((unit, judged.subject, mine.emotion == theirs.emotion))
    pair.onsets_ms.append(_apart_ms(mine, theirs, judged.clock))
    what = (mine.emotion, theirs.emotion)
    pair.confusion[what] += 1
    if mine.emotion != theirs.emotion:
        pair.where.setdefault(what, []).append(judged.clip)


def _apart_ms(mine: CodedEvent, theirs: CodedEvent, clock: FrameClock) -> float:
    return float(abs(clock.start_of(mine.span.onset) - clock.start_of(theirs.span.onset)) * 1000)


def _with_others(
    coder: CoderId, pairs: Mapping[tuple[CoderId, CoderId], _Pair], settings: AgreementSettings
) -> Measure:
    """Share of pairs that agree, over the units of this coder's pairs."""
    said = [one for who, pair in pairs.items() if coder in who for one in pair.said]
    place = {name: number for number, name in enumerate(sorted({cluster for _, cluster, _ in said}))}
    cluster = np.array([place[name] for _, name, _ in said], dtype=np.int64)
    same = np.array([agree for *_, agree in said], dtype=float)
    statistic = Statistic(
        contributions=np.column_stack(
            [summed(same, cluster, len(place)), summed(np.ones(len(said)), cluster, len(place))]
        ),
        combine=lambda total: divided(total[:, 0], total[:, 1]),
        n_units=len({unit for unit, *_ in said}),
        n_judgements=2 * len(said),
        n_clusters=len(place),
    )
    return measure(statistic, settings, why_nan="no event was marked by this coder and another")


def _alpha_without(coder: CoderId, everybody: Rows, settings: AgreementSettings) -> Measure:
    rows = everybody.without(coder)
    if not rows.sizes:
        return Undetermined(reason="nobody else coded")
    return reported_alpha(rows.ratings(), settings)


def _confusion(
    pairs: Sequence[tuple[Coding, Coding]], protocol: Protocol, codebook: Codebook
) -> Mapping[tuple[str, str], int]:
    found = Counter(
        (known.emotion, said.emotion)
        for own, settled in pairs
        for said, known in matched_events(own, settled, protocol.match_iou, codebook)
    )
    return dict(sorted(found.items()))
