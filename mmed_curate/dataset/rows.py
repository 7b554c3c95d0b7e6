"""The rows of a release's tables, and their one way into CSV and back. The release room writes with it, we read.

CSV is UTF-8 with a header and line feeds. An empty cell is None; several values in a cell are joined by spaces; true
and false are in lower case; seconds have six decimals. No cell of these tables holds free text, so none can begin a
formula.

A column that came with a later version of the format says so; in older tables it is not there, and has its default.
"""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar

from mmed_curate.dataset.cells import AT_ONCE, RowReader, texts_of
from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.protocol import ClipOrigin
from mmed_curate.domain.tablefile import opened_table

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FORMAT_VERSION = 4
"""Of a release; readers know all older ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRow:
    """One settled event: a row of clips.csv."""

    clip: str
    """Opaque name, the same in every version; the second event of a judged clip ends in -e2, and so on."""
    judged_clip: str
    """Name of the clip that the experts judged, as in judgements.csv and judged-clips.csv."""
    subject: str
    """Pseudonym, the same in every version."""
    session: str
    """Pseudonym of the game session."""
    simulated: bool
    """True where the subject, the recording, or a judgement of this event is simulated."""
    onset: int
    """First frame on which the face differs from rest; a frame of the clip (of picture.mp4), from 0."""
    apex: int
    """Frame of the greatest change."""
    offset: int
    """Last frame on which the face still differs from rest; inside."""
    onset_s: float
    """Seconds from the clip's first frame to the appearance of the onset frame."""
    apex_s: float
    """Seconds from the clip's first frame to the appearance of the apex frame."""
    offset_s: float
    """Seconds from the clip's first frame to the end of the offset frame."""
    n_frames: int
    """Frames of the clip."""
    rate_hz: float
    """Mean frame rate of the clip, frames per second."""
    event_type: str
    """Code from codebook.yaml."""
    emotion: str
    """Code from codebook.yaml."""
    emotion_class: str | None
    """The emotion's class of three; None: in no class, left out of the benchmark."""
    basis: str | None
    """Code of what the emotion label rests on; None: the coders named different ones."""
    action_units: tuple[str, ...]
    """`code`, then `:side` unless both, then `:intensity` where scored; for instance `au12:left:B`."""
    vocal_cues: tuple[str, ...]
    """`code:onset-offset:owner`, frames of the clip."""
    n_coders: int
    """Coders whose coding stands."""
    settled_by: tuple[str, ...]
    """`field:rule` for each field: by majority, by median, or adjudicated."""
    judged_shift: int
    """What to add to a frame of the judged clip to get the frame of this clip."""
    picture: str | None
    """Path of the H.264 mp4, relative to the release; None: withheld."""
    sound: str | None
    """Path of the PCM WAV; None: withheld, or the recording has no sound."""
    features: str | None
    """Path of the picture features (.npz); None: withheld."""
    sound_features: str | None
    """Path of the sound features (.npz); None: withheld, or the recording has no sound."""
    withheld: tuple[str, ...]
    """Consent terms that the subject, or somebody else heard or shown, did not give: what needs them is left out."""
    av_skew_ms: float | None = field(default=None, metadata={"since": 2})
    """By how much the picture truly lags the sound at the apex, as a clap or flash showed; None: unmeasured."""
    av_skew_uncertainty_ms: float | None = field(default=None, metadata={"since": 2})
    """Half-width within which that lag lies (95 %), in ms; None: unmeasured."""
    sound_flags: tuple[str, ...] = field(default=(), metadata={"since": 2})
    """`overlap`, `crosstalk`, or `none`, by the microphones of the session; empty: there was no second microphone."""
    not_visible: tuple[str, ...] = field(default=(), metadata={"since": 3})
    """Codes of the parts of the face of which nothing is known: no action unit of theirs is scored, and none absent."""
    may_be_shown: bool = field(default=False, metadata={"since": 4})
    """True where everybody seen or heard in the media of this clip agreed that they are shown publicly."""
    archival: str | None = field(default=None, metadata={"since": 4})
    """Path of the same clip without loss, the decoder's own pixels and samples (.mov); None: withheld, or not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementRow:
    """One judgement of one expert, also one that was corrected later: a row of judgements.csv.

    Frames count from the first frame of the judged clip. The flat columns hold the first event of the answer.
    """

    judgement: str
    """Opaque id, the same in every version."""
    clip: str
    """Name of the judged clip."""
    subject: str
    coder: str
    """Pseudonym, the same in every version."""
    order: int
    """1 for the first judgement of this clip, 2 for the next."""
    stage: str
    """screening, coding, adjudication, or verification."""
    round: int
    """1 at first; one more each time verification sent the clip back."""
    modality: str
    """What was shown: picture, sound, or both."""
    codebook_version: str
    supersedes: str | None
    """The judgement that this one corrects."""
    superseded: bool
    """True where a later one corrects it: kept for the record, without effect."""
    simulated: bool
    """True where a simulated coder answered."""
    verdict: str | None
    """Of screening and verification."""
    n_events: int | None
    """Events in the answer, of coding and adjudication; 0: nothing happened."""
    onset: int | None
    apex: int | None
    offset: int | None
    event_type: str | None
    emotion: str | None
    basis: str | None
    confidence: str | None
    action_units: tuple[str, ...]
    vocal_cues: tuple[str, ...]
    answer: str
    """The whole answer as canonical JSON, without reasons and notes."""
    turn: int = field(default=1, metadata={"since": 3})
    """Which of the coder's passes through the clip, from 1: what the last one says is what counts."""
    found: tuple[str, ...] = field(default=(), metadata={"since": 3})
    """Of screening: `onset-offset` of each span in which something happens, where the screener marked it."""
    cut_again: str | None = field(default=None, metadata={"since": 3})
    """Of screening: adjust or split, where the screener wanted the clip cut again; None: it is good as it is."""
    not_visible: tuple[str, ...] = field(default=(), metadata={"since": 3})
    """Codes of the parts of the face that could not be seen."""
    participants: tuple[str, ...] = field(default=(), metadata={"since": 3})
    """Pseudonyms of who settled it together; empty: the coder alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedClipRow:
    """One clip that experts judged, also one that was rejected: a row of judged-clips.csv."""

    clip: str
    subject: str
    session: str
    simulated: bool
    stage: str
    """Where it stands: settled, rejected, or replaced by clips that were cut as a screener asked."""
    n_events: int
    """Settled events; 0 also where nothing is settled."""
    n_frames: int
    """Frames that the experts saw."""
    time_base: str
    """Seconds per tick, as a fraction."""
    durations: tuple[str, ...]
    """How long each frame lasts, in ticks; `1001*90` stands for ninety in a row."""
    origin: str = field(default=ClipOrigin.CANDIDATE.value, metadata={"since": 3})
    """candidate: round what the machine proposed; added: round what a person named; watched: a stretch without any
    candidate, drawn by lot; cut-again: in place of another clip, as a screener asked."""
    screened_again: bool = field(default=False, metadata={"since": 3})
    """True where by lot one more person screened it."""
    foil: bool = field(default=False, metadata={"since": 3})
    """True where by lot it was coded even though screeners saw nothing in it."""
    replaces: str | None = field(default=None, metadata={"since": 3})
    """Name of the judged clip in whose place it was cut."""
    recodings: tuple[str, ...] = field(default=(), metadata={"since": 4})
    """How it was chosen each time that it went back to coding: `all`, `sample` (by lot), or `class:` and the code."""
    coded_after: tuple[str, ...] = field(default=(), metadata={"since": 4})
    """Of each coding that closed: how many attempts at the gate had been made before."""
    measured_in: tuple[str, ...] = field(default=(), metadata={"since": 4})
    """`attempt:round` of each attempt at the gate that measured it: which round's coding it was."""


MOST_FRAMES = 1_000_000
"""Of one judged clip; over two hours at 120 Hz. A stranger's table must not fill the memory."""

Row = TypeVar("Row", bound="DataclassInstance")
"""A row of any table of a release: a dataclass whose fields are its columns."""


def columns_of(kind: type[Row], version: int = FORMAT_VERSION) -> tuple[str, ...]:
    """The header of a table in a version of the format, in order."""
    return tuple(column.name for column in fields(kind) if column.metadata.get("since", 1) <= version)


def header_of(path: Path) -> tuple[str, ...]:
    """The columns that a table has.

    Raises:
        BadInput: the file is missing or cannot be read.
    """
    try:
        with opened_table(path, encoding="utf-8") as stream:
            return tuple(next(csv.reader(stream, strict=True), ()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _not_ours(path, f"cannot be read ({error})") from error


def csv_text(kind: type[Row], rows: Iterable[Row]) -> str:
    """A table as CSV text."""
    stream = io.StringIO()
    write_rows(stream, kind, rows)
    return stream.getvalue()


def write_rows(stream: TextIO, kind: type[Row], rows: Iterable[Row]) -> None:
    """Write a table as CSV into a text that leaves line ends as they are."""
    writer = csv.writer(stream, lineterminator="\n")
    columns = [one for one in fields(kind) if one.metadata.get("since", 1) <= FORMAT_VERSION]
    writer.writerow([one.name for one in columns])
    following = iter(rows)
    while some := list(islice(following, AT_ONCE)):
        cells = [texts_of(list(map(attrgetter(one.name), some)), str(one.type)) for one in columns]
        writer.writerows(zip(*cells, strict=True))


def read_rows(path: Path, kind: type[Row]) -> tuple[Row, ...]:
    """Read a table of a release.

    Raises:
        BadInput: the file is missing, its header is another one, or a cell does not fit; says where.
    """
    rows: list[Row] = []
    try:
        with opened_table(path, encoding="utf-8") as stream:
            lines = csv.reader(stream, strict=True)
            table = RowReader(kind, _known(path, kind, next(lines, [])))
            while some := list(islice(lines, AT_ONCE)):
                rows += table.rows(some)
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, KeyError) as error:
        raise _first_fault(path, kind) or _not_ours(path, f"cannot be read ({error})") from error
    return tuple(rows)


def _known(path: Path, kind: type[Row], header: Sequence[str]) -> tuple[str, ...]:
    names = tuple(header)
    if names not in {columns_of(kind, version) for version in range(1, FORMAT_VERSION + 1)}:
        raise _not_ours(path, f"has the columns {', '.join(names) or '(none)'}")
    return names


def _first_fault(path: Path, kind: type[Row]) -> BadInput | None:
    """Of a table that could not be read, the first line and column at fault; None: it does not stand in a line."""
    try:
        with opened_table(path, encoding="utf-8") as stream:
            lines = csv.reader(stream, strict=True)
            table = RowReader(kind, _known(path, kind, next(lines, [])))
            for cells in lines:
                if len(cells) != len(table.names):
                    return _not_ours(path, f"has {len(cells)} cells in line {lines.line_num}, not {len(table.names)}")
                for name, read, cell in zip(table.names, table.readers, cells, strict=True):
                    try:
                        read(cell)
                    except (ValueError, KeyError):
                        return _not_ours(path, f"line {lines.line_num}, column {name}, holds {cell!r}")
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    return None


def durations_text(durations: Sequence[int]) -> tuple[str, ...]:
    """Frame durations in ticks, runs of equal ones written as `ticks*count`."""
    runs: list[list[int]] = []
    for ticks in durations:
        if runs and runs[-1][0] == ticks:
            runs[-1][1] += 1
        else:
            runs.append([ticks, 1])
    return tuple(f"{ticks}*{count}" for ticks, count in runs)


def durations_of(text: Sequence[str]) -> tuple[int, ...]:
    """Frame durations in ticks out of what `durations_text` wrote.

    Raises:
        ValueError: the text is not of that form, or of more than MOST_FRAMES frames.
    """
    durations: list[int] = []
    for run in text:
        ticks, _, count = run.partition("*")
        if len(durations) + int(count) > MOST_FRAMES:
            raise ValueError(f"more than {MOST_FRAMES} frames")
        durations.extend([int(ticks)] * int(count))
    return tuple(durations)


def _not_ours(path: Path, what: str) -> BadInput:
    return BadInput.of(
        "dataset.table",
        f"{path} {what}",
        f"run `{shlex.join(['mmed', 'verify', str(path.parent)])}`, and download again what it names",
    )
