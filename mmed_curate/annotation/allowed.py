"""Who may judge what: people they know, and stages to which they are admitted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from mmed_curate.domain.conduct import Exclusion
from mmed_curate.domain.identity import ClipId, CoderId, SubjectId
from mmed_curate.domain.judgements import Judgement
from mmed_curate.domain.protocol import JUDGED, ROLE_FOR, Protocol, Purpose, Stage
from mmed_curate.domain.records import Coder
from mmed_curate.store import Reader, TicketRecord


def acquainted(
    exclusions: Sequence[Exclusion], people: Mapping[ClipId, frozenset[SubjectId]]
) -> Mapping[ClipId, frozenset[CoderId]]:
    """By clip: who knows somebody in it.

    Args:
        exclusions: who may not judge whom.
        people: by clip: who may be seen or heard in it.
    """
    by_subject: dict[SubjectId, set[CoderId]] = defaultdict(set)
    for one in exclusions:
        by_subject[one.subject].add(one.coder)
    if not by_subject:
        return {}
    return {clip: frozenset().union(*(by_subject.get(one, ()) for one in seen)) for clip, seen in people.items()}


def admitted_stages(records: Reader, protocol: Protocol, coders: Sequence[Coder]) -> Mapping[CoderId, frozenset[Stage]]:
    """The stages at which each may judge: those of their roles, and coding only where they are admitted to it."""
    admissions = records.admissions()

    def may(coder: Coder, stage: Stage) -> bool:
        if ROLE_FOR[stage] not in coder.roles:
            return False
        said = admissions.get((coder.id, stage))
        if said is not None:
            return said.admitted
        return stage is not Stage.CODING or protocol.qualification is None

    return {coder.id: frozenset(stage for stage in JUDGED if may(coder, stage)) for coder in coders}


def coded_to_the_end(protocol: Protocol, said: Iterable[Judgement]) -> frozenset[CoderId]:
    """Who went through every pass of its last coding; `said` is ordinary judgements of one clip."""
    last = len(protocol.coding.turns)
    coded = [one for one in said if one.stage is Stage.CODING and one.turn == last]
    newest = max((one.round for one in coded), default=1)
    return frozenset(one.coder for one in coded if one.round == newest)


def may_discuss(protocol: Protocol, coded: Collection[CoderId], knows: Collection[CoderId]) -> frozenset[CoderId]:
    """Who of a clip's coders may settle it in a discussion; empty: too few are left, and somebody else adjudicates.

    Args:
        protocol: one in which coders settle it together.
        coded: who coded the clip, to the last pass.
        knows: who knows somebody in it.
    """
    left = frozenset(coded) - frozenset(knows)
    return left if len(left) >= protocol.adjudication.participants else frozenset()


def needs_no_admission(ticket: TicketRecord, protocol: Protocol) -> bool:
    """Training comes before admission; a discussion is held by those who coded, whatever they are admitted to."""
    discussed = ticket.stage is Stage.ADJUDICATION and protocol.adjudication.together
    return ticket.purpose is Purpose.TRAINING or discussed


def may_answer(records: Reader, protocol: Protocol, coder: Coder, ticket: TicketRecord) -> bool:
    """Whether an answer to a ticket would be taken now: its clip is still there, and nothing bars its coder.

    Args:
        records: the workspace's.
        protocol: its rules.
        coder: whose ticket it is.
        ticket: one that is open or on the desk.
    """
    if records.is_gone(ticket.clip) or ticket.turn > len(protocol.rules(ticket.stage).turns):
        return False
    if knows_somebody(records, coder, ticket.clip):
        return False
    admitted = admitted_stages(records, protocol, (coder,))[coder.id]
    if ticket.stage not in admitted and not needs_no_admission(ticket, protocol):
        return False
    if ticket.purpose is not Purpose.ORDINARY:
        return True
    place = records.place(ticket.clip)
    if (place.stage, place.round) != (ticket.stage, ticket.round):
        return False
    barred = protocol.barred(ticket.stage)
    said = records.judgements(ticket.clip, purposes=(Purpose.ORDINARY,)) if barred else ()
    if any(one.stage in barred and coder.id in one.judges for one in said):
        return False
    if ticket.stage is not Stage.ADJUDICATION or not protocol.adjudication.together:
        return True
    coded = coded_to_the_end(protocol, said)
    knows = acquainted(records.exclusions(), records.people(ticket.clip)).get(ticket.clip, frozenset())
    return coder.id not in coded or coder.id in may_discuss(protocol, coded, knows)


def knows_somebody(records: Reader, coder: Coder, clip: ClipId) -> bool:
    """Whether a coder is, or knows, somebody who may be seen or heard in a clip."""
    known = {one.subject for one in records.exclusions() if one.coder == coder.id}
    return bool(known) and bool(known & records.people(clip)[clip])
