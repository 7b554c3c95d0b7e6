"""`mmed flag`: clips that coders want discussed."""

from __future__ import annotations

from typing import Any

import click
from rich.markup import escape

from mmed_curate.cli.console import json_option, out, print_json, table
from mmed_curate.domain.identity import ClipId
from mmed_curate.store import Workspace


@click.group()
def flag() -> None:
    """Clips that coders want discussed. Not for coders' eyes: it names clips and who coded them."""


@flag.command(name="list")
@json_option
def list_flags(as_json: bool) -> None:
    """Every open flag: which clip, whose, since when, and why."""
    workspace = Workspace.find()
    found = _document(workspace, closed=0)
    if as_json:
        print_json(found)
        return
    if not found["open"]:
        out.print("no flag is open")
        return
    rows = [
        (one["clip"], one["stage"], escape(one["coder"]), one["at"][:10], escape(one["because"]))
        for one in found["open"]
    ]
    out.print(table("Open flags", ("clip", "stage", "coder", "since", "why"), rows))


@flag.command(name="close")
@click.argument("clip")
@click.option("--because", required=True, help="What came of the discussion.")
@json_option
def close_flags(clip: str, because: str, as_json: bool) -> None:
    """Close all open flags of CLIP, once it was discussed; the log keeps that, and seals the reason."""
    workspace = Workspace.find()
    with workspace.write() as records:
        closed = records.close_flags(ClipId(clip), because)
    if as_json:
        print_json(_document(workspace, closed=closed))
    else:
        out.print(f"{closed} flag(s) of clip {clip} closed", markup=False)


def _document(workspace: Workspace, *, closed: int) -> dict[str, Any]:
    with workspace.read() as records:
        return {
            "format": "mmed-flags",
            "version": "1.0",
            "simulated": workspace.simulated,
            "closed": closed,
            "open": [
                {
                    "clip": one.clip,
                    "stage": records.place(one.clip).stage.value,
                    "ticket": one.ticket,
                    "coder": one.coder,
                    "at": one.at,
                    "because": one.because,
                }
                for one in records.open_flags()
            ],
        }
