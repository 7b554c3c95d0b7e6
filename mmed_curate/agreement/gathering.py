"""What the coders of each clip said, row by row: events matched between coders, and all that is measured of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.layers import LayerAgreement, Rows, layer_agreement
from mmed_curate.agreement.matching import match_events
from mmed_curate.agreement.reading import events_of, one_mark_each
from mmed_curate.agreement.rules import Rules
from mmed_curate.agreement.sets import CodeRows, Codes
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.times import TimedRows
from mmed_curate.agreement.unitizing import Continuum
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.identity import CoderId
from mmed_curate.domain.judgements import CodedEvent, Coding, Judgement, Screening, ScreeningVerdict
from mmed_curate.domain.layers import Layer
from mmed_curate.domain.protocol import Protocol
from mmed_curate.domain.time import Span

EVENT = "event marked by two or more coders"
"""What most units are."""

NO_CLASS = "-"
"""Of an emotion that belongs to no class of the map."""

_YES, _NO = "yes", "no"
_EVENT_KIND = "event"
_NOTHING: Codes = frozenset()


@dataclass(slots=True)
class Gathered:
    """What coders said, unit by unit, over all clips."""

    protocol: Protocol
    codebook: Codebook
    existence: Rows = field(default_factory=Rows.none)
    types: Rows = field(default_factory=Rows.none)
    emotions: Rows = field(default_factory=Rows.none)
    classes: Rows = field(default_factory=Rows.none)
    confidences: Rows = field(default_factory=Rows.none)
    intensities: Rows = field(default_factory=Rows.none)
    """Of all action units together."""
    intensities_of: dict[str, Rows] = field(default_factory=dict)
    """Of each action unit."""
    scored: CodeRows = field(default_factory=CodeRows.none)
    heard: CodeRows = field(default_factory=CodeRows.none)
    timed: TimedRows = field(default_factory=TimedRows.none)
    continua: list[Continuum] = field(default_factory=list)
    n_events: int = 0
    n_clips: int = 0
    class_of: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.class_of = {entry.code: entry.emotion_class or NO_CLASS for entry in self.codebook.emotions}

    def add(self, judged: JudgedClip, coded: Sequence[Judgement], *, labels_only: bool = False) -> None:
        """The codings of one clip; for labels alone neither times nor what is given or not."""
        events, groups = matched(coded, self.protocol, self.codebook)
        coders = [judgement.coder for judgement in coded if isinstance(judgement.answer, Coding)]
        self.n_clips += len(coders) > 1
        self.n_events += len(groups)
        if not labels_only:
            spans = [[event.span for event in own] for own in events]
            self.continua.append(_continuum(judged, spans, float(judged.clock.time_base * 1000)))
        for group in groups:
            seen = {coders[at]: events[at][index] for at, index in enumerate(group) if index is not None}
            self.existence.add(judged.subject, {coder: _YES if coder in seen else _NO for coder in coders})
            self._add_labels(judged.subject, seen)
            if not labels_only:
                self._add_movement(judged, seen)
        if not groups:
            self.existence.add(judged.subject, dict.fromkeys(coders, _NO))

    def _add_labels(self, subject: str, seen: Mapping[CoderId, CodedEvent]) -> None:
        class_of = self.class_of
        self.types.add(subject, {coder: event.event_type for coder, event in seen.items()})
        self.emotions.add(subject, {coder: event.emotion for coder, event in seen.items()})
        self.classes.add(subject, {coder: class_of.get(event.emotion, NO_CLASS) for coder, event in seen.items()})

    def _add_movement(self, judged: JudgedClip, seen: Mapping[CoderId, CodedEvent]) -> None:
        subject, owner = judged.subject, self.codebook.cue_owners[0].code
        hidden = [self._hidden(event) for event in seen.values()]
        marks = [one_mark_each(event.action_units) for event in seen.values()]
        self.scored.add(subject, [frozenset(own) for own in marks], hidden)
        self.heard.add(
            subject,
            [frozenset(cue.code for cue in event.vocal_cues if cue.owner == owner) for event in seen.values()],
        )
        self.timed.add(subject, [event.span for event in seen.values()], judged.clock, self.protocol.tolerance)
        self.confidences.add(
            subject, {coder: event.confidence for coder, event in seen.items() if event.confidence is not None}
        )
        strengths: dict[str, dict[str, str]] = {}
        for coder, own, unseen in zip(seen, marks, hidden, strict=True):
            for code, mark in own.items():
                if mark.intensity is not None and code not in unseen:
                    strengths.setdefault(code, {})[coder] = mark.intensity.value
        for code, said in strengths.items():
            self.intensities.add(subject, said)
            self.intensities_of.setdefault(code, Rows.none()).add(subject, said)

    def _hidden(self, event: CodedEvent) -> Codes:
        """The action units of the parts of the face that this coder could not see."""
        if not event.not_visible:
            return _NOTHING
        return frozenset(one.code for one in self.codebook.action_units if one.region in event.not_visible)

    def labels(self, settings: AgreementSettings, rules: Rules) -> tuple[LayerAgreement, ...]:
        """The layers of what an event was called, and whether there is one."""
        return tuple(
            layer_agreement(name, unit, rows.ratings(), settings, rules=rules)
            for name, unit, rows in (
                (Layer.EMOTION.value, EVENT, self.emotions),
                (Layer.EMOTION_CLASS.value, EVENT, self.classes),
                (Layer.EVENT_TYPE.value, EVENT, self.types),
                (Layer.EXISTENCE.value, "event, or clip without any", self.existence),
            )
        )


def screened(judged: JudgedClip, said: Sequence[Screening]) -> Continuum:
    """What screeners found; whoever accepted a clip without marking where is missing."""
    known = [one for one in said if one.found or one.verdict is ScreeningVerdict.REJECT]
    return _continuum(judged, [one.found for one in known], float(judged.clock.time_base * 1000))


def _continuum(judged: JudgedClip, spans: Sequence[Sequence[Span]], tick_ms: float) -> Continuum:
    """One clip in whole ms from its first frame on; spans of one coder that share frames are joined."""
    clock = judged.clock
    pts, n_frames = clock.pts, clock.n_frames

    def ms(frame: int) -> int:
        tick = pts[frame] if frame < n_frames else clock.end_pts
        return round((tick - pts[0]) * tick_ms)

    timed = [[(ms(first), ms(last + 1), _EVENT_KIND) for first, last in _joined(own)] for own in spans]
    marked = tuple([tuple([unit for unit in own if unit[0] < unit[1]]) for own in timed])
    return Continuum(cluster=judged.subject, length=max(ms(n_frames), 1), marked=marked)


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
