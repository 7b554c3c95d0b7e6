"""What `mmed agreement` and `mmed gate` say beyond numbers: what to discuss in retraining, and the whole report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmed_curate.agreement.report import AgreementReport
from mmed_curate.annotation.measured import RuleLine
from mmed_curate.annotation.roundread import RoundRead, read_round
from mmed_curate.annotation.topics import sentences_of_rules, topics_of
from mmed_curate.annotation.wholereport import GateShown, write_whole_report
from mmed_curate.cli.console import err, out
from mmed_curate.release.snapshot import Snapshot
from mmed_curate.store.workspace import Workspace

_TOPICS = 3
"""Sentences of each kind: a terminal is read at a glance, the page has more."""


def round_measured(
    workspace: Workspace, snapshot: Snapshot, report: AgreementReport, policy_digest: str | None = None
) -> RoundRead:
    """The round under the lab's own names: the clips that were measured under pseudonyms, and no others.

    Args:
        workspace: whose round.
        snapshot: what was measured.
        report: what came out.
        policy_digest: of the policy that it was held against; None: of none.
    """
    coded = {clip for clip, codings in snapshot.codings.items() if codings}
    uncounted = coded - set(snapshot.counting(policy_digest).clips)
    return read_round(workspace, report, only={clip.id for clip in snapshot.judged}, uncounted=uncounted)


def tell_discussion(here: RoundRead) -> None:
    """Print what is confused most, who differs most, and which clips to look at together."""
    kinds = topics_of(here.pairs, here.codes, most=_TOPICS)
    if kinds:
        out.print("[bold]What to discuss in retraining[/bold]")
    for kind in kinds:
        out.print(f"  {kind.title}", markup=False)
        for topic in kind.topics:
            out.print(f"    - {topic.words}", markup=False)


def tell_discussion_of(here: RoundRead, rules: Sequence[RuleLine]) -> None:
    """The same in a line for each rule that fails."""
    said = sentences_of_rules(here.pairs, rules, here.codes, most=_TOPICS)
    if said:
        out.print("[bold]What to discuss in retraining[/bold], and in how many comparisons it differs")
    for sentence in said:
        out.print(f"  - {sentence}", markup=False)


def write_page(here: RoundRead, path: Path, gate: GateShown | None = None) -> None:
    """Write the whole report, and say where."""
    write_whole_report(here, path, gate=gate)
    err.print(f"wrote {path}; it names coders: give it to nobody who still codes", markup=False)
