"""The whole report, layer by layer: on what stood when the coding of each clip closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

from mmed_curate.agreement.alpha import alpha, package_alpha
from mmed_curate.agreement.bootstrap import measure
from mmed_curate.agreement.coefficients import Chance, corrected
from mmed_curate.agreement.judged import JudgedClip, judgements_digest
from mmed_curate.agreement.matching import match_events
from mmed_curate.agreement.ratings import Level, Ratings, tally
from mmed_curate.agreement.reading import events_of
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.settle import course
from mmed_curate.agreement.times import TimeAgreement, TimedEvent, TimedPair, time_agreement
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.judgements import CodedEvent, Coding, Judgement, Screening
from mmed_curate.domain.measures import Measure, Undetermined
from mmed_curate.domain.protocol import Protocol, Stage
from mmed_curate.domain.time import FrameClock

_NO_CLASS = "-"
_YES, _NO = "yes", "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassAgreement:
    """One value told apart from all others."""

    code: str
    positives: int
    """Units in which at least one coder chose it."""
    alpha: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerAgreement:
    """One thing that coders choose, over all units."""

    name: str
    """Such as `emotion`; its numbers are `emotion.alpha`, `emotion.ac1` and so on."""
    unit: str
    """What one unit is."""
    alpha: Measure
    """Krippendorff's alpha, nominal."""
    ac1: Measure
    """Gwet's AC1."""
    fleiss: Measure
    """Fleiss's kappa."""
    percent: Measure
    """Share of agreeing pairs, not corrected for chance."""
    classes: tuple[ClassAgreement, ...]
    """Each value that occurs against the rest, by code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementReport:
    """What was measured, on what, and how."""

    judgements_digest: str
    """Hash of all judgements that were given to it."""
    settings: AgreementSettings
    protocol: str
    codebook: str
    """Name and version."""
    simulated: bool
    """At least one clip, or one judgement, is simulated."""
    n_clips: int
    n_coded: int
    """Clips whose coding has closed; only they are measured."""
    n_subjects: int
    """Subjects of those clips."""
    n_coders: int
    """People who coded them."""
    n_events: int
    """Events that at least one coder marked in them."""
    layers: tuple[LayerAgreement, ...]
    times: TimeAgreement
    action_units: tuple[ClassAgreement, ...]
    """Each unit scored or not, over events that two or more coders marked."""
    vocal_cues: tuple[ClassAgreement, ...]
    """Each cue of the subject heard or not, over the same events."""

    @property
    def measured_by(self) -> Mapping[str, int | float | str]:
        """The values of its settings by name, which a policy holds against its own."""
        return self.settings.values()

    @property
    def measures(self) -> Mapping[str, Measure]:
        """Every number that a policy can name, such as `emotion.alpha` or `onset.within-tolerance`."""
        found: dict[str, Measure] = {}
        for layer in self.layers:
            found[f"{layer.name}.alpha"] = layer.alpha
            found[f"{layer.name}.ac1"] = layer.ac1
            found[f"{layer.name}.fleiss"] = layer.fleiss
            found[f"{layer.name}.percent"] = layer.percent
            for one in layer.classes:
                found[f"{layer.name}={one.code}.alpha"] = one.alpha
        for mark in self.times.marks:
            found[f"{mark.mark}.within-tolerance"] = mark.within_tolerance
        found["duration.alpha"] = self.times.duration_alpha
        for one in (*self.action_units, *self.vocal_cues):
            found[f"{one.code}.alpha"] = one.alpha
        return MappingProxyType(found)


@dataclass(slots=True)
class _Rows:
    """A long table in the making."""

    units: list[str]
    values: list[str]
    clusters: list[str]

    def add(self, unit: str, value: str, cluster: str) -> None:
        self.units.append(unit)
        self.values.append(value)
        self.clusters.append(cluster)

    def ratings(self) -> Ratings:
        return tally(self.units, self.values, self.clusters)


def agreement_report(
    clips: Sequence[JudgedClip], protocol: Protocol, codebook: Codebook, settings: AgreementSettings
) -> AgreementReport:
    """Measure agreement over clips.

    Coding judgements count as they stood when a clip's coding closed, before anyone discussed it; clips that are still
    being coded do not count; clips that were rejected later do. A unit of emotion, event type, action units, cues and
    times is an event as matched between coders; who did not mark it is missing there, and counts in `existence`, whose
    units are these events and the clips in which nobody saw one.

    Args:
        clips: each clip once, in any order.
        protocol: tolerances and `match_iou`.
        codebook: the vocabulary.
        settings: how intervals are made and what is too little.

    Raises:
        BadInput: a clip's judgements are an impossible history (see `settle.course`).
    """
    screening, existence, types, emotions, classes = (_Rows([], [], []) for _ in range(5))
    scored: list[tuple[str, str, frozenset[str]]] = []
    heard: list[tuple[str, str, frozenset[str]]] = []
    timed: list[TimedEvent] = []
    pairs: list[TimedPair] = []
    coders: set[str] = set()
    subjects: set[str] = set()
    class_of = {entry.code: entry.emotion_class or _NO_CLASS for entry in codebook.emotions}
    owner = codebook.cue_owners[0].code
    n_coded = n_events = 0
    for judged in sorted(clips, key=lambda one: one.clip):
        state = course(judged.judgements, protocol, judged.clock, codebook, judged.terms)
        for judgement in state.standing:
            if isinstance(judgement.answer, Screening):
                screening.add(judged.clip, judgement.answer.verdict.value, judged.subject)
        if not state.coded:
            continue
        n_coded += 1
        subjects.add(judged.subject)
        coders.update(judgement.coder for judgement in state.coded)
        events, groups = matched(state.coded, protocol, codebook)
        n_events += len(groups)
        for number, group in enumerate(groups):
            unit = f"{judged.clip}/{number}"
            seen = [events[coder][index] for coder, index in enumerate(group) if index is not None]
            for index in group:
                existence.add(unit, _NO if index is None else _YES, judged.subject)
            for event in seen:
                types.add(unit, event.event_type, judged.subject)
                emotions.add(unit, event.emotion, judged.subject)
                classes.add(unit, class_of.get(event.emotion, _NO_CLASS), judged.subject)
                scored.append((unit, judged.subject, frozenset(mark.code for mark in event.action_units)))
                cues = frozenset(cue.code for cue in event.vocal_cues if cue.owner == owner)
                heard.append((unit, judged.subject, cues))
                timed.append(_timed(event, unit, judged.subject, judged.clock))
            pairs.extend(
                _pair(one, other, unit, judged.subject, judged.clock, protocol) for one, other in combinations(seen, 2)
            )
        if not groups:
            for _ in events:
                existence.add(judged.clip, _NO, judged.subject)
    return AgreementReport(
        judgements_digest=judgements_digest(one for judged in clips for one in judged.judgements),
        settings=settings,
        protocol=protocol.name,
        codebook=f"{codebook.name} {codebook.version}",
        simulated=any(judged.simulated or any(one.simulated for one in judged.judgements) for judged in clips),
        n_clips=len(clips),
        n_coded=n_coded,
        n_subjects=len(subjects),
        n_coders=len(coders),
        n_events=n_events,
        layers=(
            layer_agreement("emotion", "event marked by two or more coders", emotions.ratings(), settings),
            layer_agreement("emotion-class", "event marked by two or more coders", classes.ratings(), settings),
            layer_agreement("event-type", "event marked by two or more coders", types.ratings(), settings),
            layer_agreement("existence", "event, or clip without any", existence.ratings(), settings),
            layer_agreement(Stage.SCREENING.value, "clip screened by two or more", screening.ratings(), settings),
        ),
        times=time_agreement(timed, pairs, settings),
        action_units=_each_or_not(scored, settings),
        vocal_cues=_each_or_not(heard, settings),
    )


def matched(
    coded: Sequence[Judgement], protocol: Protocol, codebook: Codebook
) -> tuple[list[tuple[CodedEvent, ...]], tuple[tuple[int | None, ...], ...]]:
    """The events of each coder of one clip, and which of them are the same (see `matching.match_events`)."""
    events = [events_of(judgement.answer, codebook) for judgement in coded if isinstance(judgement.answer, Coding)]
    return events, match_events([[event.span for event in own] for own in events], match_iou=protocol.match_iou)


def emotion_alpha(
    coded: Iterable[tuple[str, Sequence[Judgement]]],
    protocol: Protocol,
    codebook: Codebook,
    settings: AgreementSettings,
) -> Measure:
    """Alpha of emotion alone, as the report counts it, over some clips.

    Args:
        coded: of each clip whose coding has closed: its subject, and what stood then.
        protocol: its `match_iou`.
        codebook: the vocabulary.
        settings: how intervals are made and what is too little.
    """
    rows = _Rows([], [], [])
    for number, (subject, judgements) in enumerate(coded):
        events, groups = matched(judgements, protocol, codebook)
        for place, group in enumerate(groups):
            for coder, index in enumerate(group):
                if index is not None:
                    rows.add(f"{number}/{place}", events[coder][index].emotion, subject)
    return reported_alpha(rows.ratings(), settings)


def reported_alpha(ratings: Ratings, settings: AgreementSettings, level: Level = Level.NOMINAL) -> Measure:
    """Alpha with its interval: the point by the `krippendorff` package where it can, the interval by ours."""
    occurring = sorted({ratings.labels[index] for index in set(ratings.pairable.value.tolist())})
    only = occurring[0] if occurring else ""
    return measure(
        alpha(ratings, level),
        settings,
        why_nan=f"only one value occurs ({only}), so agreement cannot be told from chance",
        point=package_alpha(ratings, level),
    )


def nominal_coefficient(ratings: Ratings, chance: Chance, settings: AgreementSettings) -> Measure:
    """Percent agreement or a chance-corrected coefficient with its interval."""
    return measure(
        corrected(ratings, chance),
        settings,
        why_nan="only one value occurs, so agreement cannot be told from chance",
    )


def one_against_rest(ratings: Ratings, settings: AgreementSettings) -> tuple[ClassAgreement, ...]:
    """Alpha of each value that occurs against the rest, with the number of units in which a coder chose it."""
    paired = ratings.pairable
    found: list[ClassAgreement] = []
    for index in sorted(set(paired.value.tolist()), key=lambda one: ratings.labels[one]):
        positives = len(set(paired.unit[paired.value == index].tolist()))
        found.append(
            ClassAgreement(
                code=ratings.labels[index],
                positives=positives,
                alpha=_rare(positives, settings) or reported_alpha(ratings.one_against_rest(index), settings),
            )
        )
    return tuple(found)


def layer_agreement(name: str, unit: str, ratings: Ratings, settings: AgreementSettings) -> LayerAgreement:
    """All nominal measures of one layer."""
    return LayerAgreement(
        name=name,
        unit=unit,
        alpha=reported_alpha(ratings, settings),
        ac1=nominal_coefficient(ratings, Chance.AC1, settings),
        fleiss=nominal_coefficient(ratings, Chance.FLEISS, settings),
        percent=nominal_coefficient(ratings, Chance.NONE, settings),
        classes=one_against_rest(ratings, settings),
    )


def _rare(positives: int, settings: AgreementSettings) -> Undetermined | None:
    if positives >= settings.min_positives:
        return None
    return Undetermined(reason=f"chosen in {positives} units, needed are {settings.min_positives}")


def _each_or_not(
    rows: Sequence[tuple[str, str, frozenset[str]]], settings: AgreementSettings
) -> tuple[ClassAgreement, ...]:
    """Each code that anyone chose: chosen or not, per unit and coder."""
    found: list[ClassAgreement] = []
    for code in sorted({code for _, _, chosen in rows for code in chosen}):
        ratings = tally(
            [unit for unit, _, _ in rows],
            [_YES if code in chosen else _NO for _, _, chosen in rows],
            [subject for _, subject, _ in rows],
        )
        paired = ratings.pairable
        positives = len(set(paired.unit[paired.value == ratings.labels.index(_YES)].tolist()))
        found.append(
            ClassAgreement(
                code=code, positives=positives, alpha=_rare(positives, settings) or reported_alpha(ratings, settings)
            )
        )
    return tuple(found)


def _timed(event: CodedEvent, unit: str, subject: str, clock: FrameClock) -> TimedEvent:
    tick_ms = float(clock.time_base * 1000)
    onset, apex, offset = (clock.pts[mark] for mark in (event.span.onset, event.span.apex, event.span.offset))
    following = event.span.offset + 1
    end = clock.pts[following] if following < clock.n_frames else clock.end_pts
    return TimedEvent(
        unit=unit,
        cluster=subject,
        marks_ms=(onset * tick_ms, apex * tick_ms, offset * tick_ms),
        duration_ms=(end - onset) * tick_ms,
    )


def _pair(
    one: CodedEvent, other: CodedEvent, unit: str, subject: str, clock: FrameClock, protocol: Protocol
) -> TimedPair:
    a, b = one.span, other.span
    tick_ms = float(clock.time_base * 1000)
    return TimedPair(
        unit=unit,
        cluster=subject,
        apart_ms=(
            abs(clock.pts[a.onset] - clock.pts[b.onset]) * tick_ms,
            abs(clock.pts[a.apex] - clock.pts[b.apex]) * tick_ms,
            abs(clock.pts[a.offset] - clock.pts[b.offset]) * tick_ms,
        ),
        within=(
            protocol.tolerance.onset.holds(a.onset, b.onset, clock),
            protocol.tolerance.apex.holds(a.apex, b.apex, clock),
            protocol.tolerance.offset.holds(a.offset, b.offset, clock),
        ),
        iou=a.iou(b),
    )
