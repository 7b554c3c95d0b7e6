"""An old version is not loaded in silence once anything tells that some of its clips were withdrawn."""

from __future__ import annotations

import hashlib
import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from builders.release import a_release, reseal

from mmed_curate.dataset import Dataset, WithdrawnClipsWarning, load
from mmed_curate.dataset.facts import facts_text, read_facts
from mmed_curate.dataset.tombstones import (
    Tombstones,
    read_tombstones,
    remember,
    tombstone_of,
    tombstones_document,
)
from mmed_curate.domain.findings import BadInput

GONE = "c-000001000002"
"""The third clip of the builder's second subject."""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_release(tmp_path_factory.mktemp("old") / "release")


@pytest.fixture
def old(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "releases" / "test-0.1.0"))


def a_list(path: Path, release: str = "1.0.0", name: str = "test", clips: tuple[str, ...] = (GONE,)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    told = Tombstones(name=name, release=release, hashes=frozenset(map(tombstone_of, clips)))
    path.write_text(json.dumps(tombstones_document(told)), encoding="utf-8")
    return path


def silently(path: Path) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("error", WithdrawnClipsWarning)
        return load(path)


def test_a_tombstone_is_the_hash_that_the_docs_name() -> None:
    assert tombstone_of(GONE) == hashlib.sha256(b"mmed-tombstone:c-000001000002").hexdigest()


def test_alone_nothing_is_known(old: Path) -> None:
    assert silently(old).withdrawn == ()


@pytest.mark.parametrize(
    "where", ["test-1.0.0/tombstones.json", "tombstones.json"], ids=["a newer release beside it", "a list beside it"]
)
def test_what_lies_beside_it_is_seen(old: Path, where: str) -> None:
    beside = a_list(old.parent / where)
    with pytest.warns(WithdrawnClipsWarning, match=r"1 of 12 judged clips of test 0\.1\.0 were withdrawn") as told:
        dataset = load(old)
    assert str(beside) in str(told[0].message) and "version 1.0.0" in str(told[0].message)
    assert Path(told[0].filename) == Path(__file__)
    assert dataset.withdrawn == (GONE,)
    rest = dataset.without_withdrawn()
    assert len(rest) == len(dataset) - 1 == len(rest.clips)
    assert GONE not in rest.clips.index
    assert {row.clip for row in rest.judgement_rows} == {row.clip for row in rest.judged_clip_rows}
    assert GONE not in {row.clip for row in rest.judgement_rows}
    assert rest.withdrawn == ()
    assert not any(GONE in fold.train + fold.test for fold in rest.loso())


def test_a_list_that_is_given_counts_whatever_it_is_called(old: Path, tmp_path: Path) -> None:
    given = a_list(tmp_path / "elsewhere" / "list.json", name="another", release="0.0.1")
    with pytest.warns(WithdrawnClipsWarning):
        assert load(old, tombstones=given).withdrawn == (GONE,)
    with pytest.raises(BadInput, match="is no list of withdrawn clips"):
        load(old, tombstones=tmp_path / "nowhere.json")


@pytest.mark.parametrize("release", ["0.1.0", "0.0.9", "0.1.0-draft", "nonsense"])
def test_what_is_not_newer_says_nothing(old: Path, release: str) -> None:
    a_list(old.parent / "other" / "tombstones.json", release=release)
    assert silently(old).withdrawn == ()


def test_another_dataset_says_nothing(old: Path) -> None:
    a_list(old.parent / "other" / "tombstones.json", name="another")
    assert silently(old).withdrawn == ()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "mmed-tombstones", "version": 2}', "[" * 10_000])
def test_what_merely_lies_about_and_cannot_be_read_is_passed_over(old: Path, text: str) -> None:
    beside = old.parent / "tombstones.json"
    beside.write_text(text, encoding="utf-8")
    assert silently(old).withdrawn == ()
    with pytest.raises(BadInput, match="is no list of withdrawn clips"):
        read_tombstones(beside)


def the_next(old: Path, folder: Path, release: str = "1.0.0") -> Path:
    """A newer version, somewhere else, that says that the clip is gone (it still holds it: only its list matters)."""
    newer = Path(shutil.copytree(old, folder / f"test-{release}"))
    (newer / "release.json").write_text(facts_text(replace(read_facts(newer), version=release)), encoding="utf-8")
    a_list(newer / "tombstones.json", release=release, clips=("c-0123456789ab", GONE))
    reseal(newer)
    return newer


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where is remembered."""
    monkeypatch.delenv("MMED_REMEMBER_TOMBSTONES")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "mmed-curate" / "tombstones" / "test.json"


def test_what_a_newer_version_said_is_remembered(old: Path, tmp_path: Path, memory: Path) -> None:
    assert silently(old).withdrawn == () and not memory.exists()
    newer = the_next(old, tmp_path / "other disk")
    load(newer)
    shutil.rmtree(newer)
    with pytest.warns(WithdrawnClipsWarning, match=r"test\.json"):
        assert load(old).withdrawn == (GONE,)
    assert GONE not in memory.read_text(encoding="utf-8")
    memory.write_text("not JSON", encoding="utf-8")
    assert silently(old).withdrawn == ()


def test_who_agrees_again_is_not_held_to_what_was_said_before(old: Path, tmp_path: Path, memory: Path) -> None:
    remember(Tombstones(name="test", release="1.0.0", hashes=frozenset({tombstone_of(GONE)})))
    assert memory.is_file()
    remember(Tombstones(name="test", release="2.0.0", hashes=frozenset()), judged=[GONE])
    assert silently(old).withdrawn == ()


def test_nothing_is_remembered_where_that_is_not_wanted(
    old: Path, tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMED_REMEMBER_TOMBSTONES", "0")
    load(the_next(old, tmp_path / "other disk"))
    assert not memory.exists()


def test_a_home_that_cannot_be_written_keeps_nobody_from_loading(old: Path, tmp_path: Path, memory: Path) -> None:
    memory.parent.parent.parent.write_text("a file in the way", encoding="utf-8")
    assert len(load(the_next(old, tmp_path / "other disk"))) == 12
