"""`mmed gold`: clips whose reading is taken as known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from mmed_curate.annotation.gold import KnownClip, add_by_hand, add_drawn, add_settled, known_clips
from mmed_curate.cli.console import err, json_option, out, print_json, table
from mmed_curate.domain.findings import BadInput, Finding
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.judgements import Coding
from mmed_curate.domain.serial import from_json
from mmed_curate.report.tables import NOTHING
from mmed_curate.store import Workspace


@click.group()
def gold() -> None:
    """Clips of known reading: coders are trained, admitted and watched with them."""


@gold.command(name="add")
@click.argument("clips", nargs=-1, metavar="[CLIP]...")
@click.option("--settled", type=click.IntRange(min=1), metavar="N", help="Draw N among the settled clips.")
@click.option(
    "--reading", type=click.Path(path_type=Path), metavar="FILE.json", help="The reading of one clip, given by hand."
)
@click.option("--because", required=True, help="Where the readings come from.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Another seed draws others.")
@json_option
def add_gold(
    clips: tuple[str, ...], settled: int | None, reading: Path | None, because: str, seed: int, as_json: bool
) -> None:
    """Take the readings of clips as known: what was settled of each CLIP, of N drawn ones, or one given by hand.

    Clips are drawn evenly over the classes, and so many without an event as the protocol's qualification asks for.
    Whoever gets a gold clip for training or hidden among others never codes it for the dataset.
    """
    workspace = Workspace.find()
    if (settled is None) == (not clips):
        raise BadInput.of("gold.which", "say which clips", "name settled clips, or draw some with --settled N")
    if reading is not None and len(clips) != 1:
        raise BadInput.of("gold.reading_of_one", "--reading is of one clip", "name that clip, and no other")
    if settled is not None:
        added = add_drawn(workspace, settled, seed=seed, why=because)
    elif reading is not None:
        added = add_by_hand(workspace, ClipId(clips[0]), read_reading(reading), why=because)
    else:
        added = add_settled(workspace, [ClipId(clip) for clip in dict.fromkeys(clips)], why=because)
    new = {one.clip for one in added.clips}
    known = known_clips(workspace)
    if as_json:
        print_json(_document([one for one in known if one.clip in new], added.findings, workspace))
        return
    for finding in added.findings:
        err.print(f"mmed: {finding}", markup=False)
    out.print(f"{len(new)} clip(s) are gold from now on, {len(known)} in all", markup=False)


@gold.command(name="list")
@json_option
def list_gold(as_json: bool) -> None:
    """Every clip of known reading, and how many coders it is no news to any more. Not for coders' eyes."""
    workspace = Workspace.find()
    known = known_clips(workspace)
    if as_json:
        print_json(_document(known, (), workspace))
        return
    if not known:
        out.print("no clip is gold; take settled ones with `mmed gold add --settled N --because TEXT`", markup=False)
        return
    rows = [(one.clip, one.n_events, one.emotion_class or NOTHING, one.n_had, escape(one.why)) for one in known]
    out.print(table("Gold", ("clip", "events", "class", "coders who had it", "where from"), rows))
    free = sum(not one.n_events for one in known)
    out.print(f"{len(known)} clip(s), {free} of them without an event")


def read_reading(path: Path) -> Coding:
    """The reading in a JSON file: `{"events": [...]}`, its events as a coder's answer holds them.

    Raises:
        BadInput: the file cannot be read, or holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no JSON"
        raise BadInput.of("gold.file", f"{path} cannot be read ({why})", "give a JSON file with events") from error
    if not isinstance(found, dict) or not set(found) <= {"events", "note"}:
        raise BadInput.of("gold.file", f"{path} holds no reading", 'write {"events": [...]}, an empty list for none')
    return from_json(Coding, found)


def _document(known: Sequence[KnownClip], findings: Sequence[Finding], workspace: Workspace) -> dict[str, Any]:
    return {
        "format": "mmed-gold",
        "version": "1.0",
        "simulated": workspace.simulated,
        "clips": [
            {
                "clip": one.clip,
                "events": one.n_events,
                "emotions": [event.emotion for event in one.reading.events],
                "class": one.emotion_class,
                "had_by": one.n_had,
                "why": one.why,
            }
            for one in known
        ],
        "findings": [
            {"code": one.code, "severity": one.severity.value, "what": one.what, "remedy": one.remedy}
            for one in findings
        ],
    }
