"""How well a coder holds to readings that are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mmed_curate.agreement.matching import match_events
from mmed_curate.agreement.reading import events_of
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.judgements import Coding


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

    Args:
        pairs: for each clip what the coder said, and what is known.
        match_iou: from this intersection over union on two events are the same.
        codebook: says which event types are none.
    """
    n_clips = n_free = n_gold = n_marked = n_matched = n_same = n_common = n_units = 0
    for said, known in pairs:
        own, gold = events_of(said, codebook), events_of(known, codebook)
        n_clips, n_free = n_clips + 1, n_free + (not gold)
        n_gold, n_marked = n_gold + len(gold), n_marked + len(own)
        spans = [[event.span for event in own], [event.span for event in gold]]
        for mine, theirs in match_events(spans, match_iou=match_iou):
            if mine is None or theirs is None:
                continue
            n_matched += 1
            n_same += own[mine].emotion == gold[theirs].emotion
            units = [{mark.code for mark in event.action_units} for event in (own[mine], gold[theirs])]
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
