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

_SINCE_FORMAT_2: Mapping[str, object] = {
    "purpose": Purpose.ORDINARY.value,
    "turn": 1,
    "not_visible": [],
    "found": [],
    "cut_again": None,
    "participants": [],
}
"""Fields that came later, with what they said before: left out then, so that an older digest still holds."""

_NESTED = (dict, list)
"""What a JSON value may hold others in."""


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
    digest = hashlib.sha256()
    for judgement in sorted(judgements, key=lambda one: (one.order, one.id)):
        digest.update(canonical_json(without_empty_news(to_json(judgement))).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def without_empty_news(value: Any) -> Any:
    """JSON values as they were before format 3, where what came then says nothing."""
    if isinstance(value, dict):
        return {
            key: without_empty_news(part) if type(part) in _NESTED else part
            for key, part in value.items()
            if key not in _SINCE_FORMAT_2 or part != _SINCE_FORMAT_2[key]
        }
    if isinstance(value, list):
        return [without_empty_news(part) if type(part) in _NESTED else part for part in value]
    return value
