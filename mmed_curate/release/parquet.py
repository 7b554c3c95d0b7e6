"""The clip table as Parquet, derived from the canonical CSV's rows. Its bytes hang on the version of pyarrow.

Columns are laid out in memory as Arrow has them, and not handed over as lists: for lists pyarrow loads pandas, which
takes longer than to write a table of a thousand clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mmed_curate.dataset.rows import ClipRow

_TYPE_OF = {
    "str": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "tuple[str, ...]": pa.list_(pa.string()),
}


def write_parquet(path: Path, rows: Sequence[ClipRow]) -> None:
    """Write the rows with the types of their columns, and with nothing of pandas in the file's metadata."""
    columns = fields(ClipRow)
    kinds = [_TYPE_OF[str(one.type).removesuffix(" | None")] for one in columns]
    arrays = [_array(list(map(attrgetter(one.name), rows)), kind) for one, kind in zip(columns, kinds, strict=True)]
    schema = pa.schema([pa.field(one.name, kind) for one, kind in zip(columns, kinds, strict=True)])
    with path.open("wb") as stream:  # given a path, pyarrow would refuse what the locale cannot spell
        pq.write_table(pa.Table.from_arrays(arrays, schema=schema), stream, compression="snappy")


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    missing = np.array([value is None for value in values], dtype=bool)
    mask = _bits(~missing) if missing.any() else None
    if kind == pa.string():
        return pa.Array.from_buffers(kind, len(values), [mask, *_text(values)])
    if pa.types.is_list(kind):
        inside = list(chain.from_iterable(values))
        child = pa.Array.from_buffers(pa.string(), len(inside), [None, *_text(inside)])
        return pa.Array.from_buffers(
            kind, len(values), [mask, _offsets([len(one) for one in values])], children=[child]
        )
    numbers = np.array([0 if value is None else value for value in values], dtype=kind.to_pandas_dtype())
    data = _bits(numbers) if kind == pa.bool_() else pa.py_buffer(numbers)
    return pa.Array.from_buffers(kind, len(values), [mask, data])


def _text(values: Sequence[str | None]) -> tuple[pa.Buffer, pa.Buffer]:
    spelt = [b"" if value is None else value.encode() for value in values]
    return _offsets([len(one) for one in spelt]), pa.py_buffer(b"".join(spelt))


def _offsets(lengths: Sequence[int]) -> pa.Buffer:
    return pa.py_buffer(np.cumsum([0, *lengths], dtype=np.int32))


def _bits(truths: np.ndarray[Any, np.dtype[Any]]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(truths, bitorder="little"))
