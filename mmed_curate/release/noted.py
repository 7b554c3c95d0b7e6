"""Hashes kept since a clip was cut: which files they may still be taken for without reading them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG

from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.identity import ClipId
from mmed_curate.domain.records import Asset


class Trust(Enum):
    """How closely files are looked at."""

    SIZE = "size"
    """They are there, and as large as was noted."""
    NOTED = "noted"
    """Also not written to since their hash was noted; else they are hashed."""
    NOTHING = "nothing"
    """Every byte is hashed."""


def fault_of(path: Path, asset: Asset, noted_at: Mapping[ClipId, str], trust: Trust) -> str:
    """What is wrong with a file, in a word; empty: nothing.

    Args:
        path: the file.
        asset: what was noted of it.
        noted_at: when the log took down the hashes of a clip's files (UTC, RFC 3339).
        trust: how closely it is looked at.
    """
    try:
        status = path.stat()
    except OSError:
        return "missing"
    if not S_ISREG(status.st_mode):
        return "missing"
    if status.st_size != asset.n_bytes:
        return "changed"
    if trust is Trust.SIZE or (trust is Trust.NOTED and is_as_noted(path, asset, noted_at)):
        return ""
    return "" if sha256_of(path) == asset.sha256 else "changed"


def is_as_noted(path: Path, asset: Asset, noted_at: Mapping[ClipId, str]) -> bool:
    """Whether a file has the size that was noted when it was cut, and was not written to since: its hash then stands.

    Size and time are what the file system says of it; who sets a file's time back by hand gets past them. `rehash`
    reads every byte instead.

    Args:
        path: the file.
        asset: what was noted of it.
        noted_at: when the log took down the hashes of a clip's files (UTC, RFC 3339).

    Raises:
        FileNotFoundError: it is gone.
    """
    status = path.stat()
    until = noted_until(asset, noted_at)
    return until is not None and status.st_size == asset.n_bytes and status.st_mtime <= until


def noted_until(asset: Asset, noted_at: Mapping[ClipId, str]) -> float | None:
    """Up to when a file may have been written to for its noted hash to stand: seconds, UTC; None: nobody knows.

    Args:
        asset: what was noted of it.
        noted_at: as above.
    """
    at = noted_at.get(asset.clip)
    return None if at is None else _seconds(at)


@lru_cache(maxsize=1024)
def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).astimezone(UTC).timestamp()
