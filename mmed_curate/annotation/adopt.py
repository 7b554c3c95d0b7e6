"""Other rules for a round under way: what that would change is said before it is done, and it is all or nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from mmed_curate.agreement.settle import course
from mmed_curate.domain.codebookchange import CodeChange, check_change, code_changes
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.identity import ClipId, TicketId
from mmed_curate.domain.protocol import Purpose, Stage
from mmed_curate.store import Place, Reader, TicketRecord, TicketState, Workspace, Writer
from mmed_curate.store.rules import Rules, read_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What adopting other rules does, or would do."""

    rules: Rules
    codes: tuple[CodeChange, ...]
    """Codes that came, went or changed, with how many judgements each touches."""
    moved: Mapping[tuple[Stage, Stage], int]
    """Clips that stand elsewhere by the new rules: from where, to where, how many."""
    n_returned: int
    """Tickets taken back, because their clip waits for something else now, or for fewer."""


def adopt(workspace: Workspace, name_or_path: str, *, because: str, rehearse: bool = False) -> Adoption:
    """Judge by another protocol and codebook from now on. What was judged stays, and is read by the new rules.

    Args:
        workspace: whose rules.
        name_or_path: a packaged protocol, or the path of one; it and its codebook are copied into the workspace.
        because: why, for the log.
        rehearse: say what would happen, and do nothing.

    Raises:
        BadInput: no reason is given; there is none of that name, or a file has a mistake; the codebook lacks a code
            that was judged with, or changes codes under its old version; a clip's history is not possible under the
            new protocol, or would leave an end that it has reached.
    """
    if not because.strip():
        raise BadInput.of("protocol.no_reason", "other rules in the middle of a round need a reason", "say why")
    rules = read_rules(name_or_path)
    if rehearse:
        with workspace.read() as view:
            return _planned(workspace, view, rules, name_or_path)[0]
    with workspace.write(other_rules=True) as records:
        adoption, stale, after = _planned(workspace, records, rules, name_or_path)
        kept = workspace.keep_rules(records, rules, because=because)
        for ticket in stale:
            records.return_ticket(ticket, why="other rules")
        for place in after:
            records.set_stage(place.clip, place.stage, round=place.round, open_seats=place.open_seats)
        _open_further_passes(records, rules)
    workspace.take_up_rules(kept)  # not before all of it is on disk
    return adoption


def _open_further_passes(records: Writer, rules: Rules) -> None:
    """Who coded a clip that is still at coding goes through it once more, where the new rules want it."""
    n_turns, places = len(rules.protocol.coding.turns), records.places()
    coding = [one for one in records.tickets() if one.stage is Stage.CODING and one.purpose is Purpose.ORDINARY]
    there = {(one.clip, one.coder, one.round, one.turn) for one in coding}
    for one in coding:
        place = places[one.clip]
        follows = (one.clip, one.coder, one.round, one.turn + 1)
        at_coding = (place.stage, place.round) == (Stage.CODING, one.round)
        if one.state is TicketState.SUBMITTED and one.turn < n_turns and at_coding and follows not in there:
            records.open_ticket(
                clip=one.clip,
                coder=one.coder,
                stage=one.stage,
                round=one.round,
                turn=one.turn + 1,
                not_before=records.now() + timedelta(days=rules.protocol.coding.days_between_passes),
            )


def _planned(
    workspace: Workspace, records: Reader, rules: Rules, name: str
) -> tuple[Adoption, list[TicketId], list[Place]]:
    """What is to be said, the tickets that are to be taken back, and the places that change."""
    codes = code_changes(
        workspace.codebook,
        rules.codebook,
        records.judgements(),
        [one.reading for one in records.gold().values()],
        [one.emotion for one in records.self_reports()],
    )
    check_change(workspace.codebook, rules.codebook, codes)
    before, after = records.places(), _places(records, rules)
    moved = Counter((place.stage, after[clip].stage) for clip, place in before.items() if _moves(place, after[clip]))
    reopened = sum(number for (stage, _), number in moved.items() if stage in _ENDS)
    if reopened:
        raise BadInput.of(
            "protocol.reopens",
            f"by {name} {reopened} clips would leave the end that they reached",
            "keep the rules by which these were settled; make a new workspace for others",
        )
    stale = [
        ticket.id
        for ticket in records.tickets(states=(TicketState.OPEN, TicketState.HELD))
        if ticket.turn > len(rules.protocol.rules(ticket.stage).turns)
        or (
            ticket.purpose is Purpose.ORDINARY
            and (ticket.stage, ticket.round) != (after[ticket.clip].stage, after[ticket.clip].round)
        )
    ]
    stale += _surplus(records, after, frozenset(stale))
    adoption = Adoption(rules=rules, codes=codes, moved=dict(moved), n_returned=len(stale))
    return adoption, stale, [place for clip, place in after.items() if place != before[clip]]


def _surplus(records: Reader, after: Mapping[ClipId, Place], stale: Collection[TicketId]) -> list[TicketId]:
    """Tickets for more seats than a clip has by the new rules.

    What would be handed in for them could not be taken: a clip is judged by as many as the rules say. So they go back
    at once, and those that nobody has begun before others.
    """
    waiting: dict[ClipId, list[TicketRecord]] = defaultdict(list)
    for ticket in records.tickets(states=(TicketState.OPEN, TicketState.HELD)):
        place = after[ticket.clip]
        there = ticket.purpose is Purpose.ORDINARY and (ticket.stage, ticket.round) == (place.stage, place.round)
        if there and ticket.id not in stale:
            waiting[ticket.clip].append(ticket)

    def begun_first(ticket: TicketRecord) -> tuple[int, bool, str, str]:
        return -ticket.turn, ticket.state is not TicketState.HELD, ticket.since, ticket.id

    return [
        ticket.id
        for clip, tickets in waiting.items()
        for ticket in sorted(tickets, key=begun_first)[after[clip].open_seats :]
    ]


_ENDS = frozenset({Stage.SETTLED, Stage.REJECTED, Stage.REPLACED})


def _moves(before: Place, after: Place) -> bool:
    return (before.stage, before.round) != (after.stage, after.round)


def _places(records: Reader, rules: Rules) -> dict[ClipId, Place]:
    said = records.judgements_by_clip()
    terms, erased = records.terms(), records.erased()
    places = dict(records.places())
    for clip in records.clips():
        if clip.id in erased:
            continue
        try:
            now = course(said.get(clip.id, ()), rules.protocol, clip.clock, rules.codebook, terms[clip.id])
        except BadInput as error:
            raise BadInput.of(
                "protocol.impossible",
                f"what was judged of clip {clip.id} is not possible under the new protocol ({error.finding.what})",
                "keep the number of judges and passes of stages that clips have been through",
            ) from error
        places[clip.id] = Place(clip=clip.id, stage=now.stage, round=now.round, open_seats=now.open_seats)
    return places
