"""`mmed reference`: a subject's face at rest and plain voice, which coders compare every clip with."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import click
from rich.markup import escape

from mmed_curate.cli.console import err, json_option, out, print_json, progress_bar, table
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress
from mmed_curate.ingest.recipe import load_recipe
from mmed_curate.ingest.reference import add_reference
from mmed_curate.ingest.rest import load_rest_bounds
from mmed_curate.ingest.restsheet import PAGE, PICTURE, rest_sheet
from mmed_curate.store.contexttable import clock_seconds
from mmed_curate.store.workspace import Workspace

_BOUNDS = "mmed"


@click.group()
def reference() -> None:
    """Faces at rest: FACS is scored against neutral, so coders see one beside every clip."""


@reference.command()
@click.argument("subject")
@click.option("--recording", metavar="FILE", help="Look only here; left out: in all recordings of the subject.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write [default: rest-SUBJECT].")
@click.option("--recipe", help="Name or path of the recipe they were taken in with [default: the workspace's].")
def propose(subject: str, recording: str | None, output: Path | None, recipe: str | None) -> None:
    """Show where the face of SUBJECT seems to rest, apart from all that is judged.

    Writes rest.html, rest.png and rest.csv. Look at them: a face that is still may hold a smile.
    """
    workspace = Workspace.find()
    sheet = rest_sheet(
        workspace,
        subject,
        output or Path(f"rest-{subject}"),
        load_recipe(recipe or workspace.settings["recipe"]),
        load_rest_bounds(_BOUNDS),
        recording=recording,
        progress=_bar,
    )
    rows = [
        (
            place,
            escape(name),
            f"{rest.at_s:.3f}",
            f"{rest.motion_px:.2f}",
            f"{rest.off_usual_px:.2f}",
            f"{rest.openness:.0%}",
            "–" if rest.yaw_deg is None else f"{rest.yaw_deg:.0f}",
            "–" if rest.speech is None else f"{rest.speech:.0%}",
        )
        for place, (rest, name) in enumerate(zip(sheet.rests, sheet.names, strict=True), start=1)
    ]
    columns = ("", "recording", "at s", "moves px", "off usual px", "eyes open", "turned °", "speech")
    out.print(table(f"{len(rows)} stretch(es) in which {escape(subject)} may rest", columns, rows))
    out.print(f"look at {sheet.folder / PAGE} or {sheet.folder / PICTURE}, then: mmed reference add", markup=False)
    for _, error in sheet.refused:
        err.print(f"refused: {error}", markup=False)
    if sheet.refused:
        sys.exit(2)


@reference.command()
@click.argument("subject")
@click.option("--recording", required=True, metavar="FILE", help="A recording that was taken in.")
@click.option(
    "--at", required=True, metavar="TIME", help="Of the still: seconds or h:mm:ss.mmm; half a second each side."
)
@click.option("--voice", nargs=2, metavar="FROM TO", help="Where they speak plainly, on the same clock.")
@click.option("--because", default="", metavar="TEXT", help="What you say of it; kept in the event log.")
@click.option("--recipe", help="Name or path of the recipe it was taken in with [default: the workspace's].")
def add(subject: str, recording: str, at: str, voice: tuple[str, str] | None, because: str, recipe: str | None) -> None:
    """Approve a moment at which the face of SUBJECT is at rest: from now on coders see it beside every clip.

    Cut as coding clips are, without sound; --voice adds plain speech for passes in which the voice is heard. A moment
    that is judged itself, as a candidate or inside a clip, is refused.
    """
    workspace = Workspace.find()
    made = add_reference(
        workspace,
        subject,
        recording,
        _seconds(at, "--at"),
        load_recipe(recipe or workspace.settings["recipe"]),
        load_rest_bounds(_BOUNDS),
        voice=None if voice is None else (_seconds(voice[0], "--voice"), _seconds(voice[1], "--voice")),
        because=because,
    )
    with workspace.read() as records:
        clock = records.recording(made.recording).clock
    said = ", ".join(part.value for part in made.files)
    begins, ends = float(clock.start_of(made.first)), float(clock.end_of(made.last))
    out.print(
        f"reference of {subject} ({said}): {begins:.3f} s to {ends:.3f} s of {Path(recording).name}", markup=False
    )


@reference.command(name="list")
@json_option
def list_references(as_json: bool) -> None:
    """Say who has a reference, since when, and who lacks one."""
    workspace = Workspace.find()
    with workspace.read() as records:
        left = records.withdrawn()
        subjects = [subject for subject in records.subjects() if subject.id not in left]
        references = records.references()
        since = {json.loads(entry.payload)["subject"]: entry.at for entry in records.log("reference.put")}
        paths = {one.id: one.path for one in records.recordings()}
    needed = workspace.protocol.neutral_face
    if as_json:
        rows = []
        for subject in subjects:
            one = references.get(subject.id)
            rows.append(
                {
                    "subject": subject.code,
                    "since": None if one is None else since.get(subject.id),
                    "recording": None if one is None else paths[one.recording],
                    "first": None if one is None else one.first,
                    "last": None if one is None else one.last,
                    "parts": [] if one is None else sorted(part.value for part in one.files),
                }
            )
        print_json({"format": "mmed-references", "version": "1.0", "needed": needed, "subjects": rows})
        return
    shown = []
    for subject in subjects:
        one = references.get(subject.id)
        if one is None:
            shown.append((escape(subject.code), "none", "–", "–"))
            continue
        parts = ", ".join(sorted(part.value for part in one.files))
        shown.append(
            (escape(subject.code), since.get(subject.id, "")[:10], escape(Path(paths[one.recording]).name), parts)
        )
    out.print(table("References", ("subject", "since", "recording", "parts"), shown))
    lacking = [subject.code for subject in subjects if subject.id not in references]
    if lacking:
        why = ": nothing of them is coded before there is one" if needed else ""
        err.print(f"{len(lacking)} subject(s) without a reference{why}", markup=False)


def _seconds(text: str, option: str) -> Fraction:
    try:
        return clock_seconds(text)
    except ValueError:
        raise BadInput.of("reference.time", f"{option} {text!r} is no time", "write seconds, or h:mm:ss.mmm") from None


@contextmanager
def _bar(path: Path) -> Iterator[Progress]:
    with progress_bar(f"faces of {path.name}", "frames") as progress:
        yield progress
