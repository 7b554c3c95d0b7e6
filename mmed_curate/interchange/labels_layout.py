"""How published label tables are laid out: read from `schema/labels/`, found again by the names of their columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from mmed_curate.domain.packaged import named_or_path, packaged_names
from mmed_curate.domain.spantable import exact_seconds
from mmed_curate.domain.yamlfile import Declared, read_yaml

_HEADER_WITHIN = 60
"""Rows in which a header is looked for; SAMM's stands in row 14 (ours)."""


class Holds(Enum):
    """What a column of a label table means."""

    DATASET = "dataset"
    SUBJECT = "subject"
    NAME = "name"
    """Of the clip or file in which the event lies."""
    ONSET = "onset"
    APEX = "apex"
    OFFSET = "offset"
    RATE_HZ = "rate_hz"
    EMOTION = "emotion"
    EMOTION_CLASS = "emotion_class"
    """The class of three, under the table's own label."""
    ACTION_UNITS = "action_units"
    OBJECTIVE_CLASS = "objective_class"
    EVENT_TYPE = "event_type"


MARKS = (Holds.ONSET, Holds.APEX, Holds.OFFSET)
_NUMBERS = {*MARKS, Holds.RATE_HZ, Holds.OBJECTIVE_CLASS}


class Column(Declared):
    """One column, in the order of the published table."""

    name: str
    """As the header writes it; empty: a column without a name, or a table without a header."""
    holds: Holds | None = None
    """None: kept word for word under its name."""
    aliases: tuple[str, ...] = ()
    """Names under which other versions of the table have it."""
    form: str | None = None
    """Regular expression that its cells fulfil; needed where a table without a header is to be found again."""
    is_number: bool | None = None
    """Written as a number; None: marks, rates and objective classes are, the rest is text."""

    @property
    def names(self) -> frozenset[str]:
        """Its names, as headers are compared."""
        return frozenset(compared(name) for name in (self.name, *self.aliases)) - {""}

    @property
    def is_written_as_number(self) -> bool:
        """True where a spreadsheet holds numbers in it."""
        return self.holds in _NUMBERS if self.is_number is None else self.is_number


class Layout(Declared):
    """One dataset's label table, as published."""

    format: Literal["mmed-label-layout"]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+$")]
    name: str
    title: str
    source: str
    dataset: str
    """Of the events, where no column says it."""
    sheet: str = "Sheet1"
    """Name of the sheet that is written; any is read."""
    has_header: bool = True
    columns: tuple[Column, ...]
    subject_form: str | None = None
    """Regular expression of a whole subject code, such as two digits; None: any."""
    first_frame: int | None
    """The number that the dataset gives to a recording's first frame; None: not known."""
    rate_hz: Fraction | None
    """Of all events; None: a column says it, or nothing does."""
    every_event_is: str | None = None
    """Code of the event type, where no column says it."""
    event_types: dict[str, str] = Field(default_factory=dict)
    """Code of the event type by the table's word."""
    emotions: dict[str, str | None] = Field(default_factory=dict)
    """Class of three by the table's emotion; None: in no class of three. Empty: any emotion is taken, in no class."""
    class_labels: dict[str, str] = Field(default_factory=dict)
    """Class of three by the table's label of it."""
    class_source: str | None = None
    """Who says so."""
    objective_class_is_roman: bool = False
    longest_s: float | None = None
    """A micro-expression that lasts longer than this and rises longer than `longest_rise_s` is remarked on."""
    longest_rise_s: float | None = None
    too_long_s: float | None = None
    """No expression lasts longer than this."""

    @field_validator("rate_hz", mode="before")
    @classmethod
    def _rate_is_exact(cls, given: object) -> object:
        if given is None:
            return None
        try:
            rate_hz = exact_seconds(str(given))
        except (ValueError, ZeroDivisionError):
            rate_hz = Fraction(0)
        if rate_hz <= 0:
            raise ValueError(f"a rate is a number above 0 such as '200' or '30000/1001', got {given}")
        return rate_hz

    @model_validator(mode="after")
    def _columns_hold_together(self) -> Layout:
        held = [column.holds for column in self.columns if column.holds]
        for needed in (Holds.SUBJECT, Holds.NAME):
            if needed not in held:
                raise ValueError(f"columns need one that holds {needed.value}")
        if len(set(held)) != len(held):
            raise ValueError("two columns hold the same")
        if not self.has_header and not any(column.form for column in self.columns):
            raise ValueError("a table without a header needs a column with a form")
        for form in (self.subject_form, *(column.form for column in self.columns)):
            try:
                re.compile(form or "")
            except re.error as error:
                raise ValueError(f"{form} is no regular expression ({error})") from error
        return self

    def column_of(self, holds: Holds) -> Column | None:
        """The column that holds this; None: the table has none."""
        return next((column for column in self.columns if column.holds is holds), None)

    def column_named(self, header: str) -> Column | None:
        """The column that a header's cell names; None: one that this layout does not know."""
        return next((column for column in self.columns if compared(header) in column.names), None)

    @property
    def has_marks(self) -> bool:
        """True where events lie at frames."""
        return self.column_of(Holds.ONSET) is not None and self.column_of(Holds.OFFSET) is not None

    @property
    def has_apex(self) -> bool:
        """True where a column holds the apex."""
        return self.column_of(Holds.APEX) is not None

    def header_row(self, rows: Sequence[Sequence[str]]) -> int | None:
        """Index of the row that is this table's header; -1: it has none, and fits; None: this is another table."""
        if not self.has_header:
            return -1 if self._fits_without_header(rows) else None
        needed = [column for column in self.columns if column.holds]
        for index, row in enumerate(rows[:_HEADER_WITHIN]):
            found = {compared(cell) for cell in row} - {""}
            if all(column.names & found for column in needed):
                return index
        return None

    def likeness(self, header: Iterable[str]) -> int:
        """How well a header fits: its columns that this layout knows, less those it does not."""
        return sum(1 if self.column_named(name) else -1 for name in header if compared(name))

    def _fits_without_header(self, rows: Sequence[Sequence[str]]) -> bool:
        first = next((row for row in rows if any(cell.strip() for cell in row)), ())
        return len(first) == len(self.columns) and all(
            column.form is None or re.fullmatch(column.form, cell.strip())
            for column, cell in zip(self.columns, first, strict=True)
        )


def compared(name: str) -> str:
    """A column's name without case, spaces and underscores: `Onset Frame` is `OnsetFrame`."""
    return re.sub(r"[\s_]+", "", name).casefold()


def layout_names() -> tuple[str, ...]:
    """Names of the layouts that come with the package, sorted."""
    return packaged_names("schema", "labels")


def load_layout(name_or_path: str) -> Layout:
    """Read a packaged layout by name, or any by its path.

    Raises:
        BadInput: there is none of that name, or the file has a mistake.
    """
    return read_yaml(named_or_path(name_or_path, "schema", "labels"), Layout)
