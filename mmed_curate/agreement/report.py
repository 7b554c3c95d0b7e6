"""The whole report, layer by layer: on what stood when the coding of each clip closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from types import MappingProxyType

from mmed_curate.agreement.judged import JudgedClip, judgements_digest
from mmed_curate.agreement.layers import (
    ClassAgreement,
    ExistenceAgreement,
    LayerAgreement,
    OrderedAgreement,
    Rows,
    Scored,
    SetAgreement,
    alpha_u_measure,
    each_or_not,
    invented_measure,
    layer_agreement,
    ordered_agreement,
    reported_alpha,
    set_agreement,
)
from mmed_curate.agreement.matching import match_events
from mmed_curate.agreement.reading import events_of, one_mark_each
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.settle import course
from mmed_curate.agreement.times import TimeAgreement, TimedEvent, TimedPair, time_agreement
from mmed_curate.agreement.unitizing import Continuum
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import CodedEvent, Coding, Intensity, Judgement, Screening, ScreeningVerdict
from mmed_curate.domain.measures import Measure, MeasuredClass
from mmed_curate.domain.protocol import Modality, Protocol, Stage
from mmed_curate.domain.time import FrameClock, Span

VERSION = 2
"""Of the report's document. 2: sets, scales, existence, passes, kappa, and what could not be seen is missing."""

_NO_CLASS = "-"
_YES, _NO = "yes", "no"
_EVENT_KIND = "event"
_NOTHING: frozenset[str] = frozenset()
_EVENT = "event marked by two or more coders"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassAgreement:
    """What coders say in one of several ways through a clip."""

    turn: int
    """Which pass, from 1; the last one is what is settled."""
    modality: Modality
    """What it shows."""
    n_clips: int
    """Clips that two or more judged in it."""
    layers: tuple[LayerAgreement, ...]

    @property
    def name(self) -> str:
        """As it stands before its numbers, such as `pass-1-picture`."""
        return f"pass-{self.turn}-{self.modality.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementReport:
    """What was measured, on what, and how."""

    version: int
    """Of its document: which measures it holds, and by which rules they were taken."""
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
    sets: tuple[SetAgreement, ...] = ()
    """Action units and the subject's vocal cues as sets; none in version 1."""
    ordered: tuple[OrderedAgreement, ...] = ()
    """Intensity and confidence; none in version 1."""
    existence: ExistenceAgreement | None = None
    """Whether and where something happened; None in version 1."""
    passes: tuple[PassAgreement, ...] = ()
    """Each way through a clip by itself, where coders go through clips in several; none in version 1."""

    @property
    def measured_by(self) -> Mapping[str, int | float | str]:
        """The values of its settings by name, which a policy holds against its own."""
        return self.settings.values()

    @property
    def classes(self) -> Mapping[str, Mapping[str, MeasuredClass]]:
        """By layer: each code that occurs, told apart from the rest; what belongs to no class of the map is none."""
        layers = {layer.name: layer.classes for layer in self.layers}
        layers |= {"action-units": self.action_units, "vocal-cues": self.vocal_cues}
        return {
            name: {
                one.code: MeasuredClass(positives=one.positives, alpha=one.alpha)
                for one in classes
                if one.code not in {"", _NO_CLASS}
            }
            for name, classes in layers.items()
        }

    @property
    def measures(self) -> Mapping[str, Measure]:
        """Every number that a policy can name, such as `emotion.alpha` or `onset.within-tolerance`."""
        found: dict[str, Measure] = {}
        _name(self.layers, "", found)
        for mark in self.times.marks:
            found[f"{mark.mark}.within-tolerance"] = mark.within_tolerance
        found["duration.alpha"] = self.times.duration_alpha
        for one in (*self.action_units, *self.vocal_cues):
            found[f"{one.code}.alpha"] = one.alpha
            _name_news(one, one.code, found)
        for whole in self.sets:
            found[f"{whole.name}.masi"] = whole.masi
            found[f"{whole.name}.index"] = whole.index
        for scale in self.ordered:
            found[f"{scale.name}.alpha"] = scale.alpha
            found[f"{scale.name}.ac2"] = scale.ac2
            found[f"{scale.name}.percent"] = scale.percent
        if self.existence is not None:
            found["existence.alpha-u"] = self.existence.alpha_u
            found[f"{Stage.SCREENING.value}.alpha-u"] = self.existence.screeners_alpha_u
            found["foils.invented"] = self.existence.invented
        for one_pass in self.passes:
            _name(one_pass.layers, f"{one_pass.name}:", found)
        return MappingProxyType(found)


def _name(layers: Sequence[LayerAgreement], prefix: str, found: dict[str, Measure]) -> None:
    for layer in layers:
        name = f"{prefix}{layer.name}"
        found[f"{name}.alpha"] = layer.alpha
        found[f"{name}.ac1"] = layer.ac1
        found[f"{name}.fleiss"] = layer.fleiss
        found[f"{name}.percent"] = layer.percent
        if layer.cohen is not None:
            found[f"{name}.cohen"] = layer.cohen
        for one in layer.classes:
            found[f"{name}={one.code}.alpha"] = one.alpha
            _name_news(one, f"{name}={one.code}", found)


def _name_news(one: ClassAgreement, name: str, found: dict[str, Measure]) -> None:
    for word, value in (("ac1", one.ac1), ("percent", one.percent)):
        if value is not None:
            found[f"{name}.{word}"] = value


@dataclass(slots=True)
class _Gathered:
    """What coders said, row by row, over all clips."""

    protocol: Protocol
    codebook: Codebook
    existence: Rows = field(default_factory=Rows.none)
    types: Rows = field(default_factory=Rows.none)
    emotions: Rows = field(default_factory=Rows.none)
    classes: Rows = field(default_factory=Rows.none)
    confidences: Rows = field(default_factory=Rows.none)
    intensities: Rows = field(default_factory=Rows.none)
    scored: list[Scored] = field(default_factory=list)
    heard: list[Scored] = field(default_factory=list)
    timed: list[TimedEvent] = field(default_factory=list)
    pairs: list[TimedPair] = field(default_factory=list)
    continua: list[Continuum] = field(default_factory=list)
    n_events: int = 0
    n_clips: int = 0
    class_of: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.class_of = {entry.code: entry.emotion_class or _NO_CLASS for entry in self.codebook.emotions}

    def add(self, judged: JudgedClip, coded: Sequence[Judgement], *, labels_only: bool = False) -> None:
        """The codings of one clip; for labels alone neither times nor what is given or not."""
        events, groups = matched(coded, self.protocol, self.codebook)
        coders = [judgement.coder for judgement in coded if isinstance(judgement.answer, Coding)]
        class_of = self.class_of
        tick_ms = float(judged.clock.time_base * 1000)
        self.n_clips += len(coders) > 1
        if not labels_only:
            spans = [[event.span for event in own] for own in events]
            self.continua.append(_continuum(judged, spans, tick_ms))
        self.n_events += len(groups)
        for number, group in enumerate(groups):
            unit = f"{judged.clip}/{number}"
            seen = [(coders[at], events[at][index]) for at, index in enumerate(group) if index is not None]
            for at, index in enumerate(group):
                self.existence.add(unit, _NO if index is None else _YES, judged.subject, coders[at])
            for coder, event in seen:
                self.types.add(unit, event.event_type, judged.subject, coder)
                self.emotions.add(unit, event.emotion, judged.subject, coder)
                self.classes.add(unit, class_of.get(event.emotion, _NO_CLASS), judged.subject, coder)
                if not labels_only:
                    self._add_movement(unit, judged, coder, event, tick_ms)
            if not labels_only:
                self.pairs.extend(
                    _pair(one, other, unit, judged.subject, judged.clock, self.protocol, tick_ms)
                    for (_, one), (_, other) in combinations(seen, 2)
                )
        if not groups:
            for coder in coders:
                self.existence.add(judged.clip, _NO, judged.subject, coder)

    def _add_movement(self, unit: str, judged: JudgedClip, coder: str, event: CodedEvent, tick_ms: float) -> None:
        hidden = _NOTHING
        if event.not_visible:
            hidden = frozenset(one.code for one in self.codebook.action_units if one.region in event.not_visible)
        marks = one_mark_each(event.action_units)
        self.scored.append(Scored(unit=unit, cluster=judged.subject, codes=frozenset(marks), unknown=hidden))
        cues = frozenset(cue.code for cue in event.vocal_cues if cue.owner == self.codebook.cue_owners[0].code)
        self.heard.append(Scored(unit=unit, cluster=judged.subject, codes=cues))
        self.timed.append(_timed(event, unit, judged.subject, judged.clock, tick_ms))
        if event.confidence is not None:
            self.confidences.add(unit, event.confidence, judged.subject, coder)
        for code, mark in marks.items():
            if mark.intensity is not None and code not in hidden:
                self.intensities.add(f"{unit}/{code}", mark.intensity.value, judged.subject, coder)

    def labels(self, settings: AgreementSettings, version: int) -> tuple[LayerAgreement, ...]:
        """The layers of what an event was called, and whether there is one."""
        return tuple(
            layer_agreement(name, unit, rows.ratings(), settings, version=version)
            for name, unit, rows in (
                ("emotion", _EVENT, self.emotions),
                ("emotion-class", _EVENT, self.classes),
                ("event-type", _EVENT, self.types),
                ("existence", "event, or clip without any", self.existence),
            )
        )


def agreement_report(
    clips: Sequence[JudgedClip],
    protocol: Protocol,
    codebook: Codebook,
    settings: AgreementSettings,
    *,
    version: int = VERSION,
) -> AgreementReport:
    """Measure agreement over clips.

    Coding judgements count as they stood when a clip's coding closed, before anyone discussed it; clips that are still
    being coded do not count; clips that were rejected later do. A unit of emotion, event type, action units, cues and
    times is an event as matched between coders; who did not mark it is missing there, and counts in `existence`, whose
    units are these events and the clips in which nobody saw one.

    An action unit is missing, not absent, for a coder who said that its part of the face cannot be seen. Version 1 took
    it for absent; it is measured again only where a document of that version is held against its judgements.

    Args:
        clips: each clip once, in any order.
        protocol: tolerances and `match_iou`.
        codebook: the vocabulary.
        settings: how intervals are made and what is too little.
        version: of the report's document.

    Raises:
        BadInput: a clip's judgements are an impossible history (see `settle.course`), or there is no such version.
    """
    if not 1 <= version <= VERSION:
        raise BadInput.of(
            "agreement.version",
            f"an agreement report of version {version} is newer than this program, which knows {VERSION}",
            "update mmed-curate",
        )
    screening, whole = Rows.none(), _Gathered(protocol, codebook)
    by_pass: dict[tuple[int, Modality], _Gathered] = {}
    coders: set[str] = set()
    subjects: set[str] = set()
    n_coded = 0
    found_by_screeners: list[Continuum] = []
    foils: list[tuple[str, str, bool]] = []
    for judged in sorted(clips, key=lambda one: one.clip):
        state = course(judged.judgements, protocol, judged.clock, codebook, judged.terms)
        screenings = [(one.coder, one.answer) for one in state.standing if isinstance(one.answer, Screening)]
        for coder, said in screenings:
            screening.add(judged.clip, said.verdict.value, judged.subject, coder)
        if version > 1 and len(screenings) > 1:
            found_by_screeners.append(_screened(judged, [said for _, said in screenings]))
        if not state.coded:
            continue
        n_coded += 1
        subjects.add(judged.subject)
        coders.update(judgement.coder for judgement in state.coded)
        whole.add(judged, state.coded)
        rejecting = sum(said.verdict is ScreeningVerdict.REJECT for _, said in screenings)
        if 2 * rejecting > len(screenings):
            answers = [judgement.answer for judgement in state.coded]
            foils.extend(
                (judged.clip, judged.subject, bool(events_of(answer, codebook)))
                for answer in answers
                if isinstance(answer, Coding)
            )
        if version > 1 and protocol.coding.n_turns > 1:
            for way, codings in _by_pass(state.standing).items():
                by_pass.setdefault(way, _Gathered(protocol, codebook)).add(judged, codings, labels_only=True)
    scored = whole.scored if version > 1 else [replace(row, unknown=frozenset()) for row in whole.scored]
    in_sight = [row for row in scored if len(row.unknown) < len(codebook.action_units)]
    return AgreementReport(
        version=version,
        judgements_digest=judgements_digest(one for judged in clips for one in judged.judgements),
        settings=settings,
        protocol=protocol.name,
        codebook=f"{codebook.name} {codebook.version}",
        simulated=any(judged.simulated or any(one.simulated for one in judged.judgements) for judged in clips),
        n_clips=len(clips),
        n_coded=n_coded,
        n_subjects=len(subjects),
        n_coders=len(coders),
        n_events=whole.n_events,
        layers=(
            *whole.labels(settings, version),
            layer_agreement(
                Stage.SCREENING.value, "clip screened by two or more", screening.ratings(), settings, version=version
            ),
        ),
        times=time_agreement(whole.timed, whole.pairs, settings),
        action_units=each_or_not(scored, settings, version=version),
        vocal_cues=each_or_not(whole.heard, settings, version=version),
        sets=()
        if version == 1
        else (
            set_agreement("action-units", _EVENT, in_sight, settings),
            set_agreement("vocal-cues", _EVENT, whole.heard, settings),
        ),
        ordered=()
        if version == 1
        else (
            ordered_agreement(
                "intensity",
                "action unit of an event, given an intensity by two or more coders",
                whole.intensities,
                [one.value for one in Intensity],
                settings,
            ),
            ordered_agreement(
                "confidence", _EVENT, whole.confidences, [entry.code for entry in codebook.confidences], settings
            ),
        ),
        existence=None
        if version == 1
        else ExistenceAgreement(
            alpha_u=alpha_u_measure(whole.continua, settings),
            screeners_alpha_u=alpha_u_measure(found_by_screeners, settings),
            n_foils=len({clip for clip, _, _ in foils}),
            invented=invented_measure(foils, settings),
        ),
        passes=tuple(
            PassAgreement(
                turn=turn, modality=modality, n_clips=gathered.n_clips, layers=gathered.labels(settings, version)
            )
            for (turn, modality), gathered in sorted(by_pass.items(), key=lambda one: (one[0][0], one[0][1].value))
        ),
    )


def _by_pass(standing: Sequence[Judgement]) -> dict[tuple[int, Modality], list[Judgement]]:
    found: dict[tuple[int, Modality], list[Judgement]] = {}
    for judgement in standing:
        if isinstance(judgement.answer, Coding):
            found.setdefault((judgement.turn, judgement.modality), []).append(judgement)
    return found


def _screened(judged: JudgedClip, said: Sequence[Screening]) -> Continuum:
    """What screeners found; whoever accepted a clip without marking where is missing."""
    known = [one for one in said if one.found or one.verdict is ScreeningVerdict.REJECT]
    return _continuum(judged, [one.found for one in known], float(judged.clock.time_base * 1000))


def _continuum(judged: JudgedClip, spans: Sequence[Sequence[Span]], tick_ms: float) -> Continuum:
    """One clip in whole ms from its first frame on; spans of one coder that share frames are joined."""
    clock = judged.clock
    edges = (*clock.pts, clock.end_pts)

    def ms(frame: int) -> int:
        return round((edges[frame] - edges[0]) * tick_ms)

    marked = tuple(
        tuple((ms(first), ms(last + 1), _EVENT_KIND) for first, last in _joined(own) if ms(first) < ms(last + 1))
        for own in spans
    )
    return Continuum(cluster=judged.subject, length=max(ms(clock.n_frames), 1), marked=marked)


def _joined(spans: Sequence[Span]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted((span.onset, span.offset) for span in spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


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
    rows = Rows.none()
    for number, (subject, judgements) in enumerate(coded):
        events, groups = matched(judgements, protocol, codebook)
        for place, group in enumerate(groups):
            for coder, index in enumerate(group):
                if index is not None:
                    rows.add(f"{number}/{place}", events[coder][index].emotion, subject, str(coder))
    return reported_alpha(rows.ratings(), settings)


def _timed(event: CodedEvent, unit: str, subject: str, clock: FrameClock, tick_ms: float) -> TimedEvent:
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
    one: CodedEvent,
    other: CodedEvent,
    unit: str,
    subject: str,
    clock: FrameClock,
    protocol: Protocol,
    tick_ms: float,
) -> TimedPair:
    a, b = one.span, other.span
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
