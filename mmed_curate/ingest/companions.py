"""The curator's table of companion files: which file belongs to which recording, whose voice it holds, by which clock.

CSV with the columns `recording,companion,kind,subject,stream,channel,offset_s,drift_ppm`. `recording` and `companion`
are paths, counted from the table's own folder. Empty `offset_s` means: to be found by the sound of both. Rows are named
as a spreadsheet shows them: the header is row 1.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Literal

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.packaged import named_or_path
from mmed_curate.domain.progress import Progress, silent
from mmed_curate.domain.records import CompanionKind
from mmed_curate.domain.tablefile import opened_table
from mmed_curate.domain.time import SyncBasis, Synchrony
from mmed_curate.domain.yamlfile import Declared, read_yaml
from mmed_curate.media.container import AS_PLAYED, StreamChoice
from mmed_curate.media.moments import SkewBounds
from mmed_curate.media.synchrony import SearchBounds, SyncMeasurement, find_synchrony
from mmed_curate.signals.crosstalk import CrosstalkBounds

COLUMNS = ("recording", "companion", "kind", "subject", "stream", "channel", "offset_s", "drift_ppm")
"""Of a table of companions; the first three must be there."""
MEASURED_COLUMNS = ("uncertainty_ms", "confidence", "basis")
"""What `mmed sync` writes behind them; kept where they are there."""
_NEEDED = ("recording", "companion", "kind")
_NAMED_AT_MOST = 3
"""Mistakes that one message spells out; the rest are counted."""


class SyncBounds(Declared):
    """All of one file of `pipelines/sync/`."""

    format: Literal["mmed-sync-bounds"]
    version: Literal[1]
    name: str
    title: str
    search: SearchBounds
    crosstalk: CrosstalkBounds
    skew: SkewBounds


def load_bounds(name_or_path: str) -> SyncBounds:
    """Read packaged bounds by name, or any by their path.

    Raises:
        BadInput: there are none of that name, or the file has a mistake.
    """
    return read_yaml(named_or_path(name_or_path, "pipelines", "sync"), SyncBounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionRow:
    """One row of the table."""

    row: int
    """Its number, where the header is row 1."""
    recording: Path
    """The camera's file."""
    path: Path
    """The companion; the camera's own file where it is another stream of it."""
    kind: CompanionKind
    subject: str | None
    """The lab's code of whose microphone it is; None: the game's."""
    stream: int | None
    """Number of its sound stream in the file; None: the one that players choose."""
    channel: int | None
    """Which channel of it, from 0; None: all."""
    synchrony: Synchrony | None
    """None: to be found."""
    confidence: float | None
    """What `mmed sync` wrote beside it; None: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionTable:
    """A table of companions, in the order of its rows."""

    path: Path
    rows: tuple[CompanionRow, ...]

    def of(self, recording: Path) -> tuple[CompanionRow, ...]:
        """The companions of one recording."""
        whole = recording.resolve()
        return tuple(row for row in self.rows if row.recording.resolve() == whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncedCompanion:
    """A companion whose place on the recording's clock is known."""

    row: CompanionRow
    synchrony: Synchrony
    confidence: float | None
    """Of the measurement (`media.synchrony.SyncMeasurement`), in 0..1; None: nothing was measured."""
    measurement: SyncMeasurement | None
    """All that was found; None: the table or the file itself said it."""


def resolved(
    companions: Sequence[CompanionRow],
    camera: Path,
    *,
    bounds: SearchBounds,
    camera_streams: StreamChoice = AS_PLAYED,
    progress: Progress = silent,
) -> tuple[SyncedCompanion, ...]:
    """Every companion with its synchrony; what the table does not say is found by the sound of both.

    Channels of one file share a clock, so that it is looked for once.

    Args:
        companions: rows of the table that belong to this recording.
        camera: the recording.
        bounds: how to look, and when to believe.
        camera_streams: which sound of the recording.
        progress: told the seconds of sound that were read.

    Raises:
        BadInput: a file cannot be read, or lacks the stream or channel.
        Refused: a companion has no sound in common with the recording; the sentence names it and the cure.
    """
    found: dict[tuple[Path, int | None], SyncMeasurement] = {}
    placed: list[SyncedCompanion] = []
    for row in companions:
        synchrony, confidence = row.synchrony, row.confidence
        measurement: SyncMeasurement | None = None
        if synchrony is None and row.path.resolve() == camera.resolve():
            synchrony = Synchrony(offset_s=0.0, drift_ppm=0.0, uncertainty_ms=None, basis=SyncBasis.SAME_FILE)
        if synchrony is None:
            key = row.path.resolve(), row.stream
            if key not in found:
                found[key] = find_synchrony(
                    camera,
                    row.path,
                    bounds=bounds,
                    camera_streams=camera_streams,
                    companion_streams=StreamChoice(sound=row.stream),
                    progress=progress,
                )
            measurement = found[key]
            synchrony, confidence = measurement.synchrony, measurement.confidence
        placed.append(SyncedCompanion(row=row, synchrony=synchrony, confidence=confidence, measurement=measurement))
    return tuple(placed)


def read_companions(path: Path) -> CompanionTable:
    """Read a table of companions.

    Passes over columns that it does not know. `offset_s` without `drift_ppm` means no drift.

    Raises:
        BadInput: the file cannot be read, a column is missing, or rows are wrong; each is named with its number.
    """
    try:
        with opened_table(path) as stream:
            lines = list(csv.reader(stream, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise BadInput.of(
            "companions.unreadable", f"{path} cannot be read as CSV ({reason})", "give a UTF-8 CSV file"
        ) from error
    header = [name.strip() for name in lines[0]] if lines else []
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        cure = "save it with commas" if len(header) == 1 and ";" in header[0] else "name the columns in the first row"
        raise BadInput.of(
            "companions.columns",
            f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; its first row says "
            f"{', '.join(header) or 'nothing'}",
            cure,
        )
    rows: list[CompanionRow] = []
    mistakes: list[str] = []
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) != len(header):
            mistakes.append(f"row {number}: has {len(line)} cells, the header has {len(header)}")
            continue
        cells = dict(zip(header, (cell.strip() for cell in line), strict=True))
        try:
            row = _row_of(number, cells, path.parent)
            _check_against(row, rows)
            rows.append(row)
        except ValueError as error:
            mistakes.append(f"row {number}: {error}")
        except BadInput as error:
            mistakes.append(f"row {number}: {error.finding.what}")
    if mistakes:
        more = len(mistakes) - _NAMED_AT_MOST
        listed = "; ".join(mistakes[:_NAMED_AT_MOST]) + (f"; and {more} more" if more > 0 else "")
        raise BadInput.of("companions.rows", f"{path}: {listed}", "correct these rows", mistakes=len(mistakes))
    return CompanionTable(path=path, rows=tuple(rows))


def _row_of(number: int, cells: Mapping[str, str], folder: Path) -> CompanionRow:
    kinds = {kind.value: kind for kind in CompanionKind}
    said = cells["kind"].lower()
    if said not in kinds:
        raise ValueError(f"kind must be {' or '.join(kinds)}, got {cells['kind']!r}")
    kind, subject = kinds[said], cells.get("subject") or None
    if kind is CompanionKind.MICROPHONE and subject is None:
        raise ValueError("a microphone needs the subject whose voice it holds")
    if kind is CompanionKind.GAME and subject is not None:
        raise ValueError(f"the game's own sound is nobody's voice, yet it names the subject {subject}")
    return CompanionRow(
        row=number,
        recording=_file(cells, "recording", folder),
        path=_file(cells, "companion", folder),
        kind=kind,
        subject=subject,
        stream=_index(cells, "stream"),
        channel=_index(cells, "channel"),
        synchrony=_synchrony(cells),
        confidence=_number(cells, "confidence"),
    )


def _synchrony(cells: Mapping[str, str]) -> Synchrony | None:
    offset_s, drift_ppm = _number(cells, "offset_s"), _number(cells, "drift_ppm")
    if offset_s is None:
        if drift_ppm is not None:
            raise ValueError("a drift_ppm needs its offset_s")
        return None
    bases = {basis.value: basis for basis in SyncBasis}
    basis = cells.get("basis") or SyncBasis.GIVEN.value
    if basis not in bases:
        raise ValueError(f"basis must be {', '.join(bases)} or empty, got {basis!r}")
    return Synchrony(
        offset_s=offset_s,
        drift_ppm=drift_ppm or 0.0,
        uncertainty_ms=_number(cells, "uncertainty_ms"),
        basis=bases[basis],
    )


def _check_against(row: CompanionRow, before: Sequence[CompanionRow]) -> None:
    """Refuse a second microphone of one player, and the same sound twice."""
    for other in before:
        if other.recording.resolve() != row.recording.resolve():
            continue
        same_place = (other.path.resolve(), other.stream) == (row.path.resolve(), row.stream)
        if same_place and (other.channel == row.channel or None in {other.channel, row.channel}):
            raise ValueError(
                f"{row.path.name} is row {other.row} already; several players on one file need a channel each"
            )
        if row.subject is not None and other.subject == row.subject:
            raise ValueError(f"subject {row.subject} has the microphone of row {other.row} already")


def _file(cells: Mapping[str, str], column: str, folder: Path) -> Path:
    if not cells[column]:
        raise ValueError(f"{column} is empty")
    path = folder / cells[column]
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


def _index(cells: Mapping[str, str], column: str) -> int | None:
    text = cells.get(column) or ""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{column} must be a whole number from 0 on, got {text!r}")
    return int(text)


def _number(cells: Mapping[str, str], column: str) -> float | None:
    text = cells.get(column) or ""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise ValueError(f"{column} must be a number, got {text!r}")
    return value
