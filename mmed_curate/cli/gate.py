"""`mmed gate`: the release policy held against report and evidence; 1 where it stays shut."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path

import click
from rich.markup import escape

from mmed_curate.agreement.report import agreement_report
from mmed_curate.agreement.settings import settings_of
from mmed_curate.cli.console import json_option, out, print_json, progress_bar, table
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.protocol import Stage
from mmed_curate.gate.decide import Decision, decide
from mmed_curate.gate.document import decision_document
from mmed_curate.gate.evidence import Evidence
from mmed_curate.gate.policy import Policy, load_policy
from mmed_curate.gate.verdicts import Outcome, Relation, RuleVerdict
from mmed_curate.report.tables import NOTHING

_SIGN = {Relation.AT_LEAST: "≥", Relation.AT_MOST: "≤"}
_OUTCOME = {
    Outcome.HOLDS: "yes",
    Outcome.FAILS: "[bold red]no[/bold red]",
    Outcome.UNDETERMINED: "too rare",
}


@click.command()
@click.option("--policy", help="Name or path of a policy [default: the workspace's, else mmed].")
@click.option("--on", "day", metavar="DATE", help="Day for which consent is looked up, as 2030-12-31 [default: today].")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE.html", help="Write rules and numbers as a page.")
@json_option
def gate(policy: str | None, day: str | None, html: Path | None, as_json: bool) -> None:
    """Hold the release policy against this workspace. Closed: exit code 1, and every rule that fails with its remedy.

    There is no override. What is undetermined closes the gate.
    """
    from mmed_curate.annotation.measured import rule_lines
    from mmed_curate.annotation.wholereport import GateShown
    from mmed_curate.cli.discussed import round_measured, tell_discussion_of, write_page
    from mmed_curate.release.evidence import evidence_of
    from mmed_curate.release.snapshot import read_snapshot
    from mmed_curate.store.workspace import Workspace

    on = _day(day)
    workspace = Workspace.find()
    rules = load_policy(policy or workspace.settings["gate"])
    measured_by = settings_of(rules.agreement)
    snapshot = read_snapshot(workspace)  # one moment for both, so that they speak of the same judgements
    report = agreement_report(snapshot.judged_clips(), snapshot.protocol, snapshot.codebook, measured_by)
    with progress_bar("Checking files", "clips") as progress:
        evidence = evidence_of(snapshot, on=on, rehash=True, progress=progress)
    decision = decide(report, evidence, rules)
    if as_json:
        print_json(decision_document(decision, evidence, rules))
    else:
        if any(facts.simulated for facts in evidence.clips):
            out.print("[bold]SIMULATED: this workspace holds simulated content[/bold]")
        tell_decision(decision, rules)
        tell_left_out(evidence)
    if html is not None or (decision.passed is None and not as_json):
        lines = rule_lines(decision.verdicts, rules, snapshot.codebook)
        here = round_measured(workspace, snapshot, report)
        if decision.passed is None and not as_json:
            tell_discussion_of(here, lines)
        if html is not None:
            write_page(here, html, GateShown(policy=rules.title, passed=decision.passed is not None, rules=lines))
    if decision.passed is None:
        sys.exit(1)


def tell_left_out(evidence: Evidence) -> None:
    """Say which settled clips no release will hold, because their subjects never agreed to one."""
    left_out = [facts for facts in evidence.clips if facts.stage is Stage.SETTLED and not facts.agreed]
    if left_out:
        codes = ", ".join(sorted({facts.subject_code for facts in left_out}))
        out.print(
            f"{len(left_out)} settled clip(s) stay out of any release: {codes} did not agree to research and "
            "redistribution",
            markup=False,
        )


def tell_decision(decision: Decision, policy: Policy) -> None:
    """Print a decision as a table, and what to do for each rule that fails."""
    out.print(
        table(
            f"{escape(policy.title)} ({escape(policy.name)})",
            ("rule", "number", "bound", "holds", "what was looked at"),
            [
                (
                    escape(verdict.name),
                    NOTHING if verdict.number is None else _figure(verdict.number),
                    f"{_SIGN[verdict.relation]} {_figure(verdict.bound)}",
                    _OUTCOME[verdict.outcome],
                    escape(verdict.what),
                )
                for verdict in decision.verdicts
            ],
        )
    )
    if decision.passed is not None:
        out.print("[bold green]The gate is open.[/bold green] Next: mmed release create VERSION")
        return
    failed = decision.failed
    rules = "1 rule fails" if len(failed) == 1 else f"{len(failed)} rules fail"
    out.print(f"[bold red]The gate is closed:[/bold red] {rules}. What to do:")
    for verdict in failed:
        out.print(f"  - {_said(verdict)}")
    if decision.draft is not None:
        out.print("What is there can be shared as a draft, marked as one: mmed release create VERSION --draft")


def _said(verdict: RuleVerdict) -> str:
    needed = f"needed {_SIGN[verdict.relation]} {_figure(verdict.bound)}"
    if verdict.number is None:
        return escape(f"{verdict.name}: no number, {needed} ({verdict.what}): {verdict.remedy}")
    return escape(f"{verdict.name}: {_figure(verdict.number)}, {needed}: {verdict.remedy}")


def _figure(value: float) -> str:
    return f"{value:.0f}" if value == int(value) and abs(value) != 1 else f"{value:.3f}".rstrip("0").rstrip(".")


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now().astimezone().date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput.of("gate.date", f"{text} is no date", "write it as 2030-12-31") from error
