"""Readings of one clip held against each other, for windows, which see no room behind the desk."""

from __future__ import annotations

from collections.abc import Sequence

from mmed_curate.agreement.gold import GoldScore, against_gold
from mmed_curate.agreement.matching import match_events
from mmed_curate.domain.codebook import Codebook
from mmed_curate.domain.judgements import CodedEvent, Coding


def same_events(readings: Sequence[Sequence[CodedEvent]], *, match_iou: float) -> tuple[tuple[int | None, ...], ...]:
    """Which events of several readings are the same, as agreement counts them.

    Args:
        readings: the events of each reading.
        match_iou: from this intersection over union on two events are the same.

    Returns:
        Groups in order of their earliest onset. A group holds for each reading the place of its event, or None.
    """
    return match_events([[event.span for event in events] for events in readings], match_iou=match_iou)


def score_of(said: Coding, known: Coding, *, match_iou: float, codebook: Codebook) -> GoldScore:
    """How one coding holds to what is known, as training counts it."""
    return against_gold([(said, known)], match_iou, codebook)
