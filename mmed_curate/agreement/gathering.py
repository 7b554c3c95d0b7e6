"""What the coders of each clip said, row by row: events matched between coders, and all that is measured of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from mmed_curate.agreement.judged import JudgedClip
from mmed_curate.agreement.layers import LayerAgreement, Rows, Scored, layer_agreement
from mmed_curate.agreement.matching import match_events
from mmed_curate.agreement.reading import events_of, one_mark_each
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.agreement.times import TimedEvent, TimedPair
from mmed_curate.agreement.unitizing import Continuum
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.judgements import CodedEvent, Coding, Judgement, Screening, ScreeningVerdict
from mmed_curate.domain.protocol import Protocol
from mmed_curate.domain.time import FrameClock, Span

EVENT = "event marked by two or more coders"
"""What most units are."""

NO_CLASS = "-"
"""Of an emotion that belongs to no class of the map."""

_YES, _NO = "yes", "no"
_EVENT_KIND = "event"
_NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True)
class Gathered:
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
        self.class_of = {entry.code: entry.emotion_class or NO_CLASS for entry in self.codebook.emotions}

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
                self.classes.add(unit, class_of.get(event.emotion, NO_CLASS), judged.subject, coder)
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
                ("emotion", EVENT, self.emotions),
                ("emotion-class", EVENT, self.classes),
                ("event-type", EVENT, self.types),
                ("existence", "event, or clip without any", self.existence),
            )
        )


def screened(judged: JudgedClip, said: Sequence[Screening]) -> Continuum:
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
