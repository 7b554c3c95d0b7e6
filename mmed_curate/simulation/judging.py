"""How a simulated coder judges one clip whose truth is known: pure, and the same whatever came before.

Frames count from the first frame of the clip.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.judgements import (
    ActionUnitMark,
    Adjudication,
    Answer,
    CodedEvent,
    Coding,
    CutAgain,
    Screening,
    ScreeningVerdict,
    Verification,
    VerificationVerdict,
    VocalCueMark,
)
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.domain.time import Frame, Span
from mmed_curate.simulation.crew import Ability, CoderSettings

_SAME_IOU = 0.5
"""From here on two spans mean the same event (MEGC 2019), for the expert who compares."""
_INVENTED_FRAMES = (4, 12)
"""Shortest and longest invented event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueCue:
    """A voice cue that is in the clip."""

    code: str
    onset: Frame
    offset: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueEvent:
    """An event that is in the clip."""

    span: Span
    event_type: str
    emotion: str
    action_units: tuple[str, ...]
    cue: TrueCue | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, and the truth about it."""

    stage: Stage
    round: int
    fields: Collection[AnswerField]
    truth: tuple[TrueEvent, ...]
    last_frame: Frame
    """Of the clip."""
    proposed: Sequence[CodedEvent] = ()
    """Verification: how the events stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """One simulated coder."""

    ability: Ability
    settings: CoderSettings
    codebook: Codebook

    def answer(self, question: Question, rng: np.random.Generator) -> Answer:
        """Judge one clip.

        Args:
            question: what is asked, with its truth.
            rng: for this judge, clip, stage and round alone, so that the order of work does not matter.
        """
        if question.stage is Stage.SCREENING:
            return self._screen(question, rng)
        if question.stage is Stage.CODING:
            return Coding(events=self._events(question, rng))
        if question.stage is Stage.ADJUDICATION:
            return Adjudication(events=self._events(question, rng), reason=self.settings.adjudication_reason)
        return self._verify(question, rng)

    def _screen(self, question: Question, rng: np.random.Generator) -> Screening:
        accepts = self.ability.accepts_event if question.truth else 1 - self.ability.rejects_nothing
        if rng.random() < accepts:
            found = tuple(true.span for true in question.truth)
            # an event at the clip's very edge is not seen from rest to rest: it needs another cut
            runs_out = any(_runs_out(span, question.last_frame) for span in found)
            apart = all(later.onset > earlier.offset for earlier, later in pairwise(found))
            if not apart:
                return Screening(verdict=ScreeningVerdict.ACCEPT)
            return Screening(
                verdict=ScreeningVerdict.ACCEPT, found=found, cut_again=CutAgain.ADJUST if runs_out else None
            )
        return Screening(verdict=ScreeningVerdict.REJECT, reason=self.settings.screening_reason)

    def _events(self, question: Question, rng: np.random.Generator) -> tuple[CodedEvent, ...]:
        events: list[CodedEvent] = []
        for true in question.truth:
            seen = rng.random() < self.ability.sees
            event = self._read(true, question, rng)  # drawn in any case: missing one event changes no other
            if seen and _apart(event.span, events):
                events.append(event)
        if rng.random() < self.ability.invents:
            event = self._invented(question, rng)
            if _apart(event.span, events):
                events.append(event)
        return tuple(sorted(events, key=lambda event: event.span.onset))

    def _read(self, true: TrueEvent, question: Question, rng: np.random.Generator) -> CodedEvent:
        emotion = self._emotion(true.emotion, rng)
        return self._coded(
            span=self._jittered(true.span, question.last_frame, rng),
            event_type=true.event_type,
            emotion=emotion,
            action_units=self._action_units(true.action_units, rng),
            cue=self._cue(true.cue, question.last_frame, rng),
            right=emotion == true.emotion,
            fields=question.fields,
        )

    def _coded(
        self,
        *,
        span: Span,
        event_type: str,
        emotion: str,
        action_units: Sequence[str],
        cue: VocalCueMark | None,
        right: bool,
        fields: Collection[AnswerField],
    ) -> CodedEvent:
        units = tuple(ActionUnitMark(code=code) for code in action_units)
        sure = self.settings.sure if right else self.settings.unsure
        return CodedEvent(
            span=span,
            event_type=event_type,
            emotion=emotion if AnswerField.EMOTION in fields else "",
            basis=self.settings.basis if AnswerField.BASIS in fields else "",
            action_units=units if AnswerField.ACTION_UNITS in fields else (),
            vocal_cues=(cue,) if cue is not None and AnswerField.VOCAL_CUES in fields else (),
            confidence=sure if AnswerField.CONFIDENCE in fields else None,
        )

    def _emotion(self, true: str, rng: np.random.Generator) -> str:
        right = rng.random() < self.ability.emotion_right
        weights = self.ability.confusions.get(true) or {
            entry.code: 1.0 for entry in self.codebook.emotions if entry.code != true
        }
        names = sorted(weights)
        share = np.array([weights[name] for name in names])
        wrong = str(rng.choice(names, p=share / share.sum()))
        return true if right else wrong

    def _jittered(self, true: Span, last_frame: Frame, rng: np.random.Generator) -> Span:
        spreads = (self.ability.onset_jitter, self.ability.apex_jitter, self.ability.offset_jitter)
        off = rng.standard_normal(3) * spreads + (self.ability.onset_bias, 0, 0)
        marks = np.array([true.onset, true.apex, true.offset]) + np.rint(off)
        onset, apex, offset = sorted(int(mark) for mark in np.clip(marks, 0, last_frame))
        return Span(onset=Frame(onset), apex=Frame(apex), offset=Frame(offset))

    def _action_units(self, true: Sequence[str], rng: np.random.Generator) -> tuple[str, ...]:
        others = [entry.code for entry in self.codebook.action_units if entry.code not in true]
        scored = {code for code in true if rng.random() >= self.ability.action_unit_missed}
        adds, added = rng.random() < self.ability.action_unit_added, int(rng.integers(len(others)))
        return tuple(sorted(scored | ({others[added]} if adds else set())))

    def _cue(self, true: TrueCue | None, last_frame: Frame, rng: np.random.Generator) -> VocalCueMark | None:
        hears = rng.random() >= self.ability.cue_missed
        off = np.rint(rng.standard_normal(2) * self.ability.cue_jitter)
        if true is None or not hears:
            return None
        onset, offset = sorted(
            int(np.clip(mark + by, 0, last_frame)) for mark, by in zip((true.onset, true.offset), off, strict=True)
        )
        return VocalCueMark(code=true.code, onset=Frame(onset), offset=Frame(offset), owner=self.settings.cue_owner)

    def _invented(self, question: Question, rng: np.random.Generator) -> CodedEvent:
        length = int(rng.integers(_INVENTED_FRAMES[0], _INVENTED_FRAMES[1] + 1))
        length = min(length, question.last_frame + 1)
        onset = int(rng.integers(question.last_frame + 2 - length))
        offset = onset + length - 1
        return self._coded(
            span=Span(onset=Frame(onset), apex=Frame((onset + offset) // 2), offset=Frame(offset)),
            event_type=str(rng.choice(sorted(self.settings.judged.values()))),
            emotion=str(rng.choice([entry.code for entry in self.codebook.emotions])),
            action_units=[str(rng.choice([entry.code for entry in self.codebook.action_units]))],
            cue=None,
            right=False,
            fields=question.fields,
        )

    def _verify(self, question: Question, rng: np.random.Generator) -> Verification:
        right = agrees(question.proposed, question.truth)
        accepts = rng.random() < (self.ability.accepts_right if right else 1 - self.ability.catches_wrong)
        if accepts:
            return Verification(verdict=VerificationVerdict.ACCEPT)
        given_up = question.round >= self.ability.gives_up_after
        return Verification(
            verdict=VerificationVerdict.REJECT if given_up else VerificationVerdict.SEND_BACK,
            reason=self.settings.verification_reason,
        )


def agrees(proposed: Sequence[CodedEvent], truth: Sequence[TrueEvent]) -> bool:
    """Whether what stands is the truth: as many events, each over its own, with its emotion."""
    if len(proposed) != len(truth):
        return False
    ordered = sorted(proposed, key=lambda event: event.span.onset), sorted(truth, key=lambda event: event.span.onset)
    return all(
        said.emotion == true.emotion and said.span.iou(true.span) >= _SAME_IOU
        for said, true in zip(*ordered, strict=True)
    )


def _runs_out(span: Span, last_frame: Frame) -> bool:
    return span.onset == 0 or span.offset == last_frame


def _apart(span: Span, events: Sequence[CodedEvent]) -> bool:
    return all(span.iou(event.span) < _SAME_IOU for event in events)
