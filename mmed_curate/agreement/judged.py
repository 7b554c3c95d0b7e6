"""A clip with everything that was said of it, and the hash by which a decision is bound to what was said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mmed_curate.domain.files import canonical_json
from mmed_curate.domain.identity import ClipId, SubjectId
from mmed_curate.domain.judgements import Judgement
from mmed_curate.domain.protocol import AS_OTHERS, ClipTerms, Purpose
from mmed_curate.domain.serial import to_json
from mmed_curate.domain.time import FrameClock

_NEWS_OF_JUDGEMENTS: Mapping[str, object] = {"purpose": Purpose.ORDINARY.value, "turn": 1}
_NEWS_OF_ANSWERS: Mapping[str, object] = {"found": [], "cut_again": None, "participants": []}
_NEWS_OF_EVENTS: Mapping[str, object] = {"not_visible": []}
"""Fields that came after format 2, with what they said before: left out then, so that an older digest still holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedClip:
    """What agreement is measured on."""

    clip: ClipId
    subject: SubjectId
    clock: FrameClock
    """The clip's own clock."""
    judgements: tuple[Judgement, ...]
    """All of them, superseded ones too."""
    terms: ClipTerms = AS_OTHERS
    """What lot fell to it."""
    counts: bool = True
    """False: its coding is not to be measured again, for an attempt at the gate failed on it."""
    simulated: bool = False
    """The recording or the subject is simulated; a judgement says of itself whether it is."""


def judgements_digest(judgements: Iterable[Judgement]) -> str:
    """SHA-256 over judgements, whatever order they come in: one more, one less or one changed gives another."""
    return documents_digest(map(_document, sorted(judgements, key=lambda one: (one.order, one.id))))


def documents_digest(documents: Iterable[dict[str, Any]]) -> str:
    """The same over the JSON of judgements, which come in order of their order and id.

    Args:
        documents: fields of a judgement by name; its answer without what says nothing, see `drop_empty_news`.
    """
    digest = hashlib.sha256()
    for document in documents:
        _drop_empty(document, _NEWS_OF_JUDGEMENTS)
        digest.update(canonical_json(document).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def _document(judgement: Judgement) -> dict[str, Any]:
    document: dict[str, Any] = to_json(judgement)
    drop_empty_news(document["answer"])
    return document


def drop_empty_news(answer: dict[str, Any]) -> None:
    """Make the JSON of an answer what it was before format 3, where what came then says nothing."""
    _drop_empty(answer, _NEWS_OF_ANSWERS)
    for event in answer.get("events", ()):
        _drop_empty(event, _NEWS_OF_EVENTS)


def _drop_empty(document: dict[str, Any], news: Mapping[str, object]) -> None:
    for name, nothing in news.items():
        if name in document and document[name] == nothing:
            del document[name]
