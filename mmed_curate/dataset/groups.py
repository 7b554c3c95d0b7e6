"""Who the subjects are, as far as many share it: subjects.csv, a row for each subject with a clip.

An attribute stands there only where every combination of what stands there is shared by as many subjects as the
release's recipe asks for: nobody is told apart by it. Everything is text, as the lab wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from mmed_curate.dataset.rows import ClipRow, csv_text, read_rows
from mmed_curate.domain.tablefile import guarded, unguarded


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRow:
    """One subject: a row of subjects.csv. An empty attribute is unknown, or shared by too few to be told."""

    subject: str
    """Pseudonym, as in clips.csv."""
    sex: str | None = None
    age_band: str | None = None
    """Such as 20-29, in years."""
    glasses: str | None = None
    """yes or no."""
    beard: str | None = None
    """yes or no."""
    ethnicity: str | None = None
    language: str | None = None


ATTRIBUTES = tuple(one.name for one in fields(SubjectRow) if one.name != "subject")
"""What may be told of a subject."""


def subjects_text(rows: Iterable[SubjectRow]) -> str:
    """The table as CSV text."""
    return csv_text(SubjectRow, (_each(row, guard=True) for row in rows))


def read_subjects_table(path: Path) -> tuple[SubjectRow, ...]:
    """Read subjects.csv.

    Raises:
        BadInput: the file is missing, its header is another one, or a cell does not fit; says where.
    """
    return tuple(_each(row, guard=False) for row in read_rows(path, SubjectRow))


def wrong_subjects(rows: Sequence[SubjectRow], clips: Sequence[ClipRow]) -> list[str]:
    """Subjects that are there twice, have no clip, or have one and are not there."""
    named = [row.subject for row in rows]
    there = {row.subject for row in clips}
    return sorted({one for one in named if named.count(one) > 1} | (set(named) ^ there))


def _each(row: SubjectRow, *, guard: bool) -> SubjectRow:
    way = guarded if guard else unguarded
    said = {name: getattr(row, name) for name in ATTRIBUTES}
    return replace(row, **{name: way(value) for name, value in said.items() if value is not None})
