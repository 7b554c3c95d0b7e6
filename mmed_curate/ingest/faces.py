"""Whose face each track of a recording is: a table that the curator fills in, or a rule where one person is alone.

Rows are named as a spreadsheet shows them: the header is row 1.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from pathlib import Path

import numpy as np

from mmed_curate.domain.findings import BadInput, Finding, Severity
from mmed_curate.domain.tablefile import opened_table
from mmed_curate.domain.time import Frame, FrameClock
from mmed_curate.spotting.tracks import FaceTrack

NEEDED = ("recording", "track", "subject")
"""Columns without which a table says nothing."""
COLUMNS = (
    *("recording", "sha256", "parameters", "track", "first", "last", "n_frames"),
    *("start_s", "end_s", "eye_distance_px", "subject"),
)
"""Columns of the table that `mmed faces` writes."""
_NAMED_AT_MOST = 3
"""Mistakes that one message spells out; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceRow:
    """One row of the table."""

    row: int
    """Its number, where the header is row 1."""
    recording: str
    """The recording's file name."""
    sha256: str | None
    """Of the recording's bytes; None: the table does not say."""
    parameters: str | None
    """Digest of the parameters that gave the track its number; None: the table does not say."""
    track: int
    subject: str | None
    """The subject's code; None: this is the face of nobody who takes part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceTable:
    """Whose face is whose, in the order of its rows."""

    path: Path
    rows: tuple[FaceRow, ...]

    @property
    def subjects(self) -> tuple[str, ...]:
        """Codes of all subjects that it names, sorted."""
        return tuple(sorted({row.subject for row in self.rows if row.subject is not None}))

    def of(self, recording: str, sha256: str | None = None) -> tuple[FaceRow, ...]:
        """The rows on one recording.

        Args:
            recording: its file name.
            sha256: of its bytes; rows that say another one speak of another file of that name.
        """
        return tuple(
            row
            for row in self.rows
            if (row.sha256 == sha256 if row.sha256 and sha256 else row.recording == Path(recording).name)
        )


def owners(
    table: FaceTable,
    recording: str,
    tracks: Sequence[FaceTrack],
    *,
    sha256: str | None = None,
    parameters: str | None = None,
) -> Mapping[int, str]:
    """Whose each face of a recording is: track to subject's code. Faces that the table gives to nobody are left out.

    Args:
        table: what the curator said.
        recording: file name of the recording.
        tracks: the faces that were found in it.
        sha256: of its bytes.
        parameters: digest of the parameters that the tracks were found with (`FaceParameters.digest`).

    Raises:
        BadInput: the table speaks of tracks that are not there, was made with other parameters, or gives one subject
            two faces that are in the picture at once. Each mistake is named by its row.
    """
    rows = table.of(recording, sha256)
    strange = [row for row in table.rows if row.recording == Path(recording).name and row not in rows]
    if strange and not rows:
        raise BadInput.of(
            "faces.other_bytes",
            f"{table.path}, row {strange[0].row}: it speaks of a file named {recording} with other bytes "
            f"({(strange[0].sha256 or '')[:8]}…)",
            "run mmed faces on this file, or leave the column sha256 empty",
        )
    other = [row for row in rows if row.parameters and parameters and row.parameters != parameters]
    if other:
        raise BadInput.of(
            "faces.parameters",
            f"{table.path}, row {other[0].row}: the faces of {recording} were numbered with other parameters "
            f"({other[0].parameters}, now {parameters})",
            "run mmed faces again with the recipe's parameters, and fill in its table",
        )
    by_number = {track.track: track for track in tracks}
    mistakes = [
        f"row {row.row}: {recording} has no track {row.track} (it has {_listed(sorted(by_number)) or 'none'})"
        for row in rows
        if row.track not in by_number
    ]
    given = [row for row in rows if row.subject is not None and row.track in by_number]
    for one, two in combinations(given, 2):
        shared = shared_frames(by_number[one.track], by_number[two.track]) if one.subject == two.subject else 0
        if shared:
            mistakes.append(
                f"rows {one.row} and {two.row}: tracks {one.track} and {two.track} of {recording} are both given to "
                f"{one.subject}, and are in the picture at once in {shared} frame(s)"
            )
    if mistakes:
        raise _mistaken(table.path, mistakes, "correct these rows; the contact sheet shows whose face is whose")
    return {row.track: row.subject for row in given if row.subject is not None}


def read_face_table(path: Path) -> FaceTable:
    """Read a table with the columns `recording`, `track`, `subject`; an empty subject means nobody who takes part.

    Takes `sha256` and `parameters` into account where they are there; passes over other columns.

    Raises:
        BadInput: the file cannot be read, a column is missing, or rows are wrong; each is named with its number.
    """
    try:
        with opened_table(path) as stream:
            lines = list(csv.reader(stream, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise BadInput.of(
            "faces.unreadable", f"{path} cannot be read as CSV ({reason})", "give a UTF-8 CSV file"
        ) from error
    header = [name.strip() for name in lines[0]] if lines else []
    missing = [name for name in NEEDED if name not in header]
    if missing:
        cure = "save it with commas" if len(header) == 1 and ";" in header[0] else "name the columns in the first row"
        raise BadInput.of("faces.columns", f"{path} lacks the column(s) {', '.join(missing)}", cure)
    rows: list[FaceRow] = []
    mistakes: list[str] = []
    seen: dict[tuple[str, str | None, int], FaceRow] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) != len(header):
            mistakes.append(f"row {number}: has {len(line)} cells, the header has {len(header)}")
            continue
        cells = dict(zip(header, (cell.strip() for cell in line), strict=True))
        if not cells["recording"]:
            mistakes.append(f"row {number}: names no recording")
            continue
        if not (cells["track"].isascii() and cells["track"].isdigit()):
            mistakes.append(f"row {number}: track must be a whole number from 0 on, got {cells['track']!r}")
            continue
        row = FaceRow(
            row=number,
            recording=Path(cells["recording"]).name,
            sha256=cells.get("sha256") or None,
            parameters=cells.get("parameters") or None,
            track=int(cells["track"]),
            subject=cells["subject"] or None,
        )
        before = seen.setdefault((row.recording, row.sha256, row.track), row)
        if before is not row:
            whose = f" ({before.subject or 'nobody'} and {row.subject or 'nobody'})"
            mistakes.append(f"row {number}: track {row.track} of {row.recording} is in row {before.row} already{whose}")
            continue
        rows.append(row)
    if mistakes:
        raise _mistaken(path, mistakes, "correct these rows")
    return FaceTable(path=path, rows=tuple(rows))


def face_table_csv(found: Iterable[tuple[str, str, str, FrameClock, Sequence[FaceTrack]]]) -> str:
    """The table for a curator to fill in: a row for each track, `subject` empty.

    Args:
        found: file name, SHA-256, digest of the parameters, clock and faces of each recording.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name, sha256, parameters, clock, tracks in found:
        for track in tracks:
            first, last = Frame(int(track.frames[0])), Frame(int(track.frames[-1]))
            writer.writerow(
                (
                    *(name, sha256, parameters, track.track, first, last, len(track.frames)),
                    *(f"{float(clock.start_of(first)):.3f}", f"{float(clock.end_of(last)):.3f}"),
                    *(f"{float(np.median(track.eye_distance_px)):.0f}", ""),
                )
            )
    return text.getvalue()


def shared_frames(one: FaceTrack, other: FaceTrack) -> int:
    """Frames that show both faces: more than none, and they are two people."""
    return int(np.intersect1d(one.frames, other.frames, assume_unique=True).size)


def together_s(tracks: Sequence[FaceTrack], clock: FrameClock) -> float:
    """For how long at least two faces are in the picture at once, in seconds."""
    if len(tracks) < 2:
        return 0.0
    frames, n_faces = np.unique(np.concatenate([track.frames for track in tracks]), return_counts=True)
    both = frames[n_faces > 1]
    return float(sum(clock.end_of(Frame(int(frame))) - clock.start_of(Frame(int(frame))) for frame in both))


class Unsaid(Enum):
    """What to do where several faces are in the picture at once and nobody said whose they are."""

    REFUSE = "refuse"
    LONGEST = "longest"
    """Take the face that is seen longest as the subject's, and say so."""


def faces_of_one(
    tracks: Sequence[FaceTrack], clock: FrameClock, recording: str, *, blink_s: float, unsaid: Unsaid
) -> tuple[tuple[FaceTrack, ...], tuple[Finding, ...]]:
    """The rule where no table says whose the faces are: a recording shows one person.

    Where never more than one face is in the picture, all tracks are the subject's; that is remarked upon, since
    whether a face that was lost and found again is the same person's cannot be told here. Of faces that are there at
    once for no longer than `blink_s` in all, the longest-seen ones are taken: what passes by is not the subject.

    Args:
        tracks: all faces of the recording.
        clock: its clock.
        recording: its file name, for the sentences.
        blink_s: so long two faces may be there at once before somebody must say whose they are.
        unsaid: what to do then.

    Returns:
        The tracks taken as the subject's, the longest first, and remarks.

    Raises:
        BadInput: two faces are there at once for longer than `blink_s`, and `unsaid` is REFUSE.
    """
    at_once_s = together_s(tracks, clock)
    if at_once_s > blink_s and unsaid is Unsaid.REFUSE:
        pair = max(combinations(tracks, 2), key=lambda two: shared_frames(*two))
        raise BadInput.of(
            "faces.unsaid",
            f"{recording} shows more than one face at once for {at_once_s:.1f} s (such as tracks {pair[0].track} and "
            f"{pair[1].track}), and nobody said whose they are",
            "say whose each face is: run mmed faces, fill in its faces.csv, and give that with --faces",
            at_once_s=round(at_once_s, 3),
        )
    taken: list[FaceTrack] = []
    others: list[FaceTrack] = []
    for track in sorted(tracks, key=lambda track: (-len(track.frames), track.track)):
        (others if any(shared_frames(track, one) for one in taken) else taken).append(track)
    notes: list[Finding] = []
    if others:
        notes.append(
            Finding(
                code="ingest.other_faces",
                what=f"{len(others)} more face track(s) are in the picture at the same time as the subject's",
                remedy="check that the longest-seen face is the subject's, or say whose each is with mmed faces; "
                "nothing was proposed for the others",
                severity=Severity.WARNING,
                parameters={"others": len(others)},
            )
        )
    if len(taken) > 1:
        notes.append(
            Finding(
                code="ingest.several_tracks",
                what=f"the face was lost and found again; {len(taken)} tracks, never at once, are taken as one person",
                remedy="look at them with mmed faces, and say whose each is where somebody else is among them",
                severity=Severity.NOTE,
                parameters={"tracks": len(taken)},
            )
        )
    return tuple(taken), tuple(notes)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _mistaken(path: Path, mistakes: list[str], remedy: str) -> BadInput:
    more = len(mistakes) - _NAMED_AT_MOST
    listed = "; ".join(mistakes[:_NAMED_AT_MOST]) + (f"; and {more} more" if more > 0 else "")
    return BadInput.of("faces.rows", f"{path}: {listed}", remedy, mistakes=len(mistakes))
