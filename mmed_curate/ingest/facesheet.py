"""The contact sheet of a recording's faces, and the table in which a curator says whose each of them is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from mmed_curate.domain.files import folder_written_aside, sha256_of, write_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.progress import Progress
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.face.looks import likeness
from mmed_curate.face.thumbnail import as_jpeg, thumbnail_look
from mmed_curate.ingest.faces import face_table_csv, shared_frames, together_s
from mmed_curate.report.facepage import SheetFace, SheetRecording, faces_page
from mmed_curate.report.figures_faces import faces_figure
from mmed_curate.spotting.parameters import FaceParameters
from mmed_curate.spotting.tracks import FaceTrack, find_tracks

TABLE, PAGE = "faces.csv", "faces.html"
_HINTS = 3
"""Tracks named as alike, at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordingFaces:
    """The faces of one recording."""

    path: Path
    sha256: str
    clock: FrameClock
    tracks: tuple[FaceTrack, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceSheet:
    """What was found and written."""

    found: tuple[RecordingFaces, ...]
    refused: tuple[tuple[Path, BadInput], ...]
    """Recordings that could not be used."""
    table: Path
    page: Path
    pictures: tuple[Path, ...]
    """One for each recording found."""


def face_sheet(
    recordings: Sequence[Path],
    folder: Path,
    parameters: FaceParameters,
    *,
    progress: Callable[[Path], AbstractContextManager[Progress]],
) -> FaceSheet:
    """Find the faces of recordings and write the sheet: `faces.csv`, `faces.html`, and a picture of each recording.

    A recording that cannot be used does not stop the others.

    Args:
        recordings: media files.
        folder: where to; must not be there yet, since a table that was filled in is not written over.
        parameters: the recipe's part on faces.
        progress: opened for each recording; gives what is called with frames done and how many there are.

    Raises:
        BadInput: no recording can be used, or the folder is there already.
    """
    if folder.exists() or folder.is_symlink():
        raise BadInput.of(
            "faces.exists",
            f"{folder} exists already, and a table that was filled in is not written over",
            "choose another folder, or move it away",
        )
    found: list[RecordingFaces] = []
    refused: list[tuple[Path, BadInput]] = []
    for path in recordings:
        try:
            with progress(path) as told:
                clock, tracks = find_tracks(path, parameters, progress=told)
                found.append(RecordingFaces(path=path, sha256=sha256_of(path), clock=clock, tracks=tracks))
        except BadInput as error:
            refused.append((path, error))
    if not found:
        raise refused[0][1]
    digest = parameters.digest()
    shown = [shown_faces(one, parameters.same_likeness) for one in found]
    names = (
        ["faces.png"]
        if len(found) == 1
        else [f"faces-{place}-{one.path.stem}.png" for place, one in enumerate(found, 1)]
    )
    with folder_written_aside(folder) as aside:
        for recording, name in zip(shown, names, strict=True):
            faces_figure(recording, aside / name)
        write_text(aside / PAGE, faces_page(shown, TABLE))
        write_text(
            aside / TABLE, face_table_csv((one.path.name, one.sha256, digest, one.clock, one.tracks) for one in found)
        )
    return FaceSheet(
        found=tuple(found),
        refused=tuple(refused),
        table=folder / TABLE,
        page=folder / PAGE,
        pictures=tuple(folder / name for name in names),
    )


def shown_faces(recording: RecordingFaces, same_likeness: float) -> SheetRecording:
    """What the sheet says of one recording.

    Args:
        recording: its faces.
        same_likeness: tracks that are never there at once and at least so alike are named to each other.
    """
    clock, tracks = recording.clock, recording.tracks
    alike: dict[int, list[tuple[float, int]]] = {track.track: [] for track in tracks}
    at_once: dict[int, list[tuple[int, float]]] = {track.track: [] for track in tracks}
    for place, one in enumerate(tracks):
        for other in tracks[place + 1 :]:
            if shared_frames(one, other):
                seconds = together_s((one, other), clock)
                at_once[one.track].append((other.track, seconds))
                at_once[other.track].append((one.track, seconds))
            elif (like := tracks_alike(one, other)) >= same_likeness:
                alike[one.track].append((like, other.track))
                alike[other.track].append((like, one.track))
    return SheetRecording(
        name=recording.path.name,
        begin_s=float(clock.start_of(Frame(0))),
        end_s=float(clock.end_of(clock.last_frame)),
        at_once_s=together_s(tracks, clock),
        faces=tuple(
            SheetFace(
                track=track.track,
                first=int(track.frames[0]),
                last=int(track.frames[-1]),
                n_frames=len(track.frames),
                seen_s=sum(end - start for start, end in _spells(track, clock)),
                spells=_spells(track, clock),
                eye_distance_px=float(np.median(track.eye_distance_px)),
                pictures=tuple(np.ascontiguousarray(picture[:, :, ::-1]) for picture in track.thumbnails),
                jpegs=tuple(as_jpeg(picture) for picture in track.thumbnails),
                pictures_s=tuple(float(clock.start_of(Frame(int(frame)))) for frame in track.thumbnail_frames),
                at_once=tuple(at_once[track.track]),
                alike=tuple((other, like) for like, other in sorted(alike[track.track], reverse=True)[:_HINTS]),
            )
            for track in tracks
        ),
    )


def tracks_alike(one: FaceTrack, other: FaceTrack) -> float:
    """How alike the likest thumbnails of two tracks are, in -1..1; -1 where one of them has none."""
    here = [thumbnail_look(picture) for picture in one.thumbnails]
    there = [thumbnail_look(picture) for picture in other.thumbnails]
    return max((likeness(a, b) for a in here for b in there), default=-1.0)


def _spells(track: FaceTrack, clock: FrameClock) -> tuple[tuple[float, float], ...]:
    """From when to when a face is seen without a break, in seconds."""
    edges = np.flatnonzero(np.diff(track.frames) > 1) + 1
    places = [0, *edges.tolist(), len(track.frames)]
    return tuple(
        (
            float(clock.start_of(Frame(int(track.frames[start])))),
            float(clock.end_of(Frame(int(track.frames[stop - 1])))),
        )
        for start, stop in pairwise(places)
    )
