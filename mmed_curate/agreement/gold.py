"""How well a coder holds to readings that are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mmed_curate.agreement.matching import match_events
from mmed_curate.agreement.reading import events_of
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.judgements import CodedEvent, Coding, Consensus, ConsensusEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldScore:
    """Counts over clips of known reading, and what they come to. A share of nothing is None, never 0 and never 1."""

    n_clips: int
    n_event_free: int
    """Clips in which, by the gold, nothing happens."""
    n_gold: int
    """Events of the gold."""
    n_marked: int
    """Events that the coder marked."""
    n_matched: int
    n_same_emotion: int
    """Matched events whose emotion is the gold's."""
    n_common_units: int
    """Action units that both score in matched events."""
    n_units: int
    """Action units of both in matched events, added up."""

    @property
    def events_f1(self) -> float | None:
        """2 × matched / (marked + gold): pooled over clips, as the spotting challenges score (MEGC 2019)."""
        total = self.n_marked + self.n_gold
        return 2 * self.n_matched / total if total else None

    @property
    def emotion_agreement(self) -> float | None:
        """Share of matched events with the gold's emotion."""
        return self.n_same_emotion / self.n_matched if self.n_matched else None

    @property
    def action_unit_index(self) -> float | None:
        """2 × common / (scored + gold), the index of FACS (Ekman, Friesen & Hager 2002); not corrected for chance."""
        return 2 * self.n_common_units / self.n_units if self.n_units else None


def against_gold(pairs: Iterable[tuple[Coding, Coding]], match_iou: float, codebook: Codebook) -> GoldScore:
    """Hold codings against the readings that are known.

    An action unit counts only where neither of the two says that its part of the face cannot be seen: there it is
    missing, not absent.

    Args:
        pairs: for each clip what the coder said, and what is known.
        match_iou: from this intersection over union on two events are the same.
        codebook: says which event types are none, and where an action unit shows.
    """
    region_of = {entry.code: entry.region for entry in codebook.action_units}
    n_clips = n_free = n_gold = n_marked = n_matched = n_same = n_common = n_units = 0
    for said, known in pairs:
        own, gold = events_of(said, codebook), events_of(known, codebook)
        n_clips, n_free = n_clips + 1, n_free + (not gold)
        n_gold, n_marked = n_gold + len(gold), n_marked + len(own)
        for mine, theirs in matched_events(said, known, match_iou, codebook):
            n_matched += 1
            n_same += mine.emotion == theirs.emotion
            hidden = {*mine.not_visible, *theirs.not_visible}
            units = [
                {mark.code for mark in event.action_units if region_of.get(mark.code) not in hidden}
                for event in (mine, theirs)
            ]
            n_common += len(units[0] & units[1])
            n_units += len(units[0]) + len(units[1])
    return GoldScore(
        n_clips=n_clips,
        n_event_free=n_free,
        n_gold=n_gold,
        n_marked=n_marked,
        n_matched=n_matched,
        n_same_emotion=n_same,
        n_common_units=n_common,
        n_units=n_units,
    )


def matched_events(
    said: Coding, known: Coding, match_iou: float, codebook: Codebook
) -> Iterator[tuple[CodedEvent, CodedEvent]]:
    """The events that two codings of one clip have in common: what was said beside what it is held against."""
    own, gold = events_of(said, codebook), events_of(known, codebook)
    spans = [[event.span for event in own], [event.span for event in gold]]
    for mine, theirs in match_events(spans, match_iou=match_iou):
        if mine is not None and theirs is not None:
            yield own[mine], gold[theirs]


def reading_of(consensus: Consensus) -> Coding:
    """What was settled, as one coding: for the gold table, and to hold others against."""
    return Coding(events=tuple(as_coded(event) for event in consensus.events))


def as_coded(event: ConsensusEvent) -> CodedEvent:
    """A settled event as a coder would have handed it in; nobody's confidence."""
    return CodedEvent(
        span=event.span,
        event_type=event.event_type,
        emotion=event.emotion,
        basis=event.basis,
        action_units=event.action_units,
        vocal_cues=event.vocal_cues,
        not_visible=event.not_visible,
    )
