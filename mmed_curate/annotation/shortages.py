"""What a round of handing out says where it could not give every seat: a sentence and a cure each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from mmed_curate.domain.findings import Finding, Severity
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.protocol import JUDGED, Protocol, Role, Stage
from mmed_curate.domain.records import Coder
from mmed_curate.store import Place, Reader, TicketRecord
from mmed_curate.store.left import TICKET_RETURNED

_NAMED = 3
"""People whom a sentence names (ours)."""
_OFTEN = 2
"""Times that a seat comes back before the curator is told (ours)."""


def shortages(
    short: Mapping[tuple[Stage, Role, int], int], kept_out: Mapping[Stage, Sequence[str]]
) -> tuple[Finding, ...]:
    """Clips that wait because too few may judge them.

    Args:
        short: by stage, role and number of people missing: how many clips.
        kept_out: by stage: codes of those who have its role and are not admitted to it.
    """
    return tuple(
        Finding(
            code="assign.too_few",
            what=f"{_clips(number)} at {stage.value} for want of {missing} more {role.value}{'s' * (missing > 1)} "
            "who may judge",
            remedy=f"{_admit(kept_out.get(stage, ()))}register more with `mmed coder add CODE --role {role.value}`, "
            "then assign again",
            parameters={"stage": stage.value, "role": role.value, "missing": missing, "clips": number},
        )
        for (stage, role, missing), number in sorted(
            short.items(), key=lambda item: (JUDGED.index(item[0][0]), item[0][2])
        )
    )


def _admit(kept_out: Sequence[str]) -> str:
    if not kept_out:
        return ""
    named = ", ".join(kept_out[:_NAMED]) + (", …" if len(kept_out) > _NAMED else "")
    return f"train and admit {named} (`mmed train`, `mmed qualify`), or "


def outlook(later: Mapping[Role, int]) -> tuple[Finding, ...]:
    """People who will be missing at a later stage."""
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


def staff(protocol: Protocol, coders: Sequence[Coder]) -> tuple[Finding, ...]:
    """Roles of which the protocol asks for more people."""
    have = Counter(role for coder in coders for role in coder.roles)
    return tuple(
        Finding(
            code="assign.staff",
            what=f"the protocol asks for {least} {role.value}{'s' * (least > 1)}, {have[role]} registered",
            remedy=f"register more with `mmed coder add CODE --role {role.value}`",
            severity=Severity.WARNING,
            parameters={"role": role.value, "least": least, "have": have[role]},
        )
        for role, least in sorted(protocol.staff.items(), key=lambda item: item[0].value)
        if have[role] < least
    )


def coming_back(
    records: Reader, tickets: Sequence[TicketRecord], places: Mapping[ClipId, Place]
) -> tuple[Finding, ...]:
    """Clips that stand still because their seats come back again and again."""
    times = Counter(json.loads(entry.payload)["ticket"] for entry in records.log(TICKET_RETURNED))
    back: Counter[ClipId] = Counter()
    for ticket in tickets:
        place = places.get(ticket.clip)
        if place is not None and (place.stage, place.round) == (ticket.stage, ticket.round):
            back[ticket.clip] += times[ticket.id]
    number = sum(count >= _OFTEN for count in back.values())
    if not number:
        return ()
    return (
        Finding(
            code="assign.comes_back",
            what=f"seats of {number} clip{'s' * (number > 1)} came back unanswered {_OFTEN} times or more",
            remedy="ask the coders whose tickets wait (`mmed coder list`), or register more",
            severity=Severity.WARNING,
            parameters={"clips": number},
        ),
    )


def faceless_clips(number: int) -> tuple[Finding, ...]:
    """Clips that wait for their subject's face at rest."""
    if not number:
        return ()
    return (
        Finding(
            code="assign.no_neutral",
            what=f"{_clips(number)} at coding for want of their subject's face at rest",
            remedy="approve one with `mmed reference add SUBJECT --recording FILE --at TIME`",
            parameters={"clips": number},
        ),
    )


def _clips(number: int) -> str:
    return "1 clip waits" if number == 1 else f"{number} clips wait"
