"""What is drawn by lot: clips screened once more, foils, and the repeats and gold hidden among a coder's tickets."""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from mmed_curate.domain.conduct import LotKind
from mmed_curate.domain.findings import Finding, Severity
from mmed_curate.domain.identity import ClipId, CoderId
from mmed_curate.domain.protocol import ClipOrigin, Protocol, Purpose, Stage
from mmed_curate.store import TicketRecord, TicketState, Writer
from mmed_curate.store.journal import stamp
from mmed_curate.store.tickets import Seat

_LEFT_OUT = frozenset({Stage.REJECTED, Stage.REPLACED})


def by_lot(seed: int, *parts: str) -> str:
    """What a draw sorts by: the same for the same seed and parts, whatever else is drawn."""
    return hashlib.sha256("\x1f".join((str(seed), *parts)).encode()).hexdigest()


def draw_lots(records: Writer, protocol: Protocol, *, seed: int, without: Collection[ClipId]) -> tuple[Finding, ...]:
    """Draw until the protocol's shares are reached, among clips that wait for screening; what was drawn stays drawn.

    Args:
        records: the workspace's.
        protocol: says which shares.
        seed: of the lots.
        without: clips that nobody may judge any more.

    Returns:
        What could not be reached.
    """
    terms = {clip: one for clip, one in records.terms().items() if clip not in without}
    stages = records.stages()
    fresh = {clip for clip in terms if stages[clip] is Stage.SCREENING}
    machine = {clip for clip, one in terms.items() if one.origin is ClipOrigin.CANDIDATE}
    again = {clip for clip, one in terms.items() if one.screened_again}
    missing = _at_least(protocol.screening.again * len(machine)) - len(again & machine)
    _draw(records, LotKind.SCREENED_AGAIN, (machine & fresh) - again, missing, seed)
    watched = {clip for clip, one in terms.items() if one.origin is ClipOrigin.WATCHED}
    foils = {clip for clip, one in terms.items() if one.foil}
    coded = {clip for clip in set(terms) - watched if stages[clip] not in _LEFT_OUT}
    share = protocol.coding.foils
    # of the tickets that come of it at least this share is on foils
    missing = _at_least(share * len(coded) / (1 - share)) - len(foils) if share < 1 else len(watched)
    lacking = missing - _draw(records, LotKind.FOIL, (watched & fresh) - foils, missing, seed)
    if lacking <= 0:
        return ()
    return (
        Finding(
            code="assign.few_foils",
            what=f"{lacking} more foils are wanted than stretches without a candidate wait for screening",
            remedy="raise `watched` in the protocol before the next recordings: `mmed protocol adopt`",
            severity=Severity.WARNING,
            parameters={"lacking": lacking},
        ),
    )


def _at_least(number: float) -> int:
    """The least whole number that is not below; 1.0000000000000002 is 1, as 0.05 * 19 / 0.95 was meant."""
    return math.ceil(round(number, 9))


def _draw(records: Writer, kind: LotKind, among: Iterable[ClipId], number: int, seed: int) -> int:
    chosen = sorted(among, key=lambda clip: by_lot(seed, kind.value, clip))[: max(number, 0)]
    records.draw_lots(chosen, kind)
    return len(chosen)


def hidden(
    records: Writer,
    protocol: Protocol,
    tickets: Sequence[TicketRecord],
    wanted: Mapping[CoderId, Sequence[Seat]],
    *,
    seed: int,
    without: Collection[ClipId],
    knows: Mapping[ClipId, frozenset[CoderId]],
    admitted: Collection[CoderId],
) -> dict[CoderId, list[Seat]]:
    """Repeats and gold that are due, for each coder: they look like any other ticket.

    Args:
        records: the workspace's.
        protocol: says which shares, and how long after.
        tickets: all there are.
        wanted: by coder: the seats that are about to be given out.
        seed: of the lots.
        without: clips that nobody may code.
        knows: by clip: who knows somebody in it.
        admitted: who may code; nobody else gets any.

    One whose later pass nobody handed in measured nothing: another clip is drawn for it, or that pass comes again.
    """
    coding = [ticket for ticket in tickets if ticket.stage is Stage.CODING and ticket.turn == 1]
    met: dict[CoderId, set[ClipId]] = defaultdict(set)
    for ticket in tickets:
        met[ticket.coder].add(ticket.clip)
    gold = set(records.gold()) - set(without)
    seats: dict[CoderId, list[Seat]] = defaultdict(list)
    ordinary: Counter[CoderId] = Counter()
    for ticket in coding:
        ordinary[ticket.coder] += ticket.purpose is Purpose.ORDINARY and ticket.state is not TicketState.RETURNED
    for coder in sorted({*wanted, *ordinary} & set(admitted)):
        own = [ticket for ticket in coding if ticket.coder == coder]
        lapsed = [
            one
            for one in tickets
            if one.coder == coder and one.stage is Stage.CODING and one.turn > 1 and one.state is TicketState.RETURNED
        ]
        broken = {(one.clip, one.purpose) for one in lapsed}
        had = Counter(
            one.purpose
            for one in own
            if one.state is not TicketState.RETURNED and (one.clip, one.purpose) not in broken
        )
        again = [one for one in lapsed if one.clip not in without and coder not in knows.get(one.clip, frozenset())]
        coming = {seat.clip for seat in wanted.get(coder, ()) if seat.stage is Stage.CODING}
        chosen = {seat.clip for seat in wanted.get(coder, ())}
        if protocol.repeats is not None:
            oldest = stamp(records.now() - timedelta(days=protocol.repeats.after_days))
            answered = [one for one in own if one.purpose is Purpose.ORDINARY and one.state is TicketState.SUBMITTED]
            due = _at_least(protocol.repeats.share * len(answered)) - had[Purpose.REPEAT]
            twice = {one.clip for one in own if one.purpose is Purpose.REPEAT} | set(without)
            last = last_answers(ticket for ticket in tickets if ticket.coder == coder)
            ripe = {
                one.clip
                for one in answered
                if one.clip in last
                and last[one.clip] <= oldest
                and one.clip not in twice
                and one.clip not in chosen
                and coder not in knows.get(one.clip, frozenset())
            }
            repeats = _seats(coder, ripe, due, Purpose.REPEAT, seed, again)
            seats[coder].extend(repeats)
            had[Purpose.REPEAT] += len(repeats)
        if protocol.gold is not None and coming:
            share = protocol.gold.share
            others = ordinary[coder] + len(coming) + had[Purpose.REPEAT]
            # of all coding tickets that the coder has or gets now at least this share is gold
            due = _at_least(share * others / (1 - share)) - had[Purpose.GOLD] if share < 1 else len(gold)
            fresh = [clip for clip in gold - met[coder] - chosen if coder not in knows.get(clip, frozenset())]
            seats[coder].extend(_seats(coder, fresh, due, Purpose.GOLD, seed, again))
    return seats


def last_answers(tickets: Iterable[TicketRecord]) -> dict[ClipId, str]:
    """By clip: when one coder last had to do with it, whatever for; clips that still wait for an answer are left out.

    Args:
        tickets: of one coder, of any stage and pass.
    """
    last: dict[ClipId, str] = {}
    waiting: set[ClipId] = set()
    for ticket in tickets:
        if ticket.state in (TicketState.OPEN, TicketState.HELD):
            waiting.add(ticket.clip)
        last[ticket.clip] = max(last.get(ticket.clip, ""), ticket.since)
    return {clip: at for clip, at in last.items() if clip not in waiting}


def _seats(
    coder: CoderId,
    among: Iterable[ClipId],
    number: int,
    purpose: Purpose,
    seed: int,
    lapsed: Iterable[TicketRecord],
) -> list[Seat]:
    """So many drawn among clips; where these are too few, passes that the coder had begun and let lie."""
    chosen = sorted(among, key=lambda clip: by_lot(seed, purpose.value, coder, clip))[: max(number, 0)]
    begun = sorted((one for one in lapsed if one.purpose is purpose), key=lambda one: one.id)
    return [
        *(Seat(clip=clip, stage=Stage.CODING, round=1, purpose=purpose) for clip in chosen),
        *(
            Seat(clip=one.clip, stage=one.stage, round=one.round, purpose=purpose, turn=one.turn)
            for one in begun[: max(number - len(chosen), 0)]
        ),
    ]
