"""Who judges what: equal load, every pair of coders together on enough clips, nobody where they may not judge.

Everything is sorted before it is drawn, and each draw is a hash of the seed and of what is drawn for, so that the
same people and clips give the same tickets whatever order the rows came in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from mmed_curate.annotation.allowed import (
    acquainted,
    admitted_stages,
    coded_to_the_end,
    may_discuss,
    needs_no_admission,
)
from mmed_curate.annotation.handout import clear, desk_name
from mmed_curate.annotation.lots import by_lot, draw_lots, hidden
from mmed_curate.annotation.shortages import coming_back, faceless_clips, outlook, shortages, staff
from mmed_curate.domain.findings import Finding
from mmed_curate.domain.identity import ClipId, CoderId
from mmed_curate.domain.protocol import JUDGED, ROLE_FOR, Protocol, Purpose, Role, Stage
from mmed_curate.domain.records import Coder
from mmed_curate.store import Place, TicketRecord, TicketState, Workspace, Writer
from mmed_curate.store.journal import stamp
from mmed_curate.store.tickets import Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """What one round of handing out did."""

    n_returned: int
    """Tickets that were taken back: not answered in time, of a subject who left, or not this coder's to judge."""
    opened: Mapping[str, int]
    """New tickets of each coder, by code; coders without one are left out."""
    findings: tuple[Finding, ...]
    """Errors: clips that wait because too few may judge them. Warnings: people who will be missing later on."""

    @property
    def n_opened(self) -> int:
        """New tickets of all coders."""
        return sum(self.opened.values())


def assign(workspace: Workspace, *, seed: int) -> Assigned:
    """Give out every free seat at the stage at which each clip stands, with repeats and hidden gold among them.

    What waited too long is taken back first, and what its coder may not judge any more. Lots are drawn: which clips
    are screened once more, which stretches without a candidate are coded as foils.

    A coder gets a seat who has the stage's role and is admitted to it, sits not there already, knows nobody who is seen
    or heard, had the clip neither as gold nor for training, and has not judged it where that bars them; among these who
    did not code it in an earlier round, then the least loaded, then who shared fewest clips with those already chosen,
    then by lot. Where it can be helped, nobody is used up who will be needed at a later stage of the same clip.

    Args:
        workspace: whose clips and coders.
        seed: another seed hands out otherwise.

    Returns:
        What was opened, and which clips wait for want of people.

    Raises:
        BadInput: the database cannot be written.
    """
    protocol = workspace.protocol
    with workspace.write(actor="assign") as records:
        coders = records.coders()
        people = records.people()
        gone = records.gone()
        knows = acquainted(records.exclusions(), people)
        admitted = admitted_stages(records, protocol, coders)
        said = records.judgements_by_clip((Purpose.ORDINARY,)) if protocol.adjudication.together else {}
        coded = {clip: coded_to_the_end(protocol, ones) for clip, ones in said.items()}
        n_returned = _take_back(records, protocol, gone, knows, admitted, coded)
        drawn = draw_lots(records, protocol, seed=seed, without=gone)
        places = {clip: place for clip, place in records.places().items() if clip not in gone}
        tickets = sorted(records.tickets(), key=lambda ticket: ticket.id)
        rested = set(records.references())
        whose = records.subjects_of_clips() if protocol.neutral_face else {}
        faceless = {clip for clip, subject in whose.items() if subject not in rested}
        hands = _Hands(
            coders=coders,
            seed=seed,
            protocol=protocol,
            knows=knows,
            admitted=admitted,
            coded=coded,
        )
        for ticket in tickets:
            hands.remember(ticket)
        for clip, ones in said.items():
            hands.judged[clip].update((who, one.stage) for one in ones for who in one.judges)
        wanted: dict[CoderId, list[Seat]] = defaultdict(list)
        short: Counter[tuple[Stage, Role, int]] = Counter()
        later: Counter[Role] = Counter()
        n_faceless = 0
        for place in sorted(places.values(), key=lambda place: by_lot(seed, "clip", place.clip)):
            if place.stage not in JUDGED:
                continue
            if place.stage is Stage.CODING and place.clip in faceless:
                n_faceless += 1
                continue
            free = place.open_seats - hands.waiting(place)
            if free <= 0:
                continue
            chosen = hands.choose(place, free)
            again = hands.take_up_again(place, free - len(chosen))
            for coder, turn in (*((coder, 1) for coder in chosen), *((one.coder, one.turn) for one in again)):
                wanted[coder].append(
                    Seat(clip=place.clip, stage=place.stage, round=place.round, purpose=Purpose.ORDINARY, turn=turn)
                )
            if missing := free - len(chosen) - len(again):
                short[place.stage, ROLE_FOR[place.stage], missing] += 1
            later.update(hands.missing_later(place))
        among = hidden(
            records,
            protocol,
            tickets,
            wanted,
            seed=seed,
            without=gone | faceless,
            knows=knows,
            admitted={coder for coder, stages in admitted.items() if Stage.CODING in stages},
        )
        for coder, seats in among.items():
            wanted[coder].extend(seats)
        lying = coming_back(records, tickets, places)
        given_back = [ticket.id for ticket in records.tickets(states=(TicketState.RETURNED,))]
        opened: dict[str, int] = {}
        for person in coders:
            # each coder in an order of their own, so that a pair does not tire over the same clips
            seats = sorted(
                wanted[person.id], key=lambda seat: by_lot(seed, "order", person.code, seat.clip, seat.purpose.value)
            )
            records.open_tickets(person.id, seats)
            if wanted[person.id]:
                opened[person.code] = len(wanted[person.id])
    kept_out = {
        stage: [one.code for one in coders if ROLE_FOR[stage] in one.roles and stage not in admitted[one.id]]
        for stage in JUDGED
    }
    for ticket_id in given_back:
        clear(workspace.media, desk_name(workspace.secret, ticket_id))
    return Assigned(
        opened=opened,
        n_returned=n_returned,
        findings=(
            *shortages(short, kept_out),
            *outlook(later),
            *staff(protocol, coders),
            *faceless_clips(n_faceless),
            *lying,
            *drawn,
        ),
    )


def _take_back(
    records: Writer,
    protocol: Protocol,
    gone: Collection[ClipId],
    knows: Mapping[ClipId, frozenset[CoderId]],
    admitted: Mapping[CoderId, frozenset[Stage]],
    coded: Mapping[ClipId, frozenset[CoderId]],
) -> int:
    """Tickets that nobody answered in time, and those that nobody, or not this coder, may judge any more."""
    oldest = ""
    if protocol.return_after_days is not None:
        oldest = stamp(records.now() - timedelta(days=protocol.return_after_days))
    number = 0
    for ticket in records.tickets(states=(TicketState.OPEN, TicketState.HELD)):
        why = ""
        if ticket.clip in gone:
            why = "withdrawn"
        elif ticket.coder in knows.get(ticket.clip, ()):
            why = "excluded"
        elif ticket.stage not in admitted[ticket.coder] and not needs_no_admission(ticket, protocol):
            why = "not admitted"
        elif (
            ticket.stage is Stage.ADJUDICATION
            and ticket.coder in (discussing := coded.get(ticket.clip, frozenset()))
            and not may_discuss(protocol, discussing, knows.get(ticket.clip, frozenset()))
        ):
            why = "too few may discuss it"
        elif max(ticket.since, ticket.not_before) < oldest:
            why = "not answered in time"
        if why:
            records.return_ticket(ticket.id, why=why)
            number += 1
    return number


@dataclass(slots=True, kw_only=True)
class _Hands:
    """Who sits where, and who may still."""

    coders: Sequence[Coder]
    seed: int
    protocol: Protocol
    knows: Mapping[ClipId, frozenset[CoderId]]
    """By clip: who knows somebody in it."""
    admitted: Mapping[CoderId, frozenset[Stage]]
    coded: Mapping[ClipId, frozenset[CoderId]]
    """By clip, where coders settle it together: who went through every pass of it."""
    load: Counter[tuple[CoderId, Stage]] = field(default_factory=Counter)
    pairs: Counter[frozenset[CoderId]] = field(default_factory=Counter)
    seated: dict[tuple[ClipId, Stage, int], list[CoderId]] = field(default_factory=lambda: defaultdict(list))
    unanswered: Counter[tuple[ClipId, Stage, int]] = field(default_factory=Counter)
    judged: dict[ClipId, set[tuple[CoderId, Stage]]] = field(default_factory=lambda: defaultdict(set))
    gave_back: dict[tuple[ClipId, Stage, int], set[CoderId]] = field(default_factory=lambda: defaultdict(set))
    """Who had a seat and left it unanswered."""
    broken_off: dict[tuple[ClipId, Stage, int], list[TicketRecord]] = field(default_factory=lambda: defaultdict(list))
    """Later passes that were taken back unanswered: their coder has been through the clip before."""
    known: dict[ClipId, set[CoderId]] = field(default_factory=lambda: defaultdict(set))
    """Who had a clip as gold or for training: what they say of it can be no news."""

    def remember(self, ticket: TicketRecord) -> None:
        if ticket.purpose is Purpose.REPEAT:  # blind, as their first coding was
            return
        if ticket.purpose is not Purpose.ORDINARY:
            self.known[ticket.clip].add(ticket.coder)
            return
        seat = ticket.clip, ticket.stage, ticket.round
        if ticket.state is TicketState.RETURNED:
            # whoever lets tickets lie is as loaded as who answers them, and comes last where the seat came back
            self.load[ticket.coder, ticket.stage] += 1
            self.gave_back[seat].add(ticket.coder)
            if ticket.turn > 1:
                self.broken_off[seat].append(ticket)
            return
        if ticket.turn == 1:
            self._seat(*seat, ticket.coder)
        # a coder's next pass is opened in the transaction that closes the one before, so the seat is never seen free
        if ticket.state is not TicketState.SUBMITTED:
            self.unanswered[seat] += 1

    def waiting(self, place: Place) -> int:
        """Tickets of this stage that are given out and not answered."""
        return self.unanswered[place.clip, place.stage, place.round]

    def choose(self, place: Place, free: int) -> tuple[CoderId, ...]:
        """Up to `free` coders for a clip; they are seated."""
        eligible = self._eligible(place.clip, place.stage, place.round)
        wanted = min(free, len(eligible))
        chosen = None
        if self._can_go_on(place, ()):
            chosen = self._search(place, eligible, (), wanted, careful=True)
        if chosen is None:
            chosen = self._search(place, eligible, (), wanted, careful=False) or ()
        for coder in chosen:
            self._seat(place.clip, place.stage, place.round, coder)
        return chosen

    def take_up_again(self, place: Place, number: int) -> tuple[TicketRecord, ...]:
        """Passes that were broken off, where nobody else is left for the seat."""
        barred = self.knows.get(place.clip, frozenset())
        broken = self.broken_off[place.clip, place.stage, place.round]
        return tuple(
            ticket for ticket in broken if ticket.coder not in barred and place.stage in self.admitted[ticket.coder]
        )[:number]

    def missing_later(self, place: Place) -> tuple[Role, ...]:
        """Roles that nobody is left for at the later stages of a clip."""
        if self._can_go_on(place, ()):
            return ()
        adjudicators, _ = self._left(place, ())
        return (Role.EXPERT,) if place.stage is Stage.ADJUDICATION or adjudicators else (Role.ADJUDICATOR,)

    def _search(
        self, place: Place, eligible: Sequence[CoderId], chosen: tuple[CoderId, ...], wanted: int, *, careful: bool
    ) -> tuple[CoderId, ...] | None:
        if len(chosen) == wanted:
            return chosen if not careful or self._can_go_on(place, chosen) else None
        beside = (*self.seated[place.clip, place.stage, place.round], *chosen)

        left_it = self.gave_back[place.clip, place.stage, place.round]

        def rank(coder: CoderId) -> tuple[bool, bool, int, int, str]:
            shared = sum(self.pairs[frozenset({coder, other})] for other in beside)
            lot = by_lot(self.seed, "seat", place.clip, coder)
            again = place.stage is Stage.CODING and (coder, Stage.CODING) in self.judged[place.clip]
            return coder in left_it, again, self.load[coder, place.stage], shared, lot

        for coder in sorted((coder for coder in eligible if coder not in chosen), key=rank):
            found = self._search(place, eligible, (*chosen, coder), wanted, careful=careful)
            if found is not None:
                return found
        return None

    def _eligible(self, clip: ClipId, stage: Stage, round: int) -> list[CoderId]:
        barred = self._barred(clip, stage, self.judged[clip])
        barred.update(self.seated[clip, stage, round])
        if stage is Stage.ADJUDICATION and self.protocol.adjudication.together:
            coded = self.coded.get(clip, frozenset())
            if discussing := may_discuss(self.protocol, coded, self.knows.get(clip, frozenset())):
                return [coder.id for coder in self.coders if coder.id in discussing - barred]
            barred.update(coder for coder, judged_at in self.judged[clip] if judged_at is Stage.CODING)
        return self._may(stage, barred)

    def _may(self, stage: Stage, barred: Collection[CoderId]) -> list[CoderId]:
        return [coder.id for coder in self.coders if stage in self.admitted[coder.id] and coder.id not in barred]

    def _barred(self, clip: ClipId, stage: Stage, judged: Iterable[tuple[CoderId, Stage]]) -> set[CoderId]:
        barred_at = self.protocol.barred(stage)
        barred = {coder for coder, judged_at in judged if judged_at in barred_at}
        return barred | self.known[clip] | self.knows.get(clip, frozenset())

    def _left(self, place: Place, chosen: Iterable[CoderId]) -> tuple[set[CoderId], set[CoderId]]:
        """Adjudicators and experts who could still judge a clip when `chosen` have judged it now."""
        taken = {(coder, place.stage) for coder in chosen} | self.judged[place.clip]

        def left(stage: Stage) -> set[CoderId]:
            if stage is Stage.ADJUDICATION and self.protocol.adjudication.together:
                return {coder for coder, judged_at in taken if judged_at is Stage.CODING}
            return set(self._may(stage, self._barred(place.clip, stage, taken)))

        return left(Stage.ADJUDICATION), left(Stage.VERIFICATION)

    def _can_go_on(self, place: Place, chosen: tuple[CoderId, ...]) -> bool:
        adjudicators, experts = self._left(place, chosen)
        if place.stage is Stage.CODING and self.protocol.adjudication.together:
            return bool(experts)
        if place.stage is Stage.CODING:
            return any(experts - {adjudicator} for adjudicator in adjudicators)
        if place.stage is Stage.ADJUDICATION:
            return bool(experts)
        return True

    def _seat(self, clip: ClipId, stage: Stage, round: int, coder: CoderId) -> None:
        beside = self.seated[clip, stage, round]
        if stage is Stage.CODING:
            self.pairs.update(frozenset({coder, other}) for other in beside)
        beside.append(coder)
        self.load[coder, stage] += 1
        self.judged[clip].add((coder, stage))
