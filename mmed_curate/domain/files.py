"""Files are written aside and renamed, so that a reader sees the whole of one or none of it."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from mmed_curate.domain.findings import BadInput
from mmed_curate.domain.flushing import flush_folder, flush_tree

_CHUNK = 1 << 20
_ASIDE = ".aside"
_OURS = re.compile(rf"\..+-[a-z0-9_]{{8}}{re.escape(_ASIDE)}")
"""Name of a folder that is being filled: hidden, with what makes it unique, and an ending that nobody else gives."""
_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Give a temporary path with the same ending beside `path`; on a clean exit it takes the name, else it is removed.

    Raises:
        BadInput: the folder is missing, may not be written, or the disk is full.
    """
    with said_in_words(path, beginning=True):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        handle, name = tempfile.mkstemp(prefix=f".{path.stem[:40]}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
    aside = Path(name)
    try:
        with said_in_words(path):
            yield aside
            _flush(aside)
            aside.chmod(0o644)
            aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def folder_written_aside(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path` to fill; on a clean exit it takes the name, else it is removed.

    What a killed process left in the same folder is removed first.

    Raises:
        BadInput: `path` exists already (also as an empty folder), or it cannot be written.
    """
    with said_in_words(path, beginning=True):
        taken = path.exists() or path.is_symlink()
    if taken:
        raise BadInput.of("files.exists", f"{path} exists already", "choose another name, or move it away")
    with said_in_words(path, beginning=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep_aside(path.parent)
        aside, lock = _made_aside(path)
    try:
        with said_in_words(path):
            yield aside
            aside.chmod(0o755)
            if path.exists():  # rename would replace an empty folder without a word
                raise BadInput.of("files.exists", f"{path} exists already", "choose another name, or move it away")
            flush_tree(aside)
            aside.rename(path)
            flush_folder(path.parent)
    finally:
        if aside.exists():
            shutil.rmtree(aside)
        os.close(lock)


def sweep_aside(folder: Path) -> tuple[Path, ...]:
    """Remove what `folder_written_aside` was filling in a folder when its process was killed.

    Returns:
        Those that are left, sorted: a living process fills them, this disk cannot tell (it knows no locks), or they
        are not ours to remove.
    """
    left = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not _OURS.fullmatch(path.name) or path.is_symlink() or not path.is_dir():
            continue
        try:
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:  # it took its name, or another swept it
            continue
        except OSError:  # somebody else's
            left.append(path)
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # who was filling it may have let it take its name between our opening it and holding it
            if path.is_dir() and os.path.samestat(os.fstat(handle), path.stat()):
                shutil.rmtree(path)
        except OSError:
            left.append(path)
        finally:
            os.close(handle)
    return tuple(left)


def _made_aside(path: Path) -> tuple[Path, int]:
    """A new folder beside `path`, and the handle that holds it: the lock ends with the process, however it ends."""
    while True:
        aside = Path(tempfile.mkdtemp(prefix=f".{path.name[:40]}-", suffix=_ASIDE, dir=path.parent))
        try:
            handle = os.open(aside, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:  # swept before it was held
            continue
        with suppress(OSError):  # a disk without locks: then nobody sweeps there either
            fcntl.flock(handle, fcntl.LOCK_EX)
        if aside.is_dir() and os.path.samestat(os.fstat(handle), aside.stat()):
            return aside, handle
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with line feeds, whole or not at all."""
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def opened_text(path: Path, *, encoding: str = "utf-8", newline: str | None = None) -> Iterator[TextIO]:
    """Open a text for reading, where it is a regular file: a pipe or a device would be waited for without end.

    Raises:
        OSError: it is something else, or cannot be read.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe that nobody writes to opens at once
    kind = stat.S_IFMT(os.fstat(handle).st_mode)
    if kind != stat.S_IFREG:
        os.close(handle)
        raise OSError(f"it is {_KINDS.get(kind, 'something else')}, not a file")
    with os.fdopen(handle, encoding=encoding, newline=newline) as stream:
        yield stream


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in lower-case hex; reads in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def canonical_json(value: object) -> str:
    """JSON with sorted keys, no spaces, no NaN: equal values give equal text."""
    return _CANONICAL.encode(value)


def readable_json(value: object) -> str:
    """JSON with sorted keys and an indent of two, for files that people open; no NaN; ends in a line feed."""
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _flush(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


@contextmanager
def said_in_words(path: Path, *, beginning: bool = False) -> Iterator[None]:
    """Turn what the system says of writing `path` into a sentence; at the beginning everything it says is about that.

    Raises:
        BadInput: it cannot be written.
        OSError: for other reasons, in what was done meanwhile.
    """
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise BadInput.of("files.disk_full", f"no room left to write {path}", "free some disk space") from error
        if error.errno in {errno.EACCES, errno.EROFS, errno.EPERM}:
            raise BadInput.of("files.not_writable", f"{path} may not be written", "choose a folder of yours") from error
        if error.errno == errno.ENOENT and not path.parent.exists():
            raise BadInput.of("files.no_folder", f"there is no folder {path.parent}", "make it first") from error
        if beginning:
            raise BadInput.of(
                "files.not_writable", f"{path} cannot be written ({error.strerror})", "choose a folder of yours"
            ) from error
        raise
