"""Releases made by older toolkits, as they were sealed then, in the hands of today's: tests/releases/README.md."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mmed_curate.dataset import Withheld, load, verify

# folder, release format, version of the agreement report inside
KEPT = [("v1", 1, 1), ("v2", 2, 1), ("v3-report1", 3, 1), ("v3-report2", 3, 2)]
FOLDERS = [name for name, _, _ in KEPT]


@pytest.fixture
def kept(repository: Path) -> Path:
    return repository / "tests" / "releases"


def test_all_that_is_kept_is_tried(kept: Path) -> None:
    assert sorted(path.parent.name for path in kept.glob("*/release.json")) == FOLDERS


@pytest.mark.parametrize(("name", "version", "report"), KEPT)
def test_each_says_the_format_it_was_written_in(kept: Path, name: str, version: int, report: int) -> None:
    assert json.loads((kept / name / "release.json").read_text(encoding="utf-8"))["version"] == version
    assert json.loads((kept / name / "agreement.json").read_text(encoding="utf-8"))["version"] == report


@pytest.mark.parametrize("name", FOLDERS)
def test_its_seal_holds_and_what_it_says_follows_from_its_judgements(kept: Path, name: str) -> None:
    report = verify(kept / name)
    assert report.ok, report.differences
    assert report.rederived


@pytest.mark.parametrize("name", FOLDERS)
def test_it_loads_with_what_came_later_at_its_default(kept: Path, name: str) -> None:
    dataset = load(kept / name)
    assert dataset.release.simulated
    assert not dataset.is_draft
    assert len(dataset) == 9  # three subjects, each with one adjudicated event and two in the next clip
    assert set(dataset.clips.not_visible) == {()}
    assert dataset.attempts is None


@pytest.mark.parametrize("name", FOLDERS)
def test_it_folds(kept: Path, name: str) -> None:
    folds = list(load(kept / name).loso())
    assert [len(fold.test) for fold in folds] == [3, 3, 3]


@pytest.mark.parametrize("name", FOLDERS)
def test_its_media_are_decoded(kept: Path, name: str) -> None:
    dataset = load(kept / name)
    whole = next(clip for clip in dataset if not clip.row.withheld)
    assert whole.video().frames.shape == (50, 48, 64, 3)
    assert whole.audio().rate_hz == 8_000
    np.testing.assert_array_equal(whole.flow()[:, 16:32], 1)
    closed = next(clip for clip in dataset if len(clip.row.withheld) == 2)
    with pytest.raises(Withheld):
        closed.video()
