"""Who judges what: equal load, every pair of coders together on enough clips, nobody where they may not judge.

Everything is sorted before it is drawn, and each draw is a hash of the seed and of what is drawn for, so that the
same people and clips give the same tickets whatever order the rows came in.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mmed_curate.domain.findings import Finding, Severity
from mmed_curate.domain.identity import ClipId, CoderId
from mmed_curate.domain.protocol import JUDGED, MAY_NOT_HAVE_JUDGED, ROLE_FOR, Role, Stage
from mmed_curate.domain.records import Coder
from mmed_curate.store import Place, TicketRecord, TicketState, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """What one round of handing out did."""

    opened: Mapping[str, int]
    """New tickets of each coder, by code; coders without one are left out."""
    findings: tuple[Finding, ...]
    """Errors: clips that wait because too few may judge them. Warnings: people who will be missing later on."""

    @property
    def n_opened(self) -> int:
        """New tickets of all coders."""
        return sum(self.opened.values())


def assign(workspace: Workspace, *, seed: int) -> Assigned:
    """Give out every free seat at the stage at which each clip stands.

    A coder gets a seat who has the stage's role, sits not there already, and has not judged the clip where that bars
    them; among these the least loaded, then who shared fewest clips with those already chosen, then by lot. Where
    it can be helped, nobody is used up who will be needed at a later stage of the same clip.

    Args:
        workspace: whose clips and coders.
        seed: another seed hands out otherwise.

    Returns:
        What was opened, and which clips wait for want of people.

    Raises:
        BadInput: the database cannot be written.
    """
    with workspace.write(actor="assign") as records:
        coders = records.coders()
        places = records.places()
        hands = _Hands(coders=coders, seed=seed)
        for ticket in sorted(records.tickets(), key=lambda ticket: ticket.id):
            hands.remember(ticket)
        decisions: dict[CoderId, list[Place]] = defaultdict(list)
        short: Counter[tuple[Stage, Role, int]] = Counter()
        later: Counter[Role] = Counter()
        for place in sorted(places.values(), key=lambda place: _draw(seed, "clip", place.clip)):
            if place.stage not in JUDGED:
                continue
            free = place.open_seats - hands.waiting(place)
            if free <= 0:
                continue
            chosen = hands.choose(place, free)
            for coder in chosen:
                decisions[coder].append(place)
            if len(chosen) < free:
                short[place.stage, ROLE_FOR[place.stage], free - len(chosen)] += 1
            later.update(hands.missing_later(place))
        opened: dict[str, int] = {}
        for person in coders:
            # each coder in an order of their own, so that a pair does not tire over the same clips
            own = sorted(decisions[person.id], key=lambda place: _draw(seed, "order", person.code, place.clip))
            for place in own:
                records.open_ticket(clip=place.clip, coder=person.id, stage=place.stage, round=place.round)
            if own:
                opened[person.code] = len(own)
    return Assigned(opened=opened, findings=(*_shortages(short), *_outlook(later)))


@dataclass(slots=True, kw_only=True)
class _Hands:
    """Who sits where, and who may still."""

    coders: Sequence[Coder]
    seed: int
    load: Counter[tuple[CoderId, Stage]] = field(default_factory=Counter)
    pairs: Counter[frozenset[CoderId]] = field(default_factory=Counter)
    seated: dict[tuple[ClipId, Stage, int], list[CoderId]] = field(default_factory=lambda: defaultdict(list))
    unanswered: Counter[tuple[ClipId, Stage, int]] = field(default_factory=Counter)
    judged: dict[ClipId, set[tuple[CoderId, Stage]]] = field(default_factory=lambda: defaultdict(set))

    def remember(self, ticket: TicketRecord) -> None:
        self._seat(ticket.clip, ticket.stage, ticket.round, ticket.coder)
        if ticket.state is not TicketState.SUBMITTED:
            self.unanswered[ticket.clip, ticket.stage, ticket.round] += 1

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

        def rank(coder: CoderId) -> tuple[int, int, str]:
            shared = sum(self.pairs[frozenset({coder, other})] for other in beside)
            return self.load[coder, place.stage], shared, _draw(self.seed, "seat", place.clip, coder)

        for coder in sorted((coder for coder in eligible if coder not in chosen), key=rank):
            found = self._search(place, eligible, (*chosen, coder), wanted, careful=careful)
            if found is not None:
                return found
        return None

    def _eligible(self, clip: ClipId, stage: Stage, round: int) -> list[CoderId]:
        barred_at = MAY_NOT_HAVE_JUDGED[stage]
        barred = {coder for coder, judged_at in self.judged[clip] if judged_at in barred_at}
        barred.update(self.seated[clip, stage, round])
        return [coder.id for coder in self.coders if ROLE_FOR[stage] in coder.roles and coder.id not in barred]

    def _left(self, place: Place, chosen: Iterable[CoderId]) -> tuple[set[CoderId], set[CoderId]]:
        """Adjudicators and experts who could still judge a clip when `chosen` have judged it now."""
        taken = {(coder, place.stage) for coder in chosen} | self.judged[place.clip]

        def left(stage: Stage) -> set[CoderId]:
            barred = {coder for coder, judged_at in taken if judged_at in MAY_NOT_HAVE_JUDGED[stage]}
            return {coder.id for coder in self.coders if ROLE_FOR[stage] in coder.roles and coder.id not in barred}

        return left(Stage.ADJUDICATION), left(Stage.VERIFICATION)

    def _can_go_on(self, place: Place, chosen: tuple[CoderId, ...]) -> bool:
        adjudicators, experts = self._left(place, chosen)
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


def _shortages(short: Mapping[tuple[Stage, Role, int], int]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code="assign.too_few",
            what=f"{_clips(number)} at {stage.value} for want of {missing} more {role.value}{'s' * (missing > 1)} "
            "who may judge",
            remedy=f"register more with `mmed coder add CODE --role {role.value}`, then assign again",
            parameters={"stage": stage.value, "role": role.value, "missing": missing, "clips": number},
        )
        for (stage, role, missing), number in sorted(
            short.items(), key=lambda item: (JUDGED.index(item[0][0]), item[0][2])
        )
    )


def _outlook(later: Mapping[Role, int]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code="assign.nobody_later",
            what=f"{_clips(number)} later on, because no {role.value} is left who has not judged before",
            remedy=f"register one with `mmed coder add CODE --role {role.value}` before then",
            severity=Severity.WARNING,
            parameters={"role": role.value, "clips": number},
        )
        for role, number in sorted(later.items(), key=lambda item: item[0].value)
    )


def _clips(number: int) -> str:
    return "1 clip waits" if number == 1 else f"{number} clips wait"


def _draw(seed: int, *parts: str) -> str:
    return hashlib.sha256("\x1f".join((str(seed), *parts)).encode()).hexdigest()
