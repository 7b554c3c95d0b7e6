"""Rows that grow as long as a recording runs: a few hundred are held, the rest lies in a nameless temporary file.

What was gathered is read as arrays that lie in that file, column by column: pages come into memory when they are
looked at, and `let_go` hands them back, so that two hours take no more memory than two minutes.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from mmed_curate.domain.findings import BadInput

BLOCK = 256
"""Rows of one kind held in memory: eight seconds at 30 Hz."""
_PAGE = mmap.PAGESIZE

Array = npt.NDArray[Any]


class Shelf:
    """A temporary file without a name: nothing is left behind, however the process ends. Made at the first write."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._end = 0
        self._map: mmap.mmap | None = None
        self._mapped = 0

    def put(self, data: bytes) -> int:
        """Lay bytes aside.

        Returns:
            where they begin.

        Raises:
            BadInput: there is no room for them.
        """
        begin = self._end
        self._write(data, begin)
        self._end += len(data)
        return begin

    def reserve(self, size: int) -> int:
        """Keep room that begins on a page of its own, to be filled by `fill`; gives where it begins."""
        begin = -(-self._end // _PAGE) * _PAGE
        self._end = begin + size
        return begin

    def fill(self, begin: int, data: bytes) -> None:
        """Write into reserved room."""
        self._write(data, begin)

    def get(self, begin: int, size: int) -> bytes:
        """Bytes that were laid aside, read into memory."""
        if self._file is None:
            return b""
        self._file.seek(begin)
        return self._file.read(size)

    def array(self, begin: int, kind: np.dtype[Any], shape: tuple[int, ...]) -> Array:
        """What was laid aside as a read-only array that lies in the file."""
        if self._file is None or 0 in shape:
            return np.empty(shape, dtype=kind)
        if self._map is None or self._mapped < self._end:
            self._file.truncate(self._end)
            # one map for all: each keeps a file handle open
            self._map = mmap.mmap(self._file.fileno(), self._end, access=mmap.ACCESS_READ)
            self._mapped = self._end
        count = int(np.prod(shape))
        return np.frombuffer(self._map, dtype=kind, count=count, offset=begin).reshape(shape)

    def _write(self, data: bytes, begin: int) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="mmed-", buffering=0)  # noqa: SIM115  # lives as long as we
            self._file.seek(begin)
            written = 0
            while written < len(data):
                written += self._file.write(data[written:])
        except OSError as error:
            raise BadInput.of(
                "files.no_room_aside",
                f"what is measured cannot be laid aside in {tempfile.gettempdir()} ({error.strerror})",
                "free some disk space there, or name another folder in the variable TMPDIR",
            ) from error


class Rows:
    """Rows of named columns; several kinds may share a shelf."""

    def __init__(
        self, columns: Mapping[str, tuple[str, tuple[int, ...]]], *, shelf: Shelf | None = None, block: int = BLOCK
    ) -> None:
        """Begin without a row.

        Args:
            columns: NumPy's name of the type and the shape of one row, by column.
            shelf: where rows are laid aside; None: on one of their own, if they are many.
            block: rows held in memory before they are laid aside.
        """
        self._type = np.dtype([(name, kind, shape) for name, (kind, shape) in columns.items()])
        self._shared = shelf is not None
        self._shelf = shelf or Shelf()
        self._block_rows = block
        self._block: Array | None = None
        self._held = 0
        self._aside: list[tuple[int, int]] = []  # where a run of rows begins, and how many they are
        self._sorted: dict[str, int] | None = None

    def __len__(self) -> int:
        """How many rows there are."""
        return sum(count for _, count in self._aside) + self._held

    def add(self, **values: object) -> None:
        """Add a row: a value for each column."""
        block = self._open_block()
        for name, value in values.items():
            block[name][self._held] = value
        self._grew(1)

    def extend(self, rows: Mapping[str, Array]) -> None:
        """Add many rows at once.

        Args:
            rows: (n, ...) by column.
        """
        count = len(next(iter(rows.values())))
        done = 0
        while done < count:
            block = self._open_block()
            size = min(count - done, self._block_rows - self._held)
            for name, values in rows.items():
                block[name][self._held : self._held + size] = values[done : done + size]
            self._grew(size)
            done += size

    def finish(self) -> None:
        """Sort what was laid aside by column, to be read, and hold nothing; `table` does so where it was not before."""
        if self._sorted is not None or not (self._aside or (self._shared and self._held)):
            return
        self._lay_aside()
        self._block = None
        count = len(self)
        places = {name: self._shelf.reserve(self._type[name].itemsize * count) for name in self._type.names or ()}
        done = 0
        for begin, length in self._aside:
            rows = np.frombuffer(self._shelf.get(begin, length * self._type.itemsize), dtype=self._type)
            for name, place in places.items():
                self._shelf.fill(place + done * self._type[name].itemsize, rows[name].tobytes())
            done += length
        self._sorted = places

    def table(self) -> dict[str, Array]:
        """All rows so far, read-only: (n, ...) by column. Where they lie in a file, the arrays do so too."""
        self.finish()
        names = self._type.names or ()
        if self._sorted is None:
            held = {name: self._open_block()[name][: self._held].copy() for name in names}
            for column in held.values():
                column.flags.writeable = False
            return held
        return {
            name: self._shelf.array(self._sorted[name], self._type[name].base, (len(self), *self._type[name].shape))
            for name in names
        }

    def _open_block(self) -> Array:
        if self._block is None:
            self._block = np.empty(self._block_rows, dtype=self._type)
        return self._block

    def _grew(self, count: int) -> None:
        self._sorted = None
        self._held += count
        if self._held == self._block_rows:
            self._lay_aside()

    def _lay_aside(self) -> None:
        if self._block is not None and self._held:
            self._aside.append((self._shelf.put(self._block[: self._held].tobytes()), self._held))
            self._held = 0


def let_go(*arrays: Array) -> None:
    """Hand back the memory of arrays that lie in a file; they stay readable. Nothing happens to others."""
    for array in arrays:
        owner: object = array
        while isinstance(owner, np.ndarray):
            owner = owner.base
        if isinstance(owner, memoryview):
            owner = owner.obj
        if isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            owner.madvise(mmap.MADV_DONTNEED)
