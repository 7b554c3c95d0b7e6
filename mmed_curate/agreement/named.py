"""The codes that an answer names: emotions with their classes of the map of three, action units, vocal cues."""

from __future__ import annotations

from collections.abc import Iterable

from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.judgements import Adjudication, CodedEvent, Coding, ConsensusEvent, Judgement


def named_in_events(events: Iterable[CodedEvent | ConsensusEvent], codebook: Codebook) -> frozenset[str]:
    """Every code that one of the events names; a cue whoever it is of."""
    class_of = {entry.code: entry.emotion_class for entry in codebook.emotions}
    found: set[str | None] = set()
    for event in events:
        found |= {event.emotion, class_of.get(event.emotion)}
        found.update(mark.code for mark in event.action_units)
        found.update(cue.code for cue in event.vocal_cues)
    return frozenset(code for code in found if code)


def named_by(judgements: Iterable[Judgement], codebook: Codebook) -> frozenset[str]:
    """Every code that one of the judgements names."""
    answers = [one.answer for one in judgements]
    events = [event for one in answers if isinstance(one, (Coding, Adjudication)) for event in one.events]
    return named_in_events(events, codebook)


def known_codes(codebook: Codebook) -> frozenset[str]:
    """Every code that an event can name."""
    entries = (codebook.classes, codebook.emotions, codebook.action_units, codebook.vocal_cues)
    return frozenset(entry.code for some in entries for entry in some)
