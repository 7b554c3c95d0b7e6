"""What coders leave beside their judgements, read from the log: aids they used, what an answer took, flags."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from mmed_curate.domain.conduct import Aid, Effort, Flag
from mmed_curate.domain.identity import ClipId, JudgementId, TicketId
from mmed_curate.domain.serial import from_json
from mmed_curate.store.left import LeftReader, words_name
from mmed_curate.store.tables import JudgementRow, KeepsakeRow, LogRow

AID_USED = "aid.used"
EFFORT_NOTED = "effort.noted"
FLAG_RAISED = "flag.raised"
FLAG_CLOSED = "flag.closed"


class AsideReader(LeftReader):
    """What coders leave beside their judgements."""

    def aids(self) -> dict[TicketId, tuple[Aid, ...]]:
        """By ticket: the aids that were used, in the order in which they were first taken."""
        used: dict[TicketId, dict[Aid, None]] = defaultdict(dict)
        for _, _, _, said in self._asides(AID_USED):
            used[TicketId(said["ticket"])][Aid(said["aid"])] = None
        return {ticket: tuple(ones) for ticket, ones in used.items()}

    def aids_of(self, clip: ClipId) -> dict[JudgementId, tuple[Aid, ...]]:
        """By judgement of a clip: the aids that were used on its ticket; judgements without any are left out."""
        used = self.aids()
        query = select(JudgementRow.id, JudgementRow.ticket).where(JudgementRow.clip == clip)
        return {JudgementId(row.id): used[row.ticket] for row in self._session.execute(query) if row.ticket in used}

    def efforts(self) -> dict[TicketId, Effort]:
        """By ticket: what its answer took, as it was last said."""
        return {
            TicketId(said["ticket"]): from_json(Effort, said["effort"]) for _, _, _, said in self._asides(EFFORT_NOTED)
        }

    def open_flags(self) -> tuple[Flag, ...]:
        """Flags that nobody closed, oldest first; those of clips that left with a subject are not among them."""
        standing: dict[ClipId, list[tuple[int, str, str, TicketId]]] = {}
        for sequence, at, actor, said in self._asides(FLAG_RAISED, FLAG_CLOSED):
            clip = ClipId(said["clip"])
            if "ticket" in said:
                standing.setdefault(clip, []).append((sequence, at, actor, TicketId(said["ticket"])))
            else:
                standing.pop(clip, None)
        gone = self.gone() if standing else frozenset()
        flags = []
        for clip, ones in standing.items():
            if clip in gone:
                continue
            for sequence, at, actor, ticket in ones:
                words = self._session.get(KeepsakeRow, words_name(sequence))
                said_so = "" if words is None else words.value.decode()
                flags.append(Flag(clip=clip, ticket=ticket, coder=actor, at=at, because=said_so, order=sequence))
        return tuple(sorted(flags, key=lambda flag: flag.order))

    def _asides(self, *kinds: str) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
        query = select(LogRow.sequence, LogRow.at, LogRow.actor, LogRow.payload).where(LogRow.kind.in_(kinds))
        for row in self._session.execute(query.order_by(LogRow.sequence)):
            yield row.sequence, row.at, row.actor, json.loads(row.payload)
