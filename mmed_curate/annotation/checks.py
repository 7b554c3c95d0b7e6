"""Codings that can be held against others of the same clip: hidden gold, and repeats."""

from __future__ import annotations

from datetime import datetime

from mmed_curate.agreement.coders import Check
from mmed_curate.annotation.qualify import standing_codings
from mmed_curate.domain.judgements import Coding, Judgement
from mmed_curate.domain.protocol import Purpose
from mmed_curate.domain.records import Coder
from mmed_curate.store import Reader, Workspace


def checks(workspace: Workspace, coder: Coder | None = None) -> tuple[Check, ...]:
    """Every standing answer to hidden gold and to repeats, of one coder or of all, beside what it is held against.

    Of several passes the last counts. A repeat is held against what the coder said when the clip was given to them
    first, as it was last corrected.
    """
    n_turns = len(workspace.protocol.coding.turns)
    who = None if coder is None else coder.id
    with workspace.read() as records:
        gold = records.gold()
        found: list[tuple[Judgement, Coding, Coding]] = []
        for one, said in standing_codings(records.judgements(coder=who, purposes=(Purpose.GOLD,)), n_turns):
            if one.clip in gold:
                found.append((one, said, gold[one.clip].reading))
        for one, said in standing_codings(records.judgements(coder=who, purposes=(Purpose.REPEAT,)), n_turns):
            before = _said_before(records, one, n_turns)
            if before is not None:
                found.append((one, said, before))
        at = records.log_times(one.order for one, _, _ in found)
        return tuple(
            Check(
                coder=one.coder,
                kind=one.purpose,
                order=one.order,
                at=datetime.fromisoformat(at[one.order]).date(),
                said=said,
                against=against,
                clock=records.clip(one.clip).clock,
            )
            for one, said, against in found
        )


def _said_before(records: Reader, repeat: Judgement, n_turns: int) -> Coding | None:
    first = records.judgements(repeat.clip, coder=repeat.coder, purposes=(Purpose.ORDINARY,))
    return next((said for _, said in standing_codings(first, n_turns)), None)
