"""Rows come back as they were given, however many there are and wherever they lie."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmed_curate.domain.findings import BadInput
from mmed_curate.signals.rows import Rows, Shelf, let_go

COLUMNS = {"time_s": ("f8", ()), "place": ("f4", (3, 2))}


def places(count: int) -> np.ndarray:
    """(count, 3, 2): every number once."""
    return np.arange(6 * count, dtype=np.float32).reshape(count, 3, 2)


@settings(max_examples=40, deadline=None)
@given(parts=st.lists(st.integers(0, 40), max_size=6), block=st.integers(1, 30))
def test_what_goes_in_comes_out(parts: list[int], block: int) -> None:
    rows = Rows(COLUMNS, block=block)
    whole = places(sum(parts))
    done = 0
    for count in parts:
        piece = whole[done : done + count]
        if count % 2:
            for index, place in enumerate(piece):
                rows.add(time_s=done + index, place=place)
        else:
            rows.extend({"time_s": np.arange(done, done + count), "place": piece})
        done += count
        if count == 7:  # looking before the end changes nothing
            assert len(rows.table()["time_s"]) == done
    table = rows.table()
    assert len(rows) == done
    np.testing.assert_array_equal(table["time_s"], np.arange(done))
    np.testing.assert_array_equal(table["place"], whole)
    assert table["place"].shape == (done, 3, 2) and table["place"].dtype == np.float32
    assert not table["time_s"].flags.writeable


def test_many_kinds_share_one_file_handle() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    shelf = Shelf()
    kinds = [Rows(COLUMNS, shelf=shelf, block=4) for _ in range(50)]
    for number, rows in enumerate(kinds):
        rows.extend({"time_s": np.full(9, number), "place": places(9)})
    for rows in kinds:
        rows.finish()
    tables = [rows.table() for rows in kinds]
    assert all(np.all(table["time_s"] == number) for number, table in enumerate(tables))
    assert len(list(Path("/proc/self/fd").iterdir())) - before <= 2  # the file and its map


def test_memory_is_handed_back_and_the_array_still_reads() -> None:
    rows = Rows({"value": ("f8", (512,))}, block=16)  # 4 KiB a row
    for index in range(4096):
        rows.add(value=np.full(512, index))
    value = rows.table()["value"]  # 16 MiB
    assert value.sum() == 512 * 4096 * 4095 / 2
    full = _resident(value)
    let_go(value)
    assert full > 15 << 20 and _resident(value) < 1 << 20
    assert value[4095, 0] == 4095
    let_go(np.zeros(3))  # lies in no file


def test_twenty_times_the_rows_take_no_more_memory() -> None:
    def peak(n_rows: int) -> int:
        tracemalloc.start()
        rows = Rows(COLUMNS)
        for index in range(n_rows):
            rows.add(time_s=index, place=places(1)[0])
        table = rows.table()
        assert table["time_s"][-1] == n_rows - 1
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)  # what is made once
    assert peak(20_000) < 1.2 * peak(1000)  # 32 bytes each would be 0.6 MB more; where blocks lie takes 40 each 256


def test_no_room_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    rows = Rows(COLUMNS, block=1)
    with pytest.raises(BadInput, match="TMPDIR"):
        rows.add(time_s=0.0, place=places(1)[0])


def _resident(array: np.ndarray) -> int:
    """Bytes of an array's own mapping that are in memory, by the kernel's word."""
    address = array.__array_interface__["data"][0]
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first = line.split(maxsplit=1)[0]
        if "-" in first and not first.endswith(":"):
            begin, end = (int(edge, 16) for edge in first.split("-"))
            inside = begin <= address < end
        elif inside and first == "Rss:":
            return int(line.split()[1]) * 1024
    return 0


def test_who_is_finished_holds_nothing_and_may_still_go_on() -> None:
    rows = Rows(COLUMNS, shelf=Shelf(), block=100)
    rows.extend({"time_s": np.arange(7), "place": places(7)})
    rows.finish()
    assert rows._block is None
    rows.add(time_s=7, place=places(8)[7])
    np.testing.assert_array_equal(rows.table()["place"], places(8))
