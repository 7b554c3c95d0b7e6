"""Training: clips of known reading, each followed at once by what is known of it."""

from __future__ import annotations

from dataclasses import dataclass

from mmed_curate.agreement.reading import events_of
from mmed_curate.annotation.allowed import acquainted
from mmed_curate.annotation.gold import draw_balanced, event_free_among, lacking
from mmed_curate.annotation.lots import by_lot
from mmed_curate.annotation.qualify import last_withdrawal
from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.protocol import Purpose, Role, Stage
from mmed_curate.domain.records import Coder
from mmed_curate.store import Reader, TicketState, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """Training tickets that were opened."""

    n_opened: int
    n_event_free: int
    """Of these on clips in which, by what is known, nothing happens."""
    findings: tuple[Finding, ...] = ()
    """Warnings: fewer than wanted."""


def train(workspace: Workspace, coder_code: str, *, clips: int | None = None, seed: int = 0) -> Trained:
    """Open training tickets on gold clips that the coder has not met, behind the tickets they have.

    Clips without an event come in the proportion that the protocol's qualification asks for.

    Args:
        workspace: whose gold.
        coder_code: who is trained.
        clips: how many; None: as many as they still lack for the qualification.
        seed: another seed draws others.

    Raises:
        BadInput: there is no such coder, they have no role at coding, no number is given or known, or no gold is left
            for them.
    """
    protocol = workspace.protocol
    with workspace.write() as records:
        coder = records.coder(coder_code)
        if Role.CODER not in coder.roles:
            raise BadInput.of(
                "train.no_role", f"{coder_code} is no coder", "training is for coding: choose someone of that role"
            )
        number = _still_lacking(records, coder, workspace) if clips is None else clips
        fresh = fresh_gold(records, coder, workspace)
        if not fresh:
            raise BadInput.of(
                "train.no_gold",
                f"there is no clip of known reading that {coder_code} has not met",
                "add some with `mmed gold add`",
            )
        n_free = event_free_among(number, protocol)
        drawn = draw_balanced(fresh, number, n_free=n_free, codebook=workspace.codebook, seed=seed)
        for clip in sorted(drawn, key=lambda clip: by_lot(seed, "training", coder.id, clip)):
            records.open_ticket(clip=clip, coder=coder.id, stage=Stage.CODING, round=1, purpose=Purpose.TRAINING)
    findings = lacking(fresh, drawn, n_free, workspace.codebook)
    if len(drawn) < number:
        few = Finding(
            code="train.few",
            what=f"{number} clips are wanted, and {len(drawn)} of known reading are new to {coder_code}",
            remedy="add more with `mmed gold add`",
            severity=Severity.WARNING,
            parameters={"wanted": number, "found": len(drawn)},
        )
        findings = (few, *findings)
    return Trained(
        n_opened=len(drawn),
        n_event_free=sum(not events_of(fresh[clip], workspace.codebook) for clip in drawn),
        findings=findings,
    )


def fresh_gold(records: Reader, coder: Coder, workspace: Workspace) -> dict[ClipId, Coding]:
    """Known readings of clips that a coder never had a ticket for, of people whom they do not know and who stay."""
    away, people = records.withdrawn(), records.people()
    knows = acquainted(records.exclusions(), people)
    met = {ticket.clip for ticket in records.tickets(coder=coder.id)}
    rested = set(records.references())
    whose = records.subjects_of_clips() if workspace.protocol.neutral_face else {}
    return {
        clip: gold.reading
        for clip, gold in sorted(records.gold().items())
        if clip not in met
        and coder.id not in knows.get(clip, frozenset())
        and not people[clip] & away
        and (clip not in whose or whose[clip] in rested)
    }


def _still_lacking(records: Reader, coder: Coder, workspace: Workspace) -> int:
    asked = workspace.protocol.qualification
    if asked is None:
        raise BadInput.of(
            "train.no_number", "the protocol asks for no qualification", "say how many clips with --clips N"
        )
    since, n_turns = last_withdrawal(records, coder), len(workspace.protocol.coding.turns)
    had = {
        ticket.clip
        for ticket in records.tickets(coder=coder.id, states=(TicketState.OPEN, TicketState.HELD))
        if ticket.purpose is Purpose.TRAINING
    }
    # what was answered before an admission was taken away counts no more, nor a clip whose last pass was let lie
    had |= {
        one.clip
        for one in records.judgements(coder=coder.id, purposes=(Purpose.TRAINING,))
        if one.order > since and one.turn == n_turns
    }
    if len(had) >= asked.clips:
        raise BadInput.of(
            "train.enough",
            f"{coder.code} has {len(had)} training clips already, and {asked.clips} are asked for",
            "say how many more with --clips N",
        )
    return asked.clips - len(had)
