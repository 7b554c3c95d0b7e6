"""`mmed gate`: the release policy held against report and evidence; 1 where it stays shut."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from mmed_curate.agreement.settings import settings_of
from mmed_curate.cli.console import json_option, out, print_json, progress_bar, table
from mmed_curate.cli.outputs import PAGE
from mmed_curate.domain.counted import counted, figure
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.protocol import Stage
from mmed_curate.gate.attempted import AGREED, FRESH_SAMPLE, what_to_do
from mmed_curate.gate.decide import Decision
from mmed_curate.gate.document import decision_document
from mmed_curate.gate.evidence import Evidence
from mmed_curate.gate.policy import Policy, load_policy
from mmed_curate.gate.verdicts import Outcome, Relation, RuleVerdict
from mmed_curate.report.tables import NOTHING

if TYPE_CHECKING:
    from mmed_curate.release.leave import Held

_SIGN = {Relation.AT_LEAST: "≥", Relation.AT_MOST: "≤"}


@click.command()
@click.option("--policy", help="Name or path of a policy [default: the workspace's, else mmed].")
@click.option("--on", "day", metavar="DATE", help="Day for which consent is looked up, as 2030-12-31 [default: today].")
@click.option("--html", type=PAGE, metavar="FILE.html", help="Write rules and numbers as a page.")
@json_option
def gate(policy: str | None, day: str | None, html: Path | None, as_json: bool) -> None:
    """Hold the release policy against this workspace. Closed: exit code 1, and every rule that fails with its remedy.

    There is no override. What is undetermined closes the gate. Held on a whole sample by the workspace's own policy it
    is an attempt, which is recorded and stands in every later release; after one that failed only a fresh sample
    counts. By another policy it is only looked at what would be.
    """
    from mmed_curate.annotation.measured import rule_lines
    from mmed_curate.annotation.wholereport import GateShown
    from mmed_curate.cli.discussed import round_measured, tell_discussion_of, write_page
    from mmed_curate.release.leave import hold_gate
    from mmed_curate.store.workspace import Workspace

    on = _day(day)
    workspace = Workspace.find()
    own = load_policy(workspace.settings["gate"])
    rules = own if policy is None else load_policy(policy)
    with progress_bar("Checking files", "clips") as progress:
        held = hold_gate(
            workspace,
            policy=rules,
            settings=settings_of(rules.agreement),
            on=on,
            record=rules.digest() == own.digest(),
            progress=progress,
        )
    if as_json:
        print_json(decision_document(held.decision, held.evidence, rules))
    else:
        if any(facts.simulated for facts in held.evidence.clips):
            out.print("[bold]SIMULATED: this workspace holds simulated content[/bold]")
        tell_decision(held.decision, rules)
        out.print(tell_attempt(held, own=rules.digest() == own.digest()), markup=False)
        tell_left_out(held.evidence)
    is_open = held.decision.passed is not None
    if html is not None or not (is_open or as_json):
        lines = rule_lines(held.decision.verdicts, rules, held.snapshot.codebook)
        here = round_measured(workspace, held.snapshot, held.report, rules.digest())
        if not (is_open or as_json):
            tell_discussion_of(here, lines)
        if html is not None:
            write_page(here, html, GateShown(policy=rules.title, passed=is_open, rules=lines))
    if not is_open:
        sys.exit(1)


def tell_attempt(held: Held, *, own: bool) -> str:
    """Which attempt it was, or why it was none, in a sentence."""
    if held.attempt is not None:
        how = "recorded before, on the same judgements" if held.recorded_before else "recorded"
        came = "failed" if held.attempt.failed else AGREED
        return f"Attempt {held.attempt.number}, {how}: {came}."
    if not own:
        return "Held by another policy than the workspace's own: not recorded, and no attempt."
    said = held.no_attempt_because
    return f"{said[0].upper()}{said[1:]}."


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
                    NOTHING if verdict.number is None else figure(verdict.number),
                    f"{_SIGN[verdict.relation]} {figure(verdict.bound)}",
                    "yes" if verdict.holds else "[bold red]no[/bold red]",
                    escape(verdict.what),
                )
                for verdict in decision.verdicts
                if verdict.outcome is not Outcome.UNDETERMINED
            ],
        )
    )
    if rare := [verdict.name for verdict in decision.verdicts if verdict.outcome is Outcome.UNDETERMINED]:
        out.print(
            f"Too rare to be told, and released marked as undetermined: {', '.join(rare)}",
            markup=False,
            highlight=False,
        )
    if decision.passed is not None:
        out.print("[bold green]The gate is open.[/bold green] Next: mmed release create")
        return
    failed = decision.failed
    rules = counted(len(failed), "rule fails", "rules fail")
    out.print(f"[bold red]The gate is closed:[/bold red] {rules}. What to do:")
    todo, waiting = what_to_do(failed)
    for verdict in todo:
        out.print(f"  - {_said(verdict)}")
    if waiting:
        names = ", ".join(verdict.name for verdict in waiting)
        out.print(f"Waiting for {FRESH_SAMPLE}, for nothing counts yet that could be measured: {escape(names)}")
    if decision.draft is not None:
        out.print("What is there can be shared as a draft, marked as one: mmed release create --draft")


def _said(verdict: RuleVerdict) -> str:
    needed = f"needed {_SIGN[verdict.relation]} {figure(verdict.bound)}"
    if verdict.number is None:
        return escape(f"{verdict.name}: no number, {needed} ({verdict.what}): {verdict.remedy}")
    return escape(f"{verdict.name}: {figure(verdict.number)}, {needed}: {verdict.remedy}")


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now().astimezone().date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput.of("gate.date", f"{text} is no date", "write it as 2030-12-31") from error
