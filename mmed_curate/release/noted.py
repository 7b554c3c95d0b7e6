"""Hashes kept since a clip was cut: which files they may still be taken for without reading them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

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
    if not path.is_file():
        return "missing"
    if path.stat().st_size != asset.n_bytes:
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
    at = noted_at.get(asset.clip)
    if at is None or status.st_size != asset.n_bytes:
        return False
    return status.st_mtime <= datetime.fromisoformat(at).astimezone(UTC).timestamp()
