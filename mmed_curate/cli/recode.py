"""`mmed recode`: clips that were coded go back to coding, for one more round."""

from __future__ import annotations

import click

from mmed_curate.cli.console import json_option, out, print_json
from mmed_curate.domain.conduct import RecodingKind
from mmed_curate.domain.findings import BadInput


@click.command()
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="So many, drawn by lot.")
@click.option("--all", "all_of_them", is_flag=True, help="Every clip that was coded.")
@click.option("--because", required=True, metavar="TEXT", help="Why; it stands in the log. Name nobody in it.")
@json_option
def recode(sample: int | None, all_of_them: bool, because: str, as_json: bool) -> None:
    """Have clips coded once more that were settled, or rejected after coding.

    They are coded as the first time: apart, and blind; who adjudicated or verified one does not code it. What was said
    of them stays in the log and in releases. After an attempt at the gate that failed, agreement is measured on what
    was coded since, and on nothing else.
    """
    from mmed_curate.annotation.recode import Wish
    from mmed_curate.annotation.recode import recode as send_back
    from mmed_curate.release.pseudonyms import Pseudonyms
    from mmed_curate.store.workspace import Workspace

    wishes = [
        *([Wish(kind=RecodingKind.SAMPLE, number=sample)] if sample is not None else []),
        *([Wish(kind=RecodingKind.ALL)] if all_of_them else []),
    ]
    if len(wishes) != 1:
        raise BadInput.of(
            "recode.which", "say which clips go back, and in one way only", "give one of --sample and --all"
        )
    workspace = Workspace.find()
    done = send_back(workspace, wishes[0], because=because, name_of=Pseudonyms(workspace.secret).clip)
    if as_json:
        print_json(
            {
                "format": "mmed-recode",
                "version": "1.0",
                "simulated": workspace.simulated,
                "kind": wishes[0].kind.value,
                "since_attempt": done.since or None,
                "had_held": done.had_held,
                "clips": list(done.clips),
            }
        )
        return
    if done.had_held:
        out.print(
            f"In attempt {done.since} coders agreed well enough, and nothing asked for coding clips once more: "
            "the gate is closed now until these are coded, and another attempt is made.",
            markup=False,
        )
    since = f" after attempt {done.since}" if done.since else ""
    out.print(f"{len(done.clips)} clip(s) go back to coding{since}. Next: mmed assign", markup=False)
