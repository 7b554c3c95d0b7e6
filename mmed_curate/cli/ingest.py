"""`mmed ingest` and `mmed recut`: recordings in, clips out; cut again as screeners asked, and for release."""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import click
from rich.markup import escape

from mmed_curate.cli.console import batch_bars, err, json_option, out, print_json
from mmed_curate.cli.console import table as as_table
from mmed_curate.domain.findings import Finding, Severity
from mmed_curate.domain.records import Companion, IngestOutcome
from mmed_curate.domain.spantable import read_spans
from mmed_curate.ingest.added import add_spans
from mmed_curate.ingest.again import cut_again
from mmed_curate.ingest.companions import read_companions
from mmed_curate.ingest.crew import Crew, cluster, processes
from mmed_curate.ingest.faces import read_face_table
from mmed_curate.ingest.recipe import Recipe, Streams, load_recipe
from mmed_curate.ingest.recut import recut as recut_settled
from mmed_curate.ingest.run import Source
from mmed_curate.ingest.run import ingest as ingest_recordings
from mmed_curate.ingest.sources import read_sources
from mmed_curate.media.container import StreamChoice
from mmed_curate.store.workspace import Workspace

_NAMED_AT_MOST = 3
"""Recordings that a line names; the rest are counted."""
_GRAVEST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, readable=False))
@click.option("--subject", help="Code of the subject whose face and voice are taken.")
@click.option("--session", help="Code of the game session.")
@click.option(
    "--table",
    type=click.Path(path_type=Path),
    help="Instead of FILES: a CSV of recordings with the columns recording, subject, session.",
)
@click.option(
    "--faces",
    type=click.Path(path_type=Path),
    help="A table of `mmed faces`, filled in: whose each face is, where recordings show several.",
)
@click.option(
    "--companions",
    type=click.Path(path_type=Path),
    help="A CSV of files beside the recordings: recording, companion, kind, subject, ...; see `mmed sync`.",
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
    faces: Path | None,
    companions: Path | None,
    recipe: str | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Register recordings, find the face, propose candidates and cut clips.

    The same file again is not done twice. A file that cannot be used is named with the reason; the others go
    through, and the exit code is then 2.
    """
    workspace = Workspace.find()
    how = load_recipe(recipe or workspace.settings["recipe"])
    sources = _sources(files, subject, session, table, by_faces=faces is not None, streams=how.streams)
    whose = None if faces is None else read_face_table(faces)
    beside = None if companions is None else read_companions(companions)
    names = [source.path.name for source in sources]
    with batch_bars("ingest", "frames", names) as watch:
        outcomes = ingest_recordings(
            workspace,
            sources,
            recipe=how,
            crew=_crew(workers, scheduler, len(sources)),
            faces=whose,
            companions=beside,
            watch=watch,
        )
    if as_json:
        print_json(
            {"format": "mmed-ingest", "version": "1.0", "files": [_outcome_as_json(outcome) for outcome in outcomes]}
        )
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
    files: tuple[Path, ...],
    subject: str | None,
    session: str | None,
    table: Path | None,
    *,
    by_faces: bool,
    streams: Streams,
) -> tuple[Source, ...]:
    usual = StreamChoice(picture=streams.picture, sound=streams.sound)
    if table is not None:
        if files or subject or session:
            raise click.UsageError("give either --table, or FILES with --subject and --session")
        return read_sources(table, streams=usual)
    if not files:
        raise click.UsageError("name at least one recording, or give --table")
    if session is None or (subject is None and not by_faces):
        raise click.UsageError("say whose the recordings are: --subject CODE (or --faces TABLE) --session CODE")
    return tuple(Source(path=path, subject=subject, session=session, streams=usual) for path in files)


def outcome_word(outcome: IngestOutcome) -> str:
    """What became of a file, in a word or two."""
    if outcome.error:
        return "refused"
    if outcome.held_by:
        return "left to another ingest"
    return "already done" if outcome.already_done else "taken in"


def show_outcomes(outcomes: tuple[IngestOutcome, ...]) -> None:
    """Print what became of each file, then every remark with its remedy."""
    watched = any(outcome.n_watched for outcome in outcomes)
    rows = [
        (
            escape(Path(outcome.path).name),
            outcome_word(outcome),
            outcome.n_candidates,
            outcome.n_clips,
            *((outcome.n_watched,) if watched else ()),
        )
        for outcome in outcomes
    ]
    columns = ("file", "outcome", "candidates", "clips", *(("of them watched",) if watched else ()))
    out.print(as_table("Ingest", columns, rows))
    for outcome in outcomes:
        if outcome.sheet and not outcome.already_done:
            out.print(f"contact sheet of {Path(outcome.path).name}: {os.path.relpath(outcome.sheet)}", markup=False)
    placed = [(Path(outcome.path).name, one) for outcome in outcomes for one in outcome.companions]
    if placed:
        columns = ("recording", "companion", "offset s", "drift ppm", "± ms", "confidence")
        out.print(as_table("Companions, on the recording's clock", columns, [_companion_row(*one) for one in placed]))
    for line in note_lines([(Path(outcome.path).name, note) for outcome in outcomes for note in outcome.notes]):
        err.print(line, markup=False)
    for outcome in outcomes:
        if outcome.held_by:
            name, host = Path(outcome.path).name, outcome.held_by.split(":")
            err.print(
                f"left: {name} is worked on by process {host[1]} of {host[0]}: run the same command again when that is "
                "done",
                markup=False,
            )
    for outcome in outcomes:
        if outcome.error:
            err.print(f"refused: {outcome.error}", markup=False)
    counts = Counter(outcome_word(outcome) for outcome in outcomes)
    if len(outcomes) > 1:
        out.print(", ".join(f"{number} {word}" for word, number in counts.items()))


def note_lines(notes: Sequence[tuple[str, Finding]]) -> list[str]:
    """What is said of recordings, the gravest first; a kind that many share takes one line.

    Args:
        notes: name of a recording, and what is said of it.
    """
    kinds: dict[str, list[tuple[str, Finding]]] = defaultdict(list)
    for name, note in notes:
        kinds[note.code].append((name, note))
    lines = []
    for kind in sorted(kinds.values(), key=lambda kind: min(_GRAVEST_FIRST.index(note.severity) for _, note in kind)):
        names = list(dict.fromkeys(name for name, _ in kind))
        if len(names) <= _NAMED_AT_MOST:
            for name, note in kind:
                lines.append(f"{note.severity.value}: {note}" if name in note.what else _on(name, note))
            continue
        first = ", ".join(names[:_NAMED_AT_MOST])
        lines.append(f"{kind[0][1].severity.value} on {len(names)} recordings ({first}, …), such as: {kind[0][1]}")
    if len(lines) < len(notes):
        lines.append("all of them: mmed status --json")
    return lines


def _on(name: str, note: Finding) -> str:
    return f"{note.severity.value} on {name}: {note}"


def _companion_row(recording: str, one: Companion) -> tuple[str, ...]:
    place = one.synchrony
    return (
        escape(recording),
        escape(Path(one.path).name),
        f"{place.offset_s:.5f}",
        f"{place.drift_ppm:+.2f}",
        "not measured" if place.uncertainty_ms is None else f"{place.uncertainty_ms:.3f}",
        "by hand" if one.confidence is None else f"{one.confidence:.2f}",
    )


@click.command()
@click.option("--spans", type=click.Path(path_type=Path), help="A CSV of spans to cut new clips round.")
@click.option("--recording", help="Path or file name of the recording of those spans that name none.")
@click.option("--recipe", help="Name or path of a recipe [default: the workspace's, else mmed].")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; one for each core where left out.")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler whose workers do it, such as tcp://host:8786.")
@json_option
def recut(
    spans: Path | None,
    recording: str | None,
    recipe: str | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Cut anew what screeners asked, and every settled event with its features, ready for release.

    Where screeners want a clip adjusted or split, new clips take its place and wait for coding. What is up to date is
    left alone. With --spans, cut new clips for screening instead, round spans that people
    named: a CSV with onset,apex,offset (frames of the recording) or onset_s,apex_s,offset_s, and where they do not go
    without saying recording and subject.
    """
    workspace = Workspace.find()
    how = load_recipe(recipe or workspace.settings["recipe"])
    if spans is not None:
        _add(workspace, how, spans, recording, _crew(workers, scheduler, None), as_json=as_json)
        return
    if recording is not None:
        raise click.UsageError("--recording says where the rows of --spans lie")
    with batch_bars("cut again", "clips", ()) as watch:
        again = cut_again(workspace, how, crew=_crew(workers, scheduler, None), watch=watch)
    with batch_bars("recut", "events", ()) as watch:
        summary = recut_settled(workspace, how, crew=_crew(workers, scheduler, None), watch=watch)
    errors = (*again.errors, *summary.errors)
    if as_json:
        print_json(
            {
                "format": "mmed-recut",
                "version": "1.0",
                "cut": summary.n_cut,
                "up_to_date": summary.n_up_to_date,
                "clips_replaced": again.n_replaced,
                "clips_in_their_place": again.n_made,
                "errors": [str(error) for error in errors],
            }
        )
    else:
        if again.n_replaced:
            out.print(
                f"{again.n_replaced} clip(s) replaced as screeners asked, by {again.n_made} that wait for coding: run "
                "`mmed assign`"
            )
        out.print(f"{summary.n_cut} settled event(s) cut, {summary.n_up_to_date} up to date")
        for error in errors:
            err.print(str(error), markup=False)
    if errors:
        sys.exit(2)


def _add(
    workspace: Workspace,
    how: Recipe,
    spans: Path,
    recording: str | None,
    crew: AbstractContextManager[Crew],
    *,
    as_json: bool,
) -> None:
    with batch_bars("recut", "clips", ()) as watch:
        summary = add_spans(workspace, read_spans(spans), how, recording=recording, crew=crew, watch=watch)
    if as_json:
        print_json(
            {
                "format": "mmed-recut-spans",
                "version": "1.0",
                "added": summary.n_added,
                "shown_already": summary.n_shown_already,
                "errors": [str(error) for error in summary.errors],
            }
        )
    else:
        out.print(f"{summary.n_added} clip(s) added for screening, {summary.n_shown_already} span(s) shown already")
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
        "watched": outcome.n_watched,
        "contact_sheet": outcome.sheet,
        "outcome": outcome_word(outcome),
        "already_done": outcome.already_done,
        "held_by": outcome.held_by,
        "error": outcome.error,
        "notes": [str(note) for note in outcome.notes],
        "companions": [
            {
                "path": one.path,
                "offset_s": one.synchrony.offset_s,
                "drift_ppm": one.synchrony.drift_ppm,
                "uncertainty_ms": one.synchrony.uncertainty_ms,
                "confidence": one.confidence,
                "basis": one.synchrony.basis.value,
            }
            for one in outcome.companions
        ],
    }
