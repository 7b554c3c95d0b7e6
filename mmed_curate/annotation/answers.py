"""Whether an answer fits the ticket it is given for. Says nothing that the coder does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator

from mmed_curate.domain.codebook import Codebook, Entry
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.judgements import STAGE_OF_ANSWER, Adjudication, Answer, CodedEvent, Coding
from mmed_curate.domain.protocol import Stage
from mmed_curate.domain.time import FrameClock


def check_answer(answer: Answer, stage: Stage, clock: FrameClock, codebook: Codebook) -> None:
    """Stop an answer of another stage, outside of the clip, or in words that the codebook does not hold.

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
    if not isinstance(answer, (Coding, Adjudication)):
        return
    for event in answer.events:
        last = max((event.span.offset, *(cue.offset for cue in event.vocal_cues)))
        if last > clock.last_frame:
            raise BadInput.of(
                "desk.outside",
                f"the answer marks frame {last}, the clip's last frame is {clock.last_frame}",
                "mark frames that the clip has",
                frame=last,
                last=clock.last_frame,
            )
        for what, code, entries in _codes(event, codebook):
            known = [entry.code for entry in entries]
            if code not in known:
                raise BadInput.of(
                    "desk.unknown_code",
                    f"the codebook has no {what} {json.dumps(code, ensure_ascii=False)}",
                    f"choose one of: {', '.join(known)}",
                )


def _codes(event: CodedEvent, codebook: Codebook) -> Iterator[tuple[str, str, tuple[Entry, ...]]]:
    yield "event type", event.event_type, codebook.event_types
    yield "emotion", event.emotion, codebook.emotions
    yield "basis", event.basis, codebook.bases
    if event.confidence is not None:
        yield "confidence", event.confidence, codebook.confidences
    for mark in event.action_units:
        yield "action unit", mark.code, codebook.action_units
    for cue in event.vocal_cues:
        yield "vocal cue", cue.code, codebook.vocal_cues
        yield "owner of a cue", cue.owner, codebook.cue_owners
