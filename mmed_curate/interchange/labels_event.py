"""One event of a published label table, as it stands there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from mmed_curate.domain.findings import Finding
from mmed_curate.interchange.facs import FacsText
from mmed_curate.interchange.labels_layout import Holds, Layout

NO_UNITS = FacsText()
"""No action unit was scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledEvent:
    """One row of a label table. Frames are the dataset's own numbers, which begin at `first_frame`."""

    row: int
    """Of the table, as a spreadsheet counts: its first row is 1."""
    dataset: str
    subject: str
    """As text: leading zeros stay. Empty: the table does not say."""
    name: str
    """Of the clip or file in which the event lies, as published. Empty: the table does not say."""
    onset: int | None = None
    """None: missing, or not to be read; then `unread` has what stands there."""
    apex: int | None = None
    offset: int | None = None
    first_frame: int | None = None
    """The number of a recording's first frame in this dataset; None: not known."""
    rate_hz: Fraction | None = None
    """Frames a second; None: the table does not say."""
    emotion: str | None = None
    """The table's own word; None: it has none."""
    emotion_class: str | None = None
    """Class of three; None: in none, or nobody published one."""
    class_source: str | None = None
    """Who published that; None with the class."""
    action_units: FacsText = NO_UNITS
    action_units_text: str | None = None
    """As published; None: nothing stands there."""
    objective_class: int | None = None
    """Of action units, 1 to 7 (Davison, Merghani & Yap 2017); None: the table does not say."""
    event_type: str | None = None
    """Code of the event type, such as that of micro-expressions; None: not known."""
    unread: Mapping[Holds, str] = field(default_factory=dict, hash=False)
    """What stands in cells that could not be read, word for word."""
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Cells of all other columns that are not empty, word for word, by the column's name."""

    @property
    def is_ordered(self) -> bool:
        """True where the marks that are there follow each other, and none lies before the first frame."""
        there = [mark for mark in (self.first_frame, self.onset, self.apex, self.offset) if mark is not None]
        return there == sorted(there)

    @property
    def n_frames(self) -> int | None:
        """Frames from onset to offset, both inside; None: one of them is missing. Below 1: the offset comes first."""
        return None if self.onset is None or self.offset is None else self.offset - self.onset + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTable:
    """A label table: all of its rows, and everything that is wrong with them."""

    layout: Layout
    events: tuple[LabelledEvent, ...]
    """In the table's order; no row is left out."""
    findings: tuple[Finding, ...] = ()
    """By row."""
    header: tuple[str, ...] = ()
    """The header's cells as they stand; empty: the layout's own."""
    preamble: tuple[tuple[str, ...], ...] = ()
    """Rows above the header, word for word."""
    sheet: str | None = None
    """Name of the sheet that was read; None: none, or a CSV file."""

    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order; those without a name are called after their letter, such as `(column C)`."""
        names = self.header or tuple(column.name for column in self.layout.columns)
        return tuple(name if name.strip() else unnamed(place) for place, name in enumerate(names))


def unnamed(place: int) -> str:
    """What a column without a name is called: by its letter; `place` counts from 0."""
    letters, rest = "", place + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return f"(column {letters})"
