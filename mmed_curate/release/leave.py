"""The gate asked about a workspace, and its leave to make one release, or to share one draft."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mmed_curate.agreement.report import AgreementReport, agreement_report
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.gate.decide import Decision, DraftOnly, Passed, decide
from mmed_curate.gate.policy import Policy
from mmed_curate.release.evidence import evidence_of
from mmed_curate.release.snapshot import read_snapshot
from mmed_curate.store.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """What the gate was shown, and what it said: all that opens the door to one release, or lets one draft out."""

    word: Passed | DraftOnly
    report: AgreementReport
    """The agreement report that it saw."""
    policy: Policy
    """The policy that it held against it."""
    on: date
    """The day for which it looked up consent."""


def ask_gate(
    workspace: Workspace,
    *,
    policy: Policy,
    settings: AgreementSettings,
    on: date,
    draft: bool = False,
    rehash: bool = True,
    progress: Progress = silent,
) -> tuple[Decision, Leave | None]:
    """Measure agreement, look at every clip, and hold the policy against both.

    Args:
        workspace: what would be released.
        policy: what must hold.
        settings: how agreement is measured.
        on: the day for which consent is looked up.
        draft: ask for leave to share a draft, where the gate is closed: of what is finished, for what is still being
            judged must not be read by those who judge it.
        rehash: read every file that would be copied and compare its hash.
        progress: called with clips looked at and how many there are.

    Returns:
        Every rule's verdict, and leave: to make one release where all hold; to share one draft where it was asked for
        and only rules fail that a draft may go round; else None.
    """
    snapshot = read_snapshot(workspace, finished_only=draft)
    report = agreement_report(snapshot.judged_clips(), snapshot.protocol, snapshot.codebook, settings)
    evidence = evidence_of(snapshot, on=on, rehash=rehash, progress=progress)
    decision = decide(report, evidence, policy)
    word = decision.draft if draft else decision.passed
    return decision, None if word is None else Leave(word=word, report=report, policy=policy, on=on)
