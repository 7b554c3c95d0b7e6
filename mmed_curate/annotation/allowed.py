"""Who may judge what: people they know, and stages to which they are admitted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mmed_curate.domain.conduct import Exclusion
from mmed_curate.domain.identity import ClipId, CoderId, SubjectId
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
    if ticket.purpose is Purpose.TRAINING:
        return True
    admitted = admitted_stages(records, protocol, (coder,))[coder.id]
    discusses = ticket.stage is Stage.ADJUDICATION and protocol.adjudication.together
    if ticket.stage not in admitted and not discusses:
        return False
    if ticket.purpose is not Purpose.ORDINARY:
        return True
    place = records.place(ticket.clip)
    if (place.stage, place.round) != (ticket.stage, ticket.round):
        return False
    barred = protocol.barred(ticket.stage)
    said = records.judgements(ticket.clip, purposes=(Purpose.ORDINARY,)) if barred else ()
    return not any(one.stage in barred and coder.id in one.judges for one in said)


def knows_somebody(records: Reader, coder: Coder, clip: ClipId) -> bool:
    """Whether a coder is, or knows, somebody who may be seen or heard in a clip."""
    known = {one.subject for one in records.exclusions() if one.coder == coder.id}
    return bool(known) and bool(known & records.people(clip)[clip])
