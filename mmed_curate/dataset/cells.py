"""Cells of a release's tables, read and written a column at a time: values that come again are made once, and shared.

A table of a hundred thousand judgements says few different things in most of its columns.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, Generic, TypeVar, get_type_hints

AT_ONCE = 4096
"""Rows that are turned over at once."""
_MOST_KEPT = 4096
"""Different cells of a column that are remembered: of names there is no end."""
_TRUTH = {"true": True, "false": False}

T = TypeVar("T")

READER_OF: Mapping[str, Callable[[str], Any]] = {
    str(str): str,
    str(int): int,
    str(float): float,
    str(bool): _TRUTH.__getitem__,
    str(tuple[str, ...]): lambda cell: tuple(cell.split()),
    str(str | None): lambda cell: cell or None,
    str(int | None): lambda cell: int(cell) if cell else None,
    str(float | None): lambda cell: float(cell) if cell else None,
}
"""What reads a cell of a column of that type; ValueError or KeyError where it does not fit."""


def cell_text(value: Any) -> str:
    """A value as its cell of a table reads."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}"
    if isinstance(value, tuple):
        return " ".join(value)
    return str(value)


class RowReader(Generic[T]):
    """Makes rows of one kind out of lines of cells."""

    def __init__(self, kind: type[T], names: Sequence[str]) -> None:
        """Take the kind of row, a frozen dataclass with slots that checks nothing, and the columns in their order."""
        hints = get_type_hints(kind)
        self.names = tuple(names)
        self.readers = tuple(READER_OF[str(hints[name])] for name in names)
        self._kind = kind
        self._kept = [_Kept(read) for read in self.readers]
        self._absent = {
            column.name: column.default
            for column in fields(kind)  # type: ignore[arg-type]
            if column.name not in self.names and column.default is not MISSING
        }

    def rows(self, lines: Sequence[Sequence[str]]) -> list[T]:
        """One row for each line; ValueError or KeyError where a cell does not fit, or a line has another length."""
        kind = self._kind
        made = [kind.__new__(kind) for _ in lines]
        # its own way of making one sets field after field by name, which takes seven times as long
        for name, cells, kept in zip(self.names, zip(*lines, strict=True), self._kept, strict=True):
            deque(map(getattr(kind, name).__set__, made, map(kept.__getitem__, cells)), maxlen=0)
            if len(kept) > _MOST_KEPT:
                kept.clear()
        for name, value in self._absent.items():
            put = getattr(kind, name).__set__
            for row in made:
                put(row, value)
        return made


def texts_of(values: Sequence[Any], hint: str) -> Iterable[Any]:
    """The cells of a column, as the csv module is to be given them: it writes text, whole numbers and None itself.

    Args:
        values: of the column.
        hint: its type, as the field says it.
    """
    if hint in {"str", "str | None", "int", "int | None"}:
        return values
    return map(cell_text, values)


class _Kept(dict[str, Any]):
    """What each cell of a column says, read once."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        self._read = read

    def __missing__(self, cell: str) -> Any:
        value = self[cell] = self._read(cell)
        return value
