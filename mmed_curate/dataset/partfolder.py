"""What is being downloaded lies in `FOLDER.part` until all of it is there, and nobody else writes in it meanwhile.

`files/` holds what is whole, under its path in the release; `pieces/` what is not, under its SHA-256.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mmed_curate.dataset.manifest import files_under
from mmed_curate.domain.files import said_in_words
from mmed_curate.domain.findings import BadInput

_LOCK = "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFolder:
    """The folder aside, held by this process."""

    root: Path

    @property
    def files(self) -> Path:
        """What is whole; takes the release's name in the end."""
        return self.root / "files"

    @property
    def pieces(self) -> Path:
        """What is not whole yet."""
        return self.root / "pieces"

    def take(self, piece: Path, path: str) -> None:
        """Give a whole piece its path."""
        to = self.files / path
        with said_in_words(to, beginning=True):
            to.parent.mkdir(parents=True, exist_ok=True)
            piece.replace(to)

    def keep_only(self, paths: frozenset[str]) -> None:
        """Remove what an earlier run brought and is not wanted any more."""
        for path in list(files_under(self.files)):
            if path not in paths:
                (self.files / path).unlink()

    def become(self, target: Path) -> None:
        """Let everything take its place: at once where there is no such folder, else file by file.

        Raises:
            BadInput: the place may not be written.
        """
        with said_in_words(target, beginning=True):
            if not target.exists() or not any(target.iterdir()):
                self.files.rename(target)  # takes the place of an empty folder
                _flush(target.parent)
                return
            for folder, _, names in os.walk(self.files):
                inside = target / Path(folder).relative_to(self.files)
                inside.mkdir(exist_ok=True)
                for name in names:
                    (Path(folder) / name).replace(inside / name)
                _flush(inside)


@contextmanager
def part_folder(target: Path) -> Iterator[PartFolder]:
    """Hold the folder aside of a target; what is in it from before is kept, and it goes when nothing is left to do.

    Raises:
        BadInput: it cannot be made, or another process holds it.
    """
    root = target.with_name(target.name + ".part")
    part = PartFolder(root=root)
    with said_in_words(root, beginning=True):
        if root.is_symlink():
            raise BadInput.of("download.link", f"{root} is a link", "remove it")
        for folder in (root, part.files, part.pieces):
            folder.mkdir(parents=True, exist_ok=True)
    lock = _locked(root)
    try:
        yield part
    finally:
        os.close(lock)


def removed(part: PartFolder) -> None:
    """Remove the folder aside; the lock goes last, so that whoever comes meanwhile begins afresh."""
    for folder in (part.files, part.pieces):
        shutil.rmtree(folder, ignore_errors=True)
    (part.root / _LOCK).unlink(missing_ok=True)
    try:
        part.root.rmdir()
    except OSError:  # somebody laid something in it
        return


def _locked(root: Path) -> int:
    path = root / _LOCK
    while True:
        with said_in_words(path, beginning=True):
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise BadInput.of(
                "download.busy",
                f"another download fills {root}",
                "wait until it ends; run this again if it did not end well",
            ) from error
        except OSError as error:
            os.close(handle)
            raise BadInput.of(
                "download.no_lock", f"{root} cannot be held ({error.strerror})", "choose a folder on a local disk"
            ) from error
        if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
            return handle
        os.close(handle)  # it was removed by whoever held it, between our opening it and holding it


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
