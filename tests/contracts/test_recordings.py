"""The recordings that travel with us: small, unchanged, and each with its origin and licence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmed_curate.domain.files import sha256_of

ROW = re.compile(
    r"^\| `(?P<name>[^`]+)` \| (?P<size>\d+) \| `(?P<sha256>[0-9a-f]{64})` \| (?P<licence>[^|]+) \|$", re.MULTILINE
)

LIMIT = 4 * 1024 * 1024
"""Bytes that all recordings may weigh together."""


@pytest.fixture(params=["recordings", "practice"])
def recordings(repository: Path, request: pytest.FixtureRequest) -> Path:
    """A folder of bundled media."""
    return repository / "demo" / str(request.param)


def test_every_recording_is_attributed_and_unchanged(recordings: Path) -> None:
    rows = {row["name"]: row for row in ROW.finditer((recordings / "ATTRIBUTION.md").read_text(encoding="utf-8"))}
    media = {
        path.name: path
        for path in recordings.iterdir()
        if path.suffix in {".mp4", ".mov", ".mkv", ".wav", ".jpg", ".png"}
    }
    assert set(rows) == set(media)
    for name, path in media.items():
        assert (int(rows[name]["size"]), rows[name]["sha256"]) == (path.stat().st_size, sha256_of(path))


def test_they_are_small(recordings: Path) -> None:
    assert sum(path.stat().st_size for path in recordings.iterdir()) <= LIMIT


def test_their_licences_are_at_hand(recordings: Path, repository: Path) -> None:
    text = (recordings / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for name in re.findall(r"`(LICENSE\.[\w.-]+)`", text):
        assert (recordings / name).is_file()
    said = re.findall(r'SPDX-License-Identifier = "([^"]+)"', (repository / "REUSE.toml").read_text())
    named = {one for expression in said for one in expression.split(" AND ")}
    assert {path.stem for path in (repository / "LICENSES").iterdir()} == named
