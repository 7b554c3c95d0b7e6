"""`load(url)`: what comes, what is kept, what is told when the server does not answer or clips were withdrawn."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.release import a_release, reseal
from builders.webserver import Web, a_web

from mmed_curate.dataset import OutOfReachWarning, WithdrawnClipsWarning, load
from mmed_curate.dataset.catalogue import catalogue_document, gather_catalogue
from mmed_curate.dataset.tombstones import Tombstones, tombstone_of, tombstones_document
from mmed_curate.domain.files import readable_json
from mmed_curate.domain.findings import BadInput

GUIDE = re.compile(r"^## From a URL to a confusion matrix\n\n```python\n(?P<script>.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Versions 1.0.0 and 2.0.0 on a server; the newer one says that the first clip was withdrawn."""
    root = tmp_path_factory.mktemp("releases")
    for version in ("1.0.0", "2.0.0"):
        folder = a_release(root / f"test-{version}")
        facts = json.loads((folder / "release.json").read_text(encoding="utf-8"))
        (folder / "release.json").write_text(json.dumps({**facts, "release": version}), encoding="utf-8")
        if version == "2.0.0":
            gone = Tombstones(name="test", release=version, hashes=frozenset({tombstone_of("c-000000000000")}))
            (folder / "tombstones.json").write_text(readable_json(tombstones_document(gone)), encoding="utf-8")
        reseal(folder)
    catalogue = catalogue_document(gather_catalogue(root))
    (root / "catalogue.json").write_text(readable_json(catalogue), encoding="utf-8")
    return root


@pytest.fixture
def web(releases: Path) -> Iterator[Web]:
    with a_web(releases) as served:
        yield served


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of caches, with a space and other letters in its path."""
    folder = tmp_path / "Größe und ø"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.setenv("MMED_REMEMBER_TOMBSTONES", "0")
    return folder


def test_the_newest_comes_and_lies_in_the_cache(web: Web, cache: Path) -> None:
    data = load(web.url)
    assert data.release.version == "2.0.0"
    assert data.root.is_relative_to(cache / "mmed-curate" / "releases")
    assert next(iter(data)).flow().shape == (3, 48, 48)


def test_the_second_time_no_file_comes_again(web: Web, tmp_path: Path) -> None:
    load(web.url, cache=tmp_path / "mine")
    web.asked.clear()
    assert load(web.url, cache=tmp_path / "mine").root.is_relative_to(tmp_path / "mine")
    assert not [path for path in web.paths() if "/media/" in path or path.endswith(".csv")]


def test_another_version_takes_over_what_it_shares(web: Web) -> None:
    load(web.url)
    web.asked.clear()
    with pytest.warns(WithdrawnClipsWarning):
        assert load(web.url, version="1.0.0").release.version == "1.0.0"
    assert not [path for path in web.paths() if "/media/" in path]


def test_an_old_version_says_what_the_server_knows_to_be_withdrawn(web: Web) -> None:
    """Also where the newer version was never downloaded."""
    with pytest.warns(
        WithdrawnClipsWarning, match=r"1 of 12 judged clips of test 1\.0\.0 were withdrawn since \(version 2"
    ):
        data = load(web.url, version="1.0.0")
    assert data.withdrawn == ("c-000000000000",)
    assert len(data.without_withdrawn()) == 11


def test_out_of_reach_what_came_earlier_is_taken_with_a_warning(releases: Path) -> None:
    with a_web(releases) as web:
        load(web.url)
    with pytest.warns(OutOfReachWarning, match=r"does not answer; .* was downloaded earlier"):
        assert load(web.url).release.version == "2.0.0"


def test_what_was_broken_in_the_cache_is_mended(web: Web) -> None:
    root = load(web.url).root
    (root / "clips.csv").write_text("clip\n", encoding="utf-8")
    assert len(load(web.url)) == 12


def test_a_download_that_was_cut_off_goes_on(releases: Path) -> None:
    with a_web(releases, drops_at=[200_000, 400_000]) as web:
        assert len(load(web.url)) == 12
        assert web.drops == 2


@pytest.mark.parametrize(
    ("below", "says"),
    [("/nothing/here", "no manifest-sha256.txt and no catalogue.json"), ("/test-1.0.0/media", "so it is no release")],
)
def test_a_wrong_address_is_said(web: Web, below: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        load(web.url + below)


def test_a_version_that_there_is_none_of_is_said(web: Web) -> None:
    with pytest.raises(BadInput, match=r"has no version 3\.0\.0: it has test 1\.0\.0, test 2\.0\.0"):
        load(web.url, version="3.0.0")


def test_an_address_of_this_disk_is_a_folder(releases: Path) -> None:
    assert load((releases / "test-2.0.0").as_uri()).root == releases / "test-2.0.0"


def test_a_cache_that_cannot_be_written_is_said(web: Web, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match="file"):
        load(web.url, cache=tmp_path / "file")


def test_the_guide_leads_from_a_url_to_a_confusion_matrix_in_ten_lines(
    repository: Path, releases: Path, tmp_path: Path
) -> None:
    """SIMULATED clips whose classes move different thirds of the face: the nearest mean finds every one."""
    found = GUIDE.search((repository / "docs" / "researcher.md").read_text(encoding="utf-8"))
    assert found is not None
    script = found["script"]
    assert len([line for line in script.splitlines() if line.strip()]) == 10
    only = Path(shutil.copytree(releases / "test-1.0.0", tmp_path / "only" / "test-1.0.0")).parent
    (only / "catalogue.json").write_text(readable_json(catalogue_document(gather_catalogue(only))), encoding="utf-8")
    with a_web(only) as web:
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", script.replace("https://example.org/releases", web.url)],
            env={**os.environ, "PYTHONPATH": str(repository)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr
    heads, _, *rows = [line.split() for line in ran.stdout.splitlines()]
    counts = {row[0]: dict(zip(heads[1:], map(int, row[1:]), strict=True)) for row in rows}
    assert {truth: said for truth, counted in counts.items() for said, n in counted.items() if n} == {
        name: name for name in counts
    }
    assert sum(sum(row.values()) for row in counts.values()) == 12
