"""How far one coder has come with what was given to them; nothing of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mmed_curate.domain.identity import CoderId
from mmed_curate.domain.protocol import Stage
from mmed_curate.store import Reader, TicketState
from mmed_curate.store.journal import stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProgress:
    """How far a coder has come with what was given to them; nothing of others."""

    waiting: int
    """Tickets not yet answered, the one on the desk too."""
    submitted: int
    submitted_today: int = 0
    """Of these, since the day began (UTC)."""
    waiting_at: Mapping[Stage, int] = field(default_factory=dict)
    """Tickets not yet answered, by stage; a stage without any is left out."""
    later: int = 0
    """Of those that wait: the ones that come on a later day, because passes lie days apart."""


def own_progress(records: Reader, coder: CoderId, now: datetime) -> OwnProgress:
    """Count a coder's tickets.

    Args:
        records: the workspace's.
        coder: whose.
        now: the time of day.
    """
    waiting = records.waiting(coder, stamp(now))
    counts = records.ticket_counts(coder).get(coder, {})
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return OwnProgress(
        waiting=sum(number for number, _ in waiting.values()),
        submitted=counts.get(TicketState.SUBMITTED, 0),
        submitted_today=records.submitted_since(coder, stamp(midnight)),
        waiting_at={stage: number for stage, (number, _) in waiting.items()},
        later=sum(later for _, later in waiting.values()),
    )
