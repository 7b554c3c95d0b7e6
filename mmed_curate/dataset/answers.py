"""Judgements to rows and back. Reasons and notes stay in the lab: free text may say who someone is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from mmed_curate.agreement.judged import documents_digest, drop_empty_news
from mmed_curate.dataset.rows import JudgementRow
from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, CoderId, JudgementId
from mmed_curate.domain.judgements import (
    ActionUnitMark,
    Adjudication,
    Answer,
    CodedEvent,
    Coding,
    Judgement,
    Screening,
    Side,
    Verification,
    VocalCueMark,
)
from mmed_curate.domain.protocol import Modality, Stage
from mmed_curate.domain.serial import from_json, to_json

_ANSWER_OF: Mapping[str, type[Answer]] = {
    Stage.SCREENING.value: Screening,
    Stage.CODING.value: Coding,
    Stage.ADJUDICATION.value: Adjudication,
    Stage.VERIFICATION.value: Verification,
}
_FREE_TEXT = ("reason", "note")
_WITHHELD = "(not released)"
_FREE_TEXT_OF = {
    kind: {name: _WITHHELD for name in _FREE_TEXT if name in kind.__slots__} for kind in _ANSWER_OF.values()
}
"""What stands for an answer's free text."""


def answer_text(answer: Answer) -> str:
    """An answer as canonical JSON, without its reason or note.

    What came with format 3 is left out where it says nothing: the same answer has the same text in all versions.
    """
    document = to_json(answer)
    drop_empty_news(document)
    return canonical_json({name: value for name, value in document.items() if name not in _FREE_TEXT})


@lru_cache(maxsize=4096)  # most of those who screen and verify say the same
def answer_of(stage: str, text: str) -> Answer:
    """The answer that a cell of judgements.csv stands for; its reason or note reads "(not released)".

    Raises:
        BadInput: the stage is not one at which experts judge, or the text is not an answer of it.
    """
    kind = _ANSWER_OF.get(stage)
    try:
        document: Any = json.loads(text)
    except ValueError as error:
        raise _garbled(stage) from error
    if kind is None or not isinstance(document, dict):
        raise _garbled(stage)
    return from_json(kind, {**document, **_FREE_TEXT_OF[kind]})


def judgement_row(
    judgement: Judgement,
    *,
    name: str,
    clip: str,
    subject: str,
    coder: str,
    order: int,
    supersedes: str | None,
    superseded: bool,
) -> JudgementRow:
    """One judgement as a row, under pseudonyms.

    Args:
        judgement: what was said, under the workspace's ids, but for those who settled it together: see `among`.
        name, clip, subject, coder, supersedes: pseudonyms of what the judgement points at.
        order: its place among the clip's judgements, from 1.
        superseded: whether a later judgement corrects it.
    """
    answer = judgement.answer
    events = answer.events if isinstance(answer, (Coding, Adjudication)) else None
    first: CodedEvent | None = events[0] if events else None
    return JudgementRow(
        judgement=name,
        clip=clip,
        subject=subject,
        coder=coder,
        order=order,
        stage=judgement.stage.value,
        round=judgement.round,
        modality=judgement.modality.value,
        codebook_version=judgement.codebook_version,
        supersedes=supersedes,
        superseded=superseded,
        simulated=judgement.simulated,
        verdict=answer.verdict.value if isinstance(answer, (Screening, Verification)) else None,
        n_events=None if events is None else len(events),
        onset=None if first is None else first.span.onset,
        apex=None if first is None else first.span.apex,
        offset=None if first is None else first.span.offset,
        event_type=None if first is None else first.event_type,
        emotion=None if first is None else first.emotion,
        basis=None if first is None else first.basis,
        confidence=None if first is None else first.confidence,
        action_units=() if first is None else tuple(action_unit_text(mark) for mark in first.action_units),
        vocal_cues=()
        if first is None
        else tuple(_cue_text(mark, mark.onset, mark.offset) for mark in first.vocal_cues),
        answer=answer_text(answer),
        turn=judgement.turn,
        found=tuple(f"{span.onset}-{span.offset}" for span in answer.found) if isinstance(answer, Screening) else (),
        cut_again=answer.cut_again.value if isinstance(answer, Screening) and answer.cut_again is not None else None,
        not_visible=() if first is None else first.not_visible,
        participants=answer.participants if isinstance(answer, Adjudication) else (),
    )


def among(judgement: Judgement, called: Callable[[CoderId], str]) -> Judgement:
    """A judgement with other names for those who settled it together.

    Args:
        judgement: what was said.
        called: their names, by id.
    """
    answer = judgement.answer
    if not isinstance(answer, Adjudication) or not answer.participants:
        return judgement
    named = tuple(sorted(CoderId(called(one)) for one in answer.participants))
    return replace(judgement, answer=replace(answer, participants=named))


def judgement_of(row: JudgementRow) -> Judgement:
    """The judgement that a row stands for, with pseudonyms for ids and the row's order within its clip.

    Raises:
        BadInput: the row holds no judgement.
    """
    try:
        modality = Modality(row.modality)
    except ValueError as error:
        raise _garbled(row.judgement) from error
    return Judgement(
        id=JudgementId(row.judgement),
        clip=ClipId(row.clip),
        coder=CoderId(row.coder),
        answer=answer_of(row.stage, row.answer),
        round=row.round,
        modality=modality,
        codebook_version=row.codebook_version,
        order=row.order,
        supersedes=None if row.supersedes is None else JudgementId(row.supersedes),
        simulated=row.simulated,
        turn=row.turn,
    )


def rows_digest(rows: Iterable[JudgementRow]) -> str:
    """What `judgements_digest` gives of the judgements that rows stand for, in a third of the time.

    Args:
        rows: as `judgement_row` makes them; of a stranger's, whose answers may be spelt otherwise, read the judgements.
    """
    return documents_digest(map(_document, sorted(rows, key=lambda row: (row.order, row.judgement))))


def _document(row: JudgementRow) -> dict[str, Any]:
    return {
        "answer": {**json.loads(row.answer), **_FREE_TEXT_OF[_ANSWER_OF[row.stage]]},
        "clip": row.clip,
        "codebook_version": row.codebook_version,
        "coder": row.coder,
        "id": row.judgement,
        "modality": row.modality,
        "order": row.order,
        "round": row.round,
        "simulated": row.simulated,
        "supersedes": row.supersedes,
        "turn": row.turn,
    }


def action_unit_text(mark: ActionUnitMark) -> str:
    """`code`, then `:side` unless both, then `:intensity` where scored."""
    side = "" if mark.side is Side.BOTH else f":{mark.side.value}"
    return f"{mark.code}{side}" + ("" if mark.intensity is None else f":{mark.intensity.value}")


def vocal_cues_text(marks: Iterable[VocalCueMark], *, shift: int, n_frames: int) -> tuple[str, ...]:
    """`code:onset-offset:owner` of each cue, as far as a cut shows it; cues that lie wholly outside are left out.

    Args:
        marks: cues in frames of the judged clip.
        shift: from frames of the judged clip to frames of the cut.
        n_frames: length of the cut.
    """
    return tuple(
        _cue_text(mark, max(mark.onset + shift, 0), min(mark.offset + shift, n_frames - 1))
        for mark in marks
        if mark.offset + shift >= 0 and mark.onset + shift < n_frames
    )


def _cue_text(mark: VocalCueMark, onset: int, offset: int) -> str:
    return f"{mark.code}:{onset}-{offset}:{mark.owner}"


def _garbled(where: str) -> BadInput:
    return BadInput.of(
        "dataset.judgement", f"judgements.csv holds an answer that is none of ours ({where})", "run `mmed verify` on it"
    )
