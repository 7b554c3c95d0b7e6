"""The clip table as Parquet, derived from the canonical CSV's rows. Its bytes hang on the version of pyarrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mmed_curate.dataset.rows import ClipRow

_TYPE_OF = {
    "str": pa.string(),
    "str | None": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "float | None": pa.float64(),
    "bool": pa.bool_(),
    "tuple[str, ...]": pa.list_(pa.string()),
}


def write_parquet(path: Path, rows: Sequence[ClipRow]) -> None:
    """Write the rows with the types of their columns, and with nothing of pandas in the file's metadata."""
    schema = pa.schema([pa.field(one.name, _TYPE_OF[str(one.type)]) for one in fields(ClipRow)])
    columns = {one.name: [getattr(row, one.name) for row in rows] for one in fields(ClipRow)}
    with path.open("wb") as stream:  # given a path, pyarrow would refuse what the locale cannot spell
        pq.write_table(pa.table(columns, schema=schema), stream, compression="snappy")
