"""A file that is not whole yet: its bytes so far, and beside them a note of what they are the beginning of."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20
Told = Callable[[int, int | None, int], None]
"""Called with the bytes of a file on disk, how many there will be (None: not known), and how many just came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validator:
    """What a server said of the file when a piece of it began (RFC 9110, 8.8)."""

    etag: str | None
    """A strong one; None: it told none."""
    modified: str | None
    """Its Last-Modified; None: it told none."""
    encoded: bool
    """It packed the file although asked not to: what is on disk has other offsets than what it sends."""


def note_of(piece: Path) -> Path:
    """Where the note of a piece lies."""
    return piece.with_name(piece.name + ".json")


def forget(piece: Path) -> None:
    """Drop the note, so that the next try begins at the file's start."""
    note_of(piece).unlink(missing_ok=True)


def read_note(piece: Path) -> Validator | None:
    """What a piece began with; None: nobody knows, and it cannot be gone on with."""
    try:
        document = json.loads(note_of(piece).read_text(encoding="utf-8"))
        return Validator(etag=document["etag"], modified=document["modified"], encoded=document["encoded"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_note(piece: Path, validator: Validator) -> None:
    """Begin a piece: its note, and no bytes of what was there before."""
    piece.unlink(missing_ok=True)  # first: a kill between the two must not leave a piece beside another's note
    document = {"etag": validator.etag, "modified": validator.modified, "encoded": validator.encoded}
    note_of(piece).write_text(json.dumps(document), encoding="utf-8")


def size_of(piece: Path) -> int:
    """Bytes on disk."""
    return piece.stat().st_size if piece.exists() else 0


def digest_of(piece: Path, have: int) -> tuple[Any, int]:
    """The digest of the bytes on disk, to go on with, and how many there are; of none where `have` is 0."""
    digest = hashlib.sha256()
    read = 0
    if have:
        with piece.open("rb") as stream:
            while part := stream.read(_CHUNK):
                digest.update(part)
                read += len(part)
    return digest, read


def write_all(handle: int, part: bytes) -> None:
    """Write all of it: the system may take less at once, as on a disk that is almost full."""
    view = memoryview(part)
    while view:
        view = view[os.write(handle, view) :]
