"""What was written is brought to the disk; what cannot be is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmed_curate.domain.flushing import flush_disk, flush_tree


def test_a_disk_is_named_by_a_folder_on_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        flush_disk(tmp_path / "file")
    with pytest.raises(FileNotFoundError):
        flush_disk(tmp_path / "gone")


@pytest.mark.parametrize("n_files", [3, 100])
def test_links_and_pipes_in_a_folder_are_not_waited_for(tmp_path: Path, n_files: int) -> None:
    for number in range(n_files):
        (tmp_path / f"{number}").write_text(str(number))
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")  # nobody writes to it: opened, it would never return
    flush_tree(tmp_path)
    assert len(list(tmp_path.iterdir())) == n_files + 2
