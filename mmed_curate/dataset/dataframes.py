"""Rows of a release as pandas DataFrames of documented types. pandas loads on first use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from mmed_curate.dataset.rows import Row

if TYPE_CHECKING:
    import pandas as pd


_DTYPE_OF = {
    "str": "string",
    "str | None": "string",
    "int": "int64",
    "int | None": "Int64",
    "float": "float64",
    "float | None": "float64",
    "bool": "bool",
    "tuple[str, ...]": "object",
}


def dtype_of(annotation: str) -> str:
    """The pandas dtype of a column, by the type of its field as it is written."""
    return _DTYPE_OF[annotation]


def frame_of(rows: Sequence[Row], kind: type[Row]) -> pd.DataFrame:
    """One row per record, columns in the order of its fields.

    Text is `string` (missing: <NA>), truth values are `bool`, whole numbers `int64` (`Int64` where they may be
    missing), other numbers `float64` (missing: NaN); several values in a cell are a tuple of text.
    """
    import pandas as pd

    columns = {
        field.name: pd.Series([getattr(row, field.name) for row in rows], dtype=dtype_of(str(field.type)))
        for field in fields(kind)
    }
    return pd.DataFrame(columns)
