"""`mmed faces`: a contact sheet of the faces in recordings, and a table to say whose each is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import numpy as np

from mmed_curate.cli.console import err, json_option, out, print_json, progress_bar, table
from mmed_curate.domain.progress import Progress
from mmed_curate.domain.time import Frame
from mmed_curate.ingest.facesheet import FaceSheet, face_sheet
from mmed_curate.spotting.parameters import FaceParameters, load_parameters


@click.command()
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder to write; must be new.")
@click.option("--parameters", default="mmed", show_default=True, help="Spotting parameters of the recipe, or a path.")
@json_option
def faces(recordings: tuple[Path, ...], output: Path, parameters: str, as_json: bool) -> None:
    """Show who is in RECORDINGS, and write the table that says whose each face is.

    Writes faces.html and a PNG per recording with small pictures of each face track, and faces.csv with an empty
    column subject. Fill in the codes of the subjects, and give the table to mmed ingest --faces. A recording of one
    person alone needs none.
    """
    chosen = load_parameters(parameters).face
    sheet = face_sheet(recordings, output, chosen, progress=_bar)
    if as_json:
        print_json(_as_json(sheet, chosen))
    else:
        rows = [
            (
                one.path.name,
                track.track,
                f"{float(one.clock.start_of(Frame(int(track.frames[0])))):.1f}",
                f"{float(one.clock.end_of(Frame(int(track.frames[-1])))):.1f}",
                len(track.frames),
                round(float(np.median(track.eye_distance_px))),
            )
            for one in sheet.found
            for track in one.tracks
        ]
        columns = ("recording", "face", "from s", "to s", "frames", "px between eyes")
        out.print(table(f"{len(rows)} face track(s); fill in the column subject of {sheet.table}", columns, rows))
        out.print(f"contact sheet: {sheet.page}", markup=False)
    for _, error in sheet.refused:
        err.print(f"refused: {error}", markup=False)
    if sheet.refused:
        sys.exit(2)


@contextmanager
def _bar(path: Path) -> Iterator[Progress]:
    with progress_bar(f"faces of {path.name}", "frames") as progress:
        yield progress


def _as_json(sheet: FaceSheet, parameters: FaceParameters) -> dict[str, object]:
    return {
        "format": "mmed-faces",
        "version": "1.0",
        "parameters": parameters.digest(),
        "table": str(sheet.table),
        "page": str(sheet.page),
        "recordings": [
            {
                "recording": str(one.path),
                "sha256": one.sha256,
                "n_frames": one.clock.n_frames,
                "picture": str(picture),
                "tracks": [
                    {
                        "track": track.track,
                        "first": int(track.frames[0]),
                        "last": int(track.frames[-1]),
                        "n_frames": len(track.frames),
                        "eye_distance_px": round(float(np.median(track.eye_distance_px)), 1),
                    }
                    for track in one.tracks
                ],
            }
            for one, picture in zip(sheet.found, sheet.pictures, strict=True)
        ],
        "refused": [{"recording": str(path), "error": str(error)} for path, error in sheet.refused],
    }
