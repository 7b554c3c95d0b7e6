"""Why a clip stands where it stands: which judgements, which rule, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from mmed_curate.agreement.settle import Course
from mmed_curate.domain.conduct import Aid
from mmed_curate.domain.identity import CoderId, JudgementId
from mmed_curate.domain.judgements import (
    Adjudication,
    Answer,
    CodedEvent,
    Coding,
    ConsensusEvent,
    Judgement,
    Screening,
    Settlement,
    SettlingRule,
    Verification,
    VocalCueMark,
)
from mmed_curate.domain.protocol import Stage

_RULE: Mapping[SettlingRule, str] = {
    SettlingRule.MAJORITY: "more than half chose it",
    SettlingRule.MEDIAN: "all within tolerance, so their median",
    SettlingRule.ADJUDICATED: "the word of who adjudicated",
}

_LISTS = frozenset({"action_units", "vocal_cues"})
_EACH = "more than half marked it"
_NONE = "nothing was marked by more than half"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One judgement of the clip."""

    number: int
    """Order in the log, from 1 within the clip."""
    stage: Stage
    round: int
    turn: int
    coder: str
    """Code of who said it."""
    what: str
    aids: tuple[Aid, ...]
    """What showed the coder more than the clip itself, in the order in which it was first taken."""
    stands: bool
    """False: superseded by a later one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """One field of one settled event, and why it reads so."""

    event: int
    """From 1, in order of onset."""
    field: str
    value: str
    rule: SettlingRule
    why: str
    rests_on: tuple[int, ...]
    """Numbers of the judgements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything said of a clip, and what came of it."""

    said: tuple[Said, ...]
    open: tuple[str, ...]
    """What the coders could not settle, a sentence each; stays readable after adjudication."""
    settled: tuple[Because, ...]
    """Empty where nothing is proposed or settled."""


def explain(
    now: Course,
    history: Sequence[Judgement],
    codes: Mapping[CoderId, str],
    aids: Mapping[JudgementId, tuple[Aid, ...]] = MappingProxyType({}),
) -> Explanation:
    """Say why a clip stands where it stands.

    Args:
        now: where it stands.
        history: all its judgements that bear on it, superseded ones too, in log order.
        codes: of the coders, by id.
        aids: that were used, by judgement.
    """
    number = {one.id: place for place, one in enumerate(history, start=1)}
    standing = {one.id for one in now.standing}
    said = tuple(
        Said(
            number=number[one.id],
            stage=one.stage,
            round=one.round,
            turn=one.turn,
            coder=codes.get(one.coder, one.coder),
            what=_what(one),
            aids=aids.get(one.id, ()),
            stands=one.id in standing,
        )
        for one in history
    )
    open_ = tuple(
        f"event {one.event + 1}: {one.field.value.replace('_', ' ')}, between {_numbers(one.judgements, number)}"
        + (f"; not seen by {_numbers(one.unseen_by, number)}" if one.unseen_by else "")
        for one in now.disagreements
    )
    events = () if now.consensus is None else now.consensus.events
    answers = {one.id: one.answer for one in history}
    settled = tuple(
        because for place, event in enumerate(events, start=1) for because in _because(place, event, number, answers)
    )
    return Explanation(said=said, open=open_, settled=tuple(settled))


def _because(
    place: int, event: ConsensusEvent, number: Mapping[JudgementId, int], answers: Mapping[JudgementId, Answer]
) -> Iterator[Because]:
    values = {
        "onset": str(event.span.onset),
        "apex": str(event.span.apex),
        "offset": str(event.span.offset),
        "event_type": event.event_type,
        "emotion": event.emotion or "-",
        "basis": event.basis or "-",
        "action_units": _units(event),
        "vocal_cues": ", ".join(f"{cue.code} {cue.onset}-{cue.offset}" for cue in event.vocal_cues) or "-",
    }
    for field, value in values.items():
        if field not in event.how:
            continue
        how = event.how[field]
        each = _each(field, event, how, answers) if how.rule is SettlingRule.MAJORITY and field in _LISTS else None
        for said, judgements, why in each or [(value, how.judgements, _NONE if each == [] else _RULE[how.rule])]:
            rests_on = tuple(number[one] for one in judgements)
            yield Because(event=place, field=field, value=said, rule=how.rule, why=why, rests_on=rests_on)


def _each(
    field: str, event: ConsensusEvent, how: Settlement, answers: Mapping[JudgementId, Answer]
) -> list[tuple[str, tuple[JudgementId, ...], str]]:
    """Each action unit or cue that stands, and who marked it."""
    theirs = {one: _same_event(event, answers[one]) for one in how.judgements}
    if field == "action_units":
        return [
            (
                mark.code,
                tuple(
                    one for one, own in theirs.items() if own and mark.code in {unit.code for unit in own.action_units}
                ),
                _EACH,
            )
            for mark in event.action_units
        ]
    return [
        (f"{cue.code} {cue.onset}-{cue.offset}", tuple(one for one, own in theirs.items() if _hears(own, cue)), _EACH)
        for cue in event.vocal_cues
    ]


def _same_event(event: ConsensusEvent, answer: Answer) -> CodedEvent | None:
    """What one judge saw of it: of their events the one that shares most with it."""
    events = answer.events if isinstance(answer, (Coding, Adjudication)) else ()
    return max(events, key=lambda own: own.span.iou(event.span), default=None)


def _hears(own: CodedEvent | None, cue: VocalCueMark) -> bool:
    cues = () if own is None else own.vocal_cues
    same = (one for one in cues if (one.code, one.owner) == (cue.code, cue.owner))
    return any(one.onset <= cue.offset and cue.onset <= one.offset for one in same)


def _units(event: CodedEvent | ConsensusEvent) -> str:
    return ", ".join(mark.code for mark in event.action_units) or "-"


def _numbers(judgements: Sequence[JudgementId], number: Mapping[JudgementId, int]) -> str:
    return ", ".join(str(number[one]) for one in judgements)


def _what(judgement: Judgement) -> str:
    answer = judgement.answer
    if isinstance(answer, (Screening, Verification)):
        words = answer.verdict.value.replace("_", " ")
        if isinstance(answer, Screening) and answer.cut_again is not None:
            words += f", cut again ({answer.cut_again.value})"
        return f"{words}: {answer.reason}" if answer.reason else words
    events = "; ".join(_event(event) for event in answer.events) or "no event"
    if isinstance(answer, Adjudication):
        return f"{events} ({answer.reason})"
    return events if isinstance(answer, Coding) else ""


def _event(event: CodedEvent) -> str:
    span = event.span
    return f"{span.onset}-{span.apex}-{span.offset} {event.event_type}, {event.emotion or 'not named'}, {_units(event)}"
