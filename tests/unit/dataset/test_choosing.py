"""Which release is meant: a folder of one, a folder of several with a version, and every path that is neither."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders.release import a_release, reseal

from mmed_curate.dataset import DraftWarning, load
from mmed_curate.domain.findings import BadInput

Make = Callable[..., Path]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_release(tmp_path_factory.mktemp("choosing") / "release", n_subjects=2, clips_per_subject=1)


@pytest.fixture
def make(release: Path, tmp_path: Path) -> Make:
    """A release of a version in the folder of releases."""

    def made(version: str, *, draft: bool = False, name: str = "test", folder: str = "") -> Path:
        target = Path(shutil.copytree(release, tmp_path / "releases" / (folder or f"{name}-{version}")))
        document = json.loads((target / "release.json").read_text(encoding="utf-8"))
        document |= {"release": version, "draft": draft, "name": name}
        (target / "release.json").write_text(json.dumps(document), encoding="utf-8")
        reseal(target)
        return target

    return made


def test_the_newest_that_is_no_draft_is_taken(make: Make) -> None:
    """By semver 2.0.0, item 11: 1.10.0 after 1.9.0, and a pre-release before its release."""
    for version in ("1.9.0", "1.10.0-rc.1", "1.10.0", "0.1.0"):
        make(version)
    folder = make("2.0.0-draft", draft=True).parent
    assert load(folder).release.version == "1.10.0"
    assert load(folder, version="latest").release.version == "1.10.0"
    assert load(str(folder), version="1.9.0").release.version == "1.9.0"


@pytest.mark.parametrize("where", [None, 3, b"releases"])
def test_what_is_no_path_is_said(where: Any) -> None:
    with pytest.raises(BadInput, match="is neither a path nor an address"):
        load(where)


def test_a_draft_is_taken_where_it_is_asked_for_and_warns(make: Make) -> None:
    folder = make("2.0.0-draft", draft=True).parent
    with pytest.warns(DraftWarning, match="draft and no release"):
        assert load(folder, version="2.0.0-draft").is_draft
    with pytest.raises(BadInput, match=r"has no release that is no draft: ask for one .*: test 2\.0\.0-draft"):
        load(folder)


def test_a_release_of_another_version_is_not_taken_for_the_one_asked_for(make: Make) -> None:
    one = make("1.0.0")
    assert load(one, version="1.0.0").release.version == "1.0.0"
    with pytest.raises(BadInput, match=r"is test 1\.0\.0, not 1\.2\.0"):
        load(one, version="1.2.0")
    with pytest.raises(BadInput, match=r"has no version 1\.2\.0: ask for one of those that it has: test 1\.0\.0"):
        load(one.parent, version="1.2.0")


def test_two_that_could_be_meant_are_named(make: Make) -> None:
    make("1.0.0", name="one")
    folder = make("1.0.0", name="other").parent
    with pytest.raises(BadInput, match="several datasets: one 1.0.0, other 1.0.0"):  # noqa: RUF043
        load(folder)


def test_the_same_version_twice_is_named(make: Make) -> None:
    make("1.0.0")
    folder = make("1.0.0", folder="a copy").parent
    with pytest.raises(BadInput, match=r"holds test 1\.0\.0 twice"):
        load(folder)


def test_what_lies_beside_releases_is_left_alone(make: Make) -> None:
    folder = make("1.0.0").parent
    shutil.copytree(folder / "test-1.0.0", folder / ".test-1.1.0.part")  # as a download leaves one that was cut off
    (folder / "notes").mkdir()
    (folder / "catalogue.json").write_text("{}", encoding="utf-8")
    assert load(folder).release.version == "1.0.0"


def test_a_path_may_have_spaces_and_any_letters(make: Make) -> None:
    folder = make("1.0.0", folder="Größe 数据 ø").parent
    assert load(folder).release.version == "1.0.0"
    assert load(folder / "Größe 数据 ø").clip("c-000000000000").flow().shape == (3, 48, 48)


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("nowhere", "there is no folder .*nowhere"),
        ("file.zip", "file.zip is a file, and a release is a folder: give the folder that it lies in; unpack it"),
        ("releases/test-1.0.0/clips.csv", "clips.csv is a file, and a release is a folder"),
        ("empty", "empty is not a release, and none lies in it"),
        ("half", "half is not a release: it has no release.json"),
        ("ftp://example.org/releases", "ftp:// is not understood: give an http"),
    ],
)
def test_a_wrong_path_is_said_in_a_sentence(make: Make, tmp_path: Path, where: str, says: str) -> None:
    whole = make("1.0.0")
    (tmp_path / "file.zip").write_bytes(b"PK")
    (tmp_path / "empty").mkdir()
    (tmp_path / "half").mkdir()
    shutil.copy(whole / "manifest-sha256.txt", tmp_path / "half")
    with pytest.raises(BadInput, match=says):
        load(where if "://" in where else tmp_path / where)


def test_loading_writes_nothing_into_a_release(make: Make) -> None:
    """So it may lie in a folder that is read-only."""
    whole = make("1.0.0")
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*")}
    for path in (*before, whole):
        path.chmod(0o555 if path.is_dir() else 0o444)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = load(whole)
        data.soft_labels()
        assert [clip.flow().shape for clip in data] == [(3, 48, 48)] * 2
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*")} == before
    for path in (whole, *before):
        path.chmod(0o755 if path.is_dir() else 0o644)
