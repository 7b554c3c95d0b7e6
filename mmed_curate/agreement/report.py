"""The whole report, layer by layer: on what stood when the coding of each clip closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from mmed_curate.agreement.gathering import EVENT, NO_CLASS, Gathered, matched, screened
from mmed_curate.agreement.judged import JudgedClip, judgements_digest
from mmed_curate.agreement.layers import (
    ClassAgreement,
    ExistenceAgreement,
    IntensityAgreement,
    LayerAgreement,
    OrderedAgreement,
    Rows,
    SetAgreement,
    alpha_u_measure,
    each_or_not,
    intensity_agreement,
    invented_measure,
    layer_agreement,
    ordered_agreement,
    reported_alpha,
    set_agreement,
)
from mmed_curate.agreement.reading import events_of
from mmed_curate.agreement.rules import VERSION, Rules, rules_of
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.settle import Course, course
from mmed_curate.agreement.times import TimeAgreement, time_agreement
from mmed_curate.agreement.unitizing import Continuum
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import Coding, Intensity, Judgement, Screening, ScreeningVerdict
from mmed_curate.domain.layers import Layer
from mmed_curate.domain.measures import Measure, MeasuredClass
from mmed_curate.domain.protocol import Modality, Protocol

_INTENSITIES = [one.value for one in Intensity]

__all__ = ["VERSION", "AgreementReport", "PassAgreement", "agreement_report", "emotion_alpha"]


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
    """Clips whose coding has closed and counts; only they are measured."""
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
    unit_intensities: tuple[IntensityAgreement, ...] = ()
    """The intensity of each action unit; none before version 3."""
    n_left_out: int = 0
    """Clips whose coding has closed and does not count, for an attempt at the gate failed on it."""
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
        layers |= {Layer.ACTION_UNITS.value: self.action_units, Layer.VOCAL_CUES.value: self.vocal_cues}
        return {
            name: {
                one.code: MeasuredClass(positives=one.positives, alpha=one.alpha)
                for one in classes
                if one.code not in {"", NO_CLASS}
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
        for unit in self.unit_intensities:
            found[f"{unit.code}.intensity-alpha"] = unit.alpha
        if self.existence is not None:
            found["existence.alpha-u"] = self.existence.alpha_u
            found[f"{Layer.SCREENING.value}.alpha-u"] = self.existence.screeners_alpha_u
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


def agreement_report(
    clips: Sequence[JudgedClip],
    protocol: Protocol,
    codebook: Codebook,
    settings: AgreementSettings,
    *,
    version: int = VERSION,
    courses: Mapping[ClipId, Course] = MappingProxyType({}),
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
        courses: of clips of which it is known already where they stand.

    Raises:
        BadInput: a clip's judgements are an impossible history (see `settle.course`), or there is no such version.
    """
    rules = rules_of(version)
    screening, whole = Rows.none(), Gathered(protocol, codebook)
    by_pass: dict[tuple[int, Modality], Gathered] = {}
    coders: set[str] = set()
    subjects: set[str] = set()
    n_coded = n_left_out = 0
    found_by_screeners: list[Continuum] = []
    foils: list[tuple[str, str, bool]] = []
    for judged in sorted(clips, key=lambda one: one.clip):
        state = courses.get(judged.clip) or course(judged.judgements, protocol, judged.clock, codebook, judged.terms)
        screenings = [(one.coder, one.answer) for one in state.standing if isinstance(one.answer, Screening)]
        screening.add(judged.subject, {coder: said.verdict.value for coder, said in screenings})
        if rules.is_whole and len(screenings) > 1:
            found_by_screeners.append(screened(judged, [said for _, said in screenings]))
        if not state.coded:
            continue
        if not judged.counts:
            n_left_out += 1
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
        if rules.is_whole and protocol.coding.n_turns > 1:
            for way, codings in _by_pass(state.codings[-1].passes).items():
                by_pass.setdefault(way, Gathered(protocol, codebook)).add(judged, codings, labels_only=True)
    scored = whole.scored if rules.is_whole else whole.scored.as_if_all_were_known()
    return AgreementReport(
        version=version,
        judgements_digest=judgements_digest(one for judged in clips for one in judged.judgements),
        settings=settings,
        protocol=protocol.name,
        codebook=f"{codebook.name} {codebook.version}",
        simulated=any(judged.simulated or any(one.simulated for one in judged.judgements) for judged in clips),
        n_clips=len(clips),
        n_coded=n_coded,
        n_left_out=n_left_out,
        n_subjects=len(subjects),
        n_coders=len(coders),
        n_events=whole.n_events,
        layers=(
            *whole.labels(settings, rules),
            layer_agreement(
                Layer.SCREENING.value, "clip screened by two or more", screening.ratings(), settings, rules=rules
            ),
        ),
        times=time_agreement(whole.timed.durations(), whole.timed.pairs(protocol.tolerance), settings, rules=rules),
        action_units=each_or_not(scored, settings, rules=rules),
        vocal_cues=each_or_not(whole.heard, settings, rules=rules),
        sets=_sets(whole, codebook, settings, rules) if rules.is_whole else (),
        ordered=_ordered(whole, codebook, settings, rules) if rules.is_whole else (),
        existence=ExistenceAgreement(
            alpha_u=alpha_u_measure(whole.continua, settings, rules=rules),
            screeners_alpha_u=alpha_u_measure(found_by_screeners, settings, rules=rules),
            n_foils=len({clip for clip, _, _ in foils}),
            invented=invented_measure(foils, settings, rules=rules),
        )
        if rules.is_whole
        else None,
        unit_intensities=tuple(
            intensity_agreement(code, rows, _INTENSITIES, settings, rules=rules)
            for code, rows in sorted(whole.intensities_of.items())
        )
        if rules.has_unit_intensities
        else (),
        passes=tuple(
            PassAgreement(
                turn=turn, modality=modality, n_clips=gathered.n_clips, layers=gathered.labels(settings, rules)
            )
            for (turn, modality), gathered in sorted(by_pass.items(), key=lambda one: (one[0][0], one[0][1].value))
        ),
    )


def _sets(whole: Gathered, codebook: Codebook, settings: AgreementSettings, rules: Rules) -> tuple[SetAgreement, ...]:
    in_sight = whole.scored.where_less_is_unknown_than(len(codebook.action_units))
    return (
        set_agreement(Layer.ACTION_UNITS.value, EVENT, in_sight, settings, rules=rules),
        set_agreement(Layer.VOCAL_CUES.value, EVENT, whole.heard, settings, rules=rules),
    )


def _ordered(
    whole: Gathered, codebook: Codebook, settings: AgreementSettings, rules: Rules
) -> tuple[OrderedAgreement, ...]:
    unit = "action unit of an event, given an intensity by two or more coders"
    sureness = [entry.code for entry in codebook.confidences]
    return (
        ordered_agreement("intensity", unit, whole.intensities, _INTENSITIES, settings, rules=rules),
        ordered_agreement("confidence", EVENT, whole.confidences, sureness, settings, rules=rules),
    )


def _by_pass(standing: Sequence[Judgement]) -> dict[tuple[int, Modality], list[Judgement]]:
    found: dict[tuple[int, Modality], list[Judgement]] = {}
    for judgement in standing:
        if isinstance(judgement.answer, Coding):
            found.setdefault((judgement.turn, judgement.modality), []).append(judgement)
    return found


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
    for subject, judgements in coded:
        events, groups = matched(judgements, protocol, codebook)
        for group in groups:
            said = {str(at): events[at][index].emotion for at, index in enumerate(group) if index is not None}
            rows.add(subject, said)
    return reported_alpha(rows.ratings(), settings)
