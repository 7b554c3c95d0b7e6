"""Hashes kept since a clip was cut: what is trusted without reading, what is not, and what finds a lie all the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.release import lenient_policy, lenient_settings

from mmed_curate.dataset import verify
from mmed_curate.domain.files import sha256_of
from mmed_curate.domain.findings import Refused
from mmed_curate.domain.records import AssetKind
from mmed_curate.release.build import Wishes, create_release
from mmed_curate.release.evidence import gather
from mmed_curate.release.leave import Leave, ask_gate
from mmed_curate.release.noted import is_as_noted
from mmed_curate.release.snapshot import read_snapshot
from mmed_curate.store.workspace import Workspace

TODAY = date(2026, 6, 1)
LONG_AGO, IN_A_WHILE = 1_700_000_000.0, 4_000_000_000.0
"""Seconds since 1970: before the files were noted, and after."""


@pytest.fixture
def noted(workspace: Workspace) -> Workspace:
    """A workspace whose files were noted after they were written, as `mmed recut` does it."""
    for path in (workspace.media / "release").iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO))
    with workspace.write() as records:
        for clip in records.clips():
            records.put_assets(clip.id, records.assets(clip=clip.id))
    return workspace


def altered(workspace: Workspace, *, at: float) -> Path:
    """One bit of the features is another, and the file system says when that happened."""
    features = workspace.media / "release" / "features.npz"
    data = bytearray(features.read_bytes())
    data[-100] ^= 1
    features.write_bytes(bytes(data))
    os.utime(features, (at, at))
    return features


def ask_without_reading(workspace: Workspace) -> Leave | None:
    return ask_gate(workspace, policy=lenient_policy(), settings=lenient_settings(), on=TODAY, rehash=False)[1]


def test_a_file_that_was_not_written_to_since_is_taken_by_its_noted_hash(noted: Workspace) -> None:
    snapshot = read_snapshot(noted)
    for asset in snapshot.assets.values():
        if asset.kind is not AssetKind.CODING_PICTURE:
            assert is_as_noted(noted.media / asset.path, asset, snapshot.noted_at)
    assert not any(facts.faults for facts in gather(noted, on=TODAY, rehash=False).clips)


def test_a_file_that_was_written_to_since_is_read_again(noted: Workspace, wishes: Wishes) -> None:
    leave = ask_without_reading(noted)
    assert leave is not None
    altered(noted, at=IN_A_WHILE)
    assert ask_without_reading(noted) is None  # the gate sees it
    with pytest.raises(Refused, match="has changed since it was cut"):
        create_release(noted, leave, wishes)


def test_a_whole_file_that_was_touched_is_read_and_taken(noted: Workspace, wishes: Wishes) -> None:
    for path in (noted.media / "release").iterdir():
        os.utime(path, (IN_A_WHILE, IN_A_WHILE))
    leave = ask_without_reading(noted)
    assert leave is not None
    assert verify(create_release(noted, leave, wishes).path).ok


def test_who_sets_the_time_back_is_found_by_rehash_and_by_verify(noted: Workspace, wishes: Wishes) -> None:
    altered(noted, at=LONG_AGO)
    leave = ask_without_reading(noted)
    assert leave is not None  # size and time are all that was looked at
    made = create_release(noted, leave, wishes)
    assert any(line.endswith("features.npz") for line in verify(made.path).differences)  # sealed is what was noted
    _, shut = ask_gate(noted, policy=lenient_policy(), settings=lenient_settings(), on=TODAY, rehash=True)
    assert shut is None
    with pytest.raises(Refused, match="has changed since it was cut"):
        create_release(noted, leave, replace(wishes, version="0.2.0", rehash=True))


def test_with_and_without_reading_the_release_is_the_same(
    noted: Workspace, ask: Callable[[Workspace], Leave], wishes: Wishes
) -> None:
    one = create_release(noted, ask(noted), wishes)
    other = create_release(noted, ask(noted), replace(wishes, rehash=True, to=noted.root / "again"))
    assert one.id == other.id
    assert sha256_of(one.path / "manifest-sha256.txt") == one.id
