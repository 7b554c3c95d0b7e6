"""`mmed train` and `mmed qualify`: from a new coder to one whose answers count."""

from __future__ import annotations

import sys
from typing import Any

import click

from mmed_curate.annotation.qualify import Bar, Verdict, by_word
from mmed_curate.annotation.qualify import qualify as hold_against_gold
from mmed_curate.annotation.training import train as open_training
from mmed_curate.cli.console import err, json_option, out, print_json, table
from mmed_curate.domain.measures import Undetermined
from mmed_curate.domain.protocol import JUDGED, Stage
from mmed_curate.report.tables import NOTHING
from mmed_curate.store import Workspace


@click.command()
@click.argument("coder")
@click.option(
    "--clips", type=click.IntRange(min=1), metavar="N", help="[default: as many as qualification still lacks]"
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Another seed draws others.")
@json_option
def train(coder: str, clips: int | None, seed: int, as_json: bool) -> None:
    """Open training tickets for CODER: gold clips that are new to them, each followed at once by its known reading.

    Clips without an event come in the proportion of the protocol's qualification.
    """
    workspace = Workspace.find()
    done = open_training(workspace, coder, clips=clips, seed=seed)
    if as_json:
        print_json(
            {
                "format": "mmed-training",
                "version": "1.0",
                "simulated": workspace.simulated,
                "coder": coder,
                "opened": done.n_opened,
                "event_free": done.n_event_free,
                "findings": [
                    {"code": one.code, "severity": one.severity.value, "what": one.what, "remedy": one.remedy}
                    for one in done.findings
                ],
            }
        )
        return
    for finding in done.findings:
        err.print(f"mmed: {finding}", markup=False)
    out.print(
        f"{coder}: {done.n_opened} training ticket(s), {done.n_event_free} of them without an event", markup=False
    )
    out.print(f"when they are answered: mmed qualify {coder}", markup=False)


@click.command()
@click.argument("coder")
@click.option(
    "--stage",
    default=Stage.CODING.value,
    show_default=True,
    type=click.Choice([stage.value for stage in JUDGED]),
    help="To what they are admitted.",
)
@click.option("--word", metavar="TEXT", help="Admit them by your word, such as founding coders; say why.")
@click.option("--withdraw", metavar="TEXT", help="They are no longer admitted; say why. Answers so far count no more.")
@json_option
def qualify(coder: str, stage: str, word: str | None, withdraw: str | None, as_json: bool) -> None:
    """Hold CODER's answers on gold against the protocol; where every bound is reached, they are admitted.

    Ends with 1 and what is missing where not.
    """
    if word is not None and withdraw is not None:
        raise click.UsageError("give --word or --withdraw, not both")
    workspace = Workspace.find()
    wanted = Stage(stage)
    said = word if word is not None else withdraw
    if said is None:
        verdict = hold_against_gold(workspace, coder, stage=wanted)
    else:
        verdict = by_word(workspace, coder, stage=wanted, admitted=word is not None, word=said)
    if as_json:
        print_json(_document(verdict))
    else:
        _tell(verdict)
    if said is None and not verdict.reached:
        sys.exit(1)


def _document(verdict: Verdict) -> dict[str, Any]:
    return {
        "format": "mmed-qualification",
        "version": "1.0",
        "simulated": verdict.simulated,
        "coder": verdict.coder,
        "stage": verdict.stage.value,
        "word": verdict.word,
        "reached": verdict.reached,
        "admitted": verdict.admitted,
        "figures": [_bar_document(bar) for bar in verdict.bars],
        "missing": list(verdict.missing),
    }


def _bar_document(bar: Bar) -> dict[str, Any]:
    undetermined = bar.value.reason if isinstance(bar.value, Undetermined) else None
    return {
        "figure": bar.figure,
        "value": None if isinstance(bar.value, Undetermined) else bar.value,
        "least": bar.least,
        "n": bar.n,
        "reached": bar.reached,
        "undetermined": undetermined,
    }


def _tell(verdict: Verdict) -> None:
    if verdict.simulated:
        out.print("[bold]SIMULATED[/bold]")
    if verdict.bars:
        rows = [
            (
                bar.figure.replace("_", " "),
                NOTHING if isinstance(bar.value, Undetermined) else f"{bar.value:.3g}",
                f"{bar.least:g}",
                bar.n,
                "reached" if bar.reached else "not reached",
            )
            for bar in verdict.bars
        ]
        out.print(table(f"{verdict.coder} against gold", ("figure", "value", "at least", "of", "verdict"), rows))
    for missing in verdict.missing:
        out.print(f"  - {missing}", markup=False)
    standing = "is admitted to" if verdict.admitted else "is not admitted to"
    how = f", by the curator's word: {verdict.word}" if verdict.word is not None else ""
    still = ", though not by these figures" if verdict.admitted and verdict.missing else ""
    out.print(f"{verdict.coder} {standing} {verdict.stage.value}{how}{still}", markup=False)
