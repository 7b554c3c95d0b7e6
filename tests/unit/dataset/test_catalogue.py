"""catalogue.json names the releases beside it, and `URL@VERSION` finds them through it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders.release import a_release, reseal
from builders.webserver import a_web

from mmed_curate.cli.main import main
from mmed_curate.dataset import WithdrawnClipsWarning, load
from mmed_curate.dataset.catalogue import gather_catalogue, read_catalogue
from mmed_curate.dataset.downloading import download, fetch_release
from mmed_curate.dataset.facts import facts_text, read_facts
from mmed_curate.dataset.fetching import Patience
from mmed_curate.dataset.manifest import release_id, seal
from mmed_curate.dataset.tombstones import Tombstones, tombstone_of, tombstones_document
from mmed_curate.domain.files import readable_json
from mmed_curate.domain.findings import BadInput
from mmed_curate.release.schemas import check_document

QUICK = Patience(timeout_s=1.0, tries=3, first_wait_s=0.01, longest_wait_s=0.05)


def versions(root: Path, *names: str) -> Path:
    """A folder of releases that differ in their version; those that end in -draft are drafts."""
    first = a_release(root / "aside", n_subjects=1, clips_per_subject=1)
    for name in names:
        folder = root / f"test-{name}"
        shutil.copytree(first, folder)
        facts = replace(read_facts(folder), version=name, draft=name.endswith("-draft"))
        (folder / "release.json").write_text(facts_text(facts))
        (folder / "manifest-sha256.txt").unlink()
        seal(folder, derived=lambda path: False, draft=facts.draft)
    shutil.rmtree(first)
    return root


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, captured.out, captured.err


def test_the_command_writes_what_the_schema_describes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = versions(tmp_path / "releases", "1.10.0", "1.9.0", "2.0.0-draft")
    (root / ".test-3.0.0-aside").mkdir()
    (root / "a link").symlink_to(root / "test-1.9.0")
    code, out, _ = run(capsys, "release", "catalogue", str(root))
    assert code == 0
    assert "DRAFT" in out
    document = json.loads((root / "catalogue.json").read_text())
    check_document("catalogue", document, where="catalogue.json")
    assert [one["version"] for one in document["releases"]] == ["1.9.0", "1.10.0", "2.0.0-draft"]
    assert document["releases"][0]["id"] == release_id(root / "test-1.9.0")


def test_the_newest_that_is_no_draft_comes_unless_a_version_is_named(tmp_path: Path) -> None:
    root = versions(tmp_path / "releases", "1.9.0", "1.10.0", "2.0.0-draft")
    main_catalogue(root)
    with a_web(root) as web:
        assert release_id(download(web.url, to=tmp_path / "here" / "a", patience=QUICK)) == release_id(
            root / "test-1.10.0"
        )
        made = download(f"{web.url}@1.9.0", to=tmp_path / "here" / "b", patience=QUICK)
        assert release_id(made) == release_id(root / "test-1.9.0")
        draft = fetch_release(web.url, version="2.0.0-draft", to=tmp_path / "here" / "c", patience=QUICK)
        assert draft.facts.draft
        with pytest.raises(BadInput, match=r"has no version 7.0.0: it has test 1.9.0, test 1.10.0, test 2.0.0-draft"):
            download(f"{web.url}@7.0.0", to=tmp_path / "here" / "d", patience=QUICK)


def test_a_release_by_its_own_address_needs_no_catalogue(tmp_path: Path) -> None:
    root = versions(tmp_path / "releases", "1.0.0")
    with a_web(root) as web:
        made = download(f"{web.url}/test-1.0.0@1.0.0", to=tmp_path / "here" / "a", patience=QUICK)
        assert release_id(made) == release_id(root / "test-1.0.0")
        with pytest.raises(BadInput, match=r"is test 1.0.0, not 1.1.0"):
            download(f"{web.url}/test-1.0.0@1.1.0", to=tmp_path / "here" / "b", patience=QUICK)


def test_a_folder_of_releases_on_disk_needs_none_either(tmp_path: Path) -> None:
    root = versions(tmp_path / "releases", "1.0.0", "1.1.0")
    assert release_id(download(f"{root}@1.0.0", to=tmp_path / "here" / "a")) == release_id(root / "test-1.0.0")
    assert release_id(download(str(root), to=tmp_path / "here" / "b")) == release_id(root / "test-1.1.0")


def test_a_release_that_the_catalogue_does_not_mean_is_refused(tmp_path: Path) -> None:
    root = versions(tmp_path / "releases", "1.0.0")
    main_catalogue(root)
    (root / "test-1.0.0" / "README.md").write_text("exchanged\n")
    reseal(root / "test-1.0.0")
    with a_web(root) as web, pytest.raises(BadInput, match=r"is not the test 1.0.0 that the catalogue names"):
        download(web.url, to=tmp_path / "here" / "a", patience=QUICK)


def test_the_newest_list_of_tombstones_is_taken_over_and_names_what_was_withdrawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setenv("MMED_REMEMBER_TOMBSTONES", "1")
    root = versions(tmp_path / "releases", "1.0.0", "1.1.0")
    gone = "c-000000000000"
    told = Tombstones(name="test", release="1.1.0", hashes=frozenset({tombstone_of(gone)}))
    (root / "test-1.1.0" / "tombstones.json").write_text(readable_json(tombstones_document(told)))
    reseal(root / "test-1.1.0")
    main_catalogue(root)
    with a_web(root) as web:
        made = fetch_release(f"{web.url}@1.0.0", to=tmp_path / "here" / "a", patience=QUICK)
    assert made.withdrawn == (gone,)
    with pytest.warns(WithdrawnClipsWarning, match=r"1\.1\.0"):
        load(made.path)  # which asks no server: the download remembered it


def buried(root: Path, version: str, *clips: str) -> None:
    """Let a version tell that clips are gone."""
    folder = root / f"test-{version}"
    told = Tombstones(name="test", release=version, hashes=frozenset(map(tombstone_of, clips)))
    (folder / "tombstones.json").write_text(readable_json(tombstones_document(told)))
    (folder / "manifest-sha256.txt").unlink()
    seal(folder, derived=lambda path: False, draft=version.endswith("-draft"))


def test_what_only_a_draft_tells_reaches_who_uses_an_address_and_sends_nobody_to_the_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    root = versions(tmp_path / "releases", "1.0.0", "2.0.0-draft")
    buried(root, "2.0.0-draft", "c-000000000000")
    main_catalogue(root)
    with a_web(root) as web:
        with pytest.warns(WithdrawnClipsWarning, match=r"2\.0\.0-draft.*: ask for a newer release and delete this one"):
            data = load(web.url)
        assert (data.release.version, data.withdrawn) == ("1.0.0", ("c-000000000000",))
        _, out, _ = run(capsys, "download", web.url, "--to", str(tmp_path / "copy"))
    assert "withdrawn since, such as c-000000000000: ask for a newer release" in out.replace("\n", " ")


def test_what_a_release_tells_as_well_as_a_draft_sends_to_the_release(tmp_path: Path) -> None:
    root = versions(tmp_path / "releases", "1.0.0", "2.0.0", "3.0.0-draft")
    buried(root, "2.0.0", "c-000000000000", "c-000000000009")
    buried(root, "3.0.0-draft", "c-000000000000")
    assert gather_catalogue(root).told_by == {"test": "2.0.0"}
    with pytest.warns(WithdrawnClipsWarning, match=r"version 2\.0\.0, .*: use the newer version"):
        load(root / "test-1.0.0")


def test_tombstones_of_all_versions_count_but_of_clips_that_came_again(tmp_path: Path) -> None:
    root = versions(tmp_path / "releases", "1.0.0", "1.1.0", "1.2.0")
    buried(root, "1.0.0", "c-000000000000", "c-000000000009")
    buried(root, "1.2.0", "c-000000000008")
    (gone, also_gone) = sorted(map(tombstone_of, ("c-000000000008", "c-000000000009")))
    assert gather_catalogue(root).tombstones == (gone, also_gone)
    assert gather_catalogue(root).told_by == {"test": "1.2.0"}


def test_a_release_that_lacks_files_is_not_listed(tmp_path: Path) -> None:
    root = versions(tmp_path / "releases", "1.0.0")
    (root / "test-1.0.0" / "README.md").unlink()
    with pytest.raises(BadInput, match=r"test-1.0.0 lacks 1 of its files, such as README.md"):
        gather_catalogue(root)


def test_the_command_that_it_names_can_be_pasted(tmp_path: Path) -> None:
    root = versions(tmp_path / "our releases", "1.0.0")
    (root / "test-1.0.0" / "README.md").unlink()
    with pytest.raises(BadInput) as told:
        gather_catalogue(root)
    assert f"`mmed verify '{root / 'test-1.0.0'}'`" in str(told.value)


def test_a_folder_without_releases_has_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no release"):
        gather_catalogue(tmp_path)
    with pytest.raises(BadInput, match="there is no folder"):
        gather_catalogue(tmp_path / "nowhere")


GOOD: dict[str, Any] = {
    "name": "test",
    "version": "1.0.0",
    "id": "0" * 64,
    "folder": "test-1.0.0",
    "draft": False,
    "simulated": True,
    "released_on": "2026-01-02",
    "clips": 1,
    "files": 1,
    "bytes": 1,
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"folder": "../other"},
        {"folder": ".."},
        {"folder": "a/b"},
        {"folder": ""},
        {"id": "abc"},
        {"version": "one"},
        {"draft": "no"},
        {"bytes": True},
        {"name": None},
    ],
)
def test_a_catalogue_that_leads_elsewhere_or_is_garbled_is_refused(wrong: dict[str, Any]) -> None:
    document = {"format": "mmed-catalogue", "version": 1, "releases": [{**GOOD, **wrong}], "tombstones": []}
    with pytest.raises(BadInput, match="http://x is no catalogue of releases"):
        read_catalogue(json.dumps(document), "http://x")


def test_a_newer_catalogue_is_named() -> None:
    with pytest.raises(BadInput, match="of catalogue version 9, and this mmed reads up to 1"):
        read_catalogue(json.dumps({"format": "mmed-catalogue", "version": 9}), "http://x")


def main_catalogue(root: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["release", "catalogue", str(root)])
    assert ended.value.code == 0
