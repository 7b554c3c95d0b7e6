"""What a coder has so far of one ticket, with what can be undone and redone. Frozen; written as JSON. Knows no Qt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from annotator_gui.marks import NO_MARKS, Mark, Marks, Range
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import (
    ActionUnitMark,
    CodedEvent,
    CutAgain,
    Intensity,
    ScreeningVerdict,
    Side,
    VerificationVerdict,
    VocalCueMark,
)
from mmed_curate.domain.time import Frame

_FORMAT, _VERSION = "mmed-draft", 1
_MOST_STEPS = 100
"""Acts that can be undone (ours)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftEvent:
    """One event as far as it is coded; an empty code: not chosen yet."""

    marks: Marks = NO_MARKS
    event_type: str = ""
    emotion: str = ""
    basis: str = ""
    action_units: tuple[ActionUnitMark, ...] = ()
    vocal_cues: tuple[VocalCueMark, ...] = ()
    confidence: str | None = None
    not_visible: tuple[str, ...] = ()

    @classmethod
    def of(cls, event: CodedEvent) -> DraftEvent:
        """A judged event, to start from."""
        span = event.span
        return cls(
            marks=Marks(onset=span.onset, apex=span.apex, offset=span.offset),
            event_type=event.event_type,
            emotion=event.emotion,
            basis=event.basis,
            action_units=event.action_units,
            vocal_cues=event.vocal_cues,
            confidence=event.confidence,
            not_visible=event.not_visible,
        )

    def coded(self) -> CodedEvent:
        """The event as it is handed in.

        Raises:
            BadInput: a mark is missing, or the event contradicts itself.
        """
        span = self.marks.span
        if span is None:
            missing = ", ".join(mark.value for mark in self.marks.missing)
            raise BadInput.of(
                "gui.event_unmarked", f"an event has no {missing}", "set it, or remove the event", marks=missing
            )
        return CodedEvent(
            span=span,
            event_type=self.event_type,
            emotion=self.emotion,
            basis=self.basis,
            action_units=self.action_units,
            vocal_cues=self.vocal_cues,
            confidence=self.confidence,
            not_visible=self.not_visible,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An answer in the making, of any stage."""

    events: tuple[DraftEvent, ...] = ()
    """In the order in which they were begun."""
    selected: int | None = None
    """Place among `events` of the one that acts go to; None: there is none."""
    nothing: bool = False
    """The coder says that nothing happens; no events then."""
    note: str = ""
    reason: str = ""
    screening: ScreeningVerdict | None = None
    cut_again: CutAgain | None = None
    verification: VerificationVerdict | None = None
    participants: tuple[str, ...] = ()
    """Codes of who discussed it, sorted."""

    @property
    def event(self) -> DraftEvent | None:
        """The event that acts go to."""
        return None if self.selected is None else self.events[self.selected]

    def with_event(self, event: DraftEvent) -> Draft:
        """The selected event replaced; where there is none, a first one begun."""
        if self.selected is None:
            return replace(self, events=(*self.events, event), selected=len(self.events), nothing=False)
        events = tuple(event if place == self.selected else one for place, one in enumerate(self.events))
        return replace(self, events=events, nothing=False)


EMPTY = Draft()


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A draft with what can be undone and redone. Never reaches beyond its ticket."""

    now: Draft = EMPTY
    past: tuple[Draft, ...] = ()
    """The newest last."""
    future: tuple[Draft, ...] = ()
    """The next to redo last."""
    last_act: str = ""
    """Name of the act that led to `now`; empty after undo and redo."""
    entries: int = 0
    """Marks, codes and hand-ins so far; steps and replays are not counted."""
    heard: tuple[Range, ...] = ()
    """Runs of frames, both ends inside, that were heard at full speed."""
    reopened: bool = False
    """The movement was handed in and is open to change once more."""

    def acted(self, draft: Draft, *, name: str, joins: bool) -> Steps:
        """After an act; one that joins the act of the same name before it is undone together with it."""
        if draft == self.now:
            return self
        joined = joins and name == self.last_act
        past = self.past if joined else (*self.past, self.now)[-_MOST_STEPS:]
        return replace(self, now=draft, past=past, future=(), last_act=name, entries=self.entries + (not joined))

    def undone(self) -> Steps:
        """One act back; the same where there is none."""
        if not self.past:
            return self
        return replace(self, now=self.past[-1], past=self.past[:-1], future=(*self.future, self.now), last_act="")

    def redone(self) -> Steps:
        """One act forth again; the same where there is none."""
        if not self.future:
            return self
        return replace(self, now=self.future[-1], past=(*self.past, self.now), future=self.future[:-1], last_act="")

    def without_history(self) -> Steps:
        """Nothing can be undone from here: what was handed in stands."""
        return replace(self, past=(), future=(), last_act="")


def to_text(steps: Steps) -> str:
    """As it is kept with the ticket."""
    beside = _compact(
        {
            "format": _FORMAT,
            "version": _VERSION,
            "last_act": steps.last_act,
            "entries": steps.entries,
            "heard": [list(run) for run in steps.heard],
            "reopened": steps.reopened,
        }
    )
    past, future = ",".join(map(_draft_text, steps.past)), ",".join(map(_draft_text, steps.future))
    return f'{beside[:-1]},"now":{_draft_text(steps.now)},"past":[{past}],"future":[{future}]}}'


def from_text(text: str) -> Steps:
    """What `to_text` wrote.

    Raises:
        BadInput: it is something else, or of a newer version.
    """
    try:
        held = json.loads(text)
        if held["format"] != _FORMAT:
            raise KeyError(_FORMAT)
        if held["version"] > _VERSION:
            raise BadInput.of(
                "gui.newer_draft", "what was begun on this ticket was written by a newer window", "update this one"
            )
        return Steps(
            now=_draft_of(held["now"]),
            past=tuple(map(_draft_of, held["past"])),
            future=tuple(map(_draft_of, held["future"])),
            last_act=held["last_act"],
            entries=held["entries"],
            heard=tuple((Frame(first), Frame(last)) for first, last in held["heard"]),
            reopened=held["reopened"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput.of(
            "gui.foreign_draft", "what was begun on this ticket was not written by this window", "begin it anew"
        ) from error


@lru_cache(maxsize=4 * _MOST_STEPS)
def _draft_text(draft: Draft) -> str:
    """Written once: an act changes one draft, and is kept with all those before it."""
    return _compact(_draft_json(draft))


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _draft_json(draft: Draft) -> dict[str, Any]:
    return {
        "events": [_event_json(event) for event in draft.events],
        "selected": draft.selected,
        "nothing": draft.nothing,
        "note": draft.note,
        "reason": draft.reason,
        "screening": draft.screening and draft.screening.value,
        "cut_again": draft.cut_again and draft.cut_again.value,
        "verification": draft.verification and draft.verification.value,
        "participants": list(draft.participants),
    }


def _draft_of(held: Mapping[str, Any]) -> Draft:
    return Draft(
        events=tuple(map(_event_of, held["events"])),
        selected=held["selected"],
        nothing=held["nothing"],
        note=held["note"],
        reason=held["reason"],
        screening=held["screening"] and ScreeningVerdict(held["screening"]),
        cut_again=held["cut_again"] and CutAgain(held["cut_again"]),
        verification=held["verification"] and VerificationVerdict(held["verification"]),
        participants=tuple(held["participants"]),
    )


def _event_json(event: DraftEvent) -> dict[str, Any]:
    return {
        "marks": [event.marks.at(mark) for mark in Mark],
        "event_type": event.event_type,
        "emotion": event.emotion,
        "basis": event.basis,
        "action_units": [
            [one.code, one.side.value, one.intensity and one.intensity.value] for one in event.action_units
        ],
        "vocal_cues": [[one.code, one.onset, one.offset, one.owner] for one in event.vocal_cues],
        "confidence": event.confidence,
        "not_visible": list(event.not_visible),
    }


def _event_of(held: Mapping[str, Any]) -> DraftEvent:
    onset, apex, offset = held["marks"]
    return DraftEvent(
        marks=Marks(onset=onset, apex=apex, offset=offset),
        event_type=held["event_type"],
        emotion=held["emotion"],
        basis=held["basis"],
        action_units=tuple(
            ActionUnitMark(code=code, side=Side(side), intensity=intensity and Intensity(intensity))
            for code, side, intensity in held["action_units"]
        ),
        vocal_cues=tuple(
            VocalCueMark(code=code, onset=Frame(onset), offset=Frame(offset), owner=owner)
            for code, onset, offset, owner in held["vocal_cues"]
        ),
        confidence=held["confidence"],
        not_visible=tuple(held["not_visible"]),
    )


def covered(runs: Iterable[Range], first: Frame, last: Frame) -> bool:
    """Whether one run holds all frames from first to last, both inside."""
    return any(begin <= first and last <= end for begin, end in runs)
