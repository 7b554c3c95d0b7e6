"""A coder's answer as tiers of another tool, and back: for those who code in ELAN, BORIS or Praat.

An event is an interval in the tier `event`, labelled with its type, from where its onset frame begins to where its
offset frame ends. A point in `apex` marks its apex. What else is said of it stands in tiers beside it, over the same
time. Events that share time, or whose vocal cues lie outside them, have tiers of their own: `2.event`, `2.apex`, …
Action units are written as FACS does, `L12C+4B`; `12L+C` and BORIS's `12|L|C` are read too. A vocal cue is
`cue:whose`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.codebook import Entry as CodebookEntry
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.judgements import ActionUnitMark, CodedEvent, Coding, Side, VocalCueMark
from mmed_curate.domain.protocol import AnswerField
from mmed_curate.domain.time import FrameClock, Span
from mmed_curate.interchange.answertiers import (
    ACTION_UNITS,
    APEX,
    BASIS,
    BESIDE,
    CONFIDENCE,
    EMOTION,
    EVENT,
    NOT_VISIBLE,
    NOTE,
    VOCAL_CUE,
    answer_timeline,
    cue_order,
    event_order,
    facs_notation,
    number_of,
    timeline_of,
)
from mmed_curate.interchange.facs import FacsSide, read_facs
from mmed_curate.interchange.frames import SLACK, frame_from, frame_until, lies_in
from mmed_curate.interchange.spans import base_name
from mmed_curate.interchange.timelines import Annotation, Timeline, fault, said, warning

__all__ = ["answer_timeline", "events_of", "facs_notation", "note_of", "timeline_of"]

_LANE = re.compile(r"(?:([1-9][0-9]{0,3})\.)?([a-z_]+)")
_SIDE_BEHIND = re.compile(r"(?<![A-Za-z0-9])([0-9]{1,3})([LR])(?:\+?([A-E])(?![A-Za-z0-9]))?(?![A-Za-z0-9])")
"""`12L+C` and `12L`: the side behind the number, which FACS writes in front."""
_SIDES = {FacsSide.BOTH: Side.BOTH, FacsSide.LEFT: Side.LEFT, FacsSide.RIGHT: Side.RIGHT}


def events_of(
    timeline: Timeline,
    codebook: Codebook,
    clock: FrameClock,
    *,
    fields: Collection[AnswerField] = frozenset(AnswerField),
) -> tuple[tuple[CodedEvent, ...], tuple[Finding, ...]]:
    """The events that tiers say, in the order of their onsets, their cues too; and what could not be read.

    An event of which something is missing or unknown is left out, with a finding that names it.

    Args:
        timeline: read from a coder's file.
        codebook: under which it was coded.
        clock: of the clip.
        fields: that were asked; of what was not asked, nothing is missing.
    """
    findings: list[Finding] = []
    lanes: dict[str, dict[str, list[Annotation]]] = {}
    for tier in timeline.tiers:
        match = _LANE.fullmatch(base_name(tier.name))
        known = match is not None and match[2] in {EVENT, APEX, VOCAL_CUE, NOTE, *BESIDE}
        if match is None or not known:
            if tier.annotations:
                findings.append(
                    warning("unknown_tier", f"tier {tier.name} is none of the answer's", "it is passed over")
                )
            continue
        lanes.setdefault(match[1] or "", {}).setdefault(match[2], []).extend(tier.annotations)
    events: list[CodedEvent] = []
    for tiers in lanes.values():
        events.extend(_events_in(tiers, codebook, clock, fields, findings))
    events.sort(key=event_order)
    try:
        Coding(events=tuple(events))
    except BadInput as error:
        findings.append(error.finding)
    return tuple(events), tuple(findings)


def note_of(timeline: Timeline) -> str:
    """The free note of an answer; several are joined by line feeds."""
    notes = [one.value for tier in timeline.tiers if base_name(tier.name) == NOTE for one in tier.annotations]
    return "\n".join(text for text in notes if text.strip())


@dataclass(slots=True)
class _Said:
    """What is said of one event, while it is gathered."""

    start: Fraction
    end: Fraction
    event_type: str
    apexes: list[Fraction] = field(default_factory=list)
    beside: dict[str, list[str]] = field(default_factory=dict)
    cues: list[Annotation] = field(default_factory=list)


def _events_in(
    tiers: dict[str, list[Annotation]],
    codebook: Codebook,
    clock: FrameClock,
    fields: Collection[AnswerField],
    findings: list[Finding],
) -> Iterator[CodedEvent]:
    said_of: list[_Said] = []
    for one in sorted(tiers.get(EVENT, []), key=lambda one: one.start or 0):
        if one.start is None or one.end is None or one.end <= one.start:
            findings.append(fault("event_times", f"the event at {said(one.start)} has no beginning or end", "draw it"))
        elif not (lies_in(one.start, clock) and lies_in(one.end, clock)):
            findings.append(fault("outside", f"the event at {said(one.start)} lies outside the clip", "move it"))
        elif said_of and one.start < said_of[-1].end - SLACK:
            findings.append(
                fault(
                    "events_overlap",
                    f"the event at {said(one.start)} begins before the one at {said(said_of[-1].start)} ends",
                    "put it in tiers of its own, 2.event and so on",
                )
            )
        else:
            said_of.append(_Said(one.start, one.end, one.value.strip()))
    for name in (APEX, VOCAL_CUE, *BESIDE):
        for one in tiers.get(name, []):
            owner = _owner(one, said_of)
            if owner is None or one.start is None:
                findings.append(
                    fault("no_event", f"tier {name}, {said(one.start)}: it belongs to no event", "draw its event")
                )
            elif name == APEX:
                owner.apexes.append(one.start)
            elif name == VOCAL_CUE:
                owner.cues.append(one)
            else:
                owner.beside.setdefault(name, []).append(one.value.strip())
    for one_said in said_of:
        problems: list[Finding] = []
        try:
            event = _event(one_said, codebook, clock, fields, problems)
        except BadInput as error:
            problems.append(error.finding)
            event = None
        findings.extend(problems)
        if event is not None:
            yield event


def _owner(one: Annotation, events: Sequence[_Said]) -> _Said | None:
    """The event that shares most time with an annotation, else the nearest one where it is the only one."""
    if one.start is None:
        return None
    end = one.end if one.end is not None else one.start
    if end == one.start:  # a point: the last event that has begun, unless it is over
        begun = [event for event in events if event.start - SLACK <= one.start < event.end]
        return begun[-1] if begun else (events[0] if len(events) == 1 else None)
    shared = [(min(end, event.end) - max(one.start, event.start), event) for event in events]
    best = max(shared, key=lambda pair: pair[0], default=None)
    if best is None or (best[0] <= 0 and len(events) > 1):
        return None
    return best[1]


def _event(
    it: _Said, codebook: Codebook, clock: FrameClock, fields: Collection[AnswerField], problems: list[Finding]
) -> CodedEvent | None:
    onset = frame_from(it.start, clock)
    offset = max(onset, frame_until(it.end, clock))
    where = f"the event at {said(it.start)} (frame {onset})"

    def chosen(name: str, given: Sequence[str], entries: Iterable[CodebookEntry], *, needed: bool) -> str | None:
        values = list(dict.fromkeys(value for value in given if value))
        if len(values) > 1:
            problems.append(fault("said_twice", f"{where}: {name} is {' and '.join(values)}", "keep one"))
        elif not values and needed:
            problems.append(fault("not_said", f"{where} has no {name}", f"say it under {name}"))
        elif values and values[0] not in {entry.code for entry in entries}:
            problems.append(
                fault("unknown_code", f"{where}: {values[0]!r} is no {name} of the codebook", "choose from its list")
            )
        return values[0] if values else None

    typed, felt, based = (one in fields for one in (AnswerField.EVENT_TYPE, AnswerField.EMOTION, AnswerField.BASIS))
    event_type = chosen(EVENT, [it.event_type], codebook.event_types, needed=typed)
    emotion = chosen(EMOTION, it.beside.get(EMOTION, ()), codebook.emotions, needed=felt)
    basis = chosen(BASIS, it.beside.get(BASIS, ()), codebook.bases, needed=based)
    confidence = chosen(CONFIDENCE, it.beside.get(CONFIDENCE, ()), codebook.confidences, needed=False)
    apexes = sorted({frame_from(time, clock) for time in it.apexes})
    if len(apexes) != 1:
        count = "no apex" if not apexes else f"{len(apexes)} apexes"
        problems.append(fault("apexes", f"{where} has {count}", f"mark one point in the tier {APEX}"))
    units = tuple(_units(where, it.beside.get(ACTION_UNITS, ()), codebook, problems))
    hidden = tuple(
        part.strip() for text in it.beside.get(NOT_VISIBLE, ()) for part in re.split(r"[+,]", text) if part.strip()
    )
    regions = {entry.code for entry in codebook.regions}
    for code in hidden:
        if code not in regions:
            problems.append(fault("unknown_code", f"{where}: {code!r} is no part of the face", "choose from its list"))
    cues = [_cue(one, codebook, clock, problems) for one in it.cues]
    if problems:
        return None
    return CodedEvent(
        span=Span(onset=onset, apex=apexes[0], offset=offset),
        event_type=event_type or "",
        emotion=emotion or "",
        basis=basis or "",
        action_units=units,
        vocal_cues=tuple(sorted((cue for cue in cues if cue is not None), key=cue_order)),
        confidence=confidence,
        not_visible=hidden,
    )


def _units(where: str, texts: Iterable[str], codebook: Codebook, problems: list[Finding]) -> Iterator[ActionUnitMark]:
    codes = {number_of(entry.code): entry.code for entry in codebook.action_units}
    for text in texts:
        parts = text.split("|")
        if len(parts) > 1:  # BORIS: number, side and intensity were chosen one after the other
            number, side, grade = (*(part if part != "None" else "" for part in parts), "", "")[:3]
            text = f"{side[:1].upper()}{number}{grade}"
        read = read_facs(_SIDE_BEHIND.sub(r"\2\1\3", text))
        for unread in read.unread:
            problems.append(fault("unknown_code", f"{where}: {unread!r} is no action unit", "write it as L12C"))
        for term in read.terms:
            mark = term.readings[0]
            code, known_side = codes.get(str(mark.number)), _SIDES.get(mark.side)
            if len(term.readings) > 1 or mark.is_doubted or term.is_reference:
                problems.append(fault("doubted", f"{where}: {term} leaves open which action unit", "choose one"))
            elif code is None:
                problems.append(fault("unknown_code", f"{where}: {term} is not in the codebook", "leave it out"))
            elif known_side is None:
                problems.append(fault("side", f"{where}: {term} is on neither side nor both", "write L or R in front"))
            else:
                yield ActionUnitMark(code=code, side=known_side, intensity=mark.intensity)


def _cue(one: Annotation, codebook: Codebook, clock: FrameClock, problems: list[Finding]) -> VocalCueMark | None:
    where = f"tier {VOCAL_CUE}, {said(one.start)}"
    code, _, owner = one.value.strip().replace("|", ":").partition(":")
    owners = {entry.code for entry in codebook.cue_owners}
    if code not in {entry.code for entry in codebook.vocal_cues}:
        problems.append(fault("unknown_code", f"{where}: {code!r} is no vocal cue of the codebook", "choose one"))
    elif owner not in owners:
        problems.append(
            fault(
                "unknown_code", f"{where}: it does not say whose it is", f"write {code}:whose, of {', '.join(owners)}"
            )
        )
    elif one.start is None or one.end is None or not (lies_in(one.start, clock) and lies_in(one.end, clock)):
        problems.append(fault("outside", f"{where}: it lies outside the clip, or has no end", "draw it again"))
    else:
        onset = frame_from(one.start, clock)
        return VocalCueMark(code=code, onset=onset, offset=max(onset, frame_until(one.end, clock)), owner=owner)
    return None
