"""`mmed ingest` and `mmed recut`: recordings in, clips out; settled events cut again for release."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import click
from rich.markup import escape

from mmed_curate.cli.console import batch_bars, err, json_option, out, print_json
from mmed_curate.cli.console import table as as_table
from mmed_curate.domain.records import IngestOutcome
from mmed_curate.ingest.crew import Crew, cluster, processes
from mmed_curate.ingest.recipe import load_recipe
from mmed_curate.ingest.recut import recut as recut_settled
from mmed_curate.ingest.run import Source
from mmed_curate.ingest.run import ingest as ingest_recordings
from mmed_curate.ingest.sources import read_sources
from mmed_curate.store.workspace import Workspace


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, readable=False))
@click.option("--subject", help="Code of the subject whose face and voice are taken.")
@click.option("--session", help="Code of the game session.")
@click.option(
    "--table",
    type=click.Path(path_type=Path),
    help="Instead of FILES: a CSV of recordings with the columns recording, subject, session.",
)
@click.option("--recipe", help="Name or path of a recipe [default: the workspace's, else mmed].")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; one for each core where left out.")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler whose workers do it, such as tcp://host:8786.")
@json_option
def ingest(
    files: tuple[Path, ...],
    subject: str | None,
    session: str | None,
    table: Path | None,
    recipe: str | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Register recordings, find the face, propose candidates and cut clips.

    The same file again is not done twice. A file that cannot be used is named with the reason; the others go
    through, and the exit code is then 2.
    """
    sources = _sources(files, subject, session, table)
    workspace = Workspace.find()
    how = load_recipe(recipe or workspace.settings["recipe"])
    names = [source.path.name for source in sources]
    with batch_bars("ingest", "frames", names) as watch:
        outcomes = ingest_recordings(
            workspace, sources, recipe=how, crew=_crew(workers, scheduler, len(sources)), watch=watch
        )
    if as_json:
        print_json({"files": [_outcome_as_json(outcome) for outcome in outcomes]})
    else:
        show_outcomes(outcomes)
    if any(outcome.error for outcome in outcomes):
        sys.exit(2)


def _crew(workers: int | None, scheduler: str | None, n_jobs: int | None) -> AbstractContextManager[Crew]:
    if scheduler is None:
        return processes(workers, n_jobs)
    if workers is not None:
        raise click.UsageError("give either --workers, or --scheduler: a cluster has its own workers")
    return cluster(scheduler)


def _sources(
    files: tuple[Path, ...], subject: str | None, session: str | None, table: Path | None
) -> tuple[Source, ...]:
    if table is not None:
        if files or subject or session:
            raise click.UsageError("give either --table, or FILES with --subject and --session")
        return read_sources(table)
    if not files:
        raise click.UsageError("name at least one recording, or give --table")
    if subject is None or session is None:
        raise click.UsageError("say whose the recordings are: --subject CODE --session CODE")
    return tuple(Source(path=path, subject=subject, session=session) for path in files)


def outcome_word(outcome: IngestOutcome) -> str:
    """What became of a file, in a word or two."""
    if outcome.error:
        return "refused"
    if outcome.held_by:
        return "left to another ingest"
    return "already done" if outcome.already_done else "taken in"


def show_outcomes(outcomes: tuple[IngestOutcome, ...]) -> None:
    """Print what became of each file, then every remark with its remedy."""
    rows = [
        (
            escape(Path(outcome.path).name),
            outcome_word(outcome),
            outcome.n_candidates,
            outcome.n_clips,
        )
        for outcome in outcomes
    ]
    out.print(as_table("Ingest", ("file", "outcome", "candidates", "clips"), rows))
    for outcome in outcomes:
        if outcome.sheet and not outcome.already_done:
            out.print(f"contact sheet of {Path(outcome.path).name}: {os.path.relpath(outcome.sheet)}", markup=False)
    for outcome in outcomes:
        if outcome.error:
            err.print(f"refused: {outcome.error}", markup=False)
        for note in outcome.notes:
            err.print(
                f"note: {note}" if Path(outcome.path).name in note else f"note on {outcome.path}: {note}", markup=False
            )


@click.command()
@click.option("--recipe", help="Name or path of a recipe [default: the workspace's, else mmed].")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; one for each core where left out.")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler whose workers do it, such as tcp://host:8786.")
@json_option
def recut(recipe: str | None, workers: int | None, scheduler: str | None, as_json: bool) -> None:
    """Cut every settled event out of its recording and measure its features, ready for release.

    What is up to date is left alone.
    """
    workspace = Workspace.find()
    how = load_recipe(recipe or workspace.settings["recipe"])
    with batch_bars("recut", "events", ()) as watch:
        summary = recut_settled(workspace, how, crew=_crew(workers, scheduler, None), watch=watch)
    if as_json:
        print_json(
            {"cut": summary.n_cut, "up_to_date": summary.n_up_to_date, "errors": [str(e) for e in summary.errors]}
        )
    else:
        out.print(f"{summary.n_cut} settled event(s) cut, {summary.n_up_to_date} up to date")
        for error in summary.errors:
            err.print(str(error), markup=False)
    if summary.errors:
        sys.exit(2)


def _outcome_as_json(outcome: IngestOutcome) -> dict[str, object]:
    return {
        "path": outcome.path,
        "recording": outcome.recording,
        "candidates": outcome.n_candidates,
        "clips": outcome.n_clips,
        "contact_sheet": outcome.sheet,
        "already_done": outcome.already_done,
        "error": outcome.error,
        "notes": list(outcome.notes),
    }
