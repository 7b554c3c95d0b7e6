"""`mmed download`: a release from a server or a folder, whole or in part, with rate and ETA."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from mmed_curate.cli.console import err, json_option, out, print_json
from mmed_curate.dataset.facts import marks

if TYPE_CHECKING:
    from mmed_curate.dataset.downloading import Download
    from mmed_curate.dataset.gathering import Standing

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@click.command()
@click.argument("url")
@click.option("-o", "--to", type=click.Path(path_type=Path), help="Folder to make [default: NAME-VERSION here].")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(["metadata", "features", "preview", "archival"]),
    help="Fetch this part; repeatable. Metadata always come along [default: everything].",
)
@click.option("--subjects", multiple=True, metavar="S", help="Fetch clips of these only; repeatable, or with commas.")
@click.option("--class", "classes", multiple=True, metavar="C", help="Fetch clips of these classes only; repeatable.")
@click.option(
    "--reuse",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Take unchanged files from releases in here too; those beside the folder to make always serve.",
)
@click.option("--token", help="For a server that asks who you are [default: MMED_TOKEN, else ~/.netrc].")
@click.option("--accept-terms", "terms", metavar="SHA256", help="Accept the terms that have this hash.")
@click.option("--at-once", type=click.IntRange(1, 64), default=8, show_default=True, help="Files at the same time.")
@json_option
def download(
    url: str,
    to: Path | None,
    only: tuple[str, ...],
    subjects: tuple[str, ...],
    classes: tuple[str, ...],
    reuse: tuple[Path, ...],
    token: str | None,
    terms: str | None,
    at_once: int,
    as_json: bool,
) -> None:
    """Bring a release here: URL is that of a release, or of a folder of releases, on a server or on disk.

    URL@VERSION takes a version of a folder of releases; without one the newest comes that is no draft. Every file is
    held against its seal as it comes. What breaks off goes on when the same command runs again; on a copy that is here
    it fetches what is changed or missing, and nothing else.
    """
    from mmed_curate.dataset.addresses import read_address
    from mmed_curate.dataset.downloading import fetch_release, selection_of
    from mmed_curate.dataset.passes import pass_for

    address = read_address(url)
    known = pass_for(address, token)
    if known is not None and address.base.startswith("http://") and address.host not in _LOCAL:
        err.print(f"{known.origin} goes to {address.host} unencrypted: use https:// where there is", markup=False)
    with _transfer() as progress:
        made = fetch_release(
            url,
            to=to,
            selection=selection_of(only or None, _split(subjects), _split(classes)),
            reuse=reuse,
            token=token,
            terms=terms,
            at_once=at_once,
            progress=progress,
        )
    if as_json:
        print_json(_document(made))
    else:
        _tell(made)


def _split(words: tuple[str, ...]) -> list[str] | None:
    found = [one.strip() for word in words for one in word.split(",") if one.strip()]
    return found or None


@contextmanager
def _transfer() -> Iterator[Callable[[Standing], None]]:
    columns = (
        TextColumn("Downloading {task.fields[files]} files", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as bars:
        task = bars.add_task("", total=None, files="0/?")

        def told(standing: Standing) -> None:
            bars.update(
                task,
                completed=standing.bytes_done,
                total=standing.bytes_total,
                files=f"{standing.files_done}/{standing.files}",
            )

        yield told


def _document(made: Download) -> dict[str, object]:
    partial = made.partial
    return {
        "format": "mmed-download-report",
        "version": 1,
        "path": str(made.path),
        "name": made.facts.name,
        "release": made.facts.version,
        "id": made.id,
        "simulated": made.facts.simulated,
        "draft": made.facts.draft,
        "files": made.n_files,
        "bytes": made.n_bytes,
        "bytes_fetched": made.fetched_bytes,
        "files_taken_over": made.n_taken_over,
        "files_kept": made.n_kept,
        "selected": None if partial is None else str(partial),
        "withdrawn": list(made.withdrawn),
    }


def _tell(made: Download) -> None:
    from mmed_curate.dataset.tombstones import is_draft

    marked = marks(simulated=made.facts.simulated, draft=made.facts.draft)
    out.print(
        f"{marked}{made.facts.name} {made.facts.version}: {made.n_files} files, {made.n_bytes / 1e6:,.1f} MB; "
        f"{made.fetched_bytes / 1e6:,.1f} MB fetched, {made.n_kept} files were here, "
        f"{made.n_taken_over} taken over from another version",
        markup=False,
    )
    out.print(f"id {made.id}", markup=False)
    out.print(str(made.path), markup=False)
    if made.partial is not None:
        out.print(f"partial, as selected: {made.partial}", markup=False)
    if made.facts.draft:
        out.print("This is a DRAFT and no release: publish nothing on it", style="bold red", markup=False)
    if made.withdrawn:
        gone = f"{len(made.withdrawn)} of its clips were withdrawn since, such as {made.withdrawn[0]}"
        drafted = made.tombstones is not None and is_draft(made.tombstones.release)
        cure = "ask for a newer release" if drafted else "take a newer version"
        out.print(f"{gone}: {cure}", style="bold red", markup=False)
    out.print(f"Next: {shlex.join(['mmed', 'verify', str(made.path)])}", markup=False)
