"""A coder's answer as tiers of another tool: the empty ones, and those that say given events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.codebook import Entry as CodebookEntry
from mmed_curate.domain.judgements import ActionUnitMark, CodedEvent, Intensity, Side, VocalCueMark
from mmed_curate.domain.protocol import AnswerField
from mmed_curate.domain.time import FrameClock
from mmed_curate.interchange.timelines import (
    Annotation,
    Entry,
    Medium,
    Relation,
    Tier,
    TierKind,
    Timeline,
    Vocabulary,
)

EVENT, APEX, EMOTION, BASIS, CONFIDENCE = "event", "apex", "emotion", "basis", "confidence"
ACTION_UNITS, NOT_VISIBLE, VOCAL_CUE, NOTE = "action_units", "not_visible", "vocal_cue", "note"
BESIDE = (ACTION_UNITS, NOT_VISIBLE, EMOTION, BASIS, CONFIDENCE)
"""Tiers whose labels hang on an event, one on each."""
_TIERS_OF: dict[AnswerField, tuple[str, ...]] = {
    AnswerField.SPAN: (EVENT, APEX),
    AnswerField.EVENT_TYPE: (EVENT,),
    AnswerField.ACTION_UNITS: (EVENT, ACTION_UNITS, NOT_VISIBLE),
    AnswerField.EMOTION: (EVENT, EMOTION),
    AnswerField.BASIS: (EVENT, BASIS),
    AnswerField.VOCAL_CUES: (EVENT, VOCAL_CUE),
    AnswerField.CONFIDENCE: (EVENT, CONFIDENCE),
    AnswerField.NOTE: (NOTE,),
}
_LETTER = {Side.BOTH: "", Side.LEFT: "L", Side.RIGHT: "R"}


def answer_timeline(
    codebook: Codebook, clock: FrameClock, fields: Sequence[AnswerField], *, medium: Medium | None = None
) -> Timeline:
    """The empty tiers in which a coder answers, with what may be chosen where it is chosen.

    Args:
        codebook: whose vocabularies are offered.
        clock: of the clip, counted from its first frame.
        fields: that are asked, in their order.
        medium: the clip; None: none is named.
    """
    names = dict.fromkeys(name for one in fields for name in _TIERS_OF[one])
    if not codebook.regions:
        names.pop(NOT_VISIBLE, None)
    tiers = tuple(_empty(name, vocabularies=_choices(name, codebook)) for name in names)
    return _timeline(tiers, clock, medium)


def opened(timeline: Timeline, more: Timeline) -> Timeline:
    """A coder's tiers with those that open now: the empty ones of `more` that are missing, for each lane.

    Args:
        timeline: as it was read from the coder's file; nothing of it is changed.
        more: empty tiers, as `answer_timeline` makes them.
    """
    present = {tier.name for tier in timeline.tiers}
    prefixes = [
        "",
        *(name.removesuffix(EVENT) for name in sorted(present) if re.fullmatch(rf"[1-9][0-9]*\.{EVENT}", name)),
    ]
    tiers = [
        replace(tier, name=f"{prefix}{tier.name}", parent=None if tier.parent is None else f"{prefix}{tier.parent}")
        for prefix in prefixes
        for tier in more.tiers
        if not (prefix and tier.name == NOTE)
    ]
    return replace(timeline, tiers=(*timeline.tiers, *(tier for tier in tiers if tier.name not in present)))


def timeline_of(
    events: Iterable[CodedEvent], clock: FrameClock, *, medium: Medium | None = None, note: str = ""
) -> Timeline:
    """Tiers that say these events; `events_of` reads them back.

    Args:
        events: frames count from the clip's first.
        clock: of the clip.
        medium: the clip; None: none is named.
        note: of the whole answer.

    Raises:
        BadInput: an event lies outside the clip.
    """
    lanes: list[list[CodedEvent]] = []
    closed: list[bool] = []
    for event in sorted(events, key=event_order):
        alone = any(cue.offset < event.span.onset or cue.onset > event.span.offset for cue in event.vocal_cues)
        begins, ends = _envelope(event)
        lane = len(lanes)
        for index, held in enumerate(lanes):
            apart = all(ends < _envelope(other)[0] or begins > _envelope(other)[1] for other in held)
            if not alone and not closed[index] and apart:
                lane = index
                break
        if lane == len(lanes):
            lanes.append([])
            closed.append(alone)
        lanes[lane].append(event)
    tiers: list[Tier] = []
    for number, held in enumerate(lanes, start=1):
        tiers.extend(_lane(held, "" if number == 1 else f"{number}.", clock))
    if note:
        whole = Annotation(start=clock.pts[0] * clock.time_base, end=_end(clock), value=note)
        tiers.append(Tier(name=NOTE, annotations=(whole,)))
    return _timeline(tuple(tiers), clock, medium)


def _lane(events: Sequence[CodedEvent], prefix: str, clock: FrameClock) -> Iterator[Tier]:
    times = [(clock.start_of(event.span.onset), clock.end_of(event.span.offset)) for event in events]

    def interval(index: int, value: str, parent: int | None = None) -> Annotation:
        return Annotation(start=times[index][0], end=times[index][1], value=value, parent=parent)

    yield Tier(
        name=f"{prefix}{EVENT}", annotations=tuple(interval(i, event.event_type) for i, event in enumerate(events))
    )
    apexes = [clock.start_of(event.span.apex) for event in events]
    yield Tier(
        name=f"{prefix}{APEX}",
        kind=TierKind.POINT,
        annotations=tuple(Annotation(start=time, end=time, value=APEX) for time in apexes),
    )
    texts: dict[str, Callable[[CodedEvent], str]] = {
        ACTION_UNITS: lambda event: "+".join(map(facs_notation, event.action_units)),
        NOT_VISIBLE: lambda event: "+".join(event.not_visible),
        EMOTION: lambda event: event.emotion,
        BASIS: lambda event: event.basis,
        CONFIDENCE: lambda event: event.confidence or "",
    }
    for name in BESIDE:
        said_of = [(i, texts[name](event)) for i, event in enumerate(events)]
        labels = tuple(interval(i, text, parent=i) for i, text in said_of if text)
        if labels:
            yield _empty(name, prefix=prefix, annotations=labels)
    cues = tuple(
        Annotation(start=clock.start_of(cue.onset), end=clock.end_of(cue.offset), value=f"{cue.code}:{cue.owner}")
        for event in events
        for cue in sorted(event.vocal_cues, key=cue_order)
    )
    if cues:
        yield Tier(name=f"{prefix}{VOCAL_CUE}", annotations=cues)


def facs_notation(mark: ActionUnitMark) -> str:
    """An action unit as FACS writes it: side, number, intensity, such as `L12C`."""
    return f"{_LETTER[mark.side]}{number_of(mark.code)}{mark.intensity.value if mark.intensity else ''}"


def number_of(code: str) -> str:
    """The number at the end of a code, which FACS gave it; a code without one stands for itself."""
    match = re.search(r"[0-9]+$", code)
    return str(int(match[0])) if match else code


def _empty(
    name: str,
    *,
    prefix: str = "",
    annotations: tuple[Annotation, ...] = (),
    vocabularies: tuple[Vocabulary, ...] = (),
) -> Tier:
    hangs = name in BESIDE
    return Tier(
        name=f"{prefix}{name}",
        kind=TierKind.POINT if name == APEX else TierKind.INTERVAL,
        annotations=annotations,
        parent=f"{prefix}{EVENT}" if hangs else None,
        relation=Relation.SYMBOLIC_ASSOCIATION if hangs else None,
        vocabularies=vocabularies,
    )


def _choices(name: str, codebook: Codebook) -> tuple[Vocabulary, ...]:
    plain: dict[str, Sequence[CodebookEntry]] = {
        EVENT: codebook.event_types,
        EMOTION: codebook.emotions,
        BASIS: codebook.bases,
        CONFIDENCE: codebook.confidences,
    }
    if name in plain:
        return (Vocabulary(name=name, entries=tuple(_entry(one) for one in plain[name])),)
    if name == NOT_VISIBLE:  # several at once, joined by a plus
        return (Vocabulary(name=name, entries=tuple(_entry(one) for one in codebook.regions), several=True),)
    if name == VOCAL_CUE:
        pairs = tuple(
            Entry(value=f"{cue.code}:{owner.code}", description=f"{cue.label['en']}: {owner.label['en']}")
            for cue in codebook.vocal_cues
            for owner in codebook.cue_owners
        )
        return (Vocabulary(name=name, entries=pairs),)
    if name == ACTION_UNITS:
        units = tuple(Entry(value=number_of(one.code), description=one.label["en"]) for one in codebook.action_units)
        return (
            Vocabulary(name="unit", entries=units),
            Vocabulary(name="side", entries=(Entry(value="L"), Entry(value="R"))),
            Vocabulary(name="intensity", entries=tuple(Entry(value=one.value) for one in Intensity)),
        )
    return ()


def _entry(entry: CodebookEntry) -> Entry:
    return Entry(value=entry.code, description=entry.label["en"])


def _timeline(tiers: tuple[Tier, ...], clock: FrameClock, medium: Medium | None) -> Timeline:
    start = clock.pts[0] * clock.time_base
    return Timeline(media=(medium,) if medium else (), tiers=tiers, start_s=start, end_s=_end(clock))


def _end(clock: FrameClock) -> Fraction:
    return clock.end_of(clock.last_frame)


def _envelope(event: CodedEvent) -> tuple[int, int]:
    begins = min([event.span.onset, *(cue.onset for cue in event.vocal_cues)])
    return begins, max([event.span.offset, *(cue.offset for cue in event.vocal_cues)])


def event_order(event: CodedEvent) -> tuple[int, int, int, str]:
    """By onset, then offset, apex and type."""
    return event.span.onset, event.span.offset, event.span.apex, event.event_type


def cue_order(cue: VocalCueMark) -> tuple[int, int, str, str]:
    """By onset, then offset, code and whose it is."""
    return cue.onset, cue.offset, cue.code, cue.owner
