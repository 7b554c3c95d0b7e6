"""The gate asked about a workspace: its leave to make a release or to share a draft, and which attempt that was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mmed_curate.agreement.basis import Measured, basis_digest
from mmed_curate.agreement.report import AgreementReport, agreement_report
from mmed_curate.agreement.settings import AgreementSettings
from mmed_curate.domain.collecting import no_search_for_circles
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.gate.attempted import failed_rules, held_classes, no_attempt_because
from mmed_curate.gate.attempts import ATTEMPT_MADE, Attempt, attempt_document, attempts_of, method_digest, the_same
from mmed_curate.gate.decide import Decision, DraftOnly, Passed, decide
from mmed_curate.gate.evidence import Evidence
from mmed_curate.gate.policy import Policy
from mmed_curate.release.evidence import evidence_of
from mmed_curate.release.noted import Trust
from mmed_curate.release.snapshot import Snapshot, read_snapshot
from mmed_curate.store.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """What the gate was shown, and what it said: all that opens the door to one release, or lets one draft out."""

    word: Passed | DraftOnly
    measured: Measured
    """The agreement report that it saw, and what that was measured on."""
    policy: Policy
    """The policy that it held against it."""
    on: date
    """The day for which it looked up consent."""

    @property
    def report(self) -> AgreementReport:
        """The agreement report that it saw."""
        return self.measured.report


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the gate was shown, how it came out, and which attempt it was."""

    snapshot: Snapshot
    decision: Decision
    measured: Measured
    evidence: Evidence
    policy: Policy
    attempt: Attempt | None
    """None: it was none, or it was not to be recorded."""
    recorded_before: bool
    """The same judgements were held against the same policy before: no further attempt."""
    no_attempt_because: str
    """A sentence without a full stop; empty where it is one."""

    @property
    def report(self) -> AgreementReport:
        """The agreement report."""
        return self.measured.report

    def leave(self, *, draft: bool = False) -> Leave | None:
        """Leave to make one release, or to share one draft; None: it is not given."""
        word = self.decision.draft if draft else self.decision.passed
        if word is None:
            return None
        return Leave(word=word, measured=self.measured, policy=self.policy, on=self.evidence.on)


def hold_gate(
    workspace: Workspace,
    *,
    policy: Policy,
    settings: AgreementSettings,
    on: date,
    record: bool,
    draft: bool = False,
    rehash: bool = True,
    progress: Progress = silent,
) -> Held:
    """Measure agreement, look at every clip, hold the policy against both, and record the attempt that this is.

    Args:
        workspace: what would be released.
        policy: what must hold.
        settings: how agreement is measured.
        on: the day for which consent is looked up.
        record: enter it in the event log where it is an attempt; else it is only looked at what would be.
        draft: of what is finished, as a draft would hold it.
        rehash: read every file that would be copied and compare its hash; else only files that were written to since
            their hash was noted.
        progress: called with clips looked at and how many there are.

    Raises:
        BadInput: the database cannot be read, or, to record, not be written.
    """
    digest = policy.digest()
    trust = Trust.NOTHING if rehash else Trust.NOTED
    with no_search_for_circles():
        # one moment for both, so that they speak of the same judgements
        snapshot = read_snapshot(workspace, finished_only=draft)
        measured = _measured(snapshot, digest, settings)
        evidence = evidence_of(snapshot, on=on, policy_digest=digest, trust=trust, progress=progress)
    report = measured.report
    decision = decide(report, evidence, policy)
    before = the_same(snapshot.attempts, judgements_digest=report.judgements_digest, policy_digest=digest)
    because = no_attempt_because(decision.verdicts)
    attempt = None if because else before
    if record and attempt is None and not because:
        attempt = _record(workspace, snapshot, decision, report, evidence, policy)
    return Held(
        snapshot=snapshot,
        decision=decision,
        measured=measured,
        evidence=evidence,
        policy=policy,
        attempt=attempt,
        recorded_before=attempt is not None and attempt == before,
        no_attempt_because=because,
    )


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
    """Hold the gate to make a release: an attempt, and recorded as one; see `hold_gate`.

    Args:
        workspace: what would be released.
        policy: what must hold.
        settings: how agreement is measured.
        on: the day for which consent is looked up.
        draft: ask for leave to share a draft, where the gate is closed: of what is finished, for what is still being
            judged must not be read by those who judge it.
        rehash: read every file that would be copied and compare its hash; else only files that were written to since
            their hash was noted.
        progress: called with clips looked at and how many there are.

    Returns:
        Every rule's verdict, and leave: to make one release where all hold; to share one draft where it was asked for
        and only rules fail that a draft may go round; else None.
    """
    held = hold_gate(
        workspace,
        policy=policy,
        settings=settings,
        on=on,
        record=True,
        draft=draft,
        rehash=rehash,
        progress=progress,
    )
    return held.decision, held.leave(draft=draft)


def _measured(snapshot: Snapshot, policy_digest: str, settings: AgreementSettings) -> Measured:
    judged = snapshot.judged_clips(policy_digest)
    report = agreement_report(judged, snapshot.protocol, snapshot.codebook, settings)
    basis = basis_digest(
        judged,
        snapshot.protocol,
        snapshot.codebook,
        settings,
        version=report.version,
        judgements_digest=report.judgements_digest,
    )
    return Measured(report=report, basis=basis)


def _record(
    workspace: Workspace,
    snapshot: Snapshot,
    decision: Decision,
    report: AgreementReport,
    evidence: Evidence,
    policy: Policy,
) -> Attempt:
    measured = frozenset() if evidence.counting is None else evidence.counting.clips
    with workspace.write(actor="gate") as records:
        made = attempts_of(records.log(ATTEMPT_MADE))
        digest = policy.digest()
        same = the_same(made, judgements_digest=evidence.judgements_digest, policy_digest=digest)
        if same is not None:  # somebody held it at the same time
            return same
        attempt = Attempt(
            number=len(made) + 1,
            day=date.fromisoformat(snapshot.last_act[:10]),
            policy=policy.name,
            policy_digest=digest,
            judgements_digest=evidence.judgements_digest,
            measured={clip: snapshot.codings[clip][-1].round for clip in sorted(measured)},
            failed=failed_rules(decision.verdicts),
            held=held_classes(decision.verdicts),
            method_digest=method_digest(version=report.version, protocol=snapshot.protocol, codebook=snapshot.codebook),
        )
        records.log_act(ATTEMPT_MADE, attempt_document(attempt))
    return attempt
