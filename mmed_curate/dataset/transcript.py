"""What was said in clips: transcripts.csv, a row for each cue of each clip. Releases without transcripts have none.

Seconds count from the clip's first frame, as those of clips.csv do; a cue that began before it has an onset below 0.
Of a cue whose words have times, only those heard in the clip are there. What would be taken for a formula stands
behind a ' in the file, and as it was said in the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmed_curate.dataset.rows import ClipRow, csv_text, read_rows
from mmed_curate.domain.tablefile import guarded, unguarded
from mmed_curate.domain.transcript import one_line

_NEAR_S = 2e-6
"""Seconds; the tables hold six decimals, and a difference rounds twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRow:
    """What one person said in one clip in one go: a row of transcripts.csv."""

    clip: str
    """Name of the clip, as in clips.csv."""
    cue: int
    """1 for the first cue of this clip, 2 for the next, by onset."""
    onset_s: float
    """Seconds from the clip's first frame to where the cue, or the first of its words that is here, begins."""
    offset_s: float
    """Seconds from the clip's first frame to where it ends."""
    owner: str | None
    """Pseudonym of who says it, who need not be the clip's subject; None: nobody knows."""
    text: str
    """Words on one line."""
    simulated: bool
    """True where the clip, or who says it, is simulated."""


def transcripts_text(rows: Iterable[TranscriptRow]) -> str:
    """The table as CSV text."""
    return csv_text(TranscriptRow, (replace(row, text=guarded(row.text)) for row in rows))


def read_transcripts(path: Path) -> tuple[TranscriptRow, ...]:
    """Read transcripts.csv.

    Raises:
        BadInput: the file is missing, its header is another one, or a cell does not fit; says where.
    """
    return tuple(replace(row, text=unguarded(row.text)) for row in read_rows(path, TranscriptRow))


def by_clip(rows: Iterable[TranscriptRow]) -> Mapping[str, tuple[TranscriptRow, ...]]:
    """The cues of each clip that has any, in order."""
    found: dict[str, list[TranscriptRow]] = {}
    for row in rows:
        found.setdefault(row.clip, []).append(row)
    return {clip: tuple(sorted(ones, key=lambda one: one.cue)) for clip, ones in found.items()}


def wrong_cues(rows: Sequence[TranscriptRow], clips: Sequence[ClipRow]) -> list[str]:
    """Cues that are of no clip, out of order, outside their clip, without words, or not marked as simulated."""
    row_of = {row.clip: row for row in clips}
    wrong = [f"{row.clip} cue {row.cue}" for row in rows if not _holds(row, row_of.get(row.clip))]
    for clip, ones in by_clip(rows).items():
        onsets = [one.onset_s for one in ones]
        if [one.cue for one in ones] != list(range(1, len(ones) + 1)) or onsets != sorted(onsets):
            wrong.append(clip)
    return wrong


def _holds(row: TranscriptRow, clip: ClipRow | None) -> bool:
    if clip is None or not row.onset_s < row.offset_s:  # also where one is NaN
        return False
    ends_s = clip.n_frames / clip.rate_hz if clip.rate_hz > 0 else 0.0
    is_heard = row.offset_s > -_NEAR_S and row.onset_s < ends_s * (1 + _NEAR_S) + _NEAR_S
    return is_heard and bool(row.text) and row.text == one_line(row.text) and (row.simulated or not clip.simulated)
