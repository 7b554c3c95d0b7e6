"""`mmed release diff`: what lies between two releases, for whoever holds both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from mmed_curate.cli.console import err, json_option, out, print_json, table
from mmed_curate.dataset.between import Between, Number, between, between_document
from mmed_curate.dataset.changes import reasons
from mmed_curate.dataset.difference import ClipChanged

_SHOWN = 40
"""Rows of a table for people; --json holds all."""


@click.command()
@click.argument("older", type=click.Path(path_type=Path))
@click.argument("newer", type=click.Path(path_type=Path))
@json_option
def diff(older: Path, newer: Path, as_json: bool) -> None:
    """Say what differs between two releases: which clips came, went and changed, field by field, and why.

    OLDER and NEWER are folders. Why a clip went is what NEWER tells of it. Ends with 0 whether or not they differ.
    """
    found = between(older, newer)
    if as_json:
        print_json(between_document(found))
        return
    _tell(found)


def _tell(found: Between) -> None:
    before, now, difference = found.older, found.newer, found.difference
    simulated = "SIMULATED " if before.simulated or now.simulated else ""
    out.print(f"{simulated}{before.name} {before.version} and {now.name} {now.version}", markup=False)
    if found.backwards:
        err.print(f"{before.version} is the newer one: why clips went cannot be told this way round", markup=False)
    if found.same:
        out.print("Nothing differs in clips, judgements, media, agreement and rules.")
        return
    for one in reasons(difference.tally):
        out.print(f"  {one}", markup=False)
    out.print(f"By these, a version after {before.version} is {difference.tally.demands.word}.", markup=False)
    for people, what in ((difference.subjects_came, "came"), (difference.subjects_went, "went")):
        if people:
            out.print(f"Subjects that {what}: {', '.join(people)}", markup=False)
    if difference.came:
        _table("Clips that came", ("clip",), [(name,) for name in difference.came])
    if difference.went:
        _table("Clips that went", ("clip", "why"), [(one.clip, one.why.value) for one in difference.went])
    if difference.changed:
        rows = [row for one in difference.changed for row in _rows(one)]
        _table("Clips that changed", ("clip", "what", "was", "is"), rows)
    if difference.judged_anew:
        _table("Judged anew", ("judged clip",), [(name,) for name in difference.judged_anew])
    if found.agreement:
        shown = [(one.measure, _number(one.older), _number(one.newer)) for one in found.agreement]
        _table("Agreement", ("measure", "was", "is"), shown)
    if found.rules:
        shown = [(f"{one.file}: {one.path}", one.older or "-", one.newer or "-") for one in found.rules]
        _table("Rules", ("what", "was", "is"), shown)


def _rows(one: ClipChanged) -> list[tuple[str, str, str, str]]:
    return [
        *((one.clip, field.field, field.old or "-", field.new or "-") for field in one.fields),
        *((one.clip, path.rpartition("/")[2], "-", "there") for path in one.files_came),
        *((one.clip, path.rpartition("/")[2], "there", "-") for path in one.files_went),
        *((one.clip, path.rpartition("/")[2], "bytes", "other bytes") for path in one.files_changed),
    ]


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    out.print(table(title, columns, rows[:_SHOWN]), markup=False)
    if len(rows) > _SHOWN:
        out.print(f"and {len(rows) - _SHOWN} more: --json holds all", markup=False)


def _number(one: Number | None) -> str:
    if one is None:
        return "-"
    if one.value is None:
        return "undetermined"
    interval = "" if one.lower is None or one.upper is None else f" ({one.lower:.3f} to {one.upper:.3f})"
    return f"{one.value:.3f}{interval}"
