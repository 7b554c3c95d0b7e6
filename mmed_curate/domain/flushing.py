"""What was written is brought to the disk: of a folder of many files all at once, of few file by file."""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

_FEW = 64
"""Files up to which each is flushed by itself: all at once also waits for what others have written to the disk."""
_AT_ONCE = 16
_TELLS_ERRORS = (5, 8)
"""Linux from which on syncfs says when something could not be written (syncfs(2))."""


def flush_tree(root: Path) -> None:
    """Bring a folder to the disk before its name says that it is whole: every file, and the folders that name them."""
    folders = [(folder, names) for folder, _, names in os.walk(root, topdown=False)]
    if sum(len(names) for _, names in folders) > _FEW and flush_disk(root):
        return
    files = (path for folder, names in folders for path in map(Path(folder).joinpath, names))
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # the disk takes many at once in the time of one
        list(pool.map(flush, (path for path in files if path.is_file() and not path.is_symlink())))
        list(pool.map(flush_folder, (Path(folder) for folder, _ in folders)))


def flush_disk(folder: Path) -> bool:
    """Bring all that was written to the disk that a folder lies on; False: this system cannot, nothing was done.

    Raises:
        OSError: something could not be written.
    """
    whole = _syncfs()
    if whole is None:
        return False
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if whole(handle) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(handle)
    return True


def flush(path: Path) -> None:
    """Bring one file to the disk."""
    _sync(path, os.O_RDONLY)


def flush_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@cache
def _syncfs() -> Callable[[int], int] | None:
    if platform.system() != "Linux":
        return None
    release = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2] if part.isdigit())
    if release < _TELLS_ERRORS:
        return None
    found = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    return None if found is None else found
