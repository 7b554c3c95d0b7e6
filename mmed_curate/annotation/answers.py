"""Whether an answer fits the ticket it is given for. Says nothing that the coder does not know."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator

from mmed_curate.domain.codebook import Codebook, Entry
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import STAGE_OF_ANSWER, Adjudication, Answer, CodedEvent, Coding, Screening
from mmed_curate.domain.protocol import AnswerField, Stage
from mmed_curate.domain.time import FrameClock

_MOST_WORDS = 10_000
"""Characters of a note or reason: some pages (ours)."""
_UNREADABLE = frozenset({"Cc", "Cs", "Co", "Cn"})
"""Unicode's categories of control signs, halves of pairs, private and unassigned signs."""
_TURNS_TEXT = "\u202a\u202b\u202d\u202e"
"""Signs that make a text read as what it is not."""
_MOVEMENT = (
    AnswerField.SPAN,
    AnswerField.EVENT_TYPE,
    AnswerField.ACTION_UNITS,
)
"""What is seen before what it means."""


def opened_by(fields: tuple[AnswerField, ...], *, moved: bool) -> tuple[AnswerField, ...]:
    """The fields that are open: all, or, before the movement is handed in, those of the movement."""
    return fields if moved else tuple(field for field in fields if field in _MOVEMENT)


def check_movement(answer: Coding, movement: Coding | None) -> None:
    """Stop an answer whose movement is not the one that was handed in before the emotion opened.

    Raises:
        BadInput: it was not handed in, or is another one now.
    """
    if movement is None:
        raise BadInput.of(
            "desk.movement_first", "the movement is to be handed in before an emotion is named", "hand it in first"
        )
    if [_moved(event) for event in answer.events] != [_moved(event) for event in movement.events]:
        raise BadInput.of(
            "desk.movement_changed",
            "span, type or action units are not those that were handed in before the emotion opened",
            "hand the movement in again, then the answer",
        )


def _moved(event: CodedEvent) -> tuple[object, ...]:
    return event.span, event.event_type, event.action_units, event.not_visible


def check_answer(
    answer: Answer,
    stage: Stage,
    clock: FrameClock,
    codebook: Codebook,
    *,
    fields: tuple[AnswerField, ...],
    shows_context: bool = False,
) -> None:
    """Stop an answer of another stage, outside of the clip, or in words that the codebook does not hold.

    Args:
        answer: what is handed in.
        stage: of the ticket.
        clock: of the clip.
        codebook: whose words count.
        fields: what is asked.
        shows_context: whether what happened in the game, and what the player said of it, is shown at this stage: else
            no label can rest on it.

    Raises:
        BadInput: what does not fit.
    """
    belongs = STAGE_OF_ANSWER[type(answer)]
    if belongs is not stage:
        raise BadInput.of(
            "desk.other_stage",
            f"the answer is one of {belongs.value}, the ticket one of {stage.value}",
            f"answer what {stage.value} asks",
        )
    _check_words(answer.note if isinstance(answer, Coding) else answer.reason)
    spans = answer.found if isinstance(answer, Screening) else ()
    events = answer.events if isinstance(answer, (Coding, Adjudication)) else ()
    ends = [span.offset for span in spans]
    ends += [last for event in events for last in (event.span.offset, *(cue.offset for cue in event.vocal_cues))]
    last = max(ends, default=clock.last_frame)
    if last > clock.last_frame:
        raise BadInput.of(
            "desk.outside",
            f"the answer marks frame {last}, the clip's last frame is {clock.last_frame}",
            "mark frames that the clip has",
            frame=last,
            last=clock.last_frame,
        )
    for event in events:
        for what, code, entries in _codes(event, codebook, fields):
            known = [entry.code for entry in entries]
            if code not in known:
                raise BadInput.of(
                    "desk.unknown_code",
                    f"the codebook has no {what} {json.dumps(code, ensure_ascii=False)}",
                    f"choose one of: {', '.join(known)}",
                    wrong=code,
                )
        _check_asked(event, fields)
        _check_units(event, codebook)
        if not shows_context:
            _check_basis(event, stage, codebook)


def _check_basis(event: CodedEvent, stage: Stage, codebook: Codebook) -> None:
    seen = [entry.code for entry in codebook.bases if not entry.needs_context]
    if event.basis and event.basis not in seen:
        raise BadInput.of(
            "desk.basis",
            f"the label is said to rest on {event.basis}, which {stage.value} does not show",
            f"choose one of: {', '.join(seen)}",
        )


def _check_words(words: str) -> None:
    """A note or reason can be read, by people and by their screens."""
    if len(words) > _MOST_WORDS:
        raise BadInput.of(
            "desk.words_too_long",
            f"the note or reason has {len(words):,} characters, at most {_MOST_WORDS:,} are kept",
            "shorten it",
            n=len(words),
            most=_MOST_WORDS,
        )
    for sign in words:
        if (unicodedata.category(sign) in _UNREADABLE and sign not in "\n\t") or sign in _TURNS_TEXT:
            raise BadInput.of(
                "desk.unreadable",
                f"the note or reason holds a sign that cannot be shown (U+{ord(sign):04X})",
                "take it out",
                sign=f"U+{ord(sign):04X}",
            )


def _check_asked(event: CodedEvent, fields: tuple[AnswerField, ...]) -> None:
    """What is not asked for, or not open yet, stays empty."""
    given = {
        AnswerField.EMOTION: event.emotion,
        AnswerField.BASIS: event.basis,
        AnswerField.ACTION_UNITS: event.action_units,
        AnswerField.VOCAL_CUES: event.vocal_cues,
    }
    for field, value in given.items():
        if value and field not in fields:
            raise BadInput.of(
                "desk.not_asked",
                f"the answer holds {field.value.replace('_', ' ')}, which is not asked for here, or not yet",
                "leave it empty",
            )


def _check_units(event: CodedEvent, codebook: Codebook) -> None:
    region_of = {entry.code: entry.region for entry in codebook.action_units}
    scored = {mark.code for mark in event.action_units}
    for code in sorted(scored):
        if region_of[code] in event.not_visible:
            raise BadInput.of(
                "desk.not_visible",
                f"{code} is scored, and its region ({region_of[code]}) is said not to be visible",
                "take one of the two away",
                unit=code,
            )
    speech = codebook.speech
    if speech is not None and speech.action_unit in scored and scored & set(speech.not_scored):
        clash = ", ".join(sorted(scored & set(speech.not_scored)))
        raise BadInput.of(
            "desk.speech",
            f"{clash} is scored together with {speech.action_unit}: speech moves the mouth by itself",
            f"take {clash} or {speech.action_unit} away",
            units=clash,
            speech=speech.action_unit,
        )


def _codes(
    event: CodedEvent, codebook: Codebook, fields: tuple[AnswerField, ...]
) -> Iterator[tuple[str, str, tuple[Entry, ...]]]:
    labels = (
        ("event type", AnswerField.EVENT_TYPE, event.event_type, codebook.event_types),
        ("emotion", AnswerField.EMOTION, event.emotion, codebook.emotions),
        ("basis", AnswerField.BASIS, event.basis, codebook.bases),
    )
    for what, field, code, entries in labels:
        if field in fields or code:  # what is not asked for stays empty
            yield what, code, entries
    if event.confidence is not None:
        yield "confidence", event.confidence, codebook.confidences
    for mark in event.action_units:
        yield "action unit", mark.code, codebook.action_units
    for region in event.not_visible:
        yield "part of the face", region, codebook.regions
    for cue in event.vocal_cues:
        yield "vocal cue", cue.code, codebook.vocal_cues
        yield "owner of a cue", cue.owner, codebook.cue_owners
