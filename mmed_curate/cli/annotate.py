"""`mmed assign`: tickets for every clip that lacks judges at its stage."""

from __future__ import annotations

import sys

import click

from mmed_curate.annotation.assign import assign as assign_seats
from mmed_curate.cli.console import err, json_option, out, print_json, table
from mmed_curate.domain.findings import Severity
from mmed_curate.store.workspace import Workspace


@click.command()
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Another seed hands out otherwise."
)
@json_option
def assign(seed: int, as_json: bool) -> None:
    """Hand out tickets: equal load, balanced pairs, nobody where they may not judge.

    Run it again whenever clips have moved on. Clips that wait for want of people are named; exit code 2.
    """
    done = assign_seats(Workspace.find(), seed=seed)
    if as_json:
        print_json(
            {
                "opened": dict(done.opened),
                "findings": [
                    {"code": one.code, "severity": one.severity.value, "what": one.what, "remedy": one.remedy}
                    | {"parameters": dict(one.parameters)}
                    for one in done.findings
                ],
            }
        )
    else:
        if done.opened:
            out.print(table("New tickets", ("coder", "tickets"), sorted(done.opened.items())))
        else:
            out.print("no new tickets")
        for finding in done.findings:
            err.print(f"mmed: {finding}", markup=False)
    if any(finding.severity is Severity.ERROR for finding in done.findings):
        sys.exit(2)
