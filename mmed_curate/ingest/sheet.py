"""A recording's contact sheet for the curator's eye: what was proposed, as pictures and curves, on a page and in a PNG.

It shows scores and what the machine thinks: it lies under `sheets`, where no coder's ticket leads. Pictures come from
the clips already cut and from their array files; nothing of the recording is decoded again.
"""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter

from mmed_curate.domain.files import write_text
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.records import Tag
from mmed_curate.domain.time import Frame, FrameClock, Span
from mmed_curate.media.sheet import Shot, jpeg, thumbnails
from mmed_curate.report.figures_sheet import sheet_figure
from mmed_curate.report.sheet import CELL_PX, CELLS, Movement, SheetFacts, clock_time, sheet_page

__all__ = ["SheetEntry", "SheetFacts", "difference", "write_sheet"]

logger = logging.getLogger(__name__)

ROWS_IN_PNG = 12
"""Clips in the PNG: what fits on a screen or two."""
PICTURES_ON_PAGE = 400
"""Rows of the page that show pictures, about 20 kB each; the others show curves and words alone."""
GAIN = 8.0
"""By how much a difference is amplified (ours: 10 grey levels, a strong edge moved by a pixel, are two thirds full)."""

_WARMER, _COLDER = np.array([213, 94, 0]), np.array([0, 114, 178])  # Okabe & Ito 2008

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetEntry:
    """One clip and the movement to show of it."""

    name: str
    """What the clip is called."""
    clock: FrameClock
    """The clip's own."""
    start_s: float
    """When its first frame appears in the recording."""
    span: Span
    """In frames of the clip."""
    region: str
    """Part of the face that moved most; empty: nobody says."""
    picture: Path
    """The clip."""
    face: Path | None
    """Its array file `face.npz`; None: there is none."""
    sound: Path | None
    """Its array file `sound.npz`; None: the clip has no sound."""
    score: float | None = None
    """None: a person marked it, or it is watched."""
    tags: frozenset[Tag] = frozenset()
    watched: bool = False
    """The machine proposed nothing here: the span is all of the clip."""
    remarks: tuple[str, ...] = ()
    """Whose face, sound flags, and the like, a line each."""


def write_sheet(folder: Path, name: str, about: SheetFacts, entries: Sequence[SheetEntry]) -> tuple[Path, Path]:
    """Write `<name>.html` with all clips and `<name>.png` with the strongest.

    A clip that cannot be shown is listed without pictures, and logged: the sheet is for the eye, clips are whole
    without it.

    Args:
        folder: where to; it is made where it is missing.
        name: of both files.
        about: the recording.
        entries: its clips, in any order; on the sheet those that people marked come first, then by strength, tagged
            ones behind the others, watched ones last.

    Returns:
        The page and the PNG.

    Raises:
        BadInput: a file cannot be written.
    """
    order = sorted(entries, key=_rank)
    pictured = _pictured(order[:PICTURES_ON_PAGE])
    rows = [_movement(entry, pictured.get(place)) for place, entry in enumerate(order)]
    folder.mkdir(parents=True, exist_ok=True)
    page, png = folder / f"{name}.html", folder / f"{name}.png"
    write_text(page, sheet_page(about, [(row, None if row.strip is None else jpeg(row.strip)) for row in rows]))
    shown = rows[:ROWS_IN_PNG]
    sheet_figure(about, shown, png, left_out=len(rows) - len(shown))
    return page, png


def _rank(entry: SheetEntry) -> tuple[bool, bool, bool, float, float]:
    return entry.watched, entry.score is not None, bool(entry.tags), -(entry.score or 0.0), entry.start_s


def _pictured(entries: Sequence[SheetEntry]) -> dict[int, Bytes]:
    """(128, 128, 3) the clip at its apex, by place; those that can be drawn."""
    shots = [Shot(clip=entry.picture, frame=entry.span.apex) for entry in entries]
    try:
        return dict(enumerate(thumbnails(shots, CELL_PX)))
    except BadInput:
        found = {}
        for place, shot in enumerate(shots):  # one of them is at fault: the others are shown all the same
            try:
                found[place] = thumbnails([shot], CELL_PX)[0]
            except BadInput as error:
                logger.warning("%s", error)
        return found


def _movement(entry: SheetEntry, picture: Bytes | None) -> Movement:
    face, sound = _arrays(entry.face), _arrays(entry.sound)
    onset_s, apex_s = (
        float(entry.clock.start_of(frame) - entry.clock.start_of(Frame(0)))
        for frame in (entry.span.onset, entry.span.apex)
    )
    stop_s = float(entry.clock.end_of(entry.span.offset) - entry.clock.start_of(Frame(0)))
    own, others = _curves(face, entry.region)
    level = sound.get("intensity_db", np.zeros(0, dtype=np.float32))
    times_s = np.arange(len(level)) * float(sound.get("hop_s", 0)) + float(sound.get("start_s", 0))
    words = (
        "no candidate" if entry.watched else entry.region or "region not named",
        f"{1000 * (stop_s - onset_s):.0f} ms, {entry.span.n_frames} frames",
        *entry.remarks,
    )
    return Movement(
        name=entry.name,
        when=clock_time(entry.start_s + onset_s),
        words=words,
        tags=tuple(sorted(tag.value for tag in entry.tags)),
        score=entry.score,
        unscored="watched" if entry.watched else "marked by a person",
        strip=_strip(entry, picture, face),
        times_s=np.asarray(face.get("times_s", np.zeros(0)), dtype=np.float64),
        own=own,
        others=others,
        span_s=(onset_s, apex_s, stop_s),
        duration_s=float(entry.clock.duration),
        level_times_s=np.asarray(times_s + float(sound.get("window_s", 0)) / 2, dtype=np.float64),
        level_db=level,
        speaks=np.asarray(sound.get("voice_activity", np.zeros(0)), dtype=bool),
    )


def _curves(face: dict[str, npt.NDArray[Any]], region: str) -> tuple[Floats, Floats]:
    """(T,) how far the region lies off its usual place, and the furthest of all; px of the aligned face."""
    if "place_motion" not in face:
        nothing = np.zeros(0, dtype=np.float32)
        return nothing, nothing
    lengths = np.hypot(face["place_motion"][..., 0], face["place_motion"][..., 1])  # (T, P)
    furthest = lengths.max(axis=1)
    # a region without its side is both sides
    inside = np.array(
        [place == region or (region != "" and place.startswith(f"{region}-")) for place in face["places"]]
    )
    return (lengths[:, inside].max(axis=1) if inside.any() else furthest), furthest


def _strip(entry: SheetEntry, picture: Bytes | None, face: dict[str, npt.NDArray[Any]]) -> Bytes | None:
    """(128, 640, 3) the clip at its apex; the aligned face at onset, apex, offset; the difference."""
    faces = face.get("faces")
    if faces is None and picture is None:
        return None
    cells = [np.full((CELL_PX, CELL_PX, 3), 235, dtype=np.uint8) for _ in CELLS]
    if picture is not None:
        cells[0] = picture
    if faces is not None and entry.span.offset < len(faces):
        onset, apex, offset = (faces[frame] for frame in (entry.span.onset, entry.span.apex, entry.span.offset))
        low, high = np.percentile(onset, [1, 99])  # one stretch for all three: a change stays a change
        for place, grey in enumerate((onset, apex, offset), start=1):
            spread = (grey.astype(np.float32) - low) * (255 / max(high - low, 1.0))
            cells[place] = np.repeat(np.clip(spread, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
        cells[4] = difference(onset, apex)
    return np.concatenate(cells, axis=1)


def difference(onset: Bytes, apex: Bytes) -> Bytes:
    """What changed between two aligned faces, on white: warm where it became brighter, cold where darker.

    A change of the light on the whole face is taken out first, and what lies round the face is left out.

    Args:
        onset, apex: (H, W) grey.

    Returns:
        (H, W, 3) RGB.
    """
    change = uniform_filter(apex.astype(np.float32) - onset.astype(np.float32), 3)
    height, width = change.shape
    down, right = np.mgrid[0:height, 0:width]
    away = np.hypot((right - width / 2) / (0.44 * width), (down - 0.52 * height) / (0.5 * height))
    face = np.clip((1 - away) / 0.1, 0, 1)  # an ellipse with a soft edge
    change = (change - np.median(change[face == 1])) * face
    share = np.clip(np.abs(change) * (GAIN / 128), 0, 1)[:, :, None]
    colour = np.where(change[:, :, None] > 0, _WARMER, _COLDER)
    return np.asarray(255 + share * (colour - 255), dtype=np.uint8)


def _arrays(path: Path | None) -> dict[str, npt.NDArray[Any]]:
    """What of an array file is there; nothing where it cannot be read."""
    if path is None:
        return {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            wanted = {"faces", "times_s", "places", "place_motion", "intensity_db", "voice_activity"} | {
                "hop_s",
                "start_s",
                "window_s",
            }
            return {name: cast("npt.NDArray[Any]", archive[name]) for name in archive.files if name in wanted}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        logger.warning("%s cannot be shown: %s", path, error)
        return {}
