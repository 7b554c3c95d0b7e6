"""`mmed withdraw`: a subject leaves; with `--erase`, all that is kept of them goes, and a receipt says what."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import click

from mmed_curate.annotation.receipt import DropRelease, Receipt, receipt_document, receipt_of, receipt_text
from mmed_curate.annotation.withdrawal import withdraw as let_leave
from mmed_curate.cli.console import json_option, out, print_json, progress_bar
from mmed_curate.cli.outputs import TEXT, check_outputs
from mmed_curate.domain.files import readable_json, write_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import silent
from mmed_curate.release.holding import releases_holding
from mmed_curate.store.workspace import Workspace


@click.command()
@click.argument("subject")
@click.option("--erase", is_flag=True, help="Also erase all that is kept of them; there is no way back.")
@click.option(
    "--receipt",
    type=TEXT,
    help="Text file to write the receipt to, and as JSON beside it under the same name with .json.",
)
@click.option("--yes", is_flag=True, help="Do not ask before erasing.")
@json_option
def withdraw(subject: str, erase: bool, receipt: Path | None, yes: bool, as_json: bool) -> None:
    """Let the subject of code SUBJECT leave: at once out of all queues, and out of every later release.

    So are clips of others in which they may be seen or heard. A withdrawal is never undone. With --erase their media,
    features, observations, sheets, drafts, notes and what was said of their clips are erased too. Interrupted, run the
    same command again: it goes on where it stopped.
    """
    workspace = Workspace.find()
    with workspace.read() as records:
        known = records.subject(subject)
    if receipt is not None:
        if receipt.suffix == ".json":
            raise BadInput.of(
                "withdraw.receipt", f"{receipt} is where the JSON would go", "name the text, as in --receipt S01.txt"
            )
        check_outputs((receipt, receipt.with_suffix(".json")), (workspace.database,))
    if erase and not yes:
        _ask(subject)
    with progress_bar("Erasing files", "files") if erase else nullcontext(silent) as progress:
        done = let_leave(workspace, subject, erase=erase, progress=progress)
    drop = [
        DropRelease(version=one.version, id=one.id, path=None if one.path is None else str(one.path), sure=one.sure)
        for one in releases_holding(workspace, known.id)
    ]
    said = receipt_of(workspace, subject, drop)
    if receipt is not None:
        write_text(receipt, receipt_text(said))
        write_text(receipt.with_suffix(".json"), readable_json(receipt_document(said)))
    if as_json:
        print_json(receipt_document(said))
        return
    if receipt is None and erase:
        out.print(receipt_text(said), markup=False, end="")
    else:
        _tell(said, done.n_returned, receipt)


def _ask(subject: str) -> None:
    if not sys.stdin.isatty():
        raise BadInput.of("withdraw.unasked", "nobody is there to be asked", "add --yes where you are sure")
    click.confirm(
        f"Erase all media, features, notes and judgements of {subject}? There is no way back", abort=True, err=True
    )


def _tell(said: Receipt, n_returned: int, receipt: Path | None) -> None:
    simulated = "SIMULATED " if said.simulated else ""
    out.print(
        f"{simulated}subject {said.subject} withdrew: {_clips(said.n_clips)} of theirs and {said.n_others} of others "
        f"in which they may be seen or heard out of all queues and later releases; tickets taken back: {n_returned}",
        markup=False,
    )
    if said.releases:
        out.print(
            f"{len(said.releases)} earlier release(s) or drafts hold, or may hold, something of them", markup=False
        )
    if said.erasure is not None:
        out.print(f"{len(said.erasure.files or ())} files erased", markup=False)
    if receipt is not None:
        out.print(f"receipt: {receipt} and {receipt.with_suffix('.json')}", markup=False)
    elif said.erasure is None:
        out.print(f"erase what is kept of them: mmed withdraw {said.subject} --erase --receipt FILE", markup=False)


def _clips(number: int) -> str:
    return "1 clip" if number == 1 else f"{number} clips"
