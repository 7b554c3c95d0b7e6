"""How the events of several coders become one reading, field by field. Half is never enough.

What more than half of a clip's coders chose stands; with two coders, both. What exactly half chose, or what no
majority chose, is a disagreement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations
from operator import attrgetter
from typing import TypeVar

from mmed_curate.agreement.matching import match_events
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.identity import ClipId, JudgementId
from mmed_curate.domain.judgements import (
    ActionUnitMark,
    Adjudication,
    CodedEvent,
    Coding,
    ConsensusEvent,
    Intensity,
    Judgement,
    Settlement,
    SettlingRule,
    Side,
    VocalCueMark,
)
from mmed_curate.domain.protocol import AnswerField, Protocol
from mmed_curate.domain.time import Frame, FrameClock, Span

Label = TypeVar("Label", bound=Hashable)

_ALWAYS = frozenset({AnswerField.SPAN, AnswerField.EVENT_TYPE, AnswerField.EMOTION})
"""An event cannot stand without these, so a difference in them is adjudicated whatever `must_agree` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One field of one event on which the coders could not be settled."""

    field: AnswerField
    """SPAN also stands for whether there is an event at all: see `unseen_by`."""
    clip: ClipId
    event: int
    """Which group of matched events, from 0 in order of onset."""
    judgements: tuple[JudgementId, ...]
    """Those that marked the event, in log order."""
    unseen_by: tuple[JudgementId, ...] = ()
    """Those that marked no such event, where that is what they disagree on; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the coders of one clip add up to."""

    events: tuple[ConsensusEvent, ...]
    """The settled events in order of onset; complete only where nothing disagrees."""
    disagreements: tuple[Disagreement, ...]
    """In order of event, then of field."""


def events_of(answer: Coding | Adjudication, codebook: Codebook) -> tuple[CodedEvent, ...]:
    """The events of one answer, without those whose type says in the codebook that nothing happened."""
    none = codebook.no_events
    return tuple([event for event in answer.events if event.event_type not in none])


def read_together(
    codings: Sequence[tuple[Judgement, Coding]], protocol: Protocol, clock: FrameClock, codebook: Codebook
) -> Reading:
    """Settle what can be settled between the coders of one clip.

    - An event stands where more than half marked it (matched at `match_iou`), and is dropped where more than half
      did not; exactly half is a disagreement.
    - A mark settles where all who marked the event lie within tolerance of each other: on the median; for an even
      number on the midpoint of the two middle frames, a half going to the earlier frame.
    - Event type and emotion settle where more than half of the clip's coders chose the same.
    - An action unit stands where more than half of the clip's coders scored it and is dropped where less than half
      of those who marked the event did; its side stands where more than half of its scorers named it, else BOTH;
      its intensity likewise, else None. A unit scored on the left and on the right counts as BOTH.
    - A part of the face is not visible where at least half of those who marked the event say so: what is known of it by
      half is not known. Its action units are missing then, never absent: one that somebody scored is open.
    - Where the protocol is of version 2, a side on which its scorers differ by half, and a cue whose ends lie further
      apart than the tolerances of onset and offset, are open.
    - A vocal cue of the subject (first of the codebook's cue owners) is the same cue where it has the same code and
      shares a frame; it stands and falls like an action unit, on the medians of its ends. Cues of others are left out.
    - The basis is settled where more than half named it, else it is the empty text: it decides nothing.
    - What is open in a field that need not agree is left out of the reading.

    Args:
        codings: standing judgements of the coding stage with their answers, in log order; at least 2.
        protocol: tolerances, `match_iou`, and which fields must agree.
        clock: the clip's own clock.
        codebook: says which event types are none and whose a vocal cue is.
    """
    events = [events_of(answer, codebook) for _, answer in codings]
    ids = [judgement.id for judgement, _ in codings]
    clip = codings[0][0].clip
    n_coders = len(codings)
    settled: list[ConsensusEvent] = []
    disagreements: list[Disagreement] = []
    groups = match_events([[event.span for event in own] for own in events], match_iou=protocol.match_iou)
    for number, group in enumerate(groups):
        seen = [(ids[coder], events[coder][index]) for coder, index in enumerate(group) if index is not None]
        if 2 * len(seen) < n_coders:
            continue
        judgements = tuple(identity for identity, _ in seen)
        if 2 * len(seen) == n_coders:
            unseen = tuple(ids[coder] for coder, index in enumerate(group) if index is None)
            disagreements.append(
                Disagreement(field=AnswerField.SPAN, clip=clip, event=number, judgements=judgements, unseen_by=unseen)
            )
            continue
        event, unsettled = _settle_event(seen, n_coders, protocol, clock, codebook)
        differing = [field for field in unsettled if field in _ALWAYS or field in protocol.must_agree]
        disagreements.extend(
            Disagreement(field=field, clip=clip, event=number, judgements=judgements) for field in differing
        )
        if event is not None:
            settled.append(event)
    return Reading(
        events=tuple(sorted(settled, key=lambda event: event.span.onset)), disagreements=tuple(disagreements)
    )


def adjudicated(event: CodedEvent, judgement: JudgementId, codebook: Codebook) -> ConsensusEvent:
    """An adjudicator's event as it stands: every field by his word, the vocal cues of the subject only."""
    settlement = Settlement(rule=SettlingRule.ADJUDICATED, judgements=(judgement,))
    return ConsensusEvent(
        span=event.span,
        event_type=event.event_type,
        emotion=event.emotion,
        basis=event.basis,
        action_units=tuple(sorted(event.action_units, key=lambda mark: (mark.code, mark.side.value))),
        vocal_cues=tuple(
            sorted(
                (cue for cue in event.vocal_cues if cue.owner == codebook.cue_owners[0].code),
                key=lambda cue: (cue.onset, cue.offset, cue.code),
            )
        ),
        not_visible=tuple(sorted(event.not_visible)),
        how=dict.fromkeys(_SETTLED_FIELDS, settlement),
    )


_MARKS: tuple[tuple[str, Callable[[Span], Frame]], ...] = (
    ("onset", attrgetter("onset")),
    ("apex", attrgetter("apex")),
    ("offset", attrgetter("offset")),
)

_LABELS: tuple[tuple[AnswerField, Callable[[CodedEvent], str]], ...] = (
    (AnswerField.EVENT_TYPE, attrgetter("event_type")),
    (AnswerField.EMOTION, attrgetter("emotion")),
    (AnswerField.BASIS, attrgetter("basis")),
)

_SETTLED_FIELDS = ("onset", "apex", "offset", "event_type", "emotion", "action_units", "vocal_cues", "basis")


def median_frame(frames: Sequence[Frame]) -> Frame:
    """The middle frame; for an even number the midpoint of the two middle ones, a half going to the earlier frame."""
    ordered = sorted(frames)
    return Frame((ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) // 2)


def _settle_event(
    seen: Sequence[tuple[JudgementId, CodedEvent]],
    n_coders: int,
    protocol: Protocol,
    clock: FrameClock,
    codebook: Codebook,
) -> tuple[ConsensusEvent | None, list[AnswerField]]:
    """One group of matched events; None where a field that every event needs is not settled."""
    judgements = tuple(identity for identity, _ in seen)
    events = [event for _, event in seen]
    spans = [event.span for event in events]
    by_median = Settlement(rule=SettlingRule.MEDIAN, judgements=judgements)
    by_majority = Settlement(rule=SettlingRule.MAJORITY, judgements=judgements)
    unsettled: list[AnswerField] = []
    how: dict[str, Settlement] = {}
    marks: dict[str, Frame] = {}
    for name, mark in _MARKS:
        frames = list(map(mark, spans))
        marks[name] = median_frame(frames)
        if protocol.tolerance.of(name).holds(min(frames), max(frames), clock):  # then so does every other pair
            how[name] = by_median
        elif AnswerField.SPAN not in unsettled:
            unsettled.append(AnswerField.SPAN)
    labels: dict[AnswerField, str | None] = {}
    for field, label in _LABELS:
        said = list(map(label, events))
        labels[field] = majority = _majority(said, n_coders)
        if majority is None:
            unsettled.append(field)
        else:
            chose = tuple([identity for identity, one in zip(judgements, said, strict=True) if one == majority])
            how[field.value] = Settlement(rule=SettlingRule.MAJORITY, judgements=chose)
    hidden = _hidden(events)
    units, open_units = _settle_action_units(events, n_coders, codebook, hidden, protocol)
    cues, open_cues = _settle_cues(events, n_coders, codebook.cue_owners[0].code, protocol, clock)
    for field, is_open in ((AnswerField.ACTION_UNITS, open_units), (AnswerField.VOCAL_CUES, open_cues)):
        how[field.value] = by_majority  # of what is listed
        if is_open:
            unsettled.append(field)
    event_type, emotion = labels[AnswerField.EVENT_TYPE], labels[AnswerField.EMOTION]
    if AnswerField.SPAN in unsettled or event_type is None or emotion is None:
        return None, unsettled
    event = ConsensusEvent(
        span=Span(onset=marks["onset"], apex=marks["apex"], offset=marks["offset"]),
        event_type=event_type,
        emotion=emotion,
        basis=labels[AnswerField.BASIS] or "",
        action_units=units,
        vocal_cues=cues,
        how=how,
        not_visible=hidden,
    )
    return event, unsettled


def _hidden(events: Sequence[CodedEvent]) -> tuple[str, ...]:
    if not any(event.not_visible for event in events):
        return ()
    said = Counter(region for event in events for region in event.not_visible)
    return tuple(sorted(region for region, votes in said.items() if 2 * votes >= len(events)))


def _majority(labels: Sequence[Label], n_voters: int) -> Label | None:
    most = max(labels, key=labels.count)
    return most if 2 * labels.count(most) > n_voters else None


def _settle_action_units(
    events: Sequence[CodedEvent], n_coders: int, codebook: Codebook, hidden: Collection[str], protocol: Protocol
) -> tuple[tuple[ActionUnitMark, ...], bool]:
    """The units that stand, by code, and whether any is neither in nor out."""
    seen = not any(event.not_visible for event in events)
    region_of = {} if seen else {entry.code: entry.region for entry in codebook.action_units}
    scored: dict[str, list[ActionUnitMark]] = {}
    for event in events:
        for code, mark in one_mark_each(event.action_units).items():
            scored.setdefault(code, []).append(mark)
    settled: list[ActionUnitMark] = []
    is_open = False
    for code, marks in sorted(scored.items()):
        blind = 0 if seen else sum(region_of.get(code) in event.not_visible for event in events)
        if region_of.get(code) in hidden:
            is_open = True
        elif 2 * len(marks) > n_coders:
            side = _majority([mark.side for mark in marks], len(marks))
            if side is None:
                is_open |= protocol.version > 1  # version 1 took it for both sides without a word
                side = Side.BOTH
            intensity = _majority([mark.intensity for mark in marks], len(marks))
            settled.append(ActionUnitMark(code=code, side=side, intensity=intensity))
        elif 2 * len(marks) >= len(events) - blind:
            is_open = True
    return tuple(settled), is_open


def one_mark_each(marks: Sequence[ActionUnitMark]) -> dict[str, ActionUnitMark]:
    """Each action unit once, by code: scored on both sides it counts as BOTH, with an intensity where they have one."""
    alone = {mark.code: mark for mark in marks}
    if len(alone) == len(marks):  # the usual case
        return alone
    by_code: dict[str, list[ActionUnitMark]] = {}
    for mark in marks:
        by_code.setdefault(mark.code, []).append(mark)
    joined: dict[str, ActionUnitMark] = {}
    for code, own in by_code.items():
        intensities: set[Intensity | None] = {mark.intensity for mark in own}
        joined[code] = (
            own[0]
            if len(own) == 1
            else ActionUnitMark(
                code=code, side=Side.BOTH, intensity=intensities.pop() if len(intensities) == 1 else None
            )
        )
    return joined


def _ends_agree(cues: Sequence[VocalCueMark], protocol: Protocol, clock: FrameClock) -> bool:
    return all(
        protocol.tolerance.onset.holds(a.onset, b.onset, clock)
        and protocol.tolerance.offset.holds(a.offset, b.offset, clock)
        for a, b in combinations(cues, 2)
    )


def _settle_cues(
    events: Sequence[CodedEvent], n_coders: int, subject_owner: str, protocol: Protocol, clock: FrameClock
) -> tuple[tuple[VocalCueMark, ...], bool]:
    """The subject's cues that stand, in order of onset, and whether any is neither in nor out."""
    settled: list[VocalCueMark] = []
    is_open = False
    own = [[cue for cue in event.vocal_cues if cue.owner == subject_owner] for event in events]
    for code in sorted({cue.code for cues in own for cue in cues}):
        heard = [[cue for cue in cues if cue.code == code] for cues in own]
        spans = [[Span(onset=cue.onset, apex=cue.onset, offset=cue.offset) for cue in cues] for cues in heard]
        for group in match_events(spans, match_iou=0.0):
            members = [heard[coder][index] for coder, index in enumerate(group) if index is not None]
            if 2 * len(members) > n_coders:
                if protocol.version > 1 and not _ends_agree(members, protocol, clock):
                    is_open = True
                    continue
                settled.append(
                    VocalCueMark(
                        code=code,
                        onset=median_frame([cue.onset for cue in members]),
                        offset=median_frame([cue.offset for cue in members]),
                        owner=subject_owner,
                    )
                )
            elif 2 * len(members) >= len(events):
                is_open = True
    return tuple(sorted(settled, key=lambda cue: (cue.onset, cue.offset, cue.code))), is_open
